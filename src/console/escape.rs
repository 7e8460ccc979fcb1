//! Texts from Jira, made harmless for a terminal and for a log that is read line by line: issue summaries, names and error
//! messages may hold escape sequences, line breaks and signs that turn the reading direction. It must never lose a sign:
//! what is not shown as it is, is shown by its number.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a sign does something to the terminal or to the order of the text instead of being shown.
fn acts(sign: char) -> bool {
    let turns = matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // These two end a line for some readers.
    let breaks = matches!(sign, '\u{2028}' | '\u{2029}');
    sign.is_control() || turns || breaks
}

fn replaced<'a>(text: &'a str, kept: &[char], write: impl Fn(&mut String, char)) -> Cow<'a, str> {
    let is_kept = |sign: char| !acts(sign) || kept.contains(&sign);
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if is_kept(sign) { out.push(sign) } else { write(&mut out, sign) }
    }
    Cow::Owned(out)
}

/// One line: `\n`, `\r`, `\t`, `\u{1b}`.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, &[], |out, sign| out.extend(sign.escape_default()))
}

/// The same, with line breaks left as they are: for texts whose lines we made ourselves.
#[must_use]
pub fn escaped_lines(text: &str) -> Cow<'_, str> {
    replaced(text, &['\n'], |out, sign| out.extend(sign.escape_default()))
}

/// JSON that was written already: what its writer left in strings as it was becomes `\u202e`, which means the same.
#[must_use]
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    // None of the signs lies beyond the first plane, so four digits do.
    replaced(json, &['\n'], |out, sign| {
        let _ = write!(out, "\\u{:04x}", u32::from(sign));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[2J\r\nb\u{202e}c\u{9b}31m\u{7f}\u{2028}\u{0}é\u{1f600}";

    #[test]
    fn nothing_acts_and_nothing_is_lost() {
        assert_eq!(escaped(HOSTILE), "a\\u{1b}[2J\\r\\nb\\u{202e}c\\u{9b}31m\\u{7f}\\u{2028}\\u{0}é\u{1f600}");
        assert!(matches!(escaped("plain — ünï"), Cow::Borrowed(_)));
        assert_eq!(escaped_lines("a\n\rb"), "a\n\\rb");
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let json = serde_json::to_string(HOSTILE).unwrap();
        let safe = escaped_json(&json);
        assert!(!safe.chars().any(acts), "{safe:?}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), HOSTILE);
    }
}
