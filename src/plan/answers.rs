//! Answers to what is internal to a service desk (Cloud): they speak to its people, and show no readers of their own. Must never let one out
//! because what it answers was deleted, nor take back one that everybody may read.

use std::collections::BTreeMap;

use crate::model::hub::ItemState;
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, Visibility};

/// Makes the readers of a read's comments what they are. While the note is there, `jira::decode` sees to that. Once it was deleted nothing in
/// Jira says what it was: then an answer stays what it was when it was met, and in a service desk's project one goes nowhere that was
/// not met, and its note not either. It may have been a note, so customers must not read it; and for whom that was meant nobody knows.
pub fn keep_answers_internal(item: &ItemState, side: &SideId, snapshot: &mut IssueSnapshot) {
    let desk = snapshot.service_desk != Some(false);
    let mut hidden: BTreeMap<CommentId, Visibility> = BTreeMap::new();
    for comment in &mut snapshot.comments.list {
        if comment.visibility != Visibility::Everybody {
            continue;
        }
        let within = comment.parent.as_ref().and_then(|parent| hidden.get(parent).cloned());
        let readers = within.or_else(|| {
            if !comment.answers_lost {
                return None;
            }
            match met(item, side, &comment.id) {
                Some(met) => as_hidden(met),
                None => (desk && !is_open(item, side, comment.parent.as_ref())).then_some(Visibility::Other),
            }
        });
        if let Some(readers) = readers {
            hidden.insert(comment.id.clone(), readers.clone());
            comment.visibility = readers;
        }
    }
}

/// One comment that was read by itself, with the readers that it has: as it was met.
#[must_use]
pub fn as_it_was_met(met: Option<&Visibility>, mut comment: CommentSnapshot) -> CommentSnapshot {
    let open = comment.visibility == Visibility::Everybody;
    if open
        && comment.answers_lost
        && let Some(readers) = met.and_then(as_hidden)
    {
        comment.visibility = readers;
    }
    comment
}

/// The readers that only what it answers gave to an answer: Jira shows none of its own.
fn as_hidden(met: &Visibility) -> Option<Visibility> {
    match met {
        Visibility::Internal | Visibility::Other => Some(met.clone()),
        Visibility::Everybody | Visibility::Role(_) | Visibility::Group(_) => None,
    }
}

fn met<'i>(item: &'i ItemState, side: &SideId, id: &CommentId) -> Option<&'i Visibility> {
    let record = item.comments.iter().find(|record| &record.side == side && &record.id == id)?;
    Some(&record.visibility)
}

/// Whether everybody could read what it answers, when that was there: people's own, or a copy of ours.
fn is_open(item: &ItemState, side: &SideId, answered: Option<&CommentId>) -> bool {
    let Some(answered) = answered else { return false };
    item.comments.iter().any(|record| {
        let own = &record.side == side && &record.id == answered && record.visibility == Visibility::Everybody;
        let copied = record.copies.get(side) == Some(answered);
        own || copied && record.terms_of(side).under == Visibility::Everybody
    })
}
