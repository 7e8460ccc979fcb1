//! The document to wiki markup, block by block. Must never let plain text turn into markup on the way, nor leave anything
//! out: what markup has no word for is shown by signs or labels.

use serde_json::Value as Json;

use super::adf_runs::bold;
use super::marked::{self, EXPAND};
use super::target::Target;
use super::wiki_escape::{guard_lines, plain_lines};
use super::wiki_macro::panel_colour;
use super::{normal, wiki_block};
use crate::model::document::{Attributes, Block, Cell, Document, File, FilePlace, Inline, Syntax};

/// How much is kept from being read as markup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// What people would keep from it: readable where the markup is edited.
    Light,
    /// All that could ever be.
    Heavy,
}

/// Writes for one side.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub(super) target: &'a Target<'a>,
    pub(super) care: Care,
    /// Macros that are open: none can be opened within itself.
    quote: bool,
    panel: bool,
    /// Within a table no line may begin one, and no sign part cells.
    pub(super) cell: bool,
}

/// Writes a whole text: blocks parted by a blank line.
pub(super) fn write(document: &Document, target: &Target<'_>) -> String {
    let texts: Vec<String> =
        document.blocks.iter().map(|block| top(block, target)).filter(|text| !text.is_empty()).collect();
    texts.join("\n\n")
}

/// One block of a document, written the light way if that reads as the block, or as the heavy one does.
pub(super) fn top(block: &Block, target: &Target<'_>) -> String {
    top_read(block, target).0
}

/// The same, with what it reads as.
pub(super) fn top_read(block: &Block, target: &Target<'_>) -> (String, Vec<Block>) {
    let written = |care| {
        let text = Pen { target, care, quote: false, panel: false, cell: false }.block(block);
        let read = wiki_block::read(&text);
        (text, read)
    };
    let (light, read) = written(Care::Light);
    // Nearly always so, and then nothing more need be asked.
    if read.blocks == std::slice::from_ref(block) {
        return (light, read.blocks);
    }
    let (heavy, expected) = written(Care::Heavy);
    let alike = light == heavy || read == expected || normal(&read) == normal(&expected);
    if alike { (light, read.blocks) } else { (heavy, expected.blocks) }
}

impl Pen<'_> {
    fn join(&self, blocks: &[Block]) -> String {
        let texts: Vec<String> = blocks.iter().map(|block| self.block(block)).filter(|text| !text.is_empty()).collect();
        texts.join(if self.cell { "\n" } else { "\n\n" })
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Paragraph(inlines) => self.guarded(&self.run(inlines)),
            Block::Heading(_, inlines) if self.cell => self.guarded(&self.run(&bold(inlines))),
            Block::Heading(level, inlines) => {
                let text = self.run(inlines).replace("\\\\\n", " ").replace('\n', " ");
                format!("h{level}. {}", text.trim_start())
            }
            Block::BulletList(items) => self.list(items, "*").join("\n"),
            Block::OrderedList(items) | Block::NumberedFrom(_, items) => self.list(items, "#").join("\n"),
            Block::Tasks(tasks) => self.list(&marked::tasks(tasks), "*").join("\n"),
            Block::Decisions(decisions) => self.list(&marked::decisions(decisions), "*").join("\n"),
            Block::Code { language, text } => self.code(language.as_deref(), &Attributes::new(), text),
            Block::Preformatted(text) => self.preformatted(text),
            Block::Quote(inner) => self.quoted(inner),
            Block::Rule => "----".to_owned(),
            Block::Panel { kind, title, attributes, blocks } => {
                let mut parameters: Vec<String> = Vec::new();
                if !title.is_empty() {
                    parameters.push(format!("title={}", parameter(title)));
                }
                parameters.extend(panel_look(kind, attributes));
                self.boxed(title, &parameters, blocks)
            }
            Block::Expand { title, blocks } => {
                let title = format!("{EXPAND}{title}");
                self.boxed(&title, &[format!("title={}", parameter(&title))], blocks)
            }
            Block::Table(rows) => self.table(rows),
            Block::Layout(columns) => {
                let all: Vec<Block> = columns.iter().flat_map(|column| column.blocks.iter().cloned()).collect();
                self.join(&all)
            }
            Block::Files { files, caption, .. } => self.files(files, caption),
            Block::Card { address, embedded, .. } => {
                let shape = if *embedded { "smart-embed" } else { "smart-card" };
                format!("[{address}|{address}|{shape}]")
            }
            Block::Dressed { syntax: Syntax::Wiki, attributes, block, .. } => {
                if let Block::Code { language, text } = block.as_ref() {
                    self.code(language.as_deref(), attributes, text)
                } else {
                    self.block(block)
                }
            }
            Block::Dressed { block, .. } => self.block(block),
            Block::Unknown(literal) => match literal.syntax {
                Syntax::Wiki => literal.source.clone(),
                Syntax::Adf => self.guarded(&plain_lines(&literal.plain, *self)),
            },
        }
    }

    fn guarded(&self, text: &str) -> String {
        guard_lines(text)
    }

    fn code(&self, language: Option<&str>, attributes: &Attributes, text: &str) -> String {
        // A fence within the text would end it early.
        if text.contains("{code}") {
            return self.preformatted(text);
        }
        let mut parameters: Vec<String> = language.map(parameter).into_iter().collect();
        parameters.extend(attributes.iter().map(|(name, value)| {
            if value == &Json::Bool(true) { name.clone() } else { format!("{name}={}", parameter(&shown(value))) }
        }));
        let head = if parameters.is_empty() { String::new() } else { format!(":{}", parameters.join("|")) };
        format!("{{code{head}}}\n{text}\n{{code}}")
    }

    fn preformatted(&self, text: &str) -> String {
        if text.contains("{noformat}") {
            // Neither fence can hold it: a blank that is not seen keeps the inner one from closing.
            return format!("{{noformat}}\n{}\n{{noformat}}", text.replace("{noformat}", "{noformat\u{200b}}"));
        }
        format!("{{noformat}}\n{text}\n{{noformat}}")
    }

    fn quoted(&self, inner: &[Block]) -> String {
        if self.quote {
            return self.join(inner);
        }
        let body = Self { quote: true, ..*self }.join(inner);
        format!("{{quote}}\n{body}\n{{quote}}")
    }

    fn boxed(&self, title: &str, parameters: &[String], blocks: &[Block]) -> String {
        if self.panel {
            let mut all = Vec::new();
            if !title.trim().is_empty() {
                all.push(Block::Paragraph(bold(&super::lines(title))));
            }
            all.extend_from_slice(blocks);
            return self.join(&all);
        }
        let head = if parameters.is_empty() { String::new() } else { format!(":{}", parameters.join("|")) };
        let body = Self { panel: true, ..*self }.join(blocks);
        format!("{{panel{head}}}\n{body}\n{{panel}}")
    }

    /// The lines of a list; what follows an item's first paragraph goes on below it.
    fn list(&self, items: &[Vec<Block>], signs: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for item in items {
            let mut text = String::new();
            let mut nested = Vec::new();
            for part in item {
                match part {
                    Block::BulletList(items) => nested.extend(self.list(items, &format!("{signs}*"))),
                    Block::OrderedList(items) | Block::NumberedFrom(_, items) => {
                        nested.extend(self.list(items, &format!("{signs}#")));
                    }
                    Block::Tasks(tasks) => nested.extend(self.list(&marked::tasks(tasks), &format!("{signs}*"))),
                    Block::Heading(_, inlines) => {
                        push_line(&mut text, &self.guarded(&self.run(&bold(inlines))));
                    }
                    Block::Paragraph(_)
                    | Block::Code { .. }
                    | Block::Quote(_)
                    | Block::Rule
                    | Block::Unknown(_)
                    | Block::Preformatted(_)
                    | Block::Panel { .. }
                    | Block::Table(_)
                    | Block::Decisions(_)
                    | Block::Expand { .. }
                    | Block::Layout(_)
                    | Block::Files { .. }
                    | Block::Card { .. }
                    | Block::Dressed { .. } => push_line(&mut text, &without_blank_lines(&self.block(part))),
                }
            }
            // A sign without text is no item: what is nested stands for itself.
            if !text.trim().is_empty() {
                lines.push(format!("{signs} {text}"));
            }
            lines.extend(nested);
        }
        lines
    }

    fn table(&self, rows: &[Vec<Cell>]) -> String {
        if self.cell {
            // A table within a table has no markup: its cells are shown as lines.
            let line = |row: &Vec<Cell>| {
                let cells: Vec<String> = row.iter().map(|cell| self.join(&cell.blocks)).collect();
                cells.join(" \\| ")
            };
            return rows.iter().map(line).collect::<Vec<_>>().join("\n");
        }
        let pen = Self { cell: true, ..*self };
        let mut lines = Vec::new();
        for row in rows {
            let mut text = String::new();
            let mut last = "|";
            for cell in row {
                last = if cell.heading { "||" } else { "|" };
                let body = without_blank_lines(&pen.join(&cell.blocks));
                text.push_str(last);
                text.push_str(if body.is_empty() { " " } else { &body });
                // A list's signs stand at the beginning of a line.
            }
            text.push_str(last);
            lines.push(text);
        }
        lines.join("\n")
    }

    fn files(&self, files: &[File], caption: &[Inline]) -> String {
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
        self.guarded(&self.run(&run))
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// A blank line would end an item or a row. Within code it stays, since the fence is looked for there.
fn without_blank_lines(text: &str) -> String {
    if !text.contains("\n\n") {
        return text.to_owned();
    }
    let mut fence: Option<&str> = None;
    let mut kept: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        if fence.is_some() || !line.trim().is_empty() {
            kept.push(line);
        }
        fence = match fence {
            Some(close) if line.contains(close) => None,
            Some(close) => Some(close),
            None if line.starts_with("{code") => Some("{code}"),
            None if line.starts_with("{noformat") => Some("{noformat}"),
            None => None,
        };
    }
    kept.join("\n")
}

/// A parameter of a macro cannot hold what parts them.
pub(super) fn parameter(text: &str) -> String {
    text.replace(['|', '}', '{', '\n', '\r'], " ")
}

fn panel_look(kind: &str, attributes: &Attributes) -> Vec<String> {
    let mut look: Vec<String> = panel_colour(kind).map(|colour| format!("bgColor={colour}")).into_iter().collect();
    for (name, value) in attributes {
        match name.as_str() {
            "panelColor" if look.is_empty() => look.push(format!("bgColor={}", parameter(&shown(value)))),
            "panelColor" | "panelIcon" | "panelIconId" | "panelIconText" => {}
            _ => look.push(format!("{name}={}", parameter(&shown(value)))),
        }
    }
    look
}

/// An attribute as text.
pub(super) fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A file in wiki markup. `None`: it cannot be shown there.
pub(super) fn file(found: &File) -> Option<String> {
    let fits = |name: &str| !name.is_empty() && !name.contains(['|', '!', '\n', ']', '[', '^', '{', '}']);
    match &found.place {
        FilePlace::Picture if fits(&found.name) && super::wiki_link::is_image(&found.name) => {
            Some(picture(&found.name, &found.attributes, None))
        }
        FilePlace::Attachment if fits(&found.name) => Some(format!("[^{}]", found.name)),
        FilePlace::Address(address) if super::wiki_link::is_image(address) && fits(address) => {
            let alt =
                Some(found.name.as_str()).filter(|name| !name.is_empty() && !name.contains([',', '=', '!', '|', '\n']));
            let size = found
                .attributes
                .iter()
                .filter(|(name, _)| ["width", "height", "thumbnail", "align"].contains(&name.as_str()));
            Some(picture(address, &size.map(|(name, value)| (name.clone(), value.clone())).collect(), alt))
        }
        FilePlace::Picture | FilePlace::Attachment | FilePlace::Address(_) | FilePlace::Media(_) => None,
    }
}

fn picture(name: &str, attributes: &Attributes, alt: Option<&str>) -> String {
    let mut parts: Vec<String> = attributes
        .iter()
        .map(|(name, value)| {
            if value == &Json::Bool(true) {
                name.clone()
            } else {
                format!("{name}={}", shown(value).replace([',', '!', '|', '\n'], " "))
            }
        })
        .collect();
    parts.extend(alt.map(|alt| format!("alt={alt}")));
    if parts.is_empty() { format!("!{name}!") } else { format!("!{name}|{}!", parts.join(",")) }
}
