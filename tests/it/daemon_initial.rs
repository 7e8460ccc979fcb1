//! Paired issues that differ in a field: whose value stands, and what is asked. Must never take the daemon's word for it: what stands in
//! the Jiras is read there.

use jiff::Timestamp;
use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::store::Store as _;
use jirasyncd::model::trail::{HowOver, PastProblem};
use serde_json::json;

use super::daemon_pairs::{conflicts, create, edit, field, pair, quiet, tells};
use super::daemon_pause::give;
use super::daemon_support::{THREE, World, two};

/// A configuration with `initial` of the sync, and of some fields.
pub(super) fn initial(config: &str, all: &str, fields: &[(&str, &str)]) -> String {
    let mut config = format!("{}\n[sync.support.pairing]\ninitial = \"{all}\"\n", quiet(config));
    for (name, rule) in fields {
        config = config.replace(&format!("{name} = \"both\""), &format!("{name} = {{ initial = \"{rule}\" }}"));
    }
    config
}

pub(super) fn resolve(key: &str, field: &str, side: &str) -> Command {
    let (key, field) = (key.to_owned(), field.to_owned());
    Command::Resolve { sync: "support".into(), key, field, side: side.into(), dry_run: false }
}

async fn paired(world: &World, keys: &[&str]) -> Answer {
    let done = give(world, pair(keys)).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    done
}

/// The fields of which a value of an item does not stand, and whose it was.
async fn lost(world: &World, key: &str) -> Vec<(String, String)> {
    let lost = conflicts(world, key).await;
    let mut lost: Vec<_> = lost.iter().map(|lost| (lost.field.to_string(), lost.loser.to_string())).collect();
    lost.sort();
    lost
}

/// What was told of an item and is over.
async fn ended(world: &World, key: &str) -> Vec<PastProblem> {
    let store = world.daemon().store();
    let item = store.items_by_key(&key.into()).await.unwrap()[0];
    store.past_problems(item, Timestamp::MIN, 100).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_field_goes_by_its_own_rule() {
    let config = initial(&two(), "newest", &[("summary", "prefer globex"), ("description", "first")]);
    let world = World::new(&config, |_| {}).await;
    let home = json!({ "summary": "Home", "description": "At home", "duedate": "2026-05-01", "labels": ["red"] });
    let there = json!({ "summary": "There", "description": "There too", "duedate": "2026-06-01", "labels": ["blue"] });
    // The counterpart is the younger one; home's day was set last, and home's summary too.
    let home = create(&world, "acme", home);
    world.pass(100).await;
    let there = create(&world, "globex", there);
    world.pass(100).await;
    edit(&world, "acme", &home, json!({ "duedate": "2026-05-02" }));
    edit(&world, "acme", &home, json!({ "summary": "Home, changed last" }));
    world.pass(100).await;
    // An edit of something else makes no field newer.
    edit(&world, "globex", &there, json!({ "labels": ["blue", "sky"] }));
    world.rest().await.unwrap();
    let done = paired(&world, &[&home, &there]).await;
    for (jira, key) in [("acme", &home), ("globex", &there)] {
        assert_eq!(field(&world, jira, key, "summary"), "There");
        assert_eq!(field(&world, jira, key, "duedate"), "2026-05-02");
        assert!(field(&world, jira, key, "description").contains("At home"));
        let labels = field(&world, jira, key, "labels");
        assert!(labels.contains("red") && labels.contains("blue") && labels.contains("sky"), "{labels}");
    }
    let lost = lost(&world, &home).await;
    let of = |field: &str, side: &str| (field.to_owned(), side.to_owned());
    for wanted in [of("description", "globex"), of("due-date", "globex"), of("summary", "acme")] {
        assert!(lost.contains(&wanted), "{wanted:?} in {lost:?}");
    }
    assert!(tells(&done, "`due-date`: by `initial` what acme says stands, where it was set at"), "{done:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A long history comes in pages on Cloud: the entry that counts may be an old one.
#[tokio::test(start_paused = true)]
async fn the_newest_is_told_from_the_whole_history() {
    let world = World::new(&initial(&two(), "newest", &[]), |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Home", "duedate": "2026-05-01" }));
    let there = create(&world, "globex", json!({ "summary": "There", "duedate": "2026-06-01" }));
    world.pass(100).await;
    edit(&world, "acme", &home, json!({ "duedate": "2026-05-02" }));
    world.pass(100).await;
    for number in 0..120 {
        edit(&world, "acme", &home, json!({ "summary": format!("Home {number}") }));
    }
    world.rest().await.unwrap();
    paired(&world, &[&there, &home]).await;
    for (jira, key) in [("acme", &home), ("globex", &there)] {
        assert_eq!(field(&world, jira, key, "duedate"), "2026-05-02", "{jira}");
        assert_eq!(field(&world, jira, key, "summary"), "Home 119", "{jira}");
    }
}

/// Of an issue that is in step already the history counts as well, and not when it was made.
#[tokio::test(start_paused = true)]
async fn the_newest_of_an_item_in_step_is_told_from_its_history_too() {
    let world = World::new(&initial(THREE, "newest", &[]), |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Home", "duedate": "2026-05-01" }));
    world.pass(100).await;
    let third = create(&world, "initech", json!({ "summary": "Third", "duedate": "2026-07-01" }));
    world.pass(100).await;
    // It is read for the first time when the day is another one already.
    edit(&world, "acme", &home, json!({ "duedate": "2026-05-02" }));
    edit(&world, "acme", &home, json!({ "labels": ["carry", "share-globex"] }));
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Home").key;
    paired(&world, &[&third, &home]).await;
    for (jira, key) in [("acme", &home), ("globex", &copy), ("initech", &third)] {
        assert_eq!(field(&world, jira, key, "duedate"), "2026-05-02", "{jira}");
    }
}

fn differing(world: &World) -> (String, String) {
    let home = create(world, "acme", json!({ "summary": "Home", "description": "One\n\nTwo", "labels": ["red"] }));
    let there = json!({ "summary": "There", "description": "Other", "duedate": "2026-06-01", "labels": ["blue"] });
    (home, create(world, "globex", there))
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_stays_as_it_is_until_somebody_says_which_stands() {
    let world = World::new(&initial(&two(), "ask", &[]), |_| {}).await;
    let (home, there) = differing(&world);
    world.rest().await.unwrap();
    let done = paired(&world, &[&home, &there]).await;
    assert!(tells(&done, "`summary`: each keeps its own"), "{done:?}");
    let stands = |world: &World, summaries: [&str; 2], texts: [&str; 2]| {
        for (index, (jira, key)) in [("acme", &home), ("globex", &there)].into_iter().enumerate() {
            assert_eq!(field(world, jira, key, "summary"), summaries[index], "{jira}");
            let text = field(world, jira, key, "description");
            assert!(text.contains(texts[index]), "{jira}: {text}");
        }
    };
    stands(&world, ["Home", "There"], ["Two", "Other"]);
    // An empty field is filled, and a set is joined: nobody has to be asked.
    assert_eq!(field(&world, "acme", &home, "duedate"), "2026-06-01");
    assert!(field(&world, "acme", &home, "labels").contains("blue"));
    let problems = world.problems().await.join("\n");
    assert!(problems.contains("`summary` is another one here") && problems.contains("`description` is"), "{problems}");
    assert_eq!(lost(&world, &home).await, Vec::new(), "nothing is lost that still stands");
    // Who edits their own did not see the other one: that is no answer, nor does a part of it cross.
    edit(&world, "globex", &there, json!({ "summary": "There, edited" }));
    edit(&world, "globex", &there, json!({ "description": "Other\n\nand more" }));
    edit(&world, "acme", &home, json!({ "description": "One\n\nTwo\n\nThree" }));
    world.rest().await.unwrap();
    stands(&world, ["Home", "There, edited"], ["Three", "and more"]);
    assert!(!field(&world, "acme", &home, "description").contains("more"));
    assert!(!field(&world, "globex", &there, "description").contains("Three"));
    // A restart forgets no question.
    assert_eq!(give(&world, resolve(&home, "nothing", "acme")).await.ended, Ended::Refused);
    assert_eq!(give(&world, resolve(&home, "due-date", "acme")).await.ended, Ended::Unchanged);
    let done = give(&world, resolve(&there, "description", "globex")).await;
    assert!(done.ended == Ended::Done && tells(&done, "what acme holds of it is written over"), "{done:?}");
    world.rest().await.unwrap();
    stands(&world, ["Home", "There, edited"], ["and more", "and more"]);
    assert!(lost(&world, &home).await.contains(&("description".to_owned(), "acme".to_owned())));
    // What both hold is an answer: there is nothing left to choose from.
    edit(&world, "globex", &there, json!({ "summary": "Home" }));
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
    // How each question ended is told as long as the issue is.
    let ended = ended(&world, &home).await;
    let of = |name: &str| -> Vec<HowOver> {
        ended.iter().filter(|past| past.problem.field == Some(name.into())).map(|past| past.how).collect()
    };
    let last = ["description", "summary"].map(|name| of(name).last().copied());
    assert_eq!(last, [Some(HowOver::Resolved), Some(HowOver::ByItself)], "{ended:?}");
    // From now on it is in step like any other.
    edit(&world, "acme", &home, json!({ "summary": "In step" }));
    edit(&world, "globex", &there, json!({ "description": "Other\n\nand more\n\nin step" }));
    world.rest().await.unwrap();
    stands(&world, ["In step", "In step"], ["in step", "in step"]);
}

#[tokio::test(start_paused = true)]
async fn partners_are_asked_about_apart_and_hear_nothing_of_each_other() {
    let config = initial(THREE, "ask", &[]);
    let mut world = World::new(&config, |_| {}).await;
    let home = create(&world, "acme", json!({ "summary": "Home", "labels": ["share-globex", "share-initech"] }));
    let [globex, initech] = ["globex", "initech"].map(|jira| {
        let word = format!("canary-{jira}");
        create(&world, jira, json!({ "summary": word, "description": word }))
    });
    world.rest().await.unwrap();
    paired(&world, &[&home, &globex, &initech]).await;
    let summaries = |world: &World| {
        [("acme", &home), ("globex", &globex), ("initech", &initech)]
            .map(|(jira, key)| field(world, jira, key, "summary"))
    };
    assert_eq!(summaries(&world), ["Home", "canary-globex", "canary-initech"]);
    // What one partner's people do meanwhile moves nobody.
    edit(&world, "globex", &globex, json!({ "summary": "canary-globex, edited" }));
    world.rest().await.unwrap();
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(summaries(&world), ["Home", "canary-globex, edited", "canary-initech"]);
    let done = give(&world, resolve(&home, "summary", "initech")).await;
    assert!(done.ended == Ended::Done && tells(&done, "still asked about between acme, globex"), "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(summaries(&world), ["canary-initech", "canary-globex, edited", "canary-initech"]);
    let done = give(&world, resolve(&home, "summary", "globex")).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(summaries(&world)[1..], ["canary-globex, edited", "canary-initech"]);
    for (jira, other) in [("globex", "initech"), ("initech", "globex")] {
        let shown = format!("{:?}", world.jira(jira).issues());
        assert!(!shown.contains(&format!("canary-{other}")), "{shown}");
    }
}

/// Three sides that all see each other.
fn open() -> String {
    ["globex", "initech"].into_iter().fold(THREE.to_owned(), |text, name| {
        text.replace(&format!(", sees = [\"acme\"], when = \"labels = share-{name}\""), "")
    })
}

/// Two sides hold the same and the third another one. Whatever people do to their own meanwhile, in whatever order: nobody's is written
/// over before it is resolved.
#[tokio::test(start_paused = true)]
async fn of_three_sides_none_follows_another_while_it_is_asked() {
    let acts = [("acme", "u"), ("initech", "y2"), ("globex", "v")];
    for order in [vec![0, 1], vec![1, 0], vec![0, 1, 2], vec![2, 0, 1], vec![0, 0, 1], vec![1, 2]] {
        let world = World::new(&initial(&open(), "ask", &[]), |_| {}).await;
        let keys = [("acme", "x"), ("globex", "x"), ("initech", "y")]
            .map(|(jira, word)| (jira, create(&world, jira, json!({ "summary": word, "description": word }))));
        let mut stands = ["x".to_owned(), "x".to_owned(), "y".to_owned()];
        let named: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
        // Nothing is created for one before all are paired.
        assert_eq!(give(&world, pair(&named)).await.ended, Ended::Done);
        world.rest().await.unwrap();
        for (step, act) in order.iter().enumerate() {
            let (jira, word) = acts[*act];
            let index = keys.iter().position(|(of, _)| *of == jira).unwrap();
            let word = format!("{word}{step}");
            edit(&world, jira, &keys[index].1, json!({ "summary": word, "description": word }));
            stands[index] = word;
            world.rest().await.unwrap();
            for (index, (jira, key)) in keys.iter().enumerate() {
                assert_eq!(field(&world, jira, key, "summary"), stands[index], "{jira}: {order:?}, {step}");
                let text = field(&world, jira, key, "description");
                assert!(text.contains(&stands[index]), "{jira}: {order:?}, {step}: {text}");
            }
        }
        let done = give(&world, resolve(&keys[1].1, "summary", "globex")).await;
        assert_eq!(done.ended, Ended::Done, "{done:?}");
        world.rest().await.unwrap();
        for (jira, key) in &keys {
            assert_eq!(field(&world, jira, key, "summary"), stands[1], "{jira}: {order:?}");
        }
    }
}
