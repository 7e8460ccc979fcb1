//! Transitions: what is on offer, and taking one.

use serde_json::{Value, json};

use super::super::change;
use super::super::reply::{Answer, Reply};
use super::super::state::State;
use super::Call;

/// `GET issue/{}/transitions`
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    let with_fields = call.list("expand").iter().any(|part| part == "transitions.fields");
    let mut transitions = call.view(state).transitions(&project, &issue, with_fields);
    if let (Some(id), Some(list)) = (call.query("transitionId"), transitions.as_array_mut()) {
        list.retain(|transition| transition.get("id").and_then(Value::as_str) == Some(id));
    }
    Ok(Reply::ok(json!({ "expand": "transitions", "transitions": transitions })))
}

/// `POST issue/{}/transitions`: 204.
pub(crate) fn take(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    change::transition(state, call.by(), &issue, &call.body)?;
    Ok(Reply::empty(204))
}
