//! What people do to the versions and components of their projects, beside the issues: made, renamed, described, released, archived,
//! merged and deleted. Must never touch those that were there before, nor do what Jira would not let a person do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jirasyncd::simulator::{Exchange, Fault, FaultRule, Jira, Refusal, When};
use serde_json::{Value, json};

use super::crash::{Fuse, fused_world};
use super::daemon_support::{World, two};
use super::daemon_versions::{none, rest, world as stocked};
use super::everything_acts::{Act, What};
use super::everything_people::{People, Written, find, may_see};
use super::everything_world::{OUTSIDER, SIDES, Sight};
use super::random_life::Dice;

/// How many versions are described, and when they are due.
const OFTEN_SAID: &str = "Made";
const OFTEN_DUE: &str = "2026-12-24";

/// What somebody who administers a project does to a version or component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stock {
    Make,
    Rename,
    Describe,
    Release,
    Archive,
    /// Deletes it, or merges it into another that everybody has.
    Remove,
    /// Puts it into an issue.
    Use,
}

/// How often each is done, in parts.
const PARTS: [(Stock, usize); 7] = [
    (Stock::Make, 5),
    (Stock::Rename, 3),
    (Stock::Describe, 3),
    (Stock::Release, 3),
    (Stock::Archive, 2),
    (Stock::Remove, 2),
    (Stock::Use, 4),
];

/// One that people made.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Its name begins with this, whatever it is called later; where names are taken again, another's may, too.
    token: String,
    /// Its release day, which nobody changes: by it versions are known where names are taken again.
    day: Option<String>,
    /// Where it was made.
    column: usize,
    is_version: bool,
    /// Where people took it away.
    pub(crate) removed: bool,
    /// Whether people renamed one, of which nothing but a name was sent or what many say, before the daemon knew which one that is: then
    /// nobody can know it again (docs/promises.md).
    may_be_two: bool,
}

impl Act {
    /// Any of these, to anything.
    pub(crate) fn stock(dice: &Dice, number: usize, items: usize) -> Self {
        let mut part = dice.below(PARTS.iter().map(|(_, parts)| parts).sum());
        let chosen = PARTS.iter().find(|(_, parts)| {
            let here = part < *parts;
            part = part.saturating_sub(*parts);
            here
        });
        let column = dice.below(3);
        let (item, pick) = (dice.below(items.max(1)), dice.below(1 << 20));
        Self { number, column, who: SIDES[column].role.1, what: What::Stock(chosen.unwrap().0), item, pick }
    }
}

fn listed(jira: &Jira, column: usize, is_version: bool) -> Vec<Value> {
    let project = SIDES[column].project;
    if is_version { jira.versions(project) } else { jira.components(project) }
}

fn name(thing: &Value) -> &str {
    thing["name"].as_str().unwrap_or_default()
}

/// The canary of whoever made it.
fn token(thing: &Value) -> &str {
    name(thing).split(' ').next().unwrap_or_default()
}

/// The thing that it is on a side.
fn thing(world: &World, column: usize, kept: &Kept) -> Option<Value> {
    let all = listed(world.jira(SIDES[column].jira), column, kept.is_version);
    all.into_iter().find(|thing| kept.is(thing))
}

impl Kept {
    fn is(&self, thing: &Value) -> bool {
        match &self.day {
            Some(day) => thing["releaseDate"].as_str() == Some(day),
            None => token(thing) == self.token,
        }
    }

    /// What it is known by on every side.
    fn mark(&self) -> &str {
        self.day.as_deref().unwrap_or(&self.token)
    }
}

impl People {
    /// Does it, unless there is nothing to do it to. Says whether it did.
    pub(crate) fn keep_stock(&mut self, world: &World, act: &Act, stock: Stock) -> Result<bool, String> {
        if self.fates.is_dismissed(act.column, act.who) {
            self.leave_out(act);
            return Ok(false);
        }
        let done = self.do_stock(world, act, stock).map_err(|refusal| format!("{act:?}: {refusal:?}"))?;
        if done {
            *self.done.entry(format!("{:?}", act.what)).or_default() += 1;
        }
        Ok(done)
    }

    fn do_stock(&mut self, world: &World, act: &Act, stock: Stock) -> Result<bool, Refusal> {
        let stock = if self.takes_names { of_names(stock) } else { stock };
        let (column, side) = (act.column, &SIDES[act.column]);
        let (jira, who) = (world.jira(side.jira), world.person(side.jira, side.people[act.who]));
        let canary = act.canary();
        if stock == Stock::Make {
            if act.pick.is_multiple_of(3) {
                who.make_component(side.project, &canary)?;
                self.stock.push(Kept {
                    token: canary,
                    day: None,
                    column,
                    is_version: false,
                    removed: false,
                    may_be_two: false,
                });
                self.write_stock(act);
            } else {
                let own = format!("{OFTEN_SAID} {canary}");
                self.make_version(world, act, &canary, if act.number.is_multiple_of(2) { OFTEN_SAID } else { &own })?;
            }
            return Ok(true);
        }
        let Some(place) = self.picked(act) else { return Ok(false) };
        let Some(kept) = self.stock.get(place).filter(|kept| self.is_stock_of(kept, column)).cloned() else {
            return Ok(false);
        };
        let Some(thing) = thing(world, column, &kept) else { return Ok(false) };
        let pick = act.pick / 64;
        // Home's people would say the same after it, which changes nothing then, or turn it back: in one of the two worlds alone. And they
        // take no name that somebody else gave.
        let meets_others = is_said_by_others(stock, pick) || stock == Stock::Rename && kept.day.is_some();
        if self.left_out == Some(column) && kept.column != column && meets_others {
            return Ok(false);
        }
        let change = match stock {
            Stock::Make => return Ok(false),
            Stock::Use => return self.use_stock(world, act, &kept, &thing),
            Stock::Remove => {
                let base = if kept.is_version { ["v1", "v2"] } else { ["Api", "Web"] };
                let instead = if pick.is_multiple_of(2) { Some(base[pick / 2 % 2]) } else { None };
                if kept.is_version {
                    jira.remove_version(&who, side.project, name(&thing), instead)?;
                } else {
                    jira.remove_component(&who, side.project, name(&thing), instead)?;
                }
                self.stock[place].removed = true;
                self.take_for(world, column, &kept);
                return Ok(true);
            }
            Stock::Rename => json!({ "name": format!("{} {canary}", kept.token) }),
            Stock::Describe => {
                json!({ "description": if says_nothing(pick) { String::new() } else { format!("Words {canary}") } })
            }
            Stock::Release => json!({ "released": thing["released"] != json!(true), "startDate": day(pick) }),
            Stock::Archive => json!({ "archived": thing["archived"] != json!(true) }),
        };
        if kept.is_version {
            self.stock[place].may_be_two |= stock == Stock::Rename && is_unknown(world, side.jira, name(&thing));
            who.change_version(side.project, name(&thing), change)?;
            let is_theirs = self.sight == Sight::Open || !has_words_of_another(name(&thing), column);
            let is_theirs = is_theirs && !is_made_elsewhere(world, column, name(&thing));
            if stock == Stock::Rename && kept.day.is_some() && is_theirs {
                // Another one gets its name.
                *self.done.entry("Stock(TakeName)".to_owned()).or_default() += 1;
                self.make_version(world, act, name(&thing), &format!("{OFTEN_SAID} {canary}"))?;
            }
        } else if matches!(stock, Stock::Rename | Stock::Describe) {
            self.stock[place].may_be_two |= stock == Stock::Rename && is_unknown(world, side.jira, name(&thing));
            who.change_component(side.project, name(&thing), change)?;
        } else {
            return Ok(false);
        }
        self.write_stock(act);
        Ok(true)
    }

    /// One was taken away whose name another one has there by now, which the daemon did not see yet: it is taken for it, as two are that people
    /// make by one name, and keeps one's day (21038).
    fn take_for(&mut self, world: &World, column: usize, removed: &Kept) {
        let others = || (0..SIDES.len()).filter(|other| *other != column);
        let names: Vec<String> =
            others().filter_map(|other| Some(name(&thing(world, other, removed)?).to_owned())).collect();
        for kept in self.stock.iter_mut().filter(|kept| kept.column == column && kept.day.is_some()) {
            let has_its_name =
                thing(world, column, kept).is_some_and(|thing| names.iter().any(|is| is == name(&thing)));
            kept.removed |= has_its_name && !others().any(|other| thing(world, other, kept).is_some());
        }
    }

    /// The place of the one that an act is about. Whether that one makes any is counted by nobody else.
    fn picked(&self, act: &Act) -> Option<usize> {
        let left_out = self.left_out.unwrap_or(2);
        let is_counted = |kept: &Kept| !self.takes_names || kept.column == act.column || kept.column != left_out;
        let places: Vec<usize> = (0..self.stock.len()).filter(|place| is_counted(&self.stock[*place])).collect();
        places.get(act.pick % places.len().max(1)).copied()
    }

    fn make_version(&mut self, world: &World, act: &Act, name: &str, words: &str) -> Result<(), Refusal> {
        let (column, side) = (act.column, &SIDES[act.column]);
        let day = self.takes_names.then(|| unlike_day(act.number));
        let said = json!({ "description": words, "releaseDate": day.as_deref().unwrap_or(OFTEN_DUE) });
        world.person(side.jira, side.people[act.who]).make_version(side.project, name, said)?;
        let token = name.split(' ').next().unwrap_or_default().to_owned();
        self.stock.push(Kept { token, day, column, is_version: true, removed: false, may_be_two: false });
        self.write_stock(act);
        Ok(())
    }

    /// Home leaves a partner's alone, so that what it does is the same with and without that partner, and so that home's people put
    /// nobody's words where others see them.
    fn is_stock_of(&self, kept: &Kept, column: usize) -> bool {
        self.sight == Sight::Open || kept.column == column || kept.column == 0
    }

    fn use_stock(&mut self, world: &World, act: &Act, kept: &Kept, thing: &Value) -> Result<bool, Refusal> {
        let (column, side) = (act.column, &SIDES[act.column]);
        let Some(item) = self.items.get(act.item).filter(|item| self.is_for(item, column)) else { return Ok(false) };
        let Some(issue) = find(world, side.jira, &item.token) else { return Ok(false) };
        // Whoever puts it into an issue says its name to all who see that issue.
        let is_said_by_them = self.sight == Sight::Open || kept.column == column && column != OUTSIDER.0;
        let may = may_see(&issue, side, act.who) && self.fates.may_act(column, act.who, &issue);
        if !is_said_by_them || !may || issue.project != side.project || thing["archived"] == json!(true) {
            return Ok(false);
        }
        let who = world.person(side.jira, side.people[act.who]);
        let field = if kept.is_version { "fixVersions" } else { "components" };
        who.update(&issue.key, json!({ field: [{ "add": { "name": name(thing) } }] }))?;
        Ok(true)
    }

    /// Notes what was written: of a side whose people are told apart nothing crosses, and a partner's reaches home alone.
    fn write_stock(&mut self, act: &Act) {
        let shut = if self.sight == Sight::Open {
            [false; 3]
        } else {
            let crosses = act.column != OUTSIDER.0;
            [0, 1, 2].map(|column| !crosses || act.column != 0 && column != 0)
        };
        self.written.push(Written::of_stock(act, shut));
    }

    /// Takes nothing back but what has one out of sight.
    pub(crate) fn undo_stock(&self, world: &World) -> Result<(), String> {
        for (column, side) in SIDES.iter().enumerate() {
            let (jira, who) = (world.jira(side.jira), world.person(side.jira, side.people[side.role.1]));
            let archived = listed(jira, column, true).into_iter().filter(|thing| thing["archived"] == json!(true));
            for thing in archived {
                let open = json!({ "archived": false });
                who.change_version(side.project, name(&thing), open).map_err(|refusal| format!("{refusal:?}"))?;
            }
        }
        Ok(())
    }

    /// Where something would have been made it is not.
    pub(crate) fn leave_stock_out(&mut self, act: &Act) {
        if act.what == What::Stock(Stock::Make) {
            let token = act.canary();
            self.stock.push(Kept {
                token,
                day: None,
                column: act.column,
                is_version: true,
                removed: true,
                may_be_two: false,
            });
        }
    }

    /// What people made and nobody took away is there, whatever it was taken for: where it was made, and on every side unless they are
    /// kept from one another.
    fn audit_kept(&self, world: &World, is_version: bool) -> Result<(), String> {
        for kept in self.stock.iter().filter(|kept| kept.is_version == is_version && !kept.removed) {
            let columns = if self.sight == Sight::Open { 0..SIDES.len() } else { kept.column..kept.column + 1 };
            for column in columns {
                if !listed(world.jira(SIDES[column].jira), column, is_version).iter().any(|thing| kept.is(thing)) {
                    return Err(format!("{kept:?} is not at {}", SIDES[column].jira));
                }
            }
        }
        Ok(())
    }

    /// Each is there once; and, unless sides are kept from one another, on every side and the same there, but for what people took away.
    pub(crate) fn audit_stock(&self, world: &World) -> Result<(), String> {
        let removed: BTreeSet<&str> = self.stock.iter().filter(|kept| kept.removed).map(Kept::mark).collect();
        for is_version in [true, false] {
            let mut all: Vec<BTreeMap<String, String>> = Vec::new();
            for (column, side) in SIDES.iter().enumerate() {
                let mut there = BTreeMap::new();
                for thing in listed(world.jira(side.jira), column, is_version) {
                    let shown = ["name", "description", "startDate", "releaseDate", "released", "archived"]
                        .map(|key| format!("{key} {}", shown(&thing[key])))
                        .join(", ");
                    let Some(kept) = self.stock.iter().find(|kept| kept.is_version == is_version && kept.is(&thing))
                    else {
                        if self.stock.iter().any(|kept| kept.token == token(&thing)) {
                            return Err(format!("nobody made {thing} at {}", side.jira));
                        }
                        continue;
                    };
                    if !kept.may_be_two && there.insert(kept.mark().to_owned(), shown).is_some() {
                        return Err(format!("{kept:?} is twice at {}", side.jira));
                    }
                }
                all.push(there);
            }
            self.audit_kept(world, is_version)?;
            if self.sight == Sight::Apart {
                continue;
            }
            for token in all.iter().flat_map(BTreeMap::keys) {
                let there: Vec<Option<&String>> = all.iter().map(|side| side.get(token)).collect();
                let standing: BTreeSet<&String> = there.iter().copied().flatten().collect();
                if standing.len() > 1 || there.contains(&None) && !removed.contains(token.as_str()) {
                    return Err(format!("{token}: {there:?}"));
                }
            }
        }
        Ok(())
    }
}

/// Before anything begins, one that stays says what many will: so nothing that is made later is known by that alone.
pub(crate) fn begin_stock(world: &World) {
    let (side, jira) = (&SIDES[0], world.jira(SIDES[0].jira));
    let said = json!({ "description": OFTEN_SAID, "releaseDate": OFTEN_DUE });
    let known = listed(jira, 0, true).first().map(|version| name(version).to_owned()).unwrap();
    world.person(side.jira, side.people[side.role.1]).change_version(side.project, &known, said).unwrap();
}

/// A value as both kinds mean it: none is as one that says nothing.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Null | Value::Bool(false) | Value::Number(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Whether somebody who takes a name says what another side's people said.
fn has_words_of_another(name: &str, column: usize) -> bool {
    let others = SIDES.iter().enumerate().filter(|(other, _)| *other != column && *other != 0);
    others.into_iter().any(|(_, side)| name.contains(&format!("by{}z", side.jira)))
}

/// Where names are taken again, they and issues that hold them are all that counts.
fn of_names(stock: Stock) -> Stock {
    match stock {
        Stock::Describe | Stock::Archive => Stock::Rename,
        Stock::Release => Stock::Use,
        Stock::Make | Stock::Rename | Stock::Remove | Stock::Use => stock,
    }
}

fn says_nothing(pick: usize) -> bool {
    pick.is_multiple_of(4)
}

/// Whether others may say the same of a thing: who does it second does nothing, or turns it back.
fn is_said_by_others(stock: Stock, pick: usize) -> bool {
    match stock {
        Stock::Release | Stock::Archive => true,
        Stock::Describe => says_nothing(pick),
        Stock::Make | Stock::Rename | Stock::Remove | Stock::Use => false,
    }
}

/// Whether another side has one of that name which did not come here yet: two that people make by one name before either is known are one, and
/// keep one's day.
fn is_made_elsewhere(world: &World, column: usize, wanted: &str) -> bool {
    let of = |column: usize| listed(world.jira(SIDES[column].jira), column, true);
    let here = of(column);
    let is_new = |thing: &Value| !here.iter().any(|mine| mine["releaseDate"] == thing["releaseDate"]);
    let others = (0..SIDES.len()).filter(|other| *other != column);
    others.flat_map(of).any(|thing| name(&thing) == wanted && is_new(&thing))
}

/// Whether the daemon made the one of that name with nothing but that, or with what many say, and cannot know yet which one it is: it got no
/// answer that says so, or died before it kept it, and has not looked since.
fn is_unknown(world: &World, jira: &str, name: &str) -> bool {
    let calls = world.jira(jira).calls();
    let said = |call: &Exchange| serde_json::from_slice::<Value>(&call.request_body).unwrap_or_default();
    let is_make = |call: &Exchange| matches!(call.operation, "createComponent" | "createVersion");
    let Some(place) = calls.iter().rposition(|call| is_make(call) && said(call)["name"] == json!(name)) else {
        return false;
    };
    let (made, since) = (&calls[place], &calls[place + 1..]);
    let (words, day) = (said(made)["description"].clone(), said(made)["releaseDate"].clone());
    let is_told = match words.as_str().unwrap_or_default() {
        "" => !day.is_null(),
        OFTEN_SAID => day != json!(OFTEN_DUE),
        _ => true,
    };
    if is_told {
        return false;
    }
    if made.status != 201 || made.fault == Some("truncated") {
        return true;
    }
    let Some(died) = world.starts.iter().find(|start| **start >= made.at) else { return false };
    let lists = if made.operation == "createVersion" { "getProjectVersions" } else { "getProjectComponents" };
    // Before the next look it is kept what was answered; after a death the next look knows it by its name.
    let looked = |call: &Exchange| {
        let is_whole = call.status == 200 && matches!(call.fault, None | Some("slow" | "index-lag"));
        let is_kept = call.at < *died || world.starts.last().is_some_and(|last| call.at > *last);
        call.operation == lists && is_whole && is_kept
    };
    !since.iter().any(looked)
}

/// A day that no other has.
fn unlike_day(number: usize) -> String {
    format!("{}-{:02}-{:02}", 2030 + number / 336, 1 + number / 28 % 12, 1 + number % 28)
}

fn day(pick: usize) -> String {
    format!("2026-01-{:02}", 1 + pick % 28)
}

/// A component with nothing but its name is made at a partner, the daemon dies at each of its effects, or no answer says what was made, and
/// somebody there renames it at once: where it stands twice, that is excused. It is not where nobody died, nor after the next look.
#[tokio::test(start_paused = true)]
async fn a_component_may_be_two_where_the_daemon_cannot_know_it_again() {
    async fn begun() -> (World, Arc<Fuse>) {
        let mut world = stocked(&two(), "components = { every = \"30s\" }", none());
        let fuse = fused_world(&mut world);
        world.start().await;
        world.interval().await;
        world.jira("globex").record_bodies(true);
        world.person("acme", "jane").make_component("SUP", "Beam").unwrap();
        fuse.set(0);
        (world, fuse)
    }
    /// The same, where the daemon died at its n-th effect and was started again.
    async fn died(n: usize) -> World {
        let (mut world, fuse) = begun().await;
        fuse.set(n);
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            _ = world.interval() => {}
        }
        fuse.set(0);
        world.start().await;
        world
    }
    /// Where it is there: whether it is excused, and how many are found once it has another name.
    async fn renamed(world: &World) -> Option<(bool, usize)> {
        let excused = is_unknown(world, "globex", "Beam");
        let change = json!({ "name": "Beam of jdoe" });
        world.person("globex", "jdoe").change_component("ENG", "Beam", change).ok()?;
        world.jira("globex").clear_faults();
        rest(world).await;
        let beams = |thing: &&Value| name(thing).starts_with("Beam");
        Some((excused, world.jira("acme").components("SUP").iter().filter(beams).count()))
    }
    let (world, fuse) = begun().await;
    world.interval().await;
    let effects = fuse.passed();
    assert_eq!(renamed(&world).await, Some((false, 1)));
    let mut twice = Vec::new();
    for n in 1..=effects {
        let world = died(n).await;
        // From outside nobody sees whether it kept the answer in its last moment.
        if let Some((is_excused, count)) = renamed(&world).await
            && count != 1
        {
            assert!(is_excused && count == 2, "effect {n}: {count}");
            twice.push(n);
        }
    }
    assert!(!twice.is_empty() && twice.len() < effects, "{twice:?} of {effects}");
    for fault in [Fault::ResetAfter, Fault::StatusAfter(502), Fault::Truncated] {
        let (world, _) = begun().await;
        world.jira("globex").add_fault(FaultRule::new("createComponent", When::Always, fault.clone()));
        world.interval().await;
        assert_eq!(renamed(&world).await, Some((true, 2)), "{fault:?}");
    }
    // Whoever looks before the rename knows it by its name, also after a death.
    let world = died(twice[0]).await;
    world.interval().await;
    assert_eq!(renamed(&world).await, Some((false, 1)));
}
