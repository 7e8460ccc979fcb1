//! Lists of wiki markup. Must never lose an item, however oddly its signs are nested.

use super::marked::read_list;
use super::wiki_block::{DEEPEST, Scanner, line};
use super::wiki_inline;
use crate::model::document::Block;

/// One item: its signs and what is in it.
struct Item {
    signs: Vec<char>,
    blocks: Vec<Block>,
}

/// The signs before a list item, and its text.
pub(super) fn item_prefix(line: &str) -> Option<(&str, &str)> {
    let (signs, text) = line.trim_start().split_once(' ')?;
    let fits = !signs.is_empty() && signs.chars().all(|sign| matches!(sign, '*' | '#')) || signs == "-";
    fits.then_some((signs, text))
}

/// The same within a list, where hyphens nest too.
pub(super) fn further_prefix(line: &str) -> Option<(&str, &str)> {
    let (signs, text) = line.trim_start().split_once(' ')?;
    let fits = !signs.is_empty() && signs.chars().all(|sign| matches!(sign, '*' | '#' | '-'));
    (fits && !super::wiki_block::is_rule(line)).then_some((signs, text))
}

/// A list with its nested lists and the lines that go on an item, and where it ends.
pub(super) fn read(scanner: &Scanner<'_>, from: usize) -> (Vec<Block>, usize) {
    let mut items: Vec<Item> = Vec::new();
    let mut at = from;
    while at < scanner.text.len() {
        let first = line(scanner.text, at);
        let prefix = if items.is_empty() { item_prefix(first.text) } else { further_prefix(first.text) };
        let Some((signs, text)) = prefix else { break };
        let begin = at + first.text.len() - text.len();
        let end = item_end(scanner, begin);
        let signs = signs.chars().map(|sign| if sign == '-' { '*' } else { sign }).collect();
        items.push(Item { signs, blocks: mixed(scanner, begin, end) });
        at = end;
    }
    (nest(&mut items, 0), at)
}

/// Where an item ends: before the next one, a blank line, or something that is no part of an item.
fn item_end(scanner: &Scanner<'_>, begin: usize) -> usize {
    let mut at = begin;
    let mut is_first = true;
    while at < scanner.text.len() {
        let here = line(scanner.text, at);
        let lead = here.text.len() - here.text.trim_start().len();
        let opens = scanner.closes.opening(at + lead).filter(|_| !is_first || lead < here.text.len());
        let ends = here.text.trim().is_empty() || scanner.begins_block(at) || further_prefix(here.text).is_some();
        if !is_first && opens.is_none() && ends {
            return at;
        }
        is_first = false;
        match scanner.opening_within(at, at + here.text.len()) {
            // What is left of its last line belongs to the item.
            Some(opening) => {
                at = opening.end;
                if scanner.text.get(at..).is_some_and(|rest| rest.starts_with(['\n', '\r'])) {
                    at = line(scanner.text, at).next;
                } else {
                    is_first = true;
                }
            }
            None => at = here.next,
        }
    }
    at
}

/// Text and macros of one item.
fn mixed(scanner: &Scanner<'_>, begin: usize, end: usize) -> Vec<Block> {
    let mut out = Vec::new();
    let mut at = begin;
    while let Some(opening) = scanner.opening_within(at, end).filter(|opening| opening.end <= end) {
        text(scanner.text.get(at..opening.from), &mut out);
        out.extend(opening.blocks(scanner.depth + 1));
        at = opening.end;
    }
    text(scanner.text.get(at..end), &mut out);
    if out.is_empty() {
        out.push(Block::Paragraph(Vec::new()));
    }
    out
}

fn text(text: Option<&str>, out: &mut Vec<Block>) {
    let text = text.unwrap_or_default().trim();
    if !text.is_empty() {
        out.push(Block::Paragraph(wiki_inline::read(text)));
    }
}

/// Builds the lists of one level. What lies deeper belongs to the item before it, whatever sign it begins with.
fn nest(items: &mut [Item], level: usize) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let sign = first.signs.get(level).copied().unwrap_or('*');
        let goes_on =
            |item: &&Item| item.signs.len() > level + 1 || item.signs.get(level).copied().unwrap_or('*') == sign;
        let run = rest.iter().take_while(goes_on).count().max(1);
        let (these, others) = rest.split_at_mut(run);
        let blocks = list_of(these, level);
        out.push(if sign == '#' { Block::OrderedList(blocks) } else { read_list(blocks) });
        rest = others;
    }
    out
}

fn list_of(items: &mut [Item], level: usize) -> Vec<Vec<Block>> {
    let mut out: Vec<Vec<Block>> = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let deep = |item: &Item| item.signs.len() > level + 1 && level < DEEPEST;
        let run = rest.iter().take_while(|item| deep(item)).count();
        let is_deep = deep(first);
        let (these, others) = rest.split_at_mut(run.max(1));
        if is_deep {
            let nested = nest(these, level + 1);
            match out.last_mut() {
                Some(item) => item.extend(nested),
                None => out.push(nested),
            }
        } else {
            out.extend(these.iter_mut().map(|item| std::mem::take(&mut item.blocks)));
        }
        rest = others;
    }
    out
}
