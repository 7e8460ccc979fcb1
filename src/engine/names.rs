//! Names of the configuration against what the instances offer: fields by display name become ids, and every mapped name
//! must exist. Pure. Must never pick one of several fields with one name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::mapping::{Vocabulary, link_cell, vocabulary};
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::{FieldId, FieldName, InstanceId, SideId};
use crate::model::issue::Named;
use crate::model::settings::{Composed, FieldKind, FieldRow, OnUnmapped, PairBy, Row, SyncSettings, Table};

/// The field of security levels, and the row that carries it.
const SECURITY: &str = "security";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing can run with it.
    Error,
    /// It will show, but the rest runs.
    Warning,
    /// Nothing is wrong: what nobody could look at, or may want to know.
    Note,
}

/// Who can mend what was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "who", rename_all = "kebab-case")]
pub enum Mender {
    /// Whoever runs jirasyncd.
    Operator,
    /// An administrator of that Jira, too.
    Administrator {
        /// Where.
        instance: InstanceId,
        /// What to ask for, in words that name no other Jira.
        ask: String,
    },
    /// An administrator of that Jira, by a permission: that is asked for with the permissions.
    Permission {
        /// Where.
        instance: InstanceId,
    },
}

/// Something that is not as it should be, found before the first write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where: the instance, or the sync with its side and key.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Who can do it.
    pub mender: Mender,
}

impl Finding {
    /// An error.
    pub(crate) fn error(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place: place.into(),
            what: what.into(),
            remedy: remedy.into(),
            mender: Mender::Operator,
        }
    }

    /// A warning.
    pub(crate) fn warning(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, what, remedy) }
    }

    /// A note.
    pub(crate) fn note(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(place, what, remedy) }
    }

    /// The same, where an administrator of that Jira can mend it: what to ask for, which must name no other Jira.
    pub(crate) fn for_administrator(self, instance: &InstanceId, ask: impl Into<String>) -> Self {
        Self { mender: Mender::Administrator { instance: instance.clone(), ask: ask.into() }, ..self }
    }

    /// The same, where a permission mends it.
    pub(crate) fn for_permission(self, instance: &InstanceId) -> Self {
        Self { mender: Mender::Permission { instance: instance.clone() }, ..self }
    }
}

/// The sync with every field by its id, and what does not exist or is not clear.
pub(crate) fn resolve(settings: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>) -> (SyncSettings, Vec<Finding>) {
    let mut sync = settings.clone();
    let mut found = Vec::new();
    for row in sync.fields.values_mut() {
        for (side, field) in &mut row.sides {
            let Some(catalog) = catalogs.get(side) else { continue };
            match field_id(catalog, field) {
                // Under another name it would not be held to what is promised of levels.
                Ok(id) if id.as_str() == SECURITY && row.name.as_str() != SECURITY => {
                    let place = format!("sync.{}.fields.{}, side `{side}`", settings.id, row.name);
                    let what = "security levels are carried by the row `security` alone";
                    found.push(Finding::error(place, what, "write `security = { values = [ … ] }`"));
                }
                Ok(id) => *field = id,
                Err((what, remedy)) => {
                    let place = format!("sync.{}.fields.{}, side `{side}`", settings.id, row.name);
                    let finding = Finding::error(place, what, remedy);
                    found.push(for_who_makes_it(finding, (settings, side), catalog, field));
                }
            }
        }
    }
    for by in &mut sync.pairing {
        let PairBy::Field(fields) = by else { continue };
        for (side, field) in fields {
            let Some(catalog) = catalogs.get(side) else { continue };
            match field_id(catalog, field) {
                Ok(id) => *field = id,
                Err((what, remedy)) => {
                    let place = format!("sync.{}.pairing.by, side `{side}`", settings.id);
                    let finding = Finding::error(place, what, remedy);
                    found.push(for_who_makes_it(finding, (settings, side), catalog, field));
                }
            }
        }
    }
    super::kinds::settle(&mut sync, catalogs, &mut found);
    for (side, catalog) in catalogs {
        let mut look = Look { settings, side, found: &mut found };
        look.table("map.issue-type", ("issue type", Made::ForProject), &settings.issue_types, &catalog.issue_types);
        look.table("map.status", ("status", Made::ForProject), &settings.statuses, &catalog.statuses);
        look.link_types(catalog);
        look.table("map.priority", ("priority", Made::ForAll), &settings.priorities, &catalog.priorities);
        for row in sync.fields.values() {
            look.options(row, &format!("fields.{}.values", row.name), &row.values, catalog);
        }
        look.levels(&sync, catalog);
        look.people(catalog);
        look.written(&sync, catalog);
        look.required(&sync, catalog);
    }
    (sync, found)
}

/// The field that a text means: an id, or a display name that only one field has.
pub(super) fn field_id(catalog: &Catalog, text: &FieldId) -> Result<FieldId, (String, String)> {
    // A catalog without fields says nothing about them.
    if catalog.fields.contains_key(text) || catalog.fields.is_empty() {
        return Ok(text.clone());
    }
    let named: Vec<&FieldId> =
        catalog.fields.iter().filter(|(_, name)| name.as_str() == text.as_str()).map(|(id, _)| id).collect();
    match named.as_slice() {
        [id] => Ok((*id).clone()),
        [] => {
            let near = nearest(text.as_str(), catalog.fields.values().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err((format!("there is no field `{text}`"), format!("name a field of that instance, or its id{hint}")))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|id| format!("`{id}`")).collect();
            let what = format!("{} fields are called `{text}`: {}", several.len(), ids.join(", "));
            Err((what, "name the one that is meant by its id".to_owned()))
        }
    }
}

/// What is said of a field that is not there, with whom to ask: only an administrator can make one. What is like a field that is there is
/// most likely a slip of the pen, and an id cannot be made.
fn for_who_makes_it(
    finding: Finding,
    (settings, side): (&SyncSettings, &SideId),
    catalog: &Catalog,
    field: &FieldId,
) -> Finding {
    let is_near = nearest(field.as_str(), catalog.fields.values().map(String::as_str)).is_some();
    match settings.side(side).filter(|_| !is_near && !field.is_custom()) {
        Some(at) => {
            finding.for_administrator(&at.instance, Made::ForAll.asked_for("field", field.as_str(), &at.project))
        }
        None => finding,
    }
}

/// A field as its own Jira shows it: "`Severity` (customfield_10042)". A row is called as its author likes, which may tell of another Jira.
pub(super) fn field_as_shown(catalog: &Catalog, field: &FieldId) -> String {
    catalog.fields.get(field).map_or_else(|| format!("`{field}`"), |name| format!("`{name}` ({field})"))
}

/// Where in a Jira something is made that a row names.
#[derive(Clone, Copy)]
enum Made<'a> {
    /// For the project.
    ForProject,
    /// For all of that Jira, whose administrators alone can.
    ForAll,
    /// In this field, as that Jira shows it.
    InField(&'a str),
}

impl Made<'_> {
    /// What to ask for where it is missing.
    fn asked_for(self, thing: &str, name: &str, project: &str) -> String {
        match self {
            Self::ForProject => {
                format!("there is no {thing} `{name}` for project {project}: make it, or say what it is called")
            }
            Self::ForAll => format!(
                "there is no {thing} `{name}` in all of this Jira: let a Jira administrator make it, or say what it is called"
            ),
            Self::InField(field) => format!(
                "the field {field} has no {thing} `{name}` for project {project}: make it, or say what it is called"
            ),
        }
    }
}

struct Look<'a> {
    settings: &'a SyncSettings,
    side: &'a SideId,
    found: &'a mut Vec<Finding>,
}

impl Look<'_> {
    /// Notes what an administrator of that Jira can mend, too. `ask`: what to ask for, with the project's key in it.
    fn tell_administrator(&mut self, finding: Finding, ask: impl FnOnce(&str) -> String) {
        self.found.push(match self.settings.side(self.side) {
            Some(side) => finding.for_administrator(&side.instance, ask(&side.project)),
            None => finding,
        });
    }

    fn table(&mut self, key: &str, (thing, made): (&str, Made<'_>), table: &Table, offered: &[Named]) {
        if offered.is_empty() {
            return;
        }
        let side = self.side;
        // What another row names is meant there; a path leads over what others name.
        let named: BTreeSet<&String> = table.rows.iter().filter_map(|row| row.names.get(side)).flatten().collect();
        for row in &table.rows {
            let names = row.names.get(side).into_iter().flatten().map(|name| (name, false));
            let path = row.path.get(side).into_iter().flatten().map(|name| (name, true));
            let names = names.chain(path);
            for (name, is_way) in names.filter(|(name, _)| !offered.iter().any(|offered| offered.name == **name)) {
                let meant = offered.iter().filter(|offered| is_way || !named.contains(&offered.name));
                let near = nearest(name, meant.map(|offered| offered.name.as_str()));
                let all: Vec<&str> = offered.iter().map(|offered| offered.name.as_str()).collect();
                let hint =
                    near.map_or_else(|| format!("there are: {}", all.join(", ")), |n| format!("did you mean `{n}`?"));
                let place = format!("sync.{}.{key}, side `{}`", self.settings.id, self.side);
                let finding = Finding::error(place, format!("there is no {thing} `{name}`"), hint);
                // Most likely a slip of the pen: nobody is asked to make what is there.
                if near.is_some() {
                    self.found.push(finding);
                    continue;
                }
                self.tell_administrator(finding, |project| made.asked_for(thing, name, project));
            }
        }
    }

    /// The types of links that rows name. Their cells may turn the direction round.
    fn link_types(&mut self, catalog: &Catalog) {
        let offered = catalog.link_types.iter().map(|name| Named { id: String::new(), name: name.clone() });
        let offered: Vec<Named> = offered.collect();
        let mut table = self.settings.link_types.clone();
        for name in table.rows.iter_mut().flat_map(|row| row.names.values_mut()).flatten() {
            *name = link_cell(name).0.to_owned();
        }
        self.table("map.link-type", ("link type", Made::ForAll), &table, &offered);
    }

    /// What a create screen demands, and no row gives. Jira fills the project, the type and, where it is hidden, the reporter.
    fn required(&mut self, resolved: &SyncSettings, catalog: &Catalog) {
        const GIVEN: [&str; 4] = ["project", "issuetype", "summary", "reporter"];
        let (settings, side) = (self.settings, self.side);
        let given = resolved.fields.values().filter(|row| resolved.gives(row, side));
        let given: Vec<&FieldId> = given.filter_map(|row| row.sides.get(side)).collect();
        let rows = &settings.issue_types.rows;
        let made = |name: &str| {
            rows.is_empty()
                || rows
                    .iter()
                    .any(|row| row.names.get(side).and_then(|names| names.first()).is_some_and(|first| first == name))
        };
        for (issue_type, required) in catalog.required.iter().filter(|(name, _)| made(name)) {
            let missing: Vec<String> = required
                .iter()
                // An epic is given its summary as its name.
                .filter(|(id, _)| catalog.epic_name.as_ref() != Some(*id))
                .filter(|(id, _)| !GIVEN.contains(&id.as_str()) && !given.contains(id))
                .map(|(id, name)| format!("`{name}` ({id})"))
                .collect();
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let place = format!("sync.{}.fields, side `{side}`", settings.id);
                let what = format!("an issue of type `{issue_type}` needs {missing}, which no row gives a value");
                let remedy = "map the field so that another side gives it a value (`from`), give it a default in that Jira, or make it optional: Jira refuses the creation without it";
                self.tell_administrator(Finding::warning(place, what, remedy), |project| {
                    format!(
                        "issues of type `{issue_type}` in project {project} cannot be made without {missing}: give that a default, or make it optional"
                    )
                });
            }
        }
    }

    /// The options of a select that a table names. A field that is on no create screen tells nothing of them.
    fn options(&mut self, row: &FieldRow, key: &str, table: &Table, catalog: &Catalog) {
        let Some(field) = row.sides.get(self.side) else { return };
        let Some(offered) = catalog.options.get(field) else { return };
        let named: Vec<Named> = offered.iter().map(|name| Named { id: String::new(), name: name.clone() }).collect();
        let (shape, shown) = (catalog.shapes.get(field), field_as_shown(catalog, field));
        let what = match field.as_str() {
            "resolution" => ("resolution", Made::ForAll),
            SECURITY => ("security level", Made::ForProject),
            // Those that are over are in the map, and cannot be chosen any more.
            _ if shape == Some(&Shape::Sprint) => return,
            _ if shape == Some(&Shape::Project) => return self.projects(key, table, offered),
            _ if shape == Some(&Shape::Request) => ("request type", Made::ForProject),
            _ => ("option", Made::InField(&shown)),
        };
        self.table(key, what, table, &named);
    }

    /// The projects that a row names. Who may see one is decided in that project, so one that is not shown is no error of the file.
    fn projects(&mut self, at: &str, table: &Table, offered: &BTreeSet<String>) {
        let side = self.side;
        let named = table.rows.iter().filter_map(|known| known.names.get(side)).flatten();
        let place = format!("sync.{}.{at}, side `{side}`", self.settings.id);
        for key in named.filter(|key| !offered.contains(*key)) {
            let what = format!("there is no project `{key}`, or the sync user may not see it");
            let remedy = "let the sync user browse it (Browse Projects), or write the key of another one: until then it is written nowhere there";
            self.tell_administrator(Finding::warning(place.clone(), what, remedy), |_| {
                format!("let that account browse project {key} (Browse Projects), where there is one of this key")
            });
        }
    }

    /// Home's security levels that no row has, and whether levels can be set elsewhere. Jira offers them to who may set them.
    fn levels(&mut self, resolved: &SyncSettings, catalog: &Catalog) {
        let Some(row) = resolved.fields.get(&FieldName::from(SECURITY)) else { return };
        let field = FieldId::from(SECURITY);
        let place = format!("sync.{}.fields.{SECURITY}, side `{}`", self.settings.id, self.side);
        if self.settings.home.as_ref() != Some(self.side) {
            let screens = &catalog.create_fields;
            if !screens.is_empty() && !screens.values().any(|fields| fields.contains(&field)) {
                let what = "no create screen offers the sync user a security level: of home's issues that have one none is made there";
                let remedy = "put the field on the create screen, give the project a scheme, and let the sync user set levels (Set Issue Security) and be in them";
                self.tell_administrator(Finding::warning(place, what, remedy), |project| {
                    format!(
                        "put the field of security levels on the create screen of project {project}, give the project a scheme of levels, and \
                         put that account into those that it is to set"
                    )
                });
            }
            return;
        }
        let named = |level: &String| {
            let mut rows = row.values.rows.iter().filter_map(|known| known.names.get(self.side));
            rows.any(|names| names.contains(level))
        };
        for level in catalog.options.get(&field).into_iter().flatten().filter(|level| !named(level)) {
            let what = format!("the security level `{level}` has no row: issues that have it are carried nowhere");
            let remedy = "give it a row if they may be shared; none is needed if they may not";
            self.found.push(Finding::warning(place.clone(), what, remedy));
        }
    }

    fn people(&mut self, catalog: &Catalog) {
        let carried = self
            .settings
            .fields
            .values()
            .any(|row| matches!(row.kind, FieldKind::Person | FieldKind::People | FieldKind::Watchers));
        for row in self.settings.users.rows.iter().filter(|_| carried) {
            for cell in row.names.get(self.side).into_iter().flatten() {
                if !catalog.people.contains_key(cell) {
                    let place = format!("sync.{}.map.users, side `{}`", self.settings.id, self.side);
                    let remedy = "correct the e-mail, account id or user name, or let the sync user browse users; of whom hides an address Cloud tells none: write the account id";
                    self.found.push(Finding::warning(place, format!("nobody is found as `{cell}`"), remedy));
                }
            }
        }
    }
}

impl Look<'_> {
    /// The names that rows write whatever their maps say: where a value has no counterpart, where nothing is agreed, and always.
    fn written(&mut self, resolved: &SyncSettings, catalog: &Catalog) {
        let side = self.side;
        // What a side only gives is written there by nobody.
        let is_written = |row: &&FieldRow| row.composed.is_some() || row.from.iter().any(|other| other != side);
        for row in resolved.fields.values().filter(|row| row.sides.contains_key(side)).filter(is_written) {
            let unmapped = match &row.on_unmapped {
                OnUnmapped::Default(names) => names.get(side),
                OnUnmapped::Leave | OnUnmapped::Skip | OnUnmapped::Create | OnUnmapped::Clear => None,
            };
            let constant = match &row.composed {
                Some(Composed::Constant(text)) if !row.from.contains(side) => Some(text),
                Some(Composed::Constant(_) | Composed::Template(_)) | None => None,
            };
            if let Some(name) = unmapped {
                self.named(row, "on-unmapped", vec![name.clone()], catalog);
            }
            for (key, text) in [("default", row.default.get(side)), ("value", constant)] {
                let names = text.map(|text| names_in(row, self.shape(row, catalog), text));
                self.named(row, key, names.unwrap_or_default(), catalog);
            }
        }
    }

    /// Holds names that a row writes to what is offered, as those of its map are.
    fn named(&mut self, row: &FieldRow, key: &str, names: Vec<String>, catalog: &Catalog) {
        let key = format!("fields.{}.{key}", row.name);
        let names = BTreeMap::from([(self.side.clone(), names)]);
        let table = Table { rows: vec![Row { names, ..Row::default() }] };
        match vocabulary(row) {
            Vocabulary::IssueTypes => {
                self.table(&key, ("issue type", Made::ForProject), &table, &catalog.issue_types);
            }
            Vocabulary::Statuses => self.table(&key, ("status", Made::ForProject), &table, &catalog.statuses),
            Vocabulary::Priorities => self.table(&key, ("priority", Made::ForAll), &table, &catalog.priorities),
            // A word is made by being written. A version or component may be made yet; what lacks then is told with the issue.
            Vocabulary::Own
                if self.shape(row, catalog).is_some_and(|shape| shape == Shape::Words || shape.thing().is_some()) => {}
            Vocabulary::Own => self.options(row, &key, &table, catalog),
            Vocabulary::Users => {}
        }
    }

    fn shape(&self, row: &FieldRow, catalog: &Catalog) -> Option<Shape> {
        catalog.shapes.get(row.sides.get(self.side)?).copied()
    }
}

/// The names in a text that a row writes: a set's are parted by commas, where the field holds several.
fn names_in(row: &FieldRow, shape: Option<Shape>, text: &str) -> Vec<String> {
    if !row.kind.is_set() || shape.is_some_and(Shape::is_choice) {
        return vec![text.to_owned()];
    }
    text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The nearest of some names, if one is near. `Priority 3` is another thing than `Priority 4`, and no slip of the pen.
fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let without_digits = |name: &str| name.to_lowercase().replace(|letter: char| letter.is_ascii_digit(), "");
    let text = text.to_lowercase();
    let bare = without_digits(&text);
    let names = names.filter(|name| name.to_lowercase() == text || without_digits(name) != bare);
    let scored = names.map(|name| (strsim::jaro_winkler(&text, &name.to_lowercase()), name));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 > 0.8).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_id_or_by_a_name_that_is_its_own() {
        let fields = [
            ("summary", "Summary"),
            ("customfield_1", "Severity"),
            ("customfield_2", "Team"),
            ("customfield_3", "Team"),
        ];
        let fields = fields.map(|(id, name)| (FieldId::from(id), name.to_owned())).into();
        let catalog = Catalog { fields, ..Catalog::default() };
        let find = |text: &str| field_id(&catalog, &FieldId::from(text));
        assert_eq!(find("customfield_2"), Ok("customfield_2".into()));
        assert_eq!(find("Severity"), Ok("customfield_1".into()));
        assert!(find("Team").unwrap_err().0.contains("`customfield_2`, `customfield_3`"));
        assert!(find("Severty").unwrap_err().1.contains("did you mean `Severity`?"));
    }

    #[test]
    fn a_name_with_another_number_is_not_near() {
        let near = |text: &str| nearest(text, ["Priority 3", "Priority 10", "Highest"].into_iter());
        assert_eq!(near("Priority 4"), None);
        assert_eq!(near("priority 3"), Some("Priority 3"));
        assert_eq!(near("Prioritty 3"), Some("Priority 3"));
        assert_eq!(near("Higest"), Some("Highest"));
    }
}
