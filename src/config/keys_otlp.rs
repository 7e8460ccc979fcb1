//! The keys of the export of figures: a part of the one table of keys. Must never be doubled.

use super::keys::{DURATION, Form, Key, Shape, default, form, optional, required};

static COLLECTOR: Form = form("a URL", "http://127.0.0.1:4318/v1/metrics", Some("^https?://"));
static LIES: Form = form("where a secret lies", "env:OTLP_HEADERS", Some("^(env|file|credential):."));

pub(super) static OTLP_URL: Key = required(
    "url",
    Shape::Text(&COLLECTOR),
    "Where the collector takes metrics, path included: `https://HOST/v1/metrics`. http only for an address within your own network.",
);
pub(super) static OTLP_EVERY: Key =
    default("every", Shape::Text(&DURATION), "1min", "How often the figures are sent; 1s to 1h.");
pub(super) static OTLP_HEADERS: Key = optional(
    "headers",
    Shape::Text(&LIES),
    "Where the headers lie that the collector asks for, a login among them: `NAME=VALUE`, more behind commas, each value percent-encoded, as in `OTEL_EXPORTER_OTLP_HEADERS`.",
);
pub(super) static OTLP: Key = optional(
    "otlp",
    Shape::Table(&[&OTLP_URL, &OTLP_EVERY, &OTLP_HEADERS]),
    "Sends the figures of `/metrics` to an OpenTelemetry collector, too (OTLP over HTTP, protobuf). Left out: nothing is sent.",
);
