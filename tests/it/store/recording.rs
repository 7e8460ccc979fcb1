//! Records: an item's state, bindings, conflicts and problems move together, and one issue is never in two items of a sync.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jirasyncd::jira::{Failure, JiraError};
use jirasyncd::model::acts::TakenAct;
use jirasyncd::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator};
use jirasyncd::model::hub::{Awaited, Replica, There};
use jirasyncd::model::ids::{IssueId, OperationId};
use jirasyncd::model::occasion::{Brought, Occasion};
use jirasyncd::model::operation::{Intent, IntentState};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::model::store::{Dismissed, Store, StoreError, Urgency};
use jirasyncd::model::trail::HowOver;

use super::in_every_mode;
use super::support::{World, acts, at, conflict, id, intent, item, newcomer, polled, problem, record, replica};

in_every_mode!(
    a_record_binds_new_replicas,
    keys_follow,
    one_issue_is_never_in_two_items,
    a_record_is_all_or_nothing,
    what_is_no_longer_listed_stays_bound,
    a_side_without_instance_is_told,
    a_newcomer_is_bound_before_it_is_read,
    who_waits_is_woken_by_what_comes,
    linked_items_are_found_by_issue_and_by_id,
    conflicts_are_kept_for_ever,
    problems_keep_their_age,
    problems_that_are_over_are_kept,
    of_an_item_the_newest_that_are_over_are_kept,
    what_is_told_with_another_number_is_the_same_problem,
    everything_comes_back_as_it_was,
);

async fn a_record_binds_new_replicas(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let mut changed = item(1);
    changed.replicas.insert("g".into(), replica(77, "ENG-7"));
    let globex = "globex".into();
    // The created issue may be seen by a poll before its answer is recorded.
    let mut seen = newcomer("one", 77, 0);
    (seen.side, seen.instance) = ("g".into(), "globex".into());
    world.store.queue_hints(&globex, &[], &[seen], None, at(0)).await.unwrap();
    world.store.record(&[(fence, record(changed))]).await.unwrap();
    assert_eq!(world.store.newcomers(None, 10).await.unwrap(), []);
    let held = world.store.items_of(&globex, IssueId(77)).await.unwrap();
    assert_eq!(held, [(id(1), "one".into(), "g".into())]);
    assert_eq!(world.store.items_of(&"acme".into(), IssueId(77)).await.unwrap(), []);
}

async fn keys_follow(world: World) {
    world.begin(1, Urgency::Live).await;
    world.begin(2, Urgency::Live).await;
    let claims = world.claim(0, 10).await;
    let (mut moved, mut other) = (item(1), item(2));
    moved.replicas.insert("a".into(), replica(1, "NEW-1"));
    other.replicas.insert("g".into(), replica(50, "NEW-1"));
    world.store.record(&[(claims[0].fence, record(moved)), (claims[1].fence, record(other))]).await.unwrap();
    // Keys are unique on one instance only.
    assert_eq!(world.store.items_by_key(&"NEW-1".into()).await.unwrap(), [id(1), id(2)]);
    assert_eq!(world.store.items_by_key(&"SUP-1".into()).await.unwrap(), []);
    assert_eq!(world.store.items_by_key(&"SUP-2".into()).await.unwrap(), [id(2)]);
}

async fn one_issue_is_never_in_two_items(world: World) {
    world.begin(1, Urgency::Live).await;
    world.begin(2, Urgency::Live).await;
    let claims = world.claim(0, 10).await;
    let mut first = item(1);
    first.replicas.insert("g".into(), replica(77, "ENG-7"));
    world.store.record(&[(claims[0].fence, record(first))]).await.unwrap();
    let mut second = item(2);
    second.replicas.insert("g".into(), replica(77, "ENG-7"));
    let error = world.store.record(&[(claims[1].fence, record(second))]).await.unwrap_err();
    let StoreError::Bound { issue, holder, .. } = &error else { panic!("{error}") };
    assert_eq!((*issue, *holder), (IssueId(77), id(1)));
    assert!(error.to_string().contains("issue 77 on globex belongs to item"), "{error}");
    assert_eq!(world.store.item(id(2)).await.unwrap(), Some(item(2)));
}

async fn a_record_is_all_or_nothing(world: World) {
    world.begin(1, Urgency::Live).await;
    world.begin(2, Urgency::Live).await;
    let claims = world.claim(0, 10).await;
    world.store.open_intents(claims[0].fence, &[intent(1, id(1), 0)]).await.unwrap();
    let mut full = record(item(1));
    full.item.acts = acts(3);
    full.intents.push((OperationId(1), IntentState::Confirmed));
    full.conflicts.push(conflict("lost"));
    full.problems = Some(vec![problem("broken")]);
    full.acts.push(TakenAct { side: "a".into(), field: "summary".into(), number: Some(3), author: None });
    let error = world.store.record(&[(claims[0].fence, full), (99, record(item(2)))]).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced { item } if item == id(2)), "{error}");
    assert_eq!(world.store.item(id(1)).await.unwrap(), Some(item(1)));
    assert_eq!(world.store.intent(OperationId(1)).await.unwrap().unwrap().state, IntentState::Open);
    assert_eq!(world.store.conflicts(id(1)).await.unwrap(), []);
    assert!(world.store.problems(10).await.unwrap().is_empty());
}

async fn what_is_no_longer_listed_stays_bound(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let mut bare = item(1);
    bare.replicas.clear();
    world.store.record(&[(fence, record(bare))]).await.unwrap();
    assert_eq!(world.store.items_of(&"acme".into(), IssueId(1)).await.unwrap().len(), 1);
}

async fn a_side_without_instance_is_told(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let mut changed = item(1);
    changed.replicas.insert("gone".into(), replica(5, "X-5"));
    let error = world.store.record(&[(fence, record(changed))]).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("sync one has no side gone"), "{source}");
}

async fn a_newcomer_is_bound_before_it_is_read(world: World) {
    let (bare, newcomer) = (jirasyncd::model::hub::ItemState::new(id(1), "one".into()), newcomer("one", 8, 0));
    let acme = "acme".into();
    assert!(world.store.begin_item(&bare, &acme, &newcomer, Urgency::Backfill, at(0)).await.unwrap());
    assert_eq!(world.store.items_of(&acme, IssueId(8)).await.unwrap(), [(id(1), "one".into(), "a".into())]);
    let fence = world.claim_one(0).await.fence;
    let mut read = bare;
    read.replicas.insert("a".into(), replica(8, "SUP-8"));
    world.store.record(&[(fence, record(read))]).await.unwrap();
    assert_eq!(world.store.items_by_key(&"SUP-8".into()).await.unwrap(), [id(1)]);
}

async fn conflicts_are_kept_for_ever(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    for lost in ["first", "second", "second"] {
        let mut found = record(item(1));
        found.conflicts.push(conflict(lost));
        world.store.record(&[(fence, found)]).await.unwrap();
    }
    let all = [conflict("first"), conflict("second"), conflict("second")];
    assert_eq!(world.store.conflicts(id(1)).await.unwrap(), all);
    assert_eq!(world.store.conflicts(id(2)).await.unwrap(), []);
}

async fn problems_keep_their_age(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let now_has = async |seconds, problems: Option<Vec<_>>| {
        world.set(seconds);
        let mut told = record(item(1));
        told.problems = problems;
        world.store.record(&[(fence, told)]).await.unwrap();
    };
    now_has(10, Some(vec![problem("old"), problem("over")])).await;
    let met = Problem { operation: Some(OperationId(5)), ..problem("old") };
    now_has(20, Some(vec![problem("new"), met, problem("old")])).await;
    now_has(30, None).await;
    world.store.set_problems("instance acme", &[problem("down")], at(15)).await.unwrap();
    world.store.set_problems("instance globex", &[problem("down")], at(16)).await.unwrap();
    world.store.set_problems("instance acme", &[problem("down"), problem("slow")], at(40)).await.unwrap();
    world.store.set_problems("instance globex", &[], at(41)).await.unwrap();
    let standing = world.store.problems(10).await.unwrap();
    let told: Vec<_> =
        standing.iter().map(|one| (one.item, one.about.as_str(), one.problem.what.as_str(), one.since)).collect();
    let expected = [
        (Some(id(1)), "SUP-1", "old", at(10)),
        (None, "instance acme", "down", at(15)),
        (Some(id(1)), "SUP-1", "new", at(20)),
        (None, "instance acme", "slow", at(40)),
    ];
    assert_eq!(told, expected);
    let counted: Vec<_> = standing.iter().map(|one| (one.times, one.problem.operation)).collect();
    assert_eq!(counted, [(2, Some(OperationId(5))), (2, None), (1, None), (1, None)]);
    now_has(50, Some(vec![problem("new"), problem("old")])).await;
    let old = &world.store.problems(1).await.unwrap()[0];
    assert_eq!((old.times, old.problem.operation), (3, Some(OperationId(5))), "nothing was tried since");
    assert_eq!(world.store.problems(2).await.unwrap().len(), 2);
    world.store.release(id(1), fence, Some(at(0)), 0).await.unwrap();
    let fence = world.claim_one(0).await;
    assert_eq!(fence.problems, [problem("old"), problem("new")], "a claim tells the item's own");
}

async fn problems_that_are_over_are_kept(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let by = |name: &str| {
        let by = Operator { uid: 7, name: None };
        Brought { by: vec![Occasion::Command { name: name.to_owned(), by }], reasons: 1, again: None }
    };
    let polled = Brought { by: vec![polled()], reasons: 1, again: None };
    let now_has = async |seconds, problems: &[Problem], brought: &Brought| {
        world.set(seconds);
        let mut told = record(item(1));
        (told.problems, told.brought) = (Some(problems.to_vec()), Some(brought.clone()));
        world.store.record(&[(fence, told)]).await.unwrap();
    };
    let of = |field: &str, what: &str| Problem { field: Some(field.into()), ..problem(what) };
    let all = [of("summary", "one"), of("labels", "two"), of("priority", "three"), of("due-date", "four")];
    now_has(10, &all[..], &polled).await;
    now_has(20, &all[..], &polled).await;
    assert_eq!(world.store.past_problems(id(1), Timestamp::MIN, 10).await.unwrap(), [], "all of them stand");
    now_has(30, &all[1..], &polled).await;
    now_has(40, &all[2..], &by("problems retry")).await;
    now_has(50, &all[3..], &by("resolve")).await;
    // Other words about the same field are no end.
    let next = [of("due-date", "five"), Problem { field: None, ..problem("six") }];
    now_has(60, &next[..], &polled).await;
    let past = world.store.past_problems(id(1), Timestamp::MIN, 10).await.unwrap();
    let told: Vec<_> = past.iter().map(|past| (past.problem.what.as_str(), past.since, past.over, past.how)).collect();
    let expected = [
        ("one", at(10), at(30), HowOver::ByItself),
        ("two", at(10), at(40), HowOver::Retried),
        ("three", at(10), at(50), HowOver::Resolved),
        ("four", at(10), at(60), HowOver::Reworded),
    ];
    assert_eq!(told, expected);
    assert_eq!(past.iter().map(|past| past.times).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(past[0].brought, Some(polled.clone()));
    assert_eq!(past[1].brought, Some(by("problems retry")));
    // The newest since a time, and those of no other item.
    let newest = world.store.past_problems(id(1), at(41), 10).await.unwrap();
    assert_eq!(newest, past[2..]);
    assert_eq!(world.store.past_problems(id(1), Timestamp::MIN, 1).await.unwrap(), past[3..]);
    assert_eq!(world.store.past_problems(id(2), Timestamp::MIN, 10).await.unwrap(), []);
    // Nothing of them stands.
    assert_eq!(world.store.problems(10).await.unwrap().len(), 2);
    // What an operator had written is seen by a later look, which a poll brought; a write without the field says nothing of that.
    let written = Intent { brought: Some(by("problems retry")), ..intent(9, id(1), 65) };
    world.store.open_intents(fence, &[written]).await.unwrap();
    now_has(70, &next[..0], &polled).await;
    let last = world.store.past_problems(id(1), at(70), 10).await.unwrap();
    let told: Vec<_> = last.iter().map(|past| (past.problem.what.as_str(), past.how, past.brought.clone())).collect();
    let expected = [("five", HowOver::ByItself, Some(polled)), ("six", HowOver::Retried, Some(by("problems retry")))];
    assert_eq!(told, expected);
}

async fn of_an_item_the_newest_that_are_over_are_kept(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    for number in 0..60 {
        world.set(i64::try_from(number).unwrap());
        let mut told = record(item(1));
        told.problems = Some(vec![problem(&"x".repeat(number + 1))]);
        world.store.record(&[(fence, told)]).await.unwrap();
    }
    let past = world.store.past_problems(id(1), Timestamp::MIN, 1_000).await.unwrap();
    assert_eq!((past.len(), past[0].over, past[49].over), (50, at(10), at(59)));
}

async fn everything_comes_back_as_it_was(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let mut rich = item(1);
    rich.acts = acts(u64::from(u32::MAX) * 1_000);
    rich.belongs.insert("g".into());
    rich.replicas.insert("g".into(), replica(u64::MAX, "ENG-\u{1F980}'\"\0;"));
    let audience = conflict("x").audience;
    let agreed = jirasyncd::model::hub::Agreed {
        value: jirasyncd::model::value::Value::Line("it's \u{2028} \\ \0 fine".into()),
        acts: acts(2),
        origins: ["a".into()].into(),
        by: "a".into(),
        at: "2026-03-04T05:06:07.123456789Z".parse().unwrap(),
        asking: ["g".into()].into(),
        standing: Vec::new(),
    };
    rich.hub.entry("summary".into()).or_default().insert(audience, agreed);
    world.store.record(&[(fence, record(rich.clone()))]).await.unwrap();
    assert_eq!(world.store.item(id(1)).await.unwrap(), Some(rich));
    let held = world.store.items_of(&"globex".into(), IssueId(u64::MAX)).await.unwrap();
    assert_eq!(held.len(), 1, "the largest issue id is as good as any");
}

async fn who_waits_is_woken_by_what_comes(world: World) {
    // For the counterpart of an item, for an issue to become an item's, and for both in the other order.
    for (first, round) in [(true, 0), (false, 10)] {
        let (waiting, other) = (round + 1, round + 2);
        world.begin(waiting, Urgency::Live).await;
        let claim = world.claim_one(0).await;
        let mut waits = item(waiting);
        waits.awaits.insert(Awaited::Replica { item: id(other), side: "g".into() });
        waits.awaits.insert(Awaited::Issue { side: "a".into(), issue: IssueId(other) });
        if first {
            world.store.record(&[(claim.fence, record(waits.clone()))]).await.unwrap();
            world.store.release(id(waiting), claim.fence, None, 0).await.unwrap();
            assert_eq!(world.claimed(0, 10).await, []);
        }
        world.begin(other, Urgency::Live).await;
        let claims = world.claim(0, 10).await;
        let mut held: Vec<_> = claims.iter().map(|claim| (claim.item.id, claim.fence)).collect();
        held.sort();
        let expected: &[u64] = if first { &[waiting, other] } else { &[other] };
        assert_eq!(
            held.iter().map(|(item, _)| *item).collect::<Vec<_>>(),
            expected.iter().map(|n| id(*n)).collect::<Vec<_>>()
        );
        let fence = held.iter().find(|(item, _)| *item == id(other)).unwrap().1;
        let mut bound = item(other);
        bound.replicas.insert("g".into(), replica(500 + other, &format!("ENG-{other}")));
        world.store.record(&[(fence, record(bound))]).await.unwrap();
        world.store.release(id(other), fence, None, 0).await.unwrap();
        let fence = match held.iter().find(|(item, _)| *item == id(waiting)) {
            Some((_, fence)) => *fence,
            None => {
                world.store.record(&[(claim.fence, record(waits.clone()))]).await.unwrap();
                claim.fence
            }
        };
        world.store.release(id(waiting), fence, None, 0).await.unwrap();
        let woken = world.claim_one(0).await;
        assert_eq!((woken.item.id, woken.item.awaits.len()), (id(waiting), 2));
        // Recorded as it was, or without: it sleeps.
        world.store.record(&[(woken.fence, record(waits.clone()))]).await.unwrap();
        waits.awaits.clear();
        world.store.record(&[(woken.fence, record(waits))]).await.unwrap();
        world.store.release(id(waiting), woken.fence, None, 0).await.unwrap();
        assert_eq!(world.claimed(0, 10).await, []);
    }
}

async fn linked_items_are_found_by_issue_and_by_id(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let mut changed = item(1);
    changed.replicas.insert("g".into(), Replica { restricted: true, ..replica(77, "ENG-7") });
    world.store.record(&[(fence, record(changed))]).await.unwrap();
    let sync = "one".into();
    let by_issue = world.store.relatives(&sync, &[("globex".into(), IssueId(77))], &[], &[]).await.unwrap();
    let by_id = world.store.relatives(&sync, &[], &[], &[id(1), id(9)]).await.unwrap();
    assert_eq!(by_issue, by_id);
    let [(found, there)] = by_issue.as_slice() else { panic!("{by_issue:?}") };
    assert_eq!((*found, there.len()), (id(1), 2));
    let globex = There {
        issue: IssueId(77),
        key: "ENG-7".into(),
        restricted: true,
        gone: false,
        elsewhere: None,
        once: BTreeSet::new(),
    };
    assert_eq!(there.get(&"g".into()), Some(&globex));
    assert!(!there[&"a".into()].restricted);
    assert_eq!(
        world.store.relatives(&"two".into(), &[("globex".into(), IssueId(77))], &[], &[id(1)]).await.unwrap(),
        []
    );
}

/// Words of Jira's client, as they come of one outage: a number or a status is other each time, and the problem is the same.
async fn what_is_told_with_another_number_is_the_same_problem(world: World) {
    let failed = |issues: usize, failure: Failure| {
        let error = JiraError { attempt: format!("reading {issues} issues"), instance: "acme".into(), failure };
        Problem { field: None, what: error.to_string(), ..problem("") }
    };
    let words = [
        [failed(12, Failure::Wait(300_000)), failed(11, Failure::Wait(299_000))],
        [failed(12, Failure::Server(502)), failed(7, Failure::Server(503))],
    ];
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    for (round, [first, then]) in (1_i64..).zip(words) {
        let (began, about) = (at(round * 100), format!("instance of round {round}"));
        let of_item = async |seconds, problems: Vec<Problem>| {
            world.set(seconds);
            let mut told = record(item(1));
            told.problems = Some(problems);
            world.store.record(&[(fence, told)]).await.unwrap();
        };
        world.store.set_problems(&about, std::slice::from_ref(&first), began).await.unwrap();
        of_item(round * 100, vec![first.clone()]).await;
        // Somebody does not want to hear of either.
        let numbers: Vec<i64> = world.store.problems(10).await.unwrap().iter().map(|stored| stored.number).collect();
        let dismissed = Dismissed { at: began, by: Operator { uid: 7, name: None } };
        let filter = ProblemFilter::default();
        let command = CommandRecord {
            at: began,
            by: dismissed.by.clone(),
            command: Command::Dismiss { filter, undo: false, dry_run: false },
            answer: Answer::new(Ended::Done, Vec::new()),
        };
        let effect = Effect::Dismiss(numbers.clone(), Some(dismissed.clone()));
        world.store.carry_out(&command, &[effect]).await.unwrap();
        world.store.set_problems(&about, std::slice::from_ref(&then), at(round * 100 + 30)).await.unwrap();
        of_item(round * 100 + 30, vec![then.clone()]).await;
        let standing = world.store.problems(10).await.unwrap();
        assert_eq!(standing.iter().map(|stored| stored.number).collect::<Vec<_>>(), numbers, "{standing:?}");
        for stored in &standing {
            assert_eq!((&stored.problem.what, stored.since, stored.times), (&then.what, began, 2), "{stored:?}");
            assert_eq!(stored.dismissed.as_ref(), Some(&dismissed), "{stored:?}");
        }
        assert_eq!(world.store.problems_to_tell(10).await.unwrap().len(), 0);
        let past = world.store.past_problems(id(1), began, 10).await.unwrap();
        assert_eq!(past, [], "it is not over");
        // The same of another side or field is another problem, which nobody dismissed.
        let (there, of_field) = (
            Problem { side: "other".into(), ..then.clone() },
            Problem { field: Some("summary".into()), ..then.clone() },
        );
        world.store.set_problems(&about, &[there, of_field], at(round * 100 + 40)).await.unwrap();
        assert_eq!(world.store.problems_to_tell(10).await.unwrap().len(), 2);
        world.store.set_problems(&about, &[], at(round * 100 + 50)).await.unwrap();
        of_item(round * 100 + 50, Vec::new()).await;
        let past = world.store.past_problems(id(1), began, 10).await.unwrap();
        let told: Vec<_> = past.iter().map(|past| (past.since, past.times, past.how)).collect();
        assert_eq!(told, [(began, 2, HowOver::ByItself)], "{past:?}");
    }
}
