//! Which kind of value goes into which shape of field, and whether it comes back out of it. Must never call a loss a fit: what
//! cannot come back whole is read-only there.

use crate::model::catalog::Shape;
use crate::model::settings::FieldKind;

/// How a kind and a shape go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is read and written.
    Both,
    /// It is read only: the side may send, and cannot receive.
    Read,
    /// Not at all.
    Never,
}

/// How values of a kind go with a field of that shape.
#[must_use]
pub fn fit(kind: FieldKind, shape: Shape) -> Fit {
    match (kind, shape) {
        (FieldKind::IssueType | FieldKind::Status | FieldKind::AsThere, _)
        | (FieldKind::Line, Shape::Text)
        | (FieldKind::Document, Shape::Rich)
        | (FieldKind::Choice, Shape::Text)
        | (FieldKind::Words, Shape::Words | Shape::Options | Shape::Versions | Shape::Components | Shape::Groups)
        | (FieldKind::Options, Shape::Words | Shape::Options | Shape::Versions | Shape::Components | Shape::Groups)
        | (FieldKind::Person, Shape::Person)
        | (FieldKind::People, Shape::People | Shape::Person)
        | (FieldKind::Links, Shape::Links)
        | (FieldKind::Parent, Shape::Parent)
        | (FieldKind::Watchers, Shape::Watchers)
        | (FieldKind::Day, Shape::Day)
        | (FieldKind::Moment, Shape::Moment)
        | (FieldKind::Number, Shape::Number)
        | (FieldKind::Duration, Shape::Duration | Shape::Number) => Fit::Both,
        (FieldKind::Line | FieldKind::Choice | FieldKind::Options, shape) if shape.is_choice() => Fit::Both,
        (FieldKind::Line | FieldKind::Number, Shape::Count)
        | (FieldKind::Line | FieldKind::Number | FieldKind::Duration, Shape::Figure)
        | (FieldKind::Line | FieldKind::Day | FieldKind::Moment, Shape::Stamp)
        | (FieldKind::Line | FieldKind::Choice, Shape::Title)
        | (FieldKind::Line | FieldKind::Person | FieldKind::People, Shape::Maker)
        | (FieldKind::Line, Shape::Person | Shape::Number | Shape::Day | Shape::Moment)
        | (FieldKind::Line, Shape::Words | Shape::Options | Shape::Versions | Shape::Components | Shape::Groups)
        | (FieldKind::Document, Shape::Text)
        | (FieldKind::Day, Shape::Moment) => Fit::Read,
        _ => Fit::Never,
    }
}

/// The kind that a field of that shape has where nothing else is said.
#[must_use]
pub fn natural(shape: Shape) -> Option<FieldKind> {
    match shape {
        Shape::Text | Shape::Title => Some(FieldKind::Line),
        Shape::Rich => Some(FieldKind::Document),
        Shape::Number | Shape::Count | Shape::Figure => Some(FieldKind::Number),
        Shape::Duration => Some(FieldKind::Duration),
        Shape::Day => Some(FieldKind::Day),
        Shape::Moment | Shape::Stamp => Some(FieldKind::Moment),
        Shape::Words => Some(FieldKind::Words),
        Shape::Option
        | Shape::Cascade
        | Shape::Group
        | Shape::Version
        | Shape::Sprint
        | Shape::Request
        | Shape::Project
        | Shape::Named => Some(FieldKind::Choice),
        Shape::Options | Shape::Groups | Shape::Versions | Shape::Components => Some(FieldKind::Options),
        Shape::Person | Shape::Maker => Some(FieldKind::Person),
        Shape::People => Some(FieldKind::People),
        Shape::Links => Some(FieldKind::Links),
        Shape::Parent => Some(FieldKind::Parent),
        Shape::Watchers => Some(FieldKind::Watchers),
        Shape::Other => None,
    }
}
