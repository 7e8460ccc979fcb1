//! Projects whose key an administrator changed. Jira shows the new key everywhere and takes the old one still (from memory), so they go on
//! under the key that the configuration has. Must never take an issue for one of a project that the configured key does not lead to, nor a
//! single answer for the word that the project is gone, or that a key is none of its.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::instance::{Instance, LONGEST_REREAD};
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError, ReadRows, UnreadRow};
use crate::mapping::References;
use crate::model::hub::Absence;
use crate::model::ids::{InstanceId, IssueKey, SideId};
use crate::model::issue::IssueSnapshot;
use crate::model::settings::{SideSettings, SyncSettings};
use crate::model::store::StoreError;

/// How long it is believed that a key which rows show belongs to no project of a side. Two answers that a project is not there, or that a key
/// is none of its, are no two for one when they are further apart than this and `settle`, or `LATER`.
const BELIEVED: Duration = Duration::from_secs(600);
/// How long it is believed which key a project has, while it is asked for several issues at once.
const JUST_NOW: Duration = Duration::from_secs(5);
/// When it is asked again where nobody said it. So far apart two answers are that tell a key for nobody's: right after a renaming the first
/// may be older than that.
const LATER: Duration = Duration::from_secs(60);

/// Why it is not known yet whose a key is.
const SAID_ONCE: &str =
    "it was said only once that none of them has, and right after a renaming that may be an older answer";
/// What to do about a project of another key.
const REMEDY: &str = "write the new key as `project` of its sides, and restart: Jira takes the old key only until another \
    project is given it";
/// What to do where nobody says which key a project has.
const UNCLEAR: &str =
    "see why; it is asked again every minute; if that stays, let the sync user browse the project of this side there";

/// The key that a project was last said to have.
#[derive(Debug)]
struct KeyNow {
    key: String,
    /// When that was asked, by our monotonic time. `None`: before the start.
    asked: Option<Duration>,
}

impl KeyNow {
    /// Whether it was said since the start that it is this one.
    fn is_asked_as(&self, shown: &str) -> bool {
        self.asked.is_some() && self.key == shown
    }
}

#[derive(Debug, Default)]
struct Known {
    /// By the keys that the configuration has.
    projects: BTreeMap<String, KeyNow>,
    /// Keys that rows showed and that no project of a side has, and when that was asked.
    foreign: BTreeMap<String, Duration>,
    /// Keys of which that was said only once, and when.
    doubted: BTreeMap<String, Duration>,
    /// The projects that were not found when they were last asked for, since when.
    lacking: BTreeMap<String, Duration>,
    /// What the state keeps of it.
    kept: String,
}

/// The keys that an instance's projects have now, as far as that was asked.
#[derive(Debug, Default)]
pub(crate) struct KeysNow(Mutex<Known>);

impl KeysNow {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that a project has, where that was asked within `age`.
    fn known(&self, project: &str, now: Duration, age: Duration) -> Option<String> {
        let known = self.lock();
        let recent = |there: &&KeyNow| there.asked.is_some_and(|asked| now.saturating_sub(asked) < age);
        known.projects.get(project).filter(recent).map(|there| there.key.clone())
    }

    /// The configured key of the project that Jira calls so, as was asked since the start.
    fn configured(&self, shown: &str) -> Option<String> {
        let known = self.lock();
        let found = known.projects.iter().find(|(_, now)| now.is_asked_as(shown));
        found.map(|(configured, _)| configured.clone())
    }

    /// Whether it is still to be asked whose key this is.
    fn is_open(&self, shown: &str, now: Duration) -> bool {
        let known = self.lock();
        let is_foreign = known.foreign.get(shown).is_some_and(|asked| now.saturating_sub(*asked) < BELIEVED);
        !is_foreign && !known.projects.values().any(|project| project.is_asked_as(shown))
    }

    /// Notes which key a project has. Says whether that is news.
    fn has(&self, project: &str, key: &str, now: Duration) -> bool {
        let mut known = self.lock();
        let was_lacking = known.lacking.remove(project).is_some();
        let before = known.projects.insert(project.to_owned(), KeyNow { key: key.to_owned(), asked: Some(now) });
        let is_news = before.is_none_or(|before| before.key != key);
        if is_news || was_lacking {
            // What was no project's may be one's by now.
            known.foreign.clear();
            known.doubted.clear();
        }
        is_news
    }

    /// Notes that a project was not found. Says whether it was not a `settle` before, either.
    fn is_gone(&self, project: &str, now: Duration, settle: Duration) -> bool {
        let mut known = self.lock();
        let since = known.lacking.entry(project.to_owned()).or_insert(now);
        let passed = now.saturating_sub(*since);
        if passed > settle + BELIEVED {
            *since = now;
            return false;
        }
        !passed.is_zero() && passed >= settle
    }

    /// Notes of these keys those that no project has, where that was said before: one answer may be older than a renaming, and what is shown
    /// under a key that is nobody's is passed over.
    fn are_asked(&self, shown: &BTreeSet<String>, now: Duration) {
        let mut known = self.lock();
        known.foreign.retain(|_, asked| now.saturating_sub(*asked) < BELIEVED);
        // Longer than a row that cannot be read is put off at most: else its next look would be the first again.
        known.doubted.retain(|_, asked| now.saturating_sub(*asked) < LATER + BELIEVED + LONGEST_REREAD);
        for key in shown {
            if known.projects.values().any(|project| project.is_asked_as(key)) {
                known.doubted.remove(key);
                continue;
            }
            let since = *known.doubted.entry(key.clone()).or_insert(now);
            if now.saturating_sub(since) >= LATER {
                known.doubted.remove(key);
                known.foreign.insert(key.clone(), now);
            }
        }
    }

    /// What the state is to keep, where that is not what it keeps.
    fn to_keep(&self) -> Option<String> {
        let known = self.lock();
        let others = known.projects.iter().filter(|(configured, now)| *configured != &now.key);
        let renamed: BTreeMap<&str, &str> =
            others.map(|(configured, now)| (configured.as_str(), now.key.as_str())).collect();
        let text = if renamed.is_empty() { String::new() } else { serde_json::to_string(&renamed).unwrap_or_default() };
        (text != known.kept).then_some(text)
    }
}

/// Under what it is kept which projects of an instance have another key.
pub(super) fn keys_note(instance: &InstanceId) -> String {
    format!("keys of projects of {instance}")
}

/// Which key each project had when that was kept, by the key that the configuration has. What cannot be read any more is as good as nothing.
pub(super) fn renamed_in(kept: &str) -> BTreeMap<String, String> {
    serde_json::from_str(kept).unwrap_or_default()
}

/// What was answered to which key a project has.
enum Asked {
    /// This one.
    Called(String),
    /// Jira knows no such project, or does not show it, and did not a `settle` ago, either.
    Gone,
    /// Nobody knows by this answer.
    Unclear(String),
}

impl Instance {
    /// The key that the configuration has for a project which Jira shows by another one.
    pub(super) fn configured_key(&self, shown: &str) -> Option<String> {
        if self.projects.contains(shown) { None } else { self.keys_now.configured(shown) }
    }

    /// The key that a project has now, where it is another one than the configuration has.
    pub(super) fn other_key(&self, project: &str) -> Option<String> {
        let known = self.keys_now.lock();
        known.projects.get(project).map(|now| now.key.clone()).filter(|key| key != project)
    }

    /// Whether a project that Jira shows by this key is one of a side's.
    pub(super) fn covers(&self, shown: &str) -> bool {
        self.projects.contains(shown) || self.configured_key(shown).is_some()
    }

    /// Names an issue's project by the key that the configuration has.
    pub(super) fn by_configured_key(&self, row: &mut IssueSnapshot) {
        if let Some(configured) = self.configured_key(&row.project) {
            row.project = configured;
        } else if row.key.as_str().rsplit_once('-').is_some_and(|(shown, _)| shown == row.project) {
            // Jira shows the configured key itself, and not because it was put here: if the project had another one meanwhile, that may be over.
            // One older row does not say so: it is asked before another key is believed, and texts are read by both until then.
            let mut known = self.keys_now.lock();
            let other = known.projects.get_mut(&row.project).filter(|now| now.key != row.project);
            if let Some(now) = other {
                now.asked = None;
            }
        }
    }

    /// That projects have another key than the configuration says, and what to do.
    pub(super) fn renamed_in_words(&self) -> Vec<(String, &'static str)> {
        let known = self.keys_now.lock();
        let asked = known.projects.iter().filter(|(_, now)| now.asked.is_some());
        let renamed = asked.filter(|(configured, now)| *configured != &now.key);
        let said = |(configured, now): (&String, &KeyNow)| {
            let what = format!("project `{configured}` has the key `{}` now; it goes on under the old one", now.key);
            (what, REMEDY)
        };
        renamed.map(said).collect()
    }
}

impl Engine {
    /// Whether a side's project goes by this key: the configured one, or the one that it has now.
    pub(super) fn is_called(&self, side: &SideSettings, project: &str) -> bool {
        let now = || self.instances.get(&side.instance).and_then(|instance| instance.other_key(&side.project));
        side.project == project || now().is_some_and(|key| key == project)
    }

    /// The key of a side's issue with its project as the configuration has it, to compare keys by.
    pub(super) fn configured_form(&self, sync: &SyncRun, side: &SideId, key: &IssueKey) -> IssueKey {
        let renamed = sync.side(side).and_then(|settings| {
            let now = self.instances.get(&settings.instance)?.other_key(&settings.project)?;
            let number = key.as_str().strip_prefix(now.as_str())?.strip_prefix('-')?;
            Some(IssueKey::new(format!("{}-{number}", settings.project)))
        });
        renamed.unwrap_or_else(|| key.clone())
    }

    /// Has texts know the sides' projects by the keys that they have now.
    pub(super) fn know_keys(&self, sync: &SyncSettings, references: &mut References) {
        for side in &sync.sides {
            if let Some(key) = self.instances.get(&side.instance).and_then(|there| there.other_key(&side.project)) {
                references.also_called(&side.id, key);
            }
        }
    }

    /// Takes up which projects had another key when the daemon last ran: texts that name them are read as before. It is asked anew before
    /// that names the project of any row.
    pub(super) async fn recall_keys(&self, instance: &Instance) -> Result<(), StoreError> {
        let kept = self.store.note(&keys_note(instance.id())).await?.unwrap_or_default();
        let mut known = instance.keys_now.lock();
        for (configured, key) in renamed_in(&kept) {
            if instance.projects.contains(&configured) {
                known.projects.insert(configured, KeyNow { key, asked: None });
            }
        }
        known.kept = kept;
        Ok(())
    }

    /// Has the state keep which projects have another key.
    async fn keep_keys(&self, instance: &Instance) {
        let Some(text) = instance.keys_now.to_keep() else { return };
        let kept = self.store.set_note(&keys_note(instance.id()), &text).await;
        match kept {
            Ok(()) => instance.keys_now.lock().kept = text,
            // The next row tries again.
            Err(error) => {
                tracing::warn!(instance = %instance.id(), %error, "could not keep which keys its projects have");
            }
        }
    }

    /// Which key a project has now, asked unless that was done just now.
    ///
    /// # Errors
    /// What the instance as a whole does not answer.
    async fn key_now(&self, instance: &Instance, project: &str) -> Result<Asked, JiraError> {
        if let Some(key) = instance.keys_now.known(project, self.clock.monotonic(), JUST_NOW) {
            return Ok(Asked::Called(key));
        }
        let answer = instance.patiently(instance.read.key_now(project)).await;
        let now = self.clock.monotonic();
        match answer {
            Ok(key) => {
                if instance.keys_now.has(project, &key, now) && key != project {
                    tracing::warn!(
                        instance = %instance.id(),
                        %project,
                        %key,
                        "a project has another key than the configuration says"
                    );
                }
                Ok(Asked::Called(key))
            }
            Err(error) => match error.failure {
                Failure::NotFound if instance.keys_now.is_gone(project, now, instance.settings.settle) => {
                    Ok(Asked::Gone)
                }
                // One project's answer says nothing of the others.
                Failure::NotFound | Failure::Refused(_) | Failure::Unreadable(_) | Failure::Server(_) => {
                    Ok(Asked::Unclear(error.to_string()))
                }
                Failure::NotUs(_)
                | Failure::Locked(_)
                | Failure::Wait(_)
                | Failure::Unreachable(_)
                | Failure::NotJira(_) => Err(error),
            },
        }
    }

    /// Names the projects of rows by the keys that the configuration has. Where a row shows a key that was not asked for of late, all
    /// projects are asked which keys they have now. What nobody can tell the project of cannot be read for now: it must not be passed over.
    ///
    /// # Errors
    /// The instance did not answer: nobody knows then whose the rows are.
    pub(super) async fn by_configured_keys(&self, instance: &Instance, read: &mut ReadRows) -> Result<(), JiraError> {
        let now = self.clock.monotonic();
        let is_open = |shown: &str| !instance.projects.contains(shown) && instance.keys_now.is_open(shown, now);
        let shown = read.rows.iter().map(|row| &row.project).filter(|shown| is_open(shown));
        let open: BTreeSet<String> = shown.cloned().collect();
        let why = self.ask_whose(instance, &open).await?;
        let unclear: BTreeSet<String> = open.into_iter().filter(|shown| is_open(shown)).collect();
        let all = std::mem::take(&mut read.rows).into_iter();
        let (unread, mut rows): (Vec<IssueSnapshot>, Vec<IssueSnapshot>) =
            all.partition(|row| unclear.contains(&row.project));
        for row in &mut rows {
            instance.by_configured_key(row);
        }
        read.rows = rows;
        read.unread.extend(unread.into_iter().map(|row| UnreadRow {
            issue: Some(row.id),
            updated: Some(row.updated),
            why: format!(
                "nobody knows whether {} is in a project of a side that has another key now: {}",
                row.key,
                why.as_deref().unwrap_or(SAID_ONCE)
            ),
        }));
        self.keep_keys(instance).await;
        Ok(())
    }

    /// Asks all projects which keys they have, where keys are to be asked for. Gives why that is not known of one of them.
    async fn ask_whose(&self, instance: &Instance, open: &BTreeSet<String>) -> Result<Option<String>, JiraError> {
        if open.is_empty() {
            return Ok(None);
        }
        let mut unclear = None;
        for project in &instance.projects {
            match self.key_now(instance, project).await? {
                Asked::Called(_) | Asked::Gone => {}
                Asked::Unclear(why) => unclear = Some(why),
            }
        }
        if unclear.is_none() {
            instance.keys_now.are_asked(open, self.clock.monotonic());
        }
        Ok(unclear)
    }

    /// Whether nothing is to be judged of an issue that seems to be moved: its project has another key than is configured, and it is there; or
    /// nobody can say now whether it is so.
    pub(super) async fn is_only_renamed(&self, work: &mut Work, side: &SideId) -> Result<bool, StoreError> {
        let away = work.item.replicas.get(side).and_then(|replica| replica.away.as_ref());
        let Some(Absence::Moved(shown)) = away.map(|away| away.how.clone()) else { return Ok(false) };
        let Some(instance) = self.instance_on(work, side) else { return Ok(false) };
        let Some(project) = work.sync.side(side).map(|settings| settings.project.clone()) else { return Ok(false) };
        if instance.projects.contains(&shown) {
            return Ok(false);
        }
        if let Some(pause) = instance.pause() {
            self.wait_for(work, &pause);
            return Ok(true);
        }
        match self.key_now(&instance, &project).await {
            Ok(Asked::Called(now)) if now == shown => {}
            Ok(Asked::Called(_) | Asked::Gone) => return Ok(false),
            Ok(Asked::Unclear(why)) => {
                let what =
                    format!("nobody knows whether the issue was moved, or only its project has another key: {why}");
                work.problem(side, None, what, UNCLEAR);
                work.be_due(self.after(LATER));
                return Ok(true);
            }
            Err(error) => {
                instance.failed(&error);
                work.be_due(self.after(LATER));
                return Ok(true);
            }
        }
        self.keep_keys(&instance).await;
        if let Some(replica) = work.item.replicas.get_mut(side) {
            replica.away = None;
        }
        match work.reads.get_mut(side) {
            Some(read) => instance.by_configured_key(&mut read.snapshot),
            // What was done to it since was not taken in.
            None => work.want_read(side, false),
        }
        // It may have counted as gone before.
        let _held = self.counting.lock().await;
        self.count(work, side, None).await?;
        Ok(true)
    }
}
