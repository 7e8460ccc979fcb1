//! Rich text as one side has it. Must never call somebody whom the map does not name, and never give a side what means
//! something on another site only.

use std::cell::OnceCell;

use super::file_reference::media_in;
use super::reference::{Reader, References};
use super::table::{FOREIGN, names_on};
use super::{Place, inbound};
use crate::model::catalog::Catalog;
use crate::model::document::{Block, Document, Inline, Syntax};
use crate::model::ids::SideId;
use crate::model::issue::NativeValue;
use crate::model::settings::{Kind, SyncSettings};
use crate::planted::{Bug, is_planted};
use crate::text::{self, Target};

/// A side, as far as its texts go.
#[derive(Debug, Clone, Copy)]
pub struct Rich<'a> {
    /// The sync.
    pub sync: &'a SyncSettings,
    /// The side.
    pub side: &'a SideId,
    /// What the side offers.
    pub catalog: &'a Catalog,
    /// What texts refer to.
    pub references: &'a References,
    /// Where a text that is too long stands whole.
    pub origin: Option<&'a SideId>,
}

impl<'a> From<&Place<'a>> for Rich<'a> {
    fn from(place: &Place<'a>) -> Self {
        Self {
            sync: place.sync,
            side: place.side,
            catalog: place.catalog,
            references: place.references,
            origin: place.origin,
        }
    }
}

impl Rich<'_> {
    /// The syntax of rich text there.
    #[must_use]
    pub fn syntax(&self) -> Syntax {
        match self.catalog.kind {
            Some(Kind::DataCenter) => Syntax::Wiki,
            Some(Kind::Cloud) | None => Syntax::Adf,
        }
    }

    /// What the side holds, with people by their shared names.
    #[must_use]
    pub fn read(&self, native: &NativeValue) -> Document {
        let mut document = text::read(native);
        self.neutral(&mut document.blocks);
        document
    }

    /// What a side's own words say, in shared ones: people by their shared names, issues by side and key.
    fn neutral(&self, blocks: &mut [Block]) {
        text::change_runs(blocks, &mut |run| {
            for inline in run {
                if let Inline::Mention { person, .. } = inline {
                    *person = inbound::shared_account(&self.sync.users, self.side, self.catalog, person);
                }
            }
        });
        self.references.neutral(self.side, blocks);
    }

    /// What to write so that the side says what the document says. `last` is what it holds: what stands there already stays as
    /// it is.
    #[must_use]
    pub fn write(&self, document: &Document, last: &NativeValue) -> NativeValue {
        let held = self.read(last);
        let settled = self.settled(document, &held);
        self.target(&held, |target| text::rewrite(last, &settled, target))
    }

    /// What the side would be given if it held nothing, but for what it is known to hold.
    #[must_use]
    pub fn unseen(&self, document: &Document, held: &Document) -> NativeValue {
        let settled = self.settled(document, held);
        self.target(held, |target| text::rewrite(&NativeValue::Empty, &settled, target))
    }

    /// Whether the document is, as near as the side can come to it, what the side holds.
    #[must_use]
    pub fn is_held_as(&self, document: &Document, held: &Document) -> bool {
        if text::same(document, held) {
            return true;
        }
        let written = self.unseen(document, held);
        text::same(&self.read(&written), held)
    }

    /// What the side would show of the document if it held nothing of its own.
    #[must_use]
    pub fn shown(&self, document: &Document) -> Document {
        self.read(&self.unseen(document, &Document::default()))
    }

    /// What the side held before and after an edit, in terms of what is agreed: our own loss is no edit.
    #[must_use]
    pub fn lift(&self, before: &Document, after: &Document, agreed: &Document) -> (Document, Document) {
        // Where nothing was lost there is nothing to put back.
        if text::same(before, agreed) || is_planted(Bug::PlaceholderFlowsBack) {
            return (before.clone(), after.clone());
        }
        let mut own = before.clone();
        own.blocks.extend(after.blocks.iter().cloned());
        self.target(&own, |target| text::lift(before, after, agreed, target))
    }

    /// A document that names issues as the side does: what got a counterpart since is another text there.
    fn settled(&self, document: &Document, held: &Document) -> Document {
        let mut settled = document.clone();
        self.reader(held).localise(&mut settled.blocks);
        self.references.neutral(self.side, &mut settled.blocks);
        settled
    }

    fn reader<'r>(&'r self, held: &'r Document) -> Reader<'r> {
        Reader {
            references: self.references,
            sync: self.sync,
            side: self.side,
            links_keys: self.syntax() == Syntax::Wiki,
            owned: media_in(&held.blocks),
            held,
            hidden: OnceCell::new(),
        }
    }

    fn target<T>(&self, held: &Document, act: impl FnOnce(&Target<'_>) -> T) -> T {
        let people = |person: &str| self.account(person);
        let reader = self.reader(held);
        let forth = |blocks: &mut Vec<Block>| reader.localise(blocks);
        let back = |blocks: &mut Vec<Block>| self.neutral(blocks);
        let whole = self.origin.and_then(|origin| reader.own(origin));
        act(&Target::new(self.syntax(), held, &people).in_words_of(&forth, &back).whole_at(whole))
    }

    /// The account of a person of that shared name. `None`: the side knows nobody by it.
    fn account(&self, shared: &str) -> Option<String> {
        if let Some(foreign) = shared.strip_prefix(FOREIGN) {
            let (side, account) = foreign.split_once(':')?;
            return (side == self.side.as_str()).then(|| account.to_owned());
        }
        if self.sync.users.rows.is_empty() {
            return None;
        }
        let cells = names_on(&self.sync.users, self.side, shared);
        let person = cells.into_iter().find_map(|cell| self.catalog.people.get(cell))?;
        // Whoever may not see the issue must not be called to it.
        (!self.catalog.strangers.contains(&person.account)).then(|| person.account.to_string())
    }
}
