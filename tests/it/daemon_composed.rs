//! What the sync itself writes, what has no counterpart, and values that cross from one type of field to another. Must never ask
//! the daemon what a Jira holds.

use jirasyncd::app::StartError;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Exchange, Fault, FaultRule, FieldSetup, FieldType, Holder, ProjectSetup, Setup, When};
use serde_json::{Value, json};

use super::daemon_support::{World, calls, two, two_clouds};

/// Fields of home and of the partner, by name.
fn enrich(setup: &mut Setup, fields: &[(&str, FieldType)], base: u64) {
    for (number, (name, kind)) in fields.iter().enumerate() {
        setup.fields.push(FieldSetup::new(&format!("customfield_{}", base + number as u64), name, kind.clone()));
    }
    setup.projects[0].versions = vec!["1.0".to_owned(), "2.0".to_owned()];
}

fn world(config: &str, other: &str, rows: &str, home: &[(&str, FieldType)], there: &[(&str, FieldType)]) -> World {
    World::of(&config.replacen("summary = \"both\"", rows, 1), |setups| {
        enrich(setups.get_mut("acme").unwrap(), home, 24_000);
        enrich(setups.get_mut(other).unwrap(), there, 34_000);
    })
}

fn pairs() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn issue(fields: &Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

fn options(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn constants_templates_and_defaults_are_written_to_one_side() {
    for (config, other, who) in pairs() {
        let rows = format!(
            "summary = {{ from = [\"acme\"], template = \"[{{{{ key }}}}] {{{{ summary }}}}\" }}\n\
             source = {{ {other} = \"Source\", value = \"Partner\" }}\n\
             reference = {{ {other} = \"Reference\", template = \"{{{{ key }}}}/{{{{ priority }}}}/{{{{ due_date }}}}\" }}\n\
             \"Note\" = {{ default = {{ {other} = \"none given\" }} }}"
        );
        let home = [("Note", FieldType::Text)];
        let there = [
            ("Source", FieldType::Select(options(&["Partner", "Own"]))),
            ("Reference", FieldType::Text),
            ("Note", FieldType::Text),
        ];
        let mut world = world(&config, other, &rows, &home, &there);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&json!({ "duedate": "2026-05-01" }))).unwrap();
        world.rest().await.unwrap();
        let shown = |world: &World, field: &str| world.field(other, "Item", field);
        assert_eq!(shown(&world, "summary"), format!("[{key}] Item"));
        assert_eq!(shown(&world, "customfield_34000"), "Partner");
        assert_eq!(shown(&world, "customfield_34001"), format!("{key}/Low/2026-05-01"));
        assert_eq!(shown(&world, "customfield_34002"), "none given");
        assert_eq!(world.field("acme", "Item", "summary"), "Item", "what is composed never flows back");
        // What it is composed of changes, and is taken away.
        jane.edit(&key, json!({ "summary": "Item, renamed", "duedate": null, "customfield_24000": "given" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, "summary"), format!("[{key}] Item, renamed"));
        assert_eq!(shown(&world, "customfield_34001"), format!("{key}/Low/"));
        assert_eq!(shown(&world, "customfield_34002"), "given");
        jane.edit(&key, json!({ "customfield_24000": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, "customfield_34002"), "none given");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A person's own word there stays until what it is composed of changes, and is told.
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ "summary": "Item of ours" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (shown(&world, "summary"), world.field("acme", "Item", "summary")),
            ("Item of ours".into(), "Item, renamed".into())
        );
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("only receives"), "{problems:?}");
        jane.edit(&key, json!({ "summary": "Item, again" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, "summary"), format!("[{key}] Item, again"));
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira(other).reset_calls();
        world.intervals(10).await;
        assert_eq!(calls(world.jira(other)).get("editIssue"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn values_cross_from_one_type_of_field_to_another() {
    for (config, other, who) in pairs() {
        let rows = format!(
            "summary = \"both\"\n\
             severity = {{ acme = \"Grade\", {other} = \"Grade text\", kind = \"select\" }}\n\
             customer = {{ acme = \"Client\", {other} = \"Client list\", kind = \"line\" }}\n\
             reported-by = {{ acme = \"reporter\", {other} = \"Reported by\", kind = \"line\", from = [\"acme\"] }}\n\
             found = {{ acme = \"Found in\", {other} = \"Found text\", kind = \"line\" }}\n\
             areas = {{ acme = \"Areas\", {other} = \"Area\", kind = \"options\", values = [ \
             {{ acme = \"Core\", {other} = \"Core\" }}, {{ acme = \"Edge\", {other} = \"Edge\" }} ] }}\n\
             day = {{ acme = \"Start\", {other} = \"Start day\", kind = \"day\", from = [\"acme\"] }}"
        );
        let home = [
            ("Grade", FieldType::Select(options(&["A", "B"]))),
            ("Client", FieldType::Text),
            ("Found in", FieldType::Version),
            ("Areas", FieldType::MultiSelect(options(&["Core", "Edge", "Old"]))),
            ("Start", FieldType::DateTime),
        ];
        let there = [
            ("Grade text", FieldType::Text),
            ("Client list", FieldType::Select(options(&["Umbrella", "Hooli"]))),
            ("Reported by", FieldType::Text),
            ("Found text", FieldType::Text),
            ("Area", FieldType::Select(options(&["Core", "Edge"]))),
            ("Start day", FieldType::Date),
        ];
        let mut world = world(&config, other, &rows, &home, &there);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({
            "customfield_24000": { "value": "B" }, "customfield_24001": "Hooli", "customfield_24002": { "name": "1.0" },
            "customfield_24003": [{ "value": "Edge" }, { "value": "Core" }], "customfield_24004": "2026-04-01T10:00:00.000+0000",
        });
        let key = jane.create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        let key_there = world.issue(other, "Item").key;
        let shown = |world: &World, place: u64| world.field(other, "Item", &format!("customfield_{}", 34_000 + place));
        assert_eq!((shown(&world, 0), shown(&world, 1)), ("B".to_owned(), "Hooli".to_owned()));
        assert_eq!((shown(&world, 2), shown(&world, 3)), ("Jane Roe".to_owned(), "1.0".to_owned()));
        assert_eq!(shown(&world, 4), "Core", "of several the first in the table's order");
        assert_eq!(shown(&world, 5), "01/Apr/26");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("`areas` cannot be held in full"), "{problems:?}");
        // Back: text that is an option or a version is taken, the single option is one element of the set.
        let person = world.person(other, who);
        let fields = json!({
            "customfield_34000": "A", "customfield_34001": { "value": "Umbrella" }, "customfield_34003": "2.0",
            "customfield_34004": { "value": "Edge" },
        });
        person.edit(&key_there, fields).unwrap();
        world.rest().await.unwrap();
        let home = |world: &World, place: u64| world.field("acme", "Item", &format!("customfield_{}", 24_000 + place));
        assert_eq!((home(&world, 0), home(&world, 1), home(&world, 2)), ("A".into(), "Umbrella".into(), "2.0".into()));
        assert_eq!(home(&world, 3), "Edge");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // What is nothing there is a problem of its field alone.
        person.edit(&key_there, json!({ "customfield_34000": "Z", "summary": "Item 2" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((home(&world, 0), world.field("acme", "Item", "summary")), ("A".into(), "Item 2".into()));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("does not offer `Z`"), "{problems:?}");
        jane.edit(&key, json!({ "customfield_24000": { "value": "B" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, 0), "B");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Somebody, as a field of their Jira takes them.
fn user(world: &World, side: &str, name: &str) -> Value {
    if side == "globex" { json!({ "name": name }) } else { json!({ "accountId": world.person(side, name).id() }) }
}

/// Rows whose fields are of another type on the other side, and `second` in the map beside home's Omar.
fn of_other_types(config: &str, other: &str, second: &str) -> World {
    let more = format!("users = [ {{ acme = \"omar@acme.example\", {other} = \"{second}\" }}, ");
    let rows = format!(
        "summary = \"both\"\n\
         team = {{ acme = \"Team\", {other} = \"Lead\", kind = \"people\" }}\n\
         effort = {{ acme = \"timeoriginalestimate\", {other} = \"Effort\", kind = \"duration\" }}\n\
         budget = {{ acme = \"Budget\", {other} = \"timeoriginalestimate\", kind = \"duration\" }}\n\
         tags = {{ acme = \"Tags\", {other} = \"Tag options\", kind = \"words\" }}\n\
         seen = {{ acme = \"Seen in\", {other} = \"Seen words\", kind = \"words\" }}"
    );
    let home = [
        ("Team", FieldType::Users),
        ("Budget", FieldType::Number),
        ("Tags", FieldType::Labels),
        ("Seen in", FieldType::Versions),
    ];
    let there = [
        ("Lead", FieldType::User),
        ("Effort", FieldType::Number),
        ("Tag options", FieldType::MultiSelect(options(&["Core", "Edge"]))),
        ("Seen words", FieldType::Labels),
    ];
    world(&config.replacen("users = [ ", &more, 1), other, &rows, &home, &there)
}

/// Several users in a field for one, an estimate in a number and a number in an estimate, words in options and versions in words.
#[tokio::test(start_paused = true)]
async fn sets_and_estimates_cross_to_fields_of_another_type_and_back() {
    for (config, other, who) in pairs() {
        let (second, cell) = if other == "globex" { ("mlopez", "mlopez") } else { ("anna", "anna@initech.example") };
        let mut world = of_other_types(&config, other, cell);
        world.start().await;
        let (jane, person) = (world.person("acme", "jane"), world.person(other, who));
        let key = jane
            .create(
                "SUP",
                "Bug",
                issue(&json!({
                    "customfield_24000": [user(&world, "acme", "jane"), user(&world, "acme", "omar")],
                    "timetracking": { "originalEstimate": "2h" }, "customfield_24001": 5_400,
                    "customfield_24002": ["Core"], "customfield_24003": [{ "name": "1.0" }, { "name": "2.0" }],
                })),
            )
            .unwrap();
        world.rest().await.unwrap();
        let key_there = world.issue(other, "Item").key;
        let there = |place: u64| world.field(other, "Item", &format!("customfield_{}", 34_000 + place));
        let home = |place: u64| world.field("acme", "Item", &format!("customfield_{}", 24_000 + place));
        let estimate = |side: &str| world.field(side, "Item", "timeoriginalestimate");
        let number = |text: String| text.parse::<f64>().unwrap_or_default();
        let name = |who: &str| world.jira(other).display_name(world.person(other, who).id());
        assert_eq!(there(0), name(second), "of several the first in the map's order");
        assert_eq!((number(there(1)), estimate(other)), (7_200.0, "5400".to_owned()));
        assert_eq!((there(2), there(3)), ("Core".to_owned(), "1.0 2.0".to_owned()));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("`team` cannot be held in full"), "{problems:?}");
        // Back: who is chosen there is all of the set.
        let fields = json!({
            "customfield_34000": user(&world, other, who), "customfield_34001": 10_800, "timetracking": { "originalEstimate": "4h" },
        });
        person.edit(&key_there, fields).unwrap();
        let steps = json!({
            "customfield_34002": [{ "add": { "value": "Edge" } }, { "remove": { "value": "Core" } }],
            "customfield_34003": [{ "remove": "1.0" }],
        });
        person.update(&key_there, steps).unwrap();
        world.rest().await.unwrap();
        assert_eq!(home(0), "[Jane Roe]");
        assert_eq!((estimate("acme"), number(home(1))), ("10800".to_owned(), 14_400.0));
        assert_eq!((home(2), home(3)), ("Edge".to_owned(), "2.0".to_owned()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A word that is no option there, and one that is no version here, stay on their sides and are told.
        jane.update(&key, json!({ "customfield_24002": [{ "add": "Nowhere" }] })).unwrap();
        person.update(&key_there, json!({ "customfield_34003": [{ "add": "9.9" }] })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((there(2), home(3)), ("Edge".to_owned(), "2.0".to_owned()));
        let problems = world.problems().await;
        let told =
            |row: &str| problems.iter().any(|told| told.contains(&format!("`{row}` cannot be held in full here")));
        assert!(problems.len() == 2 && told("tags") && told("seen"), "{problems:?}");
        // Cleared.
        let nothing = json!({
            "customfield_24000": [], "timetracking": { "originalEstimate": null }, "customfield_24001": null,
            "customfield_24002": [],
        });
        jane.edit(&key, nothing).unwrap();
        person.edit(&key_there, json!({ "customfield_34003": [] })).unwrap();
        world.rest().await.unwrap();
        assert_eq!([there(0), there(1), there(2), home(3)], [const { String::new() }; 4]);
        assert!(matches!(estimate(other).as_str(), "" | "0"), "{}", estimate(other));
        assert_eq!(world.problems().await, Vec::<String>::new());
        for side in ["acme", other] {
            world.jira(side).reset_calls();
        }
        world.intervals(10).await;
        for side in ["acme", other] {
            assert_eq!(calls(world.jira(side)).get("editIssue"), None, "nothing of all that was taken for a change");
        }
    }
}

/// What cannot come back out of its counterpart goes one way, from whichever side holds it.
#[tokio::test(start_paused = true)]
async fn what_another_type_can_only_tell_crosses_one_way_from_either_side() {
    let set = || options(&["Core", "Edge"]);
    let sources = [
        ("When", FieldType::DateTime),
        ("Who", FieldType::User),
        ("Several", FieldType::MultiSelect(set())),
        ("Found", FieldType::Versions),
        ("Points", FieldType::Number),
        ("Words", FieldType::Labels),
    ];
    let targets = ["When told", "Who told", "Several told", "Found told", "Points told", "Words told"];
    let targets = targets.map(|name| (name, if name == "When told" { FieldType::Date } else { FieldType::Text }));
    for (config, other, who) in pairs() {
        for from in ["acme", other] {
            let (to, here, base) = if from == "acme" { (other, 24_000, 34_000) } else { ("acme", 34_000, 24_000) };
            let mut rows = "summary = \"both\"".to_owned();
            for ((source, _), (target, _)) in sources.iter().zip(&targets) {
                let kind = if *source == "When" { "day" } else { "line" };
                rows.push_str(&format!(
                    "\nrow-{source} = {{ {from} = \"{source}\", {to} = \"{target}\", kind = \"{kind}\", from = [\"{from}\"] }}"
                ));
            }
            let (home, there) = if from == "acme" { (&sources, &targets) } else { (&targets, &sources) };
            let mut world = world(&config, other, &rows, home, there);
            world.start().await;
            let (project, kind, priority, name) = match from {
                "acme" => ("SUP", "Bug", "Low", "jane"),
                "globex" => ("ENG", "Defect", "P4", who),
                _ => ("OPS", "Fehler", "Niedrig", who),
            };
            let person = world.person(from, name);
            let id = |place: u64| format!("customfield_{}", here + place);
            let fields = json!({
                "priority": { "name": priority }, id(0): "2026-04-01T10:00:00.000+0000", id(1): user(&world, from, name),
                id(2): [{ "value": "Edge" }, { "value": "Core" }], id(3): [{ "name": "2.0" }, { "name": "1.0" }],
                id(4): 2.5, id(5): ["b", "a"],
            });
            let key = person.create(project, kind, issue(&fields)).unwrap();
            world.rest().await.unwrap();
            let told =
                || [0, 1, 2, 3, 4, 5].map(|place| world.field(to, "Item", &format!("customfield_{}", base + place)));
            let display = world.jira(from).display_name(person.id());
            let first = ["01/Apr/26", display.as_str(), "Core, Edge", "1.0, 2.0", "2.5", "a, b"];
            assert_eq!(told(), first, "{from}");
            let fields = json!({
                id(0): "2026-05-02T10:00:00.000+0000", id(1): null, id(2): [{ "value": "Edge" }], id(3): [], id(4): 4,
                id(5): ["a", "b", "c"],
            });
            person.edit(&key, fields).unwrap();
            world.rest().await.unwrap();
            assert_eq!(told(), ["02/May/26", "", "Edge", "", "4", "a, b, c"], "{from}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
            // What somebody writes there stays there.
            let theirs = world.person(to, if to == "acme" { "jane" } else { who });
            let points = format!("customfield_{}", base + 4);
            theirs.edit(&world.issue(to, "Item").key, json!({ points: "many" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(from, "Item", &id(4)).parse::<f64>().unwrap(), 4.0, "{from}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_are_not_unique_and_types_that_do_not_fit_are_told_before_anything_is_done() {
    let rows = "summary = \"both\"\nTwin = \"both\"\nSplit = \"both\"\nbad = { acme = \"Note\", globex = \"Note\", kind = \"number\" }\n\
                day = { acme = \"When\", globex = \"Day\", kind = \"day\" }";
    let home = [
        ("Twin", FieldType::Text),
        ("Twin", FieldType::Text),
        ("Split", FieldType::Text),
        ("Note", FieldType::Text),
        ("When", FieldType::DateTime),
    ];
    let there =
        [("Twin", FieldType::Text), ("Split", FieldType::Number), ("Note", FieldType::Text), ("Day", FieldType::Date)];
    let mut world = world(&two(), "globex", rows, &home, &there);
    let Err(StartError::Setup(jirasyncd::engine::SetupError::Findings(findings))) = world.try_start().await else {
        panic!("it started");
    };
    let said: Vec<String> = findings.iter().map(|found| format!("{}: {}", found.place, found.what)).collect();
    let has = |place: &str, what: &str| said.iter().any(|line| line.contains(place) && line.contains(what));
    assert!(
        has("fields.Twin, side `acme`", "2 fields are called `Twin`: `customfield_24000`, `customfield_24001`"),
        "{said:?}"
    );
    assert!(has("fields.Split", "a line of text on `acme`, a number field on `globex`"), "{said:?}");
    assert!(has("fields.bad, side `acme`", "does not hold a number"), "{said:?}");
    assert!(has("fields.day, side `acme`", "can be read as a date (`day`), not written"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_be_assigned_is_not_tried() {
    for (config, other, who) in pairs() {
        let project = if other == "globex" { "ENG" } else { "OPS" };
        let mut world = World::without_daemon(&config);
        let sync = world.person(other, "sync").id().to_owned();
        world.jira(other).set_permission(project, "ASSIGNABLE_USER", &[Holder::User(sync)]);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&json!({}))).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        jane.edit(&key, json!({ "summary": "Item 2" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Item 2", "summary"), world.field(other, "Item 2", "assignee")),
            ("Item 2".into(), String::new())
        );
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not be assigned issues on side"), "{problems:?}");
        // Nothing was refused: it was asked, and once.
        let refused =
            world.jira(other).calls().into_iter().filter(|call| call.operation != "getUser" && call.status == 400);
        assert_eq!(refused.count(), 0);
        assert_eq!(world.jira(other).count("findAssignableUsers"), 1);
        // With the right it is made good by the next full check.
        world.jira(other).set_permission(project, "ASSIGNABLE_USER", &[Holder::LoggedIn]);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        let name = world.person(other, who);
        assert_eq!(world.field(other, "Item 2", "assignee"), world.jira(other).display_name(name.id()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// For each kind: off the screen it is a problem of its field, and it is written when the screen shows it.
#[tokio::test(start_paused = true)]
async fn row_048_fields_off_the_screen_hold_up_nothing_and_are_written_when_they_appear() {
    for (config, other, _) in pairs() {
        let kinds = [
            ("Pick", FieldType::Radio(options(&["A"]))),
            ("Checks", FieldType::Checkboxes(options(&["A"]))),
            ("Site", FieldType::Url),
            ("Team", FieldType::Group),
            ("Region", FieldType::Cascade(vec![("A".to_owned(), options(&["B"]))])),
            ("Found", FieldType::Version),
            ("Owner", FieldType::User),
        ];
        let mut rows = "summary = \"both\"\ncomponents = \"both\"\nfix-versions = \"both\"\noriginal-estimate = \"both\"\nenvironment = \"both\"".to_owned();
        for (name, _) in &kinds {
            rows.push_str(&format!("\n{name} = \"both\""));
        }
        let project = if other == "globex" { "ENG" } else { "OPS" };
        let mut world = World::of(&config.replacen("summary = \"both\"", &rows, 1), |setups| {
            for (side, base) in [("acme", 24_000), (other, 34_000)] {
                let setup = setups.get_mut(side).unwrap();
                enrich(setup, &kinds, base);
                setup.groups = vec!["red".to_owned()];
                setup.projects[0].components = vec!["Api".to_owned()];
            }
            let screen = ["summary", "description", "priority", "labels", "assignee", "duedate"];
            setups.get_mut(other).unwrap().projects[0].screen = screen.map(str::to_owned).into();
        });
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&json!({}))).unwrap();
        world.rest().await.unwrap();
        let fields = json!({
            "summary": "Item 2", "components": [{ "name": "Api" }], "fixVersions": [{ "name": "1.0" }], "environment": "here",
            "timetracking": { "originalEstimate": "1h" },
            "customfield_24000": { "value": "A" }, "customfield_24001": [{ "value": "A" }], "customfield_24002": "https://a.example",
            "customfield_24003": { "name": "red" }, "customfield_24004": { "value": "A", "child": { "value": "B" } },
            "customfield_24005": { "name": "2.0" }, "customfield_24006": { "accountId": jane.id() },
        });
        jane.edit(&key, fields).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "summary"), "Item 2", "the rest goes on");
        let problems = world.problems().await;
        let all = [
            "components",
            "fix-versions",
            "original-estimate",
            "environment",
            "Pick",
            "Checks",
            "Site",
            "Team",
            "Region",
            "Found",
            "Owner",
        ];
        for row in all {
            assert!(problems.iter().any(|problem| problem.contains(&format!("`{row}`"))), "{row}: {problems:?}");
        }
        world.jira(other).reset_calls();
        world.intervals(20).await;
        assert_eq!(world.jira(other).count("editIssue"), 0, "nothing is tried again soon");
        world.jira(other).set_screen(project, &[]);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new());
        for field in ["components", "fixVersions", "environment", "timeoriginalestimate"] {
            assert!(!world.field(other, "Item", field).is_empty(), "{field}");
        }
        for place in 34_000..34_007 {
            assert!(!world.field(other, "Item", &format!("customfield_{place}")).is_empty(), "{place}");
        }
    }
}

/// A counterpart that is found where somebody moved it before anybody knew that it was made: its key tells of another project.
#[tokio::test(start_paused = true)]
async fn no_key_is_told_of_one_that_is_found_in_another_project() {
    let rows = "summary = \"both\"\nreference = { acme = \"Reference\", template = \"{{ keys }}\" }";
    let config = two().replacen("summary = \"both\"", rows, 1);
    let mut found_elsewhere = 0;
    // From some search on it cannot be looked for for a while.
    for down in 1..6 {
        let mut world = World::of(&config, |setups| {
            enrich(setups.get_mut("acme").unwrap(), &[("Reference", FieldType::Text)], 24_000);
            let globex = setups.get_mut("globex").unwrap();
            globex.projects.push(ProjectSetup::new("ATTIC", 10_400, "Attic").types(&["Defect", "Task"]));
        });
        world.start().await;
        world.rest().await.unwrap();
        world.jira("acme").record_bodies(true);
        let globex = world.jira("globex");
        globex.add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
        for call in down..down + 8 {
            globex.add_fault(FaultRule::new("search", When::Nth(call), Fault::Status(500)));
        }
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(&json!({}))).unwrap();
        world.interval().await;
        let Some(made) = globex.issues().pop().map(|issue| issue.key) else { continue };
        let known = world.daemon().store().items_by_key(&made.as_str().into()).await.unwrap();
        found_elsewhere += usize::from(known.is_empty());
        world.person("globex", "jdoe").move_to(&made, "ATTIC").unwrap();
        globex.clear_faults();
        for day in 10..20 {
            // What brings the item up, so that nothing but home's issue is read anew.
            world.person("acme", "jane").edit(&key, json!({ "duedate": format!("2026-05-{day}") })).unwrap();
            world.interval().await;
        }
        world.intervals(30).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(10).await;
        let there: Vec<String> = globex.issues().into_iter().map(|issue| issue.key).collect();
        assert_eq!(there, ["ATTIC-1"], "it was found, and not made again");
        let tells = |call: &Exchange| String::from_utf8_lossy(&call.request_body).contains("ATTIC-");
        assert!(!world.jira("acme").calls().iter().any(tells), "its key was told to home: {down}");
        // Moved back it is told.
        world.person("globex", "jdoe").move_to("ATTIC-1", "ENG").unwrap();
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        let shown = globex.issues()[0].key.clone();
        assert_eq!(world.jira("acme").issue(&key).unwrap().fields["customfield_24000"], shown);
    }
    assert!(found_elsewhere > 0, "it was always known at once");
}
