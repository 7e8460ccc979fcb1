//! How a sync begins, and how creations are paced: how many may come at once without a person's word, at which pace, and what is
//! made of what paired issues already hold. Data only. Must never read a clock or a time zone by itself: both are handed in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, SideId, SyncId};

/// As many creations at once need nobody's word, unless the file says another number.
pub const MOST_CREATIONS: u64 = 100;

/// How a sync begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartSettings {
    /// Of more creations at once none is made until a person says so.
    pub most_creations: u64,
    /// At most so many creations of the backlog within an hour. `None`: as fast as the instances take them.
    pub per_hour: Option<u64>,
    /// When the backlog is created. `None`: always.
    pub window: Option<Window>,
    /// What is made of what paired issues already hold.
    pub history: History,
    /// Per side the accounts that an earlier bridge wrote as: nothing of theirs is a person's.
    pub former: BTreeMap<SideId, BTreeSet<AccountId>>,
}

impl Default for StartSettings {
    fn default() -> Self {
        Self {
            most_creations: MOST_CREATIONS,
            per_hour: None,
            window: None,
            history: History::Match,
            former: BTreeMap::new(),
        }
    }
}

impl StartSettings {
    /// Whether an earlier bridge wrote as this account on a side.
    #[must_use]
    pub fn is_former(&self, side: &SideId, account: Option<&AccountId>) -> bool {
        account.is_some_and(|account| self.former.get(side).is_some_and(|former| former.contains(account)))
    }

    /// Whether creations of the backlog are held to a pace.
    #[must_use]
    pub fn has_a_pace(&self) -> bool {
        self.per_hour.is_some() || self.window.is_some()
    }
}

/// What is made of the comments, files and logged work that two issues already hold when they are paired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    /// What says the same on both is one thing; the rest is copied.
    #[default]
    Match,
    /// All of it stays where it is; what comes later is copied.
    FromNow,
    /// All of it is copied.
    Copy,
}

/// A part of each day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// When it opens, by the zone's clocks.
    pub from: Time,
    /// When it shuts; before `from`: on the next day.
    pub to: Time,
    /// Whose clocks.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub zone: TimeZone,
}

impl Window {
    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let time = at.to_zoned(self.zone.clone()).time();
        if self.from <= self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to }
    }

    /// When it is open next; now, where it is.
    #[must_use]
    pub fn opens(&self, at: Timestamp) -> Timestamp {
        if self.is_open(at) {
            return at;
        }
        let today = at.to_zoned(self.zone.clone()).date();
        let days = [Some(today), today.checked_add(1.day()).ok()];
        let opens = days.into_iter().flatten().filter_map(|day| {
            Some(day.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?.timestamp()).filter(|opens| *opens > at)
        });
        opens.min().unwrap_or(at)
    }

    /// When it shuts next, from a moment in which it is open.
    fn shuts(&self, at: Timestamp) -> Timestamp {
        let today = at.to_zoned(self.zone.clone()).date();
        let days = [Some(today), today.checked_add(1.day()).ok()];
        let shuts = days.into_iter().flatten().filter_map(|day| {
            Some(day.to_datetime(self.to).to_zoned(self.zone.clone()).ok()?.timestamp()).filter(|shuts| *shuts > at)
        });
        shuts.min().unwrap_or(at)
    }

    /// How many seconds pass from then on until it was open for so many.
    #[must_use]
    pub fn takes(&self, at: Timestamp, open: f64) -> f64 {
        let (mut now, mut left) = (self.opens(at), open);
        // A year of nights says enough.
        for _ in 0..366 {
            let shuts = self.shuts(now);
            let until = shuts.duration_since(now).as_secs_f64();
            if left <= until || shuts == now {
                break;
            }
            (left, now) = (left - until, self.opens(shuts));
        }
        now.duration_since(at).as_secs_f64() + left
    }
}

/// How the creations of a sync stand. Durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether they are made.
    pub phase: Phase,
    /// What was made since then, by our clock, is no part of the burst that is counted.
    pub since: Timestamp,
    /// As many as this a person let be made, of the burst that is counted.
    #[serde(default)]
    pub confirmed: Option<u64>,
    /// Every creation of the burst waits for a person's word: another configuration would make them, which a running daemon went over to.
    #[serde(default)]
    pub asked: bool,
}

impl Standing {
    /// A burst that is counted from now on.
    #[must_use]
    pub fn counting(since: Timestamp) -> Self {
        Self { phase: Phase::Counting, since, confirmed: None, asked: false }
    }

    /// Under what it is kept.
    #[must_use]
    pub fn note(sync: &SyncId) -> String {
        format!("creations of {sync}")
    }
}

/// Whether the creations of a sync are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// They are counted first.
    Counting,
    /// There are too many: they wait for a person's word.
    Stopped,
    /// They are made.
    Open,
}

/// What is counted of what lies before a sync.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// How many sides it has.
    pub sides: usize,
    /// An item that somebody just changed counts where fewer sides than this have a counterpart.
    pub enough: usize,
    /// The time now.
    pub now: Timestamp,
    /// Until when what is due counts.
    pub until: Timestamp,
}

/// What lies before a sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Items that are due or being worked on, but for those with a counterpart that somebody just changed.
    pub busy: u64,
    /// Issues that nobody decided on yet, but for those that wait for long.
    pub newcomers: u64,
    /// Counterparts that its items do not have, whether they are to have them or not.
    pub lacking: u64,
}

/// What begins, waits no longer, or waits from now on; one step of the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreationStep {
    /// Counterparts that wait to be created: they are looked at again when they are let go.
    pub waits: Vec<(super::ids::ItemId, SideId)>,
    /// Counterparts that are created now.
    pub begins: Vec<(super::ids::ItemId, SideId)>,
    /// Items that wait no longer, and whether they are due now.
    pub released: Vec<(super::ids::ItemId, bool)>,
    /// A note that is kept with it.
    pub note: Option<(String, String)>,
}

impl CreationStep {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty() && self.begins.is_empty() && self.released.is_empty() && self.note.is_none()
    }
}

/// How far a sync's first copies are, as the state alone tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreationFigures {
    /// The sync.
    pub sync: SyncId,
    /// How many counterparts wait to be let go, by side.
    pub waiting: BTreeMap<SideId, u64>,
    /// How many issues without a counterpart are due to be looked at.
    pub queued: u64,
    /// How many items have a counterpart.
    pub in_step: u64,
}

/// How fast first copies are made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreationPace {
    /// Creations an hour, by those of the last minutes. `None`: too few to tell.
    pub per_hour: Option<u64>,
    /// How long what is left takes at that speed, in seconds. `None`: nobody can tell.
    pub left_seconds: Option<u64>,
    /// What those that wait are waiting for.
    pub why: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Window {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Window { from: from.parse().unwrap(), to: to.parse().unwrap(), zone }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_may_go_over_midnight_and_goes_by_the_clocks_of_its_zone() {
        let night = window("20:00", "06:00");
        // Berlin is one hour ahead in winter, two in summer.
        assert!(!night.is_open(at("2026-01-10T18:59:59Z")) && night.is_open(at("2026-01-10T19:00:00Z")));
        assert!(night.is_open(at("2026-07-10T18:00:00Z")) && !night.is_open(at("2026-07-10T04:00:00Z")));
        assert_eq!(night.opens(at("2026-01-10T12:00:00Z")), at("2026-01-10T19:00:00Z"));
        assert_eq!(night.opens(at("2026-01-10T23:00:00Z")), at("2026-01-10T23:00:00Z"));
        let day = window("09:00", "17:00");
        assert_eq!(day.opens(at("2026-01-10T16:30:00Z")), at("2026-01-11T08:00:00Z"));
        // The night in which the clocks go forward: 02:30 is not there, and the window opens all the same.
        let gap = window("02:30", "05:00");
        assert!(gap.opens(at("2026-03-28T20:00:00Z")) <= at("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_takes_hours_of_a_window_takes_nights() {
        let (night, hour) = (window("20:00", "06:00"), 3_600.0);
        let takes = |from: &str, hours: f64| (night.takes(at(from), hours * hour) / hour).round();
        assert_eq!(takes("2026-01-10T20:00:00Z", 2.0), 2.0, "it is open");
        assert_eq!(takes("2026-01-10T12:00:00Z", 0.0), 7.0, "it opens at 19:00");
        assert_eq!(takes("2026-01-10T12:00:00Z", 10.0), 17.0, "one night");
        assert_eq!(takes("2026-01-10T12:00:00Z", 11.0), 32.0, "an hour of the next");
        assert_eq!(takes("2026-01-11T04:00:00Z", 21.0), 49.0, "one hour of this night, ten, ten");
        let gone = night.takes(at("2026-01-10T12:00:00Z"), 1e9);
        assert!(gone.is_finite() && gone > 1e9);
    }
}
