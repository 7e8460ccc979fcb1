//! Documents as plain text, for summaries, logs of conflicts and mail. Must never hold markup, and never hide anything.

use super::adf_literal::{day, file};
use crate::model::document::{Block, Cell, Document, File, FilePlace, Inline, Task};

/// The text of a document: blocks parted by a blank line, list items by a line end and a dash.
#[must_use]
pub fn plain(document: &Document) -> String {
    blocks(&document.blocks, "\n\n")
}

fn blocks(list: &[Block], separator: &str) -> String {
    let texts: Vec<String> = list.iter().map(block).collect();
    texts.join(separator)
}

fn block(one: &Block) -> String {
    match one {
        Block::Paragraph(inlines) | Block::Heading(_, inlines) => inline(inlines),
        Block::BulletList(items) => list(items, |_| "- ".to_owned()),
        Block::OrderedList(items) => list(items, |index| format!("{}. ", index + 1)),
        Block::NumberedFrom(first, items) => {
            list(items, |index| format!("{}. ", first.saturating_add(u64::try_from(index).unwrap_or_default())))
        }
        Block::Code { text, .. } | Block::Preformatted(text) => text.clone(),
        Block::Quote(inner) => blocks(inner, "\n"),
        Block::Rule => "----".to_owned(),
        Block::Unknown(literal) => literal.plain.clone(),
        Block::Panel { title, blocks: inner, .. } | Block::Expand { title, blocks: inner } => {
            let body = blocks(inner, "\n");
            if title.is_empty() { body } else { format!("{title}\n{body}") }
        }
        Block::Table(rows) => rows.iter().map(|row| line(row)).collect::<Vec<_>>().join("\n"),
        Block::Tasks(tasks) => tasks_text(tasks, 0),
        Block::Decisions(decisions) => {
            let line = |decision: &crate::model::document::Decision| {
                format!("{}{}", if decision.decided { "<> " } else { "? " }, inline(&decision.inlines))
            };
            decisions.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Layout(columns) => {
            columns.iter().map(|column| blocks(&column.blocks, "\n\n")).collect::<Vec<_>>().join("\n\n")
        }
        Block::Files { files, caption, .. } => {
            let mut lines: Vec<String> = files.iter().map(file_text).collect();
            if !caption.is_empty() {
                lines.push(inline(caption));
            }
            lines.join("\n")
        }
        Block::Card { address, .. } => address.clone(),
        Block::Dressed { attributes, block, .. } => {
            let text = self::block(block);
            // Wiki's title of code is there to be read.
            match attributes.get("title").and_then(serde_json::Value::as_str) {
                Some(title) => format!("{title}\n{text}"),
                None => text,
            }
        }
    }
}

fn line(row: &[Cell]) -> String {
    row.iter().map(|cell| blocks(&cell.blocks, "\n")).collect::<Vec<_>>().join(" | ")
}

fn tasks_text(tasks: &[Task], depth: usize) -> String {
    let text = |task: &Task| {
        let sign = if task.done { "[x] " } else { "[ ] " };
        let mut text = format!("{}{sign}{}", "  ".repeat(depth), inline(&task.inlines));
        if !task.nested.is_empty() {
            text.push('\n');
            text.push_str(&tasks_text(&task.nested, depth + 1));
        }
        text
    };
    tasks.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn list(items: &[Vec<Block>], lead: impl Fn(usize) -> String) -> String {
    let line = |(index, item): (usize, &Vec<Block>)| format!("{}{}", lead(index), blocks(item, "\n"));
    items.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn file_text(found: &File) -> String {
    match &found.place {
        FilePlace::Address(address) if found.name.is_empty() => address.clone(),
        FilePlace::Address(address) => format!("{} ({address})", found.name),
        FilePlace::Picture | FilePlace::Attachment | FilePlace::Media(_) => file(&found.name),
    }
}

/// The text of a run of inlines.
#[must_use]
pub(super) fn inline(inlines: &[Inline]) -> String {
    let text = |inline: &Inline| match inline {
        Inline::Text(text, _) | Inline::Status { text, .. } | Inline::Card(text) => text.clone(),
        Inline::HardBreak => "\n".to_owned(),
        Inline::Unknown(literal) => literal.plain.clone(),
        Inline::Mention { name, .. } => format!("@{name}"),
        Inline::Emoji { name, text, .. } => text.clone().unwrap_or_else(|| name.clone()),
        Inline::Date(time) => day(time),
        Inline::File(found) => file_text(found),
    };
    inlines.iter().map(text).collect()
}
