//! `[otlp]`: which collector gets the figures. Must never show a header's value, nor take a way on which one would be told to everybody.

use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use percent_encoding::percent_decode_str;
use url::Url;

use super::node::Cursor;
use super::problem::Findings;
use super::secret::Signs;
use super::time::duration_of;
use super::webhooks::is_within;
use super::{Reading, SecretsWanted, keys_otlp as keys, secret};
use crate::model::secret::Secret;

/// Headers that the request has of its own.
const OURS: [HeaderName; 4] = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::HOST, header::TRANSFER_ENCODING];

/// How figures are exported.
#[derive(Debug, Clone)]
pub struct OtlpSettings {
    /// Where metrics are posted, path included.
    pub url: Url,
    /// How often.
    pub every: Duration,
    /// Headers of every request, each with its value.
    pub headers: Vec<(HeaderName, Secret)>,
}

/// Reads the table. `None`: nothing is sent, or what is said cannot be used.
pub(super) fn read(reading: &Reading<'_>, top: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<OtlpSettings> {
    let table = top.get(&keys::OTLP).filter(Cursor::is_table)?;
    let url = table.get(&keys::OTLP_URL).and_then(|cursor| collector(&cursor, findings));
    let every = duration_of(&table, &keys::OTLP_EVERY, &("1s"..="1h"), findings);
    let headers = match table.get(&keys::OTLP_HEADERS) {
        Some(cursor) => headers(reading, &cursor, findings),
        None => Some(Vec::new()),
    };
    Some(OtlpSettings { url: url?, every: every?, headers: headers? })
}

fn collector(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Url> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    // Before anything is said: what cannot be parsed may hold a password too.
    if text.contains(['@', '?']) {
        findings.mask(cursor.node.span.clone());
    }
    // A key in the query would be shown wherever the configuration is.
    let is_plain =
        |url: &Url| url.has_host() && url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let url = Url::parse(text).ok().filter(|url| is_plain(url) && matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        let help = "write `https://HOST/v1/metrics`; a login or key goes into `headers`";
        findings.error(&cursor.spot, "this is no URL of a collector", help);
        return None;
    };
    if url.scheme() == "http" && !is_within(&url) {
        let help = "write `https://`; `http://` is for addresses of your own network";
        findings.error(&cursor.spot, "`http` would tell the figures and headers to everybody on the way", help);
        return None;
    }
    if matches!(url.path(), "" | "/") {
        let help = "write the path, too: most collectors take metrics at `/v1/metrics`";
        findings.warning(&cursor.spot, "this URL names no path, and the figures are posted to it as it is", help);
    }
    Some(url)
}

fn headers(
    reading: &Reading<'_>,
    cursor: &Cursor<'_>,
    findings: &mut Findings<'_>,
) -> Option<Vec<(HeaderName, Secret)>> {
    let found = secret::resolve_of(reading, cursor, Signs::OfPasswords, findings)?;
    if reading.secrets == SecretsWanted::No && found.expose().is_empty() {
        return Some(Vec::new());
    }
    let parts = found.expose().split(',').filter(|part| !part.trim().is_empty());
    let read: Option<Vec<_>> = parts.map(one_header).collect();
    if read.is_none() {
        let help = "write `NAME=VALUE`, more behind commas, each value percent-encoded: `Authorization=Bearer%20TOKEN`";
        findings.error(&cursor.spot, "what lies there are no headers", help);
    }
    read
}

fn one_header(part: &str) -> Option<(HeaderName, Secret)> {
    let (name, value) = part.split_once('=')?;
    let name: HeaderName = name.trim().parse().ok().filter(|name| !OURS.contains(name))?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?.into_owned();
    HeaderValue::from_str(&value).is_ok().then(|| (name, Secret::new(value)))
}
