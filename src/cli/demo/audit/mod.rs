//! The auditor: reads the Jiras alone, from above, and says in words what a sync must not have done or left undone. It
//! must never read the daemon's state, nor be told what the people did: both are in the Jiras.

mod arrival;
mod echo;
mod item;
mod lag;
mod privacy;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::party::Party;
use crate::simulator::{IssueView, Jira};
pub(super) use item::tag_of;
pub(super) use lag::Lag;

/// What a sync must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rule {
    /// Everything that may arrive arrives.
    Arrives,
    /// At most one replica per side, at most one copy of a comment.
    Once,
    /// No write of a sync user causes another.
    NoEcho,
    /// What a side may not see never reaches it.
    Apart,
    /// When people stop, writing stops.
    Rests,
}

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    /// In words.
    pub(super) what: String,
}

impl Finding {
    fn new(rule: Rule, what: String) -> Self {
        Self { rule, what }
    }
}

/// One side as the auditor sees it.
#[derive(Debug)]
pub(super) struct Observed {
    party: Party,
    /// Id of the account that the daemon writes as.
    sync_user: String,
    issues: Vec<IssueView>,
}

impl Observed {
    /// Looks at a Jira from above.
    pub(super) fn of(party: Party, jira: &Jira) -> Self {
        let sync_user = jira.person("sync").map(|person| person.id().to_owned()).unwrap_or_default();
        Self { party, sync_user, issues: jira.issues() }
    }

    fn is_sync(&self, author: Option<&str>) -> bool {
        author == Some(self.sync_user.as_str())
    }

    /// How many issues stand there.
    pub(super) fn issues(&self) -> usize {
        self.issues.len()
    }
}

/// What the auditor saw.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Values, comments and issues that must be on a side where nobody put them by hand.
    pub(super) expected: usize,
    /// How many of them are there.
    pub(super) arrived: usize,
    /// Replicas among `expected`.
    pub(super) expected_issues: usize,
    /// Replicas that are there.
    pub(super) arrived_issues: usize,
    /// Changelog entries by people.
    pub(super) edits: usize,
    /// Comments by people.
    pub(super) comments: usize,
    /// How long acts since the start took to arrive.
    pub(super) lag: Lag,
    pub(super) findings: Vec<Finding>,
}

/// Audits the sides. Acts before `since` (a backfill) count for everything but the lag.
pub(super) fn audit(sides: &[Observed], since: Timestamp) -> Report {
    let mut report = Report::default();
    let items = item::items(sides, &mut report.findings);
    for item in &items {
        arrival::check(item, &mut report);
        echo::check(item, &mut report.findings);
        lag::measure(item, since, &mut report.lag);
    }
    privacy::check(sides, &mut report.findings);
    for side in sides {
        for issue in &side.issues {
            report.edits += issue.history.iter().filter(|entry| !side.is_sync(entry.author.as_deref())).count();
            report.comments += issue.comments.iter().filter(|comment| !side.is_sync(comment.author.as_deref())).count();
        }
    }
    if report.expected == 0 {
        report.findings.push(Finding::new(Rule::Arrives, "nothing was to arrive, so nothing was proven".into()));
    }
    report.findings.sort_by(|a, b| (a.rule, &a.what).cmp(&(b.rule, &b.what)));
    report
}

/// The finding of writes that went on while nobody worked; `None` where there were none.
pub(super) fn restless(party: Party, writes: u64, watched: std::time::Duration) -> Option<Finding> {
    (writes > 0).then(|| {
        let seconds = watched.as_secs();
        Finding::new(Rule::Rests, format!("{}: {writes} writes in {seconds} s in which nobody worked", party.name()))
    })
}

/// How many calls since the start could change something at a Jira.
pub(super) fn write_calls(jira: &Jira) -> u64 {
    const WRITES: [&str; 12] = [
        "createIssue",
        "createIssues",
        "editIssue",
        "deleteIssue",
        "assignIssue",
        "doTransition",
        "addComment",
        "updateComment",
        "deleteComment",
        "setCommentProperty",
        "setIssueProperty",
        "deleteIssueProperty",
    ];
    WRITES.iter().map(|operation| jira.count(operation)).sum()
}
