//! Notes that are internal to a service desk and shared by row with a partner who has none: agents and partner talk, and customers hear
//! nothing. Must never take the daemon's word for who may read what: the Jiras tell, and what was sent to them.

use jirasyncd::simulator::{Holder, Jira};
use serde_json::{Value, json};

use super::daemon_readers::{comments, holding, role, stays_quiet, was_sent, with, world};
use super::daemon_support::{THREE, World, two};
use super::daemon_text::{paragraph, text};

/// Acme's desk shares its notes with this partner.
fn row(partner: &str) -> String {
    format!("restricted = [{{ acme = \"internal\", with = \"{partner}\" }}]")
}

/// The partners of both kinds: who works there, and the one who must know nothing of it.
const PARTNERS: [(&str, &str, &str); 2] = [("globex", "jdoe", "initech"), ("initech", "petra", "globex")];

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
    for (desks, told) in
        [(vec!["globex"], vec![none, open]), (vec![], vec![none]), (vec!["acme", "globex"], vec![open])]
    {
        let (world, key) = world(&with(&two(), &row("globex")), &desks).await;
        let there = world.issue("globex", "Item").key;
        world.person("acme", "jane").internal_comment(&key, "canary-note").unwrap();
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
    assert_eq!(world.problems().await, Vec::<String>::new());
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
    jdoe.edit_comment(&there, &word, "canary-two").unwrap();
    world.rest().await.unwrap();
    sweep(&world).await;
    assert!(!was_sent(world.jira("acme"), "canary-two"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("everybody can read it")), "{problems:?}");
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
