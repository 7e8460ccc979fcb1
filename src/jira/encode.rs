//! Model to wire: the bodies of writes. Must never change a value, only its dress.

use serde_json::{Map, Value, json};

use super::fields::{ESTIMATES, FieldList, PARENT, TIME_TRACKING};
use super::wire::{MARK, OURS};
use super::{IssueDraft, IssueEdit};
use crate::model::catalog::{BELOW, Shape};
use crate::model::ids::{FieldId, IssueId};
use crate::model::issue::{NativeValue, Visibility};
use crate::model::operation::{NativeWrite, RemoteLink};
use crate::model::remark::Spent;
use crate::model::settings::Kind;
use crate::planted::{Bug, is_planted};

/// Writes bodies for one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoder<'a> {
    /// The kind.
    pub(super) kind: Kind,
    /// The instance's fields; where empty, ids and names decide.
    pub(super) fields: &'a FieldList,
}

impl Encoder<'_> {
    /// A value as this kind takes it.
    pub(super) fn value(self, field: &FieldId, value: &NativeValue) -> Value {
        match value {
            NativeValue::Empty if field.as_str() == "labels" => json!([]),
            NativeValue::Empty => Value::Null,
            NativeValue::Text(text) if self.fields.is_number(field) => {
                text.parse::<serde_json::Number>().map_or_else(|_| json!(text), Value::Number)
            }
            NativeValue::Text(text) | NativeValue::Wiki(text) => json!(text),
            NativeValue::Adf(value) | NativeValue::Other(value) => value.clone(),
            // By its number, and by nothing else.
            NativeValue::Named(named) if self.fields.shape(field) == Some(Shape::Sprint) => {
                named.id.parse::<u64>().map_or_else(|_| json!(named.name), |id| json!(id))
            }
            // A text, and never an object: Jira answers `Operation value must be a string`.
            NativeValue::Named(named) if self.fields.shape(field) == Some(Shape::Request) => json!(named.id),
            NativeValue::Named(named) if self.fields.shape(field) == Some(Shape::Project) => {
                json!({ "key": named.name })
            }
            NativeValue::Named(named) if !named.id.is_empty() => json!({ "id": named.id }),
            NativeValue::Named(named) if self.fields.shape(field) == Some(Shape::Cascade) => {
                match named.name.split_once(BELOW) {
                    Some((name, below)) => json!({ "value": name, "child": { "value": below } }),
                    None => json!({ "value": named.name }),
                }
            }
            NativeValue::Named(named) if self.fields.is_option(field) => json!({ "value": named.name }),
            NativeValue::Named(named) => json!({ "name": named.name }),
            NativeValue::Words(words) => words.iter().map(|word| self.element(field, word)).collect(),
            NativeValue::Person(person) => self.account(person.account.as_str()),
            NativeValue::Parent(above) if field.as_str() == PARENT => match above.issue {
                Some(issue) => json!({ "id": issue.to_string() }),
                None => json!({ "key": above.key }),
            },
            // An epic is named by its key alone.
            NativeValue::Parent(above) => json!(above.key),
            // Made and taken away one by one, never as a field.
            NativeValue::Links(_) => Value::Null,
        }
    }

    fn account(self, account: &str) -> Value {
        match self.kind {
            Kind::Cloud => json!({ "accountId": account }),
            Kind::DataCenter => json!({ "name": account }),
        }
    }

    /// An element of a set.
    fn element(self, field: &FieldId, word: &str) -> Value {
        if self.fields.shape(field) == Some(Shape::People) {
            return self.account(word);
        }
        self.fields.element_key(field).map_or_else(|| json!(word), |key| json!({ key: word }))
    }

    /// The body that creates one issue.
    pub(super) fn draft(self, draft: &IssueDraft) -> Value {
        let mut fields: Map<String, Value> =
            draft.fields.iter().map(|(id, value)| (id.to_string(), self.value(id, value))).collect();
        gather(&mut fields);
        // Fields that are empty at creation are left out: a screen without them would refuse even a null.
        fields.retain(|_, value| !value.is_null() && value != &json!([]));
        fields.insert("project".into(), json!({ "key": draft.project }));
        fields.insert("issuetype".into(), json!({ "name": draft.issue_type }));
        let marks = if is_planted(Bug::NoMark) { Vec::new() } else { vec![property(&draft.mark)] };
        json!({ "fields": fields, "properties": marks })
    }

    /// The body that edits fields.
    pub(super) fn edit(self, edit: &IssueEdit) -> Value {
        let (mut fields, mut update) = (Map::new(), Map::new());
        for (id, write) in &edit.fields {
            match write {
                // So it is taken away [v3].
                NativeWrite::Set(NativeValue::Empty) if id.as_str() == PARENT => {
                    update.insert(PARENT.to_owned(), json!([{ "set": { "none": true } }]));
                }
                NativeWrite::Set(value) => {
                    fields.insert(id.to_string(), self.value(id, value));
                }
                NativeWrite::Words { add, remove } => {
                    let remove = remove.iter().map(|word| json!({ "remove": self.element(id, word) }));
                    let add = add.iter().map(|word| json!({ "add": self.element(id, word) }));
                    let steps: Vec<Value> = add.chain(remove).collect();
                    update.insert(id.to_string(), Value::Array(steps));
                }
            }
        }
        gather(&mut fields);
        let mut body = json!({ "historyMetadata": metadata(&edit.tag) });
        if !fields.is_empty() {
            body["fields"] = Value::Object(fields);
        }
        if !update.is_empty() {
            body["update"] = Value::Object(update);
        }
        body
    }

    /// The body that takes a transition, with what its screen asks for.
    pub(super) fn transition(self, id: &str, edit: &IssueEdit) -> Value {
        let mut body = self.edit(edit);
        body["transition"] = json!({ "id": id });
        body
    }

    /// The body that changes a comment. Without properties: an array of them could publish an internal note (jira-facts 8).
    pub(super) fn comment_edit(self, body: &NativeValue) -> Value {
        if is_planted(Bug::PropertyOnCommentPut) {
            return json!({ "body": self.value(&FieldId::from("comment"), body), "properties": [property("")] });
        }
        json!({ "body": self.value(&FieldId::from("comment"), body) })
    }

    /// The body of logged work. Jira takes the time in milliseconds, with an offset without a colon, and in no other form. Data
    /// Center's worklogs have no properties.
    pub(super) fn work(self, spent: Spent, body: &NativeValue, mark: Option<&str>) -> Value {
        let started = spent.started.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string();
        let comment = self.value(&FieldId::from("worklog"), body);
        let mut work = json!({ "comment": comment, "started": started, "timeSpentSeconds": spent.seconds });
        if let Some(mark) = mark.filter(|_| self.kind == Kind::Cloud) {
            work["properties"] = json!([property(mark)]);
        }
        work
    }

    /// The body that adds a comment; `None` where its readers cannot be named: then nothing may be sent.
    pub(super) fn comment(self, body: &NativeValue, readers: &Visibility, mark: &str) -> Option<Value> {
        let mut properties = vec![property(mark)];
        let visibility = match readers {
            Visibility::Everybody => None,
            Visibility::Role(name) => Some(json!({ "type": "role", "value": name })),
            Visibility::Group(name) => Some(json!({ "type": "group", "value": name })),
            Visibility::Internal => {
                // The platform's `jsdPublic` is read-only; this works on both kinds (jira-facts 8).
                properties.push(json!({ "key": "sd.public.comment", "value": { "internal": true } }));
                None
            }
            Visibility::Other => return None,
        };
        let mut comment = json!({ "body": self.value(&FieldId::from("comment"), body), "properties": properties });
        if let Some(visibility) = visibility {
            comment["visibility"] = visibility;
        }
        Some(comment)
    }
}

/// Writes the estimates as Jira takes them: minutes, in one field. None at all is no minutes.
fn gather(fields: &mut Map<String, Value>) {
    let mut estimates = Map::new();
    for (field, part) in ESTIMATES {
        let Some(value) = fields.remove(field) else { continue };
        let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default();
        estimates.insert(part.to_owned(), json!(format!("{}m", seconds.div_ceil(60))));
    }
    if !estimates.is_empty() {
        fields.insert(TIME_TRACKING.to_owned(), Value::Object(estimates));
    }
}

/// The body of a remote link.
pub(super) fn link(link: &RemoteLink) -> Value {
    json!({
        "globalId": link.global_id,
        "application": { "type": OURS, "name": OURS },
        "relationship": link.relationship,
        "object": { "url": link.url, "title": link.title },
    })
}

/// The body of an issue link. The one named as inward shows the other as `outwardIssue` (jira-facts 10).
pub(super) fn issue_link(kind: &str, from: IssueId, to: IssueId) -> Value {
    json!({
        "type": { "name": kind },
        "inwardIssue": { "id": from.to_string() },
        "outwardIssue": { "id": to.to_string() },
    })
}

fn property(mark: &str) -> Value {
    json!({ "key": OURS, "value": { MARK: mark } })
}

fn metadata(tag: &str) -> Value {
    json!({ "type": OURS, "extraData": { MARK: tag } })
}
