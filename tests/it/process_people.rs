//! People of two simulated Jiras who act by chance while a daemon runs, and an auditor who reads the Jiras alone. Every issue
//! keeps its tag, every comment a word of its own. Must never know of a daemon, nor look into its state.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::clock::{Entropy as _, SeededEntropy};
use jirasyncd::model::hub::Conflict;
use jirasyncd::simulator::{IssueView, Jira};
use serde_json::json;

use super::daemon_audit::sync_user;
use super::written_texts::{TEXTS, text_kept};

/// No more issues than this: one that is seldom touched proves little.
const MOST_ISSUES: usize = 24;
const PRIORITIES: [[&str; 3]; 2] = [["Highest", "Medium", "Low"], ["P1", "P3", "P4"]];
/// acme's Backlog is not in it: two of its statuses are one at globex, so nobody uses it here.
const STATUSES: [[&str; 3]; 2] = [["To Do", "In Progress", "Done"], ["Open", "Working", "Closed"]];
const NAMES: [&str; 2] = ["acme", "globex"];
const WORKERS: [[&str; 2]; 2] = [["jane", "omar"], ["jdoe", "mlopez"]];

/// Numbers by chance, from a seed.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        usize::try_from(self.0.next_u128() % u128::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// Of a hundred, the acts that take something back: a comment is edited, is deleted, a link is taken away.
const EDITS: std::ops::Range<usize> = 25..30;
const DELETES: std::ops::Range<usize> = 30..34;
const UNLINKS: std::ops::Range<usize> = 94..100;
/// After so many acts what nobody did yet is done, so that a short run has it, too: by what it is called, and its place in the hundred. What
/// the later ones need comes first.
const AFTER: usize = 30;
const OVERDUE: [(&str, usize); 5] = [
    ("comment", 12),
    ("link", 81),
    ("comment edited", EDITS.start),
    ("comment deleted", DELETES.start),
    ("unlink", UNLINKS.start),
];

/// What a word was written into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Comment,
    File,
    Work,
}

impl Kind {
    /// How often an issue shows a word.
    fn times(self, issue: &IssueView, word: &str) -> usize {
        match self {
            Self::Comment => issue.comments.iter().filter(|comment| comment.body.contains(word)).count(),
            Self::File => issue.attachments.iter().filter(|file| file.name.starts_with(word)).count(),
            Self::Work => issue.worklogs.iter().filter(|work| work.comment.contains(word)).count(),
        }
    }
}

/// What is in the file of a word.
fn file(word: &str) -> String {
    format!("{word} and nothing else")
}

/// Everybody, and what they have written so far.
pub(crate) struct People {
    jiras: [Jira; 2],
    dice: Dice,
    tags: BTreeSet<String>,
    /// The word of each comment, file and worklog, and the tag of its issue.
    words: BTreeMap<String, (Kind, String)>,
    /// The tags of issues that were linked, from the one that the link reads outward from.
    links: BTreeSet<(String, String)>,
    /// Those of which the link was taken away. They are not linked again: whether it is the old link that somebody takes away, or the new
    /// one, no auditor could tell.
    unlinked: BTreeSet<(String, String)>,
    /// What comments that were edited say now, by their word.
    anew: BTreeMap<String, String>,
    /// The words of comments that were deleted.
    gone: BTreeSet<String>,
    acts: BTreeMap<&'static str, usize>,
}

fn tag_of(issue: &IssueView) -> String {
    issue.fields.get("summary").and_then(|text| text.split(' ').next()).unwrap_or_default().to_owned()
}

impl People {
    pub(crate) fn new(acme: &Jira, globex: &Jira, seed: u64) -> Self {
        Self {
            jiras: [acme.clone(), globex.clone()],
            dice: Dice::new(seed),
            tags: BTreeSet::new(),
            words: BTreeMap::new(),
            links: BTreeSet::new(),
            unlinked: BTreeSet::new(),
            anew: BTreeMap::new(),
            gone: BTreeSet::new(),
            acts: BTreeMap::new(),
        }
    }

    /// How often each thing was done.
    pub(crate) fn acts(&self) -> &BTreeMap<&'static str, usize> {
        &self.acts
    }

    pub(crate) fn create(&mut self) {
        let side = self.dice.below(2);
        let tag = format!("[K-{:03}]", self.tags.len() + 1);
        let fields = json!({
            "summary": format!("{tag} was made"),
            "description": format!("First of {}\n\nSecond", self.tags.len()),
            "priority": { "name": PRIORITIES[side][self.dice.below(3)] },
        });
        let (project, issue_type) = [("SUP", "Bug"), ("ENG", "Defect")][side];
        self.somebody(side).create(project, issue_type, fields).unwrap();
        self.tags.insert(tag);
        *self.acts.entry("create").or_default() += 1;
    }

    fn somebody(&self, side: usize) -> jirasyncd::simulator::Person {
        self.jiras[side].person(WORKERS[side][self.dice.below(2)]).unwrap()
    }

    /// Somebody somewhere does something.
    pub(crate) fn act(&mut self) {
        let choice = self.overdue().unwrap_or_else(|| self.dice.below(100));
        if self.tags.len() < 3 || choice < 12 && self.tags.len() < MOST_ISSUES {
            self.create();
            return;
        }
        let side = self.dice.below(2);
        let issues = self.jiras[side].issues();
        if [EDITS, DELETES, UNLINKS].iter().any(|range| range.contains(&choice)) {
            if let Some(what) = self.take_back(choice, side, &issues) {
                *self.acts.entry(what).or_default() += 1;
            }
            return;
        }
        let Some(issue) = issues.get(self.dice.below(issues.len())) else { return };
        let (person, key, tag) = (self.somebody(side), issue.key.as_str(), tag_of(issue));
        let number: usize = self.acts.values().sum();
        let what = match choice {
            12..25 => {
                self.write(side, issue, Kind::Comment);
                "comment"
            }
            67..74 => {
                self.write(side, issue, Kind::File);
                "file"
            }
            74..81 => {
                self.write(side, issue, Kind::Work);
                "worklog"
            }
            81..87 => {
                let other = &issues[self.dice.below(issues.len())];
                let ends = (tag, tag_of(other));
                if other.key == issue.key || self.links.contains(&ends) || self.unlinked.contains(&ends) {
                    return;
                }
                person.link(key, "Blocks", &other.key).unwrap();
                self.links.insert(ends);
                "link"
            }
            34..50 => {
                person.edit(key, json!({ "summary": format!("{tag} was edited, {number}") })).unwrap();
                "summary"
            }
            50..60 => {
                let text = format!("First of these\n\nThe {number}th thing");
                person.edit(key, json!({ "description": text })).unwrap();
                "description"
            }
            60..67 => {
                let name = PRIORITIES[side][self.dice.below(3)];
                person.edit(key, json!({ "priority": { "name": name } })).unwrap();
                "priority"
            }
            _ => {
                let offered = person.transitions(key).unwrap();
                let used: Vec<_> = offered.iter().filter(|(_, _, to)| STATUSES[side].contains(&to.as_str())).collect();
                let Some((_, name, _)) = used.get(self.dice.below(used.len())) else { return };
                // The daemon may have moved the issue between the two: then it is no longer offered.
                if person.transition(key, name).is_err() {
                    return;
                }
                "transition"
            }
        };
        *self.acts.entry(what).or_default() += 1;
    }

    /// Of what nobody did yet, and should have been done by now, the first.
    fn overdue(&self) -> Option<usize> {
        let is_due = self.acts.values().sum::<usize>() >= AFTER;
        OVERDUE.iter().find(|(what, _)| is_due && !self.acts.contains_key(what)).map(|(_, choice)| *choice)
    }

    /// Somebody edits or deletes a comment of their own, or takes a link away, on whichever issue of that side. Says what was done.
    fn take_back(&mut self, choice: usize, side: usize, issues: &[IssueView]) -> Option<&'static str> {
        let person = self.somebody(side);
        if UNLINKS.contains(&choice) {
            let links = issues.iter().flat_map(|issue| issue.issue_links.iter().map(move |link| (issue, link)));
            let links: Vec<_> = links.filter(|(_, link)| link.outward).collect();
            let (issue, link) = *links.get(self.dice.below(links.len()))?;
            let ends = (tag_of(issue), tag_of(issues.iter().find(|other| other.key == link.other)?));
            // The daemon may have taken it away just now, for somebody elsewhere.
            person.unlink(link.id).ok()?;
            self.links.remove(&ends);
            self.unlinked.insert(ends);
            return Some("unlink");
        }
        let all = issues.iter().flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)));
        let own: Vec<_> = all.filter(|(_, comment)| comment.author.as_deref() == Some(person.id())).collect();
        let (issue, comment) = *own.get(self.dice.below(own.len()))?;
        let (word, id) = (comment.body.split(' ').next()?.to_owned(), comment.id.to_string());
        if EDITS.contains(&choice) {
            let text = format!("{word} was said anew in act {}.", self.acts.values().sum::<usize>());
            person.edit_comment(&issue.key, &id, &text).unwrap();
            self.anew.insert(word, text);
            return Some("comment edited");
        }
        person.delete_comment(&issue.key, &id).unwrap();
        self.anew.remove(&word);
        self.gone.insert(word);
        // No search tells of an issue that it lost a comment: that is seen when something else is done to it.
        self.write(side, issue, Kind::Comment);
        Some("comment deleted")
    }

    fn write(&mut self, side: usize, issue: &IssueView, kind: Kind) {
        let number = self.words.len() + 1;
        let (word, who, key) = (format!("note{number:04}"), self.somebody(side), issue.key.as_str());
        let text = format!("{word} was said");
        match kind {
            Kind::Comment => who.comment(key, &text).map(drop),
            Kind::File => who.attach(key, &format!("{word}.txt"), file(&word).as_bytes()).map(drop),
            Kind::Work => {
                let seconds = 60 * u64::try_from(number).unwrap();
                who.log_work(key, "2026-03-10T08:30:00.000+0000", seconds, &text).map(drop)
            }
        }
        .unwrap();
        self.words.insert(word, (kind, tag_of(issue)));
    }

    /// A comment on every issue of acme.
    pub(crate) fn comment_everywhere(&mut self) {
        for issue in self.jiras[0].issues() {
            self.write(0, &issue, Kind::Comment);
        }
    }

    /// What may never be, not even between two steps of the daemon: an issue that is there twice, or is nobody's; a comment, a file, a
    /// worklog or a link that is there twice, or where it does not belong.
    pub(crate) fn doubled(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, issues) in NAMES.iter().zip(self.jiras.iter().map(by_tag)) {
            for (tag, found) in &issues {
                if found.len() > 1 || !self.tags.contains(tag) {
                    let keys: Vec<&str> = found.iter().map(|issue| issue.key.as_str()).collect();
                    wrong.push(format!("{tag} is there {} times at {name}: {keys:?}", found.len()));
                }
            }
            for (word, (kind, tag)) in &self.words {
                let (copies, there) = times(&issues, *kind, word, tag);
                if copies > 1 || copies != there {
                    wrong.push(format!("{word} ({kind:?} of {tag}) is {copies} times at {name}, {there} in its place"));
                }
            }
            for attached in issues.values().flatten().flat_map(|issue| &issue.attachments) {
                if *attached.content != *file(attached.name.trim_end_matches(".txt")).as_bytes() {
                    wrong.push(format!("{} at {name} is not what was attached", attached.name));
                }
            }
            let links = links(&issues);
            for (place, ends) in links.iter().enumerate() {
                let is_theirs = self.links.contains(ends) || self.unlinked.contains(ends);
                if links[..place].contains(ends) || !is_theirs {
                    wrong.push(format!("{ends:?} are linked twice, or by nobody, at {name}"));
                }
            }
        }
        wrong
    }

    /// All that is not as it should be in the end.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let sides: Vec<BTreeMap<String, Vec<IssueView>>> = self.jiras.iter().map(by_tag).collect();
        let mut wrong = self.doubled();
        for (issues, name) in sides.iter().zip(NAMES) {
            for (word, (kind, tag)) in &self.words {
                let is_there = times(issues, *kind, word, tag).0 > 0;
                match (is_there, self.gone.contains(word)) {
                    (true, true) => wrong.push(format!("{word} ({kind:?} of {tag}) was deleted, and is at {name}")),
                    (false, false) => wrong.push(format!("{word} ({kind:?} of {tag}) is not at {name}")),
                    (true, false) | (false, true) => {}
                }
            }
            let says = |text: &str| {
                issues.values().flatten().any(|issue| issue.comments.iter().any(|c| c.body.contains(text)))
            };
            let unsaid = self.anew.values().filter(|text| !says(text));
            wrong.extend(unsaid.map(|text| format!("`{text}` is not what the comment says at {name}")));
            let links = links(issues);
            let lacking = self.links.iter().filter(|ends| !links.contains(ends));
            wrong.extend(lacking.map(|ends| format!("{ends:?} are not linked at {name}")));
            let left = links.iter().filter(|ends| self.unlinked.contains(*ends));
            wrong.extend(left.map(|ends| format!("the link of {ends:?} was taken away, and is at {name}")));
        }
        for tag in &self.tags {
            let found: Vec<&IssueView> = sides.iter().filter_map(|issues| issues.get(tag)?.first()).collect();
            let [acme, globex] = found[..] else {
                wrong.push(format!("{tag} is not on both sides"));
                continue;
            };
            let held = |issue: &IssueView, field: &str| issue.fields.get(field).cloned().unwrap_or_default();
            for field in TEXTS {
                if held(acme, field) != held(globex, field) {
                    wrong.push(format!("{tag} {field}: {:?} and {:?}", held(acme, field), held(globex, field)));
                }
            }
            for (field, names) in [("priority", PRIORITIES), ("status", STATUSES)] {
                let place = |side: usize, issue: &IssueView| {
                    let value = held(issue, field);
                    names[side].iter().position(|name| *name == value).ok_or(value)
                };
                let (here, there) = (place(0, acme), place(1, globex));
                if here.is_err() || here != there {
                    wrong.push(format!("{tag} {field}: {here:?} and {there:?}"));
                }
            }
        }
        wrong
    }
}

impl People {
    /// The summaries and descriptions that people gave and that are lost: neither there in the end, nor replaced by a person, nor told to have
    /// lost a conflict.
    pub(crate) fn lost(&self, told: &[Conflict]) -> Vec<String> {
        let sides: Vec<BTreeMap<String, Vec<IssueView>>> = self.jiras.iter().map(by_tag).collect();
        let judged = self.tags.iter().flat_map(|tag| {
            let views = sides.iter().zip(NAMES).filter_map(|(issues, name)| Some((name, issues.get(tag)?.first()?)));
            let views: Vec<_> = views.map(|(name, view)| (sync_user(name), view)).collect();
            TEXTS.map(|field| text_kept(tag, field, &views, told))
        });
        judged.filter_map(Result::err).collect()
    }
}

/// How often a word is there at all, and in its issue.
fn times(issues: &BTreeMap<String, Vec<IssueView>>, kind: Kind, word: &str, tag: &str) -> (usize, usize) {
    let all = issues.values().flatten().map(|issue| kind.times(issue, word)).sum();
    (all, issues.get(tag).into_iter().flatten().map(|issue| kind.times(issue, word)).sum())
}

/// The tags of issues that a side shows as linked, from the one that the link reads outward from.
fn links(issues: &BTreeMap<String, Vec<IssueView>>) -> Vec<(String, String)> {
    let all: Vec<&IssueView> = issues.values().flatten().collect();
    let tag = |key: &str| all.iter().find(|issue| issue.key == key).map(|issue| tag_of(issue)).unwrap_or_default();
    let outward = |issue: &&&IssueView| {
        let links = issue.issue_links.iter().filter(|link| link.outward);
        links.map(|link| (tag_of(issue), tag(&link.other))).collect::<Vec<_>>()
    };
    all.iter().flat_map(|issue| outward(&issue)).collect()
}

fn by_tag(jira: &Jira) -> BTreeMap<String, Vec<IssueView>> {
    let mut found: BTreeMap<String, Vec<IssueView>> = BTreeMap::new();
    for issue in jira.issues() {
        found.entry(tag_of(&issue)).or_default().push(issue);
    }
    found
}
