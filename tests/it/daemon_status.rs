//! Statuses that find no way, or are refused on it: they go on when something changed, and ask for nothing in vain before. Must
//! never be judged by the daemon's word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::simulator::{Fault, FaultRule, Holder, When};

use super::bent::Bent;
use super::daemon_audit::ours;
use super::daemon_input::{create, edit};
use super::daemon_support::{World, two};

#[tokio::test(start_paused = true)]
async fn row_052_a_status_without_a_way_goes_on_when_another_issue_shows_one() {
    for restart in [false, true] {
        let config = two().replace(", path = { globex = [\"Working\", \"Closed\"] }", "");
        let mut world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Stuck", &[]);
        create(&world, "SUP", "Scout", &[]);
        world.settle().await;
        world.person("acme", "jane").transition(&key, "Done").unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("globex", "Stuck", "status"), "Open");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("no way is known from"), "{problems:?}");
        if restart {
            world.start().await;
            world.rest().await.unwrap();
        }
        // A person takes another issue there; nobody touches the one that is stuck.
        let scout = world.issue("globex", "Scout").key;
        world.person("globex", "jdoe").transition(&scout, "Working").unwrap();
        world.rest().await.unwrap();
        world.person("globex", "jdoe").transition(&scout, "Closed").unwrap();
        world.intervals(3).await;
        world.rest().await.unwrap();
        assert_eq!(world.field("globex", "Stuck", "status"), "Closed", "restart: {restart}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_hop_is_not_sent_again_for_every_hint() {
    let world = World::new(&two(), |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.jira("globex").add_fault(FaultRule::new("doTransition", When::EveryNth(1), Fault::Status(400)));
    world.person("acme", "jane").transition(&key, "In Progress").unwrap();
    world.intervals(6).await;
    world.jira("globex").reset_calls();
    // Tried for half a minute, the next try is a minute or more away; hints come every 30 s.
    for round in 0..20 {
        edit(&world, "acme", "jane", &key, &format!("Item {round}"));
        world.interval().await;
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("Jira refused the transition")), "{problems:?}");
    }
    let tries = world.jira("globex").count("doTransition");
    assert!((1..=5).contains(&tries), "{tries} tries in ten minutes");
    assert_eq!(world.field("globex", "Item", "summary"), "Item 19");
    world.jira("globex").clear_faults();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    assert_eq!(ours("globex", &world.issue("globex", "Item")), 21);
}

#[tokio::test(start_paused = true)]
async fn another_goal_is_tried_at_once_after_a_refusal() {
    let world = World::new(&two(), |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.jira("globex").add_fault(FaultRule::new("doTransition", When::EveryNth(1), Fault::Status(400)));
    world.person("acme", "jane").transition(&key, "In Progress").unwrap();
    world.intervals(20).await;
    world.jira("globex").clear_faults();
    world.person("acme", "jane").transition(&key, "Done").unwrap();
    world.intervals(2).await;
    assert_eq!(world.field("globex", "Item", "status"), "Closed");
}

/// What is given back in Jira's administration changes no issue.
#[tokio::test(start_paused = true)]
async fn a_status_goes_on_once_the_sync_user_may_transition() {
    for (from, who, to, project) in [("acme", "jane", "globex", "ENG"), ("globex", "jdoe", "acme", "SUP")] {
        let world = World::new(&two(), |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.jira(to).set_permission(project, "TRANSITION_ISSUES", &[]);
        let key = if from == "acme" { key } else { world.issue(from, "Item").key };
        world.person(from, who).transition(&key, if from == "acme" { "In Progress" } else { "Working" }).unwrap();
        world.rest().await.unwrap();
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("offers the sync user no transition"), "{problems:?}");
        world.jira(to).reset_calls();
        world.intervals(10).await;
        assert_eq!(world.jira(to).count("getTransitions"), 0, "it is not asked for again and again");
        world.jira(to).set_permission(project, "TRANSITION_ISSUES", &[Holder::LoggedIn]);
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", "status"), if to == "acme" { "In Progress" } else { "Working" });
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What answers in the place of a Jira may show no transitions with an issue at all.
#[tokio::test(start_paused = true)]
async fn an_issue_that_is_shown_without_transitions_is_told_and_not_asked_for_without_end() {
    let mut world = World::without_daemon(&two());
    let on = Arc::new(AtomicBool::new(true));
    let is_on = Arc::clone(&on);
    world.bend(move |inner| {
        let is_on = Arc::clone(&is_on);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if is_on.load(Ordering::Relaxed)
                && place.starts_with("GET jira.globex.example")
                && let Some(issue) = said.as_object_mut().filter(|said| said.contains_key("fields"))
            {
                issue.remove("transitions");
            }
        }))
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.jira("globex").reset_calls();
    world.person("acme", "jane").transition(&key, "In Progress").unwrap();
    world.intervals(1).await;
    let problems = world.problems().await;
    assert!(
        problems.iter().any(|told| told.contains("offers the sync user no transition from `Open`")),
        "{problems:?}"
    );
    assert!(world.jira("globex").count("getIssue") < 5, "{}", world.jira("globex").count("getIssue"));
    on.store(false, Ordering::Relaxed);
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "status"), "Working");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Others close issues from every status, and the sync user from none: each status then seems to lead on from the other.
#[tokio::test(start_paused = true)]
async fn a_transition_that_only_others_are_offered_is_not_looked_for_in_circles() {
    let mut world = World::of(&two(), |setups| {
        let edges = &mut setups.get_mut("acme").unwrap().projects[0].transitions;
        for edge in edges.iter_mut().filter(|edge| edge.to == "Done") {
            edge.needs.insert("CLOSE_ISSUES".to_owned());
        }
    });
    let jane = world.person("acme", "jane");
    world.jira("acme").set_permission("SUP", "CLOSE_ISSUES", &[Holder::User(jane.id().to_owned())]);
    world.start().await;
    for over in [false, true] {
        let key = create(&world, "SUP", &format!("Shown-{over}"), &[]);
        if over {
            jane.transition(&key, "In Progress").unwrap();
        }
        jane.transition(&key, "Done").unwrap();
    }
    let key = create(&world, "SUP", "Item", &[]);
    world.rest().await.unwrap();
    let (jdoe, there) = (world.person("globex", "jdoe"), world.issue("globex", "Item").key);
    jdoe.transition(&there, "Working").unwrap();
    jdoe.transition(&there, "Closed").unwrap();
    world.intervals(20).await;
    world.rest().await.unwrap();
    let hops = || ours("acme", &world.issue("acme", "Item"));
    let made = hops();
    assert!(made <= 2, "it went round and round: {:?}", world.issue("acme", "Item").history);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("no way is known from"), "{problems:?}");
    world.pass(7_200).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(hops(), made);
    // Nor when the journal knows of no hop any more.
    world.pass(9 * 86_400).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(hops(), made);
    world.jira("acme").set_permission("SUP", "CLOSE_ISSUES", &[Holder::LoggedIn]);
    edit(&world, "acme", "jane", &key, "Item, again");
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "status"), "Done");
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}
