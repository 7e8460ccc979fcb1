//! Every other kind of field, between Cloud and Data Center and between two Clouds, in both directions: radio, checkboxes,
//! cascading select, web address, users, groups, environment, reporter, estimates, resolution. Must never ask the daemon what a
//! Jira holds.

use jirasyncd::simulator::{FieldSetup, FieldType, Person, Setup};
use serde_json::{Value, json};

use super::daemon_support::{World, calls, two, two_clouds};

/// Custom fields, each under the same place of a side's ids.
const FIELDS: [&str; 9] = ["Size", "Checks", "Region", "Site", "Owner", "Reviewers", "Team", "Teams", "Backup"];
const SIZE: usize = 0;
const CHECKS: usize = 1;
const REGION: usize = 2;
const SITE: usize = 3;
const OWNER: usize = 4;
const REVIEWERS: usize = 5;
const TEAM: usize = 6;
const TEAMS: usize = 7;

fn id(side: &str, place: usize) -> String {
    let base = if side == "acme" { 23_000 } else { 33_000 };
    format!("customfield_{}", base + place)
}

fn enrich(setup: &mut Setup, side: &str) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let home = side == "acme";
    let tree = vec![("Europe".to_owned(), names(&["France", "Spain"])), ("Asia".to_owned(), Vec::new())];
    let types = [
        FieldType::Radio(names(&["S", "L"])),
        FieldType::Checkboxes(names(if home { &["Legal", "Safety"] } else { &["Recht", "Safety"] })),
        FieldType::Cascade(tree),
        FieldType::Url,
        FieldType::User,
        FieldType::Users,
        FieldType::Group,
        FieldType::Groups,
        FieldType::User,
    ];
    for ((place, name), kind) in FIELDS.iter().enumerate().zip(types) {
        setup.fields.push(FieldSetup::new(&id(side, place), name, kind));
    }
    setup.groups = names(&["red", "blue"]);
}

fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    let more = |text: String, side: &str, cell: &str| {
        text.replacen(
            "users = [ ",
            &format!("users = [ {{ acme = \"omar@acme.example\", {side} = \"{cell}\" }},\n          "),
            1,
        )
    };
    [
        (more(two(), "globex", "mlopez"), "globex", "jdoe", "mlopez"),
        (more(two_clouds(), "initech", "anna@initech.example"), "initech", "petra", "anna"),
    ]
}

fn world(config: &str, other: &str, rows: &str) -> World {
    world_with(config, other, rows, |_, _| {})
}

/// The same, each Jira changed before it starts.
fn world_with(config: &str, other: &str, rows: &str, mut change: impl FnMut(&str, &mut Setup)) -> World {
    World::of(&config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1), |setups| {
        for side in ["acme", other] {
            let setup = setups.get_mut(side).unwrap();
            enrich(setup, side);
            change(side, setup);
        }
    })
}

/// Somebody, as a field of their Jira takes them.
fn user(world: &World, side: &str, person: &Person) -> Value {
    if side == "globex" {
        let name = if person.id() == "JIRAUSER10101" { "jdoe" } else { "mlopez" };
        return json!({ "name": name });
    }
    let _ = world;
    json!({ "accountId": person.id() })
}

fn issue(fields: Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

async fn quiet(world: &World) {
    world.jira("acme").reset_calls();
    world.intervals(10).await;
    assert_eq!(calls(world.jira("acme")).get("editIssue"), None, "nothing of all that was taken for a change");
}

#[tokio::test(start_paused = true)]
async fn choices_of_every_kind_cross_without_a_kind_being_said() {
    for (config, other, who, _) in pairs() {
        let rows = format!(
            "Size = \"both\"\nRegion = \"both\"\nSite = \"both\"\nTeam = \"both\"\nTeams = \"both\"\n\
             checks = {{ acme = \"Checks\", {other} = \"Checks\", kind = \"options\", values = [ \
             {{ acme = \"Legal\", {other} = \"Recht\" }}, {{ acme = \"Safety\", {other} = \"Safety\" }} ] }}\n\
             environment = \"both\""
        );
        let mut world = world(&config, other, &rows);
        world.start().await;
        let mut fields = json!({ "environment": "A big one" });
        fields[id("acme", SIZE)] = json!({ "value": "L" });
        fields[id("acme", CHECKS)] = json!([{ "value": "Legal" }]);
        fields[id("acme", REGION)] = json!({ "value": "Europe", "child": { "value": "Spain" } });
        fields[id("acme", SITE)] = json!("https://acme.example/a");
        fields[id("acme", TEAM)] = json!({ "name": "red" });
        fields[id("acme", TEAMS)] = json!([{ "name": "red" }, { "name": "blue" }]);
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(fields)).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        let shown = |side: &str, place: usize| world.field(side, "Item", &id(side, place));
        assert_eq!((shown(other, SIZE), shown(other, CHECKS)), ("L".to_owned(), "Recht".to_owned()));
        assert!(
            shown(other, REGION).contains("Europe") && shown(other, REGION).contains("Spain"),
            "{}",
            shown(other, REGION)
        );
        assert_eq!((shown(other, SITE), shown(other, TEAM)), ("https://acme.example/a".to_owned(), "red".to_owned()));
        assert_eq!(shown(other, TEAMS), "[red, blue]".replace("red, blue", "blue, red"));
        let environment = world.field(other, "Item", "environment");
        assert!(environment == "A big one", "{environment}");
        // Back: each is changed or cleared.
        let mut fields = json!({ "environment": "Small" });
        fields[id(other, SIZE)] = json!({ "value": "S" });
        fields[id(other, REGION)] = json!({ "value": "Asia" });
        fields[id(other, SITE)] = json!(null);
        fields[id(other, TEAM)] = json!({ "name": "blue" });
        world.person(other, who).edit(&there, fields).unwrap();
        let step = json!({ id(other, CHECKS): [{ "add": { "value": "Safety" } }], id(other, TEAMS): [{ "remove": { "name": "red" } }] });
        world.person(other, who).update(&there, step).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (shown("acme", SIZE), shown("acme", SITE), shown("acme", TEAM)),
            ("S".into(), String::new(), "blue".into())
        );
        assert!(shown("acme", REGION).contains("Asia") && !shown("acme", REGION).contains("Spain"));
        assert!(shown("acme", CHECKS).contains("Legal") && shown("acme", CHECKS).contains("Safety"));
        assert_eq!(
            (shown("acme", TEAMS).as_str(), world.field("acme", "Item", "environment").as_str()),
            ("[blue]", "Small")
        );
        // Another child of the other parent, and nothing.
        world.person("acme", "jane").edit(&key, json!({ id("acme", REGION): { "value": "Europe", "child": { "value": "France" } }, id("acme", TEAM): null })).unwrap();
        world.rest().await.unwrap();
        assert!(shown(other, REGION).contains("France"));
        assert_eq!(shown(other, TEAM), "");
        assert_eq!(world.problems().await, Vec::<String>::new());
        quiet(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn users_and_reporters_cross_by_the_map() {
    for (config, other, who, second) in pairs() {
        let mut world = world(&config, other, "Owner = \"both\"\nReviewers = \"both\"\nreporter = \"both\"");
        world.start().await;
        let [jane, omar, li] = ["jane", "omar", "li"].map(|name| world.person("acme", name));
        let mut fields = json!({ "reporter": user(&world, "acme", &omar) });
        fields[id("acme", OWNER)] = user(&world, "acme", &jane);
        fields[id("acme", REVIEWERS)] = json!([user(&world, "acme", &jane), user(&world, "acme", &omar)]);
        let key = jane.create("SUP", "Bug", issue(fields)).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        let name = |world: &World, side: &str, field: &str| world.field(side, "Item", field);
        let [first, other_one] = [who, second].map(|name| world.person(other, name));
        let (owner, reviewers) = (id(other, OWNER), id(other, REVIEWERS));
        assert!(!name(&world, other, "reporter").is_empty());
        let display = |person: &Person| world.jira(other).display_name(person.id());
        assert_eq!(
            (name(&world, other, "reporter"), name(&world, other, &owner)),
            (display(&other_one), display(&first))
        );
        assert!(
            name(&world, other, &reviewers).contains(&display(&first))
                && name(&world, other, &reviewers).contains(&display(&other_one))
        );
        // One is taken out there while another, whom the map does not know, is put in here: theirs stays where it is.
        first.update(&there, json!({ &reviewers: [{ "remove": user(&world, other, &first) }] })).unwrap();
        jane.update(&key, json!({ id("acme", REVIEWERS): [{ "add": user(&world, "acme", &li) }] })).unwrap();
        first.edit(&there, json!({ &owner: user(&world, other, &other_one) })).unwrap();
        world.rest().await.unwrap();
        let here = name(&world, "acme", &id("acme", REVIEWERS));
        assert!(here.contains("Omar") && here.contains("Li Wei") && !here.contains("Jane"), "{here}");
        assert_eq!(name(&world, other, &reviewers), format!("[{}]", display(&other_one)));
        assert_eq!(name(&world, "acme", &id("acme", OWNER)), "Omar Haddad");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("`Reviewers` cannot be held in full here"), "{problems:?}");
        quiet(&world).await;
    }
}

/// No document says whether a Jira takes somebody who left for a reporter or in a user picker. One that does not is told of by field, and the rest
/// goes on; one that does is given them.
#[tokio::test(start_paused = true)]
async fn somebody_who_left_holds_up_only_the_fields_that_do_not_take_them() {
    for (config, other, _, second) in pairs() {
        for refused in [true, false] {
            let mut world = world_with(&config, other, "Owner = \"both\"\nreporter = \"both\"", |_, setup| {
                setup.quirks.inactive_users_refused = refused;
            });
            world.start().await;
            world.jira(other).set_active(second, false);
            let [jane, omar] = ["jane", "omar"].map(|name| world.person("acme", name));
            let mut fields = json!({ "reporter": user(&world, "acme", &omar) });
            fields[id("acme", OWNER)] = user(&world, "acme", &omar);
            let key = jane.create("SUP", "Bug", issue(fields)).unwrap();
            world.rest().await.unwrap();
            jane.edit(&key, json!({ "summary": "Item 2" })).unwrap();
            world.rest().await.unwrap();
            let name = world.jira(other).display_name(world.person(other, second).id());
            let shown =
                |side: &str| (world.field(side, "Item 2", "reporter"), world.field(side, "Item 2", &id(side, OWNER)));
            let problems = world.problems().await;
            if refused {
                let (reporter, owner) = shown(other);
                assert!(reporter != name && owner.is_empty(), "{other}: {reporter}, {owner}");
                for row in ["reporter", "Owner"] {
                    let told = format!("{other}: Jira refused `{row}`");
                    assert!(problems.iter().any(|problem| problem.starts_with(&told)), "{row}: {problems:?}");
                }
                assert_eq!(problems.len(), 2, "{problems:?}");
                assert_eq!(shown("acme"), ("Omar Haddad".to_owned(), "Omar Haddad".to_owned()));
                world.jira(other).reset_calls();
                world.intervals(20).await;
                assert_eq!(world.jira(other).count("editIssue"), 0, "nothing is tried again soon");
                // Back again: made good by the next full check.
                world.jira(other).set_active(second, true);
                world.pass(7 * 3_600).await;
                world.daemon().engine().sweep(None).await.unwrap();
                world.rest().await.unwrap();
            }
            assert_eq!(shown(other), (name.clone(), name), "{refused}: {problems:?}");
            assert_eq!(shown("acme"), ("Omar Haddad".to_owned(), "Omar Haddad".to_owned()));
            assert_eq!(world.problems().await, Vec::<String>::new(), "{refused}");
            quiet(&world).await;
        }
    }
}

/// Days are of six hours on one side and of eight on the other: a word that was passed on as it stands would be another time there.
#[tokio::test(start_paused = true)]
async fn estimates_cross_in_seconds_whatever_they_are_written_as() {
    for (config, other, who, _) in pairs() {
        for short in ["acme", other] {
            let rows = "original-estimate = \"both\"\nremaining-estimate = \"both\"";
            let mut world = world_with(&config, other, rows, |side, setup| {
                setup.quirks.hours_per_day = if side == short { 6 } else { 8 };
            });
            let day = |side: &str| if side == short { 21_600 } else { 28_800 };
            world.start().await;
            let jane = world.person("acme", "jane");
            let tracked = json!({ "originalEstimate": "1d", "remainingEstimate": "3h" });
            let key = jane.create("SUP", "Bug", issue(json!({ "timetracking": tracked }))).unwrap();
            world.rest().await.unwrap();
            let there = world.issue(other, "Item").key;
            let shown = |side: &str| {
                (world.field(side, "Item", "timeoriginalestimate"), world.field(side, "Item", "timeestimate"))
            };
            let of = |original: u64, remaining: u64| (original.to_string(), remaining.to_string());
            assert_eq!(shown("acme"), of(day("acme"), 10_800), "{short} is of six hours");
            assert_eq!(shown(other), shown("acme"), "{short} is of six hours");
            let person = world.person(other, who);
            person.edit(&there, json!({ "timetracking": { "remainingEstimate": "1h 30m" } })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(shown("acme"), of(day("acme"), 5_400));
            let tracked = json!({ "originalEstimate": null, "remainingEstimate": "2d" });
            jane.edit(&key, json!({ "timetracking": tracked })).unwrap();
            world.rest().await.unwrap();
            let (original, remaining) = shown(other);
            assert!(matches!(original.as_str(), "" | "0"), "{original}");
            assert_eq!(remaining, (2 * day("acme")).to_string(), "{short} is of six hours");
            // And the other way, in weeks of that side.
            let tracked = json!({ "originalEstimate": "1w", "remainingEstimate": "1d 2h" });
            person.edit(&there, json!({ "timetracking": tracked })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(shown(other), of(5 * day(other), day(other) + 7_200), "{short} is of six hours");
            assert_eq!(shown("acme"), shown(other), "{short} is of six hours");
            assert_eq!(world.problems().await, Vec::<String>::new());
            quiet(&world).await;
        }
    }
}

/// Jira lets all of an estimate remain where an issue is made with it alone, also where nothing remains of what is copied.
#[tokio::test(start_paused = true)]
async fn of_what_has_nothing_left_to_do_nothing_remains_on_the_copy_either() {
    for (config, other, who, _) in pairs() {
        let mut world = world(&config, other, "original-estimate = \"both\"\nremaining-estimate = \"both\"");
        let jane = world.person("acme", "jane");
        let tracked = json!({ "originalEstimate": "1d", "remainingEstimate": "0m" });
        let key = jane.create("SUP", "Bug", issue(json!({ "timetracking": tracked }))).unwrap();
        world.start().await;
        world.rest().await.unwrap();
        let shown =
            |side: &str| (world.field(side, "Item", "timeoriginalestimate"), world.field(side, "Item", "timeestimate"));
        assert_eq!(shown(other), ("28800".to_owned(), "0".to_owned()));
        assert_eq!(shown("acme"), shown(other));
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ "timetracking": { "remainingEstimate": "1h" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown("acme"), ("28800".to_owned(), "3600".to_owned()), "{key}");
        assert_eq!(world.problems().await, Vec::<String>::new());
        quiet(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolution_goes_with_the_transition_that_shows_it() {
    let rows = "resolution = { values = [ { acme = \"Done\", globex = \"Fixed\" }, { acme = \"Won't Do\", globex = \"Won't Fix\" } ] }";
    let config = two().replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1);
    let mut world = World::of(&config, |setups| {
        let project = &mut setups.get_mut("acme").unwrap().projects[0];
        for edge in &mut project.transitions {
            if edge.to == "Done" {
                edge.screen.insert("resolution".to_owned(), false);
            }
        }
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    let key = jane.create("SUP", "Bug", issue(json!({}))).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    jane.transition_with(&key, "Done", json!({ "resolution": { "name": "Won't Do" } })).unwrap();
    world.rest().await.unwrap();
    let shown = |side: &str| (world.field(side, "Item", "status"), world.field(side, "Item", "resolution"));
    assert_eq!(shown("globex"), ("Closed".to_owned(), "Won't Fix".to_owned()));
    assert_eq!(world.problems().await, Vec::<String>::new());
    // Opened again there: the workflows take it away on both sides.
    world.person("globex", "jdoe").transition(&there, "Reopen").unwrap();
    world.rest().await.unwrap();
    assert_eq!(shown("acme"), ("To Do".to_owned(), String::new()));
    assert_eq!(world.problems().await, Vec::<String>::new());
    quiet(&world).await;
}
