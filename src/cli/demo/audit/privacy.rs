//! Whether a side holds, anywhere, what it may not see: fields, comments, histories, properties. It must never look at a
//! daemon's idea of what may cross.

use std::collections::BTreeSet;

use super::super::party::{Party, RESTRICTED_WORD, UNSHARED_WORD};
use super::{Finding, Observed, Rule};
use crate::simulator::IssueView;

/// Searches every text of every side.
pub(super) fn check(sides: &[Observed], findings: &mut Vec<Finding>) {
    for side in sides {
        let mut forbidden: Vec<&str> = Party::ALL
            .iter()
            .filter(|other| !side.party.sees(**other))
            .flat_map(|other| other.private_words().iter().copied())
            .collect();
        if side.party != Party::Acme {
            forbidden.extend([UNSHARED_WORD, RESTRICTED_WORD]);
        }
        for issue in &side.issues {
            let mut said = BTreeSet::new();
            for (place, text) in texts(issue) {
                let text = text.to_lowercase();
                for word in forbidden.iter().filter(|word| text.contains(**word)) {
                    if said.insert((place.clone(), *word)) {
                        let what = format!(
                            "{} at {}: `{word}` is in its {place}, which {} may not see",
                            issue.key,
                            side.party.name(),
                            side.party.name()
                        );
                        findings.push(Finding::new(Rule::Apart, what));
                    }
                }
            }
            restricted(side, issue, findings);
        }
    }
}

/// At home a restricted word may stand only where its comment is restricted.
fn restricted(side: &Observed, issue: &IssueView, findings: &mut Vec<Finding>) {
    if side.party != Party::Acme {
        return;
    }
    for comment in issue.comments.iter().filter(|comment| comment.visibility.is_none()) {
        if comment.body.contains(RESTRICTED_WORD) {
            let what = format!("{} at acme: a restricted comment stands open beside itself", issue.key);
            findings.push(Finding::new(Rule::Apart, what));
        }
    }
}

/// Every text of an issue, and where it stands.
fn texts(issue: &IssueView) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> =
        issue.fields.iter().map(|(field, value)| (format!("field {field}"), value.clone())).collect();
    texts.extend(issue.properties.iter().map(|(key, value)| ("properties".to_owned(), format!("{key} {value}"))));
    for comment in &issue.comments {
        texts.push(("comments".into(), comment.body.clone()));
        let properties = comment.properties.iter();
        texts.extend(properties.map(|(key, value)| ("comments' properties".into(), format!("{key} {value}"))));
    }
    for entry in &issue.history {
        for (field, from, to) in &entry.items {
            let text = format!("{field} {} {}", from.as_deref().unwrap_or_default(), to.as_deref().unwrap_or_default());
            texts.push(("history".into(), text));
        }
        texts.extend(entry.metadata.iter().map(|metadata| ("history's metadata".into(), metadata.to_string())));
    }
    texts
}
