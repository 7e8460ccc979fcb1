//! ADF nodes that the tree carries as they are. Must never hide what they say: each has a label that a reader sees.

use serde_json::Value as Json;

use super::adf_read::{DEEPEST, attribute, content, kind};
use crate::model::document::{Literal, Syntax};

/// The node with the text that stands for it elsewhere.
pub(super) fn literal(node: &Json) -> Literal {
    let mut plain = String::new();
    words(node, &mut plain, 0);
    let plain = plain.trim();
    // Nothing is dropped in silence: what has no text is at least named.
    let plain = if plain.is_empty() { format!("[{}]", label(node)) } else { plain.to_owned() };
    Literal { syntax: Syntax::Adf, source: node.to_string(), plain }
}

fn label(node: &Json) -> String {
    let name = attribute(node, "extensionKey").or_else(|| attribute(node, "alt"));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{}: {name}", kind(node)),
        None => kind(node).to_owned(),
    }
}

/// The text that a reader sees of a node we do not convert.
fn words(node: &Json, out: &mut String, depth: usize) {
    if depth > DEEPEST * 2 {
        out.push_str("[…]");
        return;
    }
    match kind(node) {
        "text" => out.push_str(node.get("text").and_then(Json::as_str).unwrap_or_default()),
        "hardBreak" => out.push('\n'),
        "mention" | "status" | "placeholder" => out.push_str(attribute(node, "text").unwrap_or_default()),
        "emoji" => out.push_str(attribute(node, "text").or_else(|| attribute(node, "shortName")).unwrap_or_default()),
        "inlineCard" | "blockCard" | "embedCard" => out.push_str(attribute(node, "url").unwrap_or_default()),
        "date" => out.push_str(&day(attribute(node, "timestamp").unwrap_or_default())),
        "media" | "mediaInline" => out.push_str(&file(attribute(node, "alt").unwrap_or_default())),
        "extension" | "inlineExtension" | "bodiedExtension" | "syncBlock" | "bodiedSyncBlock" => {
            out.push_str(&format!("[{}]", label(node)));
            let text = attribute(node, "text").unwrap_or_default();
            if !text.is_empty() {
                out.push(' ');
                out.push_str(text);
            }
            if !content(node).is_empty() {
                out.push('\n');
            }
            children(node, out, depth);
        }
        _ => {
            if let Some(title) = attribute(node, "title").filter(|title| !title.is_empty()) {
                out.push_str(title);
                out.push('\n');
            }
            children(node, out, depth);
        }
    }
}

fn children(node: &Json, out: &mut String, depth: usize) {
    let within = ["text", "mention", "emoji", "status", "date", "inlineCard", "mediaInline", "inlineExtension"];
    for child in content(node) {
        words(child, out, depth + 1);
        if matches!(kind(child), "tableCell" | "tableHeader") {
            out.push_str(" | ");
        } else if !within.contains(&kind(child)) && !out.ends_with('\n') {
            out.push('\n');
        }
    }
}

/// The label of a file that is not there.
pub(super) fn file(name: &str) -> String {
    if name.is_empty() { "[file]".to_owned() } else { format!("[file: {name}]") }
}

/// A day of an ADF date.
pub(super) fn day(milliseconds: &str) -> String {
    let time = milliseconds.parse().ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| milliseconds.to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
