//! A client of ours on a simulated Jira, in process: no socket, no real time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::jira::{
    Created, Identity, IssueDraft, IssueEdit, JiraRead, JiraWrite, Transport, TransportError, Trouble, Want,
    WriteOutcome, connect,
};
use jirasyncd::model::ids::{FieldId, InstanceId, IssueId};
use jirasyncd::model::issue::{IssueSnapshot, NativeValue};
use jirasyncd::model::operation::NativeWrite;
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{Auth, InstanceSettings, Kind};
use jirasyncd::simulator::{Broken, Jira, Setup, presets};

use super::contract::watch::{Watch, watched};

/// Hands requests to a simulated Jira.
pub(crate) struct InProcess(pub(crate) Jira);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.0.handle(request).await.map_err(|broken| {
            let trouble = match broken {
                Broken::Reset => Trouble::Reset,
                Broken::Truncated(_) => Trouble::CutBody,
            };
            TransportError { trouble, detail: "in process".into() }
        })
    }
}

/// Both ends of a client, and the Jira behind it.
pub(crate) struct Bench {
    pub(crate) jira: Jira,
    pub(crate) read: Arc<dyn JiraRead>,
    pub(crate) write: Arc<dyn JiraWrite>,
    pub(crate) project: &'static str,
    /// The issue type used by `draft`.
    pub(crate) issue_type: &'static str,
    _watch: Watch,
}

pub(crate) const EPOCH: &str = "2026-03-02T09:30:15.250Z";

pub(crate) fn settings(kind: Kind, url: &str, token: &str) -> InstanceSettings {
    let token = Secret::new(token.to_owned());
    let auth = match kind {
        Kind::Cloud => {
            let host = url.trim_start_matches("https://");
            Auth::ApiToken { user: format!("sync@{host}"), token }
        }
        Kind::DataCenter => Auth::Bearer { token },
    };
    InstanceSettings {
        id: InstanceId::from("the-instance"),
        kind,
        url: url.to_owned(),
        auth,
        rate: 50.0,
        timeout: Duration::from_secs(30),
        settle: Duration::from_secs(600),
        overlap: Duration::from_secs(300),
        gateway: None,
        network: Default::default(),
        hooks: Default::default(),
        expires: None,
    }
}

fn bench(kind: Kind, setup: &Setup, project: &'static str, issue_type: &'static str) -> Bench {
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let jira = Jira::new(setup, Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(42)));
    let watch = watched(&jira);
    let settings = settings(kind, &setup.base_url, presets::SYNC_TOKEN);
    let (read, write) = connect(&settings, Arc::new(InProcess(jira.clone())), clock, Arc::new(SeededEntropy::new(1)));
    Bench { jira, read, write, project, issue_type, _watch: watch }
}

pub(crate) fn cloud() -> Bench {
    bench(Kind::Cloud, &presets::acme("https://acme.example"), "SUP", "Bug")
}

/// A Cloud whose sync user lives in Berlin.
pub(crate) fn berlin() -> Bench {
    bench(Kind::Cloud, &presets::initech("https://initech.example"), "OPS", "Fehler")
}

pub(crate) fn server() -> Bench {
    bench(Kind::DataCenter, &presets::globex("https://jira.globex.example/jira"), "ENG", "Defect")
}

/// Data Center, its sync user in a zone of its own.
pub(crate) fn server_in(zone: &str) -> Bench {
    let mut setup = presets::globex("https://jira.globex.example/jira");
    setup.users[0] = setup.users[0].clone().zone(zone);
    bench(Kind::DataCenter, &setup, "ENG", "Defect")
}

pub(crate) fn want(fields: &[&str]) -> Want {
    let fields = fields.iter().map(|field| FieldId::from(*field)).collect();
    Want { fields, comments: true, worklogs: false, attachments: false, watches: false, mark: true, transitions: false }
}

pub(crate) fn text(text: &str) -> NativeValue {
    NativeValue::Text(text.to_owned())
}

pub(crate) fn words(words: &[&str]) -> NativeValue {
    NativeValue::Words(words.iter().map(|word| (*word).to_owned()).collect())
}

impl Bench {
    /// Logs in.
    pub(crate) async fn identity(&self) -> Identity {
        self.read.identity().await.unwrap()
    }

    /// Rich text of this kind.
    pub(crate) fn rich(&self, text: &str) -> NativeValue {
        match self.read.kind() {
            Kind::Cloud => NativeValue::Adf(super::simulator_support::doc(text)),
            Kind::DataCenter => NativeValue::Wiki(text.to_owned()),
        }
    }

    pub(crate) fn draft(&self, summary: &str) -> IssueDraft {
        IssueDraft {
            project: self.project.into(),
            issue_type: self.issue_type.into(),
            fields: BTreeMap::from([(FieldId::from("summary"), text(summary))]),
            mark: format!("sealed-{summary}"),
        }
    }

    /// Creates an issue as the sync user.
    pub(crate) async fn create(&self, summary: &str) -> Created {
        let outcome = self.write.create(&[self.draft(summary)]).await.remove(0);
        if let WriteOutcome::Done(created) = outcome { created } else { panic!("{outcome:?}") }
    }

    pub(crate) async fn one(&self, issue: IssueId, want: &Want) -> IssueSnapshot {
        self.read.issues(&[issue], want).await.remove(0).unwrap()
    }

    pub(crate) fn projects(&self) -> BTreeSet<String> {
        BTreeSet::from([self.project.to_owned()])
    }
}

/// Nothing but the issue and the tag.
pub(crate) fn bare(issue: IssueId, tag: &str) -> IssueEdit {
    IssueEdit { issue, fields: BTreeMap::new(), tag: tag.to_owned(), silent: false }
}

pub(crate) fn set(issue: IssueId, field: &str, value: NativeValue, tag: &str) -> IssueEdit {
    let fields = BTreeMap::from([(FieldId::from(field), NativeWrite::Set(value))]);
    IssueEdit { issue, fields, tag: tag.to_owned(), silent: false }
}
