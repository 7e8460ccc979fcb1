//! What waits to be paired holds up what it may be one with, on its own side, and nothing else: no other side, no other issue, and not the
//! counting. Must never take the daemon's word for it: what stands in the Jiras is read there.

use serde_json::json;

use super::daemon_pairs::{create, edit, field, quiet};
use super::daemon_support::{THREE, World, two};

const AT_ACME: &str = "customfield_10050";
const AT_GLOBEX: &str = "customfield_10111";
const AT_INITECH: &str = "customfield_10078";

/// Two partners whose issues may name others.
fn partners() -> String {
    let by = format!("field = {{ globex = \"{AT_GLOBEX}\", initech = \"{AT_INITECH}\" }}");
    format!("{THREE}\n[sync.support.pairing]\nby = [{{ {by} }}]\n")
}

fn counts(world: &World) -> Vec<usize> {
    world.jiras.values().map(|jira| jira.issues().len()).collect()
}

#[tokio::test(start_paused = true)]
async fn one_partners_unclear_issue_holds_up_no_other_partner() {
    for live in [false, true] {
        let mut world = World::without_daemon(&partners());
        if live {
            world.start().await;
            world.rest().await.unwrap();
        }
        let [one, two] = ["One", "Two"].map(|summary| {
            create(&world, "acme", json!({ "summary": summary, "labels": ["share-globex", "share-initech"] }))
        });
        let theirs = create(&world, "initech", json!({ "summary": "canary-initech" }));
        // It names two of home's issues, and one that it must not know of.
        let names = format!("{one}, {two}, {theirs}");
        let unclear = create(&world, "globex", json!({ "summary": "canary-globex", AT_GLOBEX: names }));
        if !live {
            world.start().await;
        }
        world.rest().await.unwrap();
        assert_eq!(
            counts(&world),
            [3, 1, 3],
            "{live}: the other partner's go on, and none is created beside the unclear one"
        );
        assert_eq!(world.problems().await.len(), 1, "{:?}", world.problems().await);
        edit(&world, "acme", &one, json!({ "summary": "One, edited" }));
        world.rest().await.unwrap();
        assert_eq!(world.issues("initech", "One, edited").len(), 1);
        // A restart does not forget what waits.
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(counts(&world), [3, 1, 3], "{live}");
        edit(&world, "globex", &unclear, json!({ AT_GLOBEX: one }));
        world.rest().await.unwrap();
        assert_eq!(counts(&world), [3, 2, 3], "{live}: one is paired, and the other has its counterpart");
        assert_eq!(field(&world, "globex", &unclear, "summary"), "One, edited");
        assert_eq!(world.issues("globex", "Two").len(), 1);
        assert_eq!(world.problems().await, Vec::<String>::new());
        for (jira, other) in [("globex", "initech"), ("initech", "globex")] {
            let shown = format!("{:?}", world.jira(jira).issues());
            assert!(!shown.contains(&format!("canary-{other}")), "{shown}");
        }
    }
}

/// Newcomers that are out of scope stay ones until the index surely knows them: as many as are looked at in one go would end all pairing.
#[tokio::test(start_paused = true)]
async fn newcomers_that_are_out_of_scope_starve_nobody() {
    let by = format!("field = {{ acme = \"{AT_ACME}\", globex = \"{AT_GLOBEX}\" }}");
    let config = format!("{}\n[sync.support.pairing]\nby = [{{ {by} }}]\n", quiet(&two()));
    let mut world = World::without_daemon(&config.replace("settle = \"60s\"", "settle = \"1h\""));
    world.surroundings.portion = 3;
    world.start().await;
    world.rest().await.unwrap();
    let carry = |summary: &str| json!({ "summary": summary, "labels": ["carry"] });
    for number in 0..8 {
        create(&world, "globex", json!({ "summary": format!("Outside {number}") }));
    }
    let mut pairs = Vec::new();
    for number in 0..5 {
        let home = create(&world, "acme", carry(&format!("Home {number}")));
        let mut there = carry(&format!("There {number}"));
        there[AT_GLOBEX] = json!(home);
        pairs.push((home, create(&world, "globex", there)));
        create(&world, "acme", carry(&format!("Alone at home {number}")));
        create(&world, "globex", carry(&format!("Alone there {number}")));
    }
    // One that may be in scope by a slower index, and that names one of home's.
    let named = create(&world, "acme", carry("Named from outside"));
    create(&world, "globex", json!({ "summary": "Outside, naming", AT_GLOBEX: named }));
    for _ in 0..20 {
        world.interval().await;
        // Somebody is always at work there.
        create(&world, "globex", json!({ "summary": "Outside, and new" }));
    }
    for (home, there) in &pairs {
        assert_eq!(field(&world, "globex", there, "summary"), field(&world, "acme", home, "summary"));
    }
    assert_eq!(world.issues("globex", "Alone at home").len(), 5);
    assert_eq!(world.issues("acme", "Alone there").len(), 5);
    assert_eq!(world.issues("globex", "Named from outside").len(), 0, "it may have its counterpart already");
    assert_eq!(world.issues("acme", "Outside").len(), 0);
    world.pass(3_600).await;
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Named from outside").len(), 1, "it has none, as is known by now");
}
