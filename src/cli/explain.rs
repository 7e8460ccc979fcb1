//! Why a command failed: the error, its causes, and what to do, with the exit code that belongs to it. It must never show an
//! error without a way out where one is known.

use std::fmt::Display;
use std::io;

use serde::Serialize;

use super::exit::Exit;
use super::init::InitError;
use super::login::NoLogin;
use super::output::Output;
use super::probe::NoProbe;
use crate::app::StartError;
use crate::config::Report;
use crate::engine::{Finding, SetupError};
use crate::jira::{Failure, JiraError};
use crate::store::{BackupError, OpenError};
use crate::telemetry::TelemetryError;

/// All that is said about an error.
#[derive(Debug, Serialize)]
struct Explained<'e> {
    exit: Exit,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<&'e Report>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instances: Vec<InstanceFailure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<&'e Finding>,
}

/// An instance that refused or is out of reach.
#[derive(Debug, Serialize)]
pub(super) struct InstanceFailure {
    /// Its name.
    pub(super) instance: String,
    /// What was attempted and why it failed.
    pub(super) what: String,
    /// What to do.
    pub(super) remedy: &'static str,
}

impl From<&JiraError> for InstanceFailure {
    fn from(error: &JiraError) -> Self {
        Self { instance: error.instance.to_string(), what: error.to_string(), remedy: remedy(&error.failure) }
    }
}

/// Prints an error and gives its exit code.
pub(super) fn say(error: &anyhow::Error, output: &mut Output<'_>) -> Exit {
    let explained = explain(error);
    // Where even this cannot be written, the code is all that can be told.
    let _ = if output.json_wanted() { output.json(&serde_json::json!({ "error": explained })) } else { Ok(()) };
    let _ = in_words(&explained, output);
    explained.exit
}

fn in_words(explained: &Explained<'_>, output: &mut Output<'_>) -> io::Result<()> {
    if let Some(report) = explained.configuration {
        return output.rendered_note(&report.render(output.stderr_colour()));
    }
    output.note(&format!("Error: {}", explained.message))?;
    for cause in &explained.causes {
        output.note(&format!("Caused by: {cause}"))?;
    }
    for failure in &explained.instances {
        output.note(&format!("  {}", failure.what))?;
        output.note(&format!("  Hint: {}", failure.remedy))?;
    }
    for finding in &explained.findings {
        output.note(&format!("  {}: {}", finding.place, finding.what))?;
        output.note(&format!("  Hint: {}", finding.remedy))?;
    }
    match explained.hint {
        Some(hint) => output.note(&format!("Hint: {hint}")),
        None => Ok(()),
    }
}

fn explain(error: &anyhow::Error) -> Explained<'_> {
    let mut message = error.to_string();
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain().skip(1) {
        add_cause(&message, &mut causes, cause);
    }
    let (exit, hint) = judged(error);
    let (mut instances, mut findings) = (Vec::new(), Vec::new());
    match error.downcast_ref::<StartError>() {
        Some(StartError::Setup(SetupError::Jira(errors))) => {
            "an instance refused or is out of reach".clone_into(&mut message);
            causes.clear();
            instances.extend(errors.iter().map(InstanceFailure::from));
        }
        Some(StartError::Setup(SetupError::Findings(found))) => findings.extend(found),
        _ => {}
    }
    Explained { exit, message, causes, hint, configuration: error.downcast_ref(), instances, findings }
}

/// Errors that pass their cause's words on would say everything twice.
fn add_cause(message: &str, causes: &mut Vec<String>, cause: &dyn Display) {
    let text = cause.to_string();
    let said = message.contains(&text) || causes.iter().any(|known| known.contains(&text));
    if !said {
        causes.push(text);
    }
}

fn judged(error: &anyhow::Error) -> (Exit, Option<&'static str>) {
    if let Some(start) = error.downcast_ref::<StartError>() {
        return of_start(start);
    }
    if let Some(open) = error.downcast_ref::<OpenError>() {
        return (of_open(open), None);
    }
    if let Some(BackupError::Open(open)) = error.downcast_ref::<BackupError>() {
        return (of_open(open), None);
    }
    if let Some(init) = error.downcast_ref::<InitError>() {
        return init.judged();
    }
    let configuration = error.is::<Report>()
        || error.is::<TelemetryError>()
        || error.is::<NoProbe>()
        || matches!(error.downcast_ref::<NoLogin>(), Some(NoLogin::Instance(_) | NoLogin::OtherMethod(_)));
    (if configuration { Exit::Configuration } else { Exit::Problems }, None)
}

fn of_start(error: &StartError) -> (Exit, Option<&'static str>) {
    match error {
        StartError::State(open) => (of_open(open), None),
        StartError::Transport { .. } => {
            (Exit::Configuration, Some("correct `ca-file`, `client-certificate` or `proxy` of that instance"))
        }
        StartError::Setup(SetupError::Jira(_)) => (Exit::Instance, None),
        StartError::Setup(SetupError::Findings(_)) => {
            (Exit::Configuration, Some("`jirasyncd check` says all that is wrong at once"))
        }
        StartError::Jql { .. } => (Exit::Problems, Some("try it in that Jira's search, and correct it")),
        StartError::OtherInstance { .. } => {
            let hint = "name the instance as before, or give what is new another side";
            (Exit::Configuration, Some(hint))
        }
        StartError::Setup(SetupError::OtherJira { .. }) => {
            let hint = "correct `url` or `auth` of that instance; with a `state` of its own another Jira begins anew, and \
                        every counterpart is created again";
            (Exit::Configuration, Some(hint))
        }
        StartError::Setup(SetupError::OtherAccount { .. }) => {
            let hint = "correct `auth` of that instance; where the account is to take the place of the one before: `jirasyncd \
                        accept-account INSTANCE --instead-of ACCOUNT`, with the instance and the account that are named first";
            (Exit::Configuration, Some(hint))
        }
        StartError::Setup(SetupError::Store(_) | SetupError::Seal) | StartError::Store(_) => {
            (Exit::Problems, Some("look after the disk that the state lies on"))
        }
        // These say themselves what to do.
        StartError::Listen { source, .. }
        | StartError::HookListen { source, .. }
        | StartError::Socket { source, .. } => {
            let in_use = source.kind() == io::ErrorKind::AddrInUse;
            (if in_use { Exit::Problems } else { Exit::Configuration }, None)
        }
    }
}

/// What the configuration names wrongly does not mend itself; the rest may.
fn of_open(error: &OpenError) -> Exit {
    match error {
        OpenError::NoFolder { .. }
        | OpenError::Network { .. }
        | OpenError::NotAState { .. }
        | OpenError::Newer { .. }
        | OpenError::Owner { .. }
        | OpenError::Unwritable { .. }
        | OpenError::Unreadable { .. } => Exit::Configuration,
        OpenError::Locked { .. }
        | OpenError::Missing { .. }
        | OpenError::Gone { .. }
        | OpenError::Corrupt { .. }
        | OpenError::Older { .. }
        | OpenError::Database { .. }
        | OpenError::Thread { .. } => Exit::Problems,
    }
}

/// What to do about an instance that does not do what it should.
pub(super) fn remedy(failure: &Failure) -> &'static str {
    match failure {
        Failure::Unreachable(_) => "see that `url` is right, that it is up, and that this machine may reach it",
        Failure::NotUs(_) => {
            "make a new token for the sync user, put it where `token` points, and check `user`; with `oauth` run `jirasyncd login INSTANCE`"
        }
        Failure::Locked(_) => "log in once as the sync user in a browser and answer the question there",
        Failure::NotJira(_) => "see that `url` is Jira's base URL, context path included, with no login page before it",
        Failure::Refused(_) => "see that the sync user may use Jira, and that `kind` is right",
        Failure::NotFound => "see that `url` and `kind` are right, and what the sync user may see",
        Failure::Wait(_) => "wait, or lower `rate` of that instance",
        Failure::Server(_) => "wait, or ask who runs that Jira",
        Failure::Unreadable(_) => "see that `kind` is right, and that nothing changes the answers on the way",
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn exit(error: StartError) -> Exit {
        explain(&error.into()).exit
    }

    #[test]
    fn what_restarting_mends_is_not_the_configuration() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let listen = |kind: io::ErrorKind| exit(StartError::Listen { address, source: kind.into() });
        assert_eq!(listen(io::ErrorKind::AddrInUse), Exit::Problems);
        assert_eq!(listen(io::ErrorKind::PermissionDenied), Exit::Configuration);
        assert_eq!(exit(StartError::State(OpenError::Locked { path: "s".into(), pid: Some(7) })), Exit::Problems);
        assert_eq!(exit(StartError::State(OpenError::NotAState { path: "s".into(), why: "" })), Exit::Configuration);
        assert_eq!(exit(StartError::Setup(SetupError::Jira(Vec::new()))), Exit::Instance);
        assert_eq!(exit(StartError::Setup(SetupError::Findings(Vec::new()))), Exit::Configuration);
    }

    #[test]
    fn causes_are_said_once() {
        let source = io::Error::other("the disk is on fire");
        let error = StartError::State(OpenError::Unwritable { path: "s".into(), source });
        let error = anyhow::Error::from(error);
        let explained = explain(&error);
        assert_eq!(explained.causes.len(), 2, "{explained:?}");
        assert!(explained.causes[0].contains("cannot write") && explained.causes[1] == "the disk is on fire");
    }
}
