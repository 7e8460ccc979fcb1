//! Issues of ours that a poll brings before their items know them, in simulated time. Must never take the daemon's word for what was
//! made: it is read in the Jiras.

use std::time::Duration;

use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::daemon_support::{World, two, two_clouds};

/// A service that has run for long meets a copy whose item is in the hands of a worker: whoever works on it knows it, so nobody is told
/// that an issue is to be deleted. What was told so by an older version is over with the next full check.
#[tokio::test(start_paused = true)]
async fn a_copy_whose_item_is_being_worked_on_is_no_stranger() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = World::new(&config, |_| {}).await;
        world.rest().await.unwrap();
        world.intervals(60).await;
        // What is made shows late, so its item does not find it at once.
        world.jira(other).set_index_lag(Duration::from_secs(600));
        world.jira(other).add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.interval().await;
        assert_eq!(world.jira(other).issues().len(), 1, "{other}: it was made, and nobody was told");
        let (store, now) = (world.daemon().store(), world.surroundings.clock.now());
        let ids = store.item_ids(None, 10).await.unwrap();
        let claim = store.claim_these("another worker", now, &ids).await.unwrap().pop().unwrap();
        assert!(!claim.item.replicas.contains_key(&other.into()), "{other}: the item knows it already");
        world.jira(other).set_index_lag(Duration::ZERO);
        world.intervals(3).await;
        let told = world.problems().await;
        assert!(!told.iter().any(|told| told.contains("carries our mark")), "{other}: {told:?}");
        store.release(claim.item.id, claim.fence, Some(now), claim.attempts).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!((world.jira(other).issues().len(), world.problems().await), (1, Vec::new()), "{other}");
        let copy = world.issue(other, "Item");
        let what = format!("{} carries our mark, but the state does not know its item; it is left alone", copy.key);
        let (side, remedy) = (other.into(), "delete it".to_owned());
        let problem = Problem { side, field: None, what, remedy, operation: None, settles: false };
        store.set_problems(&format!("unknown item of {other} {}", copy.id), &[problem], now).await.unwrap();
        assert_eq!(world.problems().await.len(), 1, "{other}");
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}
