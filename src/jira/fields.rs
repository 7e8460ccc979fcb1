//! The fields of an instance: what each holds, and which one a changelog entry means by a name. Must never guess where the
//! list knows.

use std::collections::BTreeMap;

use super::wire;
use crate::model::catalog::Shape;
use crate::model::ids::FieldId;

/// The instance's field list, by id.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldList {
    by_id: BTreeMap<FieldId, wire::Field>,
}

/// How changelog entries of both kinds name system fields, where it is not the id.
const LOG_NAMES: [(&str, &str); 13] = [
    ("status", "status"),
    ("issuetype", "issuetype"),
    ("issue type", "issuetype"),
    ("fix version", "fixVersions"),
    ("version", "versions"),
    ("component", "components"),
    ("due date", "duedate"),
    ("link", "issuelinks"),
    ("attachment", "attachment"),
    ("comment", "comment"),
    ("key", "issuekey"),
    ("parent", "parent"),
    ("issueparentassociation", PARENT),
];

/// The issue above: of sub-tasks on both kinds, of an epic's children on Cloud. Neither kind's field list need have it.
pub(super) const PARENT: &str = "parent";

/// How Cloud's changelog calls it; some entries come without a field's id (recorded).
const PARENT_LOGGED: &str = "IssueParentAssociation";

/// The links between issues.
pub(super) const LINKS: &str = "issuelinks";

/// The estimates: read as fields of their own, written together as parts of one.
pub(super) const ESTIMATES: [(&str, &str); 2] =
    [("timeoriginalestimate", "originalEstimate"), ("timeestimate", "remainingEstimate")];

/// The field that the estimates are written as.
pub(super) const TIME_TRACKING: &str = "timetracking";

impl FieldList {
    /// From `GET field`.
    #[must_use]
    pub(super) fn new(fields: Vec<wire::Field>) -> Self {
        Self { by_id: fields.into_iter().map(|field| (FieldId::new(field.id.clone()), field)).collect() }
    }

    /// Ids and display names.
    #[must_use]
    pub(super) fn names(&self) -> BTreeMap<FieldId, String> {
        let parent = (FieldId::from(PARENT), "Parent".to_owned());
        let listed = self.by_id.iter().map(|(id, field)| (id.clone(), field.name.clone()));
        std::iter::once(parent).chain(listed).collect()
    }

    /// Whether the field holds rich text (wiki markup on Data Center).
    #[must_use]
    pub(super) fn is_rich(&self, field: &FieldId) -> bool {
        let custom = self.schema(field).and_then(|schema| schema.custom.as_deref());
        matches!(field.as_str(), "description" | "environment")
            || custom.is_some_and(|custom| custom.ends_with(":textarea"))
    }

    /// What each field holds.
    #[must_use]
    pub(super) fn shapes(&self) -> BTreeMap<FieldId, Shape> {
        let parent = (FieldId::from(PARENT), Shape::Parent);
        let listed = self.by_id.keys().filter_map(|id| Some((id.clone(), self.shape(id)?)));
        listed.chain(std::iter::once(parent)).collect()
    }

    /// What a field holds; `None` where that is not told.
    #[must_use]
    pub(super) fn shape(&self, field: &FieldId) -> Option<Shape> {
        let schema = self.schema(field)?;
        if self.is_rich(field) {
            return Some(Shape::Rich);
        }
        if ESTIMATES.iter().any(|(id, _)| *id == field.as_str()) {
            return Some(Shape::Duration);
        }
        let is_of = |kind: &str| schema.custom.as_deref().is_some_and(|custom| custom.ends_with(kind));
        if is_of(":gh-sprint") {
            return Some(Shape::Sprint);
        }
        if is_of(":vp-origin") {
            return Some(Shape::Request);
        }
        Some(match (schema.kind.as_deref()?, schema.items.as_deref()) {
            ("string", _) => Shape::Text,
            // Jira counts by itself what it has of its own (`timespent`, `workratio`). What people cannot edit in the browser (`readonlyfield`,
            // `importid`) programs may fill in.
            ("number", _) if !field.is_custom() => Shape::Figure,
            ("number", _) => Shape::Number,
            ("votes", _) => Shape::Count,
            ("watches", _) => Shape::Watchers,
            ("date", _) => Shape::Day,
            // When an issue was made, changed or resolved is noted by Jira alone; so is when somebody first answered in a custom field.
            ("datetime", _) if is_of(":firstresponsedate") || !field.is_custom() => Shape::Stamp,
            ("datetime", _) => Shape::Moment,
            ("option", _) => Shape::Option,
            ("option-with-child", _) => Shape::Cascade,
            // Who made an issue is noted by Jira alone, which refuses it in every edit and creation.
            ("user", _) if field.as_str() == "creator" => Shape::Maker,
            ("user", _) => Shape::Person,
            ("group", _) => Shape::Group,
            ("version", _) => Shape::Version,
            // Only Jira's own picker is known to take what it shows.
            ("project", _) if is_of("customfieldtypes:project") => Shape::Project,
            ("project", _) => Shape::Title,
            ("priority" | "resolution" | "status" | "issuetype" | "securitylevel", _) => Shape::Named,
            ("array", Some("string")) => Shape::Words,
            ("array", Some("option")) => Shape::Options,
            ("array", Some("user")) => Shape::People,
            ("array", Some("group")) => Shape::Groups,
            ("array", Some("version")) => Shape::Versions,
            ("array", Some("component")) => Shape::Components,
            ("array", Some("issuelinks")) if field.as_str() == LINKS => Shape::Links,
            _ => Shape::Other,
        })
    }

    /// Data Center: the field that names the epic of an issue, by its key.
    #[must_use]
    pub(super) fn epic_link(&self) -> Option<FieldId> {
        self.of_software(":gh-epic-link")
    }

    /// Data Center: the field that names an epic for its children.
    #[must_use]
    pub(super) fn epic_name(&self) -> Option<FieldId> {
        self.of_software(":gh-epic-label")
    }

    fn of_software(&self, kind: &str) -> Option<FieldId> {
        let is_it = |field: &&wire::Field| {
            field
                .schema
                .as_ref()
                .and_then(|schema| schema.custom.as_deref())
                .is_some_and(|custom| custom.ends_with(kind))
        };
        self.by_id.values().find(is_it).map(|field| FieldId::new(&*field.id))
    }

    /// Whether the field holds a number.
    #[must_use]
    pub(super) fn is_number(&self, field: &FieldId) -> bool {
        self.schema(field).and_then(|schema| schema.kind.as_deref()) == Some("number")
    }

    /// How an element of a set is written: a bare word, or an object with its name under this key.
    #[must_use]
    pub(super) fn element_key(&self, field: &FieldId) -> Option<&'static str> {
        match self.schema(field).and_then(|schema| schema.items.as_deref()) {
            Some("option") => Some("value"),
            Some("component" | "version" | "group") => Some("name"),
            _ => None,
        }
    }

    /// Whether a name in it is an option's `value` (select) and not a `name` (version, group).
    #[must_use]
    pub(super) fn is_option(&self, field: &FieldId) -> bool {
        let kind = self.schema(field).and_then(|schema| schema.kind.as_deref());
        kind.map_or_else(|| field.as_str().starts_with("customfield_"), |kind| kind.starts_with("option"))
    }

    fn schema(&self, field: &FieldId) -> Option<&wire::Schema> {
        self.by_id.get(field).and_then(|field| field.schema.as_ref())
    }

    /// The fields that a changelog item may mean. Names are not unique: of several custom fields with one name all are
    /// given, because leaving the right one out would hide a person's change. Never empty.
    #[must_use]
    pub(super) fn meant_by(&self, item: &wire::Item) -> Vec<FieldId> {
        if item.field == PARENT_LOGGED {
            return vec![FieldId::from(PARENT)];
        }
        if let Some(id) = item.field_id.as_deref().filter(|id| !id.is_empty()) {
            return vec![FieldId::from(id)];
        }
        if item.fieldtype.as_deref() != Some("custom")
            && let Some(id) = self.system(&item.field)
        {
            return vec![id];
        }
        let named = |field: &&wire::Field| field.custom && field.name == item.field;
        let mut found: Vec<FieldId> = self.by_id.values().filter(named).map(|field| FieldId::new(&*field.id)).collect();
        // The epic is what an issue has above it.
        if self.epic_link().is_some_and(|link| found.contains(&link)) {
            found.push(FieldId::from(PARENT));
        }
        if found.is_empty() { vec![FieldId::from(item.field.as_str())] } else { found }
    }

    fn system(&self, name: &str) -> Option<FieldId> {
        let lower = name.to_lowercase();
        let known = LOG_NAMES.iter().find(|(log, _)| *log == lower).map(|(_, id)| *id);
        let by_id = |id: &str| self.by_id.values().find(|field| !field.custom && field.id.eq_ignore_ascii_case(id));
        let by_name = || self.by_id.values().find(|field| !field.custom && field.name.to_lowercase() == lower);
        let listed = known.map(FieldId::from).or_else(|| by_id(&lower).or_else(by_name).map(|f| FieldId::new(&*f.id)));
        // Without a list (Cloud never needs one) the ids of system fields are their log names.
        listed.or_else(|| self.by_id.is_empty().then(|| FieldId::new(lower)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> FieldList {
        let field = |id: &str, name: &str| wire::Field {
            id: id.into(),
            name: name.into(),
            custom: id.starts_with("customfield_"),
            schema: None,
        };
        FieldList::new(vec![
            field("summary", "Zusammenfassung"),
            field("status", "Status"),
            field("duedate", "Fälligkeit"),
            field("customfield_1", "Severity"),
            field("customfield_2", "Severity"),
            field("customfield_3", "Summary"),
        ])
    }

    fn meant(field: &str, kind: &str) -> Vec<String> {
        let item = wire::Item {
            field: field.into(),
            fieldtype: Some(kind.into()),
            field_id: None,
            from: None,
            from_string: None,
            to: None,
            to_string: None,
        };
        list().meant_by(&item).iter().map(ToString::to_string).collect()
    }

    /// What people cannot write is not taken for what they can: every write of it would be refused.
    #[test]
    fn what_jira_alone_writes_is_only_read() {
        const TYPES: &str = "com.atlassian.jira.plugin.system.customfieldtypes";
        let shape = |id: &str, kind: &str, custom: &str| {
            let custom = (!custom.is_empty()).then(|| custom.to_owned());
            let schema = serde_json::json!({ "type": kind, "custom": custom });
            let field = serde_json::json!({ "id": id, "name": id, "custom": custom.is_some(), "schema": schema });
            let field: wire::Field = serde_json::from_value(field).unwrap();
            FieldList::new(vec![field]).shape(&FieldId::from(id)).unwrap()
        };
        let custom = |kind: &str, name: &str| shape("customfield_1", kind, &format!("{TYPES}:{name}"));
        for id in ["timespent", "workratio", "aggregatetimespent"] {
            assert_eq!(shape(id, "number", ""), Shape::Figure, "{id}");
        }
        for id in ["created", "updated", "resolutiondate", "lastViewed", "statuscategorychangedate"] {
            assert_eq!(shape(id, "datetime", ""), Shape::Stamp, "{id}");
        }
        assert_eq!(custom("number", "importid"), Shape::Number);
        assert_eq!(custom("string", "readonlyfield"), Shape::Text);
        let first = shape("customfield_2", "datetime", "com.atlassian.jira.ext.charting:firstresponsedate");
        assert_eq!(first, Shape::Stamp);
        assert_eq!(shape("creator", "user", ""), Shape::Maker);
        // Those that people fill in are as they were.
        assert_eq!(shape("reporter", "user", ""), Shape::Person);
        assert_eq!(custom("user", "userpicker"), Shape::Person);
        assert_eq!(custom("number", "float"), Shape::Number);
        assert_eq!(custom("datetime", "datetime"), Shape::Moment);
        assert_eq!(custom("string", "textfield"), Shape::Text);
        assert_eq!(shape("timeestimate", "number", ""), Shape::Duration);
        assert_eq!(shape("duedate", "date", ""), Shape::Day);
    }

    #[test]
    fn names_in_changelogs_become_ids() {
        assert_eq!(meant("Status", "jira"), ["status"]);
        assert_eq!(meant("summary", "jira"), ["summary"]);
        assert_eq!(meant("duedate", "jira"), ["duedate"]);
        assert_eq!(meant("Zusammenfassung", "jira"), ["summary"]);
        assert_eq!(meant("Fix Version", "jira"), ["fixVersions"]);
        assert_eq!(meant("Summary", "custom"), ["customfield_3"]);
        assert_eq!(meant("Severity", "custom"), ["customfield_1", "customfield_2"]);
        assert_eq!(meant("Sprint", "custom"), ["Sprint"]);
    }
}
