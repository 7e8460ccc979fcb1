//! A person says that two issues are one. The first is kept in step; the other is let be: nothing is carried to it or from it any
//! more. Must never write to a Jira, nor delete anything; and never decide on an item that somebody works on, or on writes whose
//! outcome nobody knows.

use std::time::Duration;

use jiff::Timestamp;

use super::recover::replica_of;
use super::scope::joined;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator};
use crate::model::hub::{AttachmentRecord, CommentRecord, ItemState, Replica};
use crate::model::ids::{AccountId, InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot};
use crate::model::operation::{IntentEvent, IntentState};
use crate::model::store::{Claim, Store, StoreError};
use crate::plan::{United, let_be, replace, unite, would_show};

/// How long an item that is being worked on is waited for, look by look.
const LOOKS: usize = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// What is said where that was not enough.
pub(super) const BUSY: &str = "an item is being worked on: try again in a minute";
/// Names of files that are listed.
const NAMED_FILES: usize = 5;

/// What a key leads to.
enum Found {
    /// An issue that is kept in step.
    Bound { item: ItemId, side: SideId, key: IssueKey },
    /// One that was let be before.
    Retired { into: ItemId },
    /// A second issue of ours, which no item holds.
    Loose { item: ItemId, side: SideId, row: Box<IssueSnapshot> },
}

/// What people wrote on an issue that is let be.
struct Left {
    key: IssueKey,
    comments: usize,
    worklogs: usize,
    files: Vec<String>,
}

/// Why it cannot be done, for people.
pub(super) type Refusal = String;

/// How the two become one, once both are held.
enum Way {
    /// The second issue is no item's.
    LetBe(SideId, Box<IssueSnapshot>),
    /// The first one is, and takes the place of the second.
    Replace(SideId, Box<IssueSnapshot>),
    /// Both are items.
    Unite(ItemId),
}

impl Engine {
    /// Makes two issues one, or shows what that would do. What is answered is recorded, with the change or without one.
    ///
    /// # Errors
    /// The state could not answer. Nothing was changed then.
    pub async fn merge(&self, command: &Command, by: &Operator, at: Timestamp) -> Result<Answer, StoreError> {
        let Command::Merge { sync, keep, drop, dry_run } = command else {
            return Ok(Answer::refused("this is no merge"));
        };
        let record = |answer: &Answer| {
            let answer = answer.clone();
            CommandRecord { at, by: by.clone(), command: command.clone(), answer }
        };
        let Some(sync) = self.syncs.get(sync).cloned() else {
            let known: Vec<&str> = self.syncs.keys().map(SyncId::as_str).collect();
            let answer = Answer::refused(format!("there is no sync `{sync}`; there are: {}", known.join(", ")));
            if !dry_run {
                self.store.carry_out(&record(&answer), &[]).await?;
            }
            return Ok(answer);
        };
        let (way, kept) = match self.way(&sync, keep, drop).await? {
            Ok(found) => found,
            Err(answer) => {
                if !dry_run {
                    self.store.carry_out(&record(&answer), &[]).await?;
                }
                return Ok(answer);
            }
        };
        let mut items = vec![kept];
        if let Way::Unite(other) = &way {
            items.push(*other);
        }
        let claims = self.hold_items(&items).await?;
        let (answer, effect) = self.decide(&sync, &way, &claims, items.len());
        let answer =
            if *dry_run && answer.ended == Ended::Done { Answer::new(Ended::Shown, answer.lines) } else { answer };
        let effects: Vec<Effect> = effect.into_iter().filter(|_| !dry_run).collect();
        let done = if *dry_run { Ok(()) } else { self.store.carry_out(&record(&answer), &effects).await };
        // Given back whatever became of it. What was let be is nobody's work any more, and need not be given back.
        let gone = done.is_ok() && !effects.is_empty();
        for claim in claims.iter().filter(|claim| !gone || claim.item.id == kept) {
            self.store.release(claim.item.id, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        done.map(|()| answer)
    }

    /// How the issues of two keys become one, and the item that is kept.
    async fn way(&self, sync: &SyncRun, keep: &str, drop: &str) -> Result<Result<(Way, ItemId), Answer>, StoreError> {
        if sync.ended().is_some() {
            return Ok(Err(Answer::refused(super::pair::ended(sync.id()))));
        }
        let (kept, dropped) = (self.find(sync, keep).await?, self.find(sync, drop).await?);
        let (kept, dropped) = match (kept, dropped) {
            (Ok(kept), Ok(dropped)) => (kept, dropped),
            (Err(why), _) | (_, Err(why)) => return Ok(Err(Answer::refused(why))),
        };
        let refused = |why: String| Ok(Err(Answer::refused(why)));
        Ok(match (kept, dropped) {
            (Found::Retired { .. }, _) => {
                return refused(format!(
                    "{keep} was merged into another issue before; what was let be is not taken up again"
                ));
            }
            (Found::Bound { item, key, .. }, Found::Retired { into }) => {
                if self.kept_in_the_end(into).await? != Some(item) {
                    return refused(format!("{drop} was merged into another issue than {keep} before"));
                }
                let line = format!("{drop} was merged into {key} before: nothing is left to do");
                Err(Answer::new(Ended::Unchanged, vec![line]))
            }
            (Found::Bound { item, key, side }, Found::Bound { item: other, key: other_key, side: other_side }) => {
                if item == other {
                    let why = if side == other_side { "are the same issue" } else { "are counterparts already" };
                    return refused(format!("{key} and {other_key} {why}"));
                }
                Ok((Way::Unite(other), item))
            }
            (Found::Bound { item, .. }, Found::Loose { item: of, side, row }) => {
                if self.kept_in_the_end(of).await? != Some(item) {
                    return refused(format!("{drop} is a second issue of another item than that of {keep}"));
                }
                Ok((Way::LetBe(side, row), item))
            }
            (Found::Loose { item, side, row }, Found::Bound { item: other, side: there, key }) => {
                if self.kept_in_the_end(item).await? != Some(other) || side != there {
                    return refused(format!("{keep} is a second issue of another item or side than that of {key}"));
                }
                Ok((Way::Replace(side, row), other))
            }
            (Found::Loose { .. }, Found::Loose { .. } | Found::Retired { .. }) => {
                return refused(format!(
                    "{keep} is a second issue that is not kept in step: merge it with the one that is first"
                ));
            }
        })
    }

    /// The item that one was merged into, at the end of the chain.
    pub(super) async fn kept_in_the_end(&self, item: ItemId) -> Result<Option<ItemId>, StoreError> {
        kept_in_the_end(&*self.store, item).await
    }

    /// The issue of a key, `KEY` or `SIDE:KEY`.
    async fn find(&self, sync: &SyncRun, named: &str) -> Result<Result<Found, Refusal>, StoreError> {
        let (side, key) = match named.split_once(':') {
            Some((side, key)) => (Some(SideId::from(side)), IssueKey::from(key)),
            None => (None, IssueKey::from(named)),
        };
        if let Some(side) = side.as_ref().filter(|side| sync.side(side).is_none()) {
            return Ok(Err(format!("sync `{}` has no side `{side}`", sync.id())));
        }
        let wanted = |of: &SideId| side.as_ref().is_none_or(|side| side == of);
        let mut found = Vec::new();
        for (of, item) in self.held_by_key(sync, side.as_ref(), &key).await? {
            if item.is_unpaired() {
                return Ok(Err(format!("{key} was unpaired; `jirasyncd pair` takes it up again")));
            }
            let bound = Found::Bound { item: item.id, side: of.clone(), key: key.clone() };
            let here = item.merged.map_or(bound, |into| Found::Retired { into });
            found.push((of, here));
        }
        let unread = if found.is_empty() { self.find_loose(sync, &key, &wanted, &mut found).await? } else { None };
        if found.len() > 1 {
            let names: Vec<String> = found.iter().map(|(side, _)| format!("{side}:{key}")).collect();
            return Ok(Err(format!("{key} is on several sides: say which, {}", names.join(" or "))));
        }
        Ok(found.pop().map(|(_, found)| found).ok_or_else(|| {
            let why = unread.map(|why| format!("; {why}")).unwrap_or_default();
            format!(
                "sync `{}` knows no issue {named}: it is neither kept in step nor told as a duplicate{why}",
                sync.id()
            )
        }))
    }

    /// A second issue of ours: one that stands as a problem. It is read, and believed by its mark alone. Gives why one could not be.
    async fn find_loose(
        &self,
        sync: &SyncRun,
        key: &IssueKey,
        wanted: &impl Fn(&SideId) -> bool,
        found: &mut Vec<(SideId, Found)>,
    ) -> Result<Option<String>, StoreError> {
        // It may be typed by the other key of a renamed project.
        let form = |side: &SideId, key: &IssueKey| self.configured_form(sync, side, key);
        let is_it = |side: &SideId, row: &IssueSnapshot| form(side, &row.key) == form(side, key);
        let mut unread = None;
        for (side, instance, issue) in self.second_issues(sync).await? {
            let Some(instance) = self.instances.get(&instance).filter(|_| wanted(&side)) else { continue };
            if let Some(pause) = instance.pause() {
                unread = Some(format!("instance `{}` is left alone now: {}", instance.id(), pause.why));
                continue;
            }
            let want = super::admit::with_mark(&instance.want);
            let mut row = match instance.read.issues(&[issue], &want).await.pop() {
                Some(Ok(row)) if is_it(&side, &row) => row,
                Some(Ok(_)) | None => continue,
                Some(Err(error)) => {
                    unread = Some(error.to_string());
                    continue;
                }
            };
            let ours = instance.is_us(row.creator.as_ref().map(|creator| &creator.account));
            let mark = row.mark.as_deref().and_then(|mark| self.seal.open(mark, sync.id(), &side));
            let Some(mark) = mark.filter(|_| ours) else { continue };
            if !row.comments.complete
                && let Ok(all) = instance.read.comments(issue).await
            {
                row.comments.list = all;
            }
            found.push((side.clone(), Found::Loose { item: mark.item, side, row: Box::new(row) }));
        }
        Ok(unread)
    }

    /// Takes items, waiting for those that somebody works on. All of them or, after a while, what there is.
    pub(super) async fn hold_items(&self, items: &[ItemId]) -> Result<Vec<Claim>, StoreError> {
        let mut held: Vec<Claim> = Vec::new();
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            let missing: Vec<ItemId> =
                items.iter().filter(|item| !held.iter().any(|claim| claim.item.id == **item)).copied().collect();
            held.extend(self.store.claim_these(&self.holder, self.now(), &missing).await?);
            if held.len() == items.len() {
                break;
            }
        }
        // In the order in which they were asked for, whoever was free first.
        held.sort_by_key(|claim| items.iter().position(|item| *item == claim.item.id));
        Ok(held)
    }

    fn decide(&self, sync: &SyncRun, way: &Way, claims: &[Claim], wanted: usize) -> (Answer, Option<Effect>) {
        let refused = |why: String| (Answer::refused(why), None);
        let [kept, others @ ..] = claims else { return refused(BUSY.to_owned()) };
        if claims.len() < wanted {
            return refused(BUSY.to_owned());
        }
        if let Some(why) = open_writes(way, kept, others.first()) {
            return refused(why);
        }
        let (united, fence, left) = match (way, others.first()) {
            (Way::Unite(_), Some(other)) => {
                if let Some((joining, origin, side)) = would_show(&sync.settings, &kept.item, &other.item) {
                    return refused(format!(
                        "people of {origin} wrote into the issue on {joining}, and {side} may not see that: name the two the other way \
                         round, so that the issue on {joining} is kept and the one on {side} joins it"
                    ));
                }
                let united = unite(&sync.settings, &kept.item, &other.item);
                let left =
                    united.retired.replicas.iter().map(|(side, replica)| left_on(&united.retired, side, replica));
                let left = left.collect();
                (united, Some(other.fence), left)
            }
            (Way::LetBe(side, row), _) => {
                let united = let_be(&kept.item, self.new_item(), side, replica_of(row));
                (united, None, vec![self.left_in(sync, side, row)])
            }
            (Way::Replace(side, row), _) => {
                let found = Replica { observed: true, scope: joined(&sync.settings, side, true), ..replica_of(row) };
                let united = replace(&kept.item, self.new_item(), side, found);
                let left =
                    united.retired.replicas.iter().map(|(side, replica)| left_on(&united.retired, side, replica));
                let left = left.collect();
                (united, None, left)
            }
            (Way::Unite(_), None) => return refused(BUSY.to_owned()),
        };
        for (side, replica) in &united.retired.replicas {
            if let Some(instance) = sync.instance_of(side) {
                // Nobody will ask for its row.
                self.rows.take(instance, replica.issue);
            }
        }
        let lines = lines(&united, &left);
        let effect = united.into_effect(&sync.settings, kept.fence, fence);
        (Answer::new(Ended::Done, lines), Some(Effect::Merge(Box::new(effect))))
    }

    /// What people wrote on an issue that no item held.
    fn left_in(&self, sync: &SyncRun, side: &SideId, row: &IssueSnapshot) -> Left {
        let instance = sync.instance_of(side).and_then(|id| self.instances.get(id));
        let theirs = |author: Option<&AccountId>| !instance.is_some_and(|instance| instance.is_us(author));
        let by = |comment: &&CommentSnapshot| theirs(comment.author.as_ref().map(|author| &author.account));
        let files = row.attachments.iter().flatten().filter(|file| theirs(file.author.as_ref()));
        Left {
            key: row.key.clone(),
            comments: row.comments.list.iter().filter(by).count(),
            worklogs: row.worklogs.list.iter().filter(by).count(),
            files: files.map(|file| file.name.clone()).collect(),
        }
    }

    /// Second issues that stand as problems, on the sides of a sync.
    async fn second_issues(&self, sync: &SyncRun) -> Result<Vec<(SideId, InstanceId, IssueId)>, StoreError> {
        let mut found = Vec::new();
        for stored in self.store.problems(super::found::MOST).await? {
            let Some((instance, issue)) = super::found::second_issue(&stored) else { continue };
            let side = stored.problem.side.clone();
            if sync.instance_of(&side) == Some(&instance) {
                found.push((side, instance, issue));
            }
        }
        Ok(found)
    }
}

/// The item that an item is part of by now; `None`: the state does not know it.
///
/// # Errors
/// The state could not answer.
pub(super) async fn kept_in_the_end(store: &dyn Store, item: ItemId) -> Result<Option<ItemId>, StoreError> {
    let mut next = item;
    // Each merge leads to an item that was kept then: no chain is longer than there were merges.
    loop {
        match store.item(next).await? {
            Some(ItemState { merged: Some(into), .. }) if into != next => next = into,
            Some(_) => return Ok(Some(next)),
            None => return Ok(None),
        }
    }
}

/// What was on its way to an issue that another took the place of is that issue's own, and sent again to the other where it is wanted.
pub(super) fn let_go_of_replaced(work: &mut Work) {
    let replaced = work.intents.iter().filter(|intent| {
        let now = work.item.replicas.get(&intent.operation.side).map(|replica| replica.issue);
        !intent.state.is_settled() && intent.issue.is_some() && now.is_some() && intent.issue != now
    });
    let replaced: Vec<_> = replaced.map(|intent| (intent.id, intent.state == IntentState::Answered)).collect();
    for (id, was_done) in replaced {
        // What Jira said yes to was done to the issue that was there.
        let event = match was_done {
            true => IntentEvent::Seen,
            false => IntentEvent::Refused("another issue took the place of the one it was sent to".to_owned()),
        };
        work.move_intent(id, &event);
    }
}

/// Writes whose outcome would be lost with the item that opened them, or with the issue that they went to.
fn open_writes(way: &Way, kept: &Claim, other: Option<&Claim>) -> Option<Refusal> {
    let in_doubt = |state: &IntentState| matches!(state, IntentState::Open | IntentState::InDoubt);
    let ours = kept.intents.iter().filter(|intent| match way {
        // Nothing of the kept item becomes another.
        Way::LetBe(..) => false,
        Way::Replace(side, _) => &intent.operation.side == side && !intent.state.is_settled(),
        Way::Unite(_) => in_doubt(&intent.state),
    });
    // What was written to an issue that is gone is found by nobody.
    let ours = ours.filter(|intent| !kept.item.is_gone_from(&intent.operation.side));
    let theirs = other.into_iter().flat_map(|other| {
        let open = other.intents.iter().filter(|intent| !intent.state.is_settled());
        // Of one that may come back, and is one with the kept item's then, it is looked for by the item that wrote it.
        let unites = matches!(way, Way::Unite(_));
        open.filter(move |intent| unites || !other.item.is_gone_from(&intent.operation.side))
    });
    doubts(ours.chain(theirs).count())
}

/// That so many writes are open, if there are any.
pub(super) fn doubts(open: usize) -> Option<Refusal> {
    let writes = if open == 1 { "1 write" } else { "writes" };
    (open > 0).then(|| {
        format!(
            "nobody knows yet what became of {writes} to these issues: try again in a few minutes (an instance that is paused \
             or out of reach answers no question)"
        )
    })
}

/// What people wrote on an issue, as far as it was carried.
fn left_on(item: &ItemState, side: &SideId, replica: &Replica) -> Left {
    let said = |records: &[CommentRecord]| {
        records.iter().filter(|record| &record.side == side && !record.gone && !record.notice).count()
    };
    let here = |record: &&AttachmentRecord| &record.side == side && !record.gone;
    Left {
        key: replica.key.clone(),
        comments: said(&item.comments),
        worklogs: said(&item.worklogs),
        files: item.attachments.iter().filter(here).map(|record| record.name.clone()).collect(),
    }
}

fn counted(count: usize, thing: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {thing}{}", if count == 1 { "" } else { "s" }))
}

/// What is said of a merge, line by line.
fn lines(united: &United, left: &[Left]) -> Vec<String> {
    let names = |item: &ItemState| {
        let named = item.replicas.iter().map(|(side, replica)| format!("{} ({side})", replica.key));
        named.collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![
        format!("kept in step: {}", names(&united.kept)),
        format!(
            "let be: {}; nothing is carried there or from there any more, and nothing in it is changed or deleted",
            names(&united.retired)
        ),
    ];
    for left in left {
        let files = counted(left.files.len(), "file").map(|count| {
            let more = if left.files.len() > NAMED_FILES { ", ..." } else { "" };
            let named: Vec<&str> = left.files.iter().take(NAMED_FILES).map(String::as_str).collect();
            format!("{count} ({}{more})", named.join(", "))
        });
        let there = [counted(left.comments, "comment"), counted(left.worklogs, "worklog"), files];
        let there: Vec<String> = there.into_iter().flatten().collect();
        if !there.is_empty() {
            lines.push(format!("what people wrote in {} stays there: {}", left.key, there.join(", ")));
        }
    }
    for side in &united.joined {
        let Some(replica) = united.kept.replicas.get(side) else { continue };
        let of_side = united.conflicts.iter().filter(|conflict| &conflict.loser == side);
        let fields: Vec<&str> = of_side.map(|conflict| conflict.field.as_str()).collect();
        let kept = if fields.is_empty() {
            String::new()
        } else {
            format!("; its values of {} are kept as conflicts", fields.join(", "))
        };
        lines.push(format!("{} ({side}) joins: where it differs, what is agreed is written there{kept}", replica.key));
    }
    for side in &united.apart {
        let Some(replica) = united.kept.replicas.get(side) else { continue };
        lines.push(stands_apart(side, &replica.key));
    }
    lines
}

/// That an issue that joins is kept apart.
pub(super) fn stands_apart(side: &SideId, key: &IssueKey) -> String {
    format!(
        "{key} ({side}) has a security level that is not the one of the issue at home: nothing is carried to it or from it until a \
         person changes it or takes it away there"
    )
}
