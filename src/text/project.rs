//! What a side is given for each block of a document, and what it reads as there. Must never differ from what is written:
//! writing and lifting both count on it.

use serde_json::Value as Json;

use super::target::Target;
use super::{adf_read, adf_write, normal, wiki_write};
use crate::model::document::{Block, Document, Inline, Mark, Syntax};

/// Begins the paragraph that stands in place of what a side has no room for. Where the text stands whole is behind it.
pub const CUT_NOTICE: &str = "✂ The rest of this text is longer than this Jira takes.";

/// What is written for one block.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Wiki(String),
    Adf(Vec<Json>),
}

/// One block of a document on a side.
pub(super) struct Unit {
    /// The block's place in the document.
    pub(super) block: usize,
    /// What is written for it.
    pub(super) written: Written,
    /// What that reads as there, block by block, but for blank ones.
    pub(super) keys: Vec<String>,
    /// How much of the side's limit it takes.
    pub(super) length: usize,
}

/// The units of a document's blocks. Those that are blank there have none.
pub(super) fn units(document: &Document, target: &Target<'_>) -> Vec<Unit> {
    let unit = |(place, block): (usize, &Block)| {
        let unit = unit(place, block, target);
        (!unit.keys.is_empty()).then_some(unit)
    };
    document.blocks.iter().enumerate().filter_map(unit).collect()
}

fn unit(place: usize, block: &Block, target: &Target<'_>) -> Unit {
    let local = target.forth(block);
    // A block stays one block in other words.
    let block = local.first().unwrap_or(block);
    let (written, read) = match target.syntax {
        Syntax::Wiki => {
            let (text, read) = wiki_write::top_read(block, target);
            (Written::Wiki(text), read)
        }
        Syntax::Adf => {
            let nodes = adf_write::top(block, target, place);
            let read = nodes.iter().map(adf_read::top).collect();
            (Written::Adf(nodes), read)
        }
    };
    let length = match &written {
        Written::Wiki(text) => utf16(text),
        // Cloud counts a text as markup too. Nearly every block is short, and no markup is longer than its nodes.
        Written::Adf(nodes) => {
            let nodes: usize = nodes.iter().map(|node| node.to_string().len()).sum();
            if nodes * 8 < target.limit { nodes } else { utf16(&wiki_write::top(block, &Target::home(Syntax::Wiki))) }
        }
    };
    Unit { block: place, keys: keys(&target.back(read)), written, length }
}

/// The unit of the notice that stands for what was cut.
pub(super) fn notice(target: &Target<'_>) -> Unit {
    let mut run = vec![Inline::Text(CUT_NOTICE.to_owned(), Vec::new())];
    if let Some((name, address)) = &target.whole {
        run.push(Inline::Text(" ".to_owned(), Vec::new()));
        run.push(Inline::Text(name.clone(), vec![Mark::Link(address.clone())]));
    }
    unit(usize::MAX, &Block::Paragraph(run), target)
}

/// How many of the units fit. All of them, or as many as leave room for the notice.
pub(super) fn fitting(units: &[Unit], target: &Target<'_>) -> usize {
    let limit = target.limit;
    let parted = |unit: &Unit| unit.length + 2;
    if units.iter().map(parted).sum::<usize>() <= limit + 2 {
        return units.len();
    }
    let room = limit.saturating_sub(notice(target).length + 8);
    let mut taken = 0;
    units
        .iter()
        .take_while(|unit| {
            taken += parted(unit);
            taken <= room
        })
        .count()
}

/// Text in the units that Jira counts.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The keys of blocks that are not blank.
pub(super) fn keys(blocks: &[Block]) -> Vec<String> {
    blocks.iter().filter(|block| !is_blank(block)).map(normal::key).collect()
}

/// Whether a block shows nothing.
pub(super) fn is_blank(block: &Block) -> bool {
    normal(&Document { blocks: vec![block.clone()] }).blocks.is_empty()
}
