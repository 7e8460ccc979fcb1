//! Tables of wiki markup. Must never lose a cell.

use super::wiki_block::{self, Scanner, line};
use super::wiki_inline::is_special;
use crate::model::document::{Attributes, Block, Cell};

/// A table, and where it ends.
pub(super) fn read(scanner: &Scanner<'_>, from: usize) -> (Vec<Block>, usize) {
    let mut rows = Vec::new();
    let mut signs = Signs::default();
    let mut at = from;
    while at < scanner.text.len() {
        let here = line(scanner.text, at);
        let lead = here.text.len() - here.text.trim_start().len();
        if !here.text.trim_start().starts_with('|') {
            break;
        }
        let (row, end) = Row { scanner, signs: &mut signs }.read(at + lead);
        rows.push(row);
        at = end.max(at + 1);
    }
    (vec![Block::Table(rows)], at)
}

/// The next place of a sign, as far as it was looked for.
#[derive(Default)]
struct Signs {
    bracket: Option<usize>,
    braces: Option<usize>,
    mark: Option<usize>,
}

struct Row<'a, 's> {
    scanner: &'s Scanner<'a>,
    signs: &'s mut Signs,
}

impl Row<'_, '_> {
    fn read(mut self, from: usize) -> (Vec<Cell>, usize) {
        let text = self.scanner.text;
        let mut cells = Vec::new();
        let mut at = from;
        loop {
            let heading = text.get(at..).is_some_and(|rest| rest.starts_with("||"));
            let begin = at + if heading { 2 } else { 1 };
            let rest = line(text, begin);
            if rest.text.trim().is_empty() {
                return (cells, rest.next);
            }
            let (end, next) = self.cell_end(begin);
            let inner = text.get(begin..end).unwrap_or_default().trim();
            let blocks = wiki_block::blocks(inner, self.scanner.depth + 1);
            cells.push(Cell { heading, attributes: Attributes::new(), blocks });
            match next {
                Some(next) => return (cells, next),
                None => at = end,
            }
        }
    }

    /// Where a cell ends. With the place of the next line if the row ends there too.
    fn cell_end(&mut self, begin: usize) -> (usize, Option<usize>) {
        let text = self.scanner.text;
        let mut at = begin;
        while let Some(rest) = text.get(at..)
            && let Some(sign) = rest.chars().next()
        {
            match sign {
                '|' => return (at, None),
                '\\' => {
                    let kept = rest.chars().nth(1).filter(|next| !matches!(next, '\n' | '\r'));
                    at += 1 + kept.map_or(0, char::len_utf8);
                }
                '\n' | '\r' => {
                    let next = line(text, at).next;
                    let following = line(text, next).text.trim_start();
                    if following.is_empty() || following.starts_with('|') {
                        return (at, Some(next));
                    }
                    at = next;
                }
                '{' => match self.scanner.closes.opening(at) {
                    Some(opening) => at = opening.end,
                    None if rest.starts_with("{{") => at = skip(text, &mut self.signs.braces, at, 2, "}}"),
                    None => at += 1,
                },
                '[' => at = skip(text, &mut self.signs.bracket, at, 1, "]"),
                '!' if rest.chars().nth(1).is_some_and(|next| !next.is_whitespace()) => {
                    let end = skip(text, &mut self.signs.mark, at, 1, "!");
                    let inside = text.get(at + 1..end.max(at + 2) - 1).unwrap_or_default();
                    at = if super::wiki_link::is_image(inside) { end } else { at + 1 };
                }
                other => at += other.len_utf8(),
            }
        }
        (text.len(), Some(text.len()))
    }
}

/// Behind what a sign at `at` opens, if that is closed on the same line; else behind the sign.
fn skip(text: &str, known: &mut Option<usize>, at: usize, length: usize, close: &str) -> usize {
    let from = at + length;
    if known.is_none_or(|known| known < from) {
        *known = Some(find_plain(text, from, close).unwrap_or(text.len()));
    }
    match *known {
        Some(found) if found < text.len() && is_one_line(text, from, found) => found + close.len(),
        _ => from,
    }
}

/// The next place of a needle that no backslash keeps from being markup: byte offsets.
fn find_plain(text: &str, from: usize, needle: &str) -> Option<usize> {
    let mut at = from;
    while let Some(rest) = text.get(at..)
        && let Some(sign) = rest.chars().next()
    {
        if rest.starts_with(needle) {
            return Some(at);
        }
        let kept = rest.chars().nth(1).filter(|next| sign == '\\' && is_special(*next));
        at += sign.len_utf8() + kept.map_or(0, char::len_utf8);
    }
    None
}

/// Whether no line ends between two places. Looks no further than a link or a file name may reach.
fn is_one_line(text: &str, from: usize, to: usize) -> bool {
    to - from <= 2_000 && text.get(from..to).is_some_and(|between| !between.contains(['\n', '\r']))
}
