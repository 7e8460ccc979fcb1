//! The neutral rich text: a tree close to ADF. Must never hold a side's own ids (media, account ids) outside `Unknown`.

use serde::{Deserialize, Serialize};

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
}
