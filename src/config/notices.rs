//! `[notices]`: what is told to whom, and by which way. Must never show a URL that may be a secret, nor take a way on which a password
//! would be told to everybody.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::{Host, Url};

use super::node::Cursor;
use super::problem::Findings;
use super::time::default_of;
use super::webhooks::is_within;
use super::{Reading, SecretsWanted, keys_notices as keys, secret};
use crate::model::notices::NoticeLimits;
use crate::model::secret::Secret;

/// How notices are sent. At least one way is set.
#[derive(Debug, Clone)]
pub struct NoticeSettings {
    /// Where each is posted; the URL may be a secret.
    pub webhook: Option<Secret>,
    /// Whom each is mailed to.
    pub email: Option<MailSettings>,
    /// How many there are at most, and from when on problems pile up.
    pub limits: NoticeLimits,
}

/// How mails are sent.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Who gets them.
    pub to: Vec<String>,
    /// Whom they come from.
    pub from: String,
    /// The mail server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is kept secret.
    pub tls: MailTls,
    /// Whom to log in as.
    pub login: Option<(String, Secret)>,
}

/// How the way to a mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte.
    Whole,
    /// From `STARTTLS` on, without which nothing is sent.
    Started,
    /// Not at all: on the loopback only.
    None,
}

/// Reads the table. `None`: nothing is sent, or what is said cannot be used.
pub(super) fn read(reading: &Reading<'_>, top: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<NoticeSettings> {
    let table = top.get(&keys::NOTICES).filter(Cursor::is_table)?;
    let hook = table.get(&keys::NOTICE_WEBHOOK);
    let mail = table.get(&keys::NOTICE_EMAIL).filter(Cursor::is_table);
    if hook.is_none() && mail.is_none() {
        let help = "name a `webhook`, an `email`, or both; or take `[notices]` out";
        findings.error(&table.key_spot, "nobody would be told anything", help);
    }
    let webhook = hook.and_then(|cursor| webhook(reading, &cursor, findings));
    let email = mail.and_then(|table| email(reading, &table, findings));
    let per_hour = whole(&table, &keys::NOTICES_PER_HOUR, findings)?;
    let problems = whole(&table, &keys::NOTICE_PROBLEMS, findings)?;
    Some(NoticeSettings { webhook, email, limits: NoticeLimits { per_hour, problems } })
}

fn webhook(reading: &Reading<'_>, cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Secret> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let found = if secret::is_reference(text) {
        secret::resolve(reading, cursor, findings)?
    } else {
        findings.mask(cursor.node.span.clone());
        Secret::new(text.to_owned())
    };
    if reading.secrets == SecretsWanted::No && found.expose().is_empty() {
        return Some(found);
    }
    let help = "write `https://HOST/PATH`, or `env:NAME`, `file:PATH`, `credential:NAME` where such a URL lies";
    let url = Url::parse(found.expose()).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    let Some(url) = url else {
        findings.error(&cursor.spot, "this is no URL of a web server, and does not name where one lies", help);
        return None;
    };
    if url.scheme() == "http" && !is_within(&url) {
        let help = "write `https://`; `http://` is for addresses of your own network";
        findings.error(&cursor.spot, "`http` would tell every notice to everybody on the way", help);
        return None;
    }
    Some(found)
}

fn email(reading: &Reading<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<MailSettings> {
    let to = table.get(&keys::MAIL_TO).map(|to| {
        let many: Vec<Cursor<'_>> = to.items().collect();
        let all = if many.is_empty() { vec![to] } else { many };
        all.iter().map(|cursor| mailbox(cursor, findings)).collect::<Option<Vec<String>>>()
    });
    let from = table.get(&keys::MAIL_FROM).map(|cursor| mailbox(&cursor, findings));
    let server = table.get(&keys::MAIL_SMTP).map(|cursor| server(&cursor, findings));
    let (user, password) = (table.get(&keys::MAIL_USER), table.get(&keys::MAIL_PASSWORD));
    let login = match (&user, &password) {
        (Some(user), Some(password)) => Some((user.text()?.to_owned(), secret::resolve(reading, password, findings)?)),
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => {
            let help = "write both, or neither where the server asks for no login";
            findings.error(&one.key_spot, "`user` and `password` go together", help);
            return None;
        }
    };
    let (host, port, tls) = server??;
    Some(MailSettings { to: to??, from: from??, host, port, tls, login })
}

fn mailbox(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    if text.parse::<lettre::Address>().is_err() {
        findings.error(&cursor.spot, format!("`{text}` is no e-mail address"), "write it alone: `ops@example.org`");
        return None;
    }
    Some(text.to_owned())
}

fn server(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<(String, u16, MailTls)> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    // Before anything is said: what cannot be parsed may hold a password too.
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    let help = "write `smtps://HOST` or `smtp://HOST`, with `:PORT` where it is another; the login stands in `user` and `password`";
    let plain = |url: &Url| {
        url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
    };
    let Some(url) = Url::parse(text).ok().filter(plain) else {
        findings.error(&cursor.spot, "this is no mail server", help);
        return None;
    };
    let (port, tls) = match url.scheme() {
        "smtps" => (465, MailTls::Whole),
        "smtp" if is_loopback(&url) => (25, MailTls::None),
        "smtp" => (587, MailTls::Started),
        _ => {
            findings.error(&cursor.spot, "this is no mail server", help);
            return None;
        }
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    Some((host, url.port().unwrap_or(port), tls))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Of a scheme that it does not know `url` keeps an address as text.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A whole number, or what stands for it.
fn whole(table: &Cursor<'_>, key: &super::keys::Key, findings: &mut Findings<'_>) -> Option<u64> {
    match table.get(key) {
        Some(cursor) => super::start::whole(Some(&cursor), "notices", findings),
        None => default_of(key).parse().ok(),
    }
}

/// The day on which a token ends, as a time: its beginning in UTC, which is the earliest that may be meant within half a day.
pub(super) fn expires(auth: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Timestamp> {
    let cursor = auth.get(&keys::EXPIRES)?;
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let time = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
    if time.is_none() {
        findings.error(&cursor.spot, "this is no date", "write year, month and day: `2027-03-01`");
    }
    time
}
