//! `jirasyncd simulate`.
use std::io::Write;
use std::process::ExitCode;

use clap::Args;

/// Serve one simulated Jira until Ctrl-C
#[derive(Debug, Clone, Args)]
pub(crate) struct SimulateArguments {}

/// Serves.
pub(crate) async fn run(_arguments: SimulateArguments, _out: &mut (dyn Write + Send)) -> ExitCode {
    ExitCode::SUCCESS
}
