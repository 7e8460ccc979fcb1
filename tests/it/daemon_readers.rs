//! Comments that not everybody may read: by row between two sides, internal ones of service desks, and those that are for fewer
//! readers later. Must never take the daemon's word for who may read what: the Jiras tell, and what was sent to them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::simulator::{CommentView, Fault, FaultRule, Holder, Jira, Setup, When};
use serde_json::json;

use super::bent::Bent;
use super::daemon_support::{THREE, World, two, two_clouds};

/// What somebody does while an answer is on its way.
type Deed = Arc<Mutex<Option<Box<dyn Fn() + Send>>>>;

const DESK: &str = r#"restricted = [{ acme = "role:Globex desk", with = "globex" }]"#;

pub(super) fn with(config: &str, line: &str) -> String {
    config.replace("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{line}"))
}

/// Users of the sync user and one person per Jira in a group, and every project a service desk if told so.
fn set_up(setups: &mut BTreeMap<&'static str, Setup>, desks: &[&str]) {
    for (name, setup) in setups.iter_mut() {
        let members = setup.users.iter().take(3).map(|user| user.id.clone()).collect();
        setup.group_members.insert("partners".into(), members);
        setup.projects[0].service_desk = desks.contains(name);
    }
}

pub(super) async fn world(config: &str, desks: &[&str]) -> (World, String) {
    let mut world = World::of(config, |setups| set_up(setups, desks));
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    (world, key)
}

pub(super) fn comments(world: &World, jira: &str) -> Vec<CommentView> {
    world.issue(jira, "Item").comments
}

pub(super) fn holding(world: &World, jira: &str, part: &str) -> Vec<CommentView> {
    comments(world, jira).into_iter().filter(|comment| comment.body.contains(part)).collect()
}

pub(super) fn role(comment: &CommentView) -> Option<String> {
    comment.visibility.as_ref().map(|(kind, name)| format!("{kind}:{name}"))
}

/// Whether anything that was sent to a Jira holds a text.
pub(super) fn was_sent(jira: &Jira, part: &str) -> bool {
    let by_us = |exchange: &jirasyncd::simulator::Exchange| {
        String::from_utf8_lossy(&exchange.request_body).contains(part)
            || exchange.query.contains(part)
            || exchange.path.contains(part)
    };
    jira.calls().iter().any(by_us)
}

fn writes(world: &World) -> u64 {
    let operations = ["addComment", "updateComment", "deleteComment", "editIssue"];
    world.jiras.values().flat_map(|jira| operations.map(|operation| jira.count(operation))).sum()
}

/// Nothing more is written once all is said.
pub(super) async fn stays_quiet(world: &World) {
    let before = writes(world);
    world.intervals(20).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(writes(world), before);
}

#[tokio::test(start_paused = true)]
async fn what_a_role_may_read_goes_to_its_partner_alone_and_answers_land_among_it() {
    let (world, key) = world(&with(THREE, DESK), &[]).await;
    let (omar, jdoe) = (world.person("acme", "omar"), world.person("globex", "jdoe"));
    let there = world.issue("globex", "Item").key;
    let said = omar.restricted_comment(&key, "canary-home one", "Globex desk").unwrap();
    world.person("acme", "jane").restricted_comment(&key, "canary-admins", "Administrators").unwrap();
    world.person("acme", "jane").comment(&key, "open to all").unwrap();
    let answer = jdoe.comment(&there, "canary-partner one").unwrap();
    world.rest().await.unwrap();
    let copies = holding(&world, "globex", "canary-home one");
    assert!(copies.len() == 1 && copies[0].visibility.is_none(), "{copies:?}");
    let copies = holding(&world, "acme", "canary-partner one");
    assert!(copies.len() == 1 && role(&copies[0]).as_deref() == Some("role:Globex desk"), "{copies:?}");
    assert!(holding(&world, "globex", "canary-admins").is_empty(), "no row names that role");
    assert_eq!((holding(&world, "globex", "open").len(), holding(&world, "initech", "open").len()), (1, 1));
    // Edits keep the readers.
    omar.edit_comment(&key, &said, "canary-home two").unwrap();
    jdoe.edit_comment(&there, &answer, "canary-partner two").unwrap();
    world.rest().await.unwrap();
    assert_eq!(holding(&world, "globex", "canary-home two").len(), 1);
    let copies = holding(&world, "acme", "canary-partner two");
    assert!(copies.len() == 1 && role(&copies[0]).as_deref() == Some("role:Globex desk"), "{copies:?}");
    stays_quiet(&world).await;
    omar.delete_comment(&key, &said).unwrap();
    jdoe.delete_comment(&there, &answer).unwrap();
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    for jira in ["acme", "globex", "initech"] {
        let left = holding(&world, jira, "canary");
        assert!(left.iter().all(|comment| comment.body == "canary-admins"), "{jira}: {left:?}");
    }
    assert!(!was_sent(world.jira("initech"), "canary"));
    assert!(!was_sent(world.jira("globex"), "canary-admins"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The same from a Data Center's role to home, and as a group on the other side.
#[tokio::test(start_paused = true)]
async fn rows_name_readers_on_both_sides_whichever_kind_restricts() {
    let rows = r#"restricted = [{ globex = "role:Administrators", acme = "group:partners", with = "acme" },
                  { initech = "role:Administrators", with = "acme" }]"#;
    let (world, key) = world(&with(THREE, rows), &[]).await;
    let there = world.issue("globex", "Item").key;
    let far = world.issue("initech", "Item").key;
    world.person("globex", "mlopez").restricted_comment(&there, "canary-dc", "Administrators").unwrap();
    world.person("globex", "jdoe").comment(&there, "open-dc").unwrap();
    world.person("initech", "petra").restricted_comment(&far, "canary-cloud", "Administrators").unwrap();
    world.person("acme", "jane").group_comment(&key, "canary-group", "partners").unwrap();
    world.rest().await.unwrap();
    let of = |jira: &str, part: &str| holding(&world, jira, part).iter().map(role).collect::<Vec<_>>();
    assert_eq!(of("acme", "canary-dc"), [Some("group:partners".into())]);
    assert_eq!(of("acme", "open-dc"), [None]);
    assert_eq!(of("acme", "canary-cloud"), [None]);
    assert_eq!(of("globex", "canary-group"), [Some("role:Administrators".into())]);
    // What home says to all lands where the row says it lands.
    world.person("acme", "jane").comment(&key, "open-home").unwrap();
    world.rest().await.unwrap();
    assert_eq!(of("initech", "open-home"), [Some("role:Administrators".into())]);
    assert_eq!(of("globex", "open-home"), [None]);
    for canary in ["canary-dc", "open-dc", "canary-group"] {
        assert!(!was_sent(world.jira("initech"), canary), "{canary}");
    }
    assert!(!was_sent(world.jira("globex"), "canary-cloud"));
    stays_quiet(&world).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn readers_that_are_not_there_are_a_problem_and_never_everybody() {
    for rows in [
        r#"restricted = [{ acme = "role:Globex desk", globex = "role:Nowhere", with = "globex" }]"#,
        r#"restricted = [{ acme = "role:Globex desk", globex = "group:strangers", with = "globex" }]"#,
    ] {
        let (world, key) = world(&with(&two(), rows), &[]).await;
        let omar = world.person("acme", "omar");
        omar.restricted_comment(&key, "canary-home", "Globex desk").unwrap();
        omar.comment(&key, "open later").unwrap();
        world.intervals(10).await;
        assert!(holding(&world, "globex", "canary").is_empty());
        assert_eq!(holding(&world, "globex", "open later").len(), 1, "one right holds up nothing else");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("not a member of the"), "{problems:?}");
        let unrestricted = world.jira("globex").calls().into_iter().filter(|call| call.operation == "addComment");
        for call in unrestricted {
            let body = String::from_utf8_lossy(&call.request_body).into_owned();
            assert!(!body.contains("canary") || body.contains("visibility"), "{body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_restricted_copy() {
    for fault in
        [Fault::ResetBefore, Fault::ResetAfter, Fault::StatusAfter(502), Fault::LateWrite(Duration::from_secs(20))]
    {
        for (jira, who, there, canary) in
            [("acme", "omar", "globex", "canary-home"), ("globex", "jdoe", "acme", "canary-partner")]
        {
            let (world, _) = world(&with(&two(), DESK), &[]).await;
            let key = world.issue(jira, "Item").key;
            world.jira(there).add_fault(FaultRule::new("addComment", When::Nth(1), fault.clone()));
            let person = world.person(jira, who);
            if jira == "acme" {
                person.restricted_comment(&key, canary, "Globex desk").unwrap();
            } else {
                person.comment(&key, canary).unwrap();
            }
            world.intervals(20).await;
            world.rest().await.unwrap();
            let copies = holding(&world, there, canary);
            let expected = (there == "acme").then(|| "role:Globex desk".to_owned());
            assert!(copies.len() == 1 && role(&copies[0]) == expected, "{fault:?}: {copies:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{fault:?}");
        }
    }
}

/// From acme to each kind, and from a Data Center to acme: a role of the origin that no row names.
fn ways() -> [(String, &'static str, &'static str, &'static str, &'static str); 3] {
    [
        (two(), "acme", "jane", "globex", "Administrators"),
        (two(), "globex", "mlopez", "acme", "Administrators"),
        (two_clouds(), "acme", "jane", "initech", "Administrators"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_comment_for_fewer_readers_is_withdrawn_or_emptied_and_comes_back() {
    for (config, jira, who, there, role) in ways() {
        for line in ["", "deleted = \"keep\"", "narrowed = \"empty\""] {
            let (world, _) = world(&with(&config, line), &[]).await;
            let key = world.issue(jira, "Item").key;
            let person = world.person(jira, who);
            let comment = person.comment(&key, "canary-first").unwrap();
            world.rest().await.unwrap();
            assert_eq!(holding(&world, there, "canary-first").len(), 1);
            person.restrict_comment(&key, &comment, "canary-first", role).unwrap();
            world.rest().await.unwrap();
            let left = comments(&world, there);
            assert!(left.iter().all(|comment| !comment.body.contains("canary")), "{line}: {left:?}");
            assert_eq!(left.len(), usize::from(line.contains("empty")), "{line}: {left:?}");
            if let [notice] = left.as_slice() {
                assert_eq!(notice.body, "This comment is not shared here any more.");
            }
            person.edit_comment(&key, &comment, "canary-secret").unwrap();
            world.rest().await.unwrap();
            stays_quiet(&world).await;
            assert!(!was_sent(world.jira(there), "canary-secret"));
            person.open_comment(&key, &comment, "canary-wide").unwrap();
            world.rest().await.unwrap();
            let left = comments(&world, there);
            assert!(left.len() == 1 && left[0].body.ends_with("canary-wide"), "{line}: {left:?}");
            stays_quiet(&world).await;
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_comment_that_moves_to_other_readers_moves_its_copy() {
    let (world, key) = world(&with(THREE, DESK), &[]).await;
    let omar = world.person("acme", "omar");
    let comment = omar.comment(&key, "canary-all").unwrap();
    world.rest().await.unwrap();
    assert_eq!((holding(&world, "globex", "canary").len(), holding(&world, "initech", "canary").len()), (1, 1));
    let first = holding(&world, "globex", "canary")[0].id;
    omar.restrict_comment(&key, &comment, "canary-desk", "Globex desk").unwrap();
    world.rest().await.unwrap();
    let copies = holding(&world, "globex", "canary-desk");
    assert!(copies.len() == 1 && copies[0].id == first, "its readers there are the same: {copies:?}");
    assert!(holding(&world, "initech", "canary").is_empty());
    assert!(!was_sent(world.jira("initech"), "canary-desk"));
    omar.open_comment(&key, &comment, "canary-open").unwrap();
    world.rest().await.unwrap();
    assert_eq!(holding(&world, "globex", "canary-open").len(), 1);
    assert_eq!(holding(&world, "initech", "canary-open").len(), 1);
    stays_quiet(&world).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Narrowed after the daemon read it, and before the daemon writes: the original is asked for once more.
#[tokio::test(start_paused = true)]
async fn a_comment_that_is_narrowed_while_we_write_is_not_sent() {
    for (config, jira, who, there, role) in ways() {
        let mut world = World::of(&config, |setups| set_up(setups, &[]));
        let armed = Arc::new(AtomicBool::new(false));
        let deed = Deed::default();
        let (held, act) = (Arc::clone(&armed), Arc::clone(&deed));
        world.bend(move |inner| {
            let (held, act) = (Arc::clone(&held), Arc::clone(&act));
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                // The answer with the new text is on its way.
                if said.to_string().contains("canary-new") && held.swap(false, Ordering::SeqCst) {
                    assert!(place.contains(jira_host(jira)), "{place}");
                    if let Some(deed) = act.lock().unwrap().take() {
                        deed();
                    }
                }
            })) as Arc<dyn Transport>
        });
        world.jira(there).record_bodies(true);
        world.start().await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let key = world.issue(jira, "Item").key;
        let person = world.person(jira, who);
        let comment = person.comment(&key, "said first").unwrap();
        world.rest().await.unwrap();
        let narrow = (world.person(jira, who), key.clone(), comment.clone());
        *deed.lock().unwrap() = Some(Box::new(move || {
            let (person, key, comment) = &narrow;
            person.restrict_comment(key, comment, "canary-new", role).unwrap();
        }));
        person.edit_comment(&key, &comment, "canary-new").unwrap();
        armed.store(true, Ordering::SeqCst);
        world.rest().await.unwrap();
        assert!(!armed.load(Ordering::SeqCst), "nothing was narrowed in between");
        assert!(!was_sent(world.jira(there), "canary-new"), "{jira} to {there}");
        assert_eq!(comments(&world, there), Vec::new());
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

fn jira_host(jira: &str) -> &'static str {
    match jira {
        "globex" => "globex.example",
        "initech" => "initech.example",
        _ => "acme.example",
    }
}

#[tokio::test(start_paused = true)]
async fn a_persons_words_in_a_copy_outlast_a_narrowing() {
    for line in ["", "narrowed = \"empty\""] {
        let (world, key) = world(&with(&two(), line), &[]).await;
        let jane = world.person("acme", "jane");
        let comment = jane.comment(&key, "said first").unwrap();
        world.rest().await.unwrap();
        let there = world.issue("globex", "Item").key;
        world.jira("globex").set_permission("ENG", "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
        let copy = comments(&world, "globex")[0].id.to_string();
        world.person("globex", "jdoe").edit_comment(&there, &copy, "mine now").unwrap();
        world.rest().await.unwrap();
        jane.restrict_comment(&key, &comment, "canary-new", "Administrators").unwrap();
        world.rest().await.unwrap();
        assert_eq!(comments(&world, "globex")[0].body, "mine now");
        assert!(!was_sent(world.jira("globex"), "canary-new"));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("it stays"), "{problems:?}");
    }
}

/// Whatever the answer to an emptying, no text stands open in the end.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_an_emptying_leaves_nothing_open() {
    for fault in
        [Fault::ResetBefore, Fault::ResetAfter, Fault::StatusAfter(502), Fault::LateWrite(Duration::from_secs(20))]
    {
        for (config, jira, who, there, role) in ways() {
            let (world, _) = world(&with(&config, "narrowed = \"empty\""), &[]).await;
            let key = world.issue(jira, "Item").key;
            let person = world.person(jira, who);
            let comment = person.comment(&key, "canary-first").unwrap();
            world.rest().await.unwrap();
            world.jira(there).add_fault(FaultRule::new("updateComment", When::Nth(1), fault.clone()));
            person.restrict_comment(&key, &comment, "canary-first", role).unwrap();
            world.intervals(20).await;
            world.rest().await.unwrap();
            let left = comments(&world, there);
            assert!(left.len() == 1 && left[0].body.starts_with("This comment is not shared"), "{fault:?}: {left:?}");
            world.jira(there).add_fault(FaultRule::new("updateComment", When::Nth(1), fault.clone()));
            person.open_comment(&key, &comment, "canary-wide").unwrap();
            world.intervals(20).await;
            world.rest().await.unwrap();
            let left = comments(&world, there);
            assert!(left.len() == 1 && left[0].body.ends_with("canary-wide"), "{fault:?}: {left:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn internal_comments_cross_as_internal_ones_between_service_desks() {
    for (config, jira, who, there) in [
        (two(), "acme", "jane", "globex"),
        (two(), "globex", "jdoe", "acme"),
        (two_clouds(), "acme", "jane", "initech"),
    ] {
        let desks = ["acme", "globex", "initech"];
        let (skipping, _) = world(&config, &desks).await;
        let key = skipping.issue(jira, "Item").key;
        let note = skipping.person(jira, who).internal_comment(&key, "canary-note").unwrap();
        // Threads are of Cloud. Whether an answer is internal with what it answers is not said: it is taken for it.
        let answers = jira == "acme";
        if answers {
            skipping.person(jira, who).answer(&key, "canary-answer", &note).unwrap();
        }
        skipping.rest().await.unwrap();
        assert!(!was_sent(skipping.jira(there), "canary"), "left out by default");

        let (world, _) = world(&with(&config, "internal = \"as-internal\""), &desks).await;
        let person = world.person(jira, who);
        let note = person.internal_comment(&key, "canary-note").unwrap();
        if answers {
            person.answer(&key, "canary-answer", &note).unwrap();
        }
        person.comment(&key, "open words").unwrap();
        world.rest().await.unwrap();
        let answer = holding(&world, there, "canary-answer");
        assert!(answer.len() == usize::from(answers) && answer.iter().all(|copy| copy.internal), "{answer:?}");
        let copies = holding(&world, there, "canary-note");
        assert!(copies.len() == 1 && copies[0].internal, "{copies:?}");
        assert!(!holding(&world, there, "open words")[0].internal);
        person.edit_comment(&key, &note, "canary-note, corrected").unwrap();
        world.rest().await.unwrap();
        let copies = holding(&world, there, "canary-note, corrected");
        assert!(copies.len() == 1 && copies[0].internal, "an edit must not publish it: {copies:?}");
        let edits = world.jira(there).calls().into_iter().filter(|call| call.operation == "updateComment");
        let bodies: Vec<String> = edits.map(|call| String::from_utf8_lossy(&call.request_body).into_owned()).collect();
        assert!(!bodies.is_empty() && bodies.iter().all(|body| !body.contains("properties")), "{bodies:?}");
        // Published by hand it is for everybody there too; made internal again it is not.
        person.set_internal(&key, &note, "canary-note, open", false).unwrap();
        world.rest().await.unwrap();
        let copies = holding(&world, there, "canary-note, open");
        assert!(copies.len() == 1 && !copies[0].internal, "{copies:?}");
        person.set_internal(&key, &note, "canary-note, closed", true).unwrap();
        world.rest().await.unwrap();
        let copies = holding(&world, there, "canary-note");
        assert!(copies.len() == 1 && copies[0].internal && copies[0].body.ends_with("closed"), "{copies:?}");
        stays_quiet(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_internal_comment_never_goes_where_everybody_would_read_it() {
    for (config, jira, who, there) in [
        (two(), "acme", "jane", "globex"),
        (two(), "globex", "jdoe", "acme"),
        (two_clouds(), "acme", "jane", "initech"),
    ] {
        let (world, _) = world(&with(&config, "internal = \"as-internal\""), &[jira]).await;
        let key = world.issue(jira, "Item").key;
        world.person(jira, who).internal_comment(&key, "canary-note").unwrap();
        world.person(jira, who).comment(&key, "open words").unwrap();
        world.rest().await.unwrap();
        assert!(!was_sent(world.jira(there), "canary"));
        assert_eq!(holding(&world, there, "open words").len(), 1);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("no service desk"), "{problems:?}");
    }
}
