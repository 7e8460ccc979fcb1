//! Visits every block and every run of a document, whatever holds them. Must never skip a kind of block that holds others.

use crate::model::document::{Block, Inline};

/// Visits every block, the outer ones first.
pub(super) fn blocks(list: &[Block], visit: &mut dyn FnMut(&Block)) {
    for block in list {
        visit(block);
        match block {
            Block::BulletList(items) | Block::OrderedList(items) | Block::NumberedFrom(_, items) => {
                items.iter().for_each(|item| blocks(item, visit));
            }
            Block::Quote(inner) | Block::Panel { blocks: inner, .. } | Block::Expand { blocks: inner, .. } => {
                blocks(inner, visit);
            }
            Block::Table(rows) => rows.iter().flatten().for_each(|cell| blocks(&cell.blocks, visit)),
            Block::Layout(columns) => columns.iter().for_each(|column| blocks(&column.blocks, visit)),
            Block::Dressed { block, .. } => blocks(std::slice::from_ref(block), visit),
            Block::Paragraph(_)
            | Block::Heading(..)
            | Block::Code { .. }
            | Block::Rule
            | Block::Unknown(_)
            | Block::Preformatted(_)
            | Block::Tasks(_)
            | Block::Decisions(_)
            | Block::Files { .. }
            | Block::Card { .. } => {}
        }
    }
}

/// Visits every run of inlines.
pub(super) fn runs(list: &[Block], visit: &mut dyn FnMut(&[Inline])) {
    blocks(list, &mut |block| match block {
        Block::Paragraph(run) | Block::Heading(_, run) | Block::Files { caption: run, .. } => visit(run),
        Block::Tasks(tasks) => tasks.iter().for_each(|task| of_task(task, visit)),
        Block::Decisions(decisions) => decisions.iter().for_each(|decision| visit(&decision.inlines)),
        Block::BulletList(_)
        | Block::OrderedList(_)
        | Block::NumberedFrom(..)
        | Block::Quote(_)
        | Block::Panel { .. }
        | Block::Expand { .. }
        | Block::Table(_)
        | Block::Layout(_)
        | Block::Dressed { .. }
        | Block::Code { .. }
        | Block::Rule
        | Block::Unknown(_)
        | Block::Preformatted(_)
        | Block::Card { .. } => {}
    });
}

fn of_task(task: &crate::model::document::Task, visit: &mut dyn FnMut(&[Inline])) {
    visit(&task.inlines);
    task.nested.iter().for_each(|task| of_task(task, visit));
}

/// Changes every run of inlines.
pub fn change_runs(list: &mut [Block], change: &mut dyn FnMut(&mut Vec<Inline>)) {
    for block in list {
        match block {
            Block::Paragraph(run) | Block::Heading(_, run) | Block::Files { caption: run, .. } => change(run),
            Block::Tasks(tasks) => change_tasks(tasks, change),
            Block::Decisions(decisions) => decisions.iter_mut().for_each(|decision| change(&mut decision.inlines)),
            Block::BulletList(items) | Block::OrderedList(items) | Block::NumberedFrom(_, items) => {
                items.iter_mut().for_each(|item| change_runs(item, change));
            }
            Block::Quote(inner) | Block::Panel { blocks: inner, .. } | Block::Expand { blocks: inner, .. } => {
                change_runs(inner, change);
            }
            Block::Table(rows) => rows.iter_mut().flatten().for_each(|cell| change_runs(&mut cell.blocks, change)),
            Block::Layout(columns) => columns.iter_mut().for_each(|column| change_runs(&mut column.blocks, change)),
            Block::Dressed { block, .. } => change_runs(std::slice::from_mut(block), change),
            Block::Code { .. } | Block::Rule | Block::Unknown(_) | Block::Preformatted(_) | Block::Card { .. } => {}
        }
    }
}

fn change_tasks(tasks: &mut [crate::model::document::Task], change: &mut dyn FnMut(&mut Vec<Inline>)) {
    for task in tasks {
        change(&mut task.inlines);
        change_tasks(&mut task.nested, change);
    }
}
