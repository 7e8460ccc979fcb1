//! What `/metrics` tells, in Prometheus' text format. The table here is all there is: the page, the export (`otlp`) and the document go by it. Must
//! never take a label from what a Jira or a person chose (keys, summaries, names): only names of the configuration and words of ours, so
//! that their number is bounded and nothing leaks to who only reaches the port.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::InstanceStatus;
use crate::engine::WriteCount;
use crate::jira::CallCount;
use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::model::store::Figures;
use crate::store::{PROBLEM_KINDS, QueueFigures};

/// What the page is sent as.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the daemon measured.
#[derive(Debug, Clone)]
pub struct Measures {
    /// When.
    pub now: Timestamp,
    /// When the daemon was started.
    pub since: Timestamp,
    /// Its release, and its commit where that is known.
    pub build: (&'static str, Option<&'static str>),
    /// Whether it is ready.
    pub ready: bool,
    /// Counts of the state.
    pub figures: Figures,
    /// By instance of the configuration.
    pub instances: Vec<InstanceMeasures>,
    /// By sync and side of the configuration.
    pub sides: Vec<SideMeasures>,
    /// By sync of the configuration.
    pub queues: Vec<QueueFigures>,
    /// The syncs that stand still or start nothing new.
    pub stopped: Vec<(SyncId, bool)>,
    /// The problems that stand, by what they are about.
    pub problems: std::collections::BTreeMap<&'static str, u64>,
    /// The writes since the start.
    pub writes: Vec<WriteCount>,
    /// When the last full check ended.
    pub swept: Option<Timestamp>,
}

/// What was measured of an instance.
#[derive(Debug, Clone)]
pub struct InstanceMeasures {
    /// What `status` shows of it.
    pub status: InstanceStatus,
    /// Requests since the start.
    pub calls: Vec<CallCount>,
    /// Its webhooks by what came of them.
    pub webhooks: Vec<(&'static str, u64)>,
}

/// What was measured of a side.
#[derive(Debug, Clone)]
pub struct SideMeasures {
    /// The sync.
    pub sync: SyncId,
    /// The side.
    pub side: SideId,
    /// How far it may be behind, in seconds.
    pub lag: f64,
    /// Writes to it whose outcome is not known.
    pub open: u64,
}

/// Whether a value may go down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    /// It begins at 0 with each start, and when the daemon goes over to another configuration.
    Counter,
}

/// One metric.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    labels: &'static [&'static str],
    pub(super) help: &'static str,
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, help }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, help }
}

static BUILD: Metric = gauge(
    "jirasyncd_build_info",
    &["version", "commit"],
    "1; which build runs. `commit` is empty where it is not known.",
);
static STARTED: Metric = gauge(
    "jirasyncd_start_time_seconds",
    &[],
    "When the daemon was started or last went over to another configuration, in seconds since 1970: counters begin then.",
);
static READY: Metric = gauge("jirasyncd_ready", &[], "1 where `/readyz` says yes.");
static LAG: Metric = gauge(
    "jirasyncd_lag_seconds",
    &["sync", "side"],
    "How far a side may be behind: the longest of the time since its instance last answered a poll, the age of the oldest write to it \
     without an outcome, and how long the sync's oldest due item has waited.",
);
static WRITES_OPEN: Metric = gauge(
    "jirasyncd_writes_open",
    &["sync", "side"],
    "Writes that were sent or are about to be, and whose outcome is not known.",
);
static QUEUE: Metric = gauge(
    "jirasyncd_queue_items",
    &["sync", "state"],
    "Items in the queue: `due` now, `claimed` (being worked on), due `later`, `waiting` for a pause to end or an instance to come back.",
);
static QUEUE_OLDEST: Metric =
    gauge("jirasyncd_queue_oldest_seconds", &["sync"], "How long the oldest due item has waited; 0 where none does.");
static STOPPED: Metric = gauge(
    "jirasyncd_sync_stopped",
    &["sync"],
    "1 where a sync does not go on, or starts nothing new, until a person does something: paused, ended, held, or a burst that waits.",
);
static ITEMS: Metric = gauge("jirasyncd_items", &[], "Items known: issues, each with its counterparts.");
static CONFLICTS: Metric = gauge("jirasyncd_conflicts", &[], "Conflicts recorded in the state, ever.");
static PROBLEMS: Metric =
    gauge("jirasyncd_problems", &["kind"], "Problems that stand and were not dismissed, by what they are about.");
static OPERATIONS: Metric = counter(
    "jirasyncd_operations_total",
    &["instance", "kind", "result"],
    "Writes that were sent, by what they write and what came of them: `done`, `refused`, `not-found`, `not-sent`, `in-doubt`.",
);
static CALLS: Metric = counter(
    "jirasyncd_calls_total",
    &["instance", "endpoint", "status"],
    "Requests, by Atlassian's operationId and the answer's status: 400, 401, 403, 404, 409, 429 and 503 as they are, others as `2xx`, \
     `5xx` and so on, `none` where no whole answer came.",
);
static LIMITED: Metric =
    counter("jirasyncd_calls_limited_total", &["instance"], "Requests that were answered with 429: too many.");
static UP: Metric =
    gauge("jirasyncd_instance_up", &["instance"], "1 where the last poll went well and nothing holds requests back.");
static POLL_AGE: Metric = gauge(
    "jirasyncd_poll_age_seconds",
    &["instance"],
    "Time since a poll last went well; since the start, where none did.",
);
static RATE: Metric = gauge("jirasyncd_rate_per_second", &["instance"], "Requests a second that are sent now at most.");
static BUDGET_LEFT: Metric = gauge(
    "jirasyncd_budget_left",
    &["instance"],
    "Requests left of the limit of which least is left, as answers told. Nothing where none did.",
);
static BUDGET_LIMIT: Metric = gauge("jirasyncd_budget_limit", &["instance"], "How many requests that limit is.");
static QUOTA_LEFT: Metric =
    gauge("jirasyncd_quota_left", &["instance"], "What is left of a quota of hours, as answers told.");
static WEBHOOKS: Metric = counter(
    "jirasyncd_webhooks_total",
    &["instance", "result"],
    "Webhooks, where they are taken: `taken`, or refused for their `address`, `signature`, `rate` or `body`.",
);
static WEBHOOK_AGE: Metric = gauge(
    "jirasyncd_webhook_age_seconds",
    &["instance"],
    "Time since the last webhook was taken. Nothing where none was.",
);
static UNANNOUNCED: Metric = gauge(
    "jirasyncd_changes_unannounced",
    &["instance"],
    "Issues that changed within a day, as polls saw, and that no webhook told of in time.",
);
static SWEEP_AGE: Metric =
    gauge("jirasyncd_sweep_age_seconds", &[], "Time since the last full check ended, or since the state was made.");

/// All of them, as they are told.
pub(super) static METRICS: [&Metric; 24] = [
    &BUILD,
    &STARTED,
    &READY,
    &LAG,
    &WRITES_OPEN,
    &QUEUE,
    &QUEUE_OLDEST,
    &STOPPED,
    &ITEMS,
    &CONFLICTS,
    &PROBLEMS,
    &OPERATIONS,
    &CALLS,
    &LIMITED,
    &UP,
    &POLL_AGE,
    &RATE,
    &BUDGET_LEFT,
    &BUDGET_LIMIT,
    &QUOTA_LEFT,
    &WEBHOOKS,
    &WEBHOOK_AGE,
    &UNANNOUNCED,
    &SWEEP_AGE,
];

/// A value with its labels.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) metric: &'static str,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: f64,
}

/// The values of one moment.
#[derive(Debug, Default)]
struct Page(Vec<Sample>);

impl Page {
    fn put(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        let labels = metric.labels.iter().zip(labels).map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.push(Sample { metric: metric.name, labels, value });
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for metric in METRICS {
            let mut samples = self.0.iter().filter(|sample| sample.metric == metric.name).peekable();
            if samples.peek().is_none() {
                continue;
            }
            let kind = match metric.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
            };
            // The encoder puts the suffix of a counter there itself.
            let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
            let mut family = encoder.encode_descriptor(name, metric.help, None, kind)?;
            for sample in samples {
                let mut one = family.encode_family(&sample.labels)?;
                match metric.kind {
                    Kind::Gauge => one.encode_gauge(&sample.value)?,
                    Kind::Counter => one.encode_counter::<NoLabelSet, f64, f64>(&sample.value, None)?,
                }
            }
        }
        Ok(())
    }
}

/// The page.
///
/// # Errors
/// None is known; text cannot be written.
pub fn metrics_page(measures: &Measures) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(page(measures)));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

/// The values of that moment.
pub(super) fn samples(measures: &Measures) -> Vec<Sample> {
    page(measures).0
}

fn page(measures: &Measures) -> Page {
    let mut page = Page::default();
    let age = |at: Timestamp| seconds(measures.now, at);
    page.put(&BUILD, &[measures.build.0, measures.build.1.unwrap_or_default()], 1.0);
    page.put(&STARTED, &[], measures.since.as_duration().as_secs_f64());
    page.put(&READY, &[], flag(measures.ready));
    for side in &measures.sides {
        let labels = [side.sync.as_str(), side.side.as_str()];
        page.put(&LAG, &labels, side.lag);
        page.put(&WRITES_OPEN, &labels, number(side.open));
    }
    for queue in &measures.queues {
        let states =
            [("due", queue.due), ("claimed", queue.claimed), ("later", queue.later), ("waiting", queue.waiting)];
        for (state, count) in states {
            page.put(&QUEUE, &[queue.sync.as_str(), state], number(count));
        }
        page.put(&QUEUE_OLDEST, &[queue.sync.as_str()], queue.oldest.map_or(0.0, age));
    }
    for (sync, stopped) in &measures.stopped {
        page.put(&STOPPED, &[sync.as_str()], flag(*stopped));
    }
    page.put(&ITEMS, &[], number(measures.figures.items));
    page.put(&CONFLICTS, &[], number(measures.figures.conflicts));
    for (kind, _) in PROBLEM_KINDS {
        page.put(&PROBLEMS, &[kind], number(measures.problems.get(kind).copied().unwrap_or_default()));
    }
    for write in &measures.writes {
        page.put(&OPERATIONS, &[write.instance.as_str(), write.kind, write.result], number(write.count));
    }
    measures.instances.iter().for_each(|instance| of_instance(&mut page, instance, measures));
    if let Some(swept) = measures.swept {
        page.put(&SWEEP_AGE, &[], age(swept));
    }
    page
}

fn of_instance(page: &mut Page, instance: &InstanceMeasures, measures: &Measures) {
    let status = &instance.status;
    let name: &InstanceId = &status.name;
    let labels = [name.as_str()];
    for call in &instance.calls {
        page.put(&CALLS, &[name.as_str(), call.endpoint, call.status], number(call.count));
    }
    let limited = instance.calls.iter().filter(|call| call.status == "429").map(|call| call.count).sum();
    page.put(&LIMITED, &labels, number(limited));
    let up = status.polled_at.is_some() && status.last_error.is_none() && status.paused.is_none();
    page.put(&UP, &labels, flag(up));
    page.put(&POLL_AGE, &labels, seconds(measures.now, status.polled_at.unwrap_or(measures.since)));
    if let Some(budget) = &status.budget {
        page.put(&RATE, &labels, budget.rate);
        if let Some((left, limit)) = budget.left {
            page.put(&BUDGET_LEFT, &labels, number(left));
            page.put(&BUDGET_LIMIT, &labels, number(limit));
        }
        if let Some((left, _)) = budget.quota {
            page.put(&QUOTA_LEFT, &labels, number(left));
        }
    }
    for (result, count) in &instance.webhooks {
        page.put(&WEBHOOKS, &[name.as_str(), result], number(*count));
    }
    if let Some(webhooks) = &status.webhooks {
        page.put(&UNANNOUNCED, &labels, number(u64::try_from(webhooks.unannounced).unwrap_or(u64::MAX)));
        if let Some(last) = webhooks.last {
            page.put(&WEBHOOK_AGE, &labels, seconds(measures.now, last));
        }
    }
}

/// The seconds since then; none where a clock was set back.
#[must_use]
pub fn seconds(now: Timestamp, then: Timestamp) -> f64 {
    now.duration_since(then).as_secs_f64().max(0.0)
}

fn flag(flag: bool) -> f64 {
    if flag { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

/// The document about them: a table of all.
#[must_use]
pub fn metrics_document() -> String {
    let mut text = String::from(HEAD);
    for metric in METRICS {
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let kind = match metric.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{}` | {kind} | {labels} | {} |", metric.name, metric.help);
    }
    let kinds = PROBLEM_KINDS.map(|(kind, _)| format!("`{kind}`")).join(", ");
    let _ = write!(text, "\nKinds of problems: {kinds}. `jirasyncd problems` tells each in words.\n");
    text
}

const HEAD: &str = "\
# Health and metrics

The daemon answers `GET` on `daemon.listen` (127.0.0.1:8470 unless told otherwise), asked by an IP address or as `localhost`: under any other
name it refuses, since a page in somebody's browser could have that name point here.

| path | what |
| --- | --- |
| `/healthz` | 200 `ok` while the daemon does its work: its worker comes round, and the state can be used. Else 503 and why. A Jira out of reach is no illness: starting the daemon again would not mend it. `jirasyncd health` asks this. `/health` is the same. |
| `/readyz` | 200 `ok` once every instance answered a poll since the start (one that an operator paused is not waited for), and until the daemon is told to stop. Else 503 and why, a reason per line. |
| `/metrics` | The figures below, in Prometheus' text format. |

The same figures go to an OpenTelemetry collector where `[otlp]` names one: OTLP over HTTP, by the names below, counters as cumulative sums.

None of them needs a login, and none names an issue, a person or a secret: labels are names of the configuration and words of this table.
Counters begin at 0 with each start, and when the daemon goes over to another configuration.

| metric | kind | labels | what |
| --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_told_once_and_named_as_its_kind_asks() {
        let names: std::collections::BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            assert!(metric.name.starts_with("jirasyncd_") && metric.help.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn a_counter_is_written_as_it_is_called() {
        let mut page = Page::default();
        page.put(&LIMITED, &["acme"], 2.0);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(page));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("# TYPE jirasyncd_calls_limited_total counter\n"), "{text}");
        assert!(text.contains("\njirasyncd_calls_limited_total{instance=\"acme\"} 2.0\n"), "{text}");
    }

    #[test]
    fn a_label_cannot_break_out_of_its_line() {
        let mut page = Page::default();
        page.put(&RATE, &["a\"} 1\nforged 2\\"], 3.5);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(page));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("{instance=\"a\\\"} 1\\nforged 2\\\\\"} 3.5\n"), "{text}");
    }
}
