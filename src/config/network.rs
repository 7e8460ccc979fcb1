//! How an instance is reached beside its URL: `ca-file`, `client-certificate`, `[instance.NAME.proxy]`. Must never reach out, nor
//! take credentials that stand in a URL.

use std::net::IpAddr;

use url::Url;

use super::keys;
use super::node::Cursor;
use super::problem::Findings;
use super::secret::Signs;
use super::{Reading, secret};
use crate::model::settings::{ClientCertificate, NetworkSettings, ProxySettings};

/// Reads what an instance's table says. What is wrong is told; what it would have been is left out.
pub(super) fn read(reading: &Reading<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> NetworkSettings {
    let ca_file = table.get(&keys::CA_FILE).and_then(|cursor| secret::certificate(reading, &cursor, findings));
    let client_certificate = client_certificate(reading, table, findings);
    let proxy = table.get(&keys::PROXY).filter(Cursor::is_table);
    let proxy = proxy.and_then(|table| proxy_settings(reading, &table, findings));
    NetworkSettings { ca_file, client_certificate, proxy }
}

fn client_certificate(
    reading: &Reading<'_>,
    table: &Cursor<'_>,
    findings: &mut Findings<'_>,
) -> Option<ClientCertificate> {
    let key = table.get(&keys::CLIENT_KEY);
    let Some(cursor) = table.get(&keys::CLIENT_CERTIFICATE) else {
        if let Some(key) = key {
            let help = "name the certificate's file: `client-certificate = \"/etc/jirasyncd/client.pem\"`";
            findings.error(&key.key_spot, "a `client-key` is of no use without a `client-certificate`", help);
        }
        return None;
    };
    let certificate = secret::certificate(reading, &cursor, findings);
    let key = secret::private_key(reading, key.as_ref().unwrap_or(&cursor), findings);
    Some(ClientCertificate { certificate: certificate?, key: key? })
}

fn proxy_settings(reading: &Reading<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<ProxySettings> {
    let url = table.get(&keys::PROXY_URL).and_then(|cursor| url(&cursor, findings));
    let (user, password) = (table.get(&keys::PROXY_USER), table.get(&keys::PROXY_PASSWORD));
    let login = match (&user, &password) {
        (Some(user), Some(password)) => {
            let secret = secret::resolve_of(reading, password, Signs::OfPasswords, findings);
            user.text().map(str::to_owned).zip(secret)
        }
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => {
            let help = "write both, or neither where the proxy asks for no login";
            findings.error(&one.key_spot, "`user` and `password` go together", help);
            None
        }
    };
    let no_proxy =
        table.get(&keys::NO_PROXY).map(|list| list.items().filter_map(|item| unproxied(&item, findings)).collect());
    Some(ProxySettings { url: url?, login, no_proxy: no_proxy.unwrap_or_default() })
}

fn url(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    // Before anything is said: what cannot be parsed may hold a password too.
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    let example = "write `http://HOST:PORT`, `https://HOST:PORT`, `socks5://HOST:PORT` or `socks5h://HOST:PORT`";
    let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host();
    let Some(url) = Url::parse(text).ok().filter(known) else {
        findings.error(&cursor.spot, "this is no proxy's URL", example);
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let help = "take them out: `user` and `password` of the proxy say how to log in there";
        findings.error(&cursor.spot, "the URL holds credentials", help);
        return None;
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        findings.error(&cursor.spot, "a proxy's URL has nothing behind its port", example);
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// A host, a domain, an address or a network, as the list of those takes it.
fn unproxied(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = cursor.text()?.trim();
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let is_network = match (address.parse::<IpAddr>(), length) {
        (Ok(_), None) => true,
        (Ok(address), Some(length)) => {
            length.parse::<u8>().is_ok_and(|length| length <= if address.is_ipv4() { 32 } else { 128 })
        }
        (Err(_), _) => false,
    };
    let host = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-');
    if is_network || (length.is_none() && !text.is_empty() && text.chars().all(host)) {
        return Some(text.to_owned());
    }
    let help = "write a host (`jira.example.org`), a domain (`.example.org`), an address or a network (`10.0.0.0/8`)";
    findings.error(&cursor.spot, format!("`{text}` is no host and no network"), help);
    None
}
