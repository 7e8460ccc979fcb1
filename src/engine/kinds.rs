//! What every row carries, once the instances were read: a kind that the file leaves open, and whether it fits what each side's
//! field holds. Pure. Must never choose a kind that the sides do not agree on.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Finding;
use crate::mapping::{Fit, fit, natural};
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::SideId;
use crate::model::settings::{FieldKind, FieldRow, OnUnmapped, SyncSettings};

/// Gives every row its kind, and says where one does not fit.
pub(super) fn settle(sync: &mut SyncSettings, catalogs: &BTreeMap<SideId, Catalog>, found: &mut Vec<Finding>) {
    let id = sync.id.clone();
    for row in sync.fields.values_mut() {
        let place = format!("sync.{id}.fields.{}", row.name);
        if row.kind == FieldKind::AsThere {
            match agreed(row, catalogs) {
                Ok(Some(kind)) => row.kind = kind,
                Ok(None) => {}
                Err(what) => {
                    let remedy = "say `kind`, or name fields of one type";
                    found.push(Finding::error(place, what, remedy));
                    continue;
                }
            }
        }
        for (side, shape) in shapes(row, catalogs) {
            let receives =
                row.from.iter().any(|from| from != side) || (row.composed.is_some() && !row.from.contains(side));
            if receives && row.on_unmapped == OnUnmapped::Create && !takes_what_is_made(shape) {
                let what = format!("nothing is made in {}: `create` does no more than `leave` there", words(shape));
                let remedy = "write `\"leave\"`, and add what is missing in that Jira or name what is there in the row's `values`";
                found.push(Finding::warning(format!("{place}.on-unmapped, side `{side}`"), what, remedy));
            }
            let (what, remedy) = match fit(row.kind, shape) {
                Fit::Both if row.kind.is_set() && holds_one(shape) && receives && row.from.contains(side) => {
                    // No error: what it cannot hold is told of each issue, and its own loss flows back to nobody. But who picks
                    // another one there takes all others away.
                    found.push(Finding::warning(
                        format!("{place}, side `{side}`"),
                        format!(
                            "{} holds one of {}, and counts as well: what somebody chooses there replaces the whole set elsewhere",
                            words(shape),
                            kind_words(row.kind)
                        ),
                        format!("let `{side}` only receive it (leave it out of `from`), or name a field that holds several"),
                    ));
                    continue;
                }
                Fit::Both => continue,
                Fit::Read if !receives => continue,
                Fit::Read => (
                    format!("{} can be read as {}, not written", words(shape), kind_words(row.kind)),
                    format!("let only `{side}` count (`from = [\"{side}\"]`), or change `kind`"),
                ),
                Fit::Never => (
                    format!("{} does not hold {}", words(shape), kind_words(row.kind)),
                    "change `kind`, or name another field".to_owned(),
                ),
            };
            found.push(Finding::error(format!("{place}, side `{side}`"), what, remedy));
        }
    }
}

/// Whether what is missing there can be made: versions and components by a request of their own, words by being written.
fn takes_what_is_made(shape: Shape) -> bool {
    shape == Shape::Words || shape.thing().is_some()
}

/// Whether a field holds one of what others hold several of.
fn holds_one(shape: Shape) -> bool {
    match shape {
        Shape::Option
        | Shape::Cascade
        | Shape::Person
        | Shape::Maker
        | Shape::Group
        | Shape::Version
        | Shape::Sprint
        | Shape::Title
        | Shape::Project
        | Shape::Request
        | Shape::Named => true,
        Shape::Text
        | Shape::Rich
        | Shape::Number
        | Shape::Count
        | Shape::Figure
        | Shape::Duration
        | Shape::Day
        | Shape::Moment
        | Shape::Stamp
        | Shape::Words
        | Shape::Options
        | Shape::People
        | Shape::Groups
        | Shape::Versions
        | Shape::Components
        | Shape::Links
        | Shape::Parent
        | Shape::Watchers
        | Shape::Other => false,
    }
}

fn shapes<'a>(row: &'a FieldRow, catalogs: &BTreeMap<SideId, Catalog>) -> Vec<(&'a SideId, Shape)> {
    let shape = |side: &SideId, field| catalogs.get(side).and_then(|catalog| catalog.shapes.get(field)).copied();
    row.sides.iter().filter_map(|(side, field)| Some((side, shape(side, field)?))).collect()
}

/// The one kind that all known sides have by nature. `Ok(None)`: nothing is known.
fn agreed(row: &FieldRow, catalogs: &BTreeMap<SideId, Catalog>) -> Result<Option<FieldKind>, String> {
    let shapes = shapes(row, catalogs);
    let kinds: BTreeSet<Option<FieldKind>> = shapes.iter().map(|(_, shape)| natural(*shape)).collect();
    let mut kinds = kinds.into_iter();
    match (kinds.next(), kinds.next()) {
        (None, _) => Ok(None),
        (Some(Some(kind)), None) => Ok(Some(kind)),
        (Some(_), _) => {
            let told: Vec<String> =
                shapes.iter().map(|(side, shape)| format!("{} on `{side}`", words(*shape))).collect();
            Err(format!("it is not clear what `{}` carries: it is {}", row.name, told.join(", ")))
        }
    }
}

fn words(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a line of text",
        Shape::Rich => "a text field",
        Shape::Number => "a number field",
        Shape::Count => "a count",
        Shape::Figure => "a number that is only read",
        Shape::Duration => "an estimate",
        Shape::Day => "a date field",
        Shape::Moment => "a date and time field",
        Shape::Stamp => "a time that is only read",
        Shape::Words => "a labels field",
        Shape::Option => "a select",
        Shape::Options => "a multi-select",
        Shape::Cascade => "a cascading select",
        Shape::Person => "a user field",
        Shape::Maker => "a user that is only read",
        Shape::People => "a multi-user field",
        Shape::Group => "a group field",
        Shape::Groups => "a multi-group field",
        Shape::Version => "a version field",
        Shape::Versions => "a multi-version field",
        Shape::Components => "a components field",
        Shape::Links => "the links to other issues",
        Shape::Parent => "the parent",
        Shape::Watchers => "who watches",
        Shape::Sprint => "the sprint",
        Shape::Request => "the request type",
        Shape::Title => "a name that is only read",
        Shape::Project => "a project picker",
        Shape::Named => "a field of Jira's own",
        Shape::Other => "a field that is not carried",
    }
}

fn kind_words(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Line => "a line of text (`line`)",
        FieldKind::Document => "rich text (`document`)",
        FieldKind::Choice => "one choice (`select`)",
        FieldKind::IssueType => "the issue type",
        FieldKind::Status => "the status",
        FieldKind::Words => "words (`words`)",
        FieldKind::Person => "a user (`person`)",
        FieldKind::Day => "a date (`day`)",
        FieldKind::Number => "a number (`number`)",
        FieldKind::Moment => "a date and time (`moment`)",
        FieldKind::Options => "a set of options (`options`)",
        FieldKind::People => "a set of users (`people`)",
        FieldKind::Links => "links to other issues",
        FieldKind::Parent => "the parent",
        FieldKind::Watchers => "watchers",
        FieldKind::Duration => "an estimate (`duration`)",
        FieldKind::AsThere => "what is there",
    }
}
