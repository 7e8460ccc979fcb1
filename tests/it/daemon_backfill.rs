//! What lay in a project before its side, its sync or its clause was configured: it must be carried all the same, once, whatever
//! the daemon dies at. Must never be made to pass by editing what is to be found.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Holder, When};

use super::daemon_input::{create, edit, second, with_second_project};
use super::daemon_support::{THREE, World, in_bulk, load, two};

/// Longer than a poll looks back.
async fn long_ago(world: &World) {
    tokio::time::advance(Duration::from_secs(7_200)).await;
    create(world, "SUP", "Now", &["share-globex"]);
    world.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_is_added_carries_what_was_there_before() {
    let mut world = with_second_project(THREE);
    world.start().await;
    for index in 0..3 {
        create(&world, "TWO", &format!("Old-{index}"), &["share-globex"]);
    }
    world.settle().await;
    long_ago(&world).await;
    world.config = load(&second("nothing", ""), &world.state());
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Old-").len(), 3);
    assert_eq!(world.issues("globex", "Now").len(), 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
    // Read once: what is idle afterwards costs a search per interval.
    world.start().await;
    world.rest().await.unwrap();
    world.jira("acme").reset_calls();
    world.intervals(10).await;
    assert_eq!(world.jira("acme").count("search"), 10);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_is_added_gets_and_gives_what_was_there_before() {
    let pair = two();
    let line = "side.globex = ";
    // The partner joins later, on a project of its own, with an instance that is known.
    let mut world = World::of(&pair, |setups| {
        let globex = setups.get_mut("globex").unwrap();
        let first = globex.projects[0].clone();
        globex.projects.push(jirasyncd::simulator::ProjectSetup {
            key: "NEW".into(),
            id: 10_055,
            name: "New".into(),
            ..first
        });
    });
    world.start().await;
    create(&world, "SUP", "Home", &[]);
    world.person("globex", "jdoe").create("NEW", "Defect", serde_json::json!({ "summary": "Partner" })).unwrap();
    world.settle().await;
    long_ago(&world).await;
    let third = pair.replace(line, "side.late = { instance = \"globex\", project = \"NEW\" }\nside.globex = ");
    let third = third
        .replace("globex = \"Defect\"", "globex = \"Defect\", late = \"Defect\"")
        .replace("globex = \"Task\"", "globex = \"Task\", late = \"Task\"")
        .replace("globex = \"Open\"", "globex = \"Open\", late = \"Open\"")
        .replace(
            "acme = \"In Progress\", globex = \"Working\"",
            "acme = \"In Progress\", globex = \"Working\", late = \"Working\"",
        )
        .replace("globex = \"Closed\",", "globex = \"Closed\", late = \"Closed\",");
    world.config = load(&third, &world.state());
    world.start().await;
    world.intervals(8).await;
    assert_eq!(world.issues("acme", "Partner").len(), 1, "{:?}", world.problems().await);
    // Its own, and the copies of those of the two others.
    let here: Vec<String> = world.jira("globex").issues().iter().map(|view| view.key.clone()).collect();
    assert_eq!(here.iter().filter(|key| key.starts_with("NEW-")).count(), 3, "{here:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wider_clause_finds_what_a_narrower_one_left_out() {
    let whole = two();
    let narrow = whole.replace("project = \"SUP\" }", "project = \"SUP\", jql = \"labels = night\" }");
    let mut world = World::new(&narrow, |_| {}).await;
    create(&world, "SUP", "Old-day", &["day"]);
    let night = create(&world, "SUP", "Old-night", &["night"]);
    world.settle().await;
    assert_eq!(world.issues("globex", "Old-").len(), 1);
    long_ago(&world).await;
    world.config = load(&whole, &world.state());
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Old-").len(), 2);
    edit(&world, "acme", "jane", &night, "Old-night edited");
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_was_cut_off_goes_on() {
    let whole = in_bulk(&two());
    let narrow = whole.replace("project = \"SUP\" }", "project = \"SUP\", jql = \"labels = night\" }");
    let mut world = World::new(&narrow, |jiras| {
        let jane = jiras["acme"].person("jane").unwrap();
        for index in 0..250 {
            jane.create("SUP", "Bug", serde_json::json!({ "summary": format!("Old-{index:03} of many") })).unwrap();
        }
    })
    .await;
    world.settle().await;
    long_ago(&world).await;
    assert!(world.issues("globex", "Old-").is_empty());
    world.config = load(&whole, &world.state());
    for cut in 2..5 {
        // One search of the polls, then the pages of the reading; and the daemon dies with it.
        world.start().await;
        world.jira("acme").add_fault(FaultRule::new("search", When::EveryNth(cut), Fault::Status(403)));
        world.interval().await;
        world.jira("acme").clear_faults();
    }
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Old-").len(), 250);
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_project_that_was_missing_at_the_very_first_poll_is_read_from_the_beginning() {
    for restart in [false, true] {
        let mut world = with_second_project(&second("nothing", ""));
        create(&world, "TWO", "Old", &["share-globex"]);
        tokio::time::advance(Duration::from_secs(7_200)).await;
        world.start().await;
        world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::User("nobody".into())]);
        create(&world, "SUP", "Goes on", &["share-globex"]);
        world.intervals(3).await;
        assert_eq!(world.issues("globex", "Goes on").len(), 1);
        world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        if restart {
            world.start().await;
        }
        world.intervals(15).await;
        world.rest().await.unwrap();
        assert_eq!(world.issues("globex", "Old").len(), 1, "restart: {restart}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
