//! Many syncs over the same projects, and one sync over many: nothing grows, nothing is echoed. Must never count on what the daemon says:
//! what stands in the Jiras is counted.

use std::collections::BTreeMap;

use jirasyncd::simulator::ProjectSetup;
use serde_json::json;

use super::daemon_audit::sync_user;
use super::daemon_pause::writes;
use super::daemon_support::{THREE, World};

/// A project of a Jira, with a person and a type there.
type Place = (&'static str, &'static str, &'static str, &'static str);

const PLACES: [Place; 6] = [
    ("acme", "SUP", "jane", "Bug"),
    ("globex", "ENG", "jdoe", "Defect"),
    ("initech", "OPS", "petra", "Fehler"),
    ("acme", "TWO", "omar", "Bug"),
    ("globex", "ENB", "mlopez", "Defect"),
    ("initech", "OPB", "juergen", "Fehler"),
];

/// A sync over some of them, each of which sees all others.
fn sync(name: &str, places: &[usize]) -> String {
    let mut text = format!("[sync.{name}]\n");
    for place in places {
        let (jira, project, ..) = PLACES[*place];
        text += &format!("side.s{place} = {{ instance = \"{jira}\", project = \"{project}\" }}\n");
    }
    let cells = |of: fn(&Place) -> &str| {
        places.iter().map(|place| format!("s{place} = \"{}\"", of(&PLACES[*place]))).collect::<Vec<_>>().join(", ")
    };
    let types = cells(|place| place.3);
    text += &format!("[sync.{name}.map]\nissue-type = [ {{ {types} }} ]\n");
    text += &format!("[sync.{name}.fields]\nsummary = \"both\"\ndescription = \"both\"\n");
    text + &format!("[sync.{name}.comments]\nunrestricted = \"both\"\n")
}

async fn world(syncs: &[(&str, &[usize])]) -> World {
    let instances = THREE.split_once("[sync.support]").unwrap().0;
    let used = |jira: &str| syncs.iter().any(|(_, places)| places.iter().any(|place| PLACES[*place].0 == jira));
    let tables = instances.split("\n\n").filter(|table| {
        let name = table.trim().strip_prefix("[instance.").and_then(|rest| rest.split_once(']'));
        name.is_none_or(|(name, _)| used(name))
    });
    let head = tables.collect::<Vec<_>>().join("\n\n");
    let config = format!("{head}\n{}", syncs.iter().map(|(name, places)| sync(name, places)).collect::<String>());
    let mut world = World::of(&config, |setups| {
        for (jira, project, ..) in &PLACES[3..] {
            let setup = setups.get_mut(jira).unwrap();
            let first = setup.projects[0].clone();
            let (key, name) = ((*project).to_owned(), (*project).to_owned());
            setup.projects.push(ProjectSetup { key, name, id: 10_501, ..first });
        }
    });
    world.start().await;
    world
}

fn create(world: &World, place: usize, summary: &str) {
    let (jira, project, who, kind) = PLACES[place];
    world.person(jira, who).create(project, kind, json!({ "summary": summary, "description": summary })).unwrap();
}

/// The key of an item at a place, which must be there once.
fn key(world: &World, place: usize, item: &str) -> String {
    let (jira, project, ..) = PLACES[place];
    let found: Vec<_> = world.issues(jira, item).into_iter().filter(|issue| issue.project == project).collect();
    assert_eq!(found.len(), 1, "{item} at {jira} {project}: {found:?}");
    found[0].key.clone()
}

fn summary(world: &World, place: usize, key: &str) -> String {
    world.jira(PLACES[place].0).issue(key).unwrap().fields["summary"].clone()
}

fn count(world: &World) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for issue in world.jiras.values().flat_map(|jira| jira.issues()) {
        *all.entry(issue.project).or_default() += 1;
    }
    all
}

/// Nothing more is written, however long one waits.
async fn is_at_rest(world: &World) {
    let before = count(world);
    world.jiras.values().for_each(|jira| jira.reset_calls());
    world.intervals(30).await;
    assert_eq!(count(world), before);
    for jira in world.jiras.keys() {
        assert_eq!(writes(world, jira), BTreeMap::new(), "{jira} was written to at rest");
    }
    // What one sync wrote is a side effect to the others, and is told as such.
    let mut problems = world.problems().await;
    problems.retain(|problem| !problem.contains("the sync user's own account"));
    assert_eq!(problems, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_ring_of_three_syncs_does_not_grow() {
    let world = world(&[("ab", &[0, 1]), ("bc", &[1, 2]), ("ca", &[2, 0])]).await;
    for place in 0..3 {
        create(&world, place, &format!("Item-{place}"));
    }
    world.rest().await.unwrap();
    // Each is at home and once on each neighbour, and no copy is copied on.
    assert_eq!(count(&world), [("ENG", 3), ("OPS", 3), ("SUP", 3)].map(|(key, n)| (key.to_owned(), n)).into());
    is_at_rest(&world).await;
    // Edits and comments go one step, back and forth, and never round.
    let (home, there) = (key(&world, 0, "Item-0"), key(&world, 1, "Item-0"));
    world.person("acme", "jane").edit(&home, json!({ "summary": "Item-0 by jane" })).unwrap();
    world.rest().await.unwrap();
    world.person("globex", "jdoe").edit(&there, json!({ "summary": "Item-0 by jdoe" })).unwrap();
    world.person("globex", "jdoe").comment(&there, "Said once").unwrap();
    world.rest().await.unwrap();
    assert_eq!(summary(&world, 0, &home), "Item-0 by jdoe");
    let third = key(&world, 2, "Item-0");
    assert_eq!(summary(&world, 2, &third), "Item-0 by jane", "what a sync wrote is nobody's word for another");
    let comments = |place: usize, key: &str| world.jira(PLACES[place].0).issue(key).unwrap().comments.len();
    assert_eq!((comments(0, &home), comments(1, &there), comments(2, &third)), (1, 1, 0));
    is_at_rest(&world).await;
}

#[tokio::test(start_paused = true)]
async fn six_sides_hold_everything_once() {
    for sides in [4, 6] {
        let all: Vec<usize> = (0..sides).collect();
        let world = world(&[("all", &all)]).await;
        for place in 0..sides {
            create(&world, place, &format!("Item-{place}"));
        }
        world.rest().await.unwrap();
        for (project, issues) in count(&world) {
            assert_eq!(issues, sides, "{project}");
        }
        for (place, (jira, _, who, _)) in PLACES.into_iter().enumerate().take(sides) {
            // Somebody at another place edits it, and everybody says something at their own.
            let other = key(&world, place, &format!("Item-{}", (place + 1) % sides));
            let text = format!("Item-{} by {who}", (place + 1) % sides);
            world.person(jira, who).edit(&other, json!({ "summary": text })).unwrap();
            let first = key(&world, place, "Item-0");
            world.person(jira, who).comment(&first, &format!("{who} was here")).unwrap();
        }
        world.rest().await.unwrap();
        for item in 0..sides {
            let who = PLACES[(item + sides - 1) % sides].2;
            for (place, (jira, ..)) in PLACES.into_iter().enumerate().take(sides) {
                let there = key(&world, place, &format!("Item-{item} by {who}"));
                let issue = world.jira(jira).issue(&there).unwrap();
                let said = if item == 0 { sides } else { 0 };
                assert_eq!(issue.comments.len(), said, "{there}: {:?}", issue.comments);
                let ours = issue.comments.iter().filter(|said| said.author.as_deref() == Some(sync_user(jira)));
                assert_eq!(ours.count(), said.saturating_sub(1));
            }
        }
        is_at_rest(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_projects_of_one_instance_are_kept_in_step() {
    for (one, other) in [(0, 3), (1, 4)] {
        let world = world(&[("within", &[one, other])]).await;
        create(&world, one, "Item-a");
        create(&world, other, "Item-b");
        world.rest().await.unwrap();
        assert_eq!(count(&world).into_values().collect::<Vec<_>>(), [2, 2]);
        let (jira, _, who, _) = PLACES[other];
        let copy = key(&world, other, "Item-a");
        world.person(jira, who).edit(&copy, json!({ "summary": "Item-a from there" })).unwrap();
        world.person(jira, who).comment(&copy, "Said there").unwrap();
        world.rest().await.unwrap();
        let home = key(&world, one, "Item-a from there");
        assert_eq!(world.jira(jira).issue(&home).unwrap().comments.len(), 1);
        is_at_rest(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_project_in_three_syncs_has_a_copy_in_each() {
    let world = world(&[("a", &[0, 1]), ("b", &[0, 2]), ("c", &[0, 3])]).await;
    create(&world, 0, "Item-home");
    create(&world, 3, "Item-away");
    world.rest().await.unwrap();
    let counted = [("ENG", 1), ("OPS", 1), ("SUP", 2), ("TWO", 2)].map(|(key, n)| (key.to_owned(), n));
    assert_eq!(count(&world), counted.into(), "the copy that one sync made starts nothing in the others");
    let home = key(&world, 0, "Item-home");
    world.person("acme", "jane").edit(&home, json!({ "summary": "Item-home for all" })).unwrap();
    world.person("acme", "jane").comment(&home, "For all").unwrap();
    world.rest().await.unwrap();
    for (place, (jira, ..)) in PLACES.into_iter().enumerate().take(4).skip(1) {
        let there = key(&world, place, "Item-home for all");
        assert_eq!(world.jira(jira).issue(&there).unwrap().comments.len(), 1, "{there}");
    }
    is_at_rest(&world).await;
}
