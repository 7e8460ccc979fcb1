//! The custom fields of a proposal: which are one, and which of their options are. Pure. Must never carry a field on a guess: what is
//! not sure is shown, and not done.

use std::collections::BTreeMap;

use super::alike::{Why, pairs};
use super::proposal::Side;
use super::rows::{Edge, Rows, by_order, rows};
use crate::model::catalog::Shape;
use crate::model::ids::FieldId;

/// A field that not every Jira has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProposedField {
    /// The row's name.
    pub(super) name: String,
    /// By side, what is written for it: its name where only one field has that, else its id.
    pub(super) cells: BTreeMap<usize, String>,
    /// Why they are taken for one.
    pub(super) why: Why,
    /// What its options are called, where it has some and they have not one name everywhere.
    pub(super) values: Option<Rows>,
    /// Whether it is carried; else it is only shown.
    pub(super) sure: bool,
}

/// A custom field on a create screen.
#[derive(Debug, Clone)]
struct Custom {
    id: FieldId,
    name: String,
    cell: String,
    shape: Shape,
    options: Vec<String>,
}

/// Pairs custom fields of one kind by name, the first side's with each other's.
pub(super) fn fields(sides: &[Side]) -> Vec<ProposedField> {
    let all: Vec<Vec<Custom>> = sides.iter().map(customs).collect();
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let mut found: BTreeMap<usize, (BTreeMap<usize, usize>, Why)> = BTreeMap::new();
    for (side, other) in others.iter().enumerate() {
        for group in GROUPS {
            let of = |customs: &[Custom]| -> Vec<usize> {
                (0..customs.len())
                    .filter(|at| customs.get(*at).is_some_and(|custom| group.contains(&custom.shape)))
                    .collect()
            };
            let (left, right) = (of(first), of(other));
            for (at, against, why) in pairs(&names(first, &left), &names(other, &right), Why::Near) {
                let (Some(at), Some(against)) = (left.get(at), right.get(against)) else { continue };
                let known = found.entry(*at).or_insert_with(|| (BTreeMap::from([(0, *at)]), why));
                known.0.insert(side + 1, *against);
                known.1 = known.1.max(why);
            }
        }
    }
    let mut taken: Vec<String> = Vec::new();
    found
        .into_values()
        .filter_map(|(cells, why)| {
            let cells: BTreeMap<usize, &Custom> =
                cells.into_iter().filter_map(|(side, at)| Some((side, all.get(side)?.get(at)?))).collect();
            let name = row_name(&cells.values().next()?.name, &taken);
            taken.push(name.clone());
            Some(proposed(name, &cells, why, sides.len()))
        })
        .collect()
}

fn proposed(name: String, cells: &BTreeMap<usize, &Custom>, why: Why, sides: usize) -> ProposedField {
    let options: Vec<Vec<String>> =
        (0..sides).map(|side| cells.get(&side).map(|custom| custom.options.clone()).unwrap_or_default()).collect();
    let has_options = cells.values().any(|custom| !custom.options.is_empty());
    let is_one = |named: &&Vec<String>| options.first() == Some(*named);
    let (values, sure) = match has_options {
        false => (None, true),
        true if cells.len() == sides && options.iter().all(|named| is_one(&named)) => (None, true),
        true => {
            let is_project = cells.values().any(|custom| custom.shape == Shape::Project);
            let (values, sure) = if is_project { projects(&options) } else { values(&options) };
            (Some(values), sure)
        }
    };
    let written = cells.iter().map(|(side, custom)| (*side, custom.cell.clone())).collect();
    ProposedField { name, cells: written, why, values, sure }
}

/// Options by name. Where none has one they are laid along each other, and that is not sure.
fn values(options: &[Vec<String>]) -> (Rows, bool) {
    let Some((first, others)) = options.split_first() else { return (Rows::default(), false) };
    let words = |names: &'_ [String]| -> Vec<String> { names.to_vec() };
    let mut sure = true;
    let mut edges: Vec<Vec<Edge>> = Vec::new();
    for other in others {
        let (left, right) = (words(first), words(other));
        let left: Vec<&str> = left.iter().map(String::as_str).collect();
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        let found = pairs(&left, &right, Why::Near);
        if found.is_empty() && !right.is_empty() {
            sure = false;
            edges.push(by_order(left.len(), right.len(), &[]));
        } else {
            edges.push(found.into_iter().map(Edge::from).collect());
        }
    }
    (rows(options, &edges), sure)
}

/// Projects by their keys, and by nothing that is only near: another key is another project. Those that stand alone are not listed, since
/// a Jira may have thousands.
fn projects(options: &[Vec<String>]) -> (Rows, bool) {
    let Some((first, others)) = options.split_first() else { return (Rows::default(), false) };
    let same = |other: &Vec<String>| -> Vec<Edge> {
        let edge = |(at, key): (usize, &String)| {
            let against = other.iter().position(|against| against == key)?;
            Some(Edge { first: at, other: against, why: Why::Same })
        };
        first.iter().enumerate().filter_map(edge).collect()
    };
    let edges: Vec<Vec<Edge>> = others.iter().map(same).collect();
    let found = Rows { alone: Vec::new(), ..rows(options, &edges) };
    let sure = !found.rows.is_empty();
    (found, sure)
}

/// Shapes that are carried into one another.
const GROUPS: &[&[Shape]] = &[
    &[Shape::Text],
    &[Shape::Rich],
    &[Shape::Number],
    &[Shape::Day],
    &[Shape::Moment],
    &[Shape::Words],
    &[Shape::Option],
    &[Shape::Options],
    &[Shape::Cascade],
    &[Shape::Person],
    &[Shape::People],
    &[Shape::Project],
];

fn names<'c>(customs: &'c [Custom], at: &[usize]) -> Vec<&'c str> {
    at.iter().filter_map(|at| customs.get(*at)).map(|custom| custom.name.as_str()).collect()
}

/// The custom fields on any create screen of a side.
fn customs(side: &Side) -> Vec<Custom> {
    let catalog = &side.parts.catalog;
    let mut found: Vec<Custom> = Vec::new();
    for id in catalog.create_fields.values().flatten().filter(|id| id.as_str().starts_with("customfield_")) {
        let (Some(name), Some(shape)) = (catalog.fields.get(id), catalog.shapes.get(id)) else { continue };
        if found.iter().any(|known| &known.id == id) {
            continue;
        }
        let is_only = catalog.fields.values().filter(|other| *other == name).count() == 1;
        let cell =
            if is_only && catalog.fields.keys().all(|id| id.as_str() != name) { name.clone() } else { id.to_string() };
        let is_choice = matches!(shape, Shape::Option | Shape::Options | Shape::Cascade | Shape::Project);
        let options = catalog.options.get(id).filter(|_| is_choice).into_iter().flatten().cloned().collect();
        found.push(Custom { id: id.clone(), name: name.clone(), cell, shape: *shape, options });
    }
    found.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| left.id.cmp(&right.id)));
    found
}

/// Words that a row of ours would have to itself.
const TAKEN: &[&str] = &[
    "summary",
    "description",
    "issue-type",
    "status",
    "priority",
    "labels",
    "assignee",
    "due-date",
    "components",
    "fix-versions",
    "affects-versions",
    "environment",
    "reporter",
    "resolution",
    "original-estimate",
    "remaining-estimate",
    "security",
    "links",
    "parent",
    "watchers",
    "watches",
    "issuelinks",
    "duedate",
    "issuetype",
    "versions",
    "attachment",
    "attachments",
    "comment",
    "subtasks",
    "timetracking",
    "worklog",
];

/// A plain name for a row, which no other has.
fn row_name(name: &str, taken: &[String]) -> String {
    let words = super::alike::plain(name);
    let ascii = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '-' };
    let name: String = words.chars().map(ascii).collect();
    let name = name.trim_matches('-').to_owned();
    let begins = name.starts_with(|sign: char| sign.is_ascii_alphabetic());
    let name = if begins { name } else { format!("field-{name}") };
    let is_free = |name: &str| !TAKEN.contains(&name) && !taken.iter().any(|known| known == name);
    if is_free(&name) {
        return name;
    }
    let mut nth = 2;
    while !is_free(&format!("{name}-{nth}")) {
        nth += 1;
    }
    format!("{name}-{nth}")
}

#[cfg(test)]
mod tests {
    use super::super::proposal_tests::{field, side};
    use super::*;

    #[test]
    fn fields_of_one_kind_go_by_name() {
        let (mut acme, mut globex) = (side("acme"), side("globex"));
        field(&mut acme, "customfield_1", "Customer", Shape::Text, &[]);
        field(&mut acme, "customfield_2", "Story point estimate", Shape::Number, &[]);
        field(&mut acme, "customfield_3", "Region", Shape::Text, &[]);
        field(&mut globex, "customfield_7", "Customer name", Shape::Text, &[]);
        field(&mut globex, "customfield_8", "Story Points", Shape::Number, &[]);
        // Of one name, but no text.
        field(&mut globex, "customfield_9", "Region", Shape::Number, &[]);
        let found = fields(&[acme, globex]);
        let shown: Vec<(&str, &str, Why)> =
            found.iter().map(|field| (field.name.as_str(), field.cells[&1].as_str(), field.why)).collect();
        assert_eq!(
            shown,
            [("customer", "Customer name", Why::Near), ("story-point-estimate", "Story Points", Why::Meaning)]
        );
        assert!(found.iter().all(|field| field.sure && field.values.is_none()));
    }

    #[test]
    fn a_name_that_two_fields_have_is_written_as_an_id() {
        let (mut acme, mut globex) = (side("acme"), side("globex"));
        field(&mut acme, "customfield_1", "Team", Shape::Text, &[]);
        acme.parts.catalog.fields.insert("customfield_5".into(), "Team".to_owned());
        field(&mut globex, "customfield_7", "Team", Shape::Text, &[]);
        let found = fields(&[acme, globex]);
        assert_eq!(found[0].cells, BTreeMap::from([(0, "customfield_1".to_owned()), (1, "Team".to_owned())]));
    }

    #[test]
    fn options_by_name_are_sure_and_by_order_they_are_not() {
        let (mut acme, mut globex) = (side("acme"), side("globex"));
        field(&mut acme, "customfield_1", "Platform", Shape::Options, &["Mac", "Windows"]);
        field(&mut globex, "customfield_7", "Platform", Shape::Options, &["Linux", "Windows"]);
        field(&mut acme, "customfield_2", "Severity", Shape::Option, &["S1", "S2"]);
        field(&mut globex, "customfield_8", "Severity", Shape::Option, &["Critical", "Major"]);
        let found = fields(&[acme, globex]);
        let platform = found[0].values.as_ref().unwrap();
        assert!(found[0].sure);
        assert_eq!((platform.rows.len(), platform.alone.len()), (1, 2));
        assert!(!found[1].sure);
        assert_eq!(found[1].values.as_ref().unwrap().rows.len(), 2);
    }

    #[test]
    fn projects_are_one_by_their_keys_alone() {
        let (mut acme, mut globex) = (side("acme"), side("globex"));
        field(&mut acme, "customfield_1", "For project", Shape::Project, &["APPS", "SUP", "WEB"]);
        field(&mut globex, "customfield_7", "For project", Shape::Project, &["APP", "ENG", "WEB"]);
        field(&mut acme, "customfield_2", "Sold by", Shape::Project, &["SUP"]);
        field(&mut globex, "customfield_8", "Sold by", Shape::Project, &["ENG"]);
        // Text is no project.
        field(&mut acme, "customfield_3", "Origin", Shape::Project, &["SUP"]);
        field(&mut globex, "customfield_9", "Origin", Shape::Text, &[]);
        let found = fields(&[acme, globex]);
        let shown = |at: usize| {
            let values: &Rows = found[at].values.as_ref().unwrap();
            let keys: Vec<Vec<&String>> =
                values.rows.iter().map(|row| row.cells.values().flatten().collect()).collect();
            (found[at].name.as_str(), keys, values.alone.len(), found[at].sure)
        };
        assert_eq!(found.len(), 2);
        let web = "WEB".to_owned();
        assert_eq!(shown(0), ("for-project", vec![vec![&web, &web]], 0, true));
        assert_eq!(shown(1), ("sold-by", Vec::new(), 0, false));
    }

    #[test]
    fn a_row_is_called_plainly_and_like_no_other() {
        assert_eq!(row_name("Größe (m²)", &[]), "gro-e-m");
        assert_eq!(row_name("Status", &[]), "status-2");
        assert_eq!(row_name("1st", &["field-1st".to_owned()]), "field-1st-2");
    }
}
