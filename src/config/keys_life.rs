//! The keys of what happens to issues that are not where they were: a part of the one table of keys. Must never be doubled.

use super::keys::{JIRA_NAME, Key, Need, Shape, default, optional};

pub(super) static LIFE_TRANSITION: Key = Key {
    name: "transition",
    shape: Shape::Text(&JIRA_NAME),
    need: Need::Required,
    doc: "The status that the counterparts get, as a row of `map.status` calls it.",
};
pub(super) static LIFE_DELETED: Key = default(
    "deleted",
    Shape::Either(&[Shape::Word(&["keep", "comment", "unlink", "delete"]), Shape::Table(&[&LIFE_TRANSITION])]),
    "keep",
    "When an issue is deleted, or the sync user may not see it any more: its counterparts are kept, get a comment, lose their link to it, get a status (`{ transition = \"Done\" }`), or are deleted if the sync user made them (Delete Issues).",
);
pub(super) static LIFE_MOVED: Key = default(
    "moved",
    Shape::Either(&[Shape::Word(&["keep", "comment", "unlink", "delete"]), Shape::Table(&[&LIFE_TRANSITION])]),
    "keep",
    "The same for an issue that is moved to another project. While it is there nothing is carried to it or from it.",
);
pub(super) static LIFE_LEFT: Key = default(
    "left",
    Shape::Word(&["go-on", "stop"]),
    "go-on",
    "When an issue no longer matches the `jql` of its side, or the `when` by which it was copied: `go-on` carries it all the same; with `stop` nothing is carried to it or from it until it matches again, and what was done meanwhile is carried then.",
);
pub(super) static LIFE_MOST: Key = default(
    "most-missing",
    Shape::Number(1_000_000.0),
    "10",
    "As many issues of one side may go within a day; of more, none is taken for gone.",
);
pub(super) static LIFE_EMPTIED: Key = default(
    "most-emptied",
    Shape::Number(1_000_000.0),
    "20",
    "In as many issues of one side the same field may be emptied within a minute; of more, none is carried until they are given back or this is raised. Less than a quarter of the sync's issues is carried all the same.",
);
pub(super) static LIFE: Key = optional(
    "life",
    Shape::Table(&[&LIFE_DELETED, &LIFE_MOVED, &LIFE_LEFT, &LIFE_MOST, &LIFE_EMPTIED]),
    "What happens to the counterparts of an issue that is not where it was. Left out: nothing, and it is told.",
);
