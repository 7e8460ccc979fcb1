//! `[otlp]`: the figures that go to an OpenTelemetry collector, from the real binary to a collector that keeps what it gets. Must never take
//! the daemon's word for what it sent.

use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, metric, number_data_point,
};
use prost::Message as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::cli_world::{Place, World, free_port};
use super::process_support::Running;

const CANARY: &str = "canary-otlp-5d10";
const PATIENCE: Duration = Duration::from_secs(30);

/// What came, and what is answered.
#[derive(Default)]
struct Kept {
    requests: Vec<(HeaderMap, ExportMetricsServiceRequest)>,
    answer: Option<(StatusCode, Vec<u8>)>,
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Kept>>);

async fn take(
    State(Collector(kept)): State<Collector>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], Vec<u8>) {
    let mut kept = kept.lock().unwrap();
    kept.requests.push((headers, ExportMetricsServiceRequest::decode(body).unwrap()));
    let (status, body) = kept.answer.clone().unwrap_or((StatusCode::OK, Vec::new()));
    (status, [("location", "/elsewhere")], body)
}

impl Collector {
    /// Answers until the test ends. Returns where.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/v1/metrics", axum::routing::post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    fn answers(&self, status: StatusCode, body: Vec<u8>) {
        self.0.lock().unwrap().answer = Some((status, body));
    }

    /// The newest, once so many came.
    async fn newest(&self, least: usize) -> (HeaderMap, ExportMetricsServiceRequest) {
        until(|| self.count() >= least).await;
        self.0.lock().unwrap().requests.last().unwrap().clone()
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A place whose daemon sends its figures to that collector each second, with a login; and where it listens.
async fn place(world: &World, collector: &Collector) -> (Place, u16) {
    let (url, port) = (collector.start().await, free_port());
    let table = format!("[otlp]\nurl = \"{url}\"\nevery = \"1s\"\nheaders = \"file:headers\"\n\n[instance.acme]");
    let text = world.configuration().replace("[instance.acme]", &table);
    let place = Place::new(&text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(place.file("headers"));
    let lines = format!("Authorization=Bearer%20{CANARY},x-team=sync");
    std::io::Write::write_all(&mut file.unwrap(), lines.as_bytes()).unwrap();
    (place, port)
}

fn text(value: &KeyValue) -> String {
    match &value.value.as_ref().unwrap().value {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn points(metric: &Metric) -> &[NumberDataPoint] {
    match metric.data.as_ref().unwrap() {
        metric::Data::Gauge(gauge) => &gauge.data_points,
        metric::Data::Sum(sum) => &sum.data_points,
        other @ (metric::Data::Histogram(_) | metric::Data::ExponentialHistogram(_) | metric::Data::Summary(_)) => {
            panic!("{other:?}")
        }
    }
}

fn metrics(request: &ExportMetricsServiceRequest) -> &[Metric] {
    &request.resource_metrics[0].scope_metrics[0].metrics
}

/// The names and labels, written as the page writes them.
fn series(request: &ExportMetricsServiceRequest) -> BTreeSet<String> {
    let one = |metric: &Metric, point: &NumberDataPoint| {
        let labels: Vec<String> =
            point.attributes.iter().map(|label| format!("{}=\"{}\"", label.key, text(label))).collect();
        if labels.is_empty() { metric.name.clone() } else { format!("{}{{{}}}", metric.name, labels.join(",")) }
    };
    let of = |metric: &Metric| points(metric).iter().map(|point| one(metric, point)).collect::<Vec<_>>();
    metrics(request).iter().flat_map(of).collect()
}

async fn page(port: u16) -> BTreeSet<String> {
    let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap().text().await.unwrap();
    let lines = answer.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

fn value(request: &ExportMetricsServiceRequest, name: &str) -> f64 {
    let metric = metrics(request).iter().find(|metric| metric.name == name).unwrap();
    let sum = points(metric).iter().map(|point| match point.value.unwrap() {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => panic!("{name}: {value}"),
    });
    sum.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_the_figures_of_the_page() {
    let (world, collector) = (World::new().await, Collector::default());
    let jane = world.acme.person("jane").unwrap();
    jane.create("SUP", "Bug", json!({ "summary": "Secret summary" })).unwrap();
    let (place, port) = place(&world, &collector).await;
    let running = Running::start(&place, 0);
    running.ready().await;
    // What is counted since the start grows by new lines for a while.
    let began = Instant::now();
    let (headers, request) = loop {
        let (headers, request) = collector.newest(collector.count() + 1).await;
        if value(&request, "jirasyncd_items") == 1.0 && series(&request) == page(port).await {
            break (headers, request);
        }
        assert!(began.elapsed() < PATIENCE, "{:?}\n{:?}", series(&request), page(port).await);
    };
    assert_eq!(headers["authorization"], format!("Bearer {CANARY}"));
    assert_eq!(headers["x-team"], "sync");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let resource = request.resource_metrics[0].resource.as_ref().unwrap();
    let names: Vec<&str> = resource.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(names, ["service.name", "service.version", "service.instance.id"]);
    assert_eq!(text(&resource.attributes[0]), "jirasyncd");
    // Counters are sums since the start; all else is as it is now.
    for metric in metrics(&request) {
        let is_counter = metric.name.ends_with("_total");
        let Some(metric::Data::Sum(sum)) = &metric.data else {
            assert!(!is_counter, "{metric:?}");
            continue;
        };
        assert!(is_counter && sum.is_monotonic, "{metric:?}");
        assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
        assert!(sum.data_points.iter().all(|point| 0 < point.start_time_unix_nano), "{metric:?}");
        assert!(sum.data_points.iter().all(|point| point.start_time_unix_nano < point.time_unix_nano), "{metric:?}");
    }
    assert!(value(&request, "jirasyncd_calls_total") > 0.0);
    let all = format!("{request:?}");
    assert!(!all.contains("SUP-1") && !all.contains("Secret") && !all.contains("canary"), "{all}");
    let before = collector.count();
    let (status, _, log) = running.terminate(Duration::from_secs(10)).await;
    assert!(status.success(), "{log}");
    assert!(collector.count() > before, "nothing was sent in the end");
    assert!(!log.contains("canary") && !log.contains("collector"), "{log}");
    place.holds_no_token();
    assert_eq!(place.files_with(CANARY.as_bytes()), [place.file("headers")]);
}

/// What a collector does holds up nothing, and is said once.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_takes_nothing_is_told_and_holds_up_nothing() {
    let partial = ExportMetricsPartialSuccess { rejected_data_points: 7, error_message: "canary-words".to_owned() };
    let partial = ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let cases = [
        (StatusCode::SERVICE_UNAVAILABLE, Vec::new(), "the collector did not take the figures", "503"),
        (StatusCode::TEMPORARY_REDIRECT, Vec::new(), "the collector did not take the figures", "307"),
        (StatusCode::OK, partial, "the collector took a part of the figures", "7"),
        // Longer than any answer that is meant: it is let be.
        (StatusCode::OK, vec![0x0a; 200_000], "", ""),
    ];
    for (status, body, said, which) in cases {
        let (world, collector) = (World::new().await, Collector::default());
        let jane = world.acme.person("jane").unwrap();
        jane.create("SUP", "Bug", json!({ "summary": "Item" })).unwrap();
        collector.answers(status, body);
        let (place, _) = place(&world, &collector).await;
        let running = Running::start(&place, 0);
        running.ready().await;
        collector.newest(4).await;
        until(|| world.globex.issues().len() == 1).await;
        let (ended, _, log) = running.terminate(Duration::from_secs(10)).await;
        assert!(ended.success(), "{log}");
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("the collector")).collect();
        assert_eq!(lines.len(), usize::from(!said.is_empty()), "{log}");
        assert!(lines.iter().all(|line| line.contains(said) && line.contains(which)), "{log}");
        assert!(!log.contains("canary"), "{log}");
    }
}

/// Nobody listens there.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_is_told() {
    let world = World::new().await;
    let table =
        format!("[otlp]\nurl = \"http://127.0.0.1:{}/v1/metrics\"\nevery = \"1s\"\n\n[instance.acme]", free_port());
    let place = world.place_with("[instance.acme]", &table);
    let running = Running::start(&place, 0);
    running.ready().await;
    until(|| running.log().contains("the figures could not be sent to the collector")).await;
    let (ended, took, log) = running.terminate(Duration::from_secs(10)).await;
    assert!(ended.success() && took < Duration::from_secs(5), "{took:?}: {log}");
}
