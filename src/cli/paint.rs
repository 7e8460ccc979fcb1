//! The colours of a plan's lines: what comes is green, what goes is red. Must be given lines that were escaped, and never change a word of them.

use anstyle::{AnsiColor, Style};

/// A line by the sign that it begins with; within one that changes a text, what goes and what comes.
pub(super) fn painted(line: &str) -> String {
    let colour = match line.chars().next() {
        Some('+' | '"' | '&' | '@') => AnsiColor::Green,
        Some('-') => AnsiColor::Red,
        Some('~') => return parts(line),
        Some('>') => AnsiColor::Cyan,
        Some('!') => AnsiColor::Magenta,
        Some('?') => AnsiColor::Yellow,
        _ => return line.to_owned(),
    };
    let style = colour.on_default();
    format!("{style}{line}{style:#}")
}

/// Paints `[-what goes-]` and `{+what comes+}`.
fn parts(line: &str) -> String {
    let (red, green): (Style, Style) = (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
    let line = line.replace("[-", &format!("{red}[-")).replace("-]", &format!("-]{red:#}"));
    line.replace("{+", &format!("{green}{{+")).replace("+}", &format!("+}}{green:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_say_what_comes_and_what_goes_and_leave_every_word() {
        assert_eq!(painted("+ acme create `Bug`"), "\u{1b}[32m+ acme create `Bug`\u{1b}[0m");
        let changed = painted("~ acme SUP-1 description: a [-b-]{+c+} d");
        assert_eq!(changed, "~ acme SUP-1 description: a \u{1b}[31m[-b-]\u{1b}[0m\u{1b}[32m{+c+}\u{1b}[0m d");
        assert_eq!(painted("SUP-1:"), "SUP-1:");
    }
}
