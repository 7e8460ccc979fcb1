//! What the auditors of everything must see: whatever is otherwise on one side, lost there or there twice. Must never have the daemon mend it
//! before they look.

use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{IssueView, Person};
use serde_json::json;

use super::daemon_audit::sync_user;
use super::daemon_support::World;
use super::everything_acts::{Act, Talk, What};
use super::everything_apart::crossed;
use super::everything_audit::{Audited, equal};
use super::everything_people::People;
use super::everything_world::{OUTSIDER, Sight, world, world_watched};

/// Bends what stands there.
type Bend = fn(&Person, &IssueView);

/// What the sync user's account does to a counterpart, and the word by which it is told.
const BENDS: [(&str, Bend); 11] = [
    ("comments of", |ours, view| drop(ours.comment(&view.key, &copied(view).body).unwrap())),
    ("comments of", |ours, view| ours.delete_comment(&view.key, &copied(view).id.to_string()).unwrap()),
    ("comments of", |ours, view| {
        let other = copied(view).body.replace("Said", "Sworn");
        ours.edit_comment(&view.key, &copied(view).id.to_string(), &other).unwrap();
    }),
    ("files of", |ours, view| {
        let file = &view.attachments[0];
        ours.attach(&view.key, &file.name, &file.content).unwrap();
    }),
    ("files of", |ours, view| ours.detach(&view.attachments[0].id.to_string()).unwrap()),
    ("work of", |ours, view| {
        let work = &view.worklogs[0];
        ours.log_work(&view.key, "2026-03-02T08:00:00.000+0000", work.seconds, &work.comment).unwrap();
    }),
    ("work of", |ours, view| ours.delete_worklog(&view.key, &view.worklogs[0].id.to_string()).unwrap()),
    ("summary:", |ours, view| {
        let other = format!("{} otherwise", view.fields["summary"]);
        ours.edit(&view.key, json!({ "summary": other })).unwrap();
    }),
    ("duedate:", |ours, view| ours.edit(&view.key, json!({ "duedate": "2031-01-01" })).unwrap()),
    ("links:", |ours, view| ours.unlink(view.issue_links[0].id).unwrap()),
    ("acme", |ours, view| ours.delete(&view.key).unwrap()),
];

fn copied(view: &IssueView) -> &jirasyncd::simulator::CommentView {
    view.comments.iter().find(|comment| comment.body.contains("Said")).unwrap()
}

async fn judged(world: &World, people: &People) -> Result<usize, String> {
    judged_where(world, people, false).await
}

async fn judged_where(world: &World, people: &People, has_lost_stock: bool) -> Result<usize, String> {
    let problems = world.daemon().store().problems(1_000).await.unwrap();
    let (fates, taken) = (&people.fates, &people.taken);
    let audited = Audited { fates, taken, has_lost_stock, policies: None, problems };
    match people.sight {
        Sight::Open => equal(world, &audited).map(|()| 0),
        Sight::Apart => crossed(world, people, &audited).map(|crossed| crossed.said),
    }
}

/// Two issues of globex that are linked, the first with a comment, a file and logged work; all of it is at home, too.
async fn lived(sight: Sight) -> (World, People) {
    let mut world = world(sight);
    world.start().await;
    let mut people = People::new(sight);
    for number in 0..2 {
        let act = Act { number, column: 1, who: 0, what: What::Create, item: 0, pick: 162 };
        assert!(people.act(&world, &act).unwrap(), "{act:?} was not done");
    }
    world.rest().await.unwrap();
    let jdoe = world.person("globex", "jdoe");
    let mut keys: Vec<String> = world.jira("globex").issues().into_iter().map(|view| view.key).collect();
    keys.sort();
    jdoe.comment(&keys[0], "Said c11byglobexz").unwrap();
    jdoe.attach(&keys[0], "f0-c12byglobexz.txt", b"bytes").unwrap();
    jdoe.log_work(&keys[0], "2026-03-02T09:00:00.000+0000", 600, "Work c13byglobexz").unwrap();
    jdoe.link(&keys[0], "Blocks", &keys[1]).unwrap();
    world.rest().await.unwrap();
    (world, people)
}

#[tokio::test(start_paused = true)]
async fn what_is_otherwise_on_one_side_is_seen() {
    for sight in [Sight::Open, Sight::Apart] {
        let (world, people) = lived(sight).await;
        let found = judged(&world, &people).await.unwrap();
        assert!(sight == Sight::Open || found == 3, "{found}");
        let (acme, ours) = (world.jira("acme").clone(), world.person("acme", sync_user("acme")));
        let before = acme.back_up();
        for (at, (told, bend)) in BENDS.iter().enumerate() {
            let views = acme.issues();
            let view = views.iter().find(|view| view.comments.iter().any(|comment| comment.body.contains("Said")));
            bend(&ours, view.unwrap());
            let why = judged(&world, &people).await.map_or_else(|why| why, |said| format!("all is well: {said}"));
            assert!(!why.contains("all is well") && why.contains(told), "{sight:?} {at} {told}: {why}");
            acme.put_back(&before);
            judged(&world, &people).await.unwrap();
        }
    }
}

/// Who watches is the same at home and at the partner whose watching is carried, and with the other one it is nobody's business.
#[tokio::test(start_paused = true)]
async fn who_watches_otherwise_is_seen_where_that_is_carried() {
    for (column, jira, is_seen) in [(1, "globex", false), (2, "initech", true)] {
        let mut world = world_watched();
        world.start().await;
        let mut people = People::new(Sight::Apart);
        people.carries_watchers = true;
        let act = Act { number: 0, column, who: 0, what: What::Create, item: 0, pick: 162 };
        assert!(people.act(&world, &act).unwrap(), "{act:?} was not done");
        world.rest().await.unwrap();
        assert_eq!(judged(&world, &people).await, Ok(0), "{jira}");
        let key = world.jira("acme").issues()[0].key.clone();
        let watching: Vec<String> = world.jira("acme").watchers(&key).into_iter().collect();
        assert_eq!(watching, if is_seen { vec!["jane".to_owned()] } else { Vec::new() }, "{jira}");
        world.person("acme", sync_user("acme")).add_watcher(&key, "omar").unwrap();
        let why = judged(&world, &people).await.map_or_else(|why| why, |said| format!("all is well: {said}"));
        assert_eq!(why.contains("watchers: acme"), is_seen, "{jira}: {why}");
    }
}

/// Somebody says something whose acts stay.
async fn outsider_says(world: &World, people: &mut People) {
    let (column, who) = OUTSIDER;
    let act = Act { number: 14, column, who, what: What::Talk(Talk::Comment), item: 0, pick: 162 };
    assert!(people.act(world, &act).unwrap(), "{act:?} was not done");
    world.rest().await.unwrap();
}

/// That somebody's acts stay excuses nothing of anybody else's, nor on another side.
#[tokio::test(start_paused = true)]
async fn that_somebodys_acts_stay_excuses_nobody_elses() {
    let (world, mut people) = lived(Sight::Apart).await;
    outsider_says(&world, &mut people).await;
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("whose acts stay here")), "{problems:?}");
    assert_eq!(judged(&world, &people).await, Ok(3));
    let acme = world.jira("acme");
    let view = acme.issues().into_iter().find(|view| !view.comments.is_empty()).unwrap();
    let ours = world.person("acme", sync_user("acme"));
    ours.delete_comment(&view.key, &copied(&view).id.to_string()).unwrap();
    let why = judged(&world, &people).await.unwrap_err();
    assert!(why.contains("comments of globex"), "{why}");
}

/// What is told to stay without being that one's may lack, and no more than is told of it: nothing is there twice for that, nor otherwise.
#[tokio::test(start_paused = true)]
async fn what_is_told_to_stay_may_lack_and_be_nothing_else() {
    let (world, mut people) = lived(Sight::Apart).await;
    outsider_says(&world, &mut people).await;
    let issue = |jira: &str| world.jira(jira).issues().into_iter().find(|view| !view.comments.is_empty()).unwrap();
    let key = issue("globex").key;
    // One of them is that one's.
    let what = "2 comments or files of people whose acts stay here: not carried".to_owned();
    let problem =
        Problem { side: "globex".into(), field: None, what, remedy: String::new(), operation: None, settles: false };
    world.daemon().store().set_problems(&key, &[problem], world.surroundings.clock.now()).await.unwrap();
    let (acme, ours) = (world.jira("acme").clone(), world.person("acme", sync_user("acme")));
    let before = acme.back_up();
    // Which of `BENDS`, and what is seen of it: 1, 4 and 6 take one thing away, the others double or change one.
    let cases: [(&[usize], Option<&str>); 12] = [
        (&[], None),
        (&[0], Some("comments of")),
        (&[1], None),
        (&[2], Some("comments of")),
        (&[3], Some("files of")),
        (&[4], None),
        (&[5], Some("work of")),
        (&[6], None),
        (&[1, 3], Some("files of")),
        (&[1, 4], Some("files of")),
        (&[1, 6], Some("work of")),
        (&[4, 6], Some("work of")),
    ];
    for (bends, seen) in cases {
        let view = issue("acme");
        bends.iter().for_each(|bend| BENDS[*bend].1(&ours, &view));
        let judged = judged(&world, &people).await;
        match seen {
            None => assert!(judged.is_ok(), "{bends:?}: {judged:?}"),
            Some(seen) => assert!(judged.clone().is_err_and(|why| why.contains(seen)), "{bends:?}: {judged:?}"),
        }
        acme.put_back(&before);
    }
}

/// That people deleted a component excuses that an issue lacks one where that is told of the side which lacks it, and no other difference.
#[tokio::test(start_paused = true)]
async fn what_is_told_to_be_missing_excuses_no_other_difference() {
    let (world, people) = lived(Sight::Open).await;
    let issue = |jira: &str| world.jira(jira).issues().into_iter().find(|view| !view.comments.is_empty()).unwrap().key;
    let keys = ["acme", "globex", "initech"].map(issue);
    let add = json!({ "components": [{ "add": { "name": "Db" } }] });
    // initech alone lacks it.
    for (jira, key) in ["acme", "globex"].into_iter().zip(&keys) {
        world.person(jira, sync_user(jira)).update(key, add.clone()).unwrap();
    }
    let tells = async |about: &str, side: &str, field: &str, what: &str, has_lost_stock: bool| {
        let (side, field, what) = (side.into(), Some(field.into()), what.to_owned());
        let problem = Problem { side, field, what, remedy: String::new(), operation: None, settles: false };
        let now = world.surroundings.clock.now();
        world.daemon().store().set_problems(about, &[problem], now).await.unwrap();
        let judged = judged_where(&world, &people, has_lost_stock).await;
        world.daemon().store().set_problems(about, &[], now).await.unwrap();
        judged
    };
    let (about, missing) = (keys.join(", "), "`components` cannot be held in full here: `Db` is missing");
    let others = [
        tells(&about, "initech", "components", "`components` was refused", true).await,
        tells(&about, "initech", "fix-versions", missing, true).await,
        tells(&about, "initech", "components", missing, false).await,
        tells(&about, "acme", "components", missing, true).await,
        tells("SUP-99, ENG-99", "initech", "components", missing, true).await,
    ];
    let is_seen = |judged: &Result<usize, String>| judged.as_ref().is_err_and(|why| why.contains("components:"));
    assert!(others.iter().all(is_seen), "{others:?}");
    assert_eq!(tells(&about, "initech", "components", missing, true).await, Ok(0));
}
