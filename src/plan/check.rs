//! A second look at a plan, by other means than those that made it: from the input and the plan alone, rule by rule. Must
//! never share a decision with the planner; it may share the look-up of names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Observation, Plan, PlanInput, Wanted};
use crate::mapping::{Place, inbound, same};
use crate::model::catalog::{Catalog, Shape};
use crate::model::hub::{Absence, Acts, Agreed, Audience, Base, Replica};
use crate::model::ids::{CommentId, FieldId, FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation, Unset};
use crate::model::remark::Remark;
use crate::model::settings::{Farewell, FieldKind, FieldRow, OnUnmapped, SideSettings};
use crate::model::value::Value;

/// A rule that a plan breaks. Always a defect of ours: such a plan must not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The rule, in words.
    pub rule: &'static str,
    /// The side that it is about.
    pub side: SideId,
    /// What breaks it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: on `{}`, {}", self.rule, self.side, self.what)
    }
}

/// Every rule that the plan breaks; empty for a sound plan.
#[must_use]
pub fn check(input: &PlanInput<'_>, plan: &Plan) -> Vec<Violation> {
    let mut check = Check { input, plan, nothing: Catalog::default(), found: Vec::new() };
    check.counts();
    for operation in &plan.operations {
        match &operation.action {
            Action::Create { issue_type, fields, unset } => {
                check.create(&operation.side);
                check.sub_task(&operation.side, issue_type, fields);
                check.fields(&operation.side, fields, true);
                check.unset(&operation.side, unset);
            }
            Action::SetFields { fields } => check.edit(&operation.side, fields),
            Action::Transition { .. } => check.hop(operation),
            Action::AddComment { remark, origin, comment, terms, .. } => {
                check.comment(&operation.side, origin, comment, *remark);
                check.readers(&operation.side, (origin, comment), terms, *remark);
            }
            Action::Link { to, .. } => check.link(&operation.side, to),
            Action::ShowEnd { of, link, shown } => check.end_shown(&operation.side, of, link, shown),
            Action::HideEnd { of, link, global_id } => check.end_hidden(&operation.side, of, link, global_id),
            Action::Unlink { to, .. } => check.parting(&operation.side, to, &Farewell::Unlink),
            Action::DeleteIssue { with } => check.parting(&operation.side, with, &Farewell::Delete),
            Action::Offer { field, name, .. } => check.offer(&operation.side, field, name),
            Action::AddFile { origin, file, .. } => check.file(&operation.side, origin, file),
            Action::DeleteFile { origin, file, taken: Some(by), .. } => {
                check.file_taken(&operation.side, origin, file, by);
            }
            Action::DeleteFile { origin, file, copy, taken: None } => {
                check.file_gone(&operation.side, origin, file, copy);
            }
            Action::EditOriginal { comment, by, copy, .. } => check.original(&operation.side, comment, by, copy),
            Action::AddIssueLink { link } => check.relation(&operation.side, link, None),
            Action::DeleteIssueLink { link, id } => check.relation(&operation.side, link, Some(id)),
            Action::AddWatcher { watcher } => check.watcher(&operation.side, watcher, true),
            Action::RemoveWatcher { watcher } => check.watcher(&operation.side, watcher, false),
            Action::StopWatching { account } => check.leaving(&operation.side, account),
            Action::EditComment { remark, origin, comment, copy, .. }
            | Action::DeleteComment { remark, origin, comment, copy } => {
                let deleted = matches!(
                    operation.action,
                    Action::DeleteComment { .. } | Action::EditComment { emptied: true, .. }
                );
                check.revision(&operation.side, (origin, comment, copy), deleted, *remark);
            }
        }
    }
    check.barred();
    check.let_be();
    check.levels();
    check.bases();
    check.hub();
    check.found.sort();
    check.found.dedup();
    check.found
}

pub(super) struct Check<'a> {
    pub(super) input: &'a PlanInput<'a>,
    pub(super) plan: &'a Plan,
    pub(super) nothing: Catalog,
    found: Vec<Violation>,
}

impl Check<'_> {
    pub(super) fn fail(&mut self, rule: &'static str, side: &SideId, what: impl Into<String>) {
        self.found.push(Violation { rule, side: side.clone(), what: what.into() });
    }

    pub(super) fn settings(&self, side: &SideId) -> Option<&SideSettings> {
        self.input.sync.side(side)
    }

    /// Whose acts a side may receive of a field: worked out here from the settings, not by the planner's own function.
    pub(super) fn may_see(&self, row: &FieldRow, side: &SideId) -> BTreeSet<SideId> {
        let everybody = self.input.sync.side_ids().cloned();
        let settings = self.settings(side);
        let sees = settings.map(|settings| &settings.sees);
        let shows = |other: &SideId| row.across || other == side || sees.is_some_and(|sees| sees.contains(other));
        let bounded = settings.is_some_and(|settings| !settings.whose.is_everybody());
        let own = Some(side.outsiders()).filter(|own| bounded || self.plan.item.acts.of(own) > 0);
        // What a side was told while the configuration had more sides is a part of it still.
        let told = self.base(side, &row.name).into_iter().flat_map(|base| base.acts.sides());
        let gone = told.filter(|actor| self.input.sync.side(&actor.place()).is_none()).cloned();
        everybody.filter(shows).chain(own).chain(gone).collect()
    }

    pub(super) fn agreed(&self, row: &FieldRow, side: &SideId) -> Option<&Agreed> {
        self.plan.item.hub.get(&row.name)?.get(&Audience(self.may_see(row, side)))
    }

    fn replica(&self, side: &SideId) -> Option<&Replica> {
        self.plan.item.replicas.get(side)
    }

    pub(super) fn base(&self, side: &SideId, field: &FieldName) -> Option<&Base> {
        self.replica(side)?.bases.get(field)
    }

    /// What is planned for one side at a time: one create or one edit and one hop, in that order, and nothing beside a
    /// write that is not settled.
    fn counts(&mut self) {
        let mut edits: BTreeMap<&SideId, [usize; 3]> = BTreeMap::new();
        let (mut copies, mut files) = (BTreeSet::new(), BTreeSet::new());
        for operation in &self.plan.operations {
            let side = &operation.side;
            let count = edits.entry(side).or_default();
            let index = match &operation.action {
                Action::Create { .. } => 0,
                Action::SetFields { .. } => 1,
                Action::Transition { .. } => 2,
                // Comments and worklogs are numbered each by themselves: one of each may have the same id.
                Action::AddComment { remark, origin, comment, .. } => {
                    if !copies.insert((side, *remark, origin, comment)) {
                        let what = format!("{origin}'s {} {comment} twice", remark.word());
                        self.found.push(Violation { rule: "a comment is copied once", side: side.clone(), what });
                    }
                    continue;
                }
                Action::DeleteIssue { .. } => 0,
                Action::Link { .. }
                | Action::Unlink { .. }
                | Action::ShowEnd { .. }
                | Action::HideEnd { .. }
                | Action::Offer { .. }
                | Action::DeleteFile { .. }
                | Action::AddIssueLink { .. }
                | Action::AddWatcher { .. }
                | Action::RemoveWatcher { .. }
                | Action::StopWatching { .. }
                | Action::DeleteIssueLink { .. } => continue,
                Action::AddFile { origin, file, .. } => {
                    if !files.insert((side, origin, file)) {
                        self.found.push(Violation {
                            rule: "a file is copied once",
                            side: side.clone(),
                            what: format!("{origin}'s attachment {file} twice"),
                        });
                    }
                    continue;
                }
                Action::EditComment { .. } | Action::DeleteComment { .. } | Action::EditOriginal { .. } => {
                    let Some((remark, origin, comment)) = changed(operation) else { continue };
                    if !copies.insert((side, remark, origin, comment)) {
                        let what = format!("{origin}'s {} {comment} twice", remark.word());
                        let rule = "a comment is changed once at a time";
                        self.found.push(Violation { rule, side: side.clone(), what });
                    }
                    continue;
                }
            };
            let late = index == 1 && count.get(2).is_some_and(|hops| *hops > 0);
            if let Some(count) = count.get_mut(index) {
                *count += 1;
                if *count > 1 || late {
                    let what = "more than one create, edit or hop, or a hop before the edit".to_owned();
                    self.found.push(Violation {
                        rule: "one edit, then one hop, per side and plan",
                        side: side.clone(),
                        what,
                    });
                }
            }
            self.clear(side);
        }
    }

    /// What stands on a side must be known before it is written to.
    fn clear(&mut self, side: &SideId) {
        let unsettled = self.input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && !self.plan.seen.contains(&intent.id)
                && !intent.operation.action.is_beside_the_fields()
        });
        if unsettled {
            self.fail("nothing is written beside a write that is not settled", side, "an earlier one is open");
        }
        if self.plan.wanted.get(side).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead)) {
            self.fail("nothing is written where values and log do not agree", side, "a fresh read is wanted first");
        }
    }

    fn create(&mut self, side: &SideId) {
        if self.input.item.replicas.contains_key(side) || self.plan.item.replicas.contains_key(side) {
            self.fail("at most one replica per side", side, "it has one already");
        }
        if !self.input.belongs.contains(side) {
            self.fail("a counterpart is created only where the item belongs", side, "it does not belong there");
        }
    }

    fn edit(&mut self, side: &SideId, fields: &BTreeMap<FieldName, FieldWrite>) {
        if fields.is_empty() {
            self.fail("no empty edit", side, "an edit without a field");
        }
        self.fields(side, fields, false);
        for (name, write) in fields {
            let held = self.base(side, name).and_then(|base| base.value.clone());
            if held.is_some_and(|held| same(&held, &write.wanted)) {
                self.fail("what is held already is not written", side, format!("`{name}`"));
            }
        }
        self.no_empty(side, fields);
    }

    fn no_empty(&mut self, side: &SideId, fields: &BTreeMap<FieldName, FieldWrite>) {
        for (name, _) in fields.iter().filter(|(_, write)| write.write.is_nothing()) {
            self.fail("no empty edit", side, format!("nothing is added to `{name}` nor taken off it"));
        }
    }

    fn fields(&mut self, side: &SideId, fields: &BTreeMap<FieldName, FieldWrite>, create: bool) {
        for (name, write) in fields {
            let input = self.input;
            if create && self.is_epic_name(side, name, write, fields) {
                continue;
            }
            let Some(row) = input.sync.fields.get(name) else {
                self.fail("only mapped fields are written", side, format!("`{name}` has no row"));
                continue;
            };
            let mapped = row.sides.get(side) == Some(&write.field);
            if !mapped && !self.is_parent(side, row, write) {
                self.fail("only mapped fields are written", side, format!("`{name}` is not `{}` there", write.field));
            }
            if row.kind == FieldKind::Status || create && row.kind == FieldKind::IssueType {
                self.fail("the status, and the type of what is new, are not set as fields", side, format!("`{name}`"));
            }
            self.parent(side, row, write);
            if create && self.agreed(row, side).is_none() && is_no_rest(side, row, write, fields) {
                continue;
            }
            self.may_receive(side, row, write);
            self.words(side, row, write);
            let held = self.base(side, name).and_then(|base| base.value.clone());
            if !create && write.expects != held {
                self.fail("a write expects what was seen", side, format!("`{name}` expects another value"));
            }
        }
    }

    /// What a creation does not send and a copy is to be known by is what is due there, as what it sends.
    fn unset(&mut self, side: &SideId, unset: &BTreeMap<FieldName, Unset>) {
        for (name, unset) in unset {
            let input = self.input;
            let row = input.sync.fields.get(name).filter(|row| row.sides.contains_key(side));
            let row = row.filter(|row| matches!(row.kind, FieldKind::IssueType | FieldKind::Status));
            let Some((row, field)) = row.and_then(|row| Some((row, row.sides.get(side)?.clone()))) else {
                self.fail("only mapped fields are written", side, format!("`{name}` is no type or status there"));
                continue;
            };
            let (wanted, acts) = (unset.value.clone(), unset.acts.clone());
            let write = NativeWrite::Set(NativeValue::Empty);
            self.may_receive(side, row, &FieldWrite { field, write, wanted, expects: None, acts });
            // What a row says by itself is agreed with nobody.
            let is_composed = row.composed.is_some() && !row.from.contains(side);
            if !is_composed && self.agreed(row, side).is_some_and(|agreed| agreed.value != unset.value) {
                self.fail("only agreed values are written", side, format!("`{name}` is agreed to be another one"));
            }
        }
    }

    /// Nothing is made for what the side may not hold, or without the row saying so.
    fn offer(&mut self, side: &SideId, field: &FieldName, name: &str) {
        let input = self.input;
        let row = input.sync.fields.get(field).filter(|row| row.sides.contains_key(side));
        let Some(row) = row.filter(|row| row.on_unmapped == OnUnmapped::Create) else {
            self.fail("only what a row lets be made is made", side, format!("`{name}` for `{field}`"));
            return;
        };
        let place = place(input, &self.nothing, row, side);
        let is_it = |shared: &String| place.names(shared).first() == Some(&name);
        let agreed = self.agreed(row, side).is_some_and(|agreed| match &agreed.value {
            Value::Words(words) => words.iter().any(is_it),
            Value::Choice(shared) | Value::Line(shared) => is_it(shared),
            Value::Empty
            | Value::Document(_)
            | Value::Person(_)
            | Value::Day(_)
            | Value::Number(_)
            | Value::Moment(_) => false,
        });
        if !agreed || place.is_excluded(name) {
            self.fail("only agreed values are written", side, format!("`{name}` of `{field}` is made"));
        }
    }

    fn may_receive(&mut self, side: &SideId, row: &FieldRow, write: &FieldWrite) {
        let may_see = self.may_see(row, side);
        // A level is what stands at home, whatever is agreed: that has rules of its own.
        let composed = row.name.as_str() == "security" || row.composed.is_some() && !row.from.contains(side);
        if composed || (self.agreed(row, side).is_none() && row.default.contains_key(side)) {
            if let Some(actor) = write.acts.sides().find(|actor| !may_see.contains(*actor)) {
                self.fail("no leak", side, format!("`{}` counts acts of `{actor}`, which it does not see", row.name));
            }
            return;
        }
        let Some(agreed) = self.agreed(row, side).cloned() else {
            self.fail("only agreed values are written", side, format!("nothing is agreed of `{}`", row.name));
            return;
        };
        if agreed.asking.contains(side) {
            self.fail("a side keeps its own until somebody resolves", side, format!("`{}` is asked about", row.name));
        }
        if let Some(origin) = agreed.origins.iter().find(|origin| !may_see.contains(*origin)) {
            self.fail("no leak", side, format!("`{}` comes from `{origin}`, which it does not see", row.name));
        }
        if let Some(actor) = write.acts.sides().find(|actor| !may_see.contains(*actor)) {
            self.fail("no leak", side, format!("`{}` counts acts of `{actor}`, which it does not see", row.name));
        }
        if write.acts != agreed.acts {
            self.fail("only agreed values are written", side, format!("`{}` carries other acts", row.name));
        }
    }

    fn words(&mut self, side: &SideId, row: &FieldRow, write: &FieldWrite) {
        let place = place(self.input, &self.nothing, row, side);
        let touched: Vec<String> = match &write.write {
            NativeWrite::Words { add, remove } => add.iter().chain(remove).cloned().collect(),
            NativeWrite::Set(NativeValue::Words(words)) => words.iter().cloned().collect(),
            NativeWrite::Set(_) => Vec::new(),
        };
        let excluded = touched.into_iter().find(|word| place.is_excluded(word));
        let single =
            place.shape().is_some_and(|shape| shape.is_choice() || matches!(shape, Shape::Person | Shape::Maker));
        if let Some(word) = excluded {
            self.fail("excluded words are left alone", side, format!("`{word}` of `{}`", row.name));
        }
        if row.kind.is_set() && matches!(write.write, NativeWrite::Set(_)) && !single {
            self.fail("sets are written as additions and removals", side, format!("`{}`", row.name));
        }
    }

    fn hop(&mut self, operation: &Operation) {
        let side = &operation.side;
        let Action::Transition { transition, from, to, wanted, last, acts, fields } = &operation.action else { return };
        let held = |name: &FieldName| self.base(side, name).and_then(|base| base.value.clone());
        let (again, set): (BTreeMap<_, _>, BTreeMap<_, _>) = fields
            .clone()
            .into_iter()
            .partition(|(name, write)| held(name).is_some_and(|held| same(&held, &write.wanted)));
        self.fields(side, &set, false);
        self.no_empty(side, fields);
        for (name, write) in &again {
            let row = self.input.sync.fields.get(name);
            if row.and_then(|row| row.sides.get(side)) != Some(&write.field) {
                self.fail("only mapped fields are written", side, format!("`{name}`"));
            }
        }
        let offer = self.input.offers.get(side).and_then(|all| all.iter().find(|offer| &offer.id == transition));
        match offer {
            None => self.fail("only offered hops are made", side, format!("`{transition}` is not offered now")),
            Some(offer) if &offer.to.name != to => {
                self.fail("only offered hops are made", side, format!("`{transition}` does not lead to `{to}`"));
            }
            Some(offer) => {
                let given = |id: &FieldId| fields.values().any(|write| &write.field == id);
                if let Some(missing) = offer.required.iter().find(|asked| !given(&asked.id)) {
                    self.fail("no hop asks for what nobody maps", side, missing.name.clone());
                }
                let only_so = |id: &FieldId| id.as_str() == "resolution" && offer.shows.contains(id);
                let asked = |id: &FieldId| offer.required.iter().any(|asked| &asked.id == id);
                if fields.values().any(|write| !asked(&write.field) && !only_so(&write.field)) {
                    self.fail("a hop sets nothing but what it asks for", side, format!("`{transition}`"));
                }
            }
        }
        let input = self.input;
        let rows = input.sync.fields.values();
        let Some(row) = rows.into_iter().find(|row| row.kind == FieldKind::Status) else {
            self.fail("only mapped fields are written", side, "status has no row");
            return;
        };
        let reached = NativeValue::Named(crate::model::issue::Named { id: String::new(), name: to.clone() });
        let reached = inbound(&place(input, &self.nothing, row, side), &reached);
        if *last != (reached.as_ref() == Some(wanted)) {
            self.fail("only the last hop reaches what is wanted", side, format!("the hop to `{to}`"));
        }
        if self.base(side, &row.name).and_then(|base| base.native.clone()).as_ref() != Some(from) {
            self.fail("a write expects what was seen", side, format!("the hop starts at `{from}`"));
        }
        let write = FieldWrite {
            field: row.sides.get(side).cloned().unwrap_or_else(|| "status".into()),
            write: NativeWrite::Set(NativeValue::Empty),
            wanted: wanted.clone(),
            expects: None,
            acts: acts.clone(),
        };
        self.may_receive(side, row, &write);
    }

    fn link(&mut self, side: &SideId, to: &SideId) {
        let sees = self.settings(side).is_some_and(|settings| settings.sees.contains(to));
        if !sees || side == to || !self.input.sync.links {
            self.fail("links lead only to what may be seen", side, format!("the counterpart on `{to}`"));
        }
    }

    /// A counterpart is parted with only when the absence of the other is confirmed, as the sync says, and deleted only if it is
    /// ours.
    fn parting(&mut self, side: &SideId, gone: &SideId, by: &Farewell) {
        let sees = self.settings(side).is_some_and(|settings| settings.sees.contains(gone));
        let replica = self.input.item.replicas.get(gone).filter(|replica| !replica.rests());
        let away = replica.and_then(|replica| replica.away.as_ref());
        let policy = match away.filter(|away| away.confirmed.is_some()).map(|away| &away.how) {
            Some(Absence::Missing) => Some(&self.input.sync.life.deleted),
            Some(Absence::Moved(_)) => Some(&self.input.sync.life.moved),
            Some(Absence::DeletedByUs) | None => None,
        };
        if side == gone || !sees || policy != Some(by) {
            self.fail("what is not known to be gone is not parted with", side, format!("the counterpart on `{gone}`"));
        }
        if by == &Farewell::Delete && !self.replica(side).is_some_and(|replica| replica.ours) {
            self.fail("only our own copies are deleted", side, "a person made it");
        }
    }

    fn barred(&mut self) {
        let (input, plan) = (self.input, self.plan);
        let restricted = |side: &SideId| plan.item.replicas.get(side).is_some_and(|replica| replica.restricted);
        for operation in &plan.operations {
            if restricted(&operation.side) || input.sync.home.as_ref().is_some_and(restricted) {
                self.fail("what has a security level is let be", &operation.side, "a write is planned");
            }
            if let Action::AddComment { remark, origin, comment, .. } = &operation.action
                && restricted(origin)
                && !self.is_notice(origin, comment, *remark)
            {
                self.fail("what has a security level is let be", &operation.side, format!("{comment} of `{origin}`"));
            }
        }
    }

    /// Bases follow what was seen, and nothing else.
    fn bases(&mut self) {
        let (input, plan) = (self.input, self.plan);
        for (side, replica) in &plan.item.replicas {
            let Some(before) = input.item.replicas.get(side) else {
                self.fail("bases follow what was seen", side, "a replica appeared");
                continue;
            };
            let refresh = plan.wanted.get(side).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
            let project = input.sync.side(side).map(|settings| &settings.project);
            let here = |read: &&Observation| project.is_none_or(|project| project == &read.snapshot.project);
            let observation = input.observed.get(side).filter(|_| !replica.restricted && !refresh).filter(here);
            // What is done outside of what the sync covers is taken in when the issue is back.
            let observation = observation.filter(|_| !replica.rests());
            for (name, base) in &replica.bases {
                let Some(row) = input.sync.fields.get(name) else { continue };
                let held_before = before.bases.get(name).and_then(|base| base.value.as_ref());
                if row.kind == FieldKind::Watchers {
                    self.watchers_base(row, side, held_before, base.value.as_ref());
                    continue;
                }
                match observation {
                    None if base.value.as_ref() != held_before => {
                        self.fail("bases follow what was seen", side, format!("`{name}` moved without a read"));
                    }
                    None => {}
                    Some(read) if row.kind != FieldKind::IssueType => {
                        let Some(field) = row.sides.get(side) else { continue };
                        let native = read.snapshot.fields.get(field).unwrap_or(&NativeValue::Empty);
                        let at = place(input, &self.nothing, row, side);
                        let shown = inbound(&at, native);
                        // A project may have another key, and is the same one.
                        let picked = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_empty());
                        let is_as_it_was = picked(&shown)
                            && picked(&base.value)
                            && at.shape() == Some(Shape::Project)
                            && base.value.as_ref() == held_before;
                        let follows = match (&shown, &base.value) {
                            // One that is not seen any more need not be gone.
                            (Some(shown), Some(_)) if row.kind == FieldKind::Parent && shown.is_empty() => true,
                            (Some(_), Some(_)) if is_as_it_was => true,
                            (Some(shown), Some(_)) if base.braked && shown.is_empty() => true,
                            (Some(_), Some(_)) if base.left_out && !read.snapshot.fields.contains_key(field) => true,
                            (Some(shown), Some(held)) => shown == held || both_text(shown, held),
                            (Some(shown), None) => shown.is_empty(),
                            (None, _) => true,
                        };
                        if !follows {
                            self.fail("bases follow what was seen", side, format!("`{name}` is not what was read"));
                        }
                    }
                    Some(_) => {}
                }
            }
            if observation.is_none() && replica.entry != before.entry {
                self.fail("bases follow what was seen", side, "the log position moved without a read");
            }
        }
    }

    /// Nothing that was counted is forgotten, and nothing is agreed from what may not be seen.
    fn hub(&mut self) {
        let (input, plan) = (self.input, self.plan);
        let home = input.sync.sides.first().map(|side| side.id.clone()).unwrap_or_else(|| "?".into());
        if !plan.item.acts.contains(&input.item.acts) {
            self.fail("acts are never forgotten", &home, "the count of acts shrank");
        }
        for (name, by_audience) in &plan.item.hub {
            for (audience, agreed) in by_audience {
                let inside = |side: &SideId| audience.0.contains(side);
                if !agreed.origins.iter().all(inside) || !agreed.acts.sides().all(inside) {
                    self.fail("no leak", &agreed.by, format!("`{name}` is agreed from outside its audience"));
                }
                let before = input.item.hub.get(name).and_then(|known| known.get(audience));
                if before.is_some_and(|before| !agreed.acts.contains(&before.acts)) {
                    self.fail("acts are never forgotten", &agreed.by, format!("`{name}` lost acts"));
                }
            }
        }
    }
}

/// Whether what is made with an estimate is told at once that nothing of it remains: nobody said otherwise, and Jira would let all of it.
fn is_no_rest(side: &SideId, row: &FieldRow, write: &FieldWrite, fields: &BTreeMap<FieldName, FieldWrite>) -> bool {
    write.field.as_str() == "timeestimate"
        && write.write == NativeWrite::Set(NativeValue::Empty)
        && write.wanted.is_empty()
        && write.acts == Acts::default()
        && row.from.iter().any(|from| from != side)
        && fields.values().any(|other| other.field.as_str() == "timeoriginalestimate")
}

fn both_text(left: &Value, right: &Value) -> bool {
    matches!((left, right), (Value::Document(_), Value::Document(_))) && same(left, right)
}

pub(super) fn place<'a>(
    input: &'a PlanInput<'_>,
    nothing: &'a Catalog,
    row: &'a FieldRow,
    side: &'a SideId,
) -> Place<'a> {
    Place {
        sync: input.sync,
        row,
        side,
        catalog: input.catalogs.get(side).unwrap_or(nothing),
        references: input.references,
        origin: None,
        held: None,
    }
}

/// The comment that a change is about: the original of a copy, or an original itself.
fn changed(operation: &Operation) -> Option<(Remark, &SideId, &CommentId)> {
    let Action::EditOriginal { comment, .. } = &operation.action else { return operation.action.original() };
    Some((Remark::Comment, &operation.side, comment))
}
