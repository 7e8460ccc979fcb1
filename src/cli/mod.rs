//! The commands: one file each, text or JSON output, exit codes. It must never hold logic that another front end would need.

#[cfg(feature = "simulator")]
mod demo;
#[cfg(feature = "simulator")]
mod simulate;

use std::process::ExitCode;

/// Runs the command that the arguments name.
#[cfg(feature = "simulator")]
#[must_use]
pub fn main() -> ExitCode {
    use clap::Parser;
    let arguments = Arguments::parse();
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return ExitCode::FAILURE };
    runtime.block_on(dispatch(arguments.command))
}

/// Runs the command that the arguments name; without the simulator there is none yet.
#[cfg(not(feature = "simulator"))]
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}

/// Keep issues in step across several Jira instances
#[cfg(feature = "simulator")]
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[cfg(feature = "simulator")]
#[derive(Debug, clap::Subcommand)]
enum Command {
    Demo(demo::DemoArguments),
    Simulate(simulate::SimulateArguments),
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
