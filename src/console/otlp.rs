//! The figures of `/metrics` as an OpenTelemetry collector takes them: OTLP's protobuf, and the other way what it answers. Must never carry
//! a figure, a label or a word that the page does not: the same table decides both.

use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric as Told, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

use super::metrics::{Kind, METRICS, Measures, Metric, Sample, samples};

/// What the body of a request is sent as (OTLP/HTTP, binary protobuf).
pub const OTLP_CONTENT_TYPE: &str = "application/x-protobuf";

/// The body of one request. `since`: from when the counters count. `exporter`: what no other run of a daemon says of itself.
#[must_use]
pub fn otlp_request(measures: &Measures, since: Timestamp, exporter: &str) -> Vec<u8> {
    let samples = samples(measures);
    let moments = (nanoseconds(since), nanoseconds(measures.now));
    let metrics = METRICS.iter().filter_map(|metric| told(metric, &samples, moments)).collect();
    let (version, _) = measures.build;
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    let of_service =
        [("service.name", env!("CARGO_PKG_NAME")), ("service.version", version), ("service.instance.id", exporter)];
    let attributes = of_service.map(|(name, value)| attribute(name, value)).into();
    let all = ResourceMetrics {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() }],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![all] }.encode_to_vec()
}

/// How many figures a collector refused, as the body of its answer to a request that it took tells. What cannot be read tells of none.
#[must_use]
pub fn otlp_refused(body: &[u8]) -> u64 {
    let answer = ExportMetricsServiceResponse::decode(body).unwrap_or_default();
    answer.partial_success.and_then(|partial| u64::try_from(partial.rejected_data_points).ok()).unwrap_or_default()
}

/// One metric with all its values; `None`: it has none now.
fn told(metric: &Metric, samples: &[Sample], (since, now): (u64, u64)) -> Option<Told> {
    let of_it = samples.iter().filter(|sample| sample.metric == metric.name);
    let points: Vec<NumberDataPoint> = of_it
        .map(|sample| NumberDataPoint {
            attributes: sample.labels.iter().map(|(name, value)| attribute(name, value)).collect(),
            start_time_unix_nano: if metric.kind == Kind::Counter { since } else { 0 },
            time_unix_nano: now,
            value: Some(number_data_point::Value::AsDouble(sample.value)),
            ..NumberDataPoint::default()
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let data = match metric.kind {
        Kind::Gauge => metric::Data::Gauge(Gauge { data_points: points }),
        Kind::Counter => metric::Data::Sum(Sum {
            data_points: points,
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        }),
    };
    Some(Told {
        name: metric.name.to_owned(),
        description: metric.help.to_owned(),
        unit: if metric.name.ends_with("_seconds") { "s" } else { "" }.to_owned(),
        data: Some(data),
        ..Told::default()
    })
}

fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// Since 1970; a clock that stands before that tells 0.
fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;

    use super::*;

    #[test]
    fn what_a_collector_refused_is_read_and_nothing_else_is_an_error() {
        let partial = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message: "full".to_owned() };
        let answer = ExportMetricsServiceResponse { partial_success: Some(partial) };
        assert_eq!(otlp_refused(&answer.encode_to_vec()), 3);
        assert_eq!(otlp_refused(b""), 0);
        assert_eq!(otlp_refused(b"{}"), 0);
    }
}
