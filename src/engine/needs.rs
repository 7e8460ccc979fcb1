//! Which permissions a side's part in a sync needs, and what for (jira-facts: permissions). Pure. Must never call needed what only makes it
//! nicer: administration is wished for at most, but where versions, components, or roles cannot be had without it.

use serde::Serialize;

use super::survey::people_on;
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::FieldId;
use crate::model::right::{Function, Right};
use crate::model::settings::{
    CopyEdits, Farewell, FieldKind, FieldRow, Kind, Notify, OnUnmapped, SideSettings, SyncSettings, TooLarge,
    WhenDeleted, WhenNarrowed,
};
use crate::model::things::ThingSettings;
use crate::model::whose::Circle;

/// The fields of every Jira that hold versions or components, also where nobody could read what its fields hold.
const THINGS: [&str; 3] = ["components", "fixVersions", "versions"];

/// How much a permission is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Without it a part of the mapping does not work.
    Needed,
    /// The configuration wishes for what it allows, and goes on without.
    Wished,
    /// It is used where it is held. Nobody asked for it.
    Useful,
}

/// One permission that a side needs for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) function: Function,
    pub(super) right: Right,
    pub(super) for_what: &'static str,
    pub(super) demand: Demand,
}

/// What is gathered for one side.
struct Needs<'s> {
    sync: &'s SyncSettings,
    side: &'s SideSettings,
    /// What the project offers, as far as it was read.
    catalogs: &'s [&'s Catalog],
    found: Vec<Need>,
}

/// All that a side needs on an instance of this kind. `catalogs`: what its project offers.
pub(super) fn needs_of(
    sync: &SyncSettings,
    side: &SideSettings,
    catalogs: &[&Catalog],
    kind: Kind,
    service_desk: bool,
) -> Vec<Need> {
    let mut needs = Needs { sync, side, catalogs, found: Vec::new() };
    needs.needed(Function::Issues, Right::BrowseProjects, "see the project's issues");
    if sync.sides.len() > 1 {
        needs.needed(Function::Issues, Right::CreateIssues, "create counterparts");
    }
    needs.fields();
    needs.relations();
    needs.comments();
    needs.worklogs();
    needs.files();
    needs.circles(kind);
    needs.beside();
    if service_desk {
        needs.desk();
    }
    needs.found
}

impl<'s> Needs<'s> {
    fn needed(&mut self, function: Function, right: Right, for_what: &'static str) {
        self.found.push(Need { function, right, for_what, demand: Demand::Needed });
    }

    fn wanted(&mut self, function: Function, right: Right, for_what: &'static str, demand: Demand) {
        self.found.push(Need { function, right, for_what, demand });
    }

    /// The rows whose values this side gets from others, or from the sync itself.
    fn received(&self) -> impl Iterator<Item = &'s FieldRow> {
        let side = self.side;
        self.sync.fields.values().filter(move |row| {
            let written = row.from.iter().any(|from| from != &side.id) || row.composed.is_some();
            row.sides.contains_key(&side.id) && written
        })
    }

    fn receives(&self, kind: FieldKind) -> bool {
        self.received().any(|row| row.kind == kind)
    }

    fn receives_into(&self, id: &str) -> bool {
        self.received().any(|row| row.sides.get(&self.side.id).is_some_and(|field| field.as_str() == id))
    }

    /// The same of a field that has no id of its own, but a shape.
    fn receives_shape(&self, shape: Shape) -> bool {
        let is_of = |field: &FieldId| self.catalogs.iter().any(|catalog| catalog.shapes.get(field) == Some(&shape));
        self.received().any(|row| row.sides.get(&self.side.id).is_some_and(is_of))
    }

    /// Whether what it holds there are versions or components, which have to be made: labels are made by being written, and nothing else is made.
    fn holds_things(&self, row: &FieldRow) -> bool {
        let holds = |field: &FieldId| {
            let known = self.catalogs.iter().find_map(|catalog| catalog.shapes.get(field));
            known.map_or_else(|| THINGS.contains(&field.as_str()), |shape| shape.thing().is_some())
        };
        row.sides.get(&self.side.id).is_some_and(holds)
    }

    fn fields(&mut self) {
        let by_edit = |row: &&FieldRow| {
            use FieldKind::{IssueType, Links, Person, Status, Watchers};
            // A reporter or an assignee that is only written has a permission of its own, and wants this one as well.
            !matches!(row.kind, IssueType | Status | Person | Links | Watchers)
        };
        let edited = self.received().filter(by_edit).any(|row| row.composed.is_none());
        let composed = self.received().filter(by_edit).any(|row| row.composed.is_some());
        if edited {
            self.needed(Function::Issues, Right::EditIssues, "carry fields");
        }
        if composed {
            self.needed(Function::WayBack, Right::EditIssues, "write what the sync itself says (`value`, `template`)");
        }
        if self.receives(FieldKind::Status) {
            self.needed(Function::Statuses, Right::TransitionIssues, "carry the status");
            let conditions = "pass transitions whose conditions ask for it";
            self.wanted(Function::Statuses, Right::ResolveIssues, conditions, Demand::Useful);
            self.wanted(Function::Statuses, Right::CloseIssues, conditions, Demand::Useful);
        }
        if self.receives_into("assignee") {
            self.needed(Function::Assignee, Right::AssignIssues, "carry the assignee");
            self.needed(Function::Assignee, Right::AssignableUser, "assign the people of the user map: theirs");
        }
        if self.receives_into("reporter") {
            self.needed(Function::Reporter, Right::ModifyReporter, "carry the reporter");
        }
        if self.receives_into("duedate") {
            self.needed(Function::DueDate, Right::ScheduleIssues, "carry the due date");
        }
        if self.receives_shape(Shape::Sprint) {
            self.needed(Function::Sprint, Right::ScheduleIssues, "carry the sprint");
        }
        // Who may not resolve issues does not find the field on the screen.
        if self.receives_into("fixVersions") {
            self.needed(Function::FixVersions, Right::ResolveIssues, "carry fix versions");
        }
        if self.receives_into("security") {
            self.needed(Function::SecurityLevels, Right::SetIssueSecurity, "carry security levels");
        }
    }

    fn relations(&mut self) {
        if self.receives(FieldKind::Links) {
            self.needed(Function::Links, Right::LinkIssues, "carry links between issues");
        }
        if self.sync.links && self.side.sees.iter().any(|other| other != &self.side.id) {
            self.needed(Function::WayBack, Right::LinkIssues, "link to the counterparts");
        }
        if self.sync.watchers_on(&self.side.id).is_some() {
            self.needed(Function::Watchers, Right::ViewVotersAndWatchers, "see who watches");
        }
        if self.receives(FieldKind::Watchers) {
            self.needed(Function::Watchers, Right::ManageWatchers, "carry watchers");
        }
    }

    fn comments(&mut self) {
        let (sync, side) = (self.sync, &self.side.id);
        let copied = sync.side_ids().any(|to| to != side && sync.comments.takes(to));
        if sync.comments.copies == CopyEdits::FlowBack && sync.comments.gives(side) && copied {
            let for_what = "make on an original what somebody wrote into its copy";
            self.needed(Function::PeoplesComments, Right::EditAllComments, for_what);
        }
        if !sync.comments.takes(side) || sync.side_ids().all(|from| from == side || !sync.comments.gives(from)) {
            return;
        }
        self.needed(Function::Comments, Right::AddComments, "copy comments");
        self.needed(Function::Comments, Right::EditOwnComments, "change the copies of comments that are changed");
        if sync.comments.deleted == WhenDeleted::Delete || sync.comments.narrowed == WhenNarrowed::Delete {
            let for_what = "delete the copies of comments that are deleted or restricted";
            self.needed(Function::Comments, Right::DeleteOwnComments, for_what);
        }
    }

    fn worklogs(&mut self) {
        let (worklogs, side) = (&self.sync.worklogs, &self.side.id);
        if !worklogs.to.contains(side) || worklogs.from.iter().all(|from| from == side) {
            return;
        }
        let deletes = worklogs.deleted == WhenDeleted::Delete;
        self.needed(Function::Worklogs, Right::WorkOnIssues, "copy worklogs");
        self.needed(Function::Worklogs, Right::EditOwnWorklogs, "change the copies of worklogs that are changed");
        if deletes {
            let for_what = "delete the copies of worklogs that are deleted";
            self.needed(Function::Worklogs, Right::DeleteOwnWorklogs, for_what);
        }
    }

    fn files(&mut self) {
        let (files, side) = (&self.sync.attachments, &self.side.id);
        let copied = files.to.iter().any(|to| to != side);
        if files.deleted == WhenDeleted::Both && files.from.contains(side) && copied {
            let for_what = "delete attachments whose copies people delete";
            self.needed(Function::Attachments, Right::DeleteAllAttachments, for_what);
        }
        if !files.to.contains(side) || files.from.iter().all(|from| from == side) {
            return;
        }
        let (notes, deletes) = (files.too_large == TooLarge::Note, files.deleted != WhenDeleted::Keep);
        self.needed(Function::Attachments, Right::CreateAttachments, "copy attachments");
        if notes {
            self.needed(Function::Attachments, Right::AddComments, "write notes about files that are too large");
            self.needed(Function::Attachments, Right::DeleteOwnComments, "take notes about files back");
        }
        if deletes {
            let for_what = "delete the copies of attachments that are deleted";
            self.needed(Function::Attachments, Right::DeleteOwnAttachments, for_what);
        }
    }

    fn circles(&mut self, kind: Kind) {
        // Data Center shows every user's groups to whoever is logged in (`GET user` of both contracts).
        if kind == Kind::Cloud && self.side.whose.circles().any(|circle| !matches!(circle, Circle::User(_))) {
            self.needed(Function::Circles, Right::BrowseUsers, "see who is in the groups and roles");
        }
        if self.side.whose.circles().any(|circle| matches!(circle, Circle::Role(_))) {
            self.needed(Function::Circles, Right::AdministerProjects, "see who has the roles");
        }
        // An account id can be written without looking for it.
        if kind == Kind::Cloud && people_on(self.sync, &self.side.id).iter().any(|name| name.contains('@')) {
            self.wanted(Function::People, Right::BrowseUsers, "find people by their e-mail", Demand::Wished);
        }
    }

    fn beside(&mut self) {
        let (sync, side) = (self.sync, &self.side.id);
        let comes = |things: &ThingSettings| things.to.contains(side) && things.from.iter().any(|from| from != side);
        let made = self.received().any(|row| row.on_unmapped == OnUnmapped::Create && self.holds_things(row));
        let things = Function::VersionsAndComponents;
        if made {
            self.needed(things, Right::AdministerProjects, "make versions and components");
        }
        if sync.things.values().any(comes) {
            self.needed(things, Right::AdministerProjects, "keep versions and components in step");
        }
        if [&sync.life.deleted, &sync.life.moved].contains(&&Farewell::Delete) {
            let for_what = "delete the copies of issues that are gone (`life`)";
            self.needed(Function::Deletions, Right::DeleteIssues, for_what);
        }
        let mails = match sync.notify {
            Notify::Always => None,
            Notify::Changes => Some(("complete first copies without mails", Demand::Useful)),
            Notify::Never => Some(("edit without mails", Demand::Wished)),
        };
        if let Some((for_what, demand)) = mails {
            self.wanted(Function::SilentEdits, Right::AdministerProjects, for_what, demand);
        }
    }

    /// Who is no agent is a customer there, and a customer's comments are shown to all.
    fn desk(&mut self) {
        let internal = self.sync.comments.is_internal_on(&self.side.id);
        let demand = if internal { Demand::Needed } else { Demand::Wished };
        let for_what = if internal { "read and write internal comments" } else { "work as an agent" };
        self.wanted(Function::ServiceDesk, Right::ServiceDeskAgent, for_what, demand);
    }
}
