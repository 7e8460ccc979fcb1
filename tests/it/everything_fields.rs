//! What people do to an issue's fields, files and logged work. Must never touch what the daemon wrote.

use jirasyncd::simulator::Refusal;
use serde_json::{Value, json};

use super::daemon_audit::token;
use super::entities_beside::{Own, REQUESTS, RESOLUTIONS};
use super::everything_acts::{Field, Thing};
use super::everything_people::Scene;
use super::everything_values::{custom, date, element, step};
use super::everything_world::{COMPONENTS, Custom, PRIORITIES, SIDES, STATUSES, VERSIONS};

/// Does it to a field, and says who may read it; none where there was nothing to do.
pub(crate) fn field_act(scene: &Scene<'_>, field: Field) -> Result<Option<[bool; 3]>, Refusal> {
    let (who, key, pick, column) = (scene.who, scene.key(), scene.act.pick, scene.act.column);
    let canary = scene.act.canary();
    let verb = if pick.is_multiple_of(3) { "remove" } else { "add" };
    match field {
        Field::Level => return Ok(None),
        Field::Summary => who.edit(key, json!({ "summary": format!("{} {canary}", token(scene.issue)) }))?,
        Field::Text => {
            let field = ["description", "environment"][pick % 2];
            // What two sides write alike is of whom wrote it first, so each has a second paragraph of its own.
            let text = format!("First {canary}\n\nSecond of {}", SIDES[column].jira);
            let text = if pick.is_multiple_of(5) { Value::Null } else { who.text(&text) };
            who.edit(key, json!({ field: text }))?;
        }
        Field::Due => who.edit(key, json!({ "duedate": date(pick) }))?,
        Field::Priority => who.edit(key, json!({ "priority": { "name": PRIORITIES[pick % 3][column] } }))?,
        Field::Label => who.update(key, json!({ "labels": [{ "add": canary }] }))?,
        Field::Component => who.update(key, step("components", verb, &json!({ "name": COMPONENTS[pick % 3] })))?,
        Field::Version => {
            let field = ["fixVersions", "versions"][pick % 2];
            who.update(key, step(field, verb, &json!({ "name": VERSIONS[pick / 2 % 3] })))?;
        }
        Field::Estimate => {
            who.edit(key, json!({ "timetracking": { "originalEstimate": format!("{}m", pick % 4 * 30) } }))?;
        }
        // A copy has none before home's, and none is as much as no time.
        Field::Remaining => {
            who.edit(key, json!({ "timetracking": { "remainingEstimate": format!("{}m", pick % 4 * 30) } }))?;
        }
        Field::Report => {
            who.edit(key, json!({ "reporter": element(Custom::Owner, column, pick, &canary) }))?;
        }
        // Only who closes an issue says how.
        Field::Resolve => {
            let resolution = json!({ "resolution": { "name": RESOLUTIONS[pick % 2][column] } });
            if who.transition_with(key, STATUSES[column][2], resolution).is_err() {
                return Ok(None);
            }
        }
        Field::Short => {
            if scene.issue.fields["issuetype"] != scene.side.types[2] {
                return Ok(None);
            }
            who.edit(key, json!({ Own::Short.id(column): format!("Short {canary}") }))?;
        }
        // Each is asked for as one type of issue alone.
        Field::Request => {
            let side = scene.side;
            if scene.issue.fields["issuetype"] != side.types[1] || scene.issue.project != side.project {
                return Ok(None);
            }
            let request = scene.world.jira(side.jira).request_type(side.project, REQUESTS[pick % 3][column]);
            let request = if pick.is_multiple_of(5) { Value::Null } else { json!(request) };
            who.edit(key, json!({ Own::Request.id(column): request }))?;
        }
        Field::Assign => who.assign(key, (pick % 4).checked_sub(1).map(|place| scene.side.people[place]))?,
        Field::Transition => {
            // Not every way exists: then nobody goes it.
            if who.transition(key, STATUSES[column][pick % 3]).is_err() {
                return Ok(None);
            }
        }
        Field::Custom => custom(scene.act, who, key)?,
        Field::Secret => {
            who.edit(key, json!({ Custom::Secret.id(column): format!("Secret {canary}") }))?;
            return Ok(Some([false; 3]));
        }
    }
    Ok(Some([true; 3]))
}

/// Does it to a file or to logged work, and says who may read it; none where there was nothing to do.
pub(crate) fn thing_act(scene: &Scene<'_>, thing: Thing) -> Result<Option<[bool; 3]>, Refusal> {
    let (who, key, pick, body) = (scene.who, scene.key(), scene.act.pick, scene.body());
    let seconds = 60 * (1 + pick as u64 % 300);
    match thing {
        // Every second one has the same name but for the canary.
        Thing::Attach => {
            who.attach(key, &format!("f{}-{}.txt", pick % 2, scene.act.canary()), body.as_bytes())?;
        }
        Thing::Detach => {
            let own = scene.issue.attachments.iter().find(|file| file.author.as_deref() == Some(who.id()));
            let Some(own) = own else { return Ok(None) };
            who.detach(&own.id.to_string())?;
        }
        Thing::DetachCopy => return Ok(None),
        Thing::Log => drop(who.log_work(key, AT, seconds, &body)?),
        Thing::RestrictedLog => {
            if scene.act.who != scene.side.role.1 {
                return Ok(None);
            }
            let visibility = json!({ "type": "role", "value": scene.side.role.0 });
            let work = json!({ "started": AT, "timeSpentSeconds": seconds, "comment": who.text(&body),
                "visibility": visibility });
            who.add_worklog(key, work)?;
            return Ok(Some([false; 3]));
        }
        Thing::EditLog => {
            let Some(own) = scene.own_log().filter(|work| work.visibility.is_none()) else { return Ok(None) };
            let work = json!({ "timeSpentSeconds": seconds, "comment": who.text(&body) });
            who.edit_worklog(key, &own.id.to_string(), work)?;
        }
        Thing::DeleteLog => {
            let Some(own) = scene.own_log() else { return Ok(None) };
            who.delete_worklog(key, &own.id.to_string())?;
        }
    }
    Ok(Some([true; 3]))
}

const AT: &str = "2026-03-10T08:30:00.250+0100";
