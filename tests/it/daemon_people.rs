//! People whose e-mail is hidden, who left, or who may not be assigned: known by their account where that is written, never guessed
//! by a name, and never tried against Jira's word. Must never ask the daemon what a Jira holds.

use jirasyncd::model::command::Ended;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Holder, Setup};
use serde_json::json;

use super::daemon_reload::{reload, started};
use super::daemon_support::{World, two, two_clouds};

fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG"), (two_clouds(), "initech", "petra", "OPS")]
}

/// Home with each kind of counterpart, and a second person of each side in the map: the one of the other side comes last.
fn of_two() -> [(String, &'static str, &'static str, &'static str); 2] {
    let more = |text: String, side: &str, cell: &str| {
        text.replacen("users = [ ", &format!("users = [ {{ acme = \"omar@acme.example\", {side} = \"{cell}\" }}, "), 1)
    };
    [
        (more(two(), "globex", "mlopez"), "globex", "jdoe", "mlopez"),
        (more(two_clouds(), "initech", "anna@initech.example"), "initech", "petra", "anna"),
    ]
}

fn hide(setup: &mut Setup, name: &str) -> String {
    let user = setup.users.iter_mut().find(|user| user.name == name).unwrap();
    user.hide_email = true;
    user.id.clone()
}

fn assigned(world: &World, side: &str) -> String {
    world.field(side, "Item", "assignee")
}

#[tokio::test(start_paused = true)]
async fn whoever_hides_their_address_is_known_by_the_account_alone() {
    for (config, other, who, _) in pairs() {
        let mut id = String::new();
        let mut world = World::of(&config, |setups| id = hide(setups.get_mut("acme").unwrap(), "jane"));
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), "", "nobody is taken for her by her name");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("has no counterpart on side"), "{problems:?}");
        // With her account in the row she is known again, by what stands there already.
        let mut world = world.with_config(&config.replace("jane@acme.example", &id));
        world.start().await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        jane.assign(&key, None).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        let there = world.person(other, who);
        assert_eq!(assigned(&world, other), world.jira(other).display_name(there.id()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Whoever has no account elsewhere stays where people put them; elsewhere nobody is, or somebody else, as the row says. What is let stand again is
/// that somebody, too.
#[tokio::test(start_paused = true)]
async fn row_071_whoever_is_in_no_row_stays_where_people_put_them() {
    for (config, other, who, _) in pairs() {
        let default = format!("on-unmapped = {{ acme = \"jane@acme.example\", {other} = \"{who}\" }}");
        let default = default.replace("\"petra\"", "\"petra@initech.example\"");
        for (unmapped, elsewhere) in [("on-unmapped = \"clear\"", false), (default.as_str(), true)] {
            let row = format!("assignee = {{ {unmapped} }}");
            let world = World::new(&config.replacen("assignee = \"both\"", &row, 1), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            let jane = world.person("acme", "jane");
            let key = jane.create("SUP", "Bug", fields).unwrap();
            jane.assign(&key, Some("jane")).unwrap();
            world.rest().await.unwrap();
            let (theirs, hers) = (world.person(other, who), |jira: &str, who: &str| {
                world.jira(jira).display_name(world.person(jira, who).id())
            });
            assert_eq!(assigned(&world, other), hers(other, who), "{other} {unmapped}");
            world.person("acme", "jane").assign(&key, Some("nora")).unwrap();
            world.rest().await.unwrap();
            let stands = if elsewhere { hers(other, who) } else { String::new() };
            let nora = hers("acme", "nora");
            assert_eq!(
                (assigned(&world, "acme"), assigned(&world, other)),
                (nora.clone(), stands),
                "{other} {unmapped}"
            );
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains("has no account here that is known"), "{problems:?}");
            // Somebody else of the other side is nobody's at home, and stays there.
            let second = if other == "globex" { "mlopez" } else { "juergen" };
            let there = world.issue(other, "Item").key;
            theirs.assign(&there, Some(second)).unwrap();
            world.rest().await.unwrap();
            let home = if elsewhere { hers("acme", "jane") } else { String::new() };
            assert_eq!((assigned(&world, "acme"), assigned(&world, other)), (home, hers(other, second)), "{unmapped}");
            world.intervals(10).await;
            assert_eq!(assigned(&world, other), hers(other, second), "{unmapped}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_071_whoever_left_stays_where_they_are_and_is_given_nothing_new() {
    for (config, other, who, _) in pairs() {
        // On Cloud nobody who left is found by an address.
        let there = World::without_daemon(&config).person(other, who).id().to_owned();
        let config = config.replace("petra@initech.example", &there);
        let mut world = World::of(&config, |_| {});
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields.clone()).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        let name = world.jira(other).display_name(world.person(other, who).id());
        assert_eq!(assigned(&world, other), name);
        world.jira(other).set_active(who, false);
        // The daemon starts anew, and finds them as they are.
        world.start().await;
        world.pass(25 * 3_600).await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((assigned(&world, other), assigned(&world, "acme")), (name.clone(), "Jane Roe".into()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A new issue of hers is made without them; Jira was asked, and refused nothing.
        jane.edit(&key, json!({ "summary": "First" })).unwrap();
        let second = jane.create("SUP", "Bug", fields).unwrap();
        jane.assign(&second, Some("jane")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), "");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not be assigned"), "{problems:?}");
        assert_eq!(world.jira(other).calls().iter().filter(|call| call.status == 400).count(), 0);
        // Back again: made good by the next full check.
        world.jira(other).set_active(who, true);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), name);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Whom nobody found at the start, for want of a right or of an account of that name, is found once the configuration is read again; the
/// next full check makes good what they were to be given.
#[tokio::test(start_paused = true)]
async fn whoever_is_found_by_now_is_assigned_after_a_reload_and_a_full_check() {
    let [(config, ..), _] = of_two();
    for (from, who, second, project, kind, other, theirs) in [
        ("globex", "jdoe", "mlopez", "ENG", "Defect", "acme", "omar"),
        ("acme", "jane", "omar", "SUP", "Bug", "globex", "mlopez"),
    ] {
        let world = World::of(&config, |_| {});
        let (sync, there) = (world.person(other, "sync").id().to_owned(), world.person(other, theirs).id().to_owned());
        let be_found = |world: &World, found: bool| match other {
            "acme" => world.jira(other).set_browses_users(&sync, found),
            _ => world.jira(other).rename_user(&there, if found { theirs } else { "somebody" }),
        };
        be_found(&world, false);
        let (mut world, _file) = started(world, &config).await;
        let person = world.person(from, who);
        let key = person.create(project, kind, json!({ "summary": "Item" })).unwrap();
        person.assign(&key, Some(world.person(from, second).id())).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), "", "{other}");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("nobody is found on side")), "{problems:?}");
        let stored = world.daemon().store().problems(100).await.unwrap();
        assert!(stored.iter().any(|stored| stored.problem.remedy.contains("`jirasyncd reload`")), "{stored:?}");
        be_found(&world, true);
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), world.jira(other).display_name(&there), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

/// An account that was deleted: what stands there stays, and is nobody's change. By its id it goes on being known.
#[tokio::test(start_paused = true)]
async fn whoever_was_deleted_stays_in_the_fields_of_both_sides() {
    for (config, other, who, _) in pairs() {
        for by_account in [true, false] {
            let account = World::without_daemon(&config).person("acme", "jane").id().to_owned();
            let config = if by_account { config.replace("jane@acme.example", &account) } else { config.clone() };
            let mut world = World::without_daemon(&config);
            world.start().await;
            let omar = world.person("acme", "omar");
            let key = omar.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
            omar.assign(&key, Some("jane")).unwrap();
            world.rest().await.unwrap();
            let name = world.jira(other).display_name(world.person(other, who).id());
            world.jira("acme").forget("jane");
            world.start().await;
            omar.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "duedate").get(..10), Some("2026-05-01"));
            assert_eq!((assigned(&world, other), assigned(&world, "acme")), (name.clone(), "Former user".into()));
            let problems = world.problems().await;
            assert!(problems.len() <= usize::from(!by_account), "{problems:?}");
            // Somebody else there, and it goes on.
            world.person(other, who).assign(&world.issue(other, "Item").key, None).unwrap();
            world.rest().await.unwrap();
            assert_eq!(assigned(&world, "acme"), "");
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

/// The same where the account that is gone is the one which the daemon assigns: what stands there stays on both sides, also where Data Center
/// shows it by another name from then on, and nothing new is given to it.
#[tokio::test(start_paused = true)]
async fn whoever_was_deleted_where_their_counterpart_is_is_given_nothing_new() {
    for (config, other, who, second) in of_two() {
        for by_account in [true, false] {
            if by_account && other == "globex" {
                // Data Center's people are named by what they log in with.
                continue;
            }
            let account = World::without_daemon(&config).person(other, who).id().to_owned();
            let config = if by_account { config.replace("petra@initech.example", &account) } else { config.clone() };
            let mut world = World::without_daemon(&config);
            world.start().await;
            let omar = world.person("acme", "omar");
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            let key = omar.create("SUP", "Bug", fields.clone()).unwrap();
            omar.assign(&key, Some("jane")).unwrap();
            world.rest().await.unwrap();
            let name = world.jira(other).display_name(&account);
            assert_eq!(assigned(&world, other), name);
            world.jira(other).forget(who);
            let gone = world.jira(other).display_name(&account);
            assert_ne!(gone, name);
            world.start().await;
            omar.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "duedate").get(..10), Some("2026-05-01"));
            assert_eq!((assigned(&world, "acme"), assigned(&world, other)), ("Jane Roe".into(), gone.clone()));
            let problems = world.problems().await;
            assert!(problems.len() <= 1, "{problems:?}");
            // A new issue of hers is made without them; Jira was asked, and refused nothing.
            omar.edit(&key, json!({ "summary": "First" })).unwrap();
            let next = omar.create("SUP", "Bug", fields).unwrap();
            omar.assign(&next, Some("jane")).unwrap();
            world.rest().await.unwrap();
            assert_eq!((assigned(&world, "acme"), assigned(&world, other)), ("Jane Roe".into(), String::new()));
            assert_eq!(world.field(other, "First", "assignee"), gone);
            let told = world.problems().await;
            let may_not = told.iter().filter(|problem| problem.contains("may not be assigned"));
            assert!(may_not.count() == 1 && told.len() == problems.len() + 1, "{told:?}");
            assert_eq!(world.jira(other).calls().iter().filter(|call| call.status == 400).count(), 0);
            // Somebody takes them out there, somebody else is assigned at home, and it goes on.
            world.person(other, second).assign(&world.issue(other, "First").key, None).unwrap();
            omar.assign(&next, Some("omar")).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "First", "assignee"), "");
            let second = world.jira(other).display_name(world.person(other, second).id());
            assert_eq!(assigned(&world, other), second);
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

/// The daemon knows them since it started, and they are assigned for the first time when their account there is no more.
#[tokio::test(start_paused = true)]
async fn whoever_was_deleted_before_they_were_ever_assigned_is_told_of_and_the_rest_goes_on() {
    for (config, other, who, _) in of_two() {
        let world = World::new(&config, |_| {}).await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jira(other).forget(who);
        jane.assign(&key, Some("jane")).unwrap();
        jane.edit(&key, json!({ "summary": "Item 2" })).unwrap();
        jane.comment(&key, "Said meanwhile").unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item 2");
        assert_eq!((there.comments.len(), assigned(&world, other)), (1, String::new()));
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].starts_with(other) && problems[0].contains("may not be assigned"),
            "{problems:?}"
        );
        assert_eq!(world.jira(other).calls().iter().filter(|call| call.status == 400).count(), 0);
    }
}

/// An account without a licence has no application access, and without that nobody holds Assignable User: of all people there one lacks it. It
/// is that person's row alone that is told of.
#[tokio::test(start_paused = true)]
async fn whoever_has_no_licence_is_not_tried_and_others_are_assigned() {
    for (config, other, who, second) in of_two() {
        let project = if other == "globex" { "ENG" } else { "OPS" };
        let mut world = World::without_daemon(&config);
        let unlicensed = world.person(other, who).id().to_owned();
        let licensed = world.jira(other).people().into_iter().map(|person| person.id().to_owned());
        let licensed: Vec<Holder> = licensed.filter(|id| id != &unlicensed).map(Holder::User).collect();
        world.jira(other).set_permission(project, "ASSIGNABLE_USER", &licensed);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        jane.edit(&key, json!({ "summary": "Item 2", "duedate": "2026-05-01" })).unwrap();
        jane.comment(&key, "Said meanwhile").unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item 2");
        assert_eq!(there.fields["duedate"].get(..10), Some("2026-05-01"));
        assert_eq!((there.comments.len(), assigned(&world, other)), (1, String::new()));
        assert_eq!(assigned(&world, "acme"), "Jane Roe");
        let problems = world.problems().await;
        let name = world.jira(other).display_name(&unlicensed);
        let told = format!("{name} may not be assigned issues on side `{other}`");
        assert!(problems.len() == 1 && problems[0].contains(&told), "{problems:?}");
        assert_eq!(world.jira(other).calls().iter().filter(|call| call.status == 400).count(), 0);
        // Whoever has one is.
        jane.assign(&key, Some("omar")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), world.jira(other).display_name(world.person(other, second).id()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
