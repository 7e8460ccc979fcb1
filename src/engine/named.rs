//! Files that cross because a comment names them (`attachments = "with-their-comment"`). Must never send one on a look that is
//! older than the comment's last word, nor before the copy of a comment for few was taken where the file goes.

use super::Engine;
use super::work::Work;
use crate::mapping::{Rich, file_name, fits};
use crate::model::hub::{AttachmentRecord, CommentRecord, NamedBy};
use crate::model::ids::SideId;
use crate::model::issue::{CommentSnapshot, Visibility};
use crate::model::operation::{Action, Intent, IntentEvent, Operation};
use crate::model::settings::WhichFiles;
use crate::model::value::Value;
use crate::plan::{as_it_was_met, audience_of, speaks_of};

impl Engine {
    /// Asks for the comments that a file crosses by, right before it goes: one must be there still, for the same readers, and
    /// name it. Says whether the file may be sent.
    pub(super) async fn is_still_named(&self, work: &mut Work, intent: &Intent) -> bool {
        let Some(record) = record_of(work, &intent.operation).cloned() else { return true };
        let side = &intent.operation.side;
        if goes_by_itself(work, &record, side) {
            return true;
        }
        let comments: Vec<CommentRecord> = naming(work, &record, side).into_iter().cloned().collect();
        let issue = work.item.replicas.get(&record.side).map(|replica| replica.issue);
        let (Some(instance), Some(issue)) = (self.instance_on(work, &record.side), issue) else { return false };
        let mut why = "no comment speaks of it any more".to_owned();
        for comment in comments {
            match instance.patiently(instance.read.comment(issue, &comment.id)).await {
                Ok(Some(there)) => {
                    let there = as_it_was_met(Some(&comment.visibility), there);
                    if there.visibility == comment.visibility && names(work, &record, &there) {
                        return true;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    instance.failed(&error);
                    work.failed = true;
                    work.put_off.push(intent.operation.clone());
                    why = error.to_string();
                    break;
                }
            }
        }
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
        work.want_read(&record.side, false);
        false
    }
}

/// Whether a file has to wait: only comments for few name it, and none of them was taken where it goes. Their copies need a
/// right of their own, and a file has no readers of its own there.
pub(super) fn waits_for_a_comment(work: &Work, operation: &Operation) -> bool {
    let Some(record) = record_of(work, operation) else { return false };
    let side = &operation.side;
    if goes_by_itself(work, record, side) {
        return false;
    }
    !naming(work, record, side).into_iter().any(|comment| {
        let readers = work.sync.settings.comments.route(&record.side, &comment.visibility, side);
        readers == Some(Visibility::Everybody) || comment.copies.contains_key(side)
    })
}

/// The file that an upload is about.
fn record_of<'w>(work: &'w Work, operation: &Operation) -> Option<&'w AttachmentRecord> {
    let Action::AddFile { origin, file, .. } = &operation.action else { return None };
    work.item.attachments.iter().find(|record| &record.side == origin && &record.id == file)
}

/// Whether a file crosses without a comment: by its name, by a field, or by logged work, which is everybody's.
fn goes_by_itself(work: &Work, record: &AttachmentRecord, side: &SideId) -> bool {
    let sync = &work.sync.settings;
    let name = file_name(&record.name);
    if sync.attachments.which != WhichFiles::WithTheirComment
        || sync.attachments.names.iter().any(|pattern| fits(pattern, &name))
    {
        return true;
    }
    record.named_by.iter().any(|by| match by {
        NamedBy::Comment(_) => false,
        NamedBy::Worklog(id) => work.item.worklogs.iter().any(|said| {
            let routed = sync.worklogs.route(&said.side, &said.visibility, side);
            said.side == record.side && &said.id == id && !said.gone && routed.is_some()
        }),
        NamedBy::Field(field) => {
            let row = sync.fields.get(field).filter(|row| row.sides.contains_key(side));
            let audience = row.map(|row| audience_of(&work.item, sync, row, side));
            let agreed = audience.and_then(|audience| work.item.hub.get(field)?.get(&audience));
            matches!(agreed.map(|agreed| &agreed.value), Some(Value::Document(text)) if speaks_of(text, &record.name))
        }
    })
}

/// The comments that name a file and cross to a side. What is internal to a service desk on either side fetches none.
fn naming<'w>(work: &'w Work, record: &AttachmentRecord, side: &SideId) -> Vec<&'w CommentRecord> {
    let sync = &work.sync.settings;
    let names = |said: &&CommentRecord| {
        let readers = sync.comments.route(&said.side, &said.visibility, side);
        said.side == record.side
            && !said.gone
            && record.named_by.contains(&NamedBy::Comment(said.id.clone()))
            && !said.refused.contains_key(side)
            && said.visibility != Visibility::Internal
            && readers.is_some_and(|readers| readers != Visibility::Internal)
    };
    work.item.comments.iter().filter(names).collect()
}

/// Whether a comment as it is now names a file.
fn names(work: &Work, record: &AttachmentRecord, there: &CommentSnapshot) -> bool {
    let catalogs = work.sync.catalogs();
    catalogs.get(&record.side).is_some_and(|catalog| {
        let sync = &work.sync.settings;
        let rich = Rich { sync, side: &record.side, catalog, references: &work.references, origin: None };
        speaks_of(&rich.read(&there.body), &record.name)
    })
}
