//! The neutral rich text: a tree close to ADF that holds all that ADF and wiki markup can say. Must never hold a side's own
//! ids where another side would take them for its own: only `Unknown`, `File` and `Mention` hold any, and a writer gives
//! them back to a side that held them already and to no other.
//!
//! States of earlier versions hold these types as JSON: variants are only ever added, and new fields have defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Attributes of a node that the tree does not name, as ADF or the wiki macro has them.
pub type Attributes = BTreeMap<String, Json>;

/// A rich text: a sequence of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document {
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Whether there is nothing to read in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| matches!(block, Block::Paragraph(inlines) if inlines.is_empty()))
    }
}

/// One block of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Inline>),
    /// A heading of level 1 to 6.
    Heading(u8, Vec<Inline>),
    /// Items with bullets; each item is a sequence of blocks.
    BulletList(Vec<Vec<Self>>),
    /// Numbered items; each item is a sequence of blocks.
    OrderedList(Vec<Vec<Self>>),
    /// Code, with its language where one is named.
    Code {
        /// The language's name as written.
        language: Option<String>,
        /// The text between the fences, lines parted by `\n`.
        text: String,
    },
    /// Quoted blocks.
    Quote(Vec<Self>),
    /// A horizontal rule.
    Rule,
    /// Something we carry only as literal text.
    Unknown(Literal),
    /// Numbered items that begin at another number than 1.
    NumberedFrom(u64, Vec<Vec<Self>>),
    /// Text shown as it is, without a language: wiki's `{noformat}`.
    Preformatted(String),
    /// A coloured box.
    Panel {
        /// `info`, `note`, `tip`, `warning`, `error`, `success` or `custom`.
        kind: String,
        /// Its title; only wiki markup has one.
        title: String,
        /// Icon and colour, as ADF names them.
        attributes: Attributes,
        /// What is in it.
        blocks: Vec<Self>,
    },
    /// A table, row by row.
    Table(Vec<Vec<Cell>>),
    /// Things to do.
    Tasks(Vec<Task>),
    /// Decisions.
    Decisions(Vec<Decision>),
    /// Blocks that are shown on demand.
    Expand {
        /// The line that stays visible.
        title: String,
        /// What is in it.
        blocks: Vec<Self>,
    },
    /// Columns side by side.
    Layout(Vec<Column>),
    /// Files shown as a block: one large, or a group of small ones.
    Files {
        /// Whether they are a group of small ones.
        group: bool,
        /// The files.
        files: Vec<File>,
        /// The line below.
        caption: Vec<Inline>,
        /// Size and place, as ADF names them.
        attributes: Attributes,
    },
    /// A preview of an address.
    Card {
        /// The address.
        address: String,
        /// Whether the page itself is shown.
        embedded: bool,
        /// Size and place, as ADF names them.
        attributes: Attributes,
    },
    /// A block with looks that one syntax has and the other has not: alignment, indentation, widths, titles of code.
    Dressed {
        /// The syntax that has them.
        syntax: Syntax,
        /// The attributes.
        attributes: Attributes,
        /// The marks on the block, as ADF has them.
        marks: Vec<Json>,
        /// The block itself.
        block: Box<Self>,
    },
}

/// One cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Whether it heads a row or a column.
    pub heading: bool,
    /// Spans, widths and colour, as ADF names them.
    #[serde(default)]
    pub attributes: Attributes,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A thing to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Whether it is done.
    pub done: bool,
    /// What is to be done.
    pub inlines: Vec<Inline>,
    /// Its parts.
    #[serde(default)]
    pub nested: Vec<Self>,
}

/// A decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether it is taken.
    pub decided: bool,
    /// What is decided.
    pub inlines: Vec<Inline>,
}

/// One column of a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its width and the like, as ADF names them.
    pub attributes: Attributes,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A file that a text shows or points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What a reader calls it: a file name or a description.
    pub name: String,
    /// Where it is.
    pub place: FilePlace,
    /// Size and place: those of wiki markup, or ADF's that are no address.
    #[serde(default)]
    pub attributes: Attributes,
    /// ADF marks on it: a link, a border.
    #[serde(default)]
    pub marks: Vec<Json>,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilePlace {
    /// A file of the issue, by name, shown as a picture: wiki's `!name!`.
    Picture,
    /// A file of the issue, by name, as a link: wiki's `[^name]`.
    Attachment,
    /// Anywhere, by address.
    Address(String),
    /// In Cloud's media store, by what ADF says of it: means nothing on any other site.
    Media(Attributes),
}

/// What cannot be converted: its source, and what a reader of another side sees instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Literal {
    /// `adf` (one node as JSON) or `wiki` (markup).
    pub syntax: Syntax,
    /// The source exactly as it was.
    pub source: String,
    /// Plain text for sides of another syntax; lines parted by `\n`.
    pub plain: String,
}

/// The two syntaxes Jira speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// Atlassian Document Format: Cloud v3.
    Adf,
    /// Wiki markup: Data Center v2.
    Wiki,
}

/// A run within a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inline {
    /// Text with its marks; never empty, never holds a line break.
    Text(String, Vec<Mark>),
    /// A line break within a block.
    HardBreak,
    /// Something we carry only as literal text.
    Unknown(Literal),
    /// A person. `person` is what the reader found: the account there, until the user map gives a shared name.
    Mention {
        /// Who.
        person: String,
        /// What a reader sees, without the sign before it.
        name: String,
    },
    /// A small picture.
    Emoji {
        /// Its name between colons.
        name: String,
        /// Its character, where it has one.
        text: Option<String>,
        /// Its id in ADF.
        #[serde(default)]
        id: Option<String>,
    },
    /// A day, as milliseconds since 1970.
    Date(String),
    /// A coloured label.
    Status {
        /// What it says.
        text: String,
        /// `neutral`, `purple`, `blue`, `red`, `yellow`, `green` or `#rrggbb`.
        colour: String,
        /// Its style in ADF.
        #[serde(default)]
        style: Option<String>,
    },
    /// An address shown by the title of its page.
    Card(String),
    /// A file within a line.
    File(File),
}

/// How a run of text is shown. Kept sorted and unique on a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Bold.
    Strong,
    /// Italic.
    Emphasis,
    /// Struck through.
    Strike,
    /// Underlined.
    Underline,
    /// Inline code.
    Code,
    /// Raised.
    Superscript,
    /// Lowered.
    Subscript,
    /// Coloured, `#rrggbb`.
    Colour(String),
    /// A link to this address.
    Link(String),
    /// A citation: wiki's `??…??`.
    Citation,
    /// Coloured behind, `#rrggbb`.
    Background(String),
    /// What a link says when pointed at.
    Tip(String),
    /// A mark of ADF that means nothing elsewhere, as JSON.
    Adf(String),
}
