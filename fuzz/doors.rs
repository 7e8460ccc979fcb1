//! What must hold of anything that comes in at our own doors: what signs a webhook, what a browser brings back, files that a person hands over,
//! and what is asked for over the control socket. The fuzzer's targets, which `tests/it/doors_fuzz.rs` runs too. Must never take for granted
//! that bytes are what they should be: nothing here may fail but an assertion.

#![allow(dead_code, reason = "each fuzz target takes one of them")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::app::replay;
use jirasyncd::clock::SystemClock;
use jirasyncd::console::{
    Heard, HookPath, HookReceiver, HookSink, Measures, Refused, Request, Status, StatusSource, bind, serve,
};
use jirasyncd::jira::code_in;
use jirasyncd::model::command::{Answer, Command, Ended, Operator};
use jirasyncd::model::hooks::HookSettings;
use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::secret::Secret;
use jirasyncd::model::store::StateIdentity;
use jirasyncd::store::{KeyError, read_key, write_key};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

/// The vector that Atlassian publishes: whoever makes another of these has broken HMAC.
pub(super) const SECRET: &str = "It's a Secret to Everybody";
pub(super) const SIGNED: &str = "Hello World!";
pub(super) const SIGNATURE: &str = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

/// A folder of its own for each call, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Option<Self> {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("jirasyncd-doors-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).is_ok().then_some(Self(path))
    }

    /// A file with these bytes that its owner alone may read.
    fn file(&self, name: &str, content: &[u8]) -> Option<PathBuf> {
        let path = self.0.join(name);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).ok()?;
        file.write_all(content).is_ok().then_some(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What a receiver took, and why it took nothing.
#[derive(Default)]
struct Sink {
    heard: Mutex<Vec<Vec<u8>>>,
    refused: Mutex<Vec<Refused>>,
}

#[async_trait]
impl HookSink for Sink {
    async fn hear(&self, _: &InstanceId, body: &[u8], _: Option<&str>) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(body.to_vec());
        Heard::Taken
    }

    fn refused(&self, _: &InstanceId, why: Refused) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(why);
    }
}

/// The headers that sign a webhook, one in each line, and behind an empty line its body: only the one signature of the one body is taken.
pub(super) fn signature(data: &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &b""[..]), |end| (&data[..end], &data[end + 2..]));
    let instance = InstanceId::from("acme");
    let path = HookPath::of(&StateIdentity { daemon: "0".repeat(32), seal_key: [7; 32] }, &instance);
    let settings = HookSettings { secrets: vec![Secret::new(SECRET.to_owned())], ..HookSettings::default() };
    let sink = Arc::new(Sink::default());
    let doors = BTreeMap::from([(instance, (path.clone(), settings))]);
    let receiver = HookReceiver::new(doors, Arc::<Sink>::clone(&sink), Arc::new(SystemClock::new()));
    let mut request = http::Request::new(Bytes::copy_from_slice(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = format!("/{}", path.expose()).parse().unwrap_or_default();
    let values = head.split(|byte| *byte == b'\n').filter_map(|line| http::HeaderValue::from_bytes(line).ok());
    let values: Vec<http::HeaderValue> = values.take(8).collect();
    for value in &values {
        request.headers_mut().append("x-hub-signature", value.clone());
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
    let answer = runtime.block_on(receiver.handle(IpAddr::V4(Ipv4Addr::LOCALHOST), request));
    let is_ours = |value: &http::HeaderValue| {
        let (begin, tag) = SIGNATURE.split_at("sha256=".len());
        let given = value.to_str().unwrap_or_default();
        given.strip_prefix(begin).is_some_and(|given| given.eq_ignore_ascii_case(tag))
    };
    let good = body == SIGNED.as_bytes() && values.len() == 1 && values.iter().all(is_ours);
    let heard = sink.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let expected = if good { (204, vec![body.to_vec()]) } else { (401, Vec::new()) };
    assert_eq!((answer.status, heard), expected, "{values:?} of {:?}", String::from_utf8_lossy(body));
    assert!(answer.body.is_empty(), "{answer:?}");
    let refused = sink.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(refused.is_empty(), good, "{refused:?}");
}

/// Each byte as a query may hold it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What a browser brings back, and behind its first line feed the word that it was sent away with: a code is given for that word alone, and is
/// the one that was granted.
pub(super) fn granted(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (query, state) = text.split_once('\n').unwrap_or((&text, "ours"));
    if let Some(Ok(code)) = code_in(query, state) {
        let is_short = code.expose().len() < 12;
        assert!(is_short || !format!("{code:?}").contains(code.expose()), "a code is shown");
        assert!(!code.expose().is_empty() && query.contains('='), "{query:?}");
    }
    // The same text as what was granted: it comes through whole, whatever is in it, and to nobody with another word.
    let brought = format!("code={}&state={}", encoded(query), encoded(state));
    match code_in(&brought, state) {
        Some(Ok(code)) => assert_eq!(code.expose(), query),
        Some(Err(why)) => assert!(query.is_empty() && why.is_empty(), "{brought}: {why}"),
        None => panic!("the answer to our own question was not taken: {brought}"),
    }
    assert!(code_in(&brought, &format!("{state}x")).is_none(), "{brought}");
    let behind = format!("{brought}&state={}&code=other", encoded("theirs"));
    assert!(state == "theirs" || code_in(&behind, "theirs").is_none(), "the first word counts: {behind}");
}

/// Any bytes as the file of a state's key: what is read is what is written of it again, and what is refused says nothing of what is in it.
pub(super) fn key(data: &[u8]) {
    let Some(folder) = Folder::new() else { return };
    let Some(file) = folder.file("key", data) else { return };
    match read_key(&file) {
        Ok(identity) => {
            let again = folder.0.join("again");
            assert!(write_key(&again, &identity).is_ok());
            let read = read_key(&again).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((read.daemon, read.seal_key), (identity.daemon.clone(), identity.seal_key));
            let words = String::from_utf8_lossy(data).split_ascii_whitespace().count();
            assert_eq!(words, 3, "a key is a word that says so, whose it is, and itself");
            assert!(identity.daemon.len() == 32 && identity.daemon.bytes().all(|sign| sign.is_ascii_hexdigit()));
        }
        Err(error) => {
            let said = format!("{error} {error:?}");
            let is_usual = matches!(&error, KeyError::NoKey { path } | KeyError::File { path, .. } if *path == file);
            assert!(is_usual, "{said}");
            let words = String::from_utf8_lossy(data).into_owned();
            let long = words.split_ascii_whitespace().filter(|word| word.len() >= 24);
            long.for_each(|word| assert!(!said.contains(word), "what is in the file is said: {said}"));
        }
    }
    drop(std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)));
    let open = read_key(&file);
    assert!(matches!(open, Err(KeyError::Open { .. } | KeyError::NoKey { .. })), "others may read it");
}

/// Any bytes as a file of saved plans: it is planned again, or refused by its name.
pub(super) fn plans(data: &[u8]) {
    let Some(folder) = Folder::new() else { return };
    let Some(file) = folder.file("saved.plans", data) else { return };
    match replay(&file) {
        Ok(replayed) => {
            let lines = String::from_utf8_lossy(data).lines().count();
            assert!(replayed.len() < lines.max(1), "more plans than lines");
        }
        Err(error) => assert!(error.to_string().contains("saved.plans"), "{error}"),
    }
}

/// Keeps the commands that reach it.
#[derive(Default)]
struct Source(Mutex<Vec<(u32, Command)>>);

/// Where its state is.
pub(super) const STATE: &str = "/nowhere/state.db";

#[async_trait]
impl StatusSource for Source {
    async fn status(&self) -> Result<Status, String> {
        Err("nothing is known".to_owned())
    }

    fn state(&self) -> PathBuf {
        STATE.into()
    }

    async fn command(&self, by: Operator, command: Command) -> Result<Answer, String> {
        let said = vec![command.to_string()];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((by.uid, command));
        Ok(Answer::new(Ended::Done, said))
    }

    fn health(&self) -> Result<(), String> {
        Ok(())
    }

    fn readiness(&self) -> Result<(), String> {
        Ok(())
    }

    async fn measures(&self) -> Result<Measures, String> {
        Err("nothing is known".to_owned())
    }
}

/// Sends bytes through a socket, and gives back all that is answered.
async fn told(socket: &Path, bytes: &[u8]) -> String {
    let talk = async {
        let mut stream = UnixStream::connect(socket).await?;
        // Whoever is refused may be cut off before all is sent.
        drop(stream.write_all(bytes).await);
        drop(stream.shutdown().await);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    match tokio::time::timeout(Duration::from_secs(20), talk).await {
        Ok(answer) => answer.unwrap_or_default(),
        Err(_) => panic!("the door hangs: {:?}", String::from_utf8_lossy(bytes)),
    }
}

/// A request for a command with this body.
fn asking(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Any bytes at the control socket: as they are, and as the body of a request. What is carried out is what was asked for by whoever asks, of
/// this state; and the door stays open.
pub(super) fn command(data: &[u8]) {
    let Some(folder) = Folder::new() else { return };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let socket = folder.0.join("control.sock");
        let Ok(listeners) = bind(([127, 0, 0, 1], 0).into(), &socket).await else { return };
        let (source, cancel) = (Arc::new(Source::default()), CancellationToken::new());
        let door = tokio::spawn(serve(listeners, Arc::<Source>::clone(&source), cancel.clone()));
        drop(told(&socket, data).await);
        // What was asked for is carried out to its end, also where nobody waits for the answer any more.
        tokio::time::sleep(Duration::from_millis(1)).await;
        source.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let answer = told(&socket, &asking(data)).await;
        let carried = std::mem::take(&mut *source.0.lock().unwrap_or_else(PoisonError::into_inner));
        let asked = serde_json::from_slice::<Request>(data).ok().filter(|asked| asked.state == Path::new(STATE));
        let carried_commands: Vec<&Command> = carried.iter().map(|(_, command)| command).collect();
        let wanted: Vec<&Command> = asked.iter().map(|asked| &asked.command).collect();
        assert_eq!(carried_commands, wanted, "{answer}");
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        let expected = if asked.is_some() { status == "200" } else { status.starts_with('4') };
        assert!(expected, "{answer}");
        asked.iter().for_each(|asked| keeps(&asked.command));
        let well = told(&socket, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        assert!(well.starts_with("HTTP/1.1 200"), "{well}");
        cancel.cancel();
        drop(door.await);
    });
}

/// What holds of any command: it is kept as it was given, and can be told.
fn keeps(command: &Command) {
    let kept = serde_json::to_string(command).unwrap_or_default();
    let read: Option<Command> = serde_json::from_str(&kept).ok();
    assert_eq!(read.as_ref(), Some(command), "{kept}");
    assert!(command.to_string().starts_with(command.name()));
    let _ = (command.sync(), command.only_shows(), command.needs_no_jira());
}
