//! What people write into copies of comments, made on the originals; and whom an answer answers. Must never take the daemon's word
//! for what stands in a Jira.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{CommentView, Fault, FaultRule, Holder, Jira, When};
use serde_json::json;

use super::bent::Bent;
use super::daemon_support::{THREE, World, two, two_clouds};

const FLOW: &str = "copies = \"flow-back\"";
const EDIT_ALL: &str = "EDIT_ALL_COMMENTS";

fn with(config: &str, line: &str) -> String {
    config.replace("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{line}"))
}

fn project(jira: &str) -> &'static str {
    match jira {
        "acme" => "SUP",
        "globex" => "ENG",
        _ => "OPS",
    }
}

/// Two sides, a comment of a person on one of them, and a person on the other who may edit all comments.
struct Told {
    world: World,
    from: (&'static str, &'static str, String, String),
    to: (&'static str, &'static str, String),
}

/// What somebody does while an answer is on its way.
type Deed = Arc<Mutex<Option<Box<dyn Fn() + Send>>>>;

type Way = (String, (&'static str, &'static str), (&'static str, &'static str));

fn ways() -> [Way; 3] {
    [
        (two(), ("acme", "jane"), ("globex", "jdoe")),
        (two(), ("globex", "jdoe"), ("acme", "jane")),
        (two_clouds(), ("acme", "omar"), ("initech", "petra")),
    ]
}

impl Told {
    async fn new((config, from, to): Way, bend: impl FnOnce(&mut World)) -> Self {
        let mut world = World::without_daemon(&with(&config, FLOW));
        bend(&mut world);
        for (name, jira) in &world.jiras {
            jira.record_bodies(true);
            jira.set_permission(project(name), EDIT_ALL, &[Holder::LoggedIn]);
        }
        world.start().await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let (here, there) = (world.issue(from.0, "Item").key, world.issue(to.0, "Item").key);
        let comment = world.person(from.0, from.1).comment(&here, "Said first\n\nand then").unwrap();
        world.rest().await.unwrap();
        Self { world, from: (from.0, from.1, here, comment), to: (to.0, to.1, there) }
    }

    fn original(&self) -> CommentView {
        self.world.issue(self.from.0, "Item").comments.remove(0)
    }

    fn copy(&self) -> CommentView {
        self.world.issue(self.to.0, "Item").comments.remove(0)
    }

    /// Somebody changes words in the copy.
    fn change_copy(&self, from: &str, to: &str) {
        let (jira, who, issue) = &self.to;
        let copy = self.copy();
        assert!(copy.body.contains(from), "{copy:?}");
        self.world.person(jira, who).edit_comment(issue, &copy.id.to_string(), &copy.body.replace(from, to)).unwrap();
    }

    fn edit(&self, text: &str) {
        let (jira, who, issue, comment) = &self.from;
        self.world.person(jira, who).edit_comment(issue, comment, text).unwrap();
    }

    async fn conflicts(&self) -> Vec<String> {
        let store = self.world.daemon().store();
        let items = store.item_ids(None, 10).await.unwrap();
        store.conflicts(items[0]).await.unwrap().iter().map(|conflict| format!("{conflict:?}")).collect()
    }

    async fn is_quiet(&self) {
        let writes = || -> u64 { self.world.jiras.values().map(|jira| jira.count("updateComment")).sum() };
        let before = writes();
        self.world.intervals(20).await;
        self.world.daemon().engine().sweep(None).await.unwrap();
        self.world.rest().await.unwrap();
        assert_eq!(writes(), before);
        assert_eq!(self.world.problems().await, Vec::<String>::new());
    }
}

fn was_sent(jira: &Jira, part: &str) -> bool {
    let ours = jira.calls().into_iter().filter(|call| call.method != "GET");
    ours.into_iter().any(|call| String::from_utf8_lossy(&call.request_body).contains(part))
}

#[tokio::test(start_paused = true)]
async fn what_a_person_writes_into_a_copy_is_made_on_the_original_once() {
    for way in ways() {
        let told = Told::new(way, |_| {}).await;
        told.change_copy("Said first", "Said better");
        let changed = told.copy();
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Said better\n\nand then", "without the header");
        assert_eq!((told.copy().body, told.copy().updated), (changed.body, changed.updated), "no echo");
        assert_eq!(told.world.jira(told.from.0).count("updateComment"), 1);
        told.is_quiet().await;
        // The original goes on as ever.
        told.edit("Said at last");
        told.world.rest().await.unwrap();
        assert!(told.copy().body.ends_with("Said at last"), "{:?}", told.copy());
        told.change_copy("at last", "after all");
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Said after all");
        told.is_quiet().await;
        assert!(told.conflicts().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn row_061_edits_of_copy_and_original_are_merged_or_both_kept() {
    for way in ways() {
        let told = Told::new(way, |_| {}).await;
        told.change_copy("Said first", "Said by them");
        told.edit("Said first\n\nand then some");
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Said by them\n\nand then some");
        assert!(told.copy().body.ends_with("Said by them\n\nand then some"), "{:?}", told.copy());
        assert!(told.conflicts().await.is_empty());
        told.is_quiet().await;
        told.change_copy("Said by them", "Theirs alone");
        told.edit("Ours alone\n\nand then some");
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Ours alone\n\nand then some");
        assert!(told.copy().body.ends_with("Ours alone\n\nand then some"), "{:?}", told.copy());
        let conflicts = told.conflicts().await;
        assert!(conflicts.len() == 1 && conflicts[0].contains("Theirs alone"), "{conflicts:?}");
        told.is_quiet().await;
    }
}

/// `initech` reads home's comments too. It gets a partner's words only where it may see that partner.
#[tokio::test(start_paused = true)]
async fn a_partners_words_in_a_copy_reach_nobody_who_may_not_see_that_partner() {
    let sees = "side.initech = { instance = \"initech\", project = \"OPS\", sees = [\"acme\"]";
    let open = THREE.replace(sees, &sees.replace("[\"acme\"]", "[\"acme\", \"globex\"]"));
    let desk = "restricted = [{ acme = \"role:Globex desk\", with = \"globex\" }]";
    // Where a row says under which role a partner's words land, they are written into nothing that more people read.
    for (config, row, role, refusal) in [
        (THREE, "", false, "`initech` reads this comment too"),
        (open.as_str(), "", false, ""),
        (THREE, desk, true, ""),
        (open.as_str(), desk, false, "is not for all who read the original on `acme`"),
    ] {
        let flows = refusal.is_empty();
        let world = World::new(&with(config, &format!("{FLOW}\n{row}")), |jiras| {
            jiras["globex"].set_permission("ENG", EDIT_ALL, &[Holder::LoggedIn]);
            jiras.values().for_each(|jira| jira.record_bodies(true));
        })
        .await;
        let labels = ["share-globex", "share-initech"];
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let omar = world.person("acme", "omar");
        if role {
            omar.restricted_comment(&key, "Said first", "Globex desk").unwrap();
        } else {
            omar.comment(&key, "Said first").unwrap();
        }
        world.rest().await.unwrap();
        let there = world.issue("globex", "Item");
        let copy = &there.comments[0];
        let jdoe = world.person("globex", "jdoe");
        jdoe.edit_comment(&there.key, &copy.id.to_string(), &copy.body.replace("first", "canary-globex")).unwrap();
        world.rest().await.unwrap();
        let original = world.issue("acme", "Item").comments.remove(0);
        assert_eq!(original.body == "Said canary-globex", flows, "{original:?}");
        assert_eq!(original.visibility.is_some(), role);
        assert_eq!(was_sent(world.jira("initech"), "canary"), flows && !role);
        let problems = world.problems().await;
        if flows {
            assert_eq!(problems, Vec::<String>::new());
        } else {
            assert!(problems.len() == 1 && problems[0].contains(refusal), "{problems:?}");
            assert!(!was_sent(world.jira("acme"), "canary"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_edit_all_comments_the_copy_keeps_it_until_there_is_one() {
    for way in ways() {
        let told = Told::new(way, |_| {}).await;
        let jira = told.world.jira(told.from.0);
        jira.set_permission(project(told.from.0), EDIT_ALL, &[Holder::User("nobody".into())]);
        told.change_copy("Said first", "Said better");
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Said first\n\nand then");
        assert!(told.copy().body.contains("Said better"));
        let problems = told.world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains(EDIT_ALL), "{problems:?}");
        assert_eq!(jira.count("updateComment"), 0);
        jira.set_permission(project(told.from.0), EDIT_ALL, &[Holder::LoggedIn]);
        told.world.pass(700).await;
        told.world.daemon().engine().sweep(None).await.unwrap();
        told.world.rest().await.unwrap();
        assert_eq!(told.original().body, "Said better\n\nand then");
        told.is_quiet().await;
    }
}

/// Jira says no though the right was there when it was asked for: that passes without the text changing. What is about the text itself
/// does not.
#[tokio::test(start_paused = true)]
async fn what_jira_refuses_of_an_original_is_tried_again_unless_it_is_about_the_text() {
    for (status, passes) in [(403, true), (400, true), (413, false)] {
        for way in ways() {
            let told = Told::new(way, |_| {}).await;
            let jira = told.world.jira(told.from.0);
            jira.add_fault(FaultRule::new("updateComment", When::Always, Fault::Status(status)));
            told.change_copy("Said first", "Said better");
            told.world.intervals(20).await;
            assert_eq!(told.original().body, "Said first\n\nand then", "{status}");
            assert!(told.copy().body.contains("Said better"), "{status}: {:?}", told.copy());
            let problems = told.world.problems().await;
            let is_told = |what: &String| what.contains(&format!("comment {} is a copy", told.copy().id));
            assert!(problems.len() == 1 && problems.iter().all(is_told), "{status}: {problems:?}");
            let tried = jira.count("updateComment");
            assert!(tried < 5, "{status}: {tried} times");
            jira.clear_faults();
            told.world.pass(3700).await;
            told.world.rest().await.unwrap();
            assert_eq!(told.original().body == "Said better\n\nand then", passes, "{status}: {:?}", told.original());
            if !passes {
                told.change_copy("Said better", "Said best");
                told.world.rest().await.unwrap();
                assert_eq!(told.original().body, "Said best\n\nand then", "{status}");
            }
            assert!(told.conflicts().await.is_empty(), "{status}");
            told.is_quiet().await;
        }
    }
}

/// Somebody narrows the copy: what they write there is not for all who read the original.
#[tokio::test(start_paused = true)]
async fn what_is_written_into_a_copy_for_fewer_readers_stays_there() {
    let told = Told::new(ways()[0].clone(), |_| {}).await;
    let copy = told.copy();
    let text = copy.body.replace("first", "canary");
    let mlopez = told.world.person("globex", "mlopez");
    mlopez.restrict_comment(&told.to.2, &copy.id.to_string(), &text, "Administrators").unwrap();
    told.world.rest().await.unwrap();
    assert!(!was_sent(told.world.jira("acme"), "canary"));
    assert_eq!(told.world.problems().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_the_original_right() {
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::StatusAfter(502),
        Fault::Truncated,
        Fault::Status(409),
        Fault::LateWrite(Duration::from_secs(20)),
    ] {
        for way in ways() {
            let told = Told::new(way, |_| {}).await;
            told.world.jira(told.from.0).add_fault(FaultRule::new("updateComment", When::Nth(1), fault.clone()));
            told.change_copy("Said first", "Said better");
            told.world.intervals(20).await;
            told.world.rest().await.unwrap();
            assert_eq!(told.original().body, "Said better\n\nand then", "{fault:?}");
            assert!(told.copy().body.ends_with("Said better\n\nand then"), "{fault:?}: {:?}", told.copy());
            assert!(told.conflicts().await.is_empty(), "{fault:?}");
            told.is_quiet().await;
        }
    }
}

/// The author changes the original after it was read, and before we write: it is asked for once more, and nothing is lost.
#[tokio::test(start_paused = true)]
async fn an_original_that_changes_while_we_write_is_not_run_over() {
    for way in ways() {
        let armed = Arc::new(AtomicBool::new(false));
        let deed = Deed::default();
        let (held, act) = (Arc::clone(&armed), Arc::clone(&deed));
        let told = Told::new(way, |world| {
            world.bend(move |inner| {
                let (held, act) = (Arc::clone(&held), Arc::clone(&act));
                Arc::new(Bent::new(inner).back(move |_, _, said| {
                    // The copy with a person's words is on its way.
                    if said.to_string().contains("Said better")
                        && held.swap(false, Ordering::SeqCst)
                        && let Some(deed) = act.lock().unwrap().take()
                    {
                        deed();
                    }
                })) as Arc<dyn Transport>
            });
        })
        .await;
        let (jira, who, issue, comment) = told.from.clone();
        let person = told.world.person(jira, who);
        *deed.lock().unwrap() = Some(Box::new(move || {
            person.edit_comment(&issue, &comment, "Said first\n\nand then some").unwrap();
        }));
        told.change_copy("Said first", "Said better");
        armed.store(true, Ordering::SeqCst);
        told.world.rest().await.unwrap();
        assert!(!armed.load(Ordering::SeqCst), "nothing was changed in between");
        assert_eq!(told.original().body, "Said better\n\nand then some");
        assert!(told.copy().body.ends_with("Said better\n\nand then some"), "{:?}", told.copy());
        told.is_quiet().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_whom_it_answers_where_that_may_be_known() {
    let config = with(THREE, FLOW);
    let world = World::new(&config, |jiras| {
        for (name, jira) in jiras {
            jira.record_bodies(true);
            jira.set_permission(project(name), EDIT_ALL, &[Holder::LoggedIn]);
        }
    })
    .await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let omar = world.person("acme", "omar");
    let first = world.person("acme", "jane").comment(&key, "What now?").unwrap();
    world.person("globex", "jdoe").comment(&world.issue("globex", "Item").key, "Says a partner").unwrap();
    world.rest().await.unwrap();
    let partner =
        world.issue("acme", "Item").comments.into_iter().find(|comment| comment.body.contains("Says a partner"));
    omar.answer(&key, "This.", &first).unwrap();
    omar.answer(&key, "And that.", &partner.unwrap().id.to_string()).unwrap();
    world.rest().await.unwrap();
    let body = |jira: &str, part: &str| {
        let comments = world.issue(jira, "Item").comments;
        comments.into_iter().find(|comment| comment.body.contains(part)).unwrap().body
    };
    for jira in ["globex", "initech"] {
        assert!(body(jira, "This.").contains("Jane Roe:"), "{jira}: {}", body(jira, "This."));
    }
    assert!(body("globex", "And that.").contains("John Doe:"), "{}", body("globex", "And that."));
    assert!(!was_sent(world.jira("initech"), "John Doe"));
    // No document of Atlassian's takes the parent of a new comment.
    assert!(!was_sent(world.jira("initech"), "parentId"));
    let writes = || -> u64 { world.jiras.values().map(|jira| jira.count("updateComment")).sum() };
    let before = writes();
    world.intervals(20).await;
    assert_eq!(writes(), before);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The lines that we put before an answer do not flow back with it.
#[tokio::test(start_paused = true)]
async fn the_line_that_says_whom_it_answers_stays_out_of_the_original() {
    {
        let (config, there) = (two(), "globex");
        let world = World::new(&with(&config, FLOW), |jiras| {
            jiras.iter().for_each(|(name, jira)| jira.set_permission(project(name), EDIT_ALL, &[Holder::LoggedIn]));
        })
        .await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let omar = world.person("acme", "omar");
        let first = omar.comment(&key, "What now?").unwrap();
        let answer = omar.answer(&key, "This.", &first).unwrap();
        world.rest().await.unwrap();
        let issue = world.issue(there, "Item");
        let copy = issue.comments.iter().find(|comment| comment.body.contains("This.")).unwrap();
        let text = copy.body.replace("This.", "This instead.");
        world.person(there, "jdoe").edit_comment(&issue.key, &copy.id.to_string(), &text).unwrap();
        world.rest().await.unwrap();
        let comments = world.issue("acme", "Item").comments;
        let original = comments.iter().find(|comment| comment.id.to_string() == answer).unwrap();
        assert_eq!(original.body, "This instead.");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
