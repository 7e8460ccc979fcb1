//! Whether a sync user wrote more than people can have caused, or the same field back and forth. It must never count what a
//! person did as an echo.

use super::super::party::Party;
use super::super::topic::Topic;
use super::item::{Change, Item, Replica, Write};
use super::{Finding, Rule};

/// Checks one item.
pub(super) fn check(item: &Item<'_>, findings: &mut Vec<Finding>) {
    for topic in Topic::ALL {
        let writes = item.writes(topic);
        for replica in Party::ALL.into_iter().filter_map(|party| item.single(party)) {
            let changes = replica.changes(topic);
            too_many(item, replica, topic, &writes, &changes, findings);
            back_and_forth(item, replica, topic, &writes, &changes, findings);
        }
    }
}

fn too_many(
    item: &Item<'_>,
    replica: Replica<'_>,
    topic: Topic,
    writes: &[Write],
    changes: &[Change],
    findings: &mut Vec<Finding>,
) {
    let ours = changes.iter().filter(|change| change.by_sync).count();
    // What an issue was created with may need changes of its own after the copy was made, a walk through a workflow say.
    let acts = writes.iter().filter(|write| topic.reaches(replica.party, write.party)).count();
    let most = topic.hops() * acts;
    if ours > most {
        let what = format!(
            "{} {}: {} was written {ours} times by the sync user, but people's {acts} acts explain only {most}",
            item.tag,
            replica.place(),
            topic.name()
        );
        findings.push(Finding::new(Rule::NoEcho, what));
    }
}

/// Two successive entries of the sync user, a -> b -> a, with nobody who wrote `a` since the field last became `a`.
fn back_and_forth(
    item: &Item<'_>,
    replica: Replica<'_>,
    topic: Topic,
    writes: &[Write],
    changes: &[Change],
    findings: &mut Vec<Finding>,
) {
    for (index, pair) in changes.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        if !(first.by_sync && second.by_sync && first.from == second.to && first.from != first.to) {
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| changes.get(index));
        let since = before.map_or(replica.issue.created, |change| change.at);
        let asked = writes.iter().any(|write| write.value == second.to && write.at >= since && write.at <= second.at);
        if !asked {
            let what = format!(
                "{} {}: {} went from `{}` to `{}` and back, and nobody asked for it",
                item.tag,
                replica.place(),
                topic.name(),
                first.from.as_deref().unwrap_or_default(),
                first.to.as_deref().unwrap_or_default()
            );
            findings.push(Finding::new(Rule::NoEcho, what));
        }
    }
}
