//! A first run by portions, and the full check by its schedule, typed as an operator types them. Must never reach past the binary, but to
//! simulated Jiras.

use serde_json::json;

use super::cli_operate::until;
use super::cli_world::{Place, World};
use super::process_support::Running;

fn create(world: &World, numbers: std::ops::Range<usize>) {
    let jane = world.acme.person("jane").unwrap();
    for number in numbers {
        let fields = json!({ "summary": format!("Number {number}"), "priority": { "name": "Highest" } });
        jane.create("SUP", "Bug", fields).unwrap();
    }
}

/// Runs once with these words more, and says how many copies there are then.
async fn copies_after(world: &World, place: &Place, words: &[&str]) -> usize {
    let said = place.run(&[&["run", "--once"], words].concat()).await;
    assert!(said.code < 2, "{said:?}");
    world.globex.issues().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_goes_by_portions_and_waits_for_a_word() {
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nmost-creations = 5");
    create(&world, 0..12);
    assert_eq!(copies_after(&world, &place, &["--limit", "1"]).await, 1);
    assert_eq!(copies_after(&world, &place, &["--limit", "3"]).await, 3);
    assert_eq!(copies_after(&world, &place, &["--limit", "3"]).await, 3);
    // Nine wait, and five may be made without a word.
    let held = "9 issues would be created at once in sync `support`, more than 5";
    place.run(&["run", "--once"]).await.expect(1, &[held]);
    place.run(&["problems"]).await.expect(1, &[held, "jirasyncd confirm support 9"]);
    assert_eq!(world.globex.issues().len(), 3);
    assert_eq!(copies_after(&world, &place, &["--confirm", "8"]).await, 3, "fewer than wait");
    assert_eq!(copies_after(&world, &place, &["--confirm", "9"]).await, 12);
    create(&world, 12..18);
    assert_eq!(copies_after(&world, &place, &[]).await, 12);
    place.run(&["confirm", "support", "6"]).await.expect(0, &["support"]);
    assert_eq!(copies_after(&world, &place, &[]).await, 18);
    // Whoever asks about an issue hears of the word that let its counterpart be made; others do not.
    place.run(&["explain", "SUP-18"]).await.expect(0, &["\noperators\n", "`confirm support 6` by "]);
    let before = place.run(&["explain", "SUP-1"]).await.expect(0, &[]);
    assert!(!before.stdout.contains("`confirm support"), "{before:?}");
    place.run(&["confirm", "elsewhere", "6"]).await.expect(1, &["there is no sync `elsewhere`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_check_begins_by_its_schedule() {
    let world = World::new().await;
    let daemon = "listen = \"127.0.0.1:0\"";
    // No poll comes by which anything could arrive.
    let place = world.place_with(daemon, &format!("{daemon}\npoll = \"1h\"\nsweep = \"* * * * * *\""));
    create(&world, 0..1);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let running = Running::start(&place, 1);
    running.ready().await;
    until("the first poll is over", || running.log().contains("full check: ")).await;
    world.acme.person("jane").unwrap().edit("SUP-1", json!({ "summary": "Found by the check" })).unwrap();
    until("the check finds it", || world.globex.issues()[0].fields["summary"] == "Found by the check").await;
}
