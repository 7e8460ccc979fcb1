//! When two documents are the same for change detection. Must never call equal what a reader could tell apart beyond the
//! normalisations of docs/text.md.

use serde_json::Value as Json;

use super::project::CUT_NOTICE;
use crate::model::document::{
    Attributes, Block, Cell, Column, Decision, Document, File, FilePlace, Inline, Literal, Mark, Syntax, Task,
};

/// Whether two documents are the same but for what Jira normalises.
#[must_use]
pub fn same(left: &Document, right: &Document) -> bool {
    left == right || normal(left) == normal(right)
}

/// The document without what Jira normalises: line ends, trailing blanks, empty paragraphs, split runs, mark order,
/// generated ids and attribute order of what we carry literally.
#[must_use]
pub fn normal(document: &Document) -> Document {
    Document { blocks: blocks(&document.blocks) }
}

/// A key that is the same for the same block, as [`same`] has it.
#[must_use]
pub fn key(block: &Block) -> String {
    let normal = self::block(block);
    serde_json::to_string(&normal).unwrap_or_else(|_| format!("{normal:?}"))
}

fn blocks(list: &[Block]) -> Vec<Block> {
    list.iter().filter_map(block).collect()
}

fn block(block: &Block) -> Option<Block> {
    Some(match block {
        Block::Paragraph(inlines) => {
            let inlines = run(inlines);
            match inlines.first() {
                None => return None,
                // Where the whole text is found is no part of the text.
                Some(Inline::Text(text, marks)) if text.starts_with(CUT_NOTICE) && marks.is_empty() => {
                    Block::Paragraph(vec![Inline::Text(CUT_NOTICE.to_owned(), Vec::new())])
                }
                Some(_) => Block::Paragraph(inlines),
            }
        }
        Block::Heading(level, inlines) => Block::Heading(*level, run(inlines)),
        Block::BulletList(list) => Block::BulletList(items(list)?),
        Block::OrderedList(list) | Block::NumberedFrom(1, list) => Block::OrderedList(items(list)?),
        Block::NumberedFrom(first, list) => Block::NumberedFrom(*first, items(list)?),
        Block::Code { language, text } => {
            Block::Code { language: language.as_ref().map(|name| name.to_lowercase()), text: line_ends(text) }
        }
        Block::Preformatted(text) => Block::Preformatted(line_ends(text)),
        Block::Quote(inner) => Block::Quote(blocks(inner)),
        Block::Rule => Block::Rule,
        Block::Unknown(literal) => Block::Unknown(literal_of(literal)),
        Block::Panel { kind, title, attributes, blocks: inner } => Block::Panel {
            kind: kind.clone(),
            title: title.trim().to_owned(),
            attributes: attributes.clone(),
            blocks: blocks(inner),
        },
        Block::Expand { title, blocks: inner } => {
            Block::Expand { title: title.trim().to_owned(), blocks: blocks(inner) }
        }
        Block::Table(rows) => Block::Table(rows.iter().map(|row| row.iter().map(cell).collect()).collect()),
        Block::Tasks(list) => Block::Tasks(list.iter().map(task).collect()),
        Block::Decisions(list) => {
            let one = |one: &Decision| Decision { decided: one.decided, inlines: run(&one.inlines) };
            Block::Decisions(list.iter().map(one).collect())
        }
        Block::Layout(columns) => {
            let column =
                |column: &Column| Column { attributes: column.attributes.clone(), blocks: blocks(&column.blocks) };
            Block::Layout(columns.iter().map(column).collect())
        }
        Block::Files { group, files, caption, attributes } => Block::Files {
            group: *group,
            files: files.iter().map(file).collect(),
            caption: run(caption),
            attributes: granted(attributes),
        },
        Block::Card { address, embedded, attributes } => {
            Block::Card { address: address.clone(), embedded: *embedded, attributes: granted(attributes) }
        }
        Block::Dressed { attributes, marks, block, .. } if attributes.is_empty() && marks.is_empty() => {
            return self::block(block);
        }
        Block::Dressed { syntax, attributes, marks, block } => Block::Dressed {
            syntax: *syntax,
            attributes: attributes.clone(),
            marks: marks.clone(),
            block: Box::new(self::block(block)?),
        },
    })
}

/// Without the layout that ADF asks for where nobody chose one.
fn granted(attributes: &Attributes) -> Attributes {
    let told = |(name, value): &(&String, &Json)| !(name.as_str() == "layout" && *value == "center");
    attributes.iter().filter(told).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A colour by its number, where it was named.
fn numbered(mark: &Mark) -> Mark {
    let number = |colour: &str| super::colour::hex(colour).map_or_else(|| colour.to_owned(), |hex| hex.to_lowercase());
    if let Mark::Colour(colour) = mark {
        Mark::Colour(number(colour))
    } else if let Mark::Background(colour) = mark {
        Mark::Background(number(colour))
    } else {
        mark.clone()
    }
}

fn cell(cell: &Cell) -> Cell {
    let told = |(name, value): &(&String, &Json)| {
        !(matches!(name.as_str(), "colspan" | "rowspan") && value.as_u64() == Some(1))
    };
    let attributes = cell.attributes.iter().filter(told).map(|(name, value)| (name.clone(), value.clone())).collect();
    Cell { heading: cell.heading, attributes, blocks: blocks(&cell.blocks) }
}

fn task(task: &Task) -> Task {
    Task { done: task.done, inlines: run(&task.inlines), nested: task.nested.iter().map(self::task).collect() }
}

fn file(file: &File) -> File {
    let place = match &file.place {
        FilePlace::Media(attributes) => {
            let told = |(name, _): &(&String, &Json)| name.as_str() != "occurrenceKey";
            let attributes: Attributes =
                attributes.iter().filter(told).map(|(name, value)| (name.clone(), value.clone())).collect();
            FilePlace::Media(attributes)
        }
        FilePlace::Picture | FilePlace::Attachment | FilePlace::Address(_) => file.place.clone(),
    };
    File { place, ..file.clone() }
}

/// The items that hold anything. `None`: there are none.
fn items(list: &[Vec<Block>]) -> Option<Vec<Vec<Block>>> {
    let items: Vec<Vec<Block>> = list.iter().map(|item| blocks(item)).filter(|item| !item.is_empty()).collect();
    (!items.is_empty()).then_some(items)
}

fn line_ends(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// Joins runs with equal marks, takes trailing blanks off lines, and hard breaks off the ends.
fn run(inlines: &[Inline]) -> Vec<Inline> {
    let mut out: Vec<Inline> = Vec::new();
    for inline in inlines {
        match inline {
            Inline::Unknown(_)
            | Inline::Mention { .. }
            | Inline::Emoji { .. }
            | Inline::Date(_)
            | Inline::Status { .. }
            | Inline::Card(_)
            | Inline::File(_) => out.push(whole(inline)),
            Inline::Text(text, marks) => {
                // An address that shows itself is a link everywhere, marked or not.
                let shows = |mark: &Mark| matches!(mark, Mark::Link(address) if address == text);
                let mut marks: Vec<Mark> = marks.iter().filter(|mark| !shows(mark)).map(numbered).collect();
                marks.sort();
                marks.dedup();
                if let Some(Inline::Text(before, same)) = out.last_mut()
                    && *same == marks
                {
                    before.push_str(text);
                } else if !text.is_empty() {
                    out.push(Inline::Text(text.clone(), marks));
                }
            }
            Inline::HardBreak => {
                trim_end(&mut out);
                out.push(Inline::HardBreak);
            }
        }
    }
    trim_end(&mut out);
    while matches!(out.last(), Some(Inline::HardBreak)) {
        out.pop();
        trim_end(&mut out);
    }
    let lead = out.iter().take_while(|inline| matches!(inline, Inline::HardBreak)).count();
    out.drain(..lead);
    // Blanks that begin a line are not shown.
    let mut begins = true;
    for inline in &mut out {
        if let (true, Inline::Text(text, _)) = (begins, &mut *inline) {
            *text = text.trim_start().to_owned();
        }
        begins = matches!(inline, Inline::HardBreak);
    }
    blanks_apart(out)
}

/// What is no text. Names of people are looked up anew by Jira, and pictures are drawn by their names.
fn whole(inline: &Inline) -> Inline {
    match inline {
        Inline::Unknown(literal) => Inline::Unknown(literal_of(literal)),
        Inline::Mention { person, .. } => Inline::Mention { person: person.clone(), name: String::new() },
        Inline::Emoji { name, .. } => Inline::Emoji { name: name.clone(), text: None, id: None },
        Inline::File(found) => Inline::File(file(found)),
        Inline::Text(..) | Inline::HardBreak | Inline::Date(_) | Inline::Status { .. } | Inline::Card(_) => {
            inline.clone()
        }
    }
}

/// Takes marks off the blanks at the ends of a marked run: wiki markup cannot hold them there.
fn blanks_apart(run: Vec<Inline>) -> Vec<Inline> {
    let mut out: Vec<Inline> = Vec::new();
    for inline in run {
        let Inline::Text(text, marks) = inline else {
            out.push(inline);
            continue;
        };
        let core = text.trim();
        let lead = text.len() - text.trim_start().len();
        let (before, after) = (text.get(..lead), text.get(lead + core.len()..));
        push_text(&mut out, before.unwrap_or_default(), &[]);
        push_text(&mut out, core, &marks);
        push_text(&mut out, after.unwrap_or_default(), &[]);
    }
    out
}

/// The run without the breaks at its ends, which say nothing.
pub(super) fn without_outer_breaks(inlines: &[Inline]) -> &[Inline] {
    let blank = |inline: &Inline| match inline {
        Inline::HardBreak => true,
        Inline::Text(text, _) => text.trim().is_empty(),
        Inline::Unknown(_)
        | Inline::Mention { .. }
        | Inline::Emoji { .. }
        | Inline::Date(_)
        | Inline::Status { .. }
        | Inline::Card(_)
        | Inline::File(_) => false,
    };
    let breaks = inlines.iter().take_while(|inline| blank(inline)).collect::<Vec<_>>();
    let lead = breaks.iter().rposition(|inline| matches!(inline, Inline::HardBreak)).map_or(0, |last| last + 1);
    let rest = inlines.get(lead..).unwrap_or_default();
    let tail = rest.iter().rev().take_while(|inline| blank(inline)).collect::<Vec<_>>();
    let cut = tail.iter().rposition(|inline| matches!(inline, Inline::HardBreak)).map_or(0, |last| last + 1);
    rest.get(..rest.len() - cut).unwrap_or_default()
}

/// Joins runs with equal marks, and nothing else.
pub(crate) fn joined(inlines: &[Inline]) -> Vec<Inline> {
    let mut out = Vec::new();
    for inline in inlines {
        let Inline::Text(text, marks) = inline else {
            out.push(inline.clone());
            continue;
        };
        let mut marks = marks.clone();
        marks.sort();
        marks.dedup();
        push_text(&mut out, text, &marks);
    }
    out
}

fn push_text(out: &mut Vec<Inline>, text: &str, marks: &[Mark]) {
    if text.is_empty() {
        return;
    }
    match out.last_mut() {
        Some(Inline::Text(before, same)) if same == marks => before.push_str(text),
        _ => out.push(Inline::Text(text.to_owned(), marks.to_vec())),
    }
}

fn trim_end(out: &mut Vec<Inline>) {
    if let Some(Inline::Text(text, _)) = out.last_mut() {
        text.truncate(text.trim_end().len());
        if text.is_empty() {
            out.pop();
        }
    }
}

/// A key that is the same for the same literal.
pub(super) fn source_key(literal: &Literal) -> String {
    literal_of(literal).source
}

fn literal_of(literal: &Literal) -> Literal {
    let source = match (literal.syntax, serde_json::from_str::<Json>(&literal.source)) {
        (Syntax::Adf, Ok(mut node)) => {
            without_ids(&mut node);
            node.to_string()
        }
        (Syntax::Adf, Err(_)) => literal.source.clone(),
        (Syntax::Wiki, _) => line_ends(&literal.source),
    };
    Literal { syntax: literal.syntax, source, plain: String::new() }
}

/// Takes out the ids that Jira makes anew on every write.
fn without_ids(node: &mut Json) {
    if let Json::Object(fields) = node {
        if let Some(Json::Object(attrs)) = fields.get_mut("attrs") {
            attrs.remove("localId");
        }
        fields.values_mut().for_each(without_ids);
    } else if let Json::Array(items) = node {
        items.iter_mut().for_each(without_ids);
    }
}
