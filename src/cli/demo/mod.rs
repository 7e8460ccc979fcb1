//! `jirasyncd demo`: three simulated Jiras, people who work in them, a daemon that keeps them in step, and an auditor who says
//! whether it did. It must never reach anything but loopback, nor leave anything behind.

mod audit;
mod config;
mod daemon;
mod dice;
mod party;
mod people;
mod stage;
mod summary;
mod topic;
mod view;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use self::audit::{Finding, Report, Rule, audit};
use self::daemon::{DaemonHandle, Progress};
use self::dice::Dice;
use self::party::Party;
use self::people::People;
use self::stage::Stage;
use self::summary::Summary;
use self::view::{Shown, View};
use crate::clock::{Clock, Entropy, SeededEntropy, SystemClock, SystemEntropy};

/// Run three simulated Jiras, people who work in them, and a sync over them
#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArguments {
    /// End by itself after about this many seconds; without it, Ctrl-C ends it
    #[arg(long, value_name = "N")]
    pub(crate) seconds: Option<u64>,
    /// Choose what the people do
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Print the summary as JSON, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

/// Issues at acme before the daemon starts, and at each partner.
const BACKFILL: (usize, usize) = (36, 5);
/// Between two acts of people.
const BETWEEN_ACTS: Duration = Duration::from_millis(250);
/// Between two looks from above.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long after the last act everything may take to arrive.
const SETTLE: Duration = Duration::from_secs(90);
/// How long nothing must be written once everything arrived.
const WATCH: Duration = Duration::from_secs(4);

/// Runs the demo; its exit code says what the auditor said. `terminal`: `out` is one.
pub(crate) async fn run(arguments: DemoArguments, out: &mut (dyn Write + Send), terminal: bool) -> ExitCode {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(arguments.seed));
    match play(&arguments, out, terminal, &clock, &entropy).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Nobody reads any more: not even this can be said.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(out, "the demo cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that a running demo holds.
struct Demo {
    clock: Arc<dyn Clock>,
    stage: Stage,
    people: People,
    daemon: Result<Box<dyn DaemonHandle>, String>,
    /// Acts from here on count for the lag.
    since: jiff::Timestamp,
    started: Duration,
    last_act: String,
    /// What a Jira refused to people: the demo's own fault.
    refused: Vec<String>,
}

/// Whether the auditor found nothing.
async fn play(
    arguments: &DemoArguments,
    out: &mut (dyn Write + Send),
    terminal: bool,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> io::Result<bool> {
    let mut nowhere = io::sink();
    let json = arguments.json;
    let mut summary = {
        let screen: &mut (dyn Write + Send) = if json { &mut nowhere } else { &mut *out };
        let mut view = View::new(screen, terminal && !json);
        let folder = Folder::make()?;
        perform(arguments, &mut view, clock, entropy, &folder.0).await?
    };
    summary.findings.dedup();
    if json {
        serde_json::to_writer_pretty(&mut *out, &summary)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", summary.text())?;
    }
    out.flush()?;
    Ok(summary.findings.is_empty())
}

async fn perform(
    arguments: &DemoArguments,
    view: &mut View<'_>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    folder: &Path,
) -> io::Result<Summary> {
    let started = clock.monotonic();
    let stage = Stage::open(clock, entropy).await?;
    for (party, url) in &stage.urls {
        view.say(&format!("{:<8} {url}", party.name()))?;
    }
    let mut people = People::new(stage.jiras.clone(), Dice::new(Arc::clone(entropy)));
    people.backfill(BACKFILL.0, BACKFILL.1).map_err(|refusal| io::Error::other(format!("{refusal:?}")))?;
    let since = clock.now();
    let daemon = daemon::start(&config::text(&stage.urls, folder), config::secrets(), folder).await;
    if let Err(why) = &daemon {
        view.say(&format!("the daemon does not run: {why}"))?;
    }
    let clock = Arc::clone(clock);
    let mut demo = Demo { clock, stage, people, daemon, since, started, last_act: String::new(), refused: Vec::new() };
    let hurried = demo.work(arguments.seconds.map(working_time), view).await?;
    let mut report = demo.settle(hurried, view).await?;
    if report.findings.is_empty() && demo.daemon.is_ok() {
        let findings = demo.watch(view).await?;
        report = audit(&demo.stage.observe(), demo.since);
        report.findings.extend(findings);
    }
    Ok(demo.end(arguments.seed, report).await)
}

/// People work for about two thirds of the time; the rest is for what they did to arrive.
fn working_time(seconds: u64) -> Duration {
    Duration::from_secs(seconds.saturating_sub((seconds / 3).max(3)))
}

impl Demo {
    /// Lets people work, for so long or until Ctrl-C. Whether it was Ctrl-C.
    async fn work(&mut self, time: Option<Duration>, view: &mut View<'_>) -> io::Result<bool> {
        let begun = self.clock.monotonic();
        let mut acts = tokio::time::interval(BETWEEN_ACTS);
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        while time.is_none_or(|time| self.clock.monotonic().saturating_sub(begun) < time) {
            tokio::select! {
                // Without a handler Ctrl-C ends the process anyway.
                _ = &mut interrupt => return Ok(true),
                _ = acts.tick() => match self.people.act() {
                    Ok(act) => self.last_act = act,
                    Err(refusal) => self.refused.push(format!("{refusal:?}")),
                },
                _ = looks.tick() => drop(self.look("people at work", view).await?),
            }
        }
        Ok(false)
    }

    /// Waits until everything arrived, or a limit, or Ctrl-C. A daemon that does not run is not waited for.
    async fn settle(&mut self, hurried: bool, view: &mut View<'_>) -> io::Result<Report> {
        if hurried {
            view.say("people stop; waiting for what they did to arrive (Ctrl-C again ends that too)")?;
        }
        let begun = self.clock.monotonic();
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            let report = self.look("quiet", view).await?;
            let over = self.clock.monotonic().saturating_sub(begun) >= SETTLE;
            if report.findings.is_empty() || over || self.daemon.is_err() {
                return Ok(report);
            }
            tokio::select! {
                _ = &mut interrupt => return Ok(report),
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
            }
        }
    }

    /// Looks on while nobody works: nothing must be written. What was under way when the last value arrived (a look after a
    /// write, say) may first end.
    async fn watch(&mut self, view: &mut View<'_>) -> io::Result<Vec<Finding>> {
        let writes = |stage: &Stage| -> Vec<(Party, u64)> {
            stage.jiras.iter().map(|(party, jira)| (*party, audit::write_calls(jira))).collect()
        };
        let mut before = writes(&self.stage);
        for _ in 0..5 {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let now = writes(&self.stage);
            if now == before {
                break;
            }
            before = now;
        }
        self.look("watching that nothing more is written", view).await?;
        tokio::time::sleep(WATCH).await;
        let after = writes(&self.stage);
        let grown = before.into_iter().zip(after);
        Ok(grown.filter_map(|((party, before), (_, after))| audit::restless(party, after - before, WATCH)).collect())
    }

    /// Shows how things are.
    async fn look(&mut self, phase: &'static str, view: &mut View<'_>) -> io::Result<Report> {
        let sides = self.stage.observe();
        let report = audit(&sides, self.since);
        let shown = Shown {
            elapsed: self.clock.monotonic().saturating_sub(self.started),
            phase,
            issues: view::counted(&sides),
            progress: self.progress().await,
            last_act: self.last_act.clone(),
        };
        view.show(&shown, &report)?;
        Ok(report)
    }

    async fn progress(&self) -> Progress {
        match &self.daemon {
            Ok(daemon) => daemon.progress().await,
            Err(why) => Progress { problems: vec![why.clone()], ..Progress::default() },
        }
    }

    async fn end(self, seed: u64, mut report: Report) -> Summary {
        let problems = self.progress().await.problems;
        let stopped = match self.daemon {
            Ok(daemon) => daemon.stop().await,
            Err(why) => Err(why),
        };
        let mut findings: Vec<Finding> = Vec::new();
        let mut add = |what: String| findings.push(Finding { rule: Rule::Arrives, what });
        if let Err(why) = stopped {
            add(format!("the daemon: {why}"));
        }
        self.refused.iter().for_each(|refusal| add(format!("a Jira refused what a person did: {refusal}")));
        let sides = self.stage.observe();
        findings.append(&mut report.findings);
        let summary = Summary {
            seed,
            seconds: self.clock.monotonic().saturating_sub(self.started).as_secs_f64(),
            issues: view::counted(&sides).into_iter().collect(),
            edits: 0,
            comments: 0,
            expected: 0,
            arrived: 0,
            lag_average: 0.0,
            lag_longest: 0.0,
            rest_calls: self.stage.jiras.iter().map(|(party, jira)| (party.name(), jira.total_calls())).collect(),
            problems,
            findings,
        };
        summary.with(report)
    }
}

/// A folder for the daemon's state that is gone when the demo is.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("jirasyncd-demo-{:032x}", SystemEntropy.next_u128()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Where it cannot be removed there is nobody left to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
