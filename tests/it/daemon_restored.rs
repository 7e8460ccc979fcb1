//! A state that was put back from an older copy while the world went on: nothing is doubled, nothing is deleted, and no edit is lost. Must
//! never take the daemon's word for what became of the issues: what stands is read off the Jiras.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Holder, IssueView, When};
use serde_json::json;

use super::daemon_audit::{by_token, compare, files};
use super::daemon_pairs::conflicts;
use super::daemon_pause::writes;
use super::daemon_support::{THREE, World, calls, load, two, two_clouds};

/// The files of a state, as a backup of them holds them.
pub(crate) struct Kept(Vec<(PathBuf, Vec<u8>)>);

/// Stops the daemon, copies its state, and starts it again.
pub(crate) async fn back_up(world: &mut World) -> Kept {
    world.daemon = None;
    let kept = state_files(world).filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?))).collect();
    world.start().await;
    Kept(kept)
}

/// Puts a copy back in the place of the state. No daemon runs afterwards.
pub(crate) fn put_back(world: &mut World, kept: &Kept) {
    world.daemon = None;
    for path in state_files(world) {
        let _ = std::fs::remove_file(path);
    }
    for (path, content) in &kept.0 {
        std::fs::write(path, content).unwrap();
    }
}

fn state_files(world: &World) -> impl Iterator<Item = PathBuf> + use<> {
    let state = world.state().display().to_string();
    ["", "-wal", "-shm"].into_iter().map(move |ending| PathBuf::from(format!("{state}{ending}")))
}

/// A side: its Jira, its project, two people, a type, two priorities.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) jira: &'static str,
    pub(super) project: &'static str,
    pub(super) people: [&'static str; 2],
    kind: &'static str,
    pub(super) priorities: [&'static str; 2],
}

pub(super) const ACME: Side =
    Side { jira: "acme", project: "SUP", people: ["jane", "omar"], kind: "Bug", priorities: ["Highest", "Low"] };
pub(super) const GLOBEX: Side =
    Side { jira: "globex", project: "ENG", people: ["jdoe", "mlopez"], kind: "Defect", priorities: ["P1", "P4"] };
const INITECH: Side = Side {
    jira: "initech",
    project: "OPS",
    people: ["petra", "juergen"],
    kind: "Fehler",
    priorities: ["Hoch", "Niedrig"],
};

/// Each kind of counterpart: Data Center, Cloud.
pub(super) fn worlds() -> [(String, Side); 2] {
    [(carrying(&two()), GLOBEX), (carrying(&two_clouds()), INITECH)]
}

/// With files, logged work and links.
pub(super) fn carrying(config: &str) -> String {
    let config = config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    let config = config.replacen("summary = \"both\"", "summary = \"both\"\nlinks = \"both\"", 1);
    format!("{config}\n[sync.support.worklogs]\nunrestricted = \"both\"\n")
}

pub(super) fn create(world: &World, side: Side, summary: &str) -> String {
    let fields = json!({ "summary": summary, "description": "One\n\nTwo", "priority": { "name": side.priorities[1] } });
    world.person(side.jira, side.people[0]).create(side.project, side.kind, fields).unwrap()
}

pub(super) fn edit(world: &World, side: Side, item: &str, fields: serde_json::Value) {
    let key = key(world, side, item);
    world.person(side.jira, side.people[0]).edit(&key, fields).unwrap();
}

pub(super) fn key(world: &World, side: Side, item: &str) -> String {
    world.issue(side.jira, item).key
}

/// A comment, a file and logged work, by somebody of one side.
pub(super) fn say(world: &World, side: Side, item: &str, what: &str) {
    let (key, person) = (key(world, side, item), world.person(side.jira, side.people[1]));
    person.comment(&key, &format!("{what} said at {}", side.jira)).unwrap();
    let name = format!("{}-from-{}.txt", what.to_lowercase(), side.jira);
    person.attach(&key, &name, format!("{what} of {}", side.jira).as_bytes()).unwrap();
    person.log_work(&key, "2026-03-10T08:30:00.000+0100", 600, &format!("{what} worked at {}", side.jira)).unwrap();
}

/// Everything of every item is once on the other side.
pub(super) fn whole(world: &World, left: &str, right: &str) -> Result<(), String> {
    compare(world, left, right)?;
    let (lefts, rights) = (by_token(world, left)?, by_token(world, right)?);
    for (token, one) in &lefts {
        let two = &rights[token];
        files(left, one, right, two)?;
        files(right, two, left, one)?;
        let work = |view: &IssueView| {
            let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
            let mut all: Vec<_> =
                view.worklogs.iter().map(|work| (work.seconds, work.started, last(&work.comment))).collect();
            all.sort();
            all
        };
        let counts = |view: &IssueView| (view.comments.len(), view.attachments.len(), view.issue_links.len());
        if work(one) != work(two) || counts(one) != counts(two) {
            let (here, there) =
                (format!("{:?} {:?}", work(one), counts(one)), format!("{:?} {:?}", work(two), counts(two)));
            return Err(format!("{token}: {left} {here}, {right} {there}"));
        }
    }
    Ok(())
}

/// How much there is of everything: nothing of it may come or go by itself.
pub(super) fn tally(world: &World) -> BTreeMap<String, [usize; 6]> {
    let of = |view: IssueView| {
        let counts = [
            1,
            view.comments.len(),
            view.worklogs.len(),
            view.attachments.len(),
            view.issue_links.len(),
            view.links.len(),
        ];
        (view.key, counts)
    };
    world.jiras.values().flat_map(|jira| jira.issues()).map(of).collect()
}

/// What happens after the backup, while the daemon runs on the state that is lost later.
async fn go_on(world: &World, there: Side) {
    for (side, text) in [(ACME, "first"), (there, "second"), (ACME, "third")] {
        edit(world, side, "Old", json!({ "summary": format!("Old {text}") }));
        edit(world, side, "Theirs", json!({ "labels": [text], "description": format!("One {text}\n\nTwo") }));
        world.settle().await;
    }
    edit(world, there, "Theirs", json!({ "priority": { "name": there.priorities[0] } }));
    for side in [ACME, there] {
        say(world, side, "Old", "Later");
        say(world, side, "Theirs", "Later");
        create(world, side, &format!("New-{}", side.jira));
    }
    let only = key(world, ACME, "Comment-only");
    world.person("acme", "omar").comment(&only, "Nothing else").unwrap();
    let only = key(world, there, "File-only");
    world.person(there.jira, there.people[1]).attach(&only, &format!("x-from-{}.txt", there.jira), b"x").unwrap();
    let (from, to) = (key(world, ACME, "Old"), key(world, ACME, "Link-end"));
    world.person("acme", "jane").link(&from, "Relates", &to).unwrap();
    let work = key(world, ACME, "Work-only");
    world.person("acme", "omar").log_work(&work, "2026-03-11T08:30:00.000+0100", 1_200, "Only worked").unwrap();
    world.settle().await;
    let comment =
        world.issue("acme", "Old").comments.into_iter().find(|comment| comment.body.starts_with("Early said at acme"));
    let (key_, id) = (key(world, ACME, "Old"), comment.unwrap().id.to_string());
    world.person("acme", "omar").edit_comment(&key_, &id, "Early said at acme, and thought over").unwrap();
    for side in [ACME, there] {
        say(world, side, &format!("New-{}", side.jira), "Then");
        edit(world, side, &format!("New-{}", side.jira), json!({ "summary": format!("New-{} named anew", side.jira) }));
    }
    world.settle().await;
    edit(world, there, "New-acme", json!({ "description": "Written there" }));
    world.settle().await;
}

#[tokio::test(start_paused = true)]
async fn row_095_a_state_from_a_backup_doubles_nothing_deletes_nothing_and_loses_no_edit() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        for (side, item) in [(ACME, "Old"), (there, "Theirs"), (ACME, "Comment-only"), (ACME, "Work-only")] {
            create(&world, side, item);
        }
        for (side, item) in [(there, "File-only"), (ACME, "Link-end"), (ACME, "Untouched")] {
            create(&world, side, item);
        }
        world.settle().await;
        say(&world, ACME, "Old", "Early");
        say(&world, there, "Old", "Early");
        world.settle().await;
        let kept = back_up(&mut world).await;
        go_on(&world, there).await;
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        put_back(&mut world, &kept);
        let before = tally(&world);
        let stood = by_token(&world, "acme").unwrap();
        world.pass(3_600).await;
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(tally(&world), before, "{}: something came or went", there.jira);
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        for (token, view) in by_token(&world, "acme").unwrap() {
            assert_eq!(view.fields, stood[&token].fields, "{token}");
        }
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("older backup")), "{problems:?}");
        // It goes on as ever, and the full check ends it.
        edit(&world, there, "Old", json!({ "summary": "Old and well" }));
        say(&world, ACME, "New-acme", "After");
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Old", "summary"), "Old and well");
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", there.jira);
    }
}

#[tokio::test(start_paused = true)]
async fn what_people_did_since_the_backup_and_while_nothing_ran_arrives_or_is_kept() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        for item in ["Old", "Both", "Talk"] {
            create(&world, ACME, item);
        }
        world.settle().await;
        let kept = back_up(&mut world).await;
        for (side, text) in [(there, "by them"), (ACME, "by us")] {
            for item in ["Old", "Both"] {
                edit(&world, side, item, json!({ "summary": format!("{item} {text}"), "description": text }));
            }
            world.settle().await;
        }
        create(&world, there, "Fresh");
        world.settle().await;
        world.daemon = None;
        // Nobody hears of this before the state is back.
        world.pass(60).await;
        edit(&world, ACME, "Old", json!({ "priority": { "name": "Highest" }, "labels": ["late"] }));
        edit(&world, there, "Old", json!({ "summary": "Old at last" }));
        edit(&world, ACME, "Both", json!({ "summary": "Both at home" }));
        edit(&world, ACME, "Fresh", json!({ "description": "Late at home" }));
        say(&world, there, "Talk", "Late");
        create(&world, ACME, "Newer");
        world.pass(60).await;
        edit(&world, there, "Both", json!({ "summary": "Both there" }));
        put_back(&mut world, &kept);
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        assert_eq!(world.field("acme", "Old", "summary"), "Old at last", "{}", there.jira);
        assert_eq!(world.field("acme", "Old", "description"), "by us");
        assert_eq!(world.field(there.jira, "Old", "priority"), there.priorities[0]);
        assert_eq!(world.field(there.jira, "Old", "labels"), "late");
        assert_eq!(world.field(there.jira, "Fresh", "description"), "Late at home");
        assert_eq!(world.field("acme", "Both", "summary"), "Both there");
        let home = key(&world, ACME, "Both");
        let lost: Vec<String> = conflicts(&world, &home).await.iter().map(|lost| format!("{:?}", lost.lost)).collect();
        assert!(lost.iter().any(|lost| lost.contains("Both at home")), "{lost:?}");
        let home = key(&world, ACME, "Old");
        // Nobody knows any more that they had seen it: it is kept, and nothing else is.
        let lost = conflicts(&world, &home).await;
        assert!(lost.iter().all(|lost| format!("{:?}", lost.lost).contains("Old by us")), "{lost:?}");
    }
}

/// Partners that do not see each other stay apart, whatever was forgotten.
#[tokio::test(start_paused = true)]
async fn partners_stay_apart_when_a_state_is_put_back() {
    let mut world = World::new(&carrying(THREE).replacen("\"both\"", "{ names = [\"*\"] }", 1), |_| {}).await;
    let labels =
        json!({ "summary": "Old", "labels": ["share-globex", "share-initech"], "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", labels).unwrap();
    world.settle().await;
    let kept = back_up(&mut world).await;
    edit(&world, GLOBEX, "Old", json!({ "summary": "Old as globex says", "priority": { "name": "P1" } }));
    say(&world, GLOBEX, "Old", "Private");
    world.settle().await;
    assert_eq!(world.field("acme", "Old", "summary"), "Old as globex says");
    put_back(&mut world, &kept);
    world.jiras.values().for_each(|jira| jira.reset_calls());
    world.start().await;
    world.rest().await.unwrap();
    let initech = world.issue("initech", "Old");
    assert_eq!(initech.fields["summary"], "Old");
    assert_eq!((initech.comments.len(), initech.attachments.len(), initech.worklogs.len()), (0, 0, 0));
    let (acme, globex) = (world.issue("acme", "Old"), world.issue("globex", "Old"));
    assert_eq!((acme.comments.len(), acme.attachments.len(), acme.worklogs.len()), (1, 1, 1));
    assert_eq!((globex.comments.len(), globex.attachments.len(), globex.worklogs.len()), (1, 1, 1));
    for jira in ["acme", "globex", "initech"] {
        let mut writes = writes(&world, jira);
        writes.remove("downloadAttachment");
        assert_eq!(writes, BTreeMap::new(), "{jira}");
    }
}

/// An older backup still: the daemon ran on a new state, and knows of no item.
#[tokio::test(start_paused = true)]
async fn a_backup_from_before_everything_finds_all_again() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        world.settle().await;
        let kept = back_up(&mut world).await;
        for (side, item) in [(ACME, "Ours"), (there, "Theirs")] {
            create(&world, side, item);
        }
        world.settle().await;
        say(&world, ACME, "Ours", "Then");
        edit(&world, there, "Ours", json!({ "summary": "Ours as they say" }));
        say(&world, there, "Theirs", "Then");
        world.settle().await;
        put_back(&mut world, &kept);
        let before = tally(&world);
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(tally(&world), before, "{}", there.jira);
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        edit(&world, ACME, "Ours", json!({ "summary": "Ours again" }));
        say(&world, ACME, "Theirs", "Again");
        world.rest().await.unwrap();
        assert_eq!(world.field(there.jira, "Ours", "summary"), "Ours again");
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
    }
}

/// Copies that a person changed since the backup stay as they are, and are told, as ever.
#[tokio::test(start_paused = true)]
async fn what_people_wrote_into_copies_that_the_state_forgot_is_not_lost() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        world.jira(there.jira).set_permission(there.project, "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
        create(&world, ACME, "Old");
        world.settle().await;
        let kept = back_up(&mut world).await;
        let home = key(&world, ACME, "Old");
        let original = world.person("acme", "omar").comment(&home, "From home").unwrap();
        world.settle().await;
        let copy = world.issue(there.jira, "Old").comments[0].id.to_string();
        world
            .person(there.jira, there.people[0])
            .edit_comment(&key(&world, there, "Old"), &copy, "Written into it")
            .unwrap();
        world.settle().await;
        put_back(&mut world, &kept);
        world.start().await;
        world.rest().await.unwrap();
        let stands = world.issue(there.jira, "Old").comments;
        assert_eq!((stands.len(), stands[0].body.as_str()), (1, "Written into it"), "{}", there.jira);
        world.person("acme", "omar").edit_comment(&home, &original, "From home, later").unwrap();
        world.rest().await.unwrap();
        let stands = world.issue(there.jira, "Old").comments;
        assert!(stands.len() == 1 && stands[0].body.ends_with("From home, later"), "{stands:?}");
        let lost: Vec<String> = conflicts(&world, &home).await.iter().map(|lost| format!("{:?}", lost.lost)).collect();
        assert!(lost.iter().any(|lost| lost.contains("Written into it")), "{lost:?}");
    }
}

/// What the state forgot of a partner that is away holds back nothing of another.
#[tokio::test(start_paused = true)]
async fn what_is_not_decided_yet_holds_back_nothing_else() {
    let mut world = World::new(THREE, |_| {}).await;
    world.settle().await;
    let kept = back_up(&mut world).await;
    create(&world, INITECH, "Theirs");
    world.settle().await;
    assert_eq!(world.issues("acme", "Theirs").len(), 1);
    put_back(&mut world, &kept);
    world.start().await;
    world.jira("initech").add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
    create(&world, GLOBEX, "Fresh");
    world.intervals(4).await;
    assert_eq!(world.issues("acme", "Fresh").len(), 1, "{:?}", world.problems().await);
    // Nobody waits for ever to be told of it.
    world.intervals(40).await;
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("does not know its item")), "{problems:?}");
    world.jira("initech").clear_faults();
    world.rest().await.unwrap();
    assert_eq!((world.issues("acme", "Theirs").len(), world.issues("initech", "Theirs").len()), (1, 1));
    let problems = world.problems().await;
    assert!(problems.iter().all(|problem| problem.contains("older backup")), "{problems:?}");
}

/// A write that waits for what its instance tells asks nobody meanwhile, and ends a single run.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_first_poll_reads_nothing_meanwhile() {
    let mut world = World::new(&two(), |_| {}).await;
    create(&world, ACME, "Old");
    world.settle().await;
    world.start().await;
    world.jira("globex").add_fault(FaultRule::new("search", When::Always, Fault::Status(403)));
    create(&world, ACME, "Waits");
    world.intervals(2).await;
    assert!(world.issues("globex", "Waits").is_empty());
    world.jira("acme").reset_calls();
    world.intervals(10).await;
    let calls = calls(world.jira("acme"));
    let reads: Vec<_> = calls.iter().filter(|(name, _)| name.as_str() != "search").collect();
    assert!(reads.is_empty(), "{reads:?}");
    world.jira("globex").clear_faults();
    world.intervals(3).await;
    assert_eq!(world.issues("globex", "Waits").len(), 1, "{:?}", world.problems().await);
}

/// What people do as the sync user is compared with nothing where the state forgot nothing.
#[tokio::test(start_paused = true)]
async fn a_healthy_daemon_compares_no_file_of_its_account() {
    let mut world = World::new(&carrying(&two()), |_| {}).await;
    let home = create(&world, ACME, "Old");
    world.settle().await;
    world.start().await;
    let there = key(&world, GLOBEX, "Old");
    world.person("globex", "sync").attach(&there, "same.txt", b"same").unwrap();
    world.person("acme", "jane").attach(&home, "same.txt", b"same").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Old").attachments.len(), 2);
}

/// That a state was put back is known over a restart, until a full check ended that began afterwards.
#[tokio::test(start_paused = true)]
async fn a_restart_forgets_no_restore() {
    let mut world = World::new(&carrying(&two()), |_| {}).await;
    create(&world, ACME, "Old");
    world.settle().await;
    let kept = back_up(&mut world).await;
    edit(&world, GLOBEX, "Old", json!({ "summary": "Old and later" }));
    world.settle().await;
    put_back(&mut world, &kept);
    world.pass(3_600).await;
    world.start().await;
    let knew = world.daemon().store().note("knew of acme").await.unwrap();
    world.rest().await.unwrap();
    world.start().await;
    assert_eq!(world.daemon().store().note("knew of acme").await.unwrap(), knew);
    // The sync user's file of before that start lies there, unknown: it is compared, and not doubled.
    let (home, there) = (key(&world, ACME, "Old"), key(&world, GLOBEX, "Old"));
    world.person("globex", "sync").attach(&there, "same.txt", b"same").unwrap();
    world.person("acme", "jane").attach(&home, "same.txt", b"same").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Old").attachments.len(), 1);
    world.daemon().engine().sweep(None).await.unwrap();
    for note in ["knew of acme", "the state"] {
        assert_eq!(world.daemon().store().note(note).await.unwrap().as_deref(), Some(""), "{note}");
    }
}

/// Two daemons on copies of one state: whoever hears of the other stops.
#[tokio::test(start_paused = true)]
async fn row_101_a_second_daemon_on_a_copy_of_the_state_is_told() {
    let mut world = World::new(&two(), |_| {}).await;
    create(&world, ACME, "Old");
    world.settle().await;
    let Kept(files) = back_up(&mut world).await;
    let (first, config) = (world.daemon.take(), world.config.clone());
    let copy = world.state().with_extension("copy");
    for (path, content) in &files {
        let ending = path.display().to_string().replace(&world.state().display().to_string(), "");
        std::fs::write(format!("{}{ending}", copy.display()), content).unwrap();
    }
    world.config = load(&two(), &copy);
    world.start().await;
    world.intervals(40).await;
    let second = std::mem::replace(&mut world.daemon, first);
    edit(&world, ACME, "Old", json!({ "summary": "Old once" }));
    world.settle().await;
    assert_eq!(world.field("globex", "Old", "summary"), "Old once");
    let first = std::mem::replace(&mut world.daemon, second);
    world.intervals(2).await;
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("a second daemon runs on a copy")), "{problems:?}");
    edit(&world, ACME, "Old", json!({ "summary": "Old twice" }));
    world.intervals(3).await;
    assert_eq!(world.field("globex", "Old", "summary"), "Old once");
    (world.daemon, world.config) = (first, config);
    world.settle().await;
    assert_eq!(world.field("globex", "Old", "summary"), "Old twice");
}
