//! What an instance says about itself: server, projects, fields, types, statuses, priorities, permissions, createmeta.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::fields as catalogue;
use super::super::permissions::{self, GLOBAL, PROJECT, holds, holds_global};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::setup::{Category, Holder};
use super::super::state::{Project, State, ThingKind};
use super::Call;

/// `GET configuration`: what is switched on, for who is logged in (v3, dc).
pub(crate) fn configuration(state: &mut State, _: &Call) -> Answer {
    let mut body = json!({
        "votingEnabled": true, "watchingEnabled": state.quirks.watching, "unassignedIssuesAllowed": true, "subTasksEnabled": true,
        "issueLinkingEnabled": true, "timeTrackingEnabled": state.quirks.time_tracking,
        "attachmentsEnabled": state.quirks.attachments,
    });
    if state.quirks.time_tracking {
        let hours = f64::from(u32::try_from(state.quirks.hours_per_day).unwrap_or(u32::MAX));
        body["timeTrackingConfiguration"] = json!({ "workingHoursPerDay": hours, "workingDaysPerWeek": 5.0, "timeFormat": "pretty", "defaultUnit": "minute" });
    }
    Ok(Reply::ok(body))
}

/// `GET serverInfo`: for everybody.
pub(crate) fn server_info(state: &mut State, call: &Call) -> Answer {
    let mut body = json!({
        "baseUrl": state.base,
        "buildDate": "2026-01-15T00:00:00.000+0000",
        "serverTime": call.view(state).stamp(state.now),
        "serverTitle": "Simulated Jira",
        "scmInfo": "0000000000000000000000000000000000000000",
    });
    if state.is_cloud() {
        body["version"] = json!("1001.0.0-SNAPSHOT");
        body["versionNumbers"] = json!([1001, 0, 0]);
        body["deploymentType"] = json!("Cloud");
        body["buildNumber"] = json!(100_283);
        body["displayUrl"] = json!(state.base);
        body["serverTimeZone"] = json!(state.quirks.site_time_zone);
        body["defaultLocale"] = json!({ "locale": "en_US" });
    } else {
        body["version"] = json!("10.3.24");
        body["versionNumbers"] = json!([10, 3, 24]);
        body["deploymentType"] = json!("Server");
        body["buildNumber"] = json!(10_030_024);
    }
    if let Some(version) = &state.quirks.version {
        body["version"] = json!(version);
        body["versionNumbers"] = version.split('.').filter_map(|part| part.parse::<u64>().ok()).collect();
    }
    Ok(Reply::ok(body))
}

fn visible<'a>(state: &'a State, call: &'a Call) -> impl Iterator<Item = &'a Project> {
    state.projects.values().filter(|project| holds(state, project, None, call.user.as_deref(), "BROWSE_PROJECTS"))
}

/// `GET project`
pub(crate) fn projects(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    Ok(Reply::ok(visible(state, call).map(|project| view.project(project)).collect()))
}

/// `GET project/search` (Cloud): a page.
pub(crate) fn project_search(state: &mut State, call: &Call) -> Answer {
    let (start, most) = call.page(50, 100)?;
    let (keys, ids) = (call.list("keys"), call.list("id"));
    let text = call.query("query").map(str::to_lowercase);
    let mut found: Vec<&Project> = visible(state, call).collect();
    found.retain(|project| {
        (keys.is_empty() || keys.iter().any(|key| key.eq_ignore_ascii_case(&project.key)))
            && (ids.is_empty() || ids.contains(&project.id))
            && text.as_ref().is_none_or(|text| {
                project.key.to_lowercase().contains(text) || project.name.to_lowercase().contains(text)
            })
    });
    let view = call.view(state);
    let values: Vec<Value> = found.iter().skip(start).take(most).map(|project| view.project(project)).collect();
    let end = start + values.len();
    let link = |at: usize| view.link(&format!("project/search?maxResults={most}&startAt={at}"));
    let mut body = json!({
        "self": link(start), "maxResults": most, "startAt": start, "total": found.len(), "isLast": end >= found.len(),
        "values": values,
    });
    if end < found.len() {
        body["nextPage"] = json!(link(end));
    }
    Ok(Reply::ok(body))
}

/// `GET project/{}`
pub(crate) fn project(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let view = call.view(state);
    let mut body = view.project(&project);
    let types = state.types.iter().filter(|kind| project.types.contains(&kind.id));
    body["issueTypes"] = types.map(|kind| view.issue_type(kind)).collect();
    body["description"] = json!("");
    let things = |kind| -> Value { state.things_of(&project.key, kind).map(|thing| view.thing(thing)).collect() };
    body["components"] = things(ThingKind::Component);
    body["versions"] = things(ThingKind::Version);
    let roles = project.roles.keys().filter_map(|role| {
        let id = state.roles.get(role)?;
        Some((role.clone(), json!(view.link(&format!("project/{}/role/{id}", project.id)))))
    });
    body["roles"] = roles.collect::<Map<_, _>>().into();
    Ok(Reply::ok(body))
}

/// `GET project/{}/statuses`: per issue type.
pub(crate) fn project_statuses(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let view = call.view(state);
    let statuses: Vec<Value> =
        project.statuses.iter().filter_map(|id| state.status(id)).map(|status| view.status(status)).collect();
    let rows = state.types.iter().filter(|kind| project.types.contains(&kind.id)).map(|kind| {
        json!({
            "self": view.link(&format!("issuetype/{}", kind.id)), "id": kind.id, "name": kind.name,
            "subtask": kind.subtask, "statuses": statuses,
        })
    });
    Ok(Reply::ok(rows.collect()))
}

/// `GET field`
pub(crate) fn fields(state: &mut State, _call: &Call) -> Answer {
    // Data Center's list has no `parent`.
    let listed = state.fields.values().filter(|field| state.is_cloud() || field.id != "parent");
    Ok(Reply::ok(listed.map(|field| catalogue::describe(state, field)).collect()))
}

/// `GET issuetype`
pub(crate) fn issue_types(state: &mut State, call: &Call) -> Answer {
    let seen: BTreeSet<&String> = visible(state, call).flat_map(|project| &project.types).collect();
    let view = call.view(state);
    Ok(Reply::ok(state.types.iter().filter(|kind| seen.contains(&kind.id)).map(|kind| view.issue_type(kind)).collect()))
}

/// `GET status`
pub(crate) fn statuses(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    Ok(Reply::ok(state.statuses.iter().map(|status| view.status(status)).collect()))
}

/// `GET status/{}`: by id or name.
pub(crate) fn status(state: &mut State, call: &Call) -> Answer {
    let wanted = call.parameter(0);
    let found = state.statuses.iter().find(|status| status.id == wanted || status.name.eq_ignore_ascii_case(wanted));
    let found = found.ok_or_else(|| Refusal::message(404, "The status was not found."))?;
    Ok(Reply::ok(call.view(state).status(found)))
}

/// `GET statuscategory`
pub(crate) fn status_categories(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    let rows = [Category::ToDo, Category::InProgress, Category::Done].map(|category| {
        let status = super::super::state::Status { id: String::new(), name: String::new(), category, editable: true };
        view.status(&status).get("statusCategory").cloned().unwrap_or(Value::Null)
    });
    Ok(Reply::ok(rows.into_iter().collect()))
}

/// `GET priority`
pub(crate) fn priorities(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    Ok(Reply::ok(state.priorities.iter().map(|priority| view.priority(priority)).collect()))
}

/// `GET resolution`
pub(crate) fn resolutions(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    Ok(Reply::ok(state.resolutions.iter().map(|resolution| view.resolution(resolution)).collect()))
}

fn creatable(state: &State, call: &Call) -> Result<Project, Refusal> {
    let project = call.project(state, call.parameter(0))?;
    if holds(state, &project, None, call.user.as_deref(), "CREATE_ISSUES") {
        return Ok(project);
    }
    Err(Refusal::message(400, "You do not have permission to create issues in this project."))
}

fn create_page(state: &State, call: &Call, rows: &[Value], name: &str) -> Answer {
    let most = call.number("maxResults")?.unwrap_or(50);
    if state.is_cloud() && most > 200 {
        return Err(Refusal::message(400, "Parameter 'maxResults' must not exceed the limit '200'"));
    }
    let (start, most) = call.page(50, 200)?;
    let page: Vec<&Value> = rows.iter().skip(start).take(most).collect();
    let mut body = json!({ "startAt": start, "maxResults": most, "total": rows.len() });
    if state.is_cloud() {
        body[name] = json!(page);
    } else {
        body["isLast"] = json!(start + page.len() >= rows.len());
        body["values"] = json!(page);
    }
    Ok(Reply::ok(body))
}

/// `GET issue/createmeta/{}/issuetypes`: `issueTypes` on Cloud, `values` on Data Center.
pub(crate) fn create_types(state: &mut State, call: &Call) -> Answer {
    let project = creatable(state, call)?;
    let view = call.view(state);
    let own = state.types.iter().filter(|kind| project.types.contains(&kind.id));
    let rows: Vec<Value> = own.map(|kind| view.issue_type(kind)).collect();
    create_page(state, call, &rows, "issueTypes")
}

/// `GET issue/createmeta/{}/issuetypes/{}`: `fields` on Cloud, `values` on Data Center.
pub(crate) fn create_fields(state: &mut State, call: &Call) -> Answer {
    let project = creatable(state, call)?;
    if !project.types.iter().any(|id| id == call.parameter(1)) {
        return Err(Refusal::message(400, "The issue type selected is invalid."));
    }
    let rows: Vec<Value> = call
        .view(state)
        .screen(&project, None, &json!(call.parameter(1)))
        .into_iter()
        .map(|(id, mut meta)| {
            meta["fieldId"] = json!(id);
            meta
        })
        .collect();
    create_page(state, call, &rows, "fields")
}

/// `GET mypermissions`: Cloud wants `permissions=` and refuses unknown keys; Data Center gives all [v3, dc].
pub(crate) fn my_permissions(state: &mut State, call: &Call) -> Answer {
    let user = call.user.as_deref();
    let issue = match call.query("issueKey").or_else(|| call.query("issueId")) {
        None => None,
        Some(reference) => {
            let found = state.issue(reference).filter(|issue| permissions::sees(state, issue, user));
            Some(found.cloned().ok_or_else(|| {
                Refusal::message(404, "Issue does not exist or you do not have permission to see it.")
            })?)
        }
    };
    let project = match (&issue, call.query("projectKey").or_else(|| call.query("projectId"))) {
        (Some(issue), _) => state.projects.get(&issue.project).cloned(),
        (None, Some(reference)) => Some(call.project(state, reference)?),
        (None, None) => None,
    };
    let asked = call.list("permissions");
    if state.is_cloud() {
        if asked.is_empty() {
            return Err(Refusal::message(400, "The 'permissions' query parameter is required."));
        }
        if let Some(unknown) =
            asked.iter().find(|key| !PROJECT.contains(&key.as_str()) && !GLOBAL.contains(&key.as_str()))
        {
            return Err(Refusal::message(400, format!("Unrecognized permission: {unknown}")));
        }
    }
    let mut rows = Map::new();
    for (index, key) in PROJECT.iter().chain(GLOBAL).enumerate() {
        if state.is_cloud() && !asked.iter().any(|asked| asked == key) {
            continue;
        }
        let is_global = GLOBAL.contains(key);
        let have = if is_global {
            holds_global(state, user, key)
        } else if let Some(project) = &project {
            holds(state, project, issue.as_deref(), user, key)
        } else {
            state.projects.values().any(|project| holds(state, project, None, user, key))
        };
        rows.insert(
            (*key).to_owned(),
            json!({
                "id": index.to_string(), "key": key, "name": key.replace('_', " "), "description": "",
                "type": if is_global { "GLOBAL" } else { "PROJECT" }, "havePermission": have,
            }),
        );
    }
    Ok(Reply::ok(json!({ "permissions": rows })))
}

/// The permission scheme of a project; its id is the project's.
fn scheme_of(state: &State, call: &Call, project: &Project, with_grants: bool) -> Value {
    let view = call.view(state);
    let id: u64 = project.id.parse().unwrap_or(0);
    let link = view.link(&format!("permissionscheme/{id}"));
    let mut body = json!({
        "expand": "permissions,user,group,projectRole,field,all", "id": id, "self": link,
        "name": format!("{} permission scheme", project.key), "description": "",
    });
    if with_grants {
        let mut grants = Vec::new();
        for (key, holders) in &project.permissions {
            for holder in holders {
                let number = id * 1_000 + grants.len() as u64;
                grants.push(json!({
                    "id": number, "self": format!("{link}/permission/{number}"), "permission": key,
                    "holder": holder_of(state, holder),
                }));
            }
        }
        body["permissions"] = Value::Array(grants);
    }
    body
}

fn holder_of(state: &State, holder: &Holder) -> Value {
    match holder {
        Holder::Anyone => json!({ "type": "anyone" }),
        Holder::LoggedIn => json!({ "type": "applicationRole" }),
        Holder::User(id) => json!({ "type": "user", "parameter": id }),
        Holder::Role(role) => {
            json!({ "type": "projectRole", "parameter": state.roles.get(role).map(u64::to_string).unwrap_or_default() })
        }
        Holder::Reporter => json!({ "type": "reporter" }),
        Holder::Assignee => json!({ "type": "assignee" }),
    }
}

fn wants_grants(call: &Call) -> bool {
    call.list("expand").iter().any(|part| part == "permissions" || part == "all")
}

/// `GET permissionscheme`
pub(crate) fn schemes(state: &mut State, call: &Call) -> Answer {
    let rows: Vec<Value> =
        visible(state, call).map(|project| scheme_of(state, call, project, wants_grants(call))).collect();
    Ok(Reply::ok(json!({ "permissionSchemes": rows })))
}

/// `GET permissionscheme/{}`
pub(crate) fn scheme(state: &mut State, call: &Call) -> Answer {
    let found = visible(state, call).find(|project| project.id == call.parameter(0));
    let found = found.ok_or_else(|| Refusal::message(404, "The permission scheme was not found."))?;
    Ok(Reply::ok(scheme_of(state, call, found, wants_grants(call))))
}

/// `GET project/{}/permissionscheme`: needs project administration [v3, dc].
pub(crate) fn project_scheme(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let user = call.user.as_deref();
    if !holds(state, &project, None, user, "ADMINISTER_PROJECTS") && !holds_global(state, user, "ADMINISTER") {
        return Err(Refusal::message(403, "You cannot view this project's permission scheme."));
    }
    Ok(Reply::ok(scheme_of(state, call, &project, wants_grants(call))))
}

/// `GET project/{}/role`
pub(crate) fn project_roles(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let view = call.view(state);
    let rows = project.roles.keys().filter_map(|role| {
        let id = state.roles.get(role)?;
        Some((role.clone(), json!(view.link(&format!("project/{}/role/{id}", project.id)))))
    });
    Ok(Reply::ok(Value::Object(rows.collect())))
}

/// `GET project/{}/role/{}`
pub(crate) fn project_role(state: &mut State, call: &Call) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let user = call.user.as_deref();
    if !holds(state, &project, None, user, "ADMINISTER_PROJECTS") && !holds_global(state, user, "ADMINISTER") {
        // Both documents: as if there were none.
        return Err(Refusal::message(404, "The project role was not found."));
    }
    let found = project
        .roles
        .iter()
        .find(|(role, _)| state.roles.get(*role).is_some_and(|id| id.to_string() == call.parameter(1)));
    let (role, members) = found.ok_or_else(|| Refusal::message(404, "The project role was not found."))?;
    let id = state.roles.get(role).copied().unwrap_or(0);
    let actors = members.iter().enumerate().filter_map(|(index, member)| {
        let user = state.users.get(member)?;
        let mut actor = json!({ "id": id * 1_000 + index as u64, "displayName": user.display_name, "type": "atlassian-user-role-actor" });
        if state.is_cloud() {
            actor["actorUser"] = json!({ "accountId": user.id });
        } else {
            actor["name"] = json!(user.name);
        }
        Some(actor)
    });
    let groups = project.role_groups.get(role).into_iter().flatten().enumerate().map(|(index, group)| {
        let mut actor = json!({
            "id": id * 1_000 + 500 + index as u64, "displayName": group, "type": "atlassian-group-role-actor",
        });
        if state.is_cloud() {
            let shown = call.view(state).group(group);
            actor["actorGroup"] = json!({ "displayName": group, "name": group, "groupId": shown["groupId"] });
        } else {
            actor["name"] = json!(group);
        }
        actor
    });
    let actors = actors.chain(groups);
    Ok(Reply::ok(json!({
        "self": call.view(state).link(&format!("project/{}/role/{id}", project.id)), "id": id, "name": role, "description": "",
        "actors": actors.collect::<Vec<_>>(),
    })))
}
