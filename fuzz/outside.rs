//! What must hold of anything that comes from outside and is no text of an issue: answers of a Jira, webhooks, configurations, lists of
//! pairs. The fuzzer's targets, which `tests/it/outside_fuzz.rs` runs too. Must never take for granted that bytes are what they should be:
//! nothing here may fail but an assertion.

#![allow(dead_code, reason = "each fuzz target takes one of them")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jirasyncd::cli::read_pair_list;
use jirasyncd::clock::{Clock, SeededEntropy};
use jirasyncd::config::{Environment, SecretsWanted, load};
use jirasyncd::jira::{JiraRead, Transport, TransportError, Want, connect, read_hook};
use jirasyncd::model::ids::{CommentId, EntryId, IssueId, IssueKey, SideId};
use jirasyncd::model::operation::Thing;
use jirasyncd::model::settings::Kind;

/// A word that must not be in anything that is said.
const TOKEN: &str = "canary-of-the-fuzzer";

/// Every variable is the token, and there is no file.
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, name: &str) -> Option<String> {
        (!matches!(name, "JIRASYNCD_LISTEN" | "CREDENTIALS_DIRECTORY")).then(|| TOKEN.to_owned())
    }

    fn file(&self, _: &std::path::Path) -> std::io::Result<jirasyncd::config::FileContent> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// Any bytes as a webhook's body.
pub(super) fn hook(data: &[u8]) {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        if let Ok(told) = read_hook(kind, data) {
            drop(format!("{told:?}"));
        }
    }
}

/// Any bytes as a configuration. What is said of it names a place in it, and no secret.
pub(super) fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match load(&text, "jirasyncd.toml", &Nothing, SecretsWanted::Yes) {
        Ok(loaded) => {
            assert!(!loaded.warnings.to_string().contains(TOKEN));
            assert!(!format!("{:?}", loaded.config).contains(TOKEN));
        }
        Err(report) => {
            let said = report.to_string();
            assert!(said.contains("jirasyncd.toml"), "where it is wrong is not said: {said}");
            assert!(!said.contains(TOKEN), "a secret is said: {said}");
        }
    }
}

/// Any bytes as a list of pairs: no key is in two rows of those that are taken.
pub(super) fn pairs(data: &[u8]) {
    let sides = [SideId::from("acme"), SideId::from("globex")];
    let Ok((good, bad)) = read_pair_list(&String::from_utf8_lossy(data), &sides) else { return };
    let mut seen = BTreeSet::new();
    for row in &good {
        assert!(row.keys.len() >= 2, "{row:?}");
        for key in &row.keys {
            assert!(seen.insert(key.clone()), "{key} is taken twice");
        }
    }
    assert!(bad.iter().all(|(_, why)| !why.is_empty()));
}

/// Time that is the runtime's own.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_780_000_000)
            .unwrap_or_default()
            .saturating_add(self.monotonic())
            .unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A Jira that answers everything with the same bytes. The first byte chooses the status.
struct Answers(Bytes);

#[async_trait]
impl Transport for Answers {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let choice = self.0.first().copied().unwrap_or_default();
        let status = [200, 200, 200, 200, 204, 400, 401, 403, 404, 429, 500, 503][usize::from(choice) % 12];
        let mut answer = http::Response::new(self.0.slice(self.0.len().min(1)..));
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json;charset=UTF-8"));
        Ok(answer)
    }
}

const INSTANCES: &str = r#"
[daemon]
state = "sqlite:/nowhere/state.db"
[instance.acme]
kind = "cloud"
url = "https://acme.example"
auth = { method = "api-token", user = "sync@acme.example", token = "env:TOKEN" }
[instance.globex]
kind = "data-center"
url = "https://jira.globex.example/jira"
auth = { method = "bearer", token = "env:TOKEN" }
[sync.s]
home = "acme"
side.acme = { instance = "acme", project = "A" }
side.globex = { instance = "globex", project = "B" }
[sync.s.map]
issue-type = [ { acme = "Bug", globex = "Bug" } ]
[sync.s.fields]
summary = "both"
"#;

/// Any bytes as every answer of a Jira: each call ends, with an answer or an error that does not hold the token.
pub(super) fn answers(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        let loaded = load(INSTANCES, "jirasyncd.toml", &Nothing, SecretsWanted::Yes);
        let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
        for settings in loaded.config.instances.values() {
            let clock = Arc::new(Paused(tokio::time::Instant::now()));
            let transport = Arc::new(Answers(Bytes::copy_from_slice(data)));
            let (read, _) = connect(settings, transport, clock, Arc::new(SeededEntropy::new(1)));
            let said = everything(read.as_ref()).await;
            assert!(!said.contains(TOKEN), "{said}");
        }
    });
}

/// Asks for all that can be read, and says what came of it.
async fn everything(read: &dyn JiraRead) -> String {
    let (issue, now) = (IssueId(1), Timestamp::UNIX_EPOCH);
    let projects = BTreeSet::from(["A".to_owned()]);
    let comment = CommentId::from("1");
    let want = Want {
        fields: ["summary", "description", "labels", "customfield_1"].into_iter().map(Into::into).collect(),
        comments: true,
        worklogs: true,
        attachments: true,
        watches: true,
        mark: true,
        transitions: true,
    };
    let mut said = format!("{:?}", read.identity().await);
    said += &format!("{:?}", read.catalog("A", &BTreeSet::from(["jane".to_owned()])).await);
    said += &format!("{:?}", read.permissions("A", &["BROWSE_PROJECTS"]).await);
    said += &format!("{:?}", read.learn_time_form("A").await);
    said += &format!("{:?}", read.changes(&projects, Some(now), &want, None).await);
    said += &format!("{:?}", read.touched(&projects, now, None).await);
    said += &format!("{:?}", read.listed(&projects, None, None).await);
    said += &format!("{:?}", read.rows(&[issue], &want).await);
    said += &format!("{:?}", read.sample("A", "Bug", "Open").await);
    said += &format!("{:?}", read.matching("A", "labels = x", &[issue]).await);
    said += &format!("{:?}", read.issues(&[issue], &want).await);
    said += &format!("{:?}", read.named(&[IssueKey::new("A-1".to_owned())], &want).await);
    said += &format!("{:?}", read.log_after(issue, EntryId(0)).await);
    said += &format!("{:?}", read.comments(issue).await);
    said += &format!("{:?}", read.comment(issue, &comment).await);
    said += &format!("{:?}", read.comment_mark(issue, &comment).await);
    said += &format!("{:?}", read.worklogs(issue).await);
    said += &format!("{:?}", read.watchers(issue).await);
    said += &format!("{:?}", read.remote_addresses(issue).await);
    said += &format!("{:?}", read.issue_property(issue, "jirasyncd").await);
    said += &format!("{:?}", read.transitions(issue).await);
    said += &format!("{:?}", read.created_by_us(Some("A"), now, &BTreeSet::new()).await);
    said += &format!("{:?}", read.upload_limit().await);
    said += &format!("{:?}", read.link_types().await);
    said += &format!("{:?}", read.sprints("A").await);
    said += &format!("{:?}", read.role_actors("A", "Users").await);
    said += &format!("{:?}", read.is_service_desk("A").await);
    for thing in [Thing::Version, Thing::Component] {
        said += &format!("{:?}", read.things("A", thing).await);
    }
    said
}
