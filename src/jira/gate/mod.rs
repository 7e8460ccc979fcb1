//! The rate budget of one instance: governor for our own rate, and in front of it what the instance told us to leave alone
//! and for how long, and who goes first. Must never read another clock than the injected one, nor let a blocked request through.

mod endpoints;
mod shares;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use http::HeaderMap;

use self::endpoints::Endpoints;
use self::shares::Shares;
use super::budget::{Budget, Learnt};
use super::retry;
use super::urgency::{Turn, share};
use crate::clock::Clock;
use crate::model::ids::{IssueId, SyncId};
use crate::model::settings::Kind;

/// How long we go at half speed after the instance said that its limit is near.
const SLOW_FOR: Duration = Duration::from_secs(60);
/// The longest that one request lets others go first. Whoever waits holds a place that others need, so nobody waits until an hour's
/// quota is given anew.
const MOST_DEFERRED: Duration = Duration::from_secs(10);
/// The longest that one of a poll's many requests does.
const MOST_CROWDED: Duration = Duration::from_secs(1);
/// The longest that a write waits for its issue's own limit, and lets others go first. What it rests on is as old then.
const MOST_SPACED: Duration = Duration::from_secs(5);
/// How long an endpoint is left alone that refused a burst and did not say for how long.
const BURST: Duration = Duration::from_secs(1);
/// The share of the rate that first copies and full checks may use: the rest gathers for what people do.
const SHARE: f64 = 0.9;
/// How long nothing is sent after the account was found locked.
const LOCKED_FOR: Duration = Duration::from_secs(300);

/// Cloud takes 20 writes of one issue in 2 seconds and 100 in 30, from all apps together. So many are ours.
const PER_ISSUE: [(Duration, usize); 2] = [(Duration::from_secs(2), 16), (Duration::from_secs(30), 80)];
/// Issues whose writes are remembered at most before those are forgotten that count no more.
const MANY_ISSUES: usize = 1_000;

#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>;

/// Why a request may not go now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// Not for this long, which is more than the caller's patience.
    Wait(Duration),
    /// The account is locked, in these words; a person must act.
    Locked(String),
}

/// The gate before one instance.
pub(super) struct Gate {
    clock: Arc<dyn Clock>,
    own_rate: f64,
    kind: Kind,
    inside: Mutex<Inside>,
}

struct Inside {
    limiter: Arc<Limiter>,
    /// What is not live passes this one, too.
    behind: Arc<Limiter>,
    /// What the limiter allows now.
    rate: f64,
    /// The most that the instance said it gives us.
    given: Option<f64>,
    slow_until: Duration,
    all_until: Duration,
    endpoints: Endpoints,
    issues: BTreeMap<IssueId, Duration>,
    /// When issues were written of late.
    writes: BTreeMap<IssueId, VecDeque<Duration>>,
    /// Who waits for their turn.
    shares: Shares,
    /// Who waits for an endpoint that goes slowly, by endpoint.
    queues: BTreeMap<String, Shares>,
    learnt: Learnt,
    locked: Option<(Duration, String)>,
}

impl Gate {
    /// A gate that lets at most `rate` requests a second through (between one in 100 seconds and 1,000).
    #[must_use]
    pub(super) fn new(rate: f64, kind: Kind, clock: Arc<dyn Clock>) -> Self {
        let own_rate = if rate.is_finite() { rate.clamp(0.01, 1_000.0) } else { 10.0 };
        let inside = Inside {
            limiter: limiter(own_rate, own_rate, &clock),
            behind: limiter(own_rate * SHARE, own_rate / 2.0, &clock),
            rate: own_rate,
            given: None,
            slow_until: Duration::ZERO,
            all_until: Duration::ZERO,
            endpoints: Endpoints::default(),
            issues: BTreeMap::new(),
            writes: BTreeMap::new(),
            shares: Shares::default(),
            queues: BTreeMap::new(),
            learnt: Learnt::default(),
            locked: None,
        };
        Self { clock, own_rate, kind, inside: Mutex::new(inside) }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request to `endpoint`, writing `issue`, may go.
    ///
    /// # Errors
    /// It may not within `patience`, its issue was written too often, or the account is locked.
    pub(super) async fn pass(
        &self,
        endpoint: &str,
        issue: Option<IssueId>,
        turn: Turn,
        patience: Duration,
    ) -> Result<(), Closed> {
        self.pass_deferred(endpoint, issue, turn, patience, MOST_DEFERRED).await
    }

    /// The same for a write: what it rests on grows old, so it lets others go first for less long.
    pub(super) async fn pass_write(
        &self,
        endpoint: &str,
        issue: Option<IssueId>,
        turn: Turn,
        patience: Duration,
    ) -> Result<(), Closed> {
        self.pass_deferred(endpoint, issue, turn, patience, MOST_SPACED).await
    }

    async fn pass_deferred(
        &self,
        endpoint: &str,
        issue: Option<IssueId>,
        turn: Turn,
        patience: Duration,
        most: Duration,
    ) -> Result<(), Closed> {
        let start = self.clock.monotonic();
        let who = Who { turn, share: share() };
        // Where it is seen to wait. Who waits for something else meanwhile must not have others let it go first.
        let mut waiter: Option<Waiter<'_>> = None;
        // How long it let others go first. Between that it may wait much longer for its own turn: counted from the first time, a crowd of
        // less urgent ones would sooner or later let nobody go first any more.
        let mut deferred = Duration::ZERO;
        let mut is_deferred = true;
        // How long the instance said later, and how long its endpoint went slowly.
        let (mut blocked, mut paced) = (Duration::ZERO, Duration::ZERO);
        let is_write = most == MOST_SPACED;
        loop {
            let wait = match self.ask(endpoint, issue, &who, is_deferred)? {
                Asked::Go => return Ok(()),
                Asked::Turn(wait) => {
                    if waiter.as_ref().is_none_or(|waiter| waiter.endpoint.is_some()) {
                        waiter = Some(Waiter::of(self, &who, None));
                    }
                    wait
                }
                Asked::Paced(wait) => {
                    if waiter.as_ref().is_none_or(|waiter| waiter.endpoint.is_none()) {
                        waiter = Some(Waiter::of(self, &who, Some(endpoint)));
                    }
                    paced += wait;
                    if is_write && paced > MOST_SPACED {
                        return Err(Closed::Wait(wait));
                    }
                    wait
                }
                Asked::Deferred(wait) => {
                    if turn == Turn::People && waiter.is_none() {
                        waiter = Some(Waiter::of(self, &who, None));
                    }
                    // A poll has many such requests, and the next one waits for it.
                    let most = if turn == Turn::Crowd { most.min(MOST_CROWDED) } else { most };
                    let wait = wait.min(most.saturating_sub(deferred));
                    deferred += wait;
                    is_deferred = !wait.is_zero();
                    if is_deferred { wait } else { continue }
                }
                Asked::Spaced(wait) => {
                    waiter = None;
                    // What the write rests on grows old: the caller looks again, and comes back.
                    if self.clock.monotonic().saturating_sub(start) + wait > MOST_SPACED {
                        return Err(Closed::Wait(wait));
                    }
                    wait
                }
                Asked::Blocked(wait) => {
                    waiter = None;
                    blocked += wait;
                    if blocked > patience {
                        return Err(Closed::Wait(wait));
                    }
                    wait
                }
            };
            // A whole millisecond at least: tokio's timer knows no less, and would spin.
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    fn ask(&self, endpoint: &str, issue: Option<IssueId>, who: &Who, is_deferred: bool) -> Result<Asked, Closed> {
        let now = self.clock.monotonic();
        let mut inside = self.lock();
        if let Some((until, words)) = &inside.locked {
            if *until > now {
                return Err(Closed::Locked(words.clone()));
            }
            inside.locked = None;
        }
        let until = inside.blocked_until(endpoint, issue);
        if until > now {
            return Ok(Asked::Blocked(until.saturating_sub(now)));
        }
        inside.set_rate(self.own_rate, now, &self.clock);
        if let Some(wait) = inside.paces(endpoint, who, now) {
            return Ok(Asked::Paced(wait));
        }
        if let Some(wait) = inside.lets_others_go_first(who, now).filter(|_| is_deferred) {
            return Ok(Asked::Deferred(wait));
        }
        if let Some(wait) = inside.learnt.all_empty_for(now) {
            return Ok(Asked::Turn(wait));
        }
        let written = issue.filter(|_| self.kind == Kind::Cloud);
        if let Some(wait) = written.and_then(|issue| inside.spaces_out(issue, now)) {
            return Ok(Asked::Spaced(wait));
        }
        if who.turn != Turn::People
            && let Err(early) = inside.behind.check()
        {
            return Ok(Asked::Turn(early.wait_time_from(now)));
        }
        if let Err(early) = inside.limiter.check() {
            return Ok(Asked::Turn(early.wait_time_from(now)));
        }
        inside.learnt.sends(endpoint, now);
        inside.endpoints.goes(endpoint, now);
        inside.shares.goes(who.turn, &who.share);
        if let Some(queue) = inside.queues.get_mut(endpoint) {
            queue.goes(who.turn, &who.share);
        }
        if let Some(issue) = written {
            inside.writes.entry(issue).or_default().push_back(now);
        }
        Ok(Asked::Go)
    }

    /// Learns from an answer's status and headers.
    pub(super) fn learn(&self, endpoint: &str, issue: Option<IssueId>, status: u16, headers: &HeaderMap) {
        let now = self.clock.monotonic();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name).and_then(|text| text.trim().parse::<f64>().ok());
        let mut inside = self.lock();
        if let (Some(fill), Some(interval)) = (number("x-ratelimit-fillrate"), number("x-ratelimit-interval-seconds"))
            && fill > 0.0
            && interval > 0.0
        {
            inside.given = Some(fill / interval);
        }
        // What is said with a refusal for one issue, or of all that we may, is no word about the endpoint.
        let reason = text("ratelimit-reason").unwrap_or_default();
        let is_of_it = status != 429 || reason.is_empty() || reason.contains("burst");
        inside.learnt.take(Some(endpoint).filter(|_| is_of_it), headers, now);
        if text("x-ratelimit-nearlimit").is_some_and(|said| said.eq_ignore_ascii_case("true")) {
            inside.slow_until = now + SLOW_FOR;
        }
        if status != 429 && status != 503 {
            return;
        }
        // A burst is over soon, told or not.
        let told = retry::told_wait(headers).or_else(|| reason.contains("burst").then_some(BURST));
        let Some(wait) = told else { return };
        inside.block(reason, endpoint, issue, now, wait);
    }

    /// What is left, for people.
    pub(super) fn budget(&self) -> Budget {
        let now = self.clock.monotonic();
        let mut inside = self.lock();
        inside.set_rate(self.own_rate, now, &self.clock);
        let mut budget = Budget { rate: inside.rate, near: inside.slow_until > now, ..Budget::default() };
        inside.learnt.tell(&mut budget, now);
        let mut waits = |what: String, until: Duration| {
            if until > now {
                budget.waits.push((what, until.saturating_sub(now).as_secs()));
            }
        };
        waits("everything".to_owned(), inside.all_until);
        inside.endpoints.closed(now).for_each(|(endpoint, left)| waits(endpoint.clone(), now + left));
        inside.issues.iter().for_each(|(issue, until)| waits(format!("writes of issue {issue}"), *until));
        budget.slow =
            inside.endpoints.slow(now).map(|(name, rate, left)| (name.clone(), rate, left.as_secs())).collect();
        budget
    }

    /// Nothing is sent for five minutes: asking on would keep the account locked.
    pub(super) fn locked(&self, words: &str) {
        let until = self.clock.monotonic() + LOCKED_FOR;
        self.lock().locked = Some((until, words.to_owned()));
    }
}

enum Asked {
    Go,
    /// Our own rate says later.
    Turn(Duration),
    /// This endpoint goes slowly, or it is another's turn there.
    Paced(Duration),
    /// Others go first, for a while.
    Deferred(Duration),
    /// This issue was written too often of late.
    Spaced(Duration),
    /// The instance said later.
    Blocked(Duration),
}

/// Whose turn and whose share a request is of.
struct Who {
    turn: Turn,
    share: SyncId,
}

/// Somebody who waits for their turn, at the whole instance or at one endpoint: those less urgent let them go first. Dropped when they
/// go, or go away.
struct Waiter<'a> {
    gate: &'a Gate,
    who: &'a Who,
    endpoint: Option<&'a str>,
}

impl<'a> Waiter<'a> {
    fn of(gate: &'a Gate, who: &'a Who, endpoint: Option<&'a str>) -> Self {
        let mut inside = gate.lock();
        match endpoint {
            Some(endpoint) => inside.queues.entry(endpoint.to_owned()).or_default().comes(who.turn, &who.share),
            None => inside.shares.comes(who.turn, &who.share),
        }
        drop(inside);
        Self { gate, who, endpoint }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        let Some(endpoint) = self.endpoint else {
            return inside.shares.leaves(self.who.turn, &self.who.share);
        };
        if let Some(queue) = inside.queues.get_mut(endpoint) {
            queue.leaves(self.who.turn, &self.who.share);
            if queue.is_empty() {
                inside.queues.remove(endpoint);
            }
        }
    }
}

impl Inside {
    /// How long somebody lets others go first: while somebody more urgent waits, or as urgent a one of a sync that had less, while the
    /// instance says that a limit is near, and while a quota of hours has to last.
    fn lets_others_go_first(&self, who: &Who, now: Duration) -> Option<Duration> {
        let are_before = self.shares.somebody_before(who.turn) || self.shares.another_first(who.turn, &who.share);
        let until_next = || Duration::from_secs_f64(1.0 / self.rate.max(0.005));
        match who.turn {
            // Somebody waits for it: it looks again soon whether the other one went.
            Turn::People => are_before.then(|| until_next() / 4),
            // It belongs to a poll, whose first page was let through.
            Turn::Crowd => are_before.then(until_next),
            Turn::Copies | Turn::Checks if self.slow_until > now => Some(self.slow_until.saturating_sub(now)),
            Turn::Copies | Turn::Checks if are_before => Some(until_next()),
            Turn::Copies | Turn::Checks => self.learnt.spreads(now),
        }
    }

    /// How long a request waits for its endpoint: for its pace, until something is left there, or for others who wait there and go first.
    fn paces(&self, endpoint: &str, who: &Who, now: Duration) -> Option<Duration> {
        let wait = self.endpoints.paces(endpoint, now).max(self.learnt.empty_for(endpoint, now));
        let queue = self.queues.get(endpoint);
        let others =
            queue.is_some_and(|queue| queue.somebody_before(who.turn) || queue.another_first(who.turn, &who.share));
        wait.or_else(|| others.then(|| Duration::from_secs_f64(1.0 / self.rate.max(0.005))))
    }

    /// How long a write waits for the issue's own limit.
    fn spaces_out(&mut self, issue: IssueId, now: Duration) -> Option<Duration> {
        let longest = PER_ISSUE.iter().map(|(window, _)| *window).max().unwrap_or_default();
        if self.writes.len() > MANY_ISSUES {
            self.writes.retain(|_, sent| sent.back().is_some_and(|last| now.saturating_sub(*last) < longest));
        }
        let sent = self.writes.get_mut(&issue)?;
        while sent.front().is_some_and(|first| now.saturating_sub(*first) >= longest) {
            sent.pop_front();
        }
        let waits = PER_ISSUE.iter().filter_map(|(window, most)| {
            let first = sent.len().checked_sub(*most).and_then(|index| sent.get(index))?;
            Some((*first + *window).saturating_sub(now)).filter(|wait| !wait.is_zero())
        });
        waits.max()
    }

    fn blocked_until(&self, endpoint: &str, issue: Option<IssueId>) -> Duration {
        let issue = issue.and_then(|issue| self.issues.get(&issue)).copied().unwrap_or_default();
        self.all_until.max(self.endpoints.closed_until(endpoint)).max(issue)
    }

    /// Blocks what the reason names: one issue, one endpoint, or everything where it names nothing we know.
    fn block(&mut self, reason: &str, endpoint: &str, issue: Option<IssueId>, now: Duration, wait: Duration) {
        let until = now + wait;
        self.issues.retain(|_, until| *until > now);
        if reason.contains("per-issue")
            && let Some(issue) = issue
        {
            let known = self.issues.entry(issue).or_default();
            *known = until.max(*known);
        } else if reason.contains("burst") {
            self.endpoints.refused(endpoint, now, wait, self.rate);
        } else {
            self.all_until = self.all_until.max(until);
        }
    }

    fn set_rate(&mut self, own: f64, now: Duration, clock: &Arc<dyn Clock>) {
        let given = self.given.map_or(own, |given| given.clamp(0.01, own));
        let wanted = if self.slow_until > now { given / 2.0 } else { given };
        // A quota is fixed for life: another rate is another limiter.
        if (wanted - self.rate).abs() > f64::EPSILON {
            self.rate = wanted;
            self.limiter = limiter(wanted, wanted, clock);
            self.behind = limiter(wanted * SHARE, wanted / 2.0, clock);
        }
    }
}

/// So many a second, and so many at once.
fn limiter(rate: f64, burst: f64, clock: &Arc<dyn Clock>) -> Arc<Limiter> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the rate is between 0.005 and 1,000")]
    let burst = NonZeroU32::new(burst.ceil() as u32).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_secs_f64(1.0 / rate.max(0.005));
    let quota = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
    Arc::new(RateLimiter::direct_with_clock(quota, Monotonic(Arc::clone(clock))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;
    use crate::jira::urgency::in_the_share_of;

    fn gate(rate: f64) -> (Gate, Arc<dyn Clock>) {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH));
        (Gate::new(rate, Kind::Cloud, Arc::clone(&clock)), clock)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    async fn many(gate: &Gate, count: usize) {
        for _ in 0..count {
            gate.pass("search", None, Turn::People, retry::PATIENCE).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_rate_holds_in_virtual_time() {
        let (gate, clock) = gate(2.0);
        many(&gate, 22).await;
        let passed = clock.monotonic().as_secs_f64();
        assert!((9.9..11.0).contains(&passed), "{passed}");
    }

    #[tokio::test(start_paused = true)]
    async fn row_021_each_reason_blocks_what_it_names() {
        let (gate, _) = gate(1000.0);
        let answer = |reason: &str| headers(&[("retry-after", "100"), ("ratelimit-reason", reason)]);
        let (one, two) = (Some(IssueId(1)), Some(IssueId(2)));
        let patience = retry::PATIENCE;
        gate.learn("editIssue", one, 429, &answer("jira-per-issue-on-write"));
        assert!(matches!(gate.pass("editIssue", one, Turn::People, patience).await, Err(Closed::Wait(_))));
        assert_eq!(gate.pass("editIssue", two, Turn::People, patience).await, Ok(()));
        gate.learn("editIssue", two, 429, &answer("jira-burst-based"));
        assert!(matches!(gate.pass("editIssue", two, Turn::People, patience).await, Err(Closed::Wait(_))));
        assert_eq!(gate.pass("getIssue", two, Turn::People, patience).await, Ok(()));
        gate.learn("getIssue", None, 429, &answer("jira-quota-tenant-based"));
        assert!(matches!(gate.pass("myself", None, Turn::People, patience).await, Err(Closed::Wait(_))));
        tokio::time::sleep(Duration::from_secs(101)).await;
        assert_eq!(gate.pass("editIssue", one, Turn::People, patience).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_instances_own_rate_is_learnt_and_a_near_limit_slows_down_for_a_minute() {
        let (gate, clock) = gate(100.0);
        gate.learn("x", None, 200, &headers(&[("x-ratelimit-fillrate", "5"), ("x-ratelimit-interval-seconds", "1")]));
        many(&gate, 55).await;
        let passed = clock.monotonic().as_secs_f64();
        assert!((9.9..11.0).contains(&passed), "{passed}");
        gate.learn("x", None, 200, &headers(&[("x-ratelimit-nearlimit", "true")]));
        let start = clock.monotonic();
        many(&gate, 30).await;
        let passed = (clock.monotonic() - start).as_secs_f64();
        assert!(passed > 10.0, "{passed}");
    }

    #[tokio::test(start_paused = true)]
    async fn row_011_a_locked_account_is_left_alone() {
        let (gate, _) = gate(100.0);
        gate.locked("CAPTCHA");
        assert_eq!(gate.pass("x", None, Turn::People, retry::PATIENCE).await, Err(Closed::Locked("CAPTCHA".into())));
        tokio::time::sleep(LOCKED_FOR).await;
        assert_eq!(gate.pass("x", None, Turn::People, retry::PATIENCE).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_more_urgent_goes_first() {
        let (gate, clock) = gate(2.0);
        many(&gate, 2).await;
        let went = Mutex::new(Vec::new());
        let go = async |turn: Turn| {
            gate.pass("search", None, turn, retry::PATIENCE).await.unwrap();
            went.lock().unwrap().push(turn);
        };
        let (one, two, three) = (go(Turn::Checks), go(Turn::Copies), go(Turn::Crowd));
        tokio::join!(one, two, three, go(Turn::People), go(Turn::People), go(Turn::People));
        let went = went.into_inner().unwrap();
        assert!(went.is_sorted(), "{went:?}");
        assert!(clock.monotonic() < Duration::from_secs(6), "and the rate is used");
        // Who goes away leaves nobody waiting for them.
        many(&gate, 1).await;
        drop(
            tokio::time::timeout(Duration::from_millis(10), gate.pass("x", None, Turn::People, retry::PATIENCE)).await,
        );
        let start = clock.monotonic();
        gate.pass("x", None, Turn::Checks, retry::PATIENCE).await.unwrap();
        assert!(clock.monotonic() - start < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_long_for_their_own_turn_lets_others_go_first_all_the_same() {
        let (gate, clock) = gate(2.0);
        many(&gate, 2).await;
        let copies = (0..80).map(|_| gate.pass("search", None, Turn::Copies, retry::PATIENCE));
        let person = async {
            tokio::time::sleep(Duration::from_secs(15)).await;
            let start = clock.monotonic();
            gate.pass("search", None, Turn::People, retry::PATIENCE).await.unwrap();
            clock.monotonic() - start
        };
        let (_, waited) = tokio::join!(futures_util::future::join_all(copies), person);
        assert!(waited <= Duration::from_secs(1), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_issue_is_not_written_faster_than_cloud_takes_it_and_others_are() {
        let (gate, clock) = gate(1000.0);
        let write = async |issue| gate.pass("editIssue", Some(IssueId(issue)), Turn::People, retry::PATIENCE).await;
        let mut sent = Vec::new();
        let mut put_off = 0;
        while sent.len() < 200 {
            let asked = clock.monotonic();
            match write(1).await {
                Ok(()) => sent.push(clock.monotonic()),
                Err(Closed::Wait(wait)) => {
                    put_off += 1;
                    tokio::time::sleep(wait).await;
                }
                Err(Closed::Locked(words)) => panic!("{words}"),
            }
            let waited = sent.last().map_or(Duration::ZERO, |at| at.saturating_sub(asked));
            assert!(waited <= MOST_SPACED, "what it rests on grew old: {waited:?}");
        }
        assert!(put_off > 0);
        for (window, most) in [(Duration::from_secs(2), 20), (Duration::from_secs(30), 100)] {
            let within = |start: &Duration| sent.iter().filter(|at| **at >= *start && **at < *start + window).count();
            assert!(sent.iter().all(|start| within(start) < most), "{most} in {window:?}");
        }
        let start = clock.monotonic();
        write(2).await.unwrap();
        assert_eq!(clock.monotonic(), start, "another issue waits for nothing");
        assert!(start < Duration::from_secs(80), "{start:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn near_a_limit_only_what_people_just_did_is_carried() {
        let (gate, clock) = gate(100.0);
        gate.learn("x", None, 200, &headers(&[("x-ratelimit-nearlimit", "true")]));
        assert!(gate.budget().near);
        gate.pass("x", None, Turn::People, retry::PATIENCE).await.unwrap();
        assert!(clock.monotonic() < Duration::from_secs(1));
        gate.pass("x", None, Turn::Crowd, retry::PATIENCE).await.unwrap();
        assert!(clock.monotonic() < Duration::from_secs(1), "nor does the poll that finds it wait");
        for count in 1..=4 {
            gate.pass("x", None, Turn::Checks, retry::PATIENCE).await.unwrap();
            let passed = clock.monotonic();
            let (least, most) = (MOST_DEFERRED * count, MOST_DEFERRED * count + Duration::from_secs(1));
            assert!(passed >= least && passed < most, "it goes seldom, and not never: {passed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sync_with_one_request_does_not_wait_for_the_many_of_another() {
        let (gate, clock) = gate(10.0);
        many(&gate, 10).await;
        let of = |sync: &'static str| in_the_share_of(sync.into(), gate.pass("x", None, Turn::People, retry::PATIENCE));
        let crowd = futures_util::future::join_all((0..60).map(|_| of("crowd")));
        let lone = async {
            let mut waited = Duration::ZERO;
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_millis(700)).await;
                let start = clock.monotonic();
                of("lone").await.unwrap();
                waited = waited.max(clock.monotonic() - start);
            }
            waited
        };
        let start = clock.monotonic();
        let (_, waited) = tokio::join!(crowd, lone);
        assert!(waited <= Duration::from_millis(200), "{waited:?}");
        assert!(clock.monotonic() - start < Duration::from_secs(7), "and the rate is used");
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_refused_a_burst_goes_on_at_half_the_pace() {
        let (gate, clock) = gate(20.0);
        let answer = headers(&[("retry-after", "2"), ("ratelimit-reason", "jira-burst-based")]);
        gate.learn("search", None, 429, &answer);
        let start = clock.monotonic();
        many(&gate, 50).await;
        let passed = (clock.monotonic() - start).as_secs_f64();
        assert!((6.8..7.4).contains(&passed), "two seconds, and 50 at 10 a second: {passed}");
        let start = clock.monotonic();
        gate.pass("editIssue", None, Turn::People, retry::PATIENCE).await.unwrap();
        assert_eq!(clock.monotonic(), start, "another endpoint waits for nothing");
        let slow = gate.budget().slow;
        assert!(
            matches!(slow.as_slice(), [(endpoint, rate, _)] if endpoint == "search" && (rate - 10.0).abs() < 0.1),
            "{slow:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_to_an_endpoint_where_nothing_is_left() {
        let (gate, clock) = gate(1000.0);
        let empty = headers(&[
            ("x-ratelimit-limit", "50"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1970-01-01T00:00:04Z"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ]);
        gate.learn("search", None, 200, &empty);
        gate.pass("getIssue", None, Turn::People, retry::PATIENCE).await.unwrap();
        assert!(clock.monotonic() < Duration::from_millis(10), "another endpoint has its own");
        gate.pass("search", None, Turn::People, retry::PATIENCE).await.unwrap();
        let passed = clock.monotonic().as_secs_f64();
        assert!((3.9..4.2).contains(&passed), "{passed}");
        let untold = headers(&[("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "0")]);
        gate.learn("search", None, 200, &untold);
        gate.pass("search", None, Turn::People, retry::PATIENCE).await.unwrap();
        let passed = clock.monotonic().as_secs_f64() - passed;
        assert!((0.9..1.2).contains(&passed), "{passed}");
        let of_one_issue = headers(&[
            ("x-ratelimit-limit", "20"),
            ("x-ratelimit-remaining", "0"),
            ("retry-after", "20"),
            ("ratelimit-reason", "jira-per-issue-on-write"),
        ]);
        gate.learn("editIssue", Some(IssueId(1)), 429, &of_one_issue);
        let start = clock.monotonic();
        gate.pass("editIssue", Some(IssueId(2)), Turn::People, retry::PATIENCE).await.unwrap();
        assert_eq!(clock.monotonic(), start, "that says nothing of the endpoint");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_endpoint_holds_up_nobody_elsewhere() {
        let (gate, clock) = gate(10.0);
        many(&gate, 10).await;
        let of = |sync: &'static str, endpoint| {
            in_the_share_of(sync.into(), gate.pass(endpoint, None, Turn::People, retry::PATIENCE))
        };
        // It waits for its turn when its endpoint is closed.
        let stuck = async {
            many(&gate, 5).await;
            of("stuck", "search").await.unwrap();
        };
        let crowd = async {
            let busy = futures_util::future::join_all((0..30).map(|_| of("busy", "editIssue")));
            let closes = async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let answer = headers(&[("retry-after", "20"), ("ratelimit-reason", "jira-burst-based")]);
                gate.learn("search", None, 429, &answer);
            };
            let (went, ()) = tokio::join!(busy, closes);
            assert_eq!(went.len(), 30);
            clock.monotonic()
        };
        let ((), done) = tokio::join!(stuck, crowd);
        assert!(done <= Duration::from_secs(5), "{done:?}");
        assert!(clock.monotonic() >= Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn at_a_slow_endpoint_what_is_urgent_goes_first_and_syncs_take_turns() {
        let (gate, clock) = gate(10.0);
        let answer = headers(&[("retry-after", "1"), ("ratelimit-reason", "jira-burst-based")]);
        gate.learn("editIssue", None, 429, &answer);
        let of = |sync: &'static str, turn| {
            in_the_share_of(sync.into(), gate.pass("editIssue", None, turn, retry::PATIENCE))
        };
        let copies = futures_util::future::join_all((0..40).map(|_| of("copies", Turn::Copies)));
        let crowd = futures_util::future::join_all((0..20).map(|_| of("crowd", Turn::People)));
        let person = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            let start = clock.monotonic();
            of("person", Turn::People).await.unwrap();
            clock.monotonic() - start
        };
        let (_, _, waited) = tokio::join!(copies, crowd, person);
        assert!(waited <= Duration::from_millis(500), "{waited:?}");
        let all = clock.monotonic().as_secs_f64();
        assert!((12.5..14.5).contains(&all), "61 at five a second: {all}");
        let writes = (0..60).map(|_| gate.pass_write("editIssue", None, Turn::People, retry::PATIENCE));
        let went = futures_util::future::join_all(writes).await;
        let put_off = went.iter().filter(|went| went.is_err()).count();
        assert!((20..40).contains(&put_off), "what a write rests on grows old: {put_off}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_told() {
        let (gate, _) = gate(100.0);
        let answer = |reason: &str| headers(&[("retry-after", "40"), ("ratelimit-reason", reason)]);
        gate.learn("editIssue", Some(IssueId(7)), 429, &answer("jira-per-issue-on-write"));
        gate.learn("search", None, 429, &answer("jira-burst-based"));
        let waits = gate.budget().waits;
        assert_eq!(waits, [("search".to_owned(), 40), ("writes of issue 7".to_owned(), 40)]);
    }
}
