//! Seeds: files of issues that are put into a simulated Jira before it starts, our own small format and what real Jiras gave
//! over REST. Whatever occurs in them is made: people, projects, statuses, types, priorities, fields. It must never change what
//! was recorded but where one kind of Jira has to speak like the other.
//!
//! A file is one of
//! - a JSON array, or JSON lines, of issues as REST gives them: `fields`, and where there is one, `changelog.histories`. Rows may
//!   wrap them in a column `data` or `issue`. Between them may stand changelog entries that name no issue (`created`, `items`;
//!   they become the history of one issue), and rows of `GET field` (`schema`), which become fields.
//! - a JSON object of our own format, all parts of it optional:
//!
//! ```json
//! {
//!   "users": [{ "name": "jane", "displayName": "Jane Roe", "email": "jane@acme.example", "timeZone": "Europe/Oslo" }],
//!   "priorities": ["High", "Low"],
//!   "resolutions": ["Done"],
//!   "fields": [{ "id": "customfield_10042", "name": "Severity", "type": "select", "options": ["S1", "S2"] }],
//!   "projects": [{
//!     "key": "SUP", "name": "Support", "types": ["Bug"],
//!     "statuses": [{ "name": "To Do", "category": "new" }, { "name": "Done", "category": "done" }],
//!     "transitions": [{ "name": "Finish", "from": ["To Do"], "to": "Done" }]
//!   }],
//!   "issues": [{ "key": "SUP-1", "fields": { "issuetype": "Bug", "summary": "Printer on fire", "assignee": "jane" } }]
//! }
//! ```
//!
//! Its issues are as REST gives them, but names may stand where REST has objects. A user of this format can log in with the token
//! `NAME-token`; people of recorded issues cannot.

mod learn;
mod plant;
mod read;

use serde_json::Value;

use super::setup::{Kind, Setup};

pub(crate) use plant::plant;

/// Why a seed cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SeedError {
    /// Where, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// What a seed brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Issues, one for all changelog entries that name none included.
    pub issues: usize,
    /// Changelog entries that name no issue.
    pub entries: usize,
    /// Rows of a field list.
    pub fields: usize,
}

impl Setup {
    /// Adds what a seed file holds, and whatever it needs.
    ///
    /// # Errors
    /// The line at which the file cannot be understood. Then nothing of it was added.
    pub fn add_seed(&mut self, text: &str) -> Result<Seeded, SeedError> {
        let seed = read::read(text, self.kind)?;
        let mut seeded = Seeded { issues: seed.issues.len(), entries: seed.entries.len(), fields: seed.fields.len() };
        for user in seed.users {
            self.users.retain(|known| known.id != user.id);
            self.users.push(user);
        }
        add_new(&mut self.priorities, seed.priorities);
        add_new(&mut self.resolutions, seed.resolutions);
        for field in seed.fields {
            self.fields.retain(|known| known.id != field.id);
            self.fields.push(field);
        }
        for project in seed.projects {
            self.projects.retain(|known| known.key != project.key);
            self.projects.push(project);
        }
        let mut issues = seed.issues;
        if !seed.entries.is_empty() {
            let project = self.projects.first().map_or("REC", |project| project.key.as_str());
            issues.push(plant::nameless(project, seed.entries));
            seeded.issues += 1;
        }
        learn::learn(self, &issues);
        self.recorded.extend(issues);
        Ok(seeded)
    }
}

fn add_new(known: &mut Vec<String>, names: Vec<String>) {
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
}

/// The text of a value, or of what names it in an object.
fn name_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| ["value", "name", "key"].iter().find_map(|part| value.get(part)?.as_str()))
}

/// The id that a recorded user has in a Jira of this kind.
fn user_id(value: &Value, kind: Kind) -> Option<String> {
    if let Some(reference) = value.as_str() {
        return Some(reference.to_owned());
    }
    let part = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let from_link = || part("self")?.split_once("accountId=").map(|(_, id)| id.replace("%3A", ":"));
    let account = part("accountId").map(str::to_owned).or_else(from_link);
    let server = part("key").or_else(|| part("name")).map(str::to_owned);
    let either = match kind {
        Kind::Cloud => account.or(server),
        Kind::DataCenter => server.or(account),
    };
    either.or_else(|| part("displayName").map(str::to_owned))
}
