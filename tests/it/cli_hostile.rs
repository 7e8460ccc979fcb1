//! What people and Jiras say that is meant for a terminal or a browser: it is told, and does nothing there. Must never print it as it came.

use std::sync::Arc;

use jirasyncd::clock::{Clock as _, SeededEntropy, SystemClock};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::store::{Dependencies, Spawn, SqliteStore};
use serde_json::json;

use super::cli_world::World;

/// Clears the screen, goes back in the line, ends it, turns the text round, and begins a script.
const HOSTILE: &str = "Fri\u{1b}[2J\rdays\r\nnext\u{202e}line\u{7}<script>alert(1)</script>";

fn is_harmless(said: &str) -> bool {
    let acts = |sign: char| (sign.is_control() && sign != '\n') || ('\u{202a}'..='\u{202e}').contains(&sign);
    !said.contains(acts) && !said.contains("days\nnext")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_jira_and_people_say_does_nothing_to_a_terminal() {
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nattachments = { largest = 0.00001 }");
    let jane = world.acme.person("jane").unwrap();
    let summary = format!("Item {}", HOSTILE.replace(['\r', '\n'], " "));
    let fields = json!({ "summary": summary, "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    // No upload takes control characters in a name.
    let name = "plan \u{202e}<script>alert(1)gnp.png".to_owned();
    jane.attach(&key, &name, b"more than ten bytes").unwrap();
    place.run(&["run", "--once"]).await.expect(1, &["1 problem"]);
    // What a Jira answers is kept as it was said.
    let clock = SystemClock::new();
    let now = clock.now();
    let sides = ["acme", "globex"].map(|name| (("support".into(), name.into()), name.into()));
    let (clock, entropy) = (Arc::new(clock), Arc::new(SeededEntropy::new(7)));
    let dependencies = Dependencies { clock, entropy, instances: sides.into_iter().collect(), spawn: Spawn::Inline };
    let store = SqliteStore::open(&place.file("state.db"), dependencies).unwrap();
    let what = format!("setting due-date failed: status 400: Not on {HOSTILE}");
    let remedy = "mend what Jira names".to_owned();
    let problem = Problem { side: "globex".into(), field: None, what, remedy, operation: None };
    store.set_problems("SUP-9", &[problem], now).await.unwrap();
    drop(store);
    for (words, exit) in [
        (vec!["problems"], 1),
        (vec!["problems", "--json"], 1),
        (vec!["problems", "show", &key], 1),
        (vec!["status"], 1),
        (vec!["status", "--json"], 1),
        (vec!["explain", &key], 0),
        (vec!["explain", &key, "--json"], 0),
        (vec!["plan", "--item", &key], 1),
        (vec!["audit", "--side", "globex", "--since", "1h", "--csv"], 0),
    ] {
        let said = place.run(&words).await.expect(exit, &[]);
        assert!(is_harmless(&said.stdout) && is_harmless(&said.stderr), "{words:?}: {said:?}");
    }
    place.run(&["problems"]).await.expect(1, &["Fri", "days", "alert(1)", "`plan "]);
}
