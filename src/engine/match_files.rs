//! What is in the files of issues that were paired: read where two sides hold files of one size, and nowhere else. Must never keep a
//! file, nor call two the same of which one did not come whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Engine;
use super::files::hash;
use super::work::Work;
use crate::model::ids::SideId;
use crate::model::issue::AttachmentSnapshot;
use crate::model::matching::Matched;
use crate::plan::files_to_compare;

/// So often one that breaks off is tried again, before it is taken for another than all others.
const ATTEMPTS: u32 = 5;

impl Engine {
    /// Logs what was found to be one thing.
    pub(super) fn tell_matched(work: &Work, matched: Matched) {
        if !matched.is_nothing() {
            let Matched { comments, worklogs, files, left } = matched;
            tracing::info!(item = %work.item.id, comments, worklogs, files, left, "what paired issues hold was matched");
        }
    }

    /// Reads what has to be known of the files of items whose issues were paired.
    pub(super) async fn compare_files(&self, works: &mut [Work]) {
        for work in works.iter_mut().filter(|work| !work.over && work.item.matching.is_some()) {
            let seen: BTreeMap<SideId, Vec<AttachmentSnapshot>> = work
                .reads
                .iter()
                .filter(|(_, read)| read.direct)
                .filter_map(|(side, read)| Some((side.clone(), read.snapshot.attachments.clone()?)))
                .collect();
            for (side, file) in files_to_compare(&work.sync.settings, &work.item, &seen) {
                let Some(instance) = self.instance_on(work, &side) else { continue };
                let found = match instance.patiently(instance.read.file(&file.id, &file.name, file.size)).await {
                    Ok(pieces) => hash(pieces).await.map(|hash| Some(in_hex(&hash))),
                    Err(error) => {
                        tracing::warn!(%side, file = %file.id, %error, "a file could not be compared");
                        None
                    }
                };
                let Some(found) = found.or_else(|| (work.attempts >= ATTEMPTS).then_some(None)) else {
                    work.failed = true;
                    continue;
                };
                if let Some(matching) = &mut work.item.matching {
                    matching.hashes.entry(side.clone()).or_default().insert(file.id, found);
                }
            }
        }
    }
}

fn in_hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
