//! Visits every block and every run of a document, whatever holds them. Must never skip a kind of block that holds others.

use crate::model::document::{Block, File, FilePlace, Inline, Literal, Mark, Syntax};

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

/// Changes every block, the outer ones first.
pub fn change_blocks(list: &mut [Block], change: &mut dyn FnMut(&mut Block)) {
    for block in list {
        change(block);
        match block {
            Block::BulletList(items) | Block::OrderedList(items) | Block::NumberedFrom(_, items) => {
                items.iter_mut().for_each(|item| change_blocks(item, change));
            }
            Block::Quote(inner) | Block::Panel { blocks: inner, .. } | Block::Expand { blocks: inner, .. } => {
                change_blocks(inner, change);
            }
            Block::Table(rows) => rows.iter_mut().flatten().for_each(|cell| change_blocks(&mut cell.blocks, change)),
            Block::Layout(columns) => columns.iter_mut().for_each(|column| change_blocks(&mut column.blocks, change)),
            Block::Dressed { block, .. } => change_blocks(std::slice::from_mut(block), change),
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

/// Changes all words that are shown, and the addresses of links, cards and files. Of what is kept literally the words and the
/// markup change; a node stays: no other site is given it.
pub fn change_words(list: &mut [Block], change: &mut dyn FnMut(&mut String)) {
    change_blocks(list, &mut |block| match block {
        Block::Code { language, text } => {
            language.iter_mut().for_each(&mut *change);
            change(text);
        }
        Block::Preformatted(text) => change(text),
        Block::Unknown(literal) => change_literal(literal, change),
        Block::Panel { title, .. } | Block::Expand { title, .. } => change(title),
        Block::Card { address, .. } => change(address),
        Block::Files { files, .. } => files.iter_mut().for_each(|file| change_file(file, change)),
        Block::Paragraph(_)
        | Block::Heading(..)
        | Block::BulletList(_)
        | Block::OrderedList(_)
        | Block::NumberedFrom(..)
        | Block::Quote(_)
        | Block::Table(_)
        | Block::Layout(_)
        | Block::Dressed { .. }
        | Block::Rule
        | Block::Tasks(_)
        | Block::Decisions(_) => {}
    });
    change_runs(list, &mut |run| run.iter_mut().for_each(|inline| change_inline(inline, change)));
}

fn change_inline(inline: &mut Inline, change: &mut dyn FnMut(&mut String)) {
    match inline {
        Inline::Text(words, marks) => {
            change(words);
            for mark in marks {
                if let Mark::Link(text) | Mark::Tip(text) = mark {
                    change(text);
                }
            }
        }
        Inline::Card(address) => change(address),
        Inline::Status { text, .. } => change(text),
        Inline::Mention { name, .. } => change(name),
        Inline::File(file) => change_file(file, change),
        Inline::Unknown(literal) => change_literal(literal, change),
        Inline::Emoji { name, text, .. } => {
            change(name);
            text.iter_mut().for_each(change);
        }
        Inline::HardBreak | Inline::Date(_) => {}
    }
}

fn change_literal(literal: &mut Literal, change: &mut dyn FnMut(&mut String)) {
    change(&mut literal.plain);
    if literal.syntax == Syntax::Wiki {
        change(&mut literal.source);
    }
}

fn change_file(file: &mut File, change: &mut dyn FnMut(&mut String)) {
    change(&mut file.name);
    if let FilePlace::Address(address) = &mut file.place {
        change(address);
    }
}

/// Visits all words that are shown, and the addresses of links, cards and files.
pub fn visit_words(list: &[Block], visit: &mut dyn FnMut(&str)) {
    let mut copy = list.to_vec();
    change_words(&mut copy, &mut |words| visit(words));
}

/// Visits every file.
pub fn visit_files(list: &[Block], visit: &mut dyn FnMut(&File)) {
    blocks(list, &mut |block| {
        if let Block::Files { files, .. } = block {
            files.iter().for_each(&mut *visit);
        }
    });
    runs(list, &mut |run| {
        for inline in run {
            if let Inline::File(file) = inline {
                visit(file);
            }
        }
    });
}
