//! Logs: plain lines or JSON on stderr, or fields to the journal, every text in them made harmless. It must never let a secret or a body through: what
//! other crates say below a warning (whole requests, headers) is dropped whatever is asked for. Nor may it flood: a warning that says
//! the same again is counted (`repeats`).

mod journal;
mod repeats;

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::path::Path;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, ParseError, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};

pub(crate) use self::journal::is_read_by_the_journal;
use self::journal::{Journal, SOCKET};
use self::repeats::{Elapsed, Once, add_to_json, add_to_text, since_now};
use crate::console::{escaped, escaped_json};

/// The crate whose words are shown at every level.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Time, level, module, message, fields.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
    /// Fields, to systemd's journal.
    Journal,
}

/// How the log is written.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// `warn`, `jirasyncd=debug`, `jirasyncd::engine=trace,info`: as `RUST_LOG` is written elsewhere.
    pub directives: String,
    /// The form of a line.
    pub format: LogFormat,
    /// Whether levels are coloured. Only for a terminal.
    pub colour: bool,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The directives cannot be read.
    #[error("`{directives}` does not say what to log")]
    Directives {
        /// As they were given.
        directives: String,
        /// Why not.
        source: ParseError,
    },
}

/// Writes the log of this process to stderr from now on. A log that is being written already stays.
///
/// # Errors
/// The directives cannot be read.
pub fn start(settings: &LogSettings) -> Result<(), TelemetryError> {
    let subscriber = subscriber(settings, io::stderr)?;
    // Set already: somebody in this process wants to have the log elsewhere.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// What writes the log to `writer`.
///
/// # Errors
/// The directives cannot be read.
pub fn subscriber<W>(settings: &LogSettings, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    timed(settings, writer, since_now())
}

fn timed<W>(
    settings: &LogSettings,
    writer: W,
    elapsed: Elapsed,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&settings.directives)
        .map_err(|source| TelemetryError::Directives { directives: settings.directives.clone(), source })?;
    // HTTP clients log headers when they are asked for details.
    let quiet = filter_fn(|about| about.target().starts_with(OURS) || *about.level() <= Level::WARN);
    let base = tracing_subscriber::fmt::layer().with_ansi(settings.colour);
    let layer = match settings.format {
        LogFormat::Text => base.event_format(Once::new(Lines, add_to_text, elapsed)).with_writer(writer).boxed(),
        LogFormat::Journal => base
            .with_ansi(false)
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .map_event_format(|lines| Once::new(lines, add_to_json, elapsed))
            .with_writer(Journal::at(Path::new(SOCKET), EscapedJson(writer)))
            .boxed(),
        LogFormat::Json => base
            .with_ansi(false)
            .json()
            .flatten_event(true)
            // There is one at most: the item.
            .with_span_list(false)
            .map_event_format(|lines| Once::new(lines, add_to_json, elapsed))
            .with_writer(EscapedJson(writer))
            .boxed(),
    };
    Ok(Box::new(tracing_subscriber::registry().with(layer.with_filter(quiet).with_filter(filter))))
}

/// Events as lines of text.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        SystemTime.format_time(&mut writer)?;
        let level = *event.metadata().level();
        if writer.has_ansi_escapes() {
            write!(writer, " {}{level:>5}\u{1b}[0m", colour(level))?;
        } else {
            write!(writer, " {level:>5}")?;
        }
        let mut line = String::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let about = span.extensions();
            let about = about.get::<FormattedFields<N>>().map_or("", |fields| fields.fields.as_str());
            write!(line, "{}{{{}}}: ", span.name(), without_colours(about))?;
        }
        context.field_format().format_fields(Writer::new(&mut line), event)?;
        writeln!(writer, " {}: {}", event.metadata().target(), escaped(&line))
    }
}

/// The fields of a span come with the terminal's colours, where lines have some: they would be escaped as somebody's words.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let colour =
            part.find('m').filter(|end| part[..*end].bytes().all(|sign| sign.is_ascii_digit() || sign == b';'));
        match colour {
            Some(end) => plain.push_str(&part[end + 1..]),
            // Not one of ours: it is escaped with the rest.
            None => plain.extend(["\u{1b}[", part]),
        }
    }
    plain
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}

/// Gives out writers that escape what JSON allows in strings and a terminal acts on.
struct EscapedJson<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for EscapedJson<W> {
    type Writer = Escaping<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Escaping(self.0.make_writer())
    }
}

/// Escapes whole events: the formatter hands each over in one piece.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(escaped_json(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;

    /// What is written, for whoever looks at it afterwards.
    #[derive(Clone, Default)]
    pub(super) struct Kept(pub(super) Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_gets_no_colours_as_words() {
        let kept = Kept::default();
        let writer = kept.clone();
        let settings = LogSettings { directives: "info".to_owned(), format: LogFormat::Text, colour: true };
        let subscriber = timed(&settings, move || writer.clone(), Box::new(|| Duration::ZERO)).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error_span!("item", id = %7, keys = "A-1\u{1b}[2J").in_scope(|| tracing::warn!("no answer"));
        });
        let said = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(said.contains("item{id=7 keys=") && said.contains("no answer"), "{said:?}");
        // The level alone is coloured; what somebody wrote is told as it is.
        assert_eq!(said.matches('\u{1b}').count(), 2, "{said:?}");
        assert!(!said.contains("[3m") && said.contains("[2J"), "{said:?}");
    }

    fn logged(format: LogFormat, directives: &str, say: impl FnOnce()) -> String {
        logged_at(format, directives, Box::new(|| Duration::ZERO), say)
    }

    fn logged_at(format: LogFormat, directives: &str, elapsed: Elapsed, say: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let settings = LogSettings { directives: directives.to_owned(), format, colour: false };
        let subscriber = timed(&settings, move || writer.clone(), elapsed).unwrap();
        tracing::subscriber::with_default(subscriber, say);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// The summary of an issue by somebody who wants the log to say something else.
    const SUMMARY: &str = "x\u{1b}[2J\u{1b}]0;owned\u{7}\r\n2026-01-01T00:00:00Z ERROR forged\u{202e}txt\u{9b}31m";

    fn say_it() {
        tracing::info!(summary = SUMMARY, shown = %SUMMARY, debugged = ?SUMMARY, "looked at {SUMMARY}");
    }

    #[test]
    fn an_issue_summary_cannot_write_the_log() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let said = logged(format, "info", say_it);
            assert_eq!(said.matches('\n').count(), 1, "{said:?}");
            let line = said.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(|sign| sign.is_control() || sign == '\u{202e}'), "{line:?}");
            assert!(line.contains("forged"), "nothing may be lost: {line:?}");
        }
        let json: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json, "info", say_it)).unwrap();
        assert_eq!(json["shown"], SUMMARY);
    }

    #[test]
    fn a_line_says_which_item_it_is_about() {
        let say = || {
            let span = tracing::error_span!("item", id = %7, sync = "support", keys = SUMMARY);
            span.in_scope(|| tracing::warn!("no answer"));
            tracing::warn!("no answer from anybody");
        };
        for directives in ["info", "error,jirasyncd=warn"] {
            let said = logged(LogFormat::Text, directives, say);
            let lines: Vec<&str> = said.lines().collect();
            assert_eq!(lines.len(), 2, "{said:?}");
            assert!(lines[0].contains("item{id=7 sync=\"support\" keys="), "{said:?}");
            assert!(lines[0].ends_with("}: no answer") && !lines[1].contains("item{"), "{said:?}");
            assert!(!said.contains('\u{1b}'), "{said:?}");
        }
        let said = logged(LogFormat::Json, "info", say);
        let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["span"]["name"], &lines[0]["span"]["keys"]), (&"item".into(), &SUMMARY.into()));
        assert!(lines[1]["span"].is_null() && lines[0]["spans"].is_null(), "{said}");
    }

    #[test]
    fn others_stay_silent_below_a_warning() {
        let said = logged(LogFormat::Text, "trace", || {
            tracing::debug!(target: "hyper::proto", "authorization: Bearer s3cr3t");
            tracing::warn!(target: "hyper::proto", "kept");
            tracing::trace!("ours");
        });
        assert!(said.contains("kept") && said.contains("ours") && !said.contains("s3cr3t"), "{said}");
    }

    #[test]
    fn a_warning_that_is_said_again_is_counted_and_does_not_flood() {
        for format in [LogFormat::Text, LogFormat::Json] {
            // A second for each warning that is looked at.
            let seconds = AtomicU64::new(0);
            let elapsed = Box::new(move || Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed)));
            let said = logged_at(format, "info", elapsed, || {
                for _ in 0..1_000 {
                    tracing::warn!(instance = "globex", "cannot be polled");
                    tracing::info!(instance = "globex", "goes on");
                }
                tracing::warn!(instance = "acme", "cannot be polled");
            });
            assert_eq!(said.matches("goes on").count(), 1_000, "news are no repeats");
            let warned: Vec<&str> = said.lines().filter(|line| line.contains("cannot be polled")).collect();
            assert_eq!(warned.len(), 3, "{warned:?}");
            let counted = if format == LogFormat::Json { "\"repeated\":599" } else { "(and 599 times before" };
            assert!(warned[1].contains("globex") && warned[1].contains(counted), "{warned:?}");
            assert!(warned[2].contains("acme") && !warned[2].contains(counted), "{warned:?}");
        }
    }

    /// As `engine` says it of each item that a state forgot, of each issue of a Jira that was put back, and of each row that cannot be read.
    #[test]
    fn a_warning_about_ten_thousand_issues_is_one_line_and_names_the_first() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let said = logged(format, "info", || {
                for number in 0..10_000_u64 {
                    let key = format!("SUP-{number}");
                    let proof = format!("the log of {key} holds a change that it made at 2026-03-0{}", number % 9);
                    tracing::warn!(item = %number, side = "acme", proof, "is joined anew");
                    tracing::warn!(side = "acme", issue.key = %key, "the history was cut");
                    tracing::warn!(side = "acme", key = %key, of = %key, "found again");
                    tracing::error!(issue = ?Some(number), why = format!("{key} has no time"), "cannot be read");
                    tracing::warn!(file = %number, error = format!("fetching file {number}: no answer"), "not compared");
                }
                tracing::warn!(side = "globex", issue.key = "ENG-1", "the history was cut");
            });
            let lines: Vec<&str> = said.lines().collect();
            assert_eq!(lines.len(), 6, "{lines:?}");
            assert!(lines[1].contains("SUP-0") && lines[5].contains("ENG-1"), "{lines:?}");
        }
    }

    #[test]
    fn only_a_terminal_gets_colour_and_directives_are_checked() {
        assert!(!logged(LogFormat::Text, "info", || tracing::error!("e")).contains('\u{1b}'));
        let wrong = LogSettings { directives: "jirasyncd=loud".to_owned(), format: LogFormat::Text, colour: false };
        assert!(subscriber(&wrong, io::sink).is_err());
    }
}
