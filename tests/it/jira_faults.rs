//! What the client makes of faults: reads are tried again; what was never sent is told from what was; and nothing that anybody can see
//! holds a secret. Must never hold what becomes of each write: that is in `jira_write_fates`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::jira::{
    Failure, JiraError, JiraRead, JiraWrite, Transport, TransportError, Trouble, Want, WriteOutcome, connect,
};
use jirasyncd::model::ids::IssueId;
use jirasyncd::model::issue::Visibility;
use jirasyncd::model::settings::{Auth, Kind};
use jirasyncd::model::store::Urgency;
use jirasyncd::simulator::{Fault, FaultRule, Jira, Limits, When, presets};

use super::jira_support::{Bench, EPOCH, InProcess, bare, cloud, server, set, settings, text, want};

pub(super) fn both() -> [Bench; 2] {
    [cloud(), server()]
}

async fn read_failure(bench: &Bench, fault: Fault) -> (Failure, u64) {
    bench.jira.reset_calls();
    bench.jira.add_fault(FaultRule::new("search", When::Always, fault));
    let failed = bench.read.changes(&bench.projects(), None, &Want::default(), None).await;
    bench.jira.clear_faults();
    (failed.unwrap_err().failure, bench.jira.count("search"))
}

#[tokio::test(start_paused = true)]
async fn row_023_reads_outlast_short_faults() {
    for bench in both() {
        bench.identity().await;
        bench.create("x").await;
        for fault in [
            Fault::ResetBefore,
            Fault::Truncated,
            Fault::Status(500),
            Fault::Unavailable { status: 502, retry_after: None },
            Fault::Unavailable { status: 503, retry_after: Some(7) },
            Fault::Unavailable { status: 504, retry_after: None },
            Fault::RateLimited { retry_after: Some(20) },
            Fault::RateLimited { retry_after: None },
            Fault::Slow(Duration::from_secs(3)),
        ] {
            bench.jira.add_fault(FaultRule::new("search", When::Nth(1), fault.clone()));
            let page = bench.read.changes(&bench.projects(), None, &Want::default(), None).await;
            assert_eq!(page.unwrap().rows.len(), 1, "{fault:?}");
            bench.jira.clear_faults();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_keeps_failing_says_how() {
    for bench in both() {
        bench.identity().await;
        let (failure, calls) = read_failure(&bench, Fault::ResetBefore).await;
        assert!(matches!(failure, Failure::Unreachable(_)) && calls == 4, "{failure} {calls}");
        let (failure, calls) = read_failure(&bench, Fault::Unavailable { status: 500, retry_after: None }).await;
        assert!(failure == Failure::Server(500) && calls == 4, "{failure} {calls}");
        let (failure, calls) = read_failure(&bench, Fault::Status(401)).await;
        assert!(matches!(failure, Failure::NotUs(_)) && calls == 1, "{failure} {calls}");
        let (failure, calls) = read_failure(&bench, Fault::Anonymous).await;
        assert!(matches!(failure, Failure::NotUs(_)) && calls == 1, "{failure} {calls}");
        let (failure, calls) = read_failure(&bench, Fault::LoginPage).await;
        assert!(matches!(failure, Failure::NotJira(_)) && calls == 1, "{failure} {calls}");
        for status in [403, 409, 410] {
            let (failure, calls) = read_failure(&bench, Fault::Status(status)).await;
            assert!(matches!(failure, Failure::Refused(_)) && calls == 1, "{failure} {calls}");
        }
        // Last, because everything waits afterwards.
        let (failure, calls) = read_failure(&bench, Fault::RateLimited { retry_after: Some(300) }).await;
        assert!(failure == Failure::Wait(300_000) && calls == 1, "{failure} {calls}");
        let blocked = bench.read.changes(&bench.projects(), None, &Want::default(), None).await.unwrap_err();
        assert!(matches!(blocked.failure, Failure::Wait(wait) if wait > 250_000), "{blocked}");
        assert_eq!(bench.jira.count("search"), 1, "nothing was sent while we were told to wait");
        tokio::time::sleep(Duration::from_secs(301)).await;
        bench.read.changes(&bench.projects(), None, &Want::default(), None).await.unwrap();
    }
}

/// What became of a write under a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Refused,
    NotFound,
    NotSent,
    InDoubt,
}

pub(super) fn fate<T: std::fmt::Debug>(outcome: &WriteOutcome<T>) -> Fate {
    match outcome {
        WriteOutcome::Done(_) => Fate::Done,
        WriteOutcome::Refused(_) => Fate::Refused,
        WriteOutcome::NotFound => Fate::NotFound,
        WriteOutcome::NotSent { wait_ms, .. } => {
            assert!(*wait_ms >= 1_000, "{outcome:?}");
            Fate::NotSent
        }
        WriteOutcome::InDoubt(_) => Fate::InDoubt,
    }
}

/// A client with a wrong token.
fn stranger(kind: Kind) -> (Arc<dyn JiraRead>, Arc<dyn JiraWrite>, Jira, &'static str) {
    let (setup, project) = match kind {
        Kind::Cloud => (presets::acme("https://acme.example"), "SUP"),
        Kind::DataCenter => (presets::globex("https://jira.globex.example/jira"), "ENG"),
    };
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let jira = Jira::new(&setup, Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(1)));
    let settings = settings(kind, &setup.base_url, "the-wrong-token");
    let transport = Arc::new(InProcess(jira.clone()));
    let (read, write) = connect(&settings, transport, clock, Arc::new(SeededEntropy::new(1)));
    (read, write, jira, project)
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_is_told_at_every_door_and_never_an_empty_result() {
    for kind in [Kind::Cloud, Kind::DataCenter] {
        let (read, write, _jira, project) = stranger(kind);
        let not_us = |error: JiraError| assert!(matches!(error.failure, Failure::NotUs(_)), "{error}");
        not_us(read.identity().await.unwrap_err());
        not_us(read.changes(&BTreeSet::from([project.to_owned()]), None, &Want::default(), None).await.unwrap_err());
        not_us(read.catalog(project, &BTreeSet::new()).await.unwrap_err());
        not_us(read.permissions(project, &["CREATE_ISSUES"]).await.unwrap_err());
        not_us(read.comments(IssueId(1)).await.unwrap_err());
        for row in read.issues(&[IssueId(1), IssueId(2)], &Want::default()).await {
            not_us(row.unwrap_err());
        }
        let refused = write.transition("1", &bare(IssueId(1), "t")).await;
        assert_eq!(fate(&refused), Fate::NotSent);
    }
}

/// Answers from a list, and remembers what was asked.
pub(crate) struct Scripted {
    answers: Mutex<Vec<Result<http::Response<Bytes>, TransportError>>>,
    pub(crate) asked: Mutex<Vec<http::Request<Bytes>>>,
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.asked.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }
}

pub(crate) fn scripted(
    kind: Kind,
    token: &str,
    answers: Vec<Result<http::Response<Bytes>, TransportError>>,
) -> (Arc<dyn JiraRead>, Arc<dyn JiraWrite>, Arc<Scripted>) {
    let transport = Arc::new(Scripted { answers: Mutex::new(answers), asked: Mutex::default() });
    let settings = settings(kind, "https://jira.example/context", token);
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let (read, write) = connect(&settings, Arc::clone(&transport) as _, clock, Arc::new(SeededEntropy::new(1)));
    (read, write, transport)
}

pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<http::Response<Bytes>, TransportError> {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(Bytes::from(body.to_owned())).unwrap())
}

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(start_paused = true)]
async fn no_error_shows_a_secret_and_no_header_does_either() {
    let token = "s3cr3t-T0ken";
    let encoded = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("sync@jira.example/context:{token}"),
    );
    let broken = |trouble| Err(TransportError { trouble, detail: "words".into() });
    for kind in [Kind::Cloud, Kind::DataCenter] {
        for first in [
            broken(Trouble::Dns),
            broken(Trouble::Reset),
            answer(401, &[JSON], "{}"),
            answer(302, &[("location", "https://elsewhere.example/login")], ""),
            answer(403, &[JSON], r#"{"errorMessages":["no"]}"#),
            answer(200, &[("content-type", "text/html")], "<title>Log in</title>"),
            answer(200, &[JSON], "{"),
        ] {
            let (read, write, transport) = scripted(kind, token, vec![first]);
            let said = format!("{:?} {}", read.identity().await, read.identity().await.unwrap_err());
            let said = format!("{said} {:?}", write.transition("1", &bare(IssueId(1), "t")).await);
            let asked = transport.asked.lock().unwrap();
            let shown = format!("{said} {asked:?}");
            assert!(!shown.contains(token) && !shown.contains(&encoded), "{shown}");
            assert!(asked.iter().all(|request| request.uri().host() == Some("jira.example")));
            assert!(asked.iter().all(|request| request.uri().path().starts_with("/context/rest/api/")));
            let authorization = asked[0].headers()["authorization"].to_str().unwrap();
            assert!(authorization.contains(token) || authorization.contains(&encoded), "it is sent, though");
        }
    }
    let bad = scripted(Kind::DataCenter, "two\nlines-s3cr3t", vec![answer(200, &[JSON], "{}")]).0;
    let said = bad.identity().await.unwrap_err().to_string();
    assert!(said.contains("a header cannot carry") && !said.contains("s3cr3t"), "{said}");
    let settings = settings(Kind::Cloud, "https://acme.example", token);
    assert!(!format!("{settings:?}").contains(token));
    assert!(matches!(settings.auth, Auth::ApiToken { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_told_from_what_was() {
    for (trouble, expected) in [
        (Trouble::Dns, Fate::NotSent),
        (Trouble::Refused, Fate::NotSent),
        (Trouble::Tls, Fate::NotSent),
        (Trouble::ConnectTimeout, Fate::NotSent),
        (Trouble::Timeout, Fate::InDoubt),
        (Trouble::Reset, Fate::InDoubt),
        (Trouble::CutBody, Fate::InDoubt),
        (Trouble::TooLarge, Fate::InDoubt),
    ] {
        let error = Err(TransportError { trouble, detail: String::new() });
        let (_, write, transport) = scripted(Kind::Cloud, "t", vec![error]);
        assert_eq!(fate(&write.transition("1", &bare(IssueId(1), "t")).await), expected, "{trouble:?}");
        assert_eq!(transport.asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_leads_to_itself_and_a_yes_to_somebody_else_are_errors() {
    let us = ("x-aaccountid", "us");
    let looping = answer(200, &[JSON, us], r#"{"issues":[],"isLast":false,"nextPageToken":"again"}"#);
    let (read, _, _) = scripted(Kind::Cloud, "t", vec![looping]);
    let projects = BTreeSet::from(["SUP".to_owned()]);
    let page = read.changes(&projects, None, &Want::default(), None).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("again"));
    let again = read.changes(&projects, None, &Want::default(), page.next.as_deref()).await.unwrap_err();
    assert!(matches!(again.failure, Failure::Unreadable(_)), "{again}");

    let no_total = answer(200, &[JSON, ("x-ausername", "us")], r#"{"issues":[]}"#);
    let fields = answer(200, &[JSON, ("x-ausername", "us")], "[]");
    let (read, _, _) = scripted(Kind::DataCenter, "t", vec![fields, no_total]);
    let failed = read.changes(&projects, None, &Want::default(), None).await.unwrap_err();
    assert!(matches!(failed.failure, Failure::Unreadable(_)), "{failed}");

    let server = answer(200, &[JSON], r#"{"baseUrl":"b","version":"v","deploymentType":"Cloud"}"#);
    let myself = answer(200, &[JSON, us], r#"{"accountId":"us","displayName":"Us","timeZone":"Etc/UTC"}"#);
    let other = answer(201, &[JSON, ("x-aaccountid", "other")], r#"{"id":"5"}"#);
    let (read, write, _) = scripted(Kind::Cloud, "t", vec![server, myself, other]);
    read.identity().await.unwrap();
    let doubt = write.add_comment(IssueId(1), &text("x"), &Visibility::Everybody, "m").await;
    assert!(matches!(&doubt, WriteOutcome::InDoubt(why) if why.contains("`other`")), "{doubt:?}");
}

#[tokio::test(start_paused = true)]
async fn the_wrong_kind_the_wrong_url_and_a_locked_account_are_told() {
    let cloud = answer(200, &[JSON], r#"{"deploymentType":"Cloud"}"#);
    let (read, _, _) = scripted(Kind::DataCenter, "t", vec![cloud]);
    let wrong = read.identity().await.unwrap_err();
    assert!(matches!(&wrong.failure, Failure::NotJira(why) if why.contains("`kind`")), "{wrong}");

    let nothing = answer(404, &[JSON], r#"{"message":"null for uri"}"#);
    let (read, _, _) = scripted(Kind::DataCenter, "t", vec![nothing]);
    let wrong = read.identity().await.unwrap_err();
    assert!(matches!(&wrong.failure, Failure::NotJira(why) if why.contains("`url`")), "{wrong}");

    let captcha = [("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; login-url=https://x"), JSON];
    let (read, write, transport) = scripted(Kind::DataCenter, "t", vec![answer(403, &captcha, "{}")]);
    assert!(matches!(read.identity().await.unwrap_err().failure, Failure::Locked(_)));
    assert!(matches!(read.identity().await.unwrap_err().failure, Failure::Locked(_)));
    assert_eq!(fate(&write.transition("1", &bare(IssueId(1), "t")).await), Fate::NotSent);
    assert_eq!(transport.asked.lock().unwrap().len(), 1, "a locked account is left alone");
}

#[tokio::test(start_paused = true)]
async fn real_limits_slow_us_down_and_lose_nothing() {
    let bench = cloud();
    bench.identity().await;
    // Others write there too, so less is left than is documented.
    bench.jira.set_limits(Limits { per_issue: vec![(2, 5)], ..Limits::cloud() });
    let (hot, cold) = (bench.create("hot").await.id, bench.create("cold").await.id);
    let mut turned_away = 0;
    for number in 0..60 {
        loop {
            let edit = set(hot, "summary", text(&number.to_string()), "t");
            let outcome = bench.write.edit(&edit, &want(&["summary"])).await;
            if let WriteOutcome::NotSent { wait_ms, .. } = outcome {
                turned_away += 1;
                // Another issue is not held up by this one's limit.
                let other = bench.write.edit(&set(cold, "duedate", text("2026-04-01"), "t"), &want(&[])).await;
                assert!(matches!(other, WriteOutcome::Done(_)), "{other:?}");
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            } else {
                assert!(matches!(outcome, WriteOutcome::Done(_)), "{outcome:?}");
                break;
            }
        }
    }
    assert!(turned_away > 0, "the simulated per-issue limit never struck");
    assert_eq!(bench.one(hot, &want(&["summary"])).await.log.iter().filter(|entry| entry.tag.is_some()).count(), 60);

    let bench = server();
    bench.identity().await;
    bench.jira.set_limits(Limits::data_center());
    let issue = bench.create("x").await.id;
    bench.jira.reset_calls();
    for _ in 0..300 {
        bench.read.transitions(issue).await.unwrap();
    }
    let refused = bench.jira.calls().iter().filter(|call| call.status == 429).count();
    assert!(refused <= 1, "the rate is learnt from the headers, not by being refused: {refused}");
}

#[tokio::test(start_paused = true)]
async fn one_issue_is_never_written_faster_than_cloud_takes_it() {
    let bench = cloud();
    bench.identity().await;
    bench.jira.set_limits(Limits::cloud());
    let hot = bench.create("hot").await.id;
    for number in 0..150 {
        let edit = set(hot, "summary", text(&number.to_string()), "t");
        // What would wait for long is not sent: whoever asks looks again and comes back.
        for _ in 0..9 {
            match bench.write.edit(&edit, &want(&["summary"])).await {
                WriteOutcome::NotSent { wait_ms, .. } => tokio::time::advance(Duration::from_millis(wait_ms)).await,
                WriteOutcome::Done(_) => break,
                outcome @ (WriteOutcome::Refused(_) | WriteOutcome::NotFound | WriteOutcome::InDoubt(_)) => {
                    panic!("{number}: {outcome:?}")
                }
            }
        }
    }
    assert_eq!(bench.jira.count("editIssue"), 150);
    assert!(bench.jira.calls().iter().all(|call| call.status != 429));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_an_hours_points_lasts_for_its_rest_and_is_told() {
    let bench = cloud();
    bench.identity().await;
    let issue = bench.create("x").await.id;
    bench.jira.set_limits(Limits { per_hour: Some(1_000), ..Limits::off() });
    let begun = bench.jira.server_time();
    for _ in 0..1_500 {
        jirasyncd::jira::as_urgent_as(Urgency::Sweep, bench.read.transitions(issue)).await.unwrap();
    }
    let refused = bench.jira.calls().iter().filter(|call| call.status == 429).count();
    assert_eq!(refused, 0, "full checks leave the hour to others");
    let passed = bench.jira.server_time().duration_since(begun);
    assert!(passed.as_secs() > 1_700, "the rest of the hour is used: {passed}");
    bench.jira.set_limits(Limits { per_hour: Some(100), ..Limits::off() });
    for _ in 0..90 {
        bench.read.transitions(issue).await.unwrap();
    }
    let (left, anew) = bench.read.budget().quota.unwrap();
    assert_eq!(left, 10);
    assert!((1..=3_600).contains(&anew));
    let started = bench.jira.server_time();
    bench.read.transitions(issue).await.unwrap();
    // Only for our own rate.
    assert!(bench.jira.server_time().duration_since(started).as_secs() < 1, "what people just did waits for nothing");
}
