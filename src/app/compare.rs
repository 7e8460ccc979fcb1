//! The state held against the instances, beside a daemon or without one. Must never open the state for writing, nor hold an end of an
//! instance that writes.

use super::{StartError, Surroundings, connect};
use crate::config::Config;
use crate::engine::{Compared, compare};
use crate::store::SqliteStore;

/// Compares what the state knows of each issue with the issue.
///
/// # Errors
/// The state cannot be read, or an instance refuses or is out of reach.
pub async fn compare_state(config: &Config, surroundings: &Surroundings) -> Result<Compared, StartError> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    // The ends that write are thrown away before anything is asked.
    let (connections, _) = connect(config, surroundings)?;
    Ok(compare(&store, &connections, &config.syncs).await?)
}
