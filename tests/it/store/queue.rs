//! Hints, claims and leases: nothing is lost, nobody holds an item twice.

use jiff::Timestamp;
use jirasyncd::model::command::PARKED;
use jirasyncd::model::hub::ItemState;
use jirasyncd::model::ids::{IssueId, OperationId};
use jirasyncd::model::occasion::{Again, Brought, Occasion};
use jirasyncd::model::operation::IntentState;
use jirasyncd::model::store::{Cursor, Hint, KnownBy, Newcomer, Store, StoreError, Urgency};

use super::in_every_mode;
use super::support::{World, at, id, intent, item, newcomer, polled, record};

in_every_mode!(
    the_most_urgent_go_first,
    the_many_of_one_sync_do_not_hold_up_the_few_of_another,
    syncs_take_turns_by_what_is_under_way,
    a_claim_is_for_nobody_else,
    an_old_fence_is_refused_everywhere,
    a_hint_during_work_is_not_lost,
    a_hint_is_not_delayed_by_a_later_due_time,
    a_hint_makes_backfill_live,
    a_sweep_never_delays_or_demotes,
    a_dead_holders_items_are_due_at_once,
    the_cursor_never_goes_back,
    newcomers_keep_their_first_sight,
    a_bound_issue_is_no_newcomer,
    an_issue_starts_one_item_per_sync,
    what_somebody_just_made_is_decided_on_first,
    next_due_is_the_soonest_free,
    items_are_claimed_by_name,
    what_brought_an_item_up_comes_with_its_claim,
);

async fn the_most_urgent_go_first(world: World) {
    world.begin(1, Urgency::Sweep).await;
    world.begin(2, Urgency::Backfill).await;
    world.begin(3, Urgency::Live).await;
    world.begin(4, Urgency::Backfill).await;
    world.begin(5, Urgency::Live).await;
    let due = world.claim_one_of_each(5).await;
    assert_eq!(due, [3, 5, 2, 4, 1]);
}

impl World {
    async fn claim_one_of_each(&self, count: usize) -> Vec<u128> {
        let mut order = Vec::new();
        for _ in 0..count {
            order.extend(self.claim(0, 1).await.iter().map(|claim| claim.item.id.0));
        }
        order
    }
}

impl World {
    /// Begins item `number` of this sync, due at so many seconds.
    async fn begin_of(&self, sync: &str, number: u64, urgency: Urgency, due: i64) {
        let of_sync = ItemState { sync: sync.into(), ..item(number) };
        let newcomer = newcomer(sync, number, 0);
        assert!(self.store.begin_item(&of_sync, &"acme".into(), &newcomer, urgency, at(due)).await.unwrap());
    }

    /// The syncs of one claim, in the order in which they are taken up.
    async fn syncs_of_a_claim(&self, limit: usize) -> Vec<String> {
        let claims = self.claim(100, limit).await;
        claims.into_iter().map(|claim| claim.item.sync.to_string()).collect()
    }
}

async fn the_many_of_one_sync_do_not_hold_up_the_few_of_another(world: World) {
    for number in 0..9 {
        world.begin_of("many", number, Urgency::Live, 0).await;
    }
    world.begin_of("few", 20, Urgency::Live, 50).await;
    world.begin_of("few", 21, Urgency::Live, 51).await;
    world.begin_of("later", 22, Urgency::Live, 500).await;
    assert_eq!(world.syncs_of_a_claim(4).await, ["many"; 4], "what waits longest");
    assert_eq!(world.syncs_of_a_claim(4).await, ["few"; 2], "it had none under way, and shares no batch with a crowd");
    assert_eq!(world.syncs_of_a_claim(4).await, ["many"; 4]);
    world.begin_of("few", 23, Urgency::Live, 60).await;
    world.begin_of("few", 24, Urgency::Live, 60).await;
    assert_eq!(world.syncs_of_a_claim(4).await, ["many", "few", "few"], "all that is due");
}

async fn syncs_take_turns_by_what_is_under_way(world: World) {
    for number in 0..20 {
        world.begin_of("a", number, Urgency::Backfill, 0).await;
        world.begin_of("b", 100 + number, Urgency::Backfill, 1).await;
        world.begin_of("b", 200 + number, Urgency::Sweep, 1).await;
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let mut syncs = world.syncs_of_a_claim(5).await;
        syncs.dedup();
        order.extend(syncs);
    }
    assert_eq!(order, ["a", "b", "a", "b", "a", "b"]);
    world.begin_of("a", 300, Urgency::Live, 50).await;
    assert_eq!(world.syncs_of_a_claim(5).await, ["a"], "first copies under way do not count against what is live");
    let due = world.store.next_due(Urgency::Sweep).await.unwrap();
    assert_eq!(due, Some(at(0)), "the soonest of all syncs");
}

async fn a_claim_is_for_nobody_else(world: World) {
    world.begin(1, Urgency::Live).await;
    let claim = world.claim_one(0).await;
    assert_eq!((claim.fence, claim.attempts), (1, 0));
    assert_eq!(claim.item, item(1));
    assert!(world.claim(1_000, 10).await.is_empty());
    assert!(world.store.claim_these("you", at(0), &[id(1)]).await.unwrap().is_empty());
    world.store.release(id(1), claim.fence, Some(at(30)), 2).await.unwrap();
    assert!(world.claim(29, 10).await.is_empty(), "due too early");
    let again = world.claim_one(30).await;
    assert_eq!((again.fence, again.attempts), (2, 2));
}

async fn an_old_fence_is_refused_everywhere(world: World) {
    world.begin(1, Urgency::Live).await;
    let old = world.claim_one(0).await.fence;
    world.store.release(id(1), old, Some(at(0)), 0).await.unwrap();
    let fenced = |result| assert!(matches!(result, Err(StoreError::Fenced { item }) if item == id(1)), "{result:?}");
    // Given back: the old fence is worth nothing even before somebody else comes.
    fenced(world.store.record(&[(old, record(item(1)))]).await);
    let new = world.claim_one(0).await.fence;
    fenced(world.store.release(id(1), old, None, 0).await);
    fenced(world.store.open_intents(old, &[intent(1, id(1), 0)]).await);
    let mut changed = item(1);
    changed.belongs.insert("g".into());
    fenced(world.store.record(&[(old, record(changed.clone()))]).await);
    assert_eq!(world.store.item(id(1)).await.unwrap(), Some(item(1)));
    assert_eq!(world.store.intent(intent(1, id(1), 0).id).await.unwrap(), None);
    world.store.record(&[(new, record(changed.clone()))]).await.unwrap();
    assert_eq!(world.store.item(id(1)).await.unwrap(), Some(changed));
}

async fn a_hint_during_work_is_not_lost(world: World) {
    world.begin(1, Urgency::Backfill).await;
    let fence = world.claim_one(0).await.fence;
    world.hint(1, 5).await;
    assert!(world.claim(10, 10).await.is_empty(), "claimed twice");
    world.store.release(id(1), fence, Some(at(3_600)), 1).await.unwrap();
    let fence = world.claim_one(5).await.fence;
    // The same with nothing else to wait for.
    world.hint(1, 6).await;
    world.store.release(id(1), fence, None, 0).await.unwrap();
    let fence = world.claim_one(6).await.fence;
    // What came before the claim is taken in by it.
    world.store.release(id(1), fence, None, 0).await.unwrap();
    assert!(world.claim(9_999, 10).await.is_empty());
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), None);
}

async fn a_hint_is_not_delayed_by_a_later_due_time(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.release(id(1), fence, Some(at(3_600)), 4).await.unwrap();
    world.hint(1, 5).await;
    world.hint(1, 50).await;
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), Some(at(5)));
    let claim = world.claim_one(5).await;
    assert_eq!(claim.attempts, 4, "a hint is no success");
}

async fn a_hint_makes_backfill_live(world: World) {
    world.begin(1, Urgency::Backfill).await;
    world.begin(2, Urgency::Sweep).await;
    world.hint(2, 0).await;
    assert_eq!(world.claim_one_of_each(2).await, [2, 1]);
}

async fn a_sweep_never_delays_or_demotes(world: World) {
    for number in 1..=3 {
        world.begin(number, Urgency::Live).await;
    }
    for claim in world.claim(0, 10).await {
        world.store.release(claim.item.id, claim.fence, None, 0).await.unwrap();
    }
    world.hint(1, 10).await;
    world.store.queue_items(&[id(1), id(2), id(3)], Urgency::Sweep, at(20), &Occasion::FullCheck).await.unwrap();
    world.hint(3, 30).await;
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), Some(at(10)));
    // 1 and 3 have been hinted, 2 was only swept.
    assert_eq!(world.claimed(30, 10).await, [id(1), id(3)]);
    assert_eq!(world.claimed(30, 10).await, [id(2)], "no claim mixes urgencies");
}

async fn a_dead_holders_items_are_due_at_once(world: World) {
    world.begin(1, Urgency::Live).await;
    world.begin(2, Urgency::Live).await;
    let claims = world.claim(0, 10).await;
    world.store.release(id(2), claims[1].fence, Some(at(3_600)), 0).await.unwrap();
    world.set(40);
    world.store.free_all().await.unwrap();
    let claim = world.claim_one(40).await;
    assert_eq!((claim.item.id, claim.fence), (id(1), 2));
    assert!(matches!(world.store.release(id(1), 1, None, 0).await, Err(StoreError::Fenced { .. })));
}

async fn the_cursor_never_goes_back(world: World) {
    let acme = "acme".into();
    assert_eq!(world.store.cursor(&acme).await.unwrap(), None);
    for (to, stands) in [(5, 5), (9, 9), (7, 9)] {
        let cursor = Some(Cursor { updated: at(to) });
        world.store.queue_hints(&acme, &[], &[], cursor, at(0)).await.unwrap();
        assert_eq!(world.store.cursor(&acme).await.unwrap(), Some(Cursor { updated: at(stands) }));
    }
    world.store.queue_hints(&acme, &[], &[], None, at(0)).await.unwrap();
    assert_eq!(world.store.cursor(&acme).await.unwrap(), Some(Cursor { updated: at(9) }));
    assert_eq!(world.store.cursor(&"globex".into()).await.unwrap(), None);
}

async fn newcomers_keep_their_first_sight(world: World) {
    let acme = "acme".into();
    let queue = async |newcomers: &[_]| world.store.queue_hints(&acme, &[], newcomers, None, at(0)).await.unwrap();
    queue(&[newcomer("one", 1, 50), newcomer("one", 2, 40)]).await;
    let mut moved = newcomer("one", 1, 90);
    moved.side = "g".into();
    queue(&[moved.clone(), newcomer("two", 1, 60)]).await;
    moved.first_seen = at(50);
    let all = [newcomer("one", 2, 40), moved, newcomer("two", 1, 60)];
    assert_eq!(world.store.newcomers(None, 10).await.unwrap(), all);
    assert_eq!(world.store.newcomers(None, 1).await.unwrap(), all[..1]);
    world.store.forget_newcomers(&all[..2]).await.unwrap();
    assert_eq!(world.store.newcomers(None, 10).await.unwrap(), all[2..]);
}

async fn a_bound_issue_is_no_newcomer(world: World) {
    world.begin(1, Urgency::Live).await;
    let seen = [newcomer("one", 1, 0), newcomer("two", 1, 0), newcomer("one", 2, 0)];
    let hints = [1, 2].map(|issue| Hint::live(IssueId(issue), polled()));
    world.store.queue_hints(&"acme".into(), &hints, &seen, None, at(0)).await.unwrap();
    assert_eq!(world.store.newcomers(None, 10).await.unwrap(), [newcomer("one", 2, 0), newcomer("two", 1, 0)]);
    let issues = [IssueId(2), IssueId(1), IssueId(3)];
    let known = async |sync: &str, instance: &str| {
        world.store.known(&KnownBy::Sync(sync.into()), &instance.into(), &issues).await.unwrap()
    };
    assert_eq!(known("one", "acme").await, [IssueId(1)]);
    assert_eq!(known("two", "acme").await, []);
    assert_eq!(known("one", "globex").await, []);
    // Of any sync: only where no write is open, since that may be what made it.
    let since = async |since: Timestamp, instance: &str| {
        world.store.known(&KnownBy::ReadSince(since), &instance.into(), &issues).await.unwrap()
    };
    let settled = async |instance: &str| since(Timestamp::UNIX_EPOCH, instance).await;
    assert_eq!((settled("acme").await, settled("globex").await), (vec![IssueId(1)], Vec::new()));
    // What was read as it stood at 0 cannot have been made later: that has its id from a Jira that was put back.
    assert_eq!((since(at(0), "acme").await, since(at(1000), "acme").await), (vec![IssueId(1)], Vec::new()));
    let fence = world.claim_one(0).await.fence;
    world.store.open_intents(fence, &[intent(1, id(1), 0)]).await.unwrap();
    assert_eq!(settled("acme").await, []);
    world.store.move_intents(&[(OperationId(1), IntentState::Confirmed)]).await.unwrap();
    assert_eq!(settled("acme").await, [IssueId(1)]);
}

async fn what_somebody_just_made_is_decided_on_first(world: World) {
    let of_a_first_run = |number| Newcomer { urgency: Urgency::Backfill, ..newcomer("one", number, 0) };
    let all: Vec<Newcomer> = (1..=5).map(of_a_first_run).collect();
    let acme = "acme".into();
    world.store.queue_hints(&acme, &[], &all, None, at(0)).await.unwrap();
    world.store.queue_hints(&acme, &[], &[newcomer("one", 9, 40)], None, at(40)).await.unwrap();
    // Somebody touched one of the many; and a first run that sees one again does not demote it.
    world.store.queue_hints(&acme, &[], &[newcomer("one", 4, 50)], None, at(50)).await.unwrap();
    world.store.queue_hints(&acme, &[], &[of_a_first_run(9)], None, at(60)).await.unwrap();
    let first = world.store.newcomers(None, 3).await.unwrap();
    assert_eq!(first.iter().map(|newcomer| newcomer.issue.0).collect::<Vec<_>>(), [4, 9, 1]);
    assert_eq!(first[0].first_seen, at(0), "seen first when it was seen first");
}

async fn an_issue_starts_one_item_per_sync(world: World) {
    let acme = "acme".into();
    world.store.queue_hints(&acme, &[], &[newcomer("one", 1, 0)], None, at(0)).await.unwrap();
    world.begin(1, Urgency::Live).await;
    assert_eq!(world.store.newcomers(None, 10).await.unwrap(), []);
    let mut second = item(1);
    second.id = id(99);
    let begin = async |item: &_, sync: &str| {
        world.store.begin_item(item, &acme, &newcomer(sync, 1, 0), Urgency::Live, at(0)).await.unwrap()
    };
    assert!(!begin(&second, "one").await, "two items for one issue");
    assert_eq!(world.store.item(id(99)).await.unwrap(), None);
    second.sync = "two".into();
    assert!(begin(&second, "two").await, "syncs are independent");
    let held = world.store.items_of(&acme, IssueId(1)).await.unwrap();
    assert_eq!(held, [(id(1), "one".into(), "a".into()), (id(99), "two".into(), "a".into())]);
    // One hint wakes both.
    for claim in world.claim(0, 10).await {
        world.store.release(claim.item.id, claim.fence, None, 0).await.unwrap();
    }
    world.hint(1, 1).await;
    assert_eq!(world.claimed(1, 10).await, [id(1), id(99)]);
    assert_eq!(world.store.items_of(&"globex".into(), IssueId(1)).await.unwrap(), []);
}

async fn next_due_is_the_soonest_free(world: World) {
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), None);
    for number in 1..=3 {
        world.begin(number, Urgency::Sweep).await;
    }
    for (claim, due) in world.claim(0, 10).await.iter().zip([30, 20, 10]) {
        world.store.release(claim.item.id, claim.fence, Some(at(due)), 0).await.unwrap();
    }
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), Some(at(10)));
    assert_eq!(world.claimed(15, 10).await, [id(3)]);
    assert_eq!(world.store.next_due(Urgency::Sweep).await.unwrap(), Some(at(20)), "a claimed item is nobody's next");
    let live = world.store.next_due(Urgency::Live).await.unwrap();
    assert_eq!(live, None, "what may not be claimed wakes nobody");
}

async fn items_are_claimed_by_name(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.release(id(1), fence, None, 0).await.unwrap();
    let claims = world.store.claim_these("me", at(0), &[id(7), id(1), id(1)]).await.unwrap();
    assert_eq!(claims.iter().map(|claim| (claim.item.id, claim.fence)).collect::<Vec<_>>(), [(id(1), 2)]);
}

async fn what_brought_an_item_up_comes_with_its_claim(world: World) {
    let brought =
        |by: &[Occasion], reasons: u32, again: Option<Again>| Some(Brought { by: by.to_vec(), reasons, again });
    world.begin(1, Urgency::Backfill).await;
    let claim = world.claim_one(0).await;
    assert_eq!(claim.brought, brought(&[polled()], 1, None));
    // What comes while it is held is another reason, and each of those stands once.
    let told = Occasion::webhook(&"acme".into(), Some("7"));
    let both = [told.clone(), polled()];
    let hints = [told, polled(), polled()].map(|occasion| Hint::live(IssueId(1), occasion));
    world.store.queue_hints(&"acme".into(), &hints, &[], None, at(10)).await.unwrap();
    world.store.release(id(1), claim.fence, None, 0).await.unwrap();
    let claim = world.claim_one(10).await;
    assert_eq!(claim.brought, brought(&both, 3, None));
    // Its own time is no reason of its own.
    world.store.release(id(1), claim.fence, Some(at(20)), 1).await.unwrap();
    let claim = world.claim_one(20).await;
    assert_eq!(claim.brought, brought(&both, 3, Some(Again::Time)));
    world.store.free_all().await.unwrap();
    let claim = world.claim_one(20).await;
    assert_eq!(claim.brought, brought(&both, 3, Some(Again::Start)));
    world.store.release(id(1), claim.fence, Some(PARKED), 1).await.unwrap();
    world.store.wake_awaited().await.unwrap();
    let claim = world.claim_one(20).await;
    assert_eq!(claim.brought, brought(&both, 3, Some(Again::Resumed)));
    // Given back for good, nothing of it is left; and a more urgent reason goes before one that waits.
    world.store.release(id(1), claim.fence, None, 0).await.unwrap();
    let claim = world.store.claim_these("me", at(20), &[id(1)]).await.unwrap().remove(0);
    assert_eq!(claim.brought, None);
    world.store.release(id(1), claim.fence, None, 0).await.unwrap();
    world.store.queue_items(&[id(1)], Urgency::Sweep, at(30), &Occasion::FullCheck).await.unwrap();
    world.hint(1, 30).await;
    for number in 0..100 {
        let told = Occasion::webhook(&"acme".into(), Some(&format!("{number:064}")));
        world.store.queue_hints(&"acme".into(), &[Hint::live(IssueId(1), told)], &[], None, at(30)).await.unwrap();
    }
    let brought = world.claim_one(30).await.brought.unwrap();
    assert_eq!((&brought.by[..2], brought.reasons), (&[polled(), Occasion::FullCheck][..], 102));
    assert!(brought.by.len() < 6, "{brought:?}");
}
