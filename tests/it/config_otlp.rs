//! `[otlp]` as the file says it, and exactly what is said of what is wrong there. No header's value is ever shown.

use std::path::Path;
use std::time::Duration;

use jirasyncd::config::{self, Loaded, Report, SecretsWanted};

use super::config::World;

const CANARY: &str = "CANARY-91be";

fn load(table: &str, headers: &str, secrets: SecretsWanted) -> Result<Loaded, Report> {
    let example = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.toml")).unwrap();
    let start = example.find("[otlp]").unwrap();
    let end = example.find("# One table per Jira.").unwrap();
    let text = format!("{}{table}\n{}", &example[..start], &example[end..]);
    config::load(&text, "c.toml", &World::complete().variable("HEADERS", headers), secrets)
}

/// What is wrong, as messages.
#[track_caller]
fn wrong(table: &str, headers: &str) -> Vec<String> {
    let report = load(table, headers, SecretsWanted::Yes).err().unwrap_or_else(|| panic!("taken: {table}"));
    let shown = report.render(false);
    assert!(!shown.contains(CANARY), "{shown}");
    report.errors.iter().map(|problem| problem.message.clone()).collect()
}

fn table(url: &str) -> String {
    format!("[otlp]\nurl = \"{url}\"\nheaders = \"env:HEADERS\"")
}

#[test]
fn a_collector_is_read_with_its_headers() {
    let read = |headers: &str| {
        let loaded = load(&table("https://collect.example/v1/metrics"), headers, SecretsWanted::Yes).unwrap();
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        assert!(!loaded.config.text.contains(CANARY));
        assert!(!format!("{:?}", loaded.config.otlp).contains(CANARY));
        loaded.config.otlp.unwrap()
    };
    let otlp = read(&format!("Authorization=Bearer%20{CANARY}+a/b%3D=, X-Team = sync ,"));
    assert_eq!((otlp.url.as_str(), otlp.every), ("https://collect.example/v1/metrics", Duration::from_secs(60)));
    let headers: Vec<(&str, &str)> = otlp.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(headers, [("authorization", &*format!("Bearer {CANARY}+a/b==")), ("x-team", "sync")]);
    assert!(load("", "", SecretsWanted::Yes).unwrap().config.otlp.is_none());
    // `check --offline` and the like go without secrets.
    assert!(load(&table("http://127.0.0.1:4318/v1/metrics"), "", SecretsWanted::No).unwrap().config.otlp.is_some());
    let bare = load("[otlp]\nurl = \"http://10.0.0.7:4318\"\nevery = \"15s\"", "", SecretsWanted::Yes).unwrap();
    assert_eq!(bare.config.otlp.unwrap().every, Duration::from_secs(15));
    assert!(bare.warnings.to_string().contains("this URL names no path"), "{}", bare.warnings);
}

#[test]
fn a_secret_that_was_noted_in_a_comment_is_not_kept() {
    let noted = format!("{}\n# {CANARY}\n", table("https://collect.example/v1/metrics"));
    let loaded = load(&noted, &format!("a={CANARY}"), SecretsWanted::Yes).unwrap();
    assert!(loaded.config.text.contains("# ***"), "{}", loaded.config.text);
}

#[test]
fn what_cannot_be_used_is_said_and_no_secret_with_it() {
    let no_url = "this is no URL of a collector";
    for url in [
        "collect.example:4318",
        "grpc://collect.example:4317",
        "https://me:CANARY-91be@collect.example/v1/metrics",
        "https://collect.example/v1/metrics?key=CANARY-91be",
    ] {
        assert_eq!(wrong(&table(url), "a=b"), [no_url], "{url}");
    }
    assert_eq!(
        wrong(&table("http://collect.example/v1/metrics"), "a=b"),
        ["`http` would tell the figures and headers to everybody on the way"]
    );
    let url = &table("https://collect.example/v1/metrics");
    for headers in [
        CANARY,
        "a b=CANARY-91be",
        "a=%0d%0aCANARY-91be",
        "=CANARY-91be",
        "a=%ffCANARY-91be",
        "host=CANARY-91be",
        "Content-Type=CANARY-91be",
    ] {
        assert_eq!(wrong(url, headers), ["what lies there are no headers"], "{headers}");
    }
    let written = format!("[otlp]\nurl = \"https://collect.example/v1/metrics\"\nheaders = \"a={CANARY}\"");
    assert_eq!(wrong(&written, ""), ["`headers` names no place of a secret; a token itself is never written here"]);
    assert_eq!(
        wrong("[otlp]\nurl = \"https://collect.example/v1/metrics\"\nevery = \"0s\"", ""),
        ["`every` is out of range: `0s`"]
    );
}
