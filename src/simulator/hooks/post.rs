//! Sends what is due over HTTP, for a simulated Jira that is served. Must never send to more than was registered, nor wait longer than
//! Jira does.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::jira::Jira;

/// How long Jira waits for a connection, and for an answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);
/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_millis(50);

/// Sends until `cancel`.
pub(in super::super) async fn post_all(jira: Jira, cancel: CancellationToken) {
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build();
    let Ok(client) = client else { return };
    while cancel.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let sends = jira.webhooks_due().into_iter().map(|delivery| {
            let (client, jira) = (client.clone(), jira.clone());
            async move {
                let (parts, body) = delivery.request.clone().into_parts();
                let url = parts.uri.to_string();
                let sent = client.post(url).headers(parts.headers).body(body).send().await;
                jira.webhook_answered(&delivery, sent.ok().map(|answer| answer.status().as_u16()));
            }
        });
        if cancel.run_until_cancelled(futures_util::future::join_all(sends)).await.is_none() {
            break;
        }
    }
}
