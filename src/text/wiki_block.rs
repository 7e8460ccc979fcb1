//! Wiki markup to the document, block by block. Must never lose a line: what is no known block is a paragraph or kept
//! literally. Takes time linear in the text: what was searched for in vain is not searched for again.

use super::wiki_inline;
use super::wiki_list;
use super::wiki_macro::{Closes, Opening};
use super::wiki_table;
use crate::model::document::{Attributes, Block, Document, FilePlace, Inline};

/// Levels of nested blocks that are followed; what is deeper is read as lines of text.
pub(super) const DEEPEST: usize = 12;

/// Some blocks and the stretch of the text that they were read from.
pub(super) struct Piece {
    pub(super) blocks: Vec<Block>,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Reads a whole text.
pub(super) fn read(markup: &str) -> Document {
    Document { blocks: blocks(markup, 0) }
}

/// Reads the blocks of a text that lies so deep.
pub(super) fn blocks(text: &str, depth: usize) -> Vec<Block> {
    pieces(text, depth).into_iter().flat_map(|piece| piece.blocks).collect()
}

/// The same, with where each came from. Stretches do not hold the blank lines between them.
pub(super) fn pieces(text: &str, depth: usize) -> Vec<Piece> {
    let scanner = Scanner { text, depth, closes: Closes::new(text) };
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = line(text, at);
        if line.text.trim().is_empty() {
            at = line.next;
            continue;
        }
        let from = at + (line.text.len() - line.text.trim_start().len());
        let (blocks, end) = scanner.block(from).unwrap_or_else(|| scanner.paragraph(from));
        let end = end.max(from + 1);
        let to = from + text.get(from..end).unwrap_or_default().trim_end().len();
        if !blocks.is_empty() {
            out.push(Piece { blocks, from, to });
        }
        at = end;
    }
    out
}

/// One line: its text without the line end, and where the next one begins.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) next: usize,
}

/// The line from `at` on.
pub(super) fn line(text: &str, at: usize) -> Line<'_> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.find(['\n', '\r']) {
        Some(end) => {
            let long = rest.get(end..).is_some_and(|tail| tail.starts_with("\r\n"));
            Line { text: rest.get(..end).unwrap_or_default(), next: at + end + if long { 2 } else { 1 } }
        }
        None => Line { text: rest, next: text.len() },
    }
}

/// One text with what is known of its macros.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) depth: usize,
    pub(super) closes: Closes<'a>,
}

impl Scanner<'_> {
    /// A block that is no paragraph, and where it ends.
    fn block(&self, at: usize) -> Option<(Vec<Block>, usize)> {
        if self.depth >= DEEPEST {
            return None;
        }
        if let Some(opening) = self.closes.opening(at) {
            return Some((opening.blocks(self.depth), opening.end));
        }
        let line = line(self.text, at);
        let start = line.text.trim();
        if let Some(level) = heading_level(start) {
            let text = start.get(3..).unwrap_or_default().trim();
            return Some((vec![Block::Heading(level, wiki_inline::read(text))], line.next));
        }
        if let Some(text) = start.strip_prefix("bq.") {
            return Some((vec![Block::Quote(vec![Block::Paragraph(wiki_inline::read(text.trim()))])], line.next));
        }
        if is_rule(start) {
            return Some((vec![Block::Rule], line.next));
        }
        if wiki_list::item_prefix(start).is_some() {
            return Some(wiki_list::read(self, at));
        }
        if start.starts_with('|') {
            return Some(wiki_table::read(self, at));
        }
        None
    }

    /// Whether a line begins something else than more of a paragraph.
    pub(super) fn begins_block(&self, at: usize) -> bool {
        let line = line(self.text, at);
        let start = line.text.trim();
        let lead = line.text.len() - line.text.trim_start().len();
        self.depth < DEEPEST
            && (heading_level(start).is_some()
                || start.starts_with("bq.")
                || is_rule(start)
                || start.starts_with('|')
                || wiki_list::item_prefix(start).is_some()
                || self.closes.opening(at + lead).is_some())
    }

    /// The first macro with a body that opens in a line, behind its beginning.
    pub(super) fn opening_within(&self, from: usize, to: usize) -> Option<Opening<'_>> {
        if self.depth >= DEEPEST {
            return None;
        }
        let line = self.text.get(from..to)?;
        line.match_indices('{').find_map(|(offset, _)| self.closes.opening(from + offset))
    }

    fn paragraph(&self, from: usize) -> (Vec<Block>, usize) {
        let mut end = from;
        let mut at = from;
        while at < self.text.len() {
            let line = line(self.text, at);
            if at > from && (line.text.trim().is_empty() || self.begins_block(at)) {
                break;
            }
            if let Some(opening) = self.opening_within(at, at + line.text.len()) {
                end = opening.from;
                break;
            }
            at = line.next;
            end = at;
        }
        let text = self.text.get(from..end).unwrap_or_default().trim_end();
        (alone(text).into_iter().collect(), end)
    }
}

/// The block of a text that stands on its own: mostly a paragraph. `None`: there is nothing in it.
pub(super) fn alone(text: &str) -> Option<Block> {
    if text.is_empty() {
        return None;
    }
    if let Some((address, embedded)) = card(text) {
        return Some(Block::Card { address: address.to_owned(), embedded, attributes: Attributes::new() });
    }
    let run = wiki_inline::read(text);
    if let [Inline::File(file)] = run.as_slice()
        && matches!(file.place, FilePlace::Address(_))
    {
        let (caption, attributes) = (Vec::new(), Attributes::new());
        return Some(Block::Files { group: false, files: vec![file.clone()], caption, attributes });
    }
    Some(Block::Paragraph(run))
}

/// `[address|address|smart-card]`, as Cloud writes previews in markup.
fn card(text: &str) -> Option<(&str, bool)> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let (shown, rest) = inside.split_once('|')?;
    let (address, shape) = rest.split_once('|')?;
    let embedded = match shape {
        "smart-card" => false,
        "smart-embed" => true,
        _ => return None,
    };
    (shown == address && wiki_inline::is_address(address)).then_some((address, embedded))
}

fn heading_level(line: &str) -> Option<u8> {
    let mut chars = line.chars();
    let (Some('h'), Some(digit), Some('.')) = (chars.next(), chars.next(), chars.next()) else { return None };
    let level = digit.to_digit(10).and_then(|digit| u8::try_from(digit).ok())?;
    (1..=6).contains(&level).then_some(level)
}

/// Four or five hyphens on a line of their own.
pub(super) fn is_rule(line: &str) -> bool {
    matches!(line.trim(), "----" | "-----")
}
