//! What the demo says at its end, as text or JSON. It must never judge: it repeats the auditor's word.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::audit::{Finding, Report};
use super::view::seconds;

/// The end of a demo.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Chooses what people do.
    pub(super) seed: u64,
    /// How long it ran, in seconds.
    pub(super) seconds: f64,
    /// Issues per side.
    pub(super) issues: BTreeMap<&'static str, usize>,
    /// Edits by people.
    pub(super) edits: usize,
    /// Comments by people.
    pub(super) comments: usize,
    /// Values, comments and issues that were to arrive somewhere.
    pub(super) expected: usize,
    /// How many of them did.
    pub(super) arrived: usize,
    /// From a person's act to its arrival, in seconds.
    pub(super) lag_average: f64,
    /// The longest, in seconds.
    pub(super) lag_longest: f64,
    /// REST calls per Jira.
    pub(super) rest_calls: BTreeMap<&'static str, u64>,
    /// What the daemon says needs a person.
    pub(super) problems: Vec<String>,
    /// What the auditor found.
    pub(super) findings: Vec<Finding>,
}

impl Summary {
    /// Takes over what the auditor saw.
    pub(super) fn with(mut self, report: Report) -> Self {
        self.edits = report.edits;
        self.comments = report.comments;
        self.expected = report.expected;
        self.arrived = report.arrived;
        self.lag_average = report.lag.average().as_secs_f64();
        self.lag_longest = report.lag.longest.as_secs_f64();
        self.findings.extend(report.findings);
        self
    }

    /// As text, with a line break at its end.
    pub(super) fn text(&self) -> String {
        let list = |entries: &mut dyn Iterator<Item = String>| entries.collect::<Vec<_>>().join(", ");
        let issues = list(&mut self.issues.iter().map(|(side, count)| format!("{side} {count}")));
        let calls = list(&mut self.rest_calls.iter().map(|(side, count)| format!("{side} {count}")));
        let lag = |value: f64| seconds(std::time::Duration::try_from_secs_f64(value).unwrap_or_default());
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nsummary after {:.0} s (seed {})", self.seconds, self.seed);
        let _ = writeln!(text, "  issues      {issues}");
        let _ = writeln!(text, "  people      {} edits, {} comments", self.edits, self.comments);
        let _ = writeln!(text, "  arrived     {} of {}", self.arrived, self.expected);
        let _ = writeln!(text, "  lag         {} on average, {} at most", lag(self.lag_average), lag(self.lag_longest));
        let _ = writeln!(text, "  REST calls  {calls}");
        for problem in &self.problems {
            let _ = writeln!(text, "  problem     {problem}");
        }
        if self.findings.is_empty() {
            let _ = writeln!(
                text,
                "  auditor     everything arrived once, nothing echoed, nothing crossed, then nothing more"
            );
        } else {
            let _ = writeln!(text, "  auditor     {} findings:", self.findings.len());
        }
        for finding in &self.findings {
            let _ = writeln!(text, "    - {}", finding.what);
        }
        text
    }
}
