//! ADF and wiki markup to the neutral document and back. Pure: no I/O, no clock. Must never lose text: what cannot be
//! converted is kept as literal text, and goes back as it was to a side of its own syntax.

mod adf_inline;
mod adf_literal;
mod adf_place;
mod adf_read;
mod adf_runs;
mod adf_write;
mod align;
mod colour;
mod html;
mod lift;
mod marked;
mod normal;
mod plain;
mod project;
mod rewrite;
mod target;
mod walk;
mod wiki_block;
mod wiki_emoji;
mod wiki_escape;
mod wiki_inline;
mod wiki_link;
mod wiki_list;
mod wiki_macro;
mod wiki_runs;
mod wiki_table;
mod wiki_write;

pub(crate) use align::partners;
pub use html::html;
pub use lift::lift;
pub(crate) use normal::joined;
pub use normal::{key, normal, same};
pub use plain::plain;
pub use project::CUT_NOTICE;
pub use rewrite::{rewrite, says};
pub use target::{People, Rewording, TEXT_LIMIT, Target, is_of_one_site};
pub use walk::{change_blocks, change_runs, change_words, visit_files, visit_words};

use crate::model::document::{Block, Document, Inline, Syntax};
use crate::model::issue::NativeValue;

/// Reads what a side holds. Anything that is no text reads as an empty document.
#[must_use]
pub fn read(value: &NativeValue) -> Document {
    match value {
        NativeValue::Adf(node) => adf_read::read(node),
        NativeValue::Wiki(markup) => wiki_block::read(markup),
        NativeValue::Text(text) => from_plain(text),
        NativeValue::Empty
        | NativeValue::Named(_)
        | NativeValue::Words(_)
        | NativeValue::Person(_)
        | NativeValue::Links(_)
        | NativeValue::Parent(_)
        | NativeValue::Other(_) => Document::default(),
    }
}

/// Writes a document for the site that it comes from. An empty one is [`NativeValue::Empty`].
#[must_use]
pub fn write(document: &Document, syntax: Syntax) -> NativeValue {
    write_for(document, &Target::home(syntax))
}

/// Writes a document for a side. An empty one is [`NativeValue::Empty`].
#[must_use]
pub fn write_for(document: &Document, target: &Target<'_>) -> NativeValue {
    if document.is_empty() {
        return NativeValue::Empty;
    }
    match target.syntax {
        Syntax::Adf => NativeValue::Adf(adf_write::write(document, target)),
        Syntax::Wiki => NativeValue::Wiki(wiki_write::write(document, target)),
    }
}

/// The document with `header` as a first paragraph of its own.
#[must_use]
pub fn with_header(header: &str, document: &Document) -> Document {
    let mut blocks = from_plain(header.trim()).blocks;
    blocks.extend(document.blocks.iter().cloned());
    Document { blocks }
}

/// Plain text as paragraphs: blank lines part them, other line ends are hard breaks.
#[must_use]
pub fn from_plain(text: &str) -> Document {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    Document { blocks: paragraphs.map(|paragraph| Block::Paragraph(lines(paragraph.trim_matches('\n')))).collect() }
}

/// Text whose line ends are hard breaks.
fn lines(text: &str) -> Vec<Inline> {
    let mut inlines = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            inlines.push(Inline::HardBreak);
        }
        if !line.is_empty() {
            inlines.push(Inline::Text(line.to_owned(), Vec::new()));
        }
    }
    inlines
}

#[cfg(test)]
mod tests;
