//! One Jira: found, logged in to, and asked for its projects. Must never send a token where no Jira answered, nor to an address that the
//! configuration would refuse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ask::{About, Asker, InitError, Token};
use super::files::{Overwrite, are_free};
use super::reach::{Reached, proposed_name};
use super::text::{DraftInstance, Keyed, daemon_text, instance_text};
use super::ways::{BESIDE, Way, usual, ways};
use crate::app::{StartError, Surroundings};
use crate::cli::explain::remedy;
use crate::cli::login::{log_in, log_in_asking};
use crate::cli::output::Output;
use crate::config::{Environment, FileContent, SecretsWanted, SystemEnvironment, load};
use crate::engine::SetupError;
use crate::jira::JiraError;
use crate::jira::choices::{Choices, OfferedProject};
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;
use crate::model::settings::{Auth, InstanceSettings, Kind};

/// How often a question is put again to somebody whose answers are of no use.
pub(super) const MOST_TIMES: usize = 5;
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
    /// What it calls itself.
    pub(super) base_url: String,
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
    /// What may be written over.
    pub(super) overwrite: Overwrite,
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
        let Some(Reached { found, network, gateway }) = self.find(nth, known, asker, output).await? else {
            return Ok(None);
        };
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
        let (files, proxy) = self.written(&about.called, &network);
        let draft = DraftInstance {
            name: about.called.clone(),
            kind: found.kind,
            url: found.url.clone(),
            gateway,
            auth: Vec::new(),
            files,
            proxy,
            about: String::new(),
        };
        let mut times = 0;
        loop {
            times += 1;
            let error = match self.log_in(&about, (draft.clone(), &found.base_url), asker, output).await? {
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
        (mut draft, base_url): (DraftInstance, &str),
        asker: &mut dyn Asker,
        output: &mut Output<'_>,
    ) -> anyhow::Result<Result<Entered, JiraError>> {
        let (way, answers) = self.answered(about, draft.kind, asker)?;
        draft.auth = answers;
        draft.gateway = match (way.gateway, draft.gateway) {
            (true, proposed) => Some(asker.gateway(about, proposed.as_deref())?),
            (false, _) => None,
        };
        let settings = self.settings(about, &draft)?;
        let transport = (self.surroundings.transports)(&settings)
            .map_err(|source| StartError::Transport { instance: settings.id.clone(), source })?;
        if let Auth::Grant(grant) = &settings.auth {
            // What is granted is kept before anything else is known.
            are_free([grant.file.as_path()], self.overwrite)?;
            if asker.only_shows() {
                let why = "what somebody grants is kept at once, so with `oauth` nothing can only be shown".to_owned();
                return Err(InitError::Useless { name: "write".to_owned(), why }.into());
            }
            if asker.asks_again() {
                log_in_asking(&settings, grant, self.surroundings, output, &mut || Ok(asker.pasted()?)).await?;
            } else {
                log_in(&settings, grant, self.surroundings, output).await?;
            }
        }
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
        Ok(Ok(Entered { draft, base_url: base_url.to_owned(), choices, projects }))
    }

    /// What is answered of a way to log in, as `auth` has it. Where the first question of a way is answered with nothing, another way is meant.
    fn answered(&mut self, about: &About, kind: Kind, asker: &mut dyn Asker) -> Result<(Way, Vec<Keyed>), InitError> {
        let mut way = asker.way(about, ways(kind), false)?.unwrap_or_else(|| usual(kind));
        loop {
            let mut auth = vec![("method", way.method.to_owned())];
            let mut whole = true;
            for asked in way.asks {
                let answer = if asked.secret {
                    asker.secret(about, asked)?.map(|secret| self.kept(&about.called, asked.key, secret))
                } else {
                    Some(asker.plain(about, asked)?).filter(|answer| !answer.is_empty())
                };
                let Some(answer) = answer else {
                    whole = false;
                    break;
                };
                auth.push((asked.key, answer));
            }
            if whole {
                let beside = BESIDE.into_iter().filter_map(|key| Some((key, asker.beside(about, key)?)));
                auth.extend(beside);
                return Ok((way, auth));
            }
            way = asker.way(about, ways(kind), true)?.unwrap_or(way);
        }
    }

    /// Where a secret lies, or will lie: a token in a file that is called as the instance is, another secret with its key behind it.
    pub(super) fn kept(&mut self, called: &str, key: &str, secret: Token) -> String {
        match secret {
            Token::At(place) => place,
            Token::Itself(secret) => {
                let file =
                    if key == "token" { format!("{TOKENS}/{called}") } else { format!("{TOKENS}/{called}.{key}") };
                let folder = self.config.parent().unwrap_or(Path::new(""));
                self.secrets.insert(folder.join(&file), secret);
                format!("file:{file}")
            }
        }
    }

    /// The instance as the configuration will have it, read by whoever reads configurations.
    pub(super) fn settings(&self, about: &About, draft: &DraftInstance) -> Result<InstanceSettings, InitError> {
        let file = self.config.display().to_string();
        let text = format!("{}{}", daemon_text(&super::state(self.config)), instance_text(draft));
        let loaded = load(&text, &file, &Written(&self.secrets), SecretsWanted::Yes);
        let useless = |key: &str, why: String| InitError::Useless { name: about.question(key), why };
        let mut config = match loaded {
            Ok(loaded) => loaded.config,
            Err(report) => {
                let Some(problem) = report.errors.first() else {
                    return Err(useless("url", "it cannot be used".to_owned()));
                };
                let key = match problem.path.rsplit_once('.') {
                    Some((table, "url")) if table.ends_with(".proxy") => "proxy".to_owned(),
                    Some((table, key)) if table.ends_with(".proxy") => format!("proxy-{key}"),
                    Some((_, key)) => key.to_owned(),
                    None => problem.path.clone(),
                };
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
