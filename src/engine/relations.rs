//! Links between issues: what they lead to is looked up, and what became of one that was made or taken away is taken in. Must
//! never call a link made before it was seen: Jira's yes has no id, and is the same for one that was there already.

use std::collections::BTreeSet;

use super::Engine;
use super::look::read_directly;
use super::work::Work;
use crate::jira::{Refusal, WriteOutcome};
use crate::mapping::{References, element_parts, parent_item};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId};
use crate::model::issue::{Above, LogEntry, NativeValue};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, NO_LINK_THERE};
use crate::model::settings::FieldKind;
use crate::model::store::StoreError;
use crate::model::value::Value;

/// The id of the field that a move changes in an issue's log, beside the project.
const KEY_LOGGED: &str = "issuekey";

impl Engine {
    /// Looks up the items at the other ends of an item's links and above it, as they are agreed and as they were just read.
    pub(super) async fn relate(&self, work: &Work, references: &mut References) -> Result<(), StoreError> {
        let mut issues: BTreeSet<(InstanceId, IssueId)> = BTreeSet::new();
        let mut keys: BTreeSet<(InstanceId, IssueKey)> = BTreeSet::new();
        let mut items: BTreeSet<ItemId> = BTreeSet::new();
        let sync = &work.sync.settings;
        for row in sync.fields.values().filter(|row| row.kind == FieldKind::Links) {
            for (side, field) in &row.sides {
                let read = work.reads.get(side).and_then(|read| read.snapshot.fields.get(field));
                if let (Some(NativeValue::Links(links)), Some(settings)) = (read, sync.side(side)) {
                    issues.extend(links.iter().map(|link| (settings.instance.clone(), link.issue)));
                }
            }
            for (side, replica) in &work.item.replicas {
                if let Some(settings) = sync.side(side) {
                    let far = replica.ends.own.values().map(|end| (settings.instance.clone(), end.issue));
                    issues.extend(far);
                }
            }
            let agreed = work.item.hub.get(&row.name).into_iter().flat_map(|audiences| audiences.values());
            let held = work.item.replicas.values().filter_map(|replica| replica.bases.get(&row.name)?.value.as_ref());
            for value in agreed.map(|agreed| &agreed.value).chain(held) {
                items.extend(value.words().iter().filter_map(|element| Some(element_parts(element)?.0)));
            }
        }
        for row in sync.fields.values().filter(|row| row.kind == FieldKind::Parent) {
            for (side, field) in &row.sides {
                let (Some(read), Some(settings)) = (work.reads.get(side), sync.side(side)) else { continue };
                match read.snapshot.fields.get(field) {
                    Some(NativeValue::Parent(Above { issue: Some(issue), .. })) => {
                        issues.insert((settings.instance.clone(), *issue));
                    }
                    Some(NativeValue::Parent(Above { issue: None, key })) => {
                        keys.insert((settings.instance.clone(), key.clone()));
                    }
                    Some(_) | None => {}
                }
                let logged = read.steps.iter().flat_map(|step| &step.entry.items).filter(|item| &item.field == field);
                let ids = logged.filter_map(|item| item.to.as_ref()?.parse().ok()).map(IssueId);
                issues.extend(ids.map(|issue| (settings.instance.clone(), issue)));
            }
            let agreed = work.item.hub.get(&row.name).into_iter().flat_map(|audiences| audiences.values());
            let held = work.item.replicas.values().filter_map(|replica| replica.bases.get(&row.name)?.value.as_ref());
            for value in agreed.map(|agreed| &agreed.value).chain(held) {
                if let Value::Choice(shared) = value {
                    items.extend(parent_item(shared));
                }
            }
        }
        if issues.is_empty() && keys.is_empty() && items.is_empty() {
            return Ok(());
        }
        let (issues, keys): (Vec<_>, Vec<_>) = (issues.into_iter().collect(), keys.into_iter().collect());
        let items: Vec<_> = items.into_iter().collect();
        for (item, replicas) in self.store.relatives(&work.item.sync, &issues, &keys, &items).await? {
            references.relatives.add(item, replicas);
        }
        self.follow(work, references).await;
        Ok(())
    }

    /// A log names an issue by the key that it had then. Where a link went and the log names none that is known, its other end may
    /// have moved to another project before anybody noticed, and back: it is asked what it is called now, and its own log what it was called.
    async fn follow(&self, work: &Work, references: &mut References) {
        for (side, item, issue) in unexplained(work, references) {
            let Some(instance) = self.instance_on(work, &side) else { continue };
            for snapshot in read_directly(&instance, &[issue], false).await.into_iter().flatten() {
                let once = keys_before(&snapshot.log);
                references.relatives.is_called(item, &side, snapshot.key, once);
            }
        }
    }

    /// What became of a link that was made or taken away. A no is told where it would be tried again, and not tried soon.
    pub(super) fn relation_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<()>) {
        match outcome {
            // The next poll shows it, from both ends.
            WriteOutcome::Done(()) => work.move_intent(intent.id, &IntentEvent::AnsweredYes),
            WriteOutcome::Refused(refusal) => refused(work, intent, &refusal),
            WriteOutcome::NotFound => {
                let words = "the link, its type or an issue is not there, or Link Issues is missing";
                refused(work, intent, &Refusal { status: 404, messages: vec![words.to_owned()], ..Refusal::default() });
                // One that somebody else took away is no loss: a read tells.
                work.fresh.remove(&intent.operation.side);
                work.want_read(&intent.operation.side, false);
            }
            outcome @ (WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }
}

/// The keys that an issue had before it moved: an issue's log names them as the texts of this field, without ids.
fn keys_before(log: &[LogEntry]) -> BTreeSet<IssueKey> {
    let moves = log.iter().flat_map(|entry| &entry.items).filter(|item| item.field.as_str() == KEY_LOGGED);
    moves.filter_map(|item| item.from_text.as_deref()).map(IssueKey::new).collect()
}

/// The other ends of links that are not there any more, where the log says that some were taken away, and not which of these.
fn unexplained(work: &Work, references: &References) -> Vec<(SideId, ItemId, IssueId)> {
    let mut found = Vec::new();
    let rows = work.sync.settings.fields.values().filter(|row| row.kind == FieldKind::Links);
    for (row, (side, field)) in rows.flat_map(|row| row.sides.iter().map(move |cell| (row, cell))) {
        let Some(read) = work.reads.get(side) else { continue };
        let logged = read.steps.iter().flat_map(|step| &step.entry.items).filter(|item| &item.field == field);
        let removed: BTreeSet<&str> = logged.filter_map(|item| item.from.as_deref()).collect();
        let base = work.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
        let Some(value) = base.and_then(|base| base.value.as_ref()).filter(|_| !removed.is_empty()) else { continue };
        let stands = |issue: IssueId| match read.snapshot.fields.get(field) {
            Some(NativeValue::Links(links)) => links.iter().any(|link| link.issue == issue),
            Some(_) | None => false,
        };
        for item in value.words().iter().filter_map(|element| Some(element_parts(element)?.0)) {
            let Some(there) = references.relatives.there(item, side) else { continue };
            let named = [Some(&there.key), there.elsewhere.as_ref()];
            if !stands(there.issue) && !named.into_iter().flatten().any(|key| removed.contains(key.as_str())) {
                found.push((side.clone(), item, there.issue));
            }
        }
    }
    found
}

fn refused(work: &mut Work, intent: &Intent, refusal: &Refusal) {
    work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
}

/// A direct read settles a link in doubt: it stands there, or it was not made. Says whether it settled it.
pub(super) fn judge(work: &mut Work, intent: &Intent) -> bool {
    if intent.state != IntentState::Answered {
        work.move_intent(intent.id, &IntentEvent::Refused(NO_LINK_THERE.to_owned()));
        return true;
    }
    // Jira said yes, and it is not there: told so, it is not sent again and again.
    work.move_intent(intent.id, &IntentEvent::Seen);
    let (Action::AddIssueLink { link } | Action::DeleteIssueLink { link, .. }) = &intent.operation.action else {
        return true;
    };
    let reason = format!("Jira took the change of the link to {} and kept its own", link.key);
    work.kept_its_own(&intent.operation.side, &link.field, reason);
    true
}
