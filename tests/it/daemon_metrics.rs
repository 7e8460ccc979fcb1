//! What the daemon tells those who watch over it: figures, readiness, and the document about them. Figures are held against what the
//! simulated Jiras counted. Must never find an issue's key or summary, or a person, in a label.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jirasyncd::console::{HookPath, HookReceiver, StatusSource as _, metrics_document, metrics_page};
use jirasyncd::model::ids::{InstanceId, SyncId};
use jirasyncd::model::occasion::Occasion;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Bucket, Fault, FaultRule, HookWeather, Limits, When};
use tokio_util::sync::CancellationToken;

use super::daemon_input::{create, edit};
use super::daemon_support::{World, two};
use super::daemon_webhooks::{SIDES, config as with_webhooks, register, shared};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The lines of the page, by name and labels.
async fn figures(world: &World) -> BTreeMap<String, f64> {
    let page = metrics_page(&world.daemon().measures().await.unwrap()).unwrap();
    let lines = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn the_document_is_the_table() {
    let (path, page) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md"), metrics_document());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == page, "docs/metrics.md is not the table: `UPDATE=1` writes it anew");
}

#[tokio::test(start_paused = true)]
async fn figures_are_what_happened() {
    let world = World::new(&two(), |_| {}).await;
    let key = create(&world, "SUP", "Secret summary", &[]);
    world.settle().await;
    edit(&world, "acme", "jane", &key, "Secret summary, changed");
    world.jira("globex").add_fault(FaultRule::new("editIssue", When::Nth(1), Fault::Status(429)));
    world.settle().await;
    let found = figures(&world).await;
    assert_eq!(found["jirasyncd_operations_total{instance=\"globex\",kind=\"create\",result=\"done\"}"], 1.0);
    assert_eq!(found["jirasyncd_operations_total{instance=\"globex\",kind=\"edit\",result=\"not-sent\"}"], 1.0);
    assert!(found["jirasyncd_operations_total{instance=\"globex\",kind=\"edit\",result=\"done\"}"] >= 1.0);
    assert_eq!(found["jirasyncd_calls_total{instance=\"globex\",endpoint=\"editIssue\",status=\"429\"}"], 1.0);
    assert_eq!(found["jirasyncd_calls_limited_total{instance=\"globex\"}"], 1.0);
    assert_eq!(found["jirasyncd_calls_limited_total{instance=\"acme\"}"], 0.0);
    // Of every endpoint as many requests as the Jira counted.
    for name in ["acme", "globex"] {
        let told =
            found.iter().filter(|(line, _)| line.starts_with(&format!("jirasyncd_calls_total{{instance=\"{name}\"")));
        let sum: f64 = told.map(|(_, count)| count).sum();
        let counted: u64 = world.jira(name).counts().values().map(|count| count.calls).sum();
        assert_eq!(sum as u64, counted, "{name}");
    }
    assert_eq!(found["jirasyncd_items"], 1.0);
    assert_eq!(found["jirasyncd_queue_items{sync=\"support\",state=\"due\"}"], 0.0);
    assert_eq!(found["jirasyncd_writes_open{sync=\"support\",side=\"globex\"}"], 0.0);
    assert_eq!(found["jirasyncd_instance_up{instance=\"globex\"}"], 1.0);
    assert_eq!(found["jirasyncd_sync_stopped{sync=\"support\"}"], 0.0);
    assert_eq!(found["jirasyncd_problems{kind=\"field\"}"], 0.0);
    assert!(found.keys().any(|line| line.starts_with("jirasyncd_build_info{version=\"")));
    assert!(found["jirasyncd_sweep_age_seconds"] >= 0.0);
    let page = metrics_page(&world.daemon().measures().await.unwrap()).unwrap();
    for word in ["Secret", key.as_str(), "ENG-", "jane", "jdoe", "sync@", "token"] {
        let labels = page.lines().filter(|line| !line.starts_with('#'));
        assert!(labels.clone().all(|line| !line.contains(word)), "`{word}` is told");
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_out_of_reach_lags_and_is_seen_to() {
    let world = World::new(&two(), |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    edit(&world, "acme", "jane", &key, "Item, changed");
    for _ in 0..20 {
        world.interval().await;
    }
    let found = figures(&world).await;
    let lag = |side: &str| found[&format!("jirasyncd_lag_seconds{{sync=\"support\",side=\"{side}\"}}")];
    assert!(lag("globex") >= 540.0, "{}", lag("globex"));
    assert_eq!(found["jirasyncd_instance_up{instance=\"globex\"}"], 0.0);
    assert_eq!(found["jirasyncd_instance_up{instance=\"acme\"}"], 1.0);
    assert_eq!(found["jirasyncd_problems{kind=\"instance\"}"], 1.0);
    world.jira("globex").clear_faults();
    for _ in 0..10 {
        world.interval().await;
    }
    world.settle().await;
    let found = figures(&world).await;
    assert!(found["jirasyncd_lag_seconds{sync=\"support\",side=\"globex\"}"] <= 60.0);
    assert_eq!(found["jirasyncd_instance_up{instance=\"globex\"}"], 1.0);
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_while_it_runs_and_all_were_reached() {
    let world = World::new(&two(), |_| {}).await;
    let daemon = world.daemon();
    let why = daemon.readiness().unwrap_err();
    assert!(why.contains("it does not run yet") && why.contains("`globex` did not answer a poll yet"), "{why}");
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    let cancel = CancellationToken::new();
    let watch = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(daemon.readiness(), Err("instance `globex` did not answer a poll yet".to_owned()));
        assert_eq!(daemon.health(), Ok(()), "a Jira out of reach is no illness");
        world.jira("globex").clear_faults();
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(daemon.readiness(), Ok(()));
        // The worker comes round however long nothing is to be done.
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(daemon.health(), Ok(()));
        cancel.cancel();
        tokio::task::yield_now().await;
        assert_eq!(daemon.readiness(), Err("it stops".to_owned()));
    };
    let (ran, ()) = tokio::join!(daemon.run(cancel.clone()), watch);
    ran.unwrap();
}

/// Brings what is due to the receiver, and counts what was taken, by instance.
async fn deliver(world: &World, receiver: &HookReceiver, taken: &mut BTreeMap<&'static str, f64>) {
    for side in SIDES {
        for delivery in world.jira(side).webhooks_due() {
            let answer = receiver.handle(PEER, delivery.request.clone()).await;
            assert_eq!(answer.status, 204, "{side}");
            world.jira(side).webhook_answered(&delivery, Some(answer.status));
            *taken.entry(side).or_default() += 1.0;
        }
    }
}

/// A webhook of acme that nobody signed.
async fn send_unsigned(world: &World, receiver: &HookReceiver) {
    let identity = world.daemon().store().identity().await.unwrap();
    let path = HookPath::of(&identity, &InstanceId::from("acme"));
    let mut request = http::Request::new(Bytes::from_static(b"{}"));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = format!("https://hooks.example/{}", path.expose()).parse().unwrap();
    assert_eq!(receiver.handle(PEER, request).await.status, 401);
}

/// Goes on to the beginning of an hour, from when on both kinds of Jira have limits, and polls until acme tells what is left of its hour.
/// Between which times the last poll was.
async fn limited(world: &World, bucket: f64, per_hour: u64) -> (Timestamp, Timestamp) {
    let rest = 3_600 - world.jira("acme").server_time().as_second().rem_euclid(3_600);
    tokio::time::advance(Duration::from_secs(u64::try_from(rest).unwrap() + 60)).await;
    let bucket = Bucket { capacity: bucket, per_second: 0.0 };
    let burst = ["GET", "POST", "PUT", "DELETE"].map(|method| (method.to_owned(), bucket));
    let limits = Limits { burst: Some(burst.into()), per_hour: Some(per_hour), ..Limits::off() };
    world.jira("acme").reset_calls();
    world.jira("acme").set_limits(limits);
    world.jira("globex").set_limits(Limits::data_center());
    let clock = &world.surroundings.clock;
    for _ in 0..per_hour {
        tokio::time::advance(Duration::from_secs(30)).await;
        let before = clock.now();
        world.daemon().once().await.unwrap();
        if figures(world).await.contains_key("jirasyncd_quota_left{instance=\"acme\"}") {
            return (before, clock.now());
        }
    }
    panic!("acme never told what is left of its hour");
}

#[tokio::test(start_paused = true)]
async fn each_figure_is_told_of_a_run_with_webhooks_limits_a_conflict_and_an_item_that_waits() {
    let world = World::new(&with_webhooks(), |_| {}).await;
    let clock = &world.surroundings.clock;
    let started = (world.starts[0], clock.now());
    shared(&world);
    world.settle().await;
    register(&world).await;
    let receiver = world.daemon.as_ref().unwrap().hook_receiver().await.unwrap().expect("webhooks are taken");
    let mut taken = BTreeMap::new();
    let key = world.issue("acme", "Pump").key;
    edit(&world, "acme", "jane", &key, "Pump told");
    deliver(&world, &receiver, &mut taken).await;
    let heard = clock.now();
    send_unsigned(&world, &receiver).await;
    world.settle().await;
    // From now on acme tells nothing: its own change is found by a poll, and so is that of globex, which loses.
    tokio::time::advance(Duration::from_secs(60)).await;
    world.jira("acme").set_hook_weather(HookWeather { lose: 1.0, ..HookWeather::default() });
    edit(&world, "globex", "jdoe", &world.issue("globex", "Pump").key, "Pump as globex says");
    tokio::time::advance(Duration::from_secs(5)).await;
    edit(&world, "acme", "jane", &key, "Pump as acme says");
    world.settle().await;
    tokio::time::advance(Duration::from_secs(17 * 60)).await;
    let polled = limited(&world, 100.0, 30).await;
    world.daemon().store().wake_sync(&SyncId::from("support"), clock.now(), &Occasion::FullCheck).await.unwrap();
    tokio::time::advance(Duration::from_secs(45)).await;
    let (now, found) = (clock.now(), figures(&world).await);
    let since = |at: Timestamp| now.duration_since(at).as_secs_f64();
    let of_sync = |name: &str| found[&format!("jirasyncd_{name}{{sync=\"support\"}}")];
    let of = |name: &str, instance: &str| found[&format!("jirasyncd_{name}{{instance=\"{instance}\"}}")];

    let start = found["jirasyncd_start_time_seconds"];
    let at = |time: Timestamp| time.as_duration().as_secs_f64();
    assert!(at(started.0) <= start && start <= at(started.1), "{start} is not within {started:?}");
    assert_eq!(found["jirasyncd_queue_items{sync=\"support\",state=\"due\"}"], 1.0);
    assert!((of_sync("queue_oldest_seconds") - 45.0).abs() < 0.01, "{}", of_sync("queue_oldest_seconds"));
    // One for each audience: what home and initech see of it, and what globex does.
    assert_eq!(found["jirasyncd_conflicts"], 2.0);
    for side in SIDES {
        let age = of("poll_age_seconds", side);
        assert!(since(polled.1) <= age && age <= since(polled.0), "{side}: {age}");
    }
    // Data Center says how fast its bucket fills; of Cloud our own rate holds.
    assert_eq!((of("rate_per_second", "acme"), of("rate_per_second", "globex")), (100.0, 5.0));
    let acme = world.jira("acme");
    let most = acme.counts().values().map(|count| count.calls).max().unwrap();
    assert_eq!((of("budget_left", "acme"), of("budget_limit", "acme")), (100.0 - most as f64, 100.0));
    assert_eq!((of("budget_left", "globex"), of("budget_limit", "globex")), (70.0, 70.0), "it is full again");
    assert_eq!(of("quota_left", "acme"), 30.0 - acme.total_calls() as f64);
    assert!(!found.contains_key("jirasyncd_quota_left{instance=\"globex\"}"), "nothing is told where nothing was");
    assert!(taken["acme"] >= 1.0, "{taken:?}");
    for side in SIDES {
        let told = found[&format!("jirasyncd_webhooks_total{{instance=\"{side}\",result=\"taken\"}}")];
        assert_eq!(told, taken.get(side).copied().unwrap_or_default(), "{side}");
    }
    assert_eq!(found["jirasyncd_webhooks_total{instance=\"acme\",result=\"signature\"}"], 1.0);
    assert_eq!(found["jirasyncd_webhooks_total{instance=\"acme\",result=\"body\"}"], 0.0);
    assert!((of("webhook_age_seconds", "acme") - since(heard)).abs() < 0.01, "{}", of("webhook_age_seconds", "acme"));
    assert_eq!(of("changes_unannounced", "acme"), 1.0);
    // And nothing of the table is left out of such a run.
    let document = metrics_document();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `jirasyncd_")?.split_once('`'));
    let names: Vec<String> = rows.map(|(name, _)| format!("jirasyncd_{name}")).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let is_of = |line: &String| line.split('{').next() == Some(name.as_str());
        assert!(found.keys().any(is_of), "{name} is told of nothing");
    }
}
