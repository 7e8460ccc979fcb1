//! The sides of one sync: where each is, whom it sees, and their fixed order. Must never let a side's name through that the
//! sync does not have.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Cursor;
use super::problem::{Findings, Spot, listed, suggest};
use super::time::default_of;
use super::{keys, keys_pairing};
use crate::model::ids::{InstanceId, SideId};
use crate::model::settings::{SideEffects, SideSettings};
use crate::model::whose::{Circle, Whose};

/// The names of a sync's sides in their fixed order: home first, then by name.
pub(super) struct Sides {
    order: Vec<SideId>,
}

impl Sides {
    /// From the table `side`. `home` counts only if it is one of them.
    pub(super) fn named(sync: &Cursor<'_>, home: Option<&str>) -> Self {
        let names = sync.get(&keys::SIDE);
        let mut order: Vec<SideId> =
            names.iter().flat_map(Cursor::entries).map(|entry| SideId::new(entry.name)).collect();
        order.sort_by_key(|side| (Some(side.as_str()) != home, side.clone()));
        Self { order }
    }

    /// In the fixed order.
    pub(super) fn order(&self) -> impl Iterator<Item = &SideId> {
        self.order.iter()
    }

    /// All of them.
    pub(super) fn all(&self) -> BTreeSet<SideId> {
        self.order.iter().cloned().collect()
    }

    /// The order for people.
    pub(super) fn order_text(&self) -> String {
        self.order.iter().map(SideId::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The side of that name, or a problem at `spot`.
    pub(super) fn find(&self, name: &str, spot: &Spot, findings: &mut Findings<'_>) -> Option<SideId> {
        let found = self.order.iter().find(|side| side.as_str() == name);
        if found.is_none() {
            let help = suggest(name, self.order.iter().map(SideId::as_str));
            findings.error(spot, format!("there is no side `{name}` in this sync"), help);
        }
        found.cloned()
    }

    /// The side that the key of an entry names.
    pub(super) fn known(&self, entry: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<SideId> {
        let found = self.order.iter().find(|side| side.as_str() == entry.name);
        if found.is_none() {
            let help = suggest(entry.name, self.order.iter().map(SideId::as_str));
            findings.unknown(&entry.key_spot, format!("there is no side `{}` in this sync", entry.name), help);
        }
        found.cloned()
    }

    /// The sides that a list names; all where there is no list.
    pub(super) fn set(&self, list: Option<&Cursor<'_>>, findings: &mut Findings<'_>) -> BTreeSet<SideId> {
        let Some(list) = list else { return self.all() };
        list.items().filter_map(|item| self.find(item.text()?, &item.spot, findings)).collect()
    }
}

/// Reads the sides. What is wrong with one leaves it out.
pub(super) fn read(
    top: &Cursor<'_>,
    sync: &Cursor<'_>,
    sides: &Sides,
    home: Option<&str>,
    findings: &mut Findings<'_>,
) -> Vec<SideSettings> {
    let Some(table) = sync.get(&keys::SIDE).filter(Cursor::is_table) else { return Vec::new() };
    if sides.order.len() < 2 {
        let message = format!("sync `{}` has {} side, and needs two", sync.name, sides.order.len());
        findings.error(&table.spot, message, "add a side: `side.NAME = { instance = \"…\", project = \"…\" }`");
    }
    let mut places: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in table.entries().filter(Cursor::is_table) {
        if let Some(word) = keys::reserved_side_names().find(|word| *word == entry.name) {
            let message = format!("a side cannot be called `{word}`: it has a meaning of its own in rows");
            findings.error(&entry.key_spot, message, "choose another name");
        }
        let text = |key: &keys::Key| entry.get(key).and_then(|cursor| Some(cursor.text()?.to_owned()));
        let instance = instance(top, &entry, findings);
        let project = project(&entry, findings);
        if let (Some(instance), Some(project)) = (&instance, &project)
            && let Some(first) = places.insert((instance.to_string(), project.clone()), entry.name.to_owned())
        {
            let message = format!("sides `{first}` and `{}` are both project `{project}` of `{instance}`", entry.name);
            findings.error(&entry.key_spot, message, "each side is a project of its own: keep one of them");
        }
        for key in [&keys::SIDE_JQL, &keys::SIDE_WHEN] {
            if let Some(clause) = entry.get(key) {
                check_clause(&clause, findings);
            }
        }
        if let Some(when) = entry.get(&keys::SIDE_WHEN) {
            check_when(&entry, &when, home, findings);
        }
        let mut sees = sides.set(entry.get(&keys::SIDE_SEES).as_ref(), findings);
        sees.insert(SideId::new(entry.name));
        let effects = text(&keys::SIDE_EFFECTS).unwrap_or_else(|| default_of(&keys::SIDE_EFFECTS).to_owned());
        let (Some(instance), Some(project)) = (instance, project) else { continue };
        found.push(SideSettings {
            id: SideId::new(entry.name),
            instance,
            project,
            jql: text(&keys::SIDE_JQL),
            when: text(&keys::SIDE_WHEN),
            on_demand: text(&keys_pairing::SIDE_SCOPE).as_deref() == Some("on-demand"),
            sees,
            side_effects: match effects.as_str() {
                "restore" => SideEffects::Restore,
                "count" => SideEffects::Count,
                _ => SideEffects::Accept,
            },
            whose: Whose {
                from: circles(&entry, &keys::SIDE_FROM, findings),
                not_from: circles(&entry, &keys::SIDE_NOT_FROM, findings),
            },
        });
    }
    found.sort_by_key(|side| sides.order.iter().position(|id| id == &side.id));
    found
}

/// The people that a list names.
fn circles(side: &Cursor<'_>, key: &keys::Key, findings: &mut Findings<'_>) -> BTreeSet<Circle> {
    let mut found = BTreeSet::new();
    let Some(list) = side.get(key) else { return found };
    for item in list.items() {
        let Some(text) = item.text() else { continue };
        match Circle::parse(text) {
            Some(circle) => drop(found.insert(circle)),
            None => {
                let help = "write `group:NAME`, `role:NAME` for a role of the project, or `user:ACCOUNT`";
                findings.error(&item.spot, format!("`{text}` names no people"), help);
            }
        }
    }
    if found.is_empty() && list.items().next().is_none() {
        let help = "name somebody, or take it out: left out, everybody's acts cross";
        findings.error(&list.spot, format!("`{}` names nobody", key.name), help);
    }
    found
}

fn instance(top: &Cursor<'_>, side: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<InstanceId> {
    let cursor = side.get(&keys::SIDE_INSTANCE)?;
    let name = cursor.text().filter(|name| !name.trim().is_empty())?;
    let all: Vec<Cursor<'_>> = top.get(&keys::INSTANCE).iter().flat_map(Cursor::entries).collect();
    if !all.iter().any(|instance| instance.name == name) {
        let help = suggest(name, all.iter().map(|instance| instance.name));
        findings.error(&cursor.spot, format!("there is no instance `{name}`"), help);
        return None;
    }
    Some(InstanceId::new(name))
}

fn project(side: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let cursor = side.get(&keys::SIDE_PROJECT)?;
    project_key(&cursor, findings)
}

/// A project's key, where it can be one.
pub(super) fn project_key(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let key = cursor.text().filter(|key| !key.trim().is_empty())?;
    let fits = |key: &str| {
        key.starts_with(|sign: char| sign.is_ascii_uppercase())
            && key.chars().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_')
    };
    if fits(key) {
        return Some(key.to_owned());
    }
    let upper = key.to_ascii_uppercase();
    let help = if fits(&upper) {
        format!("write `{upper}`")
    } else {
        "write what stands before the number in its issues' keys: `SUP` for `SUP-1`".to_owned()
    };
    findings.error(&cursor.spot, format!("`{key}` is no project key"), help);
    None
}

/// A clause is put into a larger query in parentheses: one that closes them would reach further than its side.
fn check_clause(clause: &Cursor<'_>, findings: &mut Findings<'_>) {
    let Some(why) = clause.text().and_then(unbalanced) else { return };
    findings.error(&clause.spot, format!("this JQL {why}"), "write it so that Jira's own search takes it as it stands");
}

/// What is wrong with the parentheses and quotes of a clause.
fn unbalanced(clause: &str) -> Option<&'static str> {
    let mut open = 0_usize;
    let mut quote = None;
    let mut signs = clause.chars();
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (_, '\\') => drop(signs.next()),
            (Some(begun), _) if begun == sign => quote = None,
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(') => open += 1,
            (None, ')') => match open.checked_sub(1) {
                Some(left) => open = left,
                None => return Some("closes a parenthesis that it did not open"),
            },
            _ => {}
        }
    }
    match (quote, open) {
        (Some(_), _) => Some("opens a quote and does not close it"),
        (None, 0) => None,
        (None, _) => Some("opens a parenthesis and does not close it"),
    }
}

fn check_when(side: &Cursor<'_>, when: &Cursor<'_>, home: Option<&str>, findings: &mut Findings<'_>) {
    if home.is_none() {
        let help = "add `home = \"SIDE\"` to the sync: `when` is JQL that is asked there";
        findings.error(&when.key_spot, "`when` needs a `home`", help);
    } else if home == Some(side.name) {
        let help = "to choose which issues made here are carried, write `jql`";
        findings.error(&when.key_spot, "`when` on the home side itself has no meaning", help);
    }
}

/// The side that `home` names.
pub(super) fn home(sync: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Option<SideId> {
    let cursor = sync.get(&keys::HOME)?;
    sides.find(cursor.text()?, &cursor.spot, findings)
}

/// Warns where a side is seen by nobody and sees nobody: it is in the sync for nothing.
pub(super) fn warn_alone(sync: &Cursor<'_>, settings: &[SideSettings], findings: &mut Findings<'_>) {
    let Some(table) = sync.get(&keys::SIDE) else { return };
    for side in settings {
        let seen = settings.iter().any(|other| other.id != side.id && other.sees.contains(&side.id));
        if side.sees.len() > 1 || seen || settings.len() < 2 {
            continue;
        }
        if let Some(entry) = table.entries().find(|entry| entry.name == side.id.as_str()) {
            let others: Vec<&str> =
                settings.iter().filter(|other| other.id != side.id).map(|other| other.id.as_str()).collect();
            let message = format!("side `{}` sees no other side, and none sees it", side.id);
            findings.warning(&entry.key_spot, message, format!("let it see one of {}", listed(&others)));
        }
    }
}
