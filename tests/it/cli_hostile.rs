//! What people and Jiras say that is meant for a terminal or a browser: it is told, and does nothing there. Must never print it as it came.

use std::sync::Arc;

use jirasyncd::clock::{Clock as _, SeededEntropy, SystemClock};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::store::{Dependencies, Spawn, SqliteStore};
use serde_json::json;

use super::cli_world::{Place, Said, World};

/// Clears the screen, goes back in the line, ends it, turns the text round, and begins a script.
const HOSTILE: &str = "Fri\u{1b}[2J\rdays\r\nnext\u{202e}line\u{7}<script>alert(1)</script>";

/// What somebody is called, or would like to be: with what markup makes of it in the other Jira, too.
const NAME: &str = "Mal\u{1b}[2Jl\rory\r\nRoe\u{202e}{color:red}[~admin]<script>alert(2)</script>\u{7}\u{2028}h1. x";

/// The same as it stands in a text: in one line, nothing of it acts, and no word is lost.
const IN_A_TEXT: &str = "Mal [2Jl ory Roe {color:red}[~admin]<script>alert(2)</script> h1. x";

fn is_harmless(said: &str) -> bool {
    let acts = |sign: char| (sign.is_control() && sign != '\n') || ('\u{202a}'..='\u{202e}').contains(&sign);
    let breaks = ['\u{2028}', '\u{2029}'];
    !said.contains(acts) && !said.contains(breaks) && !said.contains("days\nnext") && !said.contains("ory\nRoe")
}

#[track_caller]
fn holds_nothing_that_acts(said: &Said, what: &str) {
    assert!(is_harmless(&said.stdout) && is_harmless(&said.stderr), "{what}: {said:?}");
}

/// Runs once with each log that there is: nothing in any of them acts, and what is for programs is one object in each line.
async fn each_log(place: &Place, exit: i32, mut before: impl FnMut(usize)) {
    for (number, form) in ["json", "text"].into_iter().enumerate() {
        before(number);
        let words = ["run", "--once", "--log", "debug", "--log-format", form];
        let said = place.run(&words).await.expect(exit, &[]);
        holds_nothing_that_acts(&said, form);
        assert!(said.stderr.lines().count() > 5, "no log to speak of: {said:?}");
        if form == "json" {
            let entries: Vec<&str> = said.stderr.lines().filter(|line| line.starts_with('{')).collect();
            assert!(entries.len() > 5, "{said:?}");
            for line in entries {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
            }
        }
    }
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
    let said = place.run(&["run", "--once"]).await.expect(1, &["1 problem"]);
    holds_nothing_that_acts(&said, "run --once");
    let (again, first) = (world.acme.person("jane").unwrap(), key.clone());
    each_log(&place, 1, |number| {
        let fields = json!({ "summary": format!("{summary} {number}"), "priority": { "name": "Highest" } });
        let key = again.create("SUP", "Bug", fields).unwrap();
        again.attach(&key, &format!("{number} {name}"), b"more than ten bytes").unwrap();
        again.edit(&first, json!({ "summary": format!("Again {number} {summary}") })).unwrap();
    })
    .await;
    // What a Jira answers is kept as it was said.
    let clock = SystemClock::new();
    let now = clock.now();
    let sides = ["acme", "globex"].map(|name| (("support".into(), name.into()), name.into()));
    let (clock, entropy) = (Arc::new(clock), Arc::new(SeededEntropy::new(7)));
    let dependencies = Dependencies { clock, entropy, instances: sides.into_iter().collect(), spawn: Spawn::Inline };
    let store = SqliteStore::open(&place.file("state.db"), dependencies).unwrap();
    let what = format!("setting due-date failed: status 400: Not on {HOSTILE}");
    let remedy = "mend what Jira names".to_owned();
    let problem = Problem { side: "globex".into(), field: None, what, remedy, operation: None, settles: false };
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
        holds_nothing_that_acts(&said, &words.join(" "));
    }
    place.run(&["problems"]).await.expect(1, &["Fri", "days", "alert(1)", "`plan "]);
}

/// Two Jiras in which people are called so that it acts, and what they did: set, edited, said, and given to somebody who has no counterpart.
async fn called_so() -> (World, Place, String) {
    let world = World::with(|acme, globex| {
        for user in acme.users.iter_mut().chain(&mut globex.users).filter(|user| user.name != "sync") {
            user.display_name = format!("{NAME} {}", user.name);
        }
    })
    .await;
    let text = world.configuration();
    let text = text.replace("summary = \"both\"", "summary = \"both\"\nassignee = \"both\"");
    let place = Place::new(&text);
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": "Printer", "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.edit(&key, json!({ "summary": "Printer burns" })).unwrap();
    jane.comment(&key, "It burns.").unwrap();
    let omar = world.acme.person("omar").unwrap().id().to_owned();
    jane.edit(&key, json!({ "assignee": { "accountId": omar } })).unwrap();
    world.globex.person("jdoe").unwrap().comment("ENG-1", "So it does.").unwrap();
    (world, place, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_are_called_does_nothing_to_a_terminal_nor_to_the_other_jira() {
    let (world, place, key) = called_so().await;
    let jane = world.acme.person("jane").unwrap();
    each_log(&place, 1, |number| jane.edit(&key, json!({ "summary": format!("Printer burns {number}") })).unwrap())
        .await;
    let mut wrong = Vec::new();
    for (words, exit, part) in [
        ("explain KEY", 0, "alert(2)"),
        ("explain KEY --json", 0, "alert(2)"),
        ("audit --side globex --since 1h", 0, "alert(2)"),
        ("audit --side globex --since 1h --json", 0, "alert(2)"),
        ("audit --side globex --since 1h --csv", 0, "alert(2)"),
        ("problems", 1, "assignee"),
        ("problems --json", 1, "assignee"),
        ("problems show KEY", 1, "assignee"),
        ("status", 1, "assignee"),
        ("plan --item KEY", 1, "assignee"),
    ] {
        let typed: Vec<&str> = words.split(' ').map(|word| if word == "KEY" { &*key } else { word }).collect();
        let said = place.run(&typed).await;
        if said.code != exit || !said.all().contains(part) || !is_harmless(&said.stdout) || !is_harmless(&said.stderr) {
            wrong.push(format!("{words}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // In the other Jira the name is words in the first line, and the comment is below it.
    let copied = |jira: &jirasyncd::simulator::Jira| -> Vec<String> {
        let comments = jira.issues().remove(0).comments.into_iter();
        comments.filter(|comment| comment.body.contains("alert(2)")).map(|comment| comment.body).collect()
    };
    let (there, here) = (copied(&world.globex), copied(&world.acme));
    let ([there], [here]) = (&there[..], &here[..]) else { panic!("{there:?} {here:?}") };
    let all = format!("{there:?}\n{here:?}");
    for (body, who, side, text) in [(there, "jane", "acme", "It burns."), (here, "jdoe", "globex", "So it does.")] {
        assert!(is_harmless(body), "{all}");
        let (header, rest) = body.split_once('\n').unwrap();
        assert_eq!(rest.trim(), text, "{all}");
        // What would be markup is written as words: in markup behind backslashes.
        assert_eq!(header.replace('\\', ""), format!("{IN_A_TEXT} {who} ({side}):"), "{all}");
    }
    assert!(there.contains("\\{color:red\\}\\[\\~admin\\]"), "markup that acts: {there:?}");
}
