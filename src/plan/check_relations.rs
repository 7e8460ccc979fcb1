//! The part of the second look at a plan that is about links between issues. Must never share a decision with the planner; it
//! may share the look-up of names.

use super::check::{Check, place};
use crate::mapping::native_link;
use crate::model::ids::SideId;
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, Relation};
use crate::model::settings::FieldKind;
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
}
