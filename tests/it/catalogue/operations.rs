//! Rows about how the daemon is run: whom it is, where its instances are. Must never go on against another account or Jira.

use jirasyncd::app::StartError;
use jirasyncd::engine::SetupError;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};

use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{ACME, World, load, two};

#[tokio::test(start_paused = true)]
async fn row_074_another_account_than_the_state_knows_is_refused() {
    let mut world = World::new(&two(), |_| {}).await;
    create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let right = world.config.clone();
    let text = two().replacen(
        "user = \"sync@acme.example\", token = \"env:TOKEN\"",
        "user = \"jane@acme.example\", token = \"env:JANE\"",
        1,
    );
    world.config = load(&text, &world.state());
    let refused = world.try_start().await.expect_err("another account was taken");
    assert!(matches!(refused, StartError::Setup(SetupError::OtherAccount { .. })), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("acme") && said.contains("5b10a2844c20165700ede21g"), "{said}");
    world.config = right;
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn row_104_another_jira_than_the_state_knows_is_refused() {
    let mut world = World::new(&two(), |_| {}).await;
    create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.jira("acme").set_base_url("https://moved.example");
    let refused = world.try_start().await.expect_err("another Jira was taken");
    let said = refused.to_string();
    assert!(said.contains("moved.example") && said.contains("acme.example"), "{said}");
    world.jira("acme").set_base_url(ACME);
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn row_109_a_jira_that_is_upgraded_while_the_daemon_runs_is_told_and_kept() {
    for (jira, who) in [("acme", "jane"), ("globex", "jdoe")] {
        let mut world = World::new(&two(), |_| {}).await;
        create(&world, "SUP", "Item", &[]);
        world.settle().await;
        // It is away for that, and nothing else of it changes.
        world.jira(jira).add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
        world.intervals(40).await;
        world.jira(jira).set_quirks(|quirks| quirks.version = Some("10.7.4".to_owned()));
        world.jira(jira).clear_faults();
        world.pass(300).await;
        world.intervals(3).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].starts_with(jira) && problems[0].contains("10.7.4"), "{problems:?}");
        let key = world.issue(jira, "Item").key;
        edit(&world, jira, who, &key, "Item, edited");
        world.settle().await;
        assert_eq!(world.issues("acme", "Item, edited").len() + world.issues("globex", "Item, edited").len(), 2);
        // Away once more, as the same version: nothing new is said. And the next start knows it.
        world.jira(jira).add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
        world.intervals(40).await;
        world.jira(jira).clear_faults();
        world.pass(300).await;
        world.intervals(3).await;
        assert_eq!(world.problems().await, problems);
        world.start().await;
        world.interval().await;
        assert_eq!(world.problems().await, Vec::<String>::new());
        let known = world.daemon().store().note("last known").await.unwrap().unwrap_or_default();
        assert!(known.contains("10.7.4"), "{known}");
    }
}
