//! A plan as lines for people: what `jirasyncd plan` prints. Must never leave out a write, a conflict or a hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::difference::by_words;
use super::{Plan, Wanted};
use crate::mapping::FOREIGN;
use crate::model::hub::{Conflict, ItemState};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::{NativeValue, Visibility};
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation, Relation};
use crate::model::remark::Spent;
use crate::model::value::Value;

/// Characters of a long value that are shown.
const SHOWN: usize = 60;

/// The plan as a diff, one change per line, each line ended. Empty when nothing is to be done or said.
///
/// `+` creates, `~` changes, `>` moves the status on, `"` adds a comment, `&` attaches a file, `!` is a conflict, `-` is not done, `?` has to be
/// read first.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for operation in &plan.operations {
        let onward = plan.onward.get(&operation.side).map(Vec::as_slice).unwrap_or_default();
        write_operation(&mut lines, &plan.item, operation, onward);
    }
    for (side, goals) in &plan.goals {
        let goals: Vec<String> = goals.iter().map(|goal| format!("`{goal}`")).collect();
        let name = name(&plan.item, side);
        lines.push(format!("> {name} status: {}, by the transitions that are offered then", goals.join(" or ")));
    }
    lines.extend(plan.conflicts.iter().map(conflict));
    for hold in &plan.holds {
        let field = hold.field.as_ref().map(|field| format!(" {field}:")).unwrap_or_default();
        lines.push(format!("- {}{field} {} ({})", name(&plan.item, &hold.side), hold.why, hold.remedy));
    }
    for (side, wanted) in &plan.wanted {
        for wanted in wanted {
            let what = match wanted {
                Wanted::Transitions => "the transitions offered now are needed",
                Wanted::Comments => "a direct read of it is needed",
                Wanted::Watchers => "the list of its watchers is needed",
                Wanted::FreshRead => "its values and its history do not agree: a fresh read is needed",
            };
            lines.push(format!("? {} {what}", name(&plan.item, side)));
        }
    }
    let mut text = String::new();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text
}

/// One write, a line for each thing that it changes.
#[must_use]
pub fn operation_in_words(item: &ItemState, operation: &Operation) -> Vec<String> {
    let mut lines = Vec::new();
    write_operation(&mut lines, item, operation, &[]);
    lines
}

/// A replica as people know it.
fn name(item: &ItemState, side: &SideId) -> String {
    item.replicas.get(side).map_or_else(|| side.to_string(), |replica| format!("{side} {}", replica.key))
}

fn write_operation(lines: &mut Vec<String>, item: &ItemState, operation: &Operation, onward: &[String]) {
    let name = name(item, &operation.side);
    let name_there = &name;
    match &operation.action {
        Action::Create { issue_type, fields } => {
            lines.push(format!("+ {name} create `{issue_type}`"));
            write_fields(lines, '+', &name, fields);
        }
        Action::SetFields { fields } => write_fields(lines, '~', &name, fields),
        Action::Transition { from, to, last, wanted, .. } => {
            let goal = match onward {
                _ if *last => String::new(),
                [] => format!(" (on the way to {})", value(wanted)),
                stops => stops.iter().map(|stop| format!(" -> `{stop}`")).collect(),
            };
            lines.push(format!("> {name} status: `{from}` -> `{to}`{goal}"));
        }
        Action::AddComment { remark, origin, comment, body, spent, terms, .. } => {
            let text = crate::text::plain(&crate::text::read(body));
            let (word, work) = (remark.word(), worked(*spent));
            let open = terms.under == Visibility::Everybody;
            let readers = if open { String::new() } else { format!(" (for {})", terms.under) };
            lines.push(format!("\" {name} {word} {comment} of {origin}{readers}: {work}{}", quoted(&text)));
        }
        Action::EditComment { remark, origin, comment, copy, body, spent, .. } => {
            let text = crate::text::plain(&crate::text::read(body));
            let (word, work) = (remark.word(), worked(*spent));
            lines.push(format!(
                "\" {name} copy {copy} of {word} {comment} of {origin} becomes: {work}{}",
                quoted(&text)
            ));
        }
        Action::EditOriginal { comment, by, body, .. } => {
            let text = crate::text::plain(&crate::text::read(body));
            lines.push(format!("\" {name} comment {comment} becomes, as its copy on {by}: {}", quoted(&text)));
        }
        Action::Offer { field, thing, name: made } => {
            lines.push(format!("+ {name_there} {field}: the {} `{made}` is made in the project", thing.word()));
        }
        Action::AddFile { origin, name, size, .. } => {
            lines.push(format!("& {name_there} file `{name}` of {origin} is attached ({size} bytes)"));
        }
        Action::DeleteFile { file, taken: Some(by), .. } => {
            lines.push(format!("- {name_there} attachment {file} is deleted: somebody deleted its copy on {by}"));
        }
        Action::DeleteFile { origin, file, copy, taken: None } => {
            lines.push(format!("- {name_there} copy {copy} of attachment {file} of {origin} is deleted"));
        }
        Action::Unlink { to, .. } => lines.push(format!("- {name} the link to the counterpart on {to} is taken away")),
        Action::DeleteIssue { with } => {
            lines.push(format!("- {name} is deleted: it is our copy, and the counterpart on {with} is gone"));
        }
        Action::Link { link, .. } => lines.push(format!("@ {name} links to {}", link.title)),
        Action::ShowEnd { shown, .. } => {
            lines.push(format!("@ {name} shows: {} {}", shown.relationship, shown.title));
        }
        Action::HideEnd { of, link, .. } => {
            lines.push(format!("- {name} what is shown of link {link} of {of} is taken away"));
        }
        Action::AddIssueLink { link } => lines.push(format!("+ {name} {}: {}", link.field, in_words(link))),
        Action::DeleteIssueLink { link, .. } => lines.push(format!("- {name} {}: {}", link.field, in_words(link))),
        Action::AddWatcher { watcher } => lines.push(format!("+ {name} {}: {}", watcher.field, watcher.account)),
        Action::RemoveWatcher { watcher } => lines.push(format!("- {name} {}: {}", watcher.field, watcher.account)),
        Action::StopWatching { .. } => lines.push(format!("- {name} the sync user stops watching it")),
        Action::DeleteComment { remark, origin, comment, copy } => {
            let word = remark.word();
            lines.push(format!("- {name} copy {copy} of {word} {comment} of {origin} is deleted"));
        }
    }
}

fn worked(spent: Option<Spent>) -> String {
    spent.map(|spent| format!("{}, ", spent.in_words())).unwrap_or_default()
}

/// A link as its issue shows it.
fn in_words(link: &Relation) -> String {
    let end = if link.outward { "outward" } else { "inward" };
    format!("`{}` ({end}) {}", link.kind, link.key)
}

fn write_fields(lines: &mut Vec<String>, sign: char, name: &str, fields: &BTreeMap<FieldName, FieldWrite>) {
    for (field, write) in fields {
        let change = match &write.write {
            NativeWrite::Words { add, remove } => {
                let added = add.iter().map(|word| format!("+{word}"));
                let removed = remove.iter().map(|word| format!("-{word}"));
                added.chain(removed).collect::<Vec<_>>().join(" ")
            }
            NativeWrite::Set(new) => match &write.expects {
                Some(old) => change(old, new, &write.wanted),
                None => native(new, &write.wanted),
            },
        };
        lines.push(format!("{sign} {name} {field}: {change}"));
    }
}

/// Old and new. Of long texts, which both would be cut before they differ, the words that do.
fn change(old: &Value, new: &NativeValue, wanted: &Value) -> String {
    let is_text = |value: &Value| matches!(value, Value::Line(_) | Value::Document(_));
    let (was, now) = (typed(old), typed(wanted));
    let is_long = |text: &str| text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>() > SHOWN;
    let (shown_old, shown_new) = (value(old), native(new, wanted));
    let both_are = is_text(old) && is_text(wanted);
    if both_are && (is_long(&was) || is_long(&now) || shown_old == shown_new) {
        return by_words(&was, &now);
    }
    format!("{shown_old} -> {shown_new}")
}

/// A conflict in one line: who stands, and what does not.
#[must_use]
pub fn conflict(conflict: &Conflict) -> String {
    let kept = if conflict.kept == conflict.lost { String::new() } else { format!(" {}", value(&conflict.kept)) };
    format!(
        "! {}: {} and {} both changed it; {} stands{kept}, {} is kept in the record{}",
        conflict.field,
        conflict.winner,
        conflict.loser,
        conflict.winner,
        value(&conflict.lost),
        if conflict.overwritten_by.is_some() { " (we had overwritten it)" } else { "" },
    )
}

/// A value in shared words, cut to a length that fits a terminal.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Empty => "nothing".to_owned(),
        Value::Line(text) | Value::Day(text) | Value::Number(text) | Value::Moment(text) => quoted(text),
        Value::Choice(name) | Value::Person(name) => quoted(name.strip_prefix(FOREIGN).unwrap_or(name)),
        Value::Words(words) => words.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        Value::Document(document) => quoted(&crate::text::plain(document)),
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
fn native(native: &NativeValue, wanted: &Value) -> String {
    match native {
        NativeValue::Named(named) => quoted(&named.name),
        NativeValue::Person(person) => quoted(&person.display_name),
        NativeValue::Parent(above) => above.key.to_string(),
        NativeValue::Empty
        | NativeValue::Text(_)
        | NativeValue::Wiki(_)
        | NativeValue::Adf(_)
        | NativeValue::Words(_)
        | NativeValue::Links(_)
        | NativeValue::Other(_) => value(wanted),
    }
}

/// One line of a text, cut to a length that fits a terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > SHOWN {
        line = line.chars().take(SHOWN - 1).collect();
        line.push('…');
    }
    format!("\"{line}\"")
}
