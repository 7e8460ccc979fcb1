//! What must hold of anything that comes from outside and is no text of an issue: answers of a Jira, what anybody may put in the place of a
//! mark, webhooks, configurations and what of them goes into JQL, lists of pairs. The fuzzer's targets, which `tests/it/outside_fuzz.rs` runs too. Must never take for granted that bytes are what they should be:
//! nothing here may fail but an assertion.

#![allow(dead_code, reason = "each fuzz target takes one of them")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jirasyncd::cli::read_pair_list;
use jirasyncd::clock::{Clock, SeededEntropy};
use jirasyncd::config::{Environment, SecretsWanted, load};
use jirasyncd::engine::{Mark, Origin, Seal, is_like_a_mark};
use jirasyncd::jira::{
    FileDraft, HOOK_EVENTS, HookRegistry, IssueDraft, IssueEdit, JiraRead, JiraWrite, NO_ISSUE, Transport,
    TransportError, Want, WantedHook, connect, read_hook, take_grant,
};
use jirasyncd::model::ids::{
    AccountId, AttachmentId, CommentId, EntryId, FieldId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId,
};
use jirasyncd::model::issue::{NativeValue, Visibility};
use jirasyncd::model::operation::{NativeWrite, RemoteLink, Thing};
use jirasyncd::model::remark::Spent;
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{Auth, InstanceSettings, Kind, OauthClient, OauthGrant};
use jirasyncd::model::store::StateIdentity;
use jirasyncd::model::things::{Property, ThingValues};
use jirasyncd::simulator::jql::{Dialect, parse};

/// A word that must not be in anything that is said.
const TOKEN: &str = "canary-of-the-fuzzer";

/// The same as the login of the Cloud says it: `sync@acme.example:` and the token, in Base64.
const LOGIN: &str = "c3luY0BhY21lLmV4YW1wbGU6Y2FuYXJ5LW9mLXRoZS1mdXp6ZXI=";

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

/// Any bytes as a webhook's body: what is told of one that is taken stands in it.
pub(super) fn hook(data: &[u8]) {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let Ok(told) = read_hook(kind, data) else { continue };
        // What nobody looks at may be more than a value can hold.
        let text = String::from_utf8_lossy(data);
        let body = serde_json::from_slice(data).unwrap_or_else(|_| serde_json::Value::String(text.into_owned()));
        let mut said = Vec::new();
        scalars(&body, &mut said);
        for issue in told.issues.iter().filter(|issue| **issue != NO_ISSUE) {
            assert!(said.iter().any(|word| word.contains(&issue.0.to_string())), "{issue:?} is not in {body}");
        }
        if let Some(by) = &told.by {
            assert!(said.iter().any(|word| word.contains(by.as_str())), "{by:?} is not in {body}");
        }
    }
}

/// All texts and numbers in a value.
fn scalars(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(values) => values.iter().for_each(|value| scalars(value, out)),
        serde_json::Value::Object(values) => values.values().for_each(|value| scalars(value, out)),
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            out.push(value.to_string());
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

/// A Jira that answers everything with the same bytes, but who we are and what it is where the first byte is below 128; and that gives the
/// login back with what it refuses. The first byte chooses the status. Behind the first NUL, which no JSON holds, each line is a header.
struct Answers {
    said: Bytes,
    /// Whether it is written now: what the fields are is known then, or nothing would be sent.
    written: AtomicBool,
}

/// What the first byte of an answer may choose.
const STATUSES: [u16; 16] = [200, 200, 200, 200, 204, 400, 401, 403, 404, 429, 500, 503, 201, 302, 409, 410];

/// Who we are, as each kind says it, and what it is.
const WE: &str =
    r#"{"accountId":"5b10","name":"sync","key":"sync","displayName":"Sync","timeZone":"Europe/Berlin","active":true}"#;
const IT: &str = r#"{"baseUrl":"https://acme.example","version":"10.3.0","versionNumbers":[10,3,0],"deploymentType":"Cloud","serverTime":"2026-03-02T09:30:00.000+0000"}"#;
const SERVER: &str = r#"{"baseUrl":"https://jira.globex.example/jira","version":"10.3.0","versionNumbers":[10,3,0],"deploymentType":"Server","serverTime":"2026-03-02T09:30:00.000+0000"}"#;

/// The same, where it is asked for.
fn known(place: &http::Uri) -> Option<&'static str> {
    let it = if place.host() == Some("jira.globex.example") { SERVER } else { IT };
    [("/myself", WE), ("/serverInfo", it)]
        .into_iter()
        .find(|(end, _)| place.path().ends_with(end))
        .map(|(_, said)| said)
}

#[async_trait]
impl Transport for Answers {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let choice = self.said.first().copied().unwrap_or_default();
        let status = STATUSES[usize::from(choice) % STATUSES.len()];
        let mut parts = self.said.get(1..).unwrap_or_default().splitn(2, |byte| *byte == 0);
        let (said, headers) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let fields = (self.written.load(Ordering::Relaxed) && request.uri().path().ends_with("/field")).then_some("[]");
        if let Some(known) = known(request.uri()).or(fields).filter(|_| choice < 128) {
            return Ok(with_headers(told(200, Bytes::from_static(known.as_bytes())), headers));
        }
        let mut body = said.to_vec();
        if status >= 400 {
            let login =
                request.headers().get("authorization").map(|login| login.as_bytes().to_vec()).unwrap_or_default();
            body = [b"{\"errorMessages\":[\"".as_slice(), &login, b"\"]}"].concat();
        }
        Ok(with_headers(told(status, Bytes::from(body)), headers))
    }
}

/// An answer with these headers, `name: value` in each line: in the place of those that it has by that name. One that no HTTP holds is left out.
fn with_headers(mut answer: http::Response<Bytes>, lines: &[u8]) -> http::Response<Bytes> {
    for line in lines.split(|byte| *byte == b'\n').take(16) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| http::HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| http::HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// An answer as a Jira gives it to the sync user.
fn told(status: u16, body: Bytes) -> http::Response<Bytes> {
    let mut answer = http::Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in
        [("content-type", "application/json;charset=UTF-8"), ("x-aaccountid", "5b10"), ("x-ausername", "sync")]
    {
        answer.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    answer
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

/// Any bytes as every answer of a Jira: each call ends, with an answer or an error that does not hold the login.
pub(super) fn answers(data: &[u8]) {
    drop(said_of(data));
}

/// What comes of such answers, for both kinds.
pub(super) fn said_of(data: &[u8]) -> String {
    let mut all = String::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return all };
    runtime.block_on(async {
        let loaded = load(INSTANCES, "jirasyncd.toml", &Nothing, SecretsWanted::Yes);
        let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
        for settings in loaded.config.instances.values() {
            let clock = Arc::new(Paused(tokio::time::Instant::now()));
            let (said, written) = (Bytes::copy_from_slice(data), AtomicBool::new(false));
            let transport = Arc::new(Answers { said, written });
            let shared: Arc<dyn Transport> = Arc::clone(&transport) as Arc<dyn Transport>;
            let shared_clock = Arc::<Paused>::clone(&clock);
            let (read, write) = connect(settings, shared, shared_clock, Arc::new(SeededEntropy::new(1)));
            let mut said = everything(read.as_ref()).await;
            let shared = Arc::clone(&transport) as Arc<dyn Transport>;
            said += &registered(&HookRegistry::new(settings, shared, clock, Arc::new(SeededEntropy::new(1)))).await;
            transport.written.store(true, Ordering::Relaxed);
            said += &all_written(write.as_ref()).await;
            said += &files_carried(read.as_ref(), write.as_ref(), data.len() as u64).await;
            assert!(!said.contains(TOKEN) && !said.contains(LOGIN), "the login is said: {said}");
            all += &said;
        }
    });
    all
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
    said += &format!("{:?}", read.edit_screen("A", "Bug").await);
    said += &format!("{:?}", read.permissions("A", &["BROWSE_PROJECTS"]).await);
    said += &format!("{:?}", read.learn_time_form("A").await);
    said += &format!("{:?}", read.changes(&projects, Some(now), &want, None).await);
    said += &format!("{:?}", read.crowd(&projects, (now, None), None, &want).await);
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
    said += &format!("{:?}", read.is_watching_on().await);
    said += &format!("{:?}", read.remote_addresses(issue).await);
    said += &format!("{:?}", read.issue_property(issue, "jirasyncd").await);
    said += &format!("{:?}", read.transitions(issue).await);
    said += &format!("{:?}", read.created_by_us(Some("A"), now, &BTreeSet::new()).await);
    said += &format!("{:?}", read.upload_limit().await);
    said += &format!("{:?}", read.link_types().await);
    said += &format!("{:?}", read.resolutions().await);
    said += &format!("{:?}", read.request_types("A", &FieldId::from("customfield_1")).await);
    said += &format!("{:?}", read.assignable("A", &AccountId::from("5b10")).await);
    said += &format!("{:?}", read.groups_of(&AccountId::from("5b10")).await);
    said += &format!("{:?}", read.zone_now().await);
    said += &format!("{:?}", read.sprints("A").await);
    said += &format!("{:?}", read.role_actors("A", "Users").await);
    said += &format!("{:?}", read.nature("A").await);
    said += &format!("{:?}", read.key_now("A").await);
    said += &format!("{:?}", read.newest("A", None).await);
    said += &format!("{:?}", read.permissions_for(issue, &["BROWSE_PROJECTS"]).await);
    for thing in [Thing::Version, Thing::Component] {
        said += &format!("{:?}", read.things("A", thing).await);
    }
    said += &format!("{:?}{:?}", read.instance(), read.kind());
    // What was learnt of the headers alone.
    said + &format!("{:?}{:?}{:?}{:?}", read.budget(), read.skew_ms(), read.silent_for(), read.calls())
}

/// What our webhook is called.
pub(super) const HOOK_NAME: &str = "jirasyncd-of-the-fuzzer";

/// Looks for our webhook among those that are listed, brings it to what is wanted, and takes it away.
async fn registered(registry: &HookRegistry) -> String {
    let wanted = WantedHook {
        name: HOOK_NAME.to_owned(),
        url: Secret::new(format!("https://sync.example/{TOKEN}")),
        jql: "project = A".to_owned(),
        events: HOOK_EVENTS.to_vec(),
        secret: Some(Secret::new(TOKEN.to_owned())),
    };
    let mut said = format!("{:?}", registry.named(HOOK_NAME).await);
    said += &format!("{:?}", registry.put(&wanted).await);
    said + &format!("{:?}", registry.remove(HOOK_NAME).await)
}

/// The place of the one mark that there is.
const PLACE: (&str, &str) = ("support", "acme");

fn seal(byte: u8) -> Option<Seal> {
    Seal::new(&StateIdentity { daemon: "0".repeat(32), seal_key: [byte; 32] }).ok()
}

/// The one mark that there is: whoever makes another of that state has broken its cipher.
pub(super) fn true_mark() -> String {
    let mark = Mark { operation: OperationId(7), item: ItemId(9), of: Origin::of(&SideId::from("globex"), 11) };
    let (sync, side) = (SyncId::from(PLACE.0), SideId::from(PLACE.1));
    let closed = seal(7).and_then(|seal| seal.close(mark, &sync, &side, &SeededEntropy::new(1)).ok());
    closed.unwrap_or_default()
}

/// Any bytes where a mark may stand (anybody may put a property there): none opens but the one that was sealed, at its place and with its
/// key. And whatever is sealed opens there, and nowhere else, and not once a sign of it is another one.
pub(super) fn mark(data: &[u8]) {
    let (Some(ours), Some(other)) = (seal(7), seal(8)) else { return };
    let (sync, side) = (SyncId::from(PLACE.0), SideId::from(PLACE.1));
    let text = String::from_utf8_lossy(data);
    let opened = ours.open(&text, &sync, &side);
    assert_eq!(opened.is_some(), text == true_mark(), "{text:?} opens as {opened:?}");
    assert!(opened.is_none() || is_like_a_mark(&text), "{text:?}");
    assert!(other.open(&text, &sync, &side).is_none(), "{text:?} opens with another state's key");
    let number = |from: usize| data.iter().skip(from).take(16).fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    let id = u64::try_from(number(32) >> 64).unwrap_or_default();
    let mark = Mark { operation: OperationId(number(0)), item: ItemId(number(16)), of: Origin::of(&side, id) };
    let Ok(sealed) = ours.close(mark, &sync, &side, &SeededEntropy::new(data.len() as u64)) else { return };
    assert_eq!(ours.open(&sealed, &sync, &side), Some(mark));
    assert!(is_like_a_mark(&sealed), "{sealed}");
    assert!(ours.open(&sealed, &sync, &SideId::from("globex")).is_none(), "it opens on another side");
    assert!(other.open(&sealed, &sync, &side).is_none(), "it opens with another state's key");
    let at = usize::from(data.first().copied().unwrap_or_default()) % sealed.len();
    let bent = |(place, sign): (usize, char)| match (place == at, sign) {
        (false, sign) => sign,
        (true, 'A') => 'B',
        (true, _) => 'A',
    };
    let bent: String = sealed.chars().enumerate().map(bent).collect();
    assert!(ours.open(&bent, &sync, &side).is_none(), "{bent} opens, made of {sealed}");
}

/// Writes all that can be written but files, and says what came of it: each call is sent once, and no answer is a failure of ours.
async fn all_written(write: &dyn JiraWrite) -> String {
    let (issue, other, account) = (IssueId(1), IssueId(2), AccountId::from("5b10"));
    let (comment, body) = (CommentId::from("1"), NativeValue::Wiki("a".to_owned()));
    let spent = Spent { started: Timestamp::UNIX_EPOCH, seconds: 60 };
    let words = NativeWrite::Words { add: vec!["x".to_owned()], remove: Vec::new() };
    let fields = BTreeMap::from([(FieldId::from("labels"), words)]);
    let edit = IssueEdit { issue, fields, tag: "tag".to_owned(), silent: true };
    let want = Want { mark: true, ..Want::default() };
    let draft = IssueDraft {
        project: "A".to_owned(),
        issue_type: "Bug".to_owned(),
        fields: BTreeMap::from([(FieldId::from("summary"), NativeValue::Text("a".to_owned()))]),
        mark: "mark".to_owned(),
    };
    let link = RemoteLink {
        global_id: "g".to_owned(),
        url: "https://acme.example/".to_owned(),
        title: "t".to_owned(),
        relationship: "r".to_owned(),
    };
    let mut said = format!("{:?}", write.create(std::slice::from_ref(&draft)).await);
    said += &format!("{:?}", write.create(&[draft.clone(), draft]).await);
    said += &format!("{:?}", write.edit(&edit, &want).await);
    said += &format!("{:?}", write.transition("11", &edit).await);
    said += &format!("{:?}", write.detach(issue, &AttachmentId::from("1")).await);
    for readers in [Visibility::Everybody, Visibility::Role("Users".to_owned()), Visibility::Internal] {
        said += &format!("{:?}", write.add_comment(issue, &body, &readers, "mark").await);
    }
    said += &format!("{:?}", write.edit_comment(issue, &comment, &body, true).await);
    said += &format!("{:?}", write.delete_comment(issue, &comment).await);
    said += &format!("{:?}", write.log_work(issue, spent, &body, "mark", true).await);
    said += &format!("{:?}", write.edit_work(issue, &comment, spent, &body, false).await);
    said += &format!("{:?}", write.delete_work(issue, &comment, true).await);
    said += &format!("{:?}", write.link(issue, &link).await);
    said += &format!("{:?}", write.unlink(issue, "g").await);
    said += &format!("{:?}", write.unmark(issue).await);
    said += &format!("{:?}", write.unmark_comment(issue, &comment).await);
    said += &format!("{:?}", write.unmark_work(issue, &comment).await);
    said += &format!("{:?}", write.delete(issue).await);
    said += &format!("{:?}", write.add_issue_link("Blocks", issue, other).await);
    said += &format!("{:?}", write.delete_issue_link(issue, "1").await);
    said += &format!("{:?}", write.watch(issue, &account).await);
    said += &format!("{:?}", write.unwatch(issue, &account).await);
    let values = ThingValues::from([(Property::Name, "1.0".to_owned())]);
    for thing in [Thing::Version, Thing::Component] {
        said += &format!("{:?}", write.offer("A", thing, "1.0").await);
        said += &format!("{:?}", write.make_thing("A", thing, &values).await);
        said += &format!("{:?}", write.change_thing(thing, "1", &values).await);
    }
    said
}

/// Carries a file that is as long as was said, and one that is not.
async fn files_carried(read: &dyn JiraRead, write: &dyn JiraWrite, bytes: u64) -> String {
    let mut said = String::new();
    for size in [bytes.saturating_sub(1), bytes.saturating_add(1)] {
        match read.file(&AttachmentId::from("1"), "a.png", size).await {
            Ok(pieces) => {
                let draft = FileDraft { name: "a.png".to_owned(), size, mime: "image/png".to_owned() };
                said += &format!("{:?}", write.attach(IssueId(1), &draft, pieces).await);
            }
            Err(error) => said += &format!("{error:?}"),
        }
    }
    said
}

/// What a browser brought.
const CODE: &str = "granted-to-the-fuzzer";

/// An endpoint that answers each question for a token with the same bytes, or gives back what it was asked with where it refuses; and a Jira
/// that lets everybody in.
struct Desk(Bytes);

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if !request.uri().path().ends_with("/token") {
            return Ok(told(200, Bytes::from_static(known(request.uri()).unwrap_or("{}").as_bytes())));
        }
        let choice = self.0.first().copied().unwrap_or_default();
        let status = STATUSES[usize::from(choice) % STATUSES.len()];
        if status < 400 || choice >= 128 {
            return Ok(told(status, self.0.slice(self.0.len().min(1)..)));
        }
        let asked = String::from_utf8_lossy(request.body());
        let refused = serde_json::json!({ "error": "invalid_grant", "error_description": asked });
        Ok(told(status, Bytes::from(refused.to_string())))
    }
}

/// Any bytes as what an endpoint gives out: each login ends, with somebody or an error that holds none of the secrets.
pub(super) fn tokens(data: &[u8]) {
    drop(said_of_tokens(data));
}

/// What comes of such tokens, for both kinds and both ways to get one.
pub(super) fn said_of_tokens(data: &[u8]) -> String {
    static FOLDERS: AtomicU64 = AtomicU64::new(0);
    let mut all = String::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return all };
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("jirasyncd-fuzz-{}-{number}", std::process::id()));
    if std::fs::create_dir_all(&folder).is_err() {
        return all;
    }
    runtime.block_on(async {
        let loaded = load(INSTANCES, "jirasyncd.toml", &Nothing, SecretsWanted::Yes);
        let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
        for settings in loaded.config.instances.values() {
            let client = OauthClient {
                id: "app".to_owned(),
                secret: Secret::new(TOKEN.to_owned()),
                token_url: format!("{}/token", settings.url),
                scope: None,
            };
            let grant = OauthGrant {
                client: client.clone(),
                authorize_url: format!("{}/authorize", settings.url),
                redirect_url: "http://127.0.0.1:8472/granted".to_owned(),
                file: folder.join(settings.id.to_string()),
            };
            let transport: Arc<dyn Transport> = Arc::new(Desk(Bytes::copy_from_slice(data)));
            let (code, entropy) = (Secret::new(CODE.to_owned()), Arc::new(SeededEntropy::new(1)));
            let clock = Arc::new(Paused(tokio::time::Instant::now()));
            let taken = take_grant(settings, &grant, &code, Arc::clone(&transport), clock, entropy).await;
            let mut said = format!("{taken:?}");
            for auth in [Auth::ClientCredentials(client), Auth::Grant(grant)] {
                said += &lasting(&InstanceSettings { auth, ..settings.clone() }, Arc::clone(&transport)).await;
            }
            assert!(!said.contains(TOKEN) && !said.contains(CODE), "a secret is said: {said}");
            all += &said;
        }
    });
    drop(std::fs::remove_dir_all(&folder));
    all
}

/// Logs in, and again when a usual token is over.
async fn lasting(settings: &InstanceSettings, transport: Arc<dyn Transport>) -> String {
    let clock = Arc::new(Paused(tokio::time::Instant::now()));
    let (read, _) = connect(settings, transport, clock, Arc::new(SeededEntropy::new(1)));
    let mut said = String::new();
    for _ in 0..2 {
        said += &format!("{:?}", read.identity().await);
        tokio::time::sleep(Duration::from_secs(7_200)).await;
    }
    said
}

/// Keeps the JQL that it is asked, and finds nothing.
#[derive(Default)]
struct Asked(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Asked {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if let Some(jql) = body.get("jql").and_then(serde_json::Value::as_str) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(jql.to_owned());
        }
        let no_fields = request.uri().path().ends_with("/field").then_some("[]");
        let nothing = r#"{"issues":[],"isLast":true,"total":0,"startAt":0,"maxResults":100}"#;
        Ok(told(200, Bytes::from_static(known(request.uri()).or(no_fields).unwrap_or(nothing).as_bytes())))
    }
}

/// The two queries in which a side's clause is asked, where a configuration may hold it.
pub(super) fn queries_of(project: &str, clause: &str) -> Vec<String> {
    let quoted = serde_json::Value::String(clause.to_owned()).to_string();
    let config = INSTANCES
        .replace(r#"instance = "globex", project"#, &format!(r#"instance = "globex", jql = {quoted}, project"#));
    let Ok(loaded) = load(&config, "jirasyncd.toml", &Nothing, SecretsWanted::Yes) else { return Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return Vec::new() };
    let asked = Arc::new(Asked::default());
    runtime.block_on(async {
        for settings in loaded.config.instances.values() {
            let clock = Arc::new(Paused(tokio::time::Instant::now()));
            let transport = Arc::<Asked>::clone(&asked);
            let (read, _) = connect(settings, transport, clock, Arc::new(SeededEntropy::new(1)));
            drop(read.matching(project, clause, &[IssueId(1)]).await);
        }
    });
    std::mem::take(&mut *asked.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Any text as JQL, and behind its first line feed as a project's name: where Jira takes the query that is made of it, it asks for nothing
/// outside of that project, and the project is the one that was named.
pub(super) fn jql(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (clause, project) = text.split_once('\n').unwrap_or((&text, "A"));
    for bare_words in [false, true] {
        // A simulated Jira's reader: whatever it is told, it answers.
        drop(parse(clause, Dialect { bare_words }));
    }
    for query in queries_of(project, clause) {
        let Ok(read) = parse(&query, Dialect::default()) else { continue };
        let said = format!("{read:?}");
        let literal = format!("Literal {{ text: {project:?}, quoted: true }}");
        let begins = r#"Query { clause: Some(And([Term { field: Name("project"), operator: In, operand: List(["#;
        let is_bound = said.strip_prefix(begins).is_some_and(|rest| rest.starts_with(&literal));
        assert!(is_bound, "`{clause}` reaches out of `{project}`: {query}\n{said}");
    }
}
