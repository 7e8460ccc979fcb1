//! The configuration: what loads, what is said about what does not, and that no secret is ever repeated. Must never set a
//! variable of this process: the environment is handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jirasyncd::config::{self, Environment, FileContent, Loaded, Problem, Report, SecretsWanted};

use jirasyncd::model::ids::SideId;
use jirasyncd::model::settings::{Auth, ConflictPolicy, FieldKind, Kind, OnUnmapped};
use proptest::prelude::*;

use crate::config_cases::CASES;

/// A world of variables and files.
#[derive(Default)]
pub(crate) struct World {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
}

impl World {
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn file(mut self, path: &str, content: &[u8], mode: u32) -> Self {
        self.files.insert(PathBuf::from(path), (content.to_vec(), mode));
        self
    }

    /// All that the example and the README name.
    pub(crate) fn complete() -> Self {
        Self::default()
            .variable("ACME_TOKEN", "t1")
            .variable("SMTP_PASSWORD", "t5")
            .variable("OTLP_HEADERS", "Authorization=Bearer%20t6")
            .variable("ACME_WEBHOOK", "s1")
            .variable("ACME_WEBHOOK_OLD", "s2")
            .variable("CREDENTIALS_DIRECTORY", "/run/credentials")
            .file("/run/credentials/globex-pat", b"t2\n", 0o400)
            .file("/run/credentials/acme-token", b"t3\n", 0o400)
            .file("/etc/jirasyncd/tokens/initech-pat", b"t4\n", 0o600)
            .file("/etc/ssl/certs/ca-certificates.crt", b"-----BEGIN CERTIFICATE-----\n", 0o644)
            .file("/etc/jirasyncd/client.pem", b"-----BEGIN CERTIFICATE-----\n", 0o644)
            .file("/etc/jirasyncd/client.key", b"-----BEGIN PRIVATE KEY-----\n", 0o600)
            .variable("PROXY_PASSWORD", "t7")
    }
}

impl Environment for World {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path) -> io::Result<FileContent> {
        let (bytes, mode) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(FileContent { bytes: bytes.clone(), mode: *mode })
    }
}

fn root(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn load(text: &str) -> Result<Loaded, Report> {
    config::load(text, "jirasyncd.toml", &World::complete(), SecretsWanted::Yes)
}

#[test]
fn the_examples_and_the_readme_load_without_a_word() {
    let readme = root("docs/handbook.md");
    let block = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    for text in [&root("config/example.toml"), block] {
        let loaded = load(text).unwrap_or_else(|report| panic!("{report}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    }
    let three = root("config/three-instances.toml");
    let loaded = config::load(&three, "c", &World::default(), SecretsWanted::No).unwrap_or_else(|r| panic!("{r}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

/// A sound file that the cases change.
pub(crate) const BASE: &str = r#"[daemon]
state = "sqlite:/tmp/state.db"

[instance.acme]
kind = "cloud"
url = "https://acme.atlassian.net/"
auth = { method = "api-token", user = "sync@acme.example", token = "env:ACME_TOKEN" }

[instance.globex]
kind = "data-center"
url = "https://jira.globex.example/jira/"
auth = { method = "bearer", token = "credential:globex-pat" }

[sync.support]
home = "acme"
on-conflict = "newest"
side.acme = { instance = "acme", project = "SUP" }
side.globex = { instance = "globex", project = "ENG", sees = ["acme"], when = "labels = x" }

[sync.support.map]
status = [
    { acme = ["To Do", "Backlog"], globex = "Open" },
    { acme = "Done", globex = "Closed", path = { globex = ["Working", "Closed"] } },
]
users = [{ acme = "jane@acme.example", globex = "jdoe" }]

[sync.support.fields]
summary = "both"
assignee = "both"
severity = { acme = "Severity", globex = "customfield_10042", values = [{ acme = "S1", globex = "Critical" }] }

[sync.support.comments]
header = { globex = "{{ author.name }} (Acme)" }
"#;

/// One line per problem: kind, place, path, message, remedy.
pub(crate) fn said(report: &Report) -> Vec<String> {
    let line = |kind: &str, problem: &Problem| {
        let Problem { line, column, path, message, help, .. } = problem;
        format!("{kind} {line}:{column} {path}: {message} -> {help}")
    };
    let errors = report.errors.iter().map(|problem| line("error", problem));
    errors.chain(report.warnings.iter().map(|problem| line("warning", problem))).collect()
}

/// The base file with one part replaced.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from}");
    BASE.replace(from, to)
}

pub(crate) fn all_said(text: &str) -> Report {
    load(text).map_or_else(|report| report, |loaded| loaded.warnings)
}

/// Jira does not tell who makes somebody a watcher, so where some people's acts stay watchers do, and that is said once.
#[test]
fn watchers_that_a_rule_keeps_are_a_warning() {
    let text = changed("project = \"ENG\"", "project = \"ENG\", not-from = [\"user:bot\"]");
    let both = text.replacen("summary = \"both\"", "summary = \"both\"\nwatchers = \"both\"", 1);
    let said = said(&all_said(&both)).join("\n");
    assert!(said.contains("none of `globex` cross, for its `from` or `not-from`"), "{said}");
    let away = both.replacen("watchers = \"both\"", "watchers = { from = [\"acme\"] }", 1);
    assert!(all_said(&away).warnings.is_empty());
}

/// How a sync begins: numbers, a part of the day, an earlier bridge's accounts.
#[test]
fn a_start_is_read_or_what_is_wrong_with_it_is_said() {
    let with = |keys: &str| {
        changed("[sync.support.fields]", &format!("[sync.support.backfill]\n{keys}\n\n[sync.support.fields]"))
    };
    let loaded = load(&with("per-hour = 20\nwindow = \"20:00-06:00 Europe/Berlin\"")).unwrap();
    let start = &loaded.config.syncs.values().next().unwrap().start;
    assert_eq!((start.most_creations, start.per_hour), (100, Some(20)));
    let open = |at: &str| start.window.as_ref().unwrap().is_open(at.parse().unwrap());
    assert!(open("2026-01-10T19:00:00Z") && !open("2026-01-10T18:59:00Z"));
    for (keys, expected) in [
        ("per-hour = 2.5", "`2.5` is no number of issues"),
        ("window = \"20-06\"", "`20-06` is no part of a day"),
        ("window = \"20:00-06:00 Europe/Atlantis\"", "there is no time zone `Europe/Atlantis`"),
        ("window = \"06:00-06:00\"", "this window is never open"),
    ] {
        let said = said(&all_said(&with(keys))).join("\n");
        assert!(said.contains(expected), "{keys}: {said}");
    }
    let former = changed("project = \"ENG\"", "project = \"ENG\", former-sync-users = [\"exalate\"]");
    let loaded = load(&former).unwrap();
    let start = &loaded.config.syncs.values().next().unwrap().start;
    assert!(start.is_former(&"globex".into(), Some(&"exalate".into())));
    assert!(!start.is_former(&"acme".into(), Some(&"exalate".into())) && !start.is_former(&"globex".into(), None));
}

#[test]
fn row_105_everything_wrong_is_said_with_its_place_and_a_remedy() {
    assert!(said(&load(BASE).unwrap().warnings).is_empty());
    for (from, to, expected) in CASES {
        let report = all_said(&changed(from, to));
        assert_eq!(said(&report), *expected, "{from} ==> {to}\n{report}");
        for problem in report.errors.iter().chain(&report.warnings) {
            assert!(!problem.help.is_empty(), "{problem:?}");
        }
    }
}

#[test]
fn a_report_shows_the_line_and_keeps_the_order() {
    let text = changed("on-conflict = \"newest\"", "on_conflict = \"newest\"").replace("summary = \"both\"", "\n");
    let text = text.replace("[daemon]", "[daemon]\npoll = \"1 minute\"");
    let expected = r#"error: `1 minute` is no duration
 --> jirasyncd.toml:2:8
  |
2 | poll = "1 minute"
  |        ^^^^^^^^^^ daemon.poll
  |
  = help: write numbers with units `ms`, `s`, `m` (or `min`), `h`, `d`: `1h30m`

error: unknown key `on_conflict`
  --> jirasyncd.toml:17:1
   |
17 | on_conflict = "newest"
   | ^^^^^^^^^^^ sync.support.on_conflict
   |
   = help: did you mean `on-conflict`?

error: no row carries `summary`, and Jira makes no issue without one
  --> jirasyncd.toml:28:15
   |
28 | [sync.support.fields]
   |               ^^^^^^ sync.support.fields
   |
   = help: add `summary = "both"`
"#;
    let report = load(&text).unwrap_err();
    assert_eq!(report.render(false), expected);
    assert_eq!(report.to_string(), expected);
    assert!(report.render(true).contains('\u{1b}') && !expected.contains('\u{1b}'));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["file"], "jirasyncd.toml");
    assert_eq!(
        json["errors"][1],
        serde_json::json!({
            "line": 17, "column": 1, "path": "sync.support.on_conflict",
            "message": "unknown key `on_conflict`", "help": "did you mean `on-conflict`?"
        })
    );
}

#[test]
fn columns_are_characters() {
    let report = load(&changed("{ acme = \"Done\",", "{ acme = \"Ünü\", x = \"ß\", y = 1,")).unwrap_err();
    let columns: Vec<usize> = report.errors.iter().map(|problem| problem.column).collect();
    assert_eq!(columns, [21, 30]);
}

fn ids(names: &[&str]) -> BTreeSet<SideId> {
    names.iter().map(|name| SideId::from(*name)).collect()
}

#[test]
fn the_settings_are_what_the_file_says() {
    let loaded = load(&root("config/example.toml")).unwrap();
    let config = &loaded.config;
    assert_eq!(config.daemon.state, Path::new("/var/lib/jirasyncd/state.db"));
    assert_eq!(config.daemon.listen.to_string(), "127.0.0.1:8470");
    assert_eq!((config.daemon.poll, config.daemon.sweep.as_str()), (Duration::from_secs(30), "0 17 */6 * * *"));
    let globex = &config.instances[&"globex".into()];
    assert_eq!((globex.kind, globex.url.as_str()), (Kind::DataCenter, "https://jira.globex.example/jira"));
    assert_eq!((globex.rate, globex.timeout), (10.0, Duration::from_secs(30)));
    assert_eq!((globex.settle, globex.overlap), (Duration::from_secs(600), Duration::from_secs(300)));
    let acme = &config.instances[&"acme".into()];
    assert!(
        matches!(&acme.auth, Auth::ApiToken { user, token } if user == "sync@acme.example" && token.expose() == "t1")
    );
    assert!(matches!(&globex.auth, Auth::Bearer { token } if token.expose() == "t2"));
    let webhooks = config.daemon.webhooks.as_ref().unwrap();
    assert_eq!((webhooks.listen.port(), webhooks.debounce), (8471, Duration::from_secs(1)));
    assert_eq!(webhooks.public_url, "https://hooks.example.org/jira");
    let secrets: Vec<&str> = acme.hooks.secrets.iter().map(jirasyncd::model::secret::Secret::expose).collect();
    assert_eq!((secrets, acme.hooks.expected, acme.hooks.from.len()), (vec!["s1", "s2"], true, 0));
    assert_eq!(globex.hooks.from.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.1/32", "10.0.0.0/8"]);
    let sync = &config.syncs[&"support".into()];
    assert_eq!(sync.side_ids().map(SideId::as_str).collect::<Vec<_>>(), ["acme", "globex", "initech"]);
    assert_eq!(
        (sync.sides[0].sees.clone(), sync.sides[1].sees.clone()),
        (ids(&["acme", "globex", "initech"]), ids(&["acme", "globex"]))
    );
    assert_eq!(sync.on_conflict, ConflictPolicy::Newest);
    assert_eq!(sync.statuses.rows[2].shared, "Done");
    assert_eq!(sync.statuses.rows[2].path[&"globex".into()], ["Working", "Closed"]);
    assert_eq!(sync.statuses.rows[0].names[&"acme".into()], ["To Do", "Backlog"]);
    let kinds: BTreeMap<&str, FieldKind> = sync.fields.values().map(|row| (row.name.as_str(), row.kind)).collect();
    let expected = BTreeMap::from([
        ("summary", FieldKind::Line),
        ("description", FieldKind::Document),
        ("issue-type", FieldKind::IssueType),
        ("status", FieldKind::Status),
        ("priority", FieldKind::Choice),
        ("labels", FieldKind::Words),
        ("links", FieldKind::Links),
        ("parent", FieldKind::Parent),
        ("watchers", FieldKind::Watchers),
        ("assignee", FieldKind::Person),
        ("severity", FieldKind::Choice),
        ("customer", FieldKind::Line),
        ("platforms", FieldKind::Options),
        ("components", FieldKind::Options),
        ("fix-versions", FieldKind::Options),
        ("affects-versions", FieldKind::Options),
        ("resolution", FieldKind::Choice),
        ("security", FieldKind::Choice),
        ("sprint", FieldKind::Choice),
        ("product", FieldKind::Choice),
        ("epic-name", FieldKind::Line),
        ("request", FieldKind::Choice),
        ("origin", FieldKind::Line),
        ("others", FieldKind::AsThere),
        ("standing", FieldKind::AsThere),
        ("source", FieldKind::AsThere),
        ("reference", FieldKind::AsThere),
        ("reported-by", FieldKind::Line),
        ("effort", FieldKind::Number),
    ]);
    assert_eq!(kinds, expected);
    let row = |name: &str| &sync.fields[&name.into()];
    assert_eq!(row("issue-type").sides[&"initech".into()].as_str(), "issuetype");
    assert_eq!(row("severity").sides.keys().cloned().collect::<BTreeSet<_>>(), ids(&["acme", "globex"]));
    assert_eq!(row("severity").from, ids(&["acme", "globex"]));
    assert_eq!(row("severity").values.rows[1].names[&"globex".into()], ["Major"]);
    assert_eq!(row("description").from, ids(&["acme"]));
    assert!(row("status").across && !row("summary").across);
    assert_eq!(row("assignee").on_unmapped, OnUnmapped::Clear);
    assert!(matches!(&row("priority").on_unmapped, OnUnmapped::Default(names) if names[&"globex".into()] == "P2"));
    assert_eq!(sync.comments.from, ids(&["acme", "globex", "initech"]));
    assert_eq!(config.fingerprint.len(), 64);
}

#[test]
fn what_is_left_out_has_a_default() {
    let loaded = load(
        &changed("state = \"sqlite:/tmp/state.db\"", "")
            .replace("home = \"acme\"", "")
            .replace(", when = \"labels = x\"", ""),
    );
    let config = loaded.unwrap().config;
    assert_eq!(config.daemon.state, Path::new("/var/lib/jirasyncd/state.db"));
    assert_eq!((config.daemon.poll, config.daemon.socket), (Duration::from_secs(30), None));
    let sync = &config.syncs[&"support".into()];
    assert_eq!(sync.home, None);
    // The map has status rows, so statuses are carried; it has no priority rows.
    assert!(sync.fields.contains_key(&"status".into()) && !sync.fields.contains_key(&"priority".into()));
    assert_eq!(sync.comments.to, ids(&["acme", "globex"]));
    let silent = changed("[sync.support.comments]\n", "[sync.support.comments]\nunrestricted = \"skip\"\n");
    let silent = load(&silent).unwrap();
    assert!(silent.config.syncs[&"support".into()].comments.from.is_empty());
    assert_eq!(
        said(&silent.warnings),
        [
            "warning 34:12 sync.support.comments.header.globex: side `globex` receives no comments, so its header is never \
          used -> take it out, or let comments reach that side"
        ]
    );
    assert_ne!(silent.config.fingerprint, config.fingerprint);
}

#[test]
fn home_goes_first_and_the_rest_by_name() {
    let text = changed("home = \"acme\"", "home = \"globex\"").replace(
        "side.globex = { instance = \"globex\", project = \"ENG\", sees = [\"acme\"], when = \"labels = x\" }",
        "side.globex = { instance = \"globex\", project = \"ENG\" }\nside.aaa = { instance = \"acme\", project = \"A\" }",
    );
    let config = load(&text).unwrap().config;
    let sync = &config.syncs[&"support".into()];
    assert_eq!(sync.side_ids().map(SideId::as_str).collect::<Vec<_>>(), ["globex", "aaa", "acme"]);
    assert_eq!(sync.statuses.rows[0].shared, "Open");
    let preferred = load(&changed("on-conflict = \"newest\"", "on-conflict = \"prefer globex\"")).unwrap().config;
    assert_eq!(preferred.syncs[&"support".into()].on_conflict, ConflictPolicy::Prefer("globex".into()));
}

#[test]
fn syncs_that_meet_and_instances_that_nobody_uses_are_warned_about() {
    let other = r#"
[instance.spare]
kind = "data-center"
url = "http://127.0.0.1:8080"
auth = { method = "bearer", token = "env:ACME_TOKEN" }
[sync.other]
side.a = { instance = "acme", project = "SUP", sees = [] }
side.b = { instance = "globex", project = "OTHER", sees = [] }
[sync.other.fields]
summary = "both"
"#;
    let loaded = load(&format!("{BASE}{other}")).unwrap();
    assert_eq!(
        said(&loaded.warnings),
        [
            "warning 35:11 instance.spare: no side uses the instance `spare` -> take it out, or name it in a side",
            "warning 40:6 sync.other.side.a: side `a` sees no other side, and none sees it -> let it see one of `b`",
            "warning 40:6 sync.other.side.a: syncs `support` and `other` may both write one issue of project `SUP` of \
             `acme` in `summary`: neither takes for a person's change what the other wrote -> make them one sync with more sides, \
             or let each carry other fields",
            "warning 41:6 sync.other.side.b: side `b` sees no other side, and none sees it -> let it see one of `a`",
        ]
    );
    let same = format!("{BASE}{other}").replace("http://127.0.0.1:8080", "https://JIRA.globex.example/jira");
    let errors = said(&load(&same).unwrap_err());
    assert!(errors[0].contains("`globex` and `spare` are one instance"), "{errors:?}");
}

#[test]
fn numbers_and_schedules_are_read_as_toml_and_cron_have_them() {
    let rate = |text: &str| {
        let text = changed("kind = \"cloud\"", &format!("kind = \"cloud\"\nrate = {text}"));
        load(&text).map(|loaded| loaded.config.instances[&"acme".into()].rate).ok()
    };
    assert_eq!((rate("1_00"), rate("0x10"), rate("0.5"), rate("+2")), (Some(100.0), Some(16.0), Some(0.5), Some(2.0)));
    for wrong in ["-1", "nan", "inf", "1001", "\"5\"", "2026-01-01"] {
        assert_eq!(rate(wrong), None, "{wrong}");
    }
    let sweep = |text: &str| load(&changed("state = \"sqlite:/tmp/state.db\"", &format!("sweep = \"{text}\""))).is_ok();
    for right in ["0 0 3 * * *", "0 */15 * * * MON-FRI", "0 0 0 1,15 * *"] {
        assert!(sweep(right), "{right}");
    }
    for wrong in ["* * * * *", "@daily", "0 0 0 1 13 *", "0 0 25 * * *", "a b c d e f", "0 0 0 30 2 *"] {
        assert!(!sweep(wrong), "{wrong}");
    }
}

#[test]
fn an_empty_file_and_a_bare_one_say_what_to_write() {
    let expected = "error 1:1 : the file has no `instance` -> add `[instance.NAME]` for each instance";
    assert_eq!(said(&load("").unwrap_err()), [expected]);
    let bare = &BASE[..BASE.find("[sync.support]").unwrap()];
    let loaded = load(bare).unwrap();
    assert_eq!(
        said(&loaded.warnings),
        ["warning 4:2 instance: there is no sync, so that nothing is kept in step -> add `[sync.NAME]`"]
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let try_path = |path: &Path| {
        let report = config::load_file(path, &World::complete(), SecretsWanted::Yes).unwrap_err();
        assert_eq!((report.errors[0].line, report.errors.len()), (0, 1));
        assert!(report.to_string().contains(&path.display().to_string()), "{report}");
        report.errors[0].message.clone()
    };
    assert_eq!(try_path(folder.path()), "the configuration is a folder, not a file");
    assert_eq!(try_path(&folder.path().join("none.toml")), "there is no such configuration file");
    let path = folder.path().join("jirasyncd.toml");
    std::fs::write(&path, b"# one\n# two \xff\n").unwrap();
    assert_eq!(try_path(&path), "the configuration is not UTF-8, from line 2");
    let relative = BASE.replace("sqlite:/tmp/state.db", "sqlite:state.db");
    std::fs::write(&path, relative).unwrap();
    let loaded = config::load_file(&path, &World::complete(), SecretsWanted::Yes).unwrap();
    assert_eq!(loaded.config.daemon.state, folder.path().join("state.db"));
}

fn as_json(value: toml::Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_schema_is_current_and_agrees() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/jirasyncd.schema.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&config::json_schema()).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert_eq!(root("config/jirasyncd.schema.json"), current, "run the tests with UPDATE=1");
    let validator = jsonschema::validator_for(&config::json_schema()).unwrap();
    let valid = |text: &str| validator.is_valid(&as_json(text.parse::<toml::Table>().unwrap().into()));
    let readme = root("docs/handbook.md");
    let block = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    for text in [&root("config/example.toml"), &root("config/three-instances.toml"), block, BASE] {
        assert!(valid(text), "{text}");
    }
    // What the schema refuses, the check refuses too; the other way only where no other table is asked.
    let mut refused = 0;
    for (from, to, said) in CASES {
        let text = changed(from, to);
        let Ok(table) = text.parse::<toml::Table>() else { continue };
        let judged = validator.is_valid(&as_json(table.into()));
        let wrong = said.iter().any(|line| line.starts_with("error"));
        assert!(wrong || judged, "{text}");
        refused += usize::from(!judged);
        let shape = said.iter().any(|line| {
            line.contains("unknown key")
                || (line.contains("` takes ") && line.contains(", not "))
                || line.contains("` has no `")
        });
        assert!(!shape || !judged, "the schema lets it through: {from} ==> {to}");
    }
    assert!(refused > 12, "{refused}");
}

/// Every key of the schema, however deep.
fn keys(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        found.extend(properties.iter().filter(|(_, shape)| shape.get("not").is_none()).map(|(name, _)| name.clone()));
        properties.values().for_each(|shape| keys(shape, found));
    }
    for below in ["additionalProperties", "items"] {
        if let Some(shape) = schema.get(below) {
            keys(shape, found);
        }
    }
    schema["anyOf"].as_array().into_iter().flatten().for_each(|shape| keys(shape, found));
}

#[test]
fn the_example_shows_every_key() {
    let mut known = BTreeSet::new();
    keys(&config::json_schema(), &mut known);
    assert!(known.len() > 40, "{known:?}");
    let example = root("config/example.toml");
    let shown: BTreeSet<String> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-'))
        .map(str::to_owned)
        .collect();
    let missing: Vec<&String> = known.difference(&shown).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn survives(text: &str) {
    let report = all_said(text);
    assert!(report.render(false).len() + report.render(true).len() < usize::MAX);
    assert!(serde_json::to_string(&report).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}") {
        survives(&text);
    }

    #[test]
    fn no_toml_like_text_makes_it_panic(text in "([\\[\\]{}=\",.'\n\t #]|daemon|instance|sync|token|a|1|é|\r\n|\"\"\"){0,80}") {
        survives(&text);
    }

    #[test]
    fn no_mutation_makes_it_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..4, "[\\[\\]{}=\",.'\n #a-zé0-9]{0,6}"), 1..6)
    ) {
        let mut signs: Vec<char> = BASE.chars().collect();
        for (at, other, what, text) in edits {
            let (at, other) = (at.index(signs.len()), other.index(signs.len()));
            match what {
                0 => { signs.splice(at..at, text.chars()); }
                1 => { signs.drain(at..(at + text.len()).min(signs.len())); }
                2 => signs.swap(at, other),
                _ => {
                    let (start, end) = (at.min(other), at.max(other));
                    let part: Vec<char> = signs[start..end].to_vec();
                    signs.splice(at..at, part);
                }
            }
            if signs.is_empty() {
                signs.push('x');
            }
        }
        survives(&signs.into_iter().collect::<String>());
    }

    #[test]
    fn durations_and_the_schema_agree(text in "([0-9]{1,3}(ms|s|m|min|h|d|x| )){0,3}") {
        let schema = serde_json::json!({ "pattern": config::json_schema()["properties"]["daemon"]["properties"]["poll"]["pattern"] });
        let fits = jsonschema::is_valid(&schema, &serde_json::json!(text));
        let report = all_said(&changed("state = \"sqlite:/tmp/state.db\"", &format!("poll = \"{text}\"")));
        let refused = report.errors.iter().any(|problem| !problem.message.contains("out of range"));
        prop_assert_eq!(fits, !refused, "{}", report);
    }
}

#[test]
fn an_image_says_where_to_listen_whatever_the_file_says() {
    let listening = |value: &str| {
        let world = World::complete().variable("JIRASYNCD_LISTEN", value);
        config::load(&root("config/example.toml"), "c", &world, SecretsWanted::Yes)
    };
    let loaded = listening("0.0.0.0:8470").unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(loaded.config.daemon.listen.to_string(), "0.0.0.0:8470");
    let loaded = listening("").unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(loaded.config.daemon.listen.to_string(), "127.0.0.1:8470");
    let report = listening("everywhere").unwrap_err();
    assert!(report.errors[0].message.contains("`JIRASYNCD_LISTEN` is no address"), "{report}");
}
