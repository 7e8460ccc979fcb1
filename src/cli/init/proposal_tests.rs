//! Projects that the tests of the proposal are made over.

use std::collections::BTreeSet;

use super::proposal::Side;
use crate::jira::choices::{OfferedParts, OfferedStatus, OfferedType, StatusCategory};
use crate::model::catalog::Shape;
use crate::model::ids::FieldId;
use crate::model::issue::Named;

pub(super) fn side(name: &str) -> Side {
    Side { name: name.to_owned(), project: name.to_uppercase(), parts: OfferedParts::default() }
}

pub(super) fn types(types: &[(&str, i64)]) -> Vec<OfferedType> {
    types.iter().map(|(name, level)| OfferedType { name: (*name).to_owned(), level: *level }).collect()
}

pub(super) fn statuses(statuses: &[(&str, StatusCategory)]) -> Vec<OfferedStatus> {
    statuses.iter().map(|(name, category)| OfferedStatus { name: (*name).to_owned(), category: *category }).collect()
}

pub(super) fn named(names: &[&str]) -> Vec<Named> {
    names.iter().map(|name| Named { id: String::new(), name: (*name).to_owned() }).collect()
}

pub(super) fn field(side: &mut Side, id: &str, name: &str, shape: Shape, options: &[&str]) {
    let id = FieldId::from(id);
    let catalog = &mut side.parts.catalog;
    catalog.fields.insert(id.clone(), name.to_owned());
    catalog.shapes.insert(id.clone(), shape);
    catalog.create_fields.entry("Task".to_owned()).or_default().insert(id.clone());
    let options: BTreeSet<String> = options.iter().map(|option| (*option).to_owned()).collect();
    catalog.options.insert(id, options);
}
