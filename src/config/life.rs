//! The `life` of a sync: what happens when an issue is not where it was. Must never let counterparts be touched for want of a word
//! about it: without the table they stay as they are.

use super::keys_life;
use super::node::Cursor;
use super::problem::{Findings, suggest};
use crate::model::settings::{Farewell, LifeSettings, MOST_EMPTIED, Table, WhenLeft};

/// As many issues of one side may go within a day unless the file says another number.
const MOST_MISSING: usize = 10;

/// Reads the table. `statuses` are the sync's, which a transition must name one of.
pub(super) fn read(sync: &Cursor<'_>, statuses: &Table, findings: &mut Findings<'_>) -> LifeSettings {
    let table = sync.get(&keys_life::LIFE);
    let key = |key| table.as_ref().and_then(|table| table.get(key));
    let most_missing = issues(key(&keys_life::LIFE_MOST).as_ref(), MOST_MISSING, findings);
    let most_emptied = issues(key(&keys_life::LIFE_EMPTIED).as_ref(), MOST_EMPTIED, findings);
    LifeSettings {
        deleted: farewell(key(&keys_life::LIFE_DELETED).as_ref(), statuses, findings),
        moved: farewell(key(&keys_life::LIFE_MOVED).as_ref(), statuses, findings),
        left: match key(&keys_life::LIFE_LEFT).as_ref().and_then(Cursor::text) {
            Some("stop") => WhenLeft::Stop,
            Some(_) | None => WhenLeft::GoOn,
        },
        most_missing,
        most_emptied,
    }
}

/// A number of issues.
fn issues(most: Option<&Cursor<'_>>, otherwise: usize, findings: &mut Findings<'_>) -> usize {
    let number = most.and_then(Cursor::number);
    if let (Some(cursor), Some(number)) = (most, number)
        && number.fract() != 0.0
    {
        let help = format!("write a whole number: `{otherwise}`");
        findings.error(&cursor.spot, format!("`{number}` is no number of issues"), help);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, above 0 and small"
    )]
    number.map_or(otherwise, |most| most as usize)
}

fn farewell(cursor: Option<&Cursor<'_>>, statuses: &Table, findings: &mut Findings<'_>) -> Farewell {
    let Some(cursor) = cursor else { return Farewell::Keep };
    if let Some(status) = cursor.get(&keys_life::LIFE_TRANSITION).filter(|_| cursor.is_table()) {
        let Some(name) = status.text() else { return Farewell::Keep };
        let is_it = |row: &&crate::model::settings::Row| {
            row.shared == name || row.names.values().flatten().any(|cell| cell == name)
        };
        let Some(row) = statuses.rows.iter().find(is_it) else {
            let help = suggest(name, statuses.rows.iter().map(|row| row.shared.as_str()));
            findings.error(&status.spot, format!("no row of `map.status` has `{name}`"), help);
            return Farewell::Keep;
        };
        return Farewell::Transition(row.shared.clone());
    }
    match cursor.text() {
        Some("comment") => Farewell::Comment,
        Some("unlink") => Farewell::Unlink,
        Some("delete") => Farewell::Delete,
        Some(_) | None => Farewell::Keep,
    }
}
