//! What a changelog item says a field became, in shared words. Must never make up what the log does not carry: Cloud's rich
//! text is logged as plain text, so only that it changed can be said.

use std::collections::BTreeSet;

use super::Place;
use super::inbound::{carried, shared_person};
use super::table::shared_of;
use crate::model::ids::AccountId;
use crate::model::issue::{LogItem, NativeValue, Person};
use crate::model::settings::{FieldKind, Kind};
use crate::model::value::Value;

/// The value after the logged change. `None`: the log does not carry it exactly.
#[must_use]
pub fn logged(place: &Place<'_>, item: &LogItem) -> Option<Value> {
    let text = item.to_text.as_deref().filter(|text| !text.is_empty());
    let id = item.to.as_deref().filter(|id| !id.is_empty());
    let value = match place.row.kind {
        FieldKind::Line => text.map(|text| Value::Line(text.to_owned())),
        FieldKind::Document if place.catalog.kind == Some(Kind::DataCenter) => {
            text.map(|text| Value::Document(crate::text::read(&NativeValue::Wiki(text.to_owned()))))
        }
        FieldKind::Document => return None,
        FieldKind::Choice | FieldKind::Status | FieldKind::IssueType => {
            text.map(|name| Value::Choice(shared_of(place.table(), place.side, name)))
        }
        FieldKind::Words => {
            let words: BTreeSet<String> = text.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            Some(Value::Words(carried(place, &words)))
        }
        FieldKind::Person => id.map(|account| {
            let account = AccountId::new(account);
            let person = Person { account, display_name: String::new(), email: None };
            Value::Person(shared_person(place, &person))
        }),
        FieldKind::Day => id.or(text).map(|day| Value::Day(day.get(..10).unwrap_or(day).to_owned())),
    };
    Some(value.filter(|value| !value.is_empty()).unwrap_or(Value::Empty))
}

/// The same for what the log carries inexactly: enough to keep a lost text for people to read.
#[must_use]
pub fn logged_roughly(place: &Place<'_>, item: &LogItem) -> Option<Value> {
    logged(place, item).or_else(|| {
        let text = item.to_text.clone().unwrap_or_default();
        Some(Value::Document(crate::text::read(&NativeValue::Text(text))))
    })
}
