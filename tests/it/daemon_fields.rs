//! Custom fields of every kind that is carried, between Cloud and Data Center and between two Clouds, with different names and
//! ids on each side: set, changed, cleared, changed on both sides at once. Must never ask the daemon what a Jira holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::simulator::{FieldSetup, FieldType, Setup};
use serde_json::{Value, json};

use super::bent::{Bent, each_issue};
use super::daemon_support::{World, calls, two, two_clouds};

/// Effort (number), start (date and time), platforms (options), under the ids of a side.
const IDS: [(&str, [&str; 3]); 3] = [
    ("acme", ["customfield_20001", "customfield_20002", "customfield_20003"]),
    ("globex", ["customfield_30001", "customfield_30002", "customfield_30003"]),
    ("initech", ["customfield_40001", "customfield_40002", "customfield_40003"]),
];

fn ids(side: &str) -> [&'static str; 3] {
    IDS.iter().find(|(name, _)| *name == side).unwrap().1
}

fn add(setup: &mut Setup, side: &str, mac: &str) {
    let [effort, start, platforms] = ids(side);
    let options = [mac, "Linux", "Windows 11, old", "Own"].map(str::to_owned).to_vec();
    setup.fields.push(FieldSetup::new(effort, "Effort", FieldType::Number));
    setup.fields.push(FieldSetup::new(start, "Start", FieldType::DateTime));
    setup.fields.push(FieldSetup::new(platforms, "Platforms", FieldType::MultiSelect(options)));
}

fn world(config: &str, other: &str) -> World {
    let cells = |place: usize| format!("acme = \"{}\", {other} = \"{}\"", ids("acme")[place], ids(other)[place]);
    let row = |acme: &str, there: &str| format!("{{ acme = \"{acme}\", {other} = \"{there}\" }}");
    let values = [row("Mac", "macOS"), row("Linux", "Linux"), row("Windows 11, old", "Windows 11, old")].join(", ");
    let rows = format!(
        "summary = \"both\"\neffort = {{ {}, kind = \"number\" }}\nstart = {{ {}, kind = \"moment\" }}\n\
         platforms = {{ {}, kind = \"options\", values = [ {values} ] }}",
        cells(0),
        cells(1),
        cells(2)
    );
    World::of(&config.replacen("summary = \"both\"", &rows, 1), |setups| {
        add(setups.get_mut("acme").unwrap(), "acme", "Mac");
        add(setups.get_mut(other).unwrap(), other, "macOS");
    })
}

fn options(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "value": name })).collect()
}

/// What the Jira of a side shows: effort, start, platforms.
fn shown(world: &World, side: &str) -> [String; 3] {
    ids(side).map(|id| world.field(side, "Item", id))
}

#[tokio::test(start_paused = true)]
async fn numbers_instants_and_options_cross_in_both_directions() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let mut world = world(&config, other);
        world.start().await;
        let ([effort, start, platforms], [effort_there, start_there, platforms_there]) = (ids("acme"), ids(other));
        let mut fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        fields[effort] = json!(2.5);
        fields[start] = json!("2026-04-01T10:00:00.000+0200");
        fields[platforms] = options(&["Mac", "Windows 11, old"]);
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        assert_eq!(shown(&world, other)[0], "2.5");
        assert!(shown(&world, other)[2].contains("macOS") && shown(&world, other)[2].contains("Windows 11, old"));
        let instant = |side: &str| {
            let text = shown(&world, side)[1].clone();
            jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", &text).unwrap().to_timestamp().unwrap()
        };
        assert_eq!(instant(other), instant("acme"));
        // Back, all at once; of the set one comes and one goes.
        let mut fields = json!({ effort_there: 3, start_there: "2026-05-01T08:30:00.000+0000" });
        fields[platforms_there] = options(&["macOS", "Linux"]);
        world.person(other, who).edit(&there, fields).unwrap();
        world.rest().await.unwrap();
        let here = shown(&world, "acme");
        assert_eq!(here[0].parse::<f64>().unwrap(), 3.0);
        assert_eq!(instant("acme").to_string(), "2026-05-01T08:30:00Z");
        assert!(here[2].contains("Mac") && here[2].contains("Linux") && !here[2].contains("Windows"), "{here:?}");
        // Both change the set at once: both changes stand.
        let step = |id: &str, verb: &str, name: &str| json!({ id: [{ verb: { "value": name } }] });
        world.person("acme", "jane").update(&key, step(platforms, "remove", "Mac")).unwrap();
        world.person(other, who).update(&there, step(platforms_there, "add", "Windows 11, old")).unwrap();
        world.rest().await.unwrap();
        for side in ["acme", other] {
            let set = shown(&world, side)[2].clone();
            assert!(!set.to_lowercase().contains("mac") && set.contains("Linux") && set.contains("Windows"), "{set}");
        }
        // One that has no row stays on its side, and that is told; the rest goes on.
        world.person("acme", "jane").update(&key, step(platforms, "add", "Own")).unwrap();
        world.rest().await.unwrap();
        assert!(shown(&world, "acme")[2].contains("Own") && !shown(&world, other)[2].contains("Own"));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("`platforms` cannot be held in full here"), "{problems:?}");
        world.person("acme", "jane").update(&key, step(platforms, "remove", "Own")).unwrap();
        // Cleared.
        let nothing = json!({ effort: null, start: null, platforms: [] });
        world.person("acme", "jane").edit(&key, nothing).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, other), [String::new(), String::new(), String::new()]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Nothing of all that was taken for a change of somebody's.
        world.jira("acme").reset_calls();
        world.intervals(10).await;
        assert_eq!(calls(world.jira("acme")).get("editIssue"), None);
    }
}

/// One option may have several names on a side: the one that stands there is the one that goes.
#[tokio::test(start_paused = true)]
async fn of_several_names_the_one_that_stands_there_is_removed() {
    let rows = format!(
        "summary = \"both\"\nplatforms = {{ acme = \"{}\", globex = \"{}\", kind = \"options\", \
         values = [ {{ acme = [\"Mac\", \"Linux\"], globex = \"macOS\" }}, {{ acme = \"Own\", globex = \"Own\" }} ] }}",
        ids("acme")[2],
        ids("globex")[2]
    );
    let mut world = World::of(&two().replacen("summary = \"both\"", &rows, 1), |setups| {
        add(setups.get_mut("acme").unwrap(), "acme", "Mac");
        add(setups.get_mut("globex").unwrap(), "globex", "macOS");
    });
    world.start().await;
    let mut fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    fields[ids("acme")[2]] = options(&["Linux", "Own"]);
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    assert!(shown(&world, "globex")[2].contains("macOS"));
    let step = |side: &str, verb: &str, name: &str| json!({ ids(side)[2]: [{ verb: { "value": name } }] });
    // Nothing is gained by the preferred name where another stands.
    world.person("globex", "jdoe").update(&there, step("globex", "remove", "Own")).unwrap();
    world.rest().await.unwrap();
    assert_eq!(shown(&world, "acme")[2], "Linux");
    world.person("globex", "jdoe").update(&there, step("globex", "remove", "macOS")).unwrap();
    world.rest().await.unwrap();
    assert_eq!(shown(&world, "acme")[2], "");
    world.person("acme", "jane").update(&key, step("acme", "add", "Mac")).unwrap();
    world.rest().await.unwrap();
    assert_eq!((shown(&world, "acme")[2].as_str(), shown(&world, "globex")[2].as_str()), ("Mac", "macOS"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// An administrator deletes a field of one Jira, or takes it out of what covers the issue, and gives it back later.
#[tokio::test(start_paused = true)]
async fn row_049_a_field_that_goes_while_the_daemon_runs_empties_nobodys() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        for (at, listed) in [("acme", false), ("acme", true), (other, false), (other, true)] {
            let mut world = world(&config, other);
            let gone = Arc::new(AtomicBool::new(false));
            let (held, field, host) = (Arc::clone(&gone), ids(at)[0], format!("{at}.example"));
            world.bend(move |inner| {
                let (held, host) = (Arc::clone(&held), host.clone());
                Arc::new(Bent::new(inner).back(move |place, _, said| {
                    if !held.load(Ordering::SeqCst) || !place.contains(&host) {
                        return;
                    }
                    each_issue(said, |issue| drop(issue["fields"].as_object_mut().map(|fields| fields.remove(field))));
                    if let Some(list) = said.as_array_mut().filter(|_| place.ends_with("/field") && !listed) {
                        list.retain(|known| known["id"] != field);
                    }
                }))
            });
            world.start().await;
            let mut fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            fields[ids("acme")[0]] = json!(5);
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.settle().await;
            let effort = |world: &World, side: &str| world.field(side, "Item", ids(side)[0]);
            let set = |world: &World, side: &str, what: Value| {
                let person = world.person(side, if side == "acme" { "jane" } else { who });
                person.edit(&world.issue(side, "Item").key, what).unwrap();
            };
            let five = effort(&world, "acme");
            assert_eq!(effort(&world, other), five);
            gone.store(true, Ordering::SeqCst);
            set(&world, at, json!({ "duedate": "2030-05-06" }));
            for _ in 0..2 {
                world.rest().await.unwrap();
                world.daemon().engine().sweep(None).await.unwrap();
            }
            world.rest().await.unwrap();
            assert_eq!((effort(&world, "acme"), effort(&world, other)), (five.clone(), five.clone()), "{at} {listed}");
            let problems = world.problems().await;
            let told = if listed { "is not shown on this issue any more" } else { "is not there any more" };
            assert!(
                problems.len() == 1 && problems[0].contains(told) && problems[0].contains(field),
                "{at} {listed}: {problems:?}"
            );
            // What others say waits, and goes on when the field is back.
            let far = if at == "acme" { other } else { "acme" };
            let mut change = json!({});
            change[ids(far)[0]] = json!(8);
            set(&world, far, change);
            world.rest().await.unwrap();
            assert_eq!(effort(&world, at), five, "{at} {listed}");
            gone.store(false, Ordering::SeqCst);
            set(&world, at, json!({ "duedate": "2030-05-07" }));
            world.rest().await.unwrap();
            // What is offered is not asked for again and again.
            world.pass(700).await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_ne!(effort(&world, at), five, "{at} {listed}: {:?}", world.problems().await);
            assert_eq!(effort(&world, at), effort(&world, far));
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

/// A field configuration hides one for issues of a type, and Jira leaves it out of every answer then.
#[tokio::test(start_paused = true)]
async fn row_049_a_field_of_jiras_own_that_is_hidden_empties_nobodys() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        for at in ["acme", other] {
            let mut world = world(&config, other);
            let gone = Arc::new(AtomicBool::new(false));
            let (held, host) = (Arc::clone(&gone), format!("{at}.example"));
            world.bend(move |inner| {
                let (held, host) = (Arc::clone(&held), host.clone());
                Arc::new(Bent::new(inner).back(move |place, _, said| {
                    if held.load(Ordering::SeqCst) && place.contains(&host) {
                        each_issue(said, |issue| {
                            drop(issue["fields"].as_object_mut().map(|own| own.remove("duedate")));
                        });
                    }
                }))
            });
            world.start().await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "duedate": "2030-05-06" });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.settle().await;
            let due = |world: &World, side: &str| world.field(side, "Item", "duedate");
            let set = |world: &World, side: &str, what: Value| {
                let person = world.person(side, if side == "acme" { "jane" } else { who });
                person.edit(&world.issue(side, "Item").key, what).unwrap();
            };
            assert_eq!(due(&world, other), "2030-05-06");
            gone.store(true, Ordering::SeqCst);
            set(&world, at, json!({ "summary": "Item, edited" }));
            world.rest().await.unwrap();
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!((due(&world, "acme"), due(&world, other)), ("2030-05-06".into(), "2030-05-06".into()), "{at}");
            let problems = world.problems().await;
            let told = "`due-date` (`duedate`) is not shown on this issue any more";
            assert!(problems.len() == 1 && problems[0].contains(told), "{at}: {problems:?}");
            gone.store(false, Ordering::SeqCst);
            set(&world, at, json!({ "duedate": "2030-05-07" }));
            world.rest().await.unwrap();
            assert_eq!((due(&world, "acme"), due(&world, other)), ("2030-05-07".into(), "2030-05-07".into()), "{at}");
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}
