//! `jirasyncd check` about screens: a field that no edit screen shows is named before the first write fails for it. Must never reach past
//! the binary, but to simulated Jiras.

use serde_json::json;

use super::cli_world::World;

/// A world whose one project shows on its screens what is named, and has an issue.
async fn shown_there(fields: &[&str]) -> World {
    let screen = fields.iter().map(|field| (*field).to_owned()).collect();
    let world = World::with(move |_, globex| globex.projects[0].screen = screen).await;
    let jdoe = world.globex.person("jdoe").unwrap();
    jdoe.create("ENG", "Defect", json!({ "summary": "An issue whose screen is seen" })).unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_no_edit_screen_shows_is_named() {
    let world = shown_there(&["description"]).await;
    let rows = "summary = \"both\"\npriority = \"both\"\nlabels = { from = [\"globex\"] }";
    let place = world.place_with("summary = \"both\"", rows);
    let said = place.run(&["check"]).await;
    let line = "`priority` is not on the edit screen of `Defect` in project `ENG`: it is given no value there";
    assert!(said.all().contains(line), "{said:?}");
    assert!(said.all().contains("fields.priority, side `globex`"), "{said:?}");
    // What is on it, and what is only carried away from there, is no matter.
    assert_eq!(said.all().matches("is not on the edit screen").count(), 1, "{said:?}");
    let whole = shown_there(&["description", "priority", "labels"]).await;
    let said = whole.place_with("summary = \"both\"", rows).run(&["check"]).await;
    assert!(!said.all().contains("edit screen"), "{said:?}");
}

/// Only an administrator can put a field on a screen: the letter of that Jira asks for it, and that of no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_off_the_screen_stands_in_the_letter_of_that_jira() {
    let world = World::with(|acme, globex| {
        for setup in [acme, globex] {
            setup.projects[0].screen = ["description".to_owned()].into();
        }
    })
    .await;
    for (jira, who, project, issue_type) in
        [(&world.acme, "jane", "SUP", "Bug"), (&world.globex, "jdoe", "ENG", "Defect")]
    {
        let fields = json!({ "summary": "An issue whose screen is seen" });
        jira.person(who).unwrap().create(project, issue_type, fields).unwrap();
    }
    let place = world.place_with("summary = \"both\"", "summary = \"both\"\npriority = \"both\"");
    let json = place.run(&["check", "--fix-list", "--json"]).await.json();
    let letters = json["fix_list"].as_array().unwrap();
    assert_eq!(letters.len(), 2, "{json}");
    for (letter, (own, other)) in
        letters.iter().zip([("`Bug` in project SUP", "ENG"), ("`Defect` in project ENG", "SUP")])
    {
        let text = letter["text"].as_str().unwrap();
        let (_, asked) = text.split_once("Please change in this Jira, or say that it is to stay as it is:\n").unwrap();
        assert_eq!(asked, format!("- put `Priority` (priority) on the edit screen of {own}\n"), "{text}");
        assert!(!text.contains(other), "{text}");
    }
    let mut menders =
        json["findings"].as_array().unwrap().iter().filter(|finding| finding["mender"]["who"] == "administrator");
    assert_eq!(menders.next().unwrap()["mender"]["instance"], "acme", "{json}");
    assert_eq!(menders.next().unwrap()["mender"]["instance"], "globex", "{json}");
}
