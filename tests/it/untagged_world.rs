//! A small world for what others leave to one setting: a Jira that does not give our tags back, people in conflict under each `on-conflict`, and
//! in a third of the seeds somebody who is logged in as the sync user, under each `side-effects`. Must never take a difference for agreed
//! unless it is told of that item and field.

use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::{Store as _, StoredProblem};
use jirasyncd::simulator::{Fault, FaultRule, IssueView, Jira, When};
use serde_json::json;

use super::daemon_audit::{by_token, comments, conflicts, is_write, ours, shared, stuck, sync_user};
use super::daemon_support::{World, two, two_clouds};
use super::planted_worlds::{create, quarrel};
use super::random_life::{Dice, Life};
use super::written_texts::{Place, is_same_moment, text_kept};

/// What is compared on both sides.
const FIELDS: [&str; 5] = ["summary", "priority", "labels", "status", "issuetype"];
/// What somebody does who is logged in as the sync user.
const MEDDLED: [&str; 2] = ["priority", "labels"];
/// How a problem says that the sync user did something which was not carried.
const NOT_CARRIED: &str = "the sync user's own account";

/// What a seed is about.
#[derive(Clone, Copy, Debug)]
struct Plot {
    other: &'static str,
    /// The Jira that does not give our tags back.
    untagged: Option<&'static str>,
    /// `on-conflict`.
    policy: &'static str,
    /// `side-effects` of both sides, where somebody acts as the sync user.
    effects: Option<&'static str>,
}

impl Plot {
    fn of(seed: u64) -> Self {
        // Scattered: how a life goes rests on what divides its seed.
        let spread = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (spread ^ (spread >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20;
        let mut draw = |count: usize| {
            let drawn = mixed as usize % count;
            mixed /= count as u64;
            drawn
        };
        let other = ["globex", "initech"][draw(2)];
        let untagged = [Some("acme"), Some(other), None, None][draw(4)];
        let effects = (draw(3) == 0).then(|| ["accept", "restore", "count"][draw(3)]);
        // Where sides keep their own, what the sync user's acts lead to is everybody's guess.
        let policy = ["newest", "prefer acme", "prefer OTHER", "ask"][draw(if effects.is_some() { 3 } else { 4 })];
        Self { other, untagged, policy, effects }
    }

    fn config(self) -> String {
        let text = if self.other == "globex" { two() } else { two_clouds() };
        let policy = format!("home = \"acme\"\non-conflict = \"{}\"\n", self.policy.replace("OTHER", self.other));
        let mut text = text.replacen("home = \"acme\"\n", &policy, 1);
        if let Some(effects) = self.effects {
            for project in ["SUP", "ENG", "OPS"] {
                let side = format!("project = \"{project}\" }}");
                text = text.replacen(&side, &format!("project = \"{project}\", side-effects = \"{effects}\" }}"), 1);
            }
        }
        text
    }

    fn sides(self) -> [(&'static str, &'static str); 2] {
        [("acme", "jane"), (self.other, if self.other == "initech" { "petra" } else { "jdoe" })]
    }

    /// Whether a difference may stand where it is told.
    fn allows(self, field: &str) -> bool {
        self.policy == "ask" || self.effects.is_some() && MEDDLED.contains(&field)
    }
}

/// What a Jira calls the priorities.
fn priorities(jira: &str) -> [&'static str; 3] {
    match jira {
        "acme" => ["Highest", "Medium", "Low"],
        "globex" => ["P1", "P3", "P4"],
        _ => ["Hoch", "Mittel", "Niedrig"],
    }
}

/// People edit, one Jira may keep no tags, what people disagree in goes by the policy, and faults are light.
pub(crate) async fn untagged(seed: u64) -> Result<(), String> {
    let plot = Plot::of(seed);
    lived(seed, plot).await.map_err(|why| format!("{plot:?}: {why}"))
}

async fn lived(seed: u64, plot: Plot) -> Result<(), String> {
    let world = World::without_daemon(&plot.config());
    if let Some(jira) = plot.untagged {
        world.jira(jira).set_quirks(|quirks| quirks.keeps_history_metadata = false);
    }
    let mut life = Life::new(seed, world).await;
    let mut number = 0;
    for _ in 0..9 {
        for _ in 0..1 + life.dice.below(3) {
            if plot.effects.is_some() && life.dice.below(3) == 0 {
                meddle(&life.world, &life.dice, number, life.dice.one(&["acme", plot.other]));
            } else {
                quarrel(&life.world, &life.dice, number, plot.sides());
            }
            number += 1;
            life.world.pass(life.dice.below(4) as u64).await;
        }
        light_weather(&life, plot);
        life.live().await;
    }
    life.calm().await;
    let world = &life.world;
    let rested = world.rest().await;
    same_or_told(world, plot).await?;
    nothing_lost(world, plot).await?;
    rested?;
    is_quiet(world).await?;
    let token = format!("Item-{number}");
    create(world, number);
    world.rest().await?;
    no_echo(world, plot, &token).await?;
    if let Some(effects) = plot.effects {
        effects_follow(world, plot, &token, effects, life.dice.below(2)).await?;
    }
    is_quiet(world).await
}

/// What comes in ordinary weeks. Nothing lands late: what nobody waits for any more is another world's affair.
fn light_weather(life: &Life, plot: Plot) {
    if life.dice.below(2) == 0 {
        life.heal();
        return;
    }
    let faults = [Fault::ResetAfter, Fault::ResetBefore, Fault::StatusAfter(502), Fault::Status(409)];
    let fault = faults[life.dice.below(faults.len())].clone();
    let jira = life.dice.one(&["acme", plot.other]);
    let when = When::Probability(0.3);
    life.world.jira(jira).add_fault(FaultRule::on_methods(&["POST", "PUT", "DELETE"], when, fault));
}

/// Somebody who is logged in as the sync user changes an issue in the browser.
fn meddle(world: &World, dice: &Dice, number: usize, jira: &'static str) {
    let (issues, us) = (world.jira(jira).issues(), world.person(jira, sync_user(jira)));
    let Some(issue) = issues.get(dice.below(issues.len().max(1))) else { return };
    if dice.below(3) == 0 {
        us.update(&issue.key, json!({ "labels": [{ "add": format!("meddled-{number}") }] })).unwrap();
    } else {
        us.edit(&issue.key, json!({ "priority": { "name": priorities(jira)[dice.below(3)] } })).unwrap();
    }
}

/// Each item is once on each side, and shows the same there but for what is told of that item and field; each comment is once on the other side.
async fn same_or_told(world: &World, plot: Plot) -> Result<(), String> {
    let store = world.daemon().store();
    let problems = store.problems(1_000).await.unwrap();
    let (here, there) = (by_token(world, "acme")?, by_token(world, plot.other)?);
    let stuck = stuck(world).await;
    if !here.keys().eq(there.keys()) {
        return Err(format!("acme has {:?}, {} has {:?}", here.keys(), plot.other, there.keys()));
    }
    for (token, one) in &here {
        let two = &there[token];
        comments("acme", one, plot.other, two)?;
        comments(plot.other, two, "acme", one)?;
        let items = store.items_by_key(&IssueKey::new(one.key.clone())).await.unwrap();
        for field in FIELDS {
            let shown = (peoples("acme", one, field), peoples(plot.other, two, field));
            let is_told = problems.iter().any(|told| {
                told.problem.field == Some(field.into()) && told.item.is_some_and(|item| items.contains(&item))
            });
            let is_stuck = |jira: &str, view: &IssueView| stuck.contains_key(&(jira.to_owned(), view.key.clone()));
            let has_no_way = field == "status" && (is_stuck("acme", one) || is_stuck(plot.other, two));
            if shown.0 != shown.1 && !(plot.allows(field) && is_told || has_no_way) {
                return Err(format!("{token} {field}: {shown:?}, told: {is_told}, problems: {problems:?}"));
            }
        }
    }
    // Where nobody acts as the sync user, whoever is told so was told of us. Of sets no value says whose an entry is, where others add to them.
    let is_blame =
        |told: &&StoredProblem| told.problem.what.contains(NOT_CARRIED) && told.problem.field != Some("labels".into());
    let blamed = problems.iter().find(is_blame);
    match blamed.filter(|_| plot.effects.is_none()) {
        Some(told) => Err(format!("our own write is told as somebody's: {told:?}")),
        None => Ok(()),
    }
}

/// What a side shows of a field, without the words that somebody added as the sync user: where these stand goes by the setting, and what else
/// came into the set.
fn peoples(jira: &str, view: &IssueView, field: &str) -> String {
    let shown = shared(jira, view, field);
    if field != "labels" {
        return shown;
    }
    shown.split(' ').filter(|word| !word.starts_with("meddled-")).collect::<Vec<_>>().join(" ")
}

/// What people wrote into summaries is there, was replaced by somebody who had it before them, or is kept; so is the last priority that people
/// of each side gave, where nobody gives any as the sync user.
async fn nothing_lost(world: &World, plot: Plot) -> Result<(), String> {
    let (here, there) = (by_token(world, "acme")?, by_token(world, plot.other)?);
    for (token, one) in &here {
        let views = [("acme", one), (plot.other, &there[token])];
        let told = conflicts(world, views.iter().map(|(_, view)| *view)).await;
        text_kept(token, "summary", &views.map(|(jira, view)| (sync_user(jira), view)), &told)?;
        if plot.effects.is_some() {
            continue;
        }
        let chosen = views.map(|(jira, view)| chosen(jira, view));
        for ((jira, view), (_, last)) in views.iter().zip(&chosen) {
            let Some((at, row)) = last else { continue };
            let is_shown = view.fields.get("priority").is_some_and(|name| name == priorities(jira)[*row]);
            let was_replaced = chosen.iter().any(|(replaced, _)| replaced.contains(row));
            let is_kept = told.iter().any(|told| told.field.as_str() == "priority" && is_same_moment(told.at, *at));
            if !is_shown && !was_replaced && !is_kept {
                return Err(format!(
                    "{token}: the priority {row} of {jira} ({at}) is lost: {told:?}; {:?}",
                    view.history
                ));
            }
        }
    }
    Ok(())
}

/// The rows of the priorities that people replaced on a side, and the last one that they chose.
fn chosen(jira: &str, view: &IssueView) -> (Vec<usize>, Option<(jiff::Timestamp, usize)>) {
    let row = |name: &str| priorities(jira).iter().position(|known| *known == name);
    let place = Place { us: sync_user(jira), view, history: "priority", id: "priority" };
    let theirs = || place.steps().filter(|step| step.by_person);
    let replaced = theirs().filter_map(|step| row(step.from)).collect();
    (replaced, theirs().filter_map(|step| Some((step.at, row(step.to)?))).last())
}

/// One act of a person is one write on the other side, and none on its own.
async fn no_echo(world: &World, plot: Plot, token: &str) -> Result<(), String> {
    let part = format!("{token} ");
    let count = || plot.sides().map(|(jira, _)| ours(jira, &world.issue(jira, &part)));
    for (side, (jira, who)) in plot.sides().into_iter().enumerate() {
        let before = count();
        let text = format!("{token} said at {jira}");
        let key = world.issue(jira, &part).key;
        world.person(jira, who).edit(&key, json!({ "summary": text })).unwrap();
        world.rest().await?;
        let after = count();
        let mut wanted = before;
        wanted[1 - side] += 1;
        if after != wanted {
            return Err(format!("`{text}` led to {after:?} entries of ours after {before:?}"));
        }
        if plot.sides().iter().any(|(jira, _)| world.field(jira, &part, "summary") != text) {
            return Err(format!("`{text}` is not on both sides"));
        }
    }
    Ok(())
}

/// What somebody does as the sync user after a person's act stands where the setting says: there alone, nowhere or on both sides.
async fn effects_follow(world: &World, plot: Plot, token: &str, effects: &str, side: usize) -> Result<(), String> {
    let part = format!("{token} ");
    let rows = || {
        plot.sides().map(|(jira, _)| {
            let shown = world.field(jira, &part, "priority");
            priorities(jira).iter().position(|name| *name == shown)
        })
    };
    let (jira, who) = plot.sides()[side];
    let key = world.issue(jira, &part).key;
    let priority = |row: usize| json!({ "priority": { "name": priorities(jira)[row] } });
    // The item was made with the last of them.
    world.person(jira, who).edit(&key, priority(0)).unwrap();
    world.rest().await?;
    if rows() != [Some(0); 2] {
        return Err(format!("a person's priority 0 of {jira} is shown as {:?}", rows()));
    }
    world.person(jira, sync_user(jira)).edit(&key, priority(1)).unwrap();
    world.rest().await?;
    let mut wanted = [Some(usize::from(effects == "count")); 2];
    wanted[side] = Some(usize::from(effects != "restore"));
    if rows() != wanted {
        return Err(format!("after the sync user's 1 over a person's 0 at {jira}, {:?} is shown", rows()));
    }
    let is_told = world.problems().await.iter().any(|told| told.contains(NOT_CARRIED));
    if effects == "accept" && !is_told {
        return Err(format!("nobody is told what the sync user did at {jira}"));
    }
    Ok(())
}

/// Nothing is written any more.
async fn is_quiet(world: &World) -> Result<(), String> {
    world.jiras.values().for_each(Jira::reset_calls);
    world.intervals(3).await;
    for (name, jira) in &world.jiras {
        if let Some(call) = jira.calls().iter().find(|call| is_write(call)) {
            return Err(format!("{name} is written to after quiet: {} {}", call.method, call.path));
        }
    }
    Ok(())
}
