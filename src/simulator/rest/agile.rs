//! Boards and their sprints, of Jira Software. Each project has one scrum board, with the project's id, where it has sprints.

use serde_json::{Value, json};

use super::super::permissions::holds;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::sprints::listed;
use super::super::state::{Project, Sprint, State};
use super::Call;

fn page(call: &Call, rows: &[Value]) -> Answer {
    let (start, most) = call.page(50, 50)?;
    let shown: Vec<&Value> = rows.iter().skip(start).take(most).collect();
    let is_last = start + shown.len() >= rows.len();
    Ok(Reply::ok(json!({ "startAt": start, "maxResults": most, "isLast": is_last, "values": shown })))
}

fn has_board(state: &State, project: &Project) -> bool {
    state.sprints.iter().any(|sprint| sprint.project == project.key)
}

/// `GET board`, by `projectKeyOrId`.
pub(crate) fn boards(state: &mut State, call: &Call) -> Answer {
    let wanted = call.query("projectKeyOrId");
    let seen = state.projects.values().filter(|project| {
        holds(state, project, None, call.user.as_deref(), "BROWSE_PROJECTS")
            && wanted.is_none_or(|wanted| project.key == wanted || project.id == wanted)
            && has_board(state, project)
            && call.query("type").is_none_or(|kind| kind == "scrum")
    });
    let rows: Vec<Value> = seen
        .map(|project| {
            json!({
                "id": project.id.parse::<u64>().unwrap_or_default(), "name": format!("{} board", project.key), "type": "scrum",
                "self": format!("{}/rest/agile/1.0/board/{}", state.base, project.id),
            })
        })
        .collect();
    page(call, &rows)
}

/// `GET board/{}/sprint`, by `state`.
pub(crate) fn sprints(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    if !has_board(state, &project) {
        return Err(Refusal::message(400, "The board does not support sprints"));
    }
    let states = call.list("state");
    let wanted = |sprint: &&Sprint| {
        sprint.project == project.key && (states.is_empty() || states.iter().any(|state| state == sprint.state.word()))
    };
    let rows: Vec<Value> = state.sprints.iter().filter(wanted).map(|sprint| listed(state, sprint)).collect();
    page(call, &rows)
}
