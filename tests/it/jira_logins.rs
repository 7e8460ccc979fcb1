//! Every way to log in, on a simulated Jira in process: which is taken where, access tokens that end, secrets that are replaced. Must
//! never take a write for done once that was sent with a login that was refused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::jira::{
    Failure, JiraRead, JiraWrite, LoginSources, Transport, TransportError, Trouble, Want, WriteOutcome, connect_with,
};
use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{Auth, InstanceSettings, Kind, OauthClient};
use jirasyncd::simulator::{CLOUD_ID, Credential, Jira, Setup, presets};

use super::jira_support::{EPOCH, InProcess, settings, text, want};

const CLOUD: &str = "https://acme.example";
const SERVER: &str = "https://jira.globex.example/jira";
const CLIENT_SECRET: &str = "canary-client-secret";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn gateway() -> String {
    format!("https://api.acme.example/ex/jira/{CLOUD_ID}")
}

/// What stands between the client and the Jira: counts what the token endpoint is asked, and may be down there.
struct Desk {
    jira: InProcess,
    asked: AtomicUsize,
    down: Mutex<bool>,
}

#[async_trait]
impl Transport for Desk {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if request.uri().path().ends_with("/token") {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if *self.down.lock().unwrap() {
                return Err(TransportError { trouble: Trouble::Refused, detail: "in the system's words".into() });
            }
            // As over a network: others come while it is asked.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.jira.send(request).await
    }
}

struct Bench {
    jira: Jira,
    desk: Arc<Desk>,
    read: Arc<dyn JiraRead>,
    write: Arc<dyn JiraWrite>,
    settings: InstanceSettings,
    fresh: Arc<Mutex<Option<Auth>>>,
}

/// A client that logs in so, through the gateway or not, on a Jira whose sync user has these credentials.
fn bench(kind: Kind, auth: Auth, through: bool, credentials: Vec<Credential>) -> Bench {
    let (mut setup, url): (Setup, &str) = match kind {
        Kind::Cloud => (presets::acme(CLOUD), CLOUD),
        Kind::DataCenter => (presets::globex(SERVER), SERVER),
    };
    setup.users[0].credentials = credentials;
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let jira = Jira::new(&setup, Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(42)));
    let settings = InstanceSettings {
        id: InstanceId::from("the-instance"),
        auth,
        gateway: through.then(gateway),
        ..settings(kind, url, "unused")
    };
    let desk = Arc::new(Desk { jira: InProcess(jira.clone()), asked: AtomicUsize::new(0), down: Mutex::new(false) });
    let fresh: Arc<Mutex<Option<Auth>>> = Arc::default();
    let reread = Arc::clone(&fresh);
    let sources = LoginSources { reread: Some(Arc::new(move || reread.lock().unwrap().clone())) };
    let entropy = Arc::new(SeededEntropy::new(1));
    let (read, write) = connect_with(&settings, Arc::<Desk>::clone(&desk), clock, entropy, sources);
    Bench { jira, desk, read, write, settings, fresh }
}

fn client(kind: Kind, secret_text: &str) -> Auth {
    Auth::ClientCredentials(OauthClient {
        id: "the-client".into(),
        secret: secret(secret_text),
        token_url: match kind {
            Kind::Cloud => "https://auth.acme.example/oauth/token".into(),
            Kind::DataCenter => format!("{SERVER}/rest/oauth2/latest/token"),
        },
        scope: (kind == Kind::DataCenter).then(|| "WRITE".into()),
    })
}

fn application() -> Vec<Credential> {
    vec![Credential::Client { id: "the-client".into(), secret: CLIENT_SECRET.into() }]
}

fn by_client(kind: Kind) -> Bench {
    bench(kind, client(kind, CLIENT_SECRET), kind == Kind::Cloud, application())
}

impl Bench {
    fn asked(&self) -> usize {
        self.desk.asked.load(Ordering::SeqCst)
    }

    fn project(&self) -> (&'static str, &'static str) {
        if self.settings.kind == Kind::Cloud { ("SUP", "Bug") } else { ("ENG", "Defect") }
    }

    async fn poll(&self) -> Result<usize, Failure> {
        let projects = std::iter::once(self.project().0.to_owned()).collect();
        let page = self.read.changes(&projects, None, &Want::default(), None).await;
        page.map(|page| page.rows.len()).map_err(|error| error.failure)
    }

    async fn create(&self, summary: &str) -> WriteOutcome<jirasyncd::jira::Created> {
        let (project, issue_type) = self.project();
        let draft = jirasyncd::jira::IssueDraft {
            project: project.into(),
            issue_type: issue_type.into(),
            fields: std::iter::once(("summary".into(), text(summary))).collect(),
            mark: format!("sealed-{summary}"),
        };
        self.write.create(&[draft]).await.remove(0)
    }

    /// Answers of this status since the calls were last forgotten.
    fn answers(&self, status: u16) -> usize {
        self.jira.calls().iter().filter(|call| call.status == status).count()
    }
}

#[tokio::test(start_paused = true)]
async fn each_way_is_taken_where_it_belongs_and_nowhere_else() {
    let password = || Auth::Basic { user: "sync".into(), password: secret("pass: word Ä") };
    let scoped = || Auth::ApiToken { user: "sync@acme.example".into(), token: secret("scoped-token") };
    let bearer = |token: &str| Auth::Bearer { token: secret(token) };
    let cases = [
        (Kind::DataCenter, password(), false, Credential::Password("pass: word Ä".into()), true),
        (Kind::DataCenter, password(), false, Credential::Password("another".into()), false),
        (Kind::DataCenter, bearer("a-pat"), false, Credential::Pat("a-pat".into()), true),
        (Kind::Cloud, scoped(), false, Credential::ApiToken("scoped-token".into()), true),
        // As Atlassian does: a scoped token is not taken by the site, nor another one by the gateway.
        (Kind::Cloud, scoped(), true, Credential::ScopedToken("scoped-token".into()), true),
        (Kind::Cloud, scoped(), false, Credential::ScopedToken("scoped-token".into()), false),
        (Kind::Cloud, scoped(), true, Credential::ApiToken("scoped-token".into()), false),
        (Kind::Cloud, bearer("scoped-token"), true, Credential::ScopedToken("scoped-token".into()), true),
        (Kind::Cloud, bearer("scoped-token"), false, Credential::ScopedToken("scoped-token".into()), false),
    ];
    for (nth, (kind, auth, through, credential, taken)) in cases.into_iter().enumerate() {
        let bench = bench(kind, auth, through, vec![credential]);
        let identity = bench.read.identity().await;
        assert_eq!(identity.is_ok(), taken, "case {nth}: {identity:?}");
        match identity {
            Ok(identity) => {
                assert_eq!(identity.base_url, bench.settings.url, "case {nth}: people are sent to the site");
                assert!(matches!(bench.create("an item").await, WriteOutcome::Done(_)), "case {nth}");
                assert_eq!(bench.poll().await, Ok(1), "case {nth}");
            }
            Err(error) => assert!(matches!(error.failure, Failure::NotUs(_)), "case {nth}: {error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_asked_for_once_and_renewed_before_it_ends() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let bench = by_client(kind);
        bench.jira.set_token_life(Duration::from_secs(900));
        // Many at once, before there is any.
        let many = futures_util::future::join_all((0..20).map(|_| bench.poll())).await;
        assert!(many.iter().all(Result::is_ok), "{many:?}");
        assert_eq!((bench.jira.tokens_given(), bench.asked()), (1, 1), "{kind:?}");
        bench.read.identity().await.unwrap();
        bench.jira.reset_calls();
        // Two hours, every half minute.
        for _ in 0..240 {
            tokio::time::sleep(Duration::from_secs(30)).await;
            bench.poll().await.unwrap();
        }
        let given = bench.jira.tokens_given();
        assert!((8..=11).contains(&given), "{kind:?}: {given} tokens in two hours");
        assert_eq!(bench.answers(401), 0, "{kind:?}: none was used after its end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_revoked_is_replaced_at_once_and_the_write_is_done_once() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let bench = by_client(kind);
        bench.read.identity().await.unwrap();
        assert!(matches!(bench.create("before").await, WriteOutcome::Done(_)), "{kind:?}");
        tokio::time::sleep(Duration::from_secs(120)).await;
        bench.jira.revoke_tokens();
        bench.jira.reset_calls();
        assert!(matches!(bench.create("once").await, WriteOutcome::Done(_)), "{kind:?}");
        assert_eq!((bench.jira.count("createIssue"), bench.answers(401), bench.jira.issues().len()), (2, 1, 2));
        tokio::time::sleep(Duration::from_secs(120)).await;
        bench.jira.revoke_tokens();
        bench.jira.reset_calls();
        assert_eq!(bench.poll().await, Ok(2));
        assert_eq!((bench.answers(401), bench.jira.tokens_given()), (1, 3));
        // What is refused however young it is is not asked for again and again.
        let given = bench.jira.tokens_given();
        bench.jira.revoke_tokens();
        for _ in 0..5 {
            assert!(matches!(bench.poll().await, Err(Failure::NotUs(_))));
        }
        assert_eq!(bench.jira.tokens_given(), given, "{kind:?}");
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(bench.poll().await, Ok(2), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_is_out_of_reach_is_asked_again_and_named() {
    let bench = by_client(Kind::Cloud);
    bench.jira.lose_tokens(2);
    assert_eq!(bench.poll().await, Ok(0), "two answers got lost");
    assert_eq!(bench.asked(), 3);
    // It is down when the token is to be renewed: the one there is goes on.
    *bench.desk.down.lock().unwrap() = true;
    tokio::time::sleep(Duration::from_secs(3_555)).await;
    assert_eq!(bench.poll().await, Ok(0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let failure = bench.poll().await.unwrap_err();
    let words = failure.to_string();
    assert!(
        matches!(failure, Failure::Unreachable(_)) && words.contains("https://auth.acme.example/oauth/token"),
        "{words}"
    );
    let asked = bench.asked();
    assert!(bench.poll().await.is_err());
    assert_eq!(bench.asked(), asked, "others do not ask again at once");
    *bench.desk.down.lock().unwrap() = false;
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(bench.poll().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_refused_is_told_and_its_secret_is_not() {
    let bench = bench(Kind::Cloud, client(Kind::Cloud, "canary-wrong-secret"), true, application());
    let failed = bench.read.identity().await.unwrap_err();
    let told = format!("{failed} {failed:?}");
    assert!(matches!(failed.failure, Failure::NotUs(_)) && told.contains("invalid_client"), "{told}");
    assert!(!told.contains("canary") && !format!("{:?}", bench.settings).contains("canary"), "{told}");
    assert!(matches!(bench.create("none").await, WriteOutcome::NotSent { wait_ms, .. } if wait_ms >= 60_000));
    // Somebody puts the right one where it is read again.
    *bench.fresh.lock().unwrap() = Some(client(Kind::Cloud, CLIENT_SECRET));
    tokio::time::sleep(Duration::from_secs(31)).await;
    bench.read.identity().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_replaced_is_read_again_before_anybody_is_told() {
    let token = |text: &str| Auth::ApiToken { user: "sync@acme.example".into(), token: secret(text) };
    let bench = bench(Kind::Cloud, token("first"), false, vec![Credential::ApiToken("first".into())]);
    bench.read.identity().await.unwrap();
    assert!(matches!(bench.create("before").await, WriteOutcome::Done(_)));
    bench.jira.set_credentials("sync", vec![Credential::ApiToken("second".into())]);
    // Replaced in Jira, and not yet here.
    bench.jira.reset_calls();
    assert!(matches!(bench.poll().await, Err(Failure::NotUs(_))));
    assert_eq!(bench.answers(401) + bench.answers(200), 1, "the same is not tried twice");
    *bench.fresh.lock().unwrap() = Some(token("second"));
    bench.jira.reset_calls();
    assert_eq!(bench.poll().await, Ok(1));
    assert_eq!(bench.jira.total_calls(), 1, "what was refused before is not tried first");
    // And the other way round: here first.
    *bench.fresh.lock().unwrap() = Some(token("third"));
    bench.jira.set_credentials("sync", vec![Credential::ApiToken("third".into())]);
    bench.jira.reset_calls();
    assert!(matches!(bench.create("once").await, WriteOutcome::Done(_)));
    assert_eq!((bench.jira.count("createIssue"), bench.jira.issues().len()), (2, 2));
    // Another user is not gone over to without a word.
    *bench.fresh.lock().unwrap() =
        Some(Auth::ApiToken { user: "jane@acme.example".into(), token: secret("jane-token") });
    bench.jira.set_credentials("sync", Vec::new());
    assert!(matches!(bench.poll().await, Err(Failure::NotUs(_))));
}

#[tokio::test(start_paused = true)]
async fn a_file_is_sent_again_with_the_new_secret_by_whoever_carries_it() {
    let token = |text: &str| Auth::Bearer { token: secret(text) };
    let bench = bench(Kind::DataCenter, token("first"), false, vec![Credential::Pat("first".into())]);
    bench.read.identity().await.unwrap();
    let WriteOutcome::Done(issue) = bench.create("with a file").await else { panic!() };
    bench.jira.set_credentials("sync", vec![Credential::Pat("second".into())]);
    *bench.fresh.lock().unwrap() = Some(token("second"));
    let attach = async || {
        let draft = jirasyncd::jira::FileDraft { name: "a.txt".into(), mime: "text/plain".into(), size: 2 };
        let pieces = futures_util::stream::once(async { Ok(Bytes::from_static(b"ab")) });
        bench.write.attach(issue.id, &draft, Box::pin(pieces)).await
    };
    assert!(matches!(attach().await, WriteOutcome::NotSent { .. }));
    assert!(matches!(attach().await, WriteOutcome::Done(_)));
    let snapshot = bench.read.issues(&[issue.id], &Want { attachments: true, ..want(&[]) }).await.remove(0).unwrap();
    assert_eq!(snapshot.attachments.map(|files| files.len()), Some(1));
}
