//! `jirasyncd run`: the daemon in the foreground, or one round of it. It must never end without draining unless it is told
//! twice, and tells systemd only what is so.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::arguments::{Common, Run as Wanted};
use super::exit::Exit;
use super::output::{Output, counted};
use super::settings;
use crate::app::{Daemon, OnceSummary, Surroundings, again};
use crate::config::{self, SecretsWanted, SystemEnvironment};
use crate::console::{self, Listeners, StatusSource, this_operator};
use crate::engine::Finding;
use crate::model::command::{self, Command, Operator};
use crate::model::configuration::Existing;

/// Runs until told to stop, or once.
pub(super) fn run(common: &Common, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = settings::load(common, SecretsWanted::Yes, output)?;
    let file = common.config.clone();
    let reread = move || config::load_file(&file, &SystemEnvironment, SecretsWanted::Yes);
    let surroundings = Surroundings { reread: Some(Arc::new(reread)), ..Surroundings::of_this_machine() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let mut stop = Stop::new()?;
        let (daemon, warnings) = tokio::select! {
            started = Daemon::start_with(config, surroundings, wanted.existing.into()) => started?,
            () = stop.asked() => return Ok(Exit::Done),
        };
        say(&warnings, output)?;
        begin(&daemon, wanted, output).await?;
        if wanted.once { once(&daemon, stop, output).await } else { until_stopped(Arc::new(daemon), stop).await }
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
    daemon.limit_creations(wanted.limit).await?;
    let Some(most) = wanted.confirm else { return Ok(()) };
    for sync in daemon.syncs() {
        let command = Command::Confirm { sync: sync.clone(), most };
        let answer = daemon.command(this_operator()?, command).await?;
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

/// The doors of the process, which stay open while one daemon takes the place of another.
struct Doors {
    console: Listeners,
    hooks: Option<TcpListener>,
}

async fn until_stopped(mut daemon: Arc<Daemon>, mut stop: Stop) -> anyhow::Result<Exit> {
    let mut doors = Doors { console: daemon.open_doors().await?, hooks: daemon.open_hooks().await? };
    let watched = CancellationToken::new();
    let watch = tokio::spawn(keep_alive(watched.clone()));
    let exit = loop {
        match one(&daemon, &doors, &mut stop).await {
            Ok(Ended::Stopped(exit)) => break Ok(exit),
            Ok(Ended::Replaced) => {}
            Err(error) => break Err(error),
        }
        let taken = tokio::select! {
            taken = take_over(&daemon, &doors) => taken,
            // What the new one would have done, the next start does.
            () = stop.asked() => break Ok(Exit::Done),
        };
        match taken {
            Ok(Some((next, open, warnings))) => {
                for warning in warnings {
                    tracing::warn!(place = warning.place, "{}; {}", warning.what, warning.remedy);
                }
                (daemon, doors) = (Arc::new(next), open);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!("the new configuration could not be gone over to, and the one before holds: {error:#}");
            }
        }
    };
    watch.abort();
    exit
}

/// The daemon that goes by the accepted configuration, with its doors.
async fn take_over(daemon: &Daemon, doors: &Doors) -> anyhow::Result<Option<(Daemon, Doors, Vec<Finding>)>> {
    let Some((next, warnings)) = daemon.successor().await? else { return Ok(None) };
    let open = async {
        let console = next.keep_doors(&doors.console).await?;
        let hooks = next.keep_hooks(doors.hooks.as_ref()).await?;
        // Only what can be reached takes over: else the state would go by what nobody runs.
        next.take_over().await?;
        anyhow::Ok(Doors { console, hooks })
    };
    match open.await {
        Ok(open) => Ok(Some((next, open, warnings))),
        Err(error) => {
            daemon.go_on()?;
            Err(error)
        }
    }
}

/// How the run of one daemon ended.
enum Ended {
    Stopped(Exit),
    /// Another configuration was accepted.
    Replaced,
}

async fn one(daemon: &Arc<Daemon>, doors: &Doors, stop: &mut Stop) -> anyhow::Result<Ended> {
    let cancel = CancellationToken::new();
    let open = doors.console.again()?;
    let address = open.address()?;
    let (hooks, receiver) = (doors.hooks.as_ref().map(again).transpose()?, daemon.hook_receiver().await?);
    tell(&[NotifyState::Ready]);
    let config = daemon.config();
    tracing::info!(
        version = console::version(),
        instances = config.instances.len(),
        syncs = config.syncs.len(),
        listen = %address,
        "runs"
    );
    if let Some(listen) = hooks.as_ref().and_then(|hooks| hooks.local_addr().ok()) {
        tracing::info!(%listen, "takes webhooks");
    }
    let answers = console::serve(open, Arc::clone(daemon) as Arc<dyn StatusSource>, cancel.clone());
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
    let ended = loop {
        tokio::select! {
            ended = &mut run => {
                ended?;
                return Ok(Ended::Stopped(Exit::Done));
            }
            told = stop.told() => match told {
                Told::Stop => {
                    tracing::info!("stops: what is under way is finished first");
                    tell(&[NotifyState::Stopping]);
                    break Ended::Stopped(Exit::Done);
                }
                // Beside the work, which goes on meanwhile.
                Told::Reload => drop(tokio::spawn(reload(Arc::clone(daemon)))),
            },
            () = daemon.replaced() => {
                tracing::info!("goes over to another configuration: what is under way is finished first");
                tell(&reloading());
                break Ended::Replaced;
            }
        }
    };
    cancel.cancel();
    drain(run, ended, stop).await
}

/// Lets what is under way end. Told to stop while it goes over, it stops; told twice, it stops at once.
async fn drain(
    mut run: Pin<&mut impl Future<Output = anyhow::Result<((), (), ())>>>,
    mut ended: Ended,
    stop: &mut Stop,
) -> anyhow::Result<Ended> {
    loop {
        tokio::select! {
            done = &mut run => {
                done?;
                return Ok(ended);
            }
            () = stop.asked() => {
                if matches!(ended, Ended::Stopped(_)) {
                    tracing::warn!("stopped at once: the next start looks after what was under way");
                    return Ok(Ended::Stopped(Exit::Problems));
                }
                tell(&[NotifyState::Stopping]);
                ended = Ended::Stopped(Exit::Done);
            }
        }
    }
}

/// Who gives a command by SIGHUP: nobody says. Root may have, or the user that the daemon runs as, who is not taken for the one who did.
fn by_signal(us: Operator) -> Operator {
    let name = us.name.map_or_else(|| "SIGHUP".to_owned(), |name| format!("SIGHUP to {name}"));
    Operator { uid: us.uid, name: Some(name) }
}

/// SIGHUP: the same as `jirasyncd reload`.
async fn reload(daemon: Arc<Daemon>) {
    let by = match this_operator() {
        Ok(us) => by_signal(us),
        Err(error) => {
            tracing::error!(%error, "the system does not say as whom this process runs: the configuration is not read again");
            return;
        }
    };
    match daemon.command(by, Command::Reload { confirm: false, existing: Existing::ReMap }).await {
        // One line of the log, that is there also where only what needs a person is logged.
        Ok(answer) if answer.ended == command::Ended::Refused => {
            tracing::error!("{}", answer.lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("; "));
        }
        Ok(answer) => {
            for line in &answer.lines {
                tracing::info!("{line}");
            }
        }
        Err(error) => tracing::error!(%error, "the configuration could not be read again"),
    }
}

/// What systemd is told while the daemon goes over.
fn reloading() -> Vec<NotifyState<'static>> {
    std::iter::once(NotifyState::Reloading).chain(NotifyState::monotonic_usec_now().ok()).collect()
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

/// What a signal asks for.
enum Told {
    Stop,
    Reload,
}

/// SIGTERM and SIGINT; and SIGHUP, which asks for another configuration.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Stop {
    fn new() -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup: signal(SignalKind::hangup())? })
    }

    /// Until one of them comes.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Until any of them comes.
    async fn told(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Reload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_not_told_as_a_command_of_the_daemons_user() {
        let said = |name: Option<&str>| by_signal(Operator { uid: 992, name: name.map(str::to_owned) }).to_string();
        assert_eq!(said(Some("jirasyncd")), "SIGHUP to jirasyncd (uid 992)");
        assert_eq!(said(None), "SIGHUP (uid 992)");
    }

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
