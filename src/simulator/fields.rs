//! The field catalogue: system fields of both kinds, custom fields, their schemas and clause names.
//! Must never hold values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::setup::{FieldSetup, FieldType, Kind};
use super::state::{Field, FieldKind, State};

/// Prefix of Atlassian's own custom field types.
const CUSTOM: &str = "com.atlassian.jira.plugin.system.customfieldtypes:";
/// Prefix of those of Jira Software.
const SOFTWARE: &str = "com.pyxis.greenhopper.jira:";

/// Prefix of those of Jira Service Management.
const SERVICE_DESK: &str = "com.atlassian.servicedesk:";

/// The system fields of an instance.
pub(crate) fn system(kind: Kind) -> Vec<Field> {
    let plain = |id: &str, name: &str, kind: FieldType| field(id, name, FieldKind::Plain(kind));
    let derived = |id: &str, name: &str| field(id, name, FieldKind::Derived);
    let mut fields = vec![
        plain("summary", "Summary", FieldType::Text),
        plain("description", "Description", FieldType::RichText),
        plain("environment", "Environment", FieldType::RichText),
        plain("labels", "Labels", FieldType::Labels),
        plain("assignee", "Assignee", FieldType::User),
        plain("reporter", "Reporter", FieldType::User),
        plain("duedate", "Due date", FieldType::Date),
        plain("components", "Components", FieldType::Components),
        plain("versions", "Affects versions", FieldType::Versions),
        plain("fixVersions", "Fix versions", FieldType::Versions),
        plain("security", "Security Level", FieldType::Security),
        field("timetracking", "Time tracking", FieldKind::TimeTracking),
        field("parent", "Parent", FieldKind::Parent),
        plain("resolutiondate", "Resolved", FieldType::Opaque),
        plain("timeestimate", "Remaining Estimate", FieldType::Opaque),
        plain("timeoriginalestimate", "Original estimate", FieldType::Opaque),
        plain("timespent", "Time Spent", FieldType::Opaque),
        field("priority", "Priority", FieldKind::Priority),
        field("resolution", "Resolution", FieldKind::Resolution),
        field("status", "Status", FieldKind::Status),
        field("issuetype", "Issue Type", FieldKind::IssueType),
        field("project", "Project", FieldKind::Project),
        derived("creator", "Creator"),
        derived("created", "Created"),
        derived("updated", "Updated"),
        derived("comment", "Comment"),
        derived("issuelinks", "Linked Issues"),
        derived("subtasks", "Sub-tasks"),
        derived("attachment", "Attachment"),
        derived("watches", "Watchers"),
        derived("votes", "Votes"),
        derived("worklog", "Log Work"),
        derived("progress", "Progress"),
        derived("aggregateprogress", "\u{3a3} Progress"),
        derived("workratio", "Work Ratio"),
    ];
    if kind == Kind::Cloud {
        fields.push(plain("statuscategorychangedate", "Status Category Changed", FieldType::Opaque));
    }
    fields
}

fn field(id: &str, name: &str, kind: FieldKind) -> Field {
    Field {
        id: id.into(),
        name: name.into(),
        custom: false,
        kind,
        options: Vec::new(),
        children: Vec::new(),
        disabled: BTreeSet::new(),
    }
}

/// A custom field, or a system field beyond those of [`system`]; its options get ids from `next_option` on.
pub(crate) fn custom(setup: &FieldSetup, next_option: &mut u64) -> Field {
    let mut make = |name: &String| {
        *next_option += 1;
        (next_option.to_string(), name.clone())
    };
    let (mut options, mut children) = (Vec::new(), Vec::new());
    match &setup.kind {
        FieldType::Select(names)
        | FieldType::MultiSelect(names)
        | FieldType::Radio(names)
        | FieldType::Checkboxes(names) => options = names.iter().map(make).collect(),
        FieldType::Cascade(tree) => {
            for (name, below) in tree {
                let parent = make(name);
                children.extend(below.iter().map(&mut make).map(|(id, name)| (parent.0.clone(), id, name)));
                options.push(parent);
            }
        }
        FieldType::Text
        | FieldType::RichText
        | FieldType::Number
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Labels
        | FieldType::User
        | FieldType::Users
        | FieldType::Url
        | FieldType::Group
        | FieldType::Groups
        | FieldType::Version
        | FieldType::Versions
        | FieldType::Components
        | FieldType::Project
        | FieldType::Security
        | FieldType::EpicLink
        | FieldType::EpicName
        | FieldType::Sprint
        | FieldType::RequestType
        | FieldType::Opaque => {}
    }
    Field {
        id: setup.id.clone(),
        name: setup.name.clone(),
        custom: setup.id.starts_with("customfield_"),
        kind: if setup.kind == FieldType::EpicLink { FieldKind::Parent } else { FieldKind::Plain(setup.kind.clone()) },
        disabled: BTreeSet::new(),
        options,
        children,
    }
}

/// `schema.type`, `schema.items` and the custom type's key.
fn schema_parts(cloud: bool, field: &Field) -> (&'static str, Option<&'static str>, &'static str) {
    match &field.kind {
        FieldKind::Plain(kind) => match kind {
            FieldType::Text => ("string", None, "textfield"),
            FieldType::RichText => ("string", None, "textarea"),
            FieldType::Number => ("number", None, "float"),
            FieldType::Date => ("date", None, "datepicker"),
            FieldType::DateTime => ("datetime", None, "datetime"),
            FieldType::Labels => ("array", Some("string"), "labels"),
            FieldType::User => ("user", None, "userpicker"),
            FieldType::Users => ("array", Some("user"), "multiuserpicker"),
            FieldType::Select(_) => ("option", None, "select"),
            FieldType::MultiSelect(_) => ("array", Some("option"), "multiselect"),
            FieldType::Url => ("string", None, "url"),
            FieldType::Radio(_) => ("option", None, "radiobuttons"),
            FieldType::Checkboxes(_) => ("array", Some("option"), "multicheckboxes"),
            FieldType::Cascade(_) => ("option-with-child", None, "cascadingselect"),
            FieldType::Group => ("group", None, "grouppicker"),
            FieldType::Groups => ("array", Some("group"), "multigrouppicker"),
            FieldType::Version => ("version", None, "version"),
            FieldType::Versions => ("array", Some("version"), "multiversion"),
            FieldType::Components => ("array", Some("component"), ""),
            FieldType::Project => ("project", None, "project"),
            FieldType::Security => ("securitylevel", None, ""),
            FieldType::EpicLink | FieldType::EpicName => ("string", None, "gh-epic-label"),
            FieldType::Sprint => ("array", Some(if cloud { "json" } else { "string" }), "gh-sprint"),
            FieldType::RequestType => ("sd-customerrequesttype", None, "vp-origin"),
            FieldType::Opaque => match field.id.as_str() {
                "resolutiondate" | "statuscategorychangedate" => ("datetime", None, ""),
                "timeestimate" | "timeoriginalestimate" | "timespent" => ("number", None, ""),
                _ => ("any", None, "readonlyfield"),
            },
        },
        FieldKind::Priority => ("priority", None, ""),
        FieldKind::Resolution => ("resolution", None, ""),
        FieldKind::Status => ("status", None, ""),
        FieldKind::IssueType => ("issuetype", None, ""),
        FieldKind::Project => ("project", None, ""),
        FieldKind::TimeTracking => ("timetracking", None, ""),
        FieldKind::Parent if field.custom => ("any", None, "gh-epic-link"),
        FieldKind::Parent => ("issuelink", None, ""),
        FieldKind::Derived => match field.id.as_str() {
            "created" | "updated" => ("datetime", None, ""),
            "creator" => ("user", None, ""),
            "comment" => ("comments-page", None, ""),
            "issuelinks" => ("array", Some("issuelinks"), ""),
            "subtasks" => ("array", Some("issuelinks"), ""),
            "attachment" => ("array", Some("attachment"), ""),
            "watches" => ("watches", None, ""),
            "votes" => ("votes", None, ""),
            "worklog" => ("array", Some("worklog"), ""),
            "progress" | "aggregateprogress" => ("progress", None, ""),
            _ => ("number", None, ""),
        },
    }
}

/// The `schema` object of `GET field`, createmeta and editmeta.
pub(crate) fn schema(cloud: bool, field: &Field) -> Value {
    let (kind, items, custom) = schema_parts(cloud, field);
    let mut schema = json!({ "type": kind });
    if let Some(items) = items {
        schema["items"] = json!(items);
    }
    if field.custom {
        let prefix = match custom {
            "vp-origin" => SERVICE_DESK,
            custom if custom.starts_with("gh-") => SOFTWARE,
            _ => CUSTOM,
        };
        schema["custom"] = json!(format!("{prefix}{custom}"));
        if let Some(id) = field.id.strip_prefix("customfield_").and_then(|id| id.parse::<u64>().ok()) {
            schema["customId"] = json!(id);
        }
    } else {
        schema["system"] = json!(field.id);
    }
    schema
}

/// The names that JQL knows a field by.
pub(crate) fn clause_names(field: &Field) -> Vec<String> {
    if field.custom {
        let number = field.id.trim_start_matches("customfield_");
        return vec![format!("cf[{number}]"), field.name.clone()];
    }
    let names: &[&str] = match field.id.as_str() {
        "issuetype" => &["issuetype", "type"],
        "duedate" => &["due", "duedate"],
        "created" => &["created", "createdDate"],
        "updated" => &["updated", "updatedDate"],
        "resolutiondate" => &["resolutiondate", "resolved"],
        "versions" => &["affectedVersion"],
        "fixVersions" => &["fixVersion"],
        "components" => &["component"],
        "attachment" => &["attachments"],
        "watches" => &["watchers"],
        "timeestimate" => &["remainingEstimate", "timeestimate"],
        "timeoriginalestimate" => &["originalEstimate", "timeoriginalestimate"],
        "issuelinks" | "subtasks" | "worklog" | "progress" | "aggregateprogress" => &[],
        other => return vec![other.to_owned()],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether people may write this field at all (the screen aside).
pub(crate) fn is_writable(field: &Field) -> bool {
    match &field.kind {
        FieldKind::Plain(kind) => *kind != FieldType::Opaque,
        FieldKind::Priority | FieldKind::IssueType | FieldKind::TimeTracking | FieldKind::Parent => true,
        // Resolution is written by transitions; status by transitions only; the project by a move.
        FieldKind::Resolution | FieldKind::Status | FieldKind::Project | FieldKind::Derived => false,
    }
}

/// One row of `GET field`.
pub(crate) fn describe(state: &State, field: &Field) -> Value {
    let mut row = json!({
        "id": field.id,
        "name": field.name,
        "custom": field.custom,
        "orderable": is_writable(field),
        "navigable": !matches!(field.id.as_str(), "comment" | "attachment" | "worklog"),
        "searchable": true,
        "clauseNames": clause_names(field),
        "schema": schema(state.is_cloud(), field),
    });
    if state.is_cloud() {
        row["key"] = json!(field.id);
    }
    row
}

/// What may be done with the field in `update`.
pub(crate) fn operations(field: &Field) -> Value {
    match &field.kind {
        FieldKind::Plain(kind) if kind.is_set() => json!(["add", "set", "remove"]),
        FieldKind::TimeTracking => json!(["set", "edit"]),
        FieldKind::Plain(_)
        | FieldKind::Priority
        | FieldKind::Resolution
        | FieldKind::Status
        | FieldKind::IssueType
        | FieldKind::Project
        | FieldKind::Parent
        | FieldKind::Derived => json!(["set"]),
    }
}
