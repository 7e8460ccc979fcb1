//! Issues that name each other become one item before anything is created for them, and what is not clear starts nothing. Must never
//! take the daemon's word for it: what stands in the Jiras is read there.

use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::{Value, json};

use super::crash::fused_world;
use super::daemon_pairs::{comment, create, edit, field, pair, said, tells, unpair};
use super::daemon_pause::give;
use super::daemon_support::{ACME, GLOBEX, THREE, World, two, two_clouds};

/// How issues name each other here: by the fields that the presets have.
const BY: &str = "\n[sync.support.pairing]\nby = [{ field = { acme = \"Customer\", globex = \"Customer name\" } }, \
                  \"remote-link\", { property = \"partner\" }]\n";

const AT_ACME: &str = "customfield_10050";
const AT_GLOBEX: &str = "customfield_10111";
const AT_INITECH: &str = "customfield_10078";

fn paired(config: &str) -> String {
    format!("{config}{BY}")
}

fn start(key: &str) -> Command {
    Command::Create { sync: "support".into(), key: key.to_owned(), dry_run: false }
}

fn item(summary: &str, name: &str, value: &str) -> Value {
    json!({ "summary": summary, name: value })
}

fn plain(summary: &str) -> Value {
    json!({ "summary": summary })
}

fn counts(world: &World) -> Vec<usize> {
    world.jiras.values().map(|jira| jira.issues().len()).collect()
}

/// Five pairs, each of which is told in another way. Gives their keys.
fn five(world: &World) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for way in 0..5 {
        let home = format!("Home {way}");
        let there = format!("There {way}");
        pairs.push(match way {
            0 => {
                let there = create(world, "globex", plain(&there));
                (create(world, "acme", item(&home, AT_ACME, &there)), there)
            }
            1 => {
                let home = create(world, "acme", plain(&home));
                let address = format!("see {ACME}/browse/{home}");
                (home, create(world, "globex", item(&there, AT_GLOBEX, &address)))
            }
            2 => {
                let there = create(world, "globex", plain(&there));
                let home = create(world, "acme", item(&home, AT_ACME, &there));
                edit(world, "globex", &there, json!({ AT_GLOBEX: home }));
                (home, there)
            }
            3 => {
                let (home, there) = (create(world, "acme", plain(&home)), create(world, "globex", plain(&there)));
                let jane = world.person("acme", "jane");
                jane.link_to(&home, "https://elsewhere.example/browse/ENG-1").unwrap();
                jane.link_to(&home, &format!("{GLOBEX}/browse/{there}")).unwrap();
                (home, there)
            }
            _ => {
                let (home, there) = (create(world, "acme", plain(&home)), create(world, "globex", plain(&there)));
                let value = json!({ "issue": { "key": home, "since": 2020 } });
                world.person("globex", "jdoe").set_property(&there, "partner", value).unwrap();
                (home, there)
            }
        });
    }
    pairs
}

#[tokio::test(start_paused = true)]
async fn issues_that_name_each_other_are_paired_and_nothing_is_created_for_them() {
    let mut world = World::without_daemon(&paired(&two()));
    let mut pairs = five(&world);
    comment(&world, "globex", &pairs[0].1, "Said there");
    let alone = create(&world, "acme", plain("Alone"));
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(counts(&world), [6, 6, 0], "one is created for the one that names nothing");
    // The same live, and after a restart.
    world.start().await;
    pairs.extend(five(&world));
    world.rest().await.unwrap();
    assert_eq!(counts(&world), [11, 11, 0]);
    assert_eq!(world.problems().await, Vec::<String>::new());
    for (home, there) in &pairs {
        let summary = field(&world, "acme", home, "summary");
        assert!(summary.starts_with("Home"), "home has the first word: {summary}");
        assert_eq!(field(&world, "globex", there, "summary"), summary);
    }
    assert_eq!(said(&world, "acme", &pairs[0].0, "Said there"), 1);
    assert_eq!(world.daemon().store().commands(None, 9).await.unwrap().len(), 0, "nobody commanded it");
    edit(&world, "globex", &pairs[3].1, json!({ "summary": "In step" }));
    edit(&world, "acme", &alone, json!({ "summary": "Alone, in step" }));
    world.rest().await.unwrap();
    assert_eq!(field(&world, "acme", &pairs[3].0, "summary"), "In step");
    assert_eq!(world.issues("globex", "Alone, in step").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_clear_starts_nothing_until_somebody_settles_it() {
    let world = World::new(&paired(&two()), |_| {}).await;
    world.rest().await.unwrap();
    let [one, two, three] = ["One", "Two", "Three"].map(|summary| create(&world, "globex", plain(summary)));
    let missing = create(&world, "acme", item("Missing", AT_ACME, "ENG-77"));
    let both = create(&world, "acme", item("Both", AT_ACME, &format!("{one}, {two}")));
    let foreign = create(&world, "acme", item("Foreign", AT_ACME, "OLD-1"));
    let own = create(&world, "acme", plain("Its own"));
    edit(&world, "globex", &three, json!({ AT_GLOBEX: own }));
    let other = create(&world, "acme", item("Other", AT_ACME, &three));
    world.rest().await.unwrap();
    let problems = world.problems().await.join("\n");
    for why in [
        format!("{missing} is not carried, and nothing is created for it: it names ENG-77: there is no ENG-77"),
        format!("{both} is not carried, and nothing is created for it: it names both {one} and {two}"),
        format!("{foreign} is not carried, and nothing is created for it: its field {AT_ACME} names `OLD-1`"),
        format!("{other} is not carried, and nothing is created for it: it names {three}, and that names {own}"),
    ] {
        assert!(problems.contains(&why), "{why}: {problems}");
    }
    assert_eq!(problems.lines().count(), 4, "{problems}");
    assert_eq!(counts(&world), [5, 3, 0], "nor for what they may mean");
    assert_eq!(field(&world, "globex", &three, "summary"), "Its own");
    // One is corrected, one gets its counterpart later, one is paired, and one is created by command.
    edit(&world, "acme", &foreign, json!({ AT_ACME: Value::Null }));
    assert_eq!(give(&world, pair(&[&both, &two])).await.ended, Ended::Done);
    assert_eq!(give(&world, start(&other)).await.ended, Ended::Done);
    edit(&world, "acme", &missing, json!({ AT_ACME: "ENG-8" }));
    world.rest().await.unwrap();
    while world.jira("globex").issues().len() < 7 {
        create(&world, "globex", plain("Filler"));
        world.rest().await.unwrap();
    }
    assert_eq!(world.problems().await.len(), 1, "{:?}", world.problems().await);
    let late = create(&world, "globex", plain("Late"));
    assert_eq!(late, "ENG-8");
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &late, "summary"), "Missing");
    assert_eq!(world.problems().await, Vec::<String>::new());
    for summary in ["Missing", "Both", "Foreign", "Other", "Its own", "One"] {
        assert_eq!((world.issues("acme", summary).len(), world.issues("globex", summary).len()), (1, 1), "{summary}");
    }
}

/// What one side's issues name cannot be asked: any of the other side's may be meant.
#[tokio::test(start_paused = true)]
async fn nothing_is_created_while_nobody_knows_what_names_it() {
    let mut world = World::without_daemon(&paired(&two()));
    let there = create(&world, "globex", plain("There"));
    let home = create(&world, "acme", plain("Home"));
    world.person("acme", "jane").link_to(&home, &format!("{GLOBEX}/browse/{there}")).unwrap();
    world.jira("acme").add_fault(FaultRule::new("getRemoteIssueLinks", When::Always, Fault::Status(403)));
    world.start().await;
    world.intervals(6).await;
    assert_eq!(counts(&world), [1, 1, 0]);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("nobody knows what it names"), "{problems:?}");
    world.jira("acme").clear_faults();
    world.rest().await.unwrap();
    assert_eq!((counts(&world), field(&world, "globex", &there, "summary")), (vec![1, 1, 0], "Home".to_owned()));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn partners_whose_issues_name_homes_hear_nothing_of_each_other() {
    let by = format!("field = {{ globex = \"{AT_GLOBEX}\", initech = \"{AT_INITECH}\" }}");
    let config = format!("{THREE}\n[sync.support.pairing]\nby = [{{ {by} }}]\n");
    let mut world = World::without_daemon(&config);
    let home = create(&world, "acme", json!({ "summary": "Home", "labels": ["share-globex", "share-initech"] }));
    for (jira, name) in [("globex", AT_GLOBEX), ("initech", AT_INITECH)] {
        let word = format!("canary-{jira}");
        let key = create(&world, jira, json!({ "summary": word, "description": word, "labels": [word], name: home }));
        comment(&world, jira, &key, &word);
    }
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(counts(&world), [1, 1, 1]);
    assert_eq!(world.problems().await, Vec::<String>::new());
    for (jira, other) in [("globex", "initech"), ("initech", "globex")] {
        let shown = format!("{:?}", world.jira(jira).issues());
        assert!(shown.contains("Home") && !shown.contains(&format!("canary-{other}")), "{shown}");
    }
    assert!(said(&world, "acme", &home, "canary-globex") == 1 && said(&world, "acme", &home, "canary-initech") == 1);
}

/// A partner's people choose what their issues name: that opens nothing which is not shared with them.
#[tokio::test(start_paused = true)]
async fn naming_an_issue_that_is_not_shared_shows_nothing_of_it() {
    let by = format!("field = {{ globex = \"{AT_GLOBEX}\", initech = \"{AT_INITECH}\" }}");
    let config = format!("{THREE}\n[sync.support.pairing]\nby = [{{ {by} }}]\n");
    let mut world = World::without_daemon(&config);
    let shared = create(&world, "acme", json!({ "summary": "canary-other", "labels": ["share-initech"] }));
    let own = create(&world, "acme", plain("canary-own"));
    world.start().await;
    world.rest().await.unwrap();
    // Before and after somebody made an item of it.
    let theirs = world.issue("initech", "canary-other").key;
    for (index, named) in [&shared, &own, &theirs].into_iter().enumerate() {
        create(&world, "globex", json!({ "summary": format!("Fishing {index}"), AT_GLOBEX: named }));
    }
    world.rest().await.unwrap();
    let shown = format!("{:?}", world.jira("globex").issues());
    assert!(!shown.contains("canary"), "{shown}");
    let home = format!("{:?}", world.jira("acme").issues());
    assert!(!home.contains("Fishing"), "{home}");
    assert_eq!(world.problems().await.len(), 3);
    // Shared after all, it is paired.
    let jane = world.person("acme", "jane");
    jane.update(&own, json!({ "labels": [{ "add": "share-globex" }] })).unwrap();
    world.pass(600).await;
    world.rest().await.unwrap();
    assert_eq!(field(&world, "acme", &own, "summary"), "canary-own");
    assert_eq!(world.issues("globex", "canary-own").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn on_demand_nothing_starts_by_itself() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let demand = |project: &str| format!("project = \"{project}\", scope = \"on-demand\"");
        let config = ["SUP", "ENG", "OPS"]
            .iter()
            .fold(config, |config, project| config.replace(&format!("project = \"{project}\""), &demand(project)));
        let world = World::new(&config, |_| {}).await;
        let home = create(&world, "acme", plain("Item"));
        let there = create(&world, other, plain("There"));
        world.rest().await.unwrap();
        assert_eq!(counts(&world).iter().sum::<usize>(), 2);
        let dry = Command::Create { sync: "support".into(), key: home.clone(), dry_run: true };
        assert_eq!(give(&world, dry).await.ended, Ended::Shown);
        assert_eq!(give(&world, start(&home)).await.ended, Ended::Done);
        world.rest().await.unwrap();
        let copy = world.issue(other, "Item").key;
        edit(&world, other, &copy, json!({ "summary": "Item, in step" }));
        world.rest().await.unwrap();
        assert_eq!(field(&world, "acme", &home, "summary"), "Item, in step");
        assert_eq!(give(&world, start(&home)).await.ended, Ended::Unchanged);
        // Ended, the original may start another one; what we made may not.
        give(&world, unpair(&home)).await;
        let refused = give(&world, start(&copy)).await;
        assert!(refused.ended == Ended::Refused && tells(&refused, "the sync user made"), "{refused:?}");
        assert!(give(&world, start("SUP-77")).await.ended == Ended::Refused);
        let done = give(&world, start(&home)).await;
        assert!(done.ended == Ended::Done && tells(&done, &format!("{copy} stays alone")), "{done:?}");
        world.rest().await.unwrap();
        assert_eq!(world.issues(other, "Item, in step").len(), 2);
        assert_eq!(field(&world, other, &there, "summary"), "There");
        assert_eq!(world.issues("acme", "There").len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn issues_that_name_each_other_are_paired_once_wherever_the_daemon_dies() {
    let world_of = || {
        let mut world = World::without_daemon(&paired(&two()));
        let fuse = fused_world(&mut world);
        let pairs = five(&world);
        (world, fuse, pairs)
    };
    let effects = {
        let (mut world, fuse, _) = world_of();
        world.start().await;
        fuse.set(0);
        world.rest().await.unwrap();
        fuse.passed()
    };
    assert!(effects > 12, "only {effects} effects were counted");
    let stride = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 31 };
    for n in (1..=effects).step_by(stride) {
        let (mut world, fuse, pairs) = world_of();
        world.start().await;
        fuse.set(n);
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            rest = world.rest() => rest.unwrap(),
        }
        fuse.set(0);
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(counts(&world), [5, 5, 0], "{n}");
        for (home, there) in &pairs {
            assert_eq!(field(&world, "globex", there, "summary"), field(&world, "acme", home, "summary"), "{n}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "{n}");
    }
}
