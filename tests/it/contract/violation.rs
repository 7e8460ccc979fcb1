//! What an exchange has against a contract.

use std::fmt;

/// In what way a request or an answer is not as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// No such path.
    Path,
    /// The path exists, not with this method.
    Method,
    /// A query parameter that the operation does not have.
    QueryName,
    /// A query value of another type.
    QueryValue,
    /// A required parameter or body is missing.
    Missing,
    /// A body where none is declared.
    Unexpected,
    /// The body is not JSON.
    NotJson,
    /// The body does not fit its schema.
    Body,
    /// A document that is no ADF.
    Adf,
    /// A status that the operation does not declare.
    Status,
}

/// One thing that is not as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) wrong: Wrong,
    /// Method and path template, or the path as it came.
    pub(crate) operation: String,
    /// Where: a JSON pointer, or the name of a parameter.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} in {} at {}: {}", self.wrong, self.operation, self.place, self.why)
    }
}
