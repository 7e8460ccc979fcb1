//! `jirasyncd pairs`: lists of pairs in and out. Each row is a `pair` of its own, so one that does not fit stops nothing but itself. Must
//! never take a row before all of them were looked at.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::arguments::{Common, Pairs, PairsCommand, PairsExport, PairsImport, TableForm};
use super::command::{Source, all_done, is_agreed_to};
use super::exit::Exit;
use super::output::{Output, counted};
use super::pair_list::{Listed, read};
use super::settings::load;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::model::command::{Answer, Command, Ended};
use crate::model::ids::{SideId, SyncId};
use crate::model::settings::SyncSettings;
use crate::model::store::Store as _;
use crate::store::SqliteStore;

/// Items read at once.
const AT_ONCE: usize = 500;

/// What became of one row, as JSON.
#[derive(Serialize)]
struct Row {
    line: u64,
    keys: Vec<String>,
    ended: Ended,
    lines: Vec<String>,
}

/// The answer as JSON.
#[derive(Serialize)]
struct Imported<'a> {
    exit: Exit,
    source: Source,
    /// Whether it was only shown.
    shown: bool,
    paired: usize,
    unchanged: usize,
    refused: usize,
    rows: &'a [Row],
}

/// `pairs import` and `pairs export`.
pub(super) fn run(common: &Common, wanted: &Pairs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match &wanted.command {
        PairsCommand::Import(wanted) => import(common, wanted, output),
        PairsCommand::Export(wanted) => export(common, wanted, output),
    }
}

fn settings<'c>(config: &'c Config, sync: &str) -> anyhow::Result<&'c SyncSettings> {
    let Some(settings) = config.syncs.get(&SyncId::from(sync)) else {
        let known: Vec<&str> = config.syncs.keys().map(SyncId::as_str).collect();
        bail!("there is no sync `{sync}`; there are: {}", known.join(", "));
    };
    Ok(settings)
}

fn import(common: &Common, wanted: &PairsImport, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let sides: Vec<SideId> = settings(&config, &wanted.sync)?.side_ids().cloned().collect();
    let file = wanted.file.display();
    let bytes = fs::read(&wanted.file).with_context(|| format!("could not read the list {file}"))?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("the list {file} is not in UTF-8: save it so"))?;
    let (listed, bad) = read(&text, &sides).map_err(|why| anyhow::anyhow!("the list {file} cannot be read: {why}"))?;
    let bad =
        bad.into_iter().map(|(line, why)| Row { line, keys: Vec::new(), ended: Ended::Refused, lines: vec![why] });
    let bad: Vec<Row> = bad.collect();
    let take = |listed: &[Listed], dry_run: bool, output: &mut Output<'_>| -> anyhow::Result<(Source, Vec<Row>)> {
        let command =
            |row: &Listed| Command::Pair { sync: wanted.sync.as_str().into(), keys: row.keys.clone(), dry_run };
        let commands: Vec<Command> = listed.iter().map(command).collect();
        let (source, answers) = all_done(common, commands, output)?;
        let rows = listed.iter().zip(answers).map(|(row, Answer { ended, lines, .. })| Row {
            line: row.line,
            keys: row.keys.clone(),
            ended,
            lines,
        });
        Ok((source, rows.collect()))
    };
    let (source, looked) = take(&listed, true, output)?;
    let fit: Vec<Listed> = listed
        .into_iter()
        .zip(&looked)
        .filter(|(_, row)| row.ended == Ended::Shown)
        .map(|(listed, _)| listed)
        .collect();
    let agree = &wanted.agree;
    let told = [looked, bad];
    if !agree.yes || fit.is_empty() {
        let exit = tell(source, told.into_iter().flatten().collect(), !agree.yes, output)?;
        if agree.dry_run || fit.is_empty() {
            return Ok(exit);
        }
        if !is_agreed_to(output)? {
            return Ok(Exit::Problems);
        }
        let (source, done) = take(&fit, false, output)?;
        return Ok(exit.max(tell(source, done, false, output)?));
    }
    let (source, done) = take(&fit, false, output)?;
    let stand = told.into_iter().flatten().filter(|row| row.ended != Ended::Shown);
    tell(source, done.into_iter().chain(stand).collect(), false, output)
}

/// Says what became of the rows, or would: those that do not fit one by one, the others as a count and, where it is only shown, a list.
fn tell(source: Source, mut rows: Vec<Row>, shown: bool, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    rows.sort_by_key(|row| row.line);
    let count = |ended: &[Ended]| rows.iter().filter(|row| ended.contains(&row.ended)).count();
    let (paired, unchanged) = (count(&[Ended::Done, Ended::Shown]), count(&[Ended::Unchanged]));
    let refused = count(&[Ended::Refused]);
    let exit = if refused > 0 { Exit::Problems } else { Exit::Done };
    if output.json_wanted() {
        output.json(&Imported { exit, source, shown, paired, unchanged, refused, rows: &rows })?;
        return Ok(exit);
    }
    for row in rows.iter().filter(|row| row.ended != Ended::Unchanged) {
        let lines = row.lines.join("; ");
        match row.ended {
            Ended::Refused => output.line(&format!("row {}: not paired: {lines}", row.line))?,
            Ended::Done | Ended::Shown | Ended::Unchanged => output.line(&format!("row {}: {lines}", row.line))?,
        }
    }
    let would = if shown { "would be paired" } else { "paired" };
    output.line(&format!("{} {would}, {unchanged} paired already, {refused} not", counted(paired, "row")))?;
    Ok(exit)
}

fn export(common: &Common, wanted: &PairsExport, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let settings = settings(&config, &wanted.sync)?;
    let sides: Vec<SideId> = settings.side_ids().cloned().collect();
    let pairs = small_runtime()?.block_on(pairs(&config, settings))?;
    match wanted.format {
        TableForm::Json => output.json(&pairs)?,
        TableForm::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(sides.iter().map(SideId::as_str))?;
            for pair in &pairs {
                writer.write_record(sides.iter().map(|side| pair.get(side).map_or("", String::as_str)))?;
            }
            let text = writer.into_inner().map_err(|error| anyhow::anyhow!("could not write a table: {error}"))?;
            output.block(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(Exit::Done)
}

/// The keys of the items of a sync that have two issues or more, by side.
async fn pairs(config: &Config, sync: &SyncSettings) -> anyhow::Result<Vec<BTreeMap<SideId, String>>> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let ids = store.item_ids(after, AT_ONCE).await?;
        let Some(last) = ids.last().copied() else { break };
        after = Some(last);
        for id in ids {
            let Some(item) = store.item(id).await?.filter(|item| item.sync == sync.id) else { continue };
            let keys = item.replicas.iter().filter(|(side, _)| sync.side(side).is_some());
            let keys: BTreeMap<SideId, String> =
                keys.map(|(side, replica)| (side.clone(), replica.key.to_string())).collect();
            if keys.len() > 1 {
                found.push(keys);
            }
        }
    }
    found.sort();
    Ok(found)
}
