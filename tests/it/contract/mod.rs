//! Atlassian's own documents as a contract: what the daemon sends and what the simulator answers is checked against
//! them. They say nothing of behaviour (order, permissions, consistency); a green check is not a proof of a sync.

pub(crate) mod adf;
pub(crate) mod checker;
pub(crate) mod document;
pub(crate) mod errata;
pub(crate) mod violation;
pub(crate) mod watch;

mod drive;
mod tests;
