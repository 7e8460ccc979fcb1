//! The configuration file, raw and checked. `load` reads it as a whole and says everything that is wrong with it at once,
//! each with its place and a remedy. Nothing unchecked may leave this folder, and no secret may appear in what it says.

mod attachments;
mod comments;
mod composed;
mod daemon;
mod difference;
mod fields;
mod instance;
mod keys;
mod keys_life;
mod keys_login;
mod keys_notices;
mod keys_otlp;
mod keys_pairing;
mod keys_start;
mod keys_things;
mod life;
mod login;
mod network;
mod node;
mod notices;
mod otlp;
mod overlap;
mod pairing;
mod problem;
mod rows;
mod schema;
mod secret;
mod shape;
mod sides;
mod start;
mod sync;
mod syntax;
mod things;
mod time;
mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub use daemon::DaemonSettings;
pub use difference::{differences, differences_of, sides_named, sides_to_read, syncs_changed};
pub use notices::{MailSettings, MailTls, NoticeSettings};
pub use otlp::OtlpSettings;
pub use problem::{Problem, Report};
pub use schema::json_schema;
pub use secret::{Environment, FileContent, SystemEnvironment};
pub use webhooks::WebhookSettings;

use crate::model::ids::{InstanceId, SyncId};
use crate::model::settings::{InstanceSettings, SyncSettings};
use node::{Cursor, Node};
use problem::Findings;

/// The checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The process.
    pub daemon: DaemonSettings,
    /// The Jiras, by name.
    pub instances: BTreeMap<InstanceId, InstanceSettings>,
    /// The rules that keep issues in step, by name. Every instance they name is in `instances`.
    pub syncs: BTreeMap<SyncId, SyncSettings>,
    /// What is told to whom; `None`: nothing.
    pub notices: Option<NoticeSettings>,
    /// Which collector gets the figures; `None`: none.
    pub otlp: Option<OtlpSettings>,
    /// SHA-256 of the file's text in hex: tells one version of the file from another.
    pub fingerprint: String,
    /// The file as it is written; what it says of secrets is only where they lie.
    pub text: String,
}

/// A configuration that can be used, and what may be meant otherwise in it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Warnings only; often empty.
    pub warnings: Report,
}

/// Whether the text names a place of a secret, as the configuration would; else it may be a secret itself.
#[must_use]
pub fn names_a_place(text: &str) -> bool {
    secret::is_reference(text)
}

/// Whether an instance, a side or a sync may be called so.
#[must_use]
pub fn may_be_a_name(text: &str) -> bool {
    shape::is_name(text) && !keys::reserved_side_names().any(|word| word == text)
}

/// Whether secrets are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsWanted {
    /// They are; one that is missing is an error. Certificate files are looked at too.
    Yes,
    /// Only the places are checked for their form; every secret is empty.
    No,
}

/// What is shorter is in every text, in bytes.
const SHORTEST_SECRET: usize = 6;

/// What reading needs beside the file's text.
struct Reading<'a> {
    environment: &'a dyn Environment,
    secrets: SecretsWanted,
    /// The file's folder: relative paths start there.
    folder: &'a Path,
    /// The state's file, once it is known.
    state: Option<PathBuf>,
}

impl Reading<'_> {
    fn beside(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// Reads a configuration. `file_name` is shown, and relative paths start in its folder.
///
/// # Errors
/// The configuration cannot be used: everything that is wrong with it, and the warnings.
pub fn load(
    text: &str,
    file_name: &str,
    environment: &dyn Environment,
    secrets: SecretsWanted,
) -> Result<Loaded, Report> {
    let mut findings = Findings::new(text);
    let (parsed, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What was recovered is half of what was meant: its other problems would mislead.
        syntax::explain(text, &errors, &mut findings);
        return Err(findings.report(file_name));
    }
    let node = Node::from_table(parsed.span(), parsed.get_ref());
    let top = Cursor::top(&node);
    let folder = Path::new(file_name).parent().unwrap_or(Path::new(""));
    let reading = Reading { environment, secrets, folder, state: None };
    shape::check_file(&top, &mut findings);
    let daemon = daemon::read(&reading, &top, &mut findings);
    let reading = Reading { state: daemon.as_ref().map(|daemon| daemon.state.clone()), ..reading };
    let instances = instance::read(&reading, &top, &mut findings);
    if daemon.as_ref().is_some_and(|daemon| daemon.webhooks.is_some()) {
        webhooks::warn_unsigned(&top, &instances, &mut findings);
    }
    let notices = notices::read(&reading, &top, &mut findings);
    let otlp = otlp::read(&reading, &top, &mut findings);
    let syncs = sync::read(&top, &mut findings);
    things::check_apart(&top, &syncs, &mut findings);
    overlap::warn(&top, &syncs, &mut findings);
    match daemon {
        Some(daemon) if !findings.has_errors() => {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            let fingerprint = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let syncs = syncs.into_iter().map(|sync| (sync.id.clone(), sync)).collect();
            let config = Config { daemon, instances, syncs, notices, otlp, fingerprint, text: String::new() };
            let config = Config { text: without_secrets(text, &config), ..config };
            Ok(Loaded { config, warnings: findings.report(file_name) })
        }
        _ => Err(findings.report(file_name)),
    }
}

/// The text as it may be kept: a secret that somebody noted in a comment is left out.
fn without_secrets(text: &str, config: &Config) -> String {
    let of = |settings: &InstanceSettings| {
        let proxy = settings.network.proxy.iter().filter_map(|proxy| proxy.login.as_ref().map(|(_, secret)| secret));
        let own = std::iter::once(settings.auth.secret()).chain(proxy).chain(&settings.hooks.secrets);
        own.cloned().collect::<Vec<_>>()
    };
    let notices = config.notices.iter().flat_map(|notices| {
        let password =
            notices.email.iter().filter_map(|mail| mail.login.as_ref().map(|(_, password)| password.clone()));
        notices.webhook.iter().cloned().chain(password)
    });
    let headers = config.otlp.iter().flat_map(|otlp| otlp.headers.iter().map(|(_, value)| value.clone()));
    let secrets = config.instances.values().flat_map(of).chain(notices).chain(headers);
    let long = secrets.filter(|secret| secret.expose().len() >= SHORTEST_SECRET);
    long.fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"))
}

/// Reads the configuration at a path.
///
/// # Errors
/// As [`load`]; and when the file cannot be read, is a folder, or is not UTF-8.
pub fn load_file(path: &Path, environment: &dyn Environment, secrets: SecretsWanted) -> Result<Loaded, Report> {
    let name = path.display().to_string();
    let refuse = |message: &str, help: &str| Report::unreadable(&name, message.to_owned(), help.to_owned());
    if path.is_dir() {
        return Err(refuse("the configuration is a folder, not a file", "name the file in it"));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let (message, help) = if error.kind() == std::io::ErrorKind::NotFound {
            (
                "there is no such configuration file".to_owned(),
                "name it with `--config`, or make one with `jirasyncd init`",
            )
        } else {
            (format!("the configuration cannot be read: {error}"), "let the user that runs the daemon read it")
        };
        refuse(&message, help)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        refuse(&format!("the configuration is not UTF-8, from line {}", line + 1), "save it as UTF-8")
    })?;
    load(&text, &name, environment, secrets)
}
