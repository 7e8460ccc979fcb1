//! The part of the second look at a plan that is about watchers. Must never share a decision with the planner; it may share the
//! look-up of names.

use super::check::{Check, place};
use crate::mapping::shared_element;
use crate::model::ids::{AccountId, SideId};
use crate::model::operation::Watcher;
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

impl Check<'_> {
    /// Somebody is added only where that is agreed and they were not seen, and taken away only where they were seen and it is not.
    pub(super) fn watcher(&mut self, side: &SideId, watcher: &Watcher, adds: bool) {
        let input = self.input;
        let row = input.sync.fields.get(&watcher.field).filter(|row| row.kind == FieldKind::Watchers);
        let Some(row) = row.filter(|row| row.sides.contains_key(side)) else {
            self.fail("only mapped fields are written", side, format!("`{}`", watcher.field));
            return;
        };
        let Some(agreed) = self.agreed(row, side).cloned() else {
            self.fail("only agreed values are written", side, format!("a watcher of `{}`", watcher.field));
            return;
        };
        let may_see = self.may_see(row, side);
        let unseen = agreed.origins.iter().chain(watcher.acts.sides()).any(|origin| !may_see.contains(origin));
        if unseen {
            self.fail("no leak", side, format!("a watcher of `{}` comes from where it does not see", watcher.field));
        }
        let held = self.base(side, &watcher.field).and_then(|base| base.value.clone()).unwrap_or(Value::Empty);
        let (wanted, held) = (agreed.value.words().contains(&watcher.element), held.words().contains(&watcher.element));
        let place = place(input, &self.nothing, row, side);
        let named = shared_element(&place, watcher.account.as_str()) == watcher.element;
        let former = place.sync.start.is_former(place.side, Some(&watcher.account));
        let us = place.catalog.sync_user.as_ref() == Some(&watcher.account) || former;
        if wanted != adds || held == adds || !named {
            self.fail("only agreed values are written", side, format!("watcher `{}`", watcher.account));
        }
        if us {
            self.fail("the sync user is nobody's watcher", side, format!("watcher `{}`", watcher.account));
        }
        let shown = |account: &AccountId| input.watchers.get(side).is_some_and(|list| list.accounts.contains(account));
        if !adds && !shown(&watcher.account) {
            self.fail("only a watcher who was read is taken away", side, format!("watcher `{}`", watcher.account));
        }
        let under_way = input.intents.iter().any(|intent| {
            let about = intent.operation.action.watcher().is_some_and(|(other, _)| other.element == watcher.element);
            &intent.operation.side == side
                && about
                && !intent.state.is_settled()
                && !self.plan.seen.contains(&intent.id)
        });
        if under_way {
            self.fail("a watcher is written once at a time", side, format!("watcher `{}`", watcher.account));
        }
    }

    /// Who is taken for a watcher was seen in the list, now or before; that nobody watches may be told by the number alone.
    pub(super) fn watchers_base(&mut self, row: &FieldRow, side: &SideId, before: Option<&Value>, now: Option<&Value>) {
        if before == now {
            return;
        }
        let input = self.input;
        let words = |value: Option<&Value>| value.map(Value::words).unwrap_or_default();
        let (before, now) = (words(before), words(now));
        let place = place(input, &self.nothing, row, side);
        let follows = match input.watchers.get(side) {
            Some(list) => {
                let shown = |element: &String| {
                    list.accounts.iter().any(|account| &shared_element(&place, account.as_str()) == element)
                };
                // Not the other way round: who watches where their acts do not count is not taken in.
                now.iter().all(|element| shown(element) || (!list.whole && before.contains(element)))
            }
            None => {
                let watched = input.observed.get(side).and_then(|read| read.snapshot.watched);
                before.is_empty() && now.is_empty() && watched.is_some_and(|watched| watched.others == 0)
            }
        };
        if !follows {
            self.fail("bases follow what was seen", side, format!("`{}` is not who was read", row.name));
        }
    }

    /// Only the sync user leaves by itself, and only where the sync says so.
    pub(super) fn leaving(&mut self, side: &SideId, account: &AccountId) {
        let us = self.input.catalogs.get(side).and_then(|catalog| catalog.sync_user.as_ref());
        if us != Some(account) || !self.input.sync.unwatch {
            self.fail("only the sync user stops watching", side, format!("`{account}`"));
        }
    }
}
