//! Rows about how the daemon is run: whom it is, where its instances are. Must never go on against another account or Jira.

use jirasyncd::app::StartError;
use jirasyncd::engine::SetupError;

use super::super::daemon_input::create;
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
