//! Whom Jira writes to. Must never send anything: it counts.

use super::permissions::{holds, holds_global};
use super::rest::Call;
use super::state::{Issue, Project, State};

/// `notifyUsers=false` needs Administer Jira or Administer Projects.
pub(super) fn may_silence(state: &State, project: &Project, issue: &Issue, user: Option<&str>) -> bool {
    holds_global(state, user, "ADMINISTER") || holds(state, project, Some(issue), user, "ADMINISTER_PROJECTS")
}

/// How often a change of work or of a comment makes Jira write to people: not at all where the caller asked for that, may, and is on
/// Cloud, the only kind whose contract has `notifyUsers` there (v3).
pub(super) fn of(state: &State, project: &Project, issue: &Issue, call: &Call) -> u64 {
    let silent = state.is_cloud() && call.flag("notifyUsers") == Some(false);
    u64::from(!(silent && may_silence(state, project, issue, call.user.as_deref())))
}
