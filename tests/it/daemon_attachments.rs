//! Files of issues: once each, whole, to those who may have them. Must never take the daemon's word for what stands in a Jira.

use std::time::Duration;

use jirasyncd::simulator::{AttachmentView, Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_support::{ACME, THREE, World, calls, two, two_clouds};
use super::daemon_text::{nodes, paragraph, text, wiki};

/// With what the sync's table begins with, so that the key stands in it.
fn with(config: &str, how: &str) -> String {
    config.replacen("home = \"acme\"", &format!("home = \"acme\"\n{how}"), 1)
}

/// A Jira, and who works there.
type At = (&'static str, &'static str);

/// Sides with an item, the first of which is where files are attached.
async fn pairs() -> Vec<(World, At, At)> {
    pairs_with("attachments = \"both\"").await
}

/// The same with what the configuration says of files.
async fn pairs_with(how: &str) -> Vec<(World, At, At)> {
    let mut all = Vec::new();
    for (config, from, to) in [
        (two(), ("acme", "jane"), ("globex", "jdoe")),
        (two(), ("globex", "jdoe"), ("acme", "jane")),
        (two_clouds(), ("acme", "omar"), ("initech", "petra")),
    ] {
        let world = World::new(&with(&config, how), |_| {}).await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        all.push((world, from, to));
    }
    all
}

fn files(world: &World, jira: &str) -> Vec<AttachmentView> {
    world.issue(jira, "Item").attachments
}

fn shown(world: &World, jira: &str) -> Vec<(String, Vec<u8>)> {
    let mut shown: Vec<_> = files(world, jira).into_iter().map(|file| (file.name, file.content.to_vec())).collect();
    // What is tried again may come after what was attached later.
    shown.sort();
    shown
}

#[tokio::test(start_paused = true)]
async fn a_file_is_copied_once_and_goes_with_its_original() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
        let first = person.attach(&key, "plan.png", &bytes).unwrap();
        person.attach(&key, "plan.png", b"another of that name").unwrap();
        person.attach(&key, "empty.txt", b"").unwrap();
        person.attach(&key, "Übersicht \u{1F4CB}.pdf", b"\r\n--x--\r\n").unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, to.0), shown(&world, from.0), "{from:?} to {to:?}");
        assert!(files(&world, to.0).iter().all(|file| file.author != files(&world, from.0)[0].author));
        // Nothing of it comes back, and nothing is sent again.
        world.jira(from.0).reset_calls();
        world.jira(to.0).reset_calls();
        world.intervals(10).await;
        for jira in [from.0, to.0] {
            assert_eq!(calls(world.jira(jira)).get("addAttachment"), None, "{jira}");
            assert_eq!(calls(world.jira(jira)).get("getAttachmentContent"), None, "{jira}");
        }
        person.detach(&first).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, to.0), shown(&world, from.0), "the copy goes with the original");
        assert_eq!(files(&world, to.0).len(), 3);
        // A copy that somebody took away is not made again, and the original stays.
        let copy = files(&world, to.0)[0].id.to_string();
        world.jira(to.0).set_permission(
            world.issue(to.0, "Item").key.split('-').next().unwrap(),
            "DELETE_ALL_ATTACHMENTS",
            &[Holder::LoggedIn],
        );
        world.person(to.0, to.1).detach(&copy).unwrap();
        world.rest().await.unwrap();
        assert_eq!((files(&world, from.0).len(), files(&world, to.0).len()), (3, 2));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// A proxy that starts says so of everything.
#[tokio::test(start_paused = true)]
async fn a_copy_that_is_not_found_when_it_is_deleted_is_looked_for_and_deleted() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        let file = world.person(from.0, from.1).attach(&key, "one.png", b"one").unwrap();
        world.rest().await.unwrap();
        world.jira(to.0).add_fault(FaultRule::new("removeAttachment", When::Nth(1), Fault::Status(404)));
        world.person(from.0, from.1).detach(&file).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, to.0), shown(&world, from.0), "{from:?} to {to:?}");
        assert_eq!(calls(world.jira(to.0))["removeAttachment"], 2, "{to:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn row_079_no_fault_makes_a_second_copy_or_loses_one() {
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::StatusAfter(502),
        Fault::Status(503),
        Fault::Truncated,
        Fault::LateWrite(Duration::from_secs(40)),
    ] {
        for (world, from, to) in pairs().await {
            let key = world.issue(from.0, "Item").key;
            world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), fault.clone()));
            world.person(from.0, from.1).attach(&key, "plan.png", b"bytes").unwrap();
            // Of the same name and length, by the sync user's side of things, and another file.
            world.person(from.0, from.1).attach(&key, "plan.png", b"other").unwrap();
            world.intervals(30).await;
            assert_eq!(shown(&world, to.0), shown(&world, from.0), "{fault:?}: {from:?} to {to:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_that_breaks_attaches_nothing_and_is_tried_again() {
    for (operation, from, to) in
        [("getAttachmentContent", ("acme", "jane"), "globex"), ("downloadAttachment", ("globex", "jdoe"), "acme")]
    {
        for fault in [Fault::Truncated, Fault::ResetBefore, Fault::Status(500), Fault::LoginPage, Fault::Anonymous] {
            let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            world.jira(from.0).add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
            let key = world.issue(from.0, "Item").key;
            world.person(from.0, from.1).attach(&key, "plan.png", b"some bytes").unwrap();
            world.intervals(40).await;
            assert_eq!(shown(&world, to), shown(&world, from.0), "{fault:?} at {}", from.0);
        }
    }
}

/// A file that could not be read is told, and no more once it is copied, also where nobody looked at its own issue again.
#[tokio::test(start_paused = true)]
async fn that_a_file_cannot_be_read_is_over_when_it_is_copied() {
    for fault in [Fault::Status(403), Fault::Status(404)] {
        let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jira("acme").add_fault(FaultRule::new("getAttachmentContent", When::Always, fault.clone()));
        world.person("acme", "jane").attach(&key, "plan.png", b"some bytes").unwrap();
        world.intervals(4).await;
        let told = world.problems().await;
        assert!(told.len() == 1 && told[0].contains("cannot be read"), "{fault:?}: {told:?}");
        world.jira("acme").clear_faults();
        let there = world.issue("globex", "Item").key;
        for number in 0..60 {
            world.person("globex", "jdoe").edit(&there, json!({ "environment": format!("{number}") })).unwrap();
            world.intervals(1).await;
            if !shown(&world, "globex").is_empty() {
                break;
            }
        }
        assert_eq!(shown(&world, "globex"), shown(&world, "acme"), "{fault:?}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_018_what_a_jira_does_not_take_is_told_by_name_and_size() {
    let world = World::of(&with(&two(), "attachments = { largest = 0.002 }"), |setups| {
        setups.get_mut("globex").unwrap().quirks.upload_limit = 1_000;
    });
    let mut world = world;
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.person("acme", "jane").attach(&key, "large.bin", &[0; 1_001]).unwrap();
    world.person("acme", "jane").attach(&key, "small.bin", &[0; 1_000]).unwrap();
    world.rest().await.unwrap();
    let globex = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").attach(&globex, "huge.bin", &[0; 900]).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        files(&world, "globex").iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["small.bin", "huge.bin"]
    );
    let problems = world.problems().await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("large.bin") && problems[0].contains("1001") && problems[0].contains("1000"),
        "{problems:?}"
    );
    // Somebody without the right is told once, and the rest goes on.
    world.jira("globex").set_permission("ENG", "CREATE_ATTACHMENTS", &[Holder::User("nobody".into())]);
    world.person("acme", "jane").attach(&key, "late.bin", b"x").unwrap();
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item renamed" })).unwrap();
    world.intervals(3).await;
    assert_eq!(world.field("globex", "Item renamed", "summary"), "Item renamed");
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("permission to create attachments")), "{problems:?}");
}

/// What a side says of the type decides, not the name; and the copy is of that type, too.
#[tokio::test(start_paused = true)]
async fn a_picture_crosses_and_keeps_its_type_where_only_pictures_are_to() {
    for (world, from, to) in pairs_with("attachments = { types = [\"image/*\"] }").await {
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        person.attach_as(&key, "plan.png", "image/png", b"png").unwrap();
        person.attach_as(&key, "plan.pdf", "application/pdf", b"pdf").unwrap();
        person.attach_as(&key, "false.png", "application/pdf", b"pdf, too").unwrap();
        person.attach_as(&key, "photo", "image/jpeg", b"jpeg").unwrap();
        world.rest().await.unwrap();
        let types = |jira: &str| {
            let all = files(&world, jira).into_iter().map(|file| (file.name, file.mime));
            all.collect::<std::collections::BTreeMap<String, String>>()
        };
        let copies = [("photo", "image/jpeg"), ("plan.png", "image/png")];
        let copies = copies.map(|(name, mime)| (name.to_owned(), mime.to_owned()));
        assert_eq!(types(to.0), copies.into(), "{from:?} to {to:?}");
        assert_eq!(types(from.0).len(), 4, "{from:?} to {to:?}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from:?} to {to:?}");
    }
}

/// People of the simulated Jira attach what it knows no type of, unless they say one.
#[tokio::test(start_paused = true)]
async fn only_files_of_the_types_that_are_configured_cross() {
    for (types, copies) in [("[\"image/*\"]", 0), ("[\"image/*\", \"application/octet-*\"]", 1)] {
        let world = World::new(&with(&two(), &format!("attachments = {{ types = {types} }}")), |_| {}).await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.person("acme", "jane").attach(&key, "plan.bin", b"some bytes").unwrap();
        world.rest().await.unwrap();
        assert_eq!(files(&world, "globex").len(), copies, "{types}");
    }
}

#[tokio::test(start_paused = true)]
async fn partners_get_the_files_that_are_named_for_them_and_none_of_one_another() {
    let world = World::new(&with(THREE, "attachments = { names = [\"share-*\"] }"), |_| {}).await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").attach(&key, "share-all.txt", b"all").unwrap();
    world.person("acme", "jane").attach(&key, "own.txt", b"own").unwrap();
    world.person("globex", "jdoe").attach(&world.issue("globex", "Item").key, "share-globex.txt", b"globex").unwrap();
    world.person("initech", "petra").attach(&world.issue("initech", "Item").key, "share-initech.txt", b"i").unwrap();
    world.rest().await.unwrap();
    let names = |jira: &str| {
        let mut names: Vec<String> = files(&world, jira).into_iter().map(|file| file.name).collect();
        names.sort();
        names
    };
    assert_eq!(names("acme"), ["own.txt", "share-all.txt", "share-globex.txt", "share-initech.txt"]);
    assert_eq!(names("globex"), ["share-all.txt", "share-globex.txt"]);
    assert_eq!(names("initech"), ["share-all.txt", "share-initech.txt"]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_text_shows_the_files_of_its_own_issue() {
    let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
    let media = json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
        { "type": "media", "attrs": { "type": "file", "id": "6e7c7f2c-dd7a-499c-bceb-6f32bfbf30b5", "collection": "", "alt": "plan.png" } }] });
    let blocks = [paragraph(&[text("First.")]), media, paragraph(&[text("Last.")])];
    let document = json!({ "type": "doc", "version": 1, "content": blocks });
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "description": document });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    assert!(wiki(&world, "Item").await.contains("[file: plan.png"), "nothing is there to be shown yet");
    world.person("acme", "jane").attach(&key, "plan.png", b"png").unwrap();
    world.rest().await.unwrap();
    // The simulator takes every upload for a file without a type of its own.
    assert_eq!(wiki(&world, "Item").await, "First.\n\n[^plan.png]\n\nLast.");
    assert_eq!(nodes(&world, "acme", "Item").await, blocks, "nothing flows back");

    let globex = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").attach(&globex, "notes.txt", b"notes").unwrap();
    let edited = "First.\n\n[^plan.png]\n\nLast, see [^notes.txt].";
    world.person("globex", "jdoe").edit(&globex, json!({ "description": edited })).unwrap();
    world.rest().await.unwrap();
    let after = nodes(&world, "acme", "Item").await;
    assert_eq!(after[..2], blocks[..2], "the picture stays node for node");
    let copy = files(&world, "acme").into_iter().find(|file| file.name == "notes.txt").unwrap();
    let address = format!("{ACME}/rest/api/3/attachment/content/{}", copy.id);
    let shown = after[2].to_string();
    assert!(shown.contains(&address) && shown.contains("notes.txt") && !shown.contains("[file"), "{shown}");
    assert_eq!(wiki(&world, "Item").await, edited, "byte for byte");
    // An edit on the side that shows a link keeps what the others show.
    let words = shown.replace("Last, see", "At last, see");
    let blocks: Vec<serde_json::Value> =
        [after[0].clone(), after[1].clone(), serde_json::from_str(&words).unwrap()].into();
    let document = json!({ "type": "doc", "version": 1, "content": blocks });
    world.person("acme", "jane").edit(&key, json!({ "description": document })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(wiki(&world, "Item").await, edited.replace("Last, see", "At last, see"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_text_that_names_a_file_is_not_changed_by_the_files_end() {
    let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let globex = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    let file = jdoe.attach(&globex, "notes.txt", b"notes").unwrap();
    jdoe.edit(&globex, json!({ "description": "First.\n\nSee [^notes.txt]." })).unwrap();
    let comment = jdoe.comment(&globex, "As in [^notes.txt].").unwrap();
    world.rest().await.unwrap();
    jdoe.detach(&file).unwrap();
    world.rest().await.unwrap();
    assert_eq!(files(&world, "acme").len(), 0);
    assert_eq!(world.problems().await, Vec::<String>::new(), "the file went");
    let mut nodes = nodes(&world, "acme", "Item").await;
    nodes[0] = paragraph(&[text("First, by home.")]);
    let document = json!({ "type": "doc", "version": 1, "content": nodes });
    world.person("acme", "jane").edit(&key, json!({ "description": document })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(wiki(&world, "Item").await, "First, by home.\n\nSee [^notes.txt].");
    jdoe.edit_comment(&globex, &comment, "As it was in [^notes.txt].").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new(), "the comment was edited");
    let comments = world.issue("acme", "Item").comments;
    assert!(comments[0].body.to_string().contains("As it was in"), "{comments:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_with_quotes_is_known_again() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::ResetAfter));
        world.person(from.0, from.1).attach(&key, "say \"hi\" 100%22.txt", b"bytes").unwrap();
        world.intervals(30).await;
        let names: Vec<_> = files(&world, to.0).into_iter().map(|file| file.name).collect();
        assert_eq!(names.len(), 1, "{from:?} to {to:?}: {names:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_upload_behind_slow_ones_is_not_made_twice() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::Slow(Duration::from_secs(90))));
        world.jira(to.0).add_fault(FaultRule::new(
            "addAttachment",
            When::Nth(2),
            Fault::LateWrite(Duration::from_secs(40)),
        ));
        world.person(from.0, from.1).attach(&key, "one.png", b"one").unwrap();
        world.person(from.0, from.1).attach(&key, "two.png", b"two").unwrap();
        world.intervals(30).await;
        assert_eq!(shown(&world, to.0), shown(&world, from.0), "{from:?} to {to:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_lands_after_all_patience_is_told() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        let late = Fault::LateWrite(Duration::from_secs(400));
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), late));
        world.person(from.0, from.1).attach(&key, "one.png", b"one").unwrap();
        world.intervals(8).await;
        assert_eq!((files(&world, to.0).len(), world.problems().await), (1, Vec::new()), "it was sent again");
        // It lands; the full check looks at what no change brings up.
        world.pass(400).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(files(&world, to.0).len(), 2, "{from:?} to {to:?}");
        let told = world.problems().await;
        assert!(told.len() == 1 && told[0].contains("`one.png`") && told[0].contains("is a duplicate of"), "{told:?}");
        // Until somebody deletes one of them.
        let project = world.issue(to.0, "Item").project;
        world.jira(to.0).set_permission(&project, "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
        let last = files(&world, to.0).pop().unwrap();
        world.person(to.0, to.1).detach(&last.id.to_string()).unwrap();
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!((files(&world, to.0).len(), world.problems().await), (1, Vec::new()));
    }
}

/// The history of the issue tells of a file that came and went before anybody looked.
#[tokio::test(start_paused = true)]
async fn a_copy_that_somebody_deletes_before_it_is_found_is_not_made_again() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::ResetAfter));
        // What it sent cannot be compared with what is there for now.
        for operation in ["getAttachmentContent", "downloadAttachment"] {
            for call in 2..5 {
                world.jira(from.0).add_fault(FaultRule::new(operation, When::Nth(call), Fault::Status(500)));
            }
        }
        world.person(from.0, from.1).attach(&key, "plan.png", b"bytes").unwrap();
        world.interval().await;
        let project = world.issue(to.0, "Item").project;
        world.jira(to.0).set_permission(&project, "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
        let landed = files(&world, to.0).pop().unwrap();
        world.person(to.0, to.1).detach(&landed.id.to_string()).unwrap();
        world.intervals(30).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!((shown(&world, to.0).len(), shown(&world, from.0).len()), (0, 1), "{from:?} to {to:?}");
        let sent = world
            .jira(to.0)
            .calls()
            .iter()
            .filter(|call| call.method == "POST" && call.path.ends_with("/attachments"))
            .count();
        assert_eq!((sent, world.problems().await), (1, Vec::new()), "{from:?} to {to:?}");
        // Another one of that name goes across.
        world.person(from.0, from.1).attach(&key, "plan.png", b"other").unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, to.0).len(), 1, "{from:?} to {to:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_original_that_goes_while_its_copy_is_in_doubt_takes_it_along() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::ResetAfter));
        for operation in ["getAttachmentContent", "downloadAttachment"] {
            for call in 2..5 {
                world.jira(from.0).add_fault(FaultRule::new(operation, When::Nth(call), Fault::Status(500)));
            }
        }
        let file = world.person(from.0, from.1).attach(&key, "plan.png", b"bytes").unwrap();
        world.interval().await;
        assert_eq!(files(&world, to.0).len(), 1);
        world.person(from.0, from.1).detach(&file).unwrap();
        world.intervals(40).await;
        assert_eq!(files(&world, to.0).len(), 0, "{from:?} to {to:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // The item goes on.
        world.person(from.0, from.1).edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.intervals(10).await;
        assert_eq!(world.field(to.0, "Item", "summary"), "Item two");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_met_a_missing_issue_is_tried_again() {
    for (world, from, to) in pairs().await {
        let key = world.issue(from.0, "Item").key;
        world.jira(to.0).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::Status(404)));
        world.person(from.0, from.1).attach(&key, "plan.png", b"bytes").unwrap();
        world.intervals(60).await;
        assert_eq!(shown(&world, to.0), shown(&world, from.0), "{from:?} to {to:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_is_told_and_holds_up_nothing_else() {
    for (operation, from, to) in
        [("getAttachmentContent", ("acme", "jane"), "globex"), ("downloadAttachment", ("globex", "jdoe"), "acme")]
    {
        for status in [404, 500] {
            let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            world.jira(from.0).add_fault(FaultRule::new(operation, When::Always, Fault::Status(status)));
            let key = world.issue(from.0, "Item").key;
            let person = world.person(from.0, from.1);
            person.attach(&key, "plan.png", b"some bytes").unwrap();
            world.intervals(6).await;
            let problems = world.problems().await;
            assert!(
                problems.iter().any(|problem| problem.contains("plan.png") || problem.contains("a file cannot")),
                "{status} at {}: {problems:?}",
                from.0
            );
            person.edit(&key, json!({ "summary": "Item two" })).unwrap();
            world.intervals(2).await;
            assert_eq!(world.field(to, "Item", "summary"), "Item two", "{status} at {}", from.0);
            world.jira(from.0).clear_faults();
            world.intervals(120).await;
            assert_eq!(shown(&world, to), shown(&world, from.0), "{status} at {}", from.0);
            assert_eq!(world.problems().await, Vec::<String>::new(), "{status} at {}", from.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_078_a_file_that_never_comes_whole_is_told_and_seldom_asked_for() {
    let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.jira("acme").add_fault(FaultRule::new("getAttachmentContent", When::Always, Fault::Truncated));
    world.person("acme", "jane").attach(&key, "plan.png", b"some bytes").unwrap();
    world.jira("acme").reset_calls();
    world.intervals(60).await;
    assert!(world.issue("globex", "Item").attachments.is_empty());
    let problems = world.problems().await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("a file cannot be read"), "{problems:?}");
    let asked = calls(world.jira("acme"))["getAttachmentContent"];
    assert!(asked < 15, "{asked} times in half an hour");
    world.jira("acme").clear_faults();
    world.intervals(40).await;
    assert_eq!(shown(&world, "globex"), shown(&world, "acme"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_075_another_file_of_that_name_and_size_is_not_taken_for_the_copy() {
    let world = World::new(&with(&two(), "attachments = \"both\""), |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.jira("globex").add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::ResetBefore));
    world.person("acme", "jane").attach(&key, "plan.png", b"bytes").unwrap();
    world.intervals(1).await;
    assert_eq!(calls(world.jira("globex"))["addAttachment"], 1, "sent, and nobody knows what became of it");
    // By the sync user's own hand, while it is looked for.
    world.person("globex", "sync").attach(&world.issue("globex", "Item").key, "plan.png", b"other").unwrap();
    world.intervals(30).await;
    let mut there: Vec<Vec<u8>> = files(&world, "globex").into_iter().map(|file| file.content.to_vec()).collect();
    there.sort();
    assert_eq!(there, [b"bytes".to_vec(), b"other".to_vec()]);
}
