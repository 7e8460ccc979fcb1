//! What `check` found, for people. It must never leave out a finding or its remedy.

use std::fmt::Write as _;

use super::check::{Checked, InstanceCheck};
use super::output::{counted, table};
use crate::console::escaped;
use crate::engine::{PermissionReport, Severity};
use crate::model::settings::Kind;

/// Behind the configuration's own report.
pub(super) fn text(checked: &Checked) -> String {
    let mut out = String::new();
    let file = escaped(&checked.configuration.file);
    let errors = checked.configuration.errors.len();
    // Writing to a string cannot fail.
    let _ = match checked.syncs {
        None => writeln!(out, "\n{file}: {}", counted(errors, "error")),
        Some(_) if checked.offline => writeln!(out, "{file}: nothing is wrong with it; the instances were not asked"),
        Some(syncs) => writeln!(
            out,
            "{file}: nothing is wrong with it by itself ({}, {})",
            counted(checked.instances.len(), "instance"),
            counted(syncs, "sync")
        ),
    };
    if !checked.instances.is_empty() {
        let _ = write!(out, "\ninstances\n{}", instances(&checked.instances));
    }
    for report in &checked.permissions {
        let _ = write!(out, "\n{}", permissions(report));
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
            row.push(format!(
                "Jira {}, as `{}` ({}), clock {}",
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

fn permissions(report: &PermissionReport) -> String {
    let PermissionReport { sync, side, instance, project, needs } = report;
    let title = format!("permissions in project {project} of {instance} (sync {sync}, side {side})");
    let rows: Vec<Vec<String>> = needs
        .iter()
        .map(|need| {
            let held = if need.held { "held" } else { "MISSING" };
            vec![held.to_owned(), need.key.to_owned(), format!("to {}", need.for_what)]
        })
        .collect();
    format!("{}\n{}", escaped(&title), table("  ", &rows))
}

fn findings(checked: &Checked) -> String {
    let mut out = String::new();
    for finding in &checked.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
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
