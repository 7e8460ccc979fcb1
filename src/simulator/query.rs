//! From JQL text to the ids of the issues that it finds, as one user sees them: [`super::jql`] tests and sorts, this tells
//! it what the instance holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::jql::{
    CHANGED, CustomField, CustomName, Dialect, FieldKind as Asked, Found, JqlIssue, JqlSite, JqlValue, parse,
};
use super::permissions;
use super::reply::Refusal;
use super::setup::{Category, FieldType};
use super::state::{Field, FieldKind, Issue, State};
use super::{adf, fields, time, values};

/// Runs a search. Issues in `fresh` are looked at as they are, others as the index knows them.
///
/// # Errors
/// 400 for a syntax error, on Cloud for a query that restricts nothing, and for unknown names where the caller is logged in.
pub(crate) fn run(state: &State, user: Option<&str>, jql: &str, fresh: &BTreeSet<u64>) -> Result<Vec<u64>, Refusal> {
    let cloud = state.is_cloud();
    let query = parse(jql, Dialect { bare_words: cloud }).map_err(|error| Refusal::message(400, error.message))?;
    if cloud && !query.is_bounded() {
        return Err(Refusal::message(400, UNBOUNDED));
    }
    if cloud && query.sort_fields() > 7 {
        return Err(Refusal::message(400, "At most 7 fields can be sorted by."));
    }
    let bound = match query.bind(&Site { state, user }) {
        Ok(bound) => bound,
        Err(problems) => {
            let only_names = problems.iter().all(super::jql::JqlProblem::is_unknown_name);
            if cloud && only_names && (user.is_none() || state.quirks.unknown_names_are_empty) {
                return Ok(Vec::new());
            }
            let messages = problems.into_iter().map(|problem| problem.message).collect();
            return Err(Refusal { status: 400, messages, errors: std::collections::BTreeMap::new(), raw: None });
        }
    };
    let mut found: Vec<Row<'_>> = state
        .issues
        .keys()
        .filter_map(|id| if fresh.contains(id) { state.issues.get(id) } else { state.indexed(*id) })
        .filter(|issue| permissions::sees(state, issue, user) && !issue.archived)
        .map(|issue| Row { state, issue, user })
        .filter(|row| bound.matches(row))
        .collect();
    bound.sort(&mut found);
    Ok(found.iter().map(|row| row.issue.id).collect())
}

const UNBOUNDED: &str = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";

/// The instance as the calling user's query sees it.
struct Site<'a> {
    state: &'a State,
    user: Option<&'a str>,
}

impl JqlSite for Site<'_> {
    fn now(&self) -> Timestamp {
        self.state.now
    }

    fn reads_epoch(&self) -> bool {
        self.state.quirks.epoch_in_jql
    }

    fn repeated_hour_is_later(&self) -> bool {
        self.state.quirks.repeated_hour_is_later
    }

    fn zone(&self) -> TimeZone {
        if let Some(zone) = &self.state.quirks.jql_time_zone {
            return time::zone(zone);
        }
        let own = self.user.and_then(|id| self.state.users.get(id));
        own.map_or_else(|| self.state.zone.clone(), |user| user.zone.clone())
    }

    fn current_user(&self) -> Option<String> {
        self.user.map(str::to_owned)
    }

    fn custom_fields(&self, name: CustomName<'_>) -> Vec<CustomField> {
        let wanted = |field: &&Field| {
            field.custom
                && match name {
                    CustomName::Number(number) => field.id == format!("customfield_{number}"),
                    CustomName::Name(name) => {
                        fields::clause_names(field).iter().any(|known| known.eq_ignore_ascii_case(name))
                    }
                }
        };
        let found = self.state.fields.values().filter(wanted);
        found.filter_map(|field| Some(CustomField { id: field.id.clone(), kind: asked(field)? })).collect()
    }

    fn find(&self, field: &str, literal: &str) -> Option<Found> {
        let state = self.state;
        let is = |name: &str| name.eq_ignore_ascii_case(literal);
        let one = |id: &str| Some(Found { ids: vec![id.to_owned()], rank: None });
        match field {
            "key" | "parent" => one(&state.issue(literal)?.id.to_string()),
            "project" => {
                let seen = |key: &str| {
                    let project = state.projects.get(key)?;
                    permissions::holds(state, project, None, self.user, "BROWSE_PROJECTS").then_some(project)
                };
                let mut projects = state.projects.keys().filter_map(|key| seen(key));
                one(&projects.find(|project| is(&project.key) || is(&project.name) || project.id == literal)?.id)
            }
            "status" => {
                all(state.statuses.iter().filter(|known| is(&known.name) || known.id == literal).map(|known| &known.id))
            }
            "statuscategory" => one(category_of(literal)?),
            "issuetype" => {
                all(state.types.iter().filter(|known| is(&known.name) || known.id == literal).map(|known| &known.id))
            }
            "priority" => {
                let known = state.priorities.iter().find(|known| is(&known.name) || known.id == literal)?;
                Some(Found { ids: vec![known.id.clone()], rank: Some(rank(state, &known.id)) })
            }
            "resolution" if is("unresolved") => Some(Found { ids: vec!["-1".into()], rank: None }),
            "resolution" => one(&state.resolutions.iter().find(|known| is(&known.name) || known.id == literal)?.id),
            "assignee" | "reporter" | "creator" | "watcher" => {
                let named = |user: &&super::state::User| is(&user.display_name) && state.is_cloud();
                let found = state.user(literal).or_else(|| state.users.values().find(named))?;
                one(&found.id)
            }
            id => {
                let field = state.fields.get(id)?;
                if matches!(field.kind, FieldKind::Plain(FieldType::User | FieldType::Users)) {
                    return one(&state.user(literal)?.id);
                }
                all(field.options.iter().filter(|(id, name)| is(name) || id == literal).map(|(id, _)| id))
            }
        }
    }
}

fn all<'a>(ids: impl Iterator<Item = &'a String>) -> Option<Found> {
    let ids: Vec<String> = ids.cloned().collect();
    (!ids.is_empty()).then_some(Found { ids, rank: None })
}

/// The more important the higher.
fn rank(state: &State, id: &str) -> i64 {
    let place = state.priorities.iter().position(|known| known.id == id).unwrap_or(0);
    -i64::try_from(place).unwrap_or(0)
}

fn category_of(literal: &str) -> Option<&'static str> {
    let known = [("To Do", "new", "2"), ("In Progress", "indeterminate", "4"), ("Done", "done", "3")];
    let is = |name: &str| name.eq_ignore_ascii_case(literal);
    known.iter().find(|(name, key, id)| is(name) || is(key) || literal == *id).map(|(_, _, id)| *id)
}

/// What a custom field can be asked.
fn asked(field: &Field) -> Option<Asked> {
    let FieldKind::Plain(kind) = &field.kind else { return None };
    match kind {
        FieldType::Text | FieldType::RichText | FieldType::Url | FieldType::EpicName => Some(Asked::Text),
        FieldType::Number => Some(Asked::Number),
        FieldType::Date => Some(Asked::Day),
        FieldType::DateTime => Some(Asked::Time),
        FieldType::Labels => Some(Asked::Label),
        FieldType::User
        | FieldType::Users
        | FieldType::Select(_)
        | FieldType::MultiSelect(_)
        | FieldType::Radio(_)
        | FieldType::Checkboxes(_) => Some(Asked::Named),
        FieldType::Cascade(_)
        | FieldType::Group
        | FieldType::Groups
        | FieldType::Version
        | FieldType::Versions
        | FieldType::Components
        | FieldType::Project
        | FieldType::Security
        | FieldType::EpicLink
        | FieldType::Sprint
        | FieldType::RequestType
        | FieldType::Opaque => None,
    }
}

/// An issue as a query sees it.
struct Row<'a> {
    state: &'a State,
    issue: &'a Arc<Issue>,
    user: Option<&'a str>,
}

impl JqlIssue for Row<'_> {
    fn values(&self, field: &str) -> Vec<JqlValue> {
        let issue = self.issue;
        match field {
            "key" => vec![JqlValue::Key { id: issue.id, key: issue.key.clone() }],
            "created" => vec![JqlValue::Time(issue.created)],
            "updated" => vec![JqlValue::Time(issue.updated)],
            "resolved" => {
                issue.text("resolutiondate").and_then(time::parse_stamp).map(JqlValue::Time).into_iter().collect()
            }
            "project" => {
                let project = self.state.projects.get(&issue.project);
                project.map(|project| plain(&project.id, &project.name)).into_iter().collect()
            }
            "statuscategory" => {
                let status = issue.text("status").and_then(|id| self.state.status(id));
                let id = status.map(|status| match status.category {
                    Category::ToDo => "2",
                    Category::InProgress => "4",
                    Category::Done => "3",
                });
                id.map(|id| plain(id, id)).into_iter().collect()
            }
            "creator" => issue.creator.iter().map(|id| plain(id, &self.state.display(id))).collect(),
            "comment" => self.comments(),
            "text" => {
                let own = ["summary", "description", "environment"].iter().flat_map(|name| self.stored(name));
                own.chain(self.comments()).collect()
            }
            "resolution" if issue.value("resolution").is_null() => vec![plain("-1", "Unresolved")],
            "priority" => {
                let id = issue.text("priority");
                let known = id.and_then(|id| self.state.priorities.iter().find(|known| known.id == id));
                let value = known.map(|known| JqlValue::Named {
                    id: known.id.clone(),
                    label: known.name.clone(),
                    rank: Some(rank(self.state, &known.id)),
                });
                value.into_iter().collect()
            }
            other => other.strip_prefix(CHANGED).map_or_else(|| self.stored(other), |field| self.changers(field)),
        }
    }
}

impl Row<'_> {
    fn comments(&self) -> Vec<JqlValue> {
        let Some(project) = self.state.projects.get(&self.issue.project) else { return Vec::new() };
        let seen =
            self.issue.comments.iter().filter(|comment| super::comments::sees(self.state, project, comment, self.user));
        seen.map(|comment| {
            JqlValue::Text(comment.body.as_str().map_or_else(|| adf::to_wiki(&comment.body), str::to_owned))
        })
        .collect()
    }

    /// Who changed a field, by its history. JQL's name of it is its id in small letters.
    fn changers(&self, field: &str) -> Vec<JqlValue> {
        let touches =
            |entry: &&super::state::Entry| entry.items.iter().any(|item| item.field.eq_ignore_ascii_case(field));
        let authors = self.issue.history.iter().filter(touches).filter_map(|entry| entry.author.as_ref());
        authors.map(|id| plain(id, &self.state.display(id))).collect()
    }

    /// The values of a field that is stored by its id.
    fn stored(&self, field: &str) -> Vec<JqlValue> {
        let Some(field) = self.state.fields.get(field) else { return Vec::new() };
        let value = self.issue.value(&field.id);
        if values::is_empty(value) {
            return Vec::new();
        }
        let parts: &[Value] = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        parts.iter().filter_map(|part| self.part(field, part)).collect()
    }

    fn part(&self, field: &Field, part: &Value) -> Option<JqlValue> {
        match &field.kind {
            FieldKind::Plain(FieldType::RichText) => {
                Some(JqlValue::Text(part.as_str().map_or_else(|| adf::to_wiki(part), str::to_owned)))
            }
            FieldKind::Plain(FieldType::Number) => part.as_f64().map(JqlValue::Number),
            FieldKind::Plain(FieldType::Date) => part.as_str().and_then(|text| text.parse().ok()).map(JqlValue::Day),
            FieldKind::Plain(FieldType::DateTime) => part.as_str().and_then(time::parse_stamp).map(JqlValue::Time),
            FieldKind::Plain(FieldType::Text | FieldType::Url | FieldType::Labels | FieldType::EpicName) => {
                Some(JqlValue::Text(part.as_str()?.to_owned()))
            }
            FieldKind::Plain(FieldType::User | FieldType::Users) => {
                let id = part.as_str()?;
                Some(plain(id, &self.state.display(id)))
            }
            FieldKind::Plain(
                FieldType::Select(_) | FieldType::MultiSelect(_) | FieldType::Radio(_) | FieldType::Checkboxes(_),
            ) => {
                let id = part.as_str()?;
                Some(plain(id, &values::option_name(field, id).unwrap_or_default()))
            }
            FieldKind::Priority | FieldKind::Resolution | FieldKind::Status | FieldKind::IssueType => {
                let (id, name) = values::logged(self.state, field, part);
                Some(plain(&id?, &name.unwrap_or_default()))
            }
            FieldKind::Plain(
                FieldType::Cascade(_)
                | FieldType::Group
                | FieldType::Groups
                | FieldType::Version
                | FieldType::Versions
                | FieldType::Components
                | FieldType::Project
                | FieldType::Security
                | FieldType::EpicLink
                | FieldType::Sprint
                | FieldType::RequestType
                | FieldType::Opaque,
            )
            | FieldKind::Project
            | FieldKind::TimeTracking
            | FieldKind::Parent
            | FieldKind::Derived => None,
        }
    }
}

fn plain(id: &str, label: &str) -> JqlValue {
    JqlValue::Named { id: id.to_owned(), label: label.to_owned(), rank: None }
}
