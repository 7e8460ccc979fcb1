//! A plan as lines for people: what `jirasyncd plan` prints. Must never leave out a write, a conflict or a hold.

use std::collections::BTreeMap;

use super::difference::by_words;
use super::line::{Line, SHOWN};
use super::{Plan, Wanted};
use crate::mapping::FOREIGN;
use crate::model::document::Document;
use crate::model::hub::{CommentRecord, Conflict, ItemState};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::{NativeValue, Visibility};
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation, Relation};
use crate::model::remark::Spent;
use crate::model::value::Value;

/// The plan as a diff, one change per line, each line ended. Empty when nothing is to be done or said.
#[must_use]
pub fn render(plan: &Plan) -> String {
    lines_of(plan).iter().map(|line| format!("{line}\n")).collect()
}

/// The plan as a diff, one change per line.
///
/// `+` creates, `~` changes, `>` moves the status on, `"` adds or changes a comment, `&` attaches a file, `@` links, `-` deletes or takes away,
/// `!` is a conflict, `x` is not done, `?` has to be read first.
#[must_use]
pub fn lines_of(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for operation in &plan.operations {
        let onward = plan.onward.get(&operation.side).map(Vec::as_slice).unwrap_or_default();
        write_operation(&mut lines, &plan.item, operation, (onward, Known::Before));
    }
    for (side, goals) in &plan.goals {
        let goals: Vec<String> = goals.iter().map(|goal| format!("`{goal}`")).collect();
        let name = name(&plan.item, side);
        let goals = goals.join(" or ");
        lines.push(Line::of(format!("> {name} status: {goals}, by the transitions that are offered then")));
    }
    lines.extend(plan.conflicts.iter().map(of_conflict));
    for hold in &plan.holds {
        let field = hold.field.as_ref().map(|field| format!(" {field}:")).unwrap_or_default();
        let name = name(&plan.item, &hold.side);
        lines.push(Line::of(format!("x {name}{field} {} ({})", hold.why, hold.remedy)));
    }
    for (side, wanted) in &plan.wanted {
        for wanted in wanted {
            let what = match wanted {
                Wanted::Transitions => "the transitions offered now are needed",
                Wanted::Comments => "a direct read of it is needed",
                Wanted::Watchers => "the list of its watchers is needed",
                Wanted::FreshRead => "its values and its history do not agree: a fresh read is needed",
            };
            lines.push(Line::of(format!("? {} {what}", name(&plan.item, side))));
        }
    }
    lines
}

/// One write, a line for each thing that it changes. It may be long done: what the item is known to hold by now is not what it changed.
#[must_use]
pub fn operation_in_words(item: &ItemState, operation: &Operation) -> Vec<String> {
    let mut lines = Vec::new();
    write_operation(&mut lines, item, operation, (&[], Known::Since));
    lines.iter().map(ToString::to_string).collect()
}

/// How what is known of an item stands to a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It is what the write finds.
    Before,
    /// The write may be in it already, and later ones too.
    Since,
}

/// A replica as people know it.
fn name(item: &ItemState, side: &SideId) -> String {
    item.replicas.get(side).map_or_else(|| side.to_string(), |replica| format!("{side} {}", replica.key))
}

fn write_operation(
    lines: &mut Vec<Line>,
    item: &ItemState,
    operation: &Operation,
    (onward, known): (&[String], Known),
) {
    let name = name(item, &operation.side);
    let mut say = |line: String| lines.push(Line::of(line));
    match &operation.action {
        Action::Create { issue_type, fields, .. } => {
            say(format!("+ {name} create `{issue_type}`"));
            lines.extend(of_fields('+', &name, fields));
        }
        Action::SetFields { fields } => lines.extend(of_fields('~', &name, fields)),
        Action::Transition { from, to, last, wanted, .. } => {
            let (goal, is_cut) = match onward {
                _ if *last => (String::new(), false),
                [] => {
                    let wanted = shown(wanted);
                    (format!(" (on the way to {wanted})"), wanted.is_cut())
                }
                stops => (stops.iter().map(|stop| format!(" -> `{stop}`")).collect(), false),
            };
            lines.push(Line::of(format!("> {name} status: `{from}` -> `{to}`{goal}")).cut(is_cut));
        }
        Action::AddComment { .. }
        | Action::EditComment { .. }
        | Action::EditOriginal { .. }
        | Action::DeleteComment { .. } => lines.extend(of_remark(item, operation, &name, known)),
        Action::Offer { field, thing, name: made } => {
            say(format!("+ {name} {field}: the {} `{made}` is made in the project", thing.word()));
        }
        Action::AddFile { origin, name: file, size, .. } => {
            say(format!("& {name} file `{file}` of {origin} is attached ({size} bytes)"));
        }
        Action::DeleteFile { file, taken: Some(by), .. } => {
            say(format!("- {name} attachment {file} is deleted: somebody deleted its copy on {by}"));
        }
        Action::DeleteFile { origin, file, copy, taken: None } => {
            say(format!("- {name} copy {copy} of attachment {file} of {origin} is deleted"));
        }
        Action::Unlink { to, .. } => say(format!("- {name} the link to the counterpart on {to} is taken away")),
        Action::DeleteIssue { with } => {
            say(format!("- {name} is deleted: it is our copy, and the counterpart on {with} is gone"));
        }
        Action::Link { link, .. } => say(format!("@ {name} links to {}", link.title)),
        Action::ShowEnd { shown, .. } => say(format!("@ {name} shows: {} {}", shown.relationship, shown.title)),
        Action::HideEnd { of, link, .. } => {
            say(format!("- {name} what is shown of link {link} of {of} is taken away"));
        }
        Action::AddIssueLink { link } => say(format!("+ {name} {}: {}", link.field, in_words(link))),
        Action::DeleteIssueLink { link, .. } => say(format!("- {name} {}: {}", link.field, in_words(link))),
        Action::AddWatcher { watcher } => say(format!("+ {name} {}: {}", watcher.field, watcher.account)),
        Action::RemoveWatcher { watcher } => say(format!("- {name} {}: {}", watcher.field, watcher.account)),
        Action::StopWatching { .. } => say(format!("- {name} the sync user stops watching it")),
    }
}

/// A write to a comment or to logged work. `None`: it is none.
fn of_remark(item: &ItemState, operation: &Operation, name: &str, known: Known) -> Option<Line> {
    let is_known = known == Known::Before;
    let read = |body: &NativeValue| crate::text::plain(&crate::text::read(body));
    if let Action::AddComment { remark, origin, comment, body, spent, terms, .. } = &operation.action {
        let (word, work) = (remark.word(), worked(*spent));
        let open = terms.under == Visibility::Everybody;
        let readers = if open { String::new() } else { format!(" (for {})", terms.under) };
        let line = Line::of(format!("\" {name} {word} {comment} of {origin}{readers}: {work}"));
        return Some(line.and(Line::quoted(&read(body))));
    }
    if let Action::EditComment { remark, origin, comment, copy, body, wanted, spent, .. } = &operation.action {
        let line = Line::of(format!("\" {name} copy {copy} of {} {comment} of {origin} becomes: ", remark.word()));
        let is_it = |record: &&CommentRecord| &record.side == origin && &record.id == comment;
        let record = item.remarks(*remark).iter().find(is_it).filter(|_| is_known);
        // What somebody else wrote into it is told as a conflict.
        let Some(was) = record.and_then(|record| record.written.get(&operation.side)) else {
            return Some(line.then(worked(*spent)).and(Line::quoted(&read(body))));
        };
        let work = match (was.spent, *spent) {
            (Some(old), Some(new)) if !Spent::same(was.spent, *spent) => {
                Line::of(old.in_words()).becomes(&Line::of(new.in_words())).then(", ")
            }
            _ => Line::of(worked(*spent)),
        };
        return Some(line.and(work).and(rewritten(&was.body, wanted)));
    }
    if let Action::EditOriginal { comment, by, wanted, expects, .. } = &operation.action {
        let line = Line::of(format!("\" {name} comment {comment} becomes, as its copy on {by}: "));
        return Some(line.and(rewritten(expects, wanted)));
    }
    let Action::DeleteComment { remark, origin, comment, copy } = &operation.action else { return None };
    Some(Line::of(format!("- {name} copy {copy} of {} {comment} of {origin} is deleted", remark.word())))
}

/// What becomes of a text of people.
fn rewritten(old: &Document, new: &Document) -> Line {
    let (was, now) = (crate::text::plain(old), crate::text::plain(new));
    if old == new { Line::quoted(&now) } else { rewritten_words(&was, &now) }
}

/// Of a short text the old one and the new one, of any other the words that differ.
pub(super) fn rewritten_words(was: &str, now: &str) -> Line {
    let (old, new) = (Line::quoted(was), Line::quoted(now));
    if is_long(was) || is_long(now) || old == new { by_words(was, now) } else { old.becomes(&new) }
}

fn worked(spent: Option<Spent>) -> String {
    spent.map(|spent| format!("{}, ", spent.in_words())).unwrap_or_default()
}

/// A link as its issue shows it.
fn in_words(link: &Relation) -> String {
    let end = if link.outward { "outward" } else { "inward" };
    format!("`{}` ({end}) {}", link.kind, link.key)
}

fn of_fields(sign: char, name: &str, fields: &BTreeMap<FieldName, FieldWrite>) -> impl Iterator<Item = Line> {
    fields.iter().map(move |(field, write)| {
        let change = match &write.write {
            NativeWrite::Words { add, remove } => {
                let added = add.iter().map(|word| Line::comes(format!("+{word}")));
                let removed = remove.iter().map(|word| Line::goes(format!("-{word}")));
                Line::joined(added.chain(removed), " ")
            }
            NativeWrite::Set(new) => match &write.expects {
                Some(old) => change(old, new, &write.wanted),
                None => native(new, &write.wanted),
            },
        };
        Line::of(format!("{sign} {name} {field}: ")).and(change)
    })
}

/// Old and new. Of long texts, which both would be cut before they differ, the words that do.
fn change(old: &Value, new: &NativeValue, wanted: &Value) -> Line {
    let is_text = |value: &Value| matches!(value, Value::Line(_) | Value::Document(_));
    let (was, now) = (typed(old), typed(wanted));
    let (shown_old, shown_new) = (shown(old), native(new, wanted));
    let both_are = is_text(old) && is_text(wanted);
    let is_hidden = shown_old == shown_new && (both_are || was != now);
    if is_hidden || (both_are && (is_long(&was) || is_long(&now))) {
        return by_words(&was, &now);
    }
    shown_old.becomes(&shown_new)
}

fn is_long(text: &str) -> bool {
    text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>() > SHOWN
}

/// A conflict in one line: who stands, and what does not.
#[must_use]
pub fn conflict(conflict: &Conflict) -> String {
    of_conflict(conflict).to_string()
}

fn of_conflict(conflict: &Conflict) -> Line {
    let Conflict { field, winner, loser, .. } = conflict;
    let line = Line::of(format!("! {field}: {winner} and {loser} both changed it; {winner} stands"));
    let line = if conflict.kept == conflict.lost { line } else { line.then(" ").and(shown(&conflict.kept)) };
    let line = line.then(", ").and(shown(&conflict.lost)).then(" is kept in the record");
    if conflict.overwritten_by.is_some() { line.then(" (we had overwritten it)") } else { line }
}

/// A value in shared words, cut to a length that fits a terminal.
#[must_use]
pub fn value(value: &Value) -> String {
    shown(value).to_string()
}

fn shown(value: &Value) -> Line {
    match value {
        Value::Empty => Line::of("nothing"),
        Value::Line(text) | Value::Day(text) | Value::Number(text) | Value::Moment(text) => Line::quoted(text),
        Value::Choice(name) | Value::Person(name) => Line::quoted(name.strip_prefix(FOREIGN).unwrap_or(name)),
        Value::Words(words) => Line::of(words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
        Value::Document(document) => Line::quoted(&crate::text::plain(document)),
    }
}

/// A value as a person types it, whole and without quotes.
#[must_use]
pub fn typed(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Line(text) | Value::Day(text) | Value::Number(text) | Value::Moment(text) => text.clone(),
        Value::Choice(name) | Value::Person(name) => name.strip_prefix(FOREIGN).unwrap_or(name).to_owned(),
        Value::Words(words) => words.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        Value::Document(document) => crate::text::plain(document),
    }
}

/// A value as that side will call it.
fn native(native: &NativeValue, wanted: &Value) -> Line {
    match native {
        NativeValue::Named(named) => Line::quoted(&named.name),
        NativeValue::Person(person) => Line::quoted(&person.display_name),
        NativeValue::Parent(above) => Line::of(above.key.to_string()),
        NativeValue::Empty
        | NativeValue::Text(_)
        | NativeValue::Wiki(_)
        | NativeValue::Adf(_)
        | NativeValue::Words(_)
        | NativeValue::Links(_)
        | NativeValue::Other(_) => shown(wanted),
    }
}
