//! Documents, block by block. Must never mix two versions of one block but where their words do not overlap.

use crate::model::document::{Block, Document, Inline};
use crate::text::normal;

/// A merged document and where both had changed the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The merged document; in a conflict it holds the left version.
    pub document: Document,
    /// The blocks that both changed, each in its own way.
    pub conflicts: Vec<BlockConflict>,
}

/// One stretch of blocks that both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockConflict {
    /// Where it begins in the merged document, counted in blocks.
    pub index: usize,
    /// What stood there.
    pub base: Vec<Block>,
    /// The version kept.
    pub left: Vec<Block>,
    /// The version not kept.
    pub right: Vec<Block>,
}

/// Merges what `left` and `right` made of `base`.
#[must_use]
pub fn merge(base: &Document, left: &Document, right: &Document) -> Merged {
    let mut merged = Merged { document: Document::default(), conflicts: Vec::new() };
    let (to_left, to_right) = (matches(&base.blocks, &left.blocks, alike), matches(&base.blocks, &right.blocks, alike));
    let (mut b, mut l, mut r) = (0, 0, 0);
    loop {
        // The next block of the base that stands in both: what lies before it is one stretch.
        let anchor = (b..base.blocks.len()).find_map(|at| match (to_left.get(at), to_right.get(at)) {
            (Some(Some(in_left)), Some(Some(in_right))) => Some((at, *in_left, *in_right)),
            _ => None,
        });
        let (b_end, l_end, r_end) = anchor.unwrap_or((base.blocks.len(), left.blocks.len(), right.blocks.len()));
        stretch(
            &mut merged,
            slice(&base.blocks, b, b_end),
            slice(&left.blocks, l, l_end),
            slice(&right.blocks, r, r_end),
        );
        let Some((at, in_left, in_right)) = anchor else { return merged };
        // Alike in all three: the left one's own source is kept.
        merged.document.blocks.extend(left.blocks.get(in_left).cloned());
        (b, l, r) = (at + 1, in_left + 1, in_right + 1);
    }
}

fn slice(blocks: &[Block], from: usize, to: usize) -> &[Block] {
    blocks.get(from..to).unwrap_or_default()
}

fn alike(left: &Block, right: &Block) -> bool {
    left == right
        || normal(&Document { blocks: vec![left.clone()] }) == normal(&Document { blocks: vec![right.clone()] })
}

fn all_alike(left: &[Block], right: &[Block]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| alike(left, right))
}

fn stretch(merged: &mut Merged, base: &[Block], left: &[Block], right: &[Block]) {
    let out = &mut merged.document.blocks;
    if all_alike(left, right) || all_alike(base, right) {
        out.extend_from_slice(left);
    } else if all_alike(base, left) {
        out.extend_from_slice(right);
    } else if base.is_empty() {
        // Both added something at one place: both stay.
        out.extend_from_slice(left);
        out.extend_from_slice(right);
    } else if base.len() == left.len() && left.len() == right.len() {
        for ((base, left), right) in base.iter().zip(left).zip(right) {
            one_block(merged, base, left, right);
        }
    } else if let Some(both) = around(base, left, right).or_else(|| around(base, right, left)) {
        merged.document.blocks.extend(both);
    } else {
        conflict(merged, base, left, right);
    }
}

/// Where one version kept every block of the base and only put others beside them: those stay, around what the other
/// version made of the base.
fn around(base: &[Block], changed: &[Block], added: &[Block]) -> Option<Vec<Block>> {
    let partners: Option<Vec<usize>> = matches(base, added, alike).into_iter().collect();
    let partners = partners?;
    let mut out = Vec::new();
    for (index, block) in added.iter().enumerate() {
        match partners.iter().position(|partner| *partner == index) {
            None => out.push(block.clone()),
            // Block for block where that can be told, else all in the place of the first.
            Some(at) if base.len() == changed.len() => out.extend(changed.get(at).cloned()),
            Some(0) => out.extend_from_slice(changed),
            Some(_) => {}
        }
    }
    Some(out)
}

fn conflict(merged: &mut Merged, base: &[Block], left: &[Block], right: &[Block]) {
    let index = merged.document.blocks.len();
    merged.conflicts.push(BlockConflict { index, base: base.to_vec(), left: left.to_vec(), right: right.to_vec() });
    merged.document.blocks.extend_from_slice(left);
}

fn one_block(merged: &mut Merged, base: &Block, left: &Block, right: &Block) {
    if alike(left, right) || alike(base, right) {
        merged.document.blocks.push(left.clone());
    } else if alike(base, left) {
        merged.document.blocks.push(right.clone());
    } else if let (Block::Paragraph(base), Block::Paragraph(left), Block::Paragraph(right)) = (base, left, right)
        && let Some(run) = words(base, left, right)
    {
        merged.document.blocks.push(Block::Paragraph(run));
    } else {
        conflict(merged, std::slice::from_ref(base), std::slice::from_ref(left), std::slice::from_ref(right));
    }
}

/// Merges by words, where the changes do not touch. `None`: they do.
fn words(base: &[Inline], left: &[Inline], right: &[Inline]) -> Option<Vec<Inline>> {
    let (base, left, right) = (split(base), split(left), split(right));
    let (to_left, to_right) = (matches(&base, &left, PartialEq::eq), matches(&base, &right, PartialEq::eq));
    let (mut b, mut l, mut r) = (0, 0, 0);
    let mut out = Vec::new();
    loop {
        let anchor = (b..base.len()).find_map(|at| match (to_left.get(at), to_right.get(at)) {
            (Some(Some(in_left)), Some(Some(in_right))) => Some((at, *in_left, *in_right)),
            _ => None,
        });
        let (b_end, l_end, r_end) = anchor.unwrap_or((base.len(), left.len(), right.len()));
        let (of_base, of_left, of_right) = (base.get(b..b_end)?, left.get(l..l_end)?, right.get(r..r_end)?);
        if of_left == of_right || of_base == of_right {
            out.extend_from_slice(of_left);
        } else if of_base == of_left {
            out.extend_from_slice(of_right);
        } else {
            return None;
        }
        let Some((at, in_left, in_right)) = anchor else { break };
        out.push(left.get(in_left)?.clone());
        (b, l, r) = (at + 1, in_left + 1, in_right + 1);
    }
    let joined = normal(&Document { blocks: vec![Block::Paragraph(out)] });
    match joined.blocks.into_iter().next() {
        Some(Block::Paragraph(run)) => Some(run),
        _ => Some(Vec::new()),
    }
}

/// A run as words and the blanks between them.
fn split(run: &[Inline]) -> Vec<Inline> {
    let mut out = Vec::new();
    for inline in run {
        let Inline::Text(text, marks) = inline else {
            out.push(inline.clone());
            continue;
        };
        let mut word = String::new();
        for character in text.chars() {
            if word.chars().last().is_some_and(|last| last.is_whitespace() != character.is_whitespace()) {
                out.push(Inline::Text(std::mem::take(&mut word), marks.clone()));
            }
            word.push(character);
        }
        if !word.is_empty() {
            out.push(Inline::Text(word, marks.clone()));
        }
    }
    out
}

/// For each element of `base` its partner in `other`, by a longest common subsequence.
fn matches<T>(base: &[T], other: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<Option<usize>> {
    let (rows, columns) = (base.len(), other.len());
    let mut lengths = vec![vec![0_usize; columns + 1]; rows + 1];
    let at = |lengths: &[Vec<usize>], row: usize, column: usize| {
        lengths.get(row).and_then(|r| r.get(column)).copied().unwrap_or(0)
    };
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let equal = base.get(row).zip(other.get(column)).is_some_and(|(left, right)| same(left, right));
            let length = if equal {
                at(&lengths, row + 1, column + 1) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row).and_then(|cells| cells.get_mut(column)) {
                *cell = length;
            }
        }
    }
    let mut partners = vec![None; rows];
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let equal = base.get(row).zip(other.get(column)).is_some_and(|(left, right)| same(left, right));
        if equal && at(&lengths, row, column) == at(&lengths, row + 1, column + 1) + 1 {
            if let Some(partner) = partners.get_mut(row) {
                *partner = Some(column);
            }
            (row, column) = (row + 1, column + 1);
        } else if at(&lengths, row + 1, column) >= at(&lengths, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::from_plain;

    fn merged(base: &str, left: &str, right: &str) -> (String, usize) {
        let merged = merge(&from_plain(base), &from_plain(left), &from_plain(right));
        (crate::text::plain(&merged.document), merged.conflicts.len())
    }

    #[test]
    fn edits_to_different_blocks_both_survive() {
        assert_eq!(merged("a\n\nb\n\nc", "A\n\nb\n\nc", "a\n\nb\n\nC"), ("A\n\nb\n\nC".to_owned(), 0));
    }

    #[test]
    fn edits_to_different_words_of_one_block_both_survive() {
        assert_eq!(merged("one two three", "one 2 three", "one two 3"), ("one 2 3".to_owned(), 0));
    }

    #[test]
    fn edits_to_one_word_are_a_conflict_that_keeps_the_left() {
        assert_eq!(merged("one", "uno", "eins"), ("uno".to_owned(), 1));
    }

    #[test]
    fn what_was_put_beside_an_edited_block_stays() {
        assert_eq!(merged("a\n\nb", "a\n\nB", "a\n\nx\n\nb"), ("a\n\nx\n\nB".to_owned(), 0));
        assert_eq!(merged("a\n\nb", "a\n\nb\n\nx", "a\n\nB"), ("a\n\nB\n\nx".to_owned(), 0));
        assert_eq!(merged("b", "B", "x\n\nb\n\ny"), ("x\n\nB\n\ny".to_owned(), 0));
    }

    #[test]
    fn additions_at_one_place_both_stay() {
        assert_eq!(merged("a", "a\n\nl", "a\n\nr"), ("a\n\nl\n\nr".to_owned(), 0));
    }

    #[test]
    fn a_removal_and_an_edit_elsewhere_both_happen() {
        assert_eq!(merged("a\n\nb\n\nc", "b\n\nc", "a\n\nb\n\nd"), ("b\n\nd".to_owned(), 0));
    }
}
