//! Looks at every instance before anything is done there: who we are, what it offers, what we may. Only reads. Must never stop
//! at the first thing that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::last_known::{LastKnown, is_silence};
use super::names::{Finding, field_id, resolve};
use crate::jira::{Failure, Identity, JiraError, JiraRead};
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::{InstanceId, IssueId, SideId, SyncId};
use crate::model::settings::{
    Composed, CopyEdits, Farewell, FieldKind, FieldRow, InstanceSettings, OnUnmapped, SideSettings, SyncSettings,
    TooLarge, WhenDeleted, WhenNarrowed,
};
use crate::model::things::ThingSettings;
use crate::model::whose::Circle;

/// An instance and its reading end.
#[derive(Clone)]
pub struct Connection {
    /// Its settings.
    pub settings: InstanceSettings,
    /// Its reading end.
    pub read: Arc<dyn JiraRead>,
}

/// All instances.
pub type Connections = BTreeMap<InstanceId, Connection>;

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Who we are on the instances that answered.
    pub identities: BTreeMap<InstanceId, Identity>,
    /// The syncs with every field by its id.
    pub syncs: BTreeMap<SyncId, SyncSettings>,
    /// What each side offers, of the sides that answered.
    pub catalogs: BTreeMap<SyncId, BTreeMap<SideId, Catalog>>,
    /// Instances that refused or are out of reach.
    pub failures: Vec<JiraError>,
    /// Instances that said nothing, and why if they were asked: what is known of them stands in.
    pub silent: BTreeMap<InstanceId, Option<JiraError>>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// What is needed and held, per side. Empty unless asked for.
    pub permissions: Vec<PermissionReport>,
}

/// One permission that a side's mapping needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionNeed {
    /// Jira's key.
    pub key: &'static str,
    /// What it is needed for.
    pub for_what: &'static str,
    /// Whether the sync user holds it in the project.
    pub held: bool,
}

/// The permissions of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionReport {
    /// The sync.
    pub sync: SyncId,
    /// The side.
    pub side: SideId,
    /// The instance.
    pub instance: InstanceId,
    /// The project's key.
    pub project: String,
    /// One row per permission.
    pub needs: Vec<PermissionNeed>,
}

/// Looks at all instances. `permissions`: ask for those too. What `known` holds stands in for instances that say nothing.
pub async fn survey(
    connections: &Connections,
    syncs: &BTreeMap<SyncId, SyncSettings>,
    permissions: bool,
    known: &LastKnown,
) -> Survey {
    let mut survey = Survey::default();
    let (held, asked): (Vec<_>, Vec<_>) =
        connections.iter().partition(|(instance, _)| known.leaves_alone(connections, syncs, instance));
    for (instance, _) in held {
        survey.stand_in(connections, known, instance, None);
    }
    let answers = asked.iter().map(async |(_, connection)| connection.read.identity().await);
    for ((instance, _), identity) in asked.iter().zip(futures_util::future::join_all(answers).await) {
        match identity {
            Ok(identity) => {
                survey.identities.insert((*instance).clone(), identity);
            }
            Err(error) => survey.stand_in(connections, known, instance, Some(error)),
        }
    }
    for sync in syncs.values() {
        let read = sync.sides.iter().filter(|side| survey.identities.contains_key(&side.instance));
        let (silent, read): (Vec<_>, Vec<_>) = read.partition(|side| survey.silent.contains_key(&side.instance));
        let read = read.into_iter();
        let read = read.filter_map(|side| Some((side, connections.get(&side.instance)?)));
        let read = read.map(async |(side, connection)| (side, one_side(connection, sync, side, permissions).await));
        let mut catalogs = BTreeMap::new();
        for side in silent {
            match known.catalog(sync, &side.id) {
                Some(catalog) => drop(catalogs.insert(side.id.clone(), catalog)),
                None => survey.nothing_known(side),
            }
        }
        for (side, (catalog, report)) in futures_util::future::join_all(read).await {
            match catalog {
                Ok(mut catalog) => {
                    let identity = survey.identities.get(&side.instance);
                    catalog.address = identity.map(|identity| identity.base_url.clone()).unwrap_or_default();
                    catalogs.insert(side.id.clone(), catalog);
                }
                Err(error) => match known.catalog(sync, &side.id).filter(|_| is_silence(&error)) {
                    Some(catalog) => {
                        catalogs.insert(side.id.clone(), catalog);
                        survey.silent.insert(side.instance.clone(), Some(error));
                    }
                    None => survey.side_failed(sync, side, error),
                },
            }
            match report {
                Some(Ok(report)) => survey.report(sync, report),
                Some(Err(error)) => survey.side_failed(sync, side, error),
                None => {}
            }
        }
        if permissions {
            survey.try_clauses(connections, sync).await;
            survey.try_roles(connections, sync).await;
        }
        let (resolved, findings) = resolve(sync, &catalogs);
        survey.findings.extend(findings);
        survey.syncs.insert(sync.id.clone(), resolved);
        survey.catalogs.insert(sync.id.clone(), catalogs);
    }
    survey.findings.sort();
    survey.findings.dedup();
    survey
}

impl Survey {
    /// Takes what is known of an instance for what it does not say now.
    fn stand_in(
        &mut self,
        connections: &Connections,
        known: &LastKnown,
        instance: &InstanceId,
        error: Option<JiraError>,
    ) {
        let silent = error.as_ref().is_none_or(is_silence);
        match (known.identity(connections, instance).filter(|_| silent), error) {
            (Some(identity), error) => {
                self.identities.insert(instance.clone(), identity);
                self.silent.insert(instance.clone(), error);
            }
            (None, error) => self.failures.extend(error),
        }
    }

    /// What an instance offers is not known, and it does not say it.
    fn nothing_known(&mut self, side: &SideSettings) {
        // One that is to be left alone is asked where not all is known.
        self.failures.extend(self.silent.get(&side.instance).cloned().flatten());
    }

    /// A project that is not there is a matter of the configuration; all else is the instance's.
    fn side_failed(&mut self, sync: &SyncSettings, side: &SideSettings, error: JiraError) {
        let gone = match &error.failure {
            Failure::NotFound => true,
            Failure::Refused(refusal) => matches!(refusal.status, 400 | 403),
            Failure::Unreachable(_)
            | Failure::NotUs(_)
            | Failure::Locked(_)
            | Failure::NotJira(_)
            | Failure::Wait(_)
            | Failure::Server(_)
            | Failure::Unreadable(_) => false,
        };
        if !gone {
            self.failures.push(error);
            return;
        }
        let place = format!("sync.{}.side.{}", sync.id, side.id);
        let what = format!("project `{}` of instance `{}` cannot be used: {error}", side.project, side.instance);
        let remedy = "correct the project's key, or let the sync user browse the project (Browse Projects)";
        self.findings.push(Finding::error(place, what, remedy));
    }

    /// Lets Jira read every JQL of the sync: `jql` of each side, and `when` on home.
    async fn try_clauses(&mut self, connections: &Connections, sync: &SyncSettings) {
        let home = sync.home.as_ref().and_then(|home| sync.side(home));
        for side in &sync.sides {
            let own = side.jql.as_ref().map(|clause| (side, "jql", clause));
            let at_home = home.and_then(|home| Some((home, "when", side.when.as_ref()?)));
            for (asked, key, clause) in own.into_iter().chain(at_home) {
                let answers = self.identities.contains_key(&asked.instance);
                let Some(connection) = connections.get(&asked.instance).filter(|_| answers) else { continue };
                // No issue has this id: only whether the clause can be read matters.
                let tried = connection.read.matching(&asked.project, clause, &[IssueId(1)]).await;
                match tried {
                    Ok(_) => {}
                    Err(JiraError { failure: Failure::Refused(refusal), .. }) => {
                        let place = format!("sync.{}.side.{}.{key}", sync.id, side.id);
                        let what = format!("instance `{}` refuses the JQL `{clause}`: {refusal}", asked.instance);
                        self.findings.push(Finding::error(place, what, "try it in that Jira's search, and correct it"));
                    }
                    Err(error) => self.failures.push(error),
                }
            }
        }
    }

    /// Looks for the roles that `from` and `not-from` name. That they may not be seen is told with the permissions.
    async fn try_roles(&mut self, connections: &Connections, sync: &SyncSettings) {
        for side in sync.sides.iter().filter(|side| self.identities.contains_key(&side.instance)) {
            let Some(connection) = connections.get(&side.instance) else { continue };
            for circle in side.whose.circles() {
                let Circle::Role(role) = circle else { continue };
                if let Ok(None) = connection.read.role_actors(&side.project, role).await {
                    let place = format!("sync.{}.side.{}", sync.id, side.id);
                    let what =
                        format!("project `{}` of instance `{}` has no role `{role}`", side.project, side.instance);
                    self.findings.push(Finding::error(place, what, "write the role's name as the project shows it"));
                }
            }
        }
    }

    fn report(&mut self, sync: &SyncSettings, report: PermissionReport) {
        for need in report.needs.iter().filter(|need| !need.held) {
            let place = format!("sync.{}.side.{}", sync.id, report.side);
            let what = format!(
                "the sync user lacks {} in project `{}` of instance `{}`: needed to {}",
                need.key, report.project, report.instance, need.for_what
            );
            let remedy = format!("let an administrator of `{}` grant {} to it there", report.project, need.key);
            self.findings.push(Finding::error(place, what, remedy));
        }
        self.permissions.push(report);
    }
}

/// Reads what one side offers, and what we may there.
async fn one_side(
    connection: &Connection,
    sync: &SyncSettings,
    side: &SideSettings,
    permissions: bool,
) -> (Result<Catalog, JiraError>, Option<Result<PermissionReport, JiraError>>) {
    let people = people_on(sync, &side.id);
    let mut catalog = connection.read.catalog(&side.project, &people).await;
    if let Ok(found) = &mut catalog
        && sync.attachments.to.contains(&side.id)
    {
        match connection.read.upload_limit().await {
            Ok(limit) => found.upload_limit = limit,
            Err(error) => catalog = Err(error),
        }
    }
    if let Ok(found) = &mut catalog
        && sync.comments.internal
    {
        match connection.read.is_service_desk(&side.project).await {
            Ok(desk) => found.service_desk = Some(desk),
            Err(error) => catalog = Err(error),
        }
    }
    if let Ok(found) = &mut catalog
        && has_links(sync, &side.id)
    {
        match connection.read.link_types().await {
            Ok(types) => found.take_link_types(types),
            Err(error) => catalog = Err(error),
        }
    }
    if let Ok(found) = &mut catalog {
        let more = offer_more(&*connection.read, sync, side, found).await;
        catalog = more.and(catalog);
    }
    if !permissions || catalog.is_err() {
        return (catalog, None);
    }
    let needed = needed_on(sync, side);
    let keys: Vec<&str> = needed.iter().map(|(key, _)| *key).collect();
    let held = connection.read.permissions(&side.project, &keys).await;
    let report = held.map(|held| PermissionReport {
        sync: sync.id.clone(),
        side: side.id.clone(),
        instance: side.instance.clone(),
        project: side.project.clone(),
        needs: needed
            .into_iter()
            .map(|(key, for_what)| PermissionNeed { key, for_what, held: held.get(key).copied().unwrap_or(false) })
            .collect(),
    });
    (catalog, Some(report))
}

/// Reads what fields offer that no create screen tells of, where rows carry them: resolutions, and sprints and request types to be
/// written.
pub(super) async fn offer_more(
    read: &dyn JiraRead,
    sync: &SyncSettings,
    side: &SideSettings,
    catalog: &mut Catalog,
) -> Result<(), JiraError> {
    let cells = |row: &FieldRow| row.sides.get(&side.id).and_then(|cell| field_id(catalog, cell).ok());
    let carries = sync.fields.values().filter_map(cells).any(|field| field.as_str() == "resolution");
    let receives =
        sync.fields.values().filter(|row| row.from.iter().any(|from| from != &side.id) || row.composed.is_some());
    let received: Vec<_> = receives.filter_map(cells).collect();
    let of_shape = |shape: Shape| received.iter().find(|field| catalog.shapes.get(*field) == Some(&shape)).cloned();
    let (sprints, requests) = (of_shape(Shape::Sprint).is_some(), of_shape(Shape::Request));
    if carries {
        catalog.take_resolutions(read.resolutions().await?);
    }
    if sprints {
        catalog.take_sprints(read.sprints(&side.project).await?);
    }
    if let Some(field) = requests {
        catalog.take_requests(read.request_types(&side.project, &field).await?);
    }
    Ok(())
}

/// Whether a side carries issue links.
pub(super) fn has_links(sync: &SyncSettings, side: &SideId) -> bool {
    sync.fields.values().any(|row| row.kind == FieldKind::Links && row.sides.contains_key(side))
}

/// The people of the user map, and the defaults, that a side names.
pub(super) fn people_on(sync: &SyncSettings, side: &SideId) -> BTreeSet<String> {
    let mapped = sync.users.rows.iter().filter_map(|row| row.names.get(side)).flatten().cloned();
    let is_of_people =
        |row: &&FieldRow| matches!(row.kind, FieldKind::Person | FieldKind::People | FieldKind::Watchers);
    let rows = || sync.fields.values().filter(is_of_people);
    let unmapped = rows().filter_map(|row| match &row.on_unmapped {
        OnUnmapped::Default(names) => names.get(side).cloned(),
        OnUnmapped::Leave | OnUnmapped::Skip | OnUnmapped::Create | OnUnmapped::Clear => None,
    });
    let written = rows().filter_map(|row| row.default.get(side).cloned());
    let constants = rows().filter_map(|row| match &row.composed {
        Some(Composed::Constant(name)) => Some(name.clone()),
        Some(Composed::Template(_)) | None => None,
    });
    mapped.chain(unmapped).chain(written).chain(constants).collect()
}

/// The permission keys that versions and components beside the issues need.
fn needed_for_things(sync: &SyncSettings, side: &SideSettings) -> Option<(&'static str, &'static str)> {
    let comes =
        |things: &ThingSettings| things.to.contains(&side.id) && things.from.iter().any(|from| from != &side.id);
    let needed = ("ADMINISTER_PROJECTS", "keep versions and components in step");
    sync.things.values().any(comes).then_some(needed)
}

/// The same for files.
fn needed_for_files(sync: &SyncSettings, side: &SideSettings) -> Vec<(&'static str, &'static str)> {
    let mut needed = Vec::new();
    if !sync.attachments.to.contains(&side.id) || sync.attachments.from.iter().all(|from| from == &side.id) {
        return needed;
    }
    needed.push(("CREATE_ATTACHMENTS", "copy attachments"));
    if sync.attachments.too_large == TooLarge::Note {
        needed.push(("ADD_COMMENTS", "write notes about files that are too large"));
        needed.push(("DELETE_OWN_COMMENTS", "take notes about files back"));
    }
    if sync.attachments.deleted == WhenDeleted::Delete {
        needed.push(("DELETE_OWN_ATTACHMENTS", "delete the copies of attachments that are deleted"));
    }
    needed
}

/// The permission keys that a side's part in the sync needs (jira-facts: permissions), and what for.
fn needed_on(sync: &SyncSettings, side: &SideSettings) -> Vec<(&'static str, &'static str)> {
    let mut needed = vec![("BROWSE_PROJECTS", "see the project's issues")];
    if side.whose.circles().any(|circle| !matches!(circle, Circle::User(_))) {
        needed.push(("USER_PICKER", "see who is in the groups and roles of `from` and `not-from`"));
    }
    if side.whose.circles().any(|circle| matches!(circle, Circle::Role(_))) {
        needed.push(("ADMINISTER_PROJECTS", "see who has the roles of `from` and `not-from`"));
    }
    let received = sync.fields.values().filter(|row| {
        let written = row.from.iter().any(|from| from != &side.id) || row.composed.is_some();
        row.sides.contains_key(&side.id) && written
    });
    let received: Vec<_> = received.collect();
    let receives = |kind: FieldKind| received.iter().any(|row| row.kind == kind);
    let receives_into =
        |id: &str| received.iter().any(|row| row.sides.get(&side.id).is_some_and(|field| field.as_str() == id));
    // A reporter or an assignee that is only written has a permission of its own, and wants this one as well.
    let edited = received.iter().any(|row| {
        let others = matches!(row.kind, FieldKind::IssueType | FieldKind::Status | FieldKind::Person);
        !others && !matches!(row.kind, FieldKind::Links | FieldKind::Watchers)
    });
    if sync.sides.len() > 1 {
        needed.push(("CREATE_ISSUES", "create counterparts"));
    }
    if edited {
        needed.push(("EDIT_ISSUES", "carry fields"));
    }
    if receives(FieldKind::Links) {
        needed.push(("LINK_ISSUES", "carry links between issues"));
    } else if sync.links && side.sees.iter().any(|other| other != &side.id) {
        needed.push(("LINK_ISSUES", "link to the counterparts"));
    }
    let is_watched =
        sync.fields.values().any(|row| row.kind == FieldKind::Watchers && row.sides.contains_key(&side.id));
    if is_watched {
        needed.push(("VIEW_VOTERS_AND_WATCHERS", "see who watches"));
    }
    if receives(FieldKind::Watchers) {
        needed.push(("MANAGE_WATCHERS", "carry watchers"));
    }
    if receives(FieldKind::Status) {
        needed.push(("TRANSITION_ISSUES", "carry the status"));
    }
    let own_rights = [
        ("assignee", "ASSIGN_ISSUES", "carry the assignee"),
        ("security", "SET_ISSUE_SECURITY", "carry security levels"),
        ("reporter", "MODIFY_REPORTER", "carry the reporter"),
    ];
    needed.extend(own_rights.into_iter().filter(|(field, ..)| receives_into(field)).map(|(_, key, what)| (key, what)));
    if received.iter().any(|row| row.on_unmapped == OnUnmapped::Create) {
        needed.push(("ADMINISTER_PROJECTS", "make versions and components"));
    }
    needed.extend(needed_for_things(sync, side));
    if [&sync.life.deleted, &sync.life.moved].contains(&&Farewell::Delete) {
        needed.push(("DELETE_ISSUES", "delete the copies of issues that are gone (`life`)"));
    }
    needed.extend(needed_for_files(sync, side));
    if sync.worklogs.to.contains(&side.id) && sync.worklogs.from.iter().any(|from| from != &side.id) {
        needed.push(("WORK_ON_ISSUES", "copy worklogs"));
        needed.push(("EDIT_OWN_WORKLOGS", "change the copies of worklogs that are changed"));
        if sync.worklogs.deleted == WhenDeleted::Delete {
            needed.push(("DELETE_OWN_WORKLOGS", "delete the copies of worklogs that are deleted"));
        }
    }
    let copied = sync.side_ids().any(|to| to != &side.id && sync.comments.takes(to));
    if sync.comments.copies == CopyEdits::FlowBack && sync.comments.gives(&side.id) && copied {
        needed.push(("EDIT_ALL_COMMENTS", "make on an original what somebody wrote into its copy"));
    }
    if sync.comments.takes(&side.id) && sync.side_ids().any(|from| from != &side.id && sync.comments.gives(from)) {
        needed.push(("ADD_COMMENTS", "copy comments"));
        needed.push(("EDIT_OWN_COMMENTS", "change the copies of comments that are changed"));
        let withdraws = sync.comments.narrowed == WhenNarrowed::Delete;
        if sync.comments.deleted == WhenDeleted::Delete || withdraws {
            needed.push(("DELETE_OWN_COMMENTS", "delete the copies of comments that are deleted or restricted"));
        }
    }
    needed
}
