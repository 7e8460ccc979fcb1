//! What can be typed. It must never take a secret: arguments are shown by `ps`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::configuration::Existing;
use crate::model::ids::IssueKey;
use crate::model::key::key_in;
use crate::telemetry::{LogFormat, is_read_by_the_journal};

/// Where the configuration is, unless told otherwise.
const USUAL_CONFIG: &str = "/etc/jirasyncd/jirasyncd.toml";

/// Keeps issues in step across several Jira instances, in both directions.
///
/// Exit codes: 0 done; 1 done, with problems that a person should look at, or this machine failed; 2 the configuration is
/// wrong; 3 an instance refused or is out of reach.
#[derive(Debug, Parser)]
#[command(version = crate::console::version(), arg_required_else_help = true, max_term_width = 120)]
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
    /// What to log on stderr: `debug`, `jirasyncd::engine=trace,info` [default: as `RUST_LOG` says, else info for `run`, warn for most others].
    #[arg(long, global = true, value_name = "DIRECTIVES", env = "JIRASYNCD_LOG")]
    pub(super) log: Option<String>,
    /// The form of the log.
    #[arg(long, global = true, value_name = "FORM", env = "JIRASYNCD_LOG_FORMAT", default_value = "auto")]
    pub(super) log_format: Form,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Plain lines on a terminal, fields to the journal of systemd, else JSON.
    Auto,
    /// Plain lines.
    Text,
    /// One JSON object per line.
    Json,
    /// Fields to the journal of systemd.
    Journal,
}

impl Form {
    /// What is written where standard error is a terminal, or none.
    pub(super) fn on(self, is_terminal: bool) -> LogFormat {
        match self {
            Self::Text => LogFormat::Text,
            Self::Json => LogFormat::Json,
            Self::Journal => LogFormat::Journal,
            Self::Auto if is_terminal => LogFormat::Text,
            Self::Auto if is_read_by_the_journal() => LogFormat::Journal,
            Self::Auto => LogFormat::Json,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sets a configuration up: asks for the Jiras, reads what they offer, and proposes the whole mapping. Writes to no Jira.
    Init(super::init::Init),
    /// Says all that is wrong: in the configuration, with the instances, and every permission that is missing.
    Check(Check),
    /// Shows what a run would do, as a diff. Writes nothing.
    Plan(Plan),
    /// Runs the daemon, until SIGTERM or Ctrl-C.
    Run(Run),
    /// Shows how the daemon is; without one, what its state knows. Exit code 1 while problems stand.
    Status(Status),
    /// Tells why an issue is as it is: its counterparts, what is agreed and what each side holds, what people and operators did, what is on its
    /// way, and what was written, by whose act, why then, and with which result.
    Explain(super::explain_issue::Explain),
    /// Tells what left for a side since a time: by whose act, under which rule, why then, and with which result; and what operators did.
    Audit(super::audit::Audit),
    /// Lists what needs a person, by cause, and with a KEY what is recorded of that issue's conflicts; has what they hold back tried again,
    /// or hides them. Exit code 1 while problems stand.
    Problems(super::problems::Problems),
    /// Has changes wait: of one sync, of one instance, or all. Nothing is lost, and it holds over restarts.
    Pause(Paused),
    /// Ends a pause: what waited goes on where it stood.
    Resume(Paused),
    /// Says that two issues of a sync are one: KEEP is kept in step, DROP is let be. Nothing is deleted, and no Jira is written to.
    Merge(Merge),
    /// Has the daemon that runs read its configuration again and go over to it, if it is right. SIGHUP does the same.
    Reload(Reload),
    /// Lists the configurations that the state has been worked by, or prints one, so that it can be gone back to.
    Configurations(Configurations),
    /// Lets a burst of creations be made that waits for a person's word: up to N issues of a sync.
    Confirm(Confirm),
    /// Says that issues which exist already are one item: they are kept in step from now on. The first has the first word.
    Pair(Pair),
    /// Ends an item: nothing is carried between its issues any more. Nothing in them is changed or deleted.
    Unpair(Unpair),
    /// Has an issue start an item, whatever the scope of its side: it is carried to every side where it belongs.
    Create(Unpair),
    /// Of a field that each side keeps its own value of, says whose value stands. What does not stand is kept as a conflict.
    Resolve(Resolve),
    /// Ends a sync: nothing of it is carried any more. Without `--confirm` it only shows what that would do.
    Detach(Detach),
    /// Takes a sync up again that was ended: it goes on where it stood.
    Attach(Attach),
    /// Tries again what was set aside because the process panicked with it.
    Retry(Retry),
    /// Says that the account whose login an instance has now is its sync user, in the place of another: what that one wrote stays ours. No
    /// daemon may run.
    AcceptAccount(AcceptAccount),
    /// Takes lists of pairs in, and gives them out.
    Pairs(Pairs),
    /// Backs the state up, puts a backup back, checks it, and compares it with the instances.
    State(super::state::State),
    /// Registers, shows, verifies, renews and removes the webhooks by which instances tell of changes at once.
    Webhooks(super::webhooks::Webhooks),
    /// Tries what the daemon takes for granted of a Jira on an instance, with issues of its own in a project of yours, which it takes
    /// away again. Exit code 1 where something does not hold.
    Probe(super::probe::Probe),
    /// Has somebody grant access to an instance that logs in by `oauth`: prints the address to open, and keeps what comes back.
    Login(super::login::Login),
    /// Asks a daemon whether it is well: for the health check of a container. Exit code 1 when it is not.
    Health(Health),
    /// Prints what a shell needs to complete commands and arguments.
    Completions(Completions),
    /// Prints the manual page, or writes one for each command.
    Man(Man),
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
            | Self::Reload(Reload { json, .. })
            | Self::Configurations(Configurations { json, .. })
            | Self::Merge(Merge { agree: Agree { json, .. }, .. })
            | Self::Pair(Pair { agree: Agree { json, .. }, .. })
            | Self::Unpair(Unpair { agree: Agree { json, .. }, .. })
            | Self::Create(Unpair { agree: Agree { json, .. }, .. })
            | Self::Resolve(Resolve { agree: Agree { json, .. }, .. })
            | Self::Detach(Detach { json, .. })
            | Self::Attach(Attach { json, .. })
            | Self::Retry(Retry { json })
            | Self::AcceptAccount(AcceptAccount { json, .. })
            | Self::Confirm(Confirm { json, .. })
            | Self::Health(Health { json, .. }) => *json,
            Self::Webhooks(wanted) => wanted.json,
            Self::Problems(wanted) => wanted.wants_json(),
            Self::Explain(wanted) => wanted.json,
            Self::Audit(wanted) => wanted.json,
            Self::Probe(wanted) => wanted.json,
            Self::Login(wanted) => wanted.json,
            Self::State(wanted) => wanted.json,
            Self::Pairs(Pairs { command: PairsCommand::Import(wanted) }) => wanted.agree.json,
            Self::Pairs(Pairs { command: PairsCommand::Export(_) })
            | Self::Init(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
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
            Self::Init(_)
            | Self::Check(_)
            | Self::Plan(_)
            | Self::Status(_)
            | Self::Problems(_)
            | Self::Explain(_)
            | Self::Audit(_)
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Merge(_)
            | Self::Reload(_)
            | Self::Configurations(_)
            | Self::Confirm(_)
            | Self::Pair(_)
            | Self::Unpair(_)
            | Self::Create(_)
            | Self::Resolve(_)
            | Self::Detach(_)
            | Self::Attach(_)
            | Self::Retry(_)
            | Self::AcceptAccount(_)
            | Self::Pairs(_)
            | Self::State(_)
            | Self::Webhooks(_)
            | Self::Probe(_)
            | Self::Login(_)
            | Self::Completions(_)
            | Self::Man(_)
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
    /// Prints, for each Jira, what to ask its administrators for: which permissions to give the sync user, which to take away, and what to change there.
    #[arg(long, conflicts_with = "offline")]
    pub(super) fix_list: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Writes a page for each command into this folder, instead of printing the one of `jirasyncd` itself.
    #[arg(long, value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,
}

/// What becomes of issues that are in step when the configuration changes.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct OfExisting {
    /// Where the configuration changed: fields of existing issues stay as they are until somebody changes them. Without it they become
    /// what the new configuration says.
    #[arg(long)]
    pub(super) from_now: bool,
}

impl From<OfExisting> for Existing {
    fn from(wanted: OfExisting) -> Self {
        if wanted.from_now { Self::FromNow } else { Self::ReMap }
    }
}

/// The arguments of `plan`. With another configuration than the state's (`--config NEW.toml`) it shows what that would change, of every
/// issue.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) existing: OfExisting,
    /// Only the item of this issue: a key, or the address that a browser shows; may be given several times.
    #[arg(long, value_name = "KEY", value_parser = issue_key, conflicts_with_all = ["sync", "jql"])]
    pub(super) item: Vec<IssueKey>,
    /// Only this sync.
    #[arg(long, value_name = "SYNC", conflicts_with = "jql")]
    pub(super) sync: Option<String>,
    /// Of what a run would do only that about the issues which this JQL finds on the instance `--on`.
    #[arg(long, value_name = "JQL", requires = "on")]
    pub(super) jql: Option<String>,
    /// The instance that `--jql` is for.
    #[arg(long, value_name = "INSTANCE", requires = "jql")]
    pub(super) on: Option<String>,
    /// Keeps what the plans are made from in a new file, to report a defect with: other words stand for names and texts in it.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub(super) save_input: Option<PathBuf>,
    /// Leaves people's names and texts in that file as they are.
    #[arg(long, requires = "save_input")]
    pub(super) unredacted: bool,
    /// Plans again what such a file holds, and nothing else: no Jira, no state and no configuration is asked.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["item", "sync", "jql", "from_now"])]
    pub(super) from: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) existing: OfExisting,
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

/// A key, or an address that a browser shows.
pub(super) fn issue_key(text: &str) -> Result<IssueKey, String> {
    key_in(text).ok_or_else(|| "that is no issue's key".to_owned())
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

/// The arguments of `unpair` and `create`.
#[derive(Debug, Args)]
pub(super) struct Unpair {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// The issue, for `unpair` any of its item: KEY, or SIDE:KEY where several sides have that key.
    #[arg(value_name = "KEY")]
    pub(super) key: String,
    #[command(flatten)]
    pub(super) agree: Agree,
}

/// The arguments of `pairs`.
#[derive(Debug, Args)]
pub(super) struct Pairs {
    #[command(subcommand)]
    pub(super) command: PairsCommand,
}

/// What is done with lists of pairs.
#[derive(Debug, Subcommand)]
pub(super) enum PairsCommand {
    /// Pairs what a list names, CSV or JSON: the keys of one item a row. What is paired already stays so.
    Import(PairsImport),
    /// Prints the keys of all items, by side.
    Export(PairsExport),
}

/// The arguments of `pairs import`.
#[derive(Debug, Args)]
pub(super) struct PairsImport {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// The list, in UTF-8.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) agree: Agree,
}

/// The arguments of `pairs export`.
#[derive(Debug, Args)]
pub(super) struct PairsExport {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// The form of the list.
    #[arg(long, value_name = "FORM", default_value = "csv")]
    pub(super) format: TableForm,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableForm {
    /// Comma-separated values, with a header.
    Csv,
    /// A JSON array of objects.
    Json,
}

/// The arguments of `detach`.
#[derive(Debug, Args)]
pub(super) struct Detach {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// Also takes our marks away from its issues: properties, links to counterparts, fields that tell of them.
    #[arg(long)]
    pub(super) strip_marks: bool,
    /// Does it.
    #[arg(long)]
    pub(super) confirm: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `attach`.
#[derive(Debug, Args)]
pub(super) struct Attach {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `retry`.
#[derive(Debug, Args)]
pub(super) struct Retry {
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `accept-account`.
#[derive(Debug, Args)]
pub(super) struct AcceptAccount {
    /// The instance.
    #[arg(value_name = "INSTANCE")]
    pub(super) instance: String,
    /// The account that was its sync user until now: its account id on Cloud, its user name on Data Center.
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) instead_of: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `resolve`.
#[derive(Debug, Args)]
pub(super) struct Resolve {
    /// The sync.
    #[arg(value_name = "SYNC")]
    pub(super) sync: String,
    /// Any issue of the item: KEY, or SIDE:KEY where several sides have that key.
    #[arg(value_name = "KEY")]
    pub(super) key: String,
    /// The field, as the configuration calls it.
    #[arg(value_name = "FIELD")]
    pub(super) field: String,
    /// The side whose value stands.
    #[arg(value_name = "SIDE")]
    pub(super) side: String,
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

/// The arguments of `reload`.
#[derive(Debug, Args)]
pub(super) struct Reload {
    #[command(flatten)]
    pub(super) existing: OfExisting,
    /// Also where the new configuration leaves out sides on which issues are kept in step: they are left alone then. And creates up to
    /// `most-creations` issues by what is new in it; without this not one, until `jirasyncd confirm`.
    #[arg(long)]
    pub(super) confirm: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `configurations`.
#[derive(Debug, Args)]
pub(super) struct Configurations {
    /// Prints the configuration of this number as it was written: into another file than the one that holds, which is read first.
    #[arg(value_name = "NUMBER")]
    pub(super) number: Option<u64>,
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
