//! Plain text that must stay plain in wiki markup. Must never escape what Jira would show with the backslash.

use super::wiki_block::is_rule;
use super::wiki_emoji;
use super::wiki_inline::is_special;
use super::wiki_list::further_prefix;
use super::wiki_write::{Care, Pen};

/// How a backslash is written where it would keep something from being markup.
const BACKSLASH: &str = "&#92;";

/// How a bar is written where it would part cells or the parts of a link.
const BAR: &str = "&#124;";

/// The text of a link: brackets and bars in it would end it, kept by a backslash or not.
pub(super) fn link_text(body: &str) -> String {
    let body = body.replace("\\|", BAR).replace('|', BAR);
    body.replace("\\[", "&#91;").replace("\\]", "&#93;")
}

/// Lines of plain text.
pub(super) fn plain_lines(text: &str, pen: Pen<'_>) -> String {
    text.split('\n').map(|line| escape(line, ' ', pen)).collect::<Vec<_>>().join("\n")
}

/// A line of plain text that would begin a block is kept from it.
pub(super) fn guard_lines(text: &str) -> String {
    text.split('\n').map(guard).collect::<Vec<_>>().join("\n")
}

fn guard(line: &str) -> String {
    let start = line.trim_start();
    let mut chars = start.chars();
    let heads = matches!((chars.next(), chars.next(), chars.next()), (Some('h'), Some('1'..='6'), Some('.')));
    // A backslash would be shown before a letter: it is written by its number instead.
    if heads || start.starts_with("bq.") {
        let mut rest = start.chars();
        return rest.next().map_or_else(String::new, |first| format!("&#{};{}", u32::from(first), rest.as_str()));
    }
    let begins = further_prefix(start).is_some() || start.starts_with('|') || is_rule(start);
    if begins { format!("\\{start}") } else { line.to_owned() }
}

/// Text between double braces.
pub(super) fn monospaced(text: &str, pen: Pen<'_>) -> String {
    let bar = if pen.cell { BAR } else { "\\|" };
    text.replace("&#", "&#38;#")
        .replace('\\', BACKSLASH)
        .replace('{', "\\{")
        .replace('}', "\\}")
        .replace('|', bar)
        .replace('\n', " ")
}

/// Plain text kept from being read as markup. `before` is the character in front of it.
pub(super) fn escape(text: &str, before: char, pen: Pen<'_>) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let chars: Vec<char> = text.chars().filter(|sign| *sign != '\0').collect();
    // Whether a dash closes behind: asked from the end, so that each text is looked through once.
    let last_dash = chars.iter().rposition(|sign| *sign == '-').unwrap_or(0);
    // The last character of a picture's sign that is kept from being one.
    let mut plain_end = None;
    for (index, sign) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|at| chars.get(at)).copied().unwrap_or(before);
        let next = chars.get(index + 1).copied();
        let opens = !previous.is_alphanumeric() && next.is_some_and(|next| !next.is_whitespace());
        let closes = !previous.is_whitespace() && next.is_none_or(|next| !next.is_alphanumeric());
        // Two backslashes are a line break, so a backslash cannot be kept by another one.
        if *sign == '\\' && (next.is_none_or(is_special) || next == Some('\n') || pen.care == Care::Heavy) {
            out.push_str(BACKSLASH);
            continue;
        }
        // A cell ends at a bar, whatever stands before it.
        if *sign == '|' && pen.cell {
            out.push_str(BAR);
            continue;
        }
        if *sign == '&' && next == Some('#') {
            out.push_str("&#38;");
            continue;
        }
        let rest = chars.get(index..).unwrap_or_default();
        let picture = matches!(sign, '(' | ':' | ';') && !previous.is_alphanumeric();
        let picture = wiki_emoji::read(rest).filter(|_| picture).map(|(_, length)| index + length - 1);
        // Jira shows a backslash before these: the end of a picture's sign takes it, or the character is written by its number.
        let ends_plain = picture.is_some_and(|last| matches!(chars.get(last), Some('(' | ')')));
        if matches!(sign, '⟦' | '⟧') || picture.is_some() && *sign != '(' && !ends_plain {
            out.push_str(&format!("&#{};", u32::from(*sign)));
            continue;
        }
        if ends_plain && *sign != '(' {
            plain_end = picture;
        }
        let needs = match (sign, pen.care) {
            ('{' | '}' | '[' | ']', _) => true,
            ('*' | '_' | '+' | '^' | '~' | '!', Care::Light) => opens || closes,
            ('-', Care::Light) => opens && last_dash > index || closes && index > 0 && next != Some(' '),
            ('*' | '_' | '+' | '^' | '~' | '!' | '-' | '|' | '#' | '?', Care::Heavy) => true,
            ('?', Care::Light) => next == Some('?') || previous == '?',
            ('(', _) => picture.is_some() || plain_end == Some(index),
            _ => plain_end == Some(index),
        };
        if needs {
            out.push('\\');
        }
        out.push(*sign);
    }
    out
}
