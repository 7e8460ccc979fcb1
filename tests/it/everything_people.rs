//! People who do everything that can be done to an issue, and a ledger of who may never learn what they wrote. Must never touch
//! what the daemon wrote, nor do what Jira would not let a person do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jirasyncd::simulator::{CommentView, EntryView, IssueView, Jira, Person, Refusal, WorklogView};
use serde_json::{Value, json};

use super::daemon_audit::{sync_user, token};
use super::daemon_support::World;
use super::entities_beside::Own;
use super::everything_acts::{Act, Field, Talk, Thing, Tie, What};
use super::everything_audit::sent_leaks;
use super::everything_fields::{field_act, thing_act};
use super::everything_lives::{Fate, Fates};
use super::everything_losses::words;
use super::everything_stock::Kept;
use super::everything_world::{
    DESK, EPIC_LINK, INSIDE, LEVEL, OUTSIDER, PRIORITIES, SECRET, SIDES, Side, Sight, beside,
};

/// What somebody wrote, and who may never learn it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) canary: String,
    pub(crate) column: usize,
    item: usize,
    /// The sides that may not see it, whatever happens later.
    shut: [bool; 3],
    /// Whether its issue had a security level when it was written, and has it still.
    leveled: bool,
    /// Whether that level has a row: then it may be sent, and stands under the level's counterpart.
    mapped: bool,
}

impl Written {
    /// Of what is no issue's.
    pub(crate) fn of_stock(act: &Act, shut: [bool; 3]) -> Self {
        let (canary, column) = (act.canary(), act.column);
        Self { canary, column, item: usize::MAX, shut, leveled: false, mapped: false }
    }

    /// Whether it is of a version or component, and of no issue.
    pub(crate) fn is_stock(&self) -> bool {
        self.item == usize::MAX
    }

    pub(crate) fn is_shut(&self, column: usize) -> bool {
        column != self.column && (self.shut[column] || self.leveled && !self.mapped)
    }

    /// The same, whatever may become of its level.
    pub(crate) fn is_shut_for(&self, column: usize) -> bool {
        column != self.column && self.shut[column] || self.leveled
    }
}

/// Under which a level that became another one is counted.
const LEVEL_CHANGED: &str = "Level changed";

/// What was written at home under a level that is carried and stands still, and who saw it that may not.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    under: BTreeSet<String>,
    /// What somebody at a partner showed everybody there.
    told: BTreeSet<(usize, String)>,
    pub(crate) seen: Vec<String>,
    /// How often something was looked at, and how much of it stood under its level.
    pub(crate) looks: usize,
    pub(crate) kept: usize,
}

impl Ledger {
    /// Looks at everything that somebody of a partner sees who is in no level.
    pub(crate) fn look(&mut self, column: usize, jira: &Jira, after: &str) {
        let under: Vec<&String> =
            self.under.iter().filter(|word| !self.told.contains(&(column, (*word).clone()))).collect();
        if under.is_empty() {
            return;
        }
        self.looks += 1;
        for issue in jira.issues() {
            let shown = format!("{issue:?}");
            let found: Vec<&&String> = under.iter().filter(|word| shown.contains(word.as_str())).collect();
            if is_inside(&issue) {
                self.kept += found.len();
            } else if let Some(word) = found.first() {
                self.seen.push(format!("{word} after {after}: {shown}"));
            }
        }
    }
}

fn is_inside(issue: &IssueView) -> bool {
    issue.fields.get("security").is_some_and(|level| level == INSIDE)
}

/// Whether somebody sees an issue and may do something to it.
pub(crate) fn may_see(issue: &IssueView, side: &Side, who: usize) -> bool {
    !is_inside(issue) || who == side.role.1
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) token: String,
    /// Where it was made.
    pub(crate) column: usize,
    /// Where it may be.
    pub(crate) places: [bool; 3],
    pub(crate) level: [bool; 3],
    /// Whether home's is the one that has a row.
    pub(crate) mapped: bool,
}

/// Everything that people did.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) sight: Sight,
    /// Where home's levels are carried.
    levels: Option<Arc<Mutex<Ledger>>>,
    pub(crate) items: Vec<Item>,
    pub(crate) written: Vec<Written>,
    pub(crate) fates: Fates,
    pub(crate) stock: Vec<Kept>,
    /// Whether what is written into copies of comments flows back.
    pub(crate) flows: bool,
    /// Whether our copies go with what is moved away.
    pub(crate) moves_take_copies: bool,
    /// Whether a version may get the name of one that was renamed.
    pub(crate) takes_names: bool,
    /// Who is left out where all this happens twice, once without a partner: what that one does must then meet nothing that others do.
    pub(crate) left_out: Option<usize>,
    /// Whether who watches is carried between partners that do not see each other, but on the side where `from` holds.
    pub(crate) carries_watchers: bool,
    /// Whether each side's people make one person of theirs watch and nobody else, another one than on the other sides.
    pub(crate) each_watches_alone: bool,
    /// Which partners share the notes of home's service desk, and home theirs.
    pub(crate) notes: [bool; 3],
    /// The copies that people deleted.
    pub(crate) taken: Taken,
    /// The words that somebody took out of a field, having them before them; an issue that was deleted since does not show it any more.
    pub(crate) replaced: BTreeSet<String>,
    /// How often each thing was done.
    pub(crate) done: BTreeMap<String, usize>,
}

impl People {
    pub(crate) fn new(sight: Sight) -> Self {
        Self {
            sight,
            levels: None,
            items: Vec::new(),
            written: Vec::new(),
            fates: Fates::default(),
            stock: Vec::new(),
            flows: false,
            moves_take_copies: false,
            takes_names: false,
            left_out: None,
            carries_watchers: false,
            each_watches_alone: false,
            notes: [false; 3],
            taken: Taken::default(),
            replaced: BTreeSet::new(),
            done: BTreeMap::new(),
        }
    }

    /// The same where one of home's security levels is carried.
    pub(crate) fn with_levels(ledger: &Arc<Mutex<Ledger>>) -> Self {
        Self { levels: Some(Arc::clone(ledger)), ..Self::new(Sight::Apart) }
    }

    /// What stands under a level that is carried now.
    fn keep_ledger(&self) {
        if let Some(ledger) = &self.levels {
            let under = self.written.iter().filter(|written| written.leveled && written.mapped);
            ledger.lock().unwrap().under = under.map(|written| written.canary.clone()).collect();
        }
    }

    /// How many items were made.
    pub(crate) fn items(&self) -> usize {
        self.items.len()
    }

    /// How much was done.
    pub(crate) fn acts(&self) -> usize {
        // What an act did besides is no act of its own.
        self.done.iter().filter(|(what, _)| *what != LEVEL_CHANGED).map(|(_, times)| times).sum()
    }

    /// How many of the items people really made.
    pub(crate) fn made(&self) -> usize {
        ["Create", "Fate(Clone)"].iter().filter_map(|what| self.done.get(*what)).sum()
    }

    /// Does not do it. What would have been made keeps its place among the items.
    pub(crate) fn leave_out(&mut self, act: &Act) {
        self.leave_stock_out(act);
        if is_made_by(act) {
            let token = format!("Item-{}", act.number);
            self.items.push(Item { token, column: act.column, places: [false; 3], level: [false; 3], mapped: false });
        }
    }

    /// Whether somebody of a side may do something to it: what one partner makes, home leaves alone, so that it does the same with
    /// and without.
    pub(crate) fn is_for(&self, item: &Item, column: usize) -> bool {
        self.sight == Sight::Open || item.column == column || item.column == 0 || column == 1
    }

    /// Does it, unless there is nothing to do it to. Says whether it did.
    pub(crate) fn act(&mut self, world: &World, act: &Act) -> Result<bool, String> {
        let side = &SIDES[act.column];
        let meets = |refusal: Refusal| format!("{act:?}: {refusal:?}");
        if let What::Fate(fate) = act.what {
            let done = self.meet(world, act, fate)?;
            if !done && is_made_by(act) {
                self.leave_out(act);
            }
            return Ok(done);
        }
        if let What::Stock(stock) = act.what {
            return self.keep_stock(world, act, stock);
        }
        if act.what == What::Create {
            if self.fates.is_dismissed(act.column, act.who) {
                self.leave_out(act);
                return Ok(false);
            }
            let who = world.person(side.jira, side.people[act.who]);
            return self.create(world, act, &who).map_err(meets);
        }
        let Some(item) = self.items.get(act.item).filter(|item| self.is_for(item, act.column)) else {
            return Ok(false);
        };
        let Some(issue) = find(world, side.jira, &item.token) else { return Ok(false) };
        let act = Act { who: owner(world, act, &issue).unwrap_or(act.who), ..act.clone() };
        self.forget_overwritten_level(&act, &issue);
        if !may_see(&issue, side, act.who) || !self.fates.may_act(act.column, act.who, &issue) {
            return Ok(false);
        }
        if act.what == What::Field(Field::Level) {
            self.look_behind_levels(world)?;
        }
        let who = world.person(side.jira, side.people[act.who]);
        let readers = match self.change(&Scene { world, act: &act, side, who: &who, issue: &issue }) {
            Err(_) if self.fates.may_be_refused(act.column, &issue) => return Ok(false),
            done => done.map_err(meets)?,
        };
        if let Some(after) = world.jira(side.jira).issue(&issue.key) {
            for (field, before) in &issue.fields {
                let left = words(after.fields.get(field).map_or("", String::as_str));
                self.replaced.extend(words(before).difference(&left).map(|word| (*word).to_owned()));
            }
        }
        if let Some(readers) = readers {
            *self.done.entry(format!("{:?}", act.what)).or_default() += 1;
            self.write(&act, act.item, readers);
        }
        Ok(readers.is_some())
    }

    /// Notes what was written: `readers` are those that it was for, were the issue itself theirs.
    pub(crate) fn write(&mut self, act: &Act, item: usize, readers: [bool; 3]) {
        let place = &self.items[item];
        let outside = self.sight == Sight::Apart && (act.column, act.who) == OUTSIDER;
        let seen = |column: usize| {
            let partners = self.sight == Sight::Apart && act.column != 0 && column != 0;
            readers[column] && place.places[column] && !outside && !partners
        };
        let shut = [0, 1, 2].map(|column| !seen(column));
        let leveled = place.level[act.column];
        let mapped = place.mapped && act.column == 0;
        self.written.push(Written { canary: act.canary(), column: act.column, item, shut, leveled, mapped });
        self.keep_ledger();
    }

    /// A level that somebody set at a partner's is not theirs any more where a write of ours that landed late stands in its place.
    fn forget_overwritten_level(&mut self, act: &Act, issue: &IssueView) {
        let sets = |entry: &&EntryView| entry.items.iter().any(|(field, ..)| field == "security");
        let is_ours = issue.history.iter().rev().find(sets).is_some_and(|entry| entry.metadata.is_some());
        if act.column == 0 || !is_ours || !self.items[act.item].level[act.column] {
            return;
        }
        self.items[act.item].level[act.column] = false;
        let here = self.written.iter_mut().filter(|written| (written.item, written.column) == (act.item, act.column));
        here.for_each(|written| written.leveled = false);
        self.keep_ledger();
    }

    fn create(&mut self, world: &World, act: &Act, who: &Person) -> Result<bool, Refusal> {
        let side = &SIDES[act.column];
        let kind = [0, 1, 0, 1, 2, 3][act.pick % 6];
        let mut fields = json!({ "summary": format!("Item-{} {}", act.number, act.canary()),
            "description": who.text(&format!("First {}", act.canary())),
            "priority": { "name": PRIORITIES[act.pick / 8 % 3][act.column] } });
        // Data Center demands one, and what we gave it there in want of one is nobody's word.
        if side.types[kind] == "Epic" {
            fields[Own::Short.id(act.column)] = json!(format!("Epic {}", act.canary()));
        }
        if kind == 3 {
            let above = self.items.get(act.item).filter(|item| self.is_for(item, act.column));
            let above = above.and_then(|item| find(world, side.jira, &item.token));
            let above = above.filter(|above| above.project == side.project && may_see(above, side, act.who));
            let above = above.filter(|above| self.fates.may_act(act.column, act.who, above));
            let Some(above) = above.filter(|above| side.types[..2].contains(&above.fields["issuetype"].as_str()))
            else {
                self.leave_out(act);
                return Ok(false);
            };
            fields["parent"] = json!({ "key": above.key });
        }
        let mut places = [true; 3];
        if self.sight == Sight::Apart {
            let shared = [true, !(act.pick / 32).is_multiple_of(4), !(act.pick / 128).is_multiple_of(4)];
            places = [true, act.column == 1, act.column == 2];
            if act.column == 0 {
                places = shared;
                let labels = ["share-globex", "share-initech"];
                let labels: Vec<&str> =
                    labels.iter().zip(&shared[1..]).filter(|(_, on)| **on).map(|(l, _)| *l).collect();
                fields["labels"] = json!(labels);
            }
        }
        who.create(side.project, side.types[kind], fields)?;
        *self.done.entry("Create".to_owned()).or_default() += 1;
        self.items.push(Item {
            token: format!("Item-{}", act.number),
            column: act.column,
            places,
            level: [false; 3],
            mapped: false,
        });
        self.write(act, self.items.len() - 1, [true; 3]);
        Ok(true)
    }

    /// Does it, and says who may read it; none where there was nothing to do.
    fn change(&mut self, scene: &Scene<'_>) -> Result<Option<[bool; 3]>, Refusal> {
        match scene.act.what {
            What::Create | What::Fate(_) | What::Stock(_) => Ok(None),
            What::Field(Field::Level) => self.level(scene),
            What::Field(field) => field_act(scene, field),
            What::Talk(talk) => self.talk(scene, talk),
            What::Thing(Thing::DetachCopy) => self.taken.file(scene),
            What::Thing(thing) => thing_act(scene, thing),
            What::Tie(tie) => self.tie(scene, tie),
        }
    }

    fn level(&mut self, scene: &Scene<'_>) -> Result<Option<[bool; 3]>, Refusal> {
        if self.sight == Sight::Open || scene.issue.project != scene.side.project {
            return Ok(None);
        }
        let (item, column) = (scene.act.item, scene.act.column);
        let was = self.items[item].level[column];
        // Home's may also become the other one.
        let changes = was && self.levels.is_some() && column == 0 && (scene.act.pick / 4).is_multiple_of(3);
        let set = !was || changes;
        let mapped = self.levels.is_some() && column == 0 && !scene.act.pick.is_multiple_of(4);
        let mapped = if changes { !self.items[item].mapped } else { mapped };
        let name = if self.levels.is_some() && column == 0 && !mapped { SECRET } else { LEVEL };
        let level = if set { json!({ "name": name }) } else { Value::Null };
        scene.who.edit(scene.key(), json!({ "security": level }))?;
        if column == 0 {
            self.items[item].mapped = set && mapped;
        } else if let Some(ledger) = &self.levels {
            // Who takes it out of its level there shows what stands in it.
            let (shown, mut ledger) = (format!("{:?}", scene.issue), ledger.lock().unwrap());
            let told: Vec<String> = ledger.under.iter().filter(|word| shown.contains(word.as_str())).cloned().collect();
            ledger.told.extend(told.into_iter().map(|word| (column, word)));
        }
        self.items[item].level[column] = set;
        if changes {
            // What was written before may go now, or has gone and stands under its level.
            let here = self.written.iter_mut().filter(|written| (written.item, written.column) == (item, column));
            here.for_each(|written| written.mapped |= mapped);
            self.keep_ledger();
            *self.done.entry(LEVEL_CHANGED.to_owned()).or_default() += 1;
        }
        if !set {
            let here = self.written.iter_mut().filter(|written| (written.item, written.column) == (item, column));
            here.for_each(|written| written.leveled = false);
            self.keep_ledger();
        }
        Ok(Some([true; 3]))
    }

    fn talk(&mut self, scene: &Scene<'_>, talk: Talk) -> Result<Option<[bool; 3]>, Refusal> {
        let (who, key, body, column) = (scene.who, scene.key(), scene.body(), scene.act.column);
        let role = scene.side.role;
        match talk {
            Talk::Comment => who.comment(key, &body).map(|_| Some([true; 3])),
            Talk::Answer => {
                // Threads are of Cloud, and nobody answers what they may not read.
                let mut shown = scene.issue.comments.iter().filter(|comment| comment.visibility.is_none());
                let Some(first) = shown.next().filter(|_| column != 1) else { return Ok(None) };
                who.answer(key, &body, &first.id.to_string())?;
                if first.internal || self.taken.is_among(&first.body) {
                    self.taken.among.insert(scene.act.canary());
                }
                Ok(Some(self.readers(first, column)))
            }
            Talk::EditComment | Talk::NarrowComment | Talk::WidenComment => {
                let narrows = talk == Talk::NarrowComment;
                let Some(own) = scene.own_comment().filter(|_| !narrows || scene.act.who == role.1) else {
                    return Ok(None);
                };
                // Jira keeps the readers of an answer.
                if talk != Talk::EditComment && own.parent.is_some() {
                    return Ok(None);
                }
                let (id, before) = (own.id.to_string(), own.body.clone());
                self.taken.said_anew(&before, &scene.act.canary(), talk != Talk::EditComment);
                if narrows {
                    who.restrict_comment(key, &id, &body, role.0)?;
                } else if talk == Talk::WidenComment {
                    who.open_comment(key, &id, &body)?;
                } else {
                    who.edit_comment(key, &id, &body)?;
                }
                let after = scene.world.jira(scene.side.jira).issue(key);
                let after = after.and_then(|issue| issue.comments.into_iter().find(|comment| comment.id == own.id));
                Ok(after.map(|comment| self.readers(&comment, column)))
            }
            Talk::EditCopy => {
                let ours = sync_user(scene.side.jira);
                let copies = scene.issue.comments.iter().filter(|comment| {
                    comment.author.as_deref() == Some(ours) && comment.visibility.is_none() && !comment.internal
                });
                let copies: Vec<&CommentView> = copies.filter(|copy| copy.body.contains("Words c")).collect();
                let copy = copies.get(scene.act.pick % copies.len().max(1)).filter(|_| self.flows);
                let Some(copy) = copy.filter(|_| scene.act.who == role.1) else { return Ok(None) };
                who.edit_comment(
                    key,
                    &copy.id.to_string(),
                    &format!("{} {}", copy.body.trim_end(), scene.act.canary()),
                )?;
                Ok(Some([true; 3]))
            }
            Talk::DeleteCopy => self.taken.comment(scene),
            Talk::DeleteComment => {
                let Some(own) = scene.own_comment() else { return Ok(None) };
                who.delete_comment(key, &own.id.to_string())?;
                Ok(Some([true; 3]))
            }
            Talk::RestrictedComment => {
                let role = if column == 0 && scene.act.who == DESK.1 { DESK } else { role };
                if scene.act.who != role.1 {
                    return Ok(None);
                }
                who.restricted_comment(key, &body, role.0)?;
                let apart = self.sight == Sight::Apart && role.0 == DESK.0;
                Ok(Some([false, apart, false]))
            }
            Talk::InternalComment => who.internal_comment(key, &body).map(|_| Some(self.told_notes(column))),
        }
    }

    /// Who reads a comment of a side, were the issue itself theirs.
    fn readers(&self, comment: &CommentView, column: usize) -> [bool; 3] {
        let desk = comment.visibility.as_ref().is_some_and(|(_, name)| name == DESK.0) && column == 0;
        match (comment.internal, comment.visibility.is_some()) {
            (false, false) => [true; 3],
            (true, false) => self.told_notes(column),
            // What is restricted twice goes nowhere.
            (internal, true) => [false, desk && !internal, false],
        }
    }

    /// Who reads the notes of a side's service desk.
    fn told_notes(&self, column: usize) -> [bool; 3] {
        if column == 0 { self.notes } else { [self.notes[column], false, false] }
    }

    fn tie(&self, scene: &Scene<'_>, tie: Tie) -> Result<Option<[bool; 3]>, Refusal> {
        let (world, who, key, pick) = (scene.world, scene.who, scene.key(), scene.act.pick);
        let (side, issue) = (scene.side, scene.issue);
        let alone = scene.act.column..scene.act.column + 1;
        let watching: &[&str] = if self.each_watches_alone { &side.people[alone] } else { &side.people };
        match tie {
            Tie::Link => {
                let kind = ["Blocks", "Relates"][pick % 2];
                // Some lead out of the sync, each to an issue of whoever makes the link.
                if pick / 2 % 4 < 2 {
                    let what = ["FAR", "HID"][pick / 2 % 4];
                    let far = far(world, scene.act.column, what, scene.act.who);
                    who.link(key, kind, &far)?;
                    return Ok(Some([true; 3]));
                }
                let Some(other) = self.other(world, scene.act, issue) else { return Ok(None) };
                who.link(key, kind, &other.key)?;
            }
            Tie::Unlink => {
                let Some(link) = issue.issue_links.get(pick % issue.issue_links.len().max(1)) else {
                    return Ok(None);
                };
                let other = world.jira(side.jira).issue(&link.other);
                if other.is_some_and(|other| !may_see(&other, side, scene.act.who)) {
                    return Ok(None);
                }
                who.unlink(link.id)?;
            }
            Tie::Under => {
                if !side.types[..2].contains(&issue.fields["issuetype"].as_str()) {
                    return Ok(None);
                }
                let epic = self.other(world, scene.act, issue);
                let epic = epic.filter(|other| other.fields["issuetype"] == side.types[2]);
                match (scene.act.column, epic) {
                    (1, epic) => who.edit(key, json!({ EPIC_LINK: epic.map(|epic| epic.key) }))?,
                    (_, Some(epic)) => who.edit(key, json!({ "parent": { "key": epic.key } }))?,
                    (_, None) => who.update(key, json!({ "parent": [{ "set": { "none": true } }] }))?,
                }
            }
            // Nobody watches what they may not see.
            Tie::Watch if is_inside(issue) => return Ok(None),
            Tie::Watch => who.add_watcher(key, watching[pick % watching.len()])?,
            Tie::Unwatch => {
                let there = world.jira(side.jira).watchers(key);
                let Some(name) = watching.iter().find(|name| there.contains(**name)) else { return Ok(None) };
                who.remove_watcher(key, name)?;
            }
            Tie::Vote => {
                // Nobody votes for what they reported.
                let name = world.jira(side.jira).display_name(who.id());
                if issue.fields.get("reporter") == Some(&name) {
                    return Ok(None);
                }
                who.vote(key)?;
            }
            // Nobody takes back what they did not give.
            Tie::Unvote => {
                let takes_back = |name: &&str| world.person(side.jira, name).unvote(key).is_ok();
                if !side.people.iter().any(takes_back) {
                    return Ok(None);
                }
            }
        }
        Ok(Some([true; 3]))
    }

    /// Sees that nothing went out that is kept back: when a level goes, what it kept back may go, and whether it went before is then forgotten.
    fn look_behind_levels(&self, world: &World) -> Result<(), String> {
        (0..SIDES.len()).try_for_each(|column| sent_leaks(world, &self.written, column).map(drop))
    }

    /// Takes every security level away: from then on nothing is shut for one.
    pub(crate) fn open_levels(&mut self, world: &World) -> Result<(), String> {
        self.look_behind_levels(world)?;
        for item in &mut self.items {
            for (_, side) in SIDES.iter().enumerate().filter(|(column, _)| item.level[*column]) {
                let Some(issue) = find(world, side.jira, &item.token) else { continue };
                // Whoever set it may be the only one who sees it.
                let open = |who: &&str| world.person(side.jira, who).edit(&issue.key, json!({ "security": null }));
                let tried: Vec<_> = side.people.iter().map(open).collect();
                if !tried.iter().any(Result::is_ok) {
                    return Err(format!("{}: nobody may take its level away: {tried:?}", issue.key));
                }
            }
            item.level = [false; 3];
        }
        self.written.iter_mut().for_each(|written| written.leveled = false);
        self.keep_ledger();
        Ok(())
    }

    /// Another item that is there too.
    pub(crate) fn other(&self, world: &World, act: &Act, issue: &IssueView) -> Option<IssueView> {
        let other = self.items.get(act.pick / 4 % self.items.len()).filter(|other| self.is_for(other, act.column))?;
        let side = &SIDES[act.column];
        find(world, side.jira, &other.token).filter(|other| {
            let may = may_see(other, side, act.who) && self.fates.may_act(act.column, act.who, other);
            other.key != issue.key && may
        })
    }
}

/// What people took away of what we made, which nobody makes again.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Where, and the word that the copy of a comment began with; where, and the name of a file.
    comments: BTreeSet<(usize, String)>,
    files: BTreeSet<(usize, String)>,
    /// With which word a comment began before it was said anew; and which of these changed who may read it.
    before: BTreeMap<String, String>,
    shown_anew: BTreeSet<String>,
    /// The words that answer what is internal to a service desk.
    among: BTreeSet<String>,
}

/// How old a copy is that somebody deletes, in seconds: for two minutes it may be sent again, since its answer was lost
/// (docs/promises.md).
const SETTLED: i64 = 130;

impl Taken {
    /// Whether a comment answers what is internal, or was internal.
    pub(crate) fn is_among(&self, body: &str) -> bool {
        self.among.iter().any(|word| body.contains(word.as_str()))
    }

    fn said_anew(&mut self, before: &str, after: &str, for_others: bool) {
        if let Some(word) = first_word(before) {
            self.before.insert(after.to_owned(), word);
        }
        if for_others {
            self.shown_anew.insert(after.to_owned());
        }
        if self.is_among(before) {
            self.among.insert(after.to_owned());
        }
    }

    /// Whether the copy of a comment was deleted on a side. `None`: it was, and may have been made anew for other readers.
    pub(crate) fn has_comment(&self, column: usize, text: &str) -> Option<bool> {
        let (mut word, mut shown_anew) = (first_word(text), false);
        while let Some(known) = word {
            shown_anew |= self.shown_anew.contains(&known);
            if self.comments.contains(&(column, known.clone())) {
                return (!shown_anew).then_some(true);
            }
            word = self.before.get(&known).cloned();
        }
        Some(false)
    }

    /// The same of a file, which is told with what is in it.
    pub(crate) fn has_file(&self, column: usize, told: &str) -> bool {
        let name = told.split(' ').next().unwrap_or_default();
        self.files.contains(&(column, name.to_owned()))
    }

    fn comment(&mut self, scene: &Scene<'_>) -> Result<Option<[bool; 3]>, Refusal> {
        let ours = sync_user(scene.side.jira);
        let copies = scene.issue.comments.iter().filter(|copy| {
            copy.author.as_deref() == Some(ours)
                && copy.visibility.is_none()
                && !copy.internal
                && scene.is_settled(copy.created)
        });
        let copies: Vec<(&CommentView, String)> =
            copies.filter_map(|copy| Some((copy, first_word(&copy.body)?))).collect();
        let Some((copy, word)) = copies.get(scene.act.pick % copies.len().max(1)) else { return Ok(None) };
        scene.who.delete_comment(scene.key(), &copy.id.to_string())?;
        self.comments.insert((scene.act.column, word.clone()));
        Ok(Some([true; 3]))
    }

    fn file(&mut self, scene: &Scene<'_>) -> Result<Option<[bool; 3]>, Refusal> {
        let ours = sync_user(scene.side.jira);
        let copies = scene.issue.attachments.iter().filter(|file| file.author.as_deref() == Some(ours));
        let copies: Vec<_> = copies.filter(|file| scene.is_settled(file.created)).collect();
        let Some(copy) = copies.get(scene.act.pick % copies.len().max(1)) else { return Ok(None) };
        scene.who.detach(&copy.id.to_string())?;
        self.files.insert((scene.act.column, copy.name.clone()));
        Ok(Some([true; 3]))
    }
}

/// The word that a comment of people begins with.
fn first_word(text: &str) -> Option<String> {
    let (_, rest) = text.trim_end().lines().last()?.split_once("Words ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Whether an act makes an item.
pub(crate) fn is_made_by(act: &Act) -> bool {
    matches!(act.what, What::Create | What::Fate(Fate::Clone))
}

/// Somebody at an issue.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) act: &'a Act,
    pub(crate) side: &'static Side,
    pub(crate) who: &'a Person,
    pub(crate) issue: &'a IssueView,
}

impl Scene<'_> {
    pub(crate) fn key(&self) -> &str {
        &self.issue.key
    }

    pub(crate) fn body(&self) -> String {
        format!("Words {}", self.act.canary())
    }

    fn is_settled(&self, made: jiff::Timestamp) -> bool {
        self.world.surroundings.clock.now().duration_since(made).as_secs() > SETTLED
    }

    pub(crate) fn own_comment(&self) -> Option<&CommentView> {
        self.issue.comments.iter().find(|comment| comment.author.as_deref() == Some(self.who.id()))
    }

    pub(crate) fn own_log(&self) -> Option<&WorklogView> {
        self.issue.worklogs.iter().find(|work| work.author.as_deref() == Some(self.who.id()))
    }
}

/// Who changes what somebody made: the one who made it, so that there mostly is something.
fn owner(world: &World, act: &Act, issue: &IssueView) -> Option<usize> {
    let authors: Vec<Option<&str>> = if matches!(
        act.what,
        What::Talk(Talk::EditComment | Talk::DeleteComment | Talk::NarrowComment | Talk::WidenComment)
    ) {
        issue.comments.iter().map(|comment| comment.author.as_deref()).collect()
    } else if act.what == What::Thing(Thing::Detach) {
        issue.attachments.iter().map(|file| file.author.as_deref()).collect()
    } else if matches!(act.what, What::Thing(Thing::EditLog | Thing::DeleteLog)) {
        issue.worklogs.iter().map(|work| work.author.as_deref()).collect()
    } else {
        return None;
    };
    let side = &SIDES[act.column];
    let owners = side.people.iter().enumerate().filter(|(_, name)| {
        let person = world.person(side.jira, name);
        authors.contains(&Some(person.id()))
    });
    let owners: Vec<usize> = owners.map(|(place, _)| place).collect();
    owners.get(act.pick % owners.len().max(1)).copied()
}

/// The issue of a side's project beside the synced one that somebody links to.
pub(crate) fn far(world: &World, column: usize, what: &str, number: usize) -> String {
    let (side, token) = (&SIDES[column], format!("{what}-{number}"));
    let known = find(world, side.jira, &token).map(|issue| issue.key);
    known.unwrap_or_else(|| {
        let who = world.person(side.jira, side.people[0]);
        who.create(&beside(what, column), side.types[1], json!({ "summary": token })).unwrap()
    })
}

/// The issue of an item on a Jira.
pub(crate) fn find(world: &World, jira: &str, wanted: &str) -> Option<IssueView> {
    world.jira(jira).issues().into_iter().find(|issue| token(issue) == wanted)
}
