//! The whole mapping that is proposed for some projects: issue types, statuses, priorities, link types, fields. Pure, over what was
//! read of them. Must never propose what one of the projects does not have.

use std::collections::BTreeSet;

use super::alike::{Why, alike, pairs};
use super::proposal_fields::{ProposedField, fields};
use super::rows::{Edge, Row, Rows, by_order, rows};
use crate::jira::choices::{OfferedParts, OfferedType, StatusCategory};
use crate::model::catalog::LinkWords;
use crate::model::ids::FieldId;

/// A project that is to be a side.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// The instance's name, and the side's.
    pub(super) name: String,
    /// The project's key.
    pub(super) project: String,
    /// What it is made of.
    pub(super) parts: OfferedParts,
}

/// What is proposed.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    /// Issue types.
    pub(super) types: Rows,
    /// Statuses.
    pub(super) statuses: Rows,
    /// Priorities.
    pub(super) priorities: Rows,
    /// Types of issue links that do not have one name everywhere.
    pub(super) link_types: Vec<Row>,
    /// Fields that not every Jira has.
    pub(super) fields: Vec<ProposedField>,
    /// Fields of every Jira that are on a create screen of each project.
    pub(super) system: BTreeSet<FieldId>,
}

/// Proposes a mapping. The first side is what the others are held against.
pub(super) fn propose(sides: &[Side]) -> Proposal {
    Proposal {
        types: types(sides),
        statuses: statuses(sides),
        priorities: priorities(sides),
        link_types: link_types(sides),
        fields: fields(sides),
        system: on_all_screens(sides),
    }
}

/// What each other side has to do with the first.
fn against_first<T>(sides: &[Side], of: impl Fn(&Side) -> T, edges: impl Fn(&T, &T) -> Vec<Edge>) -> Vec<Vec<Edge>> {
    let Some((first, others)) = sides.split_first() else { return Vec::new() };
    let first = of(first);
    others.iter().map(|other| edges(&first, &of(other))).collect()
}

fn types(sides: &[Side]) -> Rows {
    let names: Vec<Vec<String>> =
        sides.iter().map(|side| side.parts.types.iter().map(|kind| kind.name.clone()).collect()).collect();
    rows(&names, &against_first(sides, |side| side.parts.types.clone(), |first, other| type_edges(first, other)))
}

/// Pairs by name within a level of the hierarchy; the rest of a level joins the type that is the most general there.
fn type_edges(first: &[OfferedType], other: &[OfferedType]) -> Vec<Edge> {
    let levels: BTreeSet<i64> = first.iter().map(|kind| kind.level).collect();
    let mut edges = Vec::new();
    for level in levels {
        let of = |types: &[OfferedType]| -> Vec<usize> {
            types.iter().enumerate().filter(|(_, kind)| kind.level == level).map(|(at, _)| at).collect()
        };
        let (left, right) = (of(first), of(other));
        let name =
            |types: &'_ [OfferedType], at: usize| types.get(at).map_or_else(String::new, |kind| kind.name.clone());
        let left_names: Vec<String> = left.iter().map(|at| name(first, *at)).collect();
        let right_names: Vec<String> = right.iter().map(|at| name(other, *at)).collect();
        let mut found = pairs(&borrowed(&left_names), &borrowed(&right_names), Why::Near);
        if found.is_empty() {
            // Without any pair the first of each are what is made mostly.
            let (Some(_), Some(_)) = (left.first(), right.first()) else { continue };
            found.push((0, 0, Why::Place));
        }
        let general =
            |pair: &&(usize, usize, Why)| left_names.get(pair.0).is_some_and(|name| alike(name, "Task").is_some());
        let Some((general_left, general_right, _)) = found.iter().find(general).or(found.first()).copied() else {
            continue;
        };
        let joins = |at: usize, other: usize| Edge { first: at, other, why: Why::Place };
        let lone_left = (0..left.len()).filter(|at| !found.iter().any(|(left, ..)| left == at));
        let lone_right = (0..right.len()).filter(|at| !found.iter().any(|(_, right, _)| right == at));
        let joined: Vec<Edge> =
            lone_left.map(|at| joins(at, general_right)).chain(lone_right.map(|at| joins(general_left, at))).collect();
        edges.extend(spread(found.into_iter().map(Edge::from).chain(joined), &left, &right));
    }
    edges
}

/// Edges between parts of lists, as edges between the lists.
fn spread(edges: impl IntoIterator<Item = Edge>, left: &[usize], right: &[usize]) -> Vec<Edge> {
    let whole =
        |edge: Edge| Some(Edge { first: *left.get(edge.first)?, other: *right.get(edge.other)?, why: edge.why });
    edges.into_iter().filter_map(whole).collect()
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Pairs by name within a category; the rest by the order of the workflow, within the category too.
fn statuses(sides: &[Side]) -> Rows {
    let names: Vec<Vec<String>> =
        sides.iter().map(|side| side.parts.statuses.iter().map(|status| status.name.clone()).collect()).collect();
    let edges = against_first(
        sides,
        |side| side.parts.statuses.clone(),
        |first, other| {
            let mut edges = Vec::new();
            for category in [StatusCategory::ToDo, StatusCategory::InProgress, StatusCategory::Done] {
                let of = |statuses: &[crate::jira::choices::OfferedStatus]| -> (Vec<usize>, Vec<String>) {
                    let here = statuses.iter().enumerate().filter(|(_, status)| status.category == category);
                    here.map(|(at, status)| (at, status.name.clone())).unzip()
                };
                let ((left, left_names), (right, right_names)) = (of(first), of(other));
                let found = pairs(&borrowed(&left_names), &borrowed(&right_names), Why::Near);
                edges.extend(spread(by_order(left.len(), right.len(), &found), &left, &right));
            }
            edges
        },
    );
    rows(&names, &edges)
}

/// Pairs by name; the rest by how urgent they are. Names that are only near mean different urgencies.
fn priorities(sides: &[Side]) -> Rows {
    let of = |side: &Side| -> Vec<String> {
        side.parts.catalog.priorities.iter().map(|priority| priority.name.clone()).collect()
    };
    let names: Vec<Vec<String>> = sides.iter().map(of).collect();
    let edges = against_first(sides, of, |first, other| {
        by_order(first.len(), other.len(), &pairs(&borrowed(first), &borrowed(other), Why::Meaning))
    });
    rows(&names, &edges)
}

/// What stands behind a type of links whose direction is turned round.
const TURNED: &str = ":inward";

/// Pairs by name, or by how links read. What has one name everywhere needs no row.
fn link_types(sides: &[Side]) -> Vec<Row> {
    let mut names: Vec<Vec<String>> =
        sides.iter().map(|side| side.parts.link_types.iter().map(|(name, _)| name.clone()).collect()).collect();
    let mut turned: BTreeSet<(usize, usize)> = BTreeSet::new();
    let Some((first, others)) = sides.split_first() else { return Vec::new() };
    let mut edges = Vec::new();
    for (side, other) in others.iter().enumerate() {
        let (left, right) = (&first.parts.link_types, &other.parts.link_types);
        let mut found: Vec<Edge> = pairs(
            &names.first().map(|names| borrowed(names)).unwrap_or_default(),
            &borrowed_of(&names, side + 1),
            Why::Near,
        )
        .into_iter()
        .map(Edge::from)
        .collect();
        for (at, (_, words)) in left.iter().enumerate() {
            for (against, (_, there)) in right.iter().enumerate() {
                let is_free = |edge: &Edge| edge.first != at && edge.other != against;
                if !found.iter().all(is_free) {
                    continue;
                }
                if reads_like(words, there) {
                    found.push(Edge { first: at, other: against, why: Why::Meaning });
                } else if reads_like(words, &LinkWords { outward: there.inward.clone(), inward: there.outward.clone() })
                {
                    turned.insert((side + 1, against));
                    found.push(Edge { first: at, other: against, why: Why::Meaning });
                }
            }
        }
        edges.push(found);
    }
    for (side, at) in turned {
        if let Some(name) = names.get_mut(side).and_then(|names| names.get_mut(at)) {
            name.push_str(TURNED);
        }
    }
    let differs = |row: &Row| {
        let mut all: Vec<&String> = row.cells.values().flatten().collect();
        all.sort();
        all.dedup();
        all.len() > 1
    };
    rows(&names, &edges).rows.into_iter().filter(differs).collect()
}

fn borrowed_of(names: &[Vec<String>], side: usize) -> Vec<&str> {
    names.get(side).map(|names| borrowed(names)).unwrap_or_default()
}

fn reads_like(left: &LinkWords, right: &LinkWords) -> bool {
    alike(&left.outward, &right.outward).is_some() && alike(&left.inward, &right.inward).is_some()
}

/// The fields that a create screen of every side shows.
fn on_all_screens(sides: &[Side]) -> BTreeSet<FieldId> {
    let mut all = sides
        .iter()
        .map(|side| -> BTreeSet<FieldId> { side.parts.catalog.create_fields.values().flatten().cloned().collect() });
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, here| common.intersection(&here).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::super::proposal_tests::{side, statuses as of_statuses, types as of_types};
    use super::*;
    use StatusCategory::{Done, InProgress, ToDo};

    fn shown(rows: &[Row]) -> Vec<String> {
        let cells = |row: &Row| -> Vec<String> { row.cells.values().map(|names| names.join("+")).collect() };
        rows.iter().map(|row| cells(row).join(" = ")).collect()
    }

    #[test]
    fn types_go_by_name_and_level_and_the_rest_joins_the_general_one() {
        let mut acme = side("acme");
        acme.parts.types = of_types(&[("Bug", 0), ("Task", 0), ("Story", 0), ("Epic", 1), ("Sub-task", -1)]);
        let mut globex = side("globex");
        globex.parts.types = of_types(&[("Defect", 0), ("Task", 0), ("Chore", 0), ("Technical step", -1)]);
        let found = types(&[acme, globex]);
        assert_eq!(shown(&found.rows), ["Bug = Defect", "Task+Story = Task+Chore", "Sub-task = Technical step"]);
        assert_eq!(found.alone, [(0, "Epic".to_owned())], "no sub-task or bug stands for an epic");
    }

    #[test]
    fn statuses_go_by_name_then_by_order_within_their_category() {
        let mut acme = side("acme");
        acme.parts.statuses =
            of_statuses(&[("Backlog", ToDo), ("To Do", ToDo), ("In Progress", InProgress), ("Done", Done)]);
        let mut globex = side("globex");
        globex.parts.statuses =
            of_statuses(&[("Open", ToDo), ("Building", InProgress), ("Testing", InProgress), ("Resolved", Done)]);
        let found = statuses(&[acme, globex]);
        let wanted = ["To Do+Backlog = Open", "In Progress = Building+Testing", "Done = Resolved"];
        let mut there = shown(&found.rows);
        there.sort();
        let mut wanted: Vec<String> = wanted.iter().map(|row| (*row).to_owned()).collect();
        wanted.sort();
        assert_eq!(there, wanted);
        assert_eq!(found.alone, []);
    }

    #[test]
    fn a_category_that_the_other_lacks_stays_alone() {
        let mut acme = side("acme");
        acme.parts.statuses = of_statuses(&[("To Do", ToDo), ("Waiting", InProgress), ("Done", Done)]);
        let mut globex = side("globex");
        globex.parts.statuses = of_statuses(&[("Open", ToDo), ("Closed", Done)]);
        let found = statuses(&[acme, globex]);
        assert_eq!(found.alone, [(0, "Waiting".to_owned())]);
    }

    #[test]
    fn priorities_go_by_their_order_where_names_tell_nothing() {
        let of = |name: &str, priorities: &[&str]| {
            let mut side = side(name);
            side.parts.catalog.priorities = super::super::proposal_tests::named(priorities);
            side
        };
        let acme = of("acme", &["Highest", "High", "Medium", "Low", "Lowest"]);
        let globex = of("globex", &["P1", "P2", "P3", "P4", "P5"]);
        assert_eq!(
            shown(&priorities(&[acme.clone(), globex.clone()]).rows),
            ["Highest = P1", "High = P2", "Medium = P3", "Low = P4", "Lowest = P5"]
        );
        let initech = of("initech", &["Hoch", "Mittel", "Niedrig"]);
        assert_eq!(
            shown(&priorities(&[acme, globex, initech]).rows),
            ["High+Highest = P1+P2 = Hoch", "Medium = P3 = Mittel", "Low+Lowest = P4+P5 = Niedrig"]
        );
    }

    #[test]
    fn link_types_go_by_name_or_by_how_they_read() {
        let of = |name: &str, types: &[(&str, &str, &str)]| {
            let mut side = side(name);
            side.parts.link_types = types
                .iter()
                .map(|(name, outward, inward)| {
                    ((*name).to_owned(), LinkWords { outward: (*outward).to_owned(), inward: (*inward).to_owned() })
                })
                .collect();
            side
        };
        let acme = of("acme", &[("Blocks", "blocks", "is blocked by"), ("Relates", "relates to", "relates to")]);
        let globex =
            of("globex", &[("Dependency", "is blocked by", "blocks"), ("Relates", "relates to", "relates to")]);
        assert_eq!(shown(&link_types(&[acme, globex])), ["Blocks = Dependency:inward"]);
    }
}
