//! How a sync begins: `most-creations`, `backfill`, `history`, `former-sync-users`. Must never take a number or a time for granted
//! that it did not understand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::keys;
use super::node::Cursor;
use super::problem::Findings;
use crate::model::ids::{AccountId, SideId};
use crate::model::settings::SideSettings;
use crate::model::start::{History, MOST_CREATIONS, StartSettings, Window};

/// Reads the keys of a sync.
pub(super) fn read(sync: &Cursor<'_>, sides: &[SideSettings], findings: &mut Findings<'_>) -> StartSettings {
    let backfill = sync.get(&keys::BACKFILL);
    let paced = |key| backfill.as_ref().and_then(|table| table.get(key));
    StartSettings {
        most_creations: whole(sync.get(&keys::MOST_CREATIONS).as_ref(), "issues", findings).unwrap_or(MOST_CREATIONS),
        per_hour: whole(paced(&keys::PER_HOUR).as_ref(), "issues", findings),
        window: paced(&keys::BACKFILL_WINDOW).and_then(|cursor| window(&cursor, findings)),
        history: match sync.get(&keys::HISTORY).as_ref().and_then(Cursor::text) {
            Some("from-now") => History::FromNow,
            Some("copy") => History::Copy,
            Some(_) | None => History::Match,
        },
        former: former(sync, sides),
    }
}

/// A whole number of `what`.
pub(super) fn whole(cursor: Option<&Cursor<'_>>, what: &str, findings: &mut Findings<'_>) -> Option<u64> {
    let cursor = cursor?;
    let number = cursor.number()?;
    if number.fract() != 0.0 {
        findings.error(&cursor.spot, format!("`{number}` is no number of {what}"), "write a whole number: `100`");
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, above 0 and small"
    )]
    Some(number as u64)
}

fn window(cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Window> {
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let (times, zone) = text.trim().split_once(' ').unwrap_or((text.trim(), "UTC"));
    // With minutes always: `20` alone might be meant as anything.
    let time = |text: &str| text.contains(':').then(|| text.trim().parse::<Time>().ok()).flatten();
    let (from, to) = times.split_once('-').map(|(from, to)| (time(from), time(to))).unzip();
    let (Some(Some(from)), Some(Some(to))) = (from, to) else {
        let message = format!("`{text}` is no part of a day");
        findings.error(&cursor.spot, message, "write from, to and a time zone: `20:00-06:00 Europe/Berlin`");
        return None;
    };
    if from == to {
        findings.error(&cursor.spot, "this window is never open", "leave it out where it is always to be open");
        return None;
    }
    match TimeZone::get(zone.trim()) {
        Ok(zone) => Some(Window { from, to, zone }),
        Err(_) => {
            let message = format!("there is no time zone `{}`", zone.trim());
            findings.error(&cursor.spot, message, "write one by its name: `Europe/Berlin`, `America/New_York`, `UTC`");
            None
        }
    }
}

fn former(sync: &Cursor<'_>, sides: &[SideSettings]) -> BTreeMap<SideId, BTreeSet<AccountId>> {
    let Some(table) = sync.get(&keys::SIDE) else { return BTreeMap::new() };
    let mut former: BTreeMap<SideId, BTreeSet<AccountId>> = BTreeMap::new();
    for side in sides {
        let entry = table.entries().find(|entry| entry.name == side.id.as_str());
        let Some(list) = entry.and_then(|entry| entry.get(&keys::FORMER)) else { continue };
        let accounts: BTreeSet<AccountId> =
            list.items().filter_map(|item| Some(AccountId::new(item.text()?.trim()))).collect();
        if !accounts.is_empty() {
            former.insert(side.id.clone(), accounts);
        }
    }
    former
}
