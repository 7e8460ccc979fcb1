//! ADF to the document. Must never fail: whatever the node, its text is kept.

use serde_json::Value as Json;

use crate::model::document::{Block, Document, Inline, Literal, Mark, Syntax};

/// Levels of nesting that are followed; what is deeper is kept literally.
const DEEPEST: usize = 64;

/// Reads a `doc` node.
pub(super) fn read(node: &Json) -> Document {
    Document { blocks: content(node).iter().map(|node| block(node, 0)).collect() }
}

fn content(node: &Json) -> &[Json] {
    node.get("content").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn kind(node: &Json) -> &str {
    node.get("type").and_then(Json::as_str).unwrap_or_default()
}

fn attribute<'a>(node: &'a Json, name: &str) -> Option<&'a str> {
    node.get("attrs")?.get(name)?.as_str()
}

fn block(node: &Json, depth: usize) -> Block {
    if depth > DEEPEST {
        return Block::Unknown(literal(node));
    }
    let inner = || content(node).iter().map(|node| block(node, depth + 1)).collect::<Vec<_>>();
    let items =
        || content(node).iter().map(|item| content(item).iter().map(|node| block(node, depth + 1)).collect()).collect();
    match kind(node) {
        "paragraph" => Block::Paragraph(inlines(node)),
        "heading" => {
            let level = node.get("attrs").and_then(|attrs| attrs.get("level")).and_then(Json::as_u64).unwrap_or(1);
            Block::Heading(u8::try_from(level.clamp(1, 6)).unwrap_or(1), inlines(node))
        }
        "bulletList" => Block::BulletList(items()),
        // A list that does not start at 1 would be renumbered.
        "orderedList" if node.pointer("/attrs/order").and_then(Json::as_u64).is_none_or(|order| order == 1) => {
            Block::OrderedList(items())
        }
        "codeBlock" => Block::Code {
            language: attribute(node, "language").filter(|name| !name.is_empty()).map(str::to_owned),
            text: content(node).iter().filter_map(|node| node.get("text").and_then(Json::as_str)).collect(),
        },
        "blockquote" => Block::Quote(inner()),
        "rule" => Block::Rule,
        _ => Block::Unknown(literal(node)),
    }
}

fn inlines(node: &Json) -> Vec<Inline> {
    content(node).iter().map(inline).collect()
}

fn inline(node: &Json) -> Inline {
    match kind(node) {
        "hardBreak" => Inline::HardBreak,
        "text" => {
            let text = node.get("text").and_then(Json::as_str).unwrap_or_default();
            let marks = node.get("marks").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let known: Option<Vec<Mark>> = marks.iter().map(mark).collect();
            match known {
                Some(mut marks) => {
                    marks.sort();
                    marks.dedup();
                    Inline::Text(text.to_owned(), marks)
                }
                // A mark that the tree does not know would be lost: the run is kept whole.
                None => Inline::Unknown(literal(node)),
            }
        }
        _ => Inline::Unknown(literal(node)),
    }
}

fn mark(node: &Json) -> Option<Mark> {
    match kind(node) {
        "strong" => Some(Mark::Strong),
        "em" => Some(Mark::Emphasis),
        "strike" => Some(Mark::Strike),
        "underline" => Some(Mark::Underline),
        "code" => Some(Mark::Code),
        "subsup" if attribute(node, "type") == Some("sup") => Some(Mark::Superscript),
        "subsup" => Some(Mark::Subscript),
        "textColor" => attribute(node, "color").map(|colour| Mark::Colour(colour.to_owned())),
        "link" => attribute(node, "href").map(|address| Mark::Link(address.to_owned())),
        _ => None,
    }
}

fn literal(node: &Json) -> Literal {
    let mut plain = String::new();
    words(node, &mut plain, 0);
    Literal { syntax: Syntax::Adf, source: node.to_string(), plain: plain.trim().to_owned() }
}

/// The text that a reader sees of a node we do not convert.
fn words(node: &Json, out: &mut String, depth: usize) {
    if depth > DEEPEST * 2 {
        return;
    }
    match kind(node) {
        "text" => out.push_str(node.get("text").and_then(Json::as_str).unwrap_or_default()),
        "hardBreak" => out.push('\n'),
        "mention" | "status" => out.push_str(attribute(node, "text").unwrap_or_default()),
        "emoji" => out.push_str(attribute(node, "text").or_else(|| attribute(node, "shortName")).unwrap_or_default()),
        "inlineCard" | "blockCard" | "embedCard" => out.push_str(attribute(node, "url").unwrap_or_default()),
        "date" => out.push_str(&day(attribute(node, "timestamp").unwrap_or_default())),
        "media" | "mediaInline" => out.push_str(attribute(node, "alt").unwrap_or("[file]")),
        _ => {
            if let Some(title) = attribute(node, "title").filter(|title| !title.is_empty()) {
                out.push_str(title);
                out.push('\n');
            }
            for child in content(node) {
                words(child, out, depth + 1);
                if matches!(kind(child), "tableCell" | "tableHeader") {
                    out.push_str(" | ");
                } else if !matches!(
                    kind(child),
                    "text" | "mention" | "emoji" | "status" | "date" | "inlineCard" | "mediaInline"
                ) {
                    out.push('\n');
                }
            }
        }
    }
}

fn day(milliseconds: &str) -> String {
    let time = milliseconds.parse().ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| milliseconds.to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
