//! Whether an answer is one of this Jira to this sync user. Must never take a page, a stranger's or nobody's answer for data.

use http::HeaderMap;

use super::{Failure, retry};
use crate::model::ids::AccountId;
use crate::model::settings::Kind;
use crate::planted::{Bug, is_planted};

/// What an answer must prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// That it was given to the sync user.
    Us,
    /// Nothing: `serverInfo` is open to everybody.
    Nobody,
}

/// Checks an answer's head.
///
/// # Errors
/// `Locked`, `NotUs` or `NotJira`.
pub(super) fn check(
    kind: Kind,
    expected: Option<&AccountId>,
    needs: Needs,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Failure> {
    login(status, headers)?;
    if status == 401 {
        return Err(Failure::NotUs("the login was refused (401): the token is wrong, expired or revoked".into()));
    }
    if (300..400).contains(&status) {
        return Err(Failure::NotJira(redirect(headers)));
    }
    if status == 407 {
        return Err(Failure::NotJira("a proxy wants a login (407)".into()));
    }
    if !(body.is_empty() || is_json(headers)) && status != 429 && status < 500 {
        return Err(Failure::NotJira(page(status, headers, body)));
    }
    if status == 404 && body.is_empty() {
        return Err(Failure::NotJira("status 404 without a word: is the base URL right?".into()));
    }
    identity(kind, expected, needs, status, headers)
}

fn login(status: u16, headers: &HeaderMap) -> Result<(), Failure> {
    if let Some(reason) = text(headers, "x-authentication-denied-reason") {
        let words = reason.split(';').next().unwrap_or(reason).trim();
        return Err(Failure::Locked(format!("{words}: log in once by the browser and solve the CAPTCHA")));
    }
    if !retry::login_refused(headers) || is_planted(Bug::AnonymousBelieved) {
        return Ok(());
    }
    let reason = text(headers, "x-seraph-loginreason").unwrap_or_default();
    if status == 403 && reason.contains("AUTHENTICATION_DENIED") {
        return Err(Failure::Locked(format!("{reason}: log in once by the browser")));
    }
    Err(Failure::NotUs(format!("the token was not taken ({reason}): it is wrong, expired or revoked")))
}

/// Whether an answer, whatever its body is, was given to us.
pub(super) fn identity(
    kind: Kind,
    expected: Option<&AccountId>,
    needs: Needs,
    status: u16,
    headers: &HeaderMap,
) -> Result<(), Failure> {
    let name = match kind {
        Kind::Cloud => "X-AAccountId",
        Kind::DataCenter => "X-AUSERNAME",
    };
    if needs == Needs::Nobody || is_planted(Bug::AnonymousBelieved) {
        return Ok(());
    }
    let Some(shown) = text(headers, name) else {
        if (200..300).contains(&status) {
            return Err(Failure::NotUs(format!("the answer does not say to whom it was given (no {name})")));
        }
        return Ok(());
    };
    if kind == Kind::DataCenter && shown == "anonymous" && expected.is_none_or(|us| us.as_str() != "anonymous") {
        return Err(Failure::NotUs("answered as to somebody who is not logged in".into()));
    }
    match expected {
        Some(us) if !same(kind, us.as_str(), shown) => {
            Err(Failure::NotUs(format!("answered as to `{shown}`, but the sync user is `{us}`")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Data Center sends the user name percent-encoded; names differ not by case.
fn same(kind: Kind, us: &str, shown: &str) -> bool {
    match kind {
        Kind::Cloud => us == shown,
        Kind::DataCenter => {
            let lower = us.to_lowercase();
            let plain = percent_decoded(shown);
            [shown, &plain, &percent_decoded(&shown.replace('+', " "))].iter().any(|text| text.to_lowercase() == lower)
        }
    }
}

/// Undoes percent-encoding.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = text(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || kind.ends_with("+json")
}

fn redirect(headers: &HeaderMap) -> String {
    let target = text(headers, "location").unwrap_or_default();
    let host = url::Url::parse(target).ok().and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) => format!("redirected to `{host}`, where no credentials are sent: correct the instance's `url`"),
        None => "redirected within the site (to a login page?)".to_owned(),
    }
}

fn page(status: u16, headers: &HeaderMap, body: &[u8]) -> String {
    let kind = text(headers, "content-type").unwrap_or("no content type");
    let start = String::from_utf8_lossy(body.get(..4096.min(body.len())).unwrap_or_default()).into_owned();
    let title = start.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let title: String = title.map(|(title, _)| title.trim().chars().take(80).collect()).unwrap_or_default();
    let said = if title.is_empty() { String::new() } else { format!(", titled `{title}`") };
    format!("status {status} with {kind} instead of JSON{said}")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json;charset=UTF-8");

    fn ask(
        kind: Kind,
        us: Option<&str>,
        status: u16,
        pairs: &[(&'static str, &str)],
        body: &str,
    ) -> Result<(), Failure> {
        let headers =
            pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        let us = us.map(AccountId::from);
        check(kind, us.as_ref(), Needs::Us, status, &headers, body.as_bytes())
    }

    #[test]
    fn row_009_an_answer_as_somebody_else_or_nobody_is_no_data() {
        let cloud = |pairs: &[(&'static str, &str)]| ask(Kind::Cloud, Some("5b10"), 200, pairs, "{}");
        assert_eq!(cloud(&[JSON, ("x-aaccountid", "5b10")]), Ok(()));
        assert!(matches!(cloud(&[JSON, ("x-aaccountid", "other")]), Err(Failure::NotUs(_))));
        assert!(matches!(cloud(&[JSON]), Err(Failure::NotUs(_))));
        let failed = ("x-seraph-loginreason", "AUTHENTICATED_FAILED");
        assert!(matches!(cloud(&[JSON, ("x-aaccountid", "5b10"), failed]), Err(Failure::NotUs(_))));
        let server = |shown| ask(Kind::DataCenter, Some("jörg sync"), 200, &[JSON, ("x-ausername", shown)], "{}");
        assert_eq!(server("j%C3%B6rg+sync"), Ok(()));
        assert_eq!(server("J%C3%96RG%20sync"), Ok(()));
        assert!(matches!(server("anonymous"), Err(Failure::NotUs(_))));
        // A 404 to nobody must never look like a deleted issue.
        let nobody = ask(Kind::DataCenter, Some("sync"), 404, &[JSON, ("x-ausername", "anonymous")], "{}");
        assert!(matches!(nobody, Err(Failure::NotUs(_))));
    }

    #[test]
    fn row_008_pages_redirects_and_captchas_are_told_apart() {
        let html = ("content-type", "text/html");
        let page = ask(Kind::Cloud, None, 200, &[html], "<html><title>Log in</title>");
        assert_eq!(page, Err(Failure::NotJira("status 200 with text/html instead of JSON, titled `Log in`".into())));
        assert!(matches!(ask(Kind::Cloud, None, 404, &[html], "<html>"), Err(Failure::NotJira(_))));
        let away = ask(Kind::Cloud, None, 302, &[("location", "https://new.example/x")], "");
        assert!(matches!(away, Err(Failure::NotJira(words)) if words.contains("`new.example`")));
        let captcha = [html, ("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; login-url=https://x/login.jsp")];
        assert!(matches!(ask(Kind::DataCenter, None, 403, &captcha, "<html>"), Err(Failure::Locked(_))));
        assert!(matches!(ask(Kind::DataCenter, None, 401, &[html], "<html>"), Err(Failure::NotUs(_))));
        assert_eq!(ask(Kind::DataCenter, None, 503, &[html], "<html>"), Ok(()));
    }
}
