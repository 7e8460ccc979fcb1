//! The commands: one file each, text or JSON output, exit codes. It must never hold logic that another front end would need,
//! and never print past `output::Output`, which makes texts from Jira harmless for a terminal.

mod arguments;
mod audit;
mod check;
mod check_text;
mod command;
mod configurations;
#[cfg(feature = "simulator")]
mod demo;
#[cfg(test)]
mod documented_tests;
mod exit;
mod explain;
mod explain_commands;
mod explain_issue;
mod explain_waits;
mod fix_list;
mod health;
mod init;
mod login;
mod manuals;
mod output;
mod paint;
mod pair_list;
mod pairs;
mod plan;
mod probe;
mod problems;
mod problems_acts;
mod run;
mod settings;
#[cfg(feature = "simulator")]
mod simulate;
mod since;
mod state;
mod status;
mod webhooks;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Common};
use exit::Exit;
use output::{Look, Output};
#[doc(hidden)]
pub use pair_list::{Listed, read as read_pair_list};

use crate::model::command::Command as Asked;
use crate::telemetry::{self, LogSettings};

/// Runs the command of this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let (stdout_is_terminal, stderr_is_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
    let look = Look { stdout_is_terminal, stderr_is_terminal, plain };
    run_command(std::env::args_os(), look, &mut io::stdout(), &mut io::stderr())
}

fn run_command(
    words: impl IntoIterator<Item = OsString>,
    look: Look,
    stdout: &mut (dyn Write + Send),
    stderr: &mut dyn Write,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(answer) => {
            // Help and version are answers too. Written by the parser itself, which knows the terminal.
            let _ = answer.print();
            return if answer.use_stderr() { Exit::Configuration } else { Exit::Done }.into();
        }
    };
    let Arguments { common, command } = arguments;
    let json = command.wants_json();
    if let Err(error) = log(&common, &command, look) {
        return explain::say(&error, &mut Output::new(stdout, stderr, look, json)).into();
    }
    let mut output = Output::new(stdout, stderr, look, json);
    dispatch(command, &common, &mut output).unwrap_or_else(|error| explain::say(&error, &mut output).into())
}

fn log(common: &Common, command: &Command, look: Look) -> anyhow::Result<()> {
    // Where other programs' variable is set for this one, too, it is meant.
    let everybodys = || std::env::var("RUST_LOG").ok().filter(|directives| !directives.trim().is_empty());
    let directives = common.log.clone().or_else(everybodys).unwrap_or_else(|| command.usual_log().to_owned());
    let settings = LogSettings {
        directives,
        format: common.log_format.on(look.stderr_is_terminal),
        colour: look.stderr_is_terminal && !look.plain,
    };
    Ok(telemetry::start(&settings)?)
}

fn dispatch(command: Command, common: &Common, output: &mut Output<'_>) -> anyhow::Result<ExitCode> {
    let exit = match command {
        Command::Init(wanted) => init::run(common, &wanted, output)?,
        Command::Check(wanted) => check::run(common, &wanted, output)?,
        Command::Plan(wanted) => plan::run(common, wanted, output)?,
        Command::Run(wanted) => run::run(common, &wanted, output)?,
        Command::Status(_) => status::run(common, output)?,
        Command::Explain(wanted) => explain_issue::run(common, &wanted, output)?,
        Command::Audit(wanted) => audit::run(common, &wanted, output)?,
        Command::Problems(wanted) => problems::run(common, &wanted, output)?,
        Command::Pause(wanted) => command::pause(common, &wanted, Asked::Pause, output)?,
        Command::Resume(wanted) => command::pause(common, &wanted, Asked::Resume, output)?,
        Command::Merge(wanted) => command::merge(common, &wanted, output)?,
        Command::Reload(wanted) => command::reload(common, &wanted, output)?,
        Command::Configurations(wanted) => configurations::run(common, &wanted, output)?,
        Command::Confirm(wanted) => command::confirm(common, &wanted, output)?,
        Command::Pair(wanted) => command::pair(common, &wanted, output)?,
        Command::Unpair(wanted) => command::unpair(common, &wanted, output)?,
        Command::Detach(wanted) => command::detach(common, &wanted, output)?,
        Command::Attach(wanted) => command::attach(common, &wanted, output)?,
        Command::Retry(wanted) => command::retry(common, &wanted, output)?,
        Command::AcceptAccount(wanted) => command::accept_account(common, &wanted, output)?,
        Command::Resolve(wanted) => command::resolve(common, &wanted, output)?,
        Command::Create(wanted) => command::create(common, &wanted, output)?,
        Command::Pairs(wanted) => pairs::run(common, &wanted, output)?,
        Command::State(wanted) => state::run(common, &wanted, output)?,
        Command::Webhooks(wanted) => webhooks::run(common, &wanted, output)?,
        Command::Probe(wanted) => probe::run(common, &wanted, output)?,
        Command::Login(wanted) => login::run(common, &wanted, output)?,
        Command::Health(wanted) => health::run(common, &wanted, output)?,
        Command::Completions(wanted) => manuals::completions(&wanted, output)?,
        Command::Man(wanted) => manuals::man(&wanted, output)?,
        #[cfg(feature = "simulator")]
        Command::Demo(wanted) => {
            let terminal = output.colour();
            return Ok(tokio::runtime::Runtime::new()?.block_on(demo::run(wanted, output.stdout(), terminal)));
        }
        #[cfg(feature = "simulator")]
        Command::Simulate(wanted) => {
            return Ok(tokio::runtime::Runtime::new()?.block_on(simulate::run(wanted, output.stdout())));
        }
    };
    Ok(exit.into())
}

/// A runtime for commands that only ask.
fn small_runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
