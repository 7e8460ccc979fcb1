//! Who the people of the user map are, kept beside what is read of them: Cloud finds nobody by an address whose account is inactive,
//! and what they had would be a stranger's then. Must never let somebody who is remembered stand against somebody who is found.

use std::collections::BTreeMap;

use super::Engine;
use super::survey::people_on;
use super::work::Work;
use crate::model::catalog::Catalog;
use crate::model::ids::{SideId, SyncId};
use crate::model::issue::Person;
use crate::model::settings::SyncSettings;
use crate::model::store::{Store, StoreError};

/// The name under which the state keeps the people of a side.
pub(super) fn note(sync: &SyncId, side: &SideId) -> String {
    format!("people of {sync}/{side}")
}

/// Gives the catalogs the people who were found before and are not now, and keeps those who are known by now.
///
/// # Errors
/// The state could not answer.
pub(super) async fn recall(
    store: &dyn Store,
    sync: &SyncSettings,
    catalogs: &mut BTreeMap<SideId, Catalog>,
) -> Result<(), StoreError> {
    for (side, catalog) in catalogs {
        let name = note(&sync.id, side);
        let kept = store.note(&name).await?;
        let known: BTreeMap<String, Person> =
            kept.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        remember(&mut catalog.people, known.clone(), sync, side);
        keep(store, sync, side, &catalog.people, &known).await?;
    }
    Ok(())
}

/// Adds who was found before to those who are found now, as far as the configuration still names them.
pub(super) fn remember(
    found: &mut BTreeMap<String, Person>,
    known: BTreeMap<String, Person>,
    sync: &SyncSettings,
    side: &SideId,
) {
    let named = people_on(sync, side);
    for (cell, person) in known.into_iter().filter(|(cell, _)| named.contains(cell)) {
        found.entry(cell).or_insert(person);
    }
}

impl Engine {
    /// Keeps who is known of a side. Where that fails it is kept at the next start.
    pub(super) async fn keep_people(
        &self,
        work: &Work,
        side: &SideId,
        people: &BTreeMap<String, Person>,
        before: &BTreeMap<String, Person>,
    ) {
        if let Err(error) = keep(&*self.store, &work.sync.settings, side, people, before).await {
            tracing::warn!(%side, %error, "could not keep who the people of the user map are");
        }
    }
}

/// Keeps who is known, where that is news. Of an address no more than the configuration says.
///
/// # Errors
/// The state could not answer.
async fn keep(
    store: &dyn Store,
    sync: &SyncSettings,
    side: &SideId,
    people: &BTreeMap<String, Person>,
    before: &BTreeMap<String, Person>,
) -> Result<(), StoreError> {
    let bare = |people: &BTreeMap<String, Person>| -> BTreeMap<String, Person> {
        people.iter().map(|(cell, person)| (cell.clone(), Person { email: None, ..person.clone() })).collect()
    };
    let kept = bare(people);
    if kept == bare(before) {
        return Ok(());
    }
    let text = serde_json::to_string(&kept).unwrap_or_default();
    store.set_note(&note(&sync.id, side), &text).await
}
