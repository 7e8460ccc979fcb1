//! What is due to be sent, signed and with its headers, and what becomes of it: retries on Cloud, none on Data Center. Must never
//! promise an order, and never send what is larger than Jira sends.

use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::HeaderValue;

use super::super::jira::Jira;
use super::super::time;
use super::{Delivery, Hook, Outgoing};

/// Cloud drops larger bodies.
const LARGEST: usize = 25 << 20;
/// Cloud tries again so often, so much later.
const RETRIES: u32 = 5;
const FIRST_RETRY: Duration = Duration::from_mins(5);
const RETRY_SPREAD: Duration = Duration::from_mins(10);
/// What Cloud sends again for.
const TRIED_AGAIN: [u16; 4] = [408, 409, 425, 429];

impl Jira {
    /// What is to be sent now. Whoever sends it says by [`Jira::webhook_answered`] what came of it.
    #[must_use]
    pub fn webhooks_due(&self) -> Vec<Delivery> {
        let mut inside = self.lock();
        let inside = &mut *inside;
        let (now, cloud) = (inside.state.now, inside.state.is_cloud());
        let (hooks, observer) = (&mut inside.state.hooks, &mut inside.observer);
        let weather = hooks.weather;
        let mut kept = Vec::new();
        for mut outgoing in std::mem::take(&mut hooks.outgoing) {
            if outgoing.decided {
                kept.push(outgoing);
                continue;
            }
            outgoing.decided = true;
            if outgoing.body.len() > LARGEST {
                continue;
            }
            if self.entropy().unit() < weather.lose {
                observer.strike("webhook-lost", outgoing.event);
                continue;
            }
            let late = |outgoing: &Outgoing| time::after(outgoing.due, weather.delay.mul_f64(self.entropy().unit()));
            if self.entropy().unit() < weather.double {
                hooks.last_number += 1;
                let mut again = Outgoing { due: late(&outgoing), ..outgoing.clone() };
                again.number = hooks.last_number;
                kept.push(again);
                observer.strike("webhook-doubled", outgoing.event);
            }
            let meant = outgoing.due;
            outgoing.due = late(&outgoing);
            if meant <= now && outgoing.due > now {
                observer.strike("webhook-delayed", outgoing.event);
            }
            kept.push(outgoing);
        }
        let (due, later): (Vec<_>, Vec<_>) = kept.into_iter().partition(|outgoing| outgoing.due <= now);
        hooks.outgoing = later;
        let mut deliveries = Vec::new();
        for outgoing in due {
            let hook = hooks.registered.iter().find(|hook| hook.id == outgoing.hook && hook.enabled);
            if let Some(request) = hook.and_then(|hook| request(hook, &outgoing, cloud)) {
                let is_overtaken = |other: &Outgoing| other.hook == outgoing.hook && other.number < outgoing.number;
                if hooks.outgoing.iter().any(is_overtaken) {
                    observer.strike("webhook-reordered", outgoing.event);
                }
                deliveries.push(Delivery { number: outgoing.number, request });
                hooks.under_way.push(outgoing);
            }
        }
        deliveries
    }

    /// Says how a delivery was answered; `None`: not at all, or too late.
    pub fn webhook_answered(&self, delivery: &Delivery, status: Option<u16>) {
        let mut inside = self.lock();
        let (now, cloud) = (inside.state.now, inside.state.is_cloud());
        let hooks = &mut inside.state.hooks;
        let Some(at) = hooks.under_way.iter().position(|outgoing| outgoing.number == delivery.number) else { return };
        let mut outgoing = hooks.under_way.swap_remove(at);
        let again = status.is_none_or(|status| status >= 500 || TRIED_AGAIN.contains(&status));
        if cloud && again && outgoing.retries < RETRIES {
            outgoing.retries += 1;
            outgoing.due = time::after(now, FIRST_RETRY + RETRY_SPREAD.mul_f64(self.entropy().unit()));
            hooks.outgoing.push(outgoing);
        }
    }

    /// How many webhooks are on their way.
    #[must_use]
    pub fn webhooks_waiting(&self) -> usize {
        let inside = self.lock();
        inside.state.hooks.outgoing.len() + inside.state.hooks.under_way.len()
    }
}

fn request(hook: &Hook, outgoing: &Outgoing, cloud: bool) -> Option<http::Request<Bytes>> {
    let mut request = http::Request::new(outgoing.body.clone());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = hook.url.parse().ok()?;
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json; charset=UTF-8"));
    if !cloud {
        return Some(request);
    }
    // The same across retries; a doubled one has it too.
    let identifier = format!("{:016x}-{}", outgoing.hook, name_of(&outgoing.body));
    headers.insert("x-atlassian-webhook-identifier", HeaderValue::from_str(&identifier).ok()?);
    let flow = if outgoing.secondary { "Secondary" } else { "Primary" };
    headers.insert("x-atlassian-webhook-flow", HeaderValue::from_static(flow));
    if outgoing.retries > 0 {
        headers.insert("x-atlassian-webhook-retry", HeaderValue::from(outgoing.retries));
    }
    if let Some(secret) = &hook.secret {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signature = format!("sha256={}", hex(hmac::sign(&key, &outgoing.body).as_ref()));
        headers.insert("x-hub-signature", HeaderValue::from_str(&signature).ok()?);
    }
    Some(request)
}

/// A short name for a body.
fn name_of(body: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body).as_ref().get(..8).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
