//! Another account in the place of the sync user: what the one before wrote stays ours, nothing is made twice or taken for people's, and what
//! was under way is found. Must never take the daemon's word for what stands: it is read off the Jiras.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::app::{StartError, commands_on_state};
use jirasyncd::engine::SetupError;
use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Credential, Fault, FaultRule, Holder, IssueView, Setup, UserSetup, When};
use serde_json::json;

use super::daemon_audit::{shared, sync_user};
use super::daemon_pause::{alice, writes};
use super::daemon_restored::{ACME, Side, create, edit, key, say, tally, worlds};
use super::daemon_support::{World, load};

/// The ids of the accounts that take the sync users' place.
const NEXT: [(&str, &str); 3] =
    [("acme", "712020:next-at-acme"), ("globex", "JIRAUSER10900"), ("initech", "712020:next-at-initech")];

/// What the account of a Jira is called over REST: Data Center names it.
pub(super) fn account(jira: &str, id: &str) -> String {
    match (jira, id) {
        ("globex", "JIRAUSER10100") => "sync".to_owned(),
        ("globex", _) => "next".to_owned(),
        _ => id.to_owned(),
    }
}

/// The same Jiras with a second account for each sync user, that may do the same.
pub(super) fn with_next(setups: &mut BTreeMap<&'static str, Setup>) {
    for (jira, id) in NEXT {
        let setup = setups.get_mut(jira).unwrap();
        let token = "next-token".to_owned();
        let credential = if jira == "globex" { Credential::Pat(token) } else { Credential::ApiToken(token) };
        setup.users.push(UserSetup::new(id, "next", "Next", &format!("next@{jira}.example")).with(credential));
        for project in &mut setup.projects {
            *project = project.clone().member("Administrators", id);
        }
    }
}

/// A configuration whose logins are those of the second accounts.
pub(super) fn of_next(config: &str) -> String {
    let config = config.replace("user = \"sync@", "user = \"next@");
    config.replace("token = \"env:TOKEN\"", "token = \"env:NEXT\"")
}

pub(super) async fn accept(world: &World, jira: &str, instead_of: &str) -> Answer {
    let command = Command::AcceptAccount { instance: jira.into(), instead_of: instead_of.into() };
    let answers = commands_on_state(world.config.clone(), world.surroundings(), alice(), vec![command]).await;
    answers.unwrap().remove(0)
}

/// Stops the daemon, and has it go on as the second accounts.
async fn follow(world: &mut World, config: &str, there: Side) {
    world.daemon = None;
    world.config = load(&of_next(config), &world.state());
    let refused = world.try_start().await.expect_err("another account was taken");
    assert!(matches!(refused, StartError::Setup(SetupError::OtherAccount { .. })), "{refused:?}");
    for jira in ["acme", there.jira] {
        let answer = accept(world, jira, &account(jira, sync_user(jira))).await;
        assert_eq!(answer.ended, Ended::Done, "{answer:?}");
    }
    world.start().await;
}

pub(super) fn is_us(jira: &str, author: Option<&str>) -> bool {
    let next = NEXT.iter().find(|(name, _)| *name == jira).unwrap().1;
    author == Some(sync_user(jira)) || author == Some(next)
}

/// Both sides show the same, and all that people of one side wrote is once on the other, whichever account copied it.
pub(super) fn whole(world: &World, left: &str, right: &str) {
    let by_summary = |jira: &str| -> BTreeMap<String, IssueView> {
        let all = world.jira(jira).issues();
        let count = all.len();
        let found: BTreeMap<_, _> = all.into_iter().map(|view| (view.fields["summary"].clone(), view)).collect();
        assert_eq!(found.len(), count, "{jira}: an issue is there twice");
        found
    };
    let (lefts, rights) = (by_summary(left), by_summary(right));
    assert_eq!(lefts.keys().collect::<Vec<_>>(), rights.keys().collect::<Vec<_>>());
    for (summary, one) in &lefts {
        let two = &rights[summary];
        for field in ["description", "priority", "labels"] {
            assert_eq!(shared(left, one, field), shared(right, two, field), "{summary}: {field}");
        }
        assert_eq!(one.issue_links.len(), two.issue_links.len(), "{summary}");
        for (from, one, to, two) in [(left, one, right, two), (right, two, left, one)] {
            let said = |view: &IssueView, jira: &str, ours: bool| {
                let comments = view.comments.iter().filter(|it| is_us(jira, it.author.as_deref()) == ours);
                let worklogs = view.worklogs.iter().filter(|it| is_us(jira, it.author.as_deref()) == ours);
                let files = view.attachments.iter().filter(|it| is_us(jira, it.author.as_deref()) == ours);
                let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
                let mut all: Vec<String> = comments.map(|comment| last(&comment.body)).collect();
                all.extend(worklogs.map(|work| last(&work.comment)));
                all.extend(files.map(|file| format!("{}: {:?}", file.name, file.content)));
                all.sort();
                all
            };
            assert_eq!(said(one, from, false), said(two, to, true), "{summary}: of {from} at {to}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_074_another_account_takes_the_place_and_nothing_is_doubled_or_echoed() {
    for (config, there) in worlds() {
        let mut world = World::of(&config, with_next);
        for (jira, project) in [("acme", "SUP"), (there.jira, there.project)] {
            for right in ["EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS", "EDIT_ALL_WORKLOGS", "DELETE_ALL_WORKLOGS"] {
                world.jira(jira).set_permission(project, right, &[Holder::LoggedIn]);
            }
        }
        world.start().await;
        for (side, item) in [(ACME, "Ours"), (there, "Theirs"), (ACME, "End")] {
            create(&world, side, item);
        }
        world.settle().await;
        for side in [ACME, there] {
            say(&world, side, "Ours", "Early");
            say(&world, side, "Theirs", "Early");
        }
        let (from, to) = (key(&world, ACME, "Ours"), key(&world, ACME, "End"));
        world.person("acme", "jane").link(&from, "Relates", &to).unwrap();
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        // Of everything something is under way when the account goes: it lands, and nobody hears of it.
        for operation in ["createIssue", "addComment", "addWorklog", "addAttachment", "editIssue"] {
            let late = Fault::LateWrite(Duration::from_secs(60));
            world.jira(there.jira).add_fault(FaultRule::new(operation, When::Always, late));
        }
        create(&world, ACME, "In-doubt");
        say(&world, ACME, "Theirs", "Doubted");
        edit(&world, ACME, "Ours", json!({ "description": "In doubt" }));
        world.interval().await;
        let open = world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap().open_intents;
        assert!(open >= 2, "only {open} are in doubt");
        world.jira(there.jira).clear_faults();
        world.daemon = None;
        world.pass(120).await;
        assert_eq!(world.issues(there.jira, "In-doubt").len(), 1, "it did not land");
        let before = tally(&world);
        follow(&mut world, &config, there).await;
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        let after = tally(&world);
        for (key, counts) in &before {
            assert!(after[key].iter().zip(counts).all(|(now, then)| now >= then), "{key}: {counts:?} {:?}", after[key]);
        }
        assert_eq!(after.len(), before.len(), "{}: an issue was made again", there.jira);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // The copies of the account before are ours: they are changed and taken away.
        let home = key(&world, ACME, "Ours");
        let early =
            world.issue("acme", "Ours").comments.into_iter().find(|it| it.body == "Early said at acme").unwrap();
        world.person("acme", "omar").edit_comment(&home, &early.id.to_string(), "Early, and thought over").unwrap();
        say(&world, there, "Ours", "Late");
        edit(&world, there, "Theirs", json!({ "description": "Late" }));
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        let theirs = key(&world, there, "Theirs");
        let mut early = world.issue(there.jira, "Theirs").comments.into_iter();
        let early = early.rfind(|it| it.body == format!("Early said at {}", there.jira)).unwrap();
        world.person(there.jira, there.people[1]).delete_comment(&theirs, &early.id.to_string()).unwrap();
        // Jira tells of it nowhere: the full check sees it.
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Nothing of ours is anybody's change, also when all is looked at again.
        world.jiras.values().for_each(|jira| jira.reset_calls());
        world.start().await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        for jira in ["acme", there.jira] {
            let mut writes = writes(&world, jira);
            writes.retain(|operation, _| !operation.starts_with("bulkFetch"));
            assert_eq!(writes, BTreeMap::new(), "{jira}");
        }
        let commands = world.daemon().store().commands(None, 10).await.unwrap();
        let typed: Vec<String> = commands.iter().map(|record| record.command.to_string()).collect();
        assert_eq!(typed[0], "accept-account acme --instead-of 5b10a2844c20165700ede21f");
        assert_eq!((typed.len(), commands[0].by.clone()), (2, alice()));
    }
}

/// Where the new account may not change what the one before wrote, that is told, and nothing is copied a second time.
#[tokio::test(start_paused = true)]
async fn row_074_a_copy_that_the_new_account_may_not_change_is_told() {
    for (config, there) in worlds() {
        let mut world = World::of(&config, with_next);
        world.jira(there.jira).set_permission(there.project, "EDIT_ALL_COMMENTS", &[Holder::User("nobody".into())]);
        world.start().await;
        let home = create(&world, ACME, "Ours");
        world.settle().await;
        let original = world.person("acme", "omar").comment(&home, "Early").unwrap();
        world.settle().await;
        follow(&mut world, &config, there).await;
        world.rest().await.unwrap();
        world.person("acme", "omar").edit_comment(&home, &original, "Early, and later").unwrap();
        world.intervals(10).await;
        let copies: Vec<String> = world.issue(there.jira, "Ours").comments.into_iter().map(|it| it.body).collect();
        assert!(copies.len() == 1 && copies[0].ends_with("Early"), "{copies:?}");
        let problems = world.problems().await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(there.jira) && problems[0].contains("comment"), "{problems:?}");
        assert_eq!(world.issue("acme", "Ours").comments.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn row_074_an_account_is_followed_by_the_word_of_the_instance_alone() {
    let (config, there) = worlds().into_iter().next().unwrap();
    let mut world = World::of(&config, with_next);
    world.start().await;
    create(&world, ACME, "Ours");
    world.settle().await;
    let refused = |answer: Answer, words: &str| {
        assert!(answer.ended == Ended::Refused && answer.lines[0].contains(words), "{words}: {answer:?}");
    };
    // A daemon that runs works as the account before.
    let command = Command::AcceptAccount { instance: "acme".into(), instead_of: "5b10a2844c20165700ede21f".into() };
    refused(world.daemon().command(alice(), command).await.unwrap(), "stop it");
    world.daemon = None;
    refused(accept(&world, "acme", "somebody").await, "as the state knows it");
    world.config = load(&of_next(&config), &world.state());
    refused(accept(&world, "nowhere", "sync").await, "there is no instance `nowhere`");
    refused(accept(&world, "globex", "jdoe").await, "`sync` until now, not `jdoe`");
    world.jira("acme").set_base_url("https://moved.example");
    refused(accept(&world, "acme", "5b10a2844c20165700ede21f").await, "another Jira");
    world.jira("acme").set_base_url(super::daemon_support::ACME);
    assert!(world.try_start().await.is_err(), "a refusal changed something");
    for jira in ["acme", "globex"] {
        assert_eq!(accept(&world, jira, &account(jira, sync_user(jira))).await.ended, Ended::Done);
        assert_eq!(accept(&world, jira, &account(jira, sync_user(jira))).await.ended, Ended::Unchanged);
    }
    // It starts also while the instance says nothing, as it did before.
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
    world.start().await;
    world.jira("globex").clear_faults();
    edit(&world, ACME, "Ours", json!({ "summary": "Ours again" }));
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Ours", "summary"), "Ours again");
    // And back: the account of before is the sync user again.
    world.daemon = None;
    world.config = load(&config, &world.state());
    for jira in ["acme", "globex"] {
        let next = NEXT.iter().find(|(name, _)| *name == jira).unwrap().1;
        assert_eq!(accept(&world, jira, &account(jira, next)).await.ended, Ended::Done);
    }
    world.start().await;
    say(&world, there, "Ours", "Back");
    world.rest().await.unwrap();
    whole(&world, "acme", "globex");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The same user under another name on Data Center, under another account id on Cloud: all that it ever did bears the new one there.
/// The start is refused as for another account, and the same command takes it.
#[tokio::test(start_paused = true)]
async fn row_074_a_sync_user_that_is_renamed_is_followed() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Ours");
        create(&world, there, "Theirs");
        world.settle().await;
        for side in [ACME, there] {
            say(&world, side, "Ours", "Early");
            say(&world, side, "Theirs", "Early");
        }
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        let (before, problems) = (tally(&world), world.problems().await);
        for jira in ["acme", there.jira] {
            let was = account(jira, sync_user(jira));
            let is = if jira == "globex" {
                world.jira(jira).rename_user("sync", "jira-sync");
                "jira-sync"
            } else {
                let is = NEXT.iter().find(|(name, _)| *name == jira).unwrap().1;
                world.jira(jira).migrate_account(sync_user(jira), is);
                let ours = world.jira(jira).issues().into_iter().flat_map(|view| view.comments);
                let authors: Vec<String> = ours.filter_map(|comment| comment.author).collect();
                assert!(authors.iter().any(|author| author == is), "{jira}: nothing bears the new id: {authors:?}");
                assert!(authors.iter().all(|author| *author != was), "{jira}: something bears the old id: {authors:?}");
                is
            };
            let refused = world.try_start().await.expect_err("another account was taken").to_string();
            for name in [jira, was.as_str(), is] {
                assert!(refused.contains(&format!("`{name}`")), "{refused}");
            }
            assert_eq!(accept(&world, jira, &was).await.ended, Ended::Done);
            world.jiras.values().for_each(|jira| jira.reset_calls());
            world.start().await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(tally(&world), before, "{jira}: something was made again");
            for jira in ["acme", there.jira] {
                let mut writes = writes(&world, jira);
                writes.retain(|operation, _| !operation.starts_with("bulkFetch"));
                assert_eq!(writes, BTreeMap::new(), "{jira}");
            }
            assert_eq!(world.problems().await, problems, "{jira}");
        }
        // What it wrote under the name before is ours: it is changed and taken away, and nothing of it comes back as a person's.
        let home = key(&world, ACME, "Ours");
        let comments = world.issue("acme", "Ours").comments;
        let early = comments.iter().find(|it| it.body == "Early said at acme").unwrap();
        world.person("acme", "omar").edit_comment(&home, &early.id.to_string(), "Early, and thought over").unwrap();
        let key_there = key(&world, there, "Theirs");
        let comments = world.issue(there.jira, "Theirs").comments;
        let early = comments.iter().find(|it| it.body == format!("Early said at {}", there.jira)).unwrap();
        world.person(there.jira, there.people[1]).delete_comment(&key_there, &early.id.to_string()).unwrap();
        say(&world, there, "Ours", "Late");
        edit(&world, there, "Ours", json!({ "description": "Late" }));
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        whole(&world, "acme", there.jira);
        assert_eq!(world.problems().await, problems);
    }
}
