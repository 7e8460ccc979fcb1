//! What is printed: text for people or JSON for programs, on writers that were handed in. It must never let a text from Jira
//! act on the terminal, and never draw colour or a moving line where there is none.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::paint::painted;
use crate::console::{escaped, escaped_json, escaped_lines};
use crate::plan::Line;

/// Where output goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) stdout_is_terminal: bool,
    pub(super) stderr_is_terminal: bool,
    /// Nobody wants colours (`NO_COLOR`).
    pub(super) plain: bool,
}

/// The two streams of a command.
pub(super) struct Output<'w> {
    stdout: &'w mut (dyn Write + Send),
    stderr: &'w mut dyn Write,
    look: Look,
    json: bool,
}

impl<'w> Output<'w> {
    pub(super) fn new(stdout: &'w mut (dyn Write + Send), stderr: &'w mut dyn Write, look: Look, json: bool) -> Self {
        Self { stdout, stderr, look, json }
    }

    /// Whether JSON is wanted instead of text.
    pub(super) fn json_wanted(&self) -> bool {
        self.json
    }

    /// Whether the result may be coloured.
    pub(super) fn colour(&self) -> bool {
        self.look.stdout_is_terminal && !self.look.plain
    }

    /// Whether what is said on stderr may be coloured.
    pub(super) fn stderr_colour(&self) -> bool {
        self.look.stderr_is_terminal && !self.look.plain
    }

    /// Where the result goes to, for a command that draws by itself and never shows a text that is not its own.
    #[cfg(feature = "simulator")]
    pub(super) fn stdout(&mut self) -> &mut (dyn Write + Send) {
        self.stdout
    }

    /// One line of the result.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        let whole = format!("{}\n", escaped(text));
        quietly(self.stdout.write_all(whole.as_bytes()))
    }

    /// Lines of the result that end as they are.
    pub(super) fn block(&mut self, text: &str) -> io::Result<()> {
        quietly(self.stdout.write_all(escaped_lines(text).as_bytes()))
    }

    /// One line of a plan, coloured by what it does where that is seen.
    pub(super) fn change(&mut self, line: &Line) -> io::Result<()> {
        if !self.colour() {
            return self.line(&line.to_string());
        }
        quietly(self.stdout.write_all(format!("{}\n", painted(line)).as_bytes()))
    }

    /// What was rendered for this stream before, colours included.
    pub(super) fn rendered(&mut self, text: &str) -> io::Result<()> {
        quietly(self.stdout.write_all(text.as_bytes()))
    }

    /// The result as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        quietly(self.stdout.write_all(escaped_json(&text).as_bytes()))
    }

    /// One line beside the result, on stderr.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        let whole = format!("{}\n", escaped(text));
        quietly(self.stderr.write_all(whole.as_bytes()))
    }

    /// What was rendered for stderr before.
    pub(super) fn rendered_note(&mut self, text: &str) -> io::Result<()> {
        quietly(self.stderr.write_all(text.as_bytes()))
    }

    /// Says what takes time, as long as the answer lives. Only on a terminal.
    pub(super) fn waiting(&self, what: String) -> Waiting {
        let shown = self.look.stderr_is_terminal && !self.json;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if shown {
            bar.set_style(ProgressStyle::default_spinner());
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Waiting(bar)
    }
}

/// A line that moves while something takes time. Gone when dropped.
pub(super) struct Waiting(ProgressBar);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Nobody reads on: not our failure, and nothing to be said to anybody.
fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Rows with their columns below each other, two spaces apart, each line ended. The last column is as wide as it likes.
pub(super) fn table(indent: &str, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, column: usize| escaped(row.get(column).map_or("", String::as_str)).into_owned();
    let width = |column: usize| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = indent.to_owned();
        for (column, width) in widths.iter().enumerate() {
            line.push_str(&format!("{:width$}  ", cell(row, column)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// "1 item", "2 items".
pub(super) fn counted(count: usize, thing: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_and_lets_nothing_act() {
        let rows = vec![vec!["a\u{1b}".into(), "b".into()], vec!["long name".into(), "c".into()]];
        assert_eq!(table("  ", &rows), "  a\\u{1b}    b\n  long name  c\n");
        assert_eq!(counted(1, "item") + " " + &counted(0, "item"), "1 item 0 items");
    }
}
