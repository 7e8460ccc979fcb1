//! A network in which every request takes its time, and that knows how many are under way. Must never hold a request back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use jirasyncd::jira::{Transport, TransportError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a request takes on its way there, and as long back.
const WAY: Duration = Duration::from_millis(25);

/// What went over the network.
#[derive(Default)]
pub(super) struct Meter {
    under_way: AtomicUsize,
    most: AtomicUsize,
    writes: AtomicUsize,
    writes_under_way: AtomicUsize,
    cut_off: AtomicUsize,
    last_write: Mutex<Option<Instant>>,
    stop: AtomicUsize,
    stopped: Notify,
}

impl Meter {
    /// Tells [`Meter::stopped`] when so many writes were sent.
    pub(super) fn stops_at(&self, writes: usize) {
        self.stop.store(writes, Ordering::SeqCst);
    }

    pub(super) async fn stopped(&self) {
        self.stopped.notified().await;
    }

    pub(super) fn most_under_way(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// Writes without an answer when it stopped; an issue of many that are created at once is one.
    pub(super) fn cut_off(&self) -> usize {
        self.cut_off.load(Ordering::SeqCst)
    }

    pub(super) fn wrote(&self) -> bool {
        self.last_write.lock().unwrap().is_some()
    }

    /// When the last write was answered.
    pub(super) fn last_write(&self) -> Instant {
        self.last_write.lock().unwrap().expect("something was written")
    }
}

/// A network with a meter.
pub(super) struct Metered {
    inner: Arc<dyn Transport>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(super) fn new(inner: Arc<dyn Transport>, meter: &Arc<Meter>) -> Self {
        Self { inner, meter: Arc::clone(meter) }
    }
}

/// A request under way, also when nobody waits for it any more.
struct UnderWay<'a>(&'a Meter, usize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.writes_under_way.fetch_sub(self.1, Ordering::SeqCst);
    }
}

/// How many things a request writes; reads are sent by POST, too.
fn writes(request: &http::Request<Bytes>) -> usize {
    let path = request.uri().path();
    let reads = path.ends_with("/search/jql") || path.ends_with("/bulkfetch") || path.ends_with("/list");
    if *request.method() == Method::GET || reads {
        return 0;
    }
    if path.ends_with("/issue/bulk") {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
        return body["issueUpdates"].as_array().map_or(1, Vec::len);
    }
    1
}

#[async_trait]
impl Transport for Metered {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (meter, things) = (&*self.meter, writes(&request));
        let now = meter.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        meter.most.fetch_max(now, Ordering::SeqCst);
        meter.writes_under_way.fetch_add(things, Ordering::SeqCst);
        let _under_way = UnderWay(meter, things);
        if things > 0 && meter.writes.fetch_add(1, Ordering::SeqCst) + 1 == meter.stop.load(Ordering::SeqCst) {
            meter.cut_off.store(meter.writes_under_way.load(Ordering::SeqCst), Ordering::SeqCst);
            meter.stopped.notify_one();
        }
        tokio::time::sleep(WAY).await;
        let answer = self.inner.send(request).await;
        tokio::time::sleep(WAY).await;
        if things > 0 {
            *meter.last_write.lock().unwrap() = Some(Instant::now());
        }
        answer
    }
}
