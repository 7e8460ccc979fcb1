//! Faults do what their names say, over the wire too, and the observer counts every request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::simulator::{Broken, Fault, FaultRule, When, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::simulator_support::{Client, acme, globex};

fn new_issue(summary: &str) -> Value {
    json!({ "fields": { "project": { "key": "SUP" }, "issuetype": { "name": "Bug" }, "summary": summary } })
}

fn strike(client: &Client, operation: &str, fault: Fault) {
    client.jira.clear_faults();
    client.jira.add_fault(FaultRule::new(operation, When::Nth(1), fault));
}

#[tokio::test(start_paused = true)]
async fn resets_differ_in_what_took_effect() {
    let client = acme();
    strike(&client, "createIssue", Fault::ResetBefore);
    assert!(matches!(client.try_send("POST", "issue", Some(&new_issue("a"))).await, Err(Broken::Reset)));
    assert_eq!(client.jira.issues().len(), 0);
    strike(&client, "createIssue", Fault::ResetAfter);
    assert!(matches!(client.try_send("POST", "issue", Some(&new_issue("b"))).await, Err(Broken::Reset)));
    assert_eq!(client.jira.issues().len(), 1);
    strike(&client, "createIssue", Fault::LateWrite(Duration::from_secs(90)));
    assert!(client.try_send("POST", "issue", Some(&new_issue("c"))).await.is_err());
    assert_eq!(client.jira.issues().len(), 1);
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(client.jira.issues().len(), 2, "it lands when its time has come");
    strike(&client, "createIssue", Fault::StatusAfter(503));
    assert_eq!(client.post("issue", new_issue("d")).await.status, 503);
    assert_eq!(client.jira.issues().len(), 3);
}

/// Else what lands late would be later than anything is said to be, and somebody else's.
#[tokio::test(start_paused = true)]
async fn what_lands_late_was_made_when_it_landed_by_whoever_sent_it() {
    let cases = [(acme(), "SUP", "Bug", ["jane", "omar"]), (globex(), "ENG", "Defect", ["jdoe", "mlopez"])];
    for (client, project, kind, [first, last]) in cases {
        let person = |name: &str| client.jira.person(name).unwrap();
        person(first).create(project, kind, json!({ "summary": "before" })).unwrap();
        strike(&client, "createIssue", Fault::LateWrite(Duration::from_secs(90)));
        let fields = json!({ "project": { "key": project }, "issuetype": { "name": kind }, "summary": "late" });
        let sent = client.try_send("POST", "issue", Some(&json!({ "fields": fields }))).await;
        assert!(sent.is_err(), "{project}");
        // Nobody asks for anything before somebody else does, much later.
        tokio::time::advance(Duration::from_secs(600)).await;
        person(last).create(project, kind, json!({ "summary": "after" })).unwrap();
        let views = client.jira.issues();
        let view = |summary: &str| views.iter().find(|view| view.fields["summary"] == summary).unwrap();
        let seconds = |summary: &str| view(summary).created.duration_since(view("before").created).as_secs();
        assert_eq!((seconds("late"), seconds("after")), (90, 600), "{project}");
        let by = |summary: &str| view(summary).creator.clone();
        assert!(by("late").is_some() && by("late") != by("before") && by("late") != by("after"), "{project}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_carry_what_they_should() {
    let client = acme();
    strike(&client, "getCurrentUser", Fault::RateLimited { retry_after: Some(7) });
    let limited = client.get("myself").await;
    assert_eq!((limited.status, limited.header("Retry-After")), (429, Some("7")));
    strike(&client, "getCurrentUser", Fault::RateLimited { retry_after: None });
    let bare = client.get("myself").await;
    assert_eq!((bare.status, bare.header("Retry-After")), (429, None));
    assert!(bare.header("X-RateLimit-Reset").is_some());
    strike(&client, "getCurrentUser", Fault::LoginPage);
    let page = client.get("myself").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html;charset=UTF-8")));
    strike(&client, "searchProjects", Fault::Anonymous);
    let nobody = client.get("project/search").await;
    assert_eq!((nobody.status, nobody.body["total"].as_u64()), (200, Some(0)));
    assert_eq!(nobody.header("X-Seraph-LoginReason"), Some("AUTHENTICATED_FAILED"));
    strike(&client, "getCurrentUser", Fault::Unavailable { status: 502, retry_after: None });
    assert_eq!(client.get("myself").await.status, 502);
    strike(&client, "getCurrentUser", Fault::Slow(Duration::from_secs(30)));
    let before = tokio::time::Instant::now();
    assert_eq!(client.get("myself").await.status, 200);
    assert_eq!(before.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn every_request_is_counted_and_shown() {
    let client = acme();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    client.jira.on_exchange(move |exchange| {
        let body = String::from_utf8_lossy(&exchange.response_body).into_owned();
        sink.lock().unwrap().push((exchange.operation, exchange.status, body));
    });
    client.jira.record_bodies(true);
    client.post("issue", new_issue("a")).await;
    client.get("issue/SUP-1?fields=summary").await;
    client.get("issue/SUP-2").await;
    client.jira.person("jane").unwrap().edit("SUP-1", json!({ "summary": "b" })).unwrap();
    assert_eq!((client.jira.count("getIssue"), client.jira.total_calls()), (2, 3), "people are not counted");
    let calls = client.jira.calls();
    assert_eq!((calls[1].path.as_str(), calls[1].query.as_str()), ("/rest/api/3/issue/SUP-1", "fields=summary"));
    assert_eq!(calls[0].request_body, new_issue("a").to_string());
    assert!(calls[0].request_headers.get("authorization").is_none(), "secrets are not kept");
    assert_eq!(calls[1].response_bytes, calls[1].response_body.len());
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen.iter().map(|(name, status, _)| (*name, *status)).collect::<Vec<_>>(),
        [("createIssue", 201), ("getIssue", 200), ("getIssue", 404)]
    );
    client.jira.reset_calls();
    assert_eq!(client.jira.total_calls(), 0);
}

/// Sends one raw request and gives everything that came back before the connection closed.
async fn raw(address: std::net::SocketAddr, head: &str, body: &str) -> Vec<u8> {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let text = format!(
        "{head}\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\nauthorization: Bearer sync-token\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes).await);
    bytes
}

#[tokio::test]
async fn over_sockets_a_reset_gives_no_byte_and_a_truncated_body_stops_half_way() {
    let client = globex();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    client.jira.set_base_url(&format!("http://{address}"));
    let cancel = CancellationToken::new();
    let server = tokio::spawn(serve(client.jira.clone(), listener, cancel.clone()));

    let good = raw(address, "GET /rest/api/2/myself HTTP/1.1", "").await;
    let good = String::from_utf8(good).unwrap();
    assert!(good.starts_with("HTTP/1.1 200 OK"), "{good}");
    assert!(good.to_lowercase().contains("x-ausername: sync"));
    assert_eq!(good.to_lowercase().matches("\r\ndate:").count(), 1);
    assert!(good.contains("Mon, 02 Mar 2026"), "the server's own clock, not this machine's");

    strike(&client, "getCurrentUser", Fault::ResetAfter);
    assert_eq!(raw(address, "GET /rest/api/2/myself HTTP/1.1", "").await, b"");

    strike(&client, "getCurrentUser", Fault::Truncated);
    let half = String::from_utf8(raw(address, "GET /rest/api/2/myself HTTP/1.1", "").await).unwrap();
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    let length: usize =
        head.to_lowercase().split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && body.len() * 2 <= length + 1 && !body.is_empty(), "{half}");

    cancel.cancel();
    server.await.unwrap().unwrap();
}
