//! `jirasyncd audit`: what left for a side, by whose act, under which rule and with which result, and what operators did. Must never print
//! a value that was written, change the state, or give a spreadsheet anything that it would calculate.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::arguments::Common;
use super::exit::Exit;
use super::output::Output;
use super::settings::load;
use super::since::Since;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::engine::LastKnown;
use crate::model::command::{CommandRecord, Ended};
use crate::model::ids::{SideId, SyncId};
use crate::model::store::Store as _;
use crate::model::trail::{Left, authors_in_words};
use crate::store::{Page, SqliteStore};

/// Writes that are read at once.
const AT_ONCE: usize = 1_000;

/// The columns of the table.
const COLUMNS: [&str; 13] = [
    "at",
    "what",
    "sync",
    "side",
    "key",
    "rules",
    "by",
    "because",
    "operation",
    "request",
    "result",
    "settled",
    "command",
];

/// The arguments of `audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    /// The side that it left for.
    #[arg(long, value_name = "SIDE")]
    pub(super) side: String,
    /// From this time on: `2026-03-01`, `2026-03-01T09:30:00Z` (UTC), or how long ago: `2h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Since,
    /// Only what left under this sync.
    #[arg(long, value_name = "SYNC")]
    pub(super) sync: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Prints CSV, for a spreadsheet.
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
}

/// One entry: a write, or a command of an operator.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    Write(Box<Left>),
    Command(Given),
}

/// A command as it is told: what was answered may say more than is told here.
#[derive(Serialize)]
struct Given {
    at: Timestamp,
    by: String,
    command: String,
    result: Ended,
}

impl Given {
    fn of(record: &CommandRecord) -> Self {
        let CommandRecord { at, by, command, answer } = record;
        Self { at: *at, by: by.to_string(), command: command.to_string(), result: answer.ended }
    }
}

impl Entry {
    fn at(&self) -> Timestamp {
        match self {
            Self::Write(left) => left.at,
            Self::Command(given) => given.at,
        }
    }

    /// One line for people.
    fn words(&self) -> String {
        match self {
            Self::Write(left) => {
                let key = left.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
                let mut line = format!("{:.3} {}{key} {} ({}", left.at, left.side, left.kind, left.sync);
                if !left.rules.is_empty() {
                    line.push_str(&format!(": {}", left.rules.join(", ")));
                }
                line.push(')');
                if !left.authors.is_empty() {
                    line.push_str(&format!(", by {}", authors_in_words(&left.authors)));
                }
                if let Some(brought) = &left.brought {
                    line.push_str(&format!(", because of {brought}"));
                }
                line.push_str(&format!(": {}", left.result));
                if let Some(operation) = left.operation {
                    line.push_str(&format!("; operation {operation}"));
                }
                if let Some(request) = &left.request {
                    line.push_str(&format!(", request {request}"));
                }
                line
            }
            Self::Command(Given { at, by, command, result }) => {
                format!("{at:.3} operator {by}: `{command}`: {}", word(*result))
            }
        }
    }

    /// The row of the table.
    fn cells(&self) -> [String; COLUMNS.len()] {
        let cells = match self {
            Self::Write(left) => [
                left.at.to_string(),
                left.kind.clone(),
                left.sync.to_string(),
                left.side.to_string(),
                left.key.as_ref().map(ToString::to_string).unwrap_or_default(),
                left.rules.join(" "),
                authors_in_words(&left.authors),
                left.brought.clone().unwrap_or_default(),
                left.operation.map(|operation| operation.to_string()).unwrap_or_default(),
                left.request.clone().unwrap_or_default(),
                left.result.clone(),
                left.settled.map(|settled| settled.to_string()).unwrap_or_default(),
                String::new(),
            ],
            Self::Command(Given { at, by, command, result }) => {
                let mut cells: [String; COLUMNS.len()] = Default::default();
                let [first, what, .., last] = &mut cells;
                (*first, *what, *last) = (at.to_string(), "command".to_owned(), command.clone());
                [cells[6], cells[10]] = [by.clone(), word(*result).to_owned()];
                cells
            }
        };
        cells.map(|cell| harmless(&cell))
    }
}

fn word(ended: Ended) -> &'static str {
    match ended {
        Ended::Done => "done",
        Ended::Unchanged => "it was so already",
        Ended::Shown => "only shown",
        Ended::Refused => "refused",
    }
}

/// Signs that a formula begins with, the wide ones of East Asia among them.
const CALCULATED: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Signs at which a spreadsheet splits a line, beside our own: by the language of whoever opens it. A quotation mark of ours does not keep it
/// from that, for it stands where no cell of theirs begins.
const SPLITS: [char; 3] = [';', '|', '\t'];

/// A cell that no terminal acts on and no spreadsheet calculates, wherever it splits.
fn harmless(cell: &str) -> String {
    let cell = escaped(cell);
    let mut safe = String::with_capacity(cell.len());
    let mut begins = true;
    for (at, sign) in cell.char_indices() {
        let rest = cell.get(at..).unwrap_or_default();
        // Spaces and quotation marks may be taken away where it is opened.
        if begins && rest.trim_start_matches([' ', '"']).starts_with(CALCULATED) {
            safe.push('\'');
        }
        safe.push(sign);
        begins = SPLITS.contains(&sign);
    }
    safe
}

/// Tells it.
pub(super) fn run(common: &Common, wanted: &Audit, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let (side, sync) = (SideId::from(wanted.side.as_str()), wanted.sync.as_deref().map(SyncId::from));
    let since = wanted.since.moment();
    small_runtime()?.block_on(async {
        let store = SqliteStore::read_only(&config.daemon.state)?;
        let given = store.commands(Some(since), usize::MAX).await?;
        let concerns = |record: &&CommandRecord| match (&sync, record.command.sync()) {
            (Some(wanted), Some(named)) => wanted == named,
            (None, _) | (_, None) => true,
        };
        let given = given.iter().filter(concerns).map(|record| Entry::Command(Given::of(record)));
        // Few, beside what was written to issues.
        let mut things = store.things_left_for(&side, sync.as_ref(), since).await?;
        let people = LastKnown::of(&store).await?;
        things.iter_mut().for_each(|left| people.call(&left.sync, &mut left.authors));
        let mut few: Vec<Entry> = given.chain(things.into_iter().map(|left| Entry::Write(Box::new(left)))).collect();
        few.sort_by_key(Entry::at);
        tell(&config, (&store, &people), (&side, sync.as_ref(), since), few, (wanted.csv, output)).await
    })
}

async fn tell(
    config: &Config,
    (store, people): (&SqliteStore, &LastKnown),
    (side, sync, since): (&SideId, Option<&SyncId>, Timestamp),
    few: Vec<Entry>,
    (csv, output): (bool, &mut Output<'_>),
) -> anyhow::Result<Exit> {
    let mut any = few.iter().any(|entry| matches!(entry, Entry::Write(_)));
    let mut few = few.into_iter().peekable();
    let (mut page, mut all, mut first) = (Some(Page::since(since)), Vec::new(), true);
    while let Some(from) = page {
        let (left, next) = store.left_for(side, sync, from, AT_ONCE).await?;
        any |= !left.is_empty();
        let mut entries: Vec<Entry> = Vec::with_capacity(left.len());
        for mut left in left {
            people.call(&left.sync, &mut left.authors);
            while let Some(before) = few.next_if(|entry| entry.at() <= left.at) {
                entries.push(before);
            }
            entries.push(Entry::Write(Box::new(left)));
        }
        if next.is_none() {
            entries.extend(few.by_ref());
        }
        if output.json_wanted() {
            all.append(&mut entries);
        } else if csv {
            output.block(&table(&entries, first)?)?;
        } else {
            for entry in &entries {
                output.line(&entry.words())?;
            }
        }
        (page, first) = (next, false);
    }
    let known = config.syncs.iter().filter(|(name, _)| sync.is_none_or(|sync| sync == *name));
    let known = known.flat_map(|(_, settings)| settings.side_ids()).any(|named| named == side);
    // Somebody who asks whether anything left for a side must hear that there is none of that name.
    let exit = if any || known { Exit::Done } else { Exit::Problems };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "side": side, "since": since, "entries": all }))?;
    }
    let no_sync = sync.filter(|sync| !config.syncs.contains_key(*sync));
    if let (false, Some(sync)) = (any, no_sync) {
        output.note(&format!("nothing left under a sync `{sync}`, and the configuration has none of that name"))?;
    } else if !any && !known {
        output.note(&format!("nothing left for a side `{side}`, and the configuration has none of that name there"))?;
    } else if !any {
        output.note(&format!("nothing left for side `{side}` since {since}"))?;
    }
    Ok(exit)
}

fn table(entries: &[Entry], with_header: bool) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_header {
        writer.write_record(COLUMNS)?;
    }
    for entry in entries {
        writer.write_record(entry.cells())?;
    }
    let text = writer.into_inner().map_err(|error| anyhow::anyhow!("could not write a table: {error}"))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trail::Author;

    #[test]
    fn no_cell_is_calculated_and_none_acts() {
        let name = Some("=cmd|' /C calc'!A0,\"\u{1b}[2J\nx".to_owned());
        let left = Left {
            at: Timestamp::UNIX_EPOCH,
            settled: None,
            sync: "support".into(),
            side: "globex".into(),
            key: None,
            item: None,
            kind: "comment-add".to_owned(),
            rules: vec!["-2+3".to_owned(), "@SUM".to_owned()],
            authors: vec![Author { side: "acme".into(), account: None, name }],
            brought: Some("x;=HYPERLINK(\"http://x\")|+1; @b;\"=1;-".to_owned()),
            operation: None,
            request: Some("+1".to_owned()),
            result: "done".to_owned(),
        };
        let text = table(&[Entry::Write(Box::new(left))], true).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(&row[5], "'-2+3 @SUM");
        assert_eq!(&row[6], "'=cmd|' /C calc'!A0,\"\\u{1b}[2J\\nx on acme");
        // Where a `;` splits, what follows one is a cell of its own.
        assert_eq!(&row[7], "x;'=HYPERLINK(\"http://x\")|'+1;' @b;'\"=1;'-");
        assert_eq!(&row[9], "'+1");
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
    }
}
