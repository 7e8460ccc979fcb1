//! What Jiras, configurations and clocks may throw at a running daemon: refused clauses, projects that vanish, rows nobody can
//! read, fields nobody may set, clocks that jump. Must never let one bad thing hold up the good ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jirasyncd::app::StartError;
use jirasyncd::clock::Clock;
use jirasyncd::engine::SetupError;
use jirasyncd::jira::Transport;
use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Holder, ProjectSetup, When};
use serde_json::json;

use super::bent::{Bent, each_issue};
use super::cli_world;
use super::daemon_audit::compare;
use super::daemon_support::{THREE, World, calls, load, two, two_clouds};

pub(crate) fn create(world: &World, project: &str, summary: &str, labels: &[&str]) -> String {
    let fields = json!({ "summary": summary, "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create(project, "Bug", fields).unwrap()
}

pub(crate) fn edit(world: &World, jira: &str, who: &str, key: &str, summary: &str) {
    world.person(jira, who).edit(key, json!({ "summary": summary })).unwrap();
}

/// The three-sided configuration with a second sync over project `TWO` of acme, one part of which is replaced.
pub(crate) fn second(part: &str, by: &str) -> String {
    let sync = THREE.split_once("[sync.support]").unwrap().1.replace("sync.support", "sync.second");
    let sync = sync.replace("project = \"SUP\"", "project = \"TWO\"").replace(part, by);
    format!("{THREE}\n[sync.second]{sync}")
}

/// A world where acme has a second project like `SUP`.
pub(crate) fn with_second_project(config: &str) -> World {
    World::of(config, |setups| {
        let acme = setups.get_mut("acme").unwrap();
        let first = acme.projects[0].clone();
        acme.projects.push(ProjectSetup { key: "TWO".into(), id: 10_001, name: "Second".into(), ..first });
    })
}

#[tokio::test(start_paused = true)]
async fn row_047_a_clause_that_jira_refuses_stops_its_own_sync_until_it_is_taken() {
    let home = "side.acme = { instance = \"acme\", project = \"TWO\" }";
    let by_jql = second(home, "side.acme = { instance = \"acme\", project = \"TWO\", jql = \"nosuch = 1\" }");
    for (config, key) in [(second("labels = share-globex", "nosuch = 1"), "`when`"), (by_jql, "`jql`")] {
        let mut world = with_second_project(&config);
        world.start().await;
        create(&world, "TWO", "Stands still", &["share-globex", "share-initech"]);
        let good = create(&world, "SUP", "Goes on", &["share-globex"]);
        world.settle().await;
        assert_eq!(world.field("globex", "Goes on", "summary"), "Goes on");
        assert!(world.issues("globex", "Stands").is_empty());
        let stored = world.daemon().store().problems(10).await.unwrap();
        let problem = stored.iter().find(|stored| stored.about == "sync second").expect("no problem of the sync");
        assert!(problem.problem.what.contains("nosuch"), "{problem:?}");
        assert!(problem.problem.remedy.contains(key) && problem.problem.remedy.contains("`second`"), "{problem:?}");
        world.intervals(20).await;
        edit(&world, "acme", "jane", &good, "Goes on, edited");
        world.settle().await;
        assert_eq!(world.field("globex", "Goes on", "summary"), "Goes on, edited");
        assert!(world.issues("globex", "Stands").is_empty());
        // Corrected: what waited is carried, and the problem is over.
        world.config = load(&second("nothing", ""), &world.state());
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(world.issues("globex", "Stands").len(), 1, "{key}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Nobody asks again for what waits to begin and is dropped, before it changes.
#[tokio::test(start_paused = true)]
async fn what_waits_to_begin_is_looked_for_twice() {
    let home = "side.acme = { instance = \"acme\", project = \"TWO\" }";
    for deleted in [false, true] {
        let mut world = with_second_project(&second(
            home,
            "side.acme = { instance = \"acme\", project = \"TWO\", jql = \"nosuch = 1\" }",
        ));
        world.start().await;
        let key = create(&world, "TWO", "Waits", &["share-globex"]);
        world.settle().await;
        // No poll of later brings its row.
        world.pass(7_200).await;
        world.intervals(4).await;
        world.config = load(&second("nothing", ""), &world.state());
        if deleted {
            world.jira("acme").set_permission("TWO", "DELETE_ISSUES", &[Holder::LoggedIn]);
            world.person("acme", "jane").delete(&key).unwrap();
        } else {
            world.jira("acme").add_fault(FaultRule::new("getIssue", When::Nth(1), Fault::Status(404)));
        }
        world.jira("acme").reset_calls();
        world.start().await;
        world.interval().await;
        assert_eq!(calls(world.jira("acme"))["getIssue"], 1, "{deleted}");
        // It holds nothing up meanwhile.
        create(&world, "TWO", "Begins", &["share-globex"]);
        world.interval().await;
        assert_eq!(world.issues("globex", "Begins").len(), 1, "{deleted}");
        world.rest().await.unwrap();
        world.intervals(20).await;
        let asked = calls(world.jira("acme"))["getIssue"];
        assert!((2..=4).contains(&asked), "{deleted}: asked {asked} times");
        assert_eq!(world.issues("globex", "Waits").len(), usize::from(!deleted));
        assert_eq!(world.problems().await, Vec::<String>::new(), "{deleted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_is_refused_for_a_moment_stops_no_sync() {
    for status in [403, 404, 409] {
        let world = World::new(THREE, |_| {}).await;
        world.settle().await;
        create(&world, "SUP", "Shared", &["share-globex"]);
        world.jira("acme").add_fault(FaultRule::new("search", When::EveryNth(2), Fault::Status(status)));
        world.intervals(4).await;
        world.jira("acme").clear_faults();
        // At once: a sync that stood still would be asked for again after five minutes only.
        create(&world, "SUP", "Shortly after", &["share-globex"]);
        world.intervals(3).await;
        assert_eq!(world.issues("globex", "Shortly after").len(), 1, "{status}");
        world.rest().await.unwrap();
        assert_eq!(world.issues("globex", "Shared").len(), 1, "{status}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_012_a_project_that_vanishes_does_not_hold_up_the_others() {
    let mut world = with_second_project(&second("nothing", ""));
    world.start().await;
    let first = create(&world, "SUP", "Stays", &["share-globex"]);
    let other = create(&world, "TWO", "Vanishes", &["share-globex"]);
    world.settle().await;
    world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::User("nobody".into())]);
    world.intervals(2).await;
    edit(&world, "acme", "jane", &first, "Stays, edited");
    let fresh = create(&world, "SUP", "Comes", &["share-globex"]);
    world.intervals(3).await;
    assert_eq!(world.field("globex", "Stays", "summary"), "Stays, edited");
    assert_eq!(world.issues("globex", "Comes").len(), 1, "{fresh}");
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("project `TWO`")), "{problems:?}");
    // People there go on, for longer than a poll looks back, over a restart that fails for it.
    world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
    edit(&world, "acme", "jane", &other, "Vanishes, edited");
    create(&world, "TWO", "Came meanwhile", &["share-globex"]);
    world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::User("nobody".into())]);
    for round in 0..40 {
        edit(&world, "acme", "jane", &first, &format!("Stays, edited {round}"));
        world.interval().await;
    }
    assert!(matches!(world.try_start().await, Err(StartError::Setup(SetupError::Findings(_)))));
    world.jira("acme").set_permission("TWO", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Vanishes", "summary"), "Vanishes, edited");
    assert_eq!(world.issues("globex", "Came meanwhile").len(), 1);
    assert_eq!(world.field("globex", "Stays", "summary"), "Stays, edited 39");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_007_a_row_that_nobody_can_read_does_not_hold_up_the_others() {
    for (config, host, to) in [(two(), "acme.example", "globex"), (two(), "globex.example", "globex")] {
        let mut world = World::without_daemon(&config);
        let bad = Arc::new(AtomicBool::new(true));
        let held = Arc::clone(&bad);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if held.load(Ordering::SeqCst) && place.contains(host) {
                    each_issue(said, |issue| {
                        if issue["fields"]["summary"].as_str().is_some_and(|summary| summary.contains("Broken")) {
                            issue["fields"]["issuetype"] = json!(["no", "such", "shape"]);
                        }
                    });
                }
            })) as Arc<dyn Transport>
        });
        world.start().await;
        if host == "acme.example" {
            create(&world, "SUP", "Broken-1 from the start", &[]);
        }
        let known = create(&world, "SUP", "Known", &[]);
        world.intervals(5).await;
        edit(&world, "acme", "jane", &known, "Broken-2 by the edit");
        create(&world, "SUP", "Another", &[]);
        world.intervals(8).await;
        assert_eq!(world.issues(to, "Another").len(), 1, "{host}");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("cannot be read")), "{problems:?}");
        bad.store(false, Ordering::SeqCst);
        world.intervals(30).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{host}");
    }
}

/// A clock that somebody sets.
struct SetByHand(Arc<dyn Clock>, Arc<AtomicI64>);

impl Clock for SetByHand {
    fn now(&self) -> Timestamp {
        self.0.now().saturating_add(SignedDuration::from_hours(self.1.load(Ordering::SeqCst))).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
}

#[tokio::test(start_paused = true)]
async fn row_039_our_clock_may_jump_by_hours_without_loss_or_conflict() {
    for jump in [7, -7] {
        let mut world = World::without_daemon(&two());
        let hours = Arc::new(AtomicI64::new(0));
        world.surroundings.clock = Arc::new(SetByHand(Arc::clone(&world.surroundings.clock), Arc::clone(&hours)));
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.issue("globex", "Item").key;
        for (round, hour) in [jump, 0, jump].into_iter().enumerate() {
            hours.store(hour, Ordering::SeqCst);
            // In doubt while the clock is set, and over a restart with it set.
            world.jira("globex").add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
            create(&world, "SUP", &format!("New-{round}"), &[]);
            edit(&world, "acme", "jane", &key, &format!("Item {round} of acme"));
            world.intervals(1).await;
            edit(&world, "globex", "jdoe", &there, &format!("Item {round} of globex"));
            if round == 1 {
                world.start().await;
            }
            world.intervals(12).await;
            world.jira("globex").clear_faults();
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", "globex").await, Ok(()), "{jump} {round}");
            assert_eq!(world.field("acme", "Item", "summary"), format!("Item {round} of globex"));
        }
        let items = world.daemon().store().items_by_key(&IssueKey::new(key)).await.unwrap();
        let conflicts = world.daemon().store().conflicts(items[0]).await.unwrap();
        assert!(conflicts.is_empty(), "{conflicts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubt_outlives_a_restart_with_another_clock() {
    for (before, after) in [(0, -7), (0, 7), (7, 0), (-7, 0)] {
        let mut world = World::without_daemon(&two_clouds());
        let hours = Arc::new(AtomicI64::new(before));
        world.surroundings.clock = Arc::new(SetByHand(Arc::clone(&world.surroundings.clock), Arc::clone(&hours)));
        world.start().await;
        world.settle().await;
        world.jira("initech").set_index_lag(Duration::from_secs(40));
        world.jira("initech").add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
        create(&world, "SUP", "Item", &[]);
        world.interval().await;
        hours.store(after, Ordering::SeqCst);
        world.start().await;
        world.intervals(20).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", "initech").await, Ok(()), "{before} {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_040_of_two_edits_at_once_the_newest_wins_and_the_other_is_kept() {
    for (skew, first) in [(0, "acme"), (3_600, "acme"), (-3_600, "globex"), (3_600, "globex")] {
        let mut world = World::of(&two(), |setups| {
            setups.get_mut("globex").unwrap().clock_skew = SignedDuration::from_secs(skew);
        });
        world.start().await;
        let here = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.issue("globex", "Item").key;
        let act = |side: &str| match side {
            "acme" => edit(&world, "acme", "jane", &here, "Item by acme"),
            _ => edit(&world, "globex", "jdoe", &there, "Item by globex"),
        };
        let second = if first == "acme" { "globex" } else { "acme" };
        act(first);
        world.pass(10).await;
        act(second);
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", "globex").await, Ok(()));
        assert_eq!(world.field("acme", "Item", "summary"), format!("Item by {second}"), "{skew} {first}");
        let items = world.daemon().store().items_by_key(&IssueKey::new(here.clone())).await.unwrap();
        let conflicts = world.daemon().store().conflicts(items[0]).await.unwrap();
        assert_eq!(conflicts.len(), 1, "{conflicts:?}");
        assert!(format!("{:?}", conflicts[0].lost).contains(&format!("Item by {first}")), "{conflicts:?}");
        assert!(format!("{:?}", conflicts[0].kept).contains(&format!("Item by {second}")), "{conflicts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_013_a_field_that_is_on_no_screen_is_refused_alone_and_stays_told() {
    let mut world = World::of(&two(), |setups| {
        let project = &mut setups.get_mut("globex").unwrap().projects[0];
        project.screen = ["summary", "description", "priority", "labels", "assignee"].map(str::to_owned).into();
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    assert_eq!(world.problems().await, Vec::<String>::new());
    let jane = world.person("acme", "jane");
    jane.edit(&key, json!({ "summary": "Item edited", "duedate": "2026-05-01" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item edited");
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("due-date"), "{problems:?}");
    // Nothing is tried again for it, and the rest goes on.
    world.jira("globex").reset_calls();
    world.intervals(40).await;
    assert_eq!(world.jira("globex").count("editIssue"), 0);
    edit(&world, "acme", "jane", &key, "Item again");
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item again");
    assert_eq!(world.problems().await, problems);
    jane.edit(&key, json!({ "duedate": null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn row_053_a_transition_that_asks_for_what_nobody_maps_holds_the_status_alone() {
    let mut world = World::of(&two(), |setups| {
        for transition in &mut setups.get_mut("globex").unwrap().projects[0].transitions {
            if transition.name == "Close" {
                transition.screen.insert("customfield_10111".into(), true);
                transition.sets.clear();
            }
        }
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let jane = world.person("acme", "jane");
    jane.transition(&key, "Done").unwrap();
    jane.edit(&key, json!({ "summary": "Item edited" })).unwrap();
    jane.comment(&key, "Still with you").unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item");
    assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item edited", 1));
    assert_eq!(there.fields["status"], "Working", "one hop short");
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("asks for Customer name"), "{problems:?}");
    world.jira("globex").reset_calls();
    world.intervals(40).await;
    assert_eq!(world.jira("globex").count("doTransition"), 0);
    // A person there does it: the status is in step, and nothing is left to say.
    let fields = json!({ "customfield_10111": "ACME" });
    world.person("globex", "mlopez").transition_with(&there.key, "Close", fields).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

/// What the screen asks for is sent with the hop although an edit set it before: Jira wants it in the request.
#[tokio::test(start_paused = true)]
async fn a_transition_gets_what_its_screen_asks_for_from_mapped_fields() {
    for (config, to, hop) in [(two(), "globex", "Close"), (two_clouds(), "initech", "Abschließen")] {
        let mut world = World::of(&config, |setups| {
            for transition in &mut setups.get_mut(to).unwrap().projects[0].transitions {
                if transition.name == hop {
                    transition.screen.extend(["duedate", "priority", "labels"].map(|name| (name.to_owned(), true)));
                }
            }
        });
        world.start().await;
        let key = create(&world, "SUP", "Item", &["night"]);
        world.settle().await;
        let jane = world.person("acme", "jane");
        jane.transition(&key, "Done").unwrap();
        world.rest().await.unwrap();
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("asks for Due"), "{problems:?}");
        assert_eq!(world.jira(to).count("doTransition"), usize::from(to == "globex") as u64, "no hop that must fail");
        jane.edit(&key, json!({ "duedate": "2026-04-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        let there = world.issue(to, "Item");
        assert_eq!((there.fields["duedate"].as_str(), there.fields["labels"].as_str()), ("2026-04-01", "night"));
        // Nothing of it is a person's change now: it goes no further.
        world.jira("acme").reset_calls();
        world.intervals(10).await;
        assert_eq!(world.jira("acme").count("editIssue"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn restricted_comments_and_security_levels_do_not_cross() {
    let mut world = World::without_daemon(&two());
    let secret = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&secret);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains("acme.example") {
                each_issue(said, |issue| issue["fields"]["security"] = json!({ "id": "10000", "name": "Secret" }));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    let jane = world.person("acme", "jane");
    world.person("acme", "omar").restricted_comment(&key, "canary-role", "Globex desk").unwrap();
    jane.comment(&key, "For all").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    secret.store(true, Ordering::SeqCst);
    jane.edit(&key, json!({ "summary": "canary-level" })).unwrap();
    create(&world, "SUP", "canary-new", &[]);
    world.rest().await.unwrap();
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("security level")), "{problems:?}");
    let sent = world.jira("globex").calls();
    let told = |canary: &str| sent.iter().any(|call| String::from_utf8_lossy(&call.request_body).contains(canary));
    assert!(told("For all"), "nothing was recorded");
    for canary in ["canary-role", "canary-level", "canary-new"] {
        assert!(!told(canary), "{canary} was sent");
    }
    secret.store(false, Ordering::SeqCst);
    edit(&world, "acme", "jane", &key, "Open again");
    world.intervals(4).await;
    assert_eq!(compare(&world, "acme", "globex").map_err(|why| why.contains("canary-new")), Err(true));
    assert_eq!(world.issues("globex", "Open again").len(), 1);
}

/// Through the binary: names that are not clear or not there, and a port that is taken.
#[tokio::test(flavor = "multi_thread")]
async fn row_049_what_cannot_start_says_so_and_ends_with_the_right_code() {
    let world = cli_world::World::with(|acme, _| {
        let mut twin = acme.fields[0].clone();
        twin.id = "customfield_10043".into();
        acme.fields.push(twin);
    })
    .await;
    let severity = |acme: &str, globex: &str| {
        let row = format!(
            "severity = {{ acme = \"{acme}\", globex = \"{globex}\", values = [ {{ acme = \"S1\", globex = \"Critical\" }} ] }}"
        );
        world.place_with("summary = \"both\"", &format!("summary = \"both\"\n{row}"))
    };
    let ambiguous = ["2 fields are called `Severity`", "customfield_10042", "customfield_10043", "Hint: "];
    severity("Severity", "Severity").run(&["run", "--once"]).await.expect(2, &ambiguous);
    let unknown = ["there is no field `Severty`", "Hint: ", "did you mean `Severity`?"];
    severity("customfield_10042", "Severty").run(&["run", "--once"]).await.expect(2, &unknown);
    for (part, by, told) in [
        ("globex = \"P1\"", "globex = \"P0\"", "there is no priority `P0`"),
        ("globex = \"Defect\"", "globex = \"Defekt\"", "there is no issue type `Defekt`"),
        ("globex = \"Closed\"", "globex = \"Shut\"", "there is no status `Shut`"),
    ] {
        world.place_with(part, by).run(&["run", "--once"]).await.expect(2, &[told, "Hint: "]);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = world.place_with("127.0.0.1:0", &address);
    place.run(&["run"]).await.expect(1, &[&format!("could not listen on {address}"), "`daemon.listen`"]);
}
