//! The document to ADF. Must never make a node that the ADF schema refuses: no empty text, no code beside other marks, no
//! block where its container takes none. What does not fit is shown in a plainer way, never left out.

use std::cell::Cell as Counter;

use serde_json::{Map, Value as Json, json};

use super::adf_place::{Inside, attribute_fits, fits, marks as fitting_marks};
use super::adf_read::shown;
use super::adf_runs::{bold, file_node};
use super::lines;
use super::target::Target;
use crate::model::document::{
    Attributes, Block, Cell, Column, Decision, Document, File, Inline, Literal, Syntax, Task,
};

/// Writes documents for one side.
pub(super) struct Writer<'a> {
    pub(super) target: &'a Target<'a>,
    /// Ids that ADF wants on tasks and decisions; Jira makes them anew.
    ids: Counter<u32>,
}

/// A node that holds others. By hand, because the macro would copy all that is in it, once for each level.
fn holding(kind: &str, content: Vec<Json>) -> Json {
    let mut node = Map::new();
    node.insert("type".to_owned(), Json::from(kind));
    node.insert("content".to_owned(), Json::Array(content));
    Json::Object(node)
}

/// The same with attributes.
fn dressed_with(kind: &str, attributes: Json, content: Vec<Json>) -> Json {
    let mut node = holding(kind, content);
    node["attrs"] = attributes;
    node
}

/// A `doc` node of these nodes.
pub(super) fn doc(content: Vec<Json>) -> Json {
    let mut node = holding("doc", content);
    node["version"] = json!(1);
    node
}

/// The nodes of one block of a document. `place` is counted in blocks: ids are made from it.
pub(super) fn top(block: &Block, target: &Target<'_>, place: usize) -> Vec<Json> {
    let first = u32::try_from(place).unwrap_or_default().wrapping_mul(1000);
    Writer { target, ids: Counter::new(first) }.nodes(block, Inside::Document)
}

/// Writes a `doc` node.
pub(super) fn write(document: &Document, target: &Target<'_>) -> Json {
    doc(document.blocks.iter().enumerate().flat_map(|(place, block)| top(block, target, place)).collect())
}

impl Writer<'_> {
    fn all(&self, blocks: &[Block], inside: Inside) -> Vec<Json> {
        blocks.iter().flat_map(|block| self.nodes(block, inside)).collect()
    }

    /// The same, but never none: containers are not empty.
    fn filled(&self, blocks: &[Block], inside: Inside) -> Vec<Json> {
        let content = self.all(blocks, inside);
        if content.is_empty() { vec![self.paragraph(&[])] } else { content }
    }

    fn nodes(&self, block: &Block, inside: Inside) -> Vec<Json> {
        match block {
            Block::Paragraph(inlines) => vec![self.paragraph(inlines)],
            Block::Heading(level, inlines) if fits(inside, "heading") => {
                vec![dressed_with("heading", json!({ "level": level.clamp(&1, &6) }), self.run(inlines))]
            }
            // Containers that take no headings show them bold.
            Block::Heading(_, inlines) => vec![self.paragraph(&bold(inlines))],
            Block::BulletList(items) => self.list("bulletList", items, None),
            Block::OrderedList(items) => self.list("orderedList", items, None),
            Block::NumberedFrom(first, items) => self.list("orderedList", items, Some(*first)),
            Block::Code { language, text } => vec![code(language.as_deref(), text)],
            Block::Preformatted(text) => vec![code(None, text)],
            Block::Quote(inner) => self.container("blockquote", inner, inside, Inside::Quote),
            Block::Rule if fits(inside, "rule") => vec![json!({ "type": "rule" })],
            Block::Rule => vec![self.paragraph(&shown("----"))],
            Block::Panel { kind, title, attributes, blocks } => self.panel(kind, title, attributes, blocks, inside),
            Block::Expand { title, blocks } => self.expand(title, blocks, inside),
            Block::Table(rows) => self.table(rows, inside),
            Block::Tasks(tasks) => self.task_list(tasks, inside),
            Block::Decisions(decisions) => self.decision_list(decisions, inside),
            Block::Layout(columns) => self.layout(columns, inside),
            Block::Files { group, files, caption, attributes } => {
                self.files(*group, files, caption, attributes, inside)
            }
            Block::Card { address, embedded, attributes } => self.card(address, *embedded, attributes, inside),
            Block::Dressed { syntax, attributes, marks, block } => {
                self.dressed(*syntax, attributes, marks, block, inside)
            }
            Block::Unknown(literal) => self.literal_block(literal, inside),
        }
    }

    pub(super) fn paragraph(&self, inlines: &[Inline]) -> Json {
        holding("paragraph", self.run(inlines))
    }

    fn container(&self, kind: &str, blocks: &[Block], inside: Inside, within: Inside) -> Vec<Json> {
        if !fits(inside, kind) {
            return self.all(blocks, inside);
        }
        vec![holding(kind, self.filled(blocks, within))]
    }

    fn list(&self, kind: &str, items: &[Vec<Block>], first: Option<u64>) -> Vec<Json> {
        let item = |blocks: &Vec<Block>| {
            let mut content = self.all(blocks, Inside::Item);
            // An item begins with a paragraph or code, never with a list: editors count on it.
            if !matches!(type_of(content.first()), Some("paragraph" | "codeBlock" | "mediaSingle")) {
                content.insert(0, json!({ "type": "paragraph", "content": [] }));
            }
            holding("listItem", content)
        };
        if items.is_empty() {
            return Vec::new();
        }
        let mut node = holding(kind, items.iter().map(item).collect());
        if let Some(first) = first {
            node["attrs"] = json!({ "order": first });
        }
        vec![node]
    }

    fn panel(&self, kind: &str, title: &str, attributes: &Attributes, blocks: &[Block], inside: Inside) -> Vec<Json> {
        let fits_here = fits(inside, "panel");
        let within = if fits_here { Inside::Panel } else { inside };
        let mut content = self.titled(title);
        content.extend(self.all(blocks, within));
        if !fits_here {
            return content;
        }
        if content.is_empty() {
            content.push(self.paragraph(&[]));
        }
        let kinds = ["info", "note", "tip", "warning", "error", "success", "custom"];
        let mut attrs = fitting("panel", attributes);
        let kind = if kinds.contains(&kind) { kind } else { "info" };
        attrs.insert("panelType".to_owned(), json!(kind));
        vec![dressed_with("panel", Json::Object(attrs), content)]
    }

    fn titled(&self, title: &str) -> Vec<Json> {
        if title.trim().is_empty() { Vec::new() } else { vec![self.paragraph(&bold(&lines(title)))] }
    }

    fn expand(&self, title: &str, blocks: &[Block], inside: Inside) -> Vec<Json> {
        let (kind, within) = if fits(inside, "expand") {
            ("expand", Inside::Expand)
        } else if fits(inside, "nestedExpand") {
            ("nestedExpand", Inside::NestedExpand)
        } else {
            let mut content = self.titled(title);
            content.extend(self.all(blocks, inside));
            return content;
        };
        vec![dressed_with(kind, json!({ "title": title }), self.filled(blocks, within))]
    }

    fn table(&self, rows: &[Vec<Cell>], inside: Inside) -> Vec<Json> {
        let cell = |cell: &Cell| {
            let kind = if cell.heading { "tableHeader" } else { "tableCell" };
            let mut node = holding(kind, self.filled(&cell.blocks, Inside::Cell));
            with_attributes(&mut node, fitting("cell", &cell.attributes));
            node
        };
        if rows.is_empty() {
            return Vec::new();
        }
        if !fits(inside, "table") {
            let row = |row: &Vec<Cell>| {
                let cells: Vec<String> =
                    row.iter().map(|cell| super::plain(&Document { blocks: cell.blocks.clone() })).collect();
                self.paragraph(&lines(&format!("| {} |", cells.join(" | "))))
            };
            return rows.iter().map(row).collect();
        }
        let row = |row: &Vec<Cell>| holding("tableRow", row.iter().map(cell).collect());
        vec![holding("table", rows.iter().map(row).collect())]
    }

    fn id(&self) -> String {
        self.ids.set(self.ids.get().wrapping_add(1));
        format!("item-{}", self.ids.get())
    }

    fn task_list(&self, tasks: &[Task], inside: Inside) -> Vec<Json> {
        if tasks.is_empty() {
            return Vec::new();
        }
        if !fits(inside, "taskList") {
            return self.list("bulletList", &super::marked::tasks(tasks), None);
        }
        let mut content = Vec::new();
        for task in tasks {
            let state = if task.done { "DONE" } else { "TODO" };
            let attrs = json!({ "localId": self.id(), "state": state });
            content.push(dressed_with("taskItem", attrs, self.run(&task.inlines)));
            content.extend(self.task_list(&task.nested, inside));
        }
        vec![dressed_with("taskList", json!({ "localId": self.id() }), content)]
    }

    fn decision_list(&self, decisions: &[Decision], inside: Inside) -> Vec<Json> {
        if decisions.is_empty() {
            return Vec::new();
        }
        if !fits(inside, "decisionList") {
            return self.list("bulletList", &super::marked::decisions(decisions), None);
        }
        let item = |decision: &Decision| {
            let state = if decision.decided { "DECIDED" } else { "UNDECIDED" };
            let attrs = json!({ "localId": self.id(), "state": state });
            dressed_with("decisionItem", attrs, self.run(&decision.inlines))
        };
        let content: Vec<Json> = decisions.iter().map(item).collect();
        vec![dressed_with("decisionList", json!({ "localId": self.id() }), content)]
    }

    fn layout(&self, columns: &[Column], inside: Inside) -> Vec<Json> {
        if !fits(inside, "layoutSection") || !(2..=3).contains(&columns.len()) {
            return columns.iter().flat_map(|column| self.all(&column.blocks, inside)).collect();
        }
        let even = json!(100.0 / columns.len() as f64);
        let column = |column: &Column| {
            let mut attrs = fitting("column", &column.attributes);
            attrs.entry("width").or_insert_with(|| even.clone());
            dressed_with("layoutColumn", Json::Object(attrs), self.filled(&column.blocks, Inside::Column))
        };
        vec![holding("layoutSection", columns.iter().map(column).collect())]
    }

    fn files(
        &self,
        group: bool,
        files: &[File],
        caption: &[Inline],
        attributes: &Attributes,
        inside: Inside,
    ) -> Vec<Json> {
        let nodes: Option<Vec<Json>> = files.iter().map(|file| file_node(file, self.target)).collect();
        let kind = if group { "mediaGroup" } else { "mediaSingle" };
        match nodes {
            Some(nodes) if fits(inside, kind) && (group && !nodes.is_empty() || nodes.len() == 1) => {
                let mut content = nodes;
                if !group && !caption.is_empty() {
                    content.push(holding("caption", self.caption(caption)));
                }
                let mut node = holding(kind, content);
                if !group {
                    let mut attrs = fitting("mediaSingle", attributes);
                    size(attributes, &mut attrs);
                    attrs.entry("layout").or_insert_with(|| json!("center"));
                    node["attrs"] = Json::Object(attrs);
                }
                vec![node]
            }
            _ => {
                let mut run: Vec<Inline> = Vec::new();
                for file in files {
                    if !run.is_empty() {
                        run.push(Inline::HardBreak);
                    }
                    run.push(Inline::File(file.clone()));
                }
                if !caption.is_empty() {
                    run.push(Inline::HardBreak);
                    run.extend_from_slice(caption);
                }
                if run.is_empty() { Vec::new() } else { vec![self.paragraph(&run)] }
            }
        }
    }

    fn card(&self, address: &str, embedded: bool, attributes: &Attributes, inside: Inside) -> Vec<Json> {
        let kind = if embedded { "embedCard" } else { "blockCard" };
        if !fits(inside, kind) {
            return vec![self.paragraph(&[Inline::Card(address.to_owned())])];
        }
        let mut attrs = fitting(kind, attributes);
        if embedded {
            attrs.entry("layout").or_insert_with(|| json!("center"));
        }
        attrs.insert("url".to_owned(), json!(address));
        vec![json!({ "type": kind, "attrs": attrs })]
    }

    fn dressed(
        &self,
        syntax: Syntax,
        attributes: &Attributes,
        marks: &[Json],
        block: &Block,
        inside: Inside,
    ) -> Vec<Json> {
        let mut nodes = self.nodes(block, inside);
        if syntax == Syntax::Wiki {
            // Wiki's titles of code are seen by readers.
            if let Some(title) = attributes.get("title").and_then(Json::as_str) {
                nodes.splice(0..0, self.titled(title));
            }
            return nodes;
        }
        // What became several nodes is no longer what was dressed.
        if let [node] = nodes.as_mut_slice() {
            let kind = type_of(Some(node)).unwrap_or_default().to_owned();
            let marks = fitting_marks(inside, &kind, marks);
            if !marks.is_empty() {
                node["marks"] = Json::Array(marks);
            }
            with_attributes(node, fitting(&kind, attributes));
        }
        nodes
    }

    fn literal_block(&self, literal: &Literal, inside: Inside) -> Vec<Json> {
        if self.target.owns(literal)
            && let Ok(node) = serde_json::from_str::<Json>(&literal.source)
            && type_of(Some(&node)).is_some_and(|kind| fits(inside, kind))
        {
            return vec![node];
        }
        vec![self.paragraph(&lines(&literal.plain))]
    }
}

fn type_of(node: Option<&Json>) -> Option<&str> {
    node?.get("type")?.as_str()
}

fn fitting(node: &str, attributes: &Attributes) -> Map<String, Json> {
    let fit = attributes.iter().filter(|(name, value)| attribute_fits(node, name, value));
    fit.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Width and its unit go together.
fn size(attributes: &Attributes, attrs: &mut Map<String, Json>) {
    let width = attributes.get("width").filter(|width| width.as_f64().is_some_and(|width| width >= 0.0));
    let unit = attributes.get("widthType").and_then(Json::as_str).unwrap_or("percentage");
    let Some(width) = width else { return };
    if unit == "pixel" || width.as_f64().is_some_and(|width| width <= 100.0) {
        attrs.insert("width".to_owned(), width.clone());
        if attributes.contains_key("widthType") {
            attrs.insert("widthType".to_owned(), json!(if unit == "pixel" { "pixel" } else { "percentage" }));
        }
    }
}

fn with_attributes(node: &mut Json, attributes: Map<String, Json>) {
    if attributes.is_empty() {
        return;
    }
    match node.get_mut("attrs") {
        Some(Json::Object(present)) => present.extend(attributes),
        _ => node["attrs"] = Json::Object(attributes),
    }
}

fn code(language: Option<&str>, text: &str) -> Json {
    let mut node = json!({ "type": "codeBlock", "content": [] });
    let text = text.replace('\0', "");
    if !text.is_empty() {
        node["content"] = json!([{ "type": "text", "text": text }]);
    }
    if let Some(language) = language {
        node["attrs"] = json!({ "language": language });
    }
    node
}
