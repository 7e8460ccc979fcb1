//! The webhook receiver over real sockets and by itself: who may be heard, how much, how fast, and that a stranger learns nothing.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::SystemClock;
use jirasyncd::console::{Heard, HookPath, HookReceiver, HookSink, Refused, probe};
use jirasyncd::model::hooks::HookSettings;
use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::secret::Secret;
use jirasyncd::model::store::StateIdentity;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The vector that Atlassian publishes.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = "Hello World!";
const SIGNATURE: &str = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

/// Takes everything, and remembers it.
#[derive(Default)]
struct Sink {
    heard: Mutex<Vec<(String, Vec<u8>)>>,
    refused: Mutex<Vec<Refused>>,
    full: AtomicBool,
}

#[async_trait]
impl HookSink for Sink {
    async fn hear(&self, instance: &InstanceId, body: &[u8], _: Option<&str>) -> Heard {
        if self.full.load(Ordering::Relaxed) {
            return Heard::NoRoom;
        }
        self.heard.lock().unwrap().push((instance.to_string(), body.to_vec()));
        Heard::Taken
    }

    fn refused(&self, _: &InstanceId, why: Refused) {
        self.refused.lock().unwrap().push(why);
    }
}

fn identity() -> StateIdentity {
    StateIdentity { daemon: "0".repeat(32), seal_key: [7; 32] }
}

fn path(instance: &str) -> HookPath {
    HookPath::of(&identity(), &InstanceId::from(instance))
}

/// Doors for a Cloud that signs and a Data Center that cannot, the latter from one network alone.
fn receiver() -> (HookReceiver, Arc<Sink>) {
    let sink = Arc::new(Sink::default());
    let signed = HookSettings { secrets: vec![Secret::new(SECRET.into())], ..HookSettings::default() };
    let within = HookSettings { from: vec!["127.0.0.0/8".parse().unwrap()], ..HookSettings::default() };
    let doors = [("cloud", signed), ("server", within)];
    let doors: BTreeMap<InstanceId, (HookPath, HookSettings)> =
        doors.into_iter().map(|(name, settings)| (InstanceId::from(name), (path(name), settings))).collect();
    (HookReceiver::new(doors, Arc::<Sink>::clone(&sink), Arc::new(SystemClock::new())), sink)
}

async fn ask(
    receiver: &HookReceiver,
    peer: &str,
    method: &str,
    path: &str,
    signature: Option<&str>,
    body: &str,
) -> u16 {
    let mut request = http::Request::builder().method(method).uri(path);
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature", signature);
    }
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let peer: IpAddr = peer.parse().unwrap();
    receiver.handle(peer, request).await.status
}

#[tokio::test]
async fn row_034_a_path_that_is_not_known_is_nowhere_and_one_that_is_has_its_own_rules() {
    let (receiver, sink) = receiver();
    let (cloud, server) = (path("cloud"), path("server"));
    let (cloud, server) = (format!("/jira/{}", cloud.expose()), format!("/{}", server.expose()));
    let home = "127.0.0.1";
    assert_eq!(ask(&receiver, home, "POST", &cloud, Some(SIGNATURE), BODY).await, 204);
    assert_eq!(ask(&receiver, home, "POST", &cloud, Some(SIGNATURE), "Hello World?").await, 401);
    assert_eq!(ask(&receiver, home, "POST", &cloud, None, BODY).await, 401);
    assert_eq!(ask(&receiver, home, "POST", &server, None, BODY).await, 204);
    assert_eq!(ask(&receiver, "203.0.113.9", "POST", &server, None, BODY).await, 404, "no other than an unknown path");
    assert_eq!(ask(&receiver, home, "GET", &cloud, Some(SIGNATURE), BODY).await, 405);
    let near = [cloud.replace(&path("cloud").expose(), ""), format!("{cloud}/"), format!("{cloud}x")];
    for unknown in ["/", "/jira", "/health"].into_iter().chain(near.iter().map(String::as_str)) {
        for method in ["POST", "GET", "PUT"] {
            assert_eq!(ask(&receiver, home, method, unknown, Some(SIGNATURE), BODY).await, 404, "{method} {unknown}");
        }
    }
    assert_eq!(ask(&receiver, home, "POST", &cloud, Some(SIGNATURE), &"x".repeat((1 << 20) + 1)).await, 413);
    sink.full.store(true, Ordering::Relaxed);
    assert_eq!(ask(&receiver, home, "POST", &cloud, Some(SIGNATURE), BODY).await, 503, "it is sent again");
    let heard: Vec<String> = sink.heard.lock().unwrap().iter().map(|(instance, _)| instance.clone()).collect();
    assert_eq!(heard, ["cloud", "server"]);
    let refused = sink.refused.lock().unwrap().clone();
    assert_eq!(refused, [Refused::Signature, Refused::Signature, Refused::Address, Refused::Body]);
}

#[tokio::test]
async fn a_flood_at_one_door_is_cut_and_holds_up_no_other() {
    let (receiver, sink) = receiver();
    let (cloud, server) = (format!("/{}", path("cloud").expose()), format!("/{}", path("server").expose()));
    let mut answers = BTreeMap::<u16, usize>::new();
    for _ in 0..1_000 {
        *answers.entry(ask(&receiver, "127.0.0.1", "POST", &cloud, None, "{}").await).or_default() += 1;
    }
    assert!(answers[&429] > 500 && answers.len() == 2, "{answers:?}");
    assert_eq!(ask(&receiver, "127.0.0.1", "POST", &server, None, BODY).await, 204);
    assert_eq!(sink.heard.lock().unwrap().len(), 1);
}

#[test]
fn a_path_is_long_differs_by_instance_and_state_and_is_never_shown() {
    let other = HookPath::of(&StateIdentity { seal_key: [8; 32], ..identity() }, &InstanceId::from("cloud"));
    let paths = [path("cloud"), path("server"), other];
    assert!(paths.iter().all(|path| path.expose().len() == 32 && format!("{path:?}") == "***"));
    assert!(paths[0].expose() != paths[1].expose() && paths[0].expose() != paths[2].expose());
    let (receiver, _) = receiver();
    assert!(!format!("{receiver:?}").contains(&paths[0].expose()));
}

async fn served() -> (SocketAddr, Arc<Sink>, CancellationToken) {
    let (receiver, sink) = receiver();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, cancel) = (listener.local_addr().unwrap(), CancellationToken::new());
    tokio::spawn(receiver.serve(listener, cancel.clone()));
    (address, sink, cancel)
}

/// Sends bytes and gives the first line of what comes back.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 64];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn over_the_network_a_body_must_be_whole_small_and_in_time() {
    let (address, sink, cancel) = served().await;
    let cloud = path("cloud");
    let head = |length: usize| {
        let path = cloud.expose();
        format!("POST /{path} HTTP/1.1\r\nhost: x\r\nx-hub-signature: {SIGNATURE}\r\ncontent-length: {length}\r\n\r\n")
    };
    assert_eq!(raw(address, format!("{}{BODY}", head(BODY.len())).as_bytes()).await, "HTTP/1.1 204 No Content");
    assert_eq!(raw(address, head(30 << 20).as_bytes()).await, "HTTP/1.1 413 Payload Too Large", "before a byte of it");
    // A byte now and then is no body.
    assert_eq!(raw(address, head(BODY.len()).as_bytes()).await, "HTTP/1.1 408 Request Timeout");
    let stranger = "POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n";
    assert_eq!(raw(address, stranger.as_bytes()).await, "HTTP/1.1 404 Not Found", "without waiting for a body");
    let twice = head(BODY.len()).replace("content-length", &format!("x-hub-signature: {SIGNATURE}\r\ncontent-length"));
    assert_eq!(raw(address, format!("{twice}{BODY}").as_bytes()).await, "HTTP/1.1 401 Unauthorized");
    assert_eq!(sink.heard.lock().unwrap().len(), 1);
    cancel.cancel();
}

#[tokio::test]
async fn a_probe_proves_that_the_way_leads_to_us_and_to_nobody_else() {
    let (address, _, cancel) = served().await;
    let (cloud, secret) = (path("cloud"), Secret::new(SECRET.into()));
    let at = |path: &str| Secret::new(format!("http://{address}/{path}"));
    probe(&at(&cloud.expose()), &cloud, Some(&secret), "word").await.unwrap();
    let unsigned = probe(&at(&cloud.expose()), &cloud, None, "word").await.unwrap_err();
    assert!(unsigned.contains("webhook-secret"), "{unsigned}");
    let unknown = probe(&at("elsewhere"), &cloud, Some(&secret), "word").await.unwrap_err();
    assert!(unknown.contains("404"), "{unknown}");
    cancel.cancel();
    // Something else answers there with a yes to everything.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(|| async { "ok" });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let url = Secret::new(format!("http://{other}/{}", cloud.expose()));
    let wrong = probe(&url, &cloud, Some(&secret), "word").await.unwrap_err();
    assert!(wrong.contains("not this daemon's receiver") && !wrong.contains(&cloud.expose()), "{wrong}");
    // And where nobody listens the address is not told either.
    let closed = Secret::new(format!("http://127.0.0.1:1/{}", cloud.expose()));
    let refused = probe(&closed, &cloud, Some(&secret), "word").await.unwrap_err();
    assert!(!refused.contains(&cloud.expose()), "{refused}");
}
