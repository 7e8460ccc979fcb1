//! What `init` shows: the mapping before it is written, what is wrong yet, and what to do next. It must never show a token.

use std::path::Path;

use super::proposal::{Proposal, Side};
use super::rows::{Row, Rows};
use crate::cli::explain::remedy;
use crate::cli::output::{counted, table};
use crate::console::escaped;
use crate::engine::{Severity, Survey};

/// The mapping, a line for each part of it.
pub(super) fn proposed(sides: &[Side], proposal: &Proposal, users: usize, unsure: usize) -> String {
    let projects: Vec<String> = sides.iter().map(|side| format!("{} of {}", side.project, side.name)).collect();
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut part = |name: &str, what: String| lines.push(vec![name.to_owned(), what]);
    for (name, rows) in
        [("issue types", &proposal.types), ("statuses", &proposal.statuses), ("priorities", &proposal.priorities)]
    {
        part(name, shown(&rows.rows));
        if !rows.alone.is_empty() {
            part("  without a counterpart", alone(sides, rows));
        }
    }
    if !proposal.link_types.is_empty() {
        part("link types", shown(&proposal.link_types));
    }
    let (sure, guessed): (Vec<_>, Vec<_>) = proposal.fields.iter().partition(|field| field.sure);
    let cells = |fields: &[&super::proposal_fields::ProposedField]| -> String {
        let one = |field: &&super::proposal_fields::ProposedField| {
            field.cells.values().cloned().collect::<Vec<String>>().join(" = ")
        };
        fields.iter().map(one).collect::<Vec<String>>().join("; ")
    };
    if !sure.is_empty() {
        part("custom fields", cells(&sure));
    }
    if !guessed.is_empty() {
        part("  to be looked at", cells(&guessed));
    }
    let others = if unsure == 0 { String::new() } else { format!("; {unsure} who are only called alike are not") };
    part("people", format!("{users} mapped{others}"));
    format!("\nProposed for {}:\n{}", escaped(&projects.join(" and ")), table("  ", &lines))
}

fn shown(rows: &[Row]) -> String {
    let cells = |row: &Row| -> String {
        row.cells.values().map(|names| names.join(" + ")).collect::<Vec<String>>().join(" = ")
    };
    if rows.is_empty() { "none".to_owned() } else { rows.iter().map(cells).collect::<Vec<String>>().join("; ") }
}

fn alone(sides: &[Side], rows: &Rows) -> String {
    let named = |(side, name): &(usize, String)| {
        format!("{name} ({})", sides.get(*side).map(|side| side.name.as_str()).unwrap_or_default())
    };
    rows.alone.iter().map(named).collect::<Vec<String>>().join(", ")
}

/// What is wrong yet, in the Jiras or with the mapping.
pub(super) fn findings(survey: &Survey) -> String {
    let mut text = String::new();
    let of = |severity| survey.findings.iter().filter(move |finding| finding.severity == severity);
    for finding in of(Severity::Error) {
        text.push_str(&format!("error: {}: {}\n  {}\n", finding.place, finding.what, finding.remedy));
    }
    for error in &survey.failures {
        text.push_str(&format!("error: {error}\n  {}\n", remedy(&error.failure)));
    }
    if text.is_empty() {
        text.push_str("The Jiras have all that this needs.");
        // What is held in excess fills a page, and stops nobody here.
        let warnings = of(Severity::Warning).count();
        if warnings > 0 {
            text.push_str(&format!(" {}: `jirasyncd check` tells them.", counted(warnings, "warning")));
        }
        text.push('\n');
    }
    // Whoever was answered and is not there was meant: that is told while it can be corrected.
    for finding in of(Severity::Warning).filter(|finding| finding.place.contains(".map.users")) {
        text.push_str(&format!("warning: {}: {}\n  {}\n", finding.place, finding.what, finding.remedy));
    }
    text
}

/// What was written, and what comes next.
pub(super) fn written<'p>(config: &Path, tokens: impl Iterator<Item = &'p Path>) -> String {
    let tokens: Vec<String> = tokens.map(|path| path.display().to_string()).collect();
    let mut text = format!("\nWritten: {}", config.display());
    if !tokens.is_empty() {
        text.push_str(&format!("; {} that only you can read: {}", counted(tokens.len(), "token"), tokens.join(", ")));
    }
    let with = format!("--config {}", config.display());
    let rows = [
        ("check", "says what is wrong yet; nothing is written to a Jira"),
        ("plan", "shows what a run would do"),
        ("run --once --limit 1", "copies one issue, and ends"),
        ("run", "keeps all in step"),
    ];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|(command, what)| vec![format!("jirasyncd {command} {with}"), (*what).to_owned()]).collect();
    text.push_str("\nRead it, change what is not as you want it, and go on:\n");
    text.push_str(&table("  ", &rows));
    text
}
