//! Commands that change something: taken to the daemon that runs, else carried out on its state. It must never carry one out on a
//! state that somebody else holds, and always says who it was that answered.

use std::io::{self, IsTerminal as _};

use anyhow::bail;
use serde::Serialize;

use super::arguments::{
    AcceptAccount, Agree, Attach, Common, Confirm, Detach, Merge, Pair, Paused, Reload, Resolve, Retry, Unpair,
};
use super::exit::Exit;
use super::output::Output;
use super::settings::{absolute, load};
use super::small_runtime;
use crate::app::{Surroundings, commands_on_state};
use crate::config::{Config, SecretsWanted};
use crate::console::{AskError, Request, ask_command, control_sockets, this_operator};
use crate::model::command::{Answer, Command, Elsewhere, Ended, Target};
use crate::model::touched::Touched;

/// Who carried it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// The daemon that runs.
    Daemon,
    /// This process, on the state; no daemon runs.
    State,
}

/// The answer as JSON.
#[derive(Serialize)]
struct Carried<'a> {
    exit: Exit,
    source: Source,
    #[serde(flatten)]
    answer: &'a Answer,
}

/// `pause`, or `resume`.
pub(super) fn pause(
    common: &Common,
    wanted: &Paused,
    of: fn(Target) -> Command,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    let target = match (&wanted.sync, &wanted.instance) {
        (Some(sync), _) => Target::Sync(sync.as_str().into()),
        (None, Some(instance)) => Target::Instance(instance.as_str().into()),
        (None, None) => Target::Everything,
    };
    Ok(carry_out(common, of(target), output)?.0)
}

/// `confirm`.
pub(super) fn confirm(common: &Common, wanted: &Confirm, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let command = Command::Confirm { sync: wanted.sync.as_str().into(), most: wanted.most };
    Ok(carry_out(common, command, output)?.0)
}

/// `reload`.
pub(super) fn reload(common: &Common, wanted: &Reload, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let command = Command::Reload { confirm: wanted.confirm, existing: wanted.existing.into() };
    Ok(carry_out(common, command, output)?.0)
}

/// `merge`: shows what it would do, asks, and does it.
pub(super) fn merge(common: &Common, wanted: &Merge, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let command = |dry_run| Command::Merge {
        sync: wanted.sync.as_str().into(),
        keep: wanted.keep.clone(),
        drop: wanted.drop.clone(),
        dry_run,
    };
    agreed(common, &wanted.agree, command, output)
}

/// `pair`: shows what it would do, asks, and does it.
pub(super) fn pair(common: &Common, wanted: &Pair, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (sync, keys) = (wanted.sync.as_str(), &wanted.keys);
    let command = |dry_run| Command::Pair { sync: sync.into(), keys: keys.clone(), dry_run };
    agreed(common, &wanted.agree, command, output)
}

/// `unpair`: the same.
pub(super) fn unpair(common: &Common, wanted: &Unpair, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (sync, key) = (wanted.sync.as_str(), &wanted.key);
    let command = |dry_run| Command::Unpair { sync: sync.into(), key: key.clone(), dry_run };
    agreed(common, &wanted.agree, command, output)
}

/// `create`: the same.
pub(super) fn create(common: &Common, wanted: &Unpair, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (sync, key) = (wanted.sync.as_str(), &wanted.key);
    let command = |dry_run| Command::Create { sync: sync.into(), key: key.clone(), dry_run };
    agreed(common, &wanted.agree, command, output)
}

/// `resolve`: the same.
pub(super) fn resolve(common: &Common, wanted: &Resolve, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let command = |dry_run| Command::Resolve {
        sync: wanted.sync.as_str().into(),
        key: wanted.key.clone(),
        field: wanted.field.clone(),
        side: wanted.side.as_str().into(),
        dry_run,
    };
    agreed(common, &wanted.agree, command, output)
}

/// `detach`: shows what it would do, and does it where that is confirmed.
pub(super) fn detach(common: &Common, wanted: &Detach, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (sync, strip_marks) = (wanted.sync.as_str().into(), wanted.strip_marks);
    let command = Command::Detach { sync, strip_marks, dry_run: !wanted.confirm };
    let (exit, ended) = carry_out(common, command, output)?;
    if ended == Ended::Shown {
        output.note("nothing was done: this is what `--confirm` does")?;
    }
    Ok(exit)
}

/// `attach`.
pub(super) fn attach(common: &Common, wanted: &Attach, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    Ok(carry_out(common, Command::Attach(wanted.sync.as_str().into()), output)?.0)
}

/// `retry`.
pub(super) fn retry(common: &Common, _: &Retry, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    Ok(carry_out(common, Command::Retry, output)?.0)
}

/// `accept-account`.
pub(super) fn accept_account(common: &Common, wanted: &AcceptAccount, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (instance, instead_of) = (wanted.instance.as_str().into(), wanted.instead_of.as_str().into());
    Ok(carry_out(common, Command::AcceptAccount { instance, instead_of }, output)?.0)
}

/// Asks whether what was shown is to be done. Where nobody can be asked it is not.
pub(super) fn is_agreed_to(output: &mut Output<'_>) -> io::Result<bool> {
    if output.json_wanted() || !io::stdin().is_terminal() {
        output.note("nothing was done: this is what `--yes` does")?;
        return Ok(false);
    }
    output.note("Do this? Type `yes`:")?;
    let mut said = String::new();
    io::stdin().read_line(&mut said)?;
    if said.trim() != "yes" {
        output.note("nothing was done")?;
        return Ok(false);
    }
    Ok(true)
}

/// Shows what a command would do, asks, and has it done.
pub(super) fn agreed(
    common: &Common,
    wanted: &Agree,
    command: impl Fn(bool) -> Command,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    if wanted.yes {
        return Ok(carry_out(common, command(false), output)?.0);
    }
    // What was only shown, and is to be agreed to by somebody whom nobody can ask, is not done.
    let shown = if wanted.dry_run { Exit::Done } else { Exit::Problems };
    let (exit, ended) = carried_out(common, command(true), output, shown)?;
    if wanted.dry_run || ended != Ended::Shown {
        return Ok(exit);
    }
    if !is_agreed_to(output)? {
        return Ok(Exit::Problems);
    }
    Ok(carry_out(common, command(false), output)?.0)
}

/// Has a command carried out and says what became of it. 1 where it was refused.
pub(super) fn carry_out(common: &Common, command: Command, output: &mut Output<'_>) -> anyhow::Result<(Exit, Ended)> {
    carried_out(common, command, output, Exit::Done)
}

/// The same, where it ends as `shown` if it only showed what it would do.
fn carried_out(
    common: &Common,
    command: Command,
    output: &mut Output<'_>,
    shown: Exit,
) -> anyhow::Result<(Exit, Ended)> {
    let (source, answer) = have_done(common, command, output)?;
    let exit = match answer.ended {
        Ended::Refused => Exit::Problems,
        Ended::Shown => shown,
        Ended::Done | Ended::Unchanged => Exit::Done,
    };
    if output.json_wanted() {
        // By which items it was about is kept for `explain`: ids of the state, that nobody else knows.
        let told = Answer { touched: Touched::default(), ..answer.clone() };
        output.json(&Carried { exit, source, answer: &told })?;
        return Ok((exit, answer.ended));
    }
    for line in &answer.lines {
        output.line(line)?;
    }
    if source == Source::State && answer.ended == Ended::Done {
        output.note("no daemon runs: written into its state, which the next one goes by")?;
    }
    Ok((exit, answer.ended))
}

/// Has a command carried out: by the daemon that runs, else on its state. What is printed of it is the caller's affair.
pub(super) fn have_done(
    common: &Common,
    command: Command,
    output: &mut Output<'_>,
) -> anyhow::Result<(Source, Answer)> {
    let (source, answers) = all_done(common, vec![command], output)?;
    let Some(answer) = answers.into_iter().next() else {
        bail!("the daemon gave no answer; `jirasyncd status` shows what holds now")
    };
    Ok((source, answer))
}

/// Has what this process did past the daemon remembered, with who did it. It is done by now: that it is not remembered is told, and is no
/// error. Before the first start there is nothing yet that would remember.
pub(super) fn remember(
    common: &Common,
    config: &Config,
    done: Elsewhere,
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    if !config.daemon.state.try_exists().unwrap_or(true) {
        return Ok(());
    }
    if let Err(error) = have_done(common, Command::Remember(done), output) {
        output.note(&format!("this was done, and `jirasyncd audit` does not know of it: {error:#}"))?;
    }
    Ok(())
}

/// The same of several, one after the other. Their answers in the same order.
pub(super) fn all_done(
    common: &Common,
    commands: Vec<Command>,
    output: &mut Output<'_>,
) -> anyhow::Result<(Source, Vec<Answer>)> {
    let config = load(common, SecretsWanted::No, output)?;
    small_runtime()?.block_on(async {
        let (mut answers, mut left) = (Vec::with_capacity(commands.len()), commands.into_iter().peekable());
        while let Some(command) = left.peek() {
            let Some(answer) = over_a_socket(&config, command).await? else { break };
            answers.push(answer);
            left.next();
        }
        if left.peek().is_none() {
            return Ok((Source::Daemon, answers));
        }
        // The instances are asked only by some: then their tokens are wanted too.
        let left: Vec<Command> = left.collect();
        let alone = left.iter().all(Command::needs_no_jira);
        let config = if alone { config } else { load(common, SecretsWanted::Yes, output)? };
        let surroundings = Surroundings::of_this_machine();
        answers.extend(commands_on_state(config, surroundings, this_operator()?, left).await?);
        anyhow::Ok((Source::State, answers))
    })
}

/// The answer of the daemon of this configuration's state, if one runs.
async fn over_a_socket(config: &Config, command: &Command) -> anyhow::Result<Option<Answer>> {
    let request = Request { state: absolute(&config.daemon.state), command: command.clone() };
    for socket in control_sockets(&config.daemon) {
        match ask_command(&socket, &request).await {
            Ok(Some(answer)) => return Ok(Some(answer)),
            // The daemon of another configuration.
            Ok(None) | Err(AskError::NoDaemon { .. }) => {}
            Err(error @ AskError::Denied { .. }) => {
                bail!("{error}: it is for the daemon's own user and group; ask as one of them")
            }
            Err(error @ AskError::NoAnswer { .. }) => {
                bail!("{error}; `jirasyncd status` shows what holds now")
            }
        }
    }
    Ok(None)
}
