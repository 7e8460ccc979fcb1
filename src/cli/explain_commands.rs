//! What operators had done with one item: by its keys, by the problems that it had, or with all of its sync, its instances or everything. Must
//! never leave out a command that had to do with the item, as far as that was kept.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::command::{Answer, Command, CommandRecord, Ended, Target};
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueKey};
use crate::model::settings::SyncSettings;
use crate::model::touched::{MOST_KEPT, Touched};

/// So much before an issue was made it may have been there already: its Jira has another clock, which is known by the second at best.
const UNSURE: SignedDuration = SignedDuration::from_secs(-60);

/// A command that had to do with an item.
#[derive(Debug, Serialize)]
pub(super) struct Given {
    #[serde(flatten)]
    record: CommandRecord,
    /// Whether it may have been about others alone: it was about more items than are kept by name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    perhaps: bool,
}

impl Given {
    /// In words.
    pub(super) fn in_words(&self) -> String {
        let CommandRecord { at, by, command, answer } = &self.record;
        let perhaps = if self.perhaps {
            format!(
                "; perhaps not about this issue: it was about more than the {MOST_KEPT} items that are kept by name"
            )
        } else {
            String::new()
        };
        format!("  {at:.3} `{command}` by {by}: {}{perhaps}", answer.lines.join("; "))
    }
}

/// Those of these commands that had to do with an item, in their order. `keys`: what its issues go by. `sync`: its sync, where that is still
/// configured.
pub(super) fn given_to(
    commands: &[CommandRecord],
    item: &ItemState,
    keys: &BTreeSet<IssueKey>,
    sync: Option<&SyncSettings>,
) -> Vec<Given> {
    let instances = sync.into_iter().flat_map(|sync| &sync.sides).map(|side| &side.instance).collect();
    let of = Of { item, keys, instances };
    let given = commands.iter().enumerate().filter_map(|(at, record)| {
        let later = commands.get(at + 1..).unwrap_or_default();
        let perhaps =
            if of.is_named(record) || of.is_meant(record, later) { false } else { of.may_be_touched(record)? };
        // The others that it was about are nobody's business here.
        let answer = Answer { touched: Touched::default(), ..record.answer.clone() };
        Some(Given { record: CommandRecord { answer, ..record.clone() }, perhaps })
    });
    given.collect()
}

/// An item, and where its sync has sides.
struct Of<'i> {
    item: &'i ItemState,
    keys: &'i BTreeSet<IssueKey>,
    instances: BTreeSet<&'i InstanceId>,
}

impl Of<'_> {
    fn is_named(&self, record: &CommandRecord) -> bool {
        self.keys.iter().any(|key| record.command.names(key))
    }

    /// Whether it was said of all of a sync, an instance, or everything, while there was the item.
    fn is_meant(&self, record: &CommandRecord, later: &[CommandRecord]) -> bool {
        let CommandRecord { at, command, answer, .. } = record;
        if answer.ended != Ended::Done {
            return false;
        }
        if let Command::Pause(target) = command {
            // One that was said before there was the item held for it until it ended.
            let is_end = |later: &&CommandRecord| is_end_of(later, target);
            return self.covers(target) && later.iter().find(is_end).is_none_or(|end| self.was_there(end.at));
        }
        if let Command::Resume(target) = command {
            return self.covers(target) && self.was_there(*at);
        }
        let ended = if let Command::Detach { sync, .. } | Command::Attach(sync) = command { Some(sync) } else { None };
        ended == Some(&self.item.sync) && self.was_there(*at)
    }

    /// Whether it was about the item without naming it: `true` where that is not known. `None`: it was not.
    fn may_be_touched(&self, record: &CommandRecord) -> Option<bool> {
        match record.answer.touched.has(self.item.id) {
            Some(true) => Some(false),
            Some(false) => None,
            None => {
                let is_of_it = record.command.sync().is_none_or(|sync| sync == &self.item.sync);
                (is_of_it && self.was_there(record.at)).then_some(true)
            }
        }
    }

    fn covers(&self, target: &Target) -> bool {
        match target {
            Target::Everything => true,
            Target::Sync(sync) => sync == &self.item.sync,
            Target::Instance(instance) => self.instances.contains(instance),
        }
    }

    fn was_there(&self, at: Timestamp) -> bool {
        self.item.made.is_none_or(|made| at.duration_since(made) >= UNSURE)
    }
}

/// Whether this ended such a pause.
fn is_end_of(record: &CommandRecord, target: &Target) -> bool {
    record.answer.ended == Ended::Done && matches!(&record.command, Command::Resume(of) if of == target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Operator;
    use crate::model::ids::ItemId;
    use crate::model::problem_filter::ProblemFilter;

    fn item() -> ItemState {
        let made = Some(at(1_000));
        ItemState { made, ..ItemState::new(ItemId(300), "support".into()) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(second: i64, command: Command) -> CommandRecord {
        let answer = Answer::new(Ended::Done, vec!["done".to_owned()]);
        CommandRecord { at: at(second), by: Operator { uid: 7, name: None }, command, answer }
    }

    fn dismiss(items: impl IntoIterator<Item = u128>) -> CommandRecord {
        let filter = ProblemFilter { side: Some("globex".into()), ..ProblemFilter::default() };
        let record = record(1_020, Command::Dismiss { filter, undo: false, dry_run: false });
        CommandRecord { answer: record.answer.clone().touching(items.into_iter().map(ItemId)), ..record }
    }

    /// What is told of these: when they were, and whether it is only perhaps so.
    fn told(commands: &[CommandRecord]) -> Vec<(i64, bool)> {
        let given = given_to(commands, &item(), &BTreeSet::new(), None);
        given.iter().map(|given| (given.record.at.as_second(), given.perhaps)).collect()
    }

    #[test]
    fn a_command_by_filter_is_told_of_the_items_that_it_was_about() {
        assert_eq!(told(&[dismiss([300, 301]), dismiss([301])]), [(1_020, false)]);
        let many = dismiss(1..=250);
        assert_eq!(told(std::slice::from_ref(&many)), [(1_020, true)]);
        let words = given_to(&[many], &item(), &BTreeSet::new(), None)[0].in_words();
        assert!(words.contains("perhaps not about this issue") && words.contains("200 items"), "{words}");
        let known = &given_to(&[dismiss([300, 301])], &item(), &BTreeSet::new(), None)[0];
        assert!(!serde_json::to_string(known).unwrap().contains("touched"), "{known:?}");
        // It was about another sync, or there was no such item then.
        let confirm = |sync: &str, second| {
            let record = record(second, Command::Confirm { sync: sync.into(), most: 500 });
            CommandRecord { answer: record.answer.clone().touching((1..=250).map(ItemId)), ..record }
        };
        assert_eq!(
            told(&[confirm("support", 1_001), confirm("other", 1_002), confirm("support", 900)]),
            [(1_001, true)]
        );
    }

    #[test]
    fn a_pause_is_told_of_what_it_held() {
        let (all, sync) = (Target::Everything, Target::Sync("support".into()));
        let pause = |second, target: &Target| record(second, Command::Pause(target.clone()));
        let resume = |second, target: &Target| record(second, Command::Resume(target.clone()));
        // The first was over before there was the item, the second was not.
        let commands = [pause(1, &sync), resume(2, &sync), pause(3, &all), resume(1_001, &all), pause(1_002, &sync)];
        assert_eq!(told(&commands), [(3, false), (1_001, false), (1_002, false)]);
        let other = Target::Sync("other".into());
        let elsewhere = [pause(1_012, &other), resume(1_013, &other), pause(1_012, &Target::Instance("acme".into()))];
        assert!(told(&elsewhere).is_empty());
        let mut refused = pause(1_012, &sync);
        refused.answer.ended = Ended::Unchanged;
        assert!(told(&[refused]).is_empty());
        let ended = |sync: &str| record(1_014, Command::Attach(sync.into()));
        assert_eq!(told(&[ended("support"), ended("other")]), [(1_014, false)]);
    }
}
