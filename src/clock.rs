//! The only place that reads the clock, and the only source of randomness. Everything else is handed a [`Clock`] or
//! an [`Entropy`], so that a whole run repeats exactly from a seed. Must never be bypassed (`.clippy.toml` bans it).

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use rand::{RngCore, SeedableRng, rngs::StdRng};

/// Tells the time of this machine. Server times of Jira are never compared with it but for measuring skew.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock, in UTC.
    fn now(&self) -> Timestamp;
    /// A monotonic reading since an arbitrary start; follows tokio's paused clock in tests.
    fn monotonic(&self) -> Duration;
}

/// Gives random bytes for ids, nonces and jitter.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// 128 random bits.
    fn next_u128(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }

    /// A new id of an item, an operation or a thing: 48 bits of milliseconds since 1970, then 80 random bits. What is made together lies
    /// together in the state, so that work on the newest items costs as many of its pages however many older ones it holds. No order is
    /// promised: a clock may be put back.
    fn next_id(&self, now: Timestamp) -> u128 {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
        u128::from(milliseconds) << 80 | self.next_u128() >> 48
    }

    /// A number in `0.0..1.0`, for jitter.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The machine's own clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

impl SystemClock {
    /// Starts the monotonic reading at zero.
    #[must_use]
    pub fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that starts at a given time and advances with tokio's (pausable) clock.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    epoch: Timestamp,
    start: tokio::time::Instant,
}

impl VirtualClock {
    /// A clock that reads `epoch` now.
    #[must_use]
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self { epoch, start: tokio::time::Instant::now() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.epoch
            .saturating_add(jiff::SignedDuration::try_from(self.start.elapsed()).unwrap_or(jiff::SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that is set once, when it is made, and from then on runs with the monotonic reading: whoever sets the machine's
/// clock while we run moves no due time and no measured skew.
pub struct SteadyClock {
    inner: std::sync::Arc<dyn Clock>,
    set_to: Timestamp,
    at: Duration,
}

impl SteadyClock {
    /// Set to what `inner` says now.
    #[must_use]
    pub fn over(inner: std::sync::Arc<dyn Clock>) -> Self {
        Self { set_to: inner.now(), at: inner.monotonic(), inner }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let passed = self.inner.monotonic().saturating_sub(self.at);
        let passed = jiff::SignedDuration::try_from(passed).unwrap_or(jiff::SignedDuration::MAX);
        self.set_to.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }
}

/// Randomness of the operating system, through the library that also seals our marks.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // A machine without randomness cannot make unique ids: going on would make duplicates.
            std::process::abort();
        }
    }
}

/// Randomness from a seed, for simulated runs and tests.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut rng = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rng.fill_bytes(bytes);
    }
}
