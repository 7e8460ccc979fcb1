//! The part of the second look at a plan that is about links to issues outside the sync. Must never share a decision with the
//! planner.

use super::check::Check;
use crate::model::ids::SideId;
use crate::model::operation::{Action, RemoteLink};
use crate::model::settings::FieldKind;

impl Check<'_> {
    /// A far end is shown only where its side is seen, of a project that the sync lists, by its key alone, and while nothing keeps
    /// its issue apart.
    pub(super) fn end_shown(&mut self, side: &SideId, of: &SideId, link: &str, shown: &RemoteLink) {
        const RULE: &str = "a far end is shown only where it may be";
        let (input, plan) = (self.input, self.plan);
        let rows = input.sync.fields.values().filter(|row| row.kind == FieldKind::Links);
        let listed = rows
            .filter(|row| row.from.contains(of) && row.sides.contains_key(side) && row.sides.contains_key(of))
            .find_map(|row| row.not_synced.get(of));
        let sees = input.sync.side(side).is_some_and(|settings| settings.sees.contains(of));
        let Some(listed) = listed.filter(|_| sees && side != of) else {
            self.fail(RULE, side, format!("a link of `{of}`"));
            return;
        };
        let replica = plan.item.replicas.get(of);
        let Some(end) = replica.and_then(|replica| replica.ends.own.get(link)).filter(|end| !end.stays) else {
            self.fail(RULE, side, format!("link {link} of `{of}` stays there, or was not seen"));
            return;
        };
        if replica.is_none_or(|replica| replica.restricted || replica.is_elsewhere()) {
            self.fail(RULE, side, format!("the issue of `{of}` is kept apart"));
        }
        if !listed.iter().any(|project| end.key.as_str().starts_with(&format!("{project}-"))) {
            self.fail(RULE, side, format!("the project of link {link} of `{of}` is not listed"));
        }
        if input.references.relatives.item(of, end.issue).is_some() {
            self.fail(RULE, side, format!("link {link} of `{of}` leads to an item"));
        }
        if shown.title != format!("{} ({of})", end.key) || !shown.url.ends_with(&format!("/browse/{}", end.key)) {
            self.fail(RULE, side, format!("link {link} of `{of}` says more than a key"));
        }
        if shown.global_id != self.end_name(side, of, link) {
            self.fail(RULE, side, format!("link {link} of `{of}` is shown under another name"));
        }
        self.end_once(side, of, link);
    }

    /// What an end is known by: as it was shown, by whatever item; else by this one.
    fn end_name(&self, side: &SideId, of: &SideId, link: &str) -> String {
        let before =
            self.input.item.replicas.get(side).and_then(|replica| replica.ends.shown.get(of)?.get(link)?.as_ref());
        before.map_or_else(|| format!("jirasyncd:{}:{of}:{link}", self.plan.item.id), |shown| shown.global_id.clone())
    }

    /// Only what we may have shown is taken away.
    pub(super) fn end_hidden(&mut self, side: &SideId, of: &SideId, link: &str, global_id: &str) {
        let known = self.plan.item.replicas.get(side).is_some_and(|replica| replica.ends.of(of, link).is_some());
        if !known || global_id != self.end_name(side, of, link) {
            self.fail("only what was shown is taken away", side, format!("link {link} of `{of}`"));
        }
        self.end_once(side, of, link);
    }

    fn end_once(&mut self, side: &SideId, of: &SideId, link: &str) {
        let about = |action: &Action| action.far_end() == Some((of, link));
        let open = self.input.intents.iter().any(|intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && !self.plan.seen.contains(&intent.id)
                && about(&intent.operation.action)
        });
        let planned = self.plan.operations.iter().filter(|planned| &planned.side == side && about(&planned.action));
        if open || planned.count() > 1 {
            self.fail("a far end is written once at a time", side, format!("link {link} of `{of}`"));
        }
    }
}
