//! Looking things up in map rows. Must never match by likeness.

use crate::model::ids::SideId;
use crate::model::settings::Table;

/// What begins a value that came from a side's name without a row: `?SIDE:NAME`. No other side has it.
pub const FOREIGN: char = '?';

/// The shared name of what `side` calls `name`. An empty table shares names as they are.
#[must_use]
pub fn shared_of(table: &Table, side: &SideId, name: &str) -> String {
    if table.rows.is_empty() {
        return name.to_owned();
    }
    let has = |names: &Vec<String>| names.iter().any(|known| known == name);
    let row = table.rows.iter().find(|row| row.names.get(side).is_some_and(has));
    row.map_or_else(|| format!("{FOREIGN}{side}:{name}"), |row| row.shared.clone())
}

/// Of a shared name without a row: the side that it is of, and what it is called there.
pub(super) fn without_row(shared: &str) -> Option<(&str, &str)> {
    shared.strip_prefix(FOREIGN)?.split_once(':')
}

/// What `side` calls the thing of that shared name, the preferred name first. Empty: it has no name for it.
#[must_use]
pub fn names_on<'a>(table: &'a Table, side: &SideId, shared: &'a str) -> Vec<&'a str> {
    if table.rows.is_empty() {
        return vec![shared];
    }
    if let Some((from, name)) = without_row(shared) {
        // A name without a row exists on its own side only.
        return if from == side.as_str() { vec![name] } else { Vec::new() };
    }
    let rows = table.rows.iter().filter(|row| row.shared == shared);
    rows.filter_map(|row| row.names.get(side)).flatten().map(String::as_str).collect()
}

/// The statuses to pass on the way to the thing of that shared name, the goal last. Empty: none configured.
#[must_use]
pub fn path_on<'a>(table: &'a Table, side: &SideId, shared: &str) -> &'a [String] {
    let row = table.rows.iter().find(|row| row.shared == shared && row.path.contains_key(side));
    row.and_then(|row| row.path.get(side)).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::settings::Row;

    fn table() -> Table {
        let row = |shared: &str, a: &[&str], b: &[&str]| Row {
            shared: shared.to_owned(),
            names: BTreeMap::from([
                (SideId::from("a"), a.iter().map(|n| (*n).to_owned()).collect()),
                (SideId::from("b"), b.iter().map(|n| (*n).to_owned()).collect()),
            ]),
            path: BTreeMap::new(),
        };
        Table { rows: vec![row("To Do", &["To Do", "Backlog"], &["Open"]), row("Done", &["Done"], &[])] }
    }

    #[test]
    fn many_names_share_one_value_and_the_first_is_written() {
        assert_eq!(shared_of(&table(), &"a".into(), "Backlog"), "To Do");
        assert_eq!(names_on(&table(), &"a".into(), "To Do"), ["To Do", "Backlog"]);
        assert_eq!(names_on(&table(), &"b".into(), "To Do"), ["Open"]);
    }

    #[test]
    fn without_rows_names_are_shared_as_they_are() {
        assert_eq!(shared_of(&Table::default(), &"a".into(), "Blocked"), "Blocked");
        assert_eq!(names_on(&Table::default(), &"a".into(), "Blocked"), ["Blocked"]);
    }

    #[test]
    fn a_name_without_a_row_exists_on_its_own_side_only() {
        let shared = shared_of(&table(), &"b".into(), "Blocked");
        assert_eq!(names_on(&table(), &"b".into(), &shared), ["Blocked"]);
        assert!(names_on(&table(), &"a".into(), &shared).is_empty());
    }

    #[test]
    fn a_row_without_a_cell_has_no_name_there() {
        assert!(names_on(&table(), &"b".into(), "Done").is_empty());
    }
}
