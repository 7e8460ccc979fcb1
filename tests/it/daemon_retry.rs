//! `problems retry` of what waits for longer than a field: files that were refused, an item that made the process panic, a clause that Jira
//! refused, and an issue that names what it is one with wrongly; in simulated time. Must never take the daemon's word for what arrived: it is read in the Jiras.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use jirasyncd::jira::Transport;
use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::bent::Bent;
use super::daemon_input::{create, edit};
use super::daemon_pause::give;
use super::daemon_support::{World, two};

/// Has everything tried again that names this issue; without one, everything.
async fn retry(world: &World, key: Option<&str>) -> Answer {
    let filter = ProblemFilter { key: key.map(Into::into), ..ProblemFilter::default() };
    give(world, Command::RetryThese { filter, dry_run: false }).await
}

/// A network that misbehaves for as long as it is switched on.
fn bad(
    world: &mut World,
    misbehave: impl Fn(&str, &str) -> Option<u16> + Clone + Send + Sync + 'static,
) -> Arc<AtomicBool> {
    let on = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&on);
    world.bend(move |inner| {
        let (held, misbehave) = (Arc::clone(&held), misbehave.clone());
        Arc::new(Bent::new(inner).instead(move |place, asked| {
            held.load(Ordering::SeqCst).then(|| misbehave(place, &asked.to_string())).flatten()
        })) as Arc<dyn Transport>
    });
    on
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_refused_for_good_is_sent_once_more() {
    let config = two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    let world = World::new(&config, |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.rest().await.unwrap();
    let globex = world.jira("globex");
    globex.add_fault(FaultRule::new("addAttachment", When::Always, Fault::Status(413)));
    world.person("acme", "jane").attach(&key, "plan.pdf", b"a plan").unwrap();
    world.rest().await.unwrap();
    let files = |world: &World| world.issue("globex", "Item").attachments.len();
    assert_eq!((files(&world), world.problems().await.len()), (0, 1), "{:?}", world.problems().await);
    let tried = globex.count("addAttachment");
    // Asked for too early, it is refused once more and not twice.
    assert_eq!(retry(&world, None).await.ended, Ended::Done);
    world.rest().await.unwrap();
    world.intervals(10).await;
    assert_eq!((files(&world), globex.count("addAttachment")), (0, tried + 1));
    // By itself it never comes, also where the limit was raised.
    globex.clear_faults();
    world.pass(3_700).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!((files(&world), world.problems().await.len()), (0, 1));
    assert_eq!(retry(&world, Some(&key)).await.ended, Ended::Done);
    world.interval().await;
    assert_eq!(files(&world), 1, "{:?}", world.problems().await);
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Runs until it panics, or for ten minutes. Says whether it did.
async fn panics(world: &World) -> bool {
    let run = AssertUnwindSafe(world.daemon().run(CancellationToken::new())).catch_unwind();
    matches!(tokio::time::timeout(Duration::from_secs(600), run).await, Ok(Err(_)))
}

#[tokio::test(start_paused = true)]
async fn an_item_that_was_set_aside_after_panics_is_tried_again_where_it_is_meant() {
    let mut world = World::without_daemon(&two());
    let on = bad(&mut world, |place, asked| {
        let writes = place.starts_with("PUT") && place.contains("globex.example");
        assert!(!(writes && asked.contains("Bad edited")), "a fault of ours");
        None
    });
    world.start().await;
    let (bad, good) = (create(&world, "SUP", "Bad", &[]), create(&world, "SUP", "Good", &[]));
    world.settle().await;
    edit(&world, "acme", "jane", &bad, "Bad edited");
    for number in 1..=3 {
        assert!(panics(&world).await, "panic {number}");
        world.start().await;
    }
    assert!(!panics(&world).await);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("set aside"), "{problems:?}");
    on.store(false, Ordering::SeqCst);
    world.intervals(10).await;
    assert_eq!(retry(&world, Some(&good)).await.ended, Ended::Unchanged, "that is about another issue");
    world.intervals(10).await;
    assert_eq!(world.issues("globex", "Bad edited").len(), 0, "it would have come by itself");
    assert_eq!(retry(&world, None).await.ended, Ended::Done);
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Bad edited").len(), 1);
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    // Over a start it stands as it was said.
    world.start().await;
    edit(&world, "acme", "jane", &bad, "Bad edited again");
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Bad edited again").len(), 1);
}

/// By itself a clause is tried again every five minutes.
#[tokio::test(start_paused = true)]
async fn a_clause_that_jira_takes_again_is_tried_at_once() {
    let by_jql = "side.acme = { jql = \"labels = shared\", instance = \"acme\"";
    let mut world = World::without_daemon(&two().replace("side.acme = { instance = \"acme\"", by_jql));
    // As where the field that it names is hidden from the sync user.
    let hidden = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&hidden);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).out(move |_, asked| {
            let query = asked.get("jql").and_then(Value::as_str).unwrap_or_default();
            if held.load(Ordering::SeqCst) && query.contains("labels = shared") {
                asked["jql"] = json!(query.replace("labels = shared", "nosuch = 1"));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    create(&world, "SUP", "Item", &["shared"]);
    world.intervals(3).await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("Jira refuses its JQL"), "{problems:?}");
    hidden.store(false, Ordering::SeqCst);
    world.intervals(2).await;
    assert_eq!(world.issues("globex", "Item").len(), 0, "it would have come by itself");
    let done = retry(&world, None).await;
    assert!(
        done.ended == Ended::Done && done.lines.iter().any(|line| line.contains("of no issue in step")),
        "{done:?}"
    );
    world.interval().await;
    assert_eq!(world.issues("globex", "Item").len(), 1, "{:?}", world.problems().await);
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A property says nothing in an issue's history, so that a poll does not show that somebody corrected it.
#[tokio::test(start_paused = true)]
async fn a_newcomer_whose_property_was_corrected_is_looked_at_at_once() {
    let config = format!("{}\n[sync.support.pairing]\nby = [{{ property = \"partner\" }}]\n", two());
    let mut world = World::without_daemon(&config);
    let jdoe = world.person("globex", "jdoe");
    let key = jdoe.create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    jdoe.set_property(&key, "partner", json!({ "issue": { "key": "SUP-77" } })).unwrap();
    world.start().await;
    world.intervals(3).await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("nothing is created for it"), "{problems:?}");
    jdoe.set_property(&key, "partner", json!({})).unwrap();
    world.intervals(3).await;
    assert_eq!(world.issues("acme", "Item").len(), 0, "it would have come by itself");
    assert_eq!(retry(&world, None).await.ended, Ended::Done);
    world.intervals(2).await;
    assert_eq!(world.issues("acme", "Item").len(), 1, "{:?}", world.problems().await);
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
}
