//! What the daemon tells those who watch over it: figures, readiness, and the document about them. Figures are held against what the
//! simulated Jiras counted. Must never find an issue's key or summary, or a person, in a label.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jirasyncd::console::{StatusSource as _, metrics_document, metrics_page};
use jirasyncd::simulator::{Fault, FaultRule, When};
use tokio_util::sync::CancellationToken;

use super::daemon_input::{create, edit};
use super::daemon_support::{World, two};

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
