//! Documents as plain text, for summaries, logs of conflicts and sides of another syntax. Must never hold markup.

use crate::model::document::{Block, Document, Inline};

/// The text of a document: blocks parted by a blank line, list items by a line end and a dash.
#[must_use]
pub fn plain(document: &Document) -> String {
    blocks(&document.blocks, "\n\n")
}

fn blocks(list: &[Block], separator: &str) -> String {
    let texts: Vec<String> = list.iter().map(block).collect();
    texts.join(separator)
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(inlines) | Block::Heading(_, inlines) => inline(inlines),
        Block::BulletList(items) => list(items, |_| "- ".to_owned()),
        Block::OrderedList(items) => list(items, |index| format!("{}. ", index + 1)),
        Block::Code { text, .. } => text.clone(),
        Block::Quote(inner) => blocks(inner, "\n"),
        Block::Rule => "----".to_owned(),
        Block::Unknown(literal) => literal.plain.clone(),
    }
}

fn list(items: &[Vec<Block>], lead: impl Fn(usize) -> String) -> String {
    let line = |(index, item): (usize, &Vec<Block>)| format!("{}{}", lead(index), blocks(item, "\n"));
    items.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// The text of a run of inlines.
#[must_use]
pub(super) fn inline(inlines: &[Inline]) -> String {
    let text = |inline: &Inline| match inline {
        Inline::Text(text, _) => text.clone(),
        Inline::HardBreak => "\n".to_owned(),
        Inline::Unknown(literal) => literal.plain.clone(),
    };
    inlines.iter().map(text).collect()
}
