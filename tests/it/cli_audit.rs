//! `jirasyncd audit`, and what `explain` says of why something was written, typed as an operator types it. Whatever is printed is searched for
//! the values that were written: none may be in it.

use jirasyncd::simulator::{Credential, UserSetup};
use serde_json::{Value, json};

use super::cli_world::{GLOBEX_TOKEN, Place, World};

/// Words that stand in issues alone.
const SECRET: &str = "walnut";

/// An issue that was carried, edited by two people and spoken about, while an operator paused its sync.
async fn lived(world: &World) -> (Place, String) {
    let place = world.place_with("summary = \"both\"", "summary = \"both\"\npriority = \"both\"");
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": format!("={SECRET}"), "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["pause", "support"]).await.expect(0, &[]);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    jane.edit(&key, json!({ "summary": format!("+{SECRET} two") })).unwrap();
    jane.comment(&key, &format!("@{SECRET} said")).unwrap();
    place.run(&["resume", "support"]).await.expect(0, &[]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    (place, key)
}

fn uid() -> u32 {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap())
}

fn of_kind<'j>(json: &'j Value, kind: &str) -> Vec<&'j Value> {
    let entries = json["entries"].as_array().unwrap().iter();
    entries.filter_map(|entry| entry.get("write")).filter(|write| write["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_for_a_side_is_told_with_whose_act_and_rule_it_was() {
    let world = World::new().await;
    let (place, _) = lived(&world).await;
    let account = world.acme.person("jane").unwrap().id().to_owned();
    let (by, given) = (format!("by Jane Roe ({account}) on acme"), format!("uid {}", uid()));
    let parts = [
        "globex ENG-1 create (support: ",
        " because of the first reading of acme: done; operation ",
        "globex ENG-1 edit (support: summary), ",
        &by,
        "a poll of acme",
        ", request ",
        "globex ENG-1 comment-add (support: comments), by ",
        "operator ",
        &given,
        "`pause support`: done",
        "`resume support`: done",
    ];
    let said = place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &[]);
    let missing: Vec<&str> = parts.into_iter().filter(|part| !said.stdout.contains(part)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "{}", said.stdout);
    let line = |part: &str| said.stdout.lines().position(|line| line.contains(part)).unwrap();
    assert!(line("create") < line("pause") && line("pause") < line("resume") && line("resume") < line(" edit "));
    let json = place.run(&["audit", "--side", "globex", "--since", "1h", "--json"]).await.expect(0, &[]);
    let csv = place.run(&["audit", "--side", "globex", "--since", "2020-01-01", "--csv"]).await.expect(0, &[]);
    for said in [&said, &json, &csv] {
        assert!(!said.all().contains(SECRET), "a value was printed: {said:?}");
    }
    let json = json.json();
    let edit = of_kind(&json, "edit")[0];
    assert_eq!((&edit["rules"], &edit["key"], &edit["result"]), (&json!(["summary"]), &json!("ENG-1"), &json!("done")));
    assert_eq!(edit["authors"], json!([{ "side": "acme", "account": account, "name": "Jane Roe" }]));
    assert_eq!(of_kind(&json, "comment-add")[0]["authors"][0]["side"], "acme");
    assert_eq!(csv.stdout.lines().count(), json["entries"].as_array().unwrap().len() + 1, "{csv:?}");
    assert!(
        csv.stdout.starts_with("at,what,sync,side,key,rules,by,because,operation,request,result,settled,command\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_asked_for_is_told() {
    let world = World::new().await;
    let (place, _) = lived(&world).await;
    let entries = async |words: &[&str]| {
        let json = place.run(&[&["audit", "--json"], words].concat()).await.expect(0, &[]).json();
        json["entries"].as_array().unwrap().clone()
    };
    assert_eq!(entries(&["--side", "globex", "--since", "2099-01-01"]).await, Vec::<Value>::new());
    let of_acme = entries(&["--side", "acme", "--since", "1h"]).await;
    assert!(of_acme.iter().filter_map(|entry| entry.get("write")).all(|write| write["side"] == "acme"), "{of_acme:?}");
    let other = place.run(&["audit", "--json", "--side", "globex", "--since", "1h", "--sync", "other"]).await;
    let other = other.expect(1, &["nothing left under a sync `other`, and the configuration has none of that name"]);
    assert_eq!(other.json()["entries"], json!([]));
    let unknown = place.run(&["audit", "--side", "initech", "--since", "1h"]).await.expect(1, &[]);
    assert!(
        unknown.stderr.contains("nothing left for a side `initech`, and the configuration has none"),
        "{unknown:?}"
    );
    place.run(&["audit", "--side", "globex"]).await.expect(2, &["--since"]);
    place.run(&["audit", "--side", "globex", "--since", "soon"]).await.expect(2, &["that is no time", "`7d`"]);
    place.run(&["audit", "--side", "globex", "--since", "1h", "--csv", "--json"]).await.expect(2, &["cannot be used"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_says_why_something_was_written_and_who_did_what() {
    let world = World::new().await;
    let (place, key) = lived(&world).await;
    let account = world.acme.person("jane").unwrap().id().to_owned();
    let (changed, by) = (
        format!(" summary, by Jane Roe ({account}) on acme"),
        format!("    by Jane Roe ({account}) on acme; because of "),
    );
    let parts =
        ["\nchanged by people, as it was taken in\n", &changed, &by, "because of the first reading of acme; request "];
    let said = place.run(&["explain", &key]).await.expect(0, &parts);
    // A pause of the sync names no issue, and was one of this one, too.
    for held in ["\noperators\n", "`pause support` by ", "`resume support` by "] {
        assert!(said.stdout.contains(held), "{held}: {}", said.stdout);
    }
    let nothing = place.run(&["explain", &key, "--since", "2099-01-01", "--json"]).await.expect(0, &[]).json();
    let known = &nothing["items"][0];
    assert_eq!((&known["changes"], &known["writes"]), (&json!([]), &json!([])), "{nothing}");
    let all = place.run(&["explain", &key, "--since", "1h", "--json"]).await.expect(0, &[]).json();
    let writes = all["items"][0]["writes"].as_array().unwrap();
    assert!(writes.len() >= 3, "{all}");
    assert!(writes.iter().all(|write| write["brought"]["by"].is_array() && write["request"].is_string()), "{all}");
    // What operators did with it.
    let jane = world.acme.person("jane").unwrap();
    jane.create("SUP", "Bug", json!({ "summary": "Alone" })).unwrap();
    let there = world.globex.person("jdoe").unwrap();
    there.create("ENG", "Defect", json!({ "summary": "Alone too" })).unwrap();
    place.run(&["pair", "support", "SUP-2", "ENG-2", "--yes"]).await.expect(0, &["paired"]);
    place.run(&["run", "--once"]).await;
    let (given, why) = ("`pair support SUP-2 ENG-2` by ", format!("uid {})", uid()));
    let said = place.run(&["explain", "ENG-2"]).await.expect(0, &["\noperators\n", given]);
    let because = said.stdout.lines().find(|line| line.contains("because of `pair` by ")).map(str::to_owned);
    assert!(because.is_some_and(|line| line.contains(&why)), "{}", said.stdout);
}

/// Whoever asks about a part of the past hears what was in force when that began, too.
#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_a_pause_that_was_said_before_the_time_asked_for() {
    let world = World::new().await;
    let (place, key) = lived(&world).await;
    place.run(&["pause", "--instance", "globex"]).await.expect(0, &[]);
    let commands = async |since: &str| {
        let json = place.run(&["explain", &key, "--json", "--since", since]).await.expect(0, &[]).json();
        json["items"][0]["commands"].as_array().unwrap().clone()
    };
    let told = |commands: &[Value]| -> Vec<(Value, bool)> {
        commands.iter().map(|given| (given["command"].clone(), given["held_before"] == true)).collect()
    };
    let (paused, resumed) = (json!({ "pause": { "sync": "support" } }), json!({ "resume": { "sync": "support" } }));
    let held = json!({ "pause": { "instance": "globex" } });
    let all = commands("1h").await;
    assert_eq!(told(&all), [(paused.clone(), false), (resumed.clone(), false), (held.clone(), false)]);
    // From the moment on at which the first pause ended.
    let from_there = commands(all[1]["at"].as_str().unwrap()).await;
    assert_eq!(told(&from_there), [(paused, true), (resumed, false), (held.clone(), false)]);
    assert_eq!(told(&commands("2099-01-01").await), [(held, true)]);
    let parts = [
        "\noperators\n",
        "`pause --instance globex` by ",
        "; given before the time that was asked for, and in force then\n",
    ];
    let said = place.run(&["explain", &key, "--since", "2099-01-01"]).await.expect(0, &parts);
    assert!(!said.stdout.contains("`pause support`"), "it was over by then: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_tells_that_another_account_took_the_place_of_the_sync_user() {
    let next = UserSetup::new("JIRAUSER10900", "next", "Next", "next@globex.example");
    let world = World::with(|_, globex| globex.users.push(next)).await;
    let place = world.place();
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" } });
    let key = world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    // The same token, and it is another's now.
    world.globex.set_credentials("sync", Vec::new());
    world.globex.set_credentials("next", vec![Credential::Pat(GLOBEX_TOKEN.into())]);
    let parts = ["`next` (Next) is the sync user of `globex` from now on"];
    place.run(&["accept-account", "globex", "--instead-of", "sync"]).await.expect(0, &parts);
    let given = ["\noperators\n", "`accept-account globex --instead-of sync` by ", parts[0]];
    place.run(&["explain", &key]).await.expect(0, &given);
    let known = place.run(&["explain", &key, "--json"]).await.expect(0, &[]).json();
    let command = json!({ "accept-account": { "instance": "globex", "instead_of": "sync" } });
    assert_eq!(known["items"][0]["commands"][0]["command"], command, "{known}");
}
