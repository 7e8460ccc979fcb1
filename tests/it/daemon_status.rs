//! Statuses that find no way, or are refused on it: they go on when something changed, and ask for nothing in vain before. Must
//! never be judged by the daemon's word.

use super::daemon_input::create;
use super::daemon_support::{World, two};

#[tokio::test(start_paused = true)]
async fn a_status_without_a_way_goes_on_when_another_issue_shows_one() {
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
