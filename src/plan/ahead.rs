//! What would be planned once the counterparts are there that a plan makes: what people said and attached, links, and fields that no create
//! screen shows. Must never be carried out, since the issues that it writes to do not exist, nor say more of a status than where it is to end:
//! which one an issue is made in, and what leads on from there, is known when it is made.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::input::{Hold, Plan, PlanInput};
use super::levels::ROW;
use super::{agreed_for, plan};
use crate::model::hub::{Base, ItemState, Replica};
use crate::model::ids::{FieldName, IssueId, IssueKey, SideId};
use crate::model::issue::NativeValue;
use crate::model::level::Level;
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation};
use crate::model::settings::{FieldKind, SyncSettings};
use crate::model::value::Value;

/// What follows the creations of a plan that was made from `input`; `None` where it makes none. Its item has the counterparts, under keys
/// that end in a question mark; it has no conflicts, and reads nothing of what is not there.
#[must_use]
pub fn ahead(input: &PlanInput<'_>, first: &Plan) -> Option<Plan> {
    let mut item = first.item.clone();
    let mut made: Vec<&SideId> = Vec::new();
    for operation in &first.operations {
        if let Action::Create { issue_type, fields, .. } = &operation.action {
            let replica = imagined(input.sync, &first.item, &operation.side, (issue_type, fields));
            item.replicas.insert(operation.side.clone(), replica);
            made.push(&operation.side);
        }
    }
    if made.is_empty() {
        return None;
    }
    let (observed, watchers, offers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let input =
        PlanInput { item: &item, observed: &observed, watchers: &watchers, intents: &[], offers: &offers, ..*input };
    let mut next = plan(&input);
    let is_new = |hold: &Hold| made.contains(&&hold.side) && !first.holds.contains(hold);
    next.operations.retain(|operation| follows(operation, &made));
    next.holds.retain(is_new);
    next.wanted.retain(|side, _| !made.contains(&side));
    next.goals.retain(|side, _| made.contains(&side));
    next.conflicts.clear();
    Some(next)
}

/// Whether it is a write to an issue that is made, or leads to one.
fn follows(operation: &Operation, made: &[&SideId]) -> bool {
    let leads_to = matches!(&operation.action, Action::Link { to, .. } if made.contains(&to));
    let is_made = matches!(operation.action, Action::Create { .. });
    !is_made && (leads_to || made.contains(&&operation.side))
}

/// A counterpart as it is right after it was made: what was not sent is not there.
fn imagined(
    sync: &SyncSettings,
    item: &ItemState,
    side: &SideId,
    (issue_type, fields): (&str, &BTreeMap<FieldName, FieldWrite>),
) -> Replica {
    let project = sync.side(side).map(|side| side.project.as_str()).unwrap_or_default();
    let rows = sync.fields.values().filter(|row| row.sides.contains_key(side) && row.kind != FieldKind::Status);
    let bases = rows.map(|row| {
        let base = match fields.get(&row.name) {
            Some(sent) => Base { acts: sent.acts.clone(), value: Some(sent.wanted.clone()), ..Base::default() },
            None if row.kind == FieldKind::IssueType => {
                let agreed = agreed_for(item, sync, row, side).cloned();
                let (acts, value) = agreed.map(|agreed| (agreed.acts, agreed.value)).unzip();
                Base { acts: acts.unwrap_or_default(), value, native: Some(issue_type.to_owned()), ..Base::default() }
            }
            None => Base { value: Some(Value::Empty), ..Base::default() },
        };
        (row.name.clone(), base)
    });
    Replica {
        ours: true,
        observed: true,
        level: Level { seen: level(fields), ours: true, read: Some(Timestamp::UNIX_EPOCH), ..Level::default() },
        bases: bases.collect(),
        ..Replica::unread(IssueId(0), IssueKey::new(format!("{project}-?")), Timestamp::UNIX_EPOCH)
    }
}

/// The security level that it is made with.
fn level(fields: &BTreeMap<FieldName, FieldWrite>) -> Option<String> {
    match &fields.get(&FieldName::from(ROW))?.write {
        NativeWrite::Set(NativeValue::Named(named)) => Some(named.name.clone()),
        NativeWrite::Set(_) | NativeWrite::Words { .. } => None,
    }
}
