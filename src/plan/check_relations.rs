//! The part of the second look at a plan that is about links between issues, and parents. Must never share a decision with the planner; it
//! may share the look-up of names.

use std::collections::BTreeMap;

use super::check::{Check, place};
use crate::mapping::{native_link, parent_item};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, FieldWrite, NativeWrite, Relation};
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

impl Check<'_> {
    /// A link is made only where it is agreed and lacking, and taken away only where it is not agreed and was seen.
    pub(super) fn relation(&mut self, side: &SideId, link: &Relation, id: Option<&String>) {
        let input = self.input;
        let row = input.sync.fields.get(&link.field).filter(|row| row.kind == FieldKind::Links);
        let Some((row, field)) = row.and_then(|row| Some((row, row.sides.get(side)?))) else {
            self.fail("only mapped fields are written", side, format!("`{}`", link.field));
            return;
        };
        let Some(agreed) = self.agreed(row, side).cloned() else {
            self.fail("only agreed values are written", side, format!("a link of `{}`", link.field));
            return;
        };
        let may_see = self.may_see(row, side);
        if agreed.origins.iter().any(|origin| !may_see.contains(origin)) {
            self.fail("no leak", side, format!("a link of `{}` comes from where it does not see", link.field));
        }
        let held = self.base(side, &link.field).and_then(|base| base.value.clone()).unwrap_or(Value::Empty);
        let (wanted, held) = (agreed.value.words().contains(&link.element), held.words().contains(&link.element));
        if wanted != id.is_none() || held != id.is_some() {
            self.fail("only agreed values are written", side, format!("the link to {}", link.key));
        }
        let place = place(input, &self.nothing, row, side);
        if id.is_none() && native_link(&place, &link.element).map(|known| known.issue) != Ok(link.issue) {
            self.fail("links lead only to what is there", side, format!("the link to {}", link.key));
        }
        let read = input.observed.get(side).and_then(|read| read.snapshot.fields.get(field));
        let shown = |id: &String| matches!(read, Some(NativeValue::Links(links)) if links.iter().any(|l| &l.id == id));
        if id.is_some_and(|id| !shown(id)) {
            self.fail("only a link that was read is taken away", side, format!("the link to {}", link.key));
        }
        let under_way = input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && !self.plan.seen.contains(&intent.id)
                && matches!(&intent.operation.action,
                    Action::AddIssueLink { link: other } | Action::DeleteIssueLink { link: other, .. }
                        if other.element == link.element)
        });
        if under_way {
            self.fail("a link is written once at a time", side, format!("the link to {}", link.key));
        }
    }

    /// A sub-task is made below its parent, or not at all.
    pub(super) fn sub_task(&mut self, side: &SideId, issue_type: &str, fields: &BTreeMap<FieldName, FieldWrite>) {
        let catalog = self.input.catalogs.get(side);
        let is_one = catalog.is_some_and(|catalog| catalog.sub_task_types.contains(issue_type));
        let above = |write: &FieldWrite| matches!(&write.write, NativeWrite::Set(NativeValue::Parent(_)));
        if is_one && !fields.values().any(|write| write.field.as_str() == "parent" && above(write)) {
            self.fail("a sub-task is made below its parent", side, format!("`{issue_type}` without one"));
        }
    }

    /// Whether a write is that of a parent to the field that Data Center keeps epics in.
    pub(super) fn is_parent(&self, side: &SideId, row: &FieldRow, write: &FieldWrite) -> bool {
        let catalog = self.input.catalogs.get(side);
        row.kind == FieldKind::Parent
            && row.sides.contains_key(side)
            && catalog.is_some_and(|catalog| catalog.epic_link.as_ref() == Some(&write.field))
    }

    /// Whether a write gives an epic the name that it may see, and no row carries.
    pub(super) fn is_epic_name(
        &self,
        side: &SideId,
        name: &FieldName,
        write: &FieldWrite,
        fields: &BTreeMap<FieldName, FieldWrite>,
    ) -> bool {
        let catalog = self.input.catalogs.get(side);
        let summary = fields.values().find(|other| other.field.as_str() == "summary");
        !self.input.sync.fields.get(name).is_some_and(|row| row.sides.contains_key(side))
            && catalog.is_some_and(|catalog| catalog.epic_name.as_ref() == Some(&write.field))
            && summary.is_some_and(|summary| (&summary.write, &summary.acts) == (&write.write, &write.acts))
    }

    /// A parent is the counterpart of what is agreed.
    pub(super) fn parent(&mut self, side: &SideId, row: &FieldRow, write: &FieldWrite) {
        let NativeWrite::Set(NativeValue::Parent(above)) = &write.write else { return };
        let agreed = self.agreed(row, side).map(|agreed| agreed.value.clone());
        let item = match &agreed {
            Some(Value::Choice(shared)) => parent_item(shared),
            Some(_) | None => None,
        };
        let there = item.and_then(|item| self.input.references.relatives.there(item, side));
        if there.is_none_or(|there| Some(there.issue) != above.issue || there.restricted) {
            self.fail("links lead only to what is there", side, format!("the parent {}", above.key));
        }
    }
}
