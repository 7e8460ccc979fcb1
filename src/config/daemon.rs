//! The `[daemon]` table. Must never touch what it names: no file is created, no port bound.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Reading;
use super::keys;
use super::node::Cursor;
use super::problem::Findings;
use super::time::{cron_problem, default_of, duration_of};
use super::webhooks::{self, WebhookSettings};
use crate::model::settings::UnknownCopies;

/// A variable that stands above `listen`: an image knows where it must listen, the configuration of its user does not.
const LISTEN_VARIABLE: &str = "JIRASYNCD_LISTEN";

/// The process: its state, its address, its pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSettings {
    /// The database file.
    pub state: PathBuf,
    /// Address and port of health and metrics.
    pub listen: SocketAddr,
    /// How often each instance is asked what changed.
    pub poll: Duration,
    /// When everything is compared: cron with seconds, in UTC, without jitter.
    pub sweep: String,
    /// The control socket, where one is named.
    pub socket: Option<PathBuf>,
    /// What to make of issues that the sync user made for another state.
    pub unknown_copies: UnknownCopies,
    /// How webhooks are taken; `None`: they are not.
    pub webhooks: Option<WebhookSettings>,
}

/// Reads the table; without one every default stands.
pub(super) fn read(reading: &Reading<'_>, top: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<DaemonSettings> {
    let table = top.get(&keys::DAEMON).unwrap_or_else(|| top.nothing());
    let state = state(reading, &table, findings);
    let listen = listen(reading, &table, findings);
    let poll = duration_of(&table, &keys::POLL, &("1s"..="1h"), findings);
    let sweep = sweep(&table, findings);
    let socket = table.get(&keys::SOCKET).and_then(|cursor| Some(reading.beside(cursor.text()?)));
    let word = table.get(&keys::UNKNOWN_COPIES).and_then(|cursor| cursor.text().map(str::to_owned));
    let unknown_copies = match word.as_deref().unwrap_or(default_of(&keys::UNKNOWN_COPIES)) {
        "leave" => UnknownCopies::Leave,
        _ => UnknownCopies::Hold,
    };
    let webhooks = match table.get(&keys::WEBHOOKS).filter(Cursor::is_table) {
        Some(webhooks) => Some(webhooks::read(&webhooks, findings)?),
        None => None,
    };
    Some(DaemonSettings {
        state: state?,
        listen: listen?,
        poll: poll?,
        sweep: sweep?,
        socket,
        unknown_copies,
        webhooks,
    })
}

fn state(reading: &Reading<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<PathBuf> {
    let cursor = table.get(&keys::STATE);
    let text = match &cursor {
        Some(cursor) => cursor.text().filter(|text| !text.trim().is_empty())?,
        None => default_of(&keys::STATE),
    };
    let path = text.strip_prefix("sqlite:").filter(|path| !path.is_empty() && !path.starts_with("//"));
    if let (None, Some(cursor)) = (path, &cursor) {
        let postgres = text.starts_with("postgres:") || text.starts_with("postgresql:");
        if postgres {
            // Such a URL may hold a password.
            findings.mask(cursor.node.span.clone());
            let help = "write `sqlite:PATH`: one daemon on one machine";
            findings.error(&cursor.spot, "a state in PostgreSQL is not built yet", help);
        } else {
            let message = "`state` does not say where the state lies";
            findings.error(&cursor.spot, message, format!("write `sqlite:PATH`: `{}`", default_of(&keys::STATE)));
        }
    }
    path.map(|path| reading.beside(path))
}

fn listen(reading: &Reading<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<SocketAddr> {
    let written = written_listen(table, findings);
    let Some(text) = reading.environment.variable(LISTEN_VARIABLE).filter(|text| !text.is_empty()) else {
        return written;
    };
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("the environment variable `{LISTEN_VARIABLE}` is no address with a port");
        findings.error(&table.spot, message, "set it to an IP address and a port: `0.0.0.0:8470`");
    }
    address
}

fn written_listen(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<SocketAddr> {
    let Some(cursor) = table.get(&keys::LISTEN) else { return default_of(&keys::LISTEN).parse().ok() };
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no address with a port");
        findings.error(&cursor.spot, message, "write an IP address and a port: `127.0.0.1:8470`, `[::1]:8470`");
    }
    if address.is_some_and(|address: SocketAddr| !address.ip().is_loopback()) {
        let message = "health and figures are told without a login to whoever reaches this address";
        let help = "write `127.0.0.1:8470`, or see to it that only those reach it who may know (they name no issue and no person)";
        findings.warning(&cursor.spot, message, help);
    }
    address
}

fn sweep(table: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let Some(cursor) = table.get(&keys::SWEEP) else { return Some(default_of(&keys::SWEEP).to_owned()) };
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    if let Some(message) = cron_problem(text) {
        let help = "write second, minute, hour, day, month, weekday: `0 17 */6 * * *`";
        findings.error(&cursor.spot, message, help);
        return None;
    }
    Some(text.to_owned())
}
