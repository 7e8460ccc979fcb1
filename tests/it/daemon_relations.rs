//! Links between issues of one sync: made and taken away once, on every side that has both ends. Must never take the daemon's
//! word for what stands in a Jira.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// With links carried, under a table that turns one type round on Data Center.
fn linked(config: &str) -> String {
    let rows = "summary = \"both\"\nlinks = \"both\"";
    let types = "[sync.support.map]\nlink-type = [ { acme = \"Blocks\", globex = \"Dependency:inward\", initech = \"Blocks\" } ]";
    let types = types
        .replace(", initech = \"Blocks\"", if config.contains("side.initech") { ", initech = \"Blocks\"" } else { "" });
    let types =
        if config.contains("side.globex") { types } else { types.replace(", globex = \"Dependency:inward\"", "") };
    config.replacen("summary = \"both\"", rows, 1).replacen("[sync.support.map]", &types, 1)
}

/// A world whose Data Center has a type that reads the other way round, and not the one of the others.
async fn world(config: &str) -> World {
    let mut world = World::of(&linked(config), |setups| {
        let types = &mut setups.get_mut("globex").unwrap().link_types;
        types.retain(|(name, ..)| name != "Blocks");
        types.push(("Dependency".to_owned(), "blocks".to_owned(), "depends on".to_owned()));
    });
    world.start().await;
    world
}

async fn create(world: &World, summaries: &[&str], labels: &[&str]) {
    for summary in summaries {
        let fields = json!({ "summary": summary, "priority": { "name": "Low" }, "labels": labels });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    }
    world.rest().await.unwrap();
}

/// The links of an issue as it shows them: type, whether outward, the summary of the other issue.
fn links(world: &World, jira: &str, summary: &str) -> Vec<(String, bool, String)> {
    let shown = world.issue(jira, summary).issue_links.into_iter().map(|link| {
        let other = world.jira(jira).issue(&link.other).unwrap();
        (link.kind, link.outward, other.fields.get("summary").cloned().unwrap_or_default())
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

fn link(kind: &str, outward: bool, other: &str) -> (String, bool, String) {
    (kind.to_owned(), outward, other.to_owned())
}

fn written(world: &World) -> u64 {
    let of = |jira: &str| {
        let calls = calls(world.jira(jira));
        calls.get("linkIssues").unwrap_or(&0) + calls.get("deleteIssueLink").unwrap_or(&0)
    };
    ["acme", "globex", "initech"].into_iter().map(of).sum()
}

fn reset(world: &World) {
    for jira in ["acme", "globex", "initech"] {
        world.jira(jira).reset_calls();
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_goes_both_ways_by_its_direction_and_costs_one_post() {
    let world = world(&two()).await;
    create(&world, &["One", "Two"], &[]).await;
    let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
    reset(&world);
    world.person("acme", "jane").link(&one, "Blocks", &two).unwrap();
    world.interval().await;
    assert_eq!(links(&world, "globex", "One"), [link("Dependency", false, "Two")]);
    assert_eq!(links(&world, "globex", "Two"), [link("Dependency", true, "One")]);
    assert_eq!(calls(world.jira("globex"))["linkIssues"], 1);
    let reads = ["getIssue", "bulkFetchIssues", "getChangeLogs"];
    let read = |jira: &str| reads.iter().filter_map(|name| calls(world.jira(jira)).get(*name).copied()).sum::<u64>();
    assert_eq!((read("acme"), read("globex")), (0, 0), "it is planned on the rows of the poll");
    // Nothing of it comes back, and nothing is sent again.
    world.intervals(20).await;
    assert_eq!(written(&world), 1);
    assert_eq!((read("acme"), read("globex")), (0, 0));
    // The other way, of a type that no row has.
    let (one, two) = (world.issue("globex", "One").key, world.issue("globex", "Two").key);
    world.person("globex", "jdoe").link(&two, "Relates", &one).unwrap();
    world.person("globex", "jdoe").link(&one, "Dependency", &two).unwrap();
    world.rest().await.unwrap();
    let all = [link("Blocks", false, "Two"), link("Blocks", true, "Two"), link("Relates", false, "Two")];
    assert_eq!(links(&world, "acme", "One"), all);
    world.intervals(10).await;
    assert_eq!(written(&world), 3);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_one_takes_away_goes_elsewhere_and_what_another_adds_stays() {
    let world = world(&two()).await;
    create(&world, &["One", "Two", "Three"], &[]).await;
    let key = |jira: &str, summary: &str| world.issue(jira, summary).key;
    world.person("acme", "jane").link(&key("acme", "One"), "Blocks", &key("acme", "Two")).unwrap();
    world.rest().await.unwrap();
    reset(&world);
    // At once: gone here, another there.
    let there = world.issue("acme", "One").issue_links[0].id;
    world.person("acme", "jane").unlink(there).unwrap();
    let (one, three) = (key("globex", "One"), key("globex", "Three"));
    world.person("globex", "jdoe").link(&one, "Relates", &three).unwrap();
    world.rest().await.unwrap();
    for jira in ["acme", "globex"] {
        assert_eq!(links(&world, jira, "One"), [link("Relates", true, "Three")], "{jira}");
        assert_eq!(links(&world, jira, "Two"), [], "{jira}");
    }
    world.intervals(10).await;
    assert_eq!(written(&world), 2);
    // Taken away at the inward end, on the other side.
    let there = world.issue("globex", "Three").issue_links[0].id;
    world.person("globex", "jdoe").unlink(there).unwrap();
    world.rest().await.unwrap();
    assert_eq!(links(&world, "acme", "One"), []);
    // The same on both sides at once is no second link.
    world.person("acme", "jane").link(&key("acme", "One"), "Relates", &key("acme", "Two")).unwrap();
    world.person("globex", "jdoe").link(&key("globex", "One"), "Relates", &key("globex", "Two")).unwrap();
    world.rest().await.unwrap();
    for jira in ["acme", "globex"] {
        assert_eq!(links(&world, jira, "One"), [link("Relates", true, "Two")], "{jira}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_link_taken_away_before_it_was_seen_stays_away() {
    let world = world(&two()).await;
    create(&world, &["One", "Two"], &[]).await;
    let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
    world.person("acme", "jane").link(&one, "Blocks", &two).unwrap();
    world.interval().await;
    // Ours is there, and no poll brought it yet.
    let there = world.issue("globex", "One").issue_links[0].id;
    world.person("globex", "jdoe").unlink(there).unwrap();
    world.rest().await.unwrap();
    assert_eq!(links(&world, "globex", "One"), []);
    assert_eq!(links(&world, "acme", "One"), [], "a person took it away");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_069_a_link_waits_until_both_ends_are_there() {
    for config in [two(), two_clouds()] {
        let other = if config.contains("side.globex") { "globex" } else { "initech" };
        let scoped = config.replace("project = \"SUP\"", "project = \"SUP\", jql = \"labels = carried\"");
        let world = world(&scoped).await;
        create(&world, &["One", "Two"], &["carried"]).await;
        create(&world, &["Three"], &[]).await;
        let key = |summary: &str| world.issue("acme", summary).key;
        world.person("acme", "jane").link(&key("One"), "Relates", &key("Three")).unwrap();
        world.person("acme", "jane").link(&key("Three"), "Cloners", &key("Two")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(links(&world, other, "One"), [], "{other}: the other is no item");
        // A link to what is not carried is nobody's business: an edit of the rest leaves it.
        world.person("acme", "jane").link(&key("One"), "Blocks", &key("Two")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(links(&world, other, "One").len(), 1);
        assert_eq!(links(&world, "acme", "One").len(), 2);
        world.person("acme", "jane").edit(&key("Three"), json!({ "labels": ["carried"] })).unwrap();
        world.rest().await.unwrap();
        let one = links(&world, other, "One");
        assert!(one.contains(&link("Relates", true, "Three")), "{other}: {one:?}");
        assert_eq!(links(&world, other, "Three"), [link("Cloners", true, "Two"), link("Relates", false, "One")]);
        world.intervals(10).await;
        assert_eq!(written(&world), 3, "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn issues_that_are_linked_from_the_start_are_linked_in_the_end() {
    let world = world(THREE).await;
    let jane = world.person("acme", "jane");
    let mut keys = Vec::new();
    for number in 0..6 {
        let labels = ["share-globex", "share-initech"];
        let fields = json!({ "summary": format!("Item {number}"), "priority": { "name": "Low" }, "labels": labels });
        keys.push(jane.create("SUP", "Bug", fields).unwrap());
    }
    for pair in keys.windows(2) {
        jane.link(&pair[0], "Blocks", &pair[1]).unwrap();
    }
    world.rest().await.unwrap();
    for jira in ["globex", "initech"] {
        assert_eq!(calls(world.jira(jira))["linkIssues"], 5, "{jira}");
    }
    assert_eq!(links(&world, "initech", "Item 0"), [link("Blocks", true, "Item 1")]);
    assert_eq!(links(&world, "globex", "Item 0"), [link("Dependency", false, "Item 1")]);
    reset(&world);
    world.intervals(10).await;
    assert_eq!(written(&world), 0);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn partners_learn_nothing_of_one_anothers_links() {
    let world = world(THREE).await;
    create(&world, &["One", "Two"], &["share-globex", "share-initech"]).await;
    create(&world, &["Home"], &["share-globex"]).await;
    let key = |jira: &str, summary: &str| world.issue(jira, summary).key;
    reset(&world);
    world.person("globex", "jdoe").link(&key("globex", "One"), "Relates", &key("globex", "Two")).unwrap();
    world.rest().await.unwrap();
    assert_eq!(links(&world, "acme", "One"), [link("Relates", true, "Two")]);
    world.person("acme", "jane").link(&key("acme", "One"), "Blocks", &key("acme", "Home")).unwrap();
    world.person("acme", "jane").link(&key("acme", "One"), "Cloners", &key("acme", "Two")).unwrap();
    world.rest().await.unwrap();
    let all = [link("Blocks", true, "Home"), link("Cloners", true, "Two"), link("Relates", true, "Two")];
    assert_eq!(links(&world, "acme", "One"), all);
    let home = [link("Cloners", true, "Two")];
    assert_eq!(links(&world, "initech", "One"), home, "neither a partner's link nor one to what is not there");
    assert_eq!(calls(world.jira("initech"))["linkIssues"], 1);
    assert_eq!(world.problems().await, Vec::<String>::new(), "that it is not shared is how it is meant");
    // Home shares the other issue too.
    world
        .person("acme", "jane")
        .edit(&key("acme", "Home"), json!({ "labels": ["share-globex", "share-initech"] }))
        .unwrap();
    world.rest().await.unwrap();
    assert_eq!(links(&world, "initech", "One"), [link("Blocks", true, "Home"), link("Cloners", true, "Two")]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The history names the other issue and no type. Ours comes after the person's here, and both are read at once.
#[tokio::test(start_paused = true)]
async fn of_two_links_to_one_issue_each_is_of_whoever_made_it() {
    for removed in [false, true] {
        let world = world(&two()).await;
        create(&world, &["One", "Two"], &[]).await;
        let key = |jira: &str, summary: &str| world.issue(jira, summary).key;
        let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
        if removed {
            jane.link(&key("acme", "One"), "Blocks", &key("acme", "Two")).unwrap();
            jdoe.link(&key("globex", "One"), "Relates", &key("globex", "Two")).unwrap();
            world.rest().await.unwrap();
        }
        world.jira("globex").add_fault(FaultRule::new("search", When::Nth(1), Fault::Status(404)));
        if removed {
            let of = |jira: &str, kind: &str| {
                let issue = world.issue(jira, "One");
                issue.issue_links.iter().find(|link| link.kind == kind).unwrap().id
            };
            jdoe.unlink(of("globex", "Relates")).unwrap();
            jane.unlink(of("acme", "Blocks")).unwrap();
        } else {
            jdoe.link(&key("globex", "One"), "Relates", &key("globex", "Two")).unwrap();
            jane.link(&key("acme", "One"), "Blocks", &key("acme", "Two")).unwrap();
        }
        world.rest().await.unwrap();
        let all = |kinds: [&str; 2]| kinds.map(|kind| link(kind, true, "Two")).to_vec();
        let none = Vec::new();
        assert_eq!(links(&world, "acme", "One"), if removed { none.clone() } else { all(["Blocks", "Relates"]) });
        assert_eq!(links(&world, "globex", "One").len(), if removed { 0 } else { 2 });
        assert_eq!(world.problems().await, Vec::<String>::new(), "{removed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_link_and_loses_none() {
    for operation in ["linkIssues", "deleteIssueLink"] {
        for fault in [
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::StatusAfter(502),
            Fault::Unavailable { status: 503, retry_after: None },
            Fault::LateWrite(Duration::from_secs(40)),
        ] {
            let world = world(&two()).await;
            create(&world, &["One", "Two"], &[]).await;
            let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
            world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
            world.person("acme", "jane").link(&one, "Blocks", &two).unwrap();
            world.intervals(10).await;
            assert_eq!(links(&world, "globex", "One").len(), 1, "{operation} {fault:?}");
            let there = world.issue("acme", "One").issue_links[0].id;
            world.person("acme", "jane").unlink(there).unwrap();
            world.intervals(10).await;
            assert_eq!(links(&world, "globex", "One"), [], "{operation} {fault:?}");
            assert_eq!(links(&world, "acme", "One"), [], "{operation} {fault:?}");
            reset(&world);
            world.intervals(10).await;
            assert_eq!(written(&world), 0, "{operation} {fault:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{operation} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_dies_after_a_link_makes_no_second_one() {
    let mut world = world(&two()).await;
    create(&world, &["One", "Two"], &[]).await;
    let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
    world.jira("globex").add_fault(FaultRule::new("linkIssues", When::Nth(1), Fault::ResetAfter));
    world.person("acme", "jane").link(&one, "Blocks", &two).unwrap();
    world.interval().await;
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(links(&world, "globex", "One").len(), 1);
    assert_eq!(calls(world.jira("globex"))["linkIssues"], 1, "it was looked for first");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_the_links_problem_and_the_rest_goes_on() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        create(&world, &["One", "Two"], &[]).await;
        let project = if other == "globex" { "ENG" } else { "OPS" };
        world.jira(other).set_permission(project, "LINK_ISSUES", &[Holder::User("nobody".into())]);
        let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
        reset(&world);
        world.person("acme", "jane").link(&one, "Relates", &two).unwrap();
        world.intervals(4).await;
        let problems = world.problems().await;
        assert_eq!(problems.len(), 1, "{other}: {problems:?}");
        assert!(problems[0].contains("did not let the link `Relates`"), "{other}: {problems:?}");
        world.person("acme", "jane").edit(&one, json!({ "summary": "One again" })).unwrap();
        world.interval().await;
        assert_eq!(world.field(other, "One", "summary"), "One again");
        world.intervals(20).await;
        assert!(calls(world.jira(other))["linkIssues"] <= 4, "it is asked for ever more seldom");
        world.jira(other).set_permission(project, "LINK_ISSUES", &[Holder::LoggedIn]);
        world.intervals(120).await;
        assert_eq!(links(&world, other, "One again").len(), 1, "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_only_not_shown_is_not_taken_away_elsewhere() {
    let config = two();
    let mut world = World::of(&linked(&config), |setups| {
        let globex = setups.get_mut("globex").unwrap();
        globex.link_types.push(("Dependency".to_owned(), "blocks".to_owned(), "depends on".to_owned()));
        let mut hidden = globex.projects[0].clone();
        (hidden.key, hidden.id, hidden.name) = ("HID".to_owned(), 10_900, "Hidden".to_owned());
        hidden.permissions.insert("BROWSE_PROJECTS".to_owned(), [Holder::User("JIRAUSER10101".to_owned())].into());
        globex.projects.push(hidden);
    });
    world.start().await;
    create(&world, &["One", "Two"], &[]).await;
    let (one, two) = (world.issue("acme", "One").key, world.issue("acme", "Two").key);
    world.person("acme", "jane").link(&one, "Relates", &two).unwrap();
    world.rest().await.unwrap();
    let jdoe = world.person("globex", "jdoe");
    jdoe.move_to(&world.issue("globex", "Two").key, "HID").unwrap();
    jdoe.edit(&world.issue("globex", "One").key, json!({ "summary": "One again" })).unwrap();
    world.intervals(10).await;
    assert_eq!(world.field("acme", "One", "summary"), "One again");
    assert_eq!(links(&world, "acme", "One again"), [link("Relates", true, "Two")], "nobody took it away");
}

/// The log names the other end by the key that it had then, which nobody here ever saw: moved away and back while nobody looked, it has a third.
#[tokio::test(start_paused = true)]
async fn a_link_that_was_taken_away_while_its_other_end_was_in_another_project_is_taken_away_on_all_sides() {
    for (jira, who, project, other) in [("globex", "jdoe", "ENG", "acme"), ("acme", "jane", "SUP", "globex")] {
        let mut world = World::of(&linked(&two()), |setups| {
            let types = &mut setups.get_mut("globex").unwrap().link_types;
            types.push(("Dependency".to_owned(), "blocks".to_owned(), "depends on".to_owned()));
            let projects = &mut setups.get_mut(jira).unwrap().projects;
            let mut more = projects[0].clone();
            (more.key, more.id, more.name) = ("MORE".to_owned(), 10_900, "More".to_owned());
            projects.push(more);
        });
        world.start().await;
        create(&world, &["One", "Two"], &[]).await;
        let key = |summary: &str| world.issue("acme", summary).key;
        world.person("acme", "jane").link(&key("One"), "Relates", &key("Two")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(links(&world, other, "One"), [link("Relates", true, "Two")], "{jira}");
        let person = world.person(jira, who);
        let before = world.issue(jira, "Two").key;
        let away = person.move_to(&before, "MORE").unwrap();
        world.pass(7).await;
        person.unlink(world.issue(jira, "One").issue_links[0].id).unwrap();
        world.pass(7).await;
        let back = person.move_to(&away, project).unwrap();
        assert_ne!(back, before, "{jira}: a key of its own once more");
        world.rest().await.unwrap();
        assert_eq!(links(&world, other, "One"), [], "{jira}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{jira}");
    }
}

/// Something that acts as the sync user takes a link away, before and after another one has to wait. The first is told and let be until somebody
/// acts; the second is made when it can be, and neither is made again and again.
#[tokio::test(start_paused = true)]
async fn what_waits_is_made_though_another_link_went_by_nobodys_act() {
    for before in [true, false] {
        let world = world(&two()).await;
        create(&world, &["One", "Two"], &[]).await;
        let (jane, key) = (world.person("acme", "jane"), |summary: &str| world.issue("acme", summary).key);
        jane.link(&key("One"), "Relates", &key("Two")).unwrap();
        world.rest().await.unwrap();
        let take_away = async || {
            let one = world.issue("globex", "One");
            let to_two = one.issue_links.iter().find(|link| link.other == world.issue("globex", "Two").key).unwrap();
            world.person("globex", "sync").unlink(to_two.id).unwrap();
            world.intervals(3).await;
        };
        if before {
            take_away().await;
        }
        let down = Fault::Unavailable { status: 503, retry_after: None };
        world.jira("globex").add_fault(FaultRule::new("createIssue", When::Always, down));
        jane.create("SUP", "Bug", json!({ "summary": "Three", "priority": { "name": "Low" } })).unwrap();
        jane.link(&key("One"), "Relates", &key("Three")).unwrap();
        world.intervals(3).await;
        // Somebody acted, so both are wanted anew; what takes one away goes on doing so.
        take_away().await;
        assert_eq!(links(&world, "globex", "One"), []);
        world.jira("globex").clear_faults();
        world.intervals(10).await;
        assert_eq!(links(&world, "globex", "One"), [link("Relates", true, "Three")], "taken before: {before}");
        assert_eq!(links(&world, "acme", "One").len(), 2, "nobody took it away there");
        assert_eq!(written(&world), 2 + u64::from(before), "taken before: {before}");
        let told = world.problems().await;
        assert!(told.iter().any(|problem| problem.contains("no person changed it")), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_070_check_tells_a_link_type_that_is_not_there() {
    let config = linked(&two()).replace("Dependency:inward", "Dependance:inward");
    let mut world = World::of(&config, |setups| {
        let types = &mut setups.get_mut("globex").unwrap().link_types;
        types.push(("Dependency".to_owned(), "blocks".to_owned(), "depends on".to_owned()));
    });
    let error = format!("{:?}", world.try_start().await.unwrap_err());
    assert!(
        error.contains("there is no link type `Dependance`") && error.contains("did you mean `Dependency`?"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn row_070_a_type_that_a_side_lacks_is_told_and_learnt() {
    let world = world(&two()).await;
    create(&world, &["One", "Two"], &[]).await;
    let (one, two) = (world.issue("globex", "One").key, world.issue("globex", "Two").key);
    // The simulated acme has no such type.
    world.jira("acme").set_link_types(&["Blocks", "Relates"]);
    world.person("globex", "jdoe").link(&one, "Cloners", &two).unwrap();
    world.intervals(60).await;
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("`Cloners`")), "{problems:?}");
    world.person("globex", "jdoe").edit(&one, json!({ "summary": "One again" })).unwrap();
    world.interval().await;
    assert_eq!(world.field("acme", "One", "summary"), "One again");
}

/// People may link in a circle, and both ways: each link is one of its own, and is made once on each side.
#[tokio::test(start_paused = true)]
async fn row_070_links_that_lead_in_a_circle_are_made_once_each() {
    for (config, other, kind) in [(two(), "globex", "Dependency"), (two_clouds(), "initech", "Blocks")] {
        let world = world(&config).await;
        create(&world, &["One", "Two", "Three"], &[]).await;
        let key = |jira: &str, summary: &str| world.issue(jira, summary).key;
        reset(&world);
        let jane = world.person("acme", "jane");
        for (from, to) in [("One", "Two"), ("Two", "One"), ("Two", "Three")] {
            jane.link(&key("acme", from), "Blocks", &key("acme", to)).unwrap();
        }
        world.rest().await.unwrap();
        // The last one closes the circle of three on the other side.
        let who = if other == "globex" { "jdoe" } else { "petra" };
        let (one, three) = (key(other, "One"), key(other, "Three"));
        let (from, to) = if other == "globex" { (&one, &three) } else { (&three, &one) };
        world.person(other, who).link(from, kind, to).unwrap();
        world.rest().await.unwrap();
        let outward = other != "globex";
        let shown = |kind: &str, outward: bool| {
            let mut shown =
                vec![link(kind, outward, "Two"), link(kind, !outward, "Two"), link(kind, !outward, "Three")];
            shown.sort();
            shown
        };
        assert_eq!(links(&world, "acme", "One"), shown("Blocks", true), "{other}");
        assert_eq!(links(&world, other, "One"), shown(kind, outward), "{other}");
        assert_eq!((written(&world), world.problems().await), (4, Vec::new()), "{other}: once each");
        world.intervals(60).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(written(&world), 4, "{other}: nothing goes round");
        // One of the two between the same issues goes; the other stays.
        let gone = world.issue("acme", "One").issue_links.into_iter().find(|link| link.outward).unwrap();
        jane.unlink(gone.id).unwrap();
        world.rest().await.unwrap();
        let left = |kind: &str, outward: bool| {
            let mut left = vec![link(kind, outward, "Two"), link(kind, outward, "Three")];
            left.sort();
            left
        };
        assert_eq!(links(&world, "acme", "One"), left("Blocks", false), "{other}");
        assert_eq!(links(&world, other, "One"), left(kind, !outward), "{other}");
        assert_eq!((written(&world), world.problems().await), (5, Vec::new()), "{other}");
        // None of the two makes a link of an issue to itself: there is none to be carried.
        for (jira, who, kind) in [("acme", "jane", "Blocks"), (other, who, kind)] {
            let itself = key(jira, "One");
            let refused = world.person(jira, who).link(&itself, kind, &itself).unwrap_err();
            assert!(format!("{refused:?}").contains("link an issue to itself"), "{jira}: {refused:?}");
        }
    }
}
