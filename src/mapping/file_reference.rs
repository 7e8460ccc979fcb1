//! Files that a text shows or points to, by name: each side reads its own copy. Must never point to a file that is not on the
//! reader's own issue.
//!
//! Wiki markup names files (`!plan.png!`, `[^notes.txt]`). A media node of Cloud names them by an id of its media store, which
//! nobody else can make: what is not there already becomes a link to the attachment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::reference::{Reader, References};
use crate::model::document::{Attributes, Block, File, FilePlace, Inline, Mark};
use crate::model::hub::AttachmentRecord;
use crate::model::ids::{AttachmentId, SideId};
use crate::text;

/// A file of a side's issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileThere {
    /// What the original is called: what agreed texts name.
    pub(super) original: String,
    /// What it is called there.
    pub(super) name: String,
    /// Its id there.
    pub(super) id: AttachmentId,
    /// Whether it can be shown as a picture.
    pub(super) picture: bool,
    /// Whether it was deleted with its original. What points to it is read as before.
    pub(super) gone: bool,
}

impl References {
    /// The files of the item whose texts these are.
    pub fn attach(&mut self, records: &[AttachmentRecord]) {
        for record in records {
            let there = |name: &str, id: &AttachmentId, gone: bool| FileThere {
                original: record.name.clone(),
                name: name.to_owned(),
                id: id.clone(),
                picture: record.mime.starts_with("image/"),
                gone,
            };
            self.files.entry(record.side.clone()).or_default().push(there(&record.name, &record.id, false));
            for (side, copy) in &record.copies {
                self.files.entry(side.clone()).or_default().push(there(&copy.name, &copy.id, copy.gone));
            }
        }
    }

    /// Of several of one name the newest that is there: that is what Jira shows.
    fn file(&self, side: &SideId, original: &str) -> Option<&FileThere> {
        let mut named = self.files.get(side)?.iter().rev().filter(|there| there.original == original);
        named.clone().find(|there| !there.gone).or_else(|| named.next())
    }

    /// Calls the files in what a side holds by the names of their originals.
    pub(super) fn neutral_files(&self, side: &SideId, blocks: &mut [Block]) {
        let Some(files) = self.files.get(side) else { return };
        let rename = |file: &mut File| {
            let by_name = matches!(file.place, FilePlace::Picture | FilePlace::Attachment);
            if let Some(there) = files.iter().rev().find(|there| by_name && there.name == file.name) {
                file.name.clone_from(&there.original);
            }
        };
        text::change_blocks(blocks, &mut |block| {
            if let Block::Files { files, .. } = block {
                files.iter_mut().for_each(rename);
            }
        });
        text::change_runs(blocks, &mut |run| {
            for inline in run {
                if let Inline::File(file) = inline {
                    rename(file);
                } else if let Some(there) = self.pointed_to(side, inline) {
                    let name = there.original.clone();
                    *inline = Inline::File(File {
                        name,
                        place: FilePlace::Attachment,
                        attributes: Attributes::new(),
                        marks: Vec::new(),
                    });
                }
            }
        });
    }

    /// The file that a link shows by its name.
    fn pointed_to(&self, side: &SideId, inline: &Inline) -> Option<&FileThere> {
        let Inline::Text(words, marks) = inline else { return None };
        let [Mark::Link(address)] = marks.as_slice() else { return None };
        let site = self.sites.get(side)?;
        let here = |there: &&FileThere| &there.name == words && *address == address_of(&site.address, &there.id);
        self.files.get(side)?.iter().find(here)
    }
}

/// Where Cloud gives a file's bytes to people who are logged in.
fn address_of(site: &str, id: &AttachmentId) -> String {
    format!("{site}/rest/api/3/attachment/content/{id}")
}

impl Reader<'_> {
    /// Puts the side's own files in place of those that the agreed text names.
    pub(super) fn local_files(&self, blocks: &mut [Block]) {
        if !self.references.files.contains_key(self.side) {
            return;
        }
        text::change_blocks(blocks, &mut |block| {
            if let Block::Files { files, caption, .. } = block {
                files.iter_mut().for_each(|file| self.rename(file));
                let links: Vec<Inline> = files.iter().filter_map(|file| self.link(file)).collect();
                if !links.is_empty() && links.len() == files.len() {
                    let mut run: Vec<Inline> = Vec::new();
                    for link in links {
                        run.extend((!run.is_empty()).then(|| Inline::Text(" ".to_owned(), Vec::new())));
                        run.push(link);
                    }
                    run.extend((!caption.is_empty()).then_some(Inline::HardBreak));
                    run.append(caption);
                    *block = Block::Paragraph(run);
                }
            }
        });
        text::change_runs(blocks, &mut |run| {
            for inline in run {
                if let Inline::File(file) = inline {
                    self.rename(file);
                    if let Some(link) = self.link(file) {
                        *inline = link;
                    }
                }
            }
        });
    }

    /// Calls a file by its name there, where names are what files are known by.
    fn rename(&self, file: &mut File) {
        let Some(there) = self.references.file(self.side, &file.name) else { return };
        let by_name = match file.place {
            FilePlace::Picture | FilePlace::Attachment => true,
            FilePlace::Media(_) => self.links_keys,
            FilePlace::Address(_) => false,
        };
        if by_name && self.links_keys {
            if matches!(file.place, FilePlace::Media(_)) {
                file.place = if there.picture { FilePlace::Picture } else { FilePlace::Attachment };
                file.attributes = Attributes::new();
                file.marks = Vec::new();
            }
            file.name.clone_from(&there.name);
        }
    }

    /// A link to a file that Cloud cannot show.
    fn link(&self, file: &File) -> Option<Inline> {
        let owned = match &file.place {
            FilePlace::Media(attributes) => {
                let id = attributes.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
                self.owned.contains(id)
            }
            FilePlace::Picture | FilePlace::Attachment => false,
            FilePlace::Address(_) => true,
        };
        let site = self.references.sites.get(self.side).filter(|site| !site.address.is_empty())?;
        let there = self.references.file(self.side, &file.name).filter(|_| !owned && !self.links_keys)?;
        let address = address_of(&site.address, &there.id);
        Some(Inline::Text(there.name.clone(), vec![Mark::Link(address)]))
    }
}

/// The ids of the media that a side holds already.
pub(super) fn media_in(blocks: &[Block]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut note = |file: &File| {
        if let FilePlace::Media(attributes) = &file.place {
            ids.extend(attributes.get("id").and_then(serde_json::Value::as_str).map(str::to_owned));
        }
    };
    text::visit_files(blocks, &mut note);
    ids
}
