//! An instance that takes connections and answers nothing: the work for all others goes on, and it is caught up with when it
//! is back. Must never be made to pass by shortening its time-out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::app::StartError;
use jirasyncd::engine::SetupError;
use jirasyncd::jira::{Transport, TransportError, Trouble};
use jirasyncd::model::command::{Command, Target};
use jirasyncd::simulator::{Fault, FaultRule, When};
use tokio_util::sync::CancellationToken;

use super::daemon_input::{create, edit};
use super::daemon_pause::give;
use super::daemon_support::{THREE, World, in_bulk};

/// A network in which one host is silent while it is told so.
struct Hanging {
    inner: Arc<dyn Transport>,
    host: &'static str,
    silent: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for Hanging {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if request.uri().host() == Some(self.host) && self.silent.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(30)).await;
            return Err(TransportError { trouble: Trouble::Timeout, detail: String::new() });
        }
        self.inner.send(request).await
    }
}

#[tokio::test(start_paused = true)]
async fn row_023_an_instance_that_hangs_holds_up_nobody_elses_work() {
    let mut world = World::without_daemon(&in_bulk(THREE));
    let silent = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&silent);
    world.bend(move |inner| {
        Arc::new(Hanging { inner, host: "initech.example", silent: Arc::clone(&held) }) as Arc<dyn Transport>
    });
    world.start().await;
    // Enough for many batches that touch the one that hangs, and some that do not.
    let mut theirs = Vec::new();
    for index in 0..600 {
        theirs.push(create(&world, "SUP", &format!("Theirs-{index} x"), &["share-initech"]));
    }
    let others: Vec<String> =
        (0..5).map(|index| create(&world, "SUP", &format!("Other-{index} x"), &["share-globex"])).collect();
    world.settle().await;
    assert_eq!(world.issues("initech", "Theirs-").len(), 600);
    let cancel = CancellationToken::new();
    let people = async {
        tokio::time::sleep(Duration::from_secs(40)).await;
        silent.store(true, Ordering::SeqCst);
        let mut slowest = Duration::ZERO;
        for round in 0..8 {
            // Those of the silent one first, so that they are polled and claimed with the others or before them.
            for (index, key) in theirs.iter().enumerate().filter(|(index, _)| index % 8 == round) {
                edit(&world, "acme", "jane", key, &format!("Theirs-{index} of round {round}"));
            }
            let summary = format!("Other-{} of round {round}", round % 5);
            edit(&world, "acme", "jane", &others[round % 5], &summary);
            let before = tokio::time::Instant::now();
            while world.issues("globex", &summary).is_empty() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(before.elapsed() < Duration::from_secs(300), "never carried");
            }
            slowest = slowest.max(before.elapsed());
        }
        silent.store(false, Ordering::SeqCst);
        let before = tokio::time::Instant::now();
        while (0..8).any(|round| world.issues("initech", &format!("of round {round}")).len() < 75) {
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(before.elapsed() < Duration::from_secs(1_200), "never caught up: {:?}", world.problems().await);
        }
        cancel.cancel();
        slowest
    };
    let (ran, slowest) = tokio::join!(world.daemon().run(cancel.clone()), people);
    ran.unwrap();
    // A poll comes every 30 s; the rest is ours.
    assert!(slowest <= Duration::from_secs(30 + 12), "{slowest:?}");
}

/// A poll gives up after several requests, minutes later; an operator hears of it after one.
#[tokio::test(start_paused = true)]
async fn an_instance_that_hangs_is_told_of_within_the_time_of_one_request() {
    let mut world = World::without_daemon(THREE);
    let silent = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&silent);
    world.bend(move |inner| {
        Arc::new(Hanging { inner, host: "initech.example", silent: Arc::clone(&held) }) as Arc<dyn Transport>
    });
    world.start().await;
    let cancel = CancellationToken::new();
    let failing = async || -> Vec<(String, String)> {
        let instances = world.daemon().status().await.unwrap().instances.into_iter();
        instances.filter_map(|instance| Some((instance.name.to_string(), instance.last_error?))).collect()
    };
    let people = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert!(failing().await.is_empty());
        silent.store(true, Ordering::SeqCst);
        let from = world.surroundings.clock.now();
        // The next poll comes within 30 s, and a request may take 30 s.
        tokio::time::sleep(Duration::from_secs(65)).await;
        let told = failing().await;
        assert!(told.len() == 1 && told[0].0 == "initech", "{told:?}");
        let (_, since) = told[0].1.split_once("nothing was answered since ").unwrap_or_else(|| panic!("{told:?}"));
        let since: jiff::Timestamp = since.parse().unwrap();
        let seconds = since.duration_since(from).as_secs();
        assert!((-1..=31).contains(&seconds), "{from}: {told:?}");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains(&told[0].1), "{problems:?}");
        // Polls that end without an answer tell nothing new, and it is said of nobody else.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(61)).await;
            assert_eq!((failing().await, world.problems().await), (told.clone(), problems.clone()));
        }
        silent.store(false, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!((failing().await, world.problems().await), (Vec::new(), Vec::<String>::new()));
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(world.daemon().run(cancel.clone()), people);
    ran.unwrap();
}

/// The daemon is started anew while one instance is out of reach, refuses the login, or is paused: the others go on without it, and
/// it is caught up with.
#[tokio::test(start_paused = true)]
async fn a_start_goes_on_without_an_instance_that_says_nothing() {
    for fault in [Some(Fault::Status(503)), Some(Fault::Status(401)), None] {
        let mut world = World::new(THREE, |_| {}).await;
        let key = create(&world, "SUP", "Item", &["share-globex", "share-initech"]);
        world.rest().await.unwrap();
        let globex = Target::Instance("globex".into());
        match fault.clone() {
            Some(fault) => world.jira("globex").add_fault(FaultRule::new("*", When::Always, fault)),
            None => drop(give(&world, Command::Pause(globex.clone())).await),
        }
        world.jira("globex").reset_calls();
        world.start().await;
        edit(&world, "acme", "jane", &key, "Item, changed");
        world.intervals(10).await;
        assert_eq!(world.field("initech", "Item", "summary"), "Item, changed", "{fault:?}");
        assert_eq!(world.field("globex", "Item", "summary"), "Item");
        match fault {
            Some(_) => world.jira("globex").clear_faults(),
            None => {
                assert_eq!(world.jira("globex").total_calls(), 0, "nothing is asked of it");
                give(&world, Command::Resume(globex)).await;
            }
        }
        world.rest().await.unwrap();
        assert_eq!(world.field("globex", "Item", "summary"), "Item, changed");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What was never asked, or is configured otherwise by now, is not guessed.
#[tokio::test(start_paused = true)]
async fn nothing_stands_in_for_what_was_never_asked() {
    let down = || FaultRule::new("*", When::Always, Fault::Status(503));
    let mut first = World::without_daemon(THREE);
    first.jira("globex").add_fault(down());
    assert!(matches!(first.try_start().await, Err(StartError::Setup(SetupError::Jira(_)))));
    let mut later = World::new(THREE, |_| {}).await;
    later.jira("globex").add_fault(down());
    later.start().await;
    later = later.with_config(&THREE.replace("due-date = \"both\"\n", ""));
    assert!(matches!(later.try_start().await, Err(StartError::Setup(SetupError::Jira(_)))));
    later.jira("globex").clear_faults();
    later.start().await;
}
