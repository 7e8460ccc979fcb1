//! The document to ADF. Must never make a node that the ADF schema refuses: no empty text, no code beside other marks.

use serde_json::{Value as Json, json};

use super::lines;
use crate::model::document::{Block, Document, Inline, Literal, Mark, Syntax};

/// Where a block stands: containers take fewer kinds of blocks than the document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Document,
    Item,
    Quote,
}

/// Writes a `doc` node.
pub(super) fn write(document: &Document) -> Json {
    let content: Vec<Json> = document.blocks.iter().flat_map(|block| nodes(block, Inside::Document)).collect();
    json!({ "type": "doc", "version": 1, "content": content })
}

fn nodes(block: &Block, inside: Inside) -> Vec<Json> {
    match block {
        Block::Paragraph(inlines) => vec![paragraph(inlines)],
        Block::Heading(level, inlines) if inside == Inside::Document => {
            vec![json!({ "type": "heading", "attrs": { "level": level }, "content": run(inlines) })]
        }
        // Containers take no headings: shown bold.
        Block::Heading(_, inlines) => vec![paragraph(&strong(inlines))],
        Block::BulletList(items) => list("bulletList", items),
        Block::OrderedList(items) => list("orderedList", items),
        Block::Code { language, text } => vec![code(language.as_deref(), text)],
        Block::Quote(inner) if inside == Inside::Document => {
            let content: Vec<Json> = inner.iter().flat_map(|block| nodes(block, Inside::Quote)).collect();
            if content.is_empty() { Vec::new() } else { vec![json!({ "type": "blockquote", "content": content })] }
        }
        Block::Quote(inner) => inner.iter().flat_map(|block| nodes(block, inside)).collect(),
        Block::Rule if inside == Inside::Document => vec![json!({ "type": "rule" })],
        Block::Rule => vec![paragraph(&[Inline::Text("----".to_owned(), Vec::new())])],
        Block::Unknown(literal) => literal_block(literal),
    }
}

fn paragraph(inlines: &[Inline]) -> Json {
    json!({ "type": "paragraph", "content": run(inlines) })
}

fn list(kind: &str, items: &[Vec<Block>]) -> Vec<Json> {
    let item = |blocks: &Vec<Block>| {
        let mut content: Vec<Json> = blocks.iter().flat_map(|block| nodes(block, Inside::Item)).collect();
        // An item begins with a paragraph or code, never with a list.
        let leads = content.first().and_then(|node| node.get("type")).and_then(Json::as_str);
        if !matches!(leads, Some("paragraph" | "codeBlock" | "mediaSingle")) {
            content.insert(0, json!({ "type": "paragraph", "content": [] }));
        }
        json!({ "type": "listItem", "content": content })
    };
    if items.is_empty() {
        return Vec::new();
    }
    vec![json!({ "type": kind, "content": items.iter().map(item).collect::<Vec<_>>() })]
}

fn code(language: Option<&str>, text: &str) -> Json {
    let mut node = json!({ "type": "codeBlock", "content": [] });
    if !text.is_empty() {
        node["content"] = json!([{ "type": "text", "text": text }]);
    }
    if let Some(language) = language {
        node["attrs"] = json!({ "language": language });
    }
    node
}

fn literal_block(literal: &Literal) -> Vec<Json> {
    match (literal.syntax, serde_json::from_str::<Json>(&literal.source)) {
        (Syntax::Adf, Ok(node)) => vec![node],
        _ => vec![paragraph(&lines(&literal.plain))],
    }
}

fn strong(inlines: &[Inline]) -> Vec<Inline> {
    let bold = |inline: &Inline| match inline {
        Inline::Text(text, marks) => {
            let mut marks = marks.clone();
            marks.push(Mark::Strong);
            Inline::Text(text.clone(), marks)
        }
        Inline::HardBreak | Inline::Unknown(_) => inline.clone(),
    };
    inlines.iter().map(bold).collect()
}

fn run(inlines: &[Inline]) -> Vec<Json> {
    let mut out = Vec::new();
    for inline in inlines {
        match inline {
            Inline::HardBreak => out.push(json!({ "type": "hardBreak" })),
            Inline::Text(content, marks) => text(content, marks, &mut out),
            Inline::Unknown(literal) => match (literal.syntax, serde_json::from_str::<Json>(&literal.source)) {
                (Syntax::Adf, Ok(node)) => out.push(node),
                _ => text(&literal.plain, &[], &mut out),
            },
        }
    }
    out
}

fn text(content: &str, marks: &[Mark], out: &mut Vec<Json>) {
    for (index, line) in content.split('\n').enumerate() {
        if index > 0 {
            out.push(json!({ "type": "hardBreak" }));
        }
        let line = line.replace('\0', "");
        if line.is_empty() {
            continue;
        }
        let mut node = json!({ "type": "text", "text": line });
        let marks = allowed(marks);
        if !marks.is_empty() {
            node["marks"] = Json::Array(marks);
        }
        out.push(node);
    }
}

/// Code goes with a link only; colour does not go with a link.
fn allowed(marks: &[Mark]) -> Vec<Json> {
    let code = marks.contains(&Mark::Code);
    let link = marks.iter().any(|mark| matches!(mark, Mark::Link(_)));
    let goes = |mark: &&Mark| match mark {
        Mark::Code | Mark::Link(_) => true,
        Mark::Colour(_) => !code && !link,
        Mark::Strong | Mark::Emphasis | Mark::Strike | Mark::Underline | Mark::Superscript | Mark::Subscript => !code,
    };
    marks.iter().filter(goes).map(mark).collect()
}

fn mark(mark: &Mark) -> Json {
    match mark {
        Mark::Strong => json!({ "type": "strong" }),
        Mark::Emphasis => json!({ "type": "em" }),
        Mark::Strike => json!({ "type": "strike" }),
        Mark::Underline => json!({ "type": "underline" }),
        Mark::Code => json!({ "type": "code" }),
        Mark::Superscript => json!({ "type": "subsup", "attrs": { "type": "sup" } }),
        Mark::Subscript => json!({ "type": "subsup", "attrs": { "type": "sub" } }),
        Mark::Colour(colour) => json!({ "type": "textColor", "attrs": { "color": colour } }),
        Mark::Link(address) => json!({ "type": "link", "attrs": { "href": address } }),
    }
}
