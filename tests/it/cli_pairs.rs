//! Lists of pairs, and what `plan` says of pairs, typed as an operator types them. Must never leave a daemon behind.

use serde_json::json;

use super::cli_world::{Place, World};

fn both(world: &World, count: usize) {
    for number in 1..=count {
        let home = json!({ "summary": format!("Home {number}"), "priority": { "name": "Highest" } });
        world.acme.person("jane").unwrap().create("SUP", "Bug", home).unwrap();
        let there = json!({ "summary": format!("There {number}"), "priority": { "name": "P1" } });
        world.globex.person("jdoe").unwrap().create("ENG", "Defect", there).unwrap();
    }
}

fn list(place: &Place, name: &str, text: &str) -> String {
    std::fs::write(place.file(name), text).unwrap();
    place.file(name).display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_taken_in_and_given_out() {
    let world = World::new().await;
    let place = world.place();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    both(&world, 3);
    let text = "\u{feff}Local key;Remote key;Since\r\nSUP-1;ENG-2;2020\r\nSUP-2;ENG-1;2020\r\nSUP-3;ENG-77;2021\r\nSUP-9;;\r\n";
    let file = list(&place, "list.csv", text);
    let rows = [
        "row 2: paired: SUP-1 (acme), ENG-2 (globex)",
        "row 4: not paired: there is no ENG-77 on `globex`",
        "row 5: not paired: there is only one key in it",
    ];
    let dry = place.run(&["pairs", "import", "support", &file]).await.expect(1, &rows);
    dry.expect(1, &["2 rows would be paired, 0 paired already, 2 not", "nothing was done"]);
    let import = ["pairs", "import", "support", &file, "--yes"];
    place.run(&import).await.expect(1, &rows).expect(1, &["2 rows paired, 0 paired already, 2 not"]);
    let again = place.run(&["pairs", "import", "support", &file, "--yes", "--json"]).await.expect(1, &[]).json();
    assert_eq!((&again["paired"], &again["unchanged"], &again["refused"]), (&json!(0), &json!(2), &json!(2)));
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!((world.acme.issues().len(), world.globex.issues().len()), (4, 4), "one each for those that are alone");
    assert_eq!(world.globex.issue("ENG-2").unwrap().fields["summary"], "Home 1");
    // What is given out is taken in again, and changes nothing.
    let out =
        place.run(&["pairs", "export", "support"]).await.expect(0, &["acme,globex", "SUP-1,ENG-2", "SUP-2,ENG-1"]);
    let json = place.run(&["pairs", "export", "support", "--format", "json"]).await.expect(0, &[]);
    for (name, text) in [("out.csv", &out.stdout), ("out.json", &json.stdout)] {
        let file = list(&place, name, text);
        let said = ["0 rows paired, 4 paired already, 0 not"];
        place.run(&["pairs", "import", "support", &file, "--yes"]).await.expect(0, &said);
    }
    place.run(&["pairs", "export", "elsewhere"]).await.expect(1, &["there is no sync `elsewhere`"]);
    place.run(&["pairs", "import", "support", "/nowhere.csv"]).await.expect(1, &["could not read the list"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_what_is_paired_and_what_may_be_one() {
    let world = World::new().await;
    both(&world, 1);
    for (jira, who, project, kind, priority) in
        [(&world.acme, "jane", "SUP", "Bug", "Highest"), (&world.globex, "jdoe", "ENG", "Defect", "P1")]
    {
        let fields = json!({ "summary": "Printer", "priority": { "name": priority } });
        jira.person(who).unwrap().create(project, kind, fields).unwrap();
    }
    let jane = world.acme.person("jane").unwrap();
    // What both sides hold already is matched, and not created.
    jane.comment("SUP-1", "Said on both sides").unwrap();
    world.globex.person("jdoe").unwrap().comment("ENG-1", "Said on both sides").unwrap();
    jane.link_to("SUP-1", &format!("{}/browse/ENG-1", world.globex.base_url())).unwrap();
    jane.create(
        "SUP",
        "Bug",
        json!({ "summary": "Unclear", "priority": { "name": "Highest" }, "customfield_10050": "ENG-9" }),
    )
    .unwrap();
    let pairing =
        "[sync.support.pairing]\nby = [\"remote-link\", { field = { acme = \"Customer\" } }]\n\n[sync.support.map]";
    let place = world.place_with("[sync.support.map]", pairing);
    place.run(&["check"]).await.expect(0, &[]);
    let said = [
        "= sync support: SUP-1 (acme), ENG-1 (globex) name each other and are paired",
        "? SUP-3 is not carried, and nothing is created for it: it names ENG-9",
        "may be one, by summary and type: `jirasyncd pair support acme:SUP-2 globex:ENG-2`",
        "1 pair made, 2 issues created, 1 issue not clear, 0 comments to create, 1 matched",
    ];
    place.run(&["plan"]).await.expect(1, &said);
    let plan = place.run(&["plan", "--json"]).await.expect(1, &[]).json();
    assert_eq!(plan["pairs"], json!([{ "sync": "support", "issues": "SUP-1 (acme), ENG-1 (globex)" }]));
    assert_eq!(plan["proposals"], json!(["jirasyncd pair support acme:SUP-2 globex:ENG-2"]));
    assert_eq!(
        (&plan["totals"]["pairs"], &plan["totals"]["creates"], &plan["totals"]["unclear"]),
        (&json!(1), &json!(2), &json!(1))
    );
    let wrong = pairing.replace("Customer", "Custommer");
    let wrong = world.place_with("[sync.support.map]", &wrong);
    wrong.run(&["check"]).await.expect(2, &["sync.support.pairing.by, side `acme`", "did you mean `Customer`?"]);
}
