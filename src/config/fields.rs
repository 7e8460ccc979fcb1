//! The field rows of a sync: which fields are carried, what each side calls them, who may change them. Must never carry a
//! field that the file does not name; issue type, and status and priority whose map has rows, are named by that.

use std::collections::{BTreeMap, BTreeSet};

use super::composed;
use super::keys;
use super::keys_pairing;
use super::node::Cursor;
use super::pairing;
use super::problem::{Findings, Spot, nearest, suggest};
use super::rows;
use super::sides::{Sides, project_key};
use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::initial::Initial;
use crate::model::settings::{FieldKind, FieldRow, OnUnmapped, SyncSettings, Table};

/// A field that every Jira has.
struct System {
    name: &'static str,
    field: &'static str,
    kind: FieldKind,
    /// Whether it is this field on every side: what creation, transitions and the priority scheme need.
    fixed: bool,
}

const SYSTEM: [System; 20] = [
    System { name: "summary", field: "summary", kind: FieldKind::Line, fixed: true },
    System { name: "description", field: "description", kind: FieldKind::Document, fixed: false },
    System { name: "issue-type", field: "issuetype", kind: FieldKind::IssueType, fixed: true },
    System { name: "status", field: "status", kind: FieldKind::Status, fixed: true },
    System { name: "priority", field: "priority", kind: FieldKind::Choice, fixed: true },
    System { name: "labels", field: "labels", kind: FieldKind::Words, fixed: false },
    System { name: "assignee", field: "assignee", kind: FieldKind::Person, fixed: false },
    System { name: "due-date", field: "duedate", kind: FieldKind::Day, fixed: false },
    System { name: "components", field: "components", kind: FieldKind::Options, fixed: false },
    System { name: "fix-versions", field: "fixVersions", kind: FieldKind::Options, fixed: false },
    System { name: "affects-versions", field: "versions", kind: FieldKind::Options, fixed: false },
    System { name: "environment", field: "environment", kind: FieldKind::Document, fixed: false },
    System { name: "reporter", field: "reporter", kind: FieldKind::Person, fixed: false },
    System { name: "resolution", field: "resolution", kind: FieldKind::Choice, fixed: true },
    System { name: "original-estimate", field: "timeoriginalestimate", kind: FieldKind::Duration, fixed: false },
    System { name: SECURITY, field: SECURITY, kind: FieldKind::Choice, fixed: true },
    System { name: "links", field: "issuelinks", kind: FieldKind::Links, fixed: true },
    System { name: "parent", field: "parent", kind: FieldKind::Parent, fixed: true },
    System { name: "watchers", field: "watches", kind: FieldKind::Watchers, fixed: true },
    System { name: "remaining-estimate", field: "timeestimate", kind: FieldKind::Duration, fixed: false },
];

/// Security levels. They are carried by a table alone, and only home's.
const SECURITY: &str = "security";

/// Other spellings of a row's name: Jira's own ids.
const ALIASES: [(&str, &str); 8] = [
    ("watches", "watchers"),
    ("issuelinks", "links"),
    ("duedate", "due-date"),
    ("issuetype", "issue-type"),
    ("fixVersions", "fix-versions"),
    ("versions", "affects-versions"),
    ("timeoriginalestimate", "original-estimate"),
    ("timeestimate", "remaining-estimate"),
];

/// Fields of every Jira that are not carried yet, by name and id.
const LATER: [&str; 6] = ["attachment", "attachments", "comment", "subtasks", "timetracking", "worklog"];

/// Reads the rows of a sync whose tables were read before.
pub(super) fn read(
    sync: &Cursor<'_>,
    settings: &SyncSettings,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> BTreeMap<FieldName, FieldRow> {
    let mut rows: BTreeMap<FieldName, FieldRow> = BTreeMap::new();
    let Some(table) = sync.get(&keys::FIELDS).filter(Cursor::is_table) else { return rows };
    let initial = pairing::initial(sync, sides, findings);
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut used: BTreeMap<(SideId, FieldId), String> = BTreeMap::new();
    for entry in table.entries() {
        let name = ALIASES.iter().find(|(alias, _)| *alias == entry.name).map_or(entry.name, |(_, name)| name);
        if !named.insert(name) {
            let message = format!("two rows carry `{name}`");
            findings.error(&entry.key_spot, message, "keep one; both spellings mean the same field");
            continue;
        }
        let system = SYSTEM.iter().find(|system| system.name == name);
        let Some(row) = row(&entry, name, system, settings, sides, findings) else { continue };
        for (side, field) in &row.sides {
            if let Some(first) = used.insert((side.clone(), field.clone()), entry.name.to_owned()) {
                let message = format!("rows `{first}` and `{}` both carry `{field}` of side `{side}`", entry.name);
                findings.error(&entry.key_spot, message, "a field belongs to one row: keep it in one of them");
            }
        }
        let mut row = row;
        row.initial = match entry.get(&keys_pairing::FIELD_INITIAL).filter(|_| entry.is_table()) {
            Some(cursor) => own_initial(&cursor, &row, sides, findings),
            None => initial.clone(),
        };
        if row.kind == FieldKind::Watchers {
            warn_unsigned(&entry, &row, settings, findings);
        }
        rows.insert(row.name.clone(), row);
    }
    for system in &SYSTEM {
        let implied = match system.name {
            "issue-type" => true,
            "status" => !settings.statuses.rows.is_empty(),
            "priority" => !settings.priorities.rows.is_empty(),
            _ => false,
        };
        if implied && !named.contains(system.name) {
            let row = plain(system.name, system.kind, everywhere(system, sides), sides);
            let row = FieldRow { initial: initial.clone(), ..row };
            rows.insert(row.name.clone(), row);
        }
    }
    composed::check(&table, &rows, findings);
    if !named.contains("summary") {
        let message = "no row carries `summary`, and Jira makes no issue without one";
        findings.error(&table.spot, message, "add `summary = \"both\"`");
    }
    rows
}

/// What a row says of its own about paired issues that differ: nothing, where there is no choice.
fn own_initial(cursor: &Cursor<'_>, row: &FieldRow, sides: &Sides, findings: &mut Findings<'_>) -> Initial {
    let why = if row.kind.is_set() {
        "a set: it is joined"
    } else if row.name.as_str() == SECURITY {
        "security levels: home's stands"
    } else if row.composed.is_some() {
        "a value that is made: it is written where it differs"
    } else {
        return pairing::rule(cursor, sides, findings);
    };
    findings.error(&cursor.key_spot, format!("`initial` says nothing about {why}"), "take `initial` out");
    Initial::First
}

fn everywhere(system: &System, sides: &Sides) -> BTreeMap<SideId, FieldId> {
    sides.order().map(|side| (side.clone(), FieldId::from(system.field))).collect()
}

fn plain(name: &str, kind: FieldKind, cells: BTreeMap<SideId, FieldId>, sides: &Sides) -> FieldRow {
    FieldRow {
        name: name.into(),
        kind,
        from: sides.all().into_iter().filter(|side| cells.contains_key(side)).collect(),
        sides: cells,
        across: false,
        exclude: Vec::new(),
        values: Table::default(),
        on_unmapped: OnUnmapped::Leave,
        composed: None,
        default: BTreeMap::new(),
        not_synced: BTreeMap::new(),
        initial: Initial::First,
    }
}

/// A field that has the same name on every side: what it holds is read there. `None` where the name is rather a slip.
fn by_name(entry: &Cursor<'_>, sides: &Sides) -> Option<BTreeMap<SideId, FieldId>> {
    let slip = nearest(entry.name, SYSTEM.iter().map(|system| system.name)).is_some();
    (!slip).then(|| sides.order().map(|side| (side.clone(), FieldId::from(entry.name))).collect())
}

fn row(
    entry: &Cursor<'_>,
    name: &str,
    system: Option<&System>,
    settings: &SyncSettings,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> Option<FieldRow> {
    if system.is_none() && LATER.contains(&name) {
        findings.error(&entry.key_spot, format!("`{name}` is not carried yet"), "take the row out");
        return None;
    }
    match (entry.text(), system) {
        (Some("skip"), Some(System { name: "summary" | "issue-type", .. })) => {
            let message = format!("`{name}` cannot be skipped: Jira makes no issue without one");
            findings.error(&entry.spot, message, "write `\"both\"`, or say with `from` whose changes count");
            None
        }
        (Some("skip"), _) => None,
        (Some(_), Some(System { name: SECURITY, .. })) => {
            let help = "write `security = { values = [ … ] }`, with a row per level that may be shared";
            findings.error(&entry.spot, "which levels mean the same is not guessed", help);
            None
        }
        (Some(_), Some(system)) => Some(plain(name, system.kind, everywhere(system, sides), sides)),
        (Some(_), None) => match by_name(entry, sides) {
            Some(cells) => Some(plain(name, FieldKind::AsThere, cells, sides)),
            None => {
                unknown(entry, sides, findings);
                None
            }
        },
        (None, _) if entry.is_table() => detailed(entry, name, system, settings, sides, findings),
        (None, _) => None,
    }
}

/// What a row of security levels must say, and may not: what it leaves open would let something cross.
fn security(entry: &Cursor<'_>, row: &mut FieldRow, settings: &SyncSettings, findings: &mut Findings<'_>) {
    let others =
        [&keys::FIELD_FROM, &keys::FIELD_ACROSS, &keys::FIELD_VALUE, &keys::FIELD_TEMPLATE, &keys::FIELD_DEFAULT];
    for cursor in others.into_iter().chain([&keys::FIELD_ON_UNMAPPED]).filter_map(|key| entry.get(key)) {
        let message =
            format!("`{}` says nothing about security levels: home's are carried, as `values` says", cursor.name);
        findings.error(&cursor.key_spot, message, format!("take `{}` out", cursor.name));
    }
    let of_home = |known: &crate::model::settings::Row| {
        settings.home.as_ref().is_none_or(|home| known.names.contains_key(home)) && known.names.len() > 1
    };
    if row.values.rows.is_empty() || !row.values.rows.iter().all(of_home) {
        let help =
            "write a row per level that may be shared: home's name for it, and that of each side that may have it";
        findings.error(&entry.key_spot, "`security` needs `values`, each with home's name and another side's", help);
    }
    match &settings.home {
        Some(home) => row.from = BTreeSet::from([home.clone()]),
        None => findings.error(
            &entry.key_spot,
            "only home's security levels are carried, and there is no home",
            "name a `home`",
        ),
    }
    row.across = false;
    row.composed = None;
    row.default.clear();
}

/// Warns where acts that nobody signs would have to be told apart by who did them.
fn warn_unsigned(entry: &Cursor<'_>, row: &FieldRow, settings: &SyncSettings, findings: &mut Findings<'_>) {
    if let Some(side) = row.from.iter().find(|side| settings.parted(side).is_some()) {
        let message = format!(
            "Jira does not say who makes somebody a watcher: none of `{side}` cross, for its `from` or `not-from`"
        );
        let help = format!("leave `{side}` out of the row's `from`, or take its rule out");
        findings.warning(&entry.key_spot, message, help);
    }
}

fn unknown(entry: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) {
    let message = format!("`{}` is no field that every Jira has", entry.name);
    let meant = nearest(entry.name, SYSTEM.iter().map(|system| system.name));
    let cells: Vec<String> = sides.order().map(|side| format!("{side} = \"…\"")).collect();
    let help = match meant {
        Some(system) => format!("did you mean `{system}`?"),
        None => format!("say what each side calls it: `{} = {{ kind = \"line\", {} }}`", entry.name, cells.join(", ")),
    };
    findings.error(&entry.key_spot, message, help);
}

fn detailed(
    entry: &Cursor<'_>,
    name: &str,
    system: Option<&System>,
    settings: &SyncSettings,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> Option<FieldRow> {
    let cells = cells(entry, system, sides, findings)?;
    let kind = kind(entry, system, findings)?;
    let mut row = plain(name, kind, cells, sides);
    row.composed = composed::read(entry, findings);
    if let Some(list) = entry.get(&keys::FIELD_FROM) {
        row.from = from(&list, &row, sides, findings);
    } else if row.composed.is_some() {
        row.from.clear();
    }
    composed::warn(entry, &row, sides, findings);
    if let Some(cursor) = entry.get(&keys::FIELD_DEFAULT) {
        row.default = defaults(&cursor, &row, sides, findings);
    }
    if let Some(cursor) = entry.get(&keys::FIELD_NOT_SYNCED) {
        only_for(kind == FieldKind::Links, &cursor, "links", findings);
        row.not_synced = not_synced(&cursor, &row, sides, findings);
    }
    row.across = entry.get(&keys::FIELD_ACROSS).and_then(|cursor| cursor.flag()).unwrap_or_default();
    if let Some(list) = entry.get(&keys::FIELD_EXCLUDE) {
        only_for(kind.is_set(), &list, "sets", findings);
        row.exclude = list.items().filter_map(|item| Some(item.text()?.to_owned())).collect();
    }
    if let Some(list) = entry.get(&keys::FIELD_VALUES) {
        if let Some(system) = system.filter(|system| matches!(system.name, "priority" | "status" | "issue-type")) {
            let message = format!("the rows of `{}` do not stand here", system.name);
            findings.error(&list.key_spot, message, format!("put them under `map.{}`", system.name));
        } else {
            only_for(matches!(kind, FieldKind::Choice | FieldKind::Options), &list, "selects and options", findings);
        }
        row.values = rows::read(Some(&list), sides, findings);
    }
    if matches!(kind, FieldKind::Links | FieldKind::Parent | FieldKind::Watchers) {
        let about = if kind == FieldKind::Links {
            "links"
        } else if kind == FieldKind::Parent {
            "a parent"
        } else {
            "watchers"
        };
        for key in
            [&keys::FIELD_EXCLUDE, &keys::FIELD_VALUES, &keys::FIELD_VALUE, &keys::FIELD_TEMPLATE, &keys::FIELD_DEFAULT]
        {
            let excludes = kind == FieldKind::Watchers && std::ptr::eq(key, &raw const keys::FIELD_EXCLUDE);
            if let Some(cursor) = entry.get(key).filter(|_| !excludes) {
                let message = format!("`{}` says nothing about {about}", cursor.name);
                findings.error(&cursor.key_spot, message, format!("take `{}` out", cursor.name));
            }
        }
    }
    if row.name.as_str() == SECURITY {
        security(entry, &mut row, settings, findings);
    } else if let Some(cursor) = entry.get(&keys::FIELD_ON_UNMAPPED) {
        row.on_unmapped = on_unmapped(&cursor, &row, sides, findings);
    }
    if matches!(kind, FieldKind::Person | FieldKind::People | FieldKind::Watchers) && settings.users.rows.is_empty() {
        let message = format!("`{}` carries people, and `map.users` has no row", entry.name);
        findings.warning(
            &entry.key_spot,
            message,
            "add a row per person to `map.users`: without one nobody is known elsewhere",
        );
    }
    Some(row)
}

/// What each side calls the field.
fn cells(
    entry: &Cursor<'_>,
    system: Option<&System>,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> Option<BTreeMap<SideId, FieldId>> {
    let mut found = BTreeMap::new();
    let mut wrong = false;
    for cell in entry.entries().filter(|cell| !keys::reserved_side_names().any(|word| word == cell.name)) {
        let Some(side) = side_of(&cell, sides, findings) else {
            wrong = true;
            continue;
        };
        let Some(field) = cell.text() else { continue };
        if LATER.contains(&field) {
            findings.error(&cell.spot, format!("`{field}` is not carried yet"), "take the row out");
            wrong = true;
        }
        if let Some(system) = system.filter(|system| system.fixed && system.field != field) {
            let message = format!("`{}` is the field `{}` on every side", system.name, system.field);
            findings.error(&cell.spot, message, "take the cell out");
            wrong = true;
        }
        found.insert(side, FieldId::from(field));
    }
    match system {
        _ if wrong => None,
        Some(system) if found.is_empty() => Some(everywhere(system, sides)),
        Some(system) if found.len() < sides.order().count() && matches!(system.name, "summary" | "issue-type") => {
            let message = format!("`{}` is needed on every side: Jira makes no issue without one", system.name);
            findings.error(&entry.key_spot, message, "name no side here; `from` says whose changes count");
            None
        }
        None if found.is_empty() => {
            let named = by_name(entry, sides);
            if named.is_none() {
                unknown(entry, sides, findings);
            }
            named
        }
        _ if found.len() < 2 && !composed::is_one(entry) => {
            let message = format!("`{}` is carried by one side only", entry.name);
            findings.error(&entry.key_spot, message, "name the field on another side too, or take the row out");
            None
        }
        _ => Some(found),
    }
}

/// The side that a cell's key names. It may as well be a misspelt key of ours.
fn side_of(cell: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Option<SideId> {
    if let Some(side) = sides.order().find(|side| side.as_str() == cell.name) {
        return Some(side.clone());
    }
    let ours: Vec<&str> = keys::field_keys().collect();
    let known = sides.order().map(SideId::as_str).chain(ours);
    let message = format!("`{}` is no key of a field row, and no side of this sync", cell.name);
    findings.unknown(&cell.key_spot, message, suggest(cell.name, known));
    None
}

fn kind(entry: &Cursor<'_>, system: Option<&System>, findings: &mut Findings<'_>) -> Option<FieldKind> {
    let cursor = entry.get(&keys::FIELD_KIND);
    let written = cursor.as_ref().and_then(|cursor| match cursor.text()? {
        "line" => Some(FieldKind::Line),
        "document" => Some(FieldKind::Document),
        "select" => Some(FieldKind::Choice),
        "words" => Some(FieldKind::Words),
        "person" => Some(FieldKind::Person),
        "people" => Some(FieldKind::People),
        "duration" => Some(FieldKind::Duration),
        "day" => Some(FieldKind::Day),
        "options" => Some(FieldKind::Options),
        "number" => Some(FieldKind::Number),
        "moment" => Some(FieldKind::Moment),
        _ => None,
    });
    match (system, cursor) {
        (Some(system), Some(cursor)) if written.is_some_and(|kind| kind != system.kind) => {
            findings.error(&cursor.spot, format!("`{}` has a kind of its own", system.name), "take `kind` out");
            None
        }
        (Some(system), _) => Some(system.kind),
        (None, Some(_)) => written,
        (None, None) if entry.get(&keys::FIELD_VALUES).is_some() => Some(FieldKind::Choice),
        // What the sides' fields hold, once they were read.
        (None, None) => Some(FieldKind::AsThere),
    }
}

fn from(list: &Cursor<'_>, row: &FieldRow, sides: &Sides, findings: &mut Findings<'_>) -> BTreeSet<SideId> {
    let found = sides.set(Some(list), findings);
    for item in list.items() {
        let outside = item.text().filter(|side| !row.sides.contains_key(&SideId::from(*side)));
        if let Some(side) = outside.filter(|side| found.contains(&SideId::from(*side))) {
            let message = format!("side `{side}` does not carry this field");
            findings.error(&item.spot, message, "name the field on that side too, or take the side out of `from`");
        }
    }
    if list.items().next().is_none() {
        findings.error(&list.key_spot, "`from` names no side, so that nothing is carried", "write `\"skip\"` instead");
    }
    found
}

/// The projects whose keys may be shown elsewhere, per side.
fn not_synced(
    cursor: &Cursor<'_>,
    row: &FieldRow,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> BTreeMap<SideId, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for cell in cursor.entries() {
        let Some(side) = sides.known(&cell, findings) else { continue };
        if !row.sides.contains_key(&side) {
            findings.error(&cell.key_spot, format!("side `{side}` does not carry this field"), "take it out");
        } else if !row.from.contains(&side) {
            let message = format!("the row's `from` leaves `{side}` out, so that nothing of its links is shown");
            findings.error(&cell.key_spot, message, format!("take it out, or name `{side}` in `from`"));
        }
        let projects: BTreeSet<String> = cell.items().filter_map(|item| project_key(&item, findings)).collect();
        if cell.items().next().is_none() {
            findings.error(&cell.key_spot, "no project is named, so that nothing is shown", "take it out");
        }
        found.insert(side, projects);
    }
    found
}

fn only_for(fits: bool, cursor: &Cursor<'_>, what: &str, findings: &mut Findings<'_>) {
    if !fits {
        let message = format!("`{}` is for {what} only", cursor.name);
        findings.error(&cursor.key_spot, message, format!("take `{}` out", cursor.name));
    }
}

fn on_unmapped(cursor: &Cursor<'_>, row: &FieldRow, sides: &Sides, findings: &mut Findings<'_>) -> OnUnmapped {
    let plain = matches!(
        row.kind,
        FieldKind::Line
            | FieldKind::Document
            | FieldKind::Number
            | FieldKind::Duration
            | FieldKind::Day
            | FieldKind::Moment
    );
    only_for(!plain, cursor, "sets, selects, statuses, issue types, priorities and people", findings);
    let never_empty = matches!(row.kind, FieldKind::Status | FieldKind::IssueType);
    match cursor.text() {
        Some("unassign") if row.kind != FieldKind::Person => {
            let message = format!("`{}` is nobody's assignment", row.name);
            findings.error(&cursor.spot, message, "write `\"clear\"`, `\"leave\"`, or per side a name to write");
            OnUnmapped::Leave
        }
        Some("clear") if never_empty => {
            let message = format!("`{}` cannot be emptied", row.name);
            findings.error(&cursor.spot, message, "write `\"leave\"`, or per side a name to write");
            OnUnmapped::Leave
        }
        Some("clear" | "unassign") if row.kind == FieldKind::Parent => {
            findings.error(&cursor.spot, "a parent is not cleared for want of a counterpart", "take `on-unmapped` out");
            OnUnmapped::Leave
        }
        Some("clear" | "unassign") if row.kind == FieldKind::Links => {
            findings.error(&cursor.spot, "links are not cleared for want of a type", "write `\"leave\"` or `\"skip\"`");
            OnUnmapped::Leave
        }
        Some("clear" | "unassign") if row.kind == FieldKind::Watchers => {
            findings.error(&cursor.spot, "nobody stops watching for want of a row", "write `\"leave\"` or `\"skip\"`");
            OnUnmapped::Leave
        }
        Some("clear" | "unassign") => OnUnmapped::Clear,
        Some("skip") => OnUnmapped::Skip,
        Some("create")
            if matches!(row.kind, FieldKind::Options | FieldKind::Words | FieldKind::Choice | FieldKind::AsThere)
                && !matches!(row.name.as_str(), "priority" | "resolution") =>
        {
            OnUnmapped::Create
        }
        Some("create") => {
            let message = format!("what `{}` names cannot be made", row.name);
            findings.error(&cursor.spot, message, "`create` is for labels, versions and components");
            OnUnmapped::Leave
        }
        Some(_) => OnUnmapped::Leave,
        None if row.kind == FieldKind::Parent => {
            findings.error(&cursor.spot, "no other parent stands for one", "take `on-unmapped` out");
            OnUnmapped::Leave
        }
        None if row.kind == FieldKind::Links => {
            findings.error(&cursor.spot, "no other link stands for one", "write `\"leave\"` or `\"skip\"`");
            OnUnmapped::Leave
        }
        None if row.kind == FieldKind::Watchers => {
            findings.error(&cursor.spot, "nobody else watches in one's place", "write `\"leave\"` or `\"skip\"`");
            OnUnmapped::Leave
        }
        None => OnUnmapped::Default(defaults(cursor, row, sides, findings)),
    }
}

fn defaults(
    cursor: &Cursor<'_>,
    row: &FieldRow,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> BTreeMap<SideId, String> {
    let mut found = BTreeMap::new();
    let carries = |side: &SideId, spot: &Spot, findings: &mut Findings<'_>| {
        if !row.sides.contains_key(side) {
            findings.error(spot, format!("side `{side}` does not carry this field"), "take it out");
        }
    };
    for cell in cursor.entries() {
        let Some(side) = sides.known(&cell, findings) else { continue };
        carries(&side, &cell.key_spot, findings);
        if let Some(name) = cell.text() {
            found.insert(side, name.to_owned());
        }
    }
    found
}
