//! What brought an item up: why somebody looked at it at all, and so why what was written then was written. Must never hold what a Jira
//! said but a short name of its own, so that a row of the queue stays small.

use serde::{Deserialize, Serialize};

use super::command::{Command, Operator};
use super::ids::InstanceId;

/// As much is kept of a name that came from outside, in characters.
const LONGEST_NAME: usize = 64;

/// One reason to look at an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A poll of this instance brought an issue of it.
    Poll(InstanceId),
    /// The first reading of a project of this instance did.
    FirstReading(InstanceId),
    /// A webhook of this instance named an issue of it.
    Webhook {
        /// The instance.
        instance: InstanceId,
        /// What the instance calls the webhook; Data Center gives it no name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// The full check.
    FullCheck,
    /// The daemon started, and something was held back by the one before.
    Start,
    /// Another configuration than before, or a clock that was set.
    Configuration,
    /// An operator's command.
    Command {
        /// Its name.
        name: String,
        /// Who gave it.
        by: Operator,
    },
    /// What it waited for came: an issue, a counterpart, a way through a workflow, room under a brake.
    Awaited,
    /// Its turn came among the first copies that keep to a pace or wait for a word.
    Turn,
    /// Its issues name each other.
    Paired,
}

impl Occasion {
    /// A webhook, with as much of its name as is kept.
    #[must_use]
    pub fn webhook(instance: &InstanceId, id: Option<&str>) -> Self {
        Self::Webhook { instance: instance.clone(), id: id.and_then(short_name) }
    }

    /// A command that was given.
    #[must_use]
    pub fn command(command: &Command, by: &Operator) -> Self {
        Self::Command { name: command.name().to_owned(), by: by.clone() }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Poll(instance) => format!("a poll of {instance}"),
            Self::FirstReading(instance) => format!("the first reading of {instance}"),
            Self::Webhook { instance, id: Some(id) } => format!("webhook {id} of {instance}"),
            Self::Webhook { instance, id: None } => format!("a webhook of {instance}"),
            Self::FullCheck => "the full check".to_owned(),
            Self::Start => "a start".to_owned(),
            Self::Configuration => "another configuration, or a clock that was set".to_owned(),
            Self::Command { name, by } => format!("`{name}` by {by}"),
            Self::Awaited => "the arrival of what it waited for".to_owned(),
            Self::Turn => "its turn among the first copies".to_owned(),
            Self::Paired => "issues that name each other".to_owned(),
        }
    }
}

/// A name that came from outside, as it is kept: short and harmless. `None` of one that says nothing.
#[must_use]
pub fn short_name(name: &str) -> Option<String> {
    let kept: String = name.chars().filter(char::is_ascii_graphic).take(LONGEST_NAME).collect();
    if kept.is_empty() { None } else { Some(kept) }
}

/// Why an item is in somebody's hands once more, with nothing new known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// Its time had come: a failure, a wait, a write to look after.
    Time,
    /// The process that held it ended.
    Start,
    /// A pause ended, or an instance was back.
    Resumed,
}

impl Again {
    /// All of them, in the order of their numbers in the state, from 1.
    pub const ALL: [Self; 3] = [Self::Time, Self::Start, Self::Resumed];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Time => "again, as its time had come",
            Self::Start => "again after a start, as the process before held it",
            Self::Resumed => "again, as a pause ended or an instance was back",
        }
    }
}

/// What brought an item up this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// The reasons, each once, the more urgent ones first and then in the order they came; at least one, and only the first few.
    pub by: Vec<Occasion>,
    /// How many came before it was taken up, also the same again.
    pub reasons: u32,
    /// Whether it was taken up for that before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

impl Brought {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let each: Vec<String> = self.by.iter().map(Occasion::words).collect();
        let mut said = each.join(" and ");
        if usize::try_from(self.reasons).is_ok_and(|reasons| reasons > self.by.len()) {
            said.push_str(&format!(", {} times in all", self.reasons));
        }
        if let Some(again) = self.again {
            said.push_str(&format!(" ({})", again.words()));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhooks_name_is_kept_short_and_harmless() {
        let long = format!("7\u{1b}[2J {}", "x".repeat(500));
        let Occasion::Webhook { id: Some(id), .. } = Occasion::webhook(&"acme".into(), Some(&long)) else { panic!() };
        assert_eq!((id.len(), &id[..5]), (LONGEST_NAME, "7[2Jx"));
        assert_eq!(Occasion::webhook(&"acme".into(), Some(" \n")).words(), "a webhook of acme");
    }

    #[test]
    fn what_came_is_said_in_one_line() {
        let mut brought = Brought { by: vec![Occasion::Poll("acme".into())], reasons: 1, again: None };
        assert_eq!(brought.words(), "a poll of acme");
        brought.by.push(Occasion::FullCheck);
        (brought.reasons, brought.again) = (3, Some(Again::Start));
        let said =
            "a poll of acme and the full check, 3 times in all (again after a start, as the process before held it)";
        assert_eq!(brought.words(), said);
    }
}
