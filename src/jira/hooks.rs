//! Registering webhooks with one instance, where its API lets the sync user. It must never touch a webhook that is not ours, nor show
//! what another's URL holds.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::client::{Client, NotDone, Written};
use super::login::LoginSources;
use super::transport::Transport;
use super::wire::id_text;
use super::{Failure, JiraError};
use crate::clock::{Clock, Entropy};
use crate::model::secret::Secret;
use crate::model::settings::{InstanceSettings, Kind};

/// The events that are asked for: all that may change what a sync carries.
pub const HOOK_EVENTS: [&str; 13] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "worklog_created",
    "worklog_updated",
    "worklog_deleted",
    "attachment_created",
    "attachment_deleted",
    "issuelink_created",
    "issuelink_deleted",
];

/// What tells of entity properties, where issues are paired by one: our own marks are such, too, so that else each copy would be told twice.
/// Documented for Cloud.
pub const PROPERTY_EVENTS: [&str; 2] = ["issue_property_set", "issue_property_deleted"];

/// A webhook as we want it.
#[derive(Debug, Clone)]
pub struct WantedHook {
    /// What it is called: by this it is known again.
    pub name: String,
    /// Where it goes to. Holds the secret path.
    pub url: Secret,
    /// JQL of the issues that it tells of.
    pub jql: String,
    /// The events that it tells of.
    pub events: Vec<&'static str>,
    /// What it is signed with (Cloud).
    pub secret: Option<Secret>,
}

/// A webhook of ours as it is registered.
#[derive(Debug, Clone)]
pub struct RegisteredHook {
    /// Its id there.
    pub id: String,
    /// Where it goes to. May hold the secret path.
    pub url: Secret,
    /// What it tells of.
    pub events: Vec<String>,
    /// Whether it is switched on.
    pub active: bool,
    /// Whether it is signed, where that is said.
    pub signed: Option<bool>,
    /// The JQL of the issues that it tells of, where that is said.
    pub jql: Option<String>,
}

/// Why a webhook could not be registered, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The sync user may not: an administrator has to.
    #[error("the sync user may not manage webhooks there, which is as it should be")]
    NotAllowed,
    /// The instance.
    #[error(transparent)]
    Jira(#[from] JiraError),
    /// It said no, or nobody knows what came of it.
    #[error("{0}")]
    No(String),
}

/// The webhooks of one instance.
pub struct HookRegistry(Client);

/// Where they are managed. Data Center moved the path with version 10.
const OLD: &[&str] = &["rest", "webhooks", "1.0", "webhook"];
const NEW: &[&str] = &["rest", "jira-webhook", "1.0", "webhooks"];
/// The filter that holds for the events of issues.
const ISSUES: &str = "issue-related-events-section";

impl HookRegistry {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        settings: &InstanceSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self(Client::new(settings, transport, clock, entropy, LoginSources::default()))
    }

    /// The webhooks of this name.
    ///
    /// # Errors
    /// See [`HookError`].
    pub async fn named(&self, name: &str) -> Result<Vec<RegisteredHook>, HookError> {
        Ok(self.all(name).await?.1)
    }

    /// Registers a webhook, or brings the one of that name to what is wanted.
    ///
    /// # Errors
    /// See [`HookError`].
    pub async fn put(&self, wanted: &WantedHook) -> Result<(), HookError> {
        let (path, known) = self.all(&wanted.name).await?;
        let mut body = json!({
            "name": wanted.name, "url": wanted.url.expose(), "events": wanted.events, "excludeBody": false,
            "filters": { ISSUES: wanted.jql },
        });
        if self.0.kind == Kind::Cloud {
            body["enabled"] = json!(true);
        } else {
            body["active"] = json!(true);
            body["sslVerificationRequired"] = json!(true);
        }
        if let Some(secret) = wanted.secret.as_ref().filter(|_| self.0.kind == Kind::Cloud) {
            body["secret"] = json!(secret.expose());
        }
        let call = match known.first() {
            Some(known) => {
                let path: Vec<&str> = path.iter().copied().chain([known.id.as_str()]).collect();
                Call::with_body("updateWebhook", Method::PUT, &path, body, "renewing the webhook")
            }
            None => Call::with_body("registerWebhook", Method::POST, path, body, "registering the webhook"),
        };
        self.write(&call.outside()).await?;
        // Two that registered at once, or one whose answer was lost: each change would be told twice, by an old address perhaps.
        for double in known.iter().skip(1) {
            self.take_away(path, double).await?;
        }
        Ok(())
    }

    /// Removes the webhooks of this name. Gives how many there were.
    ///
    /// # Errors
    /// See [`HookError`].
    pub async fn remove(&self, name: &str) -> Result<usize, HookError> {
        let (path, known) = self.all(name).await?;
        for hook in &known {
            self.take_away(path, hook).await?;
        }
        Ok(known.len())
    }

    async fn take_away(&self, path: &[&str], hook: &RegisteredHook) -> Result<(), HookError> {
        let path: Vec<&str> = path.iter().copied().chain([hook.id.as_str()]).collect();
        let call = Call::without_body("removeWebhook", Method::DELETE, &path, "removing the webhook");
        self.write(&call.outside()).await
    }

    async fn all(&self, name: &str) -> Result<(&'static [&'static str], Vec<RegisteredHook>), HookError> {
        self.0.identity().await?;
        let list = |path| Call::get("listWebhooks", path, "reading the webhooks").outside();
        let first = if self.0.kind == Kind::Cloud { OLD } else { NEW };
        let (path, rows) = match self.0.read::<Vec<Value>>(&list(first)).await {
            Err(JiraError { failure: Failure::NotFound | Failure::NotJira(_), .. }) if self.0.kind != Kind::Cloud => {
                (OLD, self.0.read(&list(OLD)).await)
            }
            rows => (first, rows),
        };
        let rows = rows.map_err(|error| {
            let may_not = matches!(&error.failure, Failure::Refused(refusal) if matches!(refusal.status, 401 | 403));
            if may_not { HookError::NotAllowed } else { HookError::Jira(error) }
        })?;
        Ok((
            path,
            rows.iter().filter(|row| row.get("name").and_then(Value::as_str) == Some(name)).filter_map(hook).collect(),
        ))
    }

    async fn write(&self, call: &Call) -> Result<(), HookError> {
        match self.0.write(call).await {
            Written::Yes(_) => Ok(()),
            Written::No(NotDone::Refused(refusal)) if matches!(refusal.status, 401 | 403) => Err(HookError::NotAllowed),
            Written::No(NotDone::Refused(refusal)) => Err(HookError::No(format!("{}: {refusal}", call.attempt))),
            Written::No(NotDone::NotFound) => Err(HookError::No(format!("{}: it is not there", call.attempt))),
            Written::No(NotDone::NotSent(why, _) | NotDone::InDoubt(why)) => {
                Err(HookError::No(format!("{}: {why}", call.attempt)))
            }
        }
    }
}

fn hook(row: &Value) -> Option<RegisteredHook> {
    // Where no id is given, it is the end of the address.
    let address = || row.get("self")?.as_str()?.rsplit('/').next().map(str::to_owned);
    let id = row.get("id").cloned().and_then(|id| id_text(&id)).or_else(address)?;
    let flag = |name: &str| row.get(name).and_then(Value::as_bool);
    let events = row.get("events").and_then(Value::as_array).into_iter().flatten();
    Some(RegisteredHook {
        id,
        url: Secret::new(row.get("url")?.as_str()?.to_owned()),
        events: events.filter_map(|event| event.as_str().map(str::to_owned)).collect(),
        active: flag("enabled").or(flag("active")).unwrap_or(true),
        signed: flag("isSigned"),
        jql: row.pointer(&format!("/filters/{ISSUES}")).and_then(Value::as_str).map(str::to_owned),
    })
}
