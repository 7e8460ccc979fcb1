//! Looks at every instance before anything is done there: who we are, what it offers, what we may. Only reads. Must never stop
//! at the first thing that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::last_known::{LastKnown, is_silence};
use super::names::{Finding, field_id, resolve};
use super::rights::PermissionReport;
use super::workflows;
use crate::jira::{Failure, Identity, JiraError, JiraRead};
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::{InstanceId, IssueId, SideId, SyncId};
use crate::model::issue::Visibility;
use crate::model::right::Right;
use crate::model::settings::{
    Composed, FieldKind, FieldRow, InstanceSettings, OnUnmapped, RestrictedRow, SideSettings, SyncSettings,
};
use crate::model::whose::Circle;
use crate::plan::{LET_WATCH, WATCHING_OFF};

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
    /// What is needed and held, per project. Empty unless asked for.
    pub permissions: Vec<PermissionReport>,
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
        let read = read.map(async |(side, connection)| (side, one_side(connection, sync, side).await));
        let mut catalogs = BTreeMap::new();
        for side in silent {
            match known.catalog(sync, &side.id) {
                Some(catalog) => drop(catalogs.insert(side.id.clone(), catalog)),
                None => survey.nothing_known(side),
            }
        }
        for (side, catalog) in futures_util::future::join_all(read).await {
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
        }
        if permissions {
            survey.try_clauses(connections, sync).await;
            survey.try_roles(connections, sync).await;
            survey.try_watching(connections, sync).await;
            survey.findings.extend(unfit_rows(sync, &catalogs));
            survey.findings.extend(open_besides(sync, &catalogs));
        }
        survey.findings.extend(one_project_twice(sync, &catalogs));
        let (resolved, findings) = resolve(sync, &catalogs);
        survey.findings.extend(findings);
        survey.syncs.insert(sync.id.clone(), resolved);
        survey.catalogs.insert(sync.id.clone(), catalogs);
    }
    if permissions {
        survey.ask_rights(connections).await;
        survey.try_ways(connections).await;
        survey.ask_screens(connections).await;
    }
    survey.findings.sort();
    survey.findings.dedup();
    survey
}

/// Sides that are the same project of the same Jira, which two instances lead to: every issue would be copied beside itself.
fn one_project_twice(sync: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>) -> Vec<Finding> {
    let address =
        |side: &SideSettings| catalogs.get(&side.id).map(|catalog| catalog.address.trim_end_matches('/').to_owned());
    let is_same = |one: &SideSettings, other: &SideSettings| {
        let at = address(one).filter(|at| !at.is_empty());
        at.is_some() && at == address(other) && one.project.eq_ignore_ascii_case(&other.project)
    };
    let pairs = sync.sides.iter().enumerate();
    let pairs = pairs.flat_map(|(at, one)| sync.sides.iter().skip(at + 1).map(move |other| (one, other)));
    let same = pairs.filter(|(one, other)| is_same(one, other)).map(|(one, other)| {
        let place = format!("sync.{}.side.{}", sync.id, other.id);
        let what = format!(
            "project `{}` of instance `{}` is that of side `{}`: both instances are the Jira at {}",
            other.project,
            other.instance,
            one.id,
            address(one).unwrap_or_default()
        );
        let remedy =
            "name another Jira or another project; where they are two Jiras, correct the base URL of one of them";
        Finding::error(place, what, remedy)
    });
    same.collect()
}

/// Rows of `restricted` that would lay a service desk's notes open to its customers, or speak of notes where there are none.
fn unfit_rows(sync: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>) -> Vec<Finding> {
    let place = format!("sync.{}.comments.restricted", sync.id);
    let mut found = Vec::new();
    let rows = sync.comments.restricted.iter().filter(|row| row.is_internal());
    for (side, readers) in rows.flat_map(RestrictedRow::ends) {
        let Some(settings) = sync.side(side) else { continue };
        match (readers, catalogs.get(side).and_then(|catalog| catalog.service_desk)) {
            (Visibility::Internal, Some(false)) => {
                let what = format!(
                    "a row is about internal comments of side `{side}`, and project `{}` of instance `{}` is no service desk",
                    settings.project, settings.instance
                );
                let remedy = "name a role or group of that side instead, or take the row out";
                found.push(Finding::error(place.clone(), what, remedy));
            }
            (Visibility::Everybody, Some(true)) => {
                let what = format!(
                    "a row shares internal comments with everybody on side `{side}`, and project `{}` of instance `{}` is a service desk with customers",
                    settings.project, settings.instance
                );
                let remedy = "name that side's readers in the row too: `internal`, a role or a group";
                found.push(Finding::error(place.clone(), what, remedy));
            }
            (Visibility::Internal | Visibility::Everybody, None)
            | (Visibility::Internal, Some(true))
            | (Visibility::Everybody, Some(false))
            | (Visibility::Role(_) | Visibility::Group(_) | Visibility::Other, _) => {}
        }
    }
    found
}

/// Third sides that are service desks and get in the open what lands on another as an internal comment: customers there read the one half of
/// what is said behind customers' backs.
fn open_besides(sync: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>) -> Vec<Finding> {
    let place = format!("sync.{}.comments.restricted", sync.id);
    let comments = &sync.comments;
    let mut found = Vec::new();
    for row in comments.restricted.iter().filter(|row| row.is_internal()) {
        let [one, other] = row.ends();
        for ((at, readers), (inside, _)) in [(one, other), (other, one)] {
            let gets_it = |side: &&SideSettings| {
                let is_desk = catalogs.get(&side.id).and_then(|catalog| catalog.service_desk);
                let third = &side.id != at && &side.id != inside && side.sees.contains(at);
                third
                    && is_desk == Some(true)
                    && comments.route(at, &Visibility::Everybody, &side.id) == Some(Visibility::Everybody)
            };
            if readers != &Visibility::Everybody {
                continue;
            }
            for side in sync.sides.iter().filter(gets_it) {
                let what = format!(
                    "what everybody reads on side `{at}` lands on side `{inside}` as an internal comment, and open on side `{}`: project `{}` of instance `{}` is a service desk with customers",
                    side.id, side.project, side.instance
                );
                let remedy = format!(
                    "where its customers are not to read that, add a row with `{} = \"internal\", with = \"{at}\"`, or leave `{at}` out of what that side `sees`",
                    side.id
                );
                found.push(Finding::warning(place.clone(), what, remedy));
            }
        }
    }
    found
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
        let remedy = match &error.failure {
            Failure::NotFound => {
                format!(
                    "correct the project's key, or let the sync user browse the project: issues need {}",
                    Right::BrowseProjects
                )
            }
            Failure::Refused(refusal) if matches!(refusal.status, 400 | 403) => {
                format!(
                    "give the sync user what Jira names: issues need {} and {}",
                    Right::BrowseProjects,
                    Right::CreateIssues
                )
            }
            Failure::Refused(_)
            | Failure::Unreachable(_)
            | Failure::NotUs(_)
            | Failure::Locked(_)
            | Failure::NotJira(_)
            | Failure::Wait(_)
            | Failure::Server(_)
            | Failure::Unreadable(_) => return self.failures.push(error),
        };
        let place = format!("sync.{}.side.{}", sync.id, side.id);
        let what = format!("project `{}` of instance `{}` cannot be used: {error}", side.project, side.instance);
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

    /// Looks whether statuses can be carried through the workflows of each side, once the rights are known.
    async fn try_ways(&mut self, connections: &Connections) {
        for sync in self.syncs.values() {
            let Some(catalogs) = self.catalogs.get(&sync.id) else { continue };
            for side in sync.sides.iter().filter(|side| catalogs.contains_key(&side.id)) {
                let Some(connection) = connections.get(&side.instance) else { continue };
                match workflows::look(connection, sync, side, catalogs, &self.permissions).await {
                    Ok(found) => self.findings.extend(found),
                    Err(error) if self.failures.iter().any(|failed| failed.instance == error.instance) => {}
                    Err(error) => self.failures.push(error),
                }
            }
        }
    }

    /// Asks whether issues can be watched at all, where a row carries who does.
    async fn try_watching(&mut self, connections: &Connections, sync: &SyncSettings) {
        for side in sync.sides.iter().filter(|side| self.identities.contains_key(&side.instance)) {
            let Some(connection) = connections.get(&side.instance).filter(|_| sync.watchers_on(&side.id).is_some())
            else {
                continue;
            };
            if let Ok(false) = connection.read.is_watching_on().await {
                let place = format!("sync.{}.side.{}", sync.id, side.id);
                let what = format!("instance `{}`: {WATCHING_OFF}", side.instance);
                let ask = "switch on `Allow users to watch issues` in the general configuration";
                self.findings.push(Finding::warning(place, what, LET_WATCH).for_administrator(&side.instance, ask));
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
}

/// Reads what one side offers.
async fn one_side(connection: &Connection, sync: &SyncSettings, side: &SideSettings) -> Result<Catalog, JiraError> {
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
        && sync.comments.asks_for_desk(&side.id)
    {
        match connection.read.nature(&side.project).await {
            Ok(nature) => found.service_desk = Some(nature.service_desk),
            Err(error) => catalog = Err(error),
        }
    }
    if let Ok(found) = &mut catalog
        && found.service_desk == Some(true)
        && sync.comments.is_internal_on(&side.id)
    {
        let agent = Right::ServiceDeskAgent.key();
        match connection.read.permissions(&side.project, &[agent]).await {
            Ok(held) => found.desk_agent = Some(held.get(agent) == Some(&true)),
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
    catalog
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
    let constants = rows().filter(|row| row.sides.contains_key(side)).filter_map(|row| match &row.composed {
        Some(Composed::Constant(name)) => Some(name.clone()),
        Some(Composed::Template(_)) | None => None,
    });
    mapped.chain(unmapped).chain(written).chain(constants).collect()
}
