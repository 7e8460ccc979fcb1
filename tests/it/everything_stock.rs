//! What people do to the versions and components of their projects, beside the issues: made, renamed, described, released, archived,
//! merged and deleted. Must never touch those that were there before, nor do what Jira would not let a person do.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::simulator::{Jira, Refusal};
use serde_json::{Value, json};

use super::daemon_support::World;
use super::everything_acts::{Act, What};
use super::everything_people::{People, Written, find, may_see};
use super::everything_world::{OUTSIDER, SIDES, Sight};
use super::random_life::Dice;

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

/// One that people made. Its name begins with `token`, whatever it is called later.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    token: String,
    /// Where it was made.
    column: usize,
    is_version: bool,
    /// Where people took it away.
    pub(crate) removed: bool,
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

/// The thing of a token on a side.
fn thing(world: &World, column: usize, kept: &Kept) -> Option<Value> {
    let all = listed(world.jira(SIDES[column].jira), column, kept.is_version);
    all.into_iter().find(|thing| token(thing) == kept.token)
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
        let (column, side) = (act.column, &SIDES[act.column]);
        let (jira, who) = (world.jira(side.jira), world.person(side.jira, side.people[act.who]));
        let canary = act.canary();
        if stock == Stock::Make {
            let is_version = !act.pick.is_multiple_of(3);
            if is_version {
                let said = json!({ "description": "Made", "releaseDate": "2026-12-24" });
                who.make_version(side.project, &canary, said)?;
            } else {
                who.make_component(side.project, &canary)?;
            }
            self.stock.push(Kept { token: canary, column, is_version, removed: false });
            self.write_stock(act);
            return Ok(true);
        }
        let place = act.pick % self.stock.len().max(1);
        let Some(kept) = self.stock.get(place).filter(|kept| self.is_stock_of(kept, column)).cloned() else {
            return Ok(false);
        };
        let Some(thing) = thing(world, column, &kept) else { return Ok(false) };
        let pick = act.pick / 64;
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
                return Ok(true);
            }
            Stock::Rename => json!({ "name": format!("{} {canary}", kept.token) }),
            Stock::Describe => {
                json!({ "description": if pick.is_multiple_of(4) { String::new() } else { format!("Words {canary}") } })
            }
            Stock::Release => json!({ "released": thing["released"] != json!(true), "startDate": day(pick) }),
            Stock::Archive => json!({ "archived": thing["archived"] != json!(true) }),
        };
        if kept.is_version {
            who.change_version(side.project, name(&thing), change)?;
        } else if matches!(stock, Stock::Rename | Stock::Describe) {
            who.change_component(side.project, name(&thing), change)?;
        } else {
            return Ok(false);
        }
        self.write_stock(act);
        Ok(true)
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
            self.stock.push(Kept { token: act.canary(), column: act.column, is_version: true, removed: true });
        }
    }

    /// Each is there once; and, unless sides are kept from one another, on every side and the same there, but for what people took away.
    pub(crate) fn audit_stock(&self, world: &World) -> Result<(), String> {
        let removed: BTreeSet<&str> =
            self.stock.iter().filter(|kept| kept.removed).map(|kept| kept.token.as_str()).collect();
        let known: BTreeSet<&str> = self.stock.iter().map(|kept| kept.token.as_str()).collect();
        for is_version in [true, false] {
            let mut all: Vec<BTreeMap<String, String>> = Vec::new();
            for (column, side) in SIDES.iter().enumerate() {
                let mut there = BTreeMap::new();
                for thing in listed(world.jira(side.jira), column, is_version) {
                    let shown = ["name", "description", "startDate", "releaseDate", "released", "archived"]
                        .map(|key| format!("{key} {}", shown(&thing[key])))
                        .join(", ");
                    let token = token(&thing).to_owned();
                    if known.contains(token.as_str()) && there.insert(token.clone(), shown).is_some() {
                        return Err(format!("{token} is twice at {}", side.jira));
                    }
                }
                all.push(there);
            }
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

/// A value as both kinds mean it: none is as one that says nothing.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Null | Value::Bool(false) | Value::Number(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn day(pick: usize) -> String {
    format!("2026-01-{:02}", 1 + pick % 28)
}
