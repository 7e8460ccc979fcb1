//! What becomes of the counterparts of an issue that is not where it was. Must never act before the absence is confirmed, never
//! touch an issue that a person made beyond a comment, a status or a link, and never reach a side that does not see the one whose
//! issue it is.

use super::acts::{Act, take};
use super::{Draft, Observation};
use crate::mapping::same;
use crate::model::document::Document;
use crate::model::hub::{Absence, Away, CommentRecord, PendingComment, Said};
use crate::model::ids::{CommentId, IssueKey, SideId};
use crate::model::issue::Visibility;
use crate::model::operation::{Action, Operation};
use crate::model::settings::{Farewell, FieldKind};
use crate::model::value::Value;
use crate::text;

/// Whose words a notice is, where a comment has an author.
const US: &str = "jirasyncd";

/// Whether an issue is where its side's project is. What it holds elsewhere is no news.
pub(super) fn is_here(draft: &Draft<'_>, side: &SideId, observation: &Observation) -> bool {
    let project = draft.input.sync.side(side).map(|settings| settings.project.as_str());
    project.is_none_or(|project| project == observation.snapshot.project)
}

/// Does what the sync says for issues that are gone, and takes back the notices of those that are there again.
pub(super) fn part(draft: &mut Draft<'_>) {
    for side in draft.input.sync.side_ids() {
        let Some(replica) = draft.plan.item.replicas.get(side) else { continue };
        if replica.rests() {
            // What becomes of an issue that is not covered is its own side's business.
            continue;
        }
        let (key, issue) = (replica.key.clone(), replica.issue);
        let Some(away) = replica.away.clone().filter(|away| away.confirmed.is_some()) else {
            for record in draft
                .plan
                .item
                .comments
                .iter_mut()
                .filter(|record| record.notice && record.only.is_none() && &record.side == side)
            {
                record.gone = true;
            }
            come_back(draft, side);
            continue;
        };
        let life = &draft.input.sync.life;
        let (policy, what) = match &away.how {
            Absence::DeletedByUs => {
                say_there_is_none(draft, side, &key);
                continue;
            }
            Absence::Missing => (&life.deleted, format!("{key} was deleted, or the sync user may not see it any more")),
            Absence::Moved(project) => (&life.moved, format!("{key} was moved, and is in project {project} now")),
        };
        match policy {
            Farewell::Keep => {
                let why = format!("{what}: nothing is carried to it or from it; its counterparts stay as they are");
                draft.hold(side, None, why, "bring it back, or say in `life` what becomes of the counterparts");
            }
            Farewell::Comment => {
                let since = away.confirmed.unwrap_or(away.since);
                let id = CommentId::new(format!("absence-{issue}-{}", since.as_second()));
                // Where it went is nobody's business but its own side's.
                let where_to = match &away.how {
                    Absence::Moved(_) => format!("{key} was moved out of its project"),
                    Absence::Missing | Absence::DeletedByUs => what,
                };
                say(draft, side, &id, &format!("{where_to}. This counterpart stays as it is."), since);
            }
            Farewell::Transition(status) => move_on(draft, side, status, &what),
            Farewell::Unlink | Farewell::Delete if away.doubted => {
                let why = format!(
                    "{what}: that was first seen when the state or this Jira was put back from a backup, so nothing is deleted for it"
                );
                draft.hold(side, None, why, "delete its counterparts by hand if they are to go, or bring it back");
            }
            // Planned last: nothing else is written to what goes.
            Farewell::Unlink | Farewell::Delete => {}
        }
    }
}

/// Takes away the links to what is gone, or our copies of it, where the sync says so.
pub(super) fn act(draft: &mut Draft<'_>) {
    for side in draft.input.sync.side_ids() {
        let replica = draft.plan.item.replicas.get(side).filter(|replica| !replica.rests());
        let away = replica.and_then(|replica| replica.away.as_ref());
        if away.is_some_and(|away| away.doubted) {
            // Nobody knows when it went, nor what else the state forgot of it.
            continue;
        }
        let how = away.filter(|away| away.confirmed.is_some()).map(|away| &away.how);
        let life = &draft.input.sync.life;
        let policy = match how {
            Some(Absence::Missing) => &life.deleted,
            Some(Absence::Moved(_)) => &life.moved,
            Some(Absence::DeletedByUs) | None => continue,
        };
        match policy {
            Farewell::Unlink => unlink(draft, side),
            Farewell::Delete => delete(draft, side),
            Farewell::Keep | Farewell::Comment | Farewell::Transition(_) => {}
        }
    }
}

/// The sides that may know of it and have a counterpart that can be written to.
fn others(draft: &Draft<'_>, side: &SideId) -> Vec<SideId> {
    let settings = draft.input.sync.sides.iter().filter(|other| &other.id != side && other.sees.contains(side));
    let there = |other: &&SideId| draft.plan.item.replicas.get(*other).is_some_and(|replica| replica.observed);
    let open = settings.map(|other| &other.id).filter(there).filter(|other| !draft.is_barred(other));
    open.cloned().collect()
}

/// A notice goes the way of comments: it is journalled, copied once, and taken back when the issue is there again.
fn say(draft: &mut Draft<'_>, side: &SideId, id: &CommentId, words: &str, at: jiff::Timestamp) {
    let records = &mut draft.plan.item.comments;
    if records.iter().any(|record| &record.side == side && &record.id == id) {
        return;
    }
    records.push(notice(side, id, text::from_plain(words), at));
}

/// What we say in our own name, as if somebody had said it on a side.
pub(super) fn notice(side: &SideId, id: &CommentId, body: Document, at: jiff::Timestamp) -> CommentRecord {
    let author = US.to_owned();
    CommentRecord {
        side: side.clone(),
        id: id.clone(),
        copies: std::collections::BTreeMap::new(),
        refused: std::collections::BTreeMap::new(),
        said: Some(Said { body: body.clone(), author: author.clone(), edits: 0, spent: None }),
        pending: Some(PendingComment { body, author, created: at, spent: None }),
        gone: false,
        written: std::collections::BTreeMap::new(),
        strayed: std::collections::BTreeMap::new(),
        recorded: std::collections::BTreeMap::new(),
        notice: true,
        visibility: Visibility::Everybody,
        parent: None,
        terms: std::collections::BTreeMap::new(),
        emptied: std::collections::BTreeSet::new(),
        turned_back: std::collections::BTreeMap::new(),
        laid_open: std::collections::BTreeMap::new(),
        spared: std::collections::BTreeSet::new(),
        only: None,
    }
}

/// The status counts as set on the side whose issue is gone, once: what people do to it later stands.
fn move_on(draft: &mut Draft<'_>, side: &SideId, status: &str, what: &str) {
    let rows = draft.input.sync.fields.values();
    let row = rows.clone().find(|row| row.kind == FieldKind::Status && row.sides.contains_key(side));
    let Some(row) = row.filter(|row| row.from.contains(side)) else {
        let why = format!("{what}: the status of its counterparts stays, since this side's does not count");
        draft.hold(side, None, why, "let it count (`from` of the row `status`), or choose another `life`");
        return;
    };
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let Some(away) = replica.away.as_mut().filter(|away| !away.moved_on) else { return };
    away.moved_on = true;
    let at = away.confirmed.unwrap_or(away.since);
    let seen = replica.bases.get(&row.name).cloned();
    let value = Value::Choice(status.to_owned());
    if seen.as_ref().and_then(|base| base.value.as_ref()).is_some_and(|held| same(held, &value)) {
        return;
    }
    take(draft, row, &Act { side: side.clone(), value, at, overwritten_by: None, author: None });
    // Nobody saw it hold that: the base stays what was seen last.
    if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) {
        base.value = seen.and_then(|base| base.value);
    }
}

/// What stands on a side whose issue is there again is said anew, where others hold the status of its absence: else that would be written to
/// the issue itself. It counts as said when that status was, so what people chose elsewhere since stands.
fn come_back(draft: &mut Draft<'_>, side: &SideId) {
    let sync = draft.input.sync;
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    if replica.away.is_some() || !draft.input.observed.contains_key(side) || replica.returned.take().is_none() {
        return;
    }
    let rows = sync.fields.values();
    let row = rows.clone().find(|row| row.kind == FieldKind::Status && row.from.contains(side));
    let Some(row) = row else { return };
    let Some(held) = replica.bases.get(&row.name).and_then(|base| base.value.clone()) else { return };
    let given = [&sync.life.deleted, &sync.life.moved];
    let is_given = |value: &Value| {
        given.iter().any(
            |farewell| matches!(farewell, Farewell::Transition(status) if same(value, &Value::Choice(status.clone()))),
        )
    };
    let agreed = draft.plan.item.hub.get(&row.name).into_iter().flatten();
    let by_its_absence = agreed.filter(|(audience, agreed)| {
        audience.0.contains(side) && &agreed.by == side && is_given(&agreed.value) && !same(&agreed.value, &held)
    });
    if let Some(at) = by_its_absence.map(|(_, agreed)| agreed.at).max() {
        take(draft, row, &Act { side: side.clone(), value: held, at, overwritten_by: None, author: None });
    }
}

/// Says of a copy that we deleted that the issues it was a counterpart of are all there. Another one is made by a person's word alone: what was
/// written to the first went with it.
fn say_there_is_none(draft: &mut Draft<'_>, side: &SideId, key: &IssueKey) {
    let sees = |other: &SideId| draft.input.sync.side(side).is_some_and(|settings| settings.sees.contains(other));
    let others = draft.plan.item.replicas.iter().filter(|(other, _)| *other != side && sees(other));
    let is_ours_and_gone = |away: &Away| away.how == Absence::DeletedByUs;
    let lasting = others.filter(|(_, replica)| !replica.away.as_ref().is_some_and(is_ours_and_gone));
    let mut there = Vec::new();
    for (_, replica) in lasting {
        if replica.is_elsewhere() || replica.away.is_some() {
            return;
        }
        there.push(replica.key.to_string());
    }
    if there.is_empty() {
        return;
    }
    let why = format!(
        "{} lacks a counterpart here: {key} was deleted by jirasyncd when an issue was gone that is there again, and no other one is made by itself",
        there.join(", ")
    );
    // A command that begins the item anew makes counterparts on all sides.
    let remedy = if draft.plan.item.replicas.values().filter(|replica| replica.away.is_none()).count() == 1 {
        "`jirasyncd unpair KEY` with the key of the one that is there, then `jirasyncd create KEY`; or leave it alone"
    } else {
        "leave it alone; or make an issue here by hand, `jirasyncd unpair KEY` with the key of one that is there, and `jirasyncd pair` all of them"
    };
    draft.hold(side, None, why, remedy);
}

fn unlink(draft: &mut Draft<'_>, side: &SideId) {
    for other in others(draft, side) {
        super::ends::withdraw(draft, &other, side);
        let linked = draft.plan.item.replicas.get(&other).is_some_and(|replica| replica.links.contains_key(side));
        let under_way = draft
            .unsettled(&other)
            .any(|intent| matches!(&intent.operation.action, Action::Unlink { to, .. } if to == side));
        if linked && !under_way {
            let action = Action::Unlink { to: side.clone(), global_id: super::links::global_id(draft, side) };
            draft.plan.operations.push(Operation { side: other, action });
        }
    }
}

fn delete(draft: &mut Draft<'_>, side: &SideId) {
    for other in others(draft, side) {
        let Some(replica) = draft.plan.item.replicas.get(&other) else { continue };
        if !replica.ours {
            let key = replica.key.clone();
            let why = format!("the counterpart on {side} is gone; {key} is no copy of ours, so it is not deleted");
            draft.hold(&other, None, why, "delete it by hand if it is not wanted");
        } else if !draft.is_in_doubt(&other) {
            draft.plan.operations.retain(|operation| operation.side != other);
            draft.plan.operations.push(Operation { side: other, action: Action::DeleteIssue { with: side.clone() } });
        }
    }
}
