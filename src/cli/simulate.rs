//! `jirasyncd simulate`: one simulated Jira on a loopback port, to try clients and configurations on. It must never listen beyond
//! this machine: its tokens are printed.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::simulator::{CLOUD_ID, Credential, Jira, Kind, ProjectSetup, Setup, presets, serve};

/// Serve one simulated Jira until Ctrl-C
#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArguments {
    /// Play this kind of Jira
    #[arg(long, value_enum, default_value_t = SimulatedKind::Cloud)]
    pub(crate) kind: SimulatedKind,
    /// Listen on this port of 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Put in what this file holds: recorded issues, or our own format; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Vec<PathBuf>,
    /// Name the ready-made project so; with a seed there is one only if it is named
    #[arg(long, value_name = "KEY")]
    pub(crate) project: Option<String>,
}

/// A kind of Jira on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulatedKind {
    /// Jira Cloud
    Cloud,
    /// Jira Data Center
    DataCenter,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
enum SimulateError {
    #[error("{}: {reason}", path.display())]
    Seed { path: PathBuf, reason: String },
    #[error("could not listen on port {port} of 127.0.0.1: {error}; choose another by `--port`")]
    Port { port: u16, error: io::Error },
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Serves until Ctrl-C or SIGTERM; 2 where a seed is wrong.
pub(crate) async fn run(arguments: SimulateArguments, out: &mut (dyn Write + Send)) -> ExitCode {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let signal = tokio::spawn(async move {
        terminated().await;
        stopped.cancel();
    });
    let result = simulate(&arguments, out, clock, stop).await;
    signal.abort();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads any more, the exit code has to say it.
            let _ = writeln!(out, "{error}");
            ExitCode::from(if matches!(error, SimulateError::Seed { .. }) { 2 } else { 1 })
        }
    }
}

/// Ctrl-C or SIGTERM.
async fn terminated() {
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the process anyway.
    let _ = tokio::signal::ctrl_c().await;
}

async fn simulate(
    arguments: &SimulateArguments,
    out: &mut (dyn Write + Send),
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(), SimulateError> {
    let mut setup = ready(arguments);
    for path in &arguments.seed {
        let wrong = |reason: String| SimulateError::Seed { path: path.clone(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let seeded = setup.add_seed(&text).map_err(|error| wrong(error.to_string()))?;
        writeln!(out, "{}: {} issues, {} fields", path.display(), seeded.issues, seeded.fields)?;
    }
    let port = arguments.port;
    let refused = |error: io::Error| SimulateError::Port { port, error };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(refused)?;
    setup.base_url = format!("http://{}", listener.local_addr().map_err(refused)?);
    write!(out, "{}", greeting(&setup))?;
    out.flush()?;
    let jira = Jira::new(&setup, clock, Arc::new(SystemEntropy) as Arc<dyn Entropy>);
    serve(jira, listener, stop).await.map_err(refused)
}

/// The ready-made Jira of that kind, without its project where seeds bring their own.
fn ready(arguments: &SimulateArguments) -> Setup {
    let mut setup = match arguments.kind {
        SimulatedKind::Cloud => presets::acme(""),
        SimulatedKind::DataCenter => presets::globex(""),
    };
    match &arguments.project {
        Some(key) => setup.projects.iter_mut().for_each(|project| project.key = key.to_uppercase()),
        None if !arguments.seed.is_empty() => {
            setup.projects.clear();
            setup.fields.clear();
        }
        None => {}
    }
    let sync_user = setup.users.iter_mut().find(|user| user.name == "sync");
    if let Some(user) = sync_user {
        let kept = |one: &Credential| !user.credentials.contains(one);
        let further: Vec<Credential> = further_logins(arguments.kind).into_iter().filter(kept).collect();
        user.credentials.extend(further);
    }
    setup
}

/// The other ways to log in that such a Jira has, so that each can be tried.
fn further_logins(kind: SimulatedKind) -> [Credential; 2] {
    let client = Credential::Client { id: "sync-client".to_owned(), secret: "sync-client-secret".to_owned() };
    let other = match kind {
        SimulatedKind::Cloud => Credential::ScopedToken("sync-scoped-token".to_owned()),
        SimulatedKind::DataCenter => Credential::Password("sync-password".to_owned()),
    };
    [other, client]
}

/// What somebody needs to know to talk to it.
fn greeting(setup: &Setup) -> String {
    let kind = match setup.kind {
        Kind::Cloud => "Jira Cloud",
        Kind::DataCenter => "Jira Data Center",
    };
    let mut lines = vec![format!("a simulated {kind} at {}, until Ctrl-C", setup.base_url)];
    let projects: Vec<&str> = setup.projects.iter().map(|project| project.key.as_str()).collect();
    lines.push(format!("projects: {}", projects.join(", ")));
    let (mut example, mut person) = (None, None);
    for user in &setup.users {
        for credential in &user.credentials {
            let (how, option) = match credential {
                Credential::ApiToken(token) => {
                    (format!("{} with API token {token}", user.email), format!("-u {}:{token}", user.email))
                }
                Credential::Pat(token) => {
                    (format!("{} with access token {token}", user.name), format!("-H 'Authorization: Bearer {token}'"))
                }
                Credential::Password(password) => {
                    (format!("{} with password {password}", user.name), format!("-u {}:{password}", user.name))
                }
                Credential::ScopedToken(token) => {
                    let gateway = format!("{}/ex/jira/{CLOUD_ID}", setup.base_url);
                    (format!("scoped token {token} at {gateway}"), format!("-H 'Authorization: Bearer {token}'"))
                }
                Credential::Client { id, secret } => {
                    let tokens = match setup.kind {
                        Kind::Cloud => "oauth/token",
                        Kind::DataCenter => "rest/oauth2/latest/token",
                    };
                    let how =
                        format!("OAuth 2.0 client {id} with secret {secret}, tokens at {}/{tokens}", setup.base_url);
                    (how, String::new())
                }
            };
            lines.push(format!("  {}: {how}", user.display_name));
            let here = !matches!(credential, Credential::ScopedToken(_) | Credential::Client { .. });
            if here && person.is_none() && user.name != "sync" {
                person = Some((user.display_name.as_str(), option.clone()));
            }
            example = example.or(here.then_some(option));
        }
    }
    if let Some(option) = example {
        let search = match setup.kind {
            Kind::Cloud => "rest/api/3/search/jql?fields=*all&jql=project",
            Kind::DataCenter => "rest/api/2/search?jql=project",
        };
        let project = projects.first().copied().unwrap_or("SUP");
        lines.push(format!("example: curl {option} '{}/{search}={project}'", setup.base_url));
    }
    if let Some((name, option)) = person {
        lines.extend(as_a_person(setup, name, &option));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// How to make an issue and change it as somebody who is not the sync user, whose own acts are carried nowhere.
fn as_a_person(setup: &Setup, name: &str, option: &str) -> Vec<String> {
    let kinds = |project: &ProjectSetup| project.types.iter().find(|(_, is_sub_task)| !is_sub_task).cloned();
    let Some((project, kind)) =
        setup.projects.iter().find_map(|project| Some((project.key.as_str(), kinds(project)?.0)))
    else {
        return Vec::new();
    };
    let version = match setup.kind {
        Kind::Cloud => 3,
        Kind::DataCenter => 2,
    };
    let made = json!({
        "fields": { "project": { "key": project }, "issuetype": { "name": kind }, "summary": "Printer is on fire" }
    });
    let changed = json!({ "fields": { "summary": "Printer is out" } });
    // A quote ends the text for a shell, whatever stands in it.
    let sent = |body: &Value| format!("-d '{}'", body.to_string().replace('\'', r"'\''"));
    let (call, issue) = (
        format!("curl {option} -H 'Content-Type: application/json'"),
        format!("{}/rest/api/{version}/issue", setup.base_url),
    );
    vec![
        format!("make an issue as {name}: {call} {} '{issue}'", sent(&made)),
        format!("change it, by the key that was answered: {call} -X PUT {} '{issue}/{project}-1'", sent(&changed)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(kind: SimulatedKind, seed: Vec<PathBuf>, project: Option<&str>) -> SimulateArguments {
        SimulateArguments { kind, port: 0, seed, project: project.map(str::to_owned) }
    }

    async fn said(arguments: &SimulateArguments) -> (String, Result<(), SimulateError>) {
        let mut out = Vec::new();
        let stop = CancellationToken::new();
        stop.cancel();
        let result = simulate(arguments, &mut out, Arc::new(SystemClock::new()), stop).await;
        (String::from_utf8(out).unwrap(), result)
    }

    #[tokio::test]
    async fn says_where_it_is_and_who_may_log_in() {
        let (text, result) = said(&arguments(SimulatedKind::Cloud, vec![], Some("help"))).await;
        result.unwrap();
        assert!(text.contains("Jira Cloud at http://127.0.0.1:") && text.contains("projects: HELP\n"), "{text}");
        assert!(text.contains("Jane Roe: jane@acme.example with API token jane-token"), "{text}");
        let further = ["scoped token sync-scoped-token at http", "/ex/jira/", "/oauth/token\n"];
        assert!(further.iter().all(|part| text.contains(part)), "{text}");
        assert!(text.contains("example: curl -u sync@acme.example:sync-token 'http://127.0.0.1:"), "{text}");
        let made = [
            r#"as Jane Roe: curl -u jane@acme.example:jane-token -H 'Content-Type: application/json' -d '{"fields":"#,
            r#""project":{"key":"HELP"}"#,
            "/rest/api/3/issue'\n",
            "/rest/api/3/issue/HELP-1'\n",
        ];
        assert!(made.iter().all(|part| text.contains(part)), "{text}");
        let (text, result) = said(&arguments(SimulatedKind::DataCenter, vec![], None)).await;
        result.unwrap();
        assert!(text.contains("make an issue as John Doe: curl -H 'Authorization: Bearer jdoe-token' "), "{text}");
        assert!(text.contains("sync with access token sync-token") && text.contains("projects: ENG\n"), "{text}");
        let further =
            ["sync with password sync-password", "client sync-client with secret sync-client-secret, tokens at"];
        assert!(further.iter().all(|part| text.contains(part)), "{text}");
        assert!(text.contains("curl -H 'Authorization: Bearer sync-token' 'http"), "{text}");
    }

    /// What the quick start gives to be typed is what a simulated Jira tells to type.
    #[tokio::test]
    async fn the_quick_start_makes_an_issue_as_it_is_told() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/quick-start.md")).unwrap();
        let typed: Vec<&str> = page.lines().filter(|line| line.starts_with("curl ")).collect();
        for (kind, port, typed) in
            [(SimulatedKind::Cloud, 8080, &typed[..1]), (SimulatedKind::DataCenter, 8081, &typed[1..2])]
        {
            let (text, result) = said(&arguments(kind, vec![], None)).await;
            result.unwrap();
            let (_, at) = text.split_once("http://127.0.0.1:").unwrap();
            let own = at.split([',', '/']).next().unwrap().to_owned();
            let text =
                text.replace(&format!("127.0.0.1:{own}/"), &format!("127.0.0.1:{port}/")).replace(" 'http", " http");
            for line in typed {
                assert!(text.contains(line), "{line} is not in {text}");
            }
        }
        // The last one only looks at what the first one made.
        let (who, _) = typed[0].split_once(" -H ").unwrap();
        assert_eq!(typed[2..], [format!("{who} 'http://127.0.0.1:8080/rest/api/3/issue/SUP-1?fields=summary'")]);
    }

    #[tokio::test]
    async fn a_seed_brings_its_own_projects_or_says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let good = file("good.json", r#"{"issues":[{"key":"ABC-1","fields":{"summary":"x"}}]}"#);
        let (text, result) = said(&arguments(SimulatedKind::Cloud, vec![good], None)).await;
        result.unwrap();
        assert!(text.contains("good.json: 1 issues, 0 fields\n") && text.contains("projects: ABC\n"), "{text}");
        let bad = file("bad.json", "{\n \"isues\": []\n}");
        let (_, result) = said(&arguments(SimulatedKind::Cloud, vec![bad], None)).await;
        let reason = result.unwrap_err().to_string();
        assert!(reason.contains("bad.json: line 2: unknown field `isues`"), "{reason}");
        let (_, result) = said(&arguments(SimulatedKind::Cloud, vec!["missing.json".into()], None)).await;
        assert!(result.unwrap_err().to_string().starts_with("missing.json: "));
    }
}
