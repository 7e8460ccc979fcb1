//! Clients that nobody here wrote drive the simulated Jiras over HTTP, under the contract's watch: PyPI `jira` and npm
//! `jira.js`. What they need is installed below `target/` once; where python3 or npm is missing the test says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use jirasyncd::clock::{SeededEntropy, SystemClock};
use jirasyncd::simulator::{Exchange, Jira, Kind, Setup, presets, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::contract::watch::watched_answers;

/// How the sync user of each preset is known to a client.
struct Account {
    setup: fn(&str) -> Setup,
    kind: &'static str,
    user: &'static str,
    project: &'static str,
}

const CLOUD: Account = Account { setup: presets::acme, kind: "cloud", user: "sync@acme.example", project: "SUP" };
const DATA_CENTER: Account = Account { setup: presets::globex, kind: "data-center", user: "sync", project: "ENG" };

#[tokio::test(flavor = "multi_thread")]
async fn pycontribs_on_cloud() {
    for api in ["2", "3"] {
        let calls = run(&CLOUD, python(), "pycontribs.py", api).await;
        did(&calls, "deletes with a content type and no body", deletes_with_a_content_type);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pycontribs_on_data_center() {
    for api in ["2", "latest"] {
        let calls = run(&DATA_CENTER, python(), "pycontribs.py", api).await;
        did(&calls, "asks validateQuery=True", |call| call.query.contains("validateQuery=True"));
        did(&calls, "deletes with a content type and no body", deletes_with_a_content_type);
        did(&calls, "names the version", |call| call.path.starts_with(&format!("/rest/api/{api}/issue")));
        let edit = calls.iter().position(|call| call.operation == "editIssue");
        let read = edit.and_then(|edit| calls.get(edit + 1));
        assert!(edit.is_none() || read.is_some_and(|call| call.operation == "getIssue"), "reads right after an edit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_js_on_cloud() {
    run(&CLOUD, node(), "jirajs.mjs", "3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_js_on_data_center() {
    let calls = run(&DATA_CENTER, node(), "jirajs.mjs", "2").await;
    did(&calls, "transitions by a number", |call| {
        call.operation == "doTransition" && call.request_body.windows(6).any(|part| part == b"\"id\":1")
    });
}

/// Serves a fresh Jira on a loopback port and lets the script go through its flows.
async fn run(account: &Account, program: Option<Vec<PathBuf>>, script: &str, api: &str) -> Vec<Exchange> {
    let Some(program) = program else { return Vec::new() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let jira = Jira::new(&(account.setup)(&url), Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1)));
    let watch = watched_answers(&jira);
    jira.record_bodies(true);
    let cancel = CancellationToken::new();
    let server = tokio::spawn(serve(jira.clone(), listener, cancel.clone()));

    let mut command = Command::new(&program[0]);
    command.arg(program.get(1).cloned().unwrap_or_else(|| clients().join(script)));
    let issue_type = "Task";
    command.env("JIRA_URL", &url).env("JIRA_KIND", account.kind).env("JIRA_USER", account.user);
    command.env("JIRA_TOKEN", presets::SYNC_TOKEN).env("JIRA_PROJECT", account.project);
    command.env("JIRA_ISSUE_TYPE", issue_type).env("JIRA_API", api).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    cancel.cancel();
    server.await.unwrap().unwrap();

    let said = said(&output);
    let kind = if jira.kind() == Kind::Cloud { "Cloud" } else { "Data Center" };
    assert!(output.status.success(), "{script} (api {api}) on {kind}:\n{said}");
    assert!(said.lines().any(|line| line.starts_with("done: ")), "{script} on {kind} did not come to its end:\n{said}");
    assert!(jira.total_calls() > 15, "{script} hardly asked anything");
    drop(watch);
    jira.calls()
}

/// That a client really was as awkward as it is known to be; else the test no longer shows that it is coped with.
#[track_caller]
fn did(calls: &[Exchange], what: &str, awkward: impl Fn(&Exchange) -> bool) {
    let seen = calls.iter().any(|call| awkward(call) && (200..300).contains(&call.status));
    assert!(calls.is_empty() || seen, "no call went well that {what}");
}

fn deletes_with_a_content_type(call: &Exchange) -> bool {
    call.method == "DELETE" && call.request_body.is_empty() && call.request_headers.contains_key("content-type")
}

pub(crate) fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn installed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-clients").join(name)
}

/// The interpreter with PyPI's `jira`; `None` when this machine has no python3 with venv, which is said.
fn python() -> Option<Vec<PathBuf>> {
    static READY: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    let ready = READY.get_or_init(|| interpreter("python", "requirements.txt"));
    ready.clone().map(|interpreter| vec![interpreter])
}

/// An interpreter in a folder of its own with these packages; `None` when this machine has no python3 with venv, which is said.
pub(crate) fn interpreter(name: &str, requirements: &str) -> Option<PathBuf> {
    let folder = installed(name);
    let interpreter = folder.join("bin/python");
    let wanted = std::fs::read_to_string(clients().join(requirements)).unwrap();
    let _alone = alone(name);
    if !is_current(&folder, &wanted) {
        drop(std::fs::remove_dir_all(&folder));
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
        if !made.as_ref().is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no python3 with venv ({made:?})");
            return None;
        }
        let mut pip = Command::new(&interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        install(pip.arg(clients().join(requirements)));
        std::fs::write(folder.join("installed"), wanted).unwrap();
    }
    Some(interpreter)
}

/// Node and the script beside its packages; `None` when this machine has no node with npm, which is said.
fn node() -> Option<Vec<PathBuf>> {
    static READY: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    let ready = READY.get_or_init(|| {
        let has =
            |program: &str| Command::new(program).arg("--version").output().is_ok_and(|said| said.status.success());
        if !(has("node") && has("npm")) {
            eprintln!("skipped: no node with npm");
            return None;
        }
        let folder = installed("node");
        let wanted = std::fs::read_to_string(clients().join("package-lock.json")).unwrap();
        let _alone = alone("node");
        let current = is_current(&folder, &wanted);
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["package.json", "package-lock.json", "jirajs.mjs"] {
            std::fs::copy(clients().join(name), folder.join(name)).unwrap();
        }
        if !current {
            let mut npm = Command::new("npm");
            install(npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder));
            std::fs::write(folder.join("installed"), wanted).unwrap();
        }
        Some(folder.join("jirajs.mjs"))
    });
    ready.clone().map(|script| vec![PathBuf::from("node"), script])
}

/// Holds others off until dropped: each test may be a process of its own, and all install into one folder.
fn alone(name: &str) -> std::fs::File {
    let path = installed(name).with_extension("lock");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    file.lock().unwrap();
    file
}

/// Whether exactly these versions are installed there.
fn is_current(folder: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(folder.join("installed")).is_ok_and(|installed| installed == wanted)
}

fn install(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}:\n{}", said(&output));
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
