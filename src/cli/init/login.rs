//! One Jira: found, logged in to, and asked for its projects. Must never send a token where no Jira answered, nor to an address that the
//! configuration would refuse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use super::ask::{About, Asker, InitError, Token};
use super::text::{DraftInstance, instance_text};
use crate::app::{StartError, Surroundings};
use crate::cli::explain::remedy;
use crate::cli::output::Output;
use crate::cli::settings::absolute;
use crate::config::{Environment, FileContent, SecretsWanted, SystemEnvironment, load, may_be_a_name};
use crate::engine::SetupError;
use crate::jira::choices::{Choices, FindError, FoundJira, OfferedProject, find_jira};
use crate::jira::{JiraError, ReqwestTransport};
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;
use crate::model::settings::{InstanceSettings, Kind};

/// Time-out of the first question to an address.
const FIRST_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a question is put again to somebody whose answers are of no use.
const MOST_TIMES: usize = 5;
/// Where the tokens lie, beside the configuration.
pub(super) const TOKENS: &str = "tokens";

/// This machine, and the tokens that are not written yet, at the places where they will be.
pub(super) struct Written<'t>(pub(super) &'t BTreeMap<PathBuf, Secret>);

impl Environment for Written<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        SystemEnvironment.variable(name)
    }

    fn file(&self, path: &Path) -> std::io::Result<FileContent> {
        match self.0.get(path) {
            Some(secret) => Ok(FileContent { bytes: secret.expose().as_bytes().to_vec(), mode: 0o600 }),
            None => SystemEnvironment.file(path),
        }
    }
}

/// A Jira that we are logged in to.
pub(super) struct Entered {
    /// As it is written.
    pub(super) draft: DraftInstance,
    /// What it offers.
    pub(super) choices: Choices,
    /// Its projects.
    pub(super) projects: Vec<OfferedProject>,
}

/// What logging in needs beside the answers.
pub(super) struct Desk<'d> {
    /// Where the configuration will be.
    pub(super) config: &'d Path,
    /// The machine.
    pub(super) surroundings: &'d Surroundings,
    /// The tokens that were answered themselves, by the file that each will be in.
    pub(super) secrets: BTreeMap<PathBuf, Secret>,
}

impl Desk<'_> {
    /// Asks for one Jira and logs in. `None`: there is no further one.
    pub(super) async fn enter(
        &mut self,
        nth: usize,
        known: &[Entered],
        asker: &mut dyn Asker,
        output: &mut Output<'_>,
    ) -> anyhow::Result<Option<Entered>> {
        let Some((found, ca_file)) = find(nth, known, asker, output).await? else { return Ok(None) };
        let taken: Vec<&str> = known.iter().map(|known| known.draft.name.as_str()).collect();
        let mut about = About { nth, called: proposed_name(&found, &taken) };
        about.called = asker.name(&about, &about.called)?;
        if taken.contains(&about.called.as_str()) {
            let why = format!("two instances would be called `{}`", about.called);
            return Err(InitError::Useless { name: about.question("name"), why }.into());
        }
        let product = match found.kind {
            Kind::Cloud => "Jira Cloud",
            Kind::DataCenter => "Jira Data Center",
        };
        output.line(&format!("{}: {product} {} at {}", about.called, found.version, found.url))?;
        let mut times = 0;
        loop {
            times += 1;
            let error = match self.log_in(&about, &found, ca_file.as_deref(), asker).await? {
                Ok(entered) => {
                    output.line(&format!("{}: logged in as {}", about.called, entered.draft.about))?;
                    return Ok(Some(entered));
                }
                Err(error) => error,
            };
            if !asker.asks_again() || times == MOST_TIMES {
                return Err(refused(error));
            }
            output.note(&format!("{error}\nHint: {}", remedy(&error.failure)).replace('\n', " "))?;
        }
    }

    /// One try. The inner error is what the instance said.
    async fn log_in(
        &mut self,
        about: &About,
        found: &FoundJira,
        ca_file: Option<&Path>,
        asker: &mut dyn Asker,
    ) -> anyhow::Result<Result<Entered, JiraError>> {
        let (user, what) = match found.kind {
            Kind::Cloud => (Some(asker.user(about)?), "the API token of the sync user"),
            Kind::DataCenter => (None, "a personal access token of the sync user"),
        };
        let token = match asker.token(about, what)? {
            Token::At(place) => place,
            Token::Itself(secret) => {
                let file = format!("{TOKENS}/{}", about.called);
                let folder = self.config.parent().unwrap_or(Path::new(""));
                self.secrets.insert(folder.join(&file), secret);
                format!("file:{file}")
            }
        };
        let mut draft = DraftInstance {
            name: about.called.clone(),
            kind: found.kind,
            url: found.url.clone(),
            user,
            token,
            ca_file: ca_file.map(|file| file.display().to_string()),
            about: String::new(),
        };
        let settings = self.settings(about, &draft)?;
        let transport = (self.surroundings.transports)(&settings)
            .map_err(|source| StartError::Transport { instance: settings.id.clone(), source })?;
        let (clock, entropy) = (Arc::clone(&self.surroundings.clock), Arc::clone(&self.surroundings.entropy));
        let choices = Choices::new(&settings, transport, clock, entropy);
        let identity = match choices.identity().await {
            Ok(identity) => identity,
            Err(error) => return Ok(Err(error)),
        };
        draft.about = format!("{} ({})", identity.display_name, identity.account);
        let projects = match choices.projects().await {
            Ok(projects) => projects,
            Err(error) => return Ok(Err(error)),
        };
        if projects.is_empty() {
            return Err(InitError::NoProject { instance: draft.name }.into());
        }
        Ok(Ok(Entered { draft, choices, projects }))
    }

    /// The instance as the configuration will have it, read by whoever reads configurations.
    fn settings(&self, about: &About, draft: &DraftInstance) -> Result<InstanceSettings, InitError> {
        let file = self.config.display().to_string();
        let loaded = load(&instance_text(draft), &file, &Written(&self.secrets), SecretsWanted::Yes);
        let useless = |key: &str, why: String| InitError::Useless { name: about.question(key), why };
        let mut config = match loaded {
            Ok(loaded) => loaded.config,
            Err(report) => {
                let Some(problem) = report.errors.first() else {
                    return Err(useless("url", "it cannot be used".to_owned()));
                };
                let key = problem.path.rsplit('.').next().unwrap_or_default().to_owned();
                return Err(useless(&key, format!("{}: {}", problem.message, problem.help)));
            }
        };
        let settings = config.instances.remove(&InstanceId::from(draft.name.as_str()));
        settings.ok_or_else(|| useless("name", "it is no name of an instance".to_owned()))
    }
}

/// Jira's no, as it is explained.
pub(super) fn refused(error: JiraError) -> anyhow::Error {
    StartError::from(SetupError::Jira(vec![error])).into()
}

/// A Jira at the address that is answered.
async fn find(
    nth: usize,
    known: &[Entered],
    asker: &mut dyn Asker,
    output: &mut Output<'_>,
) -> anyhow::Result<Option<(FoundJira, Option<PathBuf>)>> {
    let about = About { nth, called: format!("Jira {nth}") };
    let mut times = 0;
    loop {
        times += 1;
        let Some(typed) = asker.url(nth)? else { return Ok(None) };
        let error = match look(&about, &typed, asker).await {
            Ok((found, _)) if known.iter().any(|known| known.draft.url == found.url) => {
                InitError::Useless { name: about.question("url"), why: format!("{} was named before", found.url) }
            }
            Ok(found) => return Ok(Some(found)),
            Err(error) => error,
        };
        let may_be_mended = matches!(error, InitError::Find(_) | InitError::Useless { .. });
        if !may_be_mended || !asker.asks_again() || times == MOST_TIMES {
            return Err(error.into());
        }
        output.note(&error.to_string())?;
    }
}

async fn look(about: &About, typed: &str, asker: &mut dyn Asker) -> Result<(FoundJira, Option<PathBuf>), InitError> {
    let url = address(typed).map_err(|why| InitError::Useless { name: about.question("url"), why })?;
    let mut ca_file = asker.ca_file(about, false)?.map(|file| absolute(&file));
    loop {
        let transport = ReqwestTransport::new(FIRST_TIMEOUT, ca_file.as_deref())
            .map_err(|error| InitError::Useless { name: about.question("ca-file"), why: error.to_string() })?;
        match find_jira(&url, &transport).await {
            Ok(found) => return Ok((found, ca_file)),
            Err(error) if ca_file.is_none() && error.is_about_certificates() => {
                ca_file = asker.ca_file(about, true)?.map(|file| absolute(&file));
                if ca_file.is_none() {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(FindError::into(error)),
        }
    }
}

/// What was typed, as an address: without a scheme it is `https`.
fn address(typed: &str) -> Result<Url, String> {
    let typed = typed.trim();
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).map_err(|error| format!("it is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it is no web address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds credentials: leave them out, how to log in is asked next".to_owned());
    }
    Ok(url)
}

/// Words that say of a host only what it does.
const COMMON: [&str; 10] =
    ["jira", "issues", "tracker", "www", "support", "helpdesk", "servicedesk", "tickets", "tasks", "projects"];

/// A name for an instance, by its host: `acme.atlassian.net` and `jira.acme.example` are both `acme`.
fn proposed_name(found: &FoundJira, taken: &[&str]) -> String {
    let host = Url::parse(&found.url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let label = match host {
        Some(Host::Domain(name)) => {
            let labels: Vec<&str> = name.split('.').collect();
            let telling = labels.iter().take(labels.len().saturating_sub(1)).find(|label| !COMMON.contains(label));
            telling.map(|label| (*label).to_owned())
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => None,
    };
    let by_kind = match found.kind {
        Kind::Cloud => "cloud",
        Kind::DataCenter => "data-center",
    };
    let base = label.filter(|label| may_be_a_name(label)).unwrap_or_else(|| by_kind.to_owned());
    let mut name = base.clone();
    let mut nth = 2;
    while taken.contains(&name.as_str()) {
        name = format!("{base}-{nth}");
        nth += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_called_by_what_its_host_tells() {
        let name = |url: &str, taken: &[&str]| {
            let found = FoundJira { kind: Kind::DataCenter, url: url.to_owned(), version: String::new() };
            proposed_name(&found, taken)
        };
        assert_eq!(name("https://acme.atlassian.net", &[]), "acme");
        assert_eq!(name("https://jira.globex.example/jira", &[]), "globex");
        assert_eq!(name("https://jira.globex.example", &["globex"]), "globex-2");
        assert_eq!(name("http://127.0.0.1:8080", &[]), "data-center");
        assert_eq!(name("http://localhost:8080", &["data-center"]), "data-center-2");
        // A word of the configuration's.
        assert_eq!(name("https://path.example", &[]), "data-center");
    }

    #[test]
    fn an_address_may_be_typed_without_its_scheme() {
        assert_eq!(address(" acme.atlassian.net ").unwrap().as_str(), "https://acme.atlassian.net/");
        assert_eq!(address("http://127.0.0.1:8080/jira").unwrap().as_str(), "http://127.0.0.1:8080/jira");
        assert!(address("https://me:canary@acme.example").unwrap_err().contains("credentials"));
        assert!(address("ftp://acme.example").is_err() && address("https://").is_err());
    }
}
