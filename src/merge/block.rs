//! One block that both changed: by its parts, and by words within them. Must never mix two versions of one part.

use super::document;
use crate::model::document::{Block, Cell, Column, Document, Inline, Task};
use crate::text::{joined, key, partners};

/// What both made of a block. `None`: they changed the same.
pub(super) fn merge(base: &Block, left: &Block, right: &Block) -> Option<Block> {
    match (base, left, right) {
        (Block::Paragraph(base), Block::Paragraph(left), Block::Paragraph(right)) => {
            Some(Block::Paragraph(words(base, left, right)?))
        }
        (Block::Heading(one, base), Block::Heading(two, left), Block::Heading(three, right)) => {
            Some(Block::Heading(*pick(one, two, three)?, words(base, left, right)?))
        }
        (Block::BulletList(base), Block::BulletList(left), Block::BulletList(right)) => {
            Some(Block::BulletList(items(base, left, right)?))
        }
        (Block::OrderedList(base), Block::OrderedList(left), Block::OrderedList(right)) => {
            Some(Block::OrderedList(items(base, left, right)?))
        }
        // Markup numbers from 1: a list that begins elsewhere is the same list there.
        (
            Block::NumberedFrom(_, base) | Block::OrderedList(base),
            Block::NumberedFrom(_, left) | Block::OrderedList(left),
            Block::NumberedFrom(first, right),
        ) => Some(Block::NumberedFrom(*first, items(base, left, right)?)),
        (Block::Quote(base), Block::Quote(left), Block::Quote(right)) => Some(Block::Quote(blocks(base, left, right)?)),
        (
            Block::Expand { title: one, blocks: base },
            Block::Expand { title: two, blocks: left },
            Block::Expand { title: three, blocks: right },
        ) => Some(Block::Expand { title: pick(one, two, three)?.clone(), blocks: blocks(base, left, right)? }),
        (Block::Panel { .. }, Block::Panel { .. }, Block::Panel { .. }) => panel(base, left, right),
        (Block::Table(base), Block::Table(left), Block::Table(right)) => Some(Block::Table(table(base, left, right)?)),
        (Block::Layout(base), Block::Layout(left), Block::Layout(right)) => {
            Some(Block::Layout(layout(base, left, right)?))
        }
        (Block::Tasks(base), Block::Tasks(left), Block::Tasks(right)) => Some(Block::Tasks(tasks(base, left, right)?)),
        (
            Block::Code { language: one, text: base },
            Block::Code { language: two, text: left },
            Block::Code { language: three, text: right },
        ) => Some(Block::Code { language: pick(one, two, three)?.clone(), text: lines(base, left, right)? }),
        (Block::Preformatted(base), Block::Preformatted(left), Block::Preformatted(right)) => {
            Some(Block::Preformatted(lines(base, left, right)?))
        }
        _ => dressed(base, left, right),
    }
}

/// Looks that one side cannot show stay on the block that its people edit.
fn dressed(base: &Block, left: &Block, right: &Block) -> Option<Block> {
    let bare =
        |block: &Block| if let Block::Dressed { block, .. } = block { block.as_ref().clone() } else { block.clone() };
    let is_dressed = |block: &Block| matches!(block, Block::Dressed { .. });
    let dress = match (is_dressed(left), is_dressed(right)) {
        (false, false) => return None,
        (true, true) if is_dressed(base) => return None,
        (true, _) => left,
        (false, true) => right,
    };
    let (base, left, right) = (bare(base), bare(left), bare(right));
    let inner = if key(&base) == key(&left) || key(&left) == key(&right) {
        right
    } else if key(&base) == key(&right) {
        left
    } else {
        merge(&base, &left, &right)?
    };
    let Block::Dressed { syntax, attributes, marks, .. } = dress else { return None };
    Some(Block::Dressed {
        syntax: *syntax,
        attributes: attributes.clone(),
        marks: marks.clone(),
        block: Box::new(inner),
    })
}

/// The one of two that was changed. `None`: both were, each in its own way.
fn pick<'a, T: PartialEq>(base: &T, left: &'a T, right: &'a T) -> Option<&'a T> {
    if left == right || base == right {
        Some(left)
    } else if base == left {
        Some(right)
    } else {
        None
    }
}

fn blocks(base: &[Block], left: &[Block], right: &[Block]) -> Option<Vec<Block>> {
    let document = |blocks: &[Block]| Document { blocks: blocks.to_vec() };
    let merged = document::merge(&document(base), &document(left), &document(right));
    merged.conflicts.is_empty().then_some(merged.document.blocks)
}

/// Items are merged as blocks are, each being one.
fn items(base: &[Vec<Block>], left: &[Vec<Block>], right: &[Vec<Block>]) -> Option<Vec<Vec<Block>>> {
    let wrap = |items: &[Vec<Block>]| items.iter().cloned().map(Block::Quote).collect::<Vec<_>>();
    let merged = blocks(&wrap(base), &wrap(left), &wrap(right))?;
    let unwrap = |block: Block| if let Block::Quote(item) = block { item } else { vec![block] };
    Some(merged.into_iter().map(unwrap).collect())
}

fn panel(base: &Block, left: &Block, right: &Block) -> Option<Block> {
    let (
        Block::Panel { kind: base_kind, title: base_title, attributes: base_look, blocks: base },
        Block::Panel { kind: left_kind, title: left_title, attributes: left_look, blocks: left },
        Block::Panel { kind: right_kind, title: right_title, attributes: right_look, blocks: right },
    ) = (base, left, right)
    else {
        return None;
    };
    Some(Block::Panel {
        kind: pick(base_kind, left_kind, right_kind)?.clone(),
        title: pick(base_title, left_title, right_title)?.clone(),
        attributes: pick(base_look, left_look, right_look)?.clone(),
        blocks: blocks(base, left, right)?,
    })
}

/// Rows are merged as blocks are; cells one by one where their number did not change.
fn table(base: &[Vec<Cell>], left: &[Vec<Cell>], right: &[Vec<Cell>]) -> Option<Vec<Vec<Cell>>> {
    let as_block = |row: &Vec<Cell>| Block::Table(vec![row.clone()]);
    if base.len() == 1 && left.len() == 1 && right.len() == 1 {
        let (base, left, right) = (base.first()?, left.first()?, right.first()?);
        return Some(vec![row(base, left, right)?]);
    }
    let wrap = |rows: &[Vec<Cell>]| rows.iter().map(as_block).collect::<Vec<_>>();
    let merged = blocks(&wrap(base), &wrap(left), &wrap(right))?;
    let unwrap = |block: Block| if let Block::Table(rows) = block { rows } else { Vec::new() };
    Some(merged.into_iter().flat_map(unwrap).collect())
}

fn row(base: &[Cell], left: &[Cell], right: &[Cell]) -> Option<Vec<Cell>> {
    if base.len() != left.len() || left.len() != right.len() {
        return None;
    }
    let cell = |((base, left), right): ((&Cell, &Cell), &Cell)| {
        Some(Cell {
            heading: *pick(&base.heading, &left.heading, &right.heading)?,
            attributes: pick(&base.attributes, &left.attributes, &right.attributes)?.clone(),
            blocks: blocks(&base.blocks, &left.blocks, &right.blocks)?,
        })
    };
    base.iter().zip(left).zip(right).map(cell).collect()
}

fn layout(base: &[Column], left: &[Column], right: &[Column]) -> Option<Vec<Column>> {
    if base.len() != left.len() || left.len() != right.len() {
        return None;
    }
    let column = |((base, left), right): ((&Column, &Column), &Column)| {
        Some(Column {
            attributes: pick(&base.attributes, &left.attributes, &right.attributes)?.clone(),
            blocks: blocks(&base.blocks, &left.blocks, &right.blocks)?,
        })
    };
    base.iter().zip(left).zip(right).map(column).collect()
}

fn tasks(base: &[Task], left: &[Task], right: &[Task]) -> Option<Vec<Task>> {
    if base.len() != left.len() || left.len() != right.len() {
        return None;
    }
    let task = |((base, left), right): ((&Task, &Task), &Task)| {
        Some(Task {
            done: *pick(&base.done, &left.done, &right.done)?,
            inlines: words(&base.inlines, &left.inlines, &right.inlines)?,
            nested: tasks(&base.nested, &left.nested, &right.nested)?,
        })
    };
    base.iter().zip(left).zip(right).map(task).collect()
}

/// Merges a sequence where the changes do not touch. `None`: they do.
fn sequence<T: Ord + Clone>(base: &[T], left: &[T], right: &[T]) -> Option<Vec<T>> {
    let (to_left, to_right) = (partners(base, left), partners(base, right));
    let (mut b, mut l, mut r) = (0, 0, 0);
    let mut out = Vec::new();
    loop {
        let anchor = (b..base.len()).find_map(|at| match (to_left.get(at), to_right.get(at)) {
            (Some(Some(in_left)), Some(Some(in_right))) => Some((at, *in_left, *in_right)),
            _ => None,
        });
        let (b_end, l_end, r_end) = anchor.unwrap_or((base.len(), left.len(), right.len()));
        let (of_base, of_left, of_right) = (base.get(b..b_end)?, left.get(l..l_end)?, right.get(r..r_end)?);
        if of_left == of_right || of_base == of_right {
            out.extend_from_slice(of_left);
        } else if of_base == of_left {
            out.extend_from_slice(of_right);
        } else {
            return None;
        }
        let Some((at, in_left, in_right)) = anchor else { return Some(out) };
        out.push(left.get(in_left)?.clone());
        (b, l, r) = (at + 1, in_left + 1, in_right + 1);
    }
}

fn lines(base: &str, left: &str, right: &str) -> Option<String> {
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    Some(sequence(&lines(base), &lines(left), &lines(right))?.join("\n"))
}

/// One word or one thing of a run, by what it says.
#[derive(Clone)]
struct Word {
    key: String,
    inline: Inline,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Word {}

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// Merges by words, where the changes do not touch. `None`: they do.
fn words(base: &[Inline], left: &[Inline], right: &[Inline]) -> Option<Vec<Inline>> {
    let words = sequence(&split(base), &split(left), &split(right))?;
    // Not made normal: that would take names off people.
    Some(joined(&words.into_iter().map(|word| word.inline).collect::<Vec<_>>()))
}

/// A run as words and the blanks between them.
fn split(run: &[Inline]) -> Vec<Word> {
    let mut out = Vec::new();
    let mut push = |inline: Inline| {
        let key = serde_json::to_string(&inline).unwrap_or_default();
        out.push(Word { key, inline });
    };
    for inline in run {
        let Inline::Text(text, marks) = inline else {
            push(inline.clone());
            continue;
        };
        let mut word = String::new();
        for character in text.chars() {
            if word.chars().last().is_some_and(|last| last.is_whitespace() != character.is_whitespace()) {
                push(Inline::Text(std::mem::take(&mut word), marks.clone()));
            }
            word.push(character);
        }
        if !word.is_empty() {
            push(Inline::Text(word, marks.clone()));
        }
    }
    out
}
