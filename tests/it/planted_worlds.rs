//! Small worlds for planted bugs that the large ones cannot see: outages, an index in the wrong order, two daemons on one state, notes
//! between service desks, names that go across, texts that a side cannot hold. Must never ask a daemon what is true.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::model::store::Store;
use jirasyncd::simulator::{FieldSetup, FieldType};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::bent::Bent;
use super::crash::fused_world;
use super::daemon_audit::compare;
use super::daemon_support::{THREE, World, load, two, two_clouds};
use super::daemon_text::{nodes, rich, shared, wiki};
use super::random_life::Dice;

/// Makes an item at home, of a name that no other one has.
fn create(world: &World, number: usize) -> String {
    let fields = json!({ "summary": format!("Item-{number} is new"), "priority": { "name": "Low" },
        "labels": ["share-globex", "share-initech"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// Somebody makes an item, or changes or says something about one.
fn act(world: &World, dice: &Dice, number: usize, other: (&'static str, &str)) {
    let side = dice.one(&[("acme", "jane"), other]);
    let issues = world.jira(side.0).issues();
    if issues.len() < 2 || dice.below(4) == 0 {
        create(world, number);
        return;
    }
    let issue = &issues[dice.below(issues.len())];
    let who = world.person(side.0, side.1);
    if dice.below(3) == 0 {
        who.comment(&issue.key, &format!("Said {number}")).unwrap();
    } else {
        let token = issue.fields["summary"].split(' ').next().unwrap().to_owned();
        who.edit(&issue.key, json!({ "summary": format!("{token} changed {number}") })).unwrap();
    }
}

/// The daemon is down while people go on for longer than a poll looks back, and dies again at one of its first effects.
pub(crate) async fn outages(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let mut world = World::without_daemon(&two());
    let fuse = fused_world(&mut world);
    world.start().await;
    let mut number = 0;
    for _ in 0..4 {
        world.daemon = None;
        for _ in 0..2 + dice.below(3) {
            act(&world, &dice, number, ("globex", "jdoe"));
            number += 1;
            world.pass(300 + dice.below(1_500) as u64).await;
        }
        world.start().await;
        fuse.set(1 + dice.below(10));
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            _ = world.interval() => {}
        }
        fuse.set(0);
        world.start().await;
        world.rest().await?;
    }
    compare(&world, "acme", "globex")
}

/// Some searches do not show an issue yet that was changed before others that they show.
pub(crate) async fn late_index(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let mut world = World::without_daemon(&two_clouds());
    let hidden: Arc<Mutex<Option<(String, String)>>> = Arc::default();
    let held = Arc::clone(&hidden);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if let Some((id, key)) = &*held.lock().unwrap()
                && place.ends_with("acme.example/rest/api/3/search/jql")
                && let Some(rows) = said.get_mut("issues").and_then(Value::as_array_mut)
            {
                rows.retain(|row| row["key"] != json!(key) && row["id"] != json!(id));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let keys: Vec<String> = (0..3).map(|number| create(&world, number)).collect();
    world.rest().await?;
    let jane = world.person("acme", "jane");
    for round in 0..4 {
        world.pass(600 + dice.below(1_800) as u64).await;
        let first = dice.below(3);
        let late = world.jira("acme").issue(&keys[first]).unwrap();
        *hidden.lock().unwrap() = Some((late.id.to_string(), late.key));
        jane.edit(&keys[first], json!({ "summary": format!("Item-{first} late {round}") })).unwrap();
        world.intervals(1).await;
        world.pass(30 + dice.below(60) as u64).await;
        let other = (first + 1 + dice.below(2)) % 3;
        jane.edit(&keys[other], json!({ "summary": format!("Item-{other} other {round}") })).unwrap();
        world.intervals(1 + dice.below(2)).await;
        *hidden.lock().unwrap() = None;
        world.rest().await?;
    }
    world.intervals(12).await;
    compare(&world, "acme", "initech")
}

/// An answer that does not arrive before it is let through.
struct Stalled {
    inner: Arc<dyn Transport>,
    stall: Arc<Stall>,
}

#[derive(Default)]
struct Stall {
    /// Writes until one stalls; 0: none does.
    left: AtomicUsize,
    begun: Notify,
    over: Notify,
}

#[async_trait]
impl Transport for Stalled {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let writes = request.method() != http::Method::GET && !request.uri().path().contains("search");
        let answer = self.inner.send(request).await;
        let left = self.stall.left.load(Ordering::SeqCst);
        if writes && left > 0 {
            self.stall.left.store(left - 1, Ordering::SeqCst);
            if left == 1 {
                self.stall.begun.notify_one();
                self.stall.over.notified().await;
            }
        }
        answer
    }
}

/// A daemon stands still at an answer while another one takes the same state, as on a network drive that knows no locks, and goes on
/// when that one is long done.
pub(crate) async fn two_holders(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let mut world = World::without_daemon(&two());
    let stall: Arc<Stall> = Arc::default();
    let held = Arc::clone(&stall);
    world.bend(move |inner| Arc::new(Stalled { inner, stall: Arc::clone(&held) }) as Arc<dyn Transport>);
    let state: Arc<Mutex<Option<Arc<dyn Store>>>> = Arc::default();
    world.surroundings.between = Arc::new(move |own| Arc::clone(state.lock().unwrap().get_or_insert_with(|| own)));
    world.start().await;
    let mut number = 0;
    for _ in 0..3 {
        act(&world, &dice, number, ("globex", "jdoe"));
        number += 1;
    }
    world.rest().await?;
    for _ in 0..1 + dice.below(4) {
        act(&world, &dice, number, ("globex", "jdoe"));
        number += 1;
    }
    stall.left.store(1 + dice.below(4), Ordering::SeqCst);
    let first = world.daemon.take().unwrap();
    tokio::time::advance(Duration::from_secs(30)).await;
    let mut once = std::pin::pin!(first.once());
    let stands = tokio::select! {
        biased;
        () = stall.begun.notified() => true,
        _ = &mut once => false,
    };
    stall.left.store(0, Ordering::SeqCst);
    let path = world.state().with_file_name("other.db");
    world.config = load(&two(), &path);
    world.start().await;
    for _ in 0..2 + dice.below(4) {
        act(&world, &dice, number, ("globex", "jdoe"));
        number += 1;
        world.intervals(1 + dice.below(3)).await;
    }
    world.rest().await?;
    if stands {
        stall.over.notify_one();
        // Whether it fails is its own affair.
        let _ = once.await;
    }
    for _ in 0..3 {
        act(&world, &dice, number, ("globex", "jdoe"));
        number += 1;
        world.rest().await?;
    }
    compare(&world, "acme", "globex")
}

/// Notes that only service desks' people may read, between two of them.
pub(crate) async fn desks(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let carried = "unrestricted = \"both\"\ninternal = \"as-internal\"";
    let mut world = World::of(&two().replacen("unrestricted = \"both\"", carried, 1), |setups| {
        setups.values_mut().for_each(|setup| setup.projects[0].service_desk = true);
    });
    world.start().await;
    create(&world, 0);
    world.rest().await?;
    let sides = [("acme", "jane"), ("globex", "jdoe")];
    for number in 0..8 {
        let (jira, name) = dice.one(&sides);
        let (issue, who) = (world.issue(jira, "Item-0"), world.person(jira, name));
        let mut notes = issue.comments.iter().filter(|comment| comment.author.as_deref() == Some(who.id()));
        match (dice.below(3), notes.next()) {
            (0, Some(note)) => {
                let word = note.body.split(' ').next().unwrap();
                let said = format!("{word} again {number}");
                who.set_internal(&issue.key, &note.id.to_string(), &said, note.internal).unwrap();
            }
            (1, _) => drop(who.comment(&issue.key, &format!("open-{number} words")).unwrap()),
            _ => drop(who.internal_comment(&issue.key, &format!("note-{number} words")).unwrap()),
        }
        world.intervals(dice.below(3)).await;
    }
    world.rest().await?;
    for (jira, other) in [("acme", "globex"), ("globex", "acme")] {
        let (here, there) = (world.issue(jira, "Item-0"), world.issue(other, "Item-0"));
        for comment in &here.comments {
            if comment.internal != comment.body.contains("note-") {
                return Err(format!("{jira} shows a note to everybody, or hides what is none: {comment:?}"));
            }
            let last = comment.body.trim_end().lines().last().unwrap_or_default();
            if there.comments.iter().filter(|copy| copy.body.trim_end().ends_with(last)).count() != 1 {
                return Err(format!("`{last}` of {jira} is not once at {other}: {:?}", there.comments));
            }
        }
    }
    Ok(())
}

/// What goes across between partners that do not see each other says not whose it is.
pub(crate) async fn across(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let row = "summary = \"both\"\nothers = { globex = \"Others\", template = \"{{ keys }}\", across = true }";
    let mut world = World::of(&THREE.replacen("summary = \"both\"", row, 1), |setups| {
        let globex = setups.get_mut("globex").unwrap();
        globex.fields.push(FieldSetup::new("customfield_34000", "Others", FieldType::Text));
    });
    world.start().await;
    for number in 0..3 {
        create(&world, number);
    }
    world.rest().await?;
    for number in 3..8 {
        act(&world, &dice, number, ("initech", "petra"));
        world.intervals(dice.below(3)).await;
    }
    world.rest().await?;
    let shown = world.jira("globex").issues();
    let told = shown.iter().find(|issue| format!("{issue:?}").contains("OPS-"));
    told.map_or(Ok(()), |issue| Err(format!("globex shows a key of initech: {issue:?}")))
}

/// People of a side that cannot hold all of a text edit it there.
pub(crate) async fn texts(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let world = shared("First words.").await;
    let (acme, globex) = (world.issue("acme", "Rich").key, world.issue("globex", "Rich").key);
    let (mut first, mut last) = ("First words.".to_owned(), "Last words.".to_owned());
    for number in 0..4 {
        if dice.below(2) == 0 {
            let before = wiki(&world, "Rich").await;
            let next = format!("Last words {number}.");
            let after = before.replace(&last, &next);
            world.person("globex", "jdoe").edit(&globex, json!({ "description": after })).unwrap();
            last = next;
        } else {
            let mut blocks = nodes(&world, "acme", "Rich").await;
            first = format!("First words {number}.");
            blocks[0]["content"][0]["text"] = json!(first);
            let document = json!({ "type": "doc", "version": 1, "content": blocks });
            world.person("acme", "jane").edit(&acme, json!({ "description": document })).unwrap();
        }
        world.settle().await;
    }
    let mut wanted = rich(&first)["content"].as_array().unwrap().clone();
    let end = wanted.len() - 1;
    wanted[end]["content"][0]["text"] = json!(last);
    let stands = nodes(&world, "acme", "Rich").await;
    if stands == wanted { Ok(()) } else { Err(format!("home lost of its text: {}", json!(stands))) }
}
