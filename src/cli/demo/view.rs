//! What the demo shows while it runs: a block that redraws itself on a terminal, a plain line about once a second elsewhere.
//! It must never write colour or move the cursor where there is no terminal, nor print by itself: it is handed a writer.

use std::io::{self, Write};
use std::time::Duration;

use super::audit::Report;
use super::daemon::Progress;
use super::party::Party;

/// What there is to show.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) elapsed: Duration,
    /// What is going on: `backfill`, `people at work`, `quiet`.
    pub(super) phase: &'static str,
    /// Issues per side.
    pub(super) issues: Vec<(&'static str, usize)>,
    pub(super) progress: Progress,
    /// The last thing that somebody did.
    pub(super) last_act: String,
}

/// Where and how it is shown.
pub(super) struct View<'a> {
    out: &'a mut (dyn Write + Send),
    terminal: bool,
    /// Lines of the block that stands on the terminal now.
    drawn: usize,
}

impl<'a> View<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send), terminal: bool) -> Self {
        Self { out, terminal, drawn: 0 }
    }

    /// A line that stays.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        self.clear()?;
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    /// Shows how things are.
    ///
    /// # Errors
    /// What the writer says.
    pub(super) fn show(&mut self, shown: &Shown, report: &Report) -> io::Result<()> {
        if !self.terminal {
            writeln!(self.out, "{}", line(shown, report))?;
            return self.out.flush();
        }
        let block = block(shown, report);
        self.clear()?;
        // A line that wraps would take two lines of the screen, and the next drawing would leave one standing.
        write!(self.out, "\x1b[?7l")?;
        for line in &block {
            writeln!(self.out, "{line}")?;
        }
        write!(self.out, "\x1b[?7h")?;
        self.drawn = block.len();
        self.out.flush()
    }

    fn clear(&mut self) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A\x1b[J", self.drawn)?;
            self.drawn = 0;
        }
        Ok(())
    }
}

/// Seconds with one digit.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn issues(shown: &Shown) -> String {
    shown.issues.iter().map(|(side, count)| format!("{side} {count}")).collect::<Vec<_>>().join(", ")
}

fn line(shown: &Shown, report: &Report) -> String {
    format!(
        "{:>4} s  {}: issues {}; edits {}, comments {}; arrived {} of {}; lag {} (at most {}); due {}, problems {}",
        shown.elapsed.as_secs(),
        shown.phase,
        issues(shown),
        report.edits,
        report.comments,
        report.arrived,
        report.expected,
        seconds(report.lag.average()),
        seconds(report.lag.longest),
        shown.progress.due,
        shown.progress.problems.len(),
    )
}

const WIDTH: usize = 30;

/// `[#####.....]  5/10`
fn bar(done: usize, of: usize) -> String {
    let filled = (done * WIDTH).checked_div(of).unwrap_or(WIDTH).min(WIDTH);
    format!("[\x1b[32m{}\x1b[0m{}] {done}/{of}", "#".repeat(filled), ".".repeat(WIDTH - filled))
}

fn block(shown: &Shown, report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("\x1b[1m{} after {} s\x1b[0m", shown.phase, shown.elapsed.as_secs()),
        format!("  replicas  {}", bar(report.arrived_issues, report.expected_issues)),
        format!("  arrived   {}", bar(report.arrived, report.expected)),
        format!("  issues    {}", issues(shown)),
        format!("  people    {} edits, {} comments; {}", report.edits, report.comments, shown.last_act),
        format!("  lag       {} on average, {} at most", seconds(report.lag.average()), seconds(report.lag.longest)),
        format!(
            "  daemon    {} items, {} due, {} writes open",
            shown.progress.items, shown.progress.due, shown.progress.open_intents
        ),
    ];
    let problems = &shown.progress.problems;
    if let Some(first) = problems.first() {
        lines.push(format!("  \x1b[33mproblems  {}: {first}\x1b[0m", problems.len()));
    }
    lines
}

/// How many issues stand on each side.
pub(super) fn counted(sides: &[super::audit::Observed]) -> Vec<(&'static str, usize)> {
    Party::ALL.into_iter().zip(sides).map(|(party, side)| (party.name(), side.issues())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(terminal: bool) -> String {
        let mut out: Vec<u8> = Vec::new();
        let mut view = View::new(&mut out, terminal);
        let report = Report { expected: 10, arrived: 5, expected_issues: 4, arrived_issues: 1, ..Report::default() };
        let shown = Shown { phase: "quiet", issues: vec![("acme", 3), ("globex", 1)], ..Shown::default() };
        view.show(&shown, &report).unwrap();
        view.show(&shown, &report).unwrap();
        view.say("done").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn without_a_terminal_there_are_lines_and_nothing_else() {
        let text = shown(false);
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains('\x1b') && !text.contains('#'), "{text}");
        assert!(text.contains("issues acme 3, globex 1; edits 0, comments 0; arrived 5 of 10"), "{text}");
    }

    #[test]
    fn on_a_terminal_the_block_is_drawn_over() {
        let text = shown(true);
        assert_eq!(text.matches("\x1b[7A\x1b[J").count(), 2, "{text:?}");
        assert!(text.contains("1/4") && text.ends_with("done\n"), "{text:?}");
    }

    #[test]
    fn a_bar_is_never_longer_than_its_frame() {
        for (done, of) in [(0, 0), (3, 2), (1, 3)] {
            assert_eq!(bar(done, of).matches(['#', '.']).count(), WIDTH, "{done}/{of}");
        }
    }
}
