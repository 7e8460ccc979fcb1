//! What operators had done with one item: by its keys, by the problems that it had, or with all of its sync, its instances or everything. Must
//! never leave out a command that had to do with the item, as far as that was kept.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::config::{differences, differences_of, sides_named};
use crate::model::command::{Answer, Command, CommandRecord, Elsewhere, Ended, Target};
use crate::model::configuration::{KeptConfiguration, SAYS_THE_SAME};
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueKey, SideId};
use crate::model::settings::{SideSettings, SyncSettings};
use crate::model::store::{Store as _, StoreError};
use crate::model::touched::{MOST_KEPT, Touched};
use crate::store::SqliteStore;

/// So much before an issue was made it may have been there already: its Jira has another clock, which is known by the second at best.
const UNSURE: SignedDuration = SignedDuration::from_secs(-60);

/// What a restore comes to, in words.
const RESTORED: &str = "a backup took the place of the state: what is told from before that is what the backup knew";

/// What a reload comes to in words, where it is not known which configuration was accepted by it.
const NOT_KNOWN: &str = "which configuration it brought is not known";

/// What was done, and from when on it is asked for.
pub(super) struct Past {
    /// All of it, the oldest first: what was said before that time may hold still.
    commands: Vec<CommandRecord>,
    /// The configurations that were accepted, the oldest first; none where no command needs one to tell what it had to do with.
    configurations: Vec<KeptConfiguration>,
    since: Timestamp,
}

impl Past {
    /// What a state keeps of it.
    pub(super) async fn kept(store: &SqliteStore, since: Timestamp) -> Result<Self, StoreError> {
        let commands = store.commands(None, usize::MAX).await?;
        let needs_one =
            |record: &CommandRecord| is_of_an_instance(&record.command) || (record.at >= since && is_reload(record));
        let needed = commands.iter().any(needs_one);
        let mut configurations = if needed { store.configurations(usize::MAX).await? } else { Vec::new() };
        configurations.reverse();
        Ok(Self { commands, configurations, since })
    }
}

/// A command that had to do with an item.
#[derive(Debug, Serialize)]
pub(super) struct Given {
    #[serde(flatten)]
    record: CommandRecord,
    #[serde(flatten)]
    bearing: Bearing,
}

/// What a command had to do with an item, beside what it says itself.
#[derive(Debug, Default, Serialize)]
struct Bearing {
    /// Whether it may have been about others alone: it was about more items than are kept by name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    perhaps: bool,
    /// Whether it was given before the time from which on is told, and held then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    held_before: bool,
    /// The configuration that was gone over to.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Changed>,
    /// Whether a configuration was gone over to, and nobody knows which.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unknown_configuration: bool,
}

/// A configuration that says something else than the one before of what an item is kept in step by.
#[derive(Debug, Serialize)]
struct Changed {
    /// As `jirasyncd configurations` counts it.
    number: u64,
    /// What it says otherwise of the item's sync, a line each.
    differences: Vec<String>,
}

impl Given {
    /// In words, line by line.
    pub(super) fn in_words(&self) -> Vec<String> {
        let CommandRecord { at, by, command, answer } = &self.record;
        let Bearing { perhaps, held_before, configuration, unknown_configuration } = &self.bearing;
        let what = if let Some(Changed { number, .. }) = configuration {
            format!("went over to configuration {number} (`jirasyncd configurations {number}`); changed for this sync:")
        } else if *unknown_configuration {
            NOT_KNOWN.to_owned()
        } else if *command == Command::Remember(Elsewhere::Restored) {
            RESTORED.to_owned()
        } else {
            answer.lines.join("; ")
        };
        let held = if *held_before { "; given before the time that was asked for, and in force then" } else { "" };
        let perhaps = if *perhaps {
            format!(
                "; perhaps not about this issue: it was about more than the {MOST_KEPT} items that are kept by name"
            )
        } else {
            String::new()
        };
        let mut lines = vec![format!("  {at:.3} `{command}` by {by}: {what}{held}{perhaps}")];
        let changed = configuration.iter().flat_map(|changed| &changed.differences);
        lines.extend(changed.map(|line| format!("    {line}")));
        lines
    }
}

/// Those of the commands that had to do with an item, in their order. `keys`: what its issues go by. `sync`: its sync, where that is still
/// configured.
pub(super) fn given_to(
    past: &Past,
    item: &ItemState,
    keys: &BTreeSet<IssueKey>,
    sync: Option<&SyncSettings>,
) -> Vec<Given> {
    let today = sync.into_iter().flat_map(|sync| &sync.sides);
    let today = Places::of(item, today.map(|side: &SideSettings| (side.id.clone(), side.instance.clone())));
    let kept = past.configurations.iter().map(|kept| {
        let sides = sides_named(&kept.text).into_iter().filter(|((of, _), _)| of == &item.sync);
        let sides = sides.map(|((_, side), (instance, _))| (side, InstanceId::from(instance.as_str())));
        (kept.at, Places::of(item, sides))
    });
    let of = Of { item, keys, today, kept: kept.collect() };
    let given = past.commands.iter().enumerate().filter_map(|(at, record)| {
        let later = past.commands.get(at + 1..).unwrap_or_default();
        let bearing = of.bearing(record, later, past)?;
        // The others that it was about are nobody's business here, nor what a reload changed for them.
        let lines = if is_reload(record) { Vec::new() } else { record.answer.lines.clone() };
        let answer = Answer { touched: Touched::default(), lines, ..record.answer.clone() };
        Some(Given { record: CommandRecord { answer, ..record.clone() }, bearing })
    });
    given.collect()
}

/// Where an item's sync has sides.
#[derive(Default)]
struct Places {
    /// Of the sync's sides.
    instances: BTreeSet<InstanceId>,
    /// Of those where the item has an issue.
    with_issues: BTreeSet<InstanceId>,
}

impl Places {
    fn of(item: &ItemState, sides: impl Iterator<Item = (SideId, InstanceId)>) -> Self {
        let mut places = Self::default();
        for (side, instance) in sides {
            if item.replicas.contains_key(&side) {
                places.with_issues.insert(instance.clone());
            }
            places.instances.insert(instance);
        }
        places
    }
}

/// An item, and where its sync has and had sides.
struct Of<'i> {
    item: &'i ItemState,
    keys: &'i BTreeSet<IssueKey>,
    /// By the configuration that is read now.
    today: Places,
    /// By each that was accepted, and since when, the oldest first: an instance or a side may have been left out since.
    kept: Vec<(Timestamp, Places)>,
}

impl Of<'_> {
    /// What a command had to do with the item; `None`: nothing.
    fn bearing(&self, record: &CommandRecord, later: &[CommandRecord], past: &Past) -> Option<Bearing> {
        if record.at < past.since {
            let holds = self.held_at(past.since, record, later);
            return holds.then(|| Bearing { held_before: true, ..Bearing::default() });
        }
        if self.is_named(record) || self.is_meant(record, later) {
            return Some(Bearing::default());
        }
        if is_reload(record) {
            return self.brought_by(record, later, &past.configurations);
        }
        Some(Bearing { perhaps: self.may_be_touched(record)?, ..Bearing::default() })
    }

    fn is_named(&self, record: &CommandRecord) -> bool {
        self.keys.iter().any(|key| record.command.names(key))
    }

    /// Whether it was said of all of a sync, an instance, or everything, while there was the item.
    fn is_meant(&self, record: &CommandRecord, later: &[CommandRecord]) -> bool {
        let CommandRecord { at, command, answer, .. } = record;
        if answer.ended != Ended::Done {
            return false;
        }
        match command {
            // One that was said before there was the item held for it until it ended.
            Command::Pause(target) => {
                let end = end_of(command, later);
                self.covers(target, *at, end.unwrap_or(Timestamp::MAX)) && end.is_none_or(|end| self.was_there(end))
            }
            Command::Resume(target) => self.covers(target, *at, *at) && self.was_there(*at),
            Command::Detach { sync, .. } | Command::Attach(sync) => sync == &self.item.sync && self.was_there(*at),
            Command::AcceptAccount { instance, .. } => {
                self.in_force(*at, *at).any(|places| places.with_issues.contains(instance)) && self.was_there(*at)
            }
            Command::Remember(Elsewhere::Restored) => self.was_there(*at),
            Command::Remember(
                Elsewhere::Registered(_)
                | Elsewhere::Renewed(_)
                | Elsewhere::Unregistered(_)
                | Elsewhere::LoggedIn(_)
                | Elsewhere::Probed { .. },
            )
            | Command::Merge { .. }
            | Command::Reload { .. }
            | Command::Confirm { .. }
            | Command::Pair { .. }
            | Command::Create { .. }
            | Command::Unpair { .. }
            | Command::Resolve { .. }
            | Command::Take { .. }
            | Command::Retry
            | Command::RetryThese { .. }
            | Command::Dismiss { .. }
            | Command::NewHookPath(_) => false,
        }
    }

    /// Whether what was said before a time still held then.
    fn held_at(&self, time: Timestamp, record: &CommandRecord, later: &[CommandRecord]) -> bool {
        let lasts = matches!(record.command, Command::Pause(_) | Command::Detach { .. });
        lasts && self.is_meant(record, later) && end_of(&record.command, later).is_none_or(|end| end >= time)
    }

    /// What a reload had to do with the item: by the configuration that it brought, where that is known and changed something for the item's
    /// sync; else by what its answer said of that sync, and of all of them. One that says the same brought none.
    fn brought_by(
        &self,
        record: &CommandRecord,
        later: &[CommandRecord],
        configurations: &[KeptConfiguration],
    ) -> Option<Bearing> {
        if record.answer.ended != Ended::Done || !self.was_there(record.at) {
            return None;
        }
        if let Some((before, now)) = accepted_by(record, later, configurations) {
            let differences = differences_of(&self.item.sync, &before.text, &now.text);
            let changed = (!differences.is_empty()).then_some(Changed { number: now.number, differences })?;
            return Some(Bearing { configuration: Some(changed), ..Bearing::default() });
        }
        let lines = &record.answer.lines;
        if lines.first().is_some_and(|first| first == SAYS_THE_SAME) {
            return None;
        }
        let its = format!("sync.{}.", self.item.sync);
        let places = || std::iter::once(&self.today).chain(self.kept.iter().map(|(_, places)| places));
        let is_its_instance = |line: &str| {
            let name = line.strip_prefix("instance.").and_then(|rest| rest.split(['.', ':', ' ']).next());
            name.is_some_and(|name| places().any(|places| places.instances.contains(&InstanceId::from(name))))
        };
        let concerns = |line: &String| line.starts_with(&its) || line.starts_with("daemon.") || is_its_instance(line);
        lines.iter().any(concerns).then(|| Bearing { unknown_configuration: true, ..Bearing::default() })
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

    /// Whether that is of the item, by what was configured at some time between these two, or is now.
    fn covers(&self, target: &Target, from: Timestamp, to: Timestamp) -> bool {
        match target {
            Target::Everything => true,
            Target::Sync(sync) => sync == &self.item.sync,
            Target::Instance(instance) => self.in_force(from, to).any(|places| places.instances.contains(instance)),
        }
    }

    /// Where there were sides at some time between these two, and are now.
    fn in_force(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Places> {
        let ends = self.kept.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
        let kept = self.kept.iter().zip(ends);
        let kept = kept.filter(move |((at, _), end)| *at <= to && end.is_none_or(|end| end >= from));
        std::iter::once(&self.today).chain(kept.map(|((_, places), _)| places))
    }

    fn was_there(&self, at: Timestamp) -> bool {
        self.item.made.is_none_or(|made| at.duration_since(made) >= UNSURE)
    }
}

fn is_reload(record: &CommandRecord) -> bool {
    matches!(record.command, Command::Reload { .. })
}

/// Whether it is said of an instance, and so of the items of the syncs that have a side there.
fn is_of_an_instance(command: &Command) -> bool {
    matches!(
        command,
        Command::Pause(Target::Instance(_)) | Command::Resume(Target::Instance(_)) | Command::AcceptAccount { .. }
    )
}

/// The configuration that a reload brought, behind the one before: the first that was accepted from then on, where its answer said all that
/// differs there, and no later one did before that. A configuration that says the same is not kept again: then what was accepted next is not its
/// own; and one that could not be gone over to after all is reloaded again, with the same answer.
fn accepted_by<'k>(
    record: &CommandRecord,
    later: &[CommandRecord],
    configurations: &'k [KeptConfiguration],
) -> Option<(&'k KeptConfiguration, &'k KeptConfiguration)> {
    let mut pairs = configurations.iter().zip(configurations.iter().skip(1));
    let (before, now) = pairs.find(|(_, now)| now.at >= record.at)?;
    let lines = differences(&before.text, &now.text);
    let said_it = |record: &CommandRecord| {
        let answer = &record.answer;
        answer.ended == Ended::Done && lines.iter().all(|line| answer.lines.contains(line))
    };
    let said_again = later.iter().any(|later| later.at <= now.at && is_reload(later) && said_it(later));
    (said_it(record) && !said_again).then_some((before, now))
}

/// When it ended that a pause was said, or the end of a sync.
fn end_of(command: &Command, later: &[CommandRecord]) -> Option<Timestamp> {
    let ends = |end: &Command| {
        matches!((command, end), (Command::Pause(of), Command::Resume(ended)) if of == ended)
            || matches!((command, end), (Command::Detach { sync, .. }, Command::Attach(ended)) if sync == ended)
    };
    later.iter().find(|record| record.answer.ended == Ended::Done && ends(&record.command)).map(|record| record.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SecretsWanted, SystemEnvironment, load};
    use crate::model::command::Operator;
    use crate::model::configuration::Existing;
    use crate::model::hub::Replica;
    use crate::model::ids::{IssueId, ItemId, SyncId};
    use crate::model::problem_filter::ProblemFilter;

    const CONFIGURATION: &str = r#"
        [daemon]
        state = "sqlite:state.db"
        [instance.acme]
        kind = "cloud"
        url = "https://acme.atlassian.net"
        auth = { method = "api-token", user = "sync@acme.example", token = "env:ACME_TOKEN" }
        [instance.globex]
        kind = "data-center"
        url = "https://jira.globex.example"
        auth = { method = "bearer", token = "env:GLOBEX_TOKEN" }
        [sync.support]
        home = "acme"
        side.acme = { instance = "acme", project = "SUP" }
        side.globex = { instance = "globex", project = "ENG", sees = ["acme"] }
        [sync.support.map]
        issue-type = [ { acme = "Bug", globex = "Defect" } ]
        status = [ { acme = "To Do", globex = "Open" } ]
        [sync.support.fields]
        summary = "both"
    "#;

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
        let given = given_of(&past(commands));
        given.iter().map(|given| (given.record.at.as_second(), given.bearing.perhaps)).collect()
    }

    fn past(commands: &[CommandRecord]) -> Past {
        Past { commands: commands.to_vec(), configurations: Vec::new(), since: Timestamp::MIN }
    }

    fn given_of(past: &Past) -> Vec<Given> {
        given_to(past, &item(), &BTreeSet::new(), None)
    }

    #[test]
    fn a_command_by_filter_is_told_of_the_items_that_it_was_about() {
        assert_eq!(told(&[dismiss([300, 301]), dismiss([301])]), [(1_020, false)]);
        let many = dismiss(1..=250);
        assert_eq!(told(std::slice::from_ref(&many)), [(1_020, true)]);
        let words = given_of(&past(&[many]))[0].in_words().join("\n");
        assert!(words.contains("perhaps not about this issue") && words.contains("200 items"), "{words}");
        let known = &given_of(&past(&[dismiss([300, 301])]))[0];
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

    #[test]
    fn what_held_when_the_time_asked_for_begins_is_told_though_it_was_said_before() {
        let target = Target::Sync("support".into());
        let pause = |second| record(second, Command::Pause(target.clone()));
        let resume = |second| record(second, Command::Resume(target.clone()));
        let detach =
            |second| record(second, Command::Detach { sync: "support".into(), strip_marks: false, dry_run: false });
        let attach = record(1_005, Command::Attach("support".into()));
        // Two that were over by then, a pause that ended later, and an end of the sync that holds still.
        let commands = [pause(1_001), resume(1_002), pause(1_003), detach(1_004), attach, resume(1_020), detach(1_030)];
        let since = |second| given_of(&Past { since: at(second), ..past(&commands) });
        let told = |second| -> Vec<(i64, bool)> {
            let given = since(second);
            given.iter().map(|given| (given.record.at.as_second(), given.bearing.held_before)).collect()
        };
        assert_eq!(told(1_010), [(1_003, true), (1_020, false), (1_030, false)]);
        assert_eq!(told(1_020), [(1_003, true), (1_020, false), (1_030, false)]);
        assert_eq!(told(1_021), [(1_030, false)]);
        assert_eq!(told(2_000), [(1_030, true)]);
        let words = since(2_000)[0].in_words().join("\n");
        assert!(words.contains("given before the time that was asked for, and in force then"), "{words}");
        let json: Vec<String> = since(1_010).iter().map(|given| serde_json::to_string(given).unwrap()).collect();
        assert!(json[0].contains("\"held_before\":true") && !json[1].contains("held_before"), "{json:?}");
    }

    #[test]
    fn another_account_is_told_where_the_item_has_an_issue_and_a_restore_of_all_that_was_there() {
        let loaded = load(CONFIGURATION, "jirasyncd.toml", &SystemEnvironment, SecretsWanted::No).unwrap();
        let sync = &loaded.config.syncs[&SyncId::from("support")];
        let mut item = item();
        item.replicas.insert("acme".into(), Replica::unread(IssueId(1), "SUP-1".into(), at(1_000)));
        let accept = |second, instance: &str| {
            record(second, Command::AcceptAccount { instance: instance.into(), instead_of: "sync".into() })
        };
        let restored = |second| record(second, Command::Remember(Elsewhere::Restored));
        let login = record(1_004, Command::Remember(Elsewhere::LoggedIn("acme".into())));
        // The first two before there was the item.
        let commands = [
            accept(900, "acme"),
            restored(901),
            accept(1_001, "acme"),
            accept(1_002, "globex"),
            restored(1_003),
            login,
        ];
        let given = given_to(&past(&commands), &item, &BTreeSet::new(), Some(sync));
        assert_eq!(given.iter().map(|given| given.record.at.as_second()).collect::<Vec<_>>(), [1_001, 1_003]);
        let words = given[1].in_words().join("\n");
        assert!(
            words.contains("`state restore` by ") && words.contains("a backup took the place of the state"),
            "{words}"
        );
    }

    #[test]
    fn a_reload_is_told_with_what_it_changed_for_the_sync_and_else_not() {
        let (home, other) = ("sync.support.home: \"b\" instead of \"a\"", "sync.other.home: \"a\", which is new");
        let texts = [
            "[sync.support]\nhome = \"a\"\n",
            "[sync.support]\nhome = \"b\"\n",
            "[sync.support]\nhome = \"b\"\n[sync.other]\nhome = \"a\"\n",
        ];
        let kept = [500, 1_003, 1_013].into_iter().zip(texts).zip(1..).map(|((second, text), number)| {
            let (fingerprint, existing) = (String::new(), Existing::ReMap);
            KeptConfiguration { number, at: at(second), fingerprint, text: text.to_owned(), existing }
        });
        let reload = |second, line: &str| {
            let record = record(second, Command::Reload { confirm: false, existing: Existing::ReMap });
            CommandRecord { answer: Answer::new(Ended::Done, vec![line.to_owned()]), ..record }
        };
        let mut refused = reload(1_001, home);
        refused.answer.ended = Ended::Refused;
        // Before there was the item: whatever it changed, it was so from the beginning. One that changed the sync, one that only read the
        // secrets again, and one that changed another sync.
        let (before, same) = (reload(900, home), reload(1_010, "it says the same"));
        let commands = [before, refused, reload(1_002, home), same, reload(1_012, other)];
        let given = given_of(&Past { configurations: kept.collect(), ..past(&commands) });
        assert_eq!(given.iter().map(|given| given.record.at.as_second()).collect::<Vec<_>>(), [1_002], "{given:?}");
        let words = given[0].in_words();
        let went = ": went over to configuration 2 (`jirasyncd configurations 2`); changed for this sync:";
        assert!(words[0].contains("`reload` by ") && words[0].ends_with(went), "{words:?}");
        assert_eq!(words[1..], [format!("    {home}")]);
        let json = serde_json::to_value(&given[0]).unwrap();
        assert_eq!(json["configuration"], serde_json::json!({ "number": 2, "differences": [home] }));
        assert_eq!(json["answer"]["lines"], serde_json::json!([]));
    }

    /// The first could not be gone over to after all, and the last is not kept any more, or not yet.
    #[test]
    fn a_reload_is_told_the_configuration_that_it_brought_and_no_other_ones() {
        let (home, end) = ("sync.support.home: \"b\" instead of \"a\"", "sync.support.home: is gone; it was \"b\"");
        let kept = [(500, "a"), (1_013, "b")].into_iter().zip(1..).map(|((second, home), number)| {
            let (text, existing) = (format!("[sync.support]\nhome = \"{home}\"\n"), Existing::ReMap);
            KeptConfiguration { number, at: at(second), fingerprint: String::new(), text, existing }
        });
        let reload = |second, lines: &[&str]| {
            let record = record(second, Command::Reload { confirm: false, existing: Existing::ReMap });
            let lines = lines.iter().map(|line| (*line).to_owned()).collect();
            CommandRecord { answer: Answer::new(Ended::Done, lines), ..record }
        };
        let other = "sync.other.home: \"a\", which is new";
        // It brought none, whatever is found in the one that holds.
        let same = reload(1_022, &[SAYS_THE_SAME, "sync.support.side.globex: nobody sees it"]);
        let commands = [
            reload(1_001, &[home]),
            reload(1_012, &[home]),
            reload(1_020, &[other]),
            reload(1_021, &[end, other]),
            same,
        ];
        let given = given_of(&Past { configurations: kept.collect(), ..past(&commands) });
        let told = given.iter().map(|given| (given.record.at.as_second(), given.bearing.unknown_configuration));
        assert_eq!(told.collect::<Vec<_>>(), [(1_001, true), (1_012, false), (1_021, true)], "{given:?}");
        let words = given[2].in_words();
        assert!(words.len() == 1 && words[0].ends_with(": which configuration it brought is not known"), "{words:?}");
        assert!(!serde_json::to_string(&given).unwrap().contains("sync.other"), "{given:?}");
    }

    #[test]
    fn what_was_said_of_an_instance_that_the_sync_has_left_since_is_told() {
        let mut item = item();
        item.replicas.insert("globex".into(), Replica::unread(IssueId(1), "ENG-1".into(), at(1_000)));
        let texts = [CONFIGURATION.to_owned(), CONFIGURATION.replace("instance = \"globex\"", "instance = \"other\"")];
        let kept = [500, 1_010].into_iter().zip(texts).zip(1..).map(|((second, text), number)| {
            let existing = Existing::ReMap;
            KeptConfiguration { number, at: at(second), fingerprint: String::new(), text, existing }
        });
        let pause = |second, instance: &str| record(second, Command::Pause(Target::Instance(instance.into())));
        let resume = |second, instance: &str| record(second, Command::Resume(Target::Instance(instance.into())));
        let accept = |second, instance: &str| {
            record(second, Command::AcceptAccount { instance: instance.into(), instead_of: "sync".into() })
        };
        // The second pause was over before the sync went there, and the last one came after it had left.
        let commands = [
            pause(1_001, "globex"),
            resume(1_002, "globex"),
            pause(1_003, "other"),
            resume(1_004, "other"),
            accept(1_005, "globex"),
            accept(1_006, "other"),
            pause(1_007, "other"),
            pause(1_011, "globex"),
        ];
        let past = Past { configurations: kept.collect(), ..past(&commands) };
        let given = given_to(&past, &item, &BTreeSet::new(), None);
        let told: Vec<i64> = given.iter().map(|given| given.record.at.as_second()).collect();
        assert_eq!(told, [1_001, 1_002, 1_005, 1_007]);
    }
}
