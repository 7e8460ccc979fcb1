//! Who watches: each comes and goes by themselves. Jira logs nothing of it, so what changed is told by comparing lists. Must never
//! take away somebody whom another side could not have, and never take the sync user for a watcher.

use std::collections::{BTreeMap, BTreeSet};

use super::acts::observe;
use super::fold::change;
use super::relations::put;
use super::targets::with_base;
use super::{Draft, Wanted, lacks, place, whose};
use crate::mapping::{Place, native_account, shared_element};
use crate::model::catalog::HidesWatchers;
use crate::model::hub::{Acknowledged, Acts, Agreed, Base};
use crate::model::ids::{AccountId, SideId};
use crate::model::issue::Watchers;
use crate::model::operation::{Action, Intent, Operation, Watcher};
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::FieldRow;
use crate::model::value::Value;

/// That nobody can watch on a side.
pub const WATCHING_OFF: &str =
    "watching is switched off in this Jira, so nobody's watching is carried to it or from it";

/// What to do about that.
pub const LET_WATCH: &str =
    "switch on `Allow users to watch issues` in its general configuration, or take the field out of this side";

fn value(words: BTreeSet<String>) -> Value {
    if words.is_empty() { Value::Empty } else { Value::Words(words) }
}

/// Who is shown, by their shared names. The sync user is nobody's watcher, whatever it is called.
fn shown(place: &Place<'_>, list: &Watchers) -> BTreeMap<String, BTreeSet<AccountId>> {
    let mut found: BTreeMap<String, BTreeSet<AccountId>> = BTreeMap::new();
    for account in list.accounts.iter().filter(|account| may_be_carried(place, account)) {
        found.entry(shared_element(place, account.as_str())).or_default().insert(account.clone());
    }
    found
}

fn may_be_carried(place: &Place<'_>, account: &AccountId) -> bool {
    let us = place.catalog.sync_user.as_ref() == Some(account) || place.sync.start.is_former(place.side, Some(account));
    !us && !place.is_excluded(account.as_str())
}

/// Takes in who watches a side's issue, or asks for the list where their number moved.
pub(super) fn take_in(draft: &mut Draft<'_>, side: &SideId) {
    let sync = draft.input.sync;
    let Some(row) = sync.watchers_on(side).filter(|_| !draft.is_barred(side)) else { return };
    if let Some(list) = draft.input.watchers.get(side) {
        compare(draft, row, side, list);
        return;
    }
    let Some(replica) = draft.plan.item.replicas.get(side).filter(|replica| replica.observed) else { return };
    let base = replica.bases.get(&row.name);
    if let Some(why) = draft.catalog(side).hides_watchers {
        hidden(draft, row, side, why);
        return;
    }
    let read = draft.input.observed.get(side).and_then(|read| read.snapshot.watched);
    let known = base.and_then(|base| base.value.as_ref());
    // Jira was asked in vain before, or it is not known yet who watches.
    let is_open = base.is_some_and(|base| base.acknowledged.as_ref().is_some_and(|why| why.may_pass && !why.refused));
    match read {
        // Where nobody is known and nobody counted, nothing is to be asked. An index that is behind only asks later.
        Some(watched) if watched.others == 0 && known.is_none_or(Value::is_empty) => {
            let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
            replica.watching.others = Some(0);
            let base = replica.bases.entry(row.name.clone()).or_default();
            if base.value.is_none() || is_open {
                observe(base, Value::Empty);
            }
        }
        Some(watched) if replica.watching.others != Some(watched.others) => draft.want(side, Wanted::Watchers),
        Some(_) | None if is_open || known.is_none() => draft.want(side, Wanted::Watchers),
        Some(_) | None => {}
    }
}

/// Jira does not show who watches: nothing is known, and nothing is written there.
fn hidden(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, why: HidesWatchers) {
    let said = match why {
        HidesWatchers::WithoutRight => {
            let why = "Jira does not let the sync user see who watches";
            let needed = needed(draft.input.sync, side, Function::Watchers, &[Right::ViewVotersAndWatchers]);
            let remedy = format!("{needed}; it is asked again with the next change of the issue, or by the full check");
            draft.hold(side, Some(&row.name), why.to_owned(), &remedy);
            why
        }
        HidesWatchers::SwitchedOff => {
            draft.hold(side, Some(&row.name), WATCHING_OFF.to_owned(), LET_WATCH);
            WATCHING_OFF
        }
    };
    with_base(draft, side, row, |base| {
        base.acknowledged =
            Some(Acknowledged { reason: said.to_owned(), refused: false, may_pass: true, unseen: false });
    });
}

/// Our writes on a side that are not settled.
fn live<'i>(draft: &Draft<'i>, row: &FieldRow, side: &SideId) -> Vec<(&'i Intent, &'i Watcher, bool)> {
    let of_row = draft.unsettled(side).filter_map(|intent| {
        let (watcher, adds) = intent.operation.action.watcher()?;
        (watcher.field == row.name).then_some((intent, watcher, adds))
    });
    of_row.collect()
}

fn compare(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, list: &Watchers) {
    let elements = shown(&place(draft.input, &draft.nothing, row, side), list);
    let Some(replica) = draft.plan.item.replicas.get(side) else { return };
    let at = replica.updated;
    let base = replica.bases.get(&row.name);
    let known = base.and_then(|base| base.value.as_ref()).map(Value::words).unwrap_or_default();
    let ours = live(draft, row, side);
    let (mut settled, mut acts) = (known.clone(), Acts::default());
    for (intent, watcher, adds) in ours {
        if adds != list.accounts.contains(&watcher.account) {
            continue;
        }
        draft.plan.seen.push(intent.id);
        if adds == elements.contains_key(&watcher.element) {
            put(&mut settled, &watcher.element, adds);
            acts.join(&watcher.acts);
        }
    }
    let mut now: BTreeSet<String> = elements.into_keys().collect();
    if !list.whole {
        // Who is not shown need not be gone.
        now.extend(settled.iter().cloned());
    }
    if !row.from.contains(side) {
        // Who watches here without us is nobody's business, and stays.
        now.retain(|element| settled.contains(element));
    }
    with_base(draft, side, row, |base| {
        if base.value.is_none() || settled != known || base.acknowledged.as_ref().is_some_and(|why| !why.refused) {
            observe(base, value(settled.clone()));
        }
        base.acts.join(&acts);
    });
    if now != settled {
        // Nobody knows who did it.
        let who = whose::voice(draft.input, side, None);
        change(draft, row, &who, value(now), at, None, None);
    }
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        replica.watching.others = Some(list.watched.others);
        replica.watching.read = Some(list.read);
        replica.watching.by_us = list.watched.by_us;
    }
}

/// Plans the watchers that a replica lacks, and those that it should not have.
pub(super) fn aim(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base) {
    let mut told = base.acts.clone();
    told.join(&base.matched);
    let refused = base.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.refused);
    let Some(held) = base.value.as_ref().map(Value::words) else { return };
    if (told.contains(&agreed.acts) && refused) || draft.catalog(side).hides_watchers.is_some() {
        return;
    }
    let wanted = agreed.value.words();
    let under_way: BTreeSet<String> =
        live(draft, row, side).into_iter().map(|(_, watcher, _)| watcher.element.clone()).collect();
    let watcher = |element: &String, account: AccountId| Watcher {
        field: row.name.clone(),
        element: element.clone(),
        account,
        acts: agreed.acts.clone(),
    };
    let (mut planned, mut open, mut short) = (Vec::new(), false, false);
    for element in wanted.difference(&held) {
        let place = place(draft.input, &draft.nothing, row, side);
        match native_account(&place, element) {
            _ if under_way.contains(element) => open = true,
            Some(account) if may_be_carried(&place, &account) => {
                planned.push(Action::AddWatcher { watcher: watcher(element, account) });
            }
            Some(_) => {}
            None => short = true,
        }
    }
    let gone: Vec<&String> = held.difference(&wanted).collect();
    open |= gone.iter().any(|element| under_way.contains(*element));
    let gone = gone.into_iter().filter(|element| !under_way.contains(*element));
    match draft.input.watchers.get(side) {
        Some(list) => {
            let there = shown(&place(draft.input, &draft.nothing, row, side), list);
            for element in gone {
                let accounts = there.get(element).into_iter().flatten();
                planned.extend(
                    accounts.map(|account| Action::RemoveWatcher { watcher: watcher(element, account.clone()) }),
                );
            }
        }
        // Nobody is taken away by what was known long ago.
        None if gone.count() > 0 => {
            draft.want(side, Wanted::Watchers);
            open = true;
        }
        None => {}
    }
    lacks::say(draft, row, side, &agreed.value, short);
    if planned.is_empty() && !open {
        with_base(draft, side, row, |base| {
            base.matched.join(&agreed.acts);
            base.acknowledged = None;
        });
    }
    draft.plan.operations.extend(planned.into_iter().map(|action| Operation { side: side.clone(), action }));
}

/// Lets the sync user stop watching what Jira made it watch. Not before what is copied there now was sent: a comment would make it
/// watch again.
pub(super) fn leave(draft: &mut Draft<'_>) {
    if !draft.input.sync.unwatch {
        return;
    }
    let comments = |action: &Action| matches!(action, Action::AddComment { remark: Remark::Comment, .. });
    for side in draft.input.sync.side_ids() {
        let watches = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.watching.by_us);
        let comes =
            draft.plan.operations.iter().any(|operation| &operation.side == side && comments(&operation.action));
        let waits = |action: &Action| comments(action) || matches!(action, Action::StopWatching { .. });
        let waits = draft.unsettled(side).any(|intent| waits(&intent.operation.action));
        if !watches || comes || waits || draft.is_barred(side) {
            continue;
        }
        if let Some(account) = draft.catalog(side).sync_user.clone() {
            let action = Action::StopWatching { account };
            draft.plan.operations.push(Operation { side: side.clone(), action });
        }
    }
}
