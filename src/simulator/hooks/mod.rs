//! Webhooks of a simulated Jira: who registered what, what happened that they are to be told, and what is on its way. Deliveries are
//! handed out, not sent: who has a network sends them. Must never be told apart by who reads it.

mod deliver;
mod events;
mod post;

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use events::{tell, tell_of_project, tell_of_sprint, tell_of_version};
pub(super) use post::post_all;

use super::jira::Jira;

/// A registered webhook.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) filters: Value,
    pub(crate) exclude_body: bool,
    pub(crate) enabled: bool,
    /// Write-once as the caller sees it: shown only as being there. Cloud only.
    pub(crate) secret: Option<String>,
}

/// Something that happened, for one webhook.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    number: u64,
    hook: u64,
    /// What happened, as the body names it.
    event: &'static str,
    body: Bytes,
    due: Timestamp,
    /// How often it was sent again.
    retries: u32,
    /// Fallout of something else: it may be later.
    secondary: bool,
    /// The switches were thrown for it.
    decided: bool,
}

/// How badly webhooks are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HookWeather {
    /// This share is lost.
    pub lose: f64,
    /// This share comes twice.
    pub double: f64,
    /// Each is late by up to this, and so they overtake each other.
    pub delay: Duration,
}

/// A webhook on its way.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names it among the deliveries.
    pub number: u64,
    /// What is sent.
    pub request: http::Request<Bytes>,
}

/// All about webhooks.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) registered: Vec<Hook>,
    pub(crate) outgoing: Vec<Outgoing>,
    /// What was handed out and is not answered yet.
    under_way: Vec<Outgoing>,
    pub(crate) last_hook: u64,
    last_number: u64,
    weather: HookWeather,
    /// Data Center of old: no `issue_event_type_name`.
    pub(crate) old_shapes: bool,
}

impl Jira {
    /// Registers a webhook for all events as an administrator does in the browser; gives its id.
    pub fn register_webhook(&self, url: &str, secret: Option<&str>) -> u64 {
        let mut inside = self.lock();
        let hooks = &mut inside.state.hooks;
        hooks.last_hook += 1;
        let id = hooks.last_hook;
        hooks.registered.push(Hook {
            id,
            name: "registered by hand".to_owned(),
            url: url.to_owned(),
            events: vec!["*".to_owned()],
            filters: Value::Null,
            exclude_body: false,
            enabled: true,
            secret: secret.map(str::to_owned),
        });
        id
    }

    /// Registers each webhook once more, as two who register at once do.
    pub fn repeat_webhooks(&self) {
        let mut inside = self.lock();
        let hooks = &mut inside.state.hooks;
        for mut hook in hooks.registered.clone() {
            hooks.last_hook += 1;
            hook.id = hooks.last_hook;
            hooks.registered.push(hook);
        }
    }

    /// Has all webhooks tell of other issues, as an administrator does in the browser.
    pub fn set_webhook_jql(&self, jql: &str) {
        for hook in &mut self.lock().state.hooks.registered {
            hook.filters = serde_json::json!({ "issue-related-events-section": jql });
        }
    }

    /// How badly webhooks are delivered from now on.
    pub fn set_hook_weather(&self, weather: HookWeather) {
        self.lock().state.hooks.weather = weather;
    }

    /// Data Center: bodies are shaped as old versions did.
    pub fn set_old_hook_shapes(&self, old: bool) {
        self.lock().state.hooks.old_shapes = old;
    }
}
