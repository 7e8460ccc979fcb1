//! Registering webhooks: `/rest/webhooks/1.0/webhook` of Cloud and of Data Center before 10, `/rest/jira-webhook/1.0/webhooks` of Data
//! Center from 10 on, and `/rest/api/3/webhook`, which is for apps alone. Must never show a secret.

use serde_json::{Value, json};

use super::super::hooks::Hook;
use super::super::permissions::holds_global;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::setup::Kind;
use super::super::state::State;
use super::Call;

/// `POST /rest/api/3/webhook`: a user's token is refused before the body is looked at [v3, jjs].
pub(crate) fn dynamic(_: &mut State, _: &Call) -> Answer {
    Err(Refusal::message(403, "Only Connect and OAuth 2.0 apps can use this operation."))
}

fn allowed(state: &State, call: &Call) -> Result<(), Refusal> {
    if holds_global(state, call.user.as_deref(), "ADMINISTER") {
        return Ok(());
    }
    Err(Refusal::message(
        403,
        "You are not authorized to perform this operation. Administrator privileges are required.",
    ))
}

fn show(state: &State, hook: &Hook) -> Value {
    let cloud = state.is_cloud();
    let path = if cloud { "webhooks/1.0/webhook" } else { "jira-webhook/1.0/webhooks" };
    let mut body = json!({
        "name": hook.name, "url": hook.url, "events": hook.events, "filters": hook.filters, "excludeBody": hook.exclude_body,
        "self": format!("{}/rest/{path}/{}", state.base, hook.id),
    });
    if cloud {
        body["enabled"] = json!(hook.enabled);
        body["isSigned"] = json!(hook.secret.is_some());
    } else {
        body["id"] = json!(hook.id);
        body["active"] = json!(hook.enabled);
    }
    body
}

/// All registered ones.
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    allowed(state, call)?;
    let all: Vec<Value> = state.hooks.registered.iter().map(|hook| show(state, hook)).collect();
    Ok(Reply::ok(json!(all)))
}

/// One more.
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    allowed(state, call)?;
    state.hooks.last_hook += 1;
    let blank = Hook {
        id: state.hooks.last_hook,
        name: String::new(),
        url: String::new(),
        events: Vec::new(),
        filters: Value::Null,
        exclude_body: false,
        enabled: true,
        secret: None,
    };
    let hook = with(state, blank, &call.body)?;
    let shown = show(state, &hook);
    state.hooks.registered.push(hook);
    Ok(Reply { status: 201, ..Reply::ok(shown) })
}

/// Other settings for one.
pub(crate) fn edit(state: &mut State, call: &Call) -> Answer {
    allowed(state, call)?;
    let at = position(state, call)?;
    let hook = with(state, state.hooks.registered.get(at).cloned().ok_or_else(missing)?, &call.body)?;
    let shown = show(state, &hook);
    if let Some(place) = state.hooks.registered.get_mut(at) {
        *place = hook;
    }
    Ok(Reply::ok(shown))
}

/// One less.
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    allowed(state, call)?;
    let at = position(state, call)?;
    state.hooks.registered.remove(at);
    Ok(Reply::empty(204))
}

fn missing() -> Refusal {
    Refusal::message(404, "Webhook not found.")
}

fn position(state: &State, call: &Call) -> Result<usize, Refusal> {
    let id: u64 = call.parameter(0).parse().map_err(|_| missing())?;
    state.hooks.registered.iter().position(|hook| hook.id == id).ok_or_else(missing)
}

fn with(state: &State, mut hook: Hook, body: &Value) -> Result<Hook, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(name) = text("name") {
        hook.name = name;
    }
    if let Some(url) = text("url") {
        hook.url = url;
    }
    if body.get("events").is_some() {
        hook.events = super::strings(body.get("events"));
    }
    if let Some(filters) = body.get("filters") {
        hook.filters = filters.clone();
    }
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    hook.exclude_body = flag("excludeBody").unwrap_or(hook.exclude_body);
    hook.enabled = flag("enabled").or(flag("active")).unwrap_or(hook.enabled);
    if state.kind == Kind::Cloud && text("secret").is_some() {
        hook.secret = text("secret");
    }
    let url = url::Url::parse(&hook.url).map_err(|_| Refusal::message(400, "The URL is not valid."))?;
    // Cloud sends over TLS alone [wh]. On the loopback, where it would never come, a rehearsal may do without.
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    if state.kind == Kind::Cloud && url.scheme() != "https" && !loopback {
        return Err(Refusal::message(400, "The URL must use HTTPS."));
    }
    if hook.name.is_empty() || hook.events.is_empty() {
        return Err(Refusal::message(400, "A name and at least one event are required."));
    }
    Ok(hook)
}
