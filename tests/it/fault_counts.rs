//! How often each fault of the simulator struck, and what: the sum over the Jiras of a world. Must never count a fault that was switched on and
//! met nothing.

use std::collections::BTreeMap;
use std::fmt;

use jirasyncd::simulator::{Fault, Jira};

/// By fault and entity.
#[derive(Default, Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultCounts(BTreeMap<(&'static str, &'static str), u64>);

/// What a request is about, by its operation.
fn entity(operation: &str) -> &'static str {
    match operation {
        "search" | "countIssues" => "search",
        "bulkFetchIssues" | "getIssue" => "issue read",
        "createIssue" | "createIssues" => "issue created",
        "editIssue" | "assignIssue" => "issue edited",
        "deleteIssue" => "issue deleted",
        "doTransition" | "getTransitions" => "transition",
        name if name.contains("Worklog") => "worklog",
        name if name.contains("Comment") => "comment",
        name if name.contains("ttachment") => "attachment",
        name if name.contains("Property") => "issue property",
        name if name.contains("Link") || name == "linkIssues" => "link",
        name if name.contains("Watcher") => "watcher",
        name if name.contains("Vote") => "vote",
        name if name.contains("Version") || name.contains("Component") || name.contains("Sprint") => "project thing",
        name if name.to_lowercase().contains("user") => "user",
        name if name.contains("hangelogs") || name.contains("ChangeLogs") => "changelog",
        _ => "settings",
    }
}

/// All faults that random weather sets.
const ALL: [Fault; 15] = [
    Fault::Status(0),
    Fault::StatusAfter(0),
    Fault::RateLimited { retry_after: None },
    Fault::Unavailable { status: 0, retry_after: None },
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::LateWrite(std::time::Duration::ZERO),
    Fault::Truncated,
    Fault::LoginPage,
    Fault::Anonymous,
    Fault::Slow(std::time::Duration::ZERO),
    Fault::IndexLag(std::time::Duration::ZERO),
    Fault::EmptyPage,
    Fault::LostToken,
    Fault::CircularPage,
];

impl FaultCounts {
    pub(crate) fn of<'a>(jiras: impl Iterator<Item = &'a Jira>) -> Self {
        let mut sum = Self::default();
        for ((fault, operation), times) in jiras.flat_map(Jira::faults_struck) {
            *sum.0.entry((fault, entity(operation))).or_default() += times;
        }
        sum
    }

    pub(crate) fn add(&mut self, more: Self) {
        for (what, times) in more.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults that met nothing.
    pub(crate) fn never_struck(&self) -> Vec<&'static str> {
        let has = |fault: &Fault| self.0.keys().any(|(name, _)| *name == fault.name());
        ALL.iter().filter(|fault| !has(fault)).map(Fault::name).collect()
    }
}

/// A line a fault: how often it struck, and what.
impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in ALL.iter().map(Fault::name) {
            let of_it: Vec<_> = self.0.iter().filter(|((name, _), _)| *name == fault).collect();
            let sum: u64 = of_it.iter().map(|(_, times)| **times).sum();
            let parts: Vec<String> = of_it.iter().map(|((_, entity), times)| format!("{entity} {times}")).collect();
            writeln!(f, "  {fault}: {sum} ({})", parts.join(", "))?;
        }
        Ok(())
    }
}
