//! How long acts take to arrive, read off the times that the Jiras gave both ends. It must never read a clock.

use std::time::Duration;

use jiff::Timestamp;

use super::super::party::Party;
use super::super::topic::Topic;
use super::item::Item;

/// Times from a person's act to its arrival on another side.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Lag {
    /// How many arrivals were measured. What was overtaken before it arrived is not one.
    pub(in super::super) measured: u32,
    /// Their sum.
    pub(in super::super) sum: Duration,
    /// The longest.
    pub(in super::super) longest: Duration,
}

impl Lag {
    fn add(&mut self, from: Timestamp, to: Timestamp) {
        let lag = Duration::try_from(to.duration_since(from)).unwrap_or_default();
        self.measured += 1;
        self.sum += lag;
        self.longest = self.longest.max(lag);
    }

    /// The mean; zero where nothing was measured.
    pub(in super::super) fn average(&self) -> Duration {
        self.sum.checked_div(self.measured).unwrap_or_default()
    }
}

/// Adds what one item shows. Acts before `since` are left out.
pub(super) fn measure(item: &Item<'_>, since: Timestamp, lag: &mut Lag) {
    let born = item.born.issue.created;
    for target in Party::ALL.into_iter().filter_map(|party| item.single(party)) {
        if target.is_copy() && born >= since {
            lag.add(born, target.issue.created);
        }
        for topic in Topic::ALL {
            let changes = target.changes(topic);
            let acts = item.writes(topic).into_iter().filter(|write| {
                write.party != target.party
                    && topic.reaches(target.party, write.party)
                    && write.at >= since
                    && write.at > born
            });
            for act in acts {
                let came =
                    changes.iter().find(|change| change.by_sync && change.at >= act.at && change.to == act.value);
                if let Some(came) = came {
                    lag.add(act.at, came.at);
                }
            }
        }
        comments(item, target.party, since, lag);
    }
}

fn comments(item: &Item<'_>, to: Party, since: Timestamp, lag: &mut Lag) {
    let Some(target) = item.single(to) else { return };
    for source in item.replicas.values().flatten().filter(|source| source.party != to) {
        let by_people = source.issue.comments.iter().filter(|comment| !source.side.is_sync(comment.author.as_deref()));
        for comment in by_people.filter(|comment| comment.created >= since) {
            let copy =
                target.issue.comments.iter().find(|copy| {
                    target.side.is_sync(copy.author.as_deref()) && copy.body.contains(comment.body.trim())
                });
            if let Some(copy) = copy {
                lag.add(comment.created, copy.created);
            }
        }
    }
}
