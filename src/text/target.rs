//! Whom a text is written for. Must never give a side what means something on another site only: literal nodes, media and
//! anchors go to a side that held them already, and people by the map alone.

use std::collections::BTreeSet;

use super::normal::source_key;
use super::walk;
use crate::model::document::{Block, Document, FilePlace, Inline, Literal, Mark, Syntax};
use crate::model::issue::NativeValue;

/// Jira's limit for one text, in UTF-16 units: it is written in Java.
pub const TEXT_LIMIT: usize = 32_767;

/// Who a person of a text is on the side that is written to. `None`: nobody, so that nobody is called.
pub type People<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts one side's words in place of shared ones, or the other way round.
pub type Rewording<'a> = &'a dyn Fn(&mut Vec<Block>);

/// The side that a document is written for.
pub struct Target<'a> {
    /// What it speaks.
    pub syntax: Syntax,
    /// The longest text that it takes, in UTF-16 units.
    pub limit: usize,
    /// Where the text stands whole: what to call it, and its address.
    pub(super) whole: Option<(String, String)>,
    people: People<'a>,
    forth: Rewording<'a>,
    back: Rewording<'a>,
    own: Own,
}

/// What a side held already.
enum Own {
    /// The document comes from there.
    All,
    /// The keys of what means nothing elsewhere.
    These(BTreeSet<String>),
}

impl<'a> Target<'a> {
    /// A side that held `held` so far; `people` gives the accounts there.
    #[must_use]
    pub fn new(syntax: Syntax, held: &Document, people: People<'a>) -> Self {
        Self {
            syntax,
            limit: TEXT_LIMIT,
            whole: None,
            people,
            forth: &|_| (),
            back: &|_| (),
            own: Own::These(inventory(held)),
        }
    }

    /// The site that a document comes from: everything in it means something there.
    #[must_use]
    pub fn home(syntax: Syntax) -> Self {
        Self {
            syntax,
            limit: TEXT_LIMIT,
            whole: None,
            people: &|person| Some(person.to_owned()),
            forth: &|_| (),
            back: &|_| (),
            own: Own::All,
        }
    }

    /// The same, with words that are put in place of shared ones in what is written (`forth`), and shared ones in place of
    /// the side's in what is read (`back`).
    #[must_use]
    pub fn in_words_of(self, forth: Rewording<'a>, back: Rewording<'a>) -> Self {
        Self { forth, back, ..self }
    }

    /// The same, with where the text stands whole: what to call it, and its address.
    #[must_use]
    pub fn whole_at(self, whole: Option<(String, String)>) -> Self {
        Self { whole, ..self }
    }

    /// A block in the side's words.
    pub(super) fn forth(&self, block: &Block) -> Vec<Block> {
        let mut blocks = vec![block.clone()];
        (self.forth)(&mut blocks);
        blocks
    }

    /// What stands there, in shared words.
    pub(super) fn back(&self, mut blocks: Vec<Block>) -> Vec<Block> {
        (self.back)(&mut blocks);
        blocks
    }

    /// What the side holds, in shared words.
    pub(super) fn read(&self, native: &NativeValue) -> Document {
        Document { blocks: self.back(super::read(native).blocks) }
    }

    /// The account of a person there.
    pub(super) fn person(&self, person: &str) -> Option<String> {
        (self.people)(person)
    }

    /// Whether a literal of its own syntax may be given to it as it is.
    pub(super) fn owns(&self, literal: &Literal) -> bool {
        literal.syntax == self.syntax && self.has(&source_key(literal))
    }

    /// Whether it holds a file of Cloud's media store.
    pub(super) fn owns_media(&self, place: &FilePlace) -> bool {
        matches!(place, FilePlace::Media(_)) && self.has(&media_key(place))
    }

    /// Whether a mark that means nothing elsewhere is its own.
    pub(super) fn owns_mark(&self, mark: &str) -> bool {
        self.has(mark)
    }

    fn has(&self, key: &str) -> bool {
        match &self.own {
            Own::All => true,
            Own::These(keys) => keys.contains(key),
        }
    }
}

/// Whether a block is, or holds, what means something on one site only.
#[must_use]
pub fn is_of_one_site(block: &Block) -> bool {
    inventory(&Document { blocks: vec![block.clone()] }).iter().any(|key| !key.is_empty())
}

fn media_key(place: &FilePlace) -> String {
    match place {
        FilePlace::Media(attributes) => {
            format!("media {}", attributes.get("id").and_then(serde_json::Value::as_str).unwrap_or_default())
        }
        FilePlace::Picture | FilePlace::Attachment | FilePlace::Address(_) => String::new(),
    }
}

fn inventory(held: &Document) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    walk::blocks(&held.blocks, &mut |block| {
        if let Block::Unknown(literal) = block {
            keys.insert(source_key(literal));
        } else if let Block::Files { files, .. } = block {
            keys.extend(files.iter().map(|file| media_key(&file.place)));
        }
    });
    walk::runs(&held.blocks, &mut |run| {
        for inline in run {
            if let Inline::Unknown(literal) = inline {
                keys.insert(source_key(literal));
            } else if let Inline::File(file) = inline {
                keys.insert(media_key(&file.place));
            } else if let Inline::Text(_, marks) = inline {
                let own = |mark: &Mark| if let Mark::Adf(source) = mark { Some(source.clone()) } else { None };
                keys.extend(marks.iter().filter_map(own));
            }
        }
    });
    keys
}
