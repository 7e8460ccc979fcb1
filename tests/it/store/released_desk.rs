//! The livelier of the two stored lives: a service desk, notes that are internal to it and shared by row, a problem that stands and one that is
//! over. What is stored of it is not written again either. Must never let a copy be read as if other people might read it: the daemon goes by
//! who might when it was made.

use jiff::Timestamp;
use jirasyncd::model::hub::{CommentRecord, ItemState, Terms};
use jirasyncd::model::issue::Visibility;
use jirasyncd::model::store::{Store as _, StoredProblem};
use jirasyncd::model::trail::HowOver;
use jirasyncd::simulator::{CommentView, Fault, FaultRule, When};
use jirasyncd::store::SqliteStore;
use rusqlite::Connection;
use serde_json::json;

use super::super::cli_world::{Place, configuration};
use super::super::daemon_readers::with;
use super::super::daemon_restored::{ACME, GLOBEX, create, edit, key};
use super::super::daemon_support::{World, two};
use super::released::{Life, old_state_of, open};

/// The newest when this life was thought of, and the first that keeps problems that are over.
pub(super) const FIRST_SCHEMA: usize = 13;

/// What is said, and who may read it: an agent's note, a word of the partner's that lands as one, and what is for all.
const NOTE: &str = "Kept from customers";
const WORD: &str = "Among agents and partner";
const OPEN: &str = "For everybody";

/// What a screen of the partner's takes while the day is not on it.
const WITHOUT_THE_DAY: [&str; 2] = ["summary", "labels"];

/// Acme's desk shares its notes with globex.
fn shared() -> String {
    with(&two(), "restricted = [{ acme = \"internal\", with = \"globex\" }]")
}

/// What was refused because of a screen is tried again.
async fn an_hour_later(world: &World) {
    world.pass(3_700).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
}

/// A state in which all of that happened, by the code as it is.
pub(super) async fn lived() -> (World, Connection) {
    let mut world = World::of(&shared(), |setups| setups.get_mut("acme").unwrap().projects[0].service_desk = true);
    world.start().await;
    create(&world, ACME, "First");
    create(&world, ACME, "Second");
    world.rest().await.unwrap();
    let (here, there) = (key(&world, ACME, "First"), key(&world, GLOBEX, "First"));
    world.person("acme", "jane").internal_comment(&here, NOTE).unwrap();
    world.person("acme", "omar").comment(&here, OPEN).unwrap();
    world.person("globex", "jdoe").comment(&there, WORD).unwrap();
    world.rest().await.unwrap();
    world.jira("globex").set_screen("ENG", &WITHOUT_THE_DAY);
    edit(&world, ACME, "First", json!({ "duedate": "2030-05-06" }));
    world.rest().await.unwrap();
    world.jira("globex").set_screen("ENG", &[]);
    an_hour_later(&world).await;
    // That is over. What comes of the other stands.
    world.jira("globex").set_screen("ENG", &WITHOUT_THE_DAY);
    edit(&world, ACME, "Second", json!({ "duedate": "2030-05-07" }));
    world.rest().await.unwrap();
    world.daemon = None;
    let connection = Connection::open(world.state()).unwrap();
    (world, connection)
}

async fn item(store: &SqliteStore, key: &str) -> ItemState {
    let ids = store.items_by_key(&key.into()).await.unwrap();
    assert_eq!(ids.len(), 1, "{key}: {ids:?}");
    store.item(ids[0]).await.unwrap().unwrap()
}

/// The one comment that says this.
fn saying<'a>(item: &'a ItemState, text: &str) -> &'a CommentRecord {
    let says = |record: &&CommentRecord| format!("{:?}", record.said).contains(text);
    let found: Vec<&CommentRecord> = item.comments.iter().filter(says).collect();
    assert_eq!(found.len(), 1, "`{text}`: {:?}", item.comments);
    found[0]
}

/// Where a comment was said and who might read it there, and the side of its one copy with who may read that.
fn readers(record: &CommentRecord) -> (&str, &Visibility, &str, Terms) {
    assert_eq!(record.copies.len(), 1, "{record:?}");
    let copy = record.copies.keys().next().unwrap();
    (record.side.as_str(), &record.visibility, copy.as_str(), record.terms_of(copy))
}

#[tokio::test(start_paused = true)]
async fn who_may_read_what_was_shared_by_row_is_read_after_the_upgrade() {
    let (all, inside) = (Visibility::Everybody, Visibility::Internal);
    for version in Life::AtADesk.schemas() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state.db");
        drop(old_state_of(Life::AtADesk, version, &path));
        let store = open(&path);
        let first = item(&store, "SUP-1").await;
        let terms = |of: &Visibility, under: &Visibility| Terms { of: of.clone(), under: under.clone() };
        for (text, expected) in [
            (NOTE, ("acme", &inside, "globex", terms(&inside, &all))),
            (WORD, ("globex", &all, "acme", terms(&all, &inside))),
            (OPEN, ("acme", &all, "globex", terms(&all, &all))),
        ] {
            assert_eq!(readers(saying(&first, text)), expected, "schema {version}: {text}");
        }
        // What the projects are, and which row decides by it.
        let known = store.note("last known").await.unwrap().unwrap();
        let known: serde_json::Value = serde_json::from_str(&known).unwrap();
        let known = &known["syncs"]["support"];
        for (side, is_desk) in [("acme", true), ("globex", false)] {
            assert_eq!(known["catalogs"][side]["service_desk"], json!(is_desk), "schema {version}: {side}");
        }
        let row = json!([{ "at": "acme", "visibility": "internal", "with": "globex", "there": "everybody" }]);
        assert_eq!(known["settings"]["comments"]["restricted"], row, "schema {version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_problem_that_stood_and_one_that_was_over_are_read_after_the_upgrade() {
    for version in Life::AtADesk.schemas() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state.db");
        drop(old_state_of(Life::AtADesk, version, &path));
        let store = open(&path);
        let (first, second) = (item(&store, "SUP-1").await.id, item(&store, "SUP-2").await.id);
        let past = store.past_problems(first, Timestamp::MIN, 10).await.unwrap();
        assert_eq!(past.len(), 1, "schema {version}: {past:?}");
        assert_eq!((past[0].how, past[0].dismissed.as_ref()), (HowOver::ByItself, None), "schema {version}: {past:?}");
        assert!(past[0].over > past[0].since && past[0].times > 0, "schema {version}: {past:?}");
        assert!(past[0].brought.as_ref().is_some_and(|brought| !brought.by.is_empty()), "schema {version}: {past:?}");
        let standing: Vec<StoredProblem> = store.problems(10).await.unwrap();
        assert_eq!(standing.len(), 1, "schema {version}: {standing:?}");
        assert_eq!((standing[0].item, standing[0].dismissed.as_ref()), (Some(second), None), "schema {version}");
        for problem in [&past[0].problem, &standing[0].problem] {
            let place = (problem.side.as_str(), problem.field.as_ref().map(|field| field.as_str()));
            assert_eq!(place, ("globex", Some("due-date")), "schema {version}: {problem:?}");
            assert!(!problem.what.is_empty() && !problem.remedy.is_empty(), "schema {version}: {problem:?}");
        }
        assert_eq!(store.past_problems(second, Timestamp::MIN, 10).await.unwrap(), [], "schema {version}");
    }
}

/// The same as an operator reads it.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_of_both_problems_after_the_upgrade() {
    for version in Life::AtADesk.schemas() {
        let place = Place::new(&configuration("http://127.0.0.1:1", "http://127.0.0.1:1/jira"));
        let state = place.file("state.db");
        drop(old_state_of(Life::AtADesk, version, &state));
        drop(open(&state));
        let parts = [" a problem (settled by itself)\n", "    side globex, due-date, since ", "    because of "];
        let said = place.run(&["explain", "SUP-1"]).await.expect(0, &parts);
        assert!(!said.stdout.contains("\nproblems\n"), "schema {version}: {said:?}");
        let said = place.run(&["explain", "SUP-2"]).await.expect(0, &["\nproblems\n", "side globex, due-date, since "]);
        assert!(!said.stdout.contains("a problem ("), "schema {version}: {said:?}");
        place.run(&["problems", "show", "SUP-2"]).await.expect(1, &["SUP-2", "due-date"]);
    }
}

fn holding(world: &World, jira: &str, text: &str) -> Vec<CommentView> {
    world.issue(jira, "First").comments.into_iter().filter(|comment| comment.body.contains(text)).collect()
}

/// A daemon starts on it while the desk does not answer: what its project is is read from the state alone.
#[tokio::test(start_paused = true)]
async fn a_daemon_that_starts_while_the_desk_is_silent_keeps_its_notes_from_customers() {
    let later = "Said while the desk was silent";
    for version in Life::AtADesk.schemas() {
        let (mut world, _) = lived().await;
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
        }
        drop(old_state_of(Life::AtADesk, version, &world.state()));
        world.jira("globex").set_screen("ENG", &[]);
        world.jira("acme").add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
        let there = key(&world, GLOBEX, "First");
        world.person("globex", "jdoe").comment(&there, later).unwrap();
        world.try_start().await.unwrap_or_else(|error| panic!("schema {version}: {error:?}"));
        world.intervals(3).await;
        assert_eq!(holding(&world, "acme", later).len(), 0, "schema {version}");
        world.jira("acme").clear_faults();
        world.rest().await.unwrap_or_else(|why| panic!("schema {version}: {why}"));
        an_hour_later(&world).await;
        for (text, internal) in [(NOTE, true), (WORD, true), (OPEN, false), (later, true)] {
            let (here, copies) = (holding(&world, "acme", text), holding(&world, "globex", text));
            assert_eq!((here.len(), copies.len()), (1, 1), "schema {version}: {text}");
            assert_eq!(here[0].internal, internal, "schema {version}: {text}: {here:?}");
        }
        assert_eq!(world.field("globex", "Second", "duedate"), "2030-05-07", "schema {version}");
        assert_eq!(world.in_step("acme", "globex").await, Ok(()), "schema {version}");
    }
}
