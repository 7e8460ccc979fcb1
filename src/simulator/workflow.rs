//! The workflow graph: which transitions somebody may take now. Must never take one.

use super::permissions::holds;
use super::state::{Issue, Project, State, Transition};

/// The transitions that this user may take from the issue's status; none without `TRANSITION_ISSUES` (v3).
pub(crate) fn offered<'a>(
    state: &State,
    project: &'a Project,
    issue: &Issue,
    user: Option<&str>,
) -> Vec<&'a Transition> {
    if !holds(state, project, Some(issue), user, "TRANSITION_ISSUES") {
        return Vec::new();
    }
    let status = issue.text("status").unwrap_or_default();
    let mut offered: Vec<&Transition> = project
        .transitions
        .iter()
        .filter(|transition| transition.from.is_empty() || transition.from.contains(status))
        .filter(|transition| transition.needs.iter().all(|key| holds(state, project, Some(issue), user, key)))
        .collect();
    offered.sort_by_key(|transition| transition.id.parse::<u64>().unwrap_or(u64::MAX));
    offered
}
