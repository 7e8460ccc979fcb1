//! Rows of a map: one thing, as each side calls it. Must never let a table through that does not invert: a name stands for
//! one thing on its side, and a shared name for one row.

use std::collections::BTreeMap;

use super::keys;
use super::node::Cursor;
use super::problem::{Findings, Spot, suggest};
use super::sides::Sides;
use crate::model::ids::SideId;
use crate::model::settings::{Row, Table};

/// What the mapping puts before names without a row, so that no name may begin with it.
const FOREIGN: char = '?';

/// Reads the rows of a list; nothing at all is an empty table.
pub(super) fn read(list: Option<&Cursor<'_>>, sides: &Sides, findings: &mut Findings<'_>) -> Table {
    let mut table = Table::default();
    let Some(list) = list else { return table };
    let mut known: BTreeMap<(SideId, String), Spot> = BTreeMap::new();
    let mut shared: BTreeMap<String, Spot> = BTreeMap::new();
    for cells in list.items().filter(Cursor::is_table) {
        let Some(row) = row(&cells, sides, &mut known, findings) else { continue };
        if let Some(first) = shared.get(&row.shared) {
            let line = findings.line(first.span.start);
            let message = format!("two rows would share the name `{}`, so that neither maps back", row.shared);
            let help = format!(
                "the other is in line {line}; a row is called by its first side in the order {}: name it there",
                sides.order_text()
            );
            findings.error(&cells.spot, message, help);
        } else {
            shared.insert(row.shared.clone(), cells.spot.clone());
        }
        table.rows.push(row);
    }
    table
}

fn row(
    cells: &Cursor<'_>,
    sides: &Sides,
    known: &mut BTreeMap<(SideId, String), Spot>,
    findings: &mut Findings<'_>,
) -> Option<Row> {
    let mut names: BTreeMap<SideId, Vec<String>> = BTreeMap::new();
    let mut all_known = true;
    for cell in cells.entries().filter(|cell| cell.name != keys::PATH.name || !cell.is_table()) {
        let Some(side) = sides.known(&cell, findings) else {
            all_known = false;
            continue;
        };
        let written = cell.one_or_many();
        if written.is_empty() && cell.items().next().is_none() && cell.text().is_none() {
            findings.error(&cell.key_spot, format!("no name for side `{side}`"), "write one, or leave the side out");
            continue;
        }
        for (name, place) in written {
            check_name(name, &place, &side, known, findings);
            names.entry(side.clone()).or_default().push(name.to_owned());
        }
    }
    let path = path(cells, &names, sides, findings);
    let (first_side, first_names) = sides.order().find_map(|side| Some((side, names.get(side)?)))?;
    let shared = first_names.first()?.clone();
    if names.len() == 1 && all_known {
        let message = format!("the row of `{shared}` names side `{first_side}` only, so that it is carried nowhere");
        findings.warning(&cells.spot, message, "name it on another side too, or take the row out");
    }
    Some(Row { shared, names, path })
}

fn check_name(
    name: &str,
    place: &Cursor<'_>,
    side: &SideId,
    known: &mut BTreeMap<(SideId, String), Spot>,
    findings: &mut Findings<'_>,
) {
    if name.starts_with(FOREIGN) {
        let help = format!("rename it in Jira, or leave it out: `{FOREIGN}` marks names without a row");
        findings.error(&place.spot, format!("`{name}` begins with `{FOREIGN}`"), help);
    }
    let key = (side.clone(), name.to_owned());
    if let Some(first) = known.get(&key) {
        let line = findings.line(first.span.start);
        let message = format!("two rows map `{name}` of side `{side}`");
        let help = format!("the other is in line {line}: keep it in one of them");
        findings.error(&place.spot, message, help);
    } else {
        known.insert(key, place.spot.clone());
    }
}

fn path(
    cells: &Cursor<'_>,
    names: &BTreeMap<SideId, Vec<String>>,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> BTreeMap<SideId, Vec<String>> {
    let mut found = BTreeMap::new();
    let Some(paths) = cells.get(&keys::PATH) else { return found };
    for stops in paths.entries() {
        let Some(side) = sides.known(&stops, findings) else { continue };
        let way: Vec<String> = stops.items().filter_map(|stop| Some(stop.text()?.to_owned())).collect();
        let goals = names.get(&side).cloned().unwrap_or_default();
        let ends_there = way.last().is_some_and(|last| goals.contains(last));
        if !ends_there {
            let message = format!("the path on side `{side}` does not end in a name of its row");
            let help = match goals.first() {
                Some(goal) => suggest_end(&way, goal),
                None => format!("name the row on side `{side}` too"),
            };
            findings.error(&stops.spot, message, help);
        }
        found.insert(side, way);
    }
    found
}

fn suggest_end(way: &[String], goal: &str) -> String {
    match way.last() {
        Some(last) if suggest(last, [goal]).starts_with("did you mean") => suggest(last, [goal]),
        _ => format!("end it with `{goal}`"),
    }
}
