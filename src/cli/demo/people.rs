//! The people of the demo: they create, edit, comment, assign, label and move issues in their own Jira, by chance. Whatever they
//! write can be judged from the Jiras alone: a summary keeps its tag, a comment has a word of its own, a text of a partner
//! bears that partner's canary. They must never know of a daemon.

use std::collections::BTreeMap;

use serde_json::json;

use super::audit::tag_of;
use super::dice::Dice;
use super::party::{Party, RESTRICTED_ROLE, RESTRICTED_WORD, SHARE_PREFIX, UNSHARED_WORD};
use super::topic::Topic;
use crate::simulator::{IssueView, Jira, Person, Refusal};

const SUBJECTS: &[&str] = &["printer", "invoice", "login page", "export", "search", "backup", "badge reader", "report"];
const TROUBLES: &[&str] = &["fails at night", "is slow", "shows yesterday", "loses a row", "asks twice", "stays empty"];
const REMARKS: &[&str] =
    &["I can see it here", "same for my colleague", "gone since noon", "still there", "ask the vendor"];
const LABELS: &[&str] = &["urgent", "hardware", "regression", "customer", "night", "ui"];
const SEVERITIES: [[&str; 3]; 3] =
    [["S1", "S2", "S3"], ["Critical", "Major", "Minor"], ["Kritisch", "Normal", "Gering"]];
const PRIORITIES: [&[&str]; 3] =
    [&["Highest", "High", "Medium", "Low", "Lowest"], &["P1", "P2", "P3", "P4", "P5"], &["Hoch", "Mittel", "Niedrig"]];

/// Who gets an issue of acme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Nobody, ever.
    Nobody,
    /// Nobody yet.
    Later,
    Globex,
    Initech,
    Both,
}

/// Everybody, and what they have counted so far.
pub(super) struct People {
    jiras: BTreeMap<Party, Jira>,
    dice: Dice,
    tags: usize,
    notes: usize,
    words: usize,
}

impl People {
    pub(super) fn new(jiras: BTreeMap<Party, Jira>, dice: Dice) -> Self {
        Self { jiras, dice, tags: 0, notes: 0, words: 0 }
    }

    /// What exists before anybody synchronises: `home` issues at acme, and some at each partner.
    ///
    /// # Errors
    /// What a Jira refused: then the demo's own people are wrong.
    pub(super) fn backfill(&mut self, home: usize, partners: usize) -> Result<(), Refusal> {
        for number in 0..home {
            let audience = match number % 6 {
                0 | 3 => Audience::Globex,
                1 => Audience::Both,
                2 => Audience::Initech,
                4 => Audience::Later,
                _ => Audience::Nobody,
            };
            self.create_at_home(audience)?;
        }
        for _ in 0..partners {
            self.create(Party::Globex, &[])?;
            self.create(Party::Initech, &[])?;
        }
        for _ in 0..(home + partners) * 2 {
            self.act_on_any()?;
        }
        Ok(())
    }

    /// Somebody somewhere does something. Says what, in words.
    ///
    /// # Errors
    /// What a Jira refused.
    pub(super) fn act(&mut self) -> Result<String, Refusal> {
        match self.dice.below(100) {
            0..4 => {
                let audiences =
                    [Audience::Globex, Audience::Initech, Audience::Both, Audience::Later, Audience::Nobody];
                let audience = self.dice.pick(&audiences).copied().unwrap_or(Audience::Both);
                self.create_at_home(audience)
            }
            4..7 => {
                let party = if self.dice.chance(50) { Party::Globex } else { Party::Initech };
                self.create(party, &[])
            }
            7..10 => self.share(),
            10..15 => self.at_once(),
            _ => self.act_on_any(),
        }
    }

    fn jira(&self, party: Party) -> Option<Jira> {
        self.jiras.get(&party).cloned()
    }

    fn somebody(&self, party: Party) -> Result<Person, Refusal> {
        let name = self.dice.word(party.people());
        let found = self.jira(party).and_then(|jira| jira.person(name));
        found.ok_or_else(|| Refusal::message(404, format!("nobody called {name} works at {}", party.name())))
    }

    fn create_at_home(&mut self, audience: Audience) -> Result<String, Refusal> {
        match audience {
            Audience::Nobody => self.create(Party::Acme, &[UNSHARED_WORD]),
            Audience::Later => self.create(Party::Acme, &[]),
            Audience::Globex => self.create(Party::Acme, &["share-globex"]),
            Audience::Initech => self.create(Party::Acme, &["share-initech"]),
            Audience::Both => self.create(Party::Acme, &["share-globex", "share-initech"]),
        }
    }

    /// Creates an issue; what of `marks` is a label for sharing becomes one, other words go into the texts.
    fn create(&mut self, party: Party, marks: &[&str]) -> Result<String, Refusal> {
        self.tags += 1;
        let tag = format!("[D-{:03}]", self.tags);
        let (shares, words): (Vec<&str>, Vec<&str>) = marks.iter().partition(|mark| mark.starts_with(SHARE_PREFIX));
        let extra = words.join(" ");
        let mut labels = shares;
        if self.dice.chance(40) {
            labels.push(self.dice.word(LABELS));
        }
        let severity = self.dice.word(&SEVERITIES[party.index()]);
        let mut fields = json!({
            "summary": self.sentence(party, &format!("{tag} {extra}")),
            "description": self.paragraph(party, &extra),
            "labels": labels,
            "priority": { "name": self.dice.word(PRIORITIES[party.index()]) },
        });
        if self.dice.chance(50) {
            fields[Topic::Severity.field(party)] = json!({ "value": severity });
        }
        let kind = self.dice.word(party.issue_types());
        let key = self.somebody(party)?.create(party.project(), kind, fields)?;
        Ok(format!("{key} is created at {}", party.name()))
    }

    /// A summary that begins with `start`.
    fn sentence(&self, party: Party, start: &str) -> String {
        let mut words = vec![start.trim().to_owned(), self.dice.word(SUBJECTS).into(), self.dice.word(TROUBLES).into()];
        words.extend(party.canary().map(str::to_owned));
        words.join(" ")
    }

    /// A paragraph that nobody else writes.
    fn paragraph(&mut self, party: Party, extra: &str) -> String {
        self.words += 1;
        let start =
            format!("The {} {}, word{:04} {extra}", self.dice.word(SUBJECTS), self.dice.word(TROUBLES), self.words);
        let mut paragraph = start.trim().to_owned();
        if let Some(canary) = party.canary() {
            paragraph = format!("{paragraph} {canary}");
        }
        paragraph
    }

    fn note(&mut self, party: Party, extra: &str) -> String {
        self.notes += 1;
        let parts = [format!("note{:04}", self.notes), self.dice.word(REMARKS).into(), extra.into()];
        let canary = party.canary().map(str::to_owned);
        parts.into_iter().chain(canary).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Somebody works on an issue of theirs.
    fn act_on_any(&mut self) -> Result<String, Refusal> {
        let party = [Party::Acme, Party::Acme, Party::Globex, Party::Initech][self.dice.below(4)];
        let issues = self.jira(party).map(|jira| jira.issues()).unwrap_or_default();
        let issue = self.dice.pick(&issues).cloned();
        let Some(issue) = issue else { return Ok("nobody finds anything to do".into()) };
        match self.dice.below(100) {
            // Nobody rewrites a comment: only new ones are carried so far, and the auditor would find the old text.
            0..37 => self.comment(party, &issue),
            37..42 => self.restricted(party, &issue),
            choice => self.edit(party, &issue, choice),
        }
    }

    fn edit(&mut self, party: Party, issue: &IssueView, choice: usize) -> Result<String, Refusal> {
        let key = issue.key.as_str();
        let done = |what: &str| Ok(format!("{key} at {}: {what}", party.name()));
        let person = self.somebody(party)?;
        match choice {
            42..54 => {
                let mut start =
                    tag_of(issue.fields.get("summary").map_or("", String::as_str)).unwrap_or_default().to_owned();
                if is_unshared(issue) {
                    start = format!("{start} {UNSHARED_WORD}");
                }
                person.edit(key, json!({ "summary": self.sentence(party, &start) }))?;
                done("summary rewritten")
            }
            54..66 => {
                let text = issue.fields.get("description").cloned().unwrap_or_default();
                let extra = if is_unshared(issue) { UNSHARED_WORD } else { "" };
                let paragraph = self.paragraph(party, extra);
                let mut parts: Vec<&str> = text.split("\n\n").filter(|part| !part.trim().is_empty()).collect();
                let at = self.dice.below(parts.len() + 1);
                if parts.len() > 3 {
                    parts.truncate(2);
                }
                parts.insert(at.min(parts.len()), &paragraph);
                person.edit(key, json!({ "description": parts.join("\n\n") }))?;
                done("description extended")
            }
            66..80 => {
                let offered = person.transitions(key)?;
                let now = issue.fields.get("status").map_or("", String::as_str);
                let others: Vec<_> = offered.into_iter().filter(|(_, _, to)| to != now).collect();
                let Some((_, name, to)) = self.dice.pick(&others) else { return done("nowhere to go") };
                person.transition(key, name)?;
                done(&format!("moved to {to}"))
            }
            80..86 => {
                let priority = self.dice.word(PRIORITIES[party.index()]);
                person.edit(key, json!({ "priority": { "name": priority } }))?;
                done("priority changed")
            }
            86..92 => {
                // Only people whom every side has somebody for.
                let to = party.people().get(self.dice.below(4)).copied().filter(|name| *name != "nora");
                person.assign(key, to)?;
                done("assigned")
            }
            92..96 => {
                let severity = self.dice.word(&SEVERITIES[party.index()]);
                person.edit(key, json!({ Topic::Severity.field(party): { "value": severity } }))?;
                done("severity changed")
            }
            _ => {
                let label = self.dice.word(LABELS);
                let has =
                    issue.fields.get("labels").is_some_and(|labels| labels.split(' ').any(|known| known == label));
                let verb = if has { "remove" } else { "add" };
                person.update(key, json!({ "labels": [{ verb: label }] }))?;
                done("labels changed")
            }
        }
    }

    fn comment(&mut self, party: Party, issue: &IssueView) -> Result<String, Refusal> {
        let text = self.note(party, if is_unshared(issue) { UNSHARED_WORD } else { "" });
        self.somebody(party)?.comment(&issue.key, &text)?;
        Ok(format!("{} at {}: comment", issue.key, party.name()))
    }

    /// Where there is no role for it, an ordinary comment.
    fn restricted(&mut self, party: Party, issue: &IssueView) -> Result<String, Refusal> {
        let writer = self.jira(party).and_then(|jira| jira.person("omar"));
        let Some(writer) = writer else { return self.comment(party, issue) };
        let text = self.note(party, RESTRICTED_WORD);
        writer.restricted_comment(&issue.key, &text, RESTRICTED_ROLE)?;
        Ok(format!("{} at {}: restricted comment", issue.key, party.name()))
    }

    /// An issue of acme that nobody had gets a label for sharing.
    fn share(&mut self) -> Result<String, Refusal> {
        let issues = self.jira(Party::Acme).map(|jira| jira.issues()).unwrap_or_default();
        let sync = self.jira(Party::Acme).and_then(|jira| jira.person("sync")).map(|sync| sync.id().to_owned());
        let candidates: Vec<_> = issues
            .iter()
            .filter(|issue| issue.creator != sync && !is_unshared(issue))
            .filter(|issue| !issue.fields.get("labels").is_some_and(|labels| labels.contains(SHARE_PREFIX)))
            .collect();
        let Some(issue) = self.dice.pick(&candidates) else { return self.act_on_any() };
        let label = if self.dice.chance(50) { "share-globex" } else { "share-initech" };
        self.somebody(Party::Acme)?.update(&issue.key, json!({ "labels": [{ "add": label }] }))?;
        Ok(format!("{} at acme: {label}", issue.key))
    }

    /// Two people on two sides write one field of one item at the same time.
    fn at_once(&mut self) -> Result<String, Refusal> {
        let partner = if self.dice.chance(50) { Party::Globex } else { Party::Initech };
        let issues = |party: Party| self.jira(party).map(|jira| jira.issues()).unwrap_or_default();
        let (home, away) = (issues(Party::Acme), issues(partner));
        let tag = |issue: &IssueView| issue.fields.get("summary").and_then(|text| tag_of(text)).map(str::to_owned);
        let pairs: Vec<(&IssueView, &IssueView)> = home
            .iter()
            .filter_map(|issue| {
                Some((issue, away.iter().find(|other| tag(other).is_some() && tag(other) == tag(issue))?))
            })
            .collect();
        let Some((here, there)) = self.dice.pick(&pairs).copied() else { return self.act_on_any() };
        let choice = 42 + self.dice.below(58);
        self.edit(Party::Acme, here, choice)?;
        self.edit(partner, there, choice)?;
        Ok(format!("{} at acme and {} at {}: edited at the same time", here.key, there.key, partner.name()))
    }
}

/// Whether the issue is one that never leaves acme.
fn is_unshared(issue: &IssueView) -> bool {
    issue.fields.get("summary").is_some_and(|summary| summary.contains(UNSHARED_WORD))
}
