//! Whether everything that may arrive arrived, once: replicas, values, comments. Where people wrote one field on two sides at
//! about the same time, any of their values will do, as long as the sides agree. It must never demand what a side may not see.

use jiff::SignedDuration;

use super::super::party::Party;
use super::super::topic::{Shared, Topic, paragraphs};
use super::item::{Item, Replica, Write};
use super::{Finding, Report, Rule};
use crate::simulator::CommentView;

/// Writes on two sides closer than this may have been made without knowing of each other.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(5);

/// Checks one item.
pub(super) fn check(item: &Item<'_>, report: &mut Report) {
    replicas(item, report);
    for topic in Topic::ALL {
        let writes = item.writes(topic);
        for party in Party::ALL {
            if let Some(replica) = item.single(party).filter(|_| item.belongs(party)) {
                value(item, replica, topic, &writes, report);
            }
        }
        agreement(item, topic, &writes, report);
    }
    for replica in item.replicas.values().flatten() {
        for comment in &replica.issue.comments {
            self::comment(item, *replica, comment, report);
        }
    }
}

fn replicas(item: &Item<'_>, report: &mut Report) {
    let Item { tag, born, .. } = item;
    for party in Party::ALL {
        let there = item.replicas.get(&party).map_or(&[][..], Vec::as_slice);
        let keys = || there.iter().map(|replica| replica.issue.key.clone()).collect::<Vec<_>>().join(", ");
        if there.len() > 1 {
            let what =
                format!("{tag} from {} stands {} times at {}: {}", born.place(), there.len(), party.name(), keys());
            report.findings.push(Finding::new(Rule::Once, what));
        }
        if !item.belongs(party) {
            if !there.is_empty() {
                let what =
                    format!("{tag} from {} has no business at {}, but is {} there", born.place(), party.name(), keys());
                report.findings.push(Finding::new(Rule::Apart, what));
            }
        } else if party != born.party {
            report.expected += 1;
            report.expected_issues += 1;
            if there.is_empty() {
                let what = format!("{tag} from {} has not arrived at {}", born.place(), party.name());
                report.findings.push(Finding::new(Rule::Arrives, what));
            } else {
                report.arrived += 1;
                report.arrived_issues += 1;
            }
        }
    }
}

fn value(item: &Item<'_>, replica: Replica<'_>, topic: Topic, writes: &[Write], report: &mut Report) {
    let visible: Vec<&Write> = writes.iter().filter(|write| topic.reaches(replica.party, write.party)).collect();
    let Some(last) = visible.last() else {
        // Nothing of this field may be seen here; that nothing crossed is for others to say.
        return;
    };
    let actual = replica.value(topic);
    let verdict = match topic {
        Topic::Labels => labels(&visible, writes, actual.as_deref()),
        Topic::Description => text(replica.party, &visible, writes, last, &actual),
        Topic::Summary | Topic::IssueType | Topic::Status | Topic::Priority | Topic::Assignee | Topic::Severity => {
            scalar(&visible, last, &actual)
        }
    };
    let carried = visible.iter().any(|write| write.party != replica.party);
    report.expected += usize::from(carried);
    match verdict {
        Ok(()) => report.arrived += usize::from(carried),
        Err(wanted) => {
            let what = format!(
                "{} {}: {} is {}, but should be {wanted}",
                item.tag,
                replica.place(),
                topic.name(),
                shown(&actual)
            );
            report.findings.push(Finding::new(Rule::Arrives, what));
        }
    }
}

fn shown(value: &Shared) -> String {
    value.as_ref().map_or_else(|| "empty".to_owned(), |value| format!("`{value}`"))
}

fn near(a: &Write, b: &Write) -> bool {
    a.at.duration_since(b.at).abs() <= AT_ONCE
}

/// The writes that compete with the last one: it alone, unless another side wrote at about the same time.
fn rivals<'a>(visible: &[&'a Write], last: &'a Write) -> Vec<&'a Write> {
    if visible.iter().any(|write| write.party != last.party && near(write, last)) {
        visible.iter().copied().filter(|write| near(write, last)).collect()
    } else {
        vec![last]
    }
}

fn scalar(visible: &[&Write], last: &Write, actual: &Shared) -> Result<(), String> {
    let rivals = rivals(visible, last);
    if rivals.iter().any(|write| write.value == *actual) {
        return Ok(());
    }
    Err(rivals.iter().map(|write| shown(&write.value)).collect::<Vec<_>>().join(" or "))
}

/// Word by word: the last who added or removed a word decides, unless two sides did so at about the same time, or the last
/// one may not be seen here.
fn labels(visible: &[&Write], all: &[Write], actual: Option<&str>) -> Result<(), String> {
    let words = |value: &Shared| -> Vec<String> {
        value.as_deref().map_or_else(Vec::new, |value| value.split(' ').map(str::to_owned).collect())
    };
    let has = actual.map_or_else(Vec::new, |value| value.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let mut known: Vec<String> = all.iter().flat_map(|write| words(&write.value)).collect();
    known.sort_unstable();
    known.dedup();
    if let Some(stranger) = has.iter().find(|word| !known.contains(word)) {
        return Err(format!("without `{stranger}`, which nobody wrote"));
    }
    for word in known {
        let has_word = |value: &Shared| words(value).contains(&word);
        // The writes at which the word came or went, oldest first.
        let turns: Vec<&Write> = all.iter().filter(|write| has_word(&write.before) != has_word(&write.value)).collect();
        let Some(last) = turns.last().copied() else { continue };
        let wanted = has_word(&last.value);
        let seen = visible.iter().any(|write| std::ptr::eq(*write, last));
        let contested = turns.iter().any(|write| write.party != last.party && near(write, last));
        if seen && !contested && has.contains(&word) != wanted {
            return Err(format!("{} `{word}`", if wanted { "with" } else { "without" }));
        }
    }
    Ok(())
}

/// Texts merge, so the last text stands as it was written only if its author knew all others, and nobody wrote whom this side
/// or the author's may not see. Otherwise every paragraph must be somebody's, and what the last author added or took away must show.
fn text(party: Party, visible: &[&Write], all: &[Write], last: &Write, actual: &Shared) -> Result<(), String> {
    let hidden: Vec<&str> =
        Party::ALL.iter().filter(|other| !party.sees(**other)).filter_map(|other| other.canary()).collect();
    let lines = |value: &Shared| value.as_deref().map_or_else(Vec::new, paragraphs);
    // A paragraph of somebody who may not be seen here does not go along with another's edit beside it.
    let allowed = |value: &Shared| -> Vec<String> {
        lines(value).into_iter().filter(|line| !hidden.iter().any(|canary| line.contains(canary))).collect()
    };
    let (actual, wanted, before) = (lines(actual), allowed(&last.value), allowed(&last.before));
    if actual == wanted {
        return Ok(());
    }
    let others = || visible.iter().filter(|write| !std::ptr::eq(**write, last));
    let knew = others().next_back().is_none_or(|write| allowed(&write.value) == before);
    // Nor could the last author know whom their own side may not see: their text then joins another's at home.
    let met_all = all.iter().all(|write| last.party.sees(write.party));
    let alone = visible.len() == all.len() && met_all && rivals(visible, last).len() == 1;
    let added = || wanted.iter().filter(|line| !before.contains(line));
    let removed = || before.iter().filter(|line| !wanted.contains(line));
    let somebodys = || actual.iter().all(|line| visible.iter().any(|write| lines(&write.value).contains(line)));
    let shows = added().all(|line| actual.contains(line)) && !removed().any(|line| actual.contains(line));
    if !(knew && alone) && shows && somebodys() {
        return Ok(());
    }
    Err(shown(&Some(wanted.join(" / "))))
}

/// A partner that sees everybody who wrote a field holds what home holds.
fn agreement(item: &Item<'_>, topic: Topic, writes: &[Write], report: &mut Report) {
    let Some(home) = item.single(Party::Acme) else { return };
    for party in [Party::Globex, Party::Initech].into_iter().filter(|party| item.belongs(*party)) {
        let Some(replica) = item.single(party) else { continue };
        let sees_all = writes.iter().all(|write| topic.reaches(party, write.party));
        if sees_all && replica.value(topic) != home.value(topic) {
            let what = format!(
                "{} {}: {} is {}, but {} at {}",
                item.tag,
                replica.place(),
                topic.name(),
                shown(&replica.value(topic)),
                shown(&home.value(topic)),
                home.place()
            );
            report.findings.push(Finding::new(Rule::Arrives, what));
        }
    }
}

/// The word that people put in each of their comments.
fn note(body: &str) -> Option<&str> {
    body.split(|c: char| !c.is_alphanumeric())
        .find(|word| word.strip_prefix("note").is_some_and(|rest| rest.len() >= 4 && rest.parse::<u64>().is_ok()))
}

fn comment(item: &Item<'_>, replica: Replica<'_>, comment: &CommentView, report: &mut Report) {
    let Some(word) = note(&comment.body) else {
        let what = format!("{} {}: a comment that stands for nobody's: `{}`", item.tag, replica.place(), comment.body);
        report.findings.push(Finding::new(Rule::Once, what));
        return;
    };
    if replica.side.is_sync(comment.author.as_deref()) {
        let originals = item.replicas.values().flatten().flat_map(|other| {
            let by_people = other.issue.comments.iter().filter(|known| !other.side.is_sync(known.author.as_deref()));
            by_people.filter(|known| note(&known.body) == Some(word)).map(|_| other.party)
        });
        if !originals.into_iter().any(|party| party != replica.party) {
            let what = format!("{} {}: a copy of {word}, which was not written elsewhere", item.tag, replica.place());
            report.findings.push(Finding::new(Rule::NoEcho, what));
        }
        return;
    }
    for party in Party::ALL.into_iter().filter(|party| *party != replica.party) {
        let Some(target) = item.single(party) else { continue };
        let copies: Vec<&CommentView> =
            target.issue.comments.iter().filter(|copy| note(&copy.body) == Some(word)).collect();
        let may = item.belongs(party) && party.sees(replica.party) && comment.visibility.is_none();
        let whose = format!("{} comment {word} from {}", item.tag, replica.place());
        if !may {
            if !copies.is_empty() {
                report.findings.push(Finding::new(Rule::Apart, format!("{whose} is at {}", party.name())));
            }
            continue;
        }
        report.expected += 1;
        let written = comment.updated.strftime("%H:%M:%S%.3f");
        match copies.as_slice() {
            [] => {
                let what = format!("{whose}, written {written}, has not arrived at {}", party.name());
                report.findings.push(Finding::new(Rule::Arrives, what));
            }
            [copy] if paragraphs(&copy.body).join("\n").contains(&paragraphs(&comment.body).join("\n")) => {
                report.arrived += 1;
            }
            [copy] => {
                let what = format!(
                    "{whose}, written {written}, reads `{}` at {} since {}, but should `{}`",
                    copy.body,
                    party.name(),
                    copy.updated.strftime("%H:%M:%S%.3f"),
                    comment.body
                );
                report.findings.push(Finding::new(Rule::Arrives, what));
            }
            more => {
                let what = format!("{whose} stands {} times at {}", more.len(), party.name());
                report.findings.push(Finding::new(Rule::Once, what));
            }
        }
    }
}
