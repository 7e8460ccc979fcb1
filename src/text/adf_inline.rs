//! ADF within a block to inlines. Must never drop a node or a mark: what has no name in the tree is kept literally.

use serde_json::Value as Json;

use super::adf_literal::literal;
use super::adf_read::{attribute, content, file, kind, rest};
use crate::model::document::{Inline, Mark};

/// The inlines in a node.
pub(super) fn inlines(node: &Json) -> Vec<Inline> {
    content(node).iter().flat_map(inline).collect()
}

/// The marks on a node, as ADF has them.
pub(super) fn marks_of(node: &Json) -> &[Json] {
    node.get("marks").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn inline(node: &Json) -> Vec<Inline> {
    if kind(node) == "text" {
        return text(node);
    }
    vec![whole(node).unwrap_or_else(|| Inline::Unknown(literal(node)))]
}

/// What is no text. `None`: it holds more than the tree can.
fn whole(node: &Json) -> Option<Inline> {
    let owned = |name: &str| attribute(node, name).map(str::to_owned);
    if kind(node) == "mediaInline" {
        return file(node).map(Inline::File);
    }
    if !marks_of(node).is_empty() {
        return None;
    }
    Some(match kind(node) {
        "hardBreak" => Inline::HardBreak,
        "mention" => Inline::Mention {
            person: owned("id")?,
            name: attribute(node, "text").unwrap_or_default().trim_start_matches('@').to_owned(),
        },
        "emoji" => Inline::Emoji {
            name: owned("shortName")?,
            text: owned("text").filter(|text| !text.is_empty()),
            id: owned("id"),
        },
        "date" => Inline::Date(owned("timestamp")?),
        "status" => Inline::Status { text: owned("text")?, colour: owned("color")?, style: owned("style") },
        "inlineCard" if rest(node, &["url"]).is_empty() => Inline::Card(owned("url")?),
        _ => return None,
    })
}

/// Text with its marks. A line end in it is a hard break, since the tree has none in a text.
fn text(node: &Json) -> Vec<Inline> {
    let text = node.get("text").and_then(Json::as_str).unwrap_or_default();
    let mut marks: Vec<Mark> = marks_of(node).iter().flat_map(mark).collect();
    marks.sort();
    marks.dedup();
    let mut out = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push(Inline::HardBreak);
        }
        if !line.is_empty() {
            out.push(Inline::Text(line.to_owned(), marks.clone()));
        }
    }
    out
}

fn mark(node: &Json) -> Vec<Mark> {
    let known = match kind(node) {
        "strong" => Some(Mark::Strong),
        "em" => Some(Mark::Emphasis),
        "strike" => Some(Mark::Strike),
        "underline" => Some(Mark::Underline),
        "code" => Some(Mark::Code),
        "subsup" if attribute(node, "type") == Some("sup") => Some(Mark::Superscript),
        "subsup" => Some(Mark::Subscript),
        "textColor" => attribute(node, "color").map(|colour| Mark::Colour(colour.to_owned())),
        "backgroundColor" => attribute(node, "color").map(|colour| Mark::Background(colour.to_owned())),
        "link" => return link(node),
        _ => None,
    };
    vec![known.unwrap_or_else(|| Mark::Adf(node.to_string()))]
}

fn link(node: &Json) -> Vec<Mark> {
    let Some(address) = attribute(node, "href") else { return vec![Mark::Adf(node.to_string())] };
    let tip = attribute(node, "title").filter(|tip| !tip.is_empty()).map(|tip| Mark::Tip(tip.to_owned()));
    [Some(Mark::Link(address.to_owned())), tip].into_iter().flatten().collect()
}
