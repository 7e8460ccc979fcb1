//! `jirasyncd webhooks`: registers, shows, verifies, renews and removes the webhooks of each instance; where its API does not let the
//! sync user, it says what an administrator must enter. It must never print a signing secret, nor another's webhook.

use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::Common;
use super::command::{have_done, remember};
use super::exit::Exit;
use super::output::Output;
use super::settings::load;
use super::small_runtime;
use crate::app::Surroundings;
use crate::config::{Config, SecretsWanted, WebhookSettings};
use crate::console::{HookPath, probe};
use crate::jira::{HOOK_EVENTS, HookError, HookRegistry, PROPERTY_EVENTS, WantedHook};
use crate::model::command::{Command, Elsewhere, Ended};
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;
use crate::model::settings::{InstanceSettings, Kind, PairBy, SyncSettings};
use crate::model::store::{StateIdentity, Store as _};
use crate::store::SqliteStore;

/// The arguments of `webhooks`.
#[derive(Debug, Args)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    action: Action,
    /// Only this instance; may be given several times.
    #[arg(long, global = true, value_name = "NAME")]
    instance: Vec<String>,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum Action {
    /// Shows what is registered, and what an administrator must enter where nothing can be.
    Show,
    /// Registers a webhook with each instance, where the sync user may.
    Register,
    /// Sends a probe the way that webhooks take, and looks whether what is registered is what should be.
    Verify,
    /// Brings what is registered to what should be: switched on, its events, its address, its secret.
    Renew {
        /// Gives the one before up and registers a new secret path: for one that others learnt.
        #[arg(long)]
        new_path: bool,
    },
    /// Removes what was registered.
    Remove,
}

/// What came of it with one instance.
#[derive(Debug, Serialize)]
struct Outcome {
    instance: String,
    /// In words, the most important first.
    says: Vec<String>,
    /// What an administrator must enter, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enter: Vec<(String, String)>,
    exit: Exit,
    /// Whether something was written to the instance.
    #[serde(skip)]
    changed: bool,
}

/// Does it for each instance.
pub(super) fn run(common: &Common, wanted: &Webhooks, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::Yes, output)?;
    let settings = config.daemon.webhooks.clone();
    let settings = settings.context("webhooks are not taken: add `[daemon.webhooks]` with a `public-url`")?;
    for name in &wanted.instance {
        let known: Vec<&str> = config.instances.keys().map(InstanceId::as_str).collect();
        let all = known.join(", ");
        anyhow::ensure!(known.contains(&name.as_str()), "there is no instance `{name}`; there are: {all}");
    }
    let chosen = |instance: &&InstanceSettings| {
        let named = wanted.instance.iter().any(|name| name == instance.id.as_str());
        // What was registered before webhooks were switched off for an instance goes on telling until it is removed.
        let left = named && wanted.action == Action::Remove;
        left || instance.hooks.expected && (wanted.instance.is_empty() || named)
    };
    let instances: Vec<&InstanceSettings> = config.instances.values().filter(chosen).collect();
    anyhow::ensure!(
        !instances.is_empty(),
        "no webhooks are taken from these instances (`webhooks = false`); `jirasyncd webhooks remove --instance NAME` takes away what \
         was registered before"
    );
    if wanted.action == (Action::Renew { new_path: true }) {
        for instance in &instances {
            let (_, answer) = have_done(common, Command::NewHookPath(instance.id.clone()), output)?;
            let why = answer.lines.join("; ");
            anyhow::ensure!(answer.ended == Ended::Done, "`{}` keeps its secret path: {why}", instance.id);
        }
    }
    let outcomes = small_runtime()?.block_on(async {
        let store = SqliteStore::read_only(&config.daemon.state)?;
        let identity = store.identity().await?;
        let mut outcomes = Vec::new();
        for instance in instances {
            let number = HookPath::number(store.note(&HookPath::note(&instance.id)).await?.as_deref());
            let path = HookPath::numbered(&identity, &instance.id, number);
            let ours = Ours::of(&config, &settings, instance, &identity, path);
            outcomes.push(ours.act(wanted.action).await?);
        }
        anyhow::Ok(outcomes)
    })?;
    for outcome in outcomes.iter().filter(|outcome| outcome.changed) {
        let instance = InstanceId::from(outcome.instance.as_str());
        let done = match wanted.action {
            Action::Remove => Elsewhere::Unregistered(instance),
            Action::Renew { .. } => Elsewhere::Renewed(instance),
            Action::Register | Action::Show | Action::Verify => Elsewhere::Registered(instance),
        };
        remember(common, &config, done, output)?;
    }
    let exits = [Exit::Instance, Exit::Problems];
    let exit = exits.into_iter().find(|exit| outcomes.iter().any(|outcome| outcome.exit == *exit));
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit.unwrap_or(Exit::Done), "webhooks": outcomes }))?;
    } else {
        for outcome in &outcomes {
            say(outcome, output)?;
        }
    }
    Ok(exit.unwrap_or(Exit::Done))
}

fn say(outcome: &Outcome, output: &mut Output<'_>) -> std::io::Result<()> {
    output.line(&format!("{}:", outcome.instance))?;
    for line in &outcome.says {
        output.line(&format!("  {line}"))?;
    }
    for (field, value) in &outcome.enter {
        output.line(&format!("    {field}: {value}"))?;
    }
    Ok(())
}

/// One instance's webhook as it should be.
struct Ours<'c> {
    settings: &'c InstanceSettings,
    wanted: WantedHook,
    path: HookPath,
    /// The public address without the secret path.
    public: &'c str,
}

impl<'c> Ours<'c> {
    fn of(
        config: &Config,
        settings: &'c WebhookSettings,
        instance: &'c InstanceSettings,
        identity: &StateIdentity,
        path: HookPath,
    ) -> Self {
        let sides = config.syncs.values().flat_map(|sync| &sync.sides).filter(|side| side.instance == instance.id);
        let projects: std::collections::BTreeSet<&str> = sides.map(|side| side.project.as_str()).collect();
        let projects: Vec<String> = projects.into_iter().map(|project| format!("\"{project}\"")).collect();
        let here = |sync: &&SyncSettings| sync.sides.iter().any(|side| side.instance == instance.id);
        let pairs_by_property = config.syncs.values().filter(here).flat_map(|sync| &sync.pairing);
        let pairs_by_property = pairs_by_property.into_iter().any(|by| matches!(by, PairBy::Property(_)));
        let mut events = HOOK_EVENTS.to_vec();
        if pairs_by_property && instance.kind == Kind::Cloud {
            events.extend(PROPERTY_EVENTS);
        }
        let wanted = WantedHook {
            name: format!("jirasyncd {} {}", identity.daemon.get(..8).unwrap_or_default(), instance.id),
            url: Secret::new(format!("{}/{}", settings.public_url, path.expose())),
            jql: format!("project in ({})", projects.join(", ")),
            events,
            secret: instance.hooks.secrets.first().cloned(),
        };
        Self { settings: instance, wanted, path, public: &settings.public_url }
    }

    async fn act(&self, action: Action) -> anyhow::Result<Outcome> {
        let surroundings = Surroundings::of_this_machine();
        let transport = (surroundings.transports)(self.settings)?;
        let entropy = Arc::clone(&surroundings.entropy);
        let word = format!("{:032x}", entropy.next_u128());
        let registry = HookRegistry::new(self.settings, transport, surroundings.clock, entropy);
        let instance = self.settings.id.to_string();
        let mut outcome = Outcome { instance, says: Vec::new(), enter: Vec::new(), exit: Exit::Done, changed: false };
        if action == Action::Verify {
            let secret = self.wanted.secret.as_ref();
            match probe(&self.wanted.url, &self.path, secret, &word).await {
                Ok(()) => outcome.says.push(format!("a probe went by {} to the receiver and back", self.public)),
                Err(why) => {
                    outcome.exit = Exit::Problems;
                    outcome.says.push(format!("a probe by {} failed: {why}", self.public));
                }
            }
        }
        let done = match action {
            Action::Show | Action::Verify => self.compare(&registry, &mut outcome).await,
            Action::Register | Action::Renew { .. } => registry.put(&self.wanted).await.map(|()| {
                outcome.changed = true;
                outcome.says.push(format!("`{}` is registered", self.wanted.name));
            }),
            Action::Remove => registry.remove(&self.wanted.name).await.map(|count| {
                let name = &self.wanted.name;
                outcome.changed = count > 0;
                outcome.says.push(if count == 0 {
                    format!("`{name}` was not registered")
                } else {
                    format!("`{name}` is removed")
                });
            }),
        };
        match done {
            Ok(()) => {}
            Err(error @ HookError::NotAllowed) => {
                outcome.says.push(format!("{error}."));
                outcome.exit =
                    if action == Action::Show || action == Action::Verify { outcome.exit } else { Exit::Problems };
                self.ask_an_administrator(action, &mut outcome);
            }
            Err(error) => {
                outcome.says.push(error.to_string());
                outcome.exit = Exit::Instance;
            }
        }
        Ok(outcome)
    }

    /// Says how what is registered differs from what should be.
    async fn compare(&self, registry: &HookRegistry, outcome: &mut Outcome) -> Result<(), HookError> {
        let known = registry.named(&self.wanted.name).await?;
        let Some(hook) = known.first() else {
            outcome.exit = Exit::Problems;
            outcome.says.push(format!("`{}` is not registered: `jirasyncd webhooks register`", self.wanted.name));
            return Ok(());
        };
        let mut wrong = Vec::new();
        if known.len() > 1 {
            wrong.push("it is registered more than once".to_owned());
        }
        if !hook.active {
            wrong.push("it is switched off".to_owned());
        }
        if hook.url.expose() != self.wanted.url.expose() {
            wrong.push("it goes to another address".to_owned());
        }
        let missing: Vec<&str> = self
            .wanted
            .events
            .iter()
            .copied()
            .filter(|event| !hook.events.iter().any(|known| known == event))
            .collect();
        if !missing.is_empty() {
            wrong.push(format!("it does not tell of {}", missing.join(", ")));
        }
        if hook.jql.as_ref().is_some_and(|jql| jql != &self.wanted.jql) {
            wrong.push("it tells of other projects".to_owned());
        }
        if self.wanted.secret.is_some() && hook.signed == Some(false) {
            wrong.push("it is not signed".to_owned());
        }
        if wrong.is_empty() {
            outcome.says.push(format!("`{}` is registered as it should be", self.wanted.name));
        } else {
            outcome.exit = Exit::Problems;
            outcome.says.push(format!("`{}`: {}: `jirasyncd webhooks renew`", self.wanted.name, wrong.join("; ")));
        }
        Ok(())
    }

    fn ask_an_administrator(&self, action: Action, outcome: &mut Outcome) {
        let cloud = self.settings.kind == Kind::Cloud;
        let place = if cloud { "Settings > System > WebHooks" } else { "Administration > System > WebHooks" };
        let name = self.wanted.name.clone();
        if action == Action::Remove {
            outcome.says.push(format!("An administrator removes `{name}` under {place}."));
            return;
        }
        outcome.says.push(format!("An administrator enters under {place}, and shows the URL to nobody:"));
        let mut enter = |field: &str, value: String| outcome.enter.push((field.to_owned(), value));
        enter("Name", name);
        enter("Status", "Enabled".to_owned());
        enter("URL", self.wanted.url.expose().to_owned());
        if cloud {
            let secret = match self.wanted.secret {
                Some(_) => "the one that `webhook-secret` names in the configuration",
                None => "none; better one, named by `webhook-secret` in the configuration",
            };
            enter("Secret", secret.to_owned());
        }
        enter("Issue related events, JQL", self.wanted.jql.clone());
        for (what, events) in [
            ("Issue", "created, updated, deleted"),
            ("Comment", "created, updated, deleted"),
            ("Worklog", "created, updated, deleted"),
            ("Attachment", "created, deleted"),
            ("Issue link", "created, deleted"),
        ] {
            enter(what, events.to_owned());
        }
        if self.wanted.events.contains(&PROPERTY_EVENTS[0]) {
            enter("Issue property", "set, deleted".to_owned());
        }
        enter("Exclude body", "no".to_owned());
    }
}
