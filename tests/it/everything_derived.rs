//! What the random worlds carry beyond the fields that each side has alike: the reporter, resolutions, names of epics, what was asked for;
//! and what only one side decides: votes as a number, the project as a word, what is composed, and the counterparts' keys. Must never
//! ask the daemon what is true.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::simulator::{FieldSetup, FieldType, IssueView, Setup};

use super::daemon_audit::{by_token, sync_user};
use super::daemon_support::World;
use super::entities_beside::{self, Own, REQUESTS, RESOLUTIONS};
use super::everything_audit::people;
use super::everything_people::People;
use super::everything_world::{SIDES, Sight};

/// Who decides what is carried one way. Partners' votes and projects are their own affair.
const HOME: usize = 0;
/// What home's project is called.
const PROJECT: &str = "Support";

/// The field of a side that the daemon composes for people: a reference to home's issue, and the counterparts' keys.
fn composed(column: usize, place: usize) -> String {
    format!("customfield_{}", 21_200 + 10_000 * column + place)
}

fn reference(column: usize) -> String {
    composed(column, 0)
}

pub(crate) fn counterparts(column: usize) -> String {
    composed(column, 1)
}

/// The rows of the configuration.
pub(crate) fn rows(sight: Sight) -> String {
    let cells = |field: fn(usize) -> String, from: usize| {
        let sides = SIDES.iter().enumerate().skip(from);
        sides.map(|(column, side)| format!("{} = \"{}\", ", side.jira, field(column))).collect::<String>()
    };
    let beside = entities_beside::rows(HOME);
    // As the status does: an issue is not closed for a reason that nobody gave.
    let beside = if sight == Sight::Apart {
        beside.replacen("resolution = { ", "resolution = { across = true, ", 1)
    } else {
        beside
    };
    let reference = cells(reference, 1);
    let keys = cells(counterparts, 0);
    format!(
        "reporter = \"both\"\nremaining-estimate = \"both\"\n{beside}\
         reference = {{ {reference}template = \"[{{{{ key }}}}] {{{{ summary }}}}\" }}\n\
         counterparts = {{ {keys}template = \"{{{{ keys }}}}\" }}\n"
    )
}

/// Gives a side the fields of these rows.
pub(crate) fn enrich(setup: &mut Setup, column: usize) {
    entities_beside::enrich(setup, column);
    setup.fields.push(FieldSetup::new(&reference(column), "Reference", FieldType::Text));
    setup.fields.push(FieldSetup::new(&counterparts(column), "Counterparts", FieldType::Text));
}

/// What an issue shows of them, in words that are the same on every side.
pub(crate) fn told_of(world: &World, column: usize, view: &IssueView) -> BTreeMap<String, String> {
    let field = |id: &str| view.fields.get(id).cloned().unwrap_or_default();
    let named = |id: &str, names: &[[&str; 3]]| {
        let text = field(id);
        let row = names.iter().find(|names| names[column] == text);
        row.map_or(text, |names| names[0].to_owned())
    };
    BTreeMap::from([
        ("reporter".to_owned(), people(world, column, &field("reporter"))),
        ("resolution".to_owned(), named("resolution", &RESOLUTIONS)),
        ("epic name".to_owned(), field(&Own::Short.id(column))),
        ("request".to_owned(), named(&Own::Request.id(column), &REQUESTS)),
    ])
}

/// What is carried one way is what home's issue makes it.
pub(crate) fn derived(
    (world, name): (&World, &str),
    (from, one): (usize, &IssueView),
    (to, other): (usize, &IssueView),
) -> Result<(), String> {
    if from != HOME {
        return Ok(());
    }
    let votes = world.jira(SIDES[HOME].jira).votes(&one.key);
    let count = if votes == 0 { String::new() } else { votes.to_string() };
    let wanted = [
        (Own::Popularity.id(to), count),
        (Own::Origin.id(to), PROJECT.to_owned()),
        (reference(to), format!("[{}] {}", one.key, one.fields["summary"])),
    ];
    // In which project our own copies are at home is our word, and carried to nobody. A clone keeps what its original says.
    let is_ours = one.creator.as_deref() == Some(sync_user(SIDES[HOME].jira));
    for (field, wanted) in wanted {
        let shown = other.fields.get(&field).cloned().unwrap_or_default();
        let is_number = field == Own::Popularity.id(to);
        let shown = if is_number { shown.trim_end_matches(".0").to_owned() } else { shown };
        let shown = if is_number && shown == "0" { String::new() } else { shown };
        let may_be_empty = is_ours && field == Own::Origin.id(to);
        // A clone that somebody made at a partner says what its original said, until somebody votes.
        if is_number && is_ours && wanted.is_empty() {
            continue;
        }
        if shown != wanted && !(may_be_empty && shown.is_empty()) {
            let (jira, key) = (SIDES[to].jira, &other.key);
            return Err(format!("{name} {field}: {jira} {key} `{shown}`, from {} it is `{wanted}`", one.key));
        }
    }
    Ok(())
}

/// Each issue shows the keys of exactly those counterparts that its side may see. Where people deleted one, its key may stand there still.
pub(crate) fn counterparts_shown(world: &World, people: &People) -> Result<(), String> {
    let mut all = Vec::new();
    for side in &SIDES {
        let mut there = by_token(world, side.jira)?;
        there.retain(|_, view| view.project == side.project);
        all.push(there);
    }
    for (column, there) in all.iter().enumerate() {
        let sees =
            |other: &usize| *other != column && (people.sight == Sight::Open || column == HOME || *other == HOME);
        for (name, view) in there {
            let text = view.fields.get(&counterparts(column)).cloned().unwrap_or_default();
            let mut shown: BTreeSet<&str> = text.split(", ").filter(|key| !key.is_empty()).collect();
            let fated = people.fates.of(name);
            // What is to be deleted is not written to, and what others are below Jira does not let go.
            let has_below = there.values().any(|other| other.fields.get("parent") == Some(&view.key));
            if has_below && fated.went() {
                continue;
            }
            let mut wanted = BTreeSet::new();
            for other in (0..SIDES.len()).filter(sees) {
                wanted.extend(all[other].get(name).map(|view| view.key.as_str()));
                let was = format!("{}-", SIDES[other].project);
                // One that was made again is the one that is shown.
                let may_be_gone = fated.deleted[other] || fated.may_have_gone_along(other);
                let is_gone = may_be_gone && !all[other].contains_key(name);
                shown.retain(|key| !(is_gone && key.starts_with(&was)));
            }
            // Before the first it says nothing at all, so a clone keeps its words; and of the last, gone together, it says what it said.
            if wanted.is_empty() {
                let hidden = |other: &usize| *other != column && !sees(other);
                let mut hidden = (0..SIDES.len()).filter(hidden).map(|other| format!("{}-", SIDES[other].project));
                if hidden.any(|begins| text.contains(&begins)) {
                    return Err(format!("{name} counterparts: {} {} `{text}`", SIDES[column].jira, view.key));
                }
                continue;
            }
            if shown != wanted {
                let (jira, key) = (SIDES[column].jira, &view.key);
                return Err(format!("{name} counterparts: {jira} {key} `{text}`, it is {wanted:?} after {fated:?}"));
            }
        }
    }
    Ok(())
}
