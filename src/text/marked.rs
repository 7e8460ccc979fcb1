//! Tasks, decisions, statuses and expands in the signs that stand for them where a syntax has none. Must never change what
//! they say: a reader of the signs gets back what was written.

use crate::model::document::{Block, Decision, Inline, Mark, Task};

pub(super) const OPEN: &str = "☐ ";
pub(super) const DONE: &str = "☑ ";
pub(super) const DECIDED: &str = "◆ ";
pub(super) const UNDECIDED: &str = "◇ ";
/// Begins the title of a panel that stands for an expand.
pub(super) const EXPAND: &str = "▸ ";
/// Around the label of a status.
pub(super) const STATUS: (char, char) = ('⟦', '⟧');

fn signed(sign: &str, inlines: &[Inline]) -> Vec<Inline> {
    let mut run = vec![Inline::Text(sign.to_owned(), Vec::new())];
    run.extend_from_slice(super::normal::without_outer_breaks(inlines));
    super::normal::joined(&run)
}

/// Tasks as items of a bullet list.
pub(super) fn tasks(list: &[Task]) -> Vec<Vec<Block>> {
    let item = |task: &Task| {
        let mut item = vec![Block::Paragraph(signed(if task.done { DONE } else { OPEN }, &task.inlines))];
        if !task.nested.is_empty() {
            item.push(Block::BulletList(tasks(&task.nested)));
        }
        item
    };
    list.iter().map(item).collect()
}

/// Decisions as items of a bullet list.
pub(super) fn decisions(list: &[Decision]) -> Vec<Vec<Block>> {
    let sign = |decision: &Decision| if decision.decided { DECIDED } else { UNDECIDED };
    list.iter().map(|decision| vec![Block::Paragraph(signed(sign(decision), &decision.inlines))]).collect()
}

/// A bullet list, or the tasks or decisions whose signs its items begin with.
pub(super) fn read_list(items: Vec<Vec<Block>>) -> Block {
    if let Some(found) = read_tasks(&items) {
        return Block::Tasks(found);
    }
    let found: Option<Vec<Decision>> = items.iter().map(|item| read_decision(item)).collect();
    match found {
        Some(found) if !found.is_empty() => Block::Decisions(found),
        _ => Block::BulletList(items),
    }
}

fn read_tasks(items: &[Vec<Block>]) -> Option<Vec<Task>> {
    if items.is_empty() {
        return None;
    }
    let task = |item: &Vec<Block>| {
        let (first, rest) = item.split_first()?;
        let Block::Paragraph(run) = first else { return None };
        let (done, inlines) =
            without(OPEN, run).map(|run| (false, run)).or_else(|| without(DONE, run).map(|run| (true, run)))?;
        let nested = match rest {
            [] => Vec::new(),
            [Block::BulletList(items)] => read_tasks(items)?,
            [Block::Tasks(tasks)] => tasks.clone(),
            _ => return None,
        };
        Some(Task { done, inlines, nested })
    };
    items.iter().map(task).collect()
}

fn read_decision(item: &[Block]) -> Option<Decision> {
    let [Block::Paragraph(run)] = item else { return None };
    let read = |sign: &str, decided: bool| without(sign, run).map(|inlines| Decision { decided, inlines });
    read(DECIDED, true).or_else(|| read(UNDECIDED, false))
}

/// The run without the sign that it begins with.
fn without(sign: &str, run: &[Inline]) -> Option<Vec<Inline>> {
    let (first, rest) = run.split_first()?;
    let Inline::Text(text, marks) = first else { return None };
    // A sign alone has lost its blank at the end of the line.
    let text = text.strip_prefix(sign).or_else(|| (text == sign.trim_end()).then_some(""))?;
    if !marks.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    if !text.is_empty() {
        out.push(Inline::Text(text.to_owned(), Vec::new()));
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// The colour of a status as wiki markup has it. `None`: it has none.
pub(super) fn status_colour(colour: &str) -> Option<&str> {
    match colour {
        "neutral" => None,
        other => Some(other),
    }
}

/// A status in a run that begins and ends with its signs.
pub(super) fn read_status(text: &str, marks: &[Mark]) -> Option<Inline> {
    let inner = text.strip_prefix(STATUS.0)?.strip_suffix(STATUS.1)?;
    if inner.is_empty() || inner.contains([STATUS.0, STATUS.1]) {
        return None;
    }
    let colour = match marks {
        [] => "neutral".to_owned(),
        [Mark::Colour(colour)] => colour.clone(),
        _ => return None,
    };
    Some(Inline::Status { text: inner.to_owned(), colour, style: None })
}
