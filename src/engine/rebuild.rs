//! A state made anew from the sealed marks in the instances and its key alone. Must never write to an instance, never believe a mark that
//! its key does not open or that another hand than the sync user's set, and never give one issue to two items.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Connections;
use super::instance::Instance;
use super::last_known::LastKnown;
use super::names::Severity;
use super::recover::replica_of;
use super::restored::{FORGOT, knew_note};
use super::scope::joined;
use super::seal::{Mark, Origin, Seal, is_like_a_mark};
use super::setup::{SetupError, in_words, known_as};
use super::survey::{Survey, survey};
use super::walk::Walk;
use crate::clock::Clock;
use crate::jira::{Failure, JiraError, Want};
use crate::model::account::FormerAccounts;
use crate::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator, PairEffect};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{AccountId, EntryId, InstanceId, IssueId, ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::matching::Matching;
use crate::model::problem::Problem;
use crate::model::settings::{Kind, SyncSettings};
use crate::model::store::{Cursor, Store, StoreError};

/// As many of what is not believed are named; all are counted.
const NAMED: usize = 100;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Issues read, of all sides.
    pub read: u64,
    /// Items that are known again.
    pub items: u64,
    /// Their issues.
    pub issues: u64,
    /// Issues of people that no mark names: the daemon looks at them as at new ones.
    pub without_a_mark: u64,
    /// What is not believed or not known, by why.
    pub counts: BTreeMap<Doubt, u64>,
    /// The first of it.
    pub doubts: Vec<Doubtful>,
}

/// Why an issue is not part of an item again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// It bears a mark that this key does not open, or one for another sync or side.
    OtherMark,
    /// Its mark opens, and who made it or wrote to it is neither the sync user nor named as one that was.
    AnotherAccount,
    /// A second issue of one item on one side.
    Second,
    /// Two items name it: the mark that is newer counts.
    TwoItems,
    /// We made it, and what it is a counterpart of is not there.
    NoOriginal,
    /// We wrote to it for an item, and no other issue of that item is there: that one was deleted, or they were unpaired or merged.
    NoCounterpart,
    /// It could not be read.
    Unread,
}

impl Doubt {
    /// In a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherMark => "bears a mark that this key does not open for its sync: not believed",
            Self::AnotherAccount => {
                "bears a mark of ours by another account: if that was the sync user once, name it in `former-sync-users` and \
                 rebuild the state before any daemon runs, or it is taken for a person and copied again"
            }
            Self::Second => "is a second issue of one item on its side: left alone, and told once the daemon runs",
            Self::TwoItems => "is named by two items: the newer mark counts",
            Self::NoOriginal => "was made by us, and what it is a counterpart of is not there: left alone",
            Self::NoCounterpart => {
                "was in step with an issue that is not there: let be, as if unpaired; `jirasyncd pair` takes it up again"
            }
            Self::Unread => "could not be read",
        }
    }
}

/// One such issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubtful {
    /// Its sync.
    pub sync: SyncId,
    /// Its side.
    pub side: SideId,
    /// Its key, or its id where it could not be read.
    pub key: String,
    /// Why.
    pub why: Doubt,
}

impl Rebuilt {
    fn doubt(&mut self, (sync, side): (&SyncId, &SideId), key: String, why: Doubt) {
        *self.counts.entry(why).or_default() += 1;
        if self.doubts.len() < NAMED {
            self.doubts.push(Doubtful { sync: sync.clone(), side: side.clone(), key, why });
        }
    }
}

/// What one issue says of itself.
struct Claim {
    replica: Replica,
    made: Timestamp,
    /// The item that its newest mark names.
    item: Option<ItemId>,
    /// What it is a counterpart of, where we made it.
    of: Option<Origin>,
    /// When the mark was set that says so.
    at: Timestamp,
}

/// The issues of one side that said something, or may be named by others.
type Claims = BTreeMap<SideId, BTreeMap<IssueId, Claim>>;

/// Fills a new state, whose key is known, with what the marks say. Reads every issue of every side once, and of the long histories all.
///
/// # Errors
/// An instance cannot be used or stops answering, the configuration does not fit it, or the state could not answer: what is in it by then
/// is not whole.
pub async fn rebuild(
    store: &dyn Store,
    clock: &Arc<dyn Clock>,
    connections: &Connections,
    syncs: &BTreeMap<SyncId, SyncSettings>,
    by: &Operator,
) -> Result<Rebuilt, SetupError> {
    let seal = Seal::new(&store.identity().await?)?;
    let survey = survey(connections, syncs, false, &LastKnown::default()).await;
    if !survey.failures.is_empty() {
        return Err(SetupError::Jira(survey.failures));
    }
    if survey.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(SetupError::Findings(survey.findings));
    }
    let instances = instances(store, clock, connections, &survey).await?;
    let mut rebuilt = Rebuilt::default();
    let mut former: BTreeMap<InstanceId, BTreeSet<AccountId>> = BTreeMap::new();
    for sync in survey.syncs.values() {
        let mut claims = Claims::new();
        for side in &sync.sides {
            let Some(instance) = instances.get(&side.instance) else { continue };
            let reader = Reader { seal: &seal, sync, side: &side.id, instance };
            let (found, wrote) =
                reader.read(&side.project, &mut rebuilt).await.map_err(|error| SetupError::Jira(vec![error]))?;
            claims.insert(side.id.clone(), found);
            former.entry(side.instance.clone()).or_default().extend(wrote);
        }
        let groups = group(sync, claims, &mut rebuilt);
        keep(store, (sync, by, clock.now()), &instances, groups, &mut rebuilt).await?;
    }
    for (instance, accounts) in former.into_iter().filter(|(_, accounts)| !accounts.is_empty()) {
        let Some(us) = instances.get(&instance).map(|instance| &instance.identity.account) else { continue };
        let kept =
            accounts.into_iter().fold(FormerAccounts::default(), |kept, old| kept.followed(old, us, clock.now()));
        store.set_note(&FormerAccounts::note(&instance), &kept.text()?).await?;
    }
    let now = clock.now();
    store.set_note(FORGOT, &now.to_string()).await?;
    if let Some(side) = survey.syncs.values().flat_map(|sync| &sync.sides).next() {
        store.set_problems(FORGOT, &[problem(&side.id)], now).await?;
    }
    Ok(rebuilt)
}

fn problem(side: &SideId) -> Problem {
    Problem {
        side: side.clone(),
        field: None,
        what: "the state was made anew from the marks in the instances: what it last saw of the issues is not known. They are joined anew, item \
               by item: what is equal joins, what differs is kept as a conflict, nothing is deleted"
            .to_owned(),
        remedy: "nothing; the next full check ends it. What was unpaired, detached, paused or confirmed is to be done again"
            .to_owned(),
        operation: None,
        settles: true,
    }
}

/// The instances, each bound to the state. What changes from now on is for the daemon's polls.
async fn instances(
    store: &dyn Store,
    clock: &Arc<dyn Clock>,
    connections: &Connections,
    survey: &Survey,
) -> Result<BTreeMap<InstanceId, Arc<Instance>>, SetupError> {
    let mut instances = BTreeMap::new();
    for (id, connection) in connections {
        let Some(identity) = survey.identities.get(id).cloned() else { continue };
        store.set_note(&known_as(id), &in_words(&identity)).await?;
        let sides = survey.syncs.values().flat_map(|sync| &sync.sides).filter(|side| &side.instance == id);
        let projects: BTreeSet<String> = sides.map(|side| side.project.clone()).collect();
        if let Some(project) = projects.first() {
            // Without an answer times are asked for more widely than needed: slower, never wrong.
            let _ = connection.read.learn_time_form(project).await;
        }
        let want = Want { mark: true, ..Want::default() };
        let (settings, read) = (connection.settings.clone(), Arc::clone(&connection.read));
        let (who, clock) = ((identity, FormerAccounts::default()), Arc::clone(clock));
        let instance = Instance::new(settings, read, who, projects, want, clock);
        // A backup of the very first day knew nothing either.
        store.set_note(&knew_note(id), &Timestamp::UNIX_EPOCH.to_string()).await?;
        let updated = instance.server_now();
        store.queue_hints(id, &[], &[], Some(Cursor { updated }), instance.clock.now()).await?;
        instances.insert(id.clone(), Arc::new(instance));
    }
    Ok(instances)
}

/// Reads one side.
struct Reader<'r> {
    seal: &'r Seal,
    sync: &'r SyncSettings,
    side: &'r SideId,
    instance: &'r Arc<Instance>,
}

impl Reader<'_> {
    /// What its issues say, and the former sync users among those whose marks open.
    async fn read(
        &self,
        project: &str,
        rebuilt: &mut Rebuilt,
    ) -> Result<(BTreeMap<IssueId, Claim>, BTreeSet<AccountId>), JiraError> {
        let one = BTreeSet::from([project.to_owned()]);
        // Its issues show the key that it has now.
        let now = self.instance.read.key_now(project).await?;
        let (mut walk, mut claims, mut former) =
            (Walk::from(self.instance, &one, None), BTreeMap::new(), BTreeSet::new());
        let mut unread: BTreeMap<IssueId, String> = BTreeMap::new();
        loop {
            let step = walk.step().await?;
            for row in &step.read.unread {
                // One without an id is in no item either.
                unread.extend(row.issue.map(|issue| (issue, row.why.clone())));
            }
            let rows: Vec<IssueSnapshot> = step
                .read
                .rows
                .into_iter()
                .filter(|row| (row.project == project || row.project == now) && !claims.contains_key(&row.id))
                .collect();
            for row in self.whole(rows).await? {
                let claim = self.claim(&row, &mut former, rebuilt);
                if claims.insert(row.id, claim).is_none() {
                    rebuilt.read += 1;
                }
            }
            if step.is_last {
                break;
            }
        }
        for issue in unread.keys().filter(|issue| !claims.contains_key(*issue)) {
            rebuilt.doubt((&self.sync.id, self.side), format!("issue {issue}"), Doubt::Unread);
        }
        Ok((claims, former))
    }

    /// The rows with their marks and all of their history.
    async fn whole(&self, mut rows: Vec<IssueSnapshot>) -> Result<Vec<IssueSnapshot>, JiraError> {
        let read = &self.instance.read;
        if self.instance.settings.kind == Kind::DataCenter {
            // A search brings no properties there.
            let ours: Vec<IssueId> = rows.iter().filter(|row| self.wrote(creator(row))).map(|row| row.id).collect();
            let want = Want { mark: true, ..Want::default() };
            let answers = if ours.is_empty() { Vec::new() } else { read.issues(&ours, &want).await };
            let mut marks = BTreeMap::new();
            for (issue, answer) in ours.into_iter().zip(answers) {
                match answer {
                    Ok(there) => drop(marks.insert(issue, there.mark)),
                    // It went meanwhile.
                    Err(error) if matches!(error.failure, Failure::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            for row in &mut rows {
                if let Some(mark) = marks.remove(&row.id) {
                    row.mark = mark;
                }
            }
        }
        for row in rows.iter_mut().filter(|row| !row.log_whole) {
            match read.log_after(row.id, EntryId(0)).await {
                Ok(log) => row.log = log,
                Err(error) if matches!(error.failure, Failure::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    /// Whether an account is the sync user, or one of those that were it by the configuration's word.
    fn wrote(&self, account: Option<&AccountId>) -> bool {
        self.instance.is_us(account) || self.sync.start.is_former(self.side, account)
    }

    fn claim(&self, row: &IssueSnapshot, former: &mut BTreeSet<AccountId>, rebuilt: &mut Rebuilt) -> Claim {
        let place = (&self.sync.id, self.side);
        let ours = self.wrote(creator(row));
        let opened = |text: &str| self.seal.open(text, &self.sync.id, self.side);
        let made = row.mark.as_deref().filter(|_| ours).and_then(opened);
        let tags = row.log.iter().filter(|entry| self.wrote(entry.author.as_ref()));
        let mut marks: Vec<(Timestamp, Mark, Option<&AccountId>)> = tags
            .clone()
            .filter_map(|entry| Some((entry.created, opened(entry.tag.as_deref()?)?, entry.author.as_ref())))
            .collect();
        marks.extend(made.map(|mark| (row.created, mark, creator(row))));
        former.extend(marks.iter().filter_map(|(.., by)| *by).filter(|by| !self.instance.is_us(Some(by))).cloned());
        let texts =
            row.mark.as_deref().filter(|_| ours).into_iter().chain(tags.filter_map(|entry| entry.tag.as_deref()));
        if marks.is_empty() && texts.into_iter().any(is_like_a_mark) {
            rebuilt.doubt(place, row.key.to_string(), Doubt::OtherMark);
        }
        let all = row.mark.as_deref().into_iter().chain(row.log.iter().filter_map(|entry| entry.tag.as_deref()));
        if marks.is_empty() && all.into_iter().any(|text| opened(text).is_some()) {
            rebuilt.doubt(place, row.key.to_string(), Doubt::AnotherAccount);
        }
        let newest = marks.iter().max_by_key(|(at, ..)| *at);
        if newest.is_some_and(|(_, newest, _)| marks.iter().any(|(_, other, _)| other.item != newest.item)) {
            rebuilt.doubt(place, row.key.to_string(), Doubt::TwoItems);
        }
        let scope = joined(self.sync, self.side, false).filter(|_| made.is_none());
        let replica = Replica { ours: made.is_some(), scope, ..replica_of(row) };
        Claim {
            replica,
            made: row.created,
            item: newest.map(|(_, mark, _)| mark.item),
            of: made.and_then(|mark| mark.of),
            at: newest.map_or(Timestamp::MIN, |(at, ..)| *at),
        }
    }
}

fn creator(row: &IssueSnapshot) -> Option<&AccountId> {
    row.creator.as_ref().map(|creator| &creator.account)
}

/// The issues of each item, by side, with when each was made.
type Groups = BTreeMap<ItemId, BTreeMap<SideId, (Replica, Timestamp)>>;

/// Puts together what names one item.
fn group(sync: &SyncSettings, mut claims: Claims, rebuilt: &mut Rebuilt) -> Groups {
    // Who names an issue that says nothing itself: the newest counts.
    let mut named: BTreeMap<(SideId, IssueId), (Timestamp, ItemId)> = BTreeMap::new();
    for issues in claims.values() {
        for claim in issues.values() {
            let (Some(item), Some(of)) = (claim.item, claim.of) else { continue };
            let from = sync.side_ids().find(|side| of.is_on(side));
            let original = from.and_then(|from| Some((from, claims.get(from)?.get(&IssueId(of.id))?)));
            let Some((from, there)) = original.filter(|(_, there)| there.item.is_none()) else { continue };
            let place = (from.clone(), IssueId(of.id));
            let known = named.get(&place).copied();
            if known.is_some_and(|(_, other)| other != item) {
                rebuilt.doubt((&sync.id, from), there.replica.key.to_string(), Doubt::TwoItems);
            }
            if known.is_none_or(|(at, _)| at < claim.at) {
                named.insert(place, (claim.at, item));
            }
        }
    }
    for ((side, issue), (_, item)) in named {
        if let Some(claim) = claims.get_mut(&side).and_then(|issues| issues.get_mut(&issue)) {
            claim.item = Some(item);
        }
    }
    let mut groups = Groups::new();
    for (side, issues) in claims {
        // In the order of their ids: of two that bear one mark, the one that was there first is ours.
        for claim in issues.into_values() {
            let Some(item) = claim.item else {
                rebuilt.without_a_mark += 1;
                continue;
            };
            let sides = groups.entry(item).or_default();
            if sides.contains_key(&side) {
                rebuilt.doubt((&sync.id, &side), claim.replica.key.to_string(), Doubt::Second);
                continue;
            }
            sides.insert(side.clone(), (claim.replica, claim.made));
        }
    }
    // A copy alone is the daemon's to tell of.
    groups.retain(|_, sides| {
        let alone = sides.len() == 1;
        let copy = sides.iter().find(|(_, (replica, _))| alone && replica.ours);
        if let Some((side, (replica, _))) = copy {
            rebuilt.doubt((&sync.id, side), replica.key.to_string(), Doubt::NoOriginal);
        }
        copy.is_none()
    });
    groups
}

/// Writes the items of a sync into the state. All of them are joined anew once the daemon runs. An issue that is alone has lost its counterpart,
/// or was merged or unpaired: it is let be until somebody says otherwise.
async fn keep(
    store: &dyn Store,
    (sync, by, now): (&SyncSettings, &Operator, Timestamp),
    instances: &BTreeMap<InstanceId, Arc<Instance>>,
    groups: Groups,
    rebuilt: &mut Rebuilt,
) -> Result<(), StoreError> {
    for (id, sides) in groups {
        let mut item = ItemState::new(id, sync.id.clone());
        let (mut joined, mut first) = (Vec::new(), Timestamp::MAX);
        for (side, (replica, made)) in sides {
            let Some(instance) = sync.side(&side).and_then(|settings| instances.get(&settings.instance)) else {
                continue;
            };
            let skew = SignedDuration::from_millis(instance.skew_ms());
            first = first.min(made.checked_sub(skew).unwrap_or(made));
            joined.push((instance.id().clone(), replica.issue));
            item.replicas.insert(side, replica);
        }
        item.made = Some(first);
        let all: Vec<SideId> = item.replicas.keys().cloned().collect();
        item.matching = Some(Matching { restored: true, ..Matching::of(all) });
        let Some((side, key)) = item.replicas.first_key_value().map(|(side, there)| (side.clone(), there.key.clone()))
        else {
            continue;
        };
        let issues = joined.len();
        let effect = PairEffect { item, fence: None, parted: Vec::new(), conflicts: Vec::new(), joined };
        match store.pair_up(&effect).await {
            Ok(()) if issues > 1 => {
                rebuilt.items += 1;
                rebuilt.issues += u64::try_from(issues).unwrap_or(u64::MAX);
            }
            Ok(()) => {
                let_be(store, (id, format!("{side}:{key}")), (sync, by, now)).await?;
                rebuilt.doubt((&sync.id, &side), key.to_string(), Doubt::NoCounterpart);
            }
            Err(StoreError::Bound { .. }) => rebuilt.doubt((&sync.id, &side), key.to_string(), Doubt::TwoItems),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has an issue that is alone start nothing by itself, as `jirasyncd unpair` has it; recorded as such.
async fn let_be(
    store: &dyn Store,
    (item, key): (ItemId, String),
    (sync, by, at): (&SyncSettings, &Operator, Timestamp),
) -> Result<(), StoreError> {
    let Some(claim) = store.claim_these("state rebuild", at, &[item]).await?.pop() else { return Ok(()) };
    let (mut ended, fence) = (claim.item, claim.fence);
    ended.merged = Some(ended.id);
    ended.matching = None;
    let line = format!("by `state rebuild`: {key} was in step with an issue that was not found");
    let command = Command::Unpair { sync: sync.id.clone(), key, dry_run: false };
    let answer = Answer::new(Ended::Done, vec![line]);
    let record = CommandRecord { at, by: by.clone(), command, answer };
    store.carry_out(&record, &[Effect::Unpair(Box::new(ended), fence)]).await
}
