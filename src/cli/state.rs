//! `jirasyncd state`: a copy of the state, its way back, its check, and what it knows held against the instances. Must never make a state
//! where none was but by `rebuild`, print its key, or write to an instance.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::Common;
use super::command::remember;
use super::exit::Exit;
use super::output::{Output, counted, table};
use super::settings::{absolute, load};
use super::small_runtime;
use crate::app::{RebuildError, Surroundings, compare_state, rebuild_state};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, SecretsWanted};
use crate::console::this_operator;
use crate::engine::{Compared, Differs, Doubtful, Rebuilt};
use crate::model::command::Elsewhere;
use crate::model::store::Store as _;
use crate::store::{Holds, SqliteStore, Whose, back_up, no_backup, restore, write_key};

/// What a start after a restore does, in words.
const RECOVERY: &str = "the next start is in recovery mode: nothing is created on an instance before its first poll was looked through, and \
                        what was written since the backup is known by its marks and joined anew. Nothing is doubled or deleted; what \
                        differs is kept as a conflict. `jirasyncd status` says so until the next full check. What was paired, unpaired, \
                        merged, detached or paused since the backup is to be done again";

/// What a state that was made anew does not know, in words.
const REBUILT: &str = "not known: what the issues were last seen to hold (the daemon joins them anew: what is equal joins, what differs is kept as a \
                       conflict, nothing is deleted), pairs that nothing was written for yet, what was unpaired, merged, detached, paused, confirmed \
                       or accepted, recorded conflicts, how versions and components go together, and `renew --new-path` of webhooks. Look at \
                       `jirasyncd plan` before the start";

/// The arguments of `state`.
#[derive(Debug, Args)]
pub(super) struct State {
    #[command(subcommand)]
    action: Action,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// What is done.
#[derive(Debug, Subcommand)]
enum Action {
    /// Copies the state into FILE, of one moment, also while the daemon runs. It holds the key of the marks: keep it as safe as a token.
    Backup {
        /// Where to; nothing may be there.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Puts the backup FILE in the place of the state, which is kept beside under a name with the time. No daemon may run.
    Restore {
        /// The backup. It stays.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Also where it is another daemon's than the state that it replaces. Refused otherwise: what this one made would be made anew.
        #[arg(long)]
        of_another: bool,
    },
    /// Reads all of the state and names what is wrong in it. Changes nothing, also beside a daemon. Exit code 1 where something is.
    Check {
        /// Another state than the configuration's: a backup.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Writes the key of the state into FILE, for its owner alone. With it `rebuild` makes a state anew that is lost with all its backups. It never
    /// changes. Keep it as safe as a token, and elsewhere than the state.
    Key {
        /// Where to; nothing may be there.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Makes the state anew where it is lost, from its key and the marks in the instances. Reads every issue of the syncs, writes to no instance.
    /// A backup, be it an old one, is the better way. Exit code 1 where something is not believed.
    Rebuild {
        /// The file that `state key` wrote.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Reads every issue that the state knows, and says which are not as it knows them. Writes nothing. Exit code 1 where one is missing,
    /// older than known, or without our mark.
    Compare,
}

/// What a copy holds, as JSON.
#[derive(Serialize)]
struct Copied<'c> {
    exit: Exit,
    file: &'c Path,
    at: jiff::Timestamp,
    /// Where the state lies now that was there before a restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'c Path>,
    #[serde(flatten)]
    holds: &'c Holds,
}

/// Does it.
pub(super) fn run(common: &Common, wanted: &State, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match &wanted.action {
        Action::Backup { file } => backup(&load(common, SecretsWanted::No, output)?, file, output),
        Action::Restore { file, of_another } => {
            put_back(common, file, if *of_another { Whose::Anybodys } else { Whose::Its }, output)
        }
        Action::Check { file } => check(&load(common, SecretsWanted::No, output)?, file.as_deref(), output),
        Action::Key { file } => key(&load(common, SecretsWanted::No, output)?, file, output),
        Action::Rebuild { key } => {
            let config = load(common, SecretsWanted::Yes, output)?;
            let waiting = output.waiting("reading the issues".to_owned());
            let surroundings = Surroundings::of_this_machine();
            let made = small_runtime()?.block_on(rebuild_state(&config, &surroundings, key, &this_operator()?));
            let (rebuilt, holds) = made.map_err(|error| match error {
                RebuildError::Key(error) => anyhow::Error::from(error),
                RebuildError::State(error) => error.into(),
                RebuildError::Start(error) => error.into(),
            })?;
            drop(waiting);
            tell_rebuilt(&config, &rebuilt, &holds, output)
        }
        Action::Compare => {
            let config = load(common, SecretsWanted::Yes, output)?;
            let waiting = output.waiting("reading the issues".to_owned());
            let compared = small_runtime()?.block_on(compare_state(&config, &Surroundings::of_this_machine()))?;
            drop(waiting);
            tell(&compared, output)
        }
    }
}

fn backup(config: &Config, file: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let at = SystemClock::new().now();
    let holds = back_up(&config.daemon.state, file)?;
    if output.json_wanted() {
        output.json(&Copied { exit: Exit::Done, file: &absolute(file), at, kept: None, holds: &holds })?;
        return Ok(Exit::Done);
    }
    output.line(&format!("backup of {at} in {}: {}", file.display(), in_words(&holds)))?;
    polled(&holds, output)?;
    output.note("it holds the key of the marks: keep it as safe as a token")?;
    Ok(Exit::Done)
}

fn put_back(common: &Common, file: &Path, whose: Whose, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let at = SystemClock::new().now();
    let restored = restore(&config.daemon.state, file, whose, at)?;
    // To be written into, the state of an earlier version would be made one of ours: whoever goes back to that version could not read it.
    if restored.holds.is_of_this_version() {
        remember(common, &config, Elsewhere::Restored, output)?;
    }
    let (holds, kept) = (&restored.holds, restored.kept.as_deref());
    if output.json_wanted() {
        output.json(&Copied { exit: Exit::Done, file: &absolute(file), at, kept, holds })?;
        return Ok(Exit::Done);
    }
    let state = config.daemon.state.display();
    output.line(&format!("{state} is the backup {} now: {}", file.display(), in_words(holds)))?;
    polled(holds, output)?;
    match kept {
        Some(kept) => output.line(&format!("the state that was there is kept as {}", kept.display()))?,
        None => output.line("there was no state before")?,
    }
    output.note(RECOVERY)?;
    Ok(Exit::Done)
}

fn in_words(holds: &Holds) -> String {
    let items = counted(usize::try_from(holds.items).unwrap_or(usize::MAX), "item");
    format!("{items}, schema {}, {} KiB", holds.schema, holds.bytes.div_ceil(1024))
}

fn polled(holds: &Holds, output: &mut Output<'_>) -> anyhow::Result<()> {
    let rows = holds.polled.iter().map(|(instance, to)| vec![instance.to_string(), format!("polled to {to}")]);
    Ok(output.block(&table("  ", &rows.collect::<Vec<_>>()))?)
}

fn check(config: &Config, file: Option<&Path>, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let store = match file {
        Some(file) => SqliteStore::read_only(file).map_err(no_backup)?,
        None => SqliteStore::read_only(&config.daemon.state)?,
    };
    let path = file.unwrap_or(&config.daemon.state);
    let findings = small_runtime()?.block_on(store.check());
    let exit = if findings.is_empty() { Exit::Done } else { Exit::Problems };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "state": absolute(path), "findings": findings }))?;
        return Ok(exit);
    }
    for finding in &findings {
        output.line(finding)?;
    }
    if findings.is_empty() {
        output.line(&format!("{} is whole", path.display()))?;
    } else {
        output.note(
            "Hint: keep a copy of it and its `-wal`; `jirasyncd state restore BACKUP` puts a backup in its place and keeps this one",
        )?;
    }
    Ok(exit)
}

fn key(config: &Config, file: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let identity = small_runtime()?.block_on(store.identity())?;
    write_key(file, &identity)?;
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": Exit::Done, "file": absolute(file) }))?;
        return Ok(Exit::Done);
    }
    output.line(&format!("the key of the state is in {}", file.display()))?;
    output.note("keep it as safe as a token, and elsewhere than the state: it never changes, and `jirasyncd state rebuild --key` takes it")?;
    Ok(Exit::Done)
}

fn tell_rebuilt(config: &Config, rebuilt: &Rebuilt, holds: &Holds, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let exit = if rebuilt.counts.is_empty() { Exit::Done } else { Exit::Problems };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "state": absolute(&config.daemon.state), "rebuilt": rebuilt, "holds": holds }))?;
        return Ok(exit);
    }
    output.line(&format!("{} was made anew", config.daemon.state.display()))?;
    let mut rows = vec![
        (rebuilt.read, "issues read"),
        (rebuilt.items, "items are known again"),
        (rebuilt.issues, "issues of theirs"),
        (rebuilt.without_a_mark, "issues that no mark names: the daemon looks at them as at new ones"),
    ];
    rows.extend(rebuilt.counts.iter().map(|(why, count)| (*count, why.words())));
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(count, what)| vec![count.to_string(), what.to_owned()]).collect();
    output.block(&table("", &rows))?;
    for Doubtful { sync, side, key, why } in &rebuilt.doubts {
        output.line(&format!("  {key} (sync {sync}, side {side}) {}", why.words()))?;
    }
    let all: u64 = rebuilt.counts.values().sum();
    let more = all.saturating_sub(u64::try_from(rebuilt.doubts.len()).unwrap_or(u64::MAX));
    if more > 0 {
        output.line(&format!("  and {more} more"))?;
    }
    output.note(REBUILT)?;
    Ok(exit)
}

fn tell(compared: &Compared, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let stays = compared.counts.keys().any(|how| !how.passes());
    let exit = if !compared.errors.is_empty() {
        Exit::Instance
    } else if stays {
        Exit::Problems
    } else {
        Exit::Done
    };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "compared": compared }))?;
        return Ok(exit);
    }
    let mut rows = vec![
        (compared.items, "items"),
        (compared.issues, "issues of theirs"),
        (compared.same, "are as the state knows them"),
    ];
    rows.extend(compared.counts.iter().map(|(how, count)| (*count, how.words())));
    let seldom = [
        (compared.same_by_time, "of these by time, key and mark alone: what they showed is not known"),
        (compared.known_missing, "are missing, as the state knows"),
        (compared.unread, "could not be read"),
        (compared.left_out, "items of syncs that were ended or are not configured"),
    ];
    rows.extend(seldom.into_iter().filter(|(count, _)| *count > 0));
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(count, what)| vec![count.to_string(), what.to_owned()]).collect();
    output.block(&table("", &rows))?;
    for Differs { sync, side, key, how } in &compared.differ {
        output.line(&format!("  {key} (sync {sync}, side {side}) {}", how.words()))?;
    }
    let all: u64 = compared.counts.values().sum();
    let more = all.saturating_sub(u64::try_from(compared.differ.len()).unwrap_or(u64::MAX));
    if more > 0 {
        output.line(&format!("  and {more} more"))?;
    }
    for (instance, why) in &compared.errors {
        output.note(&format!("{instance}: {why}"))?;
    }
    Ok(exit)
}
