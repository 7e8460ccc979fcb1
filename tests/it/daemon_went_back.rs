//! A Jira that was put back from an older backup while the daemon and the other Jiras went on: it is recognised and told once, nothing is
//! deleted elsewhere, what it forgot is written there again, and what its people do since is carried. Must never take the daemon's word
//! for what became of the issues: what stands is read off the Jiras.

use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_audit::compare;
use super::daemon_pairs::unpair;
use super::daemon_pause::give;
use super::daemon_restored::{ACME, Side, create, edit, key, say, tally, worlds};
use super::daemon_support::{World, two};

const SAYS: &str = "was put back from an older backup";

async fn told(world: &World) -> Vec<String> {
    world.problems().await.into_iter().filter(|problem| problem.contains(SAYS)).collect()
}

/// A world in which something was said of every kind, on both sides.
async fn talking(config: &str, there: Side) -> World {
    let world = World::new(config, |_| {}).await;
    for (side, item) in [(ACME, "Old"), (there, "Theirs"), (ACME, "Link-end"), (ACME, "Quiet"), (there, "Calm")] {
        create(&world, side, item);
    }
    world.settle().await;
    for side in [ACME, there] {
        say(&world, side, "Old", "Early");
        say(&world, side, "Theirs", "Early");
        edit(&world, side, "Quiet", json!({ "labels": ["early", side.jira] }));
    }
    world.settle().await;
    world.pass(1_800).await;
    world
}

/// What happens after the backup, and is lost on one of the two.
async fn go_on(world: &World, there: Side) {
    for (side, text) in [(ACME, "first"), (there, "second"), (ACME, "third")] {
        edit(world, side, "Old", json!({ "summary": format!("Old {text}"), "labels": [text] }));
        edit(world, side, "Theirs", json!({ "description": format!("One {text}\n\nTwo") }));
        world.settle().await;
    }
    edit(world, there, "Theirs", json!({ "priority": { "name": there.priorities[0] } }));
    for side in [ACME, there] {
        say(world, side, "Old", "Later");
    }
    world.person("acme", "jane").link(&key(world, ACME, "Old"), "Relates", &key(world, ACME, "Link-end")).unwrap();
    world.settle().await;
    world.pass(1_800).await;
}

#[tokio::test(start_paused = true)]
async fn row_107_a_jira_that_is_put_back_is_told_and_gets_back_what_the_others_hold() {
    for (config, there) in worlds() {
        for back in [ACME, there] {
            let mut world = talking(&config, there).await;
            let backup = world.jira(back.jira).back_up();
            go_on(&world, there).await;
            let other = if back.jira == "acme" { there } else { ACME };
            let (before, stood) = (tally(&world), world.issues(other.jira, ""));
            world.jira(back.jira).put_back(&backup);
            let what = format!("{} of {}", back.jira, there.jira);
            // Its people go on with what they find there, and a poll shows that.
            edit(&world, back, "Old", json!({ "priority": { "name": back.priorities[0] } }));
            world.rest().await.unwrap();
            let problems = told(&world).await;
            assert!(problems.len() == 1 && problems[0].starts_with(back.jira), "{what}: {problems:?}");
            assert_eq!(world.field(other.jira, "Old third", "priority"), other.priorities[0], "{what}");
            // Nothing else of the other changed, and nothing went: its values stand on both again.
            for (view, mut stood) in world.issues(other.jira, "").into_iter().zip(stood) {
                if view.fields["summary"] == "Old third" {
                    stood.fields.insert("priority".to_owned(), other.priorities[0].to_owned());
                }
                assert_eq!(view.fields, stood.fields, "{what}");
            }
            assert_eq!(compare(&world, back.jira, other.jira), Ok(()), "{what}");
            let after = tally(&world);
            let theirs = |key: &&String| world.issues(other.jira, "").iter().any(|view| &&view.key == key);
            for key in before.keys().filter(theirs) {
                assert_eq!(after[key], before[key], "{what}: {key}");
            }
            // It goes on as ever, over a restart too, and two full checks end it.
            world.start().await;
            world.interval().await;
            assert_eq!(told(&world).await.len(), 1, "{what}");
            for (side, text) in [(back, "here"), (other, "there")] {
                edit(&world, side, "Calm", json!({ "summary": format!("Calm {text}") }));
                say(&world, side, "Quiet", "After");
                world.settle().await;
                assert_eq!(world.field(other.jira, "Calm", "summary"), world.field(back.jira, "Calm", "summary"));
            }
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(told(&world).await, Vec::<String>::new(), "{what}");
            // What only its own people had said since is told where it stands: it stays.
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains("stands nowhere else now"), "{what}: {problems:?}");
            assert_eq!(compare(&world, back.jira, other.jira), Ok(()), "{what}");
        }
    }
}

/// Who takes old entries out of the database has not put back a backup: what stands is compared, and all goes on.
#[tokio::test(start_paused = true)]
async fn row_088_of_a_history_that_was_cut_what_stands_is_compared() {
    for (config, there) in worlds() {
        for cut in [ACME, there] {
            let mut world = talking(&config, there).await;
            let other = if cut.jira == "acme" { there } else { ACME };
            let what = format!("{} of {}", cut.jira, there.jira);
            for issue in world.issues(cut.jira, "") {
                assert!(!issue.history.is_empty() || !issue.fields["summary"].starts_with("Quiet"), "{what}");
                world.jira(cut.jira).cut_history(&issue.key);
            }
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            // What comes from the other side is written, and what people do there goes over, as ever.
            edit(&world, other, "Quiet", json!({ "summary": "Quiet again" }));
            edit(&world, cut, "Old", json!({ "description": format!("Said at {}", cut.jira) }));
            say(&world, cut, "Theirs", "After");
            world.settle().await;
            // Over a restart, and once entries stand behind the gap.
            world.start().await;
            world.interval().await;
            edit(&world, cut, "Quiet", json!({ "labels": ["after"] }));
            edit(&world, other, "Old", json!({ "labels": ["there"] }));
            let copy =
                world.issue(cut.jira, "Theirs").comments.into_iter().find(|said| said.body.contains("After")).unwrap();
            world
                .person(cut.jira, cut.people[1])
                .delete_comment(&key(&world, cut, "Theirs"), &copy.id.to_string())
                .unwrap();
            world.settle().await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.problems().await, Vec::<String>::new(), "{what}");
            assert_eq!(compare(&world, cut.jira, other.jira), Ok(()), "{what}");
            assert_eq!(world.field(other.jira, "Quiet again", "labels"), "after", "{what}");
            assert!(world.field(other.jira, "Old", "description").contains(cut.jira), "{what}");
            let left = world.issue(other.jira, "Theirs").comments;
            assert!(left.iter().all(|said| !said.body.contains("After")), "{what}: what was deleted stands: {left:?}");
        }
    }
}

/// What was copied before the backup, and what was made and copied after it, at home.
async fn lost_at_home() -> World {
    let world = World::new(&format!("{}\n[sync.support.life]\ndeleted = \"delete\"\n", two()), |_| {}).await;
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
        world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
    }
    world.daemon().once().await.unwrap();
    create(&world, ACME, "Kept");
    world.settle().await;
    world.pass(1_800).await;
    let backup = world.jira("acme").back_up();
    edit(&world, ACME, "Kept", json!({ "summary": "Kept and edited" }));
    create(&world, ACME, "New");
    world.rest().await.unwrap();
    world.pass(1_800).await;
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "New").len(), 1);
    world.jira("acme").put_back(&backup);
    world
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_for_an_issue_that_its_jira_forgot() {
    let world = lost_at_home().await;
    // Nobody but its counterpart leads to it.
    let there = world.issue("globex", "New");
    world.person("globex", "jdoe").edit(&there.key, json!({ "summary": "New and edited" })).unwrap();
    world.intervals(20).await;
    assert_eq!(world.issues("globex", "New and edited").len(), 1, "it was deleted");
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("nothing is deleted for it")), "{problems:?}");
    // One answer of before proves nothing yet; that it stays so does, and what was lost is written again.
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(2).await;
    assert_eq!(told(&world).await, Vec::<String>::new());
    world.pass(900).await;
    world.intervals(12).await;
    assert_eq!(world.field("acme", "Kept", "summary"), "Kept and edited");
    let problems = told(&world).await;
    assert!(problems.len() == 1 && problems[0].contains("SUP-1"), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn an_issue_under_an_id_that_was_forgotten_is_another() {
    let world = lost_at_home().await;
    let before = world.issue("globex", "New");
    world.pass(1_200).await;
    let key = create(&world, ACME, "Other");
    world.intervals(12).await;
    assert_eq!(key, "SUP-2", "the key is given again");
    assert_eq!(world.issue("globex", "New").fields, before.fields, "it is not taken for the one before");
    assert!(world.issues("globex", "Other").is_empty());
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("the id of SUP-2")), "{problems:?}");
    assert_eq!(told(&world).await.len(), 1);
    world.person("globex", "jdoe").edit(&before.key, json!({ "summary": "New, edited" })).unwrap();
    world.intervals(12).await;
    assert_eq!(world.field("acme", "Other", "summary"), "Other", "nothing of the one is written to the other");
    // As the problem says: the item ends, and the new issue starts one of its own.
    let ended = give(&world, unpair(&before.key)).await;
    assert_eq!(ended.ended, Ended::Done, "{ended:?}");
    let began = give(&world, Command::Create { sync: "support".into(), key, dry_run: false }).await;
    assert_eq!(began.ended, Ended::Done, "{began:?}");
    world.intervals(12).await;
    assert_eq!(world.issues("globex", "Other").len(), 1);
    assert_eq!(world.issues("globex", "New, edited").len(), 1);
}

/// A creation gets the id of an issue that an item holds, which its Jira forgot: no state fails of it, and the two stay two.
#[tokio::test(start_paused = true)]
async fn what_is_made_under_an_id_that_was_forgotten_is_no_other_items() {
    for (config, there) in worlds() {
        for (later, dies, unpaired) in [(0, false, false), (1_800, false, false), (0, true, false), (0, false, true)] {
            let mut world = World::new(&config, |_| {}).await;
            world.daemon().once().await.unwrap();
            let backup = world.jira(there.jira).back_up();
            create(&world, ACME, "First");
            world.rest().await.unwrap();
            let first = world.issue(there.jira, "First");
            if unpaired {
                assert_eq!(give(&world, unpair(&key(&world, ACME, "First"))).await.ended, Ended::Done);
            }
            world.pass(later).await;
            world.jira(there.jira).put_back(&backup);
            if dies {
                // Its answer is lost: it is found by its mark.
                let lost = FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter);
                world.jira(there.jira).add_fault(lost);
            }
            create(&world, ACME, "Second");
            world.intervals(20).await;
            let what = format!("{} {later} {dies} {unpaired}", there.jira);
            let second = world.issue(there.jira, "Second");
            assert_eq!((first.id, &first.key), (second.id, &second.key), "{what}: the id was not given again");
            let problems = told(&world).await;
            let given = format!(" is that of {} now, which was ", second.key);
            // Where nothing else is missing it is over with two full checks.
            assert!(unpaired || problems.len() == 1 && problems[0].contains(&given), "{what}: {problems:?}");
            // Nothing of the first is written into it, however often it is looked at, nor is anything made again or deleted for it.
            edit(&world, ACME, "First", json!({ "summary": "First again" }));
            edit(&world, ACME, "Second", json!({ "summary": "Second again" }));
            world.daemon().engine().sweep(None).await.unwrap();
            world.intervals(20).await;
            let problems = world.problems().await;
            assert_eq!(world.issues(there.jira, "").len(), 1, "{what}: {problems:#?}");
            assert_eq!(world.issues(there.jira, "Second again").len(), 1, "{what}: {problems:#?}");
            assert_eq!(world.issues("acme", "").len(), 2, "{what}");
            let misses = problems.iter().any(|problem| problem.contains("may not see it any more"));
            assert!(misses != unpaired, "{what}: {problems:#?}");
            world.start().await;
            edit(&world, there, "Second again", json!({ "summary": "Second from there" }));
            world.intervals(5).await;
            assert_eq!(world.issues("acme", "Second from there").len(), 1, "{what}");
        }
    }
}
