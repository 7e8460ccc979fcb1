//! What each instance and project offered when it was last asked, kept in the state: a daemon that starts while one instance is out of
//! reach, or paused, goes on for the others. Must never stand in for a word that an instance did say, nor for what is configured
//! otherwise by now.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::survey::{Connections, Survey};
use super::versions::tell_upgrade;
use crate::jira::{Failure, Identity, JiraError};
use crate::model::catalog::Catalog;
use crate::model::command::{Effect, Pause, Target};
use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::model::settings::SyncSettings;
use crate::model::store::{Store, StoreError};
use crate::model::trail::Author;

/// The name of the note.
pub(super) const NOTE: &str = "last known";

/// What was offered at the last start that could ask.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LastKnown {
    instances: BTreeMap<InstanceId, KnownInstance>,
    syncs: BTreeMap<SyncId, KnownSync>,
    /// Instances that are to be left alone.
    #[serde(skip)]
    held: BTreeSet<InstanceId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KnownInstance {
    /// The base URL that was asked.
    url: String,
    identity: Identity,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KnownSync {
    /// As it was configured: other rows ask for other things.
    settings: SyncSettings,
    catalogs: BTreeMap<SideId, Catalog>,
}

impl LastKnown {
    /// What the state holds, and which instances an operator wants left alone. What cannot be read any more is as good as nothing.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let kept = store.note(NOTE).await?;
        let mut known: Self = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let pauses: Vec<Pause> = store.pauses().await?;
        let held = |id: &&InstanceId| {
            let target = Target::Instance((*id).clone());
            pauses.iter().any(|pause| pause.target == target || pause.target == Target::Everything)
        };
        known.held = known.instances.keys().filter(held).cloned().collect();
        Ok(known)
    }

    /// Adds what people are called to whose acts are told of: of those whom the configuration names, as their side said when it was last asked.
    pub fn call(&self, sync: &SyncId, authors: &mut [Author]) {
        let Some(known) = self.syncs.get(sync) else { return };
        for author in authors {
            let there = known.catalogs.get(&author.side).into_iter().flat_map(|catalog| catalog.people.values());
            let Some(account) = author.account.as_ref().filter(|_| author.name.is_none()) else { continue };
            let found =
                there.filter(|person| &person.account == account).map(|person| person.display_name.clone()).next();
            author.name = found;
        }
    }

    /// Who we are on an instance that says nothing now.
    pub(super) fn identity(&self, connections: &Connections, id: &InstanceId) -> Option<Identity> {
        let known = self.instances.get(id)?;
        let same = connections.get(id).is_some_and(|connection| connection.settings.url == known.url);
        same.then(|| known.identity.clone())
    }

    /// What a side offers whose instance says nothing now.
    pub(super) fn catalog(&self, sync: &SyncSettings, side: &SideId) -> Option<Catalog> {
        self.syncs.get(&sync.id).filter(|known| &known.settings == sync)?.catalogs.get(side).cloned()
    }

    /// Whether an instance is not to be asked, and need not be: all that it offers is known.
    pub(super) fn leaves_alone(
        &self,
        connections: &Connections,
        syncs: &BTreeMap<SyncId, SyncSettings>,
        id: &InstanceId,
    ) -> bool {
        let known = |sync: &SyncSettings| {
            let mut sides = sync.sides.iter().filter(|side| &side.instance == id);
            sides.all(|side| self.catalog(sync, &side.id).is_some())
        };
        self.held.contains(id) && self.identity(connections, id).is_some() && syncs.values().all(known)
    }

    /// The note in which an instance is worked on as another account: what it offered stands.
    pub(super) async fn followed(
        store: &dyn Store,
        instance: &InstanceId,
        identity: &Identity,
    ) -> Result<Option<Effect>, StoreError> {
        let kept = store.note(NOTE).await?;
        let Some(mut known) = kept.and_then(|text| serde_json::from_str::<Self>(&text).ok()) else { return Ok(None) };
        let Some(there) = known.instances.get_mut(instance) else { return Ok(None) };
        there.identity = identity.clone();
        for sync in known.syncs.values_mut() {
            let here = sync.settings.sides.iter().filter(|side| &side.instance == instance);
            for side in here {
                if let Some(catalog) = sync.catalogs.get_mut(&side.id) {
                    catalog.sync_user = Some(identity.account.clone());
                }
            }
        }
        let text = serde_json::to_string(&known);
        // Without it the next start asks everybody.
        Ok(Some(Effect::Note(NOTE.to_owned(), text.unwrap_or_default())))
    }

    /// Keeps what was found, for the next start. What stood in for an answer is kept as it was.
    pub(super) async fn keep(
        mut self,
        store: &dyn Store,
        connections: &Connections,
        syncs: &BTreeMap<SyncId, SyncSettings>,
        found: &Survey,
    ) -> Result<(), StoreError> {
        let before = serde_json::to_string(&self).unwrap_or_default();
        self.instances.retain(|id, _| connections.contains_key(id));
        for (id, connection) in connections {
            if let Some(identity) = found.identities.get(id) {
                let url = connection.settings.url.clone();
                let before =
                    self.instances.get(id).filter(|known| known.url == url).map(|known| &known.identity.version);
                if let Some(was) = before.filter(|was| *was != &identity.version) {
                    tell_upgrade(id, was, &identity.version);
                }
                self.instances.insert(id.clone(), KnownInstance { url, identity: identity.clone() });
            }
        }
        let catalogs = |id: &SyncId| found.catalogs.get(id).cloned().unwrap_or_default();
        self.syncs = syncs
            .iter()
            .map(|(id, settings)| (id.clone(), KnownSync { settings: settings.clone(), catalogs: catalogs(id) }))
            .collect();
        match serde_json::to_string(&self) {
            Ok(now) if now != before => store.set_note(NOTE, &now).await,
            // Without it the next start asks everybody.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Whether a failure says that nobody answers for now, or that we may not log in: no word about what is configured. Who started once
/// goes on without that instance, as it would have without the new start.
pub(super) fn is_silence(error: &JiraError) -> bool {
    match &error.failure {
        Failure::Unreachable(_)
        | Failure::Server(_)
        | Failure::Wait(_)
        | Failure::NotJira(_)
        | Failure::NotUs(_)
        | Failure::Locked(_) => true,
        Failure::Refused(_) | Failure::NotFound | Failure::Unreadable(_) => false,
    }
}
