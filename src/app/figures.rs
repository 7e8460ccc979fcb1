//! The figures, sent to a collector as often as the configuration says. Must never hold up the work, follow a redirect, or say a header's
//! value.

use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::outbound::{client, last_cause};
use super::{Daemon, RunError};
use crate::config::OtlpSettings;
use crate::console::{OTLP_CONTENT_TYPE, otlp_refused, otlp_request};

/// How long an answer may take; and the last one, while the daemon stops.
const PATIENCE: Duration = Duration::from_secs(10);
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// As many bytes of an answer are read: it holds a number and a sentence.
const MOST_ANSWER: usize = 64 * 1024;

impl Daemon {
    /// Sends the figures until it is cancelled, and once more then. One that is not taken is not sent again: the next says all that it said.
    pub(super) async fn figures_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        let Some(settings) = &self.config.otlp else { return Ok(()) };
        let client = match client(PATIENCE, settings.url.scheme() == "http") {
            Ok(client) => client,
            Err(why) => {
                tracing::error!(why, "the figures are sent to no collector");
                return Ok(());
            }
        };
        // Requests are counted from the start on, before it runs.
        let since = self.since;
        let exporter = format!("{:032x}", self.surroundings.entropy.next_id(self.surroundings.clock.now()));
        let mut ticks = tokio::time::interval(settings.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
            cancel.run_until_cancelled(self.send_figures(&client, settings, (since, &exporter))).await;
        }
        let last = self.send_figures(&client, settings, (since, &exporter));
        // Who stops waits for no collector.
        let _ = tokio::time::timeout(LAST_PATIENCE, last).await;
        Ok(())
    }

    async fn send_figures(&self, client: &reqwest::Client, settings: &OtlpSettings, of: (Timestamp, &str)) {
        let measures = match self.measures().await {
            Ok(measures) => measures,
            Err(error) => {
                tracing::warn!(%error, "the state could not be asked for the figures that go to the collector");
                return;
            }
        };
        let mut request = client.post(settings.url.clone()).header(CONTENT_TYPE, OTLP_CONTENT_TYPE);
        for (name, value) in &settings.headers {
            // The configuration held it to what a header may be.
            let Ok(mut value) = HeaderValue::from_str(value.expose()) else { continue };
            value.set_sensitive(true);
            request = request.header(name.clone(), value);
        }
        match request.body(otlp_request(&measures, of.0, of.1)).send().await {
            Err(error) => {
                let why = last_cause(&error).unwrap_or_else(|| "the collector was not reached".to_owned());
                tracing::warn!(why, "the figures could not be sent to the collector");
            }
            Ok(answer) => told(answer).await,
        }
    }
}

async fn told(answer: reqwest::Response) {
    let status = answer.status().as_u16();
    if !(200..300).contains(&status) {
        tracing::warn!(status, "the collector did not take the figures");
        return;
    }
    let refused = otlp_refused(&beginning(answer).await);
    if refused > 0 {
        tracing::warn!(refused, "the collector took a part of the figures");
    }
}

/// The body of an answer; nothing of one that is longer than any that is meant.
async fn beginning(mut answer: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(part)) = answer.chunk().await {
        body.extend_from_slice(&part);
        if body.len() > MOST_ANSWER {
            return Vec::new();
        }
    }
    body
}
