//! The durable state in SQLite behind `model::store::Store`. It must never be held open across a request to a Jira, and never
//! keep anything of an item in memory: what is idle is on disk.

mod anew;
mod audit;
mod backup;
mod checker;
mod columns;
mod commands;
mod configurations;
mod creations;
mod error;
mod holder;
mod inbox;
mod journal;
mod key;
mod knowledge;
mod lock;
mod look;
mod measures;
mod mounts;
mod open;
mod pairing;
mod past;
mod problems;
mod queue;
mod record;
mod schema;
mod sqlite;
mod step;
mod things;
mod told;
mod turns;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use anew::Anew;
pub use backup::{BackupError, Holds, Restored, Whose, back_up, no_backup, restore};
pub use error::OpenError;
pub use key::{KeyError, read_key, write_key};
pub use measures::{OpenWrites, PROBLEM_KINDS, QueueFigures, StateMeasures};
pub use sqlite::{Dependencies, SqliteStore};
pub use told::Page;
pub use worker::Spawn;

use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::model::store::StoreError;

/// The instance of each side, from the configuration. An item's state names sides only; an issue is unique per instance.
pub type SideInstances = BTreeMap<(SyncId, SideId), InstanceId>;
