//! `jirasyncd health`: whether a daemon is well, for a container's health check. It must never need a secret.

use super::arguments::{Common, Health as Wanted};
use super::exit::Exit;
use super::output::Output;
use super::{settings, small_runtime};
use crate::config::SecretsWanted;
use crate::console::{Health, ask_health};

/// Asks and says `ok`, or why not.
pub(super) fn run(common: &Common, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let address = match wanted.address {
        Some(address) => address,
        None => settings::load(common, SecretsWanted::No, output)?.daemon.listen,
    };
    let health = small_runtime()?.block_on(ask_health(address));
    let (exit, why) = match health {
        Health::Well => (Exit::Done, None),
        Health::Ill(why) => (Exit::Problems, Some(why)),
    };
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": exit, "healthy": why.is_none(), "why": why }))?;
    } else {
        output.block(&format!("{}\n", why.as_deref().unwrap_or("ok")))?;
    }
    Ok(exit)
}
