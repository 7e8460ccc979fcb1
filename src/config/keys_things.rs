//! The keys of versions and components that are kept in step beside the issues: a part of the one table of keys. Must never be
//! doubled.

use super::keys::{DURATION, Key, SIDES, Shape, default, optional};

pub(super) static THINGS_FROM: Key = optional(
    "from",
    SIDES,
    "The sides whose people's versions or components, and changes of them, cross. Left out: all that have no `from` or `not-from` of people, since Jira does not say who changed one.",
);
pub(super) static THINGS_TO: Key = optional("to", SIDES, "The sides that are written to. Left out: all.");
pub(super) static THINGS_EVERY: Key = default(
    "every",
    Shape::Text(&DURATION),
    "5min",
    "How often the projects' lists are read, at one request per side; 10s to 1d.",
);
pub(super) static VERSIONS_CARRY: Key = optional(
    "carry",
    Shape::List(&Shape::Word(&["description", "start-date", "release-date", "released", "archived"])),
    "What is carried beside the name. Left out: all of it.",
);
pub(super) static COMPONENTS_CARRY: Key = optional(
    "carry",
    Shape::List(&Shape::Word(&["description"])),
    "What is carried beside the name. Left out: the description.",
);
pub(super) static VERSIONS: Key = default(
    "versions",
    Shape::Either(&[
        Shape::Word(&["both", "skip"]),
        Shape::Table(&[&THINGS_FROM, &THINGS_TO, &VERSIONS_CARRY, &THINGS_EVERY]),
    ]),
    "skip",
    "The projects' versions, beside their issues: made, renamed, dated, released and archived in step (Administer Projects). None is ever deleted.",
);
pub(super) static COMPONENTS: Key = default(
    "components",
    Shape::Either(&[
        Shape::Word(&["both", "skip"]),
        Shape::Table(&[&THINGS_FROM, &THINGS_TO, &COMPONENTS_CARRY, &THINGS_EVERY]),
    ]),
    "skip",
    "The projects' components, beside their issues: made, renamed and described in step (Administer Projects). None is ever deleted.",
);
