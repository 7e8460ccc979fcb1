//! The daemon's doors: what is told at which, to whom, and what becomes of the socket's file.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jirasyncd::console::{
    AskError, BindError, Health, Measures, Request, Running, SideMeasures, Status, StatusSource, ask_command,
    ask_health, ask_status, bind, serve, this_operator,
};
use jirasyncd::model::command::{Answer, Command, Ended, Operator, Target};
use jirasyncd::model::store::Figures;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const ANYWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

#[derive(Default)]
struct Source {
    ill: AtomicBool,
}

#[async_trait]
impl StatusSource for Source {
    async fn status(&self) -> Result<Status, String> {
        let running = Running { version: "9.9".into(), pid: 7, since: "2026-03-02T09:30:15Z".parse().unwrap() };
        if self.ill.load(Ordering::SeqCst) {
            return Err("the state does not answer".into());
        }
        Ok(Status {
            running: Some(running),
            state: "/s/state.db".into(),
            figures: Figures::default(),
            instances: Vec::new(),
            pauses: Vec::new(),
            creations: Vec::new(),
            problems: Vec::new(),
        })
    }

    fn state(&self) -> PathBuf {
        "/s/state.db".into()
    }

    async fn command(&self, by: Operator, command: Command) -> Result<Answer, String> {
        Ok(Answer::new(Ended::Done, vec![format!("{command} by {}", by.uid)]))
    }

    fn health(&self) -> Result<(), String> {
        if self.ill.load(Ordering::SeqCst) { Err("polls have stopped".into()) } else { Ok(()) }
    }

    fn readiness(&self) -> Result<(), String> {
        self.health().map_err(|why| format!("{why}\ninstance `acme` did not answer a poll yet"))
    }

    async fn measures(&self) -> Result<Measures, String> {
        if self.ill.load(Ordering::SeqCst) {
            return Err("the state does not answer".into());
        }
        let (sync, side) = ("support".into(), "globex".into());
        Ok(Measures {
            now: "2026-03-02T09:31:15Z".parse().unwrap(),
            since: "2026-03-02T09:30:15Z".parse().unwrap(),
            build: ("9.9", Some("1f2e3d4")),
            ready: true,
            figures: Figures::default(),
            instances: Vec::new(),
            sides: vec![SideMeasures { sync, side, lag: 2.5, open: 3 }],
            queues: Vec::new(),
            stopped: Vec::new(),
            problems: [("field", 4)].into(),
            writes: Vec::new(),
            swept: None,
        })
    }
}

struct Served {
    folder: tempfile::TempDir,
    address: SocketAddr,
    source: Arc<Source>,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listeners = bind(ANYWHERE.into(), &folder.path().join("control.sock")).await.unwrap();
        let (address, source) = (listeners.address().unwrap(), Arc::new(Source::default()));
        let cancel = CancellationToken::new();
        let task = tokio::spawn(serve(listeners, Arc::clone(&source) as _, cancel.clone()));
        Self { folder, address, source, cancel, task }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// The whole answer to a request with this `Host`.
    async fn ask(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn stop(self) -> tempfile::TempDir {
        self.cancel.cancel();
        self.task.await.unwrap().unwrap();
        self.folder
    }
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

#[tokio::test]
async fn the_port_tells_health_and_nothing_else() {
    let served = Served::start().await;
    let ours = format!("Host: {}\r\n", served.address);
    let answer = served.ask("/health", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let answer = served.ask("/status", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("9.9"), "{answer}");
    assert!(served.ask("/", &ours).await.starts_with("HTTP/1.1 404"));
    for foreign in ["Host: evil.example\r\n", "Host: localhost.evil.example:8470\r\n", ""] {
        for path in ["/health", "/status", "/"] {
            let answer = served.ask(path, foreign).await;
            assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("ok\n"), "{foreign}: {answer}");
        }
    }
    served.source.ill.store(true, Ordering::SeqCst);
    let answer = served.ask("/health", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("polls have stopped"), "{answer}");
    served.stop().await;
}

#[tokio::test]
async fn the_port_tells_figures_and_readiness_to_who_asks_by_address() {
    let served = Served::start().await;
    let ours = format!("Host: {}\r\n", served.address);
    for path in ["/healthz", "/readyz"] {
        let answer = served.ask(path, &ours).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }
    let answer = served.ask("/metrics", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
    let lines = [
        "# TYPE jirasyncd_lag_seconds gauge\n",
        "jirasyncd_build_info{version=\"9.9\",commit=\"1f2e3d4\"} 1.0\n",
        "jirasyncd_lag_seconds{sync=\"support\",side=\"globex\"} 2.5\n",
        "jirasyncd_writes_open{sync=\"support\",side=\"globex\"} 3.0\n",
        "jirasyncd_problems{kind=\"field\"} 4.0\n",
    ];
    for line in lines {
        assert!(answer.contains(line), "{line} is not in {answer}");
    }
    for path in ["/metrics", "/readyz"] {
        let answer = served.ask(path, "Host: evil.example\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 421") && !answer.contains("support"), "{answer}");
    }
    // Nothing but asking: whatever else is sent is refused.
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request = format!("POST /metrics HTTP/1.1\r\n{ours}Content-Length: 3\r\nConnection: close\r\n\r\nabc");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 405"), "{said}");
    served.source.ill.store(true, Ordering::SeqCst);
    let answer = served.ask("/readyz", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("did not answer a poll yet\n"), "{answer}");
    let answer = served.ask("/metrics", &ours).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("the state does not answer"), "{answer}");
    served.stop().await;
}

#[tokio::test]
async fn the_socket_takes_commands_and_knows_who_gives_them() {
    let served = Served::start().await;
    let command = Command::Pause(Target::Sync("support".into()));
    let ask = |state: &str| Request { state: state.into(), command: command.clone() };
    let answer = ask_command(&served.socket(), &ask("/s/state.db")).await.unwrap().unwrap();
    assert_eq!(answer.lines, [format!("pause support by {}", this_operator().unwrap().uid)]);
    // The daemon of another state does not take it, and neither does the port.
    assert_eq!(ask_command(&served.socket(), &ask("/s/other.db")).await.unwrap(), None);
    let body = serde_json::to_string(&ask("/s/state.db")).unwrap();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head = format!("Host: {}\r\nContent-Type: application/json\r\nContent-Length: {}", served.address, body.len());
    stream
        .write_all(format!("POST /command HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n{body}").as_bytes())
        .await
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
    served.stop().await;
}

#[tokio::test]
async fn the_socket_tells_the_status_to_owner_and_group() {
    let served = Served::start().await;
    let mode = std::fs::metadata(served.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o660);
    let status = ask_status(&served.socket()).await.unwrap();
    assert_eq!(status.running.unwrap().version, "9.9");
    served.source.ill.store(true, Ordering::SeqCst);
    let error = ask_status(&served.socket()).await.unwrap_err();
    assert!(matches!(&error, AskError::NoAnswer { why, .. } if why.contains("does not answer")), "{error}");
    let socket = served.socket();
    let _folder = served.stop().await;
    assert!(!socket.exists(), "the socket's file was left behind");
    assert!(matches!(ask_status(&socket).await, Err(AskError::NoDaemon { .. })));
}

#[tokio::test]
async fn health_is_asked_on_the_loopback_where_all_addresses_are_meant() {
    let served = Served::start().await;
    let everywhere = SocketAddr::from(([0, 0, 0, 0], served.address.port()));
    assert_eq!(ask_health(everywhere).await, Health::Well);
    served.source.ill.store(true, Ordering::SeqCst);
    assert_eq!(ask_health(served.address).await, Health::Ill("polls have stopped".into()));
    let address = served.address;
    served.stop().await;
    assert!(matches!(ask_health(address).await, Health::Ill(why) if why.contains("does not answer")));
}

#[tokio::test]
async fn a_dead_daemons_socket_is_replaced_and_a_living_ones_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(is_socket(&path), "nothing stale to replace");
    let first = bind(ANYWHERE.into(), &path).await.unwrap();
    let error = bind(ANYWHERE.into(), &path).await.unwrap_err();
    let BindError::Socket { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse, "{error:?}");
    assert!(is_socket(&path), "the living one's socket is gone");

    let taken = first.address().unwrap();
    let error = bind(taken, &folder.path().join("other.sock")).await.unwrap_err();
    assert!(matches!(error, BindError::Listen { address, .. } if address == taken), "{error:?}");
    assert!(!folder.path().join("other.sock").exists());

    // A newer daemon's file is not taken away by an older one that ends.
    std::fs::remove_file(&path).unwrap();
    let second = bind(ANYWHERE.into(), &path).await.unwrap();
    drop(first);
    assert!(is_socket(&path), "the older one removed the newer one's socket");
    drop(second);
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_no_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    std::fs::write(&path, "a letter").unwrap();
    let error = bind(ANYWHERE.into(), &path).await.unwrap_err();
    assert!(matches!(&error, BindError::Socket { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a letter");
    let missing = folder.path().join("no/such/folder/control.sock");
    assert!(bind(ANYWHERE.into(), &missing).await.is_err());
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_does_not_hold_the_daemon() {
    let served = Served::start().await;
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET /health HTTP/1.1\r\nHo").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    tokio::time::timeout(std::time::Duration::from_secs(5), served.stop()).await.unwrap();
}
