//! What home and a partner must show of each other when everybody has stopped, where the partners see nothing of each other: all that may
//! cross, once and as it was said last. Must never ask the daemon what is true, nor for what its side may not see.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::simulator::IssueView;

use super::daemon_audit::{by_token, elements, sync_user};
use super::daemon_support::World;
use super::everything_audit::{Audited, body, comments, copies_kept, files, same, sorted, worklogs};
use super::everything_people::People;
use super::everything_world::{OUTSIDER, SIDES};

/// How much of it was compared.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crossed {
    /// Comments, files and logged work that stand on both of two sides.
    pub(crate) said: usize,
    /// Pairs of issues of which every field was compared.
    pub(crate) whole: usize,
    /// Those of them of which also was compared who watches, and that somebody watches.
    pub(crate) watched: usize,
}

impl Crossed {
    pub(crate) fn add(&mut self, other: Self) {
        self.said += other.said;
        self.whole += other.whole;
        self.watched += other.watched;
    }
}

/// What people said in an issue of home or of a partner stands in the other once, and nothing else does; and an issue that nobody else
/// has is the same on both.
pub(crate) fn crossed(world: &World, people: &People, audited: &Audited<'_>) -> Result<Crossed, String> {
    let mut all = Vec::new();
    for side in &SIDES {
        let mut there = by_token(world, side.jira)?;
        there.retain(|_, view| view.project == side.project);
        all.push(there);
    }
    stands_everywhere(world, people, &all, audited)?;
    let mut found = Crossed::default();
    for (name, home) in &all[0] {
        // What was deleted somewhere may rest elsewhere.
        if people.fates.of(name).went() {
            continue;
        }
        for partner in [1, 2] {
            let Some(there) = all[partner].get(name) else { continue };
            for (from, to) in [((0, home), (partner, there)), ((partner, there), (0, home))] {
                // Where Jira did not say who is in the team when it was asked, nobody is taken to be, and more is told to stay than is
                // that one's (13041): so much may lack.
                let told = audited.told_to_stay(from.0, from.1);
                let mut spare = told.saturating_sub(of_the_outsider(world, from.0, from.1));
                found.said += said(name, from, to, people, audited, &mut spare)?;
            }
            if all[3 - partner].contains_key(name) || has_acts_that_stay(world, partner, there) {
                continue;
            }
            alike(world, name, &all, (partner, carries_watchers(people, partner)), audited)?;
            found.whole += 1;
            let is_watched = !world.jira(SIDES[0].jira).watchers(&home.key).is_empty();
            found.watched += usize::from(is_watched && carries_watchers(people, partner));
        }
    }
    Ok(found)
}

/// What nobody deleted is wherever it belongs, but for what somebody made whose acts stay, and what is told to have no place there.
fn stands_everywhere(
    world: &World,
    people: &People,
    all: &[BTreeMap<String, IssueView>],
    audited: &Audited<'_>,
) -> Result<(), String> {
    for item in people.items.iter().filter(|item| !people.fates.of(&item.token).went()) {
        let Some(own) = all[item.column].get(&item.token) else { continue };
        if has_acts_that_stay(world, item.column, own) {
            continue;
        }
        let lacks = |column: &usize| item.places[*column] && !all[*column].contains_key(&item.token);
        if let Some(column) = (0..SIDES.len()).filter(lacks).find(|at| !audited.cannot_be_made(all, &item.token, *at)) {
            return Err(format!("{} {} has no counterpart at {}", item.token, own.key, SIDES[column].jira));
        }
    }
    Ok(())
}

/// Whether somebody did something to it whose acts do not cross: then it is not the same on both.
fn has_acts_that_stay(world: &World, column: usize, view: &IssueView) -> bool {
    let who = world.person(SIDES[OUTSIDER.0].jira, SIDES[OUTSIDER.0].people[OUTSIDER.1]);
    column == OUTSIDER.0
        && (view.creator.as_deref() == Some(who.id())
            || view.history.iter().any(|entry| entry.author.as_deref() == Some(who.id())))
}

/// How many comments, files and entries of logged work of an issue are whose acts do not cross.
fn of_the_outsider(world: &World, column: usize, view: &IssueView) -> usize {
    let who = world.person(SIDES[OUTSIDER.0].jira, SIDES[OUTSIDER.0].people[OUTSIDER.1]);
    let comments = view.comments.iter().map(|said| &said.author);
    let rest = view.attachments.iter().map(|file| &file.author).chain(view.worklogs.iter().map(|work| &work.author));
    let theirs = comments.chain(rest).filter(|author| author.as_deref() == Some(who.id()));
    if column == OUTSIDER.0 { theirs.count() } else { 0 }
}

/// Whether who watches is the same at home and at a partner. Nobody signs for it, so of the outsider's side none is carried.
fn carries_watchers(people: &People, partner: usize) -> bool {
    people.carries_watchers && partner != OUTSIDER.0
}

/// An issue that only home and one partner have: all fields, links to what both have, and who watches, where that is carried.
fn alike(
    world: &World,
    name: &str,
    all: &[BTreeMap<String, IssueView>],
    (partner, carries_watchers): (usize, bool),
    audited: &Audited<'_>,
) -> Result<(), String> {
    let (home, there) = (&all[0][name], &all[partner][name]);
    let only_one = all[0].keys().filter(|name| !all[partner].contains_key(*name));
    let excused: BTreeSet<String> =
        only_one.chain(all[partner].keys().filter(|name| !all[0].contains_key(*name))).cloned().collect();
    // No history tells whose a link out of the sync is.
    let is_unsigned = |field: &str| field == "far" && partner == OUTSIDER.0;
    let stays = |field: &str| field == "watchers" && !carries_watchers || is_unsigned(field);
    let stays = |field: &str| stays(field) || partner == OUTSIDER.0 && is_renamed_there_alone(field, home, there);
    let told = |field: &str| stays(field) || audited.is_told(name, field, [(0, &home.key), (partner, &there.key)]);
    same((world, name), (0, home), (partner, there), (&excused, None), told)
}

/// Whether versions or components are the same but for what they were renamed to on the outsider's side: nobody knows who did that, so it stays.
fn is_renamed_there_alone(field: &str, home: &IssueView, there: &IssueView) -> bool {
    let jira = SIDES[OUTSIDER.0].jira;
    let mut names = elements(jira, there, field);
    names.retain(|word| !word.ends_with(&format!("by{jira}z")));
    matches!(field, "components" | "fixVersions") && names == elements(SIDES[0].jira, home, field)
}

/// How much of what people said there stands in the other, which may lack what is to `spare`: nothing is there twice for that, nor otherwise.
fn said(
    name: &str,
    (from, one): (usize, &IssueView),
    (to, other): (usize, &IssueView),
    people: &People,
    audited: &Audited<'_>,
    spare: &mut usize,
) -> Result<usize, String> {
    let (taken, ours) = (&people.taken, sync_user(SIDES[from].jira));
    let of_there = people.written.iter().filter(|written| written.column == from && written.is_shut(to));
    let shut: Vec<&str> = of_there.map(|written| written.canary.as_str()).collect();
    let crosses = |text: &String| !shut.iter().any(|canary| text.contains(canary));
    let by = format!("by{}z", SIDES[from].jira);
    let mut counted = 0;
    let mut holds = |kind: &str, wanted: Vec<String>, found: Vec<String>| {
        counted += found.len();
        if let Some(left) = lacking(&wanted, &found).and_then(|lacks| spare.checked_sub(lacks)) {
            *spare = left;
            return Ok(());
        }
        let (from, to) = (SIDES[from].jira, SIDES[to].jira);
        Err(format!("{name} {kind} of {from} {}: {wanted:?}, at {to} {}: {found:?}", one.key, other.key))
    };
    // Whoever may read it: that a role's comments stay in that role is asked of what is shut.
    let own = one.comments.iter().filter(|said| said.author.as_deref() != Some(ours) && !taken.is_among(&said.body));
    let originals: Vec<String> = sorted(own.map(|said| body(&said.body)).filter(crosses));
    let found = comments(other, to, Some(&by), taken);
    let (wanted, found) = copies_kept((originals, found), (to, other), audited);
    holds("comments", wanted, found)?;
    let mut wanted = files(one, from, None);
    wanted.retain(|file| crosses(file) && !taken.has_file(to, file));
    holds("files", wanted, files(other, to, Some(&by)))?;
    let wanted = worklogs(one, from, None).into_iter().filter(crosses).collect();
    holds("work", wanted, worklogs(other, to, Some(&by)))?;
    Ok(counted)
}

/// How much of what is wanted was not found; none where something else was found, or something more often.
fn lacking(wanted: &[String], found: &[String]) -> Option<usize> {
    let mut left = wanted.to_vec();
    for one in found {
        left.swap_remove(left.iter().position(|wanted| wanted == one)?);
    }
    Some(left.len())
}
