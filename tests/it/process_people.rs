//! People of two simulated Jiras who act by chance while a daemon runs, and an auditor who reads the Jiras alone. Every issue
//! keeps its tag, every comment a word of its own. Must never know of a daemon, nor look into its state.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::clock::{Entropy as _, SeededEntropy};
use jirasyncd::simulator::{IssueView, Jira};
use serde_json::json;

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

/// Everybody, and what they have written so far.
pub(crate) struct People {
    jiras: [Jira; 2],
    dice: Dice,
    tags: BTreeSet<String>,
    /// The word of each comment, and the tag of its issue.
    words: BTreeMap<String, String>,
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
        let choice = self.dice.below(100);
        if self.tags.len() < 3 || choice < 12 && self.tags.len() < MOST_ISSUES {
            self.create();
            return;
        }
        let side = self.dice.below(2);
        let issues = self.jiras[side].issues();
        let Some(issue) = issues.get(self.dice.below(issues.len())) else { return };
        let (person, key, tag) = (self.somebody(side), issue.key.as_str(), tag_of(issue));
        let number: usize = self.acts.values().sum();
        let what = match choice {
            12..40 => {
                self.comment(side, issue);
                "comment"
            }
            40..60 => {
                person.edit(key, json!({ "summary": format!("{tag} was edited, {number}") })).unwrap();
                "summary"
            }
            60..72 => {
                let text = format!("First of these\n\nThe {number}th thing");
                person.edit(key, json!({ "description": text })).unwrap();
                "description"
            }
            72..80 => {
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

    fn comment(&mut self, side: usize, issue: &IssueView) {
        let word = format!("note{:04}", self.words.len() + 1);
        self.somebody(side).comment(&issue.key, &format!("{word} was said")).unwrap();
        self.words.insert(word, tag_of(issue));
    }

    /// A comment on every issue of acme.
    pub(crate) fn comment_everywhere(&mut self) {
        for issue in self.jiras[0].issues() {
            self.comment(0, &issue);
        }
    }

    /// All that is not as it should be in the end.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let sides: Vec<BTreeMap<String, Vec<IssueView>>> = self.jiras.iter().map(by_tag).collect();
        let mut wrong = Vec::new();
        for (side, issues) in sides.iter().enumerate() {
            let name = NAMES[side];
            for (tag, found) in issues {
                if found.len() > 1 || !self.tags.contains(tag) {
                    let keys: Vec<&str> = found.iter().map(|issue| issue.key.as_str()).collect();
                    wrong.push(format!("{tag} is there {} times at {name}: {keys:?}", found.len()));
                }
            }
            for (word, tag) in &self.words {
                let has =
                    |issue: &IssueView| issue.comments.iter().filter(|comment| comment.body.contains(word)).count();
                let copies: usize = issues.values().flatten().map(has).sum();
                let there: usize = issues.get(tag).into_iter().flatten().map(has).sum();
                if (copies, there) != (1, 1) {
                    wrong.push(format!("{word} of {tag} is there {copies} times at {name}, {there} where it belongs"));
                }
            }
        }
        for tag in &self.tags {
            let found: Vec<&IssueView> = sides.iter().filter_map(|issues| issues.get(tag)?.first()).collect();
            let [acme, globex] = found[..] else {
                wrong.push(format!("{tag} is not on both sides"));
                continue;
            };
            let held = |issue: &IssueView, field: &str| issue.fields.get(field).cloned().unwrap_or_default();
            for field in ["summary", "description"] {
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

fn by_tag(jira: &Jira) -> BTreeMap<String, Vec<IssueView>> {
    let mut found: BTreeMap<String, Vec<IssueView>> = BTreeMap::new();
    for issue in jira.issues() {
        found.entry(tag_of(&issue)).or_default().push(issue);
    }
    found
}
