//! One operation, and the HTTP request it becomes. Must never show the login that it carries.

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::Value;

use super::proof::Needs;
use crate::model::ids::IssueId;
use crate::model::settings::{InstanceSettings, Kind};

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Named after Atlassian's operationId: what a burst limit is about.
    pub(super) endpoint: &'static str,
    pub(super) method: Method,
    /// Segments of the path below `/rest/api/N/`, not yet encoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// The issue that is written: what a per-issue limit is about.
    pub(super) issue: Option<IssueId>,
    /// What is attempted, for messages.
    pub(super) attempt: String,
    pub(super) needs: Needs,
    /// Whether the path does not lie below `/rest/api/N/`.
    pub(super) outside: bool,
}

impl Call {
    /// A GET.
    pub(super) fn get(endpoint: &'static str, path: &[&str], attempt: impl Into<String>) -> Self {
        Self {
            endpoint,
            method: Method::GET,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body: None,
            issue: None,
            attempt: attempt.into(),
            needs: Needs::Us,
            outside: false,
        }
    }

    /// A request with a body.
    pub(super) fn with_body(
        endpoint: &'static str,
        method: Method,
        path: &[&str],
        body: Value,
        attempt: impl Into<String>,
    ) -> Self {
        Self { method, body: Some(body), ..Self::get(endpoint, path, attempt) }
    }

    /// A write without a body.
    pub(super) fn without_body(
        endpoint: &'static str,
        method: Method,
        path: &[&str],
        attempt: impl Into<String>,
    ) -> Self {
        Self { method, ..Self::get(endpoint, path, attempt) }
    }

    /// Adds a query parameter.
    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Says that the path lies outside the REST API.
    pub(super) fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    /// Says which issue is written.
    pub(super) fn on(mut self, issue: IssueId) -> Self {
        self.issue = Some(issue);
        self
    }
}

/// Where requests go.
pub(super) struct Target {
    kind: Kind,
    base: url::Url,
}

impl Target {
    /// Where an instance is asked; else what is wrong with the settings.
    pub(super) fn of(settings: &InstanceSettings) -> Result<Self, String> {
        let (key, base) = match &settings.gateway {
            Some(gateway) => ("gateway", gateway),
            None => ("url", &settings.url),
        };
        let base = url::Url::parse(base).map_err(|error| format!("the instance's `{key}` is not one: {error}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(format!("the instance's `{key}` must start with http:// or https://"));
        }
        Ok(Self { kind: settings.kind, base })
    }

    /// The request of a call.
    pub(super) fn request(&self, call: &Call, authorization: HeaderValue) -> Result<http::Request<Bytes>, String> {
        let mut url = self.base.clone();
        let version = match self.kind {
            Kind::Cloud => "3",
            Kind::DataCenter => "2",
        };
        {
            let mut segments = url.path_segments_mut().map_err(|()| "the instance's `url` has no path".to_owned())?;
            segments.pop_if_empty();
            if !call.outside {
                segments.extend(["rest", "api", version]);
            }
            segments.extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = http::Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|_| "the instance's `url` cannot be used".to_owned())?;
        let headers = request.headers_mut();
        headers.insert(http::header::AUTHORIZATION, authorization);
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        if call.body.is_some() {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(request)
    }
}
