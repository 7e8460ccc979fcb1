//! What becomes of a write to a version or component: kept, sent again, or told. Must never take a missing right for a no to one.

use std::collections::BTreeSet;

use super::Engine;
use super::cycle::LONGEST_SLOW_RETRY;
use super::offers::FIRST_ASK;
use super::things::{HeldBack, SOON, Turn, Waits, key_of};
use crate::jira::{WriteOutcome, tells_an_answer};
use crate::model::problem::Problem;
use crate::model::right::{Function, Right, needed};
use crate::model::things::{ProjectThing, Property, SeenThing, ThingWrite};
use crate::plan::{mark_done, mark_not_done, thing_field};
use crate::schedule::growing;

/// What is told of an outcome, and since when it is known.
pub(super) fn told<T>(outcome: &WriteOutcome<T>, now: jiff::Timestamp) -> (&'static str, Option<jiff::Timestamp>) {
    match outcome {
        WriteOutcome::Done(_) => ("done", Some(now)),
        WriteOutcome::Refused(_) | WriteOutcome::NotFound => ("not done", Some(now)),
        WriteOutcome::NotSent { .. } => ("not sent", Some(now)),
        WriteOutcome::InDoubt(_) => ("nobody knows whether it was done", None),
    }
}

/// The rights of which one is needed (jira-facts; `POST version` and `POST component` of both contracts).
const RIGHTS: [&str; 2] = ["ADMINISTER_PROJECTS", "ADMINISTER"];

impl Engine {
    pub(super) async fn thing_outcome(
        &self,
        turn: &mut Turn<'_>,
        thing: &mut ProjectThing,
        write: &ThingWrite,
        outcome: WriteOutcome<Option<SeenThing>>,
        now: jiff::Timestamp,
    ) {
        let refusal = match outcome {
            WriteOutcome::Done(answer) => {
                mark_done(turn.rules, thing, write, answer.as_ref(), now);
                turn.looks.held_back.remove(&key_of(write));
                turn.looks.no_right.remove(&(turn.sync.id().clone(), write.side.clone()));
                if write.values.contains_key(&Property::Name) {
                    turn.new_names.insert(write.side.clone());
                }
                return;
            }
            WriteOutcome::InDoubt(why) => {
                tracing::warn!(side = %write.side, why, "no answer to a version or component: it is looked for");
                // Who answers, if only that it failed, may take the next one.
                if !tells_an_answer(&why) {
                    turn.shut.insert(write.side.clone());
                }
                turn.soon = true;
                self.thing_in_doubt(turn, write, &why);
                return;
            }
            WriteOutcome::NotSent { why, .. } => {
                tracing::debug!(side = %write.side, why, "a version or component was not sent");
                mark_not_done(thing, write, now);
                turn.shut.insert(write.side.clone());
                turn.soon = true;
                return;
            }
            WriteOutcome::Refused(refusal) => refusal.to_string(),
            WriteOutcome::NotFound => "it is not there, or not to be changed".to_owned(),
        };
        mark_not_done(thing, write, now);
        self.thing_refused(turn, write, &refusal).await;
    }

    /// Has what these problems tell of tried again with the next look, which is due now.
    pub(super) async fn look_at_these_things_again(&self, told: &BTreeSet<Problem>) {
        self.things.lock().await.try_again(told);
    }

    /// Has a write without a clear answer wait: soon it is sent again, then ever more seldom, and told.
    fn thing_in_doubt(&self, turn: &mut Turn<'_>, write: &ThingWrite, why: &str) {
        let before = turn.looks.held_back.get(&key_of(write)).filter(|back| back.in_doubt && &back.write == write);
        let times = before.map_or(0, |back| back.waits.times.saturating_add(1));
        let wait = times.checked_sub(1).map_or(SOON, |times| growing(FIRST_ASK, LONGEST_SLOW_RETRY, times));
        let what = format!(
            "Jira gave no clear answer when {} was to be {}, again and again: {why}",
            named(write),
            deed(write)
        );
        let remedy = "look into the log of that Jira; it is tried again".to_owned();
        let problem = Problem {
            side: write.side.clone(),
            field: Some(thing_field(write.thing)),
            what,
            remedy,
            operation: None,
            settles: false,
        };
        let waits = Waits { times, until: self.clock.monotonic() + wait, problem };
        turn.looks.held_back.insert(key_of(write), HeldBack { write: write.clone(), in_doubt: true, waits });
    }

    /// Tells a missing right from a no to this very write: Cloud says 400, 403 or 404 of the former.
    async fn thing_refused(&self, turn: &mut Turn<'_>, write: &ThingWrite, why: &str) {
        let Some((settings, instance)) = self.instance_at(turn.sync, &write.side) else { return };
        let held = instance.patiently(instance.read.permissions(&settings.project, &RIGHTS)).await;
        let may = held.map_or(true, |held| RIGHTS.iter().any(|right| held.get(*right) == Some(&true)));
        let again = |times: u32| self.clock.monotonic() + growing(FIRST_ASK, LONGEST_SLOW_RETRY, times);
        if may {
            if write.native.is_some() && write.values.len() > 1 {
                // It may be a no to one of them.
                turn.looks.singly.insert((write.id, write.side.clone()));
                return;
            }
            let before = turn.looks.held_back.get(&key_of(write)).filter(|back| !back.in_doubt && &back.write == write);
            let times = before.map_or(0, |back| back.waits.times.saturating_add(1));
            let problem = Problem {
                side: write.side.clone(),
                field: Some(thing_field(write.thing)),
                what: format!("Jira did not let {} be {}: {why}", named(write), deed(write)),
                remedy: "look whether another has that name there; it is tried again".to_owned(),
                operation: None,
                settles: false,
            };
            let waits = Waits { times, until: again(times), problem };
            turn.looks.held_back.insert(key_of(write), HeldBack { write: write.clone(), in_doubt: false, waits });
            return;
        }
        turn.shut.insert(write.side.clone());
        let key = (turn.sync.id().clone(), write.side.clone());
        let times = turn.looks.no_right.get(&key).map_or(0, |waits| waits.times.saturating_add(1));
        let problem = Problem {
            side: write.side.clone(),
            field: None,
            what: format!(
                "the sync user may not administer project `{}`, so versions and components are not kept in step there",
                settings.project
            ),
            remedy: format!(
                "{}; it is tried again",
                needed(&turn.sync.settings, &write.side, Function::VersionsAndComponents, &[Right::AdministerProjects])
            ),
            operation: None,
            settles: false,
        };
        turn.looks.no_right.insert(key, Waits { times, until: again(times), problem });
    }
}

/// What a write is about, in words.
fn named(write: &ThingWrite) -> String {
    let name = write.values.get(&Property::Name).map(|(name, _)| format!(" `{name}`")).unwrap_or_default();
    let only = write.values.keys().next().filter(|property| write.values.len() == 1 && **property != Property::Name);
    match only {
        Some(property) => format!("the {} of a {}", property.word(), write.thing.word()),
        None => format!("the {}{name}", write.thing.word()),
    }
}

fn deed(write: &ThingWrite) -> &'static str {
    if write.native.is_some() { "changed" } else { "made" }
}
