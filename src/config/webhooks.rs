//! What the file says about webhooks: `[daemon.webhooks]` and the keys of an instance. Must never take a secret that is none, nor
//! a public URL over which a Jira would tell a secret path to everybody.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use url::{Host, Url};

use super::node::Cursor;
use super::problem::Findings;
use super::time::{default_of, duration_of};
use super::{Reading, keys, secret};
use crate::model::hooks::{HookSettings, Network};
use crate::model::ids::InstanceId;
use crate::model::settings::{InstanceSettings, Kind};

/// How webhooks are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Address and port of the receiver.
    pub listen: SocketAddr,
    /// Where the Jiras reach it, without a trailing slash.
    pub public_url: String,
    /// How long a webhook waits for more about the same issue.
    pub debounce: Duration,
}

/// Reads `[daemon.webhooks]`.
pub(super) fn read(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<WebhookSettings> {
    let listen = listen(table, findings);
    let public_url = public_url(table, findings);
    let debounce = duration_of(table, &keys::DEBOUNCE, &("0s"..="5s"), findings);
    Some(WebhookSettings { listen: listen?, public_url: public_url?, debounce: debounce? })
}

fn listen(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<SocketAddr> {
    let Some(cursor) = table.get(&keys::HOOK_LISTEN) else { return default_of(&keys::HOOK_LISTEN).parse().ok() };
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no address with a port");
        findings.error(&cursor.spot, message, "write an IP address and a port: `127.0.0.1:8471`, `[::1]:8471`");
    }
    address
}

fn public_url(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let cursor = table.get(&keys::PUBLIC_URL)?;
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    // Before anything is said: what cannot be parsed may hold a password too.
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    let example = "write where the Jiras reach the receiver: `https://hooks.example.org/jira`";
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() && matches!(url.scheme(), "https" | "http") => url,
        Ok(_) | Err(_) => {
            findings.error(&cursor.spot, "this is no URL of a web server", example);
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        findings.error(&cursor.spot, "a public URL has no credentials, no `?` and no `#`", example);
        return None;
    }
    if url.scheme() == "http" && !is_within(&url) {
        let message = "`http` would tell the secret path of each instance to everybody on the way";
        findings.error(&cursor.spot, message, "write `https://`; `http://` is for addresses of your own network");
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether a URL names an address of the loopback or of a private network.
pub(super) fn is_within(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}

/// Says where webhooks could be signed and are not: then whoever learns the secret path can have issues read.
pub(super) fn warn_unsigned(
    top: &Cursor<'_>,
    instances: &BTreeMap<InstanceId, InstanceSettings>,
    findings: &mut Findings<'_>,
) {
    for table in top.get(&keys::INSTANCE).iter().flat_map(|all| all.entries().collect::<Vec<_>>()) {
        let settings = instances.get(&InstanceId::new(table.name));
        let unsigned = |settings: &&InstanceSettings| {
            settings.kind == Kind::Cloud && settings.hooks.expected && settings.hooks.secrets.is_empty()
        };
        if settings.filter(unsigned).is_some() {
            let message =
                "Cloud can sign its webhooks, and no secret is named for that: the secret path alone protects them";
            let help = "name a `webhook-secret` and run `jirasyncd webhooks renew`, or set `webhooks = false` for this instance";
            findings.warning(&table.key_spot, message, help);
        }
    }
}

/// Reads the keys of an instance.
pub(super) fn of_instance(
    reading: &Reading<'_>,
    table: &Cursor<'_>,
    findings: &mut Findings<'_>,
) -> Option<HookSettings> {
    let expected = table.get(&keys::TAKES_WEBHOOKS).and_then(|cursor| cursor.flag()).unwrap_or(true);
    let mut secrets = Vec::new();
    let mut whole = true;
    let (present, old) = (table.get(&keys::HOOK_SECRET), table.get(&keys::HOOK_SECRET_OLD));
    if let (None, Some(old)) = (&present, &old) {
        let help = "name the new secret as `webhook-secret`, or take the old one out";
        findings.error(&old.key_spot, "there is an old secret and no new one", help);
    }
    for cursor in present.into_iter().chain(old) {
        let found = secret::resolve(reading, &cursor, findings);
        whole &= found.is_some();
        secrets.extend(found);
    }
    let mut from = Vec::new();
    for cursor in table.get(&keys::HOOK_FROM).iter().flat_map(|list| list.items().collect::<Vec<_>>()) {
        let Some(text) = cursor.text().filter(|text| !text.trim().is_empty()) else { continue };
        match text.parse::<Network>() {
            Ok(network) => from.push(network),
            Err(why) => {
                let help = "write `10.0.0.7`, `10.0.0.0/8` or `fd00::/8`";
                findings.error(&cursor.spot, format!("`{text}` is no network: {why}"), help);
                whole = false;
            }
        }
    }
    whole.then_some(HookSettings { expected, secrets, from })
}
