//! The notes that the engine keeps in the state, by the names under which it does, each with how it is read: for tests alone. Must never read one
//! otherwise than where it is used, nor take for read what is used as nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::last_known::LastKnown;
use super::{
    absence, backfill, circles, detect, emptied, last_known, pairing, people, restored, scope, setup, times, unshown,
    went_back,
};
use crate::model::account::FormerAccounts;
use crate::model::detach::Detached;
use crate::model::ids::{InstanceId, ItemId, SideId, SyncId};
use crate::model::issue::Person;
use crate::model::start::Standing;
use crate::model::suspects::Suspects;

/// Reads a note as it is read where it is used, and says why it cannot be.
pub(crate) type Reader = fn(&str) -> Result<(), String>;

/// One JSON value of a type.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    serde_json::from_str::<T>(text).map(drop).map_err(|error| error.to_string())
}

/// The same, or nothing: what it said is over.
fn json_or_over<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { json::<T>(text) }
}

/// A time.
pub(crate) fn time(text: &str) -> Result<(), String> {
    text.parse::<Timestamp>().map(drop).map_err(|error| error.to_string())
}

fn time_or_over(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { time(text) }
}

/// Words that are only compared, or told.
pub(crate) fn words(_: &str) -> Result<(), String> {
    Ok(())
}

fn last_known(text: &str) -> Result<(), String> {
    let known: LastKnown = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if known == LastKnown::default() { Err("it holds nothing".to_owned()) } else { Ok(()) }
}

fn zone_and_time(text: &str) -> Result<(), String> {
    let (zone, until) = text.split_once('|').ok_or("no zone")?;
    if zone.is_empty() { Err("no zone".to_owned()) } else { time(until) }
}

fn unread_since(text: &str) -> Result<(), String> {
    if text == detect::BEGINNING { Ok(()) } else { time_or_over(text) }
}

fn yes_or_over(text: &str) -> Result<(), String> {
    if text.is_empty() || text == pairing::WITHHELD { Ok(()) } else { Err(format!("`{text}` says nothing")) }
}

/// Which Jira, and which account there.
fn url_and_account(text: &str) -> Result<(), String> {
    let inner = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    inner.and_then(|inner| inner.split_once("` as `")).map(drop).ok_or("no address and account".to_owned())
}

/// All notes of the engine about these syncs, with their sides and the projects of these on their instances.
pub(crate) fn readers(sync: &SyncId, sides: &[(SideId, InstanceId, &str)]) -> BTreeMap<String, Reader> {
    let mut readers: BTreeMap<String, Reader> = BTreeMap::from([
        (last_known::NOTE.to_owned(), last_known as Reader),
        (Suspects::NOTE.to_owned(), json_or_over::<Suspects>),
        (restored::FORGOT.to_owned(), time_or_over),
        (Standing::note(sync), json::<Standing>),
        (Detached::note(sync), |text| Detached::read(Some(text)).map(drop).map_err(|error| error.to_string())),
        (emptied::note(sync), json_or_over::<Vec<emptied::Kept>>),
        (scope::note(sync), words),
        (pairing::withheld_note(sync), yes_or_over),
    ]);
    for (side, instance, project) in sides {
        let of_a_side: [(String, Reader); 11] = [
            (circles::refused_note(instance), json::<circles::Refusals>),
            (backfill::note(sync, side), json::<backfill::Reading>),
            (people::note(sync, side), json::<BTreeMap<String, Person>>),
            (absence::note(sync, side), json::<BTreeMap<ItemId, Timestamp>>),
            (circles::staying_note(sync, side), words),
            (detect::missing_note(instance, project), unread_since),
            (setup::known_as(instance), url_and_account),
            (times::note(instance), zone_and_time),
            (unshown::note(instance), json::<unshown::Unshown>),
            (went_back::note(instance), json_or_over::<went_back::Proven>),
            (restored::knew_note(instance), time_or_over),
        ];
        readers.extend(of_a_side);
        let former = |text: &str| FormerAccounts::read(Some(text)).map(drop).map_err(|error| error.to_string());
        readers.insert(FormerAccounts::note(instance), former);
    }
    readers
}
