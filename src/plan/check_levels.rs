//! The second look at what security levels allow: from what was read, the rows' names and the plan's writes, by other means than
//! those that made the plan. Must never ask the planner's own module.

use super::check::Check;
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::level::Level;
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation};
use crate::model::settings::FieldRow;

/// The row of security levels.
const ROW: &str = "security";

/// What is known of a level: there is none, it has this name, or one that nobody knows.
#[derive(Clone, PartialEq, Eq)]
enum Known {
    Open,
    Under(String),
    Shut,
}

impl Check<'_> {
    /// Whether what is written agrees with the levels on both ends.
    pub(super) fn levels(&mut self) {
        let (input, plan) = (self.input, self.plan);
        let Some(home) = input.sync.home.clone() else {
            if plan
                .operations
                .iter()
                .any(|operation| fields(operation).is_some_and(|fields| level_of(fields).is_some()))
            {
                self.fail("only home's level is written", &"?".into(), "there is no home");
            }
            return;
        };
        let row = input.sync.fields.get(&FieldName::from(ROW));
        let at_home = self.known(&home);
        let covered =
            matches!((&at_home, row), (Known::Under(level), Some(row)) if pairs(row, &home, level, &home, level));
        for operation in &plan.operations {
            if at_home != Known::Open && !covered {
                self.fail("what has a security level is let be", &operation.side, "home's has one without a row");
                continue;
            }
            if operation.side != home && row.is_some() && self.is_untold(&home) {
                self.fail("what home does not tell of is not carried", &operation.side, "its level was never told");
                continue;
            }
            let level = fields(operation).and_then(level_of);
            if operation.side == home {
                if level.is_some() {
                    self.fail("only home's level is written", &home, "one is written at home");
                }
                continue;
            }
            let fits = |name: &str| matches!((&at_home, row), (Known::Under(at_home), Some(row)) if pairs(row, &home, at_home, &operation.side, name));
            match (&operation.action, level) {
                (Action::Create { .. }, Some(Some(name))) if fits(&name) => {}
                (Action::Create { .. }, None) if at_home == Known::Open => {}
                (Action::Create { .. }, _) => {
                    self.fail("an issue is made under its level", &operation.side, "home's has another, or none");
                }
                (Action::Offer { .. }, _) if at_home != Known::Open => {
                    let what = "a version or component is made for it, which everybody sees";
                    self.fail("what has a security level shows nothing beside itself", &operation.side, what);
                }
                (Action::SetFields { fields }, Some(wanted)) => {
                    if fields.len() > 1 {
                        self.fail("a level is written alone", &operation.side, "something goes along with it");
                    }
                    let agrees = match &wanted {
                        Some(name) => fits(name),
                        None => self.may_open(&home, &operation.side),
                    };
                    if !agrees {
                        self.fail("only home's level is written", &operation.side, "another one is, or none");
                    }
                }
                (Action::Offer { .. }, None) if !plan.item.replicas.contains_key(&operation.side) => {}
                (_, Some(_)) => self.fail("a level is written alone", &operation.side, "a hop sets it"),
                (_, None) => {
                    let stands = match self.known(&operation.side) {
                        Known::Open => at_home == Known::Open,
                        Known::Under(there) => fits(&there),
                        Known::Shut => false,
                    };
                    if !stands || self.is_level_under_way(&operation.side) {
                        let what = "something else is written first";
                        self.fail("a level stands before anything else is written", &operation.side, what);
                    }
                }
            }
        }
    }

    /// The level of a side's issue, by the read if there is one.
    fn known(&self, side: &SideId) -> Known {
        let recorded = self.input.item.replicas.get(side).map(|replica| &replica.level);
        let read = self.input.observed.get(side).map(|read| &read.snapshot);
        let under = |name: &Option<String>| name.clone().map_or(Known::Open, Known::Under);
        let elsewhere = |project: &String| self.settings(side).is_some_and(|settings| &settings.project != project);
        match (read, recorded) {
            (Some(read), _) if read.restricted && (read.level.is_none() || elsewhere(&read.project)) => Known::Shut,
            (Some(read), Some(Level { seen, .. })) if elsewhere(&read.project) => under(seen),
            (Some(read), Some(Level { seen, .. }))
                if !read.tells_level && self.input.sync.home.as_ref() == Some(side) =>
            {
                under(seen)
            }
            (Some(read), _) => under(&read.level),
            (None, Some(Level { seen, .. })) => under(seen),
            (None, None) => Known::Open,
        }
    }

    /// Whether no read of home's issue, now or before, said anything of its level.
    fn is_untold(&self, home: &SideId) -> bool {
        let read = self.input.observed.get(home).map(|read| read.snapshot.tells_level);
        let recorded = self.input.item.replicas.get(home);
        let before = recorded.filter(|replica| replica.away.is_none() && (replica.observed || read.is_some()));
        before.is_some_and(|replica| replica.level.read.is_none() && replica.level.seen.is_none()) && read != Some(true)
    }

    /// Whether a level may be taken away: home's issue itself was just read without one, and what stands there is ours.
    fn may_open(&self, home: &SideId, side: &SideId) -> bool {
        let read = self.input.observed.get(home);
        let open = read.is_some_and(|read| read.direct && read.snapshot.tells_level && !read.snapshot.restricted);
        open && self.plan.item.replicas.get(side).is_some_and(|replica| replica.level.ours)
    }

    /// Whether a write of a level is not settled.
    fn is_level_under_way(&self, side: &SideId) -> bool {
        self.input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && !self.plan.seen.contains(&intent.id)
                && matches!(&intent.operation.action, Action::SetFields { fields } if level_of(fields).is_some())
        })
    }
}

fn fields(operation: &Operation) -> Option<&std::collections::BTreeMap<FieldName, FieldWrite>> {
    operation.action.fields()
}

/// The level that fields write: none of it, or a name, or that there is to be none.
fn level_of(fields: &std::collections::BTreeMap<FieldName, FieldWrite>) -> Option<Option<String>> {
    let write = fields.iter().find(|(name, write)| name.as_str() == ROW || write.field.as_str() == ROW)?.1;
    match &write.write {
        NativeWrite::Set(NativeValue::Named(named)) => Some(Some(named.name.clone())),
        NativeWrite::Set(_) | NativeWrite::Words { .. } => Some(None),
    }
}

/// Whether a row has both names for one level: the first that has home's.
fn pairs(row: &FieldRow, home: &SideId, at_home: &str, side: &SideId, there: &str) -> bool {
    let has =
        |names: Option<&Vec<String>>, name: &str| names.is_some_and(|names| names.iter().any(|known| known == name));
    let first = row.values.rows.iter().find(|known| has(known.names.get(home), at_home));
    first.is_some_and(|known| has(known.names.get(side), there))
}
