//! What a check sees of the screens that fields are to be written through: Jira takes a value only for a field that the screen of the issue's
//! type shows. Must only read, and say nothing of a screen that Jira does not show, nor of a field that a missing permission keeps off it.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{Finding, field_as_shown};
use super::rights::PermissionReport;
use super::survey::{Connections, Survey};
use super::workflows::types;
use crate::jira::JiraError;
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::FieldId;
use crate::model::right::Right;
use crate::model::settings::{FieldKind, FieldRow, SideSettings, SyncSettings};

/// What the edit screen of each type shows, as far as Jira tells.
type Screens = BTreeMap<String, BTreeSet<FieldId>>;

impl Survey {
    /// Looks at the edit screen of one issue of each type, where anything is written, and says which fields are on none. Two requests for each type.
    pub(super) async fn ask_screens(&mut self, connections: &Connections) {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for sync in self.syncs.values() {
            let Some(catalogs) = self.catalogs.get(&sync.id) else { continue };
            for side in sync.sides.iter().filter(|side| !self.silent.contains_key(&side.instance)) {
                let Some((catalog, connection)) = catalogs.get(&side.id).zip(connections.get(&side.instance)) else {
                    continue;
                };
                let withheld = withheld(&self.permissions, side);
                let rows = sync.fields.values().filter(|row| is_edited(row, side, catalog, &withheld));
                let rows: Vec<&FieldRow> = rows.collect();
                if rows.is_empty() {
                    continue;
                }
                let mut screens = Screens::new();
                for issue_type in types(sync, &side.id, catalogs) {
                    match connection.read.edit_screen(&side.project, &issue_type).await {
                        Ok(screen) => screens.extend(screen.map(|screen| (issue_type, screen))),
                        // One that does not answer is not asked for every type.
                        Err(error) => {
                            failures.push(error);
                            break;
                        }
                    }
                }
                found.extend(rows.into_iter().flat_map(|row| judge(sync, side, row, catalog, &screens)));
            }
        }
        self.findings.extend(found);
        let known = |error: &JiraError| self.failures.iter().any(|failed| failed.instance == error.instance);
        failures.retain(|error| !known(error));
        self.failures.extend(failures);
    }
}

/// The fields that no screen shows the sync user, since it lacks the permission to set them: that is told with the permissions.
fn withheld(reports: &[PermissionReport], side: &SideSettings) -> BTreeSet<FieldId> {
    let report = reports.iter().find(|report| report.instance == side.instance && report.project == side.project);
    let bound = [
        ("assignee", Right::AssignIssues),
        ("reporter", Right::ModifyReporter),
        ("duedate", Right::ScheduleIssues),
        ("fixVersions", Right::ResolveIssues),
        ("security", Right::SetIssueSecurity),
    ];
    let lacks = |right: Right| {
        let mut needs = report.into_iter().flat_map(|report| &report.needs);
        needs.any(|need| need.key == right.key() && !need.is_held())
    };
    bound.into_iter().filter(|(_, right)| lacks(*right)).map(|(field, _)| FieldId::from(field)).collect()
}

/// Whether what others hold is written into this field by an edit of the issue.
fn is_edited(row: &FieldRow, side: &SideSettings, catalog: &Catalog, withheld: &BTreeSet<FieldId>) -> bool {
    let Some(field) = row.sides.get(&side.id) else { return false };
    let by_other_ways = matches!(
        row.kind,
        FieldKind::Status | FieldKind::Links | FieldKind::Watchers | FieldKind::IssueType | FieldKind::Parent
    );
    // A resolution is set by a transition, sprints and request types by a way of their own.
    let own_way = matches!(catalog.shapes.get(field), Some(Shape::Sprint | Shape::Request));
    // A field that is not there is told with the names.
    let is_there = catalog.fields.is_empty() || catalog.fields.contains_key(field);
    let comes = row.composed.is_some() || row.from.iter().any(|other| other != &side.id);
    comes && is_there && !by_other_ways && !own_way && field.as_str() != "resolution" && !withheld.contains(field)
}

fn judge(
    sync: &SyncSettings,
    side: &SideSettings,
    row: &FieldRow,
    catalog: &Catalog,
    screens: &Screens,
) -> Option<Finding> {
    let field = row.sides.get(&side.id)?;
    let lacks: Vec<&String> =
        screens.iter().filter(|(_, shown)| !shown.contains(field)).map(|(issue_type, _)| issue_type).collect();
    if lacks.is_empty() {
        return None;
    }
    let made_with =
        |issue_type: &&&String| catalog.create_fields.get(**issue_type).is_some_and(|offered| offered.contains(field));
    let types = lacks.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let becomes = if lacks.iter().filter(made_with).count() == lacks.len() {
        "it is given a value when an issue is made, and no change after that"
    } else {
        "it is given no value there"
    };
    let place = format!("sync.{}.fields.{}, side `{}`", sync.id, row.name, side.id);
    let what = format!("`{field}` is not on the edit screen of {types} in project `{}`: {becomes}", side.project);
    let remedy = "put the field on that screen, for that type of issue; or leave it out of this side";
    let shown = field_as_shown(catalog, field);
    let ask = format!("put {shown} on the edit screen of {types} in project {}", side.project);
    Some(Finding::warning(place, what, remedy).for_administrator(&side.instance, ask))
}
