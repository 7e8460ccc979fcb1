//! Issues that exist on several sides already become one item, because a person says so, and stop being one. Must never take the
//! daemon's word for what became of them: what stands in the Jiras is read there, and what was sent is counted there.

use std::collections::BTreeMap;

use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::hub::Conflict;
use jirasyncd::model::store::Store as _;
use serde_json::{Value, json};

use super::crash::fused_world;
use super::daemon_pause::{give, writes};
use super::daemon_support::{THREE, World, two, two_clouds};

pub(crate) fn pair(keys: &[&str]) -> Command {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Command::Pair { sync: "support".into(), keys, dry_run: false }
}

pub(crate) fn unpair(key: &str) -> Command {
    Command::Unpair { sync: "support".into(), key: key.to_owned(), dry_run: false }
}

/// The same, only shown.
fn shown(mut command: Command) -> Command {
    if let Command::Pair { dry_run, .. } | Command::Unpair { dry_run, .. } = &mut command {
        *dry_run = true;
    }
    command
}

/// A configuration in which nothing starts an item that nobody labels for it.
pub(crate) fn quiet(config: &str) -> String {
    let mut config = config.to_owned();
    for project in ["SUP", "ENG", "OPS"] {
        let place = format!("project = \"{project}\"");
        config = config.replace(&place, &format!("{place}, jql = \"labels = carry\""));
    }
    config
}

/// A person of a Jira, and what its project and type are called.
fn whose(jira: &str) -> (&'static str, &'static str, &'static str) {
    match jira {
        "acme" => ("jane", "SUP", "Bug"),
        "globex" => ("jdoe", "ENG", "Defect"),
        _ => ("petra", "OPS", "Fehler"),
    }
}

pub(crate) fn create(world: &World, jira: &str, fields: Value) -> String {
    let (who, project, kind) = whose(jira);
    world.person(jira, who).create(project, kind, fields).unwrap()
}

pub(crate) fn edit(world: &World, jira: &str, key: &str, fields: Value) {
    world.person(jira, whose(jira).0).edit(key, fields).unwrap();
}

pub(crate) fn comment(world: &World, jira: &str, key: &str, text: &str) {
    world.person(jira, whose(jira).0).comment(key, text).unwrap();
}

pub(crate) fn field(world: &World, jira: &str, key: &str, name: &str) -> String {
    world.jira(jira).issue(key).unwrap().fields.get(name).cloned().unwrap_or_default()
}

pub(crate) fn said(world: &World, jira: &str, key: &str, part: &str) -> usize {
    let comments = world.jira(jira).issue(key).unwrap().comments;
    comments.iter().filter(|comment| comment.body.contains(part)).count()
}

pub(crate) fn tells(answer: &Answer, part: &str) -> bool {
    answer.lines.iter().any(|line| line.contains(part))
}

fn reset(world: &World) {
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
}

fn counts(world: &World) -> Vec<usize> {
    world.jiras.values().map(|jira| jira.issues().len()).collect()
}

pub(crate) async fn conflicts(world: &World, key: &str) -> Vec<Conflict> {
    let items = world.daemon().store().items_by_key(&key.into()).await.unwrap();
    assert_eq!(items.len(), 1);
    world.daemon().store().conflicts(items[0]).await.unwrap()
}

/// One at home and one at `other`, which differ in every way. Gives their keys.
fn differing(world: &World, other: &str) -> (String, String) {
    let home = create(world, "acme", json!({ "summary": "At home", "labels": ["red"], "duedate": "2026-05-01" }));
    let there = json!({ "summary": "There", "description": "Only there", "labels": ["blue"], "duedate": "2026-06-01" });
    let there = create(world, other, there);
    comment(world, "acme", &home, "Said at home");
    comment(world, other, &there, "Said there");
    world.person("acme", "jane").attach(&home, "home.txt", b"home").unwrap();
    (home, there)
}

#[tokio::test(start_paused = true)]
async fn what_the_first_says_stands_and_nothing_is_lost() {
    for (config, other, home_first) in
        [(two(), "globex", true), (two(), "globex", false), (two_clouds(), "initech", true)]
    {
        let mut world = World::new(&quiet(&config), |_| {}).await;
        let (home, there) = differing(&world, other);
        world.rest().await.unwrap();
        let before = counts(&world);
        reset(&world);
        let command = if home_first { pair(&[&home, &there]) } else { pair(&[&there, &home]) };
        let dry = give(&world, shown(command.clone())).await;
        assert_eq!(dry.ended, Ended::Shown, "{dry:?}");
        world.rest().await.unwrap();
        let done = give(&world, command.clone()).await;
        assert_eq!((done.ended, &done.lines), (Ended::Done, &dry.lines));
        assert!(tells(&done, &format!("paired: {home} (acme), {there} ({other})")), "{done:?}");
        for jira in ["acme", other] {
            assert_eq!(writes(&world, jira), BTreeMap::new(), "a pairing by itself writes nothing");
        }
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new());
        let (summary, day) = if home_first { ("At home", "2026-05-01") } else { ("There", "2026-06-01") };
        for (jira, key) in [("acme", &home), (other, &there)] {
            assert_eq!(field(&world, jira, key, "summary"), summary);
            assert_eq!(field(&world, jira, key, "duedate"), day);
            assert!(field(&world, jira, key, "description").contains("Only there"));
            let labels = field(&world, jira, key, "labels");
            assert!(labels.contains("red") && labels.contains("blue"), "{labels}");
            for text in ["Said at home", "Said there"] {
                assert_eq!(said(&world, jira, key, text), 1, "{text} at {jira}");
            }
        }
        assert_eq!(counts(&world), before, "nothing was created");
        let lost = conflicts(&world, &home).await;
        let lost: Vec<(&str, &str)> = lost.iter().map(|lost| (lost.field.as_str(), lost.loser.as_str())).collect();
        let loser = if home_first { other } else { "acme" };
        assert_eq!(lost, [("due-date", loser), ("summary", loser)]);
        // From now on they are one: both ways, after a restart, a full check and a second time of saying it.
        world.start().await;
        edit(&world, other, &there, json!({ "summary": "Later there" }));
        comment(&world, "acme", &home, "Later at home");
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(field(&world, "acme", &home, "summary"), "Later there");
        assert_eq!(said(&world, other, &there, "Later at home"), 1);
        assert_eq!(said(&world, "acme", &home, "Said there"), 1);
        assert_eq!(counts(&world), before);
        assert_eq!(give(&world, command).await.ended, Ended::Unchanged);
        let kept = world.daemon().store().commands(None, 9).await.unwrap();
        assert_eq!(kept.len(), 2, "a look is not recorded: {kept:?}");
    }
}

/// What is written to a Jira never holds a word that its side may not hear.
fn never_heard(world: &World, jira: &str, word: &str) {
    let shows = world.jira(jira).issues().iter().any(|issue| format!("{issue:?}").contains(word));
    assert!(!shows, "{word} at {jira}");
    let sent = |body: &[u8]| String::from_utf8_lossy(body).contains(word);
    assert!(!world.jira(jira).calls().iter().any(|call| sent(&call.request_body)), "{word} was sent to {jira}");
}

/// Home, and two partners that do not see each other, each with a canary in every field. Gives the three keys.
fn canaries(world: &World) -> (String, String, String) {
    let of = |jira: &str| {
        let word = format!("canary-{jira}");
        let key = create(
            world,
            jira,
            json!({ "summary": format!("Item {word}"), "description": word, "labels": [word], "duedate": format!("2026-0{}-01", jira.len()) }),
        );
        comment(world, jira, &key, &format!("Said: {word}"));
        world.person(jira, whose(jira).0).attach(&key, &format!("{word}.txt"), word.as_bytes()).unwrap();
        key
    };
    let keys = (of("acme"), of("globex"), of("initech"));
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    keys
}

#[tokio::test(start_paused = true)]
async fn partners_that_are_paired_with_home_hear_nothing_of_each_other() {
    // Two partners alone are an item as well, and home gets a counterpart of its own then: so not step by step where home comes last.
    let mut ways = vec![([0, 1, 2], true), ([1, 0, 2], false), ([2, 1, 0], true)];
    if std::env::var_os("JIRASYNCD_LONG").is_some() {
        ways.extend([([0, 1, 2], false), ([1, 0, 2], true), ([1, 2, 0], true), ([2, 0, 1], false)]);
    }
    for (order, at_once) in ways {
        let world = World::new(&quiet(THREE), |_| {}).await;
        let (home, globex, initech) = canaries(&world);
        world.rest().await.unwrap();
        let keys = [&home, &globex, &initech];
        let [first, second, third] = order.map(|index| keys[index].as_str());
        if at_once {
            let done = give(&world, pair(&[first, second, third])).await;
            assert_eq!(done.ended, Ended::Done, "{done:?}");
        } else {
            for pairs in [[first, second], [second, third]] {
                let done = give(&world, pair(&pairs)).await;
                assert_eq!(done.ended, Ended::Done, "{done:?}");
                world.rest().await.unwrap();
            }
        }
        world.rest().await.unwrap();
        never_heard(&world, "globex", "canary-initech");
        never_heard(&world, "initech", "canary-globex");
        assert_eq!(counts(&world), [1, 1, 1], "{order:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
        for (jira, key) in [("globex", &globex), ("initech", &initech)] {
            assert_eq!(said(&world, jira, key, "canary-acme"), 1, "{order:?} {jira}");
            assert_eq!(said(&world, "acme", &home, &format!("canary-{jira}")), 1, "{order:?} {jira}");
            // What home says both hear, whoever had the first word.
            edit(&world, "acme", &home, json!({ "summary": format!("For both, {jira}") }));
            world.rest().await.unwrap();
            assert_eq!(field(&world, jira, key, "summary"), format!("For both, {jira}"));
        }
        never_heard(&world, "globex", "canary-initech");
        never_heard(&world, "initech", "canary-globex");
    }
}

/// One partner is paired with home; the other's counterpart is made afterwards, of what it may see.
#[tokio::test(start_paused = true)]
async fn a_pairing_at_one_partner_sends_nothing_to_another() {
    for home_first in [true, false] {
        let world = World::new(&quiet(THREE), |_| {}).await;
        let (home, globex, _) = canaries(&world);
        world.rest().await.unwrap();
        world.jira("initech").reset_calls();
        let keys = if home_first { [&home, &globex] } else { [&globex, &home] };
        let done = give(&world, pair(&keys.map(String::as_str))).await;
        assert_eq!(done.ended, Ended::Done, "{done:?}");
        world.rest().await.unwrap();
        assert_eq!(writes(&world, "initech"), BTreeMap::new());
        // Home picks it for the other partner: that one gets what home said, and not what stands at home of the first.
        edit(&world, "acme", &home, json!({ "labels": ["share-initech"] }));
        world.rest().await.unwrap();
        never_heard(&world, "initech", "canary-globex");
        let made = world.issues("initech", "canary-acme");
        assert_eq!(made.len(), 1, "home first: {home_first}; {:?}", world.problems().await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_joins_an_item_whose_side_has_none() {
    let world = World::new(&quiet(THREE), |_| {}).await;
    let labels = json!(["carry", "share-globex"]);
    let home = create(&world, "acme", json!({ "summary": "Item", "labels": labels }));
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Item").key;
    let there = create(&world, "initech", json!({ "summary": "There", "description": "Only there" }));
    comment(&world, "initech", &there, "Said there");
    world.rest().await.unwrap();
    // By the key of any of its issues, and whoever comes first has the first word.
    let done = give(&world, pair(&[&there, &home])).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(field(&world, "acme", &home, "summary"), "There");
    assert_eq!(field(&world, "acme", &home, "description"), "Only there");
    assert_eq!(said(&world, "acme", &home, "Said there"), 1);
    assert_eq!(field(&world, "globex", &copy, "summary"), "Item", "what initech says is not for globex");
    let lost = conflicts(&world, &home).await;
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((lost[0].field.as_str(), lost[0].loser.as_str()), ("summary", "acme"));
    assert_eq!(counts(&world), [1, 1, 1]);
    let other = create(&world, "initech", json!({ "summary": "Another" }));
    let refused = give(&world, pair(&[&home, &other])).await;
    assert!(
        refused.ended == Ended::Refused && tells(&refused, &format!("{there} is on the side initech")),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_paired_is_refused_and_changes_nothing() {
    let world = World::new(&quiet(&two()), |_| {}).await;
    let (home, there) = differing(&world, "globex");
    let carried = create(&world, "acme", json!({ "summary": "Carried", "labels": ["carry"] }));
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Carried").key;
    let clone = world.person("globex", "sync").clone_issue(&copy).unwrap();
    let second = create(&world, "globex", json!({ "summary": "Second" }));
    let twice = create(&world, "acme", json!({ "summary": "Twice", "labels": ["carry"] }));
    world.rest().await.unwrap();
    let before = counts(&world);
    reset(&world);
    let unknown = Command::Pair { sync: "no".into(), keys: vec![home.clone(), there.clone()], dry_run: false };
    for (command, why) in [
        (pair(&[&home, &home]), "are the same issue"),
        (pair(&[&there, &second]), "are both on one side"),
        (pair(&[&home]), "two issues at least"),
        (pair(&[&home, "ENG-99"]), "there is no ENG-99 on `globex`"),
        (pair(&[&home, "OPS-1"]), "is in the project of no side"),
        (pair(&[&home, "10001"]), "is not the key of an issue"),
        (pair(&[&home, "../x-1"]), "is not the key of an issue"),
        (pair(&[&home, "nowhere:ENG-1"]), "has no side `nowhere`"),
        (pair(&[&home, &format!("acme:{there}")]), "there is no ENG-1 on `acme`"),
        (pair(&[&home, &copy]), &format!("{carried} is on the side acme of that item")),
        (pair(&[&home, &clone]), &format!("made for the item of {carried} (acme), {copy} (globex)")),
        (pair(&[&carried, &world.issue("globex", "Twice").key]), "each kept in step already"),
        (unpair(&home), "does not keep"),
        (unpair("SUP-77"), "does not keep SUP-77 in step"),
        (unknown, "there is no sync `no`; there are: support"),
    ] {
        let answer = give(&world, command.clone()).await;
        assert!(answer.ended == Ended::Refused && tells(&answer, why), "{command}: {why}: {answer:?}");
    }
    drop(twice);
    world.rest().await.unwrap();
    assert_eq!(
        (counts(&world), writes(&world, "acme"), writes(&world, "globex")),
        (before, BTreeMap::new(), BTreeMap::new())
    );
    assert_eq!(world.daemon().store().commands(None, 99).await.unwrap().len(), 15);
}

/// Issues that polls brought wait to be decided on when they are paired: they start no item of their own.
#[tokio::test(start_paused = true)]
async fn newcomers_that_are_paired_start_no_item() {
    let world = World::new(&two(), |_| {}).await;
    world.rest().await.unwrap();
    let (home, there) = differing(&world, "globex");
    for instance in ["acme", "globex"] {
        world.daemon().engine().poll(&instance.into()).await.unwrap();
    }
    assert_eq!(world.daemon().store().newcomers(None, 9).await.unwrap().len(), 2);
    assert_eq!(give(&world, pair(&[&home, &there])).await.ended, Ended::Done);
    assert_eq!(world.daemon().store().newcomers(None, 9).await.unwrap().len(), 0);
    world.rest().await.unwrap();
    assert_eq!(counts(&world), [1, 1, 0]);
    assert_eq!(field(&world, "globex", &there, "summary"), "At home");
}

#[tokio::test(start_paused = true)]
async fn what_is_unpaired_is_let_be_until_it_is_paired() {
    let mut world = World::new(&two(), |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Item", "labels": ["red"] }));
    comment(&world, "acme", &home, "Before");
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Item").key;
    reset(&world);
    let dry = give(&world, shown(unpair(&copy))).await;
    assert!(dry.ended == Ended::Shown && tells(&dry, "let be: "), "{dry:?}");
    assert_eq!(give(&world, unpair(&copy)).await.ended, Ended::Done);
    for again in [false, true] {
        if again {
            world.start().await;
        }
        edit(&world, "acme", &home, json!({ "summary": format!("Home alone {again}") }));
        edit(&world, "globex", &copy, json!({ "description": format!("There alone {again}") }));
        comment(&world, "globex", &copy, &format!("Said alone {again}"));
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
    }
    for jira in ["acme", "globex"] {
        assert_eq!(writes(&world, jira), BTreeMap::new(), "{jira}");
    }
    assert_eq!(counts(&world), [1, 1, 0], "neither starts an item again");
    assert_eq!(world.daemon().status().await.unwrap().figures.items, 0);
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(give(&world, unpair(&home)).await.ended, Ended::Unchanged);
    let done = give(&world, pair(&[&home, &copy])).await;
    assert!(done.ended == Ended::Done && tells(&done, "go on where they stood"), "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &copy, "summary"), "Home alone true");
    assert!(field(&world, "acme", &home, "description").contains("There alone true"));
    assert_eq!((said(&world, "globex", &copy, "Before"), said(&world, "acme", &home, "Said alone")), (1, 2));
    assert_eq!(counts(&world), [1, 1, 0]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A wrong pairing is taken back, and the issue is paired with the right one.
#[tokio::test(start_paused = true)]
async fn a_wrong_pairing_is_put_right() {
    let world = World::new(&quiet(&two()), |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Item", "description": "From home" }));
    let wrong = create(&world, "globex", json!({ "summary": "Wrong", "priority": { "name": "P1" } }));
    let right = create(&world, "globex", json!({ "summary": "Right" }));
    comment(&world, "globex", &wrong, "Said in the wrong one");
    comment(&world, "acme", &home, "Said at home");
    world.rest().await.unwrap();
    give(&world, pair(&[&home, &wrong])).await;
    world.rest().await.unwrap();
    assert_eq!(give(&world, unpair(&home)).await.ended, Ended::Done);
    let done = give(&world, pair(&[&home, &right])).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &right, "summary"), "Item");
    assert_eq!(said(&world, "globex", &right, "Said at home"), 1);
    assert_eq!(said(&world, "globex", &right, "Said in the wrong one"), 0, "a copy is nobody's word");
    edit(&world, "globex", &wrong, json!({ "summary": "Wrong, alone" }));
    edit(&world, "globex", &right, json!({ "summary": "Right, in step" }));
    world.rest().await.unwrap();
    assert_eq!(field(&world, "acme", &home, "summary"), "Right, in step");
    assert_eq!(counts(&world), [1, 2, 0]);
    // The wrong one may still be paired with its own.
    let own = create(&world, "acme", json!({ "summary": "Its own" }));
    world.rest().await.unwrap();
    assert_eq!(give(&world, pair(&[&own, &wrong])).await.ended, Ended::Done);
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &wrong, "summary"), "Its own");
    assert_eq!(field(&world, "acme", &home, "summary"), "Right, in step");
}

/// Home's issue holds what one partner wrote while they were in step: nobody could tell it from home's own words.
#[tokio::test(start_paused = true)]
async fn what_one_partner_wrote_is_not_brought_to_another_by_a_second_pairing() {
    for home_first in [true, false] {
        let world = World::new(&quiet(THREE), |_| {}).await;
        let (home, globex, initech) = canaries(&world);
        world.rest().await.unwrap();
        assert_eq!(give(&world, pair(&[&globex, &home])).await.ended, Ended::Done);
        world.rest().await.unwrap();
        assert!(field(&world, "acme", &home, "summary").contains("canary-globex"));
        give(&world, unpair(&home)).await;
        let keys = if home_first { [&home, &initech] } else { [&initech, &home] };
        let refused = give(&world, pair(&keys.map(String::as_str))).await;
        assert!(refused.ended == Ended::Refused && tells(&refused, "initech may not see that"), "{refused:?}");
        world.rest().await.unwrap();
        never_heard(&world, "initech", "canary-globex");
    }
}

/// The mark of another daemon on the same pair.
#[tokio::test(start_paused = true)]
async fn what_another_state_keeps_in_step_is_refused() {
    let mut world = World::new(&two(), |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Item" }));
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Item").key;
    edit(&world, "globex", &copy, json!({ "summary": "Item, edited" }));
    world.rest().await.unwrap();
    // A daemon with a state of its own, which knows nothing of it.
    world.daemon = None;
    for file in std::fs::read_dir(world.state().parent().unwrap()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let mut world = world.with_config(&quiet(&two()));
    world.start().await;
    world.rest().await.unwrap();
    let other = create(&world, "globex", json!({ "summary": "Other" }));
    for keys in [[&home, &copy], [&home, &other]] {
        let refused = give(&world, pair(&keys.map(String::as_str))).await;
        assert!(refused.ended == Ended::Refused && tells(&refused, "the mark of another state"), "{refused:?}");
    }
    // Whoever lost that state says so.
    let leave = quiet(&two()).replace("[daemon]", "[daemon]\nunknown-copies = \"leave\"");
    world.daemon = None;
    let mut world = world.with_config(&leave);
    world.start().await;
    let done = give(&world, pair(&[&home, &copy])).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    edit(&world, "acme", &home, json!({ "summary": "In step again" }));
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &copy, "summary"), "In step again");
}

#[tokio::test(start_paused = true)]
async fn a_pairing_is_done_once_wherever_the_daemon_dies() {
    let stand = |world: &World| {
        let (home, there) = differing(world, "globex");
        (home, there)
    };
    let live = async |world: &World, (home, there): &(String, String)| {
        give(world, pair(&[home, there])).await;
        world.rest().await.unwrap();
        give(world, unpair(there)).await;
        edit(world, "acme", home, json!({ "summary": "Between" }));
        give(world, pair(&[home, there])).await;
        world.rest().await.unwrap();
    };
    let effects = {
        let mut world = World::without_daemon(&quiet(&two()));
        let fuse = fused_world(&mut world);
        world.start().await;
        let keys = stand(&world);
        world.rest().await.unwrap();
        fuse.set(0);
        live(&world, &keys).await;
        fuse.passed()
    };
    assert!(effects > 12, "only {effects} effects were counted");
    let stride = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 29 };
    for n in (1..=effects).step_by(stride) {
        let mut world = World::without_daemon(&quiet(&two()));
        let fuse = fused_world(&mut world);
        world.start().await;
        let keys = stand(&world);
        world.rest().await.unwrap();
        fuse.set(n);
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            () = live(&world, &keys) => {}
        }
        fuse.set(0);
        world.start().await;
        // Whoever got no answer asks again.
        let again = give(&world, pair(&[&keys.0, &keys.1])).await;
        assert!(again.ended != Ended::Refused || tells(&again, "try again"), "{n}: {again:?}");
        world.rest().await.unwrap();
        let again = give(&world, pair(&[&keys.0, &keys.1])).await;
        assert!(again.ended != Ended::Refused, "{n}: {again:?}");
        world.rest().await.unwrap();
        edit(&world, "acme", &keys.0, json!({ "summary": "In the end" }));
        world.rest().await.unwrap();
        assert_eq!(field(&world, "globex", &keys.1, "summary"), "In the end", "{n}");
        for text in ["Said at home", "Said there"] {
            for (jira, key) in [("acme", &keys.0), ("globex", &keys.1)] {
                assert_eq!(said(&world, jira, key, text), 1, "{n}: {text} at {jira}");
            }
        }
        assert_eq!(counts(&world), [1, 1, 0], "{n}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{n}");
    }
}
