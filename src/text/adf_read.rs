//! ADF to the document. Must never fail: whatever the node, its text is kept.

use serde_json::Value as Json;

use super::adf_inline::{inlines, marks_of};
use super::adf_literal::literal;
use crate::model::document::{
    Attributes, Block, Cell, Column, Decision, Document, File, FilePlace, Inline, Syntax, Task,
};

/// Levels of nesting that are followed; what is deeper is kept literally.
pub(super) const DEEPEST: usize = 32;

/// Reads a `doc` node.
pub(super) fn read(node: &Json) -> Document {
    Document { blocks: content(node).iter().map(top).collect() }
}

/// Reads a node that stands at the top.
pub(super) fn top(node: &Json) -> Block {
    block(node, 0)
}

pub(super) fn content(node: &Json) -> &[Json] {
    node.get("content").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn kind(node: &Json) -> &str {
    node.get("type").and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn attribute<'a>(node: &'a Json, name: &str) -> Option<&'a str> {
    node.get("attrs")?.get(name)?.as_str()
}

fn number(node: &Json, name: &str) -> Option<u64> {
    let number = node.get("attrs")?.get(name)?;
    number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64))
}

/// The attributes but for those named, and for ids that Jira makes anew.
pub(super) fn rest(node: &Json, named: &[&str]) -> Attributes {
    let attributes = node.get("attrs").and_then(Json::as_object);
    let other = |(name, value): (&String, &Json)| {
        (name != "localId" && !named.contains(&name.as_str()) && !value.is_null())
            .then(|| (name.clone(), value.clone()))
    };
    attributes.into_iter().flatten().filter_map(other).collect()
}

fn block(node: &Json, depth: usize) -> Block {
    if depth > DEEPEST {
        return Block::Unknown(literal(node));
    }
    let inner = || blocks(node, depth + 1);
    let (block, named): (Block, &[&str]) = match kind(node) {
        "paragraph" => (Block::Paragraph(inlines(node)), &[]),
        "heading" => {
            let level = number(node, "level").unwrap_or(1).clamp(1, 6);
            (Block::Heading(u8::try_from(level).unwrap_or(1), inlines(node)), &["level"])
        }
        "bulletList" => (Block::BulletList(items(node, depth)), &[]),
        "orderedList" => match number(node, "order").unwrap_or(1) {
            1 => (Block::OrderedList(items(node, depth)), &["order"]),
            first => (Block::NumberedFrom(first, items(node, depth)), &["order"]),
        },
        "codeBlock" => {
            let text = content(node).iter().filter_map(|node| node.get("text").and_then(Json::as_str)).collect();
            let language = attribute(node, "language").filter(|name| !name.is_empty()).map(str::to_owned);
            (Block::Code { language, text }, &["language", "uniqueId"])
        }
        "blockquote" => (Block::Quote(inner()), &[]),
        "rule" => (Block::Rule, &[]),
        "panel" => {
            let kind = attribute(node, "panelType").unwrap_or("info").to_owned();
            let attributes = rest(node, &["panelType"]);
            return dressed(node, Block::Panel { kind, title: String::new(), attributes, blocks: inner() }, None);
        }
        "expand" | "nestedExpand" => {
            let title = attribute(node, "title").unwrap_or_default().to_owned();
            (Block::Expand { title, blocks: inner() }, &["title"])
        }
        "table" => (Block::Table(content(node).iter().map(|row| cells(row, depth + 1)).collect()), &[]),
        "layoutSection" => (Block::Layout(content(node).iter().map(|node| column(node, depth + 1)).collect()), &[]),
        "taskList" => match tasks(node, depth + 1) {
            Some(tasks) => (Block::Tasks(tasks), &[]),
            None => return Block::Unknown(literal(node)),
        },
        "decisionList" => (Block::Decisions(content(node).iter().map(decision).collect()), &[]),
        "mediaSingle" | "mediaGroup" => match files(node) {
            Some(block) => return dressed(node, block, None),
            None => return Block::Unknown(literal(node)),
        },
        "blockCard" | "embedCard" => match card(node) {
            Some(block) => return dressed(node, block, None),
            None => return Block::Unknown(literal(node)),
        },
        _ => return Block::Unknown(literal(node)),
    };
    dressed(node, block, Some(named))
}

/// The block with what the tree has no name for. `None`: the attributes are in the block already.
fn dressed(node: &Json, block: Block, named: Option<&[&str]>) -> Block {
    let attributes = named.map(|named| rest(node, named)).unwrap_or_default();
    let marks = node.get("marks").and_then(Json::as_array).cloned().unwrap_or_default();
    if attributes.is_empty() && marks.is_empty() {
        return block;
    }
    Block::Dressed { syntax: Syntax::Adf, attributes, marks, block: Box::new(block) }
}

fn blocks(node: &Json, depth: usize) -> Vec<Block> {
    content(node).iter().map(|node| block(node, depth)).collect()
}

fn items(node: &Json, depth: usize) -> Vec<Vec<Block>> {
    content(node).iter().map(|item| blocks(item, depth + 1)).collect()
}

fn cells(row: &Json, depth: usize) -> Vec<Cell> {
    let cell = |node: &Json| Cell {
        heading: kind(node) == "tableHeader",
        attributes: rest(node, &[]),
        blocks: blocks(node, depth + 1),
    };
    content(row).iter().map(cell).collect()
}

fn column(node: &Json, depth: usize) -> Column {
    Column { attributes: rest(node, &[]), blocks: blocks(node, depth + 1) }
}

/// The tasks of a list. `None`: something in it is no task, or it lies too deep.
fn tasks(node: &Json, depth: usize) -> Option<Vec<Task>> {
    if depth > DEEPEST {
        return None;
    }
    let mut out: Vec<Task> = Vec::new();
    for child in content(node) {
        match kind(child) {
            "taskItem" => {
                let done = attribute(child, "state") == Some("DONE");
                out.push(Task { done, inlines: inlines(child), nested: Vec::new() });
            }
            "taskList" => {
                let nested = tasks(child, depth + 1)?;
                match out.last_mut() {
                    Some(task) => task.nested.extend(nested),
                    None => out.push(Task { nested, ..Task::default() }),
                }
            }
            _ => return None,
        }
    }
    Some(out)
}

fn decision(node: &Json) -> Decision {
    Decision { decided: attribute(node, "state") == Some("DECIDED"), inlines: inlines(node) }
}

fn files(node: &Json) -> Option<Block> {
    let (mut files, mut caption) = (Vec::new(), Vec::new());
    for child in content(node) {
        match kind(child) {
            "media" => files.push(file(child)?),
            "caption" => caption = inlines(child),
            _ => return None,
        }
    }
    let group = kind(node) == "mediaGroup";
    Some(Block::Files { group, files, caption, attributes: rest(node, &[]) })
}

/// The file of a media node. `None`: it names no place.
pub(super) fn file(node: &Json) -> Option<File> {
    let name = attribute(node, "alt").unwrap_or_default().to_owned();
    let marks = marks_of(node).to_vec();
    if attribute(node, "type") == Some("external") {
        let place = FilePlace::Address(attribute(node, "url")?.to_owned());
        return Some(File { name, place, attributes: rest(node, &["type", "alt", "url"]), marks });
    }
    attribute(node, "id")?;
    Some(File { name, place: FilePlace::Media(rest(node, &["alt"])), attributes: Attributes::new(), marks })
}

fn card(node: &Json) -> Option<Block> {
    let address = attribute(node, "url")?.to_owned();
    let embedded = kind(node) == "embedCard";
    let attributes = rest(node, &["url"]);
    // A card on a query has more than an address.
    let plain = embedded || attributes.is_empty();
    plain.then_some(Block::Card { address, embedded, attributes })
}

/// A line of inlines that shows what cannot be shown otherwise.
pub(super) fn shown(text: &str) -> Vec<Inline> {
    vec![Inline::Text(text.to_owned(), Vec::new())]
}
