//! Whether a text is the copy of another that a bridge made: the same but for the lines that bridges put before it. Must never take
//! what one person wrote for what another did: a line before the text counts only where it names the author.
//!
//! What bridges write before a copy is set up by whoever runs them, so no one form is known: jirasyncd's own is a line by template
//! (`mapping::header`). What Exalate and Backbone write by default could not be confirmed from public documents; any of up to three lines,
//! or words on the first line that end in a sign such as a colon, is taken for it if it names the author.

use std::collections::BTreeSet;

use crate::model::document::Document;
use crate::text;

/// Lines that a bridge puts before a text at most.
const MOST_LINES: usize = 3;
/// The longest words that it puts before the text on the text's own line.
const LONGEST: usize = 120;

/// A text as its lines are compared: without markup, blanks and empty lines.
pub(super) fn lines(document: &Document) -> Vec<String> {
    let text = text::plain(document);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

/// How surely a text is the copy of an original by somebody of that name: how many words of the name stand before it; 0 where nothing
/// does. `None`: it is not.
pub(super) fn copy_of(copy: &[String], original: &[String], author: &str) -> Option<usize> {
    if copy == original {
        return Some(0);
    }
    let more = copy.len().checked_sub(original.len())?;
    let Some((first, rest)) = original.split_first() else {
        // Logged work may be without a word: then its copy is a header and nothing else.
        return (more <= MOST_LINES).then(|| names(&copy.join(" "), author)).flatten();
    };
    if (1..=MOST_LINES).contains(&more)
        && let Some((header, text)) = copy.split_at_checked(more)
        && text == original
        && let Some(words) = names(&header.join(" "), author)
    {
        return Some(words);
    }
    let (header, text) = copy.split_at_checked(more).filter(|_| more < MOST_LINES)?;
    let (line, after) = text.split_first()?;
    let before = line.strip_suffix(first.as_str()).filter(|before| !before.is_empty() && after == rest)?;
    let ends = before.trim_end().ends_with([':', ']', ')', '>', '}', '*', '-', '\u{2013}', '\u{2014}']);
    if !ends || before.chars().count() > LONGEST {
        return None;
    }
    names(&format!("{} {before}", header.join(" ")), author)
}

/// Whether words name somebody, in whatever order; how many words their name has.
fn names(words: &str, author: &str) -> Option<usize> {
    let parts = |text: &str| -> BTreeSet<String> {
        let parts = text.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let (words, name) = (parts(words), parts(author));
    (!name.is_empty() && name.is_subset(&words)).then_some(name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(copy: &str, original: &str, author: &str) -> Option<usize> {
        let read = |text: &str| lines(&text::from_plain(text));
        copy_of(&read(copy), &read(original), author)
    }

    #[test]
    fn a_line_before_a_copy_counts_where_it_names_the_author() {
        assert_eq!(of("+1", "+1", "Ann Lee"), Some(0));
        assert_eq!(of("Ann Lee (acme):\n\n+1", "+1", "Ann Lee"), Some(2));
        assert_eq!(of("Comment by Lee, Ann\n2024-01-02 10:00\n\nOne\n\n* Two", "One\n\n* Two", "Ann Lee"), Some(2));
        assert_eq!(of("Ann Lee (acme):", "", "Ann Lee"), Some(2));
        assert_eq!(of("Bob Ray (acme):", "", "Ann Lee"), None);
        assert_eq!(of("[Ann Lee]: One\nTwo", "One\nTwo", "Ann Lee"), Some(2));
        assert_eq!(of("Bob Ray (acme):\n\n+1", "+1", "Ann Lee"), None);
        assert_eq!(of("Ann Lee says\nthat all\nof us\nthink\n+1", "+1", "Ann Lee"), None, "that is a text, no header");
        assert_eq!(of("Ann Lee wants +1", "+1", "Ann Lee"), None);
        assert_eq!(of("Ann Lee (acme):\n\n+1 from me", "+1", "Ann Lee"), None);
        assert_eq!(of("+1", "+1\nand more", "Ann Lee"), None);
    }
}
