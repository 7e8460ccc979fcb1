//! Logins by what somebody granted (OAuth 2.0 code flow): the refresh token that changes with every use, its file, crashes at the worst
//! moment. Must never judge a crash by what the client believes: a new client goes by the file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::{Clock, SeededEntropy, VirtualClock};
use jirasyncd::jira::{
    Failure, Identity, JiraError, JiraRead, Transport, TransportError, address_to_open, code_in, connect, grant_ends,
    take_grant,
};
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{Auth, InstanceSettings, Kind, OauthClient, OauthGrant};
use jirasyncd::simulator::{CLOUD_ID, Credential, Jira, presets};

use super::jira_support::{EPOCH, InProcess, settings};

const SECRET: &str = "canary-client-secret";
type Hook = Box<dyn Fn() + Send>;

/// Hands requests on, and does something at the moment when a token is asked for.
struct Between(InProcess, Arc<Mutex<Option<Hook>>>);

#[async_trait]
impl Transport for Between {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if request.method() == http::Method::POST && request.uri().path().ends_with("/token") {
            if let Some(hook) = self.1.lock().unwrap().take() {
                hook();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.0.send(request).await
    }
}

struct Bench {
    jira: Jira,
    clock: Arc<VirtualClock>,
    settings: InstanceSettings,
    grant: OauthGrant,
    hook: Arc<Mutex<Option<Hook>>>,
    _folder: tempfile::TempDir,
}

fn bench(kind: Kind) -> Bench {
    let (url, token_url, authorize_url) = match kind {
        Kind::Cloud => ("https://acme.example", "https://auth.example/oauth/token", "https://auth.example/authorize"),
        Kind::DataCenter => (
            "https://jira.globex.example/jira",
            "https://jira.globex.example/jira/rest/oauth2/latest/token",
            "https://jira.globex.example/jira/rest/oauth2/latest/authorize",
        ),
    };
    let mut setup = if kind == Kind::Cloud { presets::acme(url) } else { presets::globex(url) };
    setup.users[0].credentials = vec![Credential::Client { id: "app".into(), secret: SECRET.into() }];
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let jira = Jira::new(&setup, Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(42)));
    let folder = tempfile::tempdir().unwrap();
    let grant = OauthGrant {
        client: OauthClient {
            id: "app".into(),
            secret: Secret::new(SECRET.into()),
            token_url: token_url.into(),
            scope: Some("read:jira-work offline_access".into()),
        },
        authorize_url: authorize_url.into(),
        redirect_url: "http://127.0.0.1:8472/granted".into(),
        file: folder.path().join("state.db.the-instance.grant"),
    };
    let settings = InstanceSettings {
        auth: Auth::Grant(grant.clone()),
        gateway: (kind == Kind::Cloud).then(|| format!("https://api.example/ex/jira/{CLOUD_ID}")),
        ..settings(kind, url, "unused")
    };
    Bench { jira, clock, settings, grant, hook: Arc::default(), _folder: folder }
}

impl Bench {
    fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(Between(InProcess(self.jira.clone()), Arc::clone(&self.hook)))
    }

    /// A client as a process that has just started has it.
    fn client(&self) -> Arc<dyn JiraRead> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        connect(&self.settings, self.transport(), clock, Arc::new(SeededEntropy::new(1))).0
    }

    /// What somebody does in his browser, and what is made of it.
    async fn grant(&self) -> Result<Identity, JiraError> {
        let address = address_to_open(self.settings.kind, &self.grant, "the-state").unwrap();
        let request = http::Request::get(address).body(Bytes::new()).unwrap();
        let answer = self.transport().send(request).await.unwrap();
        let back = answer.headers()["location"].to_str().unwrap().to_owned();
        let query = back.strip_prefix("http://127.0.0.1:8472/granted?").unwrap();
        let code = code_in(query, "the-state").unwrap().unwrap();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        take_grant(&self.settings, &self.grant, &code, self.transport(), clock, Arc::new(SeededEntropy::new(2))).await
    }

    fn kept(&self) -> String {
        std::fs::read_to_string(&self.grant.file).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.grant.file.clone()
    }
}

async fn asks(client: &Arc<dyn JiraRead>) -> Result<(), Failure> {
    client.identity().await.map(drop).map_err(|error| error.failure)
}

async fn hours(count: u64) {
    tokio::time::sleep(Duration::from_secs(3_600 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_granted_is_renewed_for_days_and_over_restarts() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let bench = bench(kind);
        let before = asks(&bench.client()).await.unwrap_err().to_string();
        assert!(before.contains("run `jirasyncd login the-instance`"), "{before}");
        let identity = bench.grant().await.unwrap();
        assert!(identity.display_name.starts_with("Sync"), "{identity:?}");
        assert_eq!(std::fs::metadata(bench.file()).unwrap().permissions().mode() & 0o777, 0o600);
        let mut client = bench.client();
        asks(&client).await.unwrap();
        assert_eq!(bench.jira.tokens_given(), 1, "{kind:?}: what is kept is used as long as it lasts");
        bench.jira.reset_calls();
        for nth in 0..60 {
            tokio::time::sleep(Duration::from_secs(3_000)).await;
            let before = bench.kept();
            asks(&client).await.unwrap_or_else(|failure| panic!("{kind:?} {nth}: {failure}"));
            if nth % 7 == 0 {
                client = bench.client();
                asks(&client).await.unwrap();
            }
            assert!(nth == 0 || bench.jira.tokens_given() > 1 || before == bench.kept());
        }
        // Fifty hours.
        assert!((25..=61).contains(&bench.jira.tokens_given()), "{kind:?}: {}", bench.jira.tokens_given());
        assert!(bench.jira.calls().iter().all(|call| call.status != 401), "{kind:?}");
    }
}

/// An access token that was kept may have ended with its process: who starts asks for another one at once.
#[tokio::test(start_paused = true)]
async fn a_kept_token_that_is_refused_at_a_start_is_renewed_at_once_and_once() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let bench = bench(kind);
        bench.grant().await.unwrap();
        bench.jira.revoke_tokens();
        let client = bench.client();
        asks(&client).await.unwrap();
        assert_eq!(bench.jira.tokens_given(), 2, "{kind:?}");
        // What was given out just now and is refused is refused for something else.
        bench.jira.revoke_tokens();
        asks(&client).await.unwrap_err();
        assert_eq!(bench.jira.tokens_given(), 2, "{kind:?}");
    }
}

/// Whatever is renewed: the end is counted from when somebody granted it.
#[tokio::test(start_paused = true)]
async fn the_end_of_what_was_granted_is_known_on_cloud() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let bench = bench(kind);
        assert_eq!(grant_ends(&bench.settings), None, "nothing was granted yet");
        let granted = bench.clock.now();
        bench.grant().await.unwrap();
        hours(30).await;
        asks(&bench.client()).await.unwrap();
        assert_eq!(bench.jira.tokens_given(), 2, "{kind:?}");
        let ends = (kind == Kind::Cloud).then(|| granted + jiff::SignedDuration::from_hours(24 * 365));
        assert_eq!(grant_ends(&bench.settings), ends, "{kind:?}");
        let other =
            InstanceSettings { auth: Auth::Bearer { token: Secret::new("t".into()) }, ..bench.settings.clone() };
        assert_eq!(grant_ends(&other), None);
        std::fs::write(bench.file(), "no grant").unwrap();
        assert_eq!(grant_ends(&bench.settings), None);
    }
}

#[tokio::test(start_paused = true)]
async fn two_processes_use_a_refresh_token_up_once() {
    let bench = bench(Kind::Cloud);
    bench.grant().await.unwrap();
    let clients = [bench.client(), bench.client(), bench.client()];
    hours(2).await;
    let asked = futures_util::future::join_all(clients.iter().map(asks)).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert_eq!(bench.jira.tokens_given(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_and_a_crash_before_it_is_kept_lose_nothing_within_ten_minutes() {
    let bench = bench(Kind::Cloud);
    bench.grant().await.unwrap();
    hours(2).await;
    let client = bench.client();
    bench.jira.lose_tokens(2);
    asks(&client).await.unwrap();
    assert_eq!(bench.jira.tokens_given(), 4, "the same was asked for three times");
    // The process dies when the endpoint has answered and nothing is written yet.
    hours(2).await;
    let before = bench.kept();
    asks(&bench.client()).await.unwrap();
    assert_ne!(bench.kept(), before);
    std::fs::write(bench.file(), &before).unwrap();
    tokio::time::sleep(Duration::from_secs(540)).await;
    asks(&bench.client()).await.unwrap();
    // The same, and the machine is down for longer.
    hours(2).await;
    let before = bench.kept();
    asks(&bench.client()).await.unwrap();
    std::fs::write(bench.file(), &before).unwrap();
    hours(2).await;
    let client = bench.client();
    let lost = asks(&client).await.unwrap_err();
    let told = lost.to_string();
    assert!(matches!(lost, Failure::NotUs(_)) && told.contains("run `jirasyncd login the-instance`"), "{told}");
    assert!(
        told.contains("invalid_grant") && !told.contains("refresh-token-number") && !told.contains("canary"),
        "{told}"
    );
    // It is not shown again: nothing changes by it.
    let asked = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&asked);
    *bench.hook.lock().unwrap() = Some(Box::new(move || *seen.lock().unwrap() = true));
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(asks(&client).await.is_err());
    assert!(!*asked.lock().unwrap());
    // The one command that repairs it, while the daemon runs.
    *bench.hook.lock().unwrap() = None;
    bench.grant().await.unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    asks(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_told_and_what_was_granted_anew_is_found() {
    let bench = bench(Kind::DataCenter);
    bench.grant().await.unwrap();
    let client = bench.client();
    asks(&client).await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
    bench.jira.revoke_grants();
    let told = asks(&client).await.unwrap_err().to_string();
    assert!(told.contains("run `jirasyncd login the-instance`"), "{told}");
    bench.grant().await.unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    asks(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_cannot_keep_it_is_found_before_the_token_is_used_up() {
    let bench = bench(Kind::Cloud);
    bench.grant().await.unwrap();
    hours(2).await;
    let new = PathBuf::from(format!("{}.new", bench.file().display()));
    std::fs::create_dir(&new).unwrap();
    let client = bench.client();
    let told = asks(&client).await.unwrap_err().to_string();
    assert!(told.contains("state.db.the-instance.grant") && bench.jira.tokens_given() == 1, "{told}");
    std::fs::remove_dir(&new).unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    asks(&client).await.unwrap();
    assert_eq!(bench.jira.tokens_given(), 2);
    // It breaks between: what was given out is held on to, and written once that works.
    hours(2).await;
    let (file, before) = (bench.file(), bench.kept());
    let gone = file.clone();
    *bench.hook.lock().unwrap() = Some(Box::new(move || {
        std::fs::remove_file(&gone).unwrap();
        std::fs::create_dir(&gone).unwrap();
    }));
    let told = asks(&client).await.unwrap_err().to_string();
    assert!(told.contains("state.db.the-instance.grant") && bench.jira.tokens_given() == 3, "{told}");
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, before).unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    asks(&client).await.unwrap();
    assert_eq!(bench.jira.tokens_given(), 3, "no further one was asked for");
    // It is the newest that lies there: a new process goes on with it, after the leeway is over too.
    hours(2).await;
    asks(&bench.client()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_not_taken_leaves_the_grant_before() {
    let bench = bench(Kind::Cloud);
    bench.grant().await.unwrap();
    let before = bench.kept();
    let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
    let code = Secret::new("canary-code".into());
    let taken =
        take_grant(&bench.settings, &bench.grant, &code, bench.transport(), clock, Arc::new(SeededEntropy::new(2)));
    let told = taken.await.unwrap_err().to_string();
    assert!(told.contains("invalid_grant") && !told.contains("canary"), "{told}");
    assert_eq!(bench.kept(), before);
    let shown = format!("{:?}", bench.settings);
    assert!(!shown.contains("canary"), "{shown}");
    // What is no grant is told, and not taken for one.
    std::fs::write(bench.file(), "canary").unwrap();
    let told = asks(&bench.client()).await.unwrap_err().to_string();
    assert!(told.contains("it does not hold what was written there") && !told.contains("canary"), "{told}");
    assert!(Path::new(&format!("{}.lock", bench.file().display())).exists());
}
