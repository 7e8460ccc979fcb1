//! Rows about the network and the login: what does not connect, what is cut, who is not let in. Must never let one instance's trouble hold
//! up another, nor be asked for without end.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jirasyncd::jira::{BODY_CAP, Failure, ReqwestTransport, Transport as _, TransportError, Trouble, WriteOutcome};
use jirasyncd::model::ids::{InstanceId, IssueId};
use jirasyncd::model::settings::Kind;
use jirasyncd::simulator::{Fault, FaultRule, When};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{THREE, World, two, two_clouds};
use super::super::jira_faults::{JSON, answer, scripted};
use super::super::jira_network::raw;
use super::super::jira_support::bare;
use super::{Between, said};

fn why(world: &World, instance: &str) -> String {
    world.daemon().engine().paused(&InstanceId::from(instance)).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn row_001_each_trouble_is_named_and_others_go_on() {
    for (trouble, words) in [
        (Trouble::Dns, "the host's name cannot be resolved"),
        (Trouble::Refused, "the connection was refused"),
        (Trouble::Tls, "no secure connection"),
    ] {
        let mut world = World::without_daemon(THREE);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &["share-globex", "share-initech"]);
        world.settle().await;
        world.unwatched();
        between.set(move |place, _| {
            let error = TransportError { trouble, detail: "in the system's words".into() };
            place.contains("globex.example").then_some(Err(error))
        });
        between.forget();
        edit(&world, "acme", "jane", &key, "Item, edited");
        // Half an hour.
        world.intervals(60).await;
        assert_eq!(world.field("initech", "Item", "summary"), "Item, edited", "{trouble:?}");
        let told = why(&world, "globex");
        assert!(told.contains(words) && told.contains("globex"), "{told}");
        assert!(between.count(&["globex.example"]) < 160, "{}", between.count(&["globex.example"]));
        between.clear();
        world.rest().await.unwrap();
        assert_eq!(world.field("globex", "Item", "summary"), "Item, edited", "{trouble:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

fn certificate(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/it/catalogue/certificates", name].iter().collect()
}

/// A server with one of the certificates, and how many requests it could read.
fn secure(name: &str) -> (String, Arc<AtomicUsize>) {
    let chain = vec![CertificateDer::from_pem_file(certificate(name)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificate("leaf.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    std::thread::spawn(move || {
        let config = Arc::new(config);
        for stream in listener.incoming() {
            let (Ok(mut stream), Ok(mut tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else {
                return;
            };
            let mut secure = rustls::Stream::new(&mut tls, &mut stream);
            if secure.read(&mut [0; 4_096]).is_ok_and(|count| count > 0) {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = secure.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                secure.conn.send_close_notify();
                let _ = secure.flush();
            }
        }
    });
    (url, read)
}

#[tokio::test]
async fn row_002_no_token_is_sent_where_the_certificate_is_not_good() {
    let authority = certificate("ca.pem");
    let cases = [
        ("good.pem", Some(&authority), None),
        ("good.pem", None, Some("UnknownIssuer")),
        ("other.pem", Some(&authority), Some("not valid for name")),
        ("expired.pem", Some(&authority), Some("expired")),
        ("expired.pem", Some(&authority), Some("not valid after 2020-01-02T00:00:00Z")),
    ];
    for (name, authority, words) in cases {
        let (url, read) = secure(name);
        let transport = ReqwestTransport::new(Duration::from_secs(5), authority.map(PathBuf::as_path)).unwrap();
        let request = http::Request::get(&url).header("authorization", "Bearer s3cr3t").body(Bytes::new()).unwrap();
        let answer = transport.send(request).await;
        match words {
            None => assert_eq!(answer.unwrap().status(), 200, "{name}"),
            Some(words) => {
                let error = answer.unwrap_err();
                assert_eq!(error.trouble, Trouble::Tls, "{name}: {error:?}");
                assert!(error.to_string().contains(words) && !error.to_string().contains("s3cr3t"), "{name}: {error}");
            }
        }
        assert_eq!(read.load(Ordering::SeqCst), usize::from(words.is_none()), "{name} with {authority:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_003_a_read_without_an_answer_in_time_is_asked_again() {
    let late = || Err(TransportError { trouble: Trouble::Timeout, detail: String::new() });
    let server = answer(200, &[JSON], r#"{"baseUrl":"b","version":"v","deploymentType":"Cloud"}"#);
    let us = [JSON, ("x-aaccountid", "us")];
    let myself = answer(200, &us, r#"{"accountId":"us","displayName":"Us","timeZone":"Etc/UTC"}"#);
    let (read, _, transport) = scripted(Kind::Cloud, "t", vec![late(), late(), late(), server, myself]);
    assert_eq!(read.identity().await.unwrap().account.as_str(), "us");
    assert_eq!(transport.asked.lock().unwrap().len(), 5);
    let (read, _, transport) = scripted(Kind::Cloud, "t", vec![late()]);
    let failed = read.identity().await.unwrap_err();
    assert!(matches!(&failed.failure, Failure::Unreachable(words) if words.contains("no answer in time")), "{failed}");
    assert_eq!(transport.asked.lock().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn row_010_a_token_that_was_revoked_is_tried_every_five_minutes() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.unwatched();
        world.jira(to).add_fault(FaultRule::new("*", When::Always, Fault::Status(401)));
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.jira(to).reset_calls();
        // An hour.
        world.intervals(120).await;
        let calls = world.jira(to).total_calls();
        assert!((6..=30).contains(&calls), "{to} was asked {calls} times: accounts get locked by it");
        let told = why(&world, to);
        assert!(told.contains("401") && told.contains("token") && told.contains(to), "{told}");
        world.jira(to).clear_faults();
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
    }
}

/// After too many wrong passwords a Jira lets nobody in by REST, each kind in its own words, until somebody solved its riddle.
#[tokio::test(start_paused = true)]
async fn row_011_a_login_that_needs_a_person_is_told_with_what_to_do() {
    let captcha =
        ("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; login-url=https://jira.globex.example/login.jsp");
    let denied = ("x-seraph-loginreason", "AUTHENTICATION_DENIED");
    for (config, to, (header, reason)) in [(two(), "globex", captcha), (two_clouds(), "initech", denied)] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.unwatched();
        between.set(move |place, _| {
            let answer =
                http::Response::builder().status(403).header("content-type", "text/html").header(header, reason);
            place.contains(to).then(|| Ok(answer.body(Bytes::from_static(b"<title>Log in</title>")).unwrap()))
        });
        between.forget();
        edit(&world, "acme", "jane", &key, "Item, edited");
        // An hour.
        world.intervals(120).await;
        let asked = between.count(&[to]);
        assert!((6..=30).contains(&asked), "{to} was asked {asked} times: the account stays locked by it");
        let told = why(&world, to);
        assert!(told.contains("log in once by the browser") && told.contains(to), "{to}: {told}");
        assert!(told.contains(reason.split(';').next().unwrap()), "{to}: {told}");
        between.clear();
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn row_026_a_file_that_leads_to_another_address_is_not_fetched() {
    let cases = [
        (two(), ("acme", "jane"), "globex", "/attachment/content/", "http://169.254.169.254/latest/meta-data"),
        (two(), ("globex", "jdoe"), "acme", "/secure/attachment/", "http://[::ffff:10.0.0.1]/"),
        (two_clouds(), ("initech", "petra"), "acme", "/attachment/content/", "http://127.0.0.1:22/"),
    ];
    for (config, (from, who), to, path, target) in cases {
        let mut world =
            World::without_daemon(&config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1));
        let between = Between::of(&mut world);
        world.start().await;
        create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.unwatched();
        between.set(move |place, _| {
            let elsewhere = http::Response::builder().status(303).header("location", target).body(Bytes::new());
            place.contains(path).then(|| Ok(elsewhere.unwrap()))
        });
        between.forget();
        let key = world.issue(from, "Item").key;
        world.person(from, who).attach(&key, "plan.png", b"bytes").unwrap();
        world.person(from, who).edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        // Half an hour.
        world.intervals(60).await;
        let hosts = ["acme.example", "globex.example", "initech.example"].map(|host| between.count(&[host]));
        assert_eq!(hosts.iter().sum::<usize>(), between.count(&[]), "{target} was asked");
        assert!(world.issue(to, "Item").attachments.is_empty());
        assert_eq!(world.field(to, "Item", "summary"), "Item, edited", "the rest goes on");
        assert_eq!(why(&world, from), "", "one file is no reason to leave an instance alone");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("redirected to"), "{problems:?}");
        assert!(between.count(&[path]) < 20, "{}", between.count(&[path]));
        between.clear();
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").attachments.len(), 1);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Zeros in one block of fixed codes: a literal, and then 258 more with every 13 bits.
fn bomb(size: usize) -> Vec<u8> {
    let (mut bytes, mut held, mut count) = (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], 0_u64, 0);
    // Codes go highest bit first, all else lowest first.
    let codes = std::iter::once((0b011, 3)).chain(std::iter::once((0b0000_1100, 8)));
    for (bits, length) in codes.chain(std::iter::repeat_n((0b1010_0011, 13), size / 258)) {
        held |= bits << count;
        count += length;
        while count >= 8 {
            bytes.push(held.to_le_bytes()[0]);
            (held, count) = (held >> 8, count - 8);
        }
    }
    // The end's code is seven zeros.
    bytes.extend([held.to_le_bytes()[0], 0, 0]);
    bytes
}

#[tokio::test]
async fn row_027_what_unpacks_without_end_is_given_up() {
    for (size, whole) in [(1_000_000, true), (BODY_CAP + 1_000, false)] {
        let packed = bomb(size);
        assert!(packed.len() * 100 < size, "{} bytes", packed.len());
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
        let (url, _) = raw([head.into_bytes(), packed].concat()).await;
        let transport = ReqwestTransport::new(Duration::from_secs(60), None).unwrap();
        let answer = transport.send(http::Request::get(&url).body(Bytes::new()).unwrap()).await;
        // The short one has no good check sum: what matters is that it could be unpacked so far.
        let trouble = answer.unwrap_err().trouble;
        assert_eq!(trouble, if whole { Trouble::CutBody } else { Trouble::TooLarge }, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_028_a_proxy_that_wants_a_login_is_named() {
    let page = [("content-type", "text/html"), ("proxy-authenticate", "Basic")];
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let (read, write, transport) = scripted(kind, "t", vec![answer(407, &page, "<title>Squid</title>")]);
        let failed = read.identity().await.unwrap_err();
        assert!(matches!(&failed.failure, Failure::NotJira(words) if words.contains("a proxy wants")), "{failed}");
        assert_eq!(transport.asked.lock().unwrap().len(), 1, "it is not asked again and again");
        let sent = write.transition("1", &bare(IssueId(1), "t")).await;
        assert!(matches!(&sent, WriteOutcome::NotSent { why, .. } if why.contains("proxy")), "{sent:?}");
    }
}

/// On a Cloud that lets anybody look, a dead account's searches are answered, and are empty.
#[tokio::test(start_paused = true)]
async fn row_073_a_sync_user_that_is_deactivated_deletes_nothing_and_is_told() {
    for (config, to) in [(two(), "globex"), (two(), "acme"), (two_clouds(), "initech")] {
        let config = format!("{config}\n[sync.support.life]\ndeleted = \"delete\"\n");
        let world = World::new(&config, |_| {}).await;
        let other = if to == "acme" { "globex" } else { "acme" };
        let key = create(&world, "SUP", "Item", &[]);
        world.person("acme", "jane").comment(&key, "Stays").unwrap();
        world.settle().await;
        world.unwatched();
        world.jira(to).set_active("sync", false);
        world.daemon().engine().sweep(None).await.unwrap();
        world.jira(to).reset_calls();
        world.intervals(120).await;
        assert_eq!((world.issues(other, "Item").len(), world.issue(other, "Item").comments.len()), (1, 1), "{to}");
        assert!(world.jira(to).total_calls() <= 30, "{to}: {}", world.jira(to).total_calls());
        assert!(why(&world, to).contains("not logged in as the sync user"), "{to}: {}", why(&world, to));
        world.jira(to).set_active("sync", true);
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", if to == "acme" { "globex" } else { to }).await, Ok(()));
    }
}

/// The words of a status line name the instance, whatever was answered.
#[tokio::test(start_paused = true)]
async fn row_017_an_endpoint_that_was_removed_is_told_and_asked_for_in_no_other_way() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let host = if to == "globex" { "globex.example" } else { "initech.example" };
        let places = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&places);
        between.set(move |place, _| {
            if !(place.contains(host) && place.contains("/search")) {
                return None;
            }
            seen.lock().unwrap().push(place.to_owned());
            said(410, &json!({ "errorMessages": ["The requested API has been removed."], "errors": {} }))
        });
        world.intervals(20).await;
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.intervals(20).await;
        let problems = world.problems().await;
        let told = problems.iter().any(|problem| problem.contains("410") && problem.contains("newer jirasyncd"));
        assert!(told, "{to}: {problems:?}");
        let places = places.lock().unwrap().clone();
        assert!(places.len() < 60 && places.iter().all(|place| place == &places[0]), "{places:?}");
        between.clear();
        world.intervals(30).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
    }
}
