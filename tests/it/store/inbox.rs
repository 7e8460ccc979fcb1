//! What webhooks told, as it is kept: one row per issue, due when nothing more comes, bounded however much is told.

use jiff::SignedDuration;
use jirasyncd::model::ids::{InstanceId, IssueId};
use jirasyncd::model::store::{Announcement, CommentTrace, Store as _};

use super::in_every_mode;
use super::support::{World, at};

in_every_mode!(tellings_of_one_issue_are_one_row, more_told_meanwhile_stays, an_inbox_has_an_end, traces_have_an_end);

fn told(issues: impl IntoIterator<Item = u64>, seconds: i64) -> Announcement {
    let issues = issues.into_iter().map(IssueId).collect();
    Announcement { issues, trace: None, at: at(seconds), debounce: SignedDuration::from_secs(2), hook: None }
}

async fn due(world: &World, seconds: i64) -> Vec<u64> {
    let due = world.store.announced(&InstanceId::from("acme"), at(seconds), 100).await.unwrap();
    due.into_iter().map(|announced| announced.issue.0).collect()
}

async fn tellings_of_one_issue_are_one_row(world: World) {
    let acme = InstanceId::from("acme");
    for second in 0..20 {
        assert!(world.store.announce(&acme, &told([7], second)).await.unwrap());
    }
    assert!(world.store.announce(&acme, &told([8, 9], 1)).await.unwrap());
    assert!(world.store.announce(&InstanceId::from("globex"), &told([7], 0)).await.unwrap());
    assert_eq!(due(&world, 2).await, [0_u64; 0]);
    assert_eq!(due(&world, 3).await, [8, 9]);
    assert_eq!(due(&world, 5).await, [8, 9, 7], "what never ends is due after five seconds");
    let waiting = world.store.waiting().await.unwrap();
    let counts: Vec<(&str, u64)> = waiting.iter().map(|waiting| (waiting.instance.as_str(), waiting.issues)).collect();
    assert_eq!(counts, [("acme", 3), ("globex", 1)]);
}

async fn more_told_meanwhile_stays(world: World) {
    let acme = InstanceId::from("acme");
    world.store.announce(&acme, &told([7], 0)).await.unwrap();
    let looked = world.store.announced(&acme, at(2), 100).await.unwrap();
    world.store.announce(&acme, &told([7], 3)).await.unwrap();
    world.store.looked_after(&acme, &looked).await.unwrap();
    assert_eq!(due(&world, 5).await, [7], "it was told of after the look began");
    let looked = world.store.announced(&acme, at(5), 100).await.unwrap();
    world.store.looked_after(&acme, &looked).await.unwrap();
    assert!(world.store.waiting().await.unwrap().is_empty());
}

async fn an_inbox_has_an_end(world: World) {
    let acme = InstanceId::from("acme");
    assert!(world.store.announce(&acme, &told(1..=10_000, 0)).await.unwrap());
    assert!(!world.store.announce(&acme, &told([10_001], 0)).await.unwrap(), "there is no room for another");
    assert!(world.store.announce(&acme, &told([10_000], 0)).await.unwrap(), "what waits already finds room");
    assert!(world.store.announce(&InstanceId::from("globex"), &told([1], 0)).await.unwrap());
}

async fn traces_have_an_end(world: World) {
    let acme = InstanceId::from("acme");
    let trace = |number: i64| CommentTrace {
        comment: "5".into(),
        by: None,
        updated: Some(at(number)),
        body: format!("text {number}"),
        deleted: false,
    };
    for number in 0..30 {
        for _ in 0..2 {
            let told = Announcement { trace: Some(trace(number)), ..told([7], number) };
            assert!(world.store.announce(&acme, &told).await.unwrap());
        }
    }
    let kept = world.store.traces(&acme, IssueId(7)).await.unwrap();
    let expected: Vec<CommentTrace> = (10..30).map(trace).collect();
    assert_eq!(kept.iter().map(|(_, trace)| trace.clone()).collect::<Vec<_>>(), expected, "the newest, each once");
    let numbers: Vec<i64> = kept.iter().map(|(number, _)| *number).collect();
    world.store.forget_traces(&numbers).await.unwrap();
    assert!(world.store.traces(&acme, IssueId(7)).await.unwrap().is_empty());
}
