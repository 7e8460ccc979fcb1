//! What is wrong with a query, in Jira's words. Must never decide the HTTP status: that differs by kind and by account.

use thiserror::Error;

/// The query is not JQL. Both kinds answer 400.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct JqlSyntaxError {
    /// One entry of `errorMessages`.
    pub message: String,
}

impl JqlSyntaxError {
    pub(crate) fn new(message: impl AsRef<str>) -> Self {
        Self { message: format!("Error in the JQL Query: {}", message.as_ref()) }
    }
}

/// What kind of thing is wrong with a well-formed query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// No such field here, or not to be seen.
    UnknownField,
    /// The field has no such value here (also: no such issue).
    UnknownValue,
    /// No such function.
    UnknownFunction,
    /// A date, number or argument that cannot be read.
    BadValue,
    /// The field cannot be asked that way, or not sorted by.
    BadOperator,
}

/// One thing wrong with a well-formed query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct JqlProblem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// One entry of `errorMessages`.
    pub message: String,
}

impl JqlProblem {
    /// Whether it is only a name that this site does not know: Cloud may answer 200 and no issues to that
    /// (jira-facts.md section 3, measured anonymously).
    #[must_use]
    pub fn is_unknown_name(&self) -> bool {
        matches!(self.kind, ProblemKind::UnknownField | ProblemKind::UnknownValue | ProblemKind::UnknownFunction)
    }

    pub(crate) fn field(name: &str) -> Self {
        Self {
            kind: ProblemKind::UnknownField,
            message: format!("Field '{name}' does not exist or you do not have permission to view it."),
        }
    }

    pub(crate) fn value(field: &str, value: &str) -> Self {
        Self {
            kind: ProblemKind::UnknownValue,
            message: format!("The value '{value}' does not exist for the field '{field}'."),
        }
    }

    pub(crate) fn issue(field: &str, literal: &str) -> Self {
        let message = if literal.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("A value with ID '{literal}' does not exist for the field '{field}'.")
        } else if literal.contains('-') {
            format!("An issue with key '{literal}' does not exist for field '{field}'.")
        } else {
            format!("The issue key '{literal}' for field '{field}' is invalid.")
        };
        Self { kind: ProblemKind::UnknownValue, message }
    }

    pub(crate) fn function(name: &str) -> Self {
        Self { kind: ProblemKind::UnknownFunction, message: format!("Unable to find JQL function '{name}()'.") }
    }

    pub(crate) fn date(field: &str, literal: &str) -> Self {
        Self {
            kind: ProblemKind::BadValue,
            message: format!(
                "Date value '{literal}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            ),
        }
    }

    pub(crate) fn number(field: &str, literal: &str) -> Self {
        Self {
            kind: ProblemKind::BadValue,
            message: format!("Value '{literal}' is invalid for the '{field}' field. Valid values include numbers."),
        }
    }

    pub(crate) fn argument(function: &str, argument: &str) -> Self {
        Self {
            kind: ProblemKind::BadValue,
            message: format!(
                "Duration for function '{function}' should have the format (+/-)n(yMwdm), e.g -1M for 1 month earlier, \
                 but was '{argument}'."
            ),
        }
    }

    pub(crate) fn operator(operator: &str, field: &str) -> Self {
        Self {
            kind: ProblemKind::BadOperator,
            message: format!("The operator '{operator}' is not supported by the '{field}' field."),
        }
    }

    pub(crate) fn emptiness(operator: &str, field: &str) -> Self {
        Self {
            kind: ProblemKind::BadOperator,
            message: format!("The operator '{operator}' does not support searching for EMPTY in the '{field}' field."),
        }
    }

    pub(crate) fn sort(name: &str) -> Self {
        Self { kind: ProblemKind::BadOperator, message: format!("Not able to sort using field '{name}'.") }
    }
}
