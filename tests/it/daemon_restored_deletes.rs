//! Originals that are gone when an older state is put back: their copies stay, are told once, and nothing is asked about them without end.
//! Must never take the daemon's word for what became of the issues: what stands is read off the Jiras.

use jirasyncd::simulator::{Fault, FaultRule, Holder, IssueView, When};
use serde_json::json;

use super::daemon_restored::{ACME, Side, back_up, create, edit, key, put_back, say, tally, whole, worlds};
use super::daemon_support::{World, calls};

/// What a problem says of a copy that stays.
const STAYS: &str = "an older backup does not say that it may go";

/// Takes away what was said on a side by its people: comments, files and logged work, not our copies.
fn take_back(world: &World, side: Side, item: &str) {
    let view = world.issue(side.jira, item);
    let person = world.person(side.jira, side.people[1]);
    let of_theirs = |text: &str| text.contains(&format!("at {}", side.jira)) && !text.contains("Jane");
    let mut taken = [0; 3];
    for comment in view.comments.iter().filter(|comment| of_theirs(&comment.body)) {
        taken[0] += usize::from(person.delete_comment(&view.key, &comment.id.to_string()).is_ok());
    }
    for work in view.worklogs.iter().filter(|work| of_theirs(&work.comment)) {
        taken[1] += usize::from(person.delete_worklog(&view.key, &work.id.to_string()).is_ok());
    }
    for file in view.attachments.iter().filter(|file| file.name.contains(&format!("from-{}", side.jira))) {
        taken[2] += usize::from(person.detach(&file.id.to_string()).is_ok());
    }
    assert!(taken.iter().all(|count| *count > 0), "{}: {taken:?}", side.jira);
}

/// Lets days pass, with a full check, a change by somebody, and a restart: what stands is to stay as it is all the while.
async fn live_on(world: &mut World, there: Side, items: &[&str]) {
    let before = tally(world);
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(tally(world), before, "{}: after the start", there.jira);
    world.intervals(12).await;
    for item in items {
        edit(world, there, item, json!({ "labels": ["once"] }));
    }
    world.rest().await.unwrap();
    assert_eq!(tally(world), before, "{}: after an edit", there.jira);
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(tally(world), before, "{}: after a full check", there.jira);
    // Nothing is joined anew a second time: no marks are read, and nothing tells of a backup any more.
    let problems = world.problems().await;
    assert!(problems.iter().all(|problem| !problem.contains("was put back")), "{problems:?}");
    ["acme", there.jira].iter().for_each(|jira| world.jira(jira).reset_calls());
    for item in items {
        edit(world, there, item, json!({ "labels": ["once", "more"] }));
    }
    world.rest().await.unwrap();
    for jira in ["acme", there.jira] {
        let calls = calls(world.jira(jira));
        let marks = calls.keys().filter(|name| name.contains("Property") || name.contains("orklog"));
        assert_eq!(marks.count(), 0, "{jira}: {calls:?}");
    }
    let problems = world.problems().await;
    assert!(problems.iter().all(|problem| !problem.contains("was put back")), "{problems:?}");
    world.pass(3 * 86_400).await;
    world.intervals(4).await;
    world.start().await;
    world.rest().await.unwrap();
    for item in items {
        edit(world, ACME, item, json!({ "labels": ["twice"] }));
    }
    world.rest().await.unwrap();
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(tally(world), before, "{}: after days", there.jira);
    for item in items {
        assert_eq!(world.field(there.jira, item, "labels"), "twice", "it goes on as ever");
    }
    at_rest(world, there).await;
}

/// Nothing is asked while nothing happens.
async fn at_rest(world: &World, there: Side) {
    let jiras = ["acme", there.jira];
    jiras.iter().for_each(|jira| world.jira(jira).reset_calls());
    world.intervals(10).await;
    for jira in jiras {
        let calls = calls(world.jira(jira));
        assert!(calls.keys().all(|name| name.contains("search") || name.contains("erverInfo")), "{jira}: {calls:?}");
        assert!(calls.values().sum::<u64>() <= 12, "{jira}: {calls:?}");
    }
}

/// The problems, each of which tells of what stays on these sides, once.
async fn told(world: &World, sides: &[&str]) -> Vec<String> {
    let problems = world.problems().await;
    for side in sides {
        let of_side = problems.iter().filter(|told| told.starts_with(&format!("{side}: ")));
        assert_eq!(of_side.count(), 1, "{side}: {problems:?}");
    }
    assert_eq!(problems.len(), sides.len(), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains(STAYS)), "{problems:?}");
    problems
}

fn ids(view: &IssueView) -> [Vec<u64>; 4] {
    [
        view.comments.iter().map(|comment| comment.id).collect(),
        view.worklogs.iter().map(|work| work.id).collect(),
        view.attachments.iter().map(|file| file.id).collect(),
        view.issue_links.iter().map(|link| link.id).collect(),
    ]
}

/// The state knows the copies; the item is joined anew for what it forgot besides.
#[tokio::test(start_paused = true)]
async fn copies_that_the_state_knows_stay_when_their_originals_went() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Old");
        world.settle().await;
        say(&world, ACME, "Old", "Early");
        say(&world, there, "Old", "Early");
        world.settle().await;
        let kept = back_up(&mut world).await;
        edit(&world, there, "Old", json!({ "summary": "Old and later" }));
        edit(&world, ACME, "Old", json!({ "description": "Later" }));
        world.settle().await;
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        world.daemon = None;
        for side in [ACME, there] {
            take_back(&world, side, "Old");
        }
        put_back(&mut world, &kept);
        let before = ["acme", there.jira].map(|jira| ids(&world.issue(jira, "Old")));
        live_on(&mut world, there, &["Old"]).await;
        assert_eq!(["acme", there.jira].map(|jira| ids(&world.issue(jira, "Old"))), before);
        told(&world, &["acme", there.jira]).await;
        // Whoever does not want them deletes them by hand, and is told no more.
        for side in [ACME, there] {
            for right in ["DELETE_ALL_COMMENTS", "DELETE_ALL_WORKLOGS", "DELETE_ALL_ATTACHMENTS"] {
                world.jira(side.jira).set_permission(side.project, right, &[Holder::LoggedIn]);
            }
            let (view, person) = (world.issue(side.jira, "Old"), world.person(side.jira, side.people[0]));
            view.comments.iter().for_each(|of| person.delete_comment(&view.key, &of.id.to_string()).unwrap());
            view.worklogs.iter().for_each(|of| person.delete_worklog(&view.key, &of.id.to_string()).unwrap());
            view.attachments.iter().for_each(|of| person.detach(&of.id.to_string()).unwrap());
            edit(&world, side, "Old", json!({ "labels": ["by-hand"] }));
        }
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", there.jira);
        let counts = tally(&world);
        assert!(counts.values().all(|[_, rest @ ..]| rest[..3] == [0, 0, 0]), "{counts:?}");
    }
}

/// The state knows neither the copies nor their originals.
#[tokio::test(start_paused = true)]
async fn copies_that_the_state_forgot_stay_when_their_originals_went() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Old");
        world.settle().await;
        let kept = back_up(&mut world).await;
        say(&world, ACME, "Old", "Later");
        say(&world, there, "Old", "Later");
        world.settle().await;
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
        world.daemon = None;
        for side in [ACME, there] {
            take_back(&world, side, "Old");
        }
        put_back(&mut world, &kept);
        let before = ["acme", there.jira].map(|jira| ids(&world.issue(jira, "Old")));
        live_on(&mut world, there, &["Old"]).await;
        assert_eq!(["acme", there.jira].map(|jira| ids(&world.issue(jira, "Old"))), before);
        told(&world, &["acme", there.jira]).await;
        // What is said anew is carried as ever.
        say(&world, ACME, "Old", "Anew");
        world.rest().await.unwrap();
        assert_eq!(world.issue(there.jira, "Old").comments.len(), 2, "{}", there.jira);
    }
}

/// Files bear no mark: where they are compared, nothing else of the item is deleted either.
#[tokio::test(start_paused = true)]
async fn what_has_no_mark_is_compared_as_carefully() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Old");
        let talk = create(&world, ACME, "Talk");
        world.settle().await;
        let omar = world.person("acme", "omar");
        let comment = omar.comment(&talk, "Said before").unwrap();
        world.settle().await;
        let kept = back_up(&mut world).await;
        edit(&world, there, "Old", json!({ "summary": "Old and later" }));
        omar.attach(&talk, "later.txt", b"later").unwrap();
        world.settle().await;
        world.daemon = None;
        omar.delete_comment(&talk, &comment).unwrap();
        put_back(&mut world, &kept);
        let before = tally(&world);
        world.start().await;
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(tally(&world), before, "{}", there.jira);
        let problems = told(&world, &[there.jira]).await;
        assert!(problems[0].contains("(comment "), "{problems:?}");
    }
}

/// The daemon took the copies away itself before the state was put back that knows them still.
#[tokio::test(start_paused = true)]
async fn copies_that_went_with_their_originals_are_not_told() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Old");
        world.settle().await;
        say(&world, ACME, "Old", "Early");
        world.settle().await;
        let kept = back_up(&mut world).await;
        take_back(&world, ACME, "Old");
        world.settle().await;
        let none: [Vec<u64>; 4] = Default::default();
        assert_eq!(ids(&world.issue(there.jira, "Old")), none);
        edit(&world, there, "Old", json!({ "summary": "Old and later" }));
        world.settle().await;
        put_back(&mut world, &kept);
        live_on(&mut world, there, &["Old"]).await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", there.jira);
    }
}

/// A link that somebody took away while nothing ran, on either side; and one that the state knows nothing of.
#[tokio::test(start_paused = true)]
async fn links_that_went_on_one_side_stay_on_the_other() {
    for (at, (config, there)) in worlds().into_iter().enumerate() {
        // Each side once with each kind of counterpart: a link that the state knows, and one that it does not.
        for (gone, known) in [(ACME, at == 0), (there, at == 1)] {
            let mut world = World::new(&config, |_| {}).await;
            world.unwatched();
            create(&world, ACME, "One");
            create(&world, ACME, "Two");
            world.settle().await;
            let link = |world: &World| {
                let (one, two) = (key(world, gone, "One"), key(world, gone, "Two"));
                world.person(gone.jira, gone.people[0]).link(&one, "Relates", &two).unwrap();
            };
            if known {
                link(&world);
                world.settle().await;
            }
            let kept = back_up(&mut world).await;
            if !known {
                link(&world);
            }
            for item in ["One", "Two"] {
                edit(&world, ACME, item, json!({ "description": "Later" }));
            }
            world.settle().await;
            let other = if gone.jira == "acme" { there } else { ACME };
            assert_eq!(world.issue(other.jira, "One").issue_links.len(), 1);
            world.daemon = None;
            let id = world.issue(gone.jira, "One").issue_links[0].id;
            world.person(gone.jira, gone.people[0]).unlink(id).unwrap();
            put_back(&mut world, &kept);
            live_on(&mut world, there, &["One", "Two"]).await;
            let what = format!("{}, {known}: {:?}", gone.jira, world.problems().await);
            let problems = world.problems().await;
            assert!(!problems.is_empty() && problems.iter().all(|problem| problem.contains(STAYS)), "{what}");
            assert!(problems.iter().all(|problem| problem.starts_with(other.jira)), "{what}");
            // Another link is carried as ever, and says nothing of that one.
            create(&world, ACME, "Third");
            world.rest().await.unwrap();
            let (one, third) = (key(&world, gone, "One"), key(&world, gone, "Third"));
            world.person(gone.jira, gone.people[0]).link(&one, "Relates", &third).unwrap();
            world.rest().await.unwrap();
            let counts = [gone.jira, other.jira].map(|jira| world.issue(jira, "One").issue_links.len());
            assert_eq!(counts, [1, 2], "{what}");
            // Made again, it is in step, and nothing is told any more.
            link(&world);
            world.rest().await.unwrap();
            let counts = [gone.jira, other.jira].map(|jira| world.issue(jira, "One").issue_links.len());
            assert_eq!(counts, [2, 2], "{what}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{what}");
        }
    }
}

/// A copy that was made anew for other readers, or whose text is a note of ours, is found again.
#[tokio::test(start_paused = true)]
async fn what_was_made_anew_since_the_backup_is_not_doubled() {
    for (config, there) in worlds() {
        let config =
            config.replacen("attachments = \"both\"", "attachments = { largest = 0.002, too-large = \"note\" }", 1);
        let mut world = World::new(&config, |_| {}).await;
        let home = create(&world, ACME, "Old");
        world.settle().await;
        let omar = world.person("acme", "omar");
        let comment = omar.comment(&home, "For everybody").unwrap();
        world.settle().await;
        let kept = back_up(&mut world).await;
        omar.restrict_comment(&home, &comment, "For few", "Globex desk").unwrap();
        world.settle().await;
        assert_eq!(world.issue(there.jira, "Old").comments.len(), 0);
        omar.open_comment(&home, &comment, "For everybody again").unwrap();
        world.settle().await;
        omar.attach(&home, "long.bin", &[7; 4_000]).unwrap();
        world.settle().await;
        assert_eq!(world.issue(there.jira, "Old").comments.len(), 2, "{:?}", world.issue(there.jira, "Old").comments);
        put_back(&mut world, &kept);
        live_on(&mut world, there, &["Old"]).await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", there.jira);
        omar.edit_comment(&home, &comment, "For everybody at last").unwrap();
        world.rest().await.unwrap();
        let shown = world.issue(there.jira, "Old").comments;
        assert!(shown.len() == 2 && shown.iter().any(|shown| shown.body.contains("at last")), "{shown:?}");
    }
}

/// An original that nobody could see when the state was put back, and that can be seen again: it has its copy already.
#[tokio::test(start_paused = true)]
async fn an_original_that_comes_back_has_its_copy() {
    for known in [true, false] {
        for (config, there) in worlds() {
            let mut world = World::of(&config, |setups| {
                let acme = setups.get_mut("acme").unwrap();
                let omar = acme.users.iter().find(|user| user.name == "omar").unwrap().id.clone();
                acme.projects[0].roles.entry("Secret".to_owned()).or_default().insert(omar);
            });
            world.unwatched();
            world.start().await;
            let home = create(&world, ACME, "Old");
            world.settle().await;
            let early = back_up(&mut world).await;
            let omar = world.person("acme", "omar");
            let comment = omar.comment(&home, "Seen again").unwrap();
            world.settle().await;
            let kept = if known { back_up(&mut world).await } else { early };
            edit(&world, there, "Old", json!({ "summary": "Old and later" }));
            world.settle().await;
            assert_eq!(world.issue(there.jira, "Old").comments.len(), 1);
            world.daemon = None;
            omar.restrict_comment(&home, &comment, "Seen again", "Secret").unwrap();
            put_back(&mut world, &kept);
            live_on(&mut world, there, &["Old"]).await;
            assert_eq!(world.issue(there.jira, "Old").comments.len(), 1);
            told(&world, &[there.jira]).await;
            omar.open_comment(&home, &comment, "Seen again").unwrap();
            edit(&world, ACME, "Old", json!({ "labels": ["seen"] }));
            world.rest().await.unwrap();
            assert_eq!(world.issue(there.jira, "Old").comments.len(), 1, "{known}, {}", there.jira);
            assert_eq!(world.problems().await, Vec::<String>::new(), "{known}, {}", there.jira);
            omar.edit_comment(&home, &comment, "Seen again, and changed").unwrap();
            world.rest().await.unwrap();
            let shown = world.issue(there.jira, "Old").comments;
            assert!(shown.len() == 1 && shown[0].body.ends_with("and changed"), "{known}: {shown:?}");
        }
    }
}

/// Whoever restricted a comment since the backup does not find its copy open: neither where the state knows the comment, nor where that
/// was made since.
#[tokio::test(start_paused = true)]
async fn a_copy_of_what_was_restricted_since_the_backup_does_not_stay_open() {
    for (config, there) in worlds() {
        for known in [true, false] {
            let mut world = World::new(&config, |_| {}).await;
            let key = create(&world, ACME, "Old");
            world.settle().await;
            let omar = world.person("acme", "omar");
            let say = || omar.comment(&key, "Between us").unwrap();
            let before = known.then(|| {
                world.daemon = None;
                say()
            });
            if known {
                // The comment is known, and its copy is not made yet.
                world.start().await;
                world.jira(there.jira).add_fault(FaultRule::new("addComment", When::Always, Fault::Status(503)));
                world.intervals(2).await;
            }
            let kept = back_up(&mut world).await;
            world.jira(there.jira).clear_faults();
            let comment = before.unwrap_or_else(say);
            world.rest().await.unwrap();
            assert_eq!(world.issue(there.jira, "Old").comments.len(), 1, "{}", there.jira);
            world.daemon = None;
            omar.restrict_comment(&key, &comment, "Between us", "Globex desk").unwrap();
            put_back(&mut world, &kept);
            world.start().await;
            world.rest().await.unwrap();
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            let said: Vec<String> = world.issue(there.jira, "Old").comments.into_iter().map(|it| it.body).collect();
            let open = said.iter().any(|body| body.contains("Between us"));
            assert!(!open, "{}, known: {known}: {said:?}, {:?}", there.jira, world.problems().await);
            assert_eq!(world.issue("acme", "Old").comments.len(), 1);
        }
    }
}
