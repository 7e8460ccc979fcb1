//! What people do in a world of many sides, and a ledger of what of it must be shown in the end. Must never do what Jira would not let a
//! person do, nor write into what the daemon wrote.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::simulator::{IssueView, Jira, Person, Refusal};
use serde_json::json;

use super::daemon_audit::token as token_of;
use super::everything_world::{PRIORITIES, STATUSES};
use super::random_life::Dice;

/// What somebody does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Act {
    Create,
    Summary,
    Description,
    DueDate,
    Priority,
    Status,
    AddLabel,
    RemoveLabel,
    Comment,
    EditComment,
    DeleteComment,
    Attach,
    Detach,
    LogWork,
    DeleteWork,
    Link,
    Unlink,
}

/// What is done to an issue that is there: some of it more often.
const CHANGES: [Act; 24] = [
    Act::Summary,
    Act::Summary,
    Act::Description,
    Act::DueDate,
    Act::Priority,
    Act::Priority,
    Act::Status,
    Act::Status,
    Act::AddLabel,
    Act::AddLabel,
    Act::RemoveLabel,
    Act::Comment,
    Act::Comment,
    Act::Comment,
    Act::EditComment,
    Act::EditComment,
    Act::DeleteComment,
    Act::Attach,
    Act::Detach,
    Act::LogWork,
    Act::DeleteWork,
    Act::Link,
    Act::Link,
    Act::Unlink,
];

impl Act {
    pub(crate) fn any(dice: &Dice) -> Self {
        dice.one(&CHANGES)
    }

    /// Those that nobody did.
    pub(crate) fn never_done(done: &BTreeMap<Self, usize>) -> Vec<Self> {
        let all: BTreeSet<Self> = CHANGES.into_iter().chain([Self::Create]).collect();
        all.into_iter().filter(|act| !done.contains_key(act)).collect()
    }
}

/// What is written beside the values of an issue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Comment,
    File,
    Work,
}

impl What {
    /// What the daemon calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::File => "file",
            Self::Work => "worklog",
        }
    }
}

/// One of them as a Jira shows it.
#[derive(Debug)]
pub(crate) struct Thing {
    pub(crate) id: u64,
    /// The act that made it, or of which it is a copy.
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// Those of a kind that an issue shows.
pub(crate) fn things(issue: &IssueView, what: What) -> Vec<Thing> {
    let thing = |id: u64, number: Option<usize>, text: String| Some(Thing { id, number: number?, text });
    let found: Vec<Option<Thing>> = match what {
        What::Comment => {
            let comments = issue.comments.iter();
            comments.map(|comment| thing(comment.id, number_in(&comment.body), comment.body.clone())).collect()
        }
        What::File => {
            let content = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
            let files = issue.attachments.iter();
            files.map(|file| thing(file.id, number_in(&file.name), content(&file.content))).collect()
        }
        // Time that nobody else logged.
        What::Work => {
            let number = |seconds: u64| (seconds / 60).checked_sub(1).map(|number| number as usize);
            let worklogs = issue.worklogs.iter();
            worklogs.map(|work| thing(work.id, number(work.seconds), work.comment.clone())).collect()
        }
    };
    found.into_iter().flatten().collect()
}

/// The act of a text, as in `word-7- from-s2`.
fn number_in(text: &str) -> Option<usize> {
    text.split_once("word-")?.1.split_once('-')?.0.parse().ok()
}

/// What one person wrote: it must be wherever it may be shown, once.
pub(crate) struct Written {
    pub(crate) token: String,
    /// The issue that it was written to.
    pub(crate) key: String,
    pub(crate) from: usize,
    pub(crate) what: What,
    author: &'static str,
    id: String,
    /// What it says since it was last edited.
    pub(crate) text: String,
    /// Whether its author deleted it.
    pub(crate) gone: bool,
}

/// A label or a link that somebody added.
pub(crate) struct Added {
    pub(crate) token: String,
    pub(crate) from: usize,
    /// The issue, and the one that it was linked to.
    pub(crate) keys: Vec<String>,
    /// The token of the one that it was linked to.
    pub(crate) other: Option<String>,
    pub(crate) element: String,
}

/// A link as all sides call it. A type that reads the same both ways has no direction.
pub(crate) fn link_name(kind: &str, outward: bool, other: &str) -> String {
    format!("{kind} {} {other}", outward && kind != "Relates")
}

/// The labels of an issue that are carried.
pub(crate) fn labels(issue: &IssueView) -> BTreeSet<String> {
    let text = issue.fields.get("labels").cloned().unwrap_or_default();
    text.split(' ').filter(|label| !label.is_empty() && !label.starts_with("share-")).map(str::to_owned).collect()
}

/// All that people did of which something must be shown.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By the number of the act.
    pub(crate) written: BTreeMap<usize, Written>,
    pub(crate) added: Vec<Added>,
    /// The labels and links that somebody took away anywhere, by the token of their issue.
    pub(crate) taken: BTreeSet<(String, String)>,
    pub(crate) done: BTreeMap<Act, usize>,
}

/// Who does something to which issue.
pub(crate) struct Scene<'a> {
    pub(crate) jira: &'a Jira,
    pub(crate) who: &'static str,
    pub(crate) side: usize,
    pub(crate) issue: &'a IssueView,
    /// All that are there.
    pub(crate) issues: &'a [IssueView],
    pub(crate) dice: &'a Dice,
    pub(crate) number: usize,
}

impl Scene<'_> {
    /// A canary in every text: whose it is shows where it went.
    fn canary(&self) -> String {
        format!("from-s{}", self.side)
    }

    /// The words of that side: two sides may have the same.
    fn column(&self) -> usize {
        self.side % 3
    }

    fn person(&self, name: &str) -> Person {
        self.jira.person(name).unwrap()
    }

    /// One of the issues that have something.
    fn any(&self, has: &dyn Fn(&IssueView) -> bool) -> Option<&IssueView> {
        let having: Vec<&IssueView> = self.issues.iter().filter(|issue| has(issue)).collect();
        (!having.is_empty()).then(|| self.dice.one(&having))
    }
}

impl Ledger {
    /// Does it, and keeps it, unless there is nothing to do it to.
    pub(crate) fn change(&mut self, scene: &Scene<'_>, act: Act) -> Result<(), Refusal> {
        let Scene { issue, dice, number, .. } = scene;
        let (who, key, canary) = (scene.person(scene.who), &issue.key, scene.canary());
        let is_done = match act {
            Act::Create => return Ok(()),
            Act::Summary => {
                who.edit(key, json!({ "summary": format!("{} {number} {canary}", token_of(issue)) })).map(|()| true)
            }
            Act::Description => {
                who.edit(key, json!({ "description": format!("Text {number} {canary}") })).map(|()| true)
            }
            Act::DueDate => {
                who.edit(key, json!({ "duedate": format!("2026-05-{:02}", 1 + dice.below(28)) })).map(|()| true)
            }
            Act::Priority => {
                let name = PRIORITIES[dice.below(PRIORITIES.len())][scene.column()];
                who.edit(key, json!({ "priority": { "name": name } })).map(|()| true)
            }
            // Not every way exists: then nobody goes it.
            Act::Status => Ok(who.transition(key, dice.one(STATUSES[scene.column()])).is_ok()),
            Act::AddLabel => self.add_label(scene),
            Act::RemoveLabel => self.remove_label(scene),
            Act::Comment => self.write(scene, What::Comment),
            Act::EditComment => self.edit_comment(scene),
            Act::DeleteComment => self.withdraw(scene, What::Comment),
            Act::Attach => self.write(scene, What::File),
            Act::Detach => self.withdraw(scene, What::File),
            Act::LogWork => self.write(scene, What::Work),
            Act::DeleteWork => self.withdraw(scene, What::Work),
            Act::Link => self.link(scene),
            Act::Unlink => self.unlink(scene),
        }?;
        *self.done.entry(act).or_default() += usize::from(is_done);
        Ok(())
    }

    fn write(&mut self, scene: &Scene<'_>, what: What) -> Result<bool, Refusal> {
        let (number, canary, key) = (scene.number, scene.canary(), scene.issue.key.clone());
        let (who, word) = (scene.person(scene.who), format!("word-{number}-"));
        let text = match what {
            What::Comment | What::Work => format!("{word} {canary}"),
            What::File => format!("File {number} {canary}"),
        };
        let id = match what {
            What::Comment => who.comment(&key, &text)?,
            What::File => who.attach(&key, &format!("{word}{canary}.txt"), text.as_bytes())?,
            What::Work => who.log_work(&key, "2026-03-10T08:30:00.000+0000", 60 * (1 + number as u64), &text)?,
        };
        let (token, from, author) = (token_of(scene.issue), scene.side, scene.who);
        self.written.insert(number, Written { token, key, from, what, author, id, text, gone: false });
        Ok(true)
    }

    /// Something of that side which its author may change, on whichever issue.
    fn own(&mut self, scene: &Scene<'_>, what: What) -> Option<(usize, &mut Written)> {
        let is_own = |written: &Written| (written.from, written.what, written.gone) == (scene.side, what, false);
        let mut own: Vec<_> = self.written.iter_mut().filter(|(_, written)| is_own(written)).collect();
        let place = (!own.is_empty()).then(|| scene.dice.below(own.len()))?;
        let (number, written) = own.swap_remove(place);
        Some((*number, written))
    }

    fn edit_comment(&mut self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        let Some((number, written)) = self.own(scene, What::Comment) else { return Ok(false) };
        let text = format!("word-{number}- said anew in {} {}", scene.number, scene.canary());
        scene.person(written.author).edit_comment(&written.key, &written.id, &text)?;
        written.text = text;
        Ok(true)
    }

    fn withdraw(&mut self, scene: &Scene<'_>, what: What) -> Result<bool, Refusal> {
        let Some((_, written)) = self.own(scene, what) else { return Ok(false) };
        let (who, key, id) = (scene.person(written.author), &written.key, &written.id);
        match what {
            What::Comment => who.delete_comment(key, id)?,
            What::File => who.detach(id)?,
            What::Work => who.delete_worklog(key, id)?,
        }
        written.gone = true;
        Ok(true)
    }

    fn add_label(&mut self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        let element = format!("{}-{}", scene.dice.one(&["red", "blue", "green"]), scene.canary());
        scene.person(scene.who).update(&scene.issue.key, json!({ "labels": [{ "add": element }] }))?;
        let (token, keys) = (token_of(scene.issue), vec![scene.issue.key.clone()]);
        self.added.push(Added { token, from: scene.side, keys, other: None, element });
        Ok(true)
    }

    fn remove_label(&mut self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        let Some(issue) = scene.any(&|issue| !labels(issue).is_empty()) else { return Ok(false) };
        let labels: Vec<String> = labels(issue).into_iter().collect();
        let element = &labels[scene.dice.below(labels.len())];
        scene.person(scene.who).update(&issue.key, json!({ "labels": [{ "remove": element }] }))?;
        self.taken.insert((token_of(issue), element.clone()));
        Ok(true)
    }

    fn link(&mut self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        let other = &scene.issues[scene.dice.below(scene.issues.len())];
        let (here, there) = (token_of(scene.issue), token_of(other));
        // Two issues of one item are no two things, and are told.
        if here == there {
            return Ok(false);
        }
        let kind = scene.dice.one(&["Blocks", "Relates"]);
        scene.person(scene.who).link(&scene.issue.key, kind, &other.key)?;
        let (keys, element) = (vec![scene.issue.key.clone(), other.key.clone()], link_name(kind, true, &there));
        self.added.push(Added { token: here, from: scene.side, keys, other: Some(there), element });
        Ok(true)
    }

    fn unlink(&mut self, scene: &Scene<'_>) -> Result<bool, Refusal> {
        let Some(issue) = scene.any(&|issue| !issue.issue_links.is_empty()) else { return Ok(false) };
        let links = &issue.issue_links;
        let link = &links[scene.dice.below(links.len())];
        scene.person(scene.who).unlink(link.id)?;
        let Some(other) = scene.any(&|other| other.key == link.other) else { return Ok(true) };
        let (here, there) = (token_of(issue), token_of(other));
        let far = link_name(&link.kind, !link.outward, &here);
        self.taken.insert((here, link_name(&link.kind, link.outward, &there)));
        self.taken.insert((there, far));
        Ok(true)
    }
}
