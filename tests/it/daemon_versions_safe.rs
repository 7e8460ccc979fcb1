//! Versions kept in step where something goes wrong: previews, two syncs on a project, newcomers of a known name, refusals, doubt
//! without end, pauses. Must never look into the daemon's state to judge it.

use jirasyncd::app::preview;
use serde_json::json;

use super::daemon_versions::{BOTH, pairs, rest, versions, world, writes};

const ROWS: &str = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";

#[tokio::test(start_paused = true)]
async fn a_preview_of_issues_that_lack_a_version_writes_nothing() {
    for (config, other, _, _) in pairs() {
        let config = config.replacen("summary = \"both\"", ROWS, 1);
        let mut world = world(&config, BOTH, [&["1.0"], &[], &[]]);
        world.start().await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "fixVersions": [{ "name": "1.0" }] });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.daemon = None;
        let planned = preview(world.config.clone(), world.surroundings(), None).await.unwrap();
        let planned: usize =
            planned.items.iter().filter_map(|item| item.plan.as_ref()).map(|plan| plan.operations.len()).sum();
        assert!(planned > 0, "the issue is to be made");
        assert_eq!((writes(&world, "acme"), writes(&world, other)), (0, 0), "{other}");
        world.start().await;
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0"]);
        assert_eq!(world.field(other, "Item", "fixVersions"), "1.0");
    }
}
