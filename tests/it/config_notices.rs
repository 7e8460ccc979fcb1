//! `[notices]` as the file says it, and exactly what is said of what is wrong there. No URL that may be a secret is ever shown.

use std::path::Path;

use jirasyncd::config::{self, Loaded, MailTls, Report, SecretsWanted};

use super::config::World;

const CANARY: &str = "CANARY-7f3a";

fn load(notices: &str) -> Result<Loaded, Report> {
    let example = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.toml")).unwrap();
    let start = example.find("[notices]").unwrap();
    let end = example.find("# Sends the figures of").unwrap();
    let text = format!("{}{notices}\n{}", &example[..start], &example[end..]);
    let world =
        World::complete().variable("HOOK", &format!("https://chat.example/{CANARY}")).variable("NO_URL", CANARY);
    config::load(&text, "c.toml", &world, SecretsWanted::Yes)
}

/// What is wrong, as messages.
#[track_caller]
fn wrong(notices: &str) -> Vec<String> {
    let report = load(notices).err().unwrap_or_else(|| panic!("taken: {notices}"));
    let shown = report.render(false);
    assert!(!shown.contains(CANARY), "{shown}");
    report.errors.iter().map(|problem| problem.message.clone()).collect()
}

#[test]
fn both_ways_are_read_with_what_stands_for_the_rest() {
    let loaded = load("[notices]\nwebhook = \"env:HOOK\"\nemail = { to = \"a@b.example\", from = \"j@b.example\", smtp = \"smtp://mail.b.example\" }").unwrap();
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let notices = loaded.config.notices.unwrap();
    assert_eq!(notices.webhook.unwrap().expose(), format!("https://chat.example/{CANARY}"));
    assert_eq!((notices.limits.per_hour, notices.limits.problems), (10, 20));
    let mail = notices.email.unwrap();
    assert_eq!((mail.to, mail.from.as_str()), (vec!["a@b.example".to_owned()], "j@b.example"));
    assert_eq!((mail.host.as_str(), mail.port, mail.tls), ("mail.b.example", 587, MailTls::Started));
    assert!(mail.login.is_none());
    let server = |smtp: &str| {
        let mail = format!("to = \"a@b.example\", from = \"j@b.example\", smtp = \"{smtp}\"");
        let mail = load(&format!("[notices]\nemail = {{ {mail} }}")).unwrap().config.notices.unwrap().email.unwrap();
        (mail.host, mail.port, mail.tls)
    };
    assert_eq!(server("smtps://mail.b.example"), ("mail.b.example".to_owned(), 465, MailTls::Whole));
    assert_eq!(server("smtps://mail.b.example:2465"), ("mail.b.example".to_owned(), 2465, MailTls::Whole));
    assert_eq!(server("smtp://127.0.0.1:2525"), ("127.0.0.1".to_owned(), 2525, MailTls::None));
    assert_eq!(server("smtp://[::1]:2525"), ("::1".to_owned(), 2525, MailTls::None));
    assert_eq!(server("smtp://localhost"), ("localhost".to_owned(), 25, MailTls::None));
    assert_eq!(server("smtp://10.0.0.7"), ("10.0.0.7".to_owned(), 587, MailTls::Started));
    assert!(load("").unwrap().config.notices.is_none());
}

#[test]
fn what_cannot_be_used_is_said_and_no_secret_with_it() {
    assert_eq!(wrong("[notices]"), ["nobody would be told anything"]);
    let no_url = "this is no URL of a web server, and does not name where one lies";
    for hook in ["env:NO_URL", "CANARY-7f3a", "ftp://chat.example/CANARY-7f3a"] {
        assert_eq!(wrong(&format!("[notices]\nwebhook = \"{hook}\"")), [no_url], "{hook}");
    }
    assert_eq!(
        wrong("[notices]\nwebhook = \"http://chat.example/CANARY-7f3a\""),
        ["`http` would tell every notice to everybody on the way"]
    );
    let mail = |rest: &str| wrong(&format!("[notices]\nemail = {{ {rest} }}"));
    let addressed = "to = \"a@b.example\", from = \"j@b.example\"";
    assert_eq!(
        mail("to = [\"nobody\"], from = \"j@b.example\", smtp = \"smtps://mail.b.example\""),
        ["`nobody` is no e-mail address"]
    );
    for server in ["mail.b.example", "https://mail.b.example", "smtps://me:CANARY-7f3a@mail.b.example", "smtp://x/y"] {
        assert_eq!(mail(&format!("{addressed}, smtp = \"{server}\"")), ["this is no mail server"], "{server}");
    }
    assert_eq!(
        mail(&format!("{addressed}, smtp = \"smtps://m.example\", user = \"me\"")),
        ["`user` and `password` go together"]
    );
    let written = mail(&format!("{addressed}, smtp = \"smtps://m.example\", user = \"me\", password = \"{CANARY}\""));
    assert_eq!(written, ["`password` names no place of a secret; a token itself is never written here"]);
    assert_eq!(wrong("[notices]\nwebhook = \"env:HOOK\"\nper-hour = 1.5"), ["`1.5` is no number of notices"]);
}

#[test]
fn a_listener_beyond_the_loopback_is_a_warning_and_the_end_of_a_token_a_date() {
    let example = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.toml")).unwrap();
    let read = |from: &str, to: &str| {
        assert!(example.contains(from));
        config::load(&example.replacen(from, to, 1), "c.toml", &World::complete(), SecretsWanted::Yes)
    };
    let loaded = read("listen = \"127.0.0.1:8470\"", "listen = \"0.0.0.0:8470\"").unwrap();
    let said: Vec<_> = loaded.warnings.warnings.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(said, ["health and figures are told without a login to whoever reaches this address"]);
    let loaded = read("listen = \"127.0.0.1:8470\"", "listen = \"[::1]:8470\"").unwrap();
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.config.instances[&"acme".into()].expires, Some("2027-03-01T00:00:00Z".parse().unwrap()));
    assert_eq!(loaded.config.instances[&"globex".into()].expires, None);
    let report = read("expires = \"2027-03-01\"", "expires = \"next spring\"").unwrap_err();
    assert_eq!(report.errors[0].message, "this is no date");
    assert!(read("expires = \"2027-03-01\"", "expires = \"2027-02-30\"").is_err());
}
