//! How Jira shows transitions, screens and the meta of their fields. Must never offer what the screen lacks.

use serde_json::{Map, Value, json};

use super::change::{self, Screen};
use super::render::View;
use super::setup::FieldType;
use super::state::{Field, FieldKind, Issue, Project, ThingKind, Transition};
use super::{fields, parents, permissions, values, workflow};

impl View<'_> {
    /// The transitions on offer.
    pub(crate) fn transitions(&self, project: &Project, issue: &Issue, with_fields: bool) -> Value {
        let offered = workflow::offered(self.state, project, issue, self.user);
        Value::Array(
            offered.into_iter().map(|transition| self.transition(project, issue, transition, with_fields)).collect(),
        )
    }

    fn transition(&self, project: &Project, issue: &Issue, transition: &Transition, with_fields: bool) -> Value {
        let to = self.state.status(&transition.to).map_or(Value::Null, |status| self.status(status));
        let mut body = json!({ "id": transition.id, "name": transition.name, "to": to });
        if self.state.is_cloud() {
            body["hasScreen"] = json!(!transition.screen.is_empty());
            body["isGlobal"] = json!(transition.from.is_empty());
            body["isInitial"] = json!(false);
            body["isAvailable"] = json!(true);
            body["isConditional"] = json!(!transition.needs.is_empty());
            body["looped"] = json!(issue.text("status") == Some(transition.to.as_str()));
        }
        if with_fields {
            let metas = transition.screen.iter().filter_map(|(name, required)| {
                let field = self.state.fields.get(name)?;
                Some((name.clone(), self.meta(project, field, *required)))
            });
            body["fields"] = metas.collect::<Map<_, _>>().into();
        }
        body
    }

    /// What editmeta, createmeta and transition screens say about a field.
    pub(crate) fn meta(&self, project: &Project, field: &Field, required: bool) -> Value {
        let mut meta = json!({
            "required": required, "schema": fields::schema(self.state.is_cloud(), field), "name": field.name,
            "hasDefaultValue": false, "operations": fields::operations(field),
        });
        if self.state.is_cloud() {
            meta["key"] = json!(field.id);
        } else {
            meta["fieldId"] = json!(field.id);
        }
        if let Some(allowed) = self.allowed(project, field) {
            meta["allowedValues"] = allowed;
        }
        meta
    }

    fn allowed(&self, project: &Project, field: &Field) -> Option<Value> {
        let all = |values: Vec<Value>| Some(Value::Array(values));
        match &field.kind {
            FieldKind::Priority => all(self.state.priorities.iter().map(|known| self.priority(known)).collect()),
            FieldKind::Resolution => all(self.state.resolutions.iter().map(|known| self.resolution(known)).collect()),
            FieldKind::IssueType => {
                let own = self.state.types.iter().filter(|kind| project.types.contains(&kind.id));
                all(own.map(|kind| self.issue_type(kind)).collect())
            }
            FieldKind::Project => all(vec![self.project(project)]),
            FieldKind::Plain(FieldType::Project) => {
                let known = self.state.projects.values();
                let shown = known.filter(|known| permissions::browses(self.state, known, self.user));
                all(shown.map(|known| self.project(known)).collect())
            }
            FieldKind::Plain(kind) => {
                if let Some((kind, _)) = values::thing_kind(kind) {
                    // An archived version is on no screen (memory).
                    let offered = self.state.things_of(&project.key, kind).filter(|thing| !thing.archived);
                    let offered = offered.filter(|thing| {
                        kind != ThingKind::SecurityLevel
                            || permissions::sees_level(self.state, project, None, self.user, &thing.id)
                    });
                    return all(offered.map(|thing| self.thing(thing)).collect());
                }
                let offered = field.options.iter().filter(|(id, _)| !field.disabled.contains(id)).map(|(id, _)| {
                    let mut option = self.option(field, id);
                    let below = field.children.iter().filter(|(above, ..)| above == id);
                    let below: Vec<Value> = below.map(|(_, child, _)| self.option(field, child)).collect();
                    if !below.is_empty() {
                        option["children"] = Value::Array(below);
                    }
                    option
                });
                if field.options.is_empty() { None } else { all(offered.collect()) }
            }
            FieldKind::TimeTracking | FieldKind::Status | FieldKind::Parent | FieldKind::Derived => None,
        }
    }

    /// The fields that this user may write on a screen for issues of a type, with their metadata.
    pub(crate) fn screen(&self, project: &Project, issue: Option<&Issue>, kind: &Value) -> Vec<(String, Value)> {
        let level = parents::level(self.state, kind);
        let creating = issue.is_none();
        let shown = self.state.fields.values().filter(|field| {
            change::is_on_screen(project, field, Screen::Project { creating })
                && parents::is_shown(self.state, field, level, creating)
                || (creating && field.kind == FieldKind::Project)
        });
        shown
            .filter(|field| {
                permissions::of_field(field)
                    .is_none_or(|key| permissions::holds(self.state, project, issue, self.user, key))
            })
            .map(|field| {
                let always = matches!(field.id.as_str(), "summary" | "issuetype" | "project")
                    || parents::is_required(field, level);
                (field.id.clone(), self.meta(project, field, always || project.required.contains(&field.id)))
            })
            .collect()
    }

    /// `editmeta`; empty without `EDIT_ISSUES` or in a status that refuses edits.
    pub(crate) fn editmeta(&self, project: &Project, issue: &Issue) -> Value {
        let editable = issue.text("status").and_then(|id| self.state.status(id)).is_none_or(|status| status.editable);
        if !editable || !permissions::holds(self.state, project, Some(issue), self.user, "EDIT_ISSUES") {
            return json!({ "fields": {} });
        }
        json!({ "fields": self.screen(project, Some(issue), issue.value("issuetype")).into_iter().collect::<Map<_, _>>() })
    }
}
