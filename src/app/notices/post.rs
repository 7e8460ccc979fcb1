//! A notice posted as JSON. Must never follow a redirect, read an answer's body, or say the URL: it may be a secret.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::{Messenger, Unsent};
use crate::app::outbound::{client, last_cause};
use crate::model::notices::{Event, Notice};
use crate::model::secret::Secret;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is posted. `text` says all, title included: chats that take such posts show it alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Post<'n> {
    /// The form of this.
    version: u32,
    number: u64,
    at: Timestamp,
    event: Event,
    about: Option<&'n str>,
    title: &'n str,
    text: String,
    count: Option<u64>,
    held_back: u64,
}

impl<'n> From<&'n Notice> for Post<'n> {
    fn from(notice: &'n Notice) -> Self {
        let Notice { number, at, event, about, title, text, count, held_back } = notice;
        Self {
            version: 1,
            number: *number,
            at: *at,
            event: *event,
            about: about.as_deref(),
            title,
            text: format!("{title}\n{text}"),
            count: *count,
            held_back: *held_back,
        }
    }
}

/// Posts notices.
#[derive(Debug)]
pub struct PostMessenger {
    url: Secret,
    client: Result<reqwest::Client, String>,
}

impl PostMessenger {
    /// Posts to this URL. What is wrong shows with the first notice.
    #[must_use]
    pub fn new(url: Secret) -> Self {
        Self { url, client: client(PATIENCE, false) }
    }
}

#[async_trait]
impl Messenger for PostMessenger {
    async fn tell(&self, notice: &Notice) -> Result<(), Unsent> {
        let client = self.client.as_ref().map_err(|why| Unsent { why: why.clone(), again: false })?;
        let sent = client.post(self.url.expose()).json(&Post::from(notice)).send().await;
        let answer = sent.map_err(|error| {
            let why = last_cause(&error).unwrap_or_else(|| "the webhook's server was not reached".to_owned());
            Unsent { why, again: !error.is_builder() }
        })?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let again = matches!(status, 408 | 425 | 429) || status >= 500;
        Err(Unsent { why: format!("the webhook's server answers with status {status}"), again })
    }
}
