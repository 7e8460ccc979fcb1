//! What a changelog item says a field became, in shared words. Must never make up what the log does not carry: Cloud's rich
//! text is logged as plain text, so only that it changed can be said.

use std::collections::BTreeSet;

use super::Place;
use super::inbound::{carried, shared_person};
use super::scalar::{moment, number};
use super::table::FOREIGN;
use crate::model::catalog::Shape;
use crate::model::ids::{AccountId, FieldId, IssueId, IssueKey};
use crate::model::issue::{Above, LogItem, NativeValue, Person};
use crate::model::settings::{FieldKind, Kind};
use crate::model::value::Value;

/// The value after the logged change. `None`: the log does not carry it exactly.
#[must_use]
pub fn logged(place: &Place<'_>, item: &LogItem) -> Option<Value> {
    let text = item.to_text.as_deref().filter(|text| !text.is_empty());
    let id = item.to.as_deref().filter(|id| !id.is_empty());
    let value = match place.row.kind {
        // All sprints that it was in, in no order that says which is the last; of a request type, keys or a name; of a project, its name.
        _ if id.is_some_and(|ids| ids.contains(',')) && place.shape() == Some(Shape::Sprint) => return None,
        _ if text.is_some() && matches!(place.shape(), Some(Shape::Title | Shape::Request | Shape::Project)) => {
            return None;
        }
        FieldKind::Line if place.shape().is_some_and(is_logged_otherwise) => return None,
        FieldKind::Line => text.map(|text| Value::Line(place.open_name(text))),
        FieldKind::Document if place.catalog.kind == Some(Kind::DataCenter) => {
            text.map(|text| Value::Document(super::Rich::from(place).read(&NativeValue::Wiki(text.to_owned()))))
        }
        FieldKind::Document => return None,
        FieldKind::Choice if place.shape() == Some(Shape::Cascade) && text.is_some() => return None,
        FieldKind::Choice | FieldKind::Status | FieldKind::IssueType => {
            text.map(|name| Value::Choice(place.shared(name)))
        }
        // Where elements are logged one by one, no entry says what the whole became.
        FieldKind::Words | FieldKind::Options | FieldKind::People if one_by_one(place) => return None,
        FieldKind::Words if place.shape().is_some_and(|shape| shape != Shape::Words) && text.is_some() => return None,
        FieldKind::Words => {
            let words: BTreeSet<String> = text.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            Some(Value::Words(carried(place, &words)))
        }
        // Who did it is told by the log; what it became, by what stands there.
        FieldKind::AsThere | FieldKind::Links | FieldKind::Watchers => return None,
        FieldKind::Parent => match id {
            Some(id) => Some(Value::Choice(parent(place, id)?)),
            None => None,
        },
        FieldKind::Person => match id {
            Some(id) => Some(Value::Person(shared_person(place, &who(place, id, text)?))),
            None => None,
        },
        FieldKind::Options => match text {
            Some(text) => Some(Value::Words(elements(place, text)?)),
            None => None,
        },
        FieldKind::People if text.is_some() => return None,
        FieldKind::People => None,
        FieldKind::Number | FieldKind::Duration => match text {
            Some("0") if place.row.kind == FieldKind::Duration => None,
            Some(text) => Some(Value::Number(number(text)?)),
            None => None,
        },
        FieldKind::Moment => match id.or(text) {
            Some(text) => Some(Value::Moment(moment(text)?)),
            None => None,
        },
        FieldKind::Day => id.or(text).map(|day| Value::Day(day.get(..10).unwrap_or(day).to_owned())),
    };
    Some(value.filter(|value| !value.is_empty()).unwrap_or(Value::Empty))
}

/// The issue above, by the id that both kinds log. Data Center's Epic Link shows a key, so that of a stranger the log says another
/// word than the field.
fn parent(place: &Place<'_>, id: &str) -> Option<String> {
    let above = Above { issue: Some(IssueId(id.parse().ok()?)), key: IssueKey::new("") };
    let shared = super::shared_parent(place, &above);
    (place.catalog.kind == Some(Kind::Cloud) || !shared.starts_with(FOREIGN)).then_some(shared)
}

/// The set that a text of options parted by commas means. A name may hold a comma itself: only where one reading of the text is
/// made of names that the field offers is it that.
fn elements(place: &Place<'_>, text: &str) -> Option<BTreeSet<String>> {
    let offered = place.row.sides.get(place.side).and_then(|field| place.catalog.options.get(field))?;
    let mut found = Vec::new();
    readings(text, offered, &mut Vec::new(), &mut found);
    let names = match found.as_slice() {
        [one] => carried(place, one),
        [] | [_, ..] => return None,
    };
    Some(names.iter().map(|name| super::shared_element(place, name)).collect())
}

fn readings(rest: &str, offered: &BTreeSet<String>, so_far: &mut Vec<String>, found: &mut Vec<BTreeSet<String>>) {
    for name in offered.iter().filter(|name| !name.is_empty()) {
        if so_far.contains(name) {
            continue;
        }
        let Some(after) = rest.strip_prefix(name.as_str()) else { continue };
        so_far.push(name.clone());
        if after.is_empty() {
            found.push(so_far.iter().cloned().collect());
        } else if let (Some(next), true) = (after.strip_prefix(','), found.len() < 2) {
            readings(next, offered, so_far, found);
        }
        so_far.pop();
    }
}

/// What a set became by an entry that names its elements one by one, each in an item of its own. `None`: it is not such a field.
#[must_use]
pub fn logged_elements(place: &Place<'_>, entry: &[LogItem], before: &Value) -> Option<Value> {
    if !one_by_one(place) || !place.row.kind.is_set() {
        return None;
    }
    let field = place.row.sides.get(place.side)?;
    let mut words = before.words();
    for item in entry.iter().filter(|item| &item.field == field) {
        let shared = |name: &Option<String>| {
            let name = name.as_deref().filter(|name| !name.is_empty() && !place.is_excluded(name))?;
            Some(super::shared_element(place, name))
        };
        if let Some(gone) = shared(&item.from_text) {
            words.remove(&gone);
        }
        words.extend(shared(&item.to_text));
    }
    Some(if words.is_empty() { Value::Empty } else { Value::Words(words) })
}

/// Whether the log has the elements of the field one by one, each in an item of its own: both kinds do so for these.
fn one_by_one(place: &Place<'_>) -> bool {
    let field = place.row.sides.get(place.side).map(FieldId::as_str);
    matches!(field, Some("components" | "versions" | "fixVersions"))
}

/// Whether a text in the log is not the name that the field shows.
fn is_logged_otherwise(shape: Shape) -> bool {
    matches!(
        shape,
        Shape::Cascade
            | Shape::Options
            | Shape::Groups
            | Shape::Versions
            | Shape::Components
            | Shape::Words
            | Shape::Day
            | Shape::Moment
            | Shape::Stamp
    )
}

/// The same for what the log carries inexactly: enough to keep a lost value for people to read.
#[must_use]
pub fn logged_roughly(place: &Place<'_>, item: &LogItem) -> Option<Value> {
    let text = item.to_text.clone().unwrap_or_default();
    logged(place, item).or_else(|| match place.row.kind {
        FieldKind::Document => Some(Value::Document(crate::text::read(&NativeValue::Text(text)))),
        FieldKind::Person => Some(Value::Person(format!("{FOREIGN}{}:{text}", place.side))),
        FieldKind::Line
        | FieldKind::Choice
        | FieldKind::IssueType
        | FieldKind::Status
        | FieldKind::Words
        | FieldKind::Options
        | FieldKind::People
        | FieldKind::Number
        | FieldKind::Duration
        | FieldKind::AsThere
        | FieldKind::Links
        | FieldKind::Parent
        | FieldKind::Watchers
        | FieldKind::Moment
        | FieldKind::Day => None,
    })
}

/// Who a log item names. Cloud logs the account id. Data Center logs the user *key*, which no user map holds: there the
/// display name decides, if exactly one of the mapped people has it. `None`: it cannot be told.
fn who(place: &Place<'_>, id: &str, text: Option<&str>) -> Option<Person> {
    let person = |account: &str| Person { account: AccountId::new(account), display_name: String::new(), email: None };
    if place.catalog.kind != Some(Kind::DataCenter) {
        return Some(person(id));
    }
    let named = place.catalog.people.values().filter(|person| Some(person.display_name.as_str()) == text);
    let accounts: BTreeSet<&AccountId> = named.map(|person| &person.account).collect();
    match (accounts.len(), accounts.first()) {
        (1, Some(account)) => Some(person(account.as_str())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::catalog::Catalog;
    use crate::model::settings::{
        CommentSettings, ConflictPolicy, FieldRow, OnUnmapped, Row, SyncSettings, Table, WhenDeleted,
    };

    fn logged_on(kind: Kind, to: &str, text: &str) -> Option<Value> {
        let names = BTreeMap::from([("b".into(), vec!["jdoe".to_owned()])]);
        let row = Row { shared: "jane".to_owned(), names, path: BTreeMap::new() };
        let sync = SyncSettings {
            attachments: crate::model::settings::AttachmentSettings::default(),
            life: crate::model::settings::LifeSettings::default(),
            pairing: Vec::new(),
            things: BTreeMap::new(),
            start: crate::model::start::StartSettings::default(),
            id: "s".into(),
            home: None,
            on_conflict: ConflictPolicy::Newest,
            sides: Vec::new(),
            issue_types: Table::default(),
            statuses: Table::default(),
            priorities: Table::default(),
            link_types: Table::default(),
            users: Table { rows: vec![row] },
            fields: BTreeMap::new(),
            comments: CommentSettings {
                restricted: Vec::new(),
                internal: false,
                narrowed: crate::model::settings::WhenNarrowed::Delete,
                copies: crate::model::settings::CopyEdits::Hold,
                from: BTreeSet::new(),
                to: BTreeSet::new(),
                header: BTreeMap::new(),
                deleted: WhenDeleted::Delete,
            },
            worklogs: CommentSettings::default(),
            links: false,
            unwatch: false,
            notify: crate::model::settings::Notify::default(),
        };
        let row = FieldRow {
            name: "assignee".into(),
            kind: FieldKind::Person,
            sides: BTreeMap::new(),
            from: BTreeSet::new(),
            across: false,
            exclude: Vec::new(),
            values: Table::default(),
            on_unmapped: OnUnmapped::Leave,
            composed: None,
            default: BTreeMap::new(),
            not_synced: BTreeMap::new(),
            initial: crate::model::initial::Initial::First,
        };
        let jane = Person { account: "jdoe".into(), display_name: "Jane Doe".to_owned(), email: None };
        let people = BTreeMap::from([("jdoe".to_owned(), jane)]);
        let catalog = Catalog { kind: Some(kind), people, ..Catalog::default() };
        let (to, to_text) = (Some(to.to_owned()), Some(text.to_owned()));
        let item = LogItem { field: "assignee".into(), from: None, from_text: None, to, to_text };
        logged(
            &Place {
                sync: &sync,
                row: &row,
                side: &"b".into(),
                catalog: &catalog,
                references: &crate::mapping::NO_REFERENCES,
                origin: None,
                held: None,
            },
            &item,
        )
    }

    #[test]
    fn data_center_names_people_by_a_key_that_no_map_holds() {
        assert_eq!(logged_on(Kind::DataCenter, "JIRAUSER10101", "Jane Doe"), Some(Value::Person("jane".to_owned())));
        assert_eq!(logged_on(Kind::DataCenter, "JIRAUSER10102", "Somebody"), None);
        assert_eq!(logged_on(Kind::Cloud, "jdoe", "Jane Doe"), Some(Value::Person("jane".to_owned())));
        assert_eq!(logged_on(Kind::Cloud, "", ""), Some(Value::Empty));
    }
}
