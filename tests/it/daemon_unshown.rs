//! A Jira that does not show its changes: what it is told is carried, and `status` says that this side is not to be relied on. Must never
//! be said of a Jira that does.

use jirasyncd::simulator::Jira;

use super::daemon_input::{create, edit};
use super::daemon_support::{World, two};

const SAYS: &str = "does not show its changes";

fn still(jira: &Jira) {
    jira.set_quirks(|quirks| (quirks.updated_by_day, quirks.logs_status_alone) = (true, true));
}

async fn said(world: &World) -> Vec<String> {
    world.problems().await.into_iter().filter(|problem| problem.contains(SAYS)).collect()
}

#[tokio::test(start_paused = true)]
async fn one_whose_updated_stands_still_is_told_with_the_first_copy_and_after_a_restart() {
    let mut world = World::new(&two(), |jiras| still(&jiras["globex"])).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.intervals(6).await;
    assert_eq!(world.field("globex", "Item", "status"), "Open", "it was carried");
    let problems = said(&world).await;
    assert!(problems.len() == 1 && problems[0].contains("ENG-1 was made at"), "{problems:?}");
    world.start().await;
    world.interval().await;
    assert_eq!(said(&world).await, problems, "a restart makes nothing of it good");
    // An edit arrives, too, and leaves no entry.
    edit(&world, "acme", "jane", &key, "Item, edited");
    world.intervals(6).await;
    assert_eq!(world.field("globex", "Item, edited", "status"), "Open");
    let problems = said(&world).await;
    let both = problems.iter().any(|problem| problem.contains("no entry of the changelog"));
    assert!(problems.len() == 2 && both, "{problems:?}");
    // What stood in its place is gone: the next writes show.
    world.jira("globex").set_quirks(|quirks| (quirks.updated_by_day, quirks.logs_status_alone) = (false, false));
    edit(&world, "acme", "jane", &key, "Item, edited again");
    create(&world, "SUP", "Other", &[]);
    world.intervals(6).await;
    assert_eq!(said(&world).await, Vec::<String>::new());
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_changelog_without_our_edits_is_told_on_both_kinds() {
    for (at, from, person, project) in [("globex", "acme", "jane", "SUP"), ("acme", "globex", "jdoe", "ENG")] {
        let world = World::new(&two(), |jiras| jiras[at].set_quirks(|quirks| quirks.logs_status_alone = true)).await;
        let kind = if from == "acme" { "Bug" } else { "Defect" };
        let fields = serde_json::json!({ "summary": "Item", "labels": ["share-globex"] });
        let key = world.person(from, person).create(project, kind, fields).unwrap();
        world.intervals(6).await;
        assert_eq!(said(&world).await, Vec::<String>::new(), "a creation has no entry anywhere");
        edit(&world, from, person, &key, "Item, edited");
        world.intervals(8).await;
        assert!(world.jira(at).issues().iter().any(|issue| issue.fields["summary"] == "Item, edited"), "{at}");
        let problems = said(&world).await;
        assert!(problems.len() == 1 && problems[0].contains("was edited at"), "{at}: {problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_shows_them_is_told_nothing_of_whatever_is_written() {
    let world = World::new(&two(), |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.intervals(4).await;
    edit(&world, "acme", "jane", &key, "Item, edited");
    world.intervals(40).await;
    edit(&world, "acme", "jane", &key, "Item, edited late");
    world.intervals(6).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}
