//! Answers and refusals, in the body shapes of both kinds. Must never decide anything: it only carries what was decided.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::content::Content;

/// An answer that Jira gives gladly.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// Bytes that are no JSON, with their type.
    pub(crate) file: Option<(String, Content)>,
    /// Where to look instead.
    pub(crate) location: Option<String>,
}

impl Reply {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), file: None, location: None }
    }

    /// 201 with a body.
    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body), file: None, location: None }
    }

    /// 204, or another status without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, file: None, location: None }
    }

    /// 200 with the bytes of a file.
    pub(crate) fn file(mime: &str, content: Content) -> Self {
        Self { status: 200, body: None, file: Some((mime.to_owned(), content)), location: None }
    }

    /// 303.
    pub(crate) fn see_other(location: String) -> Self {
        Self { status: 303, body: None, file: None, location: Some(location) }
    }
}

/// What an endpoint gives back.
pub(crate) type Answer = Result<Reply, Refusal>;

/// An answer that Jira refuses with: a status and the error collection of both kinds,
/// `{"errorMessages":[…],"errors":{"field":"…"}}` [v3, dc].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{status}: {messages:?} {errors:?}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `errorMessages`: what concerns no single field.
    pub messages: Vec<String>,
    /// `errors`: field id -> what is wrong with it.
    pub errors: BTreeMap<String, String>,
    /// A body of another shape, for the places where Jira does not use the error collection.
    pub raw: Option<Value>,
}

impl Refusal {
    /// A refusal with one message.
    pub(crate) fn message(status: u16, message: impl Into<String>) -> Self {
        Self { status, messages: vec![message.into()], errors: BTreeMap::new(), raw: None }
    }

    /// A 400 about one field.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(BTreeMap::from([(field.into(), message.into())]))
    }

    /// A 400 about several fields.
    pub(crate) fn fields(errors: BTreeMap<String, String>) -> Self {
        Self { status: 400, messages: Vec::new(), errors, raw: None }
    }

    /// A refusal with a body of its own shape.
    pub(crate) fn raw(status: u16, body: Value) -> Self {
        Self { status, messages: Vec::new(), errors: BTreeMap::new(), raw: Some(body) }
    }

    /// The body as it goes over the wire.
    pub(crate) fn body(&self) -> Value {
        self.raw.clone().unwrap_or_else(|| json!({ "errorMessages": self.messages, "errors": self.errors }))
    }
}
