//! The rows of docs/entities.md that are more than a value of one issue: sub-tasks and what becomes one, votes, resolutions, names
//! of epics, what is only read, and the versions and components of the projects. Each has items of its own. Must never judge.

#![allow(clippy::wildcard_enum_match_arm, reason = "the rows of one issue are none of these")]

use jirasyncd::simulator::{FieldSetup, FieldType, Refusal, Setup};
use serde_json::{Value, json};

use super::daemon_audit::token;
use super::daemon_support::World;
use super::entities_rows::{Place, Subject};
use super::everything_people::find;
use super::everything_world::{EPIC_NAME, SIDES, STATUSES};

/// What people of the service desks ask for, on each side, as they mean the same.
pub(crate) const REQUESTS: [[&str; 3]; 3] =
    [["Report a fault", "Fault", "Störung"], ["Ask", "Ask us", "Frage"], ["Order", "Order & pay", "Bestellung"]];
/// What the projects are called.
const PROJECTS: [&str; 3] = ["Support", "Engineering", "Betrieb"];
/// The resolutions of each side, as they mean the same.
pub(crate) const RESOLUTIONS: [[&str; 3]; 2] = [["Done", "Fixed", "Erledigt"], ["Won't Do", "Won't Fix", "Abgelehnt"]];

/// The fields of these rows on a side: the votes as a number, where the issue comes from, what was asked for, and what an epic is
/// called.
#[derive(Clone, Copy)]
pub(crate) enum Own {
    Popularity,
    Origin,
    Request,
    Short,
}

impl Own {
    pub(crate) fn id(self, column: usize) -> String {
        if matches!(self, Self::Short) && column == 1 {
            return EPIC_NAME.to_owned();
        }
        format!("customfield_{}", 21_100 + 10_000 * column + self as usize)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Popularity => "Popularity",
            Self::Origin => "Origin",
            Self::Request => "Request Type",
            Self::Short => "Short name",
        }
    }
}

/// Gives a side the fields of these rows.
pub(crate) fn enrich(setup: &mut Setup, column: usize) {
    let mut add = |own: Own, kind| setup.fields.push(FieldSetup::new(&own.id(column), own.name(), kind));
    add(Own::Popularity, FieldType::Number);
    add(Own::Origin, FieldType::Text);
    add(Own::Request, FieldType::RequestType);
    if column != 1 {
        add(Own::Short, FieldType::Text);
    }
    let project = &mut setup.projects[0];
    project.service_desk = true;
    let kind = SIDES[column].types[1];
    project.request_types = REQUESTS.map(|names| (names[column].to_owned(), kind.to_owned())).into();
    for edge in project.transitions.iter_mut().filter(|edge| edge.to == STATUSES[column][2]) {
        edge.screen.insert("resolution".to_owned(), false);
    }
    // Whatever is opened again has none.
    for edge in project.transitions.iter_mut().filter(|edge| edge.to != STATUSES[column][2]) {
        edge.sets.insert("resolution".to_owned(), Value::Null);
    }
    project.permissions.insert("ADMINISTER_PROJECTS".to_owned(), [jirasyncd::simulator::Holder::LoggedIn].into());
}

/// The rows of the configuration, where `from` is the side whose are read.
pub(crate) fn rows(from: usize) -> String {
    let read = |name: &str, kind: &str, there: &str, own: Own| {
        let cells = SIDES.iter().enumerate().map(|(column, side)| {
            let field = if column == from { there.to_owned() } else { own.id(column) };
            format!(", {} = \"{field}\"", side.jira)
        });
        format!("{name} = {{ kind = \"{kind}\", from = [\"{}\"]{} }}\n", SIDES[from].jira, cells.collect::<String>())
    };
    let pairs = |values: &[&str; 3]| {
        let cells = SIDES.iter().zip(values).map(|(side, value)| format!("{} = \"{value}\"", side.jira));
        format!("{{ {} }}", cells.collect::<Vec<_>>().join(", "))
    };
    let resolutions = RESOLUTIONS.iter().map(pairs).collect::<Vec<_>>().join(", ");
    let cells = |own: Own| -> String {
        let all = SIDES.iter().enumerate();
        all.map(|(column, side)| format!(", {} = \"{}\"", side.jira, own.id(column))).collect()
    };
    let (short, asked) = (cells(Own::Short), cells(Own::Request));
    let requests = REQUESTS.iter().map(pairs).collect::<Vec<_>>().join(", ");
    read("popularity", "number", "votes", Own::Popularity)
        + &read("origin", "line", "project", Own::Origin)
        + &format!("request = {{ kind = \"select\", values = [ {requests} ]{asked} }}\n")
        + &format!("resolution = {{ values = [ {resolutions} ] }}\nepic-name = {{ kind = \"line\"{short} }}\n")
}

/// What a sync says of the projects' own things.
pub(crate) const THINGS: &str = "versions = { every = \"1min\" }\ncomponents = { every = \"1min\" }\n";

const PART: &str = "Part";
const TALE: &str = "Tale";
const FRESH: &str = "Fresh";
const TURNED: [&str; 2] = ["Turned-0", "Turned-1"];
const SETTLED: [&str; 2] = ["Other-2", "Settled"];
/// Whose votes are counted: its reporter is nobody who votes.
const LIKED: &str = "Other-0";

/// Makes the items of these rows that are there before anything is done.
pub(crate) fn make(world: &World, column: usize) {
    let side = &SIDES[column];
    let who = world.person(side.jira, side.people[0]);
    for token in ["Item", "Other-0", "Other-1", "Other-2"].into_iter().chain(TURNED).chain([SETTLED[1]]) {
        who.create(side.project, side.types[1], json!({ "summary": token })).unwrap();
    }
}

fn above(world: &World, column: usize, key: Option<&String>) -> String {
    key.and_then(|key| world.jira(SIDES[column].jira).issue(key)).map(|issue| token(&issue)).unwrap_or_default()
}

/// The things of a project that these rows made, with what is said of each.
fn things(world: &World, column: usize, subject: Subject) -> Vec<Value> {
    let (jira, project) = (world.jira(SIDES[column].jira), SIDES[column].project);
    let all = if subject == Subject::Version { jira.versions(project) } else { jira.components(project) };
    all.into_iter().filter(|thing| thing["name"].as_str().unwrap().starts_with("Row")).collect()
}

/// What a side shows of a row, where `from` is the side whose are read.
pub(crate) fn shown(subject: Subject, world: &World, column: usize, from: usize) -> String {
    let jira = world.jira(SIDES[column].jira);
    let issue = |token: &str| find(world, SIDES[column].jira, token);
    let field =
        |token: &str, field: &str| issue(token).and_then(|issue| issue.fields.get(field).cloned()).unwrap_or_default();
    let listed = |all: &[&str], of: &dyn Fn(&str) -> String| {
        let said = all.iter().map(|token| (token, of(token))).filter(|(_, text)| !text.is_empty());
        said.map(|(token, text)| format!("{token}: {text}")).collect::<Vec<_>>().join(" | ")
    };
    match subject {
        Subject::SubTask => {
            above(world, column, issue(PART).and_then(|issue| issue.fields.get("parent").cloned()).as_ref())
        }
        Subject::Conversion => listed(&TURNED, &|token| {
            let is_below = field(token, "issuetype") == SIDES[column].types[3];
            if is_below { above(world, column, Some(&field(token, "parent"))) } else { String::new() }
        }),
        Subject::Votes => {
            let count = if column == from {
                issue(LIKED).map(|issue| jira.votes(&issue.key)).unwrap_or_default().to_string()
            } else {
                field(LIKED, &Own::Popularity.id(column))
            };
            if count == "0" { String::new() } else { count.trim_end_matches(".0").to_owned() }
        }
        Subject::Resolution => listed(&SETTLED, &|token| {
            let name = field(token, "resolution");
            let place = RESOLUTIONS.iter().position(|names| names[column] == name);
            place.map_or(name, |place| RESOLUTIONS[place][0].to_owned())
        }),
        Subject::EpicName => field(TALE, &Own::Short.id(column)),
        Subject::Request => {
            let name = field("Item", &Own::Request.id(column));
            let place = REQUESTS.iter().position(|names| names[column] == name);
            place.map_or(name, |place| REQUESTS[place][0].to_owned())
        }
        Subject::Project => listed(&["Item", FRESH], &|token| {
            let project = || issue(token).map(|_| jira.project_name(SIDES[column].project)).unwrap_or_default();
            if column == from { project() } else { field(token, &Own::Origin.id(column)) }
        }),
        Subject::Version | Subject::Component => {
            let text = |thing: Value| {
                let said = ["name", "description", "startDate", "releaseDate", "released", "archived"];
                said.map(|key| match &thing[key] {
                    Value::String(text) => text.clone(),
                    Value::Bool(true) => key.to_owned(),
                    Value::Null | Value::Bool(false) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        String::new()
                    }
                })
                .join(" ")
            };
            things(world, column, subject).into_iter().map(text).collect::<Vec<_>>().join(" | ")
        }
        _ => unreachable!("no row of these"),
    }
}

/// Closes an issue with a resolution, opening it first.
fn close(at: &Place<'_>, token: &str, place: usize) -> Result<(), Refusal> {
    let key = at.other(token);
    let [_, working, closed] = [0, 1, 2].map(|place| STATUSES[at.column][place]);
    open(at, token)?;
    if at.column == 1 {
        at.who.transition(&key, working)?;
    }
    at.who.transition_with(&key, closed, json!({ "resolution": { "name": RESOLUTIONS[place][at.column] } }))
}

fn open(at: &Place<'_>, token: &str) -> Result<(), Refusal> {
    let key = at.other(token);
    let is_closed = at.other_issue(token).fields["status"] == STATUSES[at.column][2];
    if is_closed { at.who.transition(&key, STATUSES[at.column][if at.column == 1 { 0 } else { 1 }]) } else { Ok(()) }
}

/// Gives a row its `number`-th value.
pub(crate) fn put(subject: Subject, at: &Place<'_>, number: usize) -> Result<(), Refusal> {
    let (world, who, column, side) = (at.world, &at.who, at.column, &SIDES[at.column]);
    let text = format!("Words {number} by{}z", side.jira);
    match subject {
        Subject::SubTask if number == 0 => {
            let parent = json!({ "key": at.other("Other-0") });
            who.create(side.project, side.types[3], json!({ "summary": PART, "parent": parent })).map(drop)
        }
        Subject::SubTask => under(at, &format!("Other-{}", number % 3)),
        Subject::Conversion if number == 0 => TURNED.iter().try_for_each(|token| turn(at, token, true)),
        Subject::Conversion => turn(at, TURNED[0], false),
        // The reporter of it is nobody of these.
        Subject::Votes => {
            let voter = world.person(side.jira, side.people[1 + number % 2]);
            let key = at.other(LIKED);
            if number > 3 { voter.unvote(&key) } else { voter.vote(&key) }
        }
        Subject::Resolution if number > 3 => close(at, SETTLED[1], 1),
        Subject::Resolution => close(at, SETTLED[0], number % 2),
        Subject::EpicName if number == 0 => {
            let epic = json!({ "summary": TALE, Own::Short.id(column): text });
            who.create(side.project, side.types[2], epic).map(drop)
        }
        Subject::EpicName => who.edit(&at.other(TALE), json!({ Own::Short.id(column): text })),
        Subject::Request => {
            let field = Own::Request.id(column);
            let place = [0, 1, 2, 0, 1][number];
            let kind = world.jira(side.jira).request_type(side.project, REQUESTS[place][column]);
            who.edit(&at.key, json!({ field: kind }))
        }
        // It has one from the beginning.
        Subject::Project if number == 0 => Ok(()),
        // An administrator calls it otherwise: Jira logs that in no issue.
        Subject::Project if number == 1 => {
            world.jira(side.jira).rename_project(side.project, &format!("{} now", PROJECTS[column]));
            Ok(())
        }
        Subject::Project => who.create(side.project, side.types[1], json!({ "summary": FRESH })).map(drop),
        Subject::Version | Subject::Component => {
            let known = things(world, column, subject);
            let name = known.first().map(|thing| thing["name"].as_str().unwrap().to_owned());
            let is_version = subject == Subject::Version;
            let said = if number == 1 { "" } else { &text };
            let more = match number {
                0 => json!({ "description": said, "releaseDate": "2026-12-24" }),
                1 => json!({ "name": "Row one", "description": said, "released": true, "startDate": "2026-12-01" }),
                2 | 3 => json!({ "description": said, "released": false }),
                _ => json!({ "description": said, "archived": true }),
            };
            match (name, is_version) {
                (None, true) => who.make_version(side.project, "Row", more),
                (None, false) => {
                    who.make_component(side.project, "Row")?;
                    who.change_component(side.project, "Row", json!({ "description": said }))
                }
                (Some(name), true) => who.change_version(side.project, &name, more),
                (Some(name), false) => {
                    let name_now = if number == 1 { "Row one" } else { &name };
                    who.change_component(side.project, &name, json!({ "name": name_now, "description": said }))
                }
            }
        }
        _ => unreachable!("no row of these"),
    }
}

/// Takes it away, all of it.
pub(crate) fn take(subject: Subject, at: &Place<'_>) -> Result<(), Refusal> {
    let (world, who, column, side) = (at.world, &at.who, at.column, &SIDES[at.column]);
    match subject {
        Subject::Conversion => {
            let below = |token: &&&str| at.other_issue(token).fields["issuetype"] == side.types[3];
            TURNED.iter().filter(below).try_for_each(|token| turn(at, token, false))
        }
        Subject::Votes => {
            let votes = side.people.iter().map(|name| world.person(side.jira, name).unvote(&at.other(LIKED)));
            // Who did not vote takes none back.
            votes.for_each(drop);
            Ok(())
        }
        Subject::Resolution => SETTLED.iter().try_for_each(|token| open(at, token)),
        Subject::EpicName => who.edit(&at.other(TALE), json!({ Own::Short.id(column): null })),
        Subject::Request => who.edit(&at.key, json!({ Own::Request.id(column): null })),
        Subject::Version | Subject::Component => things(world, column, subject).iter().try_for_each(|thing| {
            let (jira, name) = (world.jira(side.jira), thing["name"].as_str().unwrap());
            if subject == Subject::Version {
                jira.remove_version(who, side.project, name, None)
            } else {
                jira.remove_component(who, side.project, name, None)
            }
        }),
        _ => unreachable!("nothing takes that away"),
    }
}

/// What no REST call does, done in the browser as the daemon asks: like it is at the side `like`.
pub(crate) fn by_hand(subject: Subject, at: &Place<'_>, like: usize, from: usize) -> Result<(), Refusal> {
    match subject {
        Subject::SubTask => under(at, &shown(subject, at.world, like, from)),
        Subject::Conversion => TURNED.iter().try_for_each(|token| {
            let is_below = |column: usize| {
                let issue = find(at.world, SIDES[column].jira, token).unwrap();
                issue.fields["issuetype"] == SIDES[column].types[3]
            };
            if is_below(like) == is_below(at.column) { Ok(()) } else { turn(at, token, is_below(like)) }
        }),
        Subject::Resolution => SETTLED.iter().try_for_each(|token| {
            let name = |column: usize| {
                let issue = find(at.world, SIDES[column].jira, token).unwrap();
                let name = issue.fields.get("resolution").cloned().unwrap_or_default();
                RESOLUTIONS.iter().position(|names| names[column] == name)
            };
            let wanted = name(like);
            match wanted.filter(|_| wanted != name(at.column)) {
                Some(place) => close(at, token, place),
                None => Ok(()),
            }
        }),
        Subject::Version | Subject::Component => take(subject, at),
        _ => unreachable!("nobody does {subject:?} by hand"),
    }
}

/// Puts the sub-task below another issue: on Data Center that is a move in the browser.
fn under(at: &Place<'_>, parent: &str) -> Result<(), Refusal> {
    let (part, parent) = (at.other(PART), at.other(parent));
    if at.column == 1 {
        at.who.move_under(&part, &parent)
    } else {
        at.who.edit(&part, json!({ "parent": { "key": parent } }))
    }
}

fn turn(at: &Place<'_>, token: &str, below: bool) -> Result<(), Refusal> {
    let (side, key) = (&SIDES[at.column], at.other(token));
    if below {
        at.who.convert(&key, side.types[3], Some(&at.other("Other-1")))
    } else {
        at.who.convert(&key, side.types[1], None)
    }
}
