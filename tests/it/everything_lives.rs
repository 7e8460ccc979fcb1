//! What becomes of issues as a whole, and what administrators do to the accounts and rights around them. Must never do what could
//! not be undone, but for a deletion, and keeps what was deleted where.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use jirasyncd::simulator::{Exchange, Holder, IssueView, Refusal};
use serde_json::json;

use super::daemon_audit::{sync_user, token};
use super::daemon_support::World;
use super::everything_acts::{Act, What};
use super::everything_derived::counterparts;
use super::everything_people::{Item, People, find};
use super::everything_world::{Custom, EPIC_LINK, PARKED, SIDES, STORY, Side, Sight, beside};
use super::random_life::Dice;

/// So long no search may show what was made: `settle` of these worlds, and a write that lands late.
const UNFOUND: SignedDuration = SignedDuration::from_secs(90);

/// What may become of an issue, a side or an account. What can be undone is undone by doing it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Delete,
    /// To a project that is in no sync, with its sub-tasks.
    Move,
    Clone,
    Retype,
    /// To a sub-task, or to an issue of its own.
    Convert,
    Archive,
    /// Out of the clause by which it is in the sync.
    Leave,
    /// The sync user may not see the side's project.
    Hide,
    /// The sync user may not edit there.
    Lock,
    /// Somebody's account is inactive.
    Dismiss,
}

/// How often each is done, in parts.
const PARTS: [(Fate, usize); 10] = [
    (Fate::Delete, 2),
    (Fate::Move, 6),
    (Fate::Clone, 2),
    (Fate::Retype, 3),
    (Fate::Convert, 2),
    (Fate::Archive, 4),
    (Fate::Leave, 5),
    (Fate::Hide, 3),
    (Fate::Lock, 3),
    (Fate::Dismiss, 3),
];

/// What is done to the counterparts of what was deleted, and of what was moved.
pub(crate) const FAREWELLS: [&str; 5] =
    ["\"keep\"", "\"comment\"", "{ transition = \"Done\" }", "\"delete\"", "\"unlink\""];

/// Which of them are said in a seed's world, and whether what left its clause rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policies {
    pub(crate) deleted: usize,
    pub(crate) moved: usize,
    pub(crate) stop: bool,
    /// Whether what is written into copies of comments flows back.
    pub(crate) flows: bool,
}

impl Policies {
    pub(crate) fn of(seed: u64) -> Self {
        let seed = seed as usize;
        Self {
            deleted: seed % 5,
            moved: if seed % 7 == 3 { 3 } else { [0, 1, 4, 2][seed / 2 % 4] },
            stop: !(seed / 3).is_multiple_of(2),
            flows: !seed.is_multiple_of(3),
        }
    }

    /// The same where our copies go with what is deleted.
    pub(crate) fn of_deletes(seed: u64) -> Self {
        Self { deleted: 3, ..Self::of(seed) }
    }

    /// The table `life` of a sync.
    pub(crate) fn table(self) -> String {
        format!(
            "[sync.support.life]\ndeleted = {}\nmoved = {}\nleft = \"{}\"\nmost-missing = 100\n",
            FAREWELLS[self.deleted],
            FAREWELLS[self.moved],
            if self.stop { "stop" } else { "go-on" }
        )
    }

    /// Whether our copies go with what is deleted.
    pub(crate) fn deletes(self) -> bool {
        FAREWELLS[self.deleted] == "\"delete\""
    }

    /// Whether our copies go with what is moved.
    pub(crate) fn deletes_what_is_moved(self) -> bool {
        FAREWELLS[self.moved] == "\"delete\""
    }
}

/// What became of one item.
#[derive(Clone, Default, Debug)]
pub(crate) struct Fated {
    /// Where people deleted it.
    pub(crate) deleted: [bool; 3],
    /// Where it was when they first did, and where that was a copy of ours.
    pub(crate) was: [Option<bool>; 3],
    /// Where nobody knew yet that it had been made when they did: no answer came, and no search had found it. It is made again then, since
    /// nothing tells that it was there.
    pub(crate) unknown: [bool; 3],
    /// What stood on each side when people last deleted it on one.
    pub(crate) last: [Option<Box<IssueView>>; 3],
    moved: [bool; 3],
    /// Where people moved it away, so that our copies of it may have gone for good.
    pub(crate) taken: [bool; 3],
    archived: [bool; 3],
    /// The labels that were taken away or given, to be given back or taken away.
    pub(crate) left: BTreeSet<(usize, String)>,
    pub(crate) converted: bool,
}

/// What stands on each side of an item that may go.
fn stands(world: &World, issue: &IssueView) -> [Option<Box<IssueView>>; 3] {
    [0, 1, 2].map(|place: usize| find(world, SIDES[place].jira, &token(issue)).map(Box::new))
}

impl Fated {
    /// Takes in what stood on each side when it went; of a side where it is not there any more, what stood there before.
    fn remember(&mut self, last: [Option<Box<IssueView>>; 3]) {
        for (place, last) in last.into_iter().enumerate() {
            self.last[place] = last.or_else(|| self.last[place].take());
        }
    }

    /// Whether it may lack somewhere, since people deleted it, or moved it where that takes our copies along.
    pub(crate) fn went(&self) -> bool {
        self.deleted.contains(&true) || self.taken.contains(&true)
    }

    /// Whether a copy of it on that side may have gone with what people moved elsewhere. Whether that was read before it was back decides.
    pub(crate) fn may_have_gone_along(&self, column: usize) -> bool {
        (0..SIDES.len()).any(|place| place != column && self.taken[place])
    }
}

/// What became of everything.
#[derive(Clone, Default, Debug)]
pub(crate) struct Fates {
    pub(crate) items: BTreeMap<String, Fated>,
    hidden: [bool; 3],
    locked: [bool; 3],
    dismissed: [[bool; 3]; 3],
}

impl Fates {
    pub(crate) fn of(&self, token: &str) -> Fated {
        self.items.get(token).cloned().unwrap_or_default()
    }

    /// Whether somebody may not do what they could otherwise.
    pub(crate) fn may_be_refused(&self, column: usize, issue: &IssueView) -> bool {
        self.dismissed[column].contains(&true) || issue.project != SIDES[column].project
    }

    /// Whether somebody's account is inactive.
    pub(crate) fn is_dismissed(&self, column: usize, who: usize) -> bool {
        self.dismissed[column][who]
    }

    /// Whether somebody can act on an issue at all.
    pub(crate) fn may_act(&self, column: usize, who: usize, issue: &IssueView) -> bool {
        !self.dismissed[column][who] && !self.of(&token(issue)).archived[column]
    }

    fn item(&mut self, issue: &IssueView) -> &mut Fated {
        self.items.entry(token(issue)).or_default()
    }
}

impl Act {
    /// Any fate of anything.
    pub(crate) fn fate(dice: &Dice, number: usize, items: usize) -> Self {
        let mut part = dice.below(PARTS.iter().map(|(_, parts)| parts).sum());
        let chosen = PARTS.iter().find(|(_, parts)| {
            let here = part < *parts;
            part = part.saturating_sub(*parts);
            here
        });
        let (column, who, item, pick) = (dice.below(3), dice.below(3), dice.below(items.max(1)), dice.below(1 << 20));
        Self { number, column, who, what: What::Fate(chosen.unwrap().0), item, pick }
    }
}

/// Those who may do something where the sync user may or may not.
fn holders(world: &World, side: &Side, with_us: bool) -> Vec<Holder> {
    if with_us {
        return vec![Holder::LoggedIn];
    }
    side.people.iter().map(|name| Holder::User(world.person(side.jira, name).id().to_owned())).collect()
}

/// Lets the sync users see their projects again: without that no daemon starts.
pub(crate) fn show_all(world: &World) {
    for side in &SIDES {
        world.jira(side.jira).set_permission(side.project, "BROWSE_PROJECTS", &holders(world, side, true));
    }
}

fn is_sub_task(side: &Side, issue: &IssueView) -> bool {
    issue.fields["issuetype"] == side.types[3]
}

fn below(world: &World, side: &Side, issue: &IssueView) -> Vec<IssueView> {
    let mut all = world.jira(side.jira).issues();
    all.retain(|other| is_sub_task(side, other) && other.fields.get("parent") == Some(&issue.key));
    all
}

impl People {
    /// Does it, unless there is nothing to do it to. Says whether it did.
    pub(crate) fn meet(&mut self, world: &World, act: &Act, fate: Fate) -> Result<bool, String> {
        let meets = |refusal: Refusal| format!("{act:?}: {refusal:?}");
        let (column, side) = (act.column, &SIDES[act.column]);
        let jira = world.jira(side.jira);
        match fate {
            Fate::Hide | Fate::Lock => {
                let (key, off) = if fate == Fate::Hide {
                    ("BROWSE_PROJECTS", &mut self.fates.hidden[column])
                } else {
                    ("EDIT_ISSUES", &mut self.fates.locked[column])
                };
                *off = !*off;
                jira.set_permission(side.project, key, &holders(world, side, !*off));
            }
            Fate::Dismiss => {
                let off = &mut self.fates.dismissed[column][act.who];
                *off = !*off;
                jira.set_active(side.people[act.who], !*off);
            }
            Fate::Delete | Fate::Move | Fate::Clone | Fate::Retype | Fate::Convert | Fate::Archive | Fate::Leave => {
                let Some(item) = self.items.get(act.item).filter(|item| self.is_for(item, column)) else {
                    return Ok(false);
                };
                let Some(issue) = find(world, side.jira, &item.token) else { return Ok(false) };
                let may = fate == Fate::Archive || self.fates.may_act(column, act.who, &issue);
                if !may || !super::everything_people::may_see(&issue, side, act.who) {
                    return Ok(false);
                }
                if !self.befall(world, act, fate, &issue).map_err(meets)? {
                    return Ok(false);
                }
            }
        }
        *self.done.entry(format!("{:?}", act.what)).or_default() += 1;
        Ok(true)
    }

    fn befall(&mut self, world: &World, act: &Act, fate: Fate, issue: &IssueView) -> Result<bool, Refusal> {
        let (column, side, key) = (act.column, &SIDES[act.column], issue.key.as_str());
        let who = world.person(side.jira, side.people[act.who]);
        let is_home = issue.project == side.project;
        let kind = issue.fields["issuetype"].as_str();
        let plain = [side.types[0], side.types[1], STORY];
        match fate {
            Fate::Delete => {
                if !below(world, side, issue).is_empty() {
                    return Ok(false);
                }
                let was = [0, 1, 2].map(|place: usize| {
                    let there = find(world, SIDES[place].jira, &token(issue))?;
                    Some(there.creator.as_deref() == Some(sync_user(SIDES[place].jira)))
                });
                let last = stands(world, issue);
                who.delete(key)?;
                let shows = |(place, there): (usize, &Option<Box<IssueView>>)| {
                    let text = there.as_ref().and_then(|there| there.fields.get(&counterparts(place)));
                    text.is_some_and(|text| text.split(", ").any(|shown| shown == key))
                };
                let fated = self.fates.item(issue);
                fated.unknown[column] = was[column] == Some(true) && !last.iter().enumerate().any(shows);
                fated.remember(last);
                if !fated.deleted.contains(&true) {
                    fated.was = was;
                }
                fated.deleted[column] = true;
            }
            Fate::Move => {
                // What a level is called elsewhere is asked in the browser.
                if is_sub_task(side, issue) || issue.fields.contains_key("security") {
                    return Ok(false);
                }
                let to = if is_home { beside("ATT", column) } else { side.project.to_owned() };
                for moved in below(world, side, issue).iter().chain([issue]) {
                    if self.moves_take_copies && is_home {
                        let last = stands(world, moved);
                        let fated = self.fates.item(moved);
                        fated.remember(last);
                        fated.taken[column] = true;
                    }
                    who.move_to(&moved.key, &to)?;
                    self.fates.item(moved).moved[column] = is_home;
                }
            }
            Fate::Clone => return self.clone(world, act, issue),
            Fate::Retype => {
                let to = plain[act.pick % 3];
                if !plain.contains(&kind) || kind == to || !below(world, side, issue).is_empty() {
                    return Ok(false);
                }
                who.edit(key, json!({ "issuetype": { "name": to } }))?;
            }
            Fate::Convert => {
                if is_sub_task(side, issue) {
                    who.convert(key, side.types[0], None)?;
                } else {
                    let above = self.other(world, act, issue).filter(|above| {
                        above.project == issue.project && side.types[..2].contains(&above.fields["issuetype"].as_str())
                    });
                    let alone = below(world, side, issue).is_empty() && !issue.fields.contains_key(EPIC_LINK);
                    let Some(above) = above.filter(|_| alone && side.types[..2].contains(&kind)) else {
                        return Ok(false);
                    };
                    who.convert(key, side.types[3], Some(&above.key))?;
                }
                self.fates.item(issue).converted = true;
            }
            Fate::Archive => {
                // A create whose answer was lost, archived before a search can have shown it, is done again: a test of its own
                // (`daemon_planted`) holds that the second is told.
                let is_ours = issue.creator.as_deref() == Some(sync_user(side.jira));
                if is_ours && may_be_unfound(world, side.jira, issue.created, self.left_out.is_some()) {
                    return Ok(false);
                }
                let off = &mut self.fates.item(issue).archived[column];
                *off = !*off;
                if *off { who.archive(key)? } else { who.restore(key)? }
            }
            Fate::Leave => return self.leave(world, act, issue),
            Fate::Hide | Fate::Lock | Fate::Dismiss => return Ok(false),
        }
        Ok(true)
    }

    /// Takes an issue out of its clause, or puts it in again.
    fn leave(&mut self, world: &World, act: &Act, issue: &IssueView) -> Result<bool, Refusal> {
        let (column, side) = (act.column, &SIDES[act.column]);
        let label = match self.sight {
            Sight::Open => PARKED.to_owned(),
            Sight::Apart => format!("share-{}", SIDES[1 + act.pick % 2].jira),
        };
        let labels = issue.fields.get("labels").cloned().unwrap_or_default();
        let has = labels.split(' ').any(|word| word == label);
        let fated = self.fates.item(issue);
        let left = (column, label.clone());
        // What was not shared before is not shared now: nobody wrote it for that partner.
        if self.sight == Sight::Apart && (column != 0 || !has && !fated.left.contains(&left)) {
            return Ok(false);
        }
        let who = world.person(side.jira, side.people[act.who]);
        let verb = if has { "remove" } else { "add" };
        who.update(&issue.key, json!({ "labels": [{ verb: label }] }))?;
        let fated = self.fates.item(issue);
        if !fated.left.remove(&left) {
            fated.left.insert(left);
        }
        Ok(true)
    }

    /// Clones an issue, and calls the clone something else at once.
    fn clone(&mut self, world: &World, act: &Act, issue: &IssueView) -> Result<bool, Refusal> {
        let (column, side) = (act.column, &SIDES[act.column]);
        let labels = issue.fields.get("labels").cloned().unwrap_or_default();
        let mut places = [true; 3];
        if self.sight == Sight::Apart {
            // What it was taken out of it is put into again in the end.
            let left = self.fates.of(&token(issue)).left;
            let shared = |jira: &str| {
                let label = format!("share-{jira}");
                labels.split(' ').any(|word| word == label) || left.contains(&(column, label))
            };
            places = if column == 0 {
                [true, shared("globex"), shared("initech")]
            } else {
                [true, column == 1, column == 2]
            };
        }
        // Whoever clones what not all may read, or what stands apart, shows it to others: nobody here does.
        let fields = issue.fields.iter().filter(|(field, _)| **field != Custom::Secret.id(column));
        let shown: String = fields.map(|(_, value)| format!("{value} ")).collect();
        let shut = self.written.iter().any(|written| {
            (0..3).any(|place| places[place] && written.is_shut_for(place)) && shown.contains(&written.canary)
        });
        if shut || issue.project != side.project || issue.fields.contains_key("security") {
            return Ok(false);
        }
        let who = world.person(side.jira, side.people[act.who]);
        let clone = who.clone_issue(&issue.key)?;
        let name = format!("Item-{}", act.number);
        who.edit(&clone, json!({ "summary": format!("{name} {}", act.canary()) }))?;
        let (left, converted) = (self.fates.of(&token(issue)).left, self.fates.of(&token(issue)).converted);
        let left = left.into_iter().filter(|(place, _)| *place == column).collect();
        self.fates.items.insert(name.clone(), Fated { left, converted, ..Fated::default() });
        self.items.push(Item { token: name, column, places, level: [false; 3], mapped: false });
        self.write(act, self.items.len() - 1, [true; 3]);
        Ok(true)
    }

    /// Undoes all that can be undone.
    pub(crate) fn undo_fates(&mut self, world: &World) -> Result<(), String> {
        show_all(world);
        for (column, side) in SIDES.iter().enumerate() {
            let jira = world.jira(side.jira);
            jira.set_permission(side.project, "EDIT_ISSUES", &holders(world, side, true));
            side.people.iter().for_each(|name| jira.set_active(name, true));
            (self.fates.hidden[column], self.fates.locked[column]) = (false, false);
            self.fates.dismissed[column] = [false; 3];
            let mut again = Vec::new();
            for (name, fated) in &mut self.fates.items {
                let Some(issue) = find(world, side.jira, name) else { continue };
                let who = world.person(side.jira, side.people[side.role.1]);
                let undone = |done: Result<(), Refusal>| done.map_err(|refusal| format!("{name}: {refusal:?}"));
                if std::mem::take(&mut fated.archived[column]) {
                    undone(who.restore(&issue.key))?;
                }
                let mut key = issue.key.clone();
                if std::mem::take(&mut fated.moved[column]) {
                    key = who.move_to(&issue.key, side.project).map_err(|refusal| format!("{name}: {refusal:?}"))?;
                }
                let labels = issue.fields.get("labels").cloned().unwrap_or_default();
                for (_, label) in fated.left.iter().filter(|(place, _)| *place == column) {
                    let verb = if labels.split(' ').any(|word| word == label) { "remove" } else { "add" };
                    again.push((key.clone(), json!({ "labels": [{ verb: label }] })));
                }
                fated.left.retain(|(place, _)| *place != column);
            }
            // What nobody saw before it was hidden or archived moves no time when it is there again: it is found by its next change.
            for item in self.items.iter().filter(|item| item.column == column) {
                let is_there = |side: &Side| find(world, side.jira, &item.token).is_some();
                if let Some(issue) = find(world, side.jira, &item.token).filter(|_| !SIDES.iter().all(is_there)) {
                    again.push((issue.key, json!({ "labels": [{ "add": "again" }] })));
                }
            }
            let who = world.person(side.jira, side.people[side.role.1]);
            for (key, update) in again {
                who.update(&key, update).map_err(|refusal| format!("{key}: {refusal:?}"))?;
            }
        }
        Ok(())
    }
}

/// Whether no search may have shown yet what the sync user made then: none was answered since it was to be shown. With and without a
/// partner home is asked otherwise; there its age alone says.
fn may_be_unfound(world: &World, jira: &str, made: Timestamp, by_age: bool) -> bool {
    let shown = made.saturating_add(UNFOUND).unwrap_or(Timestamp::MAX);
    // Polls, and the search for what was made without an answer.
    let finds = |call: &Exchange| {
        let asked = String::from_utf8_lossy(&call.request_body);
        let is_wide =
            asked.contains("creator = currentUser()") || asked.contains("updated >=") && !asked.contains("id in (");
        call.operation == "search" && call.status == 200 && call.fault.is_none() && is_wide
    };
    let is_answered = || world.jira(jira).calls().iter().any(|call| call.at >= shown && finds(call));
    world.surroundings.clock.now() < shown || !by_age && !is_answered()
}
