//! The `[instance.NAME]` tables: where each Jira is and how the sync user logs in. Must never reach out to one.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::node::Cursor;
use super::problem::{Findings, Spot};
use super::time::{default_of, duration_of};
use super::{Reading, keys, login, network, notices, webhooks};
use crate::model::ids::InstanceId;
use crate::model::settings::{InstanceSettings, Kind};

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
        let gateway = login::gateway(&table, kind, findings);
        let auth = login::read(reading, &table, kind, url.as_deref(), findings);
        let limits = limits(&table, findings);
        let network = network::read(reading, &table, findings);
        let expires = table.get(&keys::AUTH).and_then(|auth| notices::expires(&auth, findings));
        let hooks = webhooks::of_instance(reading, &table, findings);
        let (Some(kind), Some(url), Some(auth)) = (kind, url, auth) else { continue };
        let (Some(limits), Some(hooks)) = (limits, hooks) else { continue };
        let id = InstanceId::new(table.name);
        let settings = InstanceSettings {
            id: id.clone(),
            kind,
            url,
            gateway,
            auth,
            network,
            rate: limits.rate,
            timeout: limits.timeout,
            settle: limits.settle,
            overlap: limits.overlap,
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
    if !url.username().is_empty() || url.password().is_some() {
        findings.error(&cursor.spot, "the URL holds credentials", "take them out: `auth` says how to log in");
        return None;
    }
    if !is_safe(&url) {
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

/// Whether what is sent there can be read by nobody on the way.
pub(super) fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// Whether kind and host belong together, as far as the host tells.
fn fits(url: &Url, kind: Option<Kind>, spot: &Spot, findings: &mut Findings<'_>) -> bool {
    let host = url.host_str().unwrap_or_default();
    if host == "api.atlassian.com" {
        let help = "write the site's own URL, `https://acme.atlassian.net`, and this one as `gateway`";
        findings.error(spot, "this is Atlassian's gateway, not a site that people open", help);
        return false;
    }
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
