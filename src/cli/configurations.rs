//! `jirasyncd configurations`: what the state has been worked by, from the state alone, beside a daemon or without one. It must never
//! change anything: going back is putting the file back and `reload`.

use serde::Serialize;

use super::arguments::{Common, Configurations as Wanted};
use super::exit::Exit;
use super::output::{Output, table};
use super::{settings, small_runtime};
use crate::config::{SecretsWanted, differences};
use crate::model::configuration::KeptConfiguration;
use crate::store::SqliteStore;

/// As many are listed.
const LISTED: usize = 50;

/// One of them, as JSON.
#[derive(Serialize)]
struct Listed<'k> {
    number: u64,
    at: jiff::Timestamp,
    fingerprint: &'k str,
    existing: &'static str,
    /// What was another than in the one before.
    differences: Vec<String>,
}

/// Lists them, or prints one.
pub(super) fn run(common: &Common, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = settings::load(common, SecretsWanted::No, output)?;
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let Some(number) = wanted.number else {
        let all = small_runtime()?.block_on(store.configurations(LISTED.saturating_add(1)))?;
        return list(&all, output);
    };
    let Some(kept) = small_runtime()?.block_on(store.configuration(number))? else {
        anyhow::bail!("there is no configuration {number}; `jirasyncd configurations` lists those that were accepted");
    };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": Exit::Done, "configuration": kept }))?;
    } else {
        // As it was written, since it may go into a file: it is the administrator's own text.
        output.rendered(&kept.text)?;
    }
    Ok(Exit::Done)
}

fn list(all: &[KeptConfiguration], output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let listed = all.iter().take(LISTED).enumerate().map(|(place, kept)| {
        let before = all.get(place + 1).map(|before| differences(&before.text, &kept.text));
        Listed {
            number: kept.number,
            at: kept.at,
            fingerprint: &kept.fingerprint,
            existing: kept.existing.as_str(),
            differences: before.unwrap_or_default(),
        }
    });
    let listed: Vec<Listed<'_>> = listed.collect();
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": Exit::Done, "configurations": listed }))?;
        return Ok(Exit::Done);
    }
    for kept in &listed {
        let row = [kept.number.to_string(), kept.at.to_string(), kept.existing.to_owned()];
        output.block(&table("", &[row.to_vec()]))?;
        for line in &kept.differences {
            output.line(&format!("    {line}"))?;
        }
    }
    if listed.is_empty() {
        output.line("no daemon has worked on this state yet")?;
    }
    Ok(Exit::Done)
}
