//! The `[instance.NAME]` tables: where each Jira is and how the sync user logs in. Must never reach out to one.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::node::Cursor;
use super::problem::{Findings, Spot};
use super::time::{default_of, duration_of};
use super::{Reading, keys, notices, secret, shape, webhooks};
use crate::model::ids::InstanceId;
use crate::model::settings::{Auth, InstanceSettings, Kind};

/// Reads all instances. What is wrong with one leaves it out.
pub(super) fn read(
    reading: &Reading<'_>,
    top: &Cursor<'_>,
    findings: &mut Findings<'_>,
) -> BTreeMap<InstanceId, InstanceSettings> {
    let mut found = BTreeMap::new();
    let mut urls: BTreeMap<String, String> = BTreeMap::new();
    let Some(all) = top.get(&keys::INSTANCE) else { return found };
    if all.is_table() && all.entries().next().is_none() {
        findings.error(&all.spot, "there is no instance", "add `[instance.NAME]` for each Jira");
    }
    for table in all.entries().filter(Cursor::is_table) {
        let kind = kind(&table);
        let url = url(&table, kind, findings);
        if let (Some(url), Some(cursor)) = (&url, table.get(&keys::URL))
            && let Some(first) = urls.insert(url.clone(), table.name.to_owned())
        {
            let message = format!("`{first}` and `{}` are one instance: they have the same URL", table.name);
            findings.error(&cursor.spot, message, format!("keep one; sides of several syncs may all name `{first}`"));
        }
        let auth = auth(reading, &table, kind, findings);
        let limits = limits(&table, findings);
        let ca_file = table.get(&keys::CA_FILE).map(|cursor| secret::certificate(reading, &cursor, findings));
        let expires = table.get(&keys::AUTH).and_then(|auth| notices::expires(&auth, findings));
        let hooks = webhooks::of_instance(reading, &table, findings);
        let (Some(kind), Some(url), Some(auth), Some(limits), Some(hooks)) = (kind, url, auth, limits, hooks) else {
            continue;
        };
        let id = InstanceId::new(table.name);
        let settings = InstanceSettings {
            id: id.clone(),
            kind,
            url,
            auth,
            rate: limits.rate,
            timeout: limits.timeout,
            settle: limits.settle,
            overlap: limits.overlap,
            ca_file: ca_file.flatten(),
            hooks,
            expires,
        };
        found.insert(id, settings);
    }
    found
}

struct Limits {
    rate: f64,
    timeout: std::time::Duration,
    settle: std::time::Duration,
    overlap: std::time::Duration,
}

fn limits(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Limits> {
    let timeout = duration_of(table, &keys::TIMEOUT, &("1s"..="10min"), findings);
    let settle = duration_of(table, &keys::SETTLE, &("0s"..="1d"), findings);
    let overlap = duration_of(table, &keys::OVERLAP, &("0s"..="1d"), findings);
    let rate = match table.get(&keys::RATE) {
        Some(cursor) => cursor.number(),
        None => default_of(&keys::RATE).parse().ok(),
    };
    Some(Limits { rate: rate?, timeout: timeout?, settle: settle?, overlap: overlap? })
}

fn kind(table: &Cursor<'_>) -> Option<Kind> {
    match table.get(&keys::KIND)?.text()? {
        "cloud" => Some(Kind::Cloud),
        "data-center" => Some(Kind::DataCenter),
        _ => None,
    }
}

/// The base URL without its trailing slash.
fn url(table: &Cursor<'_>, kind: Option<Kind>, findings: &mut Findings<'_>) -> Option<String> {
    let cursor = table.get(&keys::URL)?;
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let example = "write the base URL: `https://acme.atlassian.net`, `https://jira.example.org/jira`";
    // Before anything is said: what cannot be parsed may hold a password too.
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    let url = match Url::parse(text) {
        Ok(url) if url.has_host() => url,
        Ok(_) => {
            findings.error(&cursor.spot, "the URL names no host", example);
            return None;
        }
        Err(error) => {
            findings.error(&cursor.spot, format!("this is no URL: {error}"), example);
            return None;
        }
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        findings.error(&cursor.spot, "the URL holds credentials", "take them out: `auth` says how to log in");
        return None;
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        let message = format!("`{}` would send the token in the clear", url.scheme());
        findings.error(&cursor.spot, message, "write `https://`; `http://` is for the loopback only");
        return None;
    }
    if url.query().is_some() || url.fragment().is_some() {
        findings.error(&cursor.spot, "a base URL has no `?` and no `#`", example);
        return None;
    }
    let address = url.as_str().trim_end_matches('/').to_owned();
    fits(&url, kind, &cursor.spot, findings).then_some(address)
}

/// Whether kind and host belong together, as far as the host tells.
fn fits(url: &Url, kind: Option<Kind>, spot: &Spot, findings: &mut Findings<'_>) -> bool {
    let host = url.host_str().unwrap_or_default();
    if !host.ends_with(".atlassian.net") {
        return true;
    }
    if kind == Some(Kind::DataCenter) {
        findings.error(spot, format!("`{host}` is Jira Cloud, not Data Center"), "write `kind = \"cloud\"`");
        return false;
    }
    if url.path().trim_matches('/').is_empty() {
        return true;
    }
    let message = format!("the base URL of Jira Cloud has no path, this has `{}`", url.path());
    findings.error(spot, message, format!("write `https://{host}`"));
    false
}

fn auth(reading: &Reading<'_>, table: &Cursor<'_>, kind: Option<Kind>, findings: &mut Findings<'_>) -> Option<Auth> {
    let auth = table.get(&keys::AUTH)?;
    let token = auth.get(&keys::TOKEN);
    if let Some(token) = token.as_ref().filter(|token| token.text().is_none()) {
        shape::hide(token, findings);
    }
    // Where the two were mixed up, the token stands under `user`.
    if let Some(user) = auth.get(&keys::USER).filter(|user| !user.text().is_some_and(is_email)) {
        shape::hide(&user, findings);
    }
    let token = token.and_then(|cursor| secret::resolve(reading, &cursor, findings));
    let method = auth.get(&keys::METHOD)?;
    let user = auth.get(&keys::USER);
    let fitting = match (method.text()?, kind) {
        ("bearer", Some(Kind::Cloud)) => Some(("Jira Cloud takes no personal access token", "api-token")),
        ("api-token", Some(Kind::DataCenter)) => Some(("Jira Data Center has no API tokens", "bearer")),
        _ => None,
    };
    if let Some((message, method_name)) = fitting {
        findings.error(&method.spot, message, format!("write `method = \"{method_name}\"`"));
        return None;
    }
    match (method.text()?, user) {
        ("api-token", Some(user)) if user.text().is_some_and(|text| !text.trim().is_empty() && !is_email(text)) => {
            let help = "write the e-mail that the sync user logs in with: `user = \"sync@acme.example\"`";
            findings.error(&user.spot, "`user` is no e-mail", help);
            None
        }
        ("api-token", Some(user)) => Some(Auth::ApiToken { user: user.text()?.to_owned(), token: token? }),
        ("api-token", None) => {
            let help = "add the sync user's e-mail: `user = \"sync@acme.example\"`";
            findings.error(&auth.spot, "`api-token` needs a `user`", help);
            None
        }
        ("bearer", Some(user)) => {
            findings.error(&user.key_spot, "`bearer` takes no `user`: the token says who it is", "take `user` out");
            None
        }
        ("bearer", None) => Some(Auth::Bearer { token: token? }),
        _ => None,
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(' '))
}
