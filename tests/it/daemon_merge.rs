//! A person says that two issues are one. Must never take the daemon's word for what became of them: what stands in the Jiras is read
//! there, and what was sent is counted there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError, Trouble};
use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::store::Store as _;
use serde_json::json;

use super::crash::fused_world;
use super::daemon_pause::{give, writes};
use super::daemon_support::{THREE, World, two, two_clouds};

fn merge(keep: &str, drop: &str) -> Command {
    Command::Merge { sync: "support".into(), keep: keep.to_owned(), drop: drop.to_owned(), dry_run: false }
}

fn shown(keep: &str, drop: &str) -> Command {
    Command::Merge { sync: "support".into(), keep: keep.to_owned(), drop: drop.to_owned(), dry_run: true }
}

/// Home with each kind of counterpart: its side, and who works there.
fn kinds() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn create(world: &World, summary: &str, labels: &[&str]) -> String {
    let fields = json!({ "summary": summary, "description": summary, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

fn field(world: &World, jira: &str, key: &str, name: &str) -> String {
    world.jira(jira).issue(key).unwrap().fields.get(name).cloned().unwrap_or_default()
}

/// The comments of an issue, in the order in which they stand there.
fn comments(world: &World, jira: &str, key: &str) -> Vec<String> {
    world.jira(jira).issue(key).unwrap().comments.into_iter().map(|comment| comment.body).collect()
}

fn said(comments: &[String], part: &str) -> usize {
    comments.iter().filter(|comment| comment.contains(part)).count()
}

fn reset(world: &World) {
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
}

/// A word of what was answered.
fn tells(answer: &Answer, part: &str) -> bool {
    answer.lines.iter().any(|line| line.contains(part))
}

/// An item on both sides, and a second issue of ours beside its copy, which people work on too. Gives the three keys.
async fn duplicated(world: &World, to: &str) -> (String, String, String) {
    let home = create(world, "Item", &[]);
    world.rest().await.unwrap();
    let copy = world.issue(to, "Item").key;
    let second = world.person(to, "sync").clone_issue(&copy).unwrap();
    world.rest().await.unwrap();
    (home, copy, second)
}

/// What the one problem says is to be typed.
async fn remedy(world: &World) -> Vec<String> {
    let stored = world.daemon().store().problems(9).await.unwrap();
    assert_eq!(stored.len(), 1, "{stored:?}");
    let typed = stored[0].problem.remedy.split('`').nth(1).unwrap_or_default().to_owned();
    typed.split(' ').map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_problem_says_is_typed_and_the_second_issue_is_let_be() {
    for (config, to, who) in kinds() {
        let mut world = World::new(&config, |_| {}).await;
        let (home, copy, second) = duplicated(&world, to).await;
        world.person(to, who).comment(&second, "Written into the second one").unwrap();
        world.person(to, who).attach(&second, "trace.log", b"trace").unwrap();
        let typed = remedy(&world).await;
        assert_eq!(typed[..3], ["jirasyncd", "merge", "support"]);
        reset(&world);
        let dry = give(&world, shown(&typed[3], &typed[4])).await;
        assert!(dry.ended == Ended::Shown && tells(&dry, "let be: "), "{dry:?}");
        assert_eq!(world.problems().await.len(), 1, "it was only shown");
        let done = give(&world, merge(&typed[3], &typed[4])).await;
        assert_eq!((done.ended, &done.lines), (Ended::Done, &dry.lines));
        assert!(tells(&done, &format!("let be: {second} ({to})")), "{done:?}");
        assert!(tells(&done, &format!("what people wrote in {second} stays there: 1 comment")), "{done:?}");
        world.rest().await.unwrap();
        assert_eq!((writes(&world, "acme"), writes(&world, to)), (BTreeMap::new(), BTreeMap::new()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Nothing crosses to it or from it, also after a restart and a full check; the first goes on.
        for again in [false, true] {
            if again {
                world.start().await;
            }
            world.person(to, who).edit(&second, json!({ "summary": format!("Second, {again}") })).unwrap();
            world.person("acme", "jane").edit(&home, json!({ "summary": format!("Item, {again}") })).unwrap();
            world.rest().await.unwrap();
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(field(&world, to, &copy, "summary"), format!("Item, {again}"));
            assert_eq!(field(&world, to, &second, "summary"), format!("Second, {again}"));
        }
        assert_eq!((world.jira("acme").issues().len(), world.jira(to).issues().len()), (1, 2));
        assert_eq!(world.problems().await, Vec::<String>::new());
        let status = world.daemon().status().await.unwrap();
        assert_eq!(status.figures.items, 1);
        // Said twice it is no other thing; what was let be is not taken up again.
        assert_eq!(give(&world, merge(&copy, &second)).await.ended, Ended::Unchanged);
        assert_eq!(give(&world, merge(&second, &copy)).await.ended, Ended::Refused);
        let kept = world.daemon().store().commands(None, 9).await.unwrap();
        assert_eq!(kept.len(), 3, "a look is not recorded: {kept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_issue_takes_the_place_of_the_first() {
    for (config, to, who) in kinds() {
        let world = World::new(&config, |_| {}).await;
        let home = create(&world, "Item", &[]);
        world.person("acme", "jane").comment(&home, "From home").unwrap();
        world.rest().await.unwrap();
        let copy = world.issue(to, "Item").key;
        world.person(to, who).comment(&copy, "In the first one").unwrap();
        let second = world.person(to, "sync").clone_issue(&copy).unwrap();
        world.rest().await.unwrap();
        world.person(to, who).edit(&second, json!({ "summary": "Item, as the second has it" })).unwrap();
        world.person(to, who).comment(&second, "In the second one").unwrap();
        world.person("acme", "jane").edit(&home, json!({ "description": "Newer at home" })).unwrap();
        world.rest().await.unwrap();
        reset(&world);
        let done = give(&world, merge(&second, &copy)).await;
        assert_eq!(done.ended, Ended::Done, "{done:?}");
        assert!(tells(&done, &format!("what people wrote in {copy} stays there: 1 comment")), "{done:?}");
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new());
        // What people did in it is theirs and crosses; what it lacked it gets, once.
        assert_eq!(field(&world, "acme", &home, "summary"), "Item, as the second has it");
        assert_eq!(field(&world, to, &second, "description"), "Newer at home");
        let (at_home, there) = (comments(&world, "acme", &home), comments(&world, to, &second));
        for part in ["From home", "In the first one", "In the second one"] {
            assert_eq!(said(&at_home, part), 1, "{part}: {at_home:?}");
        }
        assert_eq!((said(&there, "From home"), said(&there, "In the second one"), there.len()), (1, 1, 2), "{there:?}");
        let first = comments(&world, to, &copy);
        assert_eq!((first.len(), said(&first, "In the first one")), (2, 1), "nothing in it was deleted: {first:?}");
        // From here on the one is in step, and the other is not.
        world.person("acme", "jane").edit(&home, json!({ "summary": "Item, later" })).unwrap();
        world.person(to, who).edit(&copy, json!({ "description": "Nobody hears of it" })).unwrap();
        world.person(to, who).comment(&second, "Later there").unwrap();
        world.rest().await.unwrap();
        assert_eq!(field(&world, to, &second, "summary"), "Item, later");
        assert_eq!(field(&world, to, &copy, "summary"), "Item");
        assert_eq!(field(&world, "acme", &home, "description"), "Newer at home");
        assert_eq!(said(&comments(&world, "acme", &home), "Later there"), 1);
        assert_eq!((world.jira("acme").issues().len(), world.jira(to).issues().len()), (1, 2));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_items_that_are_on_all_sides_the_second_is_let_be_everywhere() {
    for (config, to, who) in kinds() {
        let mut world = World::new(&config, |_| {}).await;
        let (first, second) = (create(&world, "First", &[]), create(&world, "Second", &[]));
        world.rest().await.unwrap();
        let (kept, other) = (world.issue(to, "First").key, world.issue(to, "Second").key);
        reset(&world);
        let done = give(&world, merge(&first, &other)).await;
        assert!(
            done.ended == Ended::Done && tells(&done, &format!("let be: {second} (acme), {other} ({to})")),
            "{done:?}"
        );
        world.rest().await.unwrap();
        world.start().await;
        world.person("acme", "jane").edit(&second, json!({ "summary": "Second, alone" })).unwrap();
        world.person(to, who).comment(&other, "Alone").unwrap();
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!((writes(&world, "acme"), writes(&world, to)), (BTreeMap::new(), BTreeMap::new()));
        world.person(to, who).edit(&kept, json!({ "summary": "First, in step" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(field(&world, "acme", &first, "summary"), "First, in step");
        assert_eq!((world.jira("acme").issues().len(), world.jira(to).issues().len()), (2, 2));
        assert_eq!(give(&world, merge(&kept, &second)).await.ended, Ended::Unchanged, "by any of their keys");
    }
}

/// Two issues at home, each with a counterpart at another partner: they are one issue for both partners from now on.
async fn apart(world: &World) -> (String, String, String, String) {
    let (first, second) =
        (create(world, "First", &["share-globex", "red"]), create(world, "Second", &["share-initech"]));
    world.rest().await.unwrap();
    let (globex, initech) = (world.issue("globex", "First").key, world.issue("initech", "Second").key);
    world.person("acme", "jane").comment(&first, "Said of the first").unwrap();
    world.person("acme", "jane").comment(&second, "Said of the second").unwrap();
    world.person("initech", "petra").comment(&initech, "Said at initech").unwrap();
    world.person("initech", "petra").edit(&initech, json!({ "duedate": "2026-05-01", "labels": ["blue"] })).unwrap();
    world.rest().await.unwrap();
    (first, second, globex, initech)
}

fn one_for_both(world: &World, (first, second, globex, initech): &(String, String, String, String)) {
    assert_eq!(field(world, "initech", initech, "summary"), "First");
    assert_eq!(field(world, "acme", first, "duedate"), "2026-05-01", "nobody had said anything of it at home");
    let labels = field(world, "acme", first, "labels");
    assert!(labels.contains("blue") && labels.contains("red"), "{labels}");
    let labels = field(world, "initech", initech, "labels");
    assert!(labels.contains("blue") && labels.contains("red"), "{labels}");
    let there = comments(world, "initech", initech);
    for part in ["Said of the first", "Said of the second", "Said at initech"] {
        assert_eq!(said(&there, part), 1, "{part}: {there:?}");
    }
    let at_home = comments(world, "acme", first);
    assert_eq!((said(&at_home, "Said at initech"), at_home.len()), (1, 2), "{at_home:?}");
    assert_eq!(field(world, "acme", second, "summary"), "Second", "what is let be stays as it is");
    assert_eq!(comments(world, "globex", globex).len(), 1);
    assert_eq!((world.jira("acme").issues().len(), world.jira("globex").issues().len()), (2, 1));
    assert_eq!(world.jira("initech").issues().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn counterparts_at_two_partners_become_one_items_and_neither_hears_of_the_other() {
    let world = World::new(THREE, |_| {}).await;
    let keys = apart(&world).await;
    let (first, second, _, initech) = &keys;
    reset(&world);
    let done = give(&world, merge(first, second)).await;
    assert!(tells(&done, &format!("{initech} (initech) joins")), "{done:?}");
    assert!(tells(&done, &format!("what people wrote in {second} stays there: 1 comment")), "{done:?}");
    world.rest().await.unwrap();
    one_for_both(&world, &keys);
    // The merge is about home and initech: at globex nothing is written but what initech's people added at home.
    assert_eq!(world.problems().await, Vec::<String>::new());
    let mut at_globex = writes(&world, "globex");
    assert_eq!(at_globex.remove("editIssue"), None, "{at_globex:?}");
    assert_eq!(at_globex, BTreeMap::new());
    let item = world.daemon().store().items_by_key(&first.as_str().into()).await.unwrap();
    let conflicts = world.daemon().store().conflicts(item[0]).await.unwrap();
    let lost: Vec<&str> = conflicts.iter().map(|conflict| conflict.field.as_str()).collect();
    assert_eq!(lost, ["description", "summary"], "{conflicts:?}");
    // Both partners' issues are in step with home now, and not with the one that was let be.
    world.person("acme", "jane").edit(first, json!({ "summary": "Both" })).unwrap();
    world.person("acme", "jane").edit(second, json!({ "summary": "Nobody" })).unwrap();
    world.rest().await.unwrap();
    for jira in ["globex", "initech"] {
        assert_eq!(world.issues(jira, "Both").len(), 1, "{jira}");
        assert_eq!(world.issues(jira, "Nobody").len(), 0, "{jira}");
    }
}

/// Home's issue holds what one partner wrote; the item that would be kept is another partner's, which may not see that.
#[tokio::test(start_paused = true)]
async fn home_does_not_bring_what_one_partner_wrote_to_another() {
    let world = World::new(THREE, |_| {}).await;
    let home = create(&world, "Second", &["share-initech"]);
    world.rest().await.unwrap();
    let there = world.issue("initech", "Second").key;
    world.person("initech", "petra").edit(&there, json!({ "duedate": "2026-05-01", "labels": ["blue"] })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(field(&world, "acme", &home, "duedate"), "2026-05-01");
    // No counterpart of globex's issue may be made at home.
    world.jira("acme").set_permission("SUP", "CREATE_ISSUES", &[]);
    let alone = world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Alone" })).unwrap();
    world.intervals(4).await;
    reset(&world);
    let refused = give(&world, merge(&format!("globex:{alone}"), &home)).await;
    assert!(refused.ended == Ended::Refused && tells(&refused, "the other way round"), "{refused:?}");
    let done = give(&world, merge(&home, &format!("globex:{alone}"))).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &alone, "summary"), "Second");
    let shown = world.jira("globex").issue(&alone).unwrap();
    assert!(!format!("{shown:?}").contains("blue") && !format!("{shown:?}").contains("2026-05-01"), "{shown:?}");
    assert_eq!(field(&world, "initech", &there, "duedate"), "2026-05-01");
}

#[tokio::test(start_paused = true)]
async fn a_merge_is_done_once_wherever_the_daemon_dies() {
    let effects = {
        let mut world = World::without_daemon(THREE);
        let fuse = fused_world(&mut world);
        world.start().await;
        let (first, second, ..) = apart(&world).await;
        fuse.set(0);
        give(&world, merge(&first, &second)).await;
        world.rest().await.unwrap();
        fuse.passed()
    };
    assert!(effects > 8, "only {effects} effects were counted");
    let stride = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 7 };
    for n in (1..=effects).step_by(stride) {
        let mut world = World::without_daemon(THREE);
        let fuse = fused_world(&mut world);
        world.start().await;
        let keys = apart(&world).await;
        fuse.set(n);
        let lived = async {
            give(&world, merge(&keys.0, &keys.1)).await;
            world.rest().await.unwrap();
        };
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            () = lived => {}
        }
        fuse.set(0);
        world.start().await;
        // Whoever got no answer asks again.
        let again = give(&world, merge(&keys.0, &keys.1)).await;
        assert!(again.ended != Ended::Refused || tells(&again, "try again"), "{n}: {again:?}");
        world.rest().await.unwrap();
        let again = give(&world, merge(&keys.0, &keys.1)).await;
        assert!(again.ended != Ended::Refused, "{n}: {again:?}");
        world.rest().await.unwrap();
        one_for_both(&world, &keys);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_merged_is_refused_and_changes_nothing() {
    let world = World::new(&two(), |_| {}).await;
    let (first, second) = (create(&world, "First", &[]), create(&world, "Second", &[]));
    world.rest().await.unwrap();
    let copy = world.issue("globex", "First").key;
    let unknown = Command::Merge { sync: "no".into(), keep: first.clone(), drop: second.clone(), dry_run: false };
    for (command, why) in [
        (merge(&first, &first), "are the same issue"),
        (merge(&first, &copy), "are counterparts already"),
        (merge(&first, "SUP-77"), "knows no issue SUP-77"),
        (merge("nowhere:SUP-1", &second), "has no side `nowhere`"),
        (merge(&format!("globex:{first}"), &second), "knows no issue globex:"),
        (unknown, "there is no sync `no`; there are: support"),
    ] {
        let answer = give(&world, command).await;
        assert!(answer.ended == Ended::Refused && tells(&answer, why), "{why}: {answer:?}");
    }
    world.person("acme", "jane").edit(&second, json!({ "summary": "Second, in step" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Second, in step").len(), 1);
    let kept = world.daemon().store().commands(None, 9).await.unwrap();
    assert_eq!(kept.len(), 6);
}

/// An instance that takes one comment, and from then on answers nobody while it is cut off.
struct Cut {
    inner: Arc<dyn Transport>,
    off: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for Cut {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let globex = request.uri().host() == Some("jira.globex.example");
        let comments = request.method() == http::Method::POST && request.uri().path().ends_with("/comment");
        if !globex || !self.off.load(Ordering::SeqCst) {
            let answer = self.inner.send(request).await;
            if !globex || !comments {
                return answer;
            }
            self.off.store(true, Ordering::SeqCst);
        }
        Err(TransportError { trouble: Trouble::Reset, detail: String::new() })
    }
}

/// A comment whose answer was lost, on an instance that answers nothing more: who knows whether it stands there?
#[tokio::test(start_paused = true)]
async fn while_a_write_is_in_doubt_its_item_is_not_merged() {
    let mut world = World::without_daemon(&two());
    let off = Arc::new(AtomicBool::new(false));
    let cut = Arc::clone(&off);
    world.bend(move |inner| Arc::new(Cut { inner, off: Arc::clone(&cut) }));
    world.start().await;
    let (first, second) = (create(&world, "First", &[]), create(&world, "Second", &[]));
    world.rest().await.unwrap();
    world.person("acme", "jane").comment(&second, "Does it stand there?").unwrap();
    world.intervals(4).await;
    let figures = world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap();
    assert_eq!((off.load(Ordering::SeqCst), figures.open_intents), (true, 1));
    for (keep, drop) in [(&first, &second), (&second, &first)] {
        let answer = give(&world, merge(keep, drop)).await;
        let why = "nobody knows yet what became of 1 write";
        assert!(answer.ended == Ended::Refused && tells(&answer, why), "{answer:?}");
    }
    off.store(false, Ordering::SeqCst);
    world.rest().await.unwrap();
    let there = world.issue("globex", "Second").key;
    let answer = give(&world, merge(&first, &second)).await;
    assert_eq!(answer.ended, Ended::Done, "{answer:?}");
    world.rest().await.unwrap();
    assert_eq!(said(&comments(&world, "globex", &there), "Does it stand there?"), 1);
}
