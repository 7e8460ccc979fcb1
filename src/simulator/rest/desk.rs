//! Service desks and their request types, of Jira Service Management; and what Data Center suggests for a field in JQL, which alone
//! tells the keys that it takes. A project is a service desk where its setup says so.

use serde_json::{Value, json};

use super::super::permissions::holds;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::requests::{desk_of, row};
use super::super::setup::FieldType;
use super::super::state::{FieldKind, Project, State};
use super::Call;

/// Rows on one page (its documentation: the default, and no more).
const PAGE: u64 = 50;
/// Suggestions for one field at most (memory).
const SUGGESTIONS: usize = 15;

fn page(state: &State, call: &Call, rows: &[Value]) -> Answer {
    let number = |text: u64| usize::try_from(text).unwrap_or(usize::MAX);
    let start = number(call.number("start")?.unwrap_or(0));
    let most = number(call.number("limit")?.unwrap_or(PAGE).min(PAGE).min(call.page_cap));
    let shown: Vec<&Value> = rows.iter().skip(start).take(most).collect();
    Ok(Reply::ok(json!({
        "_expands": [], "size": shown.len(), "start": start, "limit": most, "isLastPage": start + shown.len() >= rows.len(),
        "_links": { "base": format!("{}/rest/servicedeskapi", state.base), "context": "" },
        "values": shown,
    })))
}

fn desks<'a>(state: &'a State, call: &'a Call) -> impl Iterator<Item = &'a Project> {
    let seen = |project: &&Project| holds(state, project, None, call.user.as_deref(), "BROWSE_PROJECTS");
    state.projects.values().filter(|project| project.service_desk).filter(seen)
}

/// `GET servicedesk`: those that the user may see.
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let rows: Vec<Value> = desks(state, call)
        .map(|project| {
            let id = desk_of(project);
            let link = format!("{}/rest/servicedeskapi/servicedesk/{id}", state.base);
            json!({
                "id": id, "projectId": project.id, "projectName": project.name, "projectKey": project.key,
                "_links": { "self": link },
            })
        })
        .collect();
    page(state, call, &rows)
}

/// `GET servicedesk/{}/requesttype`.
pub(crate) fn request_types(state: &mut State, call: &Call) -> Answer {
    let found = desks(state, call).find(|project| desk_of(project) == call.parameter(0));
    let project = found.ok_or_else(|| {
        let body = json!({ "errorMessage": "The service desk you requested doesn't exist.", "i18nErrorMessage": {} });
        Refusal::raw(404, body)
    })?;
    let rows: Vec<Value> = project.request_types.iter().map(|kind| row(state, project, kind)).collect();
    page(state, call, &rows)
}

/// `GET jql/autocompletedata/suggestions`, of request types: "the Lucene value is `portal-key/request-type-key`", selected "from the
/// auto-complete suggestion list" (documentation of JQL's fields). Of other fields this Jira suggests nothing.
pub(crate) fn suggestions(state: &mut State, call: &Call) -> Answer {
    let asked = call.query("fieldName").unwrap_or_default();
    let is_it = |name: &str, id: &str| name.eq_ignore_ascii_case(asked.trim_matches('"')) || asked == id;
    let known = state.fields.values().any(|field| {
        let number = field.id.strip_prefix("customfield_").unwrap_or(&field.id);
        field.kind == FieldKind::Plain(FieldType::RequestType) && is_it(&field.name, &format!("cf[{number}]"))
    });
    let text = call.query("fieldValue").unwrap_or_default().to_lowercase();
    let mut rows = Vec::new();
    for project in desks(state, call).filter(|_| known) {
        for kind in project.request_types.iter().filter(|kind| kind.name.to_lowercase().starts_with(&text)) {
            let (begin, rest) = kind.name.split_at_checked(text.len()).unwrap_or(("", &kind.name));
            let name =
                if begin.is_empty() { escaped(rest) } else { format!("<b>{}</b>{}", escaped(begin), escaped(rest)) };
            rows.push(json!({
                "value": format!("\"{}/{}\"", project.portal, kind.key),
                "displayName": format!("{name} ({})", escaped(&project.name)),
            }));
        }
    }
    rows.truncate(SUGGESTIONS);
    Ok(Reply::ok(json!({ "results": rows })))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
