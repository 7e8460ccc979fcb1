//! From a description to a running state. Must never invent anything that the description does not name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::setup::{ProjectSetup, Setup, StatusSetup, UserSetup};
use super::state::{IssueType, LinkType, Named, Project, State, Status, ThingKind, Transition, User};
use super::{fields, time};

/// Numbers that ids are counted from, as in a real instance.
const FIRST: u64 = 10_000;

/// Makes the state of a description.
pub(crate) fn state(setup: &Setup, now: Timestamp) -> State {
    let mut state = State {
        kind: setup.kind,
        base: setup.base_url.clone(),
        skew: setup.clock_skew,
        quirks: setup.quirks.clone(),
        zone: time::zone(&setup.quirks.site_time_zone),
        now,
        users: setup.users.iter().map(|user| (user.id.clone(), self::user(user))).collect(),
        administrators: setup.administrators.clone(),
        cannot_browse_users: setup.cannot_browse_users.clone(),
        fields: fields::system(setup.kind).into_iter().map(|field| (field.id.clone(), field)).collect(),
        types: Vec::new(),
        statuses: Vec::new(),
        priorities: named(&setup.priorities, 0),
        resolutions: named(&setup.resolutions, FIRST - 1),
        link_types: setup
            .link_types
            .iter()
            .zip(FIRST..)
            .map(|((name, inward, outward), id)| LinkType {
                id: id.to_string(),
                name: name.clone(),
                inward: inward.clone(),
                outward: outward.clone(),
            })
            .collect(),
        groups: setup.groups.clone(),
        group_members: setup.group_members.clone(),
        things: Vec::new(),
        sprints: Vec::new(),
        last_sprint: 0,
        roles: BTreeMap::new(),
        projects: BTreeMap::new(),
        issues: BTreeMap::new(),
        keys: BTreeMap::new(),
        comments: BTreeMap::new(),
        attachments: BTreeMap::new(),
        index: BTreeMap::new(),
        searches: BTreeMap::new(),
        last_issue: FIRST - 1,
        last_thing: 0,
        last_comment: FIRST - 1,
        last_worklog: FIRST - 1,
        last_entry: FIRST - 1,
        last_attachment: FIRST - 1,
        last_link: FIRST - 1,
        last_search: 0,
        hooks: super::hooks::Hooks::default(),
        logins: super::oauth::Logins::default(),
        actor: None,
        extra_lag: std::time::Duration::ZERO,
        bad_page: None,
    };
    let mut option = FIRST;
    for field in &setup.fields {
        state.fields.insert(field.id.clone(), fields::custom(field, &mut option));
    }
    for project in &setup.projects {
        add_project(&mut state, project);
    }
    state
}

fn user(setup: &UserSetup) -> User {
    User {
        id: setup.id.clone(),
        name: setup.name.clone(),
        display_name: setup.display_name.clone(),
        email: setup.email.clone(),
        hide_email: setup.hide_email,
        zone_name: setup.time_zone.clone(),
        zone: time::zone(&setup.time_zone),
        active: setup.active,
        gone: false,
        account_type: setup.account_type.clone(),
        autowatch: setup.autowatch,
        credentials: setup.credentials.clone(),
    }
}

fn named(names: &[String], before: u64) -> Vec<Named> {
    names.iter().zip(before + 1..).map(|(name, id)| Named { id: id.to_string(), name: name.clone() }).collect()
}

/// Adds a project; types and statuses are the instance's and shared by name.
pub(crate) fn add_project(state: &mut State, setup: &ProjectSetup) {
    let types = setup.types.iter().map(|(name, subtask)| type_id(state, name, *subtask)).collect();
    let statuses = setup.statuses.iter().map(|status| status_id(state, status)).collect();
    let id_of = |state: &State, name: &str| {
        state.statuses.iter().find(|status| status.name == name).map_or_else(String::new, |status| status.id.clone())
    };
    let mut transitions = Vec::new();
    for (index, edge) in setup.transitions.iter().enumerate() {
        transitions.push(Transition {
            id: (11 + 10 * index).to_string(),
            name: edge.name.clone(),
            from: edge.from.iter().map(|name| id_of(state, name)).collect(),
            to: id_of(state, &edge.to),
            screen: edge.screen.clone(),
            needs: edge.needs.clone(),
            sets: edge.sets.clone(),
        });
    }
    for role in setup.roles.keys() {
        let next = 10_002 + state.roles.len() as u64;
        state.roles.entry(role.clone()).or_insert(next);
    }
    let request_types = super::requests::made(state, setup);
    let project = Project {
        id: setup.id.to_string(),
        key: setup.key.clone(),
        name: setup.name.clone(),
        types,
        statuses,
        transitions,
        screen: setup.screen.clone(),
        required: setup.required.clone(),
        permissions: setup.permissions.clone(),
        roles: setup
            .roles
            .iter()
            .map(|(role, members)| (role.clone(), members.iter().cloned().collect::<BTreeSet<_>>()))
            .collect(),
        role_groups: setup.role_groups.clone(),
        last_number: 0,
        service_desk: setup.service_desk,
        parted_types: BTreeSet::new(),
        level_members: setup.level_members.clone(),
        portal: setup.key.to_lowercase(),
        request_types,
    };
    state.projects.insert(setup.key.clone(), project);
    for (kind, names) in [
        (ThingKind::Component, &setup.components),
        (ThingKind::Version, &setup.versions),
        (ThingKind::SecurityLevel, &setup.security_levels),
    ] {
        for name in names {
            state.make_thing(&setup.key, kind, name);
        }
    }
    for (name, how_far) in &setup.sprints {
        state.make_sprint(&setup.key, name, *how_far);
    }
}

/// The id of an issue type, made on first use.
pub(crate) fn type_id(state: &mut State, name: &str, subtask: bool) -> String {
    if let Some(known) = state.types.iter().find(|kind| kind.name == name) {
        return known.id.clone();
    }
    let id = (FIRST + 1 + state.types.len() as u64).to_string();
    state.types.push(IssueType { id: id.clone(), name: name.to_owned(), subtask });
    id
}

fn status_id(state: &mut State, status: &StatusSetup) -> String {
    if let Some(known) = state.statuses.iter().find(|known| known.name == status.name) {
        return known.id.clone();
    }
    let id = (FIRST + state.statuses.len() as u64).to_string();
    state.statuses.push(Status {
        id: id.clone(),
        name: status.name.clone(),
        category: status.category,
        editable: status.editable,
    });
    id
}
