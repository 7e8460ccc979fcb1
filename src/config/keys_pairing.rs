//! The keys of pairing issues that exist on several sides already: a part of the one table of keys. Must never be doubled.

use super::keys::{FIELD, Form, Key, Named, PROPERTY, Shape, default, form, optional};

static RULE: Form =
    form("`first`, `newest`, `ask` or `prefer SIDE`", "newest", Some("^(first|newest|ask|prefer +[^ ]+)$"));

pub(super) static BY_FIELD: Key = optional(
    "field",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::Text(&FIELD) }),
    "Per side the field that holds the key or the browser's address of an issue of another side.",
);
pub(super) static BY_PROPERTY: Key = optional(
    "property",
    Shape::Text(&PROPERTY),
    "The entity property of an issue that holds the key or the browser's address of an issue of another side, by itself or somewhere in it.",
);
static BY: Shape = Shape::Either(&[Shape::Word(&["remote-link"]), Shape::Table(&[&BY_FIELD, &BY_PROPERTY])]);
pub(super) static PAIRING_BY: Key = optional(
    "by",
    Shape::List(&BY),
    "What tells that an issue is one with an issue of another side: a field, a remote link, an entity property. Left out: nothing does.",
);
pub(super) static PAIRING_INITIAL: Key = default(
    "initial",
    Shape::Text(&RULE),
    "first",
    "Where issues that are paired differ in a field, whose value stands: of the issue named `first` (home's, where they name each other), the `newest` by their histories, `prefer SIDE`, or `ask` (each keeps its own until `jirasyncd resolve`). What does not stand is kept as a conflict; sets are joined.",
);
pub(super) static FIELD_INITIAL: Key =
    optional("initial", Shape::Text(&RULE), "The same as `pairing.initial`, of this field alone.");
pub(super) static PAIRING: Key = optional(
    "pairing",
    Shape::Table(&[&PAIRING_BY, &PAIRING_INITIAL]),
    "How issues that exist on several sides already find each other, before anything is created for them.",
);
pub(super) static SIDE_SCOPE: Key = default(
    "scope",
    Shape::Word(&["jql", "on-demand"]),
    "jql",
    "Which issues made here are carried: those that match `jql`, or those alone that somebody pairs or creates by a command.",
);
