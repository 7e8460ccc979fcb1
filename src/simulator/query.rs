//! From JQL text to the ids of the issues that it finds, as one user sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::permissions;
use super::reply::Refusal;
use super::state::{Issue, State};

/// Runs a search. Issues in `fresh` are looked at as they are, others as the index knows them.
pub(crate) fn run(state: &State, user: Option<&str>, jql: &str, fresh: &BTreeSet<u64>) -> Result<Vec<u64>, Refusal> {
    let mut found: Vec<&Arc<Issue>> = state
        .issues
        .keys()
        .filter_map(|id| if fresh.contains(id) { state.issues.get(id) } else { state.indexed(*id) })
        .filter(|issue| permissions::sees(state, issue, user))
        .filter(|issue| jql.split_whitespace().any(|word| word.trim_matches(['(', ')', ',', '"']) == issue.project))
        .collect();
    found.sort_by_key(|issue| (issue.updated, issue.id));
    Ok(found.iter().map(|issue| issue.id).collect())
}
