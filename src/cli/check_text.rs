//! What `check` found, for people. It must never leave out a finding or its remedy.

use std::fmt::Write as _;

use super::check::{Checked, InstanceCheck};
use super::output::{counted, table};
use crate::console::escaped;
use crate::engine::{Demand, PermissionNeed, PermissionReport, Severity};
use crate::model::ids::IssueKey;
use crate::model::settings::Kind;

/// Behind the configuration's own report.
pub(super) fn text(checked: &Checked) -> String {
    let mut out = String::new();
    let file = escaped(&checked.configuration.file);
    let errors = checked.configuration.errors.len();
    let right = match checked.configuration.warnings.len() {
        0 => "nothing is wrong with it".to_owned(),
        warnings => format!("it can be used, with {}", counted(warnings, "warning")),
    };
    // Writing to a string cannot fail.
    let _ = match checked.syncs {
        None => writeln!(out, "\n{file}: {}", counted(errors, "error")),
        Some(_) if checked.offline => writeln!(out, "{file}: {right}; the instances were not asked"),
        Some(syncs) => writeln!(
            out,
            "{file}: {right} by itself ({}, {})",
            counted(checked.instances.len(), "instance"),
            counted(syncs, "sync")
        ),
    };
    if !checked.instances.is_empty() {
        let _ = write!(out, "\ninstances\n{}", instances(&checked.instances));
    }
    if !checked.permissions.is_empty() {
        let _ = write!(out, "\npermissions\n{}", permissions(&checked.permissions));
    }
    if !checked.findings.is_empty() {
        let _ = write!(out, "\nfindings\n{}", findings(checked));
    }
    if checked.syncs.is_some() && !checked.offline {
        let _ = writeln!(out, "\n{}", verdict(checked));
    }
    out
}

fn instances(instances: &[InstanceCheck]) -> String {
    let mut rows = Vec::new();
    for instance in instances {
        let kind = match instance.kind {
            Kind::Cloud => "cloud",
            Kind::DataCenter => "data-center",
        };
        let mut row = vec![instance.name.to_string(), kind.to_owned(), instance.url.clone()];
        if let Some(identity) = &instance.identity {
            let known = instance.ends.known();
            let until: String =
                known.map(|(what, day)| format!(", {what} until {}", day.strftime("%Y-%m-%d"))).collect();
            row.push(format!(
                "Jira {}, as `{}` ({}), clock {}{until}",
                identity.version,
                identity.display_name,
                identity.account,
                clock(identity.skew_ms)
            ));
        }
        rows.push(row);
        for failure in &instance.failures {
            rows.push(vec![String::new(), String::new(), String::new(), format!("FAILED: {}", failure.what)]);
            rows.push(vec![String::new(), String::new(), String::new(), format!("Hint: {}", failure.remedy)]);
        }
    }
    table("  ", &rows)
}

/// "on time", "1.5 s ahead", "20.0 s behind".
fn clock(skew_ms: i64) -> String {
    let tenths = skew_ms.unsigned_abs() / 100;
    match skew_ms {
        -999..=999 => "on time".to_owned(),
        1000.. => format!("{}.{} s ahead", tenths / 10, tenths % 10),
        _ => format!("{}.{} s behind", tenths / 10, tenths % 10),
    }
}

/// One table for all, as the vendors of bridges print it.
fn permissions(reports: &[PermissionReport]) -> String {
    let head = ["instance", "project", "function", "permission", "", "given by"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    // In full on each line, it would be cut in the middle by most terminals.
    let mut givers: Vec<&str> = Vec::new();
    for report in reports {
        for need in &report.needs {
            let known = givers.iter().position(|giver| *giver == need.given_by);
            let number = known.unwrap_or(givers.len());
            if known.is_none() {
                givers.push(need.given_by);
            }
            rows.push(vec![
                report.instance.to_string(),
                report.project.clone(),
                need.function.to_string(),
                need.in_words(),
                standing(need, report.sample.as_ref()),
                format!("({})", number + 1),
            ]);
        }
    }
    let mut text = table("  ", &rows);
    for (number, giver) in givers.iter().enumerate() {
        let _ = writeln!(text, "  ({}) {giver}", number + 1);
    }
    text
}

/// Whether it is held.
fn standing(need: &PermissionNeed, sample: Option<&IssueKey>) -> String {
    let lacking = if need.demand == Demand::Needed { "MISSING" } else { "not held" };
    match (need.held, need.held_for_sample, sample) {
        (None, ..) => "not shown".to_owned(),
        (Some(false), ..) => lacking.to_owned(),
        (Some(true), Some(false), Some(key)) => format!("{lacking} for {key}"),
        (Some(true), ..) => "held".to_owned(),
    }
}

fn findings(checked: &Checked) -> String {
    let mut out = String::new();
    for finding in &checked.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(out, "  {severity}: {}: {}", escaped(&finding.place), escaped(&finding.what));
        let _ = writeln!(out, "    Hint: {}", escaped(&finding.remedy));
    }
    out
}

fn verdict(checked: &Checked) -> String {
    let count = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count();
    let failed = checked.instances.iter().filter(|instance| !instance.failures.is_empty()).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if failed == 0 && errors == 0 && warnings == 0 {
        return "all is well: `jirasyncd plan` shows what a run would do".to_owned();
    }
    let refused = match failed {
        0 => String::new(),
        failed => format!(", {} refused or out of reach", counted(failed, "instance")),
    };
    format!("{}, {}{refused}", counted(errors, "error"), counted(warnings, "warning"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_clock_is_told_in_words() {
        assert_eq!(super::clock(-400), "on time");
        assert_eq!(super::clock(1_540), "1.5 s ahead");
        assert_eq!(super::clock(-20_000), "20.0 s behind");
    }
}
