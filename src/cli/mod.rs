//! The commands: one file each, text or JSON output, exit codes. It must never hold logic that another front end would need.

#[cfg(feature = "simulator")]
mod demo;
#[cfg(feature = "simulator")]
mod simulate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keep issues in step across several Jira instances
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "simulator")]
    Demo(demo::DemoArguments),
    #[cfg(feature = "simulator")]
    Simulate(simulate::SimulateArguments),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return ExitCode::FAILURE };
    runtime.block_on(dispatch(arguments.command))
}

#[cfg(feature = "simulator")]
async fn dispatch(command: Command) -> ExitCode {
    use std::io::IsTerminal;
    let mut out = std::io::stdout();
    let terminal = out.is_terminal();
    match command {
        Command::Demo(arguments) => demo::run(arguments, &mut out, terminal).await,
        Command::Simulate(arguments) => simulate::run(arguments, &mut out).await,
    }
}

#[cfg(not(feature = "simulator"))]
#[expect(clippy::unused_async, reason = "the commands that wait are behind the feature")]
async fn dispatch(command: Command) -> ExitCode {
    match command {}
}
