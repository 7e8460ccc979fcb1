//! The things that are counted: what people do, on which sides, and what it may cost. Must never loosen a limit: they are what
//! was promised.

use serde_json::{Value, json};

use super::super::daemon_support::{THREE, World, two, two_clouds};
use super::{Meter, Row};
use jirasyncd::simulator::Jira;

/// Enough intervals for everything to leave the overlap of the polls.
const LONG_AGO: usize = 24;

fn create(jira: &Jira, count: usize, more: &Value) {
    let jane = jira.person("jane").unwrap();
    for index in 0..count {
        let mut fields =
            json!({ "summary": format!("Item {index:04}"), "description": "Text", "priority": { "name": "Low" } });
        fields.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        jane.create("SUP", "Bug", fields).unwrap();
    }
}

/// Two sides with that many items, long at rest.
async fn at_rest(config: &str, count: usize, more: &Value) -> World {
    let world = World::new(config, |jiras| create(&jiras["acme"], count, more)).await;
    let mut before = Meter::start(&world);
    before.rest(&world).await;
    for _ in 0..LONG_AGO {
        before.interval(&world).await;
    }
    world
}

/// Cloud to Cloud, Cloud to Data Center: the configuration and the other side.
fn pairs() -> [(String, &'static str); 2] {
    [(two_clouds(), "initech"), (two(), "globex")]
}

/// Calls that an isolated change may cost on the other side: a read and a write; Data Center does not answer a write with
/// the issue, so that it is read once more.
fn isolated(to: &str) -> u64 {
    if to == "globex" { 3 } else { 2 }
}

async fn idle_in(config: &str, what: &'static str) -> Vec<Row> {
    let world = at_rest(config, 60, &json!({ "labels": ["share-globex"] })).await;
    let mut meter = Meter::start(&world);
    meter.interval(&world).await;
    ["acme", "globex", "initech"].map(|name| meter.row(&world, what, name, 0)).into()
}

/// One interval in which nobody does anything.
pub(crate) async fn idle() -> Vec<Row> {
    idle_in(THREE, "idle interval, 60 items").await
}

/// The same with two syncs over the same instances.
pub(crate) async fn idle_of_two_syncs() -> Vec<Row> {
    let second = THREE.split_once("[sync.support]").unwrap().1.replace("sync.support", "sync.second");
    let second = second.replace("share-globex", "also-globex").replace("share-initech", "also-initech");
    idle_in(&format!("{THREE}\n[sync.second]{second}"), "idle interval, two syncs").await
}

/// The same with ten times as many items, twelve minutes after all were written at once.
pub(crate) async fn idle_of_many() -> Vec<Row> {
    let world = at_rest(&two_clouds(), 600, &json!({})).await;
    let mut meter = Meter::start(&world);
    meter.interval(&world).await;
    ["acme", "initech"].map(|name| meter.row(&world, "idle interval, 600 items", name, 0)).into()
}

/// One edit of two fields; on the side of its author what comes back costs nothing.
pub(crate) async fn edit() -> Vec<Row> {
    let mut rows = Vec::new();
    for (config, to) in pairs() {
        let world = at_rest(&config, 1, &json!({})).await;
        let mut meter = Meter::start(&world);
        let key = world.issue("acme", "Item").key;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item edited", "labels": ["one"] })).unwrap();
        meter.rest(&world).await;
        assert_eq!(world.field(to, "Item", "summary"), "Item edited");
        rows.push(meter.row(&world, "isolated edit, the other side", to, isolated(to)));
        rows.push(meter.row(&world, "isolated edit, its author's side", "acme", 0));
        // What we wrote is seen by the polls, and is no news.
        let mut after = Meter::start(&world);
        for _ in 0..LONG_AGO {
            after.interval(&world).await;
        }
        rows.push(after.row(&world, "its echo, the 12 minutes after", to, 0));
    }
    rows
}

/// One edit on Data Center, carried to Cloud.
pub(crate) async fn edit_on_data_center() -> Vec<Row> {
    let world = at_rest(&two(), 1, &json!({})).await;
    let mut meter = Meter::start(&world);
    let key = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").edit(&key, json!({ "summary": "Item edited" })).unwrap();
    meter.rest(&world).await;
    assert_eq!(world.field("acme", "Item", "summary"), "Item edited");
    vec![
        meter.row(&world, "isolated edit, the other side", "acme", 2),
        meter.row(&world, "isolated edit, its author's side", "globex", 0),
    ]
}

/// One comment.
pub(crate) async fn comment() -> Vec<Row> {
    let mut rows = Vec::new();
    for (config, to) in pairs() {
        let world = at_rest(&config, 1, &json!({})).await;
        let mut meter = Meter::start(&world);
        world.person("acme", "jane").comment(&world.issue("acme", "Item").key, "A word").unwrap();
        meter.rest(&world).await;
        assert_eq!(world.issue(to, "Item").comments.len(), 1);
        rows.push(meter.row(&world, "comment", to, 1));
    }
    rows
}

async fn hops(what: &'static str, status: &str, there: [&str; 2], hops: [u64; 2]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (((config, to), there), hops) in pairs().into_iter().zip(there).zip(hops) {
        let world = at_rest(&config, 1, &json!({})).await;
        let mut meter = Meter::start(&world);
        world.person("acme", "jane").transition(&world.issue("acme", "Item").key, status).unwrap();
        meter.rest(&world).await;
        assert_eq!(world.field(to, "Item", "status"), there);
        rows.push(meter.row(&world, what, to, isolated(to) + hops));
    }
    rows
}

/// A change of status that is one transition on the other side.
pub(crate) async fn one_hop() -> Vec<Row> {
    hops("one hop", "In Progress", ["In Arbeit", "Working"], [1, 1]).await
}

/// A change of status that is two transitions on Data Center, and one on Cloud.
pub(crate) async fn two_hops() -> Vec<Row> {
    let mut rows = hops("two hops", "Done", ["Fertig", "Closed"], [1, 2]).await;
    // initech has a way of one hop: only globex shows two.
    rows.remove(0);
    rows
}

/// A hundred items edited within one interval.
pub(crate) async fn hundred_edits() -> Vec<Row> {
    let mut rows = Vec::new();
    for ((config, to), most) in pairs().into_iter().zip([120, 220]) {
        let world = at_rest(&config, 100, &json!({})).await;
        let mut meter = Meter::start(&world);
        for issue in world.jira("acme").issues() {
            let summary = json!({ "summary": format!("{} edited", issue.key) });
            world.person("acme", "jane").edit(&issue.key, summary).unwrap();
        }
        meter.rest(&world).await;
        let edited = world.jira(to).issues().iter().filter(|issue| issue.fields["summary"].ends_with("edited")).count();
        assert_eq!(edited, 100);
        rows.push(meter.row(&world, "100 edits in one interval, the other side", to, most));
        rows.push(meter.row(&world, "100 edits in one interval, their authors' side", "acme", 0));
    }
    rows
}

/// The first run over a thousand issues, polls included.
pub(crate) async fn backfill() -> Vec<Row> {
    let mut rows = Vec::new();
    for (config, to) in pairs() {
        // Nobody's word is needed for them.
        let config = config.replacen("home = \"acme\"\n", "home = \"acme\"\nmost-creations = 1000\n", 1);
        let world = World::new(&config, |jiras| create(&jiras["acme"], 1_000, &json!({}))).await;
        let mut meter = Meter::start(&world);
        // In the first all is read and created, in the second all copies are seen.
        for _ in 0..2 {
            assert!(meter.interval(&world).await);
        }
        assert_eq!(world.jira(to).issues().len(), 1_000);
        assert!(world.problems().await.is_empty());
        let sides = ["acme", to].map(|name| {
            let mut row = meter.row(&world, "backfill of 1,000", name, 0);
            row.limit = None;
            row.counted = row.polls.calls + row.work.calls;
            row
        });
        // 1,000 are created 50 at a time, and read 100 at a time on both sides; nothing hops, nobody commented.
        let mut both = sides[0].clone();
        both.on = format!("both, Cloud to {}", super::kind(world.jira(to)));
        both.polls.grow(super::Sum::default(), sides[1].polls);
        both.work.grow(super::Sum::default(), sides[1].work);
        both.counted += sides[1].counted;
        both.limit = Some((1.1 * (1_000.0 / 50.0 + 2.0 * 1_000.0 / 100.0)) as u64);
        for (operation, count) in &sides[1].operations {
            both.operations.insert(format!("{to}: {operation}"), *count);
        }
        rows.extend(sides);
        rows.push(both);
        let mut after = Meter::start(&world);
        assert!(!after.interval(&world).await, "not at rest after the second");
        rows.push(after.row(&world, "the idle interval after it", to, 0));
    }
    rows
}

/// Everything, in the order of the table.
pub(crate) async fn all() -> Vec<Row> {
    let mut rows = idle().await;
    rows.extend(idle_of_two_syncs().await);
    rows.extend(idle_of_many().await);
    rows.extend(edit().await);
    rows.extend(edit_on_data_center().await);
    rows.extend(comment().await);
    rows.extend(one_hop().await);
    rows.extend(two_hops().await);
    rows.extend(hundred_edits().await);
    rows.extend(backfill().await);
    rows
}
