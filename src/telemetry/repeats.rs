//! Warnings that say the same again and again: told once, counted, and told again with the count. Must never keep back what was not said
//! before, nor for longer than a while, nor grow with the number of different warnings.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::{Clock as _, SystemClock};
use crate::model::fingerprint::Hash;

/// The same is told again after so long at the soonest.
const WHILE: Duration = Duration::from_mins(10);
/// So many different warnings are remembered. Beyond that each is told as it comes.
const MOST: usize = 1_024;

/// Time since some moment; it never goes back.
pub(super) type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// When something was last told, and how often it was said since.
struct Told {
    at: Duration,
    more: u64,
}

/// What was told of late, by a digest of its place in the sources and of all that it says.
struct Repeats {
    elapsed: Elapsed,
    told: Mutex<BTreeMap<u64, Told>>,
}

impl Repeats {
    /// Whether it is to be told now, and how often it was kept back since it was told before.
    fn ask(&self, said: u64) -> Option<u64> {
        let now = (self.elapsed)();
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = all.get_mut(&said) {
            if now.saturating_sub(told.at) < WHILE {
                told.more += 1;
                return None;
            }
            let more = std::mem::take(&mut told.more);
            told.at = now;
            return Some(more);
        }
        if all.len() >= MOST {
            all.retain(|_, told| now.saturating_sub(told.at) < WHILE);
        }
        if all.len() < MOST {
            all.insert(said, Told { at: now, more: 0 });
        }
        Some(0)
    }
}

/// What only says which one of many it is about.
const WHICH: [&str; 2] = ["operation", "about"];

/// Takes in every other field of an event as it is written.
struct Digest(Hash);

impl Visit for Digest {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if WHICH.contains(&field.name()) {
            return;
        }
        self.0.take(field.name());
        self.0.take(&format!("{value:?}"));
    }
}

fn digest(event: &Event<'_>) -> u64 {
    let (mut digest, place) = (Digest(Hash::new()), event.metadata());
    digest.0.take(place.target());
    digest.0.take(&place.line().unwrap_or_default().to_string());
    event.record(&mut digest);
    digest.0.0
}

/// Lines of a form, without the repeats.
pub(super) struct Once<F> {
    lines: F,
    /// Adds to a whole line how often it was kept back.
    add: fn(&str, u64) -> String,
    repeats: Repeats,
}

impl<F> Once<F> {
    pub(super) fn new(lines: F, add: fn(&str, u64) -> String, elapsed: Elapsed) -> Self {
        Self { lines, add, repeats: Repeats { elapsed, told: Mutex::default() } }
    }
}

impl<S, N, F> FormatEvent<S, N> for Once<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if *event.metadata().level() > Level::WARN {
            return self.lines.format_event(context, writer, event);
        }
        match self.repeats.ask(digest(event)) {
            None => Ok(()),
            Some(0) => self.lines.format_event(context, writer, event),
            Some(more) => {
                let mut line = String::new();
                self.lines.format_event(context, Writer::new(&mut line), event)?;
                writer.write_str(&(self.add)(&line, more))
            }
        }
    }
}

/// Time since now.
pub(super) fn since_now() -> Elapsed {
    let clock = SystemClock::new();
    let begun = clock.monotonic();
    Box::new(move || clock.monotonic().saturating_sub(begun))
}

/// A line of text, and how often it was said besides.
pub(super) fn add_to_text(line: &str, more: u64) -> String {
    format!("{} (and {more} times before, since this was last told)\n", line.trim_end_matches('\n'))
}

/// An object of JSON on a line, with a field `repeated`.
pub(super) fn add_to_json(line: &str, more: u64) -> String {
    match line.trim_end().strip_suffix('}') {
        Some(open) => format!("{open},\"repeated\":{more}}}\n"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn repeats() -> (Repeats, Arc<AtomicU64>) {
        let seconds = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&seconds);
        let elapsed = Box::new(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        (Repeats { elapsed, told: Mutex::default() }, seconds)
    }

    #[test]
    fn the_same_is_told_once_a_while_with_its_count() {
        let (repeats, seconds) = repeats();
        assert_eq!(repeats.ask(1), Some(0));
        assert_eq!((0..57).filter_map(|_| repeats.ask(1)).count(), 0);
        assert_eq!(repeats.ask(2), Some(0));
        seconds.store(599, Ordering::Relaxed);
        assert_eq!(repeats.ask(1), None);
        seconds.store(600, Ordering::Relaxed);
        assert_eq!(repeats.ask(1), Some(58));
        assert_eq!(repeats.ask(1), None);
        assert_eq!(repeats.ask(2), Some(0), "it was said once");
    }

    #[test]
    fn so_many_are_remembered_and_no_more_and_each_is_told() {
        let (repeats, seconds) = repeats();
        let many = 3 * MOST as u64;
        assert_eq!((0..many).filter_map(|said| repeats.ask(said)).count(), 3 * MOST);
        assert_eq!(repeats.told.lock().unwrap().len(), MOST);
        seconds.store(700, Ordering::Relaxed);
        assert_eq!(repeats.ask(many + 1), Some(0));
        assert_eq!(repeats.told.lock().unwrap().len(), 1, "what is old is forgotten");
    }

    #[test]
    fn a_count_goes_into_either_form() {
        assert_eq!(add_to_text("WARN x\n", 3), "WARN x (and 3 times before, since this was last told)\n");
        let json: serde_json::Value = serde_json::from_str(&add_to_json("{\"message\":\"x\"}\n", 3)).unwrap();
        assert_eq!((&json["message"], &json["repeated"]), (&"x".into(), &3.into()));
    }
}
