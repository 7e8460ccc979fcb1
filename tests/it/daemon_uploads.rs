//! Uploads that take long, and what stands behind them. Must never take the daemon's word for what was sent: the Jiras tell.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::daemon_support::{World, two};

fn both() -> String {
    two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1)
}

/// A world with one item, and its key at home.
async fn shared(config: &str) -> (World, String) {
    let world = World::new(config, |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    (world, key)
}

fn slow(world: &World, seconds: u64) {
    let fault = Fault::Slow(Duration::from_secs(seconds));
    world.jira("globex").add_fault(FaultRule::new("addAttachment", When::Nth(1), fault));
}

/// Lets the daemon run while people act.
async fn meanwhile(world: &World, people: impl Future<Output = ()>) {
    let cancel = CancellationToken::new();
    let acts = async {
        people.await;
        cancel.cancel();
    };
    let (run, ()) = tokio::join!(world.daemon().run(cancel.clone()), acts);
    run.unwrap();
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_a_long_upload_is_looked_at_again() {
    let (world, key) = shared(&both()).await;
    slow(&world, 2_400);
    let jane = world.person("acme", "jane");
    jane.attach(&key, "long.bin", b"long").unwrap();
    let comment = jane.comment(&key, "for everybody at first").unwrap();
    jane.edit(&key, json!({ "summary": "Item of jane" })).unwrap();
    let there = world.issue("globex", "Item").key;
    meanwhile(&world, async {
        pass(120).await;
        jane.restrict_comment(&key, &comment, "for few", "Administrators").unwrap();
        pass(480).await;
        world.person("globex", "jdoe").edit(&there, json!({ "summary": "Item of jdoe" })).unwrap();
        pass(3_000).await;
    })
    .await;
    assert_eq!(world.issue("globex", "Item").comments.len(), 0, "it is for few since long");
    assert_eq!(world.jira("globex").count("addComment"), 0);
    assert_eq!(world.issue("globex", "Item").attachments.len(), 1);
    // The later of the two stands, and was never written over.
    assert_eq!(world.field("globex", "Item", "summary"), "Item of jdoe");
    assert_eq!(world.field("acme", "Item", "summary"), "Item of jdoe");
    assert_eq!(world.jira("globex").count("editIssue"), 0, "nothing was written on an old look");
}

#[tokio::test(start_paused = true)]
async fn a_doubt_lasts_from_the_sending_on() {
    let (world, key) = shared(&both()).await;
    // It is sent nine seconds after its intent was opened, and lands later than `settle` after that.
    slow(&world, 9);
    let late = Fault::LateWrite(Duration::from_secs(55));
    world.jira("globex").add_fault(FaultRule::new("addComment", When::Nth(1), late));
    let jane = world.person("acme", "jane");
    jane.attach(&key, "long.bin", b"long").unwrap();
    jane.comment(&key, "once").unwrap();
    meanwhile(&world, pass(300)).await;
    assert_eq!(world.issue("globex", "Item").comments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_long_uploads_stop_nothing() {
    let (world, _) = shared(&both()).await;
    let jane = world.person("acme", "jane");
    let create = |summary: &str| {
        let fields = json!({ "summary": summary, "priority": { "name": "Low" } });
        jane.create("SUP", "Bug", fields).unwrap()
    };
    let keys: Vec<String> = (0..20).map(|number| create(&format!("Loaded {number}"))).collect();
    world.rest().await.unwrap();
    let key = world.issue("acme", "Item").key;
    let fault = Fault::Slow(Duration::from_secs(3_000));
    world.jira("globex").add_fault(FaultRule::new("addAttachment", When::Always, fault));
    meanwhile(&world, async {
        for loaded in &keys {
            // Each is of a batch of its own.
            jane.attach(loaded, "long.bin", b"long").unwrap();
            pass(32).await;
        }
        jane.edit(&key, json!({ "summary": "Item, later" })).unwrap();
        pass(120).await;
        assert_eq!(world.field("globex", "Item", "summary"), "Item, later");
        // As many at once as there are slots, and the others after them.
        pass(20_000).await;
    })
    .await;
    let there = world.issues("globex", "Loaded");
    assert!(there.len() == 20 && there.iter().all(|there| there.attachments.len() == 1), "{there:?}");
}

#[tokio::test(start_paused = true)]
async fn a_short_upload_does_not_wait_for_a_long_one() {
    let (world, key) = shared(&both()).await;
    let jane = world.person("acme", "jane");
    let other = json!({ "summary": "Other", "priority": { "name": "Low" } });
    let other = jane.create("SUP", "Bug", other).unwrap();
    world.rest().await.unwrap();
    slow(&world, 600);
    // Whichever goes first takes long, and both are of one batch.
    jane.attach(&key, "one.bin", b"one").unwrap();
    jane.attach(&other, "two.bin", b"two").unwrap();
    meanwhile(&world, async {
        pass(60).await;
        jane.edit(&key, json!({ "summary": "Item, later" })).unwrap();
        jane.edit(&other, json!({ "summary": "Other, later" })).unwrap();
        pass(120).await;
        let carried = world.issues("globex", "later");
        let files: usize = carried.iter().map(|issue| issue.attachments.len()).sum();
        assert_eq!((carried.len(), files), (1, 1), "the one whose file is there goes on");
        pass(1_200).await;
    })
    .await;
    assert_eq!(world.issues("globex", "later").len(), 2);
}
