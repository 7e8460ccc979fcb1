//! What the sides of a world must show when everybody has stopped: each item once on each side that may see it, the same values where
//! sides see each other, and what people wrote once, as they last said it. Must never ask the daemon what is true: only what it tells, and a
//! duplicate that it tells excuses no other one than that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jirasyncd::model::hub::Conflict;
use jirasyncd::model::ids::{IssueKey, ItemId};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{EntryView, IssueView};
use serde_json::json;

use super::daemon_audit::{shared, sync_user, token as token_of};
use super::daemon_support::World;
use super::many_sides::{PLACES, Plot};
use super::many_sides_people::{Act, Added, Ledger, Scene, What, Written, labels, link_name, things};
use super::random_life::Dice;
use super::written_texts::{TEXTS, is_same_moment, text_kept};

/// What is compared, as issues call it.
const FIELDS: [&str; 5] = ["summary", "description", "duedate", "priority", "status"];
/// Fields of one value, of which the last that somebody chose stands: as issues call them, and as conflicts do. Of a status the end alone
/// is compared (docs/proof.md).
const CHOICES: [(&str, &str); 2] = [("priority", "priority"), ("duedate", "due-date")];
/// What functions of workflows set, where there are any: as issues and the configuration call it.
const SET_BY_FUNCTIONS: &str = "priority";

/// Whether an entry shows what a function set beside the hop of ours that set it off: no hop of ours sets it.
pub(crate) fn is_a_functions(entry: &EntryView, us: &str) -> bool {
    let has = |name: &str| entry.items.iter().any(|(field, ..)| field == name);
    entry.author.as_deref() == Some(us) && has("status") && has(SET_BY_FUNCTIONS)
}

/// What is there, and what was told.
struct Audit<'a> {
    world: &'a World,
    plot: Plot,
    ledger: &'a Ledger,
    told: Vec<String>,
    /// Where functions set something: the items of which it is told that this stands on a side, each with that side.
    let_be: BTreeSet<(ItemId, String)>,
    /// Of each side the issues by their token, without those that were told to be duplicates.
    all: Vec<BTreeMap<String, IssueView>>,
}

/// Judges the Jiras; says how many duplicates were told.
pub(crate) async fn judge(world: &World, plot: Plot, ledger: &Ledger) -> Result<usize, String> {
    let stored = world.daemon().store().problems(10_000).await.unwrap();
    let of_functions =
        stored.iter().filter(|stored| plot.effects.is_some() && stored.problem.field == Some(SET_BY_FUNCTIONS.into()));
    let let_be = of_functions.filter_map(|stored| Some((stored.item?, stored.problem.side.to_string()))).collect();
    let told = stored.into_iter().map(|stored| format!("{}: {}", stored.problem.side, stored.problem.what)).collect();
    let mut audit = Audit { world, plot, ledger, told, let_be, all: Vec::new() };
    let duplicates = audit.told.iter().filter(|told| told.contains(" is a duplicate of ")).count();
    let told = format!("problems: {:?}", audit.told);
    if duplicates > 0 && !plot.beyond {
        return Err(format!("a duplicate, though nothing was late: {told}"));
    }
    let found = audit.run().await.map_err(|why| format!("{why}; {told}"))?;
    if found == duplicates {
        Ok(duplicates)
    } else {
        Err(format!("{duplicates} duplicates are told, and {found} are there; {told}"))
    }
}

impl Audit<'_> {
    /// How many of what is there were told to be duplicates.
    async fn run(&mut self) -> Result<usize, String> {
        let mut duplicates = 0;
        for side in 0..self.plot.sides {
            let (issues, doubled) = self.by_token(side)?;
            duplicates += doubled;
            self.all.push(issues);
        }
        for (token, home) in &self.all[0] {
            let let_be = self.let_be(token).await;
            for side in 1..self.plot.sides {
                self.judge_pair(token, home, side, &let_be)?;
            }
            self.judge_losses(token).await?;
        }
        for (side, there) in self.all.iter().enumerate().skip(1) {
            if let Some(lone) = there.keys().find(|token| !self.all[0].contains_key(*token)) {
                return Err(format!("{lone} of s{side} never reached home"));
            }
            self.judge_sight(side, there)?;
        }
        for (number, written) in &self.ledger.written {
            duplicates += self.judge_written(*number, written)?;
        }
        self.ledger.added.iter().try_for_each(|added| self.judge_added(added))?;
        Ok(duplicates)
    }

    /// The issues of a side by their token, and how many duplicates are beside them. Each of those is told to be one of the issue that has its token.
    fn by_token(&self, side: usize) -> Result<(BTreeMap<String, IssueView>, usize), String> {
        let issues = self.plot.issues(self.world, side).into_iter();
        let (doubled, others): (Vec<_>, Vec<_>) =
            issues.partition(|issue| self.duplicate_of(side, &issue.key).is_some());
        let mut found: BTreeMap<String, IssueView> = BTreeMap::new();
        for issue in others {
            let key = issue.key.clone();
            if let Some(other) = found.insert(token_of(&issue), issue) {
                return Err(format!("s{side}: {key} and {} are the same item, and nobody was told", other.key));
            }
        }
        for issue in &doubled {
            let known = found.get(&token_of(issue)).map(|known| known.key.as_str());
            if known != self.duplicate_of(side, &issue.key) {
                return Err(format!("s{side}: {} is told to be a duplicate, and {known:?} is the one", issue.key));
            }
        }
        Ok((found, doubled.len()))
    }

    /// Of which issue another one was told to be a duplicate.
    fn duplicate_of(&self, side: usize, key: &str) -> Option<&str> {
        let begins = format!("s{side}: {key} is a duplicate of ");
        let of = self.told.iter().find_map(|told| told.strip_prefix(&begins))?;
        of.split(':').next()
    }

    /// The comments, files or pieces of work of an issue that were told to be duplicates.
    fn doubled(&self, side: usize, key: &str, what: What) -> BTreeSet<u64> {
        let word = what.word();
        let (begins, of) = (format!("s{side}: {word} "), format!(" of {key} is a duplicate of {word} "));
        let told = self.told.iter().filter(|told| told.contains(&of));
        told.filter_map(|told| told.strip_prefix(&begins)?.split(' ').next()?.parse().ok()).collect()
    }

    /// The sides on which what a function set of an item stands, as is told.
    async fn let_be(&self, token: &str) -> BTreeSet<usize> {
        if self.let_be.is_empty() {
            return BTreeSet::new();
        }
        let items = self.items(&self.views(token)).await;
        let stands = |side: &usize| items.iter().any(|item| self.let_be.contains(&(*item, format!("s{side}"))));
        (0..self.plot.sides).filter(stands).collect()
    }

    fn judge_pair(&self, token: &str, home: &IssueView, side: usize, let_be: &BTreeSet<usize>) -> Result<(), String> {
        let all_labels = home.fields.get("labels").map_or("", String::as_str);
        let is_shared = !self.plot.apart || all_labels.split(' ').any(|label| label == format!("share-s{side}"));
        match self.all[side].get(token) {
            None if is_shared => {
                let there: Vec<String> = self
                    .plot
                    .issues(self.world, side)
                    .iter()
                    .map(|issue| format!("{} {}", issue.key, token_of(issue)))
                    .collect();
                Err(format!("{token}, at home {}, has no counterpart at s{side}, which has {there:?}", home.key))
            }
            None => Ok(()),
            Some(there) => self.judge_values(token, (home, there), side, let_be),
        }
    }

    /// Where no other partner had a hand in it, home and a partner show the same.
    fn judge_values(
        &self,
        token: &str,
        (home, there): (&IssueView, &IssueView),
        side: usize,
        let_be: &BTreeSet<usize>,
    ) -> Result<(), String> {
        let is_mixed = self.is_mixed(token, side);
        let goes_apart = let_be.contains(&0) || let_be.contains(&side) || self.is_counted_apart(token, side);
        let differ = |field: &str, here: &dyn std::fmt::Debug, far: &dyn std::fmt::Debug| {
            Err(format!(
                "{token} {field}: home {} {here:?}, s{side} {} {far:?}; home {:?}; there {:?}",
                home.key, there.key, home.history, there.history
            ))
        };
        // The bare status passes between sides that do not see each other.
        let fields = FIELDS.into_iter().filter(|field| !is_mixed || *field == "status");
        for field in fields.filter(|field| !goes_apart || *field != SET_BY_FUNCTIONS) {
            let (here, far) = (shared(PLACES[0].jira, home, field), shared(PLACES[side].jira, there, field));
            if here != far {
                return differ(field, &here, &far);
            }
        }
        if is_mixed {
            return Ok(());
        }
        let (here, far) = (labels(home), labels(there));
        if here != far {
            return differ("labels", &here, &far);
        }
        let (here, far) = (self.links(0, home, side), self.links(side, there, 0));
        if here != far {
            return differ("links", &here, &far);
        }
        Ok(())
    }

    /// Whether somebody acted on it whose acts a partner may not see.
    fn is_mixed(&self, token: &str, side: usize) -> bool {
        let others = self.all.iter().enumerate().filter(|(other, _)| !self.plot.shows(*other, side));
        others.filter_map(|(other, issues)| Some((other, issues.get(token)?))).any(|(other, issue)| {
            let is_person = |author: Option<&str>| author != Some(self.plot.sync_user(other));
            is_person(issue.creator.as_deref()) || issue.history.iter().any(|entry| is_person(entry.author.as_deref()))
        })
    }

    /// Whether what a function set counts as the word of a side that a partner may not see.
    fn is_counted_apart(&self, token: &str, side: usize) -> bool {
        let others = self.all.iter().enumerate().filter(|(other, _)| !self.plot.shows(*other, side));
        let mut others = others.filter_map(|(other, issues)| Some((self.plot.sync_user(other), issues.get(token)?)));
        self.plot.effects == Some("count")
            && others.any(|(us, issue)| issue.history.iter().any(|entry| is_a_functions(entry, us)))
    }

    /// The links of an issue, but for those to what another side does not have, and to duplicates.
    fn links(&self, side: usize, issue: &IssueView, with: usize) -> Vec<String> {
        let link = |kind: &str, outward: bool, key: &str| {
            let other = self.all[side].iter().find(|(_, issue)| issue.key == key).map(|(token, _)| token);
            match other {
                Some(other) => self.all[with].contains_key(other).then(|| link_name(kind, outward, other)),
                // What leads elsewhere is nothing that the other side shows.
                None => self.duplicate_of(side, key).is_none().then(|| link_name(kind, outward, key)),
            }
        };
        let links = issue.issue_links.iter();
        let mut found: Vec<String> = links.filter_map(|there| link(&there.kind, there.outward, &there.other)).collect();
        found.sort();
        found
    }

    /// What somebody wrote or chose is there, was replaced, or is in a conflict.
    async fn judge_losses(&self, token: &str) -> Result<(), String> {
        let views = self.views(token);
        let by_user: Vec<_> = views.iter().map(|(side, view)| (self.plot.sync_user(*side), *view)).collect();
        let conflicts = self.conflicts(&views).await;
        TEXTS.iter().try_for_each(|field| text_kept(token, field, &by_user, &conflicts))?;
        // What a function sets over somebody's choice stands, comes back or is let be: nobody's choice has to be there.
        let mut choices = CHOICES.iter().filter(|(field, _)| self.plot.effects.is_none() || *field != SET_BY_FUNCTIONS);
        choices.try_for_each(|(field, named)| self.judge_choice(token, &views, (field, named), &conflicts))
    }

    /// The issues of an item, each with its side.
    fn views(&self, token: &str) -> Vec<(usize, &IssueView)> {
        self.all.iter().enumerate().filter_map(|(side, issues)| Some((side, issues.get(token)?))).collect()
    }

    /// The one item that has all these issues: two Jiras may have the same keys.
    async fn items(&self, views: &[(usize, &IssueView)]) -> BTreeSet<ItemId> {
        let store = self.world.daemon().store();
        let mut items: Option<BTreeSet<ItemId>> = None;
        for (_, view) in views {
            let found = store.items_by_key(&IssueKey::new(view.key.clone())).await.unwrap().into_iter().collect();
            items = Some(items.map_or_else(|| BTreeSet::clone(&found), |known| &known & &found));
        }
        items.unwrap_or_default()
    }

    /// What the daemon tells of it that lost.
    async fn conflicts(&self, views: &[(usize, &IssueView)]) -> Vec<Conflict> {
        let mut told = Vec::new();
        for item in self.items(views).await {
            told.extend(self.world.daemon().store().conflicts(item).await.unwrap());
        }
        told
    }

    /// Who chose last has their choice, or it is kept.
    fn judge_choice(
        &self,
        token: &str,
        views: &[(usize, &IssueView)],
        (field, named): (&str, &str),
        conflicts: &[Conflict],
    ) -> Result<(), String> {
        let mut last: Option<(Timestamp, usize, Option<String>)> = None;
        for (side, view) in views {
            let us = Some(self.plot.sync_user(*side));
            for entry in view.history.iter().filter(|entry| entry.author.as_deref() != us) {
                let step = entry.items.iter().find(|(name, from, to)| name == field && from != to);
                if let Some((_, _, to)) = step.filter(|_| last.as_ref().is_none_or(|(at, ..)| *at <= entry.created)) {
                    last = Some((entry.created, *side, to.clone()));
                }
            }
        }
        let Some((at, side, chosen)) = last else { return Ok(()) };
        let view = &self.all[side][token];
        let mut items = view.history.iter().flat_map(|entry| &entry.items);
        let shown = items.rfind(|(name, _, _)| name == field).map(|(_, _, to)| to);
        let is_kept = |told: &Conflict| {
            told.field.as_str() == named && told.loser.as_str() == format!("s{side}") && is_same_moment(told.at, at)
        };
        if shown == Some(&chosen) || conflicts.iter().any(is_kept) {
            return Ok(());
        }
        Err(format!(
            "{token} {field}: {chosen:?} was chosen last, at s{side} ({at}), {shown:?} is shown, and kept is {conflicts:?}; {:?}",
            view.history
        ))
    }

    /// What was written is shown once as it was last said, wherever it may be shown, and nowhere else; what was deleted, nowhere. How many were
    /// told to be there twice.
    fn judge_written(&self, number: usize, written: &Written) -> Result<usize, String> {
        if self.duplicate_of(written.from, &written.key).is_some() {
            // Nothing of an issue that was told to be a duplicate is carried.
            return Ok(0);
        }
        let mut twice = 0;
        for (side, issues) in self.all.iter().enumerate() {
            let Some(issue) = issues.get(&written.token) else { continue };
            let told = self.doubled(side, &issue.key, written.what);
            let found = things(issue, written.what).into_iter().filter(|thing| thing.number == number);
            let (doubled, shown): (Vec<_>, Vec<_>) = found.partition(|thing| told.contains(&thing.id));
            let may_be_shown = self.plot.shows(written.from, side);
            // What was deleted may have landed after that: it is told as well.
            let expected = usize::from(!written.gone && may_be_shown);
            let is_as_said = shown.iter().all(|thing| thing.text.contains(&written.text));
            if shown.len() != expected || !is_as_said || !may_be_shown && !doubled.is_empty() {
                return Err(format!(
                    "{:?} {number} of s{} (`{}`, deleted: {}) at s{side} {}: {shown:?}, and told to be doubled: {doubled:?}",
                    written.what, written.from, written.text, written.gone, issue.key
                ));
            }
            twice += doubled.len();
        }
        Ok(twice)
    }

    /// A label or link that nobody took away anywhere is shown wherever it may be.
    fn judge_added(&self, added: &Added) -> Result<(), String> {
        let is_duplicate = added.keys.iter().any(|key| self.duplicate_of(added.from, key).is_some());
        if is_duplicate || self.ledger.taken.contains(&(added.token.clone(), added.element.clone())) {
            return Ok(());
        }
        for (side, issues) in self.all.iter().enumerate().filter(|(side, _)| self.plot.shows(added.from, *side)) {
            let Some(issue) = issues.get(&added.token) else { continue };
            if added.other.as_ref().is_some_and(|other| !issues.contains_key(other)) {
                continue;
            }
            let mut shown = self.links(side, issue, side);
            shown.extend(labels(issue));
            if !shown.contains(&added.element) {
                return Err(format!(
                    "{} `{}` of s{} is not at s{side} {}, and nobody took it away: {shown:?}; {:?}",
                    added.token, added.element, added.from, issue.key, issue.history
                ));
            }
        }
        Ok(())
    }

    /// Nothing of one partner is at another.
    fn judge_sight(&self, side: usize, issues: &BTreeMap<String, IssueView>) -> Result<(), String> {
        let hidden: Vec<String> = (0..self.plot.sides)
            .filter(|from| !self.plot.shows(*from, side))
            .map(|from| format!("from-s{from}"))
            .collect();
        for issue in issues.values() {
            let shown = format!("{issue:?}");
            if let Some(leak) = hidden.iter().find(|canary| shown.contains(*canary)) {
                return Err(format!("{} of s{side} shows what is {leak}: {shown}", issue.key));
            }
        }
        Ok(())
    }
}

/// What the sync user breaks is seen.
#[tokio::test(start_paused = true)]
async fn what_a_side_shows_otherwise_is_seen() {
    let (world, ledger, plot) = judged_world().await;
    let (jira, ours) = (world.jira("globex"), world.person("globex", sync_user("globex")));
    let there = || jira.issues().into_iter().find(|issue| token_of(issue) == "Item-0").unwrap();
    let key = there().key;
    let seen = async |what: &str| {
        let why = judge(&world, plot, &ledger).await.unwrap_err();
        assert!(why.contains(what), "{why}");
    };
    assert_eq!(judge(&world, plot, &ledger).await, Ok(0));
    ours.edit(&key, json!({ "priority": { "name": "P4" } })).unwrap();
    seen("Item-0 priority: home SUP-1").await;
    ours.edit(&key, json!({ "priority": { "name": "P3" } })).unwrap();
    ours.transition(&key, "Working").unwrap();
    seen("Item-0 status: home SUP-1").await;
    ours.transition(&key, "Open").unwrap();
    let label = labels(&there()).pop_first().unwrap();
    ours.update(&key, json!({ "labels": [{ "remove": label }] })).unwrap();
    seen("Item-0 labels: home SUP-1").await;
    ours.update(&key, json!({ "labels": [{ "add": label }] })).unwrap();
    let link = there().issue_links[0].clone();
    ours.unlink(link.id).unwrap();
    seen("links: home SUP-").await;
    let (from, to) = if link.outward { (&key, &link.other) } else { (&link.other, &key) };
    ours.link(from, &link.kind, to).unwrap();
    assert_eq!(judge(&world, plot, &ledger).await, Ok(0));
    // Where all sides show the same a person may have lost their words.
    let (jane, at_home) = (world.person("acme", "jane"), world.person("acme", sync_user("acme")));
    jane.edit("SUP-1", json!({ "description": "Text 90 from-s0" })).unwrap();
    at_home.edit("SUP-1", json!({ "description": null })).unwrap();
    seen("Item-0 description: `Text 90 from s0` of SUP-1").await;
    jane.edit("SUP-1", json!({ "description": "Text 90 from-s0" })).unwrap();
    jane.edit("SUP-1", json!({ "description": null })).unwrap();
    assert_eq!(judge(&world, plot, &ledger).await, Ok(0));
    let comment = there().comments[0].clone();
    ours.edit_comment(&key, &comment.id.to_string(), "word-0- from-s0").unwrap();
    seen("Comment 0 of s0").await;
    ours.edit_comment(&key, &comment.id.to_string(), &comment.body).unwrap();
    assert_eq!(judge(&world, plot, &ledger).await, Ok(0));
    ours.delete_comment(&key, &comment.id.to_string()).unwrap();
    seen("Comment 0 of s0").await;
}

/// What was told of one thing excuses nothing else, and nothing is told of what is there once.
#[tokio::test(start_paused = true)]
async fn what_is_told_to_be_doubled_excuses_that_alone() {
    let (world, ledger, plot) = judged_world().await;
    let beyond = Plot { beyond: true, ..plot };
    let ours = world.person("globex", sync_user("globex"));
    let there = || world.jira("globex").issues().into_iter().find(|issue| token_of(issue) == "Item-0").unwrap();
    let (key, first) = (there().key, there().comments[0].id);
    let tells = async |what: Option<String>| {
        let problem = |what| Problem {
            side: "s1".into(),
            field: None,
            what,
            remedy: String::new(),
            operation: None,
            settles: false,
        };
        let problems: Vec<Problem> = what.into_iter().map(problem).collect();
        world.daemon().store().set_problems(&key, &problems, world.surroundings.clock.now()).await.unwrap();
        judge(&world, beyond, &ledger).await
    };
    let of = |word: &str, id: u64| Some(format!("{word} {id} of {key} is a duplicate of {word} {first}: it landed"));
    assert_eq!(tells(None).await, Ok(0));
    let why = tells(of("comment", first + 1_000)).await.unwrap_err();
    assert!(why.contains("1 duplicates are told, and 0 are there"), "{why}");
    ours.comment(&key, "word-0- said anew in 4 from-s0").unwrap();
    let second = there().comments.last().unwrap().id;
    for told in [None, of("worklog", second), of("file", second), of("comment", second + 1_000)] {
        let why = tells(told).await.unwrap_err();
        assert!(why.contains("Comment 0 of s0"), "{why}");
    }
    assert_eq!(tells(of("comment", second)).await, Ok(1));
    assert!(judge(&world, plot, &ledger).await.unwrap_err().contains("though nothing was late"));
}

/// What a function set stands apart where that is told of that item and side, and only where there are functions.
#[tokio::test(start_paused = true)]
async fn what_a_function_set_is_let_be_where_it_is_told() {
    let (world, ledger, plot) = judged_world().await;
    let with_functions = |effects| Plot { effects: Some(effects), ..plot };
    let ours = world.person("globex", sync_user("globex"));
    let key =
        |token: &str| world.jira("globex").issues().into_iter().find(|issue| token_of(issue) == token).unwrap().key;
    let differs = |token: &str, found: Result<usize, String>| {
        let why = found.unwrap_err();
        assert!(why.contains(&format!("{token} priority: home SUP-")), "{why}");
    };
    ours.edit(&key("Item-0"), json!({ "priority": { "name": "P4" } })).unwrap();
    for effects in ["restore", "count"] {
        differs("Item-0", judge(&world, with_functions(effects), &ledger).await);
    }
    // The daemon of this world lets it be, and says so.
    world.rest().await.unwrap();
    for effects in ["restore", "count"] {
        assert_eq!(judge(&world, with_functions(effects), &ledger).await, Ok(0), "{effects}");
    }
    differs("Item-0", judge(&world, plot, &ledger).await);
    ours.edit(&key("Item-1"), json!({ "priority": { "name": "P4" } })).unwrap();
    differs("Item-1", judge(&world, with_functions("restore"), &ledger).await);
    // Of another field nothing is let be.
    ours.edit(&key("Item-0"), json!({ "duedate": "2026-05-01" })).unwrap();
    let why = judge(&world, with_functions("count"), &ledger).await.unwrap_err();
    assert!(why.contains("Item-0 duedate: home SUP-"), "{why}");
}

/// Three sides that see each other, with two issues and something of each kind.
async fn judged_world() -> (World, Ledger, Plot) {
    let plot = Plot { sides: 3, apart: false, beyond: false, spread: false, effects: None };
    let (mut world, mut ledger, dice) = (plot.world(), Ledger::default(), Dice::new(1));
    world.start().await;
    let jira = world.jira("acme").clone();
    for number in 0..2 {
        let fields = json!({ "summary": format!("Item-{number} from-s0"), "priority": { "name": "Medium" } });
        jira.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    }
    let acts = [Act::Comment, Act::Attach, Act::LogWork, Act::AddLabel, Act::EditComment];
    for (number, act) in acts.into_iter().chain([Act::Link; 4]).enumerate() {
        let issues = plot.issues(&world, 0);
        let scene =
            Scene { jira: &jira, who: "jane", side: 0, issue: &issues[0], issues: &issues, dice: &dice, number };
        ledger.change(&scene, act).unwrap();
    }
    world.rest().await.unwrap();
    (world, ledger, plot)
}
