//! What is told of a write to whoever has to account for it: by whose act, under which rule, why then, and with which result. Must never
//! hold a value that was written, but in the words of a problem.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acts::Acts;
use super::ids::{AccountId, FieldName, IssueKey, ItemId, OperationId, SideId, SyncId, ThingId};
use super::occasion::{Brought, Occasion};
use super::operation::{Action, Intent, IntentState, Thing};
use super::problem::Problem;
use super::remark::Remark;
use super::store::Dismissed;
use super::things::ThingWrite;

/// The rule of statuses, which hops have no name for.
const STATUS: &str = "status";

/// Somebody whose act was carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Author {
    /// Where they acted.
    pub side: SideId,
    /// Who they are there, where that is known.
    pub account: Option<AccountId>,
    /// What they are called there, where that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Author {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let account = self.account.as_ref().map(AccountId::as_str);
        match (self.name.as_deref(), account) {
            // Names are not theirs alone.
            (Some(name), Some(account)) if name != account => format!("{name} ({account}) on {}", self.side),
            (known, account) => format!("{} on {}", known.or(account).unwrap_or("somebody"), self.side),
        }
    }
}

/// Several, in words.
#[must_use]
pub fn authors_in_words(authors: &[Author]) -> String {
    let each: Vec<String> = authors.iter().map(Author::words).collect();
    each.join(", ")
}

/// A write, as it is explained to people: with what it wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The write.
    #[serde(flatten)]
    pub intent: Intent,
    /// Whose acts it carried.
    pub authors: Vec<Author>,
    /// What Jira calls the request, where it said so.
    pub request: Option<String>,
    /// When its outcome became known, by our clock. `None`: it is not known yet.
    pub settled: Option<Timestamp>,
}

/// A change of a person that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldAct {
    /// When it was taken in, by our clock.
    pub at: Timestamp,
    /// Who did it, and where.
    #[serde(flatten)]
    pub author: Author,
    /// The field.
    pub field: FieldName,
}

/// How a problem ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HowOver {
    /// A look found it over, and no operator had anything done about it.
    ByItself,
    /// An operator had it tried again.
    Retried,
    /// An operator said which value stands.
    Resolved,
    /// It is told in other words since.
    Reworded,
    /// Its item is not worked on any more: it was merged or unpaired, or its sync was ended.
    LetBe,
}

impl HowOver {
    /// How a problem ended that a command brought to its end.
    #[must_use]
    pub fn by_command(brought: &Brought) -> Option<Self> {
        if brought.again.is_some() {
            // Time brought that look up: the command's own try had not ended it.
            return None;
        }
        brought.by.iter().find_map(|occasion| {
            let Occasion::Command { name, .. } = occasion else { return None };
            match name.as_str() {
                "resolve" | "problems resolve" => Some(Self::Resolved),
                "retry" | "problems retry" => Some(Self::Retried),
                _ => None,
            }
        })
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ByItself => "settled by itself",
            Self::Retried => "over, tried again by an operator",
            Self::Resolved => "over, resolved by an operator",
            Self::Reworded => "told in other words since",
            Self::LetBe => "let be with its item",
        }
    }
}

/// A problem of an item that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastProblem {
    /// Since when it stood, by our clock.
    pub since: Timestamp,
    /// When it was over.
    pub over: Timestamp,
    /// How often it was found in between.
    pub times: u64,
    /// How it ended.
    pub how: HowOver,
    /// What brought up the look that found it over, or the write of an operator that ended it. `None`: nobody knows.
    pub brought: Option<Brought>,
    /// That an operator wanted to hear of it no more.
    pub dismissed: Option<Dismissed>,
    /// What it said.
    #[serde(flatten)]
    pub problem: Problem,
}

/// What left for a side, without what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// When it was decided on, by our clock.
    pub at: Timestamp,
    /// When its outcome became known. `None`: it is not known yet.
    pub settled: Option<Timestamp>,
    /// The sync whose rule it was.
    pub sync: SyncId,
    /// The side that it was for.
    pub side: SideId,
    /// The key of the issue there, where there is one.
    pub key: Option<IssueKey>,
    /// The item; `None`: it was a version or a component, beside all items.
    pub item: Option<ItemId>,
    /// What was done.
    pub kind: String,
    /// The rows and tables of the sync that say that it is carried.
    pub rules: Vec<String>,
    /// Whose acts it carried.
    pub authors: Vec<Author>,
    /// What brought the item up, in words.
    pub brought: Option<String>,
    /// Our id of it, which Jira keeps with the change. What was written of a version or a component has none.
    pub operation: Option<OperationId>,
    /// What Jira calls the request, where it said so.
    pub request: Option<String>,
    /// What became of it.
    pub result: String,
}

/// A write to a version or component on its way: what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingStep {
    /// The version or component.
    pub thing: ThingId,
    /// The side that is written to.
    pub side: SideId,
    /// When it was decided on, by our clock.
    pub at: Timestamp,
    /// What became of it.
    pub stage: ThingStage,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThingStage {
    /// It is about to be sent.
    Goes {
        /// What is done.
        kind: &'static str,
        /// The properties that are written, as the configuration calls them.
        rules: Vec<String>,
        /// Whose acts it carries.
        authors: Vec<Author>,
    },
    /// It ended.
    Ended {
        /// What became of it.
        result: &'static str,
        /// Since when that is known, by our clock; `None`: it is not known yet.
        settled: Option<Timestamp>,
        /// What Jira calls the request, where it said so.
        request: Option<String>,
    },
}

impl ThingStep {
    /// That a write is about to be sent.
    #[must_use]
    pub fn goes(write: &ThingWrite, at: Timestamp) -> Self {
        let (kind, rule) = match (write.thing, &write.native) {
            (Thing::Version, None) => ("version-add", "versions"),
            (Thing::Version, Some(_)) => ("version-edit", "versions"),
            (Thing::Component, None) => ("component-add", "components"),
            (Thing::Component, Some(_)) => ("component-edit", "components"),
        };
        let rules = write.values.keys().map(|property| format!("{rule}.{}", property.word())).collect();
        let mut sides: Vec<&SideId> = write.values.values().map(|(_, act)| &act.side).collect();
        sides.sort();
        sides.dedup();
        // Jira keeps no history of them: nobody knows who it was.
        let author = |side: &SideId| Author { side: side.clone(), account: None, name: None };
        let stage = ThingStage::Goes { kind, rules, authors: sides.into_iter().map(author).collect() };
        Self { thing: write.id, side: write.side.clone(), at, stage }
    }

    /// What became of it.
    #[must_use]
    pub fn ended(
        write: &ThingWrite,
        at: Timestamp,
        (result, settled): (&'static str, Option<Timestamp>),
        request: Option<String>,
    ) -> Self {
        let stage = ThingStage::Ended { result, settled, request };
        Self { thing: write.id, side: write.side.clone(), at, stage }
    }
}

impl Action {
    /// What it does, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::SetFields { .. } => "edit",
            Self::Transition { .. } => "transition",
            Self::AddComment { remark: Remark::Worklog, .. } => "worklog-add",
            Self::EditComment { remark: Remark::Worklog, .. } => "worklog-edit",
            Self::DeleteComment { remark: Remark::Worklog, .. } => "worklog-delete",
            Self::AddComment { .. } => "comment-add",
            Self::EditComment { .. } | Self::EditOriginal { .. } => "comment-edit",
            Self::DeleteComment { .. } => "comment-delete",
            Self::Offer { .. } => "thing",
            Self::Link { .. } | Self::ShowEnd { .. } => "remote-link-set",
            Self::Unlink { .. } | Self::HideEnd { .. } => "remote-link-delete",
            Self::DeleteIssue { .. } => "delete",
            Self::AddFile { .. } => "file-add",
            Self::DeleteFile { .. } => "file-delete",
            Self::AddIssueLink { .. } => "link-add",
            Self::DeleteIssueLink { .. } => "link-delete",
            Self::AddWatcher { .. } => "watcher-add",
            Self::RemoveWatcher { .. } | Self::StopWatching { .. } => "watcher-remove",
        }
    }

    /// The rows and tables of the sync's configuration that say that it is carried.
    #[must_use]
    pub fn rules(&self) -> Vec<String> {
        let one = |rule: &str| vec![rule.to_owned()];
        match self {
            Self::Create { fields, .. } | Self::SetFields { fields } => {
                fields.keys().map(FieldName::to_string).collect()
            }
            Self::Transition { fields, .. } => {
                let status = std::iter::once(STATUS.to_owned());
                status.chain(fields.keys().map(FieldName::to_string)).collect()
            }
            Self::AddComment { remark, .. } | Self::EditComment { remark, .. } | Self::DeleteComment { remark, .. } => {
                one(match remark {
                    Remark::Comment => "comments",
                    Remark::Worklog => "worklogs",
                })
            }
            Self::EditOriginal { .. } => one("comments"),
            Self::Offer { field, .. } => one(field.as_str()),
            Self::Link { .. } | Self::Unlink { .. } => one("side"),
            Self::ShowEnd { .. } | Self::HideEnd { .. } => one("links"),
            Self::DeleteIssue { .. } => one("life"),
            Self::AddFile { .. } | Self::DeleteFile { .. } => one("attachments"),
            Self::AddIssueLink { link } | Self::DeleteIssueLink { link, .. } => one(link.field.as_str()),
            Self::AddWatcher { watcher } | Self::RemoveWatcher { watcher } => one(watcher.field.as_str()),
            Self::StopWatching { .. } => one("watchers"),
        }
    }

    /// The acts that it carries, each with its field.
    #[must_use]
    pub fn carried(&self) -> Vec<(FieldName, &Acts)> {
        let of_fields = self.fields().into_iter().flatten().map(|(name, write)| (name.clone(), &write.acts));
        let mut carried: Vec<(FieldName, &Acts)> = of_fields.collect();
        if let Self::Transition { acts, .. } = self {
            carried.push((STATUS.into(), acts));
        }
        if let Some((link, _)) = self.issue_link() {
            carried.push((link.field.clone(), &link.acts));
        }
        if let Some((watcher, _)) = self.watcher() {
            carried.push((watcher.field.clone(), &watcher.acts));
        }
        carried
    }
}

impl IntentState {
    /// In words, for people. What Jira said with a no is in it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Void(why) => format!("not done: {why}"),
            Self::Open | Self::InDoubt | Self::Answered | Self::Confirmed => self.result(),
        }
    }

    /// The same without what Jira said: its words may hold a value.
    #[must_use]
    pub fn result(&self) -> String {
        match self {
            Self::Open => "sent, or about to be".to_owned(),
            Self::InDoubt => "nobody knows whether it was done".to_owned(),
            Self::Answered => "Jira said yes, and did not show it yet".to_owned(),
            Self::Confirmed => "done".to_owned(),
            Self::Void(why) if why.starts_with("not sent") => "not sent".to_owned(),
            Self::Void(why) => match status_in(why) {
                Some(status) => format!("not done: status {status}"),
                None => "not done".to_owned(),
            },
        }
    }
}

/// The status that a refusal names.
fn status_in(why: &str) -> Option<&str> {
    let (_, rest) = why.split_once("status ")?;
    rest.get(..3).filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jira_said_is_not_in_the_result() {
        let refused = IntentState::Void("status 400: summary: `secret plan` is too long".into());
        assert_eq!(refused.result(), "not done: status 400");
        assert!(refused.words().contains("secret plan"));
        assert_eq!(IntentState::Void("not sent: an operator paused it".into()).result(), "not sent");
        assert_eq!(IntentState::Void("a direct read shows no trace of it".into()).result(), "not done");
        assert_eq!(IntentState::Confirmed.result(), IntentState::Confirmed.words());
    }
}
