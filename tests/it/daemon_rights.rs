//! Rights that the sync user loses for a while, and issues that take no edits for a while: what people did meanwhile arrives
//! afterwards, and the others go on. Must never take the daemon's word for what arrived.

use jirasyncd::simulator::{Holder, Setup};
use serde_json::json;

use super::daemon_support::{World, two, two_clouds};

/// Where the right is lost, its project, who works there, a type; the other side, and who works there.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

fn cases() -> [(String, Case); 3] {
    [
        (two(), ("acme", "SUP", "jane", "Bug", "globex", "jdoe")),
        (two(), ("globex", "ENG", "jdoe", "Defect", "acme", "jane")),
        (two_clouds(), ("initech", "OPS", "petra", "Fehler", "acme", "jane")),
    ]
}

/// One item on both sides: its keys.
async fn paired(world: &World, (from, project, who, kind, to, _): Case) -> (String, String) {
    let key = world.person(from, who).create(project, kind, json!({ "summary": "Item" })).unwrap();
    world.rest().await.unwrap();
    (key, world.issue(to, "Item").key)
}

/// Everybody but the sync user holds these.
fn take(world: &World, (jira, project, ..): Case, rights: &[&str]) {
    let everybody = world.jira(jira).people();
    let sync = world.person(jira, "sync");
    let others: Vec<Holder> = everybody
        .iter()
        .filter(|person| person.id() != sync.id())
        .map(|person| Holder::User(person.id().to_owned()))
        .collect();
    for right in rights {
        world.jira(jira).set_permission(project, right, &others);
    }
}

fn give_back(world: &World, (jira, project, ..): Case, rights: &[&str]) {
    for right in rights {
        world.jira(jira).set_permission(project, right, &[Holder::LoggedIn]);
    }
}

/// What both sides hold of the item in the end.
async fn arrives(world: &World, (from, .., to, _): Case, keys: &(String, String), rounds: usize) {
    world.intervals(rounds).await;
    world.rest().await.unwrap();
    let (here, there) = (world.jira(from).issue(&keys.0).unwrap(), world.jira(to).issue(&keys.1).unwrap());
    assert_eq!(here.fields["summary"], "Item, changed there", "{from}");
    assert_eq!(there.fields["duedate"], "2030-05-06", "{from}");
    assert_eq!((here.comments.len(), there.comments.len()), (2, 2), "{from}: {here:?} {there:?}");
    assert_eq!((world.issues(from, "Item").len(), world.issues(to, "Item").len()), (1, 1), "{from}");
    assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
}

/// People work on both issues meanwhile.
fn work(world: &World, (from, _, who, _, to, there): Case, keys: &(String, String)) {
    world.person(to, there).edit(&keys.1, json!({ "summary": "Item, changed there" })).unwrap();
    world.person(to, there).comment(&keys.1, "said there").unwrap();
    world.person(from, who).edit(&keys.0, json!({ "duedate": "2030-05-06" })).unwrap();
    world.person(from, who).comment(&keys.0, "said here").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_project_that_is_hidden_for_a_while_loses_nothing() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        take(&world, case, &["BROWSE_PROJECTS"]);
        work(&world, case, &keys);
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(20).await;
        assert!(!world.problems().await.is_empty(), "{}: it is told", case.0);
        assert_eq!(world.jira(case.0).issue(&keys.0).unwrap().fields["summary"], "Item");
        give_back(&world, case, &["BROWSE_PROJECTS"]);
        arrives(&world, case, &keys, 60).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_to_write_that_is_missing_for_a_while_loses_nothing() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        let rights = ["EDIT_ISSUES", "ADD_COMMENTS", "CREATE_ISSUES"];
        take(&world, case, &rights);
        work(&world, case, &keys);
        let (from, _, _, _, to, there) = case;
        let fields = json!({ "summary": "New meanwhile" });
        let kind = if to == "acme" { ("SUP", "Bug") } else { ("ENG", "Defect") };
        world.person(to, there).create(kind.0, kind.1, fields).unwrap();
        world.intervals(20).await;
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.starts_with(from)), "{from}: {problems:?}");
        // What it may read and the other side takes goes on.
        assert_eq!(world.jira(to).issue(&keys.1).unwrap().fields["duedate"], "2030-05-06", "{from}");
        assert!(world.issues(from, "New meanwhile").is_empty());
        give_back(&world, case, &rights);
        arrives(&world, case, &keys, 100).await;
        assert_eq!(world.issues(from, "New meanwhile").len(), 1, "{from}");
    }
}

/// A copy that is to be withdrawn does not wait for an edit that has nothing to do with it.
#[tokio::test(start_paused = true)]
async fn a_right_to_edit_alone_that_is_missing_holds_up_nothing_but_fields() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        let (from, .., to, there) = case;
        let author = world.person(to, there);
        let first = author.comment(&keys.1, "said before").unwrap();
        world.rest().await.unwrap();
        take(&world, case, &["EDIT_ISSUES"]);
        author.edit(&keys.1, json!({ "summary": "Item, changed there" })).unwrap();
        world.intervals(20).await;
        author.delete_comment(&keys.1, &first).unwrap();
        author.comment(&keys.1, "said meanwhile").unwrap();
        world.intervals(10).await;
        let here = world.jira(from).issue(&keys.0).unwrap();
        assert_eq!(here.fields["summary"], "Item", "{from}");
        let said: Vec<&str> = here.comments.iter().map(|comment| comment.body.as_str()).collect();
        assert!(said.len() == 1 && said[0].contains("said meanwhile"), "{from}: {said:?}");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("refused a change of `summary`"), "{from}: {problems:?}");
        give_back(&world, case, &["EDIT_ISSUES"]);
        world.intervals(60).await;
        world.rest().await.unwrap();
        assert_eq!(world.jira(from).issue(&keys.0).unwrap().fields["summary"], "Item, changed there", "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_to_comment_alone_that_is_missing_for_a_while_loses_no_comment() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        take(&world, case, &["ADD_COMMENTS"]);
        work(&world, case, &keys);
        world.intervals(20).await;
        assert_eq!(world.jira(case.0).issue(&keys.0).unwrap().fields["summary"], "Item, changed there", "{}", case.0);
        assert!(!world.problems().await.is_empty(), "{}: it is told", case.0);
        give_back(&world, case, &["ADD_COMMENTS"]);
        arrives(&world, case, &keys, 100).await;
    }
}

/// Data Center says 400 to it, which may be about the text.
#[tokio::test(start_paused = true)]
async fn a_right_to_edit_own_comments_that_is_missing_for_a_while_loses_no_edit() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        let (from, .., to, there) = case;
        let author = world.person(to, there);
        let said = author.comment(&keys.1, "said before").unwrap();
        world.rest().await.unwrap();
        let rights = ["EDIT_OWN_COMMENTS", "EDIT_ALL_COMMENTS"];
        take(&world, case, &rights);
        author.edit_comment(&keys.1, &said, "said otherwise").unwrap();
        world.intervals(20).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("refused a change of the copy"), "{from}: {problems:?}");
        give_back(&world, case, &rights);
        world.intervals(100).await;
        world.rest().await.unwrap();
        let body = &world.jira(from).issue(&keys.0).unwrap().comments[0].body;
        assert!(body.contains("said otherwise"), "{from}: {body}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_068_an_archived_issue_is_let_be_until_it_is_restored() {
    for (config, case) in cases() {
        let world = World::new(&config, |_| {}).await;
        let keys = paired(&world, case).await;
        let (from, project, who, kind, to, _) = case;
        world.person(from, who).edit(&keys.0, json!({ "duedate": "2030-05-06" })).unwrap();
        world.person(from, who).comment(&keys.0, "said here").unwrap();
        world.rest().await.unwrap();
        world.person(from, who).archive(&keys.0).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(5).await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}: it is not taken for deleted");
        world.person(to, case.5).edit(&keys.1, json!({ "summary": "Item, changed there" })).unwrap();
        world.person(to, case.5).comment(&keys.1, "said there").unwrap();
        world.intervals(20).await;
        assert_eq!(world.jira(from).issue(&keys.0).unwrap().fields["summary"], "Item", "{from}");
        let problems = world.problems().await;
        assert!(!problems.is_empty() && problems.iter().all(|problem| problem.starts_with(from)), "{problems:?}");
        world.person(from, who).create(project, kind, json!({ "summary": "Another" })).unwrap();
        world.intervals(5).await;
        assert_eq!(world.issues(to, "Another").len(), 1, "{from}: the others go on");
        world.person(from, who).restore(&keys.0).unwrap();
        arrives(&world, case, &keys, 100).await;
    }
}

/// `jira.issue.editable = false` in the last status of the workflow.
fn read_only(setup: &mut Setup) {
    setup.projects[0].statuses.last_mut().unwrap().editable = false;
}

#[tokio::test(start_paused = true)]
async fn row_068_what_a_read_only_status_refused_is_written_when_the_issue_leaves_it() {
    for (config, case) in cases() {
        let (from, project, who, kind, to, there) = case;
        let mut world = World::of(&config, |setups| read_only(setups.get_mut(from).unwrap()));
        world.start().await;
        let keys = paired(&world, case).await;
        let last = world.jira(from).issue(&keys.0).unwrap().fields["status"].clone();
        let (closing, opening): (&[&str], &str) = match (from, to) {
            (_, "globex") => (&["Start work", "Close"], "Reopen"),
            ("globex", _) => (&["Done"], "To Do"),
            // Out of its last status initech has one way.
            _ => (&["Done"], "In Progress"),
        };
        for step in closing {
            world.person(to, there).transition(&keys.1, step).unwrap();
        }
        world.rest().await.unwrap();
        assert_ne!(world.jira(from).issue(&keys.0).unwrap().fields["status"], last, "{from}: it is closed");
        world.person(to, there).edit(&keys.1, json!({ "summary": "Item, changed", "duedate": "2030-05-06" })).unwrap();
        world.person(to, there).comment(&keys.1, "said there").unwrap();
        world.person(from, who).create(project, kind, json!({ "summary": "Another" })).unwrap();
        world.intervals(10).await;
        let here = world.jira(from).issue(&keys.0).unwrap();
        assert_eq!((here.fields["summary"].as_str(), here.comments.len()), ("Item", 1), "{from}: comments are taken");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("does not allow edits")), "{from}: {problems:?}");
        assert_eq!(world.issues(to, "Another").len(), 1, "{from}: the others go on");
        // Reopened on the side that is edited: the hop goes first, then what was refused.
        world.person(to, there).transition(&keys.1, opening).unwrap();
        world.intervals(5).await;
        let here = world.jira(from).issue(&keys.0).unwrap();
        assert_eq!(here.fields["summary"], "Item, changed", "{from}: {here:?}");
        assert_eq!(here.fields["duedate"], "2030-05-06", "{from}");
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_refused_comments_cost_little_and_what_is_taken_back_meanwhile_never_comes() {
    for (config, case) in cases() {
        let mut world = World::of(&config, |_| {});
        world.start().await;
        let keys = paired(&world, case).await;
        let (here, _, who, _, to, there) = case;
        take(&world, case, &["ADD_COMMENTS"]);
        let (person, author) = (world.person(here, who), world.person(to, there));
        let said: Vec<String> =
            (0..6).map(|number| author.comment(&keys.1, &format!("said {number}")).unwrap()).collect();
        world.jira(here).reset_calls();
        world.intervals(4).await;
        // Data Center says 400 to each, which may be about the text.
        let first = world.jira(here).count("addComment");
        assert!(if here == "globex" { first <= 6 } else { first <= 2 }, "{here}: {first}");
        // The rest goes on, and does not make it asked again and again.
        for number in 0..4 {
            author.edit(&keys.1, json!({ "summary": format!("Item, edited {number}") })).unwrap();
            world.intervals(1).await;
        }
        world.intervals(2).await;
        assert_eq!(world.field(here, "Item", "summary"), "Item, edited 3", "{here}");
        let again = world.jira(here).count("addComment") - first;
        assert!(again <= 6, "{here}: {again}");
        // A deletion moves nothing that a poll shows, and no full check falls into this time.
        author.delete_comment(&keys.1, &said[0]).unwrap();
        world.pass(7_000).await;
        give_back(&world, case, &["ADD_COMMENTS"]);
        // What nobody carries: only this side is read for it.
        world.jira(here).reset_calls();
        world.jira(here).record_bodies(true);
        person.edit(&keys.0, json!({ "environment": person.text("a new one") })).unwrap();
        world.rest().await.unwrap();
        let sent =
            world.jira(here).calls().iter().any(|call| String::from_utf8_lossy(&call.request_body).contains("said 0"));
        assert!(!sent, "{here}: what was deleted before the right came was sent");
        world.daemon().engine().sweep(None).await.unwrap();
        world.pass(7_200).await;
        world.rest().await.unwrap();
        let bodies: Vec<String> =
            world.jira(here).issue(&keys.0).unwrap().comments.into_iter().map(|comment| comment.body).collect();
        assert_eq!(bodies.len(), 5, "{here}: {bodies:?}");
        assert!(!bodies.iter().any(|body| body.contains("said 0")), "{here}: {bodies:?}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{here}");
    }
}
