//! Rows about what a Jira answers to one request: errors by field, conflicts, missing things, limits. Must never let one field or entity
//! hold up the others.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jirasyncd::simulator::{Fault, FaultRule, Holder, Person, When};
use serde_json::json;

use super::super::daemon_audit::conflicts;
use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{World, two, two_clouds};
use super::{Between, hours, refused, said};

/// The copy goes in the very moment in which we write it.
#[tokio::test(start_paused = true)]
async fn row_015_a_copy_that_goes_while_it_is_written_is_not_made_again() {
    for (config, to, who, project) in [(two(), "globex", "jdoe", "ENG"), (two_clouds(), "initech", "petra", "OPS")] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        let jane = world.person("acme", "jane");
        let comment = jane.comment(&key, "First words").unwrap();
        world.rest().await.unwrap();
        world.jira(to).set_permission(project, "DELETE_ALL_COMMENTS", &[Holder::LoggedIn]);
        let there = world.issue(to, "Item");
        let copy = there.comments[0].id.to_string();
        let race: Arc<Mutex<Option<Person>>> = Arc::new(Mutex::new(Some(world.person(to, who))));
        let (held, issue) = (Arc::clone(&race), there.key.clone());
        between.set(move |place, _| {
            let written = place.starts_with("PUT") && place.contains("/comment/");
            if let Some(person) = held.lock().unwrap().take_if(|_| written) {
                person.delete_comment(&issue, &copy).unwrap();
            }
            None
        });
        between.forget();
        jane.edit_comment(&key, &comment, "Second words").unwrap();
        jane.edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        world.rest().await.unwrap();
        world.intervals(40).await;
        assert!(race.lock().unwrap().is_none(), "nothing was written");
        assert!(world.issue(to, "Item").comments.is_empty(), "{to}: it was made again");
        assert_eq!(world.issue("acme", "Item").comments.len(), 1, "the original stays");
        assert_eq!(world.field(to, "Item", "summary"), "Item, edited");
        assert!(between.count(&["PUT", "/comment/"]) <= 2, "{}", between.count(&["PUT", "/comment/"]));
    }
}

#[tokio::test(start_paused = true)]
async fn row_016_an_edit_that_met_another_is_planned_again_from_a_fresh_read() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.issue(to, "Item").key;
        let (person, met) = (world.person(to, who), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&met);
        between.set(move |place, _| {
            let ours = place.starts_with("PUT") && !place.contains("acme.example") && !place.contains("/properties/");
            if !ours || count.fetch_add(1, Ordering::SeqCst) > 0 {
                return None;
            }
            person.edit(&there, json!({ "summary": "Item, by them" })).unwrap();
            said(409, &json!({ "errorMessages": ["The issue was changed meanwhile."], "errors": {} }))
        });
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item, by us", "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        assert!(met.load(Ordering::SeqCst) >= 2, "{to}");
        // Who wrote last stands on both sides, and what met nothing crossed.
        assert_eq!(world.field("acme", "Item", "summary"), "Item, by them", "{to}");
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert!(!world.field(to, "Item", "duedate").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn row_019_an_upload_without_the_header_is_refused_and_ours_bring_it() {
    let config = two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    let mut world = World::without_daemon(&config);
    let between = Between::of(&mut world);
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n";
    let credentials =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "jane@acme.example:jane-token");
    for (token, taken) in [(None, false), (Some("no-check"), true)] {
        let mut request = http::Request::post(format!("https://acme.example/rest/api/3/issue/{key}/attachments"))
            .header("content-type", "multipart/form-data; boundary=b")
            .header("authorization", format!("Basic {credentials}"));
        if let Some(token) = token {
            request = request.header("x-atlassian-token", token);
        }
        let answer =
            world.jira("acme").handle(request.body(Bytes::from_static(part.as_bytes())).unwrap()).await.unwrap();
        assert_eq!(answer.status().is_success(), taken, "{token:?}: {answer:?}");
    }
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Item").attachments.len(), 1);
    assert_eq!(between.count(&["POST", "globex", "/attachments"]), 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_020_fields_that_jira_names_are_let_be_and_told_in_its_words() {
    for (config, to, status) in [(two(), "globex", 400), (two_clouds(), "initech", 422)] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        between.set(move |place, body| {
            let names_it = body.pointer("/fields/duedate").is_some() && !place.contains("acme.example");
            names_it.then(|| refused(status, &json!({ "duedate": "Not on \u{1b}[31m<b>Fridays</b>" }))).flatten()
        });
        between.forget();
        let fields = json!({ "summary": "Item, edited", "duedate": "2026-05-01", "labels": ["new"] });
        world.person("acme", "jane").edit(&key, fields).unwrap();
        world.rest().await.unwrap();
        world.intervals(60).await;
        let there = world.issue(to, "Item");
        assert_eq!((there.fields["summary"].as_str(), there.fields["labels"].as_str()), ("Item, edited", "new"));
        let stored = {
            use jirasyncd::model::store::Store as _;
            world.daemon().store().problems(10).await.unwrap()
        };
        let [one] = stored.as_slice() else { panic!("{to}: {stored:?}") };
        assert_eq!(one.problem.field.as_ref().map(ToString::to_string).as_deref(), Some("due-date"), "{one:?}");
        let said = format!("{} {}", one.problem.side, one.problem.what);
        assert!(said.contains(to) && said.contains("Fridays") && said.contains(&status.to_string()), "{said}");
        assert!(!one.problem.remedy.is_empty());
        assert!(between.count(&["PUT", to]) <= 4, "{}", between.count(&["PUT", to]));
    }
}

/// What a Jira did not take never stood there, so who writes there next did not mean to replace it.
#[tokio::test(start_paused = true)]
async fn row_020_what_a_jira_refused_is_kept_when_somebody_there_writes_over_it() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.jira(to).add_fault(FaultRule::new("editIssue", When::Nth(1), Fault::Status(400)));
        edit(&world, "acme", "jane", &key, "Item, from Acme");
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", "summary"), "Item", "{to}: it was not refused");
        edit(&world, to, who, &world.issue(to, "Item").key, "Item, from there");
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item, from there", "{to}");
        let kept = conflicts(&world, [&world.issue("acme", "Item")]).await;
        let [one] = kept.as_slice() else { panic!("{to}: {kept:?}") };
        assert_eq!(format!("{:?}", one.lost), r#"Line("Item, from Acme")"#, "{to}");
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// The option went while the daemon runs: nothing near it is written.
#[tokio::test(start_paused = true)]
async fn row_050_an_option_that_is_not_there_any_more_is_let_be() {
    let mut world = World::without_daemon(&two());
    let between = Between::of(&mut world);
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    between.set(|place, body| {
        let names_it = body.pointer("/fields/priority").is_some() && place.contains("globex.example");
        names_it.then(|| refused(400, &json!({ "priority": "The priority selected is invalid." }))).flatten()
    });
    between.forget();
    let fields = json!({ "priority": { "name": "Highest" }, "summary": "Item, edited" });
    world.person("acme", "jane").edit(&key, fields).unwrap();
    world.rest().await.unwrap();
    world.intervals(60).await;
    let there = world.issue("globex", "Item");
    assert_eq!((there.fields["priority"].as_str(), there.fields["summary"].as_str()), ("P4", "Item, edited"));
    assert_eq!(world.field("acme", "Item", "priority"), "Highest", "the refused value stays where it was said");
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("The priority selected is invalid"), "{problems:?}");
    assert!(between.count(&["PUT", "globex"]) <= 4, "{}", between.count(&["PUT", "globex"]));
    between.clear();
    world.person("acme", "jane").edit(&key, json!({ "priority": { "name": "Medium" } })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn row_051_what_a_create_screen_asks_for_holds_up_that_issue_alone() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let mut world = World::of(&config, |setups| {
            setups.get_mut(to).unwrap().projects[0].required.insert("duedate".into());
        });
        world.start().await;
        let jane = world.person("acme", "jane");
        let bare = create(&world, "SUP", "Bare", &[]);
        jane.create("SUP", "Bug", json!({ "summary": "Full", "duedate": "2026-05-01" })).unwrap();
        world.intervals(6).await;
        assert_eq!((world.issues(to, "Bare").len(), world.issues(to, "Full").len()), (0, 1), "{to}");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("is required")), "{problems:?}");
        world.jira(to).reset_calls();
        hours(&world, 10).await;
        let tried = world.jira(to).count("createIssue");
        assert!((1..=30).contains(&tried), "it was tried {tried} times");
        jane.edit(&bare, json!({ "duedate": "2026-06-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn row_089_a_full_issue_holds_up_its_comments_alone() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        let other = create(&world, "SUP", "Other", &[]);
        world.settle().await;
        let (full, is_full) = (world.issue(to, "Item").id.to_string(), Arc::new(AtomicBool::new(true)));
        let held = Arc::clone(&is_full);
        between.set(move |place, _| {
            let hit = place.starts_with("POST") && place.ends_with(&format!("/issue/{full}/comment"));
            let words = "You've reached the maximum number of comments for this issue.";
            (hit && held.load(Ordering::SeqCst))
                .then(|| said(400, &json!({ "errorMessages": [words], "errors": {} })))?
        });
        between.forget();
        let jane = world.person("acme", "jane");
        for number in 0..5 {
            jane.comment(&key, &format!("Word {number}")).unwrap();
        }
        jane.comment(&other, "Elsewhere").unwrap();
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.intervals(6).await;
        assert_eq!(
            (world.field(to, "Item", "summary").as_str(), world.issue(to, "Other").comments.len()),
            ("Item, edited", 1)
        );
        let problems = world.problems().await;
        assert!(
            !problems.is_empty() && problems.iter().all(|problem| problem.contains("maximum number")),
            "{problems:?}"
        );
        between.forget();
        hours(&world, 10).await;
        let tried = between.count(&["POST", "/comment"]);
        assert!((1..=60).contains(&tried), "in ten hours it was tried {tried} times");
        is_full.store(false, Ordering::SeqCst);
        hours(&world, 2).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
    }
}
