//! Wire to model: an issue's JSON as a snapshot, its values by what the field list says or by their shape. Must never turn
//! something unreadable into something empty.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fields::{FieldList, LINKS, PARENT};
use super::files::Row;
use super::wire::{self, MARK, OURS};
use super::{Failure, Want, lenient};
use crate::model::catalog::{BELOW, Shape};
use crate::model::ids::{AccountId, CommentId, EntryId, FieldId, IssueId, IssueKey};
use crate::model::issue::{
    Above, AttachmentSnapshot, CommentSnapshot, Comments, IssueLink, IssueSnapshot, LogEntry, LogItem, Named,
    NativeValue, Person, ScreenField, TransitionOffer, Visibility,
};
use crate::model::settings::Kind;
use crate::planted::{Bug, is_planted};

/// As many entries as `expand=changelog` is documented to give at most (Cloud's bulkfetch). As many or more may be a part.
const CLOUD_LOG_CAP: usize = 40;

/// Reads JSON into a type; what cannot be read is named by its path.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    strictly(body).or_else(|failure| match lenient::whole_characters(body) {
        Cow::Owned(whole) => strictly(&whole),
        Cow::Borrowed(_) => Err(failure),
    })
}

fn strictly<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable(&error))?;
    json.end().map_err(|error| Failure::Unreadable(error.to_string()))?;
    Ok(value)
}

/// Reads a part of an answer into a type.
pub(super) fn part<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(value).map_err(|error| unreadable(&error))
}

/// Reads a row of a search for times.
pub(super) fn touched(row: Value) -> Result<(IssueId, jiff::Timestamp), Failure> {
    let row: wire::Touched = part(row)?;
    let id = row.id.number().ok_or_else(|| Failure::Unreadable("an id that is no number".to_owned()))?;
    Ok((IssueId(id), row.fields.updated.0))
}

fn unreadable<E: std::error::Error>(error: &serde_path_to_error::Error<E>) -> Failure {
    Failure::Unreadable(format!("at `{}`: {}", error.path(), error.inner()))
}

/// Reads answers of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder<'a> {
    /// The kind.
    pub(super) kind: Kind,
    /// The instance's fields; may be empty on Cloud.
    pub(super) fields: &'a FieldList,
}

/// The ids of what a field shows, by name; `None`: it shows nothing that has both.
fn ids(value: &Value) -> Option<BTreeMap<String, String>> {
    let of = |thing: &Value| {
        let name = thing.get("name")?.as_str()?;
        Some((name.to_owned(), thing.get("id").and_then(wire::id_text)?))
    };
    let all: BTreeMap<String, String> = match value {
        Value::Array(list) => list.iter().filter_map(of).collect(),
        Value::Object(_) => of(value).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    (!all.is_empty()).then_some(all)
}

impl Decoder<'_> {
    /// A whole issue.
    pub(super) fn issue(self, value: Value, want: &Want) -> Result<IssueSnapshot, Failure> {
        let issue: wire::Issue = part(value)?;
        let field = |name: &str| issue.fields.get(name).filter(|value| !value.is_null());
        let must = |name: &str| {
            field(name).cloned().ok_or_else(|| Failure::Unreadable(format!("issue {}: no `{name}`", issue.key)))
        };
        let id = issue.id.number().ok_or_else(|| Failure::Unreadable(format!("issue id `{}`", issue.id.0)))?;
        let created: wire::Stamp = part(must("created")?)?;
        let updated: wire::Stamp = part(must("updated")?)?;
        let issue_type: wire::Thing = part(must("issuetype")?)?;
        let project = must("project")?;
        let project_key = project.get("key").and_then(Value::as_str);
        let project_key = project_key.ok_or_else(|| Failure::Unreadable("no `project.key`".into()))?;
        let creator = field("creator").cloned().map(part::<wire::User>).transpose()?;
        // A field that is empty comes as null. One that does not come is not there, or hidden, or not for such issues. Whose parent is nothing,
        // Cloud does not say so.
        let comes = |id: &&FieldId| id.as_str() == PARENT || issue.fields.contains_key(id.as_str());
        let values = want.fields.iter().filter(comes).map(|id| {
            let value = match id.as_str() {
                PARENT => self.above(&issue.fields),
                name => self.value(id, issue.fields.get(name)),
            };
            (id.clone(), value)
        });
        let comments = match field("comment") {
            Some(page) => self.comments_in_issue(page.clone(), &project)?,
            None => Comments::default(),
        };
        let worklogs = field("worklog").filter(|_| want.worklogs).map(|page| self.worklogs_in_issue(page.clone()));
        let worklogs = worklogs.transpose()?.unwrap_or_default();
        // Where it does not come, nothing is known: it is not empty.
        let told = want.attachments && issue.fields.contains_key("attachment");
        let attachments = told.then(|| self.files(field("attachment"))).transpose()?;
        let watched = field("watches").filter(|_| want.watches).and_then(super::watchers::count);
        let (log, log_whole) = self.log(issue.changelog)?;
        let level = field("security").filter(|_| !is_planted(Bug::LevelIgnored));
        let mark = issue.properties.as_ref().and_then(|all| all.get(OURS)).and_then(mark_in);
        Ok(IssueSnapshot {
            id: IssueId(id),
            key: IssueKey::new(issue.key.clone()),
            project: project_key.to_owned(),
            service_desk: is_a_desk(&project),
            created: created.0,
            updated: updated.0,
            creator: creator.and_then(|user| self.person(user)),
            issue_type: Named { id: issue_type.id.0, name: issue_type.name },
            restricted: level.is_some(),
            level: level.and_then(|level| level.get("name")?.as_str()).map(str::to_owned),
            tells_level: issue.fields.contains_key("security"),
            fields: values.collect(),
            ids: want.fields.iter().filter_map(|id| Some((id.clone(), ids(issue.fields.get(id.as_str())?)?))).collect(),
            comments,
            worklogs,
            attachments,
            watched,
            log,
            log_whole,
            mark,
            transitions: issue.transitions.map(offers).filter(|_| want.transitions),
        })
    }

    /// The issue above: `parent`, and where there is none, on Data Center, the epic.
    fn above(self, fields: &serde_json::Map<String, Value>) -> NativeValue {
        let there = |name: &str| fields.get(name).filter(|value| !value.is_null());
        if let Some(parent) = there(PARENT) {
            let key = parent.get("key").and_then(Value::as_str);
            let issue = parent.get("id").and_then(wire::id_text).and_then(|id| id.parse().ok()).map(IssueId);
            return match key {
                Some(key) => NativeValue::Parent(Above { issue, key: IssueKey::new(key) }),
                None => NativeValue::Other(parent.clone()),
            };
        }
        let epic = self.fields.epic_link().filter(|_| self.kind == Kind::DataCenter);
        match epic.and_then(|link| there(link.as_str()).cloned()) {
            Some(Value::String(key)) if !key.is_empty() => {
                NativeValue::Parent(Above { issue: None, key: IssueKey::new(key) })
            }
            Some(Value::String(_)) | None => NativeValue::Empty,
            Some(other) => NativeValue::Other(other),
        }
    }

    fn files(self, files: Option<&Value>) -> Result<Vec<AttachmentSnapshot>, Failure> {
        let rows: Vec<Row> = files.cloned().map(part).transpose()?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| row.snapshot(self)).collect())
    }

    /// The value of a field. Missing and null are empty.
    pub(super) fn value(self, field: &FieldId, value: Option<&Value>) -> NativeValue {
        let Some(value) = value.filter(|value| !value.is_null()) else { return NativeValue::Empty };
        if self.fields.shape(field) == Some(Shape::Sprint) {
            return super::sprints::read(value);
        }
        if let Some(text) = value.as_str() {
            let rich = self.kind == Kind::DataCenter && self.fields.is_rich(field);
            return if rich { NativeValue::Wiki(text.to_owned()) } else { NativeValue::Text(text.to_owned()) };
        }
        if value.is_number() || value.is_boolean() {
            return NativeValue::Text(value.to_string());
        }
        if let (LINKS, Some(list)) = (field.as_str(), value.as_array()) {
            let links: Option<BTreeSet<IssueLink>> = list.iter().filter_map(link).collect();
            return links.map_or_else(|| NativeValue::Other(value.clone()), NativeValue::Links);
        }
        if let Some(list) = value.as_array() {
            let word = |element: &Value| {
                // Somebody is known by their account, not by a word.
                if element.get("displayName").is_some() {
                    let user: wire::User = part(element.clone()).ok()?;
                    return self.person(user).map(|person| person.account.to_string());
                }
                let named = element.get("value").or_else(|| element.get("name")).and_then(Value::as_str);
                element.as_str().or(named).map(str::to_owned)
            };
            let words: Option<BTreeSet<String>> = list.iter().map(word).collect();
            return words.map_or_else(|| NativeValue::Other(value.clone()), NativeValue::Words);
        }
        self.object(field, value)
    }

    fn object(self, field: &FieldId, value: &Value) -> NativeValue {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        if text("type") == Some("doc") {
            return NativeValue::Adf(value.clone());
        }
        if let (Some(Shape::Count) | None, Some(votes)) = (self.fields.shape(field), value.get("votes")) {
            return NativeValue::Text(votes.to_string());
        }
        if let Ok(user) = part::<wire::User>(value.clone())
            && value.get("displayName").is_some()
            && let Some(person) = self.person(user)
        {
            return NativeValue::Person(person);
        }
        // Its key is its own in the whole Jira, and is what is written; its name is changed more easily.
        if self.is_chosen_project(field, value) {
            return text("key").map_or_else(
                || NativeValue::Other(value.clone()),
                |key| NativeValue::Named(Named { id: String::new(), name: key.to_owned() }),
            );
        }
        // A service desk's request type lies one deeper, beside what customers see of the status.
        if let Some(inner) = value.get("requestType").filter(|inner| inner.is_object()) {
            return self.object(field, inner);
        }
        let id = value.get("id").or_else(|| value.get("groupId")).and_then(wire::id_text);
        match (id, text("name").or_else(|| text("value")), value.pointer("/child/value").and_then(Value::as_str)) {
            // A cascading select has a child: more than one name.
            (_, Some(name), Some(below)) => {
                NativeValue::Named(Named { id: String::new(), name: format!("{name}{BELOW}{below}") })
            }
            (Some(id), Some(name), None) => NativeValue::Named(Named { id, name: name.to_owned() }),
            // A group of Data Center has no id.
            (None, Some(name), None) if self.fields.shape(field) == Some(Shape::Group) => {
                NativeValue::Named(Named { id: String::new(), name: name.to_owned() })
            }
            _ => NativeValue::Other(value.clone()),
        }
    }

    /// Whether a custom field holds a project. Where the list of fields was not read yet, Cloud's answer says it.
    fn is_chosen_project(self, field: &FieldId, value: &Value) -> bool {
        let is_one = match self.fields.shape(field) {
            Some(shape) => shape == Shape::Project,
            None => value.get("projectTypeKey").is_some(),
        };
        is_one && field.as_str().starts_with("customfield_")
    }

    /// A user, if the answer says who it is.
    pub(super) fn person(self, user: wire::User) -> Option<Person> {
        let account = match self.kind {
            Kind::Cloud => user.account_id,
            Kind::DataCenter => user.name.or(user.key),
        };
        let account = account.filter(|account| !account.is_empty())?;
        Some(Person {
            display_name: user.display_name.unwrap_or_else(|| account.clone()),
            account: AccountId::new(account),
            email: user.email_address.filter(|email| !email.is_empty()),
        })
    }

    /// The history that came with an issue, oldest first, and whether it is all of it.
    fn log(self, changelog: Option<wire::Changelog>) -> Result<(Vec<LogEntry>, bool), Failure> {
        let Some(changelog) = changelog else { return Ok((Vec::new(), false)) };
        let count = changelog.histories.len();
        let none_left_out =
            changelog.total.is_none_or(|total| usize::try_from(total).is_ok_and(|total| total <= count));
        // Cloud's `total` is "the number of results on the page" [v3], so it alone proves nothing there.
        let whole = none_left_out && (self.kind == Kind::DataCenter || count < CLOUD_LOG_CAP);
        Ok((self.entries(changelog.histories)?, whole))
    }

    /// Changelog entries, oldest first whatever their order was.
    pub(super) fn entries(self, entries: Vec<wire::Entry>) -> Result<Vec<LogEntry>, Failure> {
        let mut log = entries.into_iter().map(|entry| self.entry(entry)).collect::<Result<Vec<_>, _>>()?;
        log.sort_by_key(|entry| entry.id);
        log.dedup_by_key(|entry| entry.id);
        Ok(log)
    }

    fn entry(self, entry: wire::Entry) -> Result<LogEntry, Failure> {
        let id = entry.id.number().ok_or_else(|| Failure::Unreadable(format!("changelog id `{}`", entry.id.0)))?;
        let ours = entry.history_metadata.filter(|metadata| metadata.kind.as_deref() == Some(OURS));
        let tag = ours.and_then(|metadata| metadata.extra_data).and_then(|mut data| data.remove(MARK));
        let items = entry.items.into_iter().flat_map(|item| {
            let fields = self.fields.meant_by(&item);
            let text = |value: &Option<Value>| value.as_ref().and_then(plain);
            let (from, to) = (text(&item.from), text(&item.to));
            fields.into_iter().map(move |field| LogItem {
                field,
                from: from.clone(),
                from_text: item.from_string.clone(),
                to: to.clone(),
                to_text: item.to_string.clone(),
            })
        });
        Ok(LogEntry {
            id: EntryId(id),
            created: entry.created.0,
            author: entry.author.and_then(|user| self.person(user)).map(|person| person.account),
            tag: tag.as_ref().and_then(Value::as_str).map(str::to_owned),
            items: items.collect(),
        })
    }

    /// The comments that came as a field. Without their properties Data Center does not show which are internal to a service
    /// desk, so there they count as incomplete and are left out.
    fn comments_in_issue(self, page: Value, project: &Value) -> Result<Comments, Failure> {
        let page: wire::CommentPage = part(page)?;
        if self.kind == Kind::DataCenter && is_a_desk(project) != Some(false) && !page.comments.is_empty() {
            return Ok(Comments { complete: is_planted(Bug::DeleteUnderPartialListing), ..Comments::default() });
        }
        let complete = page.total == Some(page.comments.len());
        Ok(Comments { list: self.comments(page.comments), complete })
    }

    /// Comments, oldest first.
    pub(super) fn comments(self, comments: Vec<wire::Comment>) -> Vec<CommentSnapshot> {
        let mut list: Vec<(u64, CommentSnapshot)> = comments
            .into_iter()
            .map(|comment| (comment.id.number().unwrap_or(u64::MAX), self.comment(comment)))
            .collect();
        list.sort_by_key(|(id, comment)| (comment.created, *id));
        let mut list: Vec<CommentSnapshot> = list.into_iter().map(|(_, comment)| comment).collect();
        // No contract says whether an answer is internal with what it answers, as it inherits a `visibility` (v3). Who answers among
        // the service desk's people speaks to them, and who answers what goes nowhere to those who read that.
        let hidden =
            |comment: &&CommentSnapshot| matches!(comment.visibility, Visibility::Internal | Visibility::Other);
        let hidden = list.iter().filter(hidden).map(|comment| (comment.id.clone(), comment.visibility.clone()));
        let mut hidden: BTreeMap<CommentId, Visibility> = hidden.collect();
        let all: BTreeSet<CommentId> = list.iter().map(|comment| comment.id.clone()).collect();
        // An answer comes after what it answers.
        for answer in list.iter_mut().filter(|answer| answer.visibility == Visibility::Everybody) {
            let Some(parent) = &answer.parent else { continue };
            answer.answers_lost = !all.contains(parent);
            if let Some(readers) = hidden.get(parent).cloned() {
                hidden.insert(answer.id.clone(), readers.clone());
                answer.visibility = readers;
            }
        }
        list
    }

    fn comment(self, comment: wire::Comment) -> CommentSnapshot {
        let internal = comment.jsd_public == Some(false) || comment.properties.iter().any(is_internal);
        let visibility = match comment.visibility.as_ref().filter(|visibility| !visibility.is_null()) {
            None if internal => Visibility::Internal,
            None => Visibility::Everybody,
            // Restricted twice: no word is fit for it.
            Some(_) if internal => Visibility::Other,
            Some(_) if is_planted(Bug::RestrictedCrosses) => Visibility::Everybody,
            Some(visibility) => readers(visibility),
        };
        let body = self.body(comment.body);
        CommentSnapshot {
            id: CommentId::new(comment.id.0),
            author: comment.author.and_then(|user| self.person(user)),
            created: comment.created.0,
            updated: comment.updated.map_or(comment.created.0, |updated| updated.0),
            body,
            changed_by: comment.update_author.and_then(|user| self.person(user)).map(|person| person.account),
            visibility,
            answers_lost: false,
            parent: comment.parent_id.as_ref().and_then(wire::id_text).map(CommentId::new),
            spent: None,
            mark: None,
        }
    }

    /// What somebody says.
    pub(super) fn body(self, body: Value) -> NativeValue {
        match (self.kind, body.as_str()) {
            (Kind::DataCenter, Some(text)) => NativeValue::Wiki(text.to_owned()),
            (Kind::Cloud, _) if body.get("type").and_then(Value::as_str) == Some("doc") => NativeValue::Adf(body),
            (_, Some(text)) => NativeValue::Text(text.to_owned()),
            (_, None) if body.is_null() => NativeValue::Empty,
            (_, None) => NativeValue::Other(body),
        }
    }
}

/// The readers that a `visibility` of a comment or worklog names.
pub(super) fn readers(visibility: &Value) -> Visibility {
    let text = |name: &str| visibility.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    match (text("type"), text("value")) {
        (Some("role"), Some(name)) => Visibility::Role(name.to_owned()),
        (Some("group"), Some(name)) => Visibility::Group(name.to_owned()),
        _ => Visibility::Other,
    }
}

/// Whether a project is a service desk's (`projectTypeKey`), where Jira says what it is.
fn is_a_desk(project: &Value) -> Option<bool> {
    project.get("projectTypeKey").and_then(Value::as_str).map(|kind| kind == "service_desk")
}

/// `sd.public.comment` with `{"internal": true}`; anything else under that key is taken for internal too, to be safe.
fn is_internal(property: &wire::Property) -> bool {
    property.key == "sd.public.comment" && property.value.get("internal") != Some(&Value::Bool(false))
}

/// Our sealed mark in the value of our property.
pub(super) fn mark_in(value: &Value) -> Option<String> {
    value.get(MARK).and_then(Value::as_str).map(str::to_owned)
}

/// The transitions on offer.
pub(super) fn offers(transitions: Vec<wire::Transition>) -> Vec<TransitionOffer> {
    let available = transitions.into_iter().filter(|transition| transition.is_available != Some(false));
    let offer = |transition: wire::Transition| TransitionOffer {
        id: transition.id.0,
        name: transition.name,
        to: Named { id: transition.to.id.0, name: transition.to.name },
        shows: transition.fields.keys().map(|id| FieldId::from(id.as_str())).collect(),
        required: transition
            .fields
            .into_iter()
            .filter(|(_, field)| field.required && !field.has_default_value)
            .map(|(id, field)| ScreenField {
                name: field.name.unwrap_or_else(|| id.clone()),
                id: FieldId::from(id.as_str()),
            })
            .collect(),
    };
    available.map(offer).collect()
}

/// One link of an issue. `None`: its other end is not shown. `Some(None)`: it cannot be read.
fn link(value: &Value) -> Option<Option<IssueLink>> {
    let (end, outward) = match (value.get("outwardIssue"), value.get("inwardIssue")) {
        (Some(end), _) => (end, true),
        (None, Some(end)) => (end, false),
        (None, None) => return None,
    };
    let read = || {
        Some(IssueLink {
            id: value.get("id").and_then(wire::id_text)?,
            kind: value.pointer("/type/name")?.as_str()?.to_owned(),
            outward,
            issue: IssueId(end.get("id").and_then(wire::id_text)?.parse().ok()?),
            key: IssueKey::new(end.get("key")?.as_str()?),
        })
    };
    Some(read())
}

fn plain(value: &Value) -> Option<String> {
    if value.is_null() { None } else { Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A recorded file, or `None` (said plainly) where the shared data is absent.
    fn recorded(path: &str) -> Option<String> {
        let shared = std::env::var("JIRASYNCD_SHARED")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
        let text = std::fs::read_to_string(PathBuf::from(shared).join("recorded").join(path));
        if text.is_err() {
            println!("skipped: shared data absent");
        }
        text.ok()
    }

    fn lines(path: &str) -> Option<Vec<Value>> {
        Some(recorded(path)?.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    #[test]
    fn row_081_half_a_character_makes_no_answer_unreadable() {
        let read = |body: &str| read::<Value>(body.as_bytes());
        assert_eq!(read(r#"{ "summary": "cut \ud83d" }"#).unwrap()["summary"], "cut \u{fffd}");
        assert!(matches!(read(r#"{ "summary": "\ud83d" "#), Err(Failure::Unreadable(_))));
    }

    #[test]
    fn row_027_json_nested_without_end_is_refused_in_words() {
        let deep = format!("{{\"description\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let Err(Failure::Unreadable(why)) = read::<Value>(deep.as_bytes()) else { panic!("refused") };
        assert!(why.contains("recursion limit"), "{why}");
    }

    fn all_fields(row: &Value) -> Want {
        let fields = row["fields"].as_object().unwrap().keys().map(|id| FieldId::from(id.as_str())).collect();
        Want { fields, comments: true, worklogs: true, attachments: true, watches: true, mark: true, transitions: true }
    }

    fn value(snapshot: &IssueSnapshot, field: &str) -> NativeValue {
        snapshot.fields[&FieldId::from(field)].clone()
    }

    #[test]
    fn an_answer_has_the_readers_of_what_it_answers() {
        use serde_json::json;
        let role = json!({ "type": "role", "value": "Few" });
        let comment = |id: u64, answers: Option<u64>, public: bool, visibility: &Value| {
            json!({ "id": id.to_string(), "body": "words", "created": format!("2026-03-10T08:30:0{id}.000+0000"),
                "jsdPublic": public, "parentId": answers, "visibility": visibility })
        };
        let list = json!([
            comment(1, None, false, &Value::Null),
            comment(2, None, false, &role),
            comment(3, Some(1), true, &Value::Null),
            comment(4, Some(2), true, &Value::Null),
            comment(5, Some(4), true, &Value::Null),
            comment(6, Some(9), true, &Value::Null),
        ]);
        let fields = FieldList::default();
        let read = Decoder { kind: Kind::Cloud, fields: &fields }.comments(part(list).unwrap());
        let readers: Vec<Visibility> = read.iter().map(|comment| comment.visibility.clone()).collect();
        let (inside, nowhere) = (Visibility::Internal, Visibility::Other);
        let due = [&inside, &nowhere, &inside, &nowhere, &nowhere, &Visibility::Everybody].map(Clone::clone);
        assert_eq!(readers, due);
        assert_eq!(read.iter().filter(|comment| comment.answers_lost).count(), 1);
    }

    #[test]
    fn real_cloud_issues_with_their_histories_are_read_whole() {
        let Some(rows) = lines("apache+incubator-devlake/raw_jira_api_issues.jsonl") else { return };
        assert_eq!(rows.len(), 33);
        let fields = FieldList::default();
        let decoder = Decoder { kind: Kind::Cloud, fields: &fields };
        for row in rows {
            let want = all_fields(&row);
            let issue = decoder.issue(row.clone(), &want).unwrap();
            assert_eq!(issue.log.len(), row["changelog"]["histories"].as_array().unwrap().len());
            assert!(issue.log_whole && issue.log.windows(2).all(|pair| pair[0].id < pair[1].id));
            assert!(issue.log.iter().all(|entry| entry.tag.is_none() && entry.author.is_some()));
            assert!(matches!(value(&issue, "status"), NativeValue::Named(_)));
            assert!(matches!(value(&issue, "labels"), NativeValue::Words(_)));
            assert!(matches!(value(&issue, "creator"), NativeValue::Person(_)));
            assert!(matches!(value(&issue, "summary"), NativeValue::Text(_)));
            assert!(!issue.restricted && issue.comments.complete);
            assert_eq!(issue.comments.list.len(), row["fields"]["comment"]["comments"].as_array().unwrap().len());
            // Larger ids are later. But entries may be some milliseconds later than `updated`, or, where an administrator
            // migrated a workflow, days: `updated` bounds no entry.
            assert!(issue.log.windows(2).all(|pair| pair[0].created <= pair[1].created), "{}", issue.key);
            assert!(issue.created <= issue.updated);
        }
    }

    #[test]
    fn real_server_issues_are_read_and_their_comments_not_trusted() {
        let Some(rows) = lines("apache+incubator-devlake/raw_jira_api_issue_relationships.jsonl") else { return };
        assert_eq!(rows.len(), 22);
        let fields = FieldList::default();
        let decoder = Decoder { kind: Kind::DataCenter, fields: &fields };
        for row in rows {
            let want = all_fields(&row);
            let issue = decoder.issue(row.clone(), &want).unwrap();
            assert!(issue.log_whole);
            assert!(matches!(value(&issue, "description"), NativeValue::Wiki(_) | NativeValue::Empty));
            assert!(issue.creator.is_some_and(|creator| creator.account.as_str() == "admin"));
            // That server does not say what kind of project it is, so comments could be a service desk's.
            let count = row["fields"]["comment"]["comments"].as_array().unwrap().len();
            assert!(issue.comments.list.is_empty() && issue.comments.complete == (count == 0));
        }
    }

    #[test]
    fn real_changelogs_and_fields_are_read() {
        let Some(entries) = lines("apache+incubator-devlake/raw_jira_api_issue_changelogs.jsonl") else { return };
        let Some(list) = recorded("openedx+openedx-webhooks/fields.json") else { return };
        let fields = FieldList::new(read(list.as_bytes()).unwrap());
        assert!(fields.names().len() > 100 && fields.is_rich(&FieldId::from("description")));
        let decoder = Decoder { kind: Kind::Cloud, fields: &fields };
        let entries: Vec<wire::Entry> = entries.into_iter().map(|entry| part(entry).unwrap()).collect();
        let log = decoder.entries(entries).unwrap();
        assert!(log.len() > 250 && log.iter().all(|entry| !entry.items.is_empty()));
        assert!(log.iter().flat_map(|entry| &entry.items).any(|item| item.field.as_str() == "status"));
    }

    #[test]
    fn atlassians_own_fixtures_of_its_client_are_read() {
        for (name, comments) in [
            ("valid-all-expanded", 3),
            ("valid-5.0-with-changelog", 0),
            ("valid-anonymous-comment", 0),
            ("valid-visibility", 0),
            ("valid-unassigned-no-time-tracking", 0),
            ("valid-user-picker-custom-field-filled-out", 0),
        ] {
            let Some(text) = recorded(&format!("schrepfler+jira-rest-java-client/issue/{name}.json")) else { return };
            let row: Value = serde_json::from_str(&text).unwrap();
            let fields = FieldList::default();
            let decoder = Decoder { kind: Kind::DataCenter, fields: &fields };
            if row["fields"]["created"].is_null() {
                // Jira 4's shape, long gone: an error that names the place, no panic.
                assert!(matches!(decoder.issue(row, &Want::default()), Err(Failure::Unreadable(_))), "{name}");
                continue;
            }
            let list = part::<wire::CommentPage>(row["fields"]["comment"].clone()).unwrap().comments;
            let read = decoder.comments(list);
            assert!(read.len() >= comments, "{name}: {}", read.len());
            assert!(read.windows(2).all(|pair| pair[0].created <= pair[1].created));
            let want = all_fields(&row);
            let issue = decoder.issue(row, &want).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert!(issue.log.iter().all(|entry| entry.id > EntryId(0)));
        }
    }

    #[test]
    fn a_project_picker_is_known_by_its_key_with_and_without_the_list_of_fields() {
        use serde_json::json;
        let schema = |custom: &str| json!({ "type": "project", "custom": custom });
        let list: Vec<wire::Field> = part(json!([
            { "id": "customfield_1", "schema": schema("com.atlassian.jira.plugin.system.customfieldtypes:project") },
            { "id": "customfield_2", "schema": schema("com.example.app:project") },
            { "id": "project", "schema": { "type": "project", "system": "project" } },
        ]))
        .unwrap();
        let (known, unknown) = (FieldList::new(list), FieldList::default());
        let shape = |id: &str| known.shape(&FieldId::from(id));
        let shapes = ["customfield_1", "customfield_2", "project"].map(shape);
        assert_eq!(shapes, [Some(Shape::Project), Some(Shape::Title), Some(Shape::Title)]);
        let value = json!({ "id": "10000", "key": "SUP", "name": "Support", "projectTypeKey": "software" });
        let name = |fields: &FieldList, id: &str, value: &Value| {
            let read = Decoder { kind: Kind::Cloud, fields }.value(&FieldId::from(id), Some(value));
            let NativeValue::Named(named) = read else { panic!("{id}: {read:?}") };
            named.name
        };
        for (fields, others) in [(&known, "Support"), (&unknown, "SUP")] {
            let shown = ["customfield_1", "customfield_2", "project"].map(|id| name(fields, id, &value));
            assert_eq!(shown, ["SUP", others, "Support"], "its key, but for the project that an issue is in");
        }
        // Nothing else that has a name becomes one.
        assert_eq!(name(&unknown, "customfield_3", &json!({ "id": "1", "key": "k", "name": "Team" })), "Team");
        let written = |id: &str| {
            let named = NativeValue::Named(Named { id: "10000".to_owned(), name: "SUP".to_owned() });
            crate::jira::encode::Encoder { kind: Kind::DataCenter, fields: &known }.value(&FieldId::from(id), &named)
        };
        assert_eq!(written("customfield_1"), json!({ "key": "SUP" }), "an id of one Jira is none of another's");
        let decoder = Decoder { kind: Kind::DataCenter, fields: &known };
        let nothing = decoder.value(&FieldId::from("customfield_1"), Some(&json!({})));
        assert!(matches!(nothing, NativeValue::Other(_)), "what has no key is not read as empty");
    }

    fn comment(kind: Kind, extra: &Value) -> CommentSnapshot {
        let mut row = serde_json::json!({ "id": "1", "body": "x", "created": "2026-01-01T00:00:00.000+0100" });
        for (key, value) in extra.as_object().unwrap() {
            row[key] = value.clone();
        }
        let fields = FieldList::default();
        Decoder { kind, fields: &fields }.comments(vec![part(row).unwrap()]).remove(0)
    }

    #[test]
    fn a_comment_that_might_be_internal_is_restricted() {
        use serde_json::json;
        let open = |extra: Value| comment(Kind::DataCenter, &extra).visibility == Visibility::Everybody;
        assert!(open(json!({})));
        assert!(open(json!({ "jsdPublic": true, "visibility": null })));
        assert!(open(json!({ "properties": [{ "key": "sd.public.comment", "value": { "internal": false } }] })));
        assert!(!open(json!({ "properties": [{ "key": "sd.public.comment", "value": { "internal": true } }] })));
        assert!(!open(json!({ "properties": [{ "key": "sd.public.comment", "value": {} }] })));
        assert!(!open(json!({ "jsdPublic": false })));
        assert!(!open(json!({ "visibility": { "type": "role", "value": "Developers" } })));
        assert_eq!(comment(Kind::Cloud, &json!({})).created.to_string(), "2025-12-31T23:00:00Z");
    }

    #[test]
    fn broken_json_is_named_by_its_place() {
        let Err(Failure::Unreadable(words)) = read::<wire::BulkFetch>(br#"{"issues":{"a":1}}"#) else { panic!() };
        assert!(words.contains("`issues`"), "{words}");
        assert!(read::<wire::BulkFetch>(br#"{"issues":[]}{"#).is_err());
        assert!(read::<wire::BulkFetch>(br#"{"issues":[]"#).is_err());
    }

    #[test]
    fn as_many_entries_as_the_cap_are_never_the_whole_history() {
        let entry =
            |id: u64| serde_json::json!({ "id": id.to_string(), "created": 1_500_000_000_000_u64, "items": [] });
        let whole = |kind: Kind, count: u64, total: Option<u64>| {
            let histories: Vec<Value> = (1..=count).rev().map(entry).collect();
            let mut log = serde_json::json!({ "histories": histories });
            if let Some(total) = total {
                log["total"] = total.into();
            }
            let fields = FieldList::default();
            let (log, whole) = Decoder { kind, fields: &fields }.log(Some(part(log).unwrap())).unwrap();
            assert!(log.windows(2).all(|pair| pair[0].id < pair[1].id));
            whole
        };
        assert!(whole(Kind::Cloud, 39, Some(39)) && whole(Kind::Cloud, 0, None));
        assert!(!whole(Kind::Cloud, 40, Some(40)) && !whole(Kind::Cloud, 20, Some(21)));
        assert!(whole(Kind::DataCenter, 400, Some(400)) && !whole(Kind::DataCenter, 400, Some(401)));
    }
}
