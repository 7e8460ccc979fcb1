//! The names of what is let be where a state was put back from a backup. Names only. Must never be what two different things are
//! called on one side.

use super::ids::{AttachmentId, CommentId, FieldName};
use super::remark::Remark;

/// What logged work and comments begin with.
#[must_use]
pub fn kind(remark: Remark) -> String {
    format!("{} ", remark.word())
}

/// A comment or logged work.
#[must_use]
pub fn remark(remark: Remark, id: &CommentId) -> String {
    format!("{}{id}", kind(remark))
}

/// What files begin with.
pub const FILE: &str = "file ";

/// A file.
#[must_use]
pub fn file(id: &AttachmentId) -> String {
    format!("{FILE}{id}")
}

/// What links begin with.
pub const LINK: &str = "link ";

/// The links between issues that stand for one element of a row.
#[must_use]
pub fn link(row: &FieldName, element: &str) -> String {
    format!("{LINK}{row} {element}")
}
