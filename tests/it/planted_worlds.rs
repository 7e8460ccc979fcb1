//! Small worlds for planted bugs that the large ones cannot see: outages, an index in the wrong order, two daemons on one state, notes
//! between service desks, names that go across, texts that a side cannot hold. Must never ask a daemon what is true.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::console::{Heard, HookSink as _};
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::model::ids::{InstanceId, IssueKey};
use jirasyncd::model::store::Store;
use jirasyncd::simulator::{Fault, FaultRule, FieldSetup, FieldType, Holder, Jira, When};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::bent::Bent;
use super::crash::{die_once, fused_world};
use super::daemon_audit::{by_token, compare, compare_but_for, stuck, sync_user};
use super::daemon_support::{THREE, World, load, two, two_clouds};
use super::daemon_text::{nodes, rich, shared, wiki};
use super::random_life::{Dice, Life};

/// Makes an item at home, of a name that no other one has.
pub(crate) fn create(world: &World, number: usize) -> String {
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
        if let Err(why) = compare(&world, "acme", "globex") {
            return Err(format!("{why}; problems: {:?}", world.problems().await));
        }
    }
    Ok(())
}

/// Two sides, few issues, much trouble: writes that land late or whose answers are lost, an index that lags, deaths. Everybody does the
/// same few things to the same fields.
pub(crate) async fn pair(seed: u64) -> Result<(), String> {
    let (config, other) = if seed.is_multiple_of(2) { (two_clouds(), "initech") } else { (two(), "globex") };
    let mut life = Life::new(seed, World::without_daemon(&config)).await;
    for jira in life.world.jiras.values() {
        jira.set_index_lag(Duration::from_secs(life.dice.below(40) as u64));
    }
    let sides = [("acme", "jane"), (other, if other == "initech" { "petra" } else { "jdoe" })];
    let mut number = 0;
    for _ in 0..14 {
        for _ in 0..1 + life.dice.below(3) {
            quarrel(&life.world, &life.dice, number, sides);
            number += 1;
            life.world.pass(life.dice.below(4) as u64).await;
        }
        if life.dice.below(3) == 0 {
            life.heal();
        } else {
            let fault = match life.dice.below(8) {
                0 | 4 | 5 => Fault::LateWrite(Duration::from_secs(20)),
                1 => Fault::StatusAfter(502),
                2 => Fault::Status(409),
                3 => Fault::Status(403),
                _ => Fault::ResetAfter,
            };
            let methods = ["POST", "PUT", "DELETE"];
            let jira = life.dice.one(&["acme", other]);
            life.world.jira(jira).add_fault(FaultRule::on_methods(&methods, When::Probability(0.5), fault));
        }
        life.live().await;
    }
    life.calm().await;
    let world = &life.world;
    // What the Jiras hold is judged also where there is no rest: that says more than that there is none.
    let rested = world.rest().await;
    compare_but_for(world, "acme", other, &stuck(world).await)?;
    last_words(world, "acme", other).await?;
    last_words(world, other, "acme").await?;
    rested?;
    world.jiras.values().for_each(Jira::reset_calls);
    world.intervals(3).await;
    for (name, jira) in &world.jiras {
        let written = jira.calls().into_iter().find(|call| call.method != "GET" && !call.path.contains("search"));
        if let Some(call) = written {
            return Err(format!("{name} is written to after quiet: {} {}", call.method, call.path));
        }
    }
    Ok(())
}

/// One issue on two sides, and one story after the other: who wrote last is shown on both, what is not about the same stays, and nothing
/// is written over what was not looked at.
pub(crate) async fn calm(seed: u64) -> Result<(), String> {
    let is_cloud = seed.is_multiple_of(2);
    let (config, other) = if is_cloud { (two_clouds(), "initech") } else { (two(), "globex") };
    let dice = Dice::new(seed);
    let world = World::new(&config, |_| {}).await;
    create(&world, 0);
    world.rest().await?;
    let calm = Calm { other, world };
    for number in 0..8 {
        let kind = dice.below(7);
        let told = |why: String| format!("story {number} of kind {kind}: {why}");
        calm.story(&dice, number, kind).await.map_err(told)?;
        compare(&calm.world, "acme", other).map_err(told)?;
        if !calm.shows("acme", "labels").contains("share-globex") {
            return Err(told("the label that stays at home was taken away".to_owned()));
        }
    }
    Ok(())
}

/// A world of one issue.
struct Calm {
    other: &'static str,
    world: World,
}

impl Calm {
    fn shows(&self, jira: &str, field: &str) -> String {
        self.world.field(jira, "Item-0", field)
    }

    /// Sets the priority of a row on a side.
    fn set(&self, jira: &str, row: usize) {
        let (who, names) = match jira {
            "acme" => ("jane", ["Highest", "Medium", "Low"]),
            "globex" => ("jdoe", ["P1", "P3", "P4"]),
            _ => ("petra", ["Hoch", "Mittel", "Niedrig"]),
        };
        let key = self.world.issue(jira, "Item-0").key;
        self.world.person(jira, who).edit(&key, json!({ "priority": { "name": names[row] } })).unwrap();
    }

    fn row(&self, jira: &str) -> usize {
        let names = ["Highest Medium Low", "P1 P3 P4", "Hoch Mittel Niedrig"];
        let shown = self.shows(jira, "priority");
        names.iter().find_map(|names| names.split(' ').position(|name| name == shown)).unwrap()
    }

    fn ends_as(&self, row: usize) -> Result<(), String> {
        let found = [self.row("acme"), self.row(self.other)];
        if found == [row, row] { Ok(()) } else { Err(format!("row {row} was written last, and {found:?} is shown")) }
    }

    /// How many halves of conflicts are kept.
    async fn conflicts(&self) -> usize {
        let store = self.world.daemon().store();
        let key = IssueKey::new(self.world.issue("acme", "Item-0").key);
        let mut kept = 0;
        for item in store.items_by_key(&key).await.unwrap() {
            kept += store.conflicts(item).await.unwrap().len();
        }
        kept
    }

    /// Lets the next write there land late.
    fn delay(&self, jira: &str, seconds: u64) {
        let late = Fault::LateWrite(Duration::from_secs(seconds));
        self.world.jira(jira).add_fault(FaultRule::new("editIssue", When::Nth(1), late));
    }

    async fn story(&self, dice: &Dice, number: usize, kind: usize) -> Result<(), String> {
        let (world, other) = (&self.world, self.other);
        let (one, two) = if dice.below(2) == 0 { ("acme", other) } else { (other, "acme") };
        let (now, next) = (self.row("acme"), 1 + dice.below(2));
        let (first, second) = ((now + next) % 3, (now + 3 - next) % 3);
        let last = match kind {
            // One writes.
            0 | 1 => {
                self.set(one, first);
                first
            }
            // One writes; the other writes something else and then what stood there before.
            2 => {
                self.set(one, first);
                world.pass(1).await;
                self.set(two, second);
                world.pass(1).await;
                self.set(two, now);
                now
            }
            // Our write of it lands late, and meanwhile the same one writes again.
            3 => {
                self.delay(two, 20);
                self.set(one, first);
                world.intervals(1).await;
                self.set(one, second);
                second
            }
            // Our write of it lands late, over what somebody wrote there.
            4 => {
                self.delay(two, 20);
                self.set(one, first);
                world.intervals(1).await;
                self.set(two, second);
                second
            }
            // Both write, and no search shows it yet.
            5 => {
                let lag = Duration::from_secs(40);
                world.jiras.values().for_each(|jira| jira.set_index_lag(lag));
                self.set(one, first);
                world.pass(10).await;
                world.jira(one).set_index_lag(Duration::ZERO);
                self.set(two, second);
                second
            }
            _ => return self.words(number).await,
        };
        let (before, kept) = (world.issue(two, "Item-0").history.len(), self.conflicts().await);
        world.intervals(1).await;
        world.jiras.values().for_each(|jira| jira.set_index_lag(Duration::ZERO));
        world.pass(45).await;
        world.rest().await?;
        world.jiras.values().for_each(Jira::clear_faults);
        self.ends_as(last)?;
        if matches!(kind, 2 | 5) && self.conflicts().await == kept {
            return Err(format!("row {first} of {one} went without a conflict"));
        }
        let after = &world.issue(two, "Item-0").history[before..];
        if kind == 5 && after.iter().any(|entry| entry.items.iter().any(|item| item.0 == "priority")) {
            return Err(format!("what was just written at {two} was written over, and put back: {after:?}"));
        }
        Ok(())
    }

    /// Each adds a word of their own to one set.
    async fn words(&self, number: usize) -> Result<(), String> {
        for (jira, who) in [("acme", "jane"), (self.other, if self.other == "globex" { "jdoe" } else { "petra" })] {
            let key = self.world.issue(jira, "Item-0").key;
            let add = json!({ "labels": [{ "add": format!("{jira}-{number}") }] });
            self.world.person(jira, who).update(&key, add).unwrap();
        }
        self.world.rest().await?;
        for jira in ["acme", self.other] {
            let shown = self.shows(jira, "labels");
            if ["acme", self.other].iter().any(|of| !shown.contains(&format!("{of}-{number}"))) {
                return Err(format!("{jira} shows `{shown}` after {number}"));
            }
        }
        Ok(())
    }
}

/// Somebody writes what somebody else may just have written otherwise.
pub(crate) fn quarrel(world: &World, dice: &Dice, number: usize, sides: [(&'static str, &str); 2]) {
    let column = dice.below(2);
    let (jira, name) = sides[column];
    let issues = world.jira(jira).issues();
    if issues.len() < 2 || dice.below(4) == 0 {
        create(world, number);
        return;
    }
    let (issue, who) = (&issues[dice.below(issues.len())], world.person(jira, name));
    let of_globex = jira == "globex";
    let row = dice.below(3);
    match dice.below(10) {
        0 | 1 => {
            let token = issue.fields["summary"].split(' ').next().unwrap();
            who.edit(&issue.key, json!({ "summary": format!("{token} changed {number}") })).unwrap();
        }
        2 | 3 => {
            let names = if of_globex { ["P1", "P3", "P4"] } else { ["Highest", "Medium", "Low"] };
            let names = if jira == "initech" { ["Hoch", "Mittel", "Niedrig"] } else { names };
            who.edit(&issue.key, json!({ "priority": { "name": names[row] } })).unwrap();
        }
        4 => who.update(&issue.key, json!({ "labels": [{ "add": format!("word-{row}") }] })).unwrap(),
        5 => {
            let names = if of_globex { ["Open", "Working", "Closed"] } else { ["To Do", "In Progress", "Done"] };
            let names = if jira == "initech" { ["Neu", "In Arbeit", "Fertig"] } else { names };
            // Not every way exists: then nobody goes it.
            let _ = who.transition(&issue.key, names[row]);
        }
        6..9 => drop(who.comment(&issue.key, &format!("Said {number}")).unwrap()),
        _ => {
            let own = issue.comments.iter().find(|comment| comment.author.as_deref() == Some(who.id()));
            if let Some(comment) = own {
                who.edit_comment(&issue.key, &comment.id.to_string(), &format!("Said anew {number}")).unwrap();
            }
        }
    }
}

/// What a side's people wrote last into a summary was seen on the other, or is kept in a conflict.
async fn last_words(world: &World, from: &str, to: &str) -> Result<(), String> {
    let store = world.daemon().store();
    let there = by_token(world, to)?;
    for (token, issue) in by_token(world, from)? {
        let theirs = issue.history.iter().rev().filter(|entry| entry.author.as_deref() != Some(sync_user(from)));
        let mut words = theirs.flat_map(|entry| entry.items.clone()).filter(|item| item.0 == "summary");
        let Some(last) = words.next().and_then(|item| item.2) else { continue };
        let history = there[&token].history.iter().flat_map(|entry| entry.items.clone());
        let is_seen = there[&token].fields.get("summary") == Some(&last)
            || history.into_iter().any(|item| item.1.as_ref() == Some(&last) || item.2.as_ref() == Some(&last));
        let mut kept = String::new();
        for item in store.items_by_key(&IssueKey::new(issue.key.clone())).await.unwrap() {
            kept += &format!("{:?}", store.conflicts(item).await.unwrap());
        }
        if !is_seen && !kept.contains(&last) {
            return Err(format!("{token}: `{last}` of {from} is neither at {to} nor in a conflict: {kept}"));
        }
    }
    Ok(())
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

/// For longer than a poll looks back searches show nothing, though a token leads on, or are answered as to nobody.
pub(crate) async fn hollow(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let world = World::new(&two_clouds(), |_| {}).await;
    (0..3).for_each(|number| drop(create(&world, number)));
    world.rest().await?;
    for number in 3..7 {
        let jira = dice.one(&["acme", "initech"]);
        let fault = if dice.below(2) == 0 { Fault::EmptyPage } else { Fault::Anonymous };
        world.jira(jira).add_fault(FaultRule::new("search", When::Always, fault));
        act(&world, &dice, number, ("initech", "petra"));
        world.intervals(14 + dice.below(6)).await;
        world.jiras.values().for_each(Jira::clear_faults);
        world.rest().await?;
        compare(&world, "acme", "initech")?;
    }
    Ok(())
}

/// Reads find no issue for a moment, where the copies of deleted issues are deleted.
pub(crate) async fn missing(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let config = format!("{}\n[sync.support.life]\ndeleted = \"delete\"\n", two());
    let mut world = World::of(&config, |setups| {
        for setup in setups.values_mut() {
            setup.projects[0].permissions.insert("DELETE_ISSUES".to_owned(), [Holder::LoggedIn].into());
        }
    });
    world.start().await;
    create(&world, 0);
    let fields = json!({ "summary": "Item-1 of globex", "priority": { "name": "P4" } });
    world.person("globex", "jdoe").create("ENG", "Defect", fields).unwrap();
    world.rest().await?;
    for number in 2..6 {
        let there = FaultRule::new("getIssue", When::Always, Fault::Status(404));
        world.jira("globex").add_fault(there);
        let jane = world.person("acme", "jane");
        let item = dice.below(2);
        let key = world.issue("acme", &format!("Item-{item} ")).key;
        jane.edit(&key, json!({ "summary": format!("Item-{item} changed {number}") })).unwrap();
        world.intervals(1).await;
        world.jira("globex").clear_faults();
        world.intervals(2 + dice.below(3)).await;
        world.rest().await?;
        compare(&world, "acme", "globex")?;
        if world.jira("acme").issues().len() != 2 {
            return Err("issues are gone that nobody deleted".to_owned());
        }
    }
    Ok(())
}

/// Issues are made whose creation is not answered, or at which the daemon dies. The index lags, and what it shows to a poll it does not
/// show to every search, nor the other way round, as nodes of a cluster do.
pub(crate) async fn creations(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let (config, other) = dice.one(&[("clouds", "initech"), ("both", "globex")]);
    let config = if config == "clouds" { two_clouds() } else { two() };
    let mut world = World::without_daemon(&config);
    // The newest issue that polls of the other side show.
    let newest = Arc::new(AtomicU64::new(u64::MAX));
    let shown = Arc::clone(&newest);
    world.bend(move |inner| {
        let newest = Arc::clone(&shown);
        Arc::new(Bent::new(inner).back(move |place, asked, said| {
            let polls = asked["jql"].as_str().is_some_and(|jql| jql.contains("updated >="));
            if let (true, false, Some(rows)) =
                (polls, place.contains("acme"), said.get_mut("issues").and_then(Value::as_array_mut))
            {
                let newest = newest.load(Ordering::SeqCst);
                rows.retain(|row| row["id"].as_str().unwrap().parse::<u64>().unwrap() <= newest);
            }
        })) as Arc<dyn Transport>
    });
    let fuse = fused_world(&mut world);
    world.start().await;
    for number in 0..4 {
        world.jira(other).set_index_lag(Duration::from_secs(dice.below(50) as u64));
        if dice.below(2) == 0 {
            let known = world.jira(other).issues().iter().map(|issue| issue.id).max();
            newest.store(known.unwrap_or_default(), Ordering::SeqCst);
        }
        create(&world, number);
        if dice.below(2) == 0 {
            let fault = dice.below(2);
            let fault = if fault == 0 { Fault::ResetAfter } else { Fault::StatusAfter(502) };
            world.jira(other).add_fault(FaultRule::new("createIssue", When::Nth(1), fault));
        } else {
            fuse.set(1 + dice.below(12));
            die_once(&mut world, &fuse).await;
        }
        world.rest().await?;
        world.jira(other).clear_faults();
        newest.store(u64::MAX, Ordering::SeqCst);
        world.rest().await?;
        compare(&world, "acme", other)?;
    }
    Ok(())
}

/// Copies of comments land long after they were given up and done again: told as duplicates, and nobody's words.
pub(crate) async fn late(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let world = World::new(&two(), |_| {}).await;
    create(&world, 0);
    world.rest().await?;
    for number in 1..4 {
        let (from, who, to) = dice.one(&[("acme", "jane", "globex"), ("globex", "jdoe", "acme")]);
        let late = Fault::LateWrite(Duration::from_secs(900));
        world.jira(to).add_fault(FaultRule::new("addComment", When::Nth(1), late));
        let key = world.issue(from, "Item-0").key;
        world.person(from, who).comment(&key, &format!("Said {number}.")).unwrap();
        world.rest().await?;
        world.pass(900).await;
        world.rest().await?;
        world.person(from, who).edit(&key, json!({ "summary": format!("Item-0 changed {number}") })).unwrap();
        world.rest().await?;
        for (jira, most) in [(from, 1), (to, 2)] {
            let there = world.issue(jira, "Item-0").comments;
            let found = there.iter().filter(|comment| comment.body.contains(&format!("Said {number}."))).count();
            if found != most {
                return Err(format!("`Said {number}.` of {from} is {found} times at {jira}: {there:?}"));
            }
        }
        if world.problems().await.is_empty() {
            return Err(format!("nobody is told that `Said {number}.` is there twice"));
        }
    }
    Ok(())
}

/// Webhooks come at once, before any poll.
pub(crate) async fn hooks(seed: u64) -> Result<(), String> {
    let dice = Dice::new(seed);
    let told = "poll = \"30s\"\n[daemon.webhooks]\npublic-url = \"https://hooks.example\"";
    let mut world = World::without_daemon(&two().replacen("poll = \"30s\"", told, 1));
    for jira in world.jiras.values() {
        jira.register_webhook("https://hooks.example/x", None);
    }
    world.start().await;
    for number in 0..10 {
        act(&world, &dice, number, ("globex", "jdoe"));
        world.pass(2).await;
        for (name, jira) in &world.jiras {
            for delivery in jira.webhooks_due() {
                let heard = world.daemon().hear(&InstanceId::from(*name), delivery.request.body(), None).await;
                jira.webhook_answered(&delivery, Some(if heard == Heard::Taken { 204 } else { 503 }));
            }
        }
        world.intervals(dice.below(3)).await;
    }
    world.rest().await?;
    compare(&world, "acme", "globex")
}

/// An answer that does not arrive before it is let through.
struct Stalled {
    inner: Arc<dyn Transport>,
    stall: Arc<Stall>,
}

#[derive(Default)]
struct Stall {
    /// Answers until one stalls; 0: none does.
    left: AtomicUsize,
    begun: Notify,
    over: Notify,
}

#[async_trait]
impl Transport for Stalled {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let is_other = request.uri().host().is_some_and(|host| host.contains("globex"));
        let answer = self.inner.send(request).await;
        let left = self.stall.left.load(Ordering::SeqCst);
        if is_other && left > 0 {
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
    let one = Arc::clone(&state);
    world.surroundings.between = Arc::new(move |own| Arc::clone(one.lock().unwrap().get_or_insert_with(|| own)));
    world.start().await;
    for number in 0..3 {
        create(&world, number);
    }
    world.rest().await?;
    let edit = |world: &World, jira: &str, who: &str, what: &str| {
        for number in 0..3 {
            let key = world.issue(jira, &format!("Item-{number} ")).key;
            world.person(jira, who).edit(&key, json!({ "summary": format!("Item-{number} {what}") })).unwrap();
        }
    };
    edit(&world, "acme", "jane", "first");
    stall.left.store(1 + dice.below(6), Ordering::SeqCst);
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
    // As a start does with what a dead holder left: this one is thought dead.
    let store = state.lock().unwrap().clone().unwrap();
    store.free_all().await.unwrap();
    world.rest().await?;
    edit(&world, "globex", "jdoe", "then");
    for number in 0..3 {
        let key = world.issue("acme", &format!("Item-{number} ")).key;
        world.person("acme", "jane").comment(&key, &format!("Said meanwhile {number}")).unwrap();
        world.intervals(1 + dice.below(3)).await;
    }
    world.rest().await?;
    if stands {
        stall.over.notify_one();
        // Whether it fails is its own affair.
        let _ = once.await;
    }
    world.rest().await?;
    compare(&world, "acme", "globex")?;
    for number in 0..3 {
        let shown = world.field("acme", &format!("Item-{number} "), "summary");
        if shown != format!("Item-{number} then") {
            return Err(format!("Item-{number} was written last, and {shown:?} is shown"));
        }
    }
    for issue in world.jira("acme").issues() {
        for item in store.items_by_key(&IssueKey::new(issue.key)).await.unwrap() {
            // Everybody saw what they wrote over.
            if let Some(conflict) = store.conflicts(item).await.unwrap().first() {
                return Err(format!("a conflict of what was written one after the other: {conflict:?}"));
            }
        }
    }
    Ok(())
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
    // What everybody could read until it was closed.
    let mut closed = Vec::new();
    for number in 0..8 {
        let (jira, name) = dice.one(&sides);
        let (issue, who) = (world.issue(jira, "Item-0"), world.person(jira, name));
        let mut notes = issue.comments.iter().filter(|comment| comment.author.as_deref() == Some(who.id()));
        match (dice.below(4), notes.next()) {
            // What everybody could read becomes a note.
            (3, Some(open)) if !open.internal => {
                closed.push(open.body.trim_end().to_owned());
                let said = format!("note-{number} closed");
                who.set_internal(&issue.key, &open.id.to_string(), &said, true).unwrap();
            }
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
    let rested = world.rest().await;
    for (jira, other) in [("acme", "globex"), ("globex", "acme")] {
        let (here, there) = (world.issue(jira, "Item-0"), world.issue(other, "Item-0"));
        let open = here.comments.iter().filter(|comment| !comment.internal).map(|comment| comment.body.trim_end());
        if let Some(stays) = closed.iter().find(|words| open.clone().any(|open| open.ends_with(words.as_str()))) {
            return Err(format!("{jira} shows `{stays}` to everybody, which was closed: {:?}", here.comments));
        }
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
    rested
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
    let mut word = "Left".to_owned();
    for number in 0..4 {
        let kind = dice.below(3);
        if kind == 0 {
            let before = wiki(&world, "Rich").await;
            let next = format!("Port{number}");
            let after = before.replace(&word, &next);
            world.person("globex", "jdoe").edit(&globex, json!({ "description": after })).unwrap();
            word = next;
        } else if kind == 1 {
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
    let mut stands = nodes(&world, "acme", "Rich").await;
    let layout = stands.get(2).map(Value::to_string).unwrap_or_default();
    let whole = layout.contains("layoutSection") && layout.contains(&word) && layout.contains("Right");
    stands.splice(2..3, [wanted[2].clone()]);
    if whole && stands == wanted { Ok(()) } else { Err(format!("home lost of its text: {layout}, {}", json!(stands))) }
}
