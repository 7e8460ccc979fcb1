//! `jirasyncd run`: the daemon in the foreground, or one round of it. It must never end without draining unless it is told
//! twice, and tells systemd only what is so.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::arguments::{Common, Run as Wanted};
use super::exit::Exit;
use super::output::{Output, counted};
use super::settings;
use crate::app::{Daemon, OnceSummary, Surroundings};
use crate::config::{Config, SecretsWanted};
use crate::console::{self, StatusSource};
use crate::engine::Finding;
use crate::model::command::Command;

/// Runs until told to stop, or once.
pub(super) fn run(common: &Common, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = settings::load(common, SecretsWanted::Yes, output)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let mut stop = Stop::new()?;
        let (daemon, warnings) = tokio::select! {
            started = Daemon::start(config.clone(), Surroundings::of_this_machine()) => started?,
            () = stop.asked() => return Ok(Exit::Done),
        };
        say(&warnings, output)?;
        begin(&daemon, wanted, output).await?;
        if wanted.once {
            once(&daemon, stop, output).await
        } else {
            until_stopped(Arc::new(daemon), &config, stop).await
        }
    });
    // What does not end by itself is cut off: it was given its time to drain.
    runtime.shutdown_timeout(Duration::from_millis(500));
    done
}

fn say(warnings: &[Finding], output: &mut Output<'_>) -> io::Result<()> {
    for warning in warnings {
        output.note(&format!("warning: {}: {}", warning.place, warning.what))?;
        output.note(&format!("  Hint: {}", warning.remedy))?;
    }
    Ok(())
}

/// What is said of the start: how many items may begin, and how many creations an operator lets be made.
async fn begin(daemon: &Daemon, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<()> {
    daemon.engine().limit_creations(wanted.limit).await?;
    let Some(most) = wanted.confirm else { return Ok(()) };
    for sync in daemon.syncs() {
        let command = Command::Confirm { sync: sync.clone(), most };
        let answer = daemon.command(console::this_operator()?, command).await?;
        for line in &answer.lines {
            output.note(line)?;
        }
    }
    Ok(())
}

async fn once(daemon: &Daemon, mut stop: Stop, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let summary = tokio::select! {
        summary = daemon.once() => summary?,
        // What is under way is in the journal: the next run finishes it.
        () = stop.asked() => {
            output.note("stopped before all was done; the next run goes on")?;
            return Ok(Exit::Problems);
        }
    };
    let exit = exit_of(&summary);
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "summary": summary }))?;
        return Ok(exit);
    }
    let (items, writes) = (counted(summary.items, "item"), counted(summary.writes, "write"));
    let problems = counted(usize::try_from(summary.problems).unwrap_or(usize::MAX), "problem");
    output.line(&format!("{items}, {writes}, {problems}"))?;
    for burst in &summary.unconfirmed {
        output.line(burst)?;
    }
    if !summary.unreachable.is_empty() {
        output.line("refused or out of reach:")?;
    }
    for why in &summary.unreachable {
        output.line(&format!("  {why}"))?;
    }
    if summary.problems > 0 {
        output.note("Hint: `jirasyncd status` lists the problems with what to do about them")?;
    }
    Ok(exit)
}

fn exit_of(summary: &OnceSummary) -> Exit {
    if !summary.unreachable.is_empty() {
        Exit::Instance
    } else if summary.problems > 0 {
        Exit::Problems
    } else {
        Exit::Done
    }
}

async fn until_stopped(daemon: Arc<Daemon>, config: &Config, mut stop: Stop) -> anyhow::Result<Exit> {
    let cancel = CancellationToken::new();
    let doors = daemon.open_doors().await?;
    let address = doors.address()?;
    let (hooks, receiver) = (daemon.open_hooks().await?, daemon.hook_receiver().await?);
    tell(&[NotifyState::Ready]);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        instances = config.instances.len(),
        syncs = config.syncs.len(),
        listen = %address,
        "runs"
    );
    if let Some(listen) = hooks.as_ref().and_then(|hooks| hooks.local_addr().ok()) {
        tracing::info!(%listen, "takes webhooks");
    }
    let watch = tokio::spawn(keep_alive(cancel.clone()));
    let answers = console::serve(doors, Arc::clone(&daemon) as Arc<dyn StatusSource>, cancel.clone());
    let run = async {
        let run = async { daemon.run(cancel.clone()).await.map_err(anyhow::Error::from) };
        let answers = async { answers.await.context("the doors were closed") };
        let receives = async {
            match (hooks, receiver) {
                (Some(hooks), Some(receiver)) => {
                    receiver.serve(hooks, cancel.clone()).await.context("the webhook receiver was closed")
                }
                _ => Ok(()),
            }
        };
        tokio::try_join!(run, answers, receives)
    };
    tokio::pin!(run);
    let ended = tokio::select! {
        ended = &mut run => ended,
        () = stop.asked() => {
            tracing::info!("stops: what is under way is finished first");
            tell(&[NotifyState::Stopping]);
            cancel.cancel();
            tokio::select! {
                ended = &mut run => ended,
                () = stop.asked() => {
                    tracing::warn!("stopped at once: the next start looks after what was under way");
                    return Ok(Exit::Problems);
                }
            }
        }
    };
    watch.abort();
    ended?;
    Ok(Exit::Done)
}

/// Tells systemd's watchdog that the tasks of this process are still scheduled, twice per interval.
async fn keep_alive(cancel: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval((interval / 2).max(Duration::from_millis(100)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(tick.tick()).await.is_some() {
        tell(&[NotifyState::Watchdog]);
    }
}

/// Without systemd this does nothing.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// SIGTERM and SIGINT.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Until one of them comes.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_out_of_reach_outweighs_a_problem() {
        let summary = |problems, unreachable: &[&str]| OnceSummary {
            items: 1,
            unconfirmed: Vec::new(),
            writes: 1,
            problems,
            unreachable: unreachable.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(exit_of(&summary(0, &[])), Exit::Done);
        assert_eq!(exit_of(&summary(2, &[])), Exit::Problems);
        assert_eq!(exit_of(&summary(2, &["acme"])), Exit::Instance);
    }
}
