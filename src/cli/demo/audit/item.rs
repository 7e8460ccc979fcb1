//! Items and what people wrote to them, as the Jiras' histories tell. Replicas are grouped by the tag that people put in the
//! summary when they create an issue. It must never judge.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::party::Party;
use super::super::topic::{Shared, Topic};
use super::{Finding, Observed, Rule};
use crate::simulator::IssueView;

/// One issue of one side, and whose writes there are the daemon's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replica<'a> {
    pub(super) party: Party,
    pub(super) side: &'a Observed,
    pub(super) issue: &'a IssueView,
}

/// All issues with one tag.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// `[D-017]`
    pub(super) tag: String,
    /// The issue that a person created.
    pub(super) born: Replica<'a>,
    /// By side; more than one on a side is a violation.
    pub(super) replicas: BTreeMap<Party, Vec<Replica<'a>>>,
}

/// A value that a person gave a field.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) party: Party,
    /// Server time.
    pub(super) at: Timestamp,
    /// What stood there; `None` also where the issue was created with the value.
    pub(super) before: Shared,
    pub(super) value: Shared,
}

/// One change of one field in a side's history.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    pub(super) by_sync: bool,
    pub(super) from: Shared,
    pub(super) to: Shared,
}

/// The tag in a summary.
pub(in super::super) fn tag_of(summary: &str) -> Option<&str> {
    let start = summary.find("[D-")?;
    let end = summary.get(start..)?.find(']')?;
    summary.get(start..=start + end)
}

impl Replica<'_> {
    /// Whether the daemon made it.
    pub(super) fn is_copy(&self) -> bool {
        self.side.is_sync(self.issue.creator.as_deref())
    }

    /// What the field holds now.
    pub(super) fn value(&self, topic: Topic) -> Shared {
        topic.shared(self.party, self.issue.fields.get(topic.field(self.party)).map(String::as_str))
    }

    /// The field's changes, oldest first.
    pub(super) fn changes(&self, topic: Topic) -> Vec<Change> {
        let name = topic.logged_as(self.party);
        let mut changes = Vec::new();
        for entry in &self.issue.history {
            for (_, from, to) in entry.items.iter().filter(|(field, ..)| field == name) {
                changes.push(Change {
                    at: entry.created,
                    by_sync: self.side.is_sync(entry.author.as_deref()),
                    from: topic.shared(self.party, from.as_deref()),
                    to: topic.shared(self.party, to.as_deref()),
                });
            }
        }
        changes
    }

    /// What the field held when the issue was created.
    pub(super) fn initial(&self, topic: Topic) -> Shared {
        self.changes(topic).first().map_or_else(|| self.value(topic), |change| change.from.clone())
    }

    /// `SUP-17 at acme`
    pub(super) fn place(&self) -> String {
        format!("{} at {}", self.issue.key, self.party.name())
    }
}

impl<'a> Item<'a> {
    /// The replica on a side, where there is exactly one.
    pub(super) fn single(&self, party: Party) -> Option<Replica<'a>> {
        match self.replicas.get(&party).map_or(&[][..], Vec::as_slice) {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// Everything that people wrote to a field, on all sides, oldest first. What an issue was created with is the first.
    pub(super) fn writes(&self, topic: Topic) -> Vec<Write> {
        let born = Write {
            party: self.born.party,
            at: self.born.issue.created,
            before: None,
            value: self.born.initial(topic),
        };
        let mut writes = vec![born];
        for replica in self.replicas.values().flatten() {
            let by_people = replica.changes(topic).into_iter().filter(|change| !change.by_sync);
            // An entry about the share label alone changes nothing in the shared vocabulary.
            let real = by_people.filter(|change| change.from != change.to);
            writes.extend(real.map(|change| Write {
                party: replica.party,
                at: change.at,
                before: change.from,
                value: change.to,
            }));
        }
        writes.sort_by_key(|write| write.at);
        writes
    }

    /// Whether this side must have a replica: where it was born, at home, and where home's label says so.
    pub(super) fn belongs(&self, party: Party) -> bool {
        if party == self.born.party || party == Party::Acme {
            return true;
        }
        let labels = self.born.issue.fields.get("labels").map_or("", String::as_str);
        self.born.party == Party::Acme
            && party.share_label().is_some_and(|share| labels.split_whitespace().any(|label| label == share))
    }
}

/// Groups the issues of all sides. What cannot be grouped is a finding.
pub(super) fn items<'a>(sides: &'a [Observed], findings: &mut Vec<Finding>) -> Vec<Item<'a>> {
    let mut groups: BTreeMap<&str, Vec<Replica<'a>>> = BTreeMap::new();
    for side in sides {
        for issue in &side.issues {
            let replica = Replica { party: side.party, side, issue };
            match issue.fields.get("summary").and_then(|summary| tag_of(summary)) {
                Some(tag) => groups.entry(tag).or_default().push(replica),
                None => findings.push(Finding::new(Rule::Arrives, format!("{} lost its tag", replica.place()))),
            }
        }
    }
    let mut items = Vec::new();
    for (tag, replicas) in groups {
        let mut originals = replicas.iter().filter(|replica| !replica.is_copy());
        let (Some(born), None) = (originals.next().copied(), originals.next()) else {
            let places: Vec<String> = replicas.iter().map(Replica::place).collect();
            let what = format!("{tag} was created by a person not once ({})", places.join(", "));
            findings.push(Finding::new(Rule::Once, what));
            continue;
        };
        let mut by_side: BTreeMap<Party, Vec<Replica<'a>>> = BTreeMap::new();
        for replica in replicas {
            by_side.entry(replica.party).or_default().push(replica);
        }
        items.push(Item { tag: tag.to_owned(), born, replicas: by_side });
    }
    items
}
