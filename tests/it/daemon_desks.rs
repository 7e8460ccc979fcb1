//! Notes that are internal to a service desk and shared by row with a partner who has none: agents and partner talk, and customers hear
//! nothing. Must never take the daemon's word for who may read what: the Jiras tell, and what was sent to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::app::connect;
use jirasyncd::engine::{LastKnown, Severity, survey};
use jirasyncd::jira::Transport;
use jirasyncd::simulator::{CommentView, Holder, Jira};
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_readers::{comments, holding, role, stays_quiet, was_sent, with, world};
use super::daemon_restored::{back_up, put_back};
use super::daemon_support::{THREE, World, two};
use super::daemon_text::{paragraph, text};

/// Acme's desk shares its notes with this partner.
fn row(partner: &str) -> String {
    format!("restricted = [{{ acme = \"internal\", with = \"{partner}\" }}]")
}

/// The partners of both kinds: who works there, and the one who must know nothing of it.
const PARTNERS: [(&str, &str, &str); 2] = [("globex", "jdoe", "initech"), ("initech", "petra", "globex")];

/// An edit that stays out of a copy.
const KEPT_BACK: &str = "what was said since is not written into comment";

/// Three sides that all see each other.
fn seen_by_all() -> String {
    THREE.replace(", sees = [\"acme\"]", "")
}

/// Has a Jira say of its projects what they are.
fn become_a(kind: &str, said: &mut Value) {
    match said {
        Value::Object(map) => {
            if let Some(shown) = map.get_mut("projectTypeKey") {
                *shown = json!(kind);
            }
            map.values_mut().for_each(|value| become_a(kind, value));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| become_a(kind, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// As soon as it is told to, a Jira says that of its projects.
fn turns_into(world: &mut World, jira: &'static str, kind: &'static str) -> Arc<AtomicBool> {
    let turned = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&turned);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains(jira) {
                become_a(kind, said);
            }
        })) as Arc<dyn Transport>
    });
    turned
}

/// Whether anybody who sees the issue reads a text there.
fn is_open(world: &World, jira: &str, part: &str) -> bool {
    holding(world, jira, part).iter().any(|comment| !comment.internal && comment.visibility.is_none())
}

/// Every write of a text to a service desk that made a comment made an internal one, and none changed the property.
fn only_notes(jira: &Jira, part: &str) {
    for call in jira.calls() {
        let body = String::from_utf8_lossy(&call.request_body).into_owned();
        if !body.contains(part) {
            continue;
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let properties = body["properties"].as_array().cloned().unwrap_or_default();
        let is_note = properties.iter().any(|it| it["key"] == "sd.public.comment" && it["value"]["internal"] == true);
        match call.operation {
            "addComment" => assert!(is_note, "{body}"),
            "updateComment" => assert!(body.get("properties").is_none(), "{body}"),
            other => panic!("{other}: {body}"),
        }
    }
}

async fn sweep(world: &World) {
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_desks_notes_reach_their_partner_alone_and_its_answers_no_customer() {
    for (partner, who, other) in PARTNERS {
        let (world, key) = world(&with(THREE, &row(partner)), &["acme"]).await;
        let (jane, theirs) = (world.person("acme", "jane"), world.person(partner, who));
        let there = world.issue(partner, "Item").key;
        let note = jane.internal_comment(&key, "canary-note one").unwrap();
        let among = jane.answer(&key, "among-us answer", &note).unwrap();
        let word = theirs.comment(&there, "canary-word one").unwrap();
        jane.comment(&key, "open words").unwrap();
        world.rest().await.unwrap();
        for part in ["canary-note one", "among-us answer", "open words"] {
            let copies = holding(&world, partner, part);
            assert!(copies.len() == 1 && copies[0].visibility.is_none(), "{partner}, {part}: {copies:?}");
        }
        let copies = holding(&world, "acme", "canary-word one");
        assert!(copies.len() == 1 && copies[0].internal, "{partner}: {copies:?}");
        assert_eq!(holding(&world, other, "open words").len(), 1);
        // Edits keep the readers.
        jane.set_internal(&key, &note, "canary-note two", true).unwrap();
        theirs.edit_comment(&there, &word, "canary-word two").unwrap();
        world.rest().await.unwrap();
        assert_eq!(holding(&world, partner, "canary-note two").len(), 1);
        let copies = holding(&world, "acme", "canary-word two");
        assert!(copies.len() == 1 && copies[0].internal, "{partner}: {copies:?}");
        stays_quiet(&world).await;
        assert!(!is_open(&world, "acme", "canary"), "{:?}", comments(&world, "acme"));
        for part in ["canary", "among-us"] {
            assert!(!was_sent(world.jira(other), part), "{other} knows of neither");
        }
        only_notes(world.jira("acme"), "canary-word");
        jane.delete_comment(&key, &among).unwrap();
        jane.delete_comment(&key, &note).unwrap();
        theirs.delete_comment(&there, &word).unwrap();
        sweep(&world).await;
        for jira in ["acme", "globex", "initech"] {
            let left = comments(&world, jira);
            assert!(left.iter().all(|comment| comment.body.contains("open words")), "{jira}: {left:?}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// The desk is a Data Center's, and the partner keeps its notes to a role.
#[tokio::test(start_paused = true)]
async fn a_row_may_name_whom_a_desks_notes_are_for_on_the_other_side() {
    let rows = r#"restricted = [{ globex = "internal", acme = "role:Globex desk", with = "acme" }]"#;
    let (world, key) = world(&with(THREE, rows), &["globex"]).await;
    let there = world.issue("globex", "Item").key;
    let (omar, jdoe) = (world.person("acme", "omar"), world.person("globex", "jdoe"));
    jdoe.internal_comment(&there, "canary-note").unwrap();
    omar.restricted_comment(&key, "canary-word", "Globex desk").unwrap();
    omar.comment(&key, "open words").unwrap();
    world.rest().await.unwrap();
    let copies = holding(&world, "acme", "canary-note");
    assert!(copies.len() == 1 && role(&copies[0]).as_deref() == Some("role:Globex desk"), "{copies:?}");
    let copies = holding(&world, "globex", "canary-word");
    assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
    assert!(is_open(&world, "globex", "open words"), "what acme says to all is for customers too");
    only_notes(world.jira("globex"), "canary-word");
    assert!(!was_sent(world.jira("initech"), "canary"));
    stays_quiet(&world).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_comment_that_becomes_a_note_stays_with_its_partner_and_leaves_the_others() {
    for line in ["", "\nnarrowed = \"empty\""] {
        let (world, key) = world(&with(THREE, &format!("{}{line}", row("globex"))), &["acme"]).await;
        let jane = world.person("acme", "jane");
        let comment = jane.comment(&key, "canary-all").unwrap();
        world.rest().await.unwrap();
        let first = holding(&world, "globex", "canary")[0].id;
        assert_eq!(holding(&world, "initech", "canary").len(), 1);
        jane.set_internal(&key, &comment, "canary-note", true).unwrap();
        world.rest().await.unwrap();
        let copies = holding(&world, "globex", "canary-note");
        assert!(copies.len() == 1 && copies[0].id == first, "its readers there are the same: {copies:?}");
        assert!(holding(&world, "initech", "canary").is_empty() && !was_sent(world.jira("initech"), "canary-note"));
        assert_eq!(comments(&world, "initech").len(), usize::from(!line.is_empty()), "withdrawn, or emptied");
        jane.set_internal(&key, &comment, "canary-open", false).unwrap();
        world.rest().await.unwrap();
        for jira in ["globex", "initech"] {
            assert_eq!(holding(&world, jira, "canary-open").len(), 1, "{jira}");
        }
        // What the partner keeps to a role later leaves the desk, and is a note again when it is for all.
        let (mlopez, there) = (world.person("globex", "mlopez"), world.issue("globex", "Item").key);
        let word = mlopez.comment(&there, "canary-word").unwrap();
        world.rest().await.unwrap();
        assert!(holding(&world, "acme", "canary-word")[0].internal);
        mlopez.restrict_comment(&there, &word, "canary-few", "Administrators").unwrap();
        world.rest().await.unwrap();
        assert!(holding(&world, "acme", "canary-word").is_empty() && !was_sent(world.jira("acme"), "canary-few"));
        mlopez.open_comment(&there, &word, "canary-word again").unwrap();
        world.rest().await.unwrap();
        let copies = holding(&world, "acme", "canary-word again");
        assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
        stays_quiet(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Neither is anything open that is to be internal, nor is a note open to the customers of another desk.
#[tokio::test(start_paused = true)]
async fn where_the_projects_are_not_as_the_row_says_nothing_crosses_and_that_is_told() {
    let (none, open) = ("which is no service desk", "which is a service desk with customers");
    for (desks, told) in [(vec!["globex"], vec![none]), (vec![], vec![none]), (vec!["acme", "globex"], vec![open])] {
        let (world, key) = world(&with(&two(), &row("globex")), &desks).await;
        let there = world.issue("globex", "Item").key;
        // Where no desk is, nothing is internal: what bears the word is for everybody.
        if desks.contains(&"acme") {
            world.person("acme", "jane").internal_comment(&key, "canary-note").unwrap();
        }
        world.person("globex", "jdoe").comment(&there, "canary-word").unwrap();
        world.person("acme", "jane").comment(&key, "open words").unwrap();
        world.intervals(10).await;
        world.rest().await.unwrap();
        assert!(!was_sent(world.jira("globex"), "canary-note") && !was_sent(world.jira("acme"), "canary-word"));
        assert_eq!(holding(&world, "globex", "open words").len(), 1, "the rest goes on");
        let problems = world.problems().await;
        for part in [none, open] {
            let says = problems.iter().any(|problem| problem.contains(part));
            assert_eq!(says, told.contains(&part), "{desks:?}: {problems:?}");
        }
        assert!(problems.iter().all(|problem| problem.contains("a comment was not copied")), "{problems:?}");
    }
    // Two desks, each with customers of its own, share what is internal on both.
    let rows = r#"restricted = [{ acme = "internal", globex = "internal", with = "globex" }]"#;
    let (world, key) = world(&with(&two(), rows), &["acme", "globex"]).await;
    let there = world.issue("globex", "Item").key;
    world.person("acme", "jane").internal_comment(&key, "canary-note").unwrap();
    world.person("globex", "jdoe").internal_comment(&there, "canary-word").unwrap();
    world.rest().await.unwrap();
    for (jira, part) in [("globex", "canary-note"), ("acme", "canary-word")] {
        assert!(holding(&world, jira, part).len() == 1 && !is_open(&world, jira, part), "{part}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Who is no agent of a desk is a customer there, and a customer's word is for all: it is not written.
#[tokio::test(start_paused = true)]
async fn without_an_agent_nothing_is_written_that_is_to_be_internal() {
    let (mut world, key) = world(&with(&two(), &row("globex")), &["acme"]).await;
    let there = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    world.jira("acme").set_permission("SUP", "SERVICEDESK_AGENT", &[]);
    // It is asked at a start, and again each hour.
    world.start().await;
    jdoe.comment(&there, "canary-word").unwrap();
    world.intervals(10).await;
    world.rest().await.unwrap();
    assert!(!was_sent(world.jira("acme"), "canary-word"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("a comment was not copied")), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("no agent")), "{problems:?}");
    world.jira("acme").set_permission("SUP", "SERVICEDESK_AGENT", &[Holder::LoggedIn]);
    world.pass(3_700).await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, again" })).unwrap();
    sweep(&world).await;
    let copies = holding(&world, "acme", "canary-word");
    assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// What was said behind the customers' backs stays there when the row is gone, and what they could read is taken from them when it comes.
#[tokio::test(start_paused = true)]
async fn a_row_that_comes_or_goes_shows_customers_nothing() {
    let (first, key) = world(THREE, &["acme"]).await;
    let there = first.issue("globex", "Item").key;
    let word = first.person("globex", "jdoe").comment(&there, "canary-word one").unwrap();
    first.rest().await.unwrap();
    assert!(is_open(&first, "acme", "canary-word one"));
    let mut world = first.with_config(&with(THREE, &row("globex")));
    world.start().await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, again" })).unwrap();
    sweep(&world).await;
    let copies = holding(&world, "acme", "canary-word one");
    assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
    let mut world = world.with_config(THREE);
    world.start().await;
    sweep(&world).await;
    world.person("globex", "jdoe").edit_comment(&there, &word, "canary-word two").unwrap();
    sweep(&world).await;
    assert!(!is_open(&world, "acme", "canary"), "{:?}", comments(&world, "acme"));
    assert_eq!(holding(&world, "acme", "canary-word one").len(), 1);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains(KEPT_BACK), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_more_is_written_into_a_copy_that_somebody_laid_open() {
    let (world, key) = world(&with(&two(), &row("globex")), &["acme"]).await;
    let there = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    let word = jdoe.comment(&there, "canary-one").unwrap();
    world.rest().await.unwrap();
    world.jira("acme").set_permission("SUP", "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
    let copy = holding(&world, "acme", "canary-one")[0].id.to_string();
    let jane = world.person("acme", "jane");
    jane.set_internal(&key, &copy, "for customers", false).unwrap();
    world.rest().await.unwrap();
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("was laid open here")), "at once: {problems:?}");
    jdoe.comment(&there, "canary-other").unwrap();
    jdoe.edit_comment(&there, &word, "canary-two").unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    assert!(!was_sent(world.jira("acme"), "canary-two"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("everybody can read it")), "{problems:?}");
    let others = holding(&world, "acme", "canary-other");
    assert!(others.len() == 1 && others[0].internal, "what somebody did is no fault of that Jira: {others:?}");
    jane.set_internal(&key, &copy, "for us", true).unwrap();
    sweep(&world).await;
    let copies = holding(&world, "acme", "canary-two");
    assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
}

/// A file has no readers of its own: what is said internally fetches none, whichever side says it.
#[tokio::test(start_paused = true)]
async fn what_is_internal_on_either_side_fetches_no_file() {
    let files = with(&two(), &row("globex"));
    let files = files.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"with-their-comment\"", 1);
    let (world, key) = world(&files, &["acme"]).await;
    let there = world.issue("globex", "Item").key;
    let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    jane.attach(&key, "ours.bin", b"canary-ours").unwrap();
    let media = json!({ "type": "media", "attrs": { "type": "file", "id": "uuid-of-ours.bin", "collection": "", "alt": "ours.bin" } });
    let media = json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [media] });
    let body = json!({ "type": "doc", "version": 1, "content": [paragraph(&[text("See this.")]), media] });
    let note = json!([{ "key": "sd.public.comment", "value": { "internal": true } }]);
    jane.add_comment(&key, json!({ "body": body, "properties": note })).unwrap();
    jdoe.attach(&there, "theirs.bin", b"canary-theirs").unwrap();
    jdoe.comment(&there, "see [^theirs.bin]").unwrap();
    sweep(&world).await;
    assert_eq!((comments(&world, "acme").len(), comments(&world, "globex").len()), (2, 2), "the words crossed");
    for (jira, part) in [("globex", "canary-ours"), ("acme", "canary-theirs")] {
        assert!(!was_sent(world.jira(jira), part) && world.issue(jira, "Item").attachments.len() == 1, "{jira}");
    }
    let problems = world.problems().await;
    assert!(problems.len() == 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("only internal comments speak of it")), "{problems:?}");
}

/// What is known of the desk is of long ago, and no issue of it is read when something goes there: it is asked again.
#[tokio::test(start_paused = true)]
async fn a_right_that_went_is_noticed_before_a_word_is_sent() {
    let (world, key) = world(&with(&two(), &row("globex")), &["acme"]).await;
    let there = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    let word = jdoe.comment(&there, "canary-one").unwrap();
    world.rest().await.unwrap();
    assert!(holding(&world, "acme", "canary-one")[0].internal);
    world.jira("acme").set_permission("SUP", "SERVICEDESK_AGENT", &[]);
    world.pass(3_700).await;
    jdoe.comment(&there, "canary-two").unwrap();
    world.rest().await.unwrap();
    assert!(!was_sent(world.jira("acme"), "canary-two"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("a comment was not copied")), "{problems:?}");
    jdoe.edit_comment(&there, &word, "canary-one, edited").unwrap();
    world.rest().await.unwrap();
    assert!(!was_sent(world.jira("acme"), "edited"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains(KEPT_BACK)), "{problems:?}");
    world.jira("acme").set_permission("SUP", "SERVICEDESK_AGENT", &[Holder::LoggedIn]);
    world.pass(3_700).await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, again" })).unwrap();
    sweep(&world).await;
    for part in ["canary-one, edited", "canary-two"] {
        let copies = holding(&world, "acme", part);
        assert!(copies.len() == 1 && copies[0].internal, "{part}: {copies:?}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// An hour later nobody knows any more what the project is, and no issue of it is read when a word goes there: the project is asked first.
#[tokio::test(start_paused = true)]
async fn a_project_is_asked_whether_it_is_a_desk_before_a_note_goes_in() {
    for stays in [true, false] {
        let mut world = World::of(&with(&two(), &row("globex")), |setups| {
            setups.get_mut("acme").unwrap().projects[0].service_desk = true;
        });
        let turned = turns_into(&mut world, "acme.example", "software");
        world.jira("acme").record_bodies(true);
        world.start().await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let (jdoe, there) = (world.person("globex", "jdoe"), world.issue("globex", "Item").key);
        jdoe.comment(&there, "canary-one").unwrap();
        world.rest().await.unwrap();
        assert!(holding(&world, "acme", "canary-one")[0].internal);
        turned.store(!stays, Ordering::SeqCst);
        world.pass(3_700).await;
        world.jira("acme").reset_calls();
        jdoe.comment(&there, "canary-two").unwrap();
        world.rest().await.unwrap();
        let asked = world.jira("acme").calls();
        let first = |operation: &str| asked.iter().position(|call| call.operation == operation);
        assert!(first("getProject").is_some(), "nobody asked");
        let problems = world.problems().await;
        if stays {
            assert!(first("getProject") < first("addComment"), "it was asked too late");
            let copies = holding(&world, "acme", "canary-two");
            assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
            assert_eq!(problems, Vec::<String>::new());
        } else {
            assert!(!was_sent(world.jira("acme"), "canary-two"));
            assert!(problems.iter().any(|problem| problem.contains("which is no service desk")), "{problems:?}");
        }
    }
}

/// The partner's project becomes a service desk while the daemon runs, and no issue of it is read before the next note.
#[tokio::test(start_paused = true)]
async fn a_partner_who_gets_customers_gets_no_more_notes() {
    let mut world = World::of(&with(&two(), &row("globex")), |setups| {
        setups.get_mut("acme").unwrap().projects[0].service_desk = true;
    });
    let turned = turns_into(&mut world, "globex", "service_desk");
    world.jira("globex").record_bodies(true);
    world.start().await;
    let jane = world.person("acme", "jane");
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
    world.rest().await.unwrap();
    let note = jane.internal_comment(&key, "canary-one").unwrap();
    world.rest().await.unwrap();
    assert_eq!(holding(&world, "globex", "canary-one").len(), 1);
    turned.store(true, Ordering::SeqCst);
    world.pass(3_700).await;
    jane.internal_comment(&key, "canary-two").unwrap();
    world.rest().await.unwrap();
    assert!(!was_sent(world.jira("globex"), "canary-two"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("a service desk with customers")), "{problems:?}");
    jane.set_internal(&key, &note, "canary-one, edited", true).unwrap();
    world.rest().await.unwrap();
    assert!(!was_sent(world.jira("globex"), "edited"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains(KEPT_BACK)), "{problems:?}");
    // Their issue says itself what it is in: it goes on with the next read of it.
    turned.store(false, Ordering::SeqCst);
    jane.edit(&key, json!({ "summary": "Item, again" })).unwrap();
    sweep(&world).await;
    sweep(&world).await;
    for part in ["canary-one, edited", "canary-two"] {
        assert_eq!(holding(&world, "globex", part).len(), 1, "{part}");
    }
    let problems = world.problems().await;
    assert!(!problems.iter().any(|problem| problem.contains(KEPT_BACK)), "{problems:?}");
}

/// What agents write into an internal copy goes back to whom it is shared with, while it is, and to nobody beside.
#[tokio::test(start_paused = true)]
async fn what_is_written_into_an_internal_copy_flows_back_only_where_it_is_shared() {
    let flow = "copies = \"flow-back\"";
    for (config, flows) in [(THREE.to_owned(), true), (seen_by_all(), false)] {
        let (world, key) = world(&with(&config, &format!("{}\n{flow}", row("globex"))), &["acme"]).await;
        let there = world.issue("globex", "Item").key;
        for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
            world.jira(jira).set_permission(project, "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
        }
        world.person("globex", "jdoe").comment(&there, "their word").unwrap();
        world.rest().await.unwrap();
        assert_eq!(holding(&world, "initech", "their word").len(), usize::from(!flows));
        change(&world, &key, "their word", "canary-one");
        world.rest().await.unwrap();
        sweep(&world).await;
        assert_eq!(was_sent(world.jira("globex"), "canary-one"), flows);
        assert!(!was_sent(world.jira("initech"), "canary"));
        let problems = world.problems().await;
        if !flows {
            assert!(problems.len() == 1 && problems[0].contains("is not for all of them"), "{problems:?}");
            continue;
        }
        assert_eq!(problems, Vec::<String>::new());
        // Without the row the copy stays inside, and so does what is written into it.
        let mut world = world.with_config(&with(&config, flow));
        world.start().await;
        sweep(&world).await;
        change(&world, &key, "canary-one", "canary-two");
        world.rest().await.unwrap();
        sweep(&world).await;
        assert!(!was_sent(world.jira("globex"), "canary-two") && !is_open(&world, "acme", "canary"));
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains("is not for all who read the original on `globex`"),
            "{problems:?}"
        );
    }
}

/// Were it said there, it would land as a note: so it is not written into what customers read.
#[tokio::test(start_paused = true)]
async fn what_a_partner_writes_into_the_copy_of_an_open_comment_is_not_shown_to_customers() {
    let config = with(&two(), &format!("{}\ncopies = \"flow-back\"", row("globex")));
    let (world, key) = world(&config, &["acme"]).await;
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
        world.jira(jira).set_permission(project, "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
    }
    world.person("acme", "jane").comment(&key, "for the customer").unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    let copy = holding(&world, "globex", "for the customer").remove(0);
    let words = copy.body.replace("customer", "canary");
    world.person("globex", "jdoe").edit_comment(&there, &copy.id.to_string(), &words).unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    assert!(!was_sent(world.jira("acme"), "canary"));
    let problems = world.problems().await;
    assert!(
        problems.len() == 1 && problems[0].contains("is not for all who read the original on `acme`"),
        "{problems:?}"
    );
}

/// An agent changes words in the copy at acme.
fn change(world: &World, key: &str, from: &str, to: &str) {
    let copy: CommentView = holding(world, "acme", from).remove(0);
    assert!(copy.internal, "{copy:?}");
    world.person("acme", "jane").edit_comment(key, &copy.id.to_string(), &copy.body.replace(from, to)).unwrap();
}

/// Of an answer to what was made and deleted between two reads nobody knows for whom it was: no row gives it to the partner.
#[tokio::test(start_paused = true)]
async fn an_answer_to_what_nobody_met_goes_by_no_row() {
    let (world, key) = world(&with(THREE, &row("globex")), &["acme"]).await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    let note = jane.internal_comment(&key, "canary-note").unwrap();
    let answer = omar.answer(&key, "canary-answer", &note).unwrap();
    omar.answer(&key, "canary-answer to that", &answer).unwrap();
    jane.delete_comment(&key, &note).unwrap();
    jane.comment(&key, "open words").unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    for jira in ["globex", "initech"] {
        assert!(!was_sent(world.jira(jira), "canary"), "{jira}");
        assert_eq!(holding(&world, jira, "open words").len(), 1);
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A Jira that takes the property and does not keep it: what stands open is told as soon as it is read, and nothing follows it.
#[tokio::test(start_paused = true)]
async fn where_a_note_is_not_kept_internal_no_other_follows() {
    let (world, key) = world(&with(&two(), &row("globex")), &["acme"]).await;
    let there = world.issue("globex", "Item").key;
    let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    let acme = world.jira("acme");
    acme.set_quirks(|quirks| quirks.comment_properties_on_create = false);
    acme.set_permission("SUP", "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
    jdoe.comment(&there, "canary-one").unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    let told = |problems: &[String]| problems.iter().any(|problem| problem.contains("was written as an internal one"));
    assert!(told(&world.problems().await), "{:?}", world.problems().await);
    jdoe.comment(&there, "canary-two").unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    assert!(!was_sent(acme, "canary-two"));
    assert_eq!(world.problems().await.len(), 1, "once: {:?}", world.problems().await);
    acme.set_quirks(|quirks| quirks.comment_properties_on_create = true);
    let copy = holding(&world, "acme", "canary-one")[0].id.to_string();
    jane.set_internal(&key, &copy, "for us", true).unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    let copies = holding(&world, "acme", "canary-two");
    assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
    assert!(!told(&world.problems().await), "{:?}", world.problems().await);
}

/// A state from before the comments finds its copies again by their marks, and who may read them with them.
#[tokio::test(start_paused = true)]
async fn a_state_from_a_backup_leaves_the_notes_where_they_are() {
    let desk = row("globex");
    let few = "restricted = [{ acme = \"role:Globex desk\", with = \"globex\" }]";
    for (rows, desks) in [(desk.as_str(), vec!["acme"]), (few, vec![])] {
        let (mut world, key) = world(&with(THREE, rows), &desks).await;
        let kept = back_up(&mut world).await;
        let there = world.issue("globex", "Item").key;
        let (omar, jdoe) = (world.person("acme", "omar"), world.person("globex", "jdoe"));
        if desks.is_empty() {
            omar.restricted_comment(&key, "canary-note", "Globex desk").unwrap();
        } else {
            omar.internal_comment(&key, "canary-note").unwrap();
        }
        jdoe.comment(&there, "canary-word").unwrap();
        world.rest().await.unwrap();
        let stand = |world: &World| {
            let all = |jira: &str| -> Vec<(u64, bool, Option<String>)> {
                let shown = comments(world, jira);
                shown.iter().map(|comment| (comment.id, comment.internal, role(comment))).collect()
            };
            ["acme", "globex", "initech"].map(all)
        };
        let before = stand(&world);
        assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 0], "{before:?}");
        put_back(&mut world, &kept);
        world.start().await;
        world.rest().await.unwrap();
        sweep(&world).await;
        assert_eq!(stand(&world), before, "{rows}");
        jdoe.comment(&there, "canary-more").unwrap();
        sweep(&world).await;
        assert!(!is_open(&world, "acme", "canary-more") && holding(&world, "acme", "canary-more").len() == 1);
    }
}

/// What lands as an internal comment on one side lands open on another, whose customers read it there.
#[tokio::test(start_paused = true)]
async fn a_third_desk_that_gets_a_partners_words_in_the_open_is_told() {
    let also =
        "restricted = [{ acme = \"internal\", with = \"globex\" }, { initech = \"internal\", with = \"globex\" }]";
    let one = row("globex");
    for (config, rows, desks, due) in [
        (seen_by_all(), one.as_str(), vec!["acme", "initech"], true),
        (seen_by_all(), also, vec!["acme", "initech"], false),
        (seen_by_all(), one.as_str(), vec!["acme"], false),
        (THREE.to_owned(), one.as_str(), vec!["acme", "initech"], false),
    ] {
        let (world, _) = world(&with(&config, rows), &desks).await;
        let (connections, _) = connect(&world.config, &world.surroundings()).unwrap();
        let found = survey(&connections, &world.config.syncs, true, &LastKnown::default()).await.findings;
        let what = "lands on side `acme` as an internal comment, and open on side `initech`";
        let told = found.iter().any(|it| it.severity == Severity::Warning && it.what.contains(what));
        assert_eq!(told, due, "{rows}, {desks:?}: {found:?}");
    }
}
