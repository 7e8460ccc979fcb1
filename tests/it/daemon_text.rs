//! Rich texts between Jiras as people keep them: what nobody edited stays as it was on each side. Must never look at the
//! daemon's state.

use base64::Engine as _;
use bytes::Bytes;
use jirasyncd::simulator::presets;
use serde_json::{Value, json};

use super::daemon_support::{ACME, GLOBEX, INITECH, THREE, World, two, two_clouds};
use super::jira_support::InProcess;
use jirasyncd::jira::Transport as _;
use jirasyncd::text::CUT_NOTICE;

/// Three sides that see each other.
fn open() -> String {
    THREE.replace(", sees = [\"acme\"]", "")
}

pub(crate) fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

pub(crate) fn paragraph(content: &[Value]) -> Value {
    json!({ "type": "paragraph", "content": content })
}

pub(crate) fn rich(first: &str) -> Value {
    let cell = |kind: &str, word: &str| json!({ "type": kind, "attrs": { "background": "#f4f5f7" }, "content": [paragraph(&[text(word)])] });
    let column =
        |word: &str| json!({ "type": "layoutColumn", "attrs": { "width": 50 }, "content": [paragraph(&[text(word)])] });
    json!({ "type": "doc", "version": 1, "content": [
        paragraph(&[text(first)]),
        { "type": "panel", "attrs": { "panelType": "custom", "panelIcon": ":bee:", "panelColor": "#fedec8" },
          "content": [paragraph(&[text("Mind the "), json!({ "type": "text", "text": "gap", "marks": [{ "type": "backgroundColor", "attrs": { "color": "#f8e6a0" } }] })])] },
        { "type": "layoutSection", "content": [column("Left"), column("Right")] },
        { "type": "expand", "attrs": { "title": "Details" }, "content": [paragraph(&[text("Hidden words")])] },
        { "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
            { "type": "media", "attrs": { "type": "file", "id": "6e7c7f2c-dd7a-499c-bceb-6f32bfbf30b5", "collection": "", "alt": "plan.png" } }] },
        { "type": "extension", "attrs": { "extensionType": "com.example.macro", "extensionKey": "chart", "parameters": { "a": 1 } } },
        { "type": "taskList", "attrs": { "localId": "t" }, "content": [
            { "type": "taskItem", "attrs": { "localId": "u", "state": "TODO" }, "content": [text("Buy paper")] }] },
        { "type": "table", "attrs": { "layout": "wide" }, "content": [
            { "type": "tableRow", "content": [cell("tableHeader", "Name"), cell("tableHeader", "Value")] },
            { "type": "tableRow", "content": [cell("tableCell", "x"), cell("tableCell", "1")] }] },
        paragraph(&[text("Ask "), json!({ "type": "mention", "attrs": { "id": "stranger-1", "text": "@Stranger" } }), text(" about "),
            json!({ "type": "status", "attrs": { "text": "DONE", "color": "green", "style": "bold" } }), text(" things.")]),
        paragraph(&[text("Last words.")]),
    ] })
}

async fn raw(world: &World, jira: &str, part: &str) -> Value {
    let key = world.issue(jira, part).key;
    let (base, version) = match jira {
        "acme" => (ACME, 3),
        "initech" => (INITECH, 3),
        _ => (GLOBEX, 2),
    };
    let token = presets::SYNC_TOKEN;
    let auth = if version == 3 {
        let host = base.trim_start_matches("https://");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("sync@{host}:{token}")))
    } else {
        format!("Bearer {token}")
    };
    let uri = format!("{base}/rest/api/{version}/issue/{key}?fields=description");
    let request = http::Request::get(uri).header("authorization", auth).body(Bytes::new()).unwrap();
    let answer = InProcess(world.jira(jira).clone()).send(request).await.unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["fields"]["description"].clone()
}

pub(crate) async fn wiki(world: &World, part: &str) -> String {
    raw(world, "globex", part).await.as_str().unwrap().to_owned()
}

pub(crate) async fn nodes(world: &World, jira: &str, part: &str) -> Vec<Value> {
    raw(world, jira, part).await["content"].as_array().unwrap().clone()
}

pub(crate) async fn shared(first: &str) -> World {
    let world = World::new(&open(), |jiras| {
        let labels = ["share-globex", "share-initech"];
        let fields = json!({ "summary": "Rich", "labels": labels, "description": rich(first) });
        jiras["acme"].person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    })
    .await;
    world.settle().await;
    world
}

#[tokio::test(start_paused = true)]
async fn two_people_edit_different_blocks_of_one_rich_text_at_once() {
    let world = shared("First words.").await;
    let before = rich("First words.")["content"].as_array().unwrap().clone();
    assert_eq!(nodes(&world, "acme", "Rich").await, before, "nothing flows back");
    let (markup, partner) = (wiki(&world, "Rich").await, nodes(&world, "initech", "Rich").await);
    for word in [
        "Mind the gap",
        "Left",
        "Right",
        "▸ Details",
        "[file: plan.png\\]",
        "[extension: chart\\]",
        "☐ Buy paper",
        "@Stranger",
        "⟦DONE⟧",
    ] {
        assert!(markup.contains(word), "{word}: {markup}");
    }
    let theirs = Value::Array(partner.clone()).to_string();
    for foreign in ["stranger-1", "6e7c7f2c", "com.example.macro"] {
        assert!(!theirs.contains(foreign), "{foreign} means nothing at initech: {theirs}");
    }

    let (acme, globex) = (world.issue("acme", "Rich").key, world.issue("globex", "Rich").key);
    world.person("acme", "jane").edit(&acme, json!({ "description": rich("First words, edited.") })).unwrap();
    let edited = markup.replace("Last words.", "Last  *words*, edited  too.");
    world.person("globex", "jdoe").edit(&globex, json!({ "description": edited.clone() })).unwrap();
    world.settle().await;

    let after = nodes(&world, "acme", "Rich").await;
    let mut wanted = rich("First words, edited.")["content"].as_array().unwrap().clone();
    let last = wanted.len() - 1;
    assert_eq!(after[..last], wanted[..last], "node for node");
    assert!(after[last].to_string().contains(", edited  too."), "{}", after[last]);
    assert_eq!(wiki(&world, "Rich").await, edited.replace("First words.", "First words, edited."), "byte for byte");
    wanted = nodes(&world, "initech", "Rich").await;
    assert_eq!(wanted[1..last], partner[1..last], "node for node");
    assert!(
        wanted[0].to_string().contains("First words, edited.") && wanted[last].to_string().contains("edited  too.")
    );
    assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_a_line_keeps_what_that_side_could_not_show() {
    let world = shared("First words.").await;
    let globex = world.issue("globex", "Rich").key;
    let markup = wiki(&world, "Rich").await;
    let edited = markup.replace(" things.", " matters.").replace("Left", "Port").replace("|x|1|", "|x|2|");
    world.person("globex", "jdoe").edit(&globex, json!({ "description": edited.clone() })).unwrap();
    world.settle().await;
    let (before, after) = (rich("First words."), nodes(&world, "acme", "Rich").await);
    let (line, layout, table) = (after[8].to_string(), after[2].to_string(), after[7].to_string());
    assert!(line.contains("stranger-1") && line.contains("\"DONE\"") && line.contains(" matters."), "{line}");
    assert!(layout.contains("layoutSection") && layout.contains("Port") && layout.contains("Right"), "{layout}");
    assert!(table.contains("#f4f5f7") && table.contains("\"2\""), "{table}");
    for same in [0, 1, 3, 4, 5, 6, 9] {
        assert_eq!(after[same], before["content"][same]);
    }
    assert_eq!(wiki(&world, "Rich").await, edited, "nothing flows back");
    assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
}

/// A sign with its accent apart, and a no-break space, are what somebody typed: they cross as they are, and nothing of them comes back.
#[tokio::test(start_paused = true)]
async fn row_082_signs_that_look_the_same_cross_as_they_were_typed() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let world = World::new(&config, |_| {}).await;
        let (apart, composed) = ("Menu of the cafe\u{301}\u{a0}5", "Menu of the caf\u{e9} 5");
        let document = |words: &str| json!({ "type": "doc", "version": 1, "content": [paragraph(&[text(words)])] });
        let fields = json!({ "summary": apart, "priority": { "name": "Low" }, "description": document(apart) });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jiras.values().for_each(jirasyncd::simulator::Jira::reset_calls);
        world.intervals(20).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        for jira in ["acme", other] {
            assert_eq!(world.field(jira, "Menu", "summary"), apart, "{jira}");
            assert!(raw(&world, jira, "Menu").await.to_string().contains(apart), "{jira}");
            assert_eq!(world.jira(jira).count("editIssue"), 0, "{jira}: nothing of it comes back");
        }
        // Who writes it in the other form wrote another text, and that is carried as any other, once.
        let described = if other == "globex" { json!(composed) } else { document(composed) };
        let there = world.issue(other, "Menu").key;
        world.person(other, who).edit(&there, json!({ "summary": composed, "description": described })).unwrap();
        world.rest().await.unwrap();
        world.intervals(20).await;
        assert_eq!(world.field("acme", "Menu", "summary"), composed, "{other}");
        assert!(raw(&world, "acme", "Menu").await.to_string().contains(composed), "{other}");
        let written = ["acme", other].map(|jira| world.jira(jira).count("editIssue"));
        assert_eq!(written, [1, 0], "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn row_085_what_is_too_long_for_a_side_is_cut_there_and_nowhere_else() {
    // Every bracket takes a backslash in markup.
    let long = "[a] ".repeat(500);
    let blocks: Vec<Value> = (0..14).map(|index| paragraph(&[text(&format!("{index} {}", long.trim_end()))])).collect();
    let document = json!({ "type": "doc", "version": 1, "content": blocks });
    let world = World::new(&open(), |jiras| {
        let fields = json!({ "summary": "Long", "labels": ["share-globex"], "description": document });
        jiras["acme"].person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    })
    .await;
    world.settle().await;
    let markup = wiki(&world, "Long").await;
    assert!(markup.encode_utf16().count() <= 32_767);
    // The last line says that there is more, and leads to it.
    let (key, last) = (world.issue("acme", "Long").key, markup.lines().last().unwrap());
    let way = format!("{CUT_NOTICE} [{key}|{ACME}/browse/{key}]");
    assert_eq!(last, way);
    assert!(!nodes(&world, "acme", "Long").await.iter().any(|block| block.to_string().contains(CUT_NOTICE)));
    assert_eq!(nodes(&world, "acme", "Long").await, blocks);
    let globex = world.issue("globex", "Long").key;
    world.person("globex", "jdoe").edit(&globex, json!({ "description": format!("New.\n\n{markup}") })).unwrap();
    world.settle().await;
    let after = nodes(&world, "acme", "Long").await;
    assert_eq!(after.len(), blocks.len() + 1);
    assert_eq!(after[1..], blocks[..]);
    assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
}

#[tokio::test(start_paused = true)]
async fn row_087_a_mention_calls_the_mapped_person_and_nobody_who_may_not_see_the_issue() {
    for may_look in [true, false] {
        let mut world = World::of(&open(), |setups| {
            let globex = setups.get_mut("globex").unwrap();
            let others = globex.users.iter().filter(|user| may_look || user.name != "jdoe");
            let others = others.map(|user| jirasyncd::simulator::Holder::User(user.id.clone())).collect();
            globex.projects[0].permissions.insert("BROWSE_PROJECTS".to_owned(), others);
        });
        world.start().await;
        let jane = world.person("acme", "jane").id().to_owned();
        let mention = json!({ "type": "mention", "attrs": { "id": jane, "text": "@Jane" } });
        let document =
            json!({ "type": "doc", "version": 1, "content": [paragraph(&[text("Ask "), mention, text(".")])] });
        let fields = json!({ "summary": "Called", "labels": ["share-globex"], "description": document });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.settle().await;
        let wanted = if may_look { "Ask [~jdoe]." } else { "Ask @Jane." };
        assert_eq!(wiki(&world, "Called").await, wanted);
        world
            .person("globex", "mlopez")
            .edit(&world.issue("globex", "Called").key, json!({ "summary": "Called up" }))
            .unwrap();
        world.settle().await;
        assert_eq!(nodes(&world, "acme", "Called up").await, document["content"].as_array().unwrap()[..], "{key}");
        assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
    }
}
