//! Issues that texts name, by key and by address: each side reads its own. Must never ask the daemon what a Jira shows.

use jirasyncd::text::CUT_NOTICE;
use serde_json::{Value, json};

use super::daemon_support::{ACME, GLOBEX, INITECH, THREE, World};
use super::daemon_text::{nodes, paragraph, text, wiki};

fn linked(words: &str, to: &str) -> Value {
    json!({ "type": "text", "text": words, "marks": [{ "type": "link", "attrs": { "href": to } }] })
}

fn document(blocks: &[Value]) -> Value {
    json!({ "type": "doc", "version": 1, "content": blocks })
}

/// `Ours` on all sides, `Theirs` at acme and globex, `Others` at acme and initech; a text by jane that is told of all of them.
struct Told {
    world: World,
    /// The keys of `Ours`, `Theirs` and `Others` at acme, of `Theirs` at globex, and of `Others` at initech.
    keys: [String; 5],
}

async fn told(write: impl Fn(&[String; 5]) -> Vec<Value>) -> Told {
    let world = World::new(THREE, |_| {}).await;
    let create = |summary: &str, labels: &[&str]| {
        let fields = json!({ "summary": summary, "labels": labels, "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
    };
    let ours = create("Ours", &["share-globex", "share-initech"]);
    let theirs = create("Theirs", &["share-globex"]);
    let others = create("Others", &["share-initech"]);
    world.rest().await.unwrap();
    let (there, other) = (world.issue("globex", "Theirs").key, world.issue("initech", "Others").key);
    let keys = [ours, theirs, others, there, other];
    let blocks = write(&keys);
    world.person("acme", "jane").edit(&keys[0], json!({ "description": document(&blocks) })).unwrap();
    world.rest().await.unwrap();
    Told { world, keys }
}

#[tokio::test(start_paused = true)]
async fn each_side_reads_the_key_and_the_address_of_its_own_issue() {
    let blocks = |keys: &[String; 5]| {
        let at = |key: &str| format!("{ACME}/browse/{key}");
        vec![
            paragraph(&[text(&format!("After {}, before SUP-99x and UTF-8.", keys[1]))]),
            paragraph(&[linked("see there", &at(&keys[1])), text(" or "), linked(&at(&keys[1]), &at(&keys[1]))]),
            paragraph(&[json!({ "type": "inlineCard", "attrs": { "url": at(&keys[1]) } })]),
            json!({ "type": "codeBlock", "content": [text(&format!("git log {}", keys[1]))] }),
            paragraph(&[text("Last.")]),
        ]
    };
    let Told { world, keys } = told(blocks).await;
    let there = &keys[3];
    assert_ne!(there, &keys[1]);
    let markup = wiki(&world, "Ours").await;
    let address = format!("{GLOBEX}/browse/{there}");
    for words in [
        format!("After {there}, before SUP-99x and UTF-8."),
        format!("[see there|{address}] or {address}"),
        format!("[{address}|{address}|smart-link]"),
        format!("git log {}", keys[1]),
    ] {
        assert!(markup.contains(&words), "{words:?} in {markup}");
    }
    // Initech has no counterpart of it: the one at home, which it sees, is named.
    let partner = Value::Array(nodes(&world, "initech", "Ours").await).to_string();
    assert!(partner.contains(&format!("{ACME}/browse/{}", keys[1])), "{partner}");
    assert!(!partner.contains(there.as_str()) && !partner.contains("globex"), "{partner}");

    // Nothing of it flows back, whatever else is edited there.
    let globex = world.issue("globex", "Ours").key;
    let edited = markup.replace("Last.", &format!("Last. As in {there}."));
    world.person("globex", "jdoe").edit(&globex, json!({ "description": edited.clone() })).unwrap();
    world.rest().await.unwrap();
    let mut wanted = blocks(&keys);
    let last = wanted.len() - 1;
    wanted.truncate(last);
    let after = nodes(&world, "acme", "Ours").await;
    assert_eq!(after[..last], wanted[..], "node for node");
    assert!(after[last].to_string().contains(&format!("{ACME}/browse/{}", keys[1])), "{}", after[last]);
    assert_eq!(wiki(&world, "Ours").await, edited, "byte for byte");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_partner_is_told_nothing_of_anothers_issues() {
    let Told { world, keys } = told(|keys| {
        let (others, theirs) = (&keys[4], format!("{INITECH}/browse/{}", keys[4]));
        vec![
            paragraph(&[text(&format!("Paired {others}, private OPS-777."))]),
            paragraph(&[linked("the words", &format!("{INITECH}/browse/OPS-777")), text(" stay")]),
            paragraph(&[json!({ "type": "inlineCard", "attrs": { "url": format!("{INITECH}/browse/OPS-777") } })]),
            json!({ "type": "codeBlock", "content": [text(&format!("curl {theirs} {INITECH}/wiki/x"))] }),
            paragraph(&[linked(&theirs, &theirs)]),
        ]
    })
    .await;
    let markup = wiki(&world, "Ours").await;
    assert!(!markup.contains("OPS-") && !markup.contains("initech"), "{markup}");
    // The counterpart of the paired one that they see is named instead.
    assert!(markup.contains(&format!("Paired [{0}|{ACME}/browse/{0}], private \\[issue\\].", keys[2])), "{markup}");
    assert!(markup.contains("the words stay") && markup.contains("curl [issue] [issue]"), "{markup}");
    let at_initech = Value::Array(nodes(&world, "initech", "Ours").await).to_string();
    assert!(at_initech.contains("OPS-777") && at_initech.contains(&keys[4]), "{at_initech}");
    // What they may not see is no loss to the others when they edit.
    let globex = world.issue("globex", "Ours").key;
    world.person("globex", "jdoe").edit(&globex, json!({ "description": format!("{markup}\n\nMore.") })).unwrap();
    world.rest().await.unwrap();
    let home = Value::Array(nodes(&world, "acme", "Ours").await).to_string();
    assert!(home.contains("OPS-777") && home.contains(&keys[4]) && home.contains("More."), "{home}");
    assert!(!home.contains("[issue]"), "{home}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn comments_name_the_counterparts_too_and_a_later_pairing_is_no_edit() {
    let world = World::new(THREE, |_| {}).await;
    let create = |summary: &str, labels: &[&str]| {
        let fields = json!({ "summary": summary, "labels": labels, "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
    };
    let (first, second) = (create("First", &["share-globex"]), create("Second", &[]));
    let words = format!("like {second}");
    world
        .person("acme", "jane")
        .edit(&first, json!({ "description": document(&[paragraph(&[text(&words)])]) }))
        .unwrap();
    world.person("acme", "jane").comment(&first, &words).unwrap();
    world.rest().await.unwrap();
    let address = format!("[{second}|{ACME}/browse/{second}]");
    assert!(wiki(&world, "First").await.contains(&format!("like {address}")));
    world.person("acme", "jane").edit(&second, json!({ "labels": ["share-globex"] })).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Second").key;
    world.person("acme", "jane").edit(&first, json!({ "summary": "First again" })).unwrap();
    world.person("acme", "jane").comment(&first, &format!("also {second}")).unwrap();
    world.rest().await.unwrap();
    assert_eq!(wiki(&world, "First").await, format!("like {there}"));
    let comments = world.issue("globex", "First").comments;
    assert!(comments[1].body.ends_with(&format!("also {there}")), "{comments:?}");
    assert_eq!(nodes(&world, "acme", "First").await, [paragraph(&[text(&words)])], "nothing flows back");
    world.jira("globex").reset_calls();
    world.intervals(10).await;
    let writes = super::daemon_support::calls(world.jira("globex"));
    assert_eq!(writes.get("editIssue"), None, "{writes:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_cut_leads_to_the_whole_text() {
    // Every bracket takes a backslash in markup.
    let long = "[a] ".repeat(500);
    let blocks: Vec<Value> = (0..14).map(|index| paragraph(&[text(&format!("{index} {}", long.trim_end()))])).collect();
    let Told { world, keys } = told(|_| blocks.clone()).await;
    let markup = wiki(&world, "Ours").await;
    assert!(markup.encode_utf16().count() <= 32_767);
    let link = format!("{CUT_NOTICE} [{0}|{ACME}/browse/{0}]", keys[0]);
    assert!(markup.ends_with(&link), "{}", &markup[markup.len() - 200..]);
    let globex = world.issue("globex", "Ours").key;
    // Somebody takes the link off the notice and writes something new.
    let edited = format!("New.\n\n{}", markup.replace(&link, CUT_NOTICE));
    world.person("globex", "jdoe").edit(&globex, json!({ "description": edited })).unwrap();
    world.rest().await.unwrap();
    let after = nodes(&world, "acme", "Ours").await;
    assert_eq!(after.len(), blocks.len() + 1);
    assert_eq!(after[1..], blocks[..]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_sides_own_words_stay_whoever_else_has_a_project_of_that_name() {
    let Told { world, keys } = told(|_| vec![paragraph(&[text("First.")])]).await;
    let globex = world.issue("globex", "Ours").key;
    let own = format!("Our OPS-777 and {0} are ours.\n\n[words|jirasyncd-issue:initech/{0}]\n\nLast.", keys[4]);
    world.person("globex", "jdoe").edit(&globex, json!({ "description": own.clone() })).unwrap();
    world.rest().await.unwrap();
    let mut at_home = nodes(&world, "acme", "Ours").await;
    let last = at_home.len() - 1;
    at_home[last] = paragraph(&[text("Last, by home.")]);
    world.person("acme", "jane").edit(&keys[0], json!({ "description": document(&at_home) })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(wiki(&world, "Ours").await, own.replace("Last.", "Last, by home."));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn no_way_of_writing_it_lets_a_hidden_issue_through() {
    let link = json!([{ "type": "link", "attrs": { "href": format!("{INITECH}/browse/OPS-777") } }]);
    let pieces = [
        json!({ "type": "bodiedExtension", "attrs": { "extensionType": "com.example", "extensionKey": "box" },
            "content": [paragraph(&[text("literal OPS-777 at https://initech.example/x")])] }),
        paragraph(&[text("branch feature-OPS-777")]),
        paragraph(&[text("branch OPS-777_fix")]),
        paragraph(&[text("branch fix_OPS-777")]),
        paragraph(&[text("without a scheme initech.example/browse/OPS-777")]),
        paragraph(&[text("loud HTTPS://INITECH.EXAMPLE/browse/OPS-777")]),
        json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
            { "type": "media", "attrs": { "type": "external", "url": "https://pictures.example/x.png" }, "marks": link.clone() }] }),
        json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
            { "type": "media", "attrs": { "type": "file", "id": "6e7c7f2c-dd7a-499c-bceb-6f32bfbf30b5", "collection": "", "alt": "OPS-777.png" }, "marks": link }] }),
        paragraph(&[
            json!({ "type": "inlineExtension", "attrs": { "extensionType": "x", "extensionKey": "y", "text": "OPS-777" } }),
        ]),
        json!({ "type": "codeBlock", "attrs": { "language": "OPS-777" }, "content": [text("x")] }),
        paragraph(&[json!({ "type": "emoji", "attrs": { "shortName": ":OPS-777:", "text": ":OPS-777:" } })]),
        paragraph(&[json!({ "type": "placeholder", "attrs": { "text": "OPS-777" } })]),
    ];
    let mut leaks = Vec::new();
    let Told { world, keys } = told(|_| vec![paragraph(&[text("x")])]).await;
    for piece in pieces {
        let blocks = [paragraph(&[text("First.")]), piece.clone()];
        world.person("acme", "jane").edit(&keys[0], json!({ "description": document(&blocks) })).unwrap();
        world.rest().await.unwrap();
        let markup = wiki(&world, "Ours").await;
        let lower = markup.to_lowercase();
        if lower.contains("ops-777") || lower.contains("initech") {
            leaks.push(markup);
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_links_own_words_and_the_comment_that_it_leads_to_stay() {
    let words = "not https://example.com/browse/x but this";
    let blocks = |keys: &[String; 5], end: &str| {
        let comment = format!("{ACME}/browse/{}?focusedCommentId=7", keys[1]);
        vec![paragraph(&[linked(words, &comment), text(&format!(" and {} {end}", keys[1]))])]
    };
    let Told { world, keys } = told(|keys| blocks(keys, "one")).await;
    let markup = wiki(&world, "Ours").await;
    assert!(markup.contains(&format!("[{words}|{GLOBEX}/browse/{}]", keys[3])), "{markup}");
    let globex = world.issue("globex", "Ours").key;
    world.person("globex", "jdoe").edit(&globex, json!({ "description": markup.replace("one", "two") })).unwrap();
    world.rest().await.unwrap();
    let after = nodes(&world, "acme", "Ours").await;
    assert_eq!(after[0]["content"][0], blocks(&keys, "two")[0]["content"][0], "the author's own link");
    assert!(after[0].to_string().contains(" two"), "{after:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}
