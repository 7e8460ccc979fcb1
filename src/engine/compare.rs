//! What a state knows of each issue, held against the issues themselves. Must never write anything, to a Jira or to the state: it is given
//! no end that could.

use std::collections::BTreeMap;

use serde::Serialize;

use super::last_known::LastKnown;
use super::merge::kept_in_the_end;
use super::names::{Severity, resolve};
use super::renamed::{keys_note, renamed_in};
use super::seal::Seal;
use super::setup::{Bound, bound, polled};
use super::sweep::shows_otherwise;
use super::{Connections, SetupError};
use crate::jira::{Failure, JiraError};
use crate::model::away::{Absence, Away};
use crate::model::detach::Detached;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{InstanceId, IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::settings::SyncSettings;
use crate::model::store::{Store, StoreError};

/// Items looked at together.
const AT_ONCE: usize = 100;
/// As many differences are named; all are counted.
const NAMED: usize = 100;

/// How an issue differs from what the state knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// It changed since it was last taken in: the next run takes it in.
    Newer,
    /// It shows something else than when it was last taken in, although its time is the same: a comment or a link that is gone, a vote, a watcher.
    Silently,
    /// It was missing as the state knows, and is there again.
    Back,
    /// It has another key: it was moved.
    Moved,
    /// It is not there, or the sync user may not see it.
    Missing,
    /// It is older than what was taken in: its Jira was put back from a backup.
    Older,
    /// The state says that we made it, and it bears no mark.
    Unmarked,
    /// The state says that we made it, and its mark is not this state's, or that of another item.
    OtherMark,
}

impl Difference {
    /// Whether it passes by itself with the next run.
    #[must_use]
    pub fn passes(self) -> bool {
        match self {
            Self::Newer | Self::Silently | Self::Back | Self::Moved => true,
            Self::Missing | Self::Older | Self::Unmarked | Self::OtherMark => false,
        }
    }

    /// In a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Newer => "changed since it was last taken in",
            Self::Silently => {
                "shows something else than was last taken in, at the same time: the next full check looks at it"
            }
            Self::Back => "is there again",
            Self::Moved => "has another key",
            Self::Missing => "is not there, or not visible to the sync user",
            Self::Older => "is older than what was taken in: was its Jira put back from a backup?",
            Self::Unmarked => "was made by us, and bears no mark",
            Self::OtherMark => "was made by us, and its mark is not this state's for that item",
        }
    }
}

/// One issue that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// Its sync.
    pub sync: SyncId,
    /// Its side.
    pub side: SideId,
    /// Its key as the state knows it.
    pub key: IssueKey,
    /// In what.
    pub how: Difference,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Items looked at.
    pub items: u64,
    /// Issues asked for.
    pub issues: u64,
    /// Those that are as the state knows them.
    pub same: u64,
    /// How many of these by time, key and mark alone: what they showed when they were last taken in is not known.
    pub same_by_time: u64,
    /// Those that are missing as the state knows.
    pub known_missing: u64,
    /// Those that could not be read.
    pub unread: u64,
    /// Items of syncs that are not configured, or were ended.
    pub left_out: u64,
    /// How many differ in what.
    pub counts: BTreeMap<Difference, u64>,
    /// The first of them.
    pub differ: Vec<Differs>,
    /// Why issues of an instance could not be read: the first reason of each.
    pub errors: BTreeMap<InstanceId, String>,
}

impl Compared {
    fn add(&mut self, (item, side, replica): &Asked<'_>, how: Difference) {
        *self.counts.entry(how).or_default() += 1;
        // What does not pass by itself comes first where not all are named.
        if !how.passes()
            && self.differ.len() == NAMED
            && let Some(place) = self.differ.iter().position(|known| known.how.passes())
        {
            self.differ.remove(place);
        }
        if self.differ.len() < NAMED {
            let (sync, side, key) = (item.sync.clone(), (*side).clone(), replica.key.clone());
            self.differ.push(Differs { sync, side, key, how });
        }
    }
}

/// An issue that the state knows: its item, its side, what is known.
type Asked<'i> = (&'i ItemState, &'i SideId, &'i Replica);

/// Refuses where an instance does not say who we are, or is another than before: with another Jira or account every issue would differ.
async fn same_instances(store: &dyn Store, connections: &Connections) -> Result<(), SetupError> {
    let mut failures = Vec::new();
    for (instance, connection) in connections {
        match connection.read.identity().await {
            Ok(identity) => match bound(store, instance, &identity).await? {
                Bound::Known | Bound::New { .. } => {}
            },
            Err(error) => failures.push(error),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(SetupError::Jira(failures)) }
}

/// The syncs with every field by its id, of those that are configured as when the daemon last looked: nothing is asked for it. What issues show of
/// others is not compared.
async fn with_ids(
    store: &dyn Store,
    syncs: &BTreeMap<SyncId, SyncSettings>,
) -> Result<BTreeMap<SyncId, SyncSettings>, StoreError> {
    let known = LastKnown::of(store).await?;
    let resolved = syncs.values().filter_map(|sync| {
        let catalogs = sync.side_ids().map(|side| Some((side.clone(), known.catalog(sync, side)?)));
        let (resolved, findings) = resolve(sync, &catalogs.collect::<Option<BTreeMap<_, _>>>()?);
        let clear = findings.iter().all(|finding| finding.severity != Severity::Error);
        clear.then(|| (sync.id.clone(), resolved))
    });
    Ok(resolved.collect())
}

/// Reads every issue of every item and compares it with what the state knows: whether it is there, whether it is of the time at which it
/// was taken in and shows what it did then, and whether what we made bears our mark.
///
/// # Errors
/// The state cannot be read, or an instance does not say who we are, or is another than before.
pub async fn compare(
    store: &dyn Store,
    connections: &Connections,
    syncs: &BTreeMap<SyncId, SyncSettings>,
) -> Result<Compared, SetupError> {
    let seal = Seal::new(&store.identity().await?).map_err(|_| SetupError::Seal)?;
    same_instances(store, connections).await?;
    let by_id = with_ids(store, syncs).await?;
    let mut ended = Vec::new();
    for sync in syncs.keys() {
        if Detached::read(store.note(&Detached::note(sync)).await?.as_deref())?.is_some() {
            ended.push(sync);
        }
    }
    let (mut compared, mut after) = (Compared::default(), None);
    loop {
        let ids = store.item_ids(after, AT_ONCE).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            items.extend(store.item(id).await?);
        }
        let mut asked: BTreeMap<&InstanceId, Vec<Asked<'_>>> = BTreeMap::new();
        for item in &items {
            let Some(settings) = syncs.get(&item.sync).filter(|settings| !ended.contains(&&settings.id)) else {
                compared.left_out += 1;
                continue;
            };
            compared.items += 1;
            for (side, replica) in &item.replicas {
                if let Some(settings) = settings.side(side) {
                    asked.entry(&settings.instance).or_default().push((item, side, replica));
                }
            }
        }
        for (instance, asked) in asked {
            let Some(connection) = connections.get(instance) else { continue };
            let issues: Vec<_> = asked.iter().map(|(_, _, replica)| replica.issue).collect();
            let (_, want) = polled(&by_id, instance);
            let answers = connection.read.issues(&issues, &want).await;
            let renamed = renamed_in(&store.note(&keys_note(instance)).await?.unwrap_or_default());
            for (asked, answer) in asked.iter().zip(answers) {
                let answer = answer.map(|there| by_configured_key(there, &renamed));
                compared.issues += 1;
                let (item, side, _) = asked;
                let mark = answer.as_ref().ok().and_then(|there| seal.open(there.mark.as_deref()?, &item.sync, side));
                let marked = match mark {
                    // What was merged is marked for the item that was let go.
                    Some(mark) => kept_in_the_end(store, mark.item).await?,
                    None => None,
                };
                take(&mut compared, asked, by_id.get(&item.sync), answer, marked);
            }
        }
    }
    Ok(compared)
}

/// Whether an issue of the same time shows something else. `None` where that cannot be told.
fn otherwise((item, side, replica): &Asked<'_>, sync: Option<&SyncSettings>, there: &IssueSnapshot) -> Option<bool> {
    let sync = sync?;
    let shows = shows_otherwise(item, sync, (*side, *replica), there)?;
    // Who watches moves no `updated` either; where nobody looked yet, there is nothing to hold it to.
    let known = replica.watching.others.filter(|_| sync.watchers_on(side).is_some());
    let watched = known.zip(there.watched).is_some_and(|(known, now)| known != now.others);
    Some(shows || watched)
}

/// An issue of a project that was renamed is taken in under the key of the configuration.
fn by_configured_key(there: IssueSnapshot, renamed: &BTreeMap<String, String>) -> IssueSnapshot {
    match renamed.iter().find(|(_, now)| *now == &there.project) {
        Some((configured, _)) => IssueSnapshot { project: configured.clone(), ..there },
        None => there,
    }
}

fn take(
    compared: &mut Compared,
    asked: &Asked<'_>,
    sync: Option<&SyncSettings>,
    answer: Result<IssueSnapshot, JiraError>,
    marked: Option<ItemId>,
) {
    let (item, _, replica) = asked;
    let gone = |away: &Away| matches!(away.how, Absence::Missing | Absence::DeletedByUs);
    let known_missing = replica.away.as_ref().is_some_and(gone);
    let there = match answer {
        Ok(there) => there,
        Err(error) if matches!(error.failure, Failure::NotFound) => {
            if known_missing {
                compared.known_missing += 1;
            } else {
                compared.add(asked, Difference::Missing);
            }
            return;
        }
        Err(error) => {
            compared.unread += 1;
            compared.errors.entry(error.instance.clone()).or_insert_with(|| error.to_string());
            return;
        }
    };
    let mut differs = Vec::new();
    if replica.ours {
        match (&there.mark, marked) {
            (None, _) => differs.push(Difference::Unmarked),
            (Some(_), Some(marked)) if marked == item.id => {}
            (Some(_), _) => differs.push(Difference::OtherMark),
        }
    }
    let otherwise = otherwise(asked, sync, &there);
    if there.updated < replica.updated {
        differs.push(Difference::Older);
    } else if known_missing {
        differs.push(Difference::Back);
    } else if there.key != replica.key && replica.away.is_none() {
        differs.push(Difference::Moved);
    } else if there.updated > replica.updated {
        differs.push(Difference::Newer);
    } else if otherwise == Some(true) {
        differs.push(Difference::Silently);
    }
    if differs.is_empty() {
        compared.same += 1;
        compared.same_by_time += u64::from(otherwise.is_none());
    }
    for how in differs {
        compared.add(asked, how);
    }
}
