//! The real transport on loopback: what each kind of broken network looks like, and that nothing is sent twice or elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jirasyncd::clock::{SeededEntropy, SystemClock};
use jirasyncd::jira::{
    BODY_CAP, Failure, ReqwestTransport, Transport, TransportError, TransportSetupError, Trouble, WriteOutcome,
    connect, made,
};
use jirasyncd::model::ids::IssueId;
use jirasyncd::model::settings::Kind;
use jirasyncd::simulator::{Fault, FaultRule, Jira, When, presets, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use super::jira_support::{bare, settings, text};

fn transport(timeout: Duration) -> ReqwestTransport {
    ReqwestTransport::new(timeout, None).unwrap()
}

/// A server that reads a request's head and answers every connection with these bytes, then closes it.
pub(crate) async fn raw(answer: Vec<u8>) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    (format!("http://{address}"), count)
}

async fn ask(url: &str, timeout: Duration) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::get(url).header("authorization", "Bearer s3cr3t").body(Bytes::new()).unwrap();
    transport(timeout).send(request).await
}

const LONG: Duration = Duration::from_secs(5);

/// By the errors of the system and its resolver: only their words tell some of them apart.
#[tokio::test]
async fn row_001_what_does_not_connect_is_told_apart_by_what_the_network_says() {
    // A name that nobody may ever have. Without a network it is not resolved either, which may take some seconds.
    let error = ask("http://nosuch.invalid/", Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Dns, "{error:?}");
    assert!(!error.to_string().contains("s3cr3t"), "{error}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let error = ask(&format!("http://{address}/"), LONG).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Refused, "{error:?}");

    // A listener that nobody accepts from, and whose queue is full: whoever comes now hears nothing.
    let full = TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while waiting.len() < 16 {
        match tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => break,
        }
    }
    if waiting.len() == 16 {
        println!("skipped: the queue of a listener is never full on this system");
        return;
    }
    let error = ask(&format!("http://{address}/"), Duration::from_millis(400)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::ConnectTimeout, "a write would be in doubt: {error:?}");
}

#[tokio::test]
async fn row_006_each_broken_network_has_its_name() {
    let (plain, _) = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    assert_eq!(ask(&plain, LONG).await.unwrap().status(), 200);
    let secure = plain.replace("http://", "https://");
    let error = ask(&secure, LONG).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Tls, "{error:?}");

    let (reset, _) = raw(Vec::new()).await;
    let error = ask(&reset, LONG).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Reset);
    assert!(!error.to_string().contains("s3cr3t"), "{error}");

    let (cut, _) = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec()).await;
    assert_eq!(ask(&cut, LONG).await.unwrap_err().trouble, Trouble::CutBody);
    let (zip, _) = raw(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope".to_vec()).await;
    assert_eq!(ask(&zip, LONG).await.unwrap_err().trouble, Trouble::CutBody);

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    assert_eq!(ask(&url, Duration::from_millis(300)).await.unwrap_err().trouble, Trouble::Timeout);

    let mut huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BODY_CAP + 1).into_bytes();
    huge.resize(huge.len() + BODY_CAP + 1, b' ');
    let (huge, _) = raw(huge).await;
    assert_eq!(ask(&huge, LONG).await.unwrap_err().trouble, Trouble::TooLarge);
}

#[tokio::test]
async fn row_025_a_redirect_is_not_followed() {
    let (target, reached) = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let answer = format!("HTTP/1.1 307 Elsewhere\r\nlocation: {target}/\r\ncontent-length: 0\r\n\r\n");
    let (start, _) = raw(answer.into_bytes()).await;
    let settings = settings(Kind::DataCenter, &start, "token");
    let clock = Arc::new(SystemClock::new());
    let (read, write) = connect(&settings, Arc::new(transport(LONG)), clock, Arc::new(SeededEntropy::new(1)));
    let error = read.identity().await.unwrap_err();
    assert!(matches!(&error.failure, Failure::NotJira(words) if words.contains("`127.0.0.1`")), "{error}");
    assert!(matches!(write.transition("1", &bare(IssueId(1), "t")).await, WriteOutcome::InDoubt(_)));
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 0);

    // Files go by a client of their own.
    let answer = format!("HTTP/1.1 303 See Other\r\nlocation: {target}/\r\ncontent-length: 0\r\n\r\n");
    let (start, asked) = raw(answer.into_bytes()).await;
    let request = http::Request::get(&start).header("authorization", "Bearer s3cr3t").body(Bytes::new()).unwrap();
    assert_eq!(transport(LONG).download(request).await.unwrap().status(), 303);
    let request = http::Request::post(&start).header("content-length", "2").body(()).unwrap();
    let body = futures_util::stream::once(async { Ok(Bytes::from_static(b"ab")) });
    assert_eq!(transport(LONG).upload(request, Box::pin(body)).await.unwrap().status(), 303);
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 0);
    // Whoever goes there is counted.
    ask(&target, LONG).await.unwrap();
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn row_004_works_over_http_and_a_write_that_breaks_is_sent_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jira", listener.local_addr().unwrap());
    let clock = Arc::new(SystemClock::new());
    let jira = Jira::new(&presets::globex(&url), Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(1)));
    let cancel = CancellationToken::new();
    let server = tokio::spawn(serve(jira.clone(), listener, cancel.clone()));
    let settings = settings(Kind::DataCenter, &url, presets::SYNC_TOKEN);
    let (read, write) = connect(&settings, Arc::new(transport(LONG)), clock, Arc::new(SeededEntropy::new(1)));
    let us = read.identity().await.unwrap();
    assert_eq!(us.account.as_str(), "sync");
    assert!(us.skew_ms.abs() < 1_500, "{us:?}");
    let draft = jirasyncd::jira::IssueDraft {
        project: "ENG".into(),
        issue_type: "Defect".into(),
        fields: std::iter::once(("summary".into(), text("over the wire"))).collect(),
        mark: "sealed".into(),
    };
    // On connections that were used before, where a client is tempted to send again.
    for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::Truncated] {
        for _ in 0..5 {
            read.identity().await.unwrap();
            jira.reset_calls();
            jira.add_fault(FaultRule::new("createIssue", When::Always, fault.clone()));
            let outcome = write.create(std::slice::from_ref(&draft)).await.remove(0);
            assert!(matches!(outcome, WriteOutcome::InDoubt(_)), "{fault:?}: {outcome:?}");
            assert_eq!(jira.count("createIssue"), 1, "{fault:?}");
            jira.clear_faults();
        }
    }
    let since = "2020-01-01T00:00:00Z".parse().unwrap();
    let found = read.created_by_us(Some("ENG"), since, &BTreeSet::new()).await.unwrap();
    let found = made(&*read, found, |_| false).await.unwrap();
    assert_eq!(found.len(), 10, "resets before it took effect left nothing, the others one each");
    assert!(found.iter().all(|row| row.mark.as_deref() == Some("sealed")));
    cancel.cancel();
    server.await.unwrap().unwrap();
}

#[test]
fn an_unusable_certificate_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.pem");
    let error = ReqwestTransport::new(LONG, Some(&missing)).unwrap_err();
    assert!(
        matches!(error, TransportSetupError::CaFile { .. }) && error.to_string().contains("missing.pem"),
        "{error}"
    );
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "not a certificate").unwrap();
    let error = ReqwestTransport::new(LONG, Some(&empty)).unwrap_err();
    assert!(matches!(error, TransportSetupError::CaContent { .. }), "{error}");
}

/// Runs in a process of its own, where the machine seems to have no certificates.
#[test]
#[ignore = "run by `a_machine_without_certificates_says_so`"]
fn child_without_certificates() {
    let error = ReqwestTransport::new(LONG, None).unwrap_err();
    assert!(matches!(error, TransportSetupError::NoCertificates), "{error:?}");
    assert!(error.to_string().contains("ca-certificates"), "{error}");
}

#[test]
fn a_machine_without_certificates_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jira_network::child_without_certificates", "--ignored"])
        .env("SSL_CERT_FILE", folder.path().join("none.pem"))
        .env("SSL_CERT_DIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn an_upload_whose_answer_stops_half_way_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
        std::future::pending::<()>().await;
    });
    let request = http::Request::post(url).header("content-length", "2").body(()).unwrap();
    let body = futures_util::stream::once(async { Ok(Bytes::from_static(b"ab")) });
    let network = transport(Duration::from_millis(300));
    let sent = network.upload(request, Box::pin(body));
    let sent = tokio::time::timeout(Duration::from_secs(20), sent).await.expect("it is given up");
    assert_eq!(sent.unwrap_err().trouble, Trouble::Timeout);
}
