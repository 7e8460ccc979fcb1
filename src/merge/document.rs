//! Documents, block by block. Must never mix two versions of one block but where their words do not overlap.

use super::block;
use crate::model::document::{Block, Document};
use crate::text::{key, partners};

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

/// Blocks with their keys: equal keys are the same for change detection.
#[derive(Clone, Copy)]
struct Keyed<'a> {
    blocks: &'a [Block],
    keys: &'a [String],
}

impl<'a> Keyed<'a> {
    fn slice(&self, from: usize, to: usize) -> Self {
        Self {
            blocks: self.blocks.get(from..to).unwrap_or_default(),
            keys: self.keys.get(from..to).unwrap_or_default(),
        }
    }

    fn each(&self) -> impl Iterator<Item = Keyed<'a>> + use<'a> {
        let whole = *self;
        (0..whole.blocks.len()).map(move |at| whole.slice(at, at + 1))
    }
}

/// Merges what `left` and `right` made of `base`.
#[must_use]
pub fn merge(base: &Document, left: &Document, right: &Document) -> Merged {
    let keys = |document: &Document| document.blocks.iter().map(key).collect::<Vec<_>>();
    let (base_keys, left_keys, right_keys) = (keys(base), keys(left), keys(right));
    let base = Keyed { blocks: &base.blocks, keys: &base_keys };
    let left = Keyed { blocks: &left.blocks, keys: &left_keys };
    let right = Keyed { blocks: &right.blocks, keys: &right_keys };
    let mut merged = Merged { document: Document::default(), conflicts: Vec::new() };
    let (to_left, to_right) = (partners(base.keys, left.keys), partners(base.keys, right.keys));
    let (mut b, mut l, mut r) = (0, 0, 0);
    loop {
        // The next block of the base that stands in both: what lies before it is one stretch.
        let anchor = (b..base.blocks.len()).find_map(|at| match (to_left.get(at), to_right.get(at)) {
            (Some(Some(in_left)), Some(Some(in_right))) => Some((at, *in_left, *in_right)),
            _ => None,
        });
        let (b_end, l_end, r_end) = anchor.unwrap_or((base.blocks.len(), left.blocks.len(), right.blocks.len()));
        stretch(&mut merged, base.slice(b, b_end), left.slice(l, l_end), right.slice(r, r_end));
        let Some((at, in_left, in_right)) = anchor else { return merged };
        // Alike in all three: the left one's own source is kept.
        merged.document.blocks.extend(left.blocks.get(in_left).cloned());
        (b, l, r) = (at + 1, in_left + 1, in_right + 1);
    }
}

fn stretch(merged: &mut Merged, base: Keyed<'_>, left: Keyed<'_>, right: Keyed<'_>) {
    let out = &mut merged.document.blocks;
    if left.keys == right.keys || base.keys == right.keys {
        out.extend_from_slice(left.blocks);
    } else if base.keys == left.keys {
        out.extend_from_slice(right.blocks);
    } else if base.blocks.is_empty() {
        // Both added something at one place: both stay.
        out.extend_from_slice(left.blocks);
        out.extend_from_slice(right.blocks);
    } else if base.blocks.len() == left.blocks.len() && left.blocks.len() == right.blocks.len() {
        for ((base, left), right) in base.each().zip(left.each()).zip(right.each()) {
            one_block(merged, base, left, right);
        }
    } else if let Some(both) = around(base, left, right).or_else(|| around(base, right, left)) {
        out.extend(both);
    } else {
        conflict(merged, base, left, right);
    }
}

/// Where one version kept every block of the base and only put others beside them: those stay, around what the other
/// version made of the base.
fn around(base: Keyed<'_>, changed: Keyed<'_>, added: Keyed<'_>) -> Option<Vec<Block>> {
    let found: Option<Vec<usize>> = partners(base.keys, added.keys).into_iter().collect();
    let found: std::collections::BTreeMap<usize, usize> =
        found?.into_iter().enumerate().map(|(at, partner)| (partner, at)).collect();
    let mut out = Vec::new();
    for (index, block) in added.blocks.iter().enumerate() {
        match found.get(&index) {
            None => out.push(block.clone()),
            // Block for block where that can be told, else all in the place of the first.
            Some(at) if base.blocks.len() == changed.blocks.len() => out.extend(changed.blocks.get(*at).cloned()),
            Some(0) => out.extend_from_slice(changed.blocks),
            Some(_) => {}
        }
    }
    Some(out)
}

fn conflict(merged: &mut Merged, base: Keyed<'_>, left: Keyed<'_>, right: Keyed<'_>) {
    let index = merged.document.blocks.len();
    let (base, left, right) = (base.blocks.to_vec(), left.blocks.to_vec(), right.blocks.to_vec());
    merged.document.blocks.extend_from_slice(&left);
    merged.conflicts.push(BlockConflict { index, base, left, right });
}

fn one_block(merged: &mut Merged, base: Keyed<'_>, left: Keyed<'_>, right: Keyed<'_>) {
    let out = &mut merged.document.blocks;
    if left.keys == right.keys || base.keys == right.keys {
        out.extend_from_slice(left.blocks);
    } else if base.keys == left.keys {
        out.extend_from_slice(right.blocks);
    } else if let (Some(one), Some(two), Some(three)) = (base.blocks.first(), left.blocks.first(), right.blocks.first())
        && let Some(both) = block::merge(one, two, three)
    {
        out.push(both);
    } else {
        conflict(merged, base, left, right);
    }
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
    fn edits_within_one_list_table_or_panel_both_survive() {
        let read = |text: &str| crate::text::read(&crate::model::issue::NativeValue::Wiki(text.to_owned()));
        for (base, left, right, both) in [
            ("* a\n* b\n* c", "* A\n* b\n* c", "* a\n* b\n* c\n* d", "* A\n* b\n* c\n* d"),
            ("||h||i||\n|1|2|", "||h||i||\n|one|2|", "||h||i||\n|1|two|", "||h||i||\n|one|two|"),
            (
                "{panel}\na\n\nb\n{panel}",
                "{panel}\nA\n\nb\n{panel}",
                "{panel}\na\n\nB\n{panel}",
                "{panel}\nA\n\nB\n{panel}",
            ),
            (
                "{panel:title=x}\na\n{panel}",
                "{panel:title=y}\na\n{panel}",
                "{panel:title=x}\nA\n{panel}",
                "{panel:title=y}\nA\n{panel}",
            ),
            ("h1. one two", "h1. 1 two", "h1. one 2", "h1. 1 2"),
            ("h1. one two", "h1. 1 two", "h2. one two", "h2. 1 two"),
            (
                "{code}\na\nb\nc\n{code}",
                "{code}\nA\nb\nc\n{code}",
                "{code}\na\nb\nC\n{code}",
                "{code}\nA\nb\nC\n{code}",
            ),
        ] {
            let merged = merge(&read(base), &read(left), &read(right));
            assert_eq!(merged.conflicts, [], "{base}");
            assert!(crate::text::same(&merged.document, &read(both)), "{:?}", merged.document);
        }
        // Of two levels one would be lost.
        assert_eq!(merge(&read("h1. one"), &read("h2. one"), &read("h3. one")).conflicts.len(), 1);
        let clash = merge(&read("* a\n* b"), &read("* A\n* b"), &read("* x\n* b"));
        assert_eq!(clash.conflicts.len(), 1);
        assert_eq!((clash.conflicts[0].index, clash.conflicts[0].right.len()), (0, 1));
    }

    /// Columns and task lists are told apart by place alone, so they are merged only where nobody added or took one away.
    #[test]
    fn edits_within_one_layout_or_task_list_both_survive() {
        let text = |words: &str| serde_json::json!({ "type": "text", "text": words });
        let read = |node: serde_json::Value| {
            let doc = serde_json::json!({ "type": "doc", "version": 1, "content": [node] });
            crate::text::read(&crate::model::issue::NativeValue::Adf(doc))
        };
        let layout = |columns: &[&str]| {
            let column = |words: &&str| {
                let paragraph = serde_json::json!({ "type": "paragraph", "content": [text(words)] });
                serde_json::json!({ "type": "layoutColumn", "attrs": { "width": 50 }, "content": [paragraph] })
            };
            let columns: Vec<_> = columns.iter().map(column).collect();
            read(serde_json::json!({ "type": "layoutSection", "content": columns }))
        };
        let tasks = |items: &[&str]| {
            let item = |words: &&str| {
                let state = if words.starts_with("done") { "DONE" } else { "TODO" };
                serde_json::json!({ "type": "taskItem", "attrs": { "localId": "", "state": state }, "content": [text(words)] })
            };
            let items: Vec<_> = items.iter().map(item).collect();
            read(serde_json::json!({ "type": "taskList", "attrs": { "localId": "" }, "content": items }))
        };
        for kind in ["layout", "tasks"] {
            let make = |words: &[&str]| if kind == "layout" { layout(words) } else { tasks(words) };
            let merged = merge(&make(&["a", "b"]), &make(&["done A", "b"]), &make(&["a", "B"]));
            assert_eq!(merged.conflicts, []);
            assert_eq!(merged.document, make(&["done A", "B"]));
            for (left, right) in [(&["A", "b"][..], &["a", "b", "c"][..]), (&["a", "b", "c"], &["A", "b"])] {
                let clash = merge(&make(&["a", "b"]), &make(left), &make(right));
                assert_eq!((clash.conflicts.len(), clash.document), (1, make(left)));
            }
        }
    }

    /// Both put something beside what they changed: where each of it belongs cannot be told, and nothing is lost.
    #[test]
    fn stretches_of_other_lengths_are_a_conflict_that_keeps_both() {
        let clash = merge(&from_plain("a\n\nb"), &from_plain("A\n\nB\n\nl"), &from_plain("x\n\ny"));
        assert_eq!(clash.conflicts.len(), 1);
        assert_eq!(crate::text::plain(&clash.document), "A\n\nB\n\nl");
        assert_eq!(clash.conflicts[0].right.len(), 2);
    }

    #[test]
    fn edits_to_one_block_of_many_are_a_conflict_of_that_block_alone() {
        let clash = merge(&from_plain("a\n\nb\n\nc"), &from_plain("a\n\nx\n\nc"), &from_plain("a\n\ny\n\nC"));
        assert_eq!(clash.conflicts.len(), 1);
        assert_eq!((clash.conflicts[0].index, crate::text::plain(&clash.document)), (1, "a\n\nx\n\nC".to_owned()));
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
