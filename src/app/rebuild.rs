//! A state that is lost, made anew from its key and the marks in the instances. Must never hold an end of an instance that writes, nor leave
//! half a state in its place.

use std::path::Path;
use std::sync::Arc;

use super::{StartError, Surroundings, connect, dependencies};
use crate::config::Config;
use crate::engine::{Rebuilt, rebuild};
use crate::model::command::Operator;
use crate::store::{Anew, BackupError, Holds, KeyError, SqliteStore, read_key};

/// Why a state was not made anew. None lies in its place then.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is a state, or it cannot be written.
    #[error(transparent)]
    State(#[from] BackupError),
    /// An instance refuses or is out of reach, or the configuration does not fit.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Makes the state anew where none is.
///
/// # Errors
/// See [`RebuildError`].
pub async fn rebuild_state(
    config: &Config,
    surroundings: &Surroundings,
    key: &Path,
    by: &Operator,
) -> Result<(Rebuilt, Holds), RebuildError> {
    let identity = read_key(key)?;
    let anew = Anew::begin(&config.daemon.state)?;
    // The ends that write are thrown away before anything is asked.
    let made = match connect(config, surroundings) {
        Ok((connections, _)) => {
            let store = SqliteStore::open(anew.draft(), dependencies(config, surroundings)).map_err(StartError::from);
            match store {
                Ok(store) => {
                    let filled = async {
                        store.adopt(&identity).await.map_err(StartError::from)?;
                        let clock = Arc::clone(&surroundings.clock);
                        rebuild(&store, &clock, &connections, &config.syncs, by).await.map_err(StartError::from)
                    };
                    filled.await
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(rebuilt) => Ok((rebuilt, anew.finish()?)),
        Err(error) => {
            anew.give_up()?;
            Err(error.into())
        }
    }
}
