//! What becomes of comments after they were copied: edits and deletions of the original, edits and deletions of the copy,
//! restrictions, missing rights, lost answers. Must never take the daemon's word for what stands in a Jira.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{CommentView, Fault, FaultRule, Holder, When};
use serde_json::{Value, json};

use super::bent::{Bent, each_issue};
use super::daemon_support::{World, calls, two, two_clouds};

/// A world of two sides with an item, and a comment by a person of `from` that has its copy on `to`.
struct Told {
    world: World,
    /// Where the comment was written, by whom, the issue and the comment.
    from: (&'static str, &'static str, String, String),
    /// Where the copy is, a person there, the issue.
    to: (&'static str, &'static str, String),
}

impl Told {
    /// From acme to globex, back, and from one Cloud to another.
    async fn all(change: impl Fn(String) -> String) -> Vec<Self> {
        let mut all = Vec::new();
        for (config, from, to) in [
            (two(), ("acme", "jane"), ("globex", "jdoe")),
            (two(), ("globex", "jdoe"), ("acme", "jane")),
            (two_clouds(), ("acme", "omar"), ("initech", "petra")),
        ] {
            let world = World::new(&change(config), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            let (here, there) = (world.issue(from.0, "Item").key, world.issue(to.0, "Item").key);
            let comment = world.person(from.0, from.1).comment(&here, "Said first").unwrap();
            world.rest().await.unwrap();
            let told = Self { world, from: (from.0, from.1, here, comment), to: (to.0, to.1, there) };
            assert_eq!(told.copies().len(), 1);
            assert!(told.copy().body.ends_with("Said first"), "{:?}", told.copy());
            all.push(told);
        }
        all
    }

    fn copies(&self) -> Vec<CommentView> {
        self.world.issue(self.to.0, "Item").comments
    }

    fn copy(&self) -> CommentView {
        self.copies().remove(0)
    }

    fn edit(&self, text: &str) {
        let (jira, who, issue, comment) = &self.from;
        self.world.person(jira, who).edit_comment(issue, comment, text).unwrap();
    }

    fn delete(&self) {
        let (jira, who, issue, comment) = &self.from;
        self.world.person(jira, who).delete_comment(issue, comment).unwrap();
    }

    /// Somebody over there writes into the copy, as an administrator of comments may.
    fn scribble(&self, text: &str) {
        let (jira, who, issue) = &self.to;
        let project = issue.split('-').next().unwrap();
        self.world.jira(jira).set_permission(project, "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
        self.world.person(jira, who).edit_comment(issue, &self.copy().id.to_string(), text).unwrap();
    }

    async fn conflicts(&self) -> Vec<String> {
        let store = self.world.daemon().store();
        let items = store.item_ids(None, 10).await.unwrap();
        let conflicts = store.conflicts(items[0]).await.unwrap();
        conflicts.iter().map(|conflict| format!("{conflict:?}")).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_the_original_is_made_on_the_copy_once() {
    for told in Told::all(|config| config).await {
        let before = told.copy();
        told.world.jira(told.from.0).reset_calls();
        told.world.jira(told.to.0).reset_calls();
        told.edit("Said *better*");
        told.world.rest().await.unwrap();
        let after = told.copy();
        assert_eq!(after.id, before.id);
        let header = before.body.lines().next().unwrap();
        assert!(after.body.starts_with(header) && after.body.contains("better"), "{after:?}");
        told.world.intervals(20).await;
        let (from, to) = (calls(told.world.jira(told.from.0)), calls(told.world.jira(told.to.0)));
        assert_eq!(to.get("updateComment"), Some(&1), "{to:?}");
        assert_eq!((from.get("updateComment"), from.get("addComment")), (None, None), "{from:?}");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
        assert!(told.conflicts().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_copies_of_a_deleted_comment_are_deleted_or_kept() {
    for told in Told::all(|config| config).await {
        let (jira, who, issue, _) = &told.from;
        told.world.person(jira, who).comment(issue, "Said last").unwrap();
        told.world.rest().await.unwrap();
        told.delete();
        // Jira need not move `updated` when a comment goes: the next change, or the full check, brings it.
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.rest().await.unwrap();
        let left = told.copies();
        assert!(left.len() == 1 && left[0].body.ends_with("Said last"), "{left:?}");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
    let keep =
        |config: String| config.replace("unrestricted = \"both\"", "unrestricted = \"both\"\ndeleted = \"keep\"");
    for told in Told::all(keep).await {
        told.delete();
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.rest().await.unwrap();
        assert_eq!(told.copies().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn row_063_a_comment_that_is_restricted_later_is_withdrawn() {
    for told in Told::all(|config| config).await {
        let (jira, who, issue, comment) = &told.from;
        // Nobody restricts to a role without having it: at globex an administrator does.
        let (who, role) = match *who {
            "jdoe" => ("mlopez", "Administrators"),
            "omar" => ("omar", "Globex desk"),
            who => (who, "Administrators"),
        };
        told.world.jira(jira).set_permission(
            issue.split('-').next().unwrap(),
            "EDIT_ALL_COMMENTS",
            &[Holder::LoggedIn],
        );
        told.world.person(jira, who).restrict_comment(issue, comment, "Said first", role).unwrap();
        told.world.rest().await.unwrap();
        assert_eq!(told.copies(), Vec::new(), "{jira}");
        assert_eq!(told.world.issue(jira, "Item").comments.len(), 1, "{jira}: the original stays");
        assert_eq!(told.world.problems().await, Vec::<String>::new(), "{jira}");
        // What is opened again may be read everywhere.
        told.world.person(jira, who).open_comment(issue, comment, "Said to all").unwrap();
        told.world.rest().await.unwrap();
        assert!(told.copies().len() == 1 && told.copy().body.ends_with("Said to all"), "{jira}: {:?}", told.copies());
    }
}

#[tokio::test(start_paused = true)]
async fn row_060_what_a_person_writes_into_a_copy_is_told_and_never_lost() {
    for told in Told::all(|config| config).await {
        told.scribble("Said first, but I doubt it");
        told.world.rest().await.unwrap();
        told.world.intervals(5).await;
        assert_eq!(told.copy().body, "Said first, but I doubt it");
        let problems = told.world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("is a copy, and was changed here"), "{problems:?}");
        assert_eq!(told.world.issue(told.from.0, "Item").comments[0].body, "Said first", "it is not ours to change");
        told.edit("Said anew");
        told.world.rest().await.unwrap();
        assert!(told.copy().body.ends_with("Said anew"), "{:?}", told.copy());
        let conflicts = told.conflicts().await;
        assert!(conflicts.len() == 1 && conflicts[0].contains("but I doubt it"), "{conflicts:?}");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
        // A copy that somebody changed is not deleted with its original.
        told.scribble("Mine now");
        told.world.rest().await.unwrap();
        told.delete();
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.rest().await.unwrap();
        assert_eq!(told.copy().body, "Mine now");
        let problems = told.world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("it stays"), "{problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_a_person_deleted_is_not_made_again() {
    for told in Told::all(|config| config).await {
        let (jira, who, issue) = &told.to;
        let project = issue.split('-').next().unwrap();
        told.world.jira(jira).set_permission(project, "DELETE_ALL_COMMENTS", &[Holder::LoggedIn]);
        told.world.person(jira, who).delete_comment(issue, &told.copy().id.to_string()).unwrap();
        told.world.rest().await.unwrap();
        told.edit("Said anew");
        told.world.rest().await.unwrap();
        told.world.intervals(5).await;
        assert_eq!(told.copies(), Vec::new());
        assert_eq!(told.world.issue(told.from.0, "Item").comments.len(), 1, "the original stays");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_edit_own_comments_the_copy_stays_and_that_is_told() {
    for told in Told::all(|config| config).await {
        let project = told.to.2.split('-').next().unwrap().to_owned();
        let nobody = [Holder::User("nobody".into())];
        told.world.jira(told.to.0).set_permission(&project, "EDIT_OWN_COMMENTS", &nobody);
        told.world.jira(told.to.0).set_permission(&project, "EDIT_ALL_COMMENTS", &nobody);
        told.edit("Said anew");
        let (jira, who, issue, _) = &told.from;
        told.world.person(jira, who).edit(issue, json!({ "summary": "Item goes on" })).unwrap();
        told.world.intervals(10).await;
        assert_eq!(told.world.field(told.to.0, "Item", "summary"), "Item goes on");
        assert!(told.copy().body.ends_with("Said first"));
        let problems = told.world.problems().await;
        assert!(!problems.is_empty() && problems[0].contains("permission to edit this comment"), "{problems:?}");
        told.world.jira(told.to.0).set_permission(&project, "EDIT_OWN_COMMENTS", &[Holder::LoggedIn]);
        told.edit("Said at last");
        told.world.pass(4_000).await;
        told.world.rest().await.unwrap();
        assert!(told.copy().body.ends_with("Said at last"), "{:?}", told.copy());
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

/// A refusal that passed must not keep a text with a partner that may not read it any more.
#[tokio::test(start_paused = true)]
async fn a_refused_edit_or_deletion_does_not_stop_a_later_withdrawal() {
    for told in Told::all(|config| config).await {
        let project = told.to.2.split('-').next().unwrap().to_owned();
        let jira = told.world.jira(told.to.0);
        let allow = |keys: &[&str], holder: &str| {
            let holder = if holder == "all" { Holder::LoggedIn } else { Holder::User(holder.into()) };
            keys.iter().for_each(|key| jira.set_permission(&project, key, std::slice::from_ref(&holder)));
        };
        allow(&["EDIT_OWN_COMMENTS", "EDIT_ALL_COMMENTS", "DELETE_OWN_COMMENTS", "DELETE_ALL_COMMENTS"], "nobody");
        told.edit("Said anew");
        told.world.intervals(4).await;
        told.delete();
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.intervals(4).await;
        assert_eq!(told.copies().len(), 1);
        assert!(!told.world.problems().await.is_empty());
        allow(&["DELETE_OWN_COMMENTS"], "all");
        told.world.pass(7_200).await;
        told.world.rest().await.unwrap();
        assert_eq!(told.copies(), Vec::new());
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_with_a_persons_words_stays_also_when_our_edit_of_it_failed() {
    for told in Told::all(|config| config).await {
        let project = told.to.2.split('-').next().unwrap().to_owned();
        told.scribble("Mine, with care");
        told.world.rest().await.unwrap();
        told.world.jira(told.to.0).add_fault(FaultRule::new("updateComment", When::Always, Fault::Status(403)));
        told.edit("Said anew");
        told.world.intervals(4).await;
        told.delete();
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.intervals(20).await;
        assert_eq!(told.copy().body, "Mine, with care", "{project}");
        assert_eq!(told.conflicts().await.len(), 1, "recorded once");
    }
}

/// The list is read in pages, and one is deleted between two of them: what it pushes out of sight is not gone.
#[tokio::test(start_paused = true)]
async fn a_list_that_changes_while_it_is_read_deletes_nothing() {
    let mut world = World::without_daemon(&two());
    let (acme, key) = (world.jira("acme").clone(), Arc::new(Mutex::new(String::new())));
    let doomed: Arc<Mutex<Vec<String>>> = Arc::default();
    let (issue, victims) = (Arc::clone(&key), Arc::clone(&doomed));
    world.bend(move |inner| {
        let (acme, issue, victims) = (acme.clone(), Arc::clone(&issue), Arc::clone(&victims));
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            // As Cloud is said to do: no more than twenty come with an issue.
            each_issue(said, |issue| {
                if let Some(list) = issue.pointer_mut("/fields/comment/comments").and_then(Value::as_array_mut) {
                    list.truncate(20);
                }
            });
            let first_page =
                place.starts_with("GET acme.example") && place.ends_with("/comment") && said["startAt"] == 0;
            if let Some(victim) = victims.lock().unwrap().pop_if(|_| first_page) {
                acme.person("jane").unwrap().delete_comment(&issue.lock().unwrap(), &victim).unwrap();
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let jane = world.person("acme", "jane");
    *key.lock().unwrap() = jane.create("SUP", "Bug", fields).unwrap();
    let issue = key.lock().unwrap().clone();
    let ids: Vec<String> = (0..110).map(|number| jane.comment(&issue, &format!("Said {number}.")).unwrap()).collect();
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Item").comments.len(), 110);
    world.jira("globex").reset_calls();
    doomed.lock().unwrap().extend([ids[3].clone(), ids[2].clone()]);
    jane.edit_comment(&issue, &ids[50], "Said otherwise.").unwrap();
    world.rest().await.unwrap();
    assert!(doomed.lock().unwrap().is_empty(), "nothing was deleted in between");
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    let copies: Vec<String> = world.issue("globex", "Item").comments.into_iter().map(|copy| copy.body).collect();
    let stands = |number: usize| copies.iter().any(|copy| copy.ends_with(&format!("Said {number}.")));
    let missing: Vec<usize> = (0..110).filter(|number| !stands(*number)).collect();
    assert_eq!(missing, [2, 3, 50]);
    assert!(copies[48].ends_with("Said otherwise."), "{copies:?}");
    assert_eq!(world.jira("globex").count("addComment"), 0, "one was deleted that stood there, and made again");
}

/// A Jira that keeps something else than was sent, in our name: it is not fought.
#[tokio::test(start_paused = true)]
async fn what_a_jira_makes_of_a_copy_is_not_written_again_and_again() {
    let mut world = World::without_daemon(&two());
    world.bend(|inner| {
        Arc::new(Bent::new(inner).out(|place, body| {
            let text = body.get("body").and_then(Value::as_str).map(|text| text.replace("secret", "removed"));
            if let Some(text) = text.filter(|_| place.contains("globex.example") && place.contains("/comment")) {
                body["body"] = json!(text);
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let comment = world.person("acme", "jane").comment(&key, "The secret is 42").unwrap();
    world.rest().await.unwrap();
    world.intervals(10).await;
    world.person("acme", "jane").edit_comment(&key, &comment, "The secret is 43").unwrap();
    world.rest().await.unwrap();
    world.intervals(10).await;
    let copies = world.issue("globex", "Item").comments;
    assert!(copies.len() == 1 && copies[0].body.ends_with("The removed is 43"), "{copies:?}");
    assert_eq!(world.jira("globex").count("updateComment"), 1);
}

/// Whatever the answer to a write on a copy, in the end the copy says what the original says.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_the_copy_right() {
    let faults = [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::StatusAfter(502),
        Fault::Truncated,
        Fault::Status(409),
        Fault::LateWrite(Duration::from_secs(20)),
    ];
    for fault in faults {
        for told in Told::all(|config| config).await {
            let jira = told.world.jira(told.to.0);
            jira.add_fault(FaultRule::new("updateComment", When::Nth(1), fault.clone()));
            told.edit("Said anew");
            told.world.intervals(3).await;
            told.edit("Said at last");
            told.world.intervals(20).await;
            told.world.rest().await.unwrap();
            assert!(told.copy().body.ends_with("Said at last"), "{fault:?}: {:?}", told.copy());
            jira.add_fault(FaultRule::new("deleteComment", When::Nth(1), fault.clone()));
            told.delete();
            told.world.daemon().engine().sweep(None).await.unwrap();
            told.world.intervals(20).await;
            told.world.rest().await.unwrap();
            assert_eq!(told.copies(), Vec::new(), "{fault:?}");
            assert_eq!(told.world.problems().await, Vec::<String>::new(), "{fault:?}");
        }
    }
}

/// Somebody answers a note that is internal to the service desk, and the note is deleted: nothing in Jira says then what it was. Whatever
/// was read before, the answer reaches nobody; and one to a comment that everybody reads stays where it went.
#[tokio::test(start_paused = true)]
async fn an_answer_to_an_internal_note_stays_internal_when_the_note_is_gone() {
    for desk in [true, false] {
        for read_between in [true, false] {
            let mut world = World::of(&two_clouds(), |setups| {
                setups.get_mut("acme").unwrap().projects[0].service_desk = desk;
            });
            world.start().await;
            let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            let key = jane.create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            let open = jane.comment(&key, "For everybody").unwrap();
            omar.answer(&key, "An answer for everybody", &open).unwrap();
            world.rest().await.unwrap();
            let note = if desk { jane.internal_comment(&key, "A note") } else { jane.comment(&key, "A note") }.unwrap();
            omar.answer(&key, "Among ourselves", &note).unwrap();
            if read_between {
                world.rest().await.unwrap();
            }
            jane.delete_comment(&key, &note).unwrap();
            jane.delete_comment(&key, &open).unwrap();
            world.rest().await.unwrap();
            omar.comment(&key, "And more").unwrap();
            world.rest().await.unwrap();
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            let there = world.issue("initech", "Item").comments;
            let said = |words: &str| there.iter().filter(|comment| comment.body.contains(words)).count();
            let case = format!("desk: {desk}, read between: {read_between}: {there:?}");
            assert_eq!(said("Among ourselves"), usize::from(!desk), "{case}");
            assert_eq!((said("An answer for everybody"), said("And more"), said("For everybody")), (1, 1, 0), "{case}");
        }
    }
}

/// The same where internal notes go to the other desk's people: an answer that was met goes on as one of theirs, is edited there, and holds up
/// nothing. Of one that was not, nobody knows whom it was for.
#[tokio::test(start_paused = true)]
async fn an_answer_to_a_note_that_is_gone_goes_on_among_the_desks_people() {
    for read_between in [true, false] {
        let config =
            two_clouds().replace("unrestricted = \"both\"", "unrestricted = \"both\"\ninternal = \"as-internal\"");
        let mut world = World::of(&config, |setups| {
            setups.values_mut().for_each(|setup| setup.projects[0].service_desk = true);
        });
        world.start().await;
        let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
        let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
        world.rest().await.unwrap();
        let note = jane.internal_comment(&key, "A note").unwrap();
        let answer = omar.answer(&key, "Among ourselves", &note).unwrap();
        if read_between {
            world.rest().await.unwrap();
        }
        jane.delete_comment(&key, &note).unwrap();
        world.rest().await.unwrap();
        omar.edit_comment(&key, &answer, "Among ourselves, and more").unwrap();
        jane.edit(&key, json!({ "summary": "Item, changed" })).unwrap();
        world.rest().await.unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        let there = world.issue("initech", "Item, changed").comments;
        let case = format!("read between: {read_between}: {there:?}, {:?}", world.problems().await);
        assert_eq!(there.len(), usize::from(read_between), "{case}");
        let is_theirs = |copy: &CommentView| copy.internal && copy.body.contains("Among ourselves, and more");
        assert!(there.iter().all(is_theirs), "{case}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
    }
}

/// A comment and its answer were copied. The comment becomes internal, so both are withdrawn; before that is done it is deleted.
#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_goes_also_where_the_note_goes_first() {
    let mut world = World::of(&two_clouds(), |setups| {
        setups.get_mut("acme").unwrap().projects[0].service_desk = true;
    });
    world.start().await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
    world.rest().await.unwrap();
    let open = jane.comment(&key, "For everybody").unwrap();
    omar.answer(&key, "An answer", &open).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issue("initech", "Item").comments.len(), 2);
    world.jira("initech").add_fault(FaultRule::new("deleteComment", When::Always, Fault::Status(403)));
    jane.set_internal(&key, &open, "For everybody", true).unwrap();
    world.intervals(4).await;
    jane.delete_comment(&key, &open).unwrap();
    world.intervals(4).await;
    world.jira("initech").clear_faults();
    world.pass(3_700).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    let there = world.issue("initech", "Item").comments;
    assert_eq!(there, Vec::new(), "{:?}", world.problems().await);
}
