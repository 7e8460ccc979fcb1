//! What a quiet life leaves empty: a row in each such table of each schema, and whether it is read after the upgrade with what it held. Every
//! row here was written by hand, at version 0.1, long after these schemas: its columns are those that the table had then, and its JSON has the
//! form that the code of the seventh schema wrote (the first six too, see `released`), or that of the first schema that has the column. Must
//! never be written by the code that reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jirasyncd::clock::SeededEntropy;
use jirasyncd::model::command::{Answer, Command, CommandRecord, Ended, Operator, Pause, Target};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::hub::{Audience, Conflict, ItemState};
use jirasyncd::model::ids::{CommentId, InstanceId, IssueId, ItemId, OperationId, SideId, SyncId, ThingId};
use jirasyncd::model::occasion::{Brought, Occasion};
use jirasyncd::model::operation::Thing;
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::{
    Announced, CommentTrace, Dismissed, Newcomer, Store as _, StoredProblem, Urgency, Waiting,
};
use jirasyncd::model::things::{MadeThing, Property};
use jirasyncd::model::trail::{Author, HowOver, PastProblem};
use jirasyncd::model::value::Value;
use jirasyncd::store::{Dependencies, Page, Spawn, SqliteStore};
use rusqlite::Connection;

use super::released::{newest, old_state};
use super::support::hand_clock;

/// The first item of the stored life, and the second.
const FIRST: &str = "(SELECT min(id) FROM items)";
const SECOND: &str = "(SELECT max(id) FROM items)";

/// A statement, and the first schema that has its table and columns.
const ROWS: &[(usize, &str)] = &[
    (
        1,
        r#"INSERT INTO conflicts (item, found_ms, conflict) VALUES (FIRST, 1772443960000,
        '{"field":"summary","audience":"acme globex","winner":"acme","kept":{"line":"Kept"},"loser":"globex",
          "lost":{"line":"It''s lost"},"at":"2026-03-02T09:32:30Z","overwritten_by":"000000000000000000000000000000ab"}')"#,
    ),
    (
        1,
        r#"INSERT INTO problems (item, about, since_ms, problem) VALUES (SECOND, NULL, 1772443961000,
        '{"side":"globex","field":"priority","what":"`Urgent` has no counterpart","remedy":"add a row"}')"#,
    ),
    (
        1,
        r#"INSERT INTO problems (item, about, since_ms, problem) VALUES (NULL, 'globex', 1772443962000,
        '{"side":"globex","field":null,"what":"it did not answer","remedy":"look at it"}')"#,
    ),
    (
        1,
        "INSERT INTO newcomers (sync, instance, issue, side, first_seen_ms) VALUES ('support', 'acme', 10777, 'acme', 1772443963000)",
    ),
    (
        1,
        "INSERT INTO ways (instance, project, issue_type, from_status, to_status) VALUES
        ('acme', 'SUP', 'Bug', 'To Do', 'Done'), ('acme', 'SUP', 'Bug', 'To Do', 'Backlog'), ('globex', 'ENG', 'Defect', 'Open', 'Closed')",
    ),
    (2, "INSERT INTO awaits (what, item) VALUES ('issue support acme 10888', FIRST)"),
    (
        3,
        r#"INSERT INTO commands (at_ms, uid, user, command, answer) VALUES (1772443964000, 1000, 'alice',
        '{"pause":{"sync":"support"}}', '{"ended":"done","lines":["paused sync `support`"]}')"#,
    ),
    (
        3,
        r#"INSERT INTO commands (at_ms, uid, user, command, answer) VALUES (1772443965000, 1001, NULL,
        '{"merge":{"sync":"support","keep":"SUP-1","drop":"globex:ENG-9","dry_run":false}}', '{"ended":"refused","lines":["there is no ENG-9"]}')"#,
    ),
    (
        3,
        r#"INSERT INTO pauses (target, since_ms, uid, user) VALUES ('{"sync":"support"}', 1772443964000, 1000, 'alice'),
        ('"everything"', 1772443966000, 0, NULL)"#,
    ),
    (
        4,
        "INSERT INTO inbox (instance, issue, number, first_ms, due_ms) VALUES ('acme', 10000, 3, 1772443967000, 1772443968000),
        ('globex', 0, 1, 1772443967000, 1772443969000)",
    ),
    (
        4,
        r#"INSERT INTO comment_traces (instance, issue, told_ms, trace) VALUES ('acme', 10000, 1772443967000,
        '{"comment":"10005","by":"5b10a2844c20165700ede21g","updated":"2026-03-02T09:32:40Z","body":"As it was","deleted":false}')"#,
    ),
    (
        5,
        r#"INSERT INTO things (id, sync, thing, state) VALUES (x'000000000000000000000000000000c1', 'support', 'version',
        '{"id":"000000000000000000000000000000c1","thing":"version","met_as":"1.0","word":"1.0","made_on":["acme"],
          "replicas":{"acme":{"native":"10200","held":{"name":{"value":"1.0","knows":{"number":1,"side":"acme"},"theirs":false}},
            "sent":{},"missing":null,"gone":false,"given":{}},
           "globex":{"native":null,"held":{},"sent":{"name":[{"value":"1.0","knows":{"number":1,"side":"acme"},"at":"2026-03-02T09:32:41Z"}]},
            "missing":null,"gone":false,"given":{}}},
          "acts":{"name":{"acme":{"number":1,"value":"1.0","met":false,"lost_to":[]}}},"number":1,"disputes":{},"lost":[],"given_up":{},"late":false}')"#,
    ),
    (
        5,
        "INSERT INTO made_things (sync, side, instance, thing, name, for_issue, writes) VALUES ('support', 'globex', 'globex', 'version', '1.0', 0, 1),
        ('support', 'globex', '', 'version', '0.9', 1, 2)",
    ),
    (
        6,
        "INSERT INTO configurations (at_ms, fingerprint, text, existing) VALUES (1772443970000, 'f00d', '# by hand', 'from-now')",
    ),
    (
        7,
        "INSERT INTO waiting_creations (item, side, sync, since_ms) VALUES (SECOND, 'initech', 'support', 1772443971000)",
    ),
    (
        7,
        "INSERT INTO begun_creations (item, side, sync, at_ms) VALUES (FIRST, 'globex', 'support', 1772443972000)",
    ),
    (
        9,
        "INSERT INTO newcomers (sync, instance, issue, side, first_seen_ms, urgency) VALUES ('support', 'globex', 10779, 'globex', 1772443963500, 0)",
    ),
    (
        10,
        r#"INSERT INTO newcomers (sync, instance, issue, side, first_seen_ms, urgency, occasion) VALUES
        ('support', 'acme', 10778, 'acme', 1772443963600, 2, '{"webhook":{"instance":"acme","id":"hook-7"}}')"#,
    ),
    (
        10,
        "INSERT INTO inbox (instance, issue, number, first_ms, due_ms, hook) VALUES ('acme', 10001, 1, 1772443967500, 1772443968500, 'hook-8')",
    ),
    (
        10,
        r#"INSERT INTO thing_writes (thing, sync, side, at_ms, kind, rules, authors, settled_ms, result, request) VALUES
        (x'000000000000000000000000000000c1', 'support', 'globex', 1772443973000, 'version-create', '["versions"]',
         '[{"side":"acme","account":null}]', 1772443974000, 'done', 'req-1')"#,
    ),
    (
        11,
        r#"INSERT INTO problems (item, about, since_ms, problem, dismissed_ms, dismissed_uid, dismissed_user, times) VALUES
        (NULL, 'acme', 1772443962500, '{"side":"acme","field":null,"what":"its clock was set","remedy":"look","operation":"000000000000000000000000000000ac"}',
         1772443975000, 1000, 'alice', 7)"#,
    ),
    (
        13,
        r#"INSERT INTO past_problems (item, since_ms, over_ms, times, how, brought, dismissed_ms, dismissed_uid, dismissed_user, problem) VALUES
        (FIRST, 1772443976000, 1772443977000, 3, '"retried"',
         '{"by":[{"command":{"name":"problems retry","by":{"uid":1000,"name":"alice"}}}],"reasons":1}', 1772443976500, 1000, 'alice',
         '{"side":"globex","field":"summary","what":"it is not on the screen","remedy":"put it there"}')"#,
    ),
];

/// Writes the rows that a schema has room for.
fn write_by_hand(version: usize, old: &Connection) {
    for (since, sql) in ROWS.iter().filter(|(since, _)| *since <= version) {
        let sql = sql.replace("FIRST", FIRST).replace("SECOND", SECOND);
        old.execute_batch(&sql).unwrap_or_else(|error| panic!("schema {version}, of {since}: {error}: {sql}"));
    }
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_772_443_900_000 + milliseconds).unwrap()
}

fn sync() -> SyncId {
    "support".into()
}

/// The store under the configuration that the state is of.
fn open(path: &std::path::Path) -> SqliteStore {
    let side = |name: &str| ((sync(), SideId::from(name)), InstanceId::from(name));
    let instances = BTreeMap::from([side("acme"), side("globex"), side("initech")]);
    let (clock, entropy) = (hand_clock(), Arc::new(SeededEntropy::new(7)));
    SqliteStore::open(path, Dependencies { clock, entropy, instances, spawn: Spawn::Inline }).unwrap()
}

/// An upgraded state of a schema, its rows written before.
struct Upgraded {
    version: usize,
    store: SqliteStore,
    first: ItemId,
    second: ItemId,
    _folder: tempfile::TempDir,
}

impl Upgraded {
    async fn new(version: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let old = old_state(version, &path);
        write_by_hand(version, &old);
        drop(old);
        let store = open(&path);
        let ids = store.item_ids(None, 10).await.unwrap();
        let (first, second) = (ids[0], ids[1]);
        Self { version, store, first, second, _folder: folder }
    }

    /// What stood in a table that has been there since a schema; nothing in those before.
    fn since<T>(&self, schema: usize, rows: impl IntoIterator<Item = T>) -> Vec<T> {
        if self.version >= schema { rows.into_iter().collect() } else { Vec::new() }
    }
}

fn alice() -> Operator {
    Operator { uid: 1_000, name: Some("alice".into()) }
}

async fn conflicts_and_problems(up: &Upgraded) {
    let lost = Conflict {
        field: "summary".into(),
        audience: Audience(BTreeSet::from(["acme".into(), "globex".into()])),
        winner: "acme".into(),
        kept: Value::Line("Kept".into()),
        loser: "globex".into(),
        lost: Value::Line("It's lost".into()),
        at: "2026-03-02T09:32:30Z".parse().unwrap(),
        overwritten_by: Some(OperationId(0xab)),
    };
    assert_eq!(up.store.conflicts(up.first).await.unwrap(), [lost], "schema {}", up.version);
    assert_eq!(up.store.items_in_conflict().await.unwrap(), [up.first]);
    let stored = up.store.problems(10).await.unwrap();
    let told = |stored: &StoredProblem| {
        let Problem { side, field, what, remedy, operation, settles } = &stored.problem;
        assert!(!settles, "nobody said so then");
        let words = format!("{side} {field:?} {what} / {remedy} / {operation:?}");
        (stored.item, stored.about.clone(), words, stored.since, stored.times, stored.dismissed.clone())
    };
    let plain = |item, about: &str, words: &str, since| (item, about.to_owned(), words.to_owned(), at(since), 1, None);
    let mut expected = vec![
        plain(
            Some(up.second),
            &keys(up, up.second).await,
            "globex Some(FieldName(\"priority\")) `Urgent` has no counterpart / add a row / None",
            61_000,
        ),
        plain(None, "globex", "globex None it did not answer / look at it / None", 62_000),
    ];
    let dismissed = Dismissed { at: at(75_000), by: alice() };
    let words = "acme None its clock was set / look / Some(OperationId(000000000000000000000000000000ac))";
    expected.extend(up.since(11, [(None, "acme".into(), words.into(), at(62_500), 7, Some(dismissed))]));
    assert_eq!(stored.iter().map(told).collect::<Vec<_>>(), expected, "schema {}", up.version);
    let figures = up.store.figures(at(0)).await.unwrap();
    let gone = up.since(11, [()]).len() as u64;
    assert_eq!((figures.conflicts, figures.problems, figures.dismissed), (1, 2, gone));
    assert_eq!(up.store.problems_to_tell(10).await.unwrap().len(), 2);
    let command = Occasion::Command { name: "problems retry".into(), by: alice() };
    let over = PastProblem {
        since: at(76_000),
        over: at(77_000),
        times: 3,
        how: HowOver::Retried,
        brought: Some(Brought { by: vec![command], reasons: 1, again: None }),
        dismissed: Some(Dismissed { at: at(76_500), by: alice() }),
        problem: Problem {
            side: "globex".into(),
            field: Some("summary".into()),
            what: "it is not on the screen".into(),
            remedy: "put it there".into(),
            operation: None,
            settles: false,
        },
    };
    let past = up.store.past_problems(up.first, Timestamp::MIN, 10).await.unwrap();
    assert_eq!(past, up.since(13, [over]), "schema {}", up.version);
}

/// What an item is called by.
async fn keys(up: &Upgraded, item: ItemId) -> String {
    let item = up.store.item(item).await.unwrap().unwrap();
    item.replicas.values().map(|replica| replica.key.to_string()).collect::<Vec<_>>().join(", ")
}

async fn newcomers_and_ways(up: &Upgraded) {
    let newcomer = |instance: &str, issue, milliseconds, urgency, occasion| Newcomer {
        sync: sync(),
        side: instance.into(),
        instance: instance.into(),
        issue: IssueId(issue),
        first_seen: at(milliseconds),
        urgency,
        occasion,
    };
    let poll = |instance: &str| Occasion::Poll(instance.into());
    let webhook = Occasion::Webhook { instance: "acme".into(), id: Some("hook-7".into()) };
    // The urgent first. What nobody kept counts as a first copy that a poll brought.
    let mut expected = up.since(9, [newcomer("globex", 10_779, 63_500, Urgency::Live, poll("globex"))]);
    expected.push(newcomer("acme", 10_777, 63_000, Urgency::Backfill, poll("acme")));
    expected.extend(up.since(10, [newcomer("acme", 10_778, 63_600, Urgency::Sweep, webhook)]));
    assert_eq!(up.store.newcomers(None, 10).await.unwrap(), expected, "schema {}", up.version);
    let ways = up.store.workflow(&"acme".into(), "SUP").await.unwrap().ways;
    let to = BTreeSet::from(["Backlog".to_owned(), "Done".to_owned()]);
    let from = BTreeMap::from([("To Do".to_owned(), to)]);
    assert_eq!(ways, BTreeMap::from([("Bug".to_owned(), from)]), "schema {}", up.version);
}

async fn commands_and_pauses(up: &Upgraded) {
    let paused = CommandRecord {
        at: at(64_000),
        by: alice(),
        command: Command::Pause(Target::Sync(sync())),
        answer: Answer::new(Ended::Done, vec!["paused sync `support`".into()]),
    };
    let merge = Command::Merge { sync: sync(), keep: "SUP-1".into(), drop: "globex:ENG-9".into(), dry_run: false };
    let refused = CommandRecord {
        at: at(65_000),
        by: Operator { uid: 1_001, name: None },
        command: merge,
        answer: Answer::refused("there is no ENG-9"),
    };
    let expected = up.since(3, [paused, refused]);
    assert_eq!(up.store.commands(None, 10).await.unwrap(), expected, "schema {}", up.version);
    let pause = |target, milliseconds, by| Pause { target, since: at(milliseconds), by };
    let all = pause(Target::Everything, 66_000, Operator { uid: 0, name: None });
    let expected = up.since(3, [pause(Target::Sync(sync()), 64_000, alice()), all]);
    assert_eq!(up.store.pauses().await.unwrap(), expected, "schema {}", up.version);
}

async fn what_webhooks_told(up: &Upgraded) {
    let told =
        |issue, number, hook: Option<&str>| Announced { issue: IssueId(issue), number, hook: hook.map(str::to_owned) };
    let mut expected = up.since(4, [told(10_000, 3, None)]);
    expected.extend(up.since(10, [told(10_001, 1, Some("hook-8"))]));
    let acme = InstanceId::from("acme");
    assert_eq!(up.store.announced(&acme, at(70_000), 10).await.unwrap(), expected, "schema {}", up.version);
    assert_eq!(up.store.announced(&acme, at(67_900), 10).await.unwrap(), [], "nothing is due yet");
    let waits =
        |instance: &str, milliseconds, issues| Waiting { instance: instance.into(), due: at(milliseconds), issues };
    let issues = expected.len() as u64;
    let expected = up.since(4, [waits("acme", 68_000, issues), waits("globex", 69_000, 1)]);
    assert_eq!(up.store.waiting().await.unwrap(), expected, "schema {}", up.version);
    let trace = CommentTrace {
        comment: CommentId::from("10005"),
        by: Some("5b10a2844c20165700ede21g".into()),
        updated: Some("2026-03-02T09:32:40Z".parse().unwrap()),
        body: "As it was".into(),
        deleted: false,
    };
    let traces = up.store.traces(&acme, IssueId(10_000)).await.unwrap();
    assert_eq!(traces, up.since(4, [(1, trace)]), "schema {}", up.version);
}

async fn versions_and_components(up: &Upgraded) {
    let things = up.store.things(&sync(), Thing::Version).await.unwrap();
    assert_eq!(things.len(), up.since(5, [()]).len(), "schema {}", up.version);
    for thing in things {
        assert_eq!((thing.id, thing.word.as_str(), thing.number), (ThingId(0xc1), "1.0", 1));
        assert_eq!(thing.replicas[&SideId::from("acme")].value(Property::Name), "1.0");
        let sent = &thing.replicas[&SideId::from("globex")].sent[&Property::Name];
        assert_eq!((sent.len(), sent[0].at), (1, "2026-03-02T09:32:41Z".parse().unwrap()));
        assert_eq!(thing.acts[&Property::Name][&SideId::from("acme")].value, "1.0");
    }
    assert_eq!(up.store.things(&sync(), Thing::Component).await.unwrap(), []);
    let made = |instance: &str, name: &str, for_issue| MadeThing {
        sync: sync(),
        side: "globex".into(),
        instance: instance.into(),
        thing: Thing::Version,
        name: name.into(),
        for_issue,
    };
    let expected = up.since(5, [made("", "0.9", true), made("globex", "1.0", false)]);
    assert_eq!(up.store.made_things(Thing::Version).await.unwrap(), expected, "schema {}", up.version);
    let left = up.store.things_left_for(&"globex".into(), None, Timestamp::MIN).await.unwrap();
    let told = |left: &jirasyncd::model::trail::Left| {
        let words = (left.kind.clone(), left.rules.clone(), left.result.clone(), left.request.clone());
        (left.at, left.settled, left.authors.clone(), words)
    };
    let author = Author { side: "acme".into(), account: None, name: None };
    let words = ("version-create".to_owned(), vec!["versions".to_owned()], "done".to_owned(), Some("req-1".to_owned()));
    let expected = up.since(10, [(at(73_000), Some(at(74_000)), vec![author], words)]);
    assert_eq!(left.iter().map(told).collect::<Vec<_>>(), expected, "schema {}", up.version);
}

async fn configurations_and_creations(up: &Upgraded) {
    let kept = up.store.configurations(10).await.unwrap();
    let by_hand: Vec<_> = kept.iter().filter(|kept| kept.text == "# by hand").collect();
    assert_eq!(by_hand.len(), up.since(6, [()]).len(), "schema {}: {kept:?}", up.version);
    for kept in by_hand {
        assert_eq!((kept.at, kept.fingerprint.as_str(), kept.existing), (at(70_000), "f00d", Existing::FromNow));
    }
    // The one that the daemon worked by stands before it, with all of its text.
    assert_eq!(kept.iter().any(|kept| kept.text.contains("[sync.support.map]")), up.version >= 6, "{kept:?}");
    let waiting = up.store.waiting_creations(&sync()).await.unwrap();
    assert_eq!(waiting, up.since(7, [(up.second, "initech".into())]), "schema {}", up.version);
    let begun = up.store.begun_creations(&sync(), at(0)).await.unwrap();
    assert_eq!(begun, up.since(7, [at(72_000)]), "schema {}", up.version);
    assert_eq!(up.store.started_creations(&sync()).await.unwrap(), up.since(7, [up.first]));
}

/// What an item waited for wakes it when it comes.
async fn what_was_awaited(up: &Upgraded) {
    let item = ItemState::new(ItemId(0x77), sync());
    let newcomer = Newcomer {
        sync: sync(),
        side: "acme".into(),
        instance: "acme".into(),
        issue: IssueId(10_888),
        first_seen: at(0),
        urgency: Urgency::Backfill,
        occasion: Occasion::FullCheck,
    };
    let due = async || {
        let claims = up.store.claim_these("me", at(90_000), &[up.first]).await.unwrap();
        let brought = claims[0].brought.clone().map(|brought| brought.by).unwrap_or_default();
        up.store.release(up.first, claims[0].fence, None, 0).await.unwrap();
        brought.contains(&Occasion::Awaited)
    };
    assert!(!due().await, "schema {}", up.version);
    assert!(up.store.begin_item(&item, &"acme".into(), &newcomer, Urgency::Backfill, at(80_000)).await.unwrap());
    assert_eq!(due().await, up.version >= 2, "schema {}", up.version);
}

#[tokio::test(start_paused = true)]
async fn what_stood_in_each_table_of_each_schema_is_read_after_the_upgrade() {
    for version in 1..=newest() {
        let up = Upgraded::new(version).await;
        assert_eq!(up.store.check().await, Vec::<String>::new(), "schema {version}");
        conflicts_and_problems(&up).await;
        newcomers_and_ways(&up).await;
        commands_and_pauses(&up).await;
        what_webhooks_told(&up).await;
        versions_and_components(&up).await;
        configurations_and_creations(&up).await;
        // The writes of the life itself: they stand in each dump.
        let all = Page::since(Timestamp::MIN);
        assert!(up.store.left_for(&"globex".into(), None, all, 100).await.unwrap().0.len() > 3);
        what_was_awaited(&up).await;
    }
}

/// A table that a later schema brings is to be found here, or in what a quiet life leaves.
#[test]
fn each_table_of_each_schema_has_a_row() {
    for version in 1..=newest() {
        let scratch = tempfile::tempdir().unwrap();
        let old = old_state(version, &scratch.path().join("state.db"));
        write_by_hand(version, &old);
        for table in super::released::tables(&old) {
            let count: i64 = old.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
            assert!(count > 0, "schema {version}: no row stands in {table}");
        }
    }
}
