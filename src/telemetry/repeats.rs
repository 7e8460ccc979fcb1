//! Warnings that say the same again and again, of whichever issue or file: told once, counted, and told again with the count. Must never keep
//! back what was not said before, unless there are more different warnings than anybody reads, nor for longer than a while, nor grow with
//! their number.

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
/// So many different warnings are remembered, and told one by one. Beyond that those of one place in the sources are counted together: there
/// are only so many places.
const MOST: usize = 1_024;

/// Time since some moment; it never goes back.
pub(super) type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// What was kept back before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// The same, so often.
    Same(u64),
    /// So many different ones of its place, and those that follow are kept back, too.
    Alike(u64),
}

/// When something was last told, and how often it was said since.
struct Told {
    at: Duration,
    more: u64,
}

impl Told {
    fn is_of_late(&self, now: Duration) -> bool {
        now.saturating_sub(self.at) < WHILE
    }
}

/// What was told of late.
#[derive(Default)]
struct Remembered {
    /// By a digest of its place in the sources and of all that it says.
    one_by_one: BTreeMap<u64, Told>,
    /// What there was no room for above, by a digest of its place alone.
    together: BTreeMap<u64, Told>,
}

struct Repeats {
    elapsed: Elapsed,
    told: Mutex<Remembered>,
}

impl Repeats {
    /// Whether it is to be told now, and what was kept back since it was told before.
    fn ask(&self, said: Said) -> Option<Before> {
        let now = (self.elapsed)();
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Remembered { one_by_one, together } = &mut *all;
        if let Some(told) = one_by_one.get_mut(&said.whole) {
            return again(told, now).map(|more| if more == 0 { Before::Nothing } else { Before::Same(more) });
        }
        if one_by_one.len() >= MOST {
            one_by_one.retain(|_, told| told.is_of_late(now));
        }
        if one_by_one.len() < MOST {
            one_by_one.insert(said.whole, Told { at: now, more: 0 });
            // There is room again: what was kept back of this place is told with its next one.
            let kept_back = together.remove(&said.place).map_or(0, |told| told.more);
            return Some(if kept_back == 0 { Before::Nothing } else { Before::Alike(kept_back) });
        }
        if let Some(told) = together.get_mut(&said.place) {
            return again(told, now).map(Before::Alike);
        }
        together.insert(said.place, Told { at: now, more: 0 });
        Some(Before::Alike(0))
    }
}

/// It is said again: how often it was kept back, if it is to be told now.
fn again(told: &mut Told, now: Duration) -> Option<u64> {
    if told.is_of_late(now) {
        told.more += 1;
        return None;
    }
    told.at = now;
    Some(std::mem::take(&mut told.more))
}

/// What only says which one of many it is about.
const WHICH: [&str; 8] = ["operation", "about", "item", "issue", "issue.key", "key", "of", "file"];
/// What of that an error is told by, too: what befell one item is not kept back for what befell another.
const OF_AN_ERROR: [&str; 2] = ["item", "key"];
/// What says why, in words that may name it once more: two that differ in keys, numbers and times alone say the same.
const WHY: [&str; 6] = ["error", "why", "proof", "refused", "violation", "illegal"];
/// The word before a number that says why.
const STATUS: &str = "status";

/// What a reason says of whichever it is about.
fn of_any(reason: &str) -> String {
    let mut said = String::new();
    let mut before = "";
    for word in reason.split_whitespace() {
        let names_one = word.bytes().any(|byte| byte.is_ascii_digit()) && !before.ends_with(STATUS);
        said.push_str(if names_one { "…" } else { word });
        said.push(' ');
        before = word;
    }
    said
}

/// Takes in every other field of an event as it is written.
struct Digest {
    hash: Hash,
    of_error: bool,
}

impl Visit for Digest {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let names_its_own = self.of_error && OF_AN_ERROR.contains(&field.name());
        if WHICH.contains(&field.name()) && !names_its_own {
            return;
        }
        self.hash.take(field.name());
        let value = format!("{value:?}");
        if WHY.contains(&field.name()) {
            self.hash.take(&of_any(&value));
        } else {
            self.hash.take(&value);
        }
    }
}

/// Digests of an event.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// Of its place in the sources.
    place: u64,
    /// Of that and of what it says.
    whole: u64,
}

impl Said {
    fn by(event: &Event<'_>) -> Self {
        let place = event.metadata();
        let mut digest = Digest { hash: Hash::new(), of_error: *place.level() == Level::ERROR };
        digest.hash.take(place.target());
        digest.hash.take(&place.line().unwrap_or_default().to_string());
        let place = digest.hash.0;
        event.record(&mut digest);
        Self { place, whole: digest.hash.0 }
    }
}

/// Lines of a form, without the repeats.
pub(super) struct Once<F> {
    lines: F,
    /// Adds to a whole line what was kept back before it.
    add: fn(&str, Before) -> String,
    repeats: Repeats,
}

impl<F> Once<F> {
    pub(super) fn new(lines: F, add: fn(&str, Before) -> String, elapsed: Elapsed) -> Self {
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
        match self.repeats.ask(Said::by(event)) {
            None => Ok(()),
            Some(Before::Nothing) => self.lines.format_event(context, writer, event),
            Some(before @ (Before::Same(_) | Before::Alike(_))) => {
                let mut line = String::new();
                self.lines.format_event(context, Writer::new(&mut line), event)?;
                writer.write_str(&(self.add)(&line, before))
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

/// A line of text, and what was kept back before it.
pub(super) fn add_to_text(line: &str, before: Before) -> String {
    let line = line.trim_end_matches('\n');
    match before {
        Before::Nothing => format!("{line}\n"),
        Before::Same(more) => format!("{line} (and {more} times before, since this was last told)\n"),
        Before::Alike(more) => {
            format!(
                "{line} (and {more} others like it before; there are so many that those to come are counted for a while)\n"
            )
        }
    }
}

/// An object of JSON on a line, with a field `repeated` or `alike`.
pub(super) fn add_to_json(line: &str, before: Before) -> String {
    let (name, more) = match before {
        Before::Nothing => return line.to_owned(),
        Before::Same(more) => ("repeated", more),
        Before::Alike(more) => ("alike", more),
    };
    match line.trim_end().strip_suffix('}') {
        Some(open) => format!("{open},\"{name}\":{more}}}\n"),
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

    /// Something that is said at one of two places.
    fn said(whole: u64) -> Said {
        Said { place: whole % 2, whole }
    }

    #[test]
    fn the_same_is_told_once_a_while_with_its_count() {
        let (repeats, seconds) = repeats();
        assert_eq!(repeats.ask(said(1)), Some(Before::Nothing));
        assert_eq!((0..57).filter_map(|_| repeats.ask(said(1))).count(), 0);
        assert_eq!(repeats.ask(said(2)), Some(Before::Nothing));
        seconds.store(599, Ordering::Relaxed);
        assert_eq!(repeats.ask(said(1)), None);
        seconds.store(600, Ordering::Relaxed);
        assert_eq!(repeats.ask(said(1)), Some(Before::Same(58)));
        assert_eq!(repeats.ask(said(1)), None);
        assert_eq!(repeats.ask(said(2)), Some(Before::Nothing), "it was said once");
    }

    #[test]
    fn so_many_are_told_one_by_one_and_those_beyond_by_their_place() {
        let (repeats, seconds) = repeats();
        let (most, many) = (MOST as u64, 20 * MOST as u64);
        let first: Vec<Before> = (0..most).filter_map(|whole| repeats.ask(said(whole))).collect();
        assert_eq!(first, vec![Before::Nothing; MOST]);
        let beyond: Vec<Before> = (most..many).filter_map(|whole| repeats.ask(said(whole))).collect();
        assert_eq!(beyond, [Before::Alike(0); 2], "one line for each place");
        assert_eq!(repeats.ask(said(0)), None, "what is remembered is counted by itself");
        assert_eq!(repeats.told.lock().unwrap().one_by_one.len(), MOST);
        // Still too many, a while later: the first 1,024 are told, and a line for each place with all that were kept back.
        seconds.store(600, Ordering::Relaxed);
        let later: Vec<Before> = (many..2 * many).filter_map(|whole| repeats.ask(said(whole))).collect();
        assert_eq!(later.len(), MOST + 2, "{later:?}");
        let told: u64 = later.iter().map(|before| if let Before::Alike(more) = before { *more } else { 0 }).sum();
        assert_eq!(told, many - most - 2);
        // In the end there is room again.
        seconds.store(1_200, Ordering::Relaxed);
        let more = repeats.ask(said(2 * many));
        assert!(matches!(more, Some(Before::Alike(more)) if more > 9_000), "{more:?}");
        assert_eq!(repeats.ask(said(2 * many + 2)), Some(Before::Nothing), "it was told once");
        let remembered = repeats.told.lock().unwrap();
        assert_eq!((remembered.one_by_one.len(), remembered.together.len()), (2, 1), "what is old is forgotten");
    }

    #[test]
    fn a_reason_is_the_same_whichever_it_names_and_another_with_another_status() {
        let of = |key: &str, status: u16| of_any(&format!("reading {key} at `acme`: status {status}: no"));
        assert_eq!(of("SUP-1", 403), of("SUP-22", 403));
        assert_ne!(of("SUP-1", 403), of("SUP-1", 404));
    }

    #[test]
    fn a_count_goes_into_either_form() {
        assert_eq!(add_to_text("WARN x\n", Before::Same(3)), "WARN x (and 3 times before, since this was last told)\n");
        assert!(add_to_text("WARN x\n", Before::Alike(3)).starts_with("WARN x (and 3 others like it before; "));
        for (before, name) in [(Before::Same(3), "repeated"), (Before::Alike(3), "alike")] {
            let json: serde_json::Value = serde_json::from_str(&add_to_json("{\"message\":\"x\"}\n", before)).unwrap();
            assert_eq!((&json["message"], &json[name]), (&"x".into(), &3.into()));
        }
    }
}
