//! The part of the second look at a plan that is about files: where they go, and which of our copies are deleted. Must never share
//! a decision with the planner; it may share the look-up of names.

use super::check::Check;
use crate::mapping::{file_name, fits};
use crate::model::document::Document;
use crate::model::ids::{AttachmentId, FieldName, SideId};
use crate::model::issue::Visibility;
use crate::model::operation::Action;
use crate::model::remark::Remark;
use crate::model::settings::{WhenDeleted, WhichFiles};
use crate::text;

impl Check<'_> {
    pub(super) fn file(&mut self, side: &SideId, origin: &SideId, file: &AttachmentId) {
        let rules = &self.input.sync.attachments;
        let sees = self.settings(side).is_some_and(|settings| settings.sees.contains(origin));
        if side == origin || !sees || !rules.from.contains(origin) || !rules.to.contains(side) {
            self.fail("files go only where they may be seen", side, format!("{origin}'s attachment {file}"));
        }
        let records = &self.input.item.attachments;
        let record = records.iter().find(|record| &record.side == origin && &record.id == file);
        let under_way = self.input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && matches!(&intent.operation.action,
                    Action::AddFile { origin: o, file: f, .. } if o == origin && f == file)
        });
        if under_way || record.is_some_and(|record| record.copies.get(side).is_some_and(|copy| !copy.gone)) {
            self.fail("a file is copied once", side, format!("{origin}'s attachment {file}"));
        }
        if records.iter().any(|record| record.copies.get(origin).is_some_and(|copy| &copy.id == file)) {
            self.fail("copies are not copied", side, format!("{origin}'s attachment {file}"));
        }
        let known = self.plan.item.attachments.iter().find(|record| &record.side == origin && &record.id == file);
        let rule = "files go only where something that crosses names them";
        if !known.is_some_and(|record| self.is_let(&record.name, origin, side)) {
            self.fail(rule, side, format!("{origin}'s attachment {file}"));
        }
    }

    /// Whether a file's name lets it cross, or something that crosses holds it. Quotes count here: the planner knows better.
    fn is_let(&self, name: &str, origin: &SideId, side: &SideId) -> bool {
        let rules = &self.input.sync.attachments;
        let own = file_name(name);
        if rules.names.iter().any(|pattern| fits(pattern, &own)) {
            return true;
        }
        if rules.which == WhichFiles::All {
            return rules.names.is_empty();
        }
        let said = Remark::ALL.into_iter().any(|remark| {
            let mut records = self.plan.item.remarks(remark).iter();
            records.any(|record| {
                let body = record.said.as_ref().map(|said| &said.body);
                let body = body.or_else(|| record.pending.as_ref().map(|pending| &pending.body));
                &record.side == origin
                    && !record.gone
                    && !record.notice
                    && self.may_cross(side, origin, &record.visibility, remark)
                    && body.is_some_and(|body| holds(body, name))
            })
        });
        let written = self.plan.item.named.get(origin).into_iter().flatten();
        let maps =
            |field: &FieldName| self.input.sync.fields.get(field).is_some_and(|row| row.sides.contains_key(side));
        said || written.filter(|(field, _)| maps(field)).any(|(_, names)| names.contains(name))
    }

    /// Whether what these readers of `origin` have may have a copy on `side` that is not internal.
    fn may_cross(&self, side: &SideId, origin: &SideId, of: &Visibility, remark: Remark) -> bool {
        let rules = self.input.sync.remarks(remark);
        let mut named = rules.restricted.iter().filter(|row| {
            [&row.at, &row.with] == [origin, side] && &row.visibility == of
                || [&row.with, &row.at] == [origin, side] && &row.there == of
        });
        // What a row lets land as an internal note crosses as nothing else.
        match named.next() {
            Some(row) => row.visibility != Visibility::Internal && row.there != Visibility::Internal,
            None => of == &Visibility::Everybody && rules.from.contains(origin) && rules.to.contains(side),
        }
    }

    /// An original goes only where `both` says so, and the history says that a person took its copy away.
    pub(super) fn file_taken(&mut self, side: &SideId, origin: &SideId, file: &AttachmentId, by: &SideId) {
        let rules = &self.input.sync.attachments;
        let sees = self.settings(origin).is_some_and(|settings| settings.sees.contains(by));
        let let_go = rules.deleted == WhenDeleted::Both && rules.from.contains(by) && sees && side == origin;
        let record = self.plan.item.attachments.iter().find(|record| &record.side == origin && &record.id == file);
        let copy = record.and_then(|record| record.copies.get(by)).map(|copy| &copy.id);
        let read = self.input.observed.get(by).filter(|observation| observation.direct);
        let went = read.is_some_and(|read| {
            let mut files = read.snapshot.attachments.iter().flatten();
            let mut items = read.snapshot.log.iter().flat_map(|entry| &entry.items);
            copy.is_some_and(|copy| {
                !files.any(|there| &there.id == copy)
                    && items
                        .any(|item| item.from.as_deref() == Some(copy.as_str()) && item.field.as_str() == "attachment")
            })
        });
        let direct = self.input.observed.get(origin).is_some_and(|observation| observation.direct);
        if !let_go || !went || !direct {
            self.fail("an original goes only where a person took its copy away", side, format!("attachment {file}"));
        }
    }

    pub(super) fn file_gone(&mut self, side: &SideId, origin: &SideId, file: &AttachmentId, copy: &AttachmentId) {
        let records = &self.input.item.attachments;
        let ours = records.iter().any(|record| {
            &record.side == origin
                && &record.id == file
                && record.copies.get(side).is_some_and(|known| &known.id == copy)
        });
        let direct = |side: &SideId| self.input.observed.get(side).is_some_and(|observation| observation.direct);
        if !ours || !direct(side) || !direct(origin) {
            self.fail("only our own copies are deleted, by what was read itself", side, format!("attachment {copy}"));
        }
    }
}

/// Whether a text holds a file of that name.
fn holds(body: &Document, name: &str) -> bool {
    let mut held = false;
    text::visit_files(&body.blocks, &mut |file| held |= file.name == name);
    held
}
