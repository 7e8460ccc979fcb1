//! One instance as the engine knows it: its reader, its health, and what of its recent rows was taken in. Must never hold the
//! right to write: that lies in `apply`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::announcements::Announcements;
use super::circles::Circles;
use super::done::Done;
use super::heard::Heard;
use super::left_alone::Pause;
use super::missed::Missed;
use super::renamed::KeysNow;
use super::strangers::{Stranger, in_words};
use super::unshown::Unshown;
use super::went_back::WentBack;
use crate::clock::Clock;
use crate::jira::{Failure, Identity, JiraError, JiraRead, TimesRead, Want};
use crate::model::account::FormerAccounts;
use crate::model::ids::{AccountId, InstanceId, IssueId};
use crate::model::settings::InstanceSettings;
use crate::schedule::growing;

/// How long an instance is left alone after the login was refused, in seconds: accounts get locked by asking.
const LOGIN_PAUSE: Duration = Duration::from_secs(300);
/// What is to be done about a project that is not shown.
const NOT_POLLED: &str = "for issues the sync user needs Browse Projects (BROWSE_PROJECTS) there: let it browse the project, or correct its key; \
    it is asked for again every five minutes";
/// First and longest pause after an instance could not be reached.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// So many failures without a good poll between them, minutes apart by then, and an instance counts as away for long.
const AWAY_AFTER: u32 = 8;

/// Uploads to one instance at once. They have slots of their own: however long they take, they hold up no other write.
const UPLOADS: usize = 4;
/// Tries to look after webhooks that come to nothing while the instance answers other questions.
const MOST_IN_VAIN: u32 = 4;
/// How often it is listened whether an instance is silent.
const LISTEN: Duration = Duration::from_millis(500);

/// First and longest wait before a newcomer that cannot be read is asked for again.
const FIRST_REREAD: Duration = Duration::from_secs(30);
pub(super) const LONGEST_REREAD: Duration = Duration::from_secs(3_600);

/// One instance.
pub(crate) struct Instance {
    pub(crate) settings: InstanceSettings,
    pub(crate) read: Arc<dyn JiraRead>,
    pub(crate) identity: Identity,
    /// The accounts that were its sync user before: what they did is ours.
    pub(crate) former: FormerAccounts,
    /// The projects of all sides on it, for the one search of a poll.
    pub(crate) projects: BTreeSet<String>,
    /// What a row of the poll brings: the mapped fields of all sides on it.
    pub(crate) want: Want,
    pub(super) clock: Arc<dyn Clock>,
    /// When this process met it, in its own time.
    pub(super) began: Timestamp,
    /// How far it told what it holds since then.
    pub(super) heard: Mutex<Heard>,
    state: Mutex<State>,
    circles: Mutex<Circles>,
    uploads: Arc<Semaphore>,
    /// Rung when it begins to be left alone.
    fell: tokio::sync::Notify,
    /// Held while it is decided on its newcomers.
    pub(crate) admitting: tokio::sync::Mutex<()>,
    /// It has more newcomers than were decided on at once.
    pub(super) has_more: AtomicBool,
    announcements: Mutex<Announcements>,
    /// What it was seen not to show, and whether that is new.
    unshown: Mutex<(Unshown, bool)>,
    /// Whether it was put back from a backup.
    time: Mutex<WentBack>,
    /// What we did there lately that nobody waits for.
    done: Mutex<Done>,
    pub(super) missed: Missed,
    /// The keys that its projects have now.
    pub(super) keys_now: KeysNow,
    pub(super) whole: Mutex<Option<super::crowd::WholeLook>>,
    pub(super) torn: Mutex<super::crowd::Torn>,
    /// Its version, where that is another one than at the start.
    pub(super) version: Mutex<Option<String>>,
}

#[derive(Default)]
struct State {
    /// Rows within the overlap that were queued: id to `updated`.
    seen: BTreeMap<IssueId, Timestamp>,
    /// Newcomers that cannot be read.
    unread: BTreeMap<IssueId, Unread>,
    /// Projects that a poll was refused for.
    missing: BTreeMap<String, Missing>,
    /// By project the issues that the sync user made for another state.
    strangers: BTreeMap<String, BTreeMap<IssueId, Stranger>>,
    failures: u32,
    pause: Option<Pause>,
    /// An operator said that it is to be left alone, in words.
    held: Option<String>,
    /// The cursor, and our monotonic time when it was first met there: the server's time is later than the one by at least
    /// what has passed since the other. No skew enters, and nobody can set this clock.
    anchor: Option<(Timestamp, Duration)>,
    /// Server time that a poll was surely made after: all that was visible then was asked for.
    asked: Option<Timestamp>,
    /// When the last look at the whole overlap began, by our monotonic time.
    whole: Option<Duration>,
    /// It does not give our tags back.
    untagged: bool,
    /// How often nothing came of looking after webhooks while it answered otherwise.
    in_vain: u32,
    /// How it reads times in JQL.
    times: Option<TimesRead>,
    /// When that was last looked at, by our monotonic time.
    times_at: Option<Duration>,
    /// It was away for long, and what waited for it is not woken yet.
    owes: bool,
    /// The next poll looks as far back as this, whatever the cursor says.
    back: Option<Timestamp>,
}

/// How far back a poll asks, in server time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// From here.
    pub(crate) since: Timestamp,
    /// One overlap earlier: what was not seen because only the newest rows were looked at.
    pub(crate) earlier: Timestamp,
    /// The whole overlap is to be looked at this time.
    pub(crate) whole: bool,
}

/// A newcomer that cannot be read.
struct Unread {
    why: String,
    times: u32,
    /// Not asked for before, by our monotonic time.
    until: Duration,
}

/// A project that a poll was refused for.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    /// How far the instance was polled when the project was last read; what changed in it since is still to be read.
    pub(crate) since: Option<Timestamp>,
    pub(crate) why: String,
    /// Not asked for before, by our monotonic time.
    pub(crate) until: Duration,
}

impl Instance {
    pub(crate) fn new(
        settings: InstanceSettings,
        read: Arc<dyn JiraRead>,
        (identity, former): (Identity, FormerAccounts),
        projects: BTreeSet<String>,
        want: Want,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let began = clock.now().saturating_add(jiff::SignedDuration::from_millis(identity.skew_ms));
        let began = began.unwrap_or(Timestamp::MAX);
        Self {
            admitting: tokio::sync::Mutex::new(()),
            announcements: Mutex::new(Announcements::since(began)),
            unshown: Mutex::default(),
            time: Mutex::default(),
            done: Mutex::default(),
            whole: Mutex::default(),
            torn: Mutex::default(),
            version: Mutex::default(),
            began,
            settings,
            read,
            identity,
            former,
            projects,
            want,
            clock,
            heard: Mutex::default(),
            state: Mutex::default(),
            circles: Mutex::default(),
            missed: Missed::default(),
            keys_now: KeysNow::default(),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            fell: tokio::sync::Notify::new(),
            has_more: AtomicBool::new(false),
        }
    }

    /// A slot for one upload to this instance, once there is one. Nobody waits for it who has another.
    pub(crate) async fn upload_slot(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        Arc::clone(&self.uploads).acquire_owned().await.ok()
    }

    pub(crate) fn id(&self) -> &InstanceId {
        &self.settings.id
    }

    /// Whether an account is the sync user's, or was it.
    pub(crate) fn is_us(&self, account: Option<&AccountId>) -> bool {
        account.is_some_and(|account| account == &self.identity.account || self.former.holds(account))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is in which group and role, as far as it was asked.
    pub(super) fn circles(&self) -> MutexGuard<'_, Circles> {
        self.circles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves it alone until somebody says that it goes on, or goes on.
    pub(crate) fn hold(&self, why: Option<String>) {
        self.state().held = why;
    }

    /// Whether an operator said that it is to be left alone.
    pub(crate) fn is_held(&self) -> bool {
        self.state().held.is_some()
    }

    /// The pause that holds now. One of an operator ends by no clock.
    pub(crate) fn pause(&self) -> Option<Pause> {
        let state = self.state();
        if let Some(why) = &state.held {
            return Some(Pause { until: Duration::MAX, why: why.clone(), away: false, refused: None });
        }
        state.pause.clone().filter(|pause| pause.until > self.clock.monotonic())
    }

    /// Waits for what is asked, but not while the instance answers nothing at all: a batch has other items too.
    ///
    /// # Errors
    /// What the asking says; or that the instance is silent.
    pub(crate) async fn patiently<T>(&self, asked: impl Future<Output = Result<T, JiraError>>) -> Result<T, JiraError> {
        tokio::select! {
            biased;
            answer = asked => answer,
            error = self.falls_silent() => Err(error),
        }
    }

    /// Returns once the instance is silent, with what is to be said of it.
    pub(crate) async fn falls_silent(&self) -> JiraError {
        loop {
            tokio::time::sleep(LISTEN).await;
            if let Some(error) = self.is_silent() {
                return error;
            }
        }
    }

    /// That the instance is silent, if it is.
    pub(crate) fn is_silent(&self) -> Option<JiraError> {
        let lasts = self.read.silent_for()?;
        let failure = Failure::Unreachable(format!("nothing was answered for {} s", lasts.as_secs()));
        Some(JiraError { attempt: "waiting for an answer".to_owned(), instance: self.id().clone(), failure })
    }

    /// Takes note of a failed request that says something about the whole instance. Says whether it did.
    pub(crate) fn failed(&self, error: &JiraError) -> bool {
        let mut state = self.state();
        let wait = match &error.failure {
            Failure::NotUs(_) | Failure::Locked(_) => LOGIN_PAUSE,
            Failure::Wait(milliseconds) => Duration::from_millis(*milliseconds),
            Failure::Unreachable(_) | Failure::NotJira(_) | Failure::Server(_) => {
                growing(FIRST_PAUSE, LONGEST_PAUSE, state.failures)
            }
            Failure::Refused(_) | Failure::NotFound | Failure::Unreadable(_) => return false,
        };
        // Many are under way at once: what fails while it is left alone already tells nothing new. Who asks for patience is there.
        let is_new = state.pause.as_ref().is_none_or(|pause| pause.until <= self.clock.monotonic());
        if is_new && !matches!(error.failure, Failure::Wait(_)) {
            state.failures = state.failures.saturating_add(1);
        }
        let away = state.failures >= AWAY_AFTER;
        self.fell.notify_one();
        let refused = matches!(error.failure, Failure::NotUs(_) | Failure::Locked(_)).then(|| error.failure.clone());
        state.pause = Some(Pause { until: self.clock.monotonic() + wait, why: error.to_string(), away, refused });
        true
    }

    /// Takes note that a poll was answered: the instance is well. Says whether what waited for it is still to be woken.
    pub(crate) fn answered(&self) -> bool {
        let mut state = self.state();
        state.owes |= state.failures >= AWAY_AFTER;
        state.failures = 0;
        state.pause = None;
        state.owes
    }

    /// What waited for it is woken.
    pub(crate) fn has_woken(&self) {
        self.state().owes = false;
    }

    /// Returns when it begins to be left alone.
    pub(crate) async fn falls(&self) {
        self.fell.notified().await;
    }

    /// Takes note that nothing came of looking after webhooks. Says whether it is not for the instance: it answered other questions
    /// between several such tries.
    pub(crate) fn looked_in_vain(&self) -> bool {
        let mut state = self.state();
        if state.failures == 0 {
            state.in_vain = state.in_vain.saturating_add(1);
        }
        state.in_vain > MOST_IN_VAIN
    }

    /// Takes note that webhooks were looked after.
    pub(crate) fn looked_after(&self) {
        self.state().in_vain = 0;
    }

    /// Notes whether an entry of ours came with the tag that we sent (`historyMetadata`).
    pub(crate) fn gave_tag_back(&self, tag: bool) {
        let before = std::mem::replace(&mut self.state().untagged, !tag);
        if !tag && !before {
            tracing::warn!(
                instance = %self.id(),
                "untagged mode: this Jira does not give `historyMetadata` back; its entries by the sync user are known by their author alone"
            );
        }
    }

    /// Whether it does not give our tags back.
    pub(crate) fn is_untagged(&self) -> bool {
        self.state().untagged
    }

    /// Notes how times in JQL are read.
    pub(crate) fn times_are_read(&self, read: TimesRead) {
        self.state().times = Some(read);
    }

    /// How times in JQL are read, as far as it was tried.
    pub(super) fn times(&self) -> TimesRead {
        self.state().times.unwrap_or(TimesRead::Untried)
    }

    /// Whether it is time to look at that again, which is done once in so long; then it counts as done. `Some(true)`: for the first time.
    pub(super) fn looks_at_times(&self, every: Duration) -> Option<bool> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let before = state.times_at;
        if before.is_some_and(|at| now.saturating_sub(at) < every) {
            return None;
        }
        state.times_at = Some(now);
        Some(before.is_none())
    }

    /// The next poll looks as far back as this.
    pub(super) fn looks_back(&self, to: Option<Timestamp>) {
        self.state().back = to;
    }

    /// As far back as the next poll has to look.
    pub(super) fn back(&self) -> Option<Timestamp> {
        self.state().back
    }

    /// Whether this row was queued already.
    pub(crate) fn has_seen(&self, issue: IssueId, updated: Timestamp) -> bool {
        self.state().seen.get(&issue).is_some_and(|seen| *seen >= updated)
    }

    /// Notes that a newcomer cannot be read; it is asked for again later and later.
    pub(crate) fn could_not_read(&self, issue: IssueId, why: &str) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let times = state.unread.get(&issue).map_or(0, |unread| unread.times.saturating_add(1));
        let until = now + growing(FIRST_REREAD, LONGEST_REREAD, times);
        state.unread.insert(issue, Unread { why: why.to_owned(), times, until });
    }

    /// Notes that an issue can be read.
    pub(crate) fn could_read(&self, issue: IssueId) {
        self.state().unread.remove(&issue);
    }

    /// Whether an issue that could not be read is not asked for yet.
    pub(crate) fn is_put_off(&self, issue: IssueId) -> bool {
        let now = self.clock.monotonic();
        self.state().unread.get(&issue).is_some_and(|unread| unread.until > now)
    }

    /// The projects that a poll covers: all but the missing ones.
    pub(crate) fn polled(&self) -> BTreeSet<String> {
        let state = self.state();
        self.projects.iter().filter(|project| !state.missing.contains_key(*project)).cloned().collect()
    }

    /// Notes that a poll is refused for a project.
    pub(crate) fn misses(&self, project: &str, since: Option<Timestamp>, why: String) {
        let until = self.clock.monotonic() + LOGIN_PAUSE;
        self.state().missing.insert(project.to_owned(), Missing { since, why, until });
    }

    /// Notes that a project was missing when the daemon last ran: it is asked for at once.
    pub(crate) fn recalls(&self, project: &str, since: Option<Timestamp>) {
        let why = "it was missing when the daemon last ran".to_owned();
        let missing = Missing { since, why, until: self.clock.monotonic() };
        self.state().missing.insert(project.to_owned(), missing);
    }

    /// Notes that a project can be polled again.
    pub(crate) fn has_again(&self, project: &str) {
        self.state().missing.remove(project);
    }

    /// The missing projects that it is time to ask for again.
    pub(crate) fn to_ask_again(&self) -> Vec<(String, Missing)> {
        let now = self.clock.monotonic();
        let state = self.state();
        let due = state.missing.iter().filter(|(_, missing)| missing.until <= now);
        due.map(|(project, missing)| (project.clone(), missing.clone())).collect()
    }

    /// What is wrong with parts of it while the rest goes on: what, and what to do.
    pub(crate) fn troubles(&self) -> Vec<(String, &'static str)> {
        let state = self.state();
        let missing = state.missing.iter().map(|(project, missing)| {
            let what = format!("project `{project}` cannot be polled, the others are: {}", missing.why);
            (what, NOT_POLLED)
        });
        let unread = state.unread.iter().map(|(issue, unread)| {
            let what = format!("issue {issue} cannot be read and starts no item: {}", unread.why);
            (what, "look at the issue, and at what the instance's add-ons put into it; it is tried again")
        });
        let strangers = state.strangers.iter().filter(|(_, issues)| !issues.is_empty());
        let strangers = strangers.flat_map(|(project, issues)| in_words(project, issues));
        let parts: Vec<_> = missing.chain(unread).chain(strangers).collect();
        drop(state);
        let more = self.times_in_words().into_iter().chain(self.unshown_in_words()).chain(self.went_back_in_words());
        let more = more.chain(self.version_in_words()).chain(self.renamed_in_words());
        parts.into_iter().chain(more).collect()
    }

    /// Notes an issue that the sync user made, and that no sync which goes on knows.
    pub(super) fn met_stranger(&self, project: &str, issue: IssueId, stranger: Stranger) {
        let mut state = self.state();
        state.strangers.entry(project.to_owned()).or_default().insert(issue, stranger);
    }

    /// How many such issues are known in a project.
    pub(crate) fn strangers(&self, project: &str) -> usize {
        self.state().strangers.get(project).map_or(0, BTreeMap::len)
    }

    /// Whether there is any such issue in a project.
    pub(crate) fn has_strangers(&self, project: &str) -> bool {
        self.strangers(project) > 0
    }

    /// A project is read from the beginning: what is found there now is what counts.
    pub(crate) fn forget_strangers(&self, project: &str) {
        self.state().strangers.remove(project);
    }

    /// What is said of such issues in a project.
    pub(crate) fn strangers_in_words(&self, project: &str) -> Vec<(String, &'static str)> {
        self.state().strangers.get(project).map(|issues| in_words(project, issues)).unwrap_or_default()
    }

    /// Remembers queued rows, and forgets those before `horizon`.
    pub(crate) fn saw(&self, rows: impl IntoIterator<Item = (IssueId, Timestamp)>, horizon: Option<Timestamp>) {
        let mut state = self.state();
        for (issue, updated) in rows {
            let seen = state.seen.entry(issue).or_insert(updated);
            *seen = (*seen).max(updated);
        }
        if let Some(horizon) = horizon {
            state.seen.retain(|_, updated| *updated >= horizon);
            drop(state);
            self.done().forget(horizon);
        }
    }

    /// Takes note of what a webhook told of.
    pub(crate) fn heard(&self, issues: &[IssueId], now: Timestamp) {
        self.announcements().heard(issues, now);
    }

    /// Whether a webhook came since the start.
    pub(crate) fn has_heard(&self) -> bool {
        self.announcements().has_heard
    }

    /// Takes note of rows that were new to a poll.
    pub(crate) fn polled_these(&self, rows: impl Iterator<Item = (IssueId, Timestamp)>, now: Timestamp) {
        let skew = jiff::SignedDuration::from_millis(self.skew_ms());
        self.announcements().polled(rows, now, skew);
    }

    /// How many issues changed of late without a webhook that told of it.
    pub(crate) fn unannounced(&self, now: Timestamp) -> usize {
        self.announcements().missing(now)
    }

    /// Since when no webhook came though issues change, where that is sure.
    pub(crate) fn hooks_silent(&self, now: Timestamp) -> Option<Timestamp> {
        self.announcements().silent(now)
    }

    pub(super) fn shown(&self) -> MutexGuard<'_, (Unshown, bool)> {
        self.unshown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it counts as away for long.
    pub(super) fn was_away(&self) -> bool {
        self.state().failures >= AWAY_AFTER
    }

    pub(super) fn time(&self) -> MutexGuard<'_, WentBack> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announcements(&self) -> MutexGuard<'_, Announcements> {
        self.announcements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many known rows lie behind this time.
    pub(crate) fn seen_since(&self, since: Timestamp) -> usize {
        self.state().seen.values().filter(|updated| **updated >= since).count()
    }

    /// A server time that is surely past now, as the cursor and the time since tell.
    pub(crate) fn surely_past(&self, cursor: Timestamp) -> Timestamp {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let known = state.anchor.filter(|(met, _)| *met == cursor);
        let (met, at) = known.unwrap_or((cursor, now));
        state.anchor = Some((met, at));
        met.saturating_add(signed(now.saturating_sub(at))).unwrap_or(Timestamp::MAX)
    }

    /// Takes note of a poll that was answered whole; it was made after this server time.
    pub(crate) fn asked_all_until(&self, now: Timestamp) {
        let mut state = self.state();
        state.asked = Some(state.asked.map_or(now, |asked| asked.max(now)));
    }

    /// Takes note that the whole overlap was looked at, by a look that began then by our monotonic time.
    pub(crate) fn looked_at_all(&self, begun: Duration) {
        *self.whole_look() = None;
        self.state().whole = Some(begun);
    }

    /// What the next poll asks: one overlap before the cursor, and while nothing changes no further back than the index may
    /// lag behind the last poll. So an idle poll finds nothing, however much was changed at last.
    pub(crate) fn window(&self, cursor: Timestamp) -> Window {
        let back = |at: Timestamp, by: Duration| at.saturating_sub(signed(by)).unwrap_or(Timestamp::MIN);
        let overlap = self.settings.overlap.mul_f64(if crate::planted::is_planted(crate::planted::Bug::NoOverlap) {
            0.0
        } else {
            1.0
        });
        let state = self.state();
        let asked = state.asked.map(|asked| back(asked, overlap.max(self.settings.settle)));
        let since = back(cursor, overlap).max(asked.unwrap_or(Timestamp::MIN));
        let passed = state.whole.map(|at| self.clock.monotonic().saturating_sub(at));
        Window { since, earlier: back(since, overlap), whole: passed.is_none_or(|passed| passed >= overlap) }
    }

    /// Server time minus ours, in milliseconds, as last measured.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.read.skew_ms().unwrap_or(self.identity.skew_ms)
    }

    /// Its server's time now, as far as the measured skew tells.
    pub(crate) fn server_now(&self) -> Timestamp {
        let skew = jiff::SignedDuration::from_millis(self.skew_ms());
        self.clock.now().saturating_add(skew).unwrap_or(Timestamp::MAX)
    }
}

fn signed(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX)
}
