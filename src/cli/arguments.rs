//! What can be typed. It must never take a secret: arguments are shown by `ps`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::telemetry::LogFormat;

/// Where the configuration is, unless told otherwise.
const USUAL_CONFIG: &str = "/etc/jirasyncd/jirasyncd.toml";

/// Keeps issues in step across several Jira instances, in both directions.
///
/// Exit codes: 0 done; 1 done, with problems that a person should look at, or this machine failed; 2 the configuration is
/// wrong; 3 an instance refused or is out of reach.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 120)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes, before its name or after it.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", env = "JIRASYNCD_CONFIG", default_value = USUAL_CONFIG)]
    pub(super) config: PathBuf,
    /// What to log on stderr: `debug`, `jirasyncd::engine=trace,info` [default: info for `run`, warn for most others].
    #[arg(long, global = true, value_name = "DIRECTIVES", env = "JIRASYNCD_LOG")]
    pub(super) log: Option<String>,
    /// The form of the log.
    #[arg(long, global = true, value_name = "FORM", env = "JIRASYNCD_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: Form,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Plain lines.
    Text,
    /// One JSON object per line.
    Json,
}

impl From<Form> for LogFormat {
    fn from(form: Form) -> Self {
        match form {
            Form::Text => Self::Text,
            Form::Json => Self::Json,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Says all that is wrong: in the configuration, with the instances, and every permission that is missing.
    Check(Check),
    /// Shows what a run would do, as a diff. Writes nothing.
    Plan(Plan),
    /// Runs the daemon, until SIGTERM or Ctrl-C.
    Run(Run),
    /// Shows how the daemon is; without one, what its state knows. Exit code 1 while problems stand.
    Status(Status),
    /// Has changes wait: of one sync, of one instance, or all. Nothing is lost, and it holds over restarts.
    Pause(Paused),
    /// Ends a pause: what waited goes on where it stood.
    Resume(Paused),
    /// Says that two issues of a sync are one: KEEP is kept in step, DROP is let be. Nothing is deleted, and no Jira is written to.
    Merge(Merge),
    /// Lets a burst of creations be made that waits for a person's word: up to N issues of a sync.
    Confirm(Confirm),
    /// Says that issues which exist already are one item: they are kept in step from now on. The first has the first word.
    Pair(Pair),
    /// Ends an item: nothing is carried between its issues any more. Nothing in them is changed or deleted.
    Unpair(Unpair),
    /// Registers, shows, verifies, renews and removes the webhooks by which instances tell of changes at once.
    Webhooks(super::webhooks::Webhooks),
    /// Asks a daemon whether it is well: for the health check of a container. Exit code 1 when it is not.
    Health(Health),
    #[cfg(feature = "simulator")]
    Demo(super::demo::DemoArguments),
    #[cfg(feature = "simulator")]
    Simulate(super::simulate::SimulateArguments),
}

impl Command {
    /// Whether JSON is printed instead of text.
    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Check(Check { json, .. })
            | Self::Plan(Plan { json, .. })
            | Self::Run(Run { json, .. })
            | Self::Status(Status { json })
            | Self::Pause(Paused { json, .. })
            | Self::Resume(Paused { json, .. })
            | Self::Merge(Merge { agree: Agree { json, .. }, .. })
            | Self::Pair(Pair { agree: Agree { json, .. }, .. })
            | Self::Unpair(Unpair { agree: Agree { json, .. }, .. })
            | Self::Confirm(Confirm { json, .. })
            | Self::Health(Health { json, .. }) => *json,
            Self::Webhooks(wanted) => wanted.json,
            #[cfg(feature = "simulator")]
            Self::Demo(wanted) => wanted.json,
            #[cfg(feature = "simulator")]
            Self::Simulate(_) => false,
        }
    }

    /// What is logged unless something else is asked for.
    pub(super) fn usual_log(&self) -> &'static str {
        match self {
            Self::Run(_) => "info",
            Self::Check(_)
            | Self::Plan(_)
            | Self::Status(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Merge(_)
            | Self::Confirm(_)
            | Self::Pair(_)
            | Self::Unpair(_)
            | Self::Webhooks(_)
            | Self::Health(_) => "warn",
            // They draw what happens; lines of a log would fall in between.
            #[cfg(feature = "simulator")]
            Self::Demo(_) | Self::Simulate(_) => "off",
        }
    }
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Reads the configuration alone: no instance is asked, no secret fetched.
    #[arg(long)]
    pub(super) offline: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Only the item that one of its issues has this key in; may be given several times.
    #[arg(long, value_name = "KEY")]
    pub(super) item: Vec<String>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Finishes what an earlier run left, polls, works until nothing is due, and exits.
    #[arg(long)]
    pub(super) once: bool,
    /// Lets up to N issues of each sync be created at once, where more than `most-creations` wait for a person's word.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) confirm: Option<u64>,
    /// Begins with N items of each sync, counting those that earlier runs began with; the rest waits for a run with more, or without.
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Prints JSON, where something is printed.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `pause` and `resume`.
#[derive(Debug, Args)]
pub(super) struct Paused {
    /// This sync alone. Without it and without `--instance`: everything.
    #[arg(value_name = "SYNC", conflicts_with = "instance")]
    pub(super) sync: Option<String>,
    /// This instance alone: nothing is written to it, and nothing asked of it.
    #[arg(long, value_name = "INSTANCE")]
    pub(super) instance: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `merge`.
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// The issue that is kept in step: KEY, or SIDE:KEY where several sides have that key.
    #[arg(value_name = "KEEP")]
    pub(super) keep: String,
    /// The issue that is let be.
    #[arg(value_name = "DROP")]
    pub(super) drop: String,
    #[command(flatten)]
    pub(super) agree: Agree,
}

/// The arguments of `pair`.
#[derive(Debug, Args)]
pub(super) struct Pair {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// The issues, one a side: KEY, or SIDE:KEY where several sides have that key. Where they differ, what the first says stands.
    #[arg(value_name = "KEY", required = true, num_args = 2..)]
    pub(super) keys: Vec<String>,
    #[command(flatten)]
    pub(super) agree: Agree,
}

/// The arguments of `unpair`.
#[derive(Debug, Args)]
pub(super) struct Unpair {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// One of the item's issues: KEY, or SIDE:KEY where several sides have that key.
    #[arg(value_name = "KEY")]
    pub(super) key: String,
    #[command(flatten)]
    pub(super) agree: Agree,
}

/// How somebody agrees to what a command would do.
#[derive(Debug, Args)]
pub(super) struct Agree {
    /// Only shows what would be done.
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Does it without asking.
    #[arg(long)]
    pub(super) yes: bool,
    /// Prints JSON; with it nothing is asked, so `--yes` or `--dry-run` is needed.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `confirm`.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// At most so many issues may be created.
    #[arg(value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) most: u64,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `health`.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Asks this address instead of the one that the configuration listens on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) address: Option<SocketAddr>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_configuration_is_named_before_the_command_or_after_it() {
        for words in [["jirasyncd", "--config", "x.toml", "status"], ["jirasyncd", "status", "--config", "x.toml"]] {
            let arguments = Arguments::try_parse_from(words).unwrap();
            assert_eq!(arguments.common.config, PathBuf::from("x.toml"));
        }
    }
}
