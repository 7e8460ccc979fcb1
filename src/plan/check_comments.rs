//! The part of the second look at a plan that is about comments and logged work: where they go, who may read them, and what of them is
//! changed. Must never share a decision with the planner.

use super::check::Check;
use crate::model::hub::{CommentRecord, LaidOpen, Terms};
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::{CommentSnapshot, Visibility};
use crate::model::operation::Action;
use crate::model::remark::Remark;
use crate::model::settings::{CopyEdits, RestrictedRow};

impl Check<'_> {
    pub(super) fn comment(&mut self, side: &SideId, origin: &SideId, comment: &CommentId, remark: Remark) {
        let rules = self.input.sync.remarks(remark);
        let word = remark.word();
        let sees = self.settings(side).is_some_and(|settings| settings.sees.contains(origin));
        let named =
            |row: &RestrictedRow| [&row.at, &row.with] == [side, origin] || [&row.at, &row.with] == [origin, side];
        let open = rules.internal || rules.from.contains(origin) && rules.to.contains(side);
        let open = open || self.is_notice(origin, comment, remark);
        if side == origin || !sees || !(open || rules.restricted.iter().any(named)) {
            self.fail("comments go only where they may be seen", side, format!("{origin}'s {word} {comment}"));
        }
        let record =
            self.input.item.remarks(remark).iter().find(|record| &record.side == origin && &record.id == comment);
        if record.is_some_and(|record| record.copies.contains_key(side) || record.refused.contains_key(side)) {
            self.fail("a comment is copied once", side, format!("{origin}'s {word} {comment} has a copy"));
        }
        let mut planned = self.plan.item.remarks(remark).iter();
        let planned = planned.find(|record| &record.side == origin && &record.id == comment);
        if planned.and_then(|record| record.only.as_ref()).is_some_and(|only| only != side) {
            self.fail("a note is for one side alone", side, format!("{origin}'s {word} {comment}"));
        }
        let under_way = self.input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && matches!(&intent.operation.action, Action::AddComment { .. })
                && intent.operation.action.original() == Some((remark, origin, comment))
        });
        if under_way {
            self.fail("a comment is copied once", side, format!("{origin}'s {word} {comment} is under way"));
        }
        if self.input.item.remarks(remark).iter().any(|record| record.copies.get(origin) == Some(comment)) {
            self.fail("copies are not copied", side, format!("{origin}'s {word} {comment}"));
        }
        if record.is_none()
            && self.read_comment(origin, comment, remark).is_none()
            && !self.is_notice(origin, comment, remark)
        {
            self.fail("restricted comments stay", side, format!("{origin}'s {word} {comment}"));
        }
    }

    /// Whether it is no comment, but says that an issue is not where it was.
    pub(super) fn is_notice(&self, side: &SideId, comment: &CommentId, remark: Remark) -> bool {
        let mut records = self.plan.item.remarks(remark).iter();
        records.any(|record| record.notice && &record.side == side && &record.id == comment)
    }

    fn read_comment(&self, side: &SideId, comment: &CommentId, remark: Remark) -> Option<&CommentSnapshot> {
        let comments = self.input.observed.get(side)?.snapshot.remarks(remark);
        comments.list.iter().find(|read| &read.id == comment)
    }

    /// Who may read a copy: nobody but whom a row or a word of the configuration names for the original's readers.
    pub(super) fn readers(
        &mut self,
        side: &SideId,
        (origin, comment): (&SideId, &CommentId),
        terms: &Terms,
        remark: Remark,
    ) {
        let word = remark.word();
        let to_all = terms == &Terms::default() && self.is_notice(origin, comment, remark);
        let fits = to_all || self.may_read(side, origin, (&terms.of, &terms.under), remark);
        let known =
            self.plan.item.remarks(remark).iter().find(|record| &record.side == origin && &record.id == comment);
        let as_read = self.read_comment(origin, comment, remark).map(|read| &read.visibility);
        let now = as_read.or_else(|| known.map(|record| &record.visibility));
        // Where one of ours is open that nobody changed, the next would be too.
        let leaks = terms.under == Visibility::Internal && self.has_one_open(side);
        if !fits || leaks || now != Some(&terms.of) {
            self.fail("restricted comments stay", side, format!("{origin}'s {word} {comment} for {}", terms.under));
        }
    }

    /// Whether a copy that is to be internal is known to be open there without anybody's doing.
    fn has_one_open(&self, side: &SideId) -> bool {
        let open = |record: &CommentRecord| record.laid_open.get(side) == Some(&LaidOpen::ByItself);
        self.plan.item.comments.iter().any(|record| open(record) && record.copies.contains_key(side))
    }

    /// Whether a copy for these readers may stand on `side` of what those of `origin` may read.
    fn may_read(
        &self,
        side: &SideId,
        origin: &SideId,
        (of, under): (&Visibility, &Visibility),
        remark: Remark,
    ) -> bool {
        let rules = self.input.sync.remarks(remark);
        let named = self.named_readers(side, origin, of, remark);
        // What a partner says to everybody there may have to land among few here.
        if !named.is_empty() {
            let stays_inside = self.stays_inside([(origin, of), (side, under)]);
            return named.contains(&under) && stays_inside && self.keeps(side, under);
        }
        match (of, under) {
            (Visibility::Everybody, Visibility::Everybody) => rules.from.contains(origin) && rules.to.contains(side),
            (Visibility::Internal, Visibility::Internal) => {
                rules.internal && self.stays_inside([(origin, of), (side, under)]) && self.keeps(side, under)
            }
            _ => false,
        }
    }

    /// Who is to read on a side, by the rows, what these readers of `origin` have.
    fn named_readers(&self, side: &SideId, origin: &SideId, of: &Visibility, remark: Remark) -> Vec<&Visibility> {
        let rows = self.input.sync.remarks(remark).restricted.iter();
        let named = rows.filter_map(|row| {
            if [&row.at, &row.with] == [origin, side] && &row.visibility == of {
                return Some(&row.there);
            }
            ([&row.with, &row.at] == [origin, side] && &row.there == of).then_some(&row.visibility)
        });
        named.collect()
    }

    /// Of what is internal on one of two sides: whether that is a service desk, and everybody on the other is nobody's customer.
    fn stays_inside(&self, ends: [(&SideId, &Visibility); 2]) -> bool {
        let fits = |(side, readers): (&SideId, &Visibility)| {
            let is_desk = self.input.catalogs.get(side).and_then(|catalog| catalog.service_desk);
            match readers {
                Visibility::Internal => is_desk == Some(true),
                Visibility::Everybody => is_desk == Some(false),
                Visibility::Role(_) | Visibility::Group(_) | Visibility::Other => true,
            }
        };
        !ends.into_iter().any(|(_, readers)| readers == &Visibility::Internal) || ends.into_iter().all(fits)
    }

    /// Whether what these readers of a side say may be told to those of another: where a row says to whom it goes, to those alone; else what
    /// everybody reads there may, and what is internal among those whose word is internal, too.
    fn passes_on(&self, (from, under): (&SideId, &Visibility), (to, readers): (&SideId, &Visibility)) -> bool {
        let fits = |there: &Visibility| {
            there == readers && self.stays_inside([(from, under), (to, there)]) && self.keeps(to, there)
        };
        let named = self.named_readers(to, from, under, Remark::Comment);
        if !named.is_empty() {
            return named.into_iter().any(fits);
        }
        let alike = self.input.sync.comments.internal && under == &Visibility::Internal;
        under == &Visibility::Everybody || alike && fits(&Visibility::Internal)
    }

    /// Whether what we write for these readers stays with them: only an agent's word can be internal.
    fn keeps(&self, side: &SideId, under: &Visibility) -> bool {
        under != &Visibility::Internal
            || self.input.catalogs.get(side).is_some_and(|catalog| catalog.desk_agent == Some(true))
    }

    pub(super) fn revision(
        &mut self,
        side: &SideId,
        (origin, comment, copy): (&SideId, &CommentId, &CommentId),
        deleted: bool,
        remark: Remark,
    ) {
        let word = remark.word();
        let record =
            self.input.item.remarks(remark).iter().find(|record| &record.side == origin && &record.id == comment);
        // A state from a backup may not know it; its own mark says what it is a copy of.
        let item = &self.input.item;
        let mut marked = item.matching.iter().flat_map(|matching| &matching.marked).chain(&item.orphans);
        let is_marked = marked.any(|it| {
            (&it.side, &it.copy, it.remark) == (side, copy, remark) && (&it.origin, &it.original) == (origin, comment)
        });
        if record.and_then(|record| record.copies.get(side)) != Some(copy) && !is_marked {
            self.fail("only our own copies are changed", side, format!("{word} {copy}"));
        }
        let sees = self.settings(side).is_some_and(|settings| settings.sees.contains(origin));
        if !deleted && !sees {
            self.fail("comments go only where they may be seen", side, format!("{origin}'s {word} {comment}"));
        }
        let lists = |side: &SideId| {
            let observation = self.input.observed.get(side).filter(|observation| observation.direct);
            observation.map(|observation| observation.snapshot.remarks(remark)).filter(|comments| comments.complete)
        };
        if lists(side).is_none_or(|comments| !comments.list.iter().any(|there| &there.id == copy)) {
            self.fail("a copy is changed on a fresh read", side, format!("{word} {copy}"));
        }
        let terms = record.map(|record| record.terms_of(side)).unwrap_or_default();
        let known =
            self.plan.item.remarks(remark).iter().find(|record| &record.side == origin && &record.id == comment);
        // What was just read of the original, else what is known of it.
        let stands = lists(origin).map(|comments| comments.list.iter().find(|there| &there.id == comment));
        let now = stands.map_or_else(|| known.map(|record| &record.visibility), |there| there.map(|it| &it.visibility));
        let fits = now.is_some_and(|now| self.may_read(side, origin, (now, &terms.under), remark));
        let inside = terms.under == Visibility::Internal;
        let laid_open = inside
            && lists(side).is_some_and(|comments| {
                comments.list.iter().any(|there| &there.id == copy && there.visibility == Visibility::Everybody)
            });
        if !deleted && (!fits || laid_open) {
            self.fail("restricted comments stay", side, format!("{origin}'s {word} {comment}"));
        }
        // What the configuration alone forbids now is not taken back, nor a note shown to customers; what a row gives to others there is.
        let named = now.map(|now| self.named_readers(side, origin, now, remark)).unwrap_or_default();
        let moves_on = named.iter().any(|readers| *readers != &terms.under);
        let as_ever = now == Some(&terms.of) && (terms == Terms::default() || inside) && !moves_on;
        // A note was never among the comments of its side: what is read of the file there counts.
        let note = known.filter(|record| record.notice && record.only.as_ref() == Some(side));
        let read = self.input.observed.get(origin).is_some_and(|observation| observation.direct);
        let routed = |note: &CommentRecord| self.input.sync.remarks(remark).route(origin, &note.visibility, side);
        let moves = |note: &CommentRecord| routed(note).is_some_and(|readers| readers != terms.under);
        let unsure = note.map_or(stands.is_none() || fits || as_ever, |note| !read || !(note.gone || moves(note)));
        if deleted && unsure {
            self.fail("nothing is deleted that is not surely gone", side, format!("{origin}'s {word} {comment}"));
        }
    }

    /// A person's comment is changed only as somebody changed our copy of it, and only where all who read it may know of them.
    pub(super) fn original(&mut self, side: &SideId, comment: &CommentId, by: &SideId, copy: &CommentId) {
        let rules = &self.input.sync.comments;
        let record = self.plan.item.comments.iter().find(|record| &record.side == side && &record.id == comment);
        let Some(record) = record.filter(|record| record.copies.get(by) == Some(copy)) else {
            self.fail("an original follows our own copy", side, format!("comment {comment}"));
            return;
        };
        let terms = record.terms_of(by);
        let sees =
            |who: &SideId, whom: &SideId| self.settings(who).is_some_and(|settings| settings.sees.contains(whom));
        let apart = self.input.sync.side_ids().any(|other| {
            let named =
                |row: &RestrictedRow| [&row.at, &row.with] == [side, other] || [&row.with, &row.at] == [side, other];
            let reads = rules.internal || rules.to.contains(other) || rules.restricted.iter().any(named);
            let Some(readers) = rules.route(side, &record.visibility, other) else { return false };
            let hears = sees(other, by) && self.passes_on((by, &terms.under), (other, &readers));
            other != by && other != side && reads && sees(other, side) && !hears
        });
        let hears = sees(side, by) && self.passes_on((by, &terms.under), (side, &record.visibility));
        let stands = |side: &SideId, id: &CommentId| {
            let observation = self.input.observed.get(side).filter(|observation| observation.direct);
            let comments = observation.map(|observation| &observation.snapshot.comments);
            let comments = comments.filter(|comments| comments.complete);
            comments.and_then(|comments| comments.list.iter().find(|there| &there.id == id))
        };
        let as_it_was = stands(side, comment).is_some_and(|there| there.visibility == terms.of)
            && stands(by, copy).is_some_and(|there| there.visibility == terms.under);
        if rules.copies != CopyEdits::FlowBack || !hears || apart {
            self.fail("comments go only where they may be seen", side, format!("what `{by}` wrote into a copy"));
        }
        if !as_it_was {
            self.fail("an original is changed on a fresh read", side, format!("comment {comment}"));
        }
    }
}
