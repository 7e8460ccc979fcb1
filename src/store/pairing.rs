//! Pairing and unpairing, as steps of the state. Must never leave an issue in two items of a sync, nor let one go that no item holds
//! afterwards: it would start another one by itself.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SideInstances;
use super::columns::{Milliseconds, encode};
use super::past;
use super::problems::{self, Owner};
use super::queue::{check_lease, wake};
use super::record::{ItemColumns, bind, let_go, wait};
use super::step::StepResult;
use crate::model::command::PairEffect;
use crate::model::hub::ItemState;
use crate::model::occasion::Occasion;
use crate::model::problem::{duplicate, unpaired};
use crate::model::store::{StoreError, Urgency};

/// A pairing as its columns hold it.
pub(super) struct PairColumns {
    item: ItemColumns,
    fence: Option<u64>,
    /// Items that were unpaired, without the issues that go from them.
    parted: Vec<ItemColumns>,
    conflicts: Vec<String>,
    /// Under what the problems about the issues that join are filed.
    over: Vec<String>,
}

impl PairColumns {
    pub(super) fn of(pair: &PairEffect, instances: &SideInstances) -> Result<Self, StoreError> {
        let parted = pair.parted.iter().map(|item| ItemColumns::of(item, instances));
        let conflicts = pair.conflicts.iter().map(|conflict| encode("a conflict", conflict));
        Ok(Self {
            item: ItemColumns::of(&pair.item, instances)?,
            fence: pair.fence,
            parted: parted.collect::<Result<_, _>>()?,
            conflicts: conflicts.collect::<Result<_, _>>()?,
            over: pair.joined.iter().flat_map(|(at, issue)| [duplicate(at, *issue), unpaired(at, *issue)]).collect(),
        })
    }
}

/// Makes issues one item, or lets them join one. Newcomers among them start none any more.
pub(super) fn pair(connection: &Connection, now: Timestamp, pair: &PairColumns, occasion: &Occasion) -> StepResult<()> {
    let item = &pair.item;
    match pair.fence {
        Some(fence) => check_lease(connection, item.id, fence)?,
        None => {
            // A new one, or one that was unpaired.
            connection
                .prepare_cached("INSERT OR IGNORE INTO items (id, sync, state) VALUES (?1, ?2, ?3)")?
                .execute(params![item.id, item.sync, item.state])?;
            connection
                .prepare_cached("INSERT INTO work (item, sync, urgency) VALUES (?1, ?2, ?3)")?
                .execute(params![item.id, item.sync, Urgency::Live])?;
        }
    }
    for parted in &pair.parted {
        let ended = connection
            .prepare_cached("UPDATE items SET state = ?2 WHERE id = ?1 AND merged = ?1")?
            .execute(params![parted.id, parted.state])?;
        if ended != 1 {
            // It was taken up again meanwhile.
            return Err(StoreError::Fenced { item: parted.id }.into());
        }
        let_go(connection, parted)?;
    }
    connection
        .prepare_cached("UPDATE items SET state = ?2, merged = NULL WHERE id = ?1")?
        .execute(params![item.id, item.state])?;
    bind(connection, item, now)?;
    wait(connection, item, now)?;
    for conflict in &pair.conflicts {
        connection
            .prepare_cached("INSERT INTO conflicts (item, found_ms, conflict) VALUES (?1, ?2, ?3)")?
            .execute(params![item.id, Milliseconds(now), conflict])?;
    }
    for about in &pair.over {
        problems::replace(connection, &Owner::About(about.clone()), &[], now, None)?;
    }
    wake(connection, item.id, Urgency::Live, now, occasion)
}

/// An item that ends, as its columns hold it.
pub(super) struct UnpairColumns {
    item: ItemColumns,
    fence: u64,
}

impl UnpairColumns {
    pub(super) fn of(item: &ItemState, fence: u64, instances: &SideInstances) -> Result<Self, StoreError> {
        Ok(Self { item: ItemColumns::of(item, instances)?, fence })
    }
}

/// Ends an item. Its issues stay bound to it, so that they start no other.
pub(super) fn unpair(connection: &Connection, now: Timestamp, unpair: &UnpairColumns) -> StepResult<()> {
    let item = &unpair.item;
    check_lease(connection, item.id, unpair.fence)?;
    connection
        .prepare_cached("UPDATE items SET state = ?2, merged = ?1 WHERE id = ?1")?
        .execute(params![item.id, item.state])?;
    // Nobody is to take it again, nor to wait for anything in its name.
    for table in ["work", "awaits"] {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE item = ?1"))?.execute([item.id])?;
    }
    past::let_be(connection, item.id, now)
}
