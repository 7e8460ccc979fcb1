//! What a side's text says, in terms of the agreed one. Must never take our own loss for a person's change: what stands there
//! as we could write it becomes again what it stands for.

use std::collections::BTreeSet;

use super::align::partners;
use super::project::{Unit, fitting, is_blank, keys, notice, units};
use super::target::Target;
use crate::model::document::{Block, Column, Document};

/// What a side held before and after an edit, with every block that is what the side was given for a block of `agreed` put
/// back as that block. A layout stays where some of its blocks do. What a cut left out is there again, in the place of the
/// notice or at the end. A block that was edited stays as it was before the edit too: so the edit can be told from our loss.
#[must_use]
pub fn lift(before: &Document, after: &Document, agreed: &Document, target: &Target<'_>) -> (Document, Document) {
    let mut units = units(agreed, target);
    // Only where the notice stood was anything cut: a side may have more room than we think.
    let is_cut = notice(target).keys.first().is_some_and(|key| keys(&before.blocks).contains(key));
    let fit = if is_cut { fitting(&units, target) } else { units.len() };
    let rest = units.split_off(fit);
    let lifter = Lifter { agreed, target, units, rest };
    let (after, edited) = lifter.lift(after, &BTreeSet::new());
    (lifter.lift(before, &edited).0, after)
}

struct Lifter<'a> {
    agreed: &'a Document,
    target: &'a Target<'a>,
    units: Vec<Unit>,
    /// What was cut.
    rest: Vec<Unit>,
}

/// A stretch of blocks that were found, with the unit that they stand for.
struct Found {
    unit: usize,
    from: usize,
    to: usize,
    blocks: Vec<Block>,
}

impl Lifter<'_> {
    /// The document with the agreed blocks but for those `left`, and the units that something else stands for.
    fn lift(&self, held: &Document, left: &BTreeSet<usize>) -> (Document, BTreeSet<usize>) {
        let solid: Vec<usize> =
            held.blocks.iter().enumerate().filter(|(_, block)| !is_blank(block)).map(|(at, _)| at).collect();
        let held_keys: Vec<String> = keys(&held.blocks);
        let wanted: Vec<&String> = self.units.iter().flat_map(|unit| &unit.keys).collect();
        let found = partners(&wanted, &held_keys.iter().collect::<Vec<_>>());
        let mut lifted: Vec<Found> = Vec::new();
        let mut key = 0;
        for (index, unit) in self.units.iter().enumerate() {
            let places = found.get(key..key + unit.keys.len()).unwrap_or_default();
            key += unit.keys.len();
            let Some(agreed) = self.agreed.blocks.get(unit.block).filter(|_| !left.contains(&index)) else { continue };
            let run = whole(places).map(|(from, to)| (from, to, vec![agreed.clone()])).or_else(|| {
                let Block::Layout(columns) = agreed else { return None };
                let free = lifted.last().map_or(0, |found| found.to);
                let next = found.get(key..).unwrap_or_default().iter().flatten().next();
                let bounds = (free, next.copied().unwrap_or(solid.len()));
                let block = |at: usize| solid.get(at).and_then(|at| held.blocks.get(*at));
                layout(columns, places, bounds, self.target, &block)
            });
            lifted.extend(run.map(|(from, to, blocks)| Found { unit: index, from, to, blocks }));
        }
        let edited = edited(&lifted, self.units.len(), solid.len());
        let cut = self.rest.iter().filter_map(|unit| self.agreed.blocks.get(unit.block)).cloned().collect();
        (put_together(held, &solid, &held_keys, lifted, cut, self.target), edited)
    }
}

/// The units in whose place something else stands: as many blocks between two that stayed as there were units.
fn edited(lifted: &[Found], units: usize, blocks: usize) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let (mut unit, mut block) = (0, 0);
    let end = Found { unit: units, from: blocks, to: blocks, blocks: Vec::new() };
    for found in lifted.iter().chain([&end]) {
        if found.unit - unit == found.from.saturating_sub(block) {
            out.extend(unit..found.unit);
        }
        (unit, block) = (found.unit + 1, found.to);
    }
    out
}

/// The stretch that all keys of a unit stand in, one behind the other.
fn whole(places: &[Option<usize>]) -> Option<(usize, usize)> {
    let first = places.first().copied().flatten()?;
    let together = places.iter().enumerate().all(|(index, place)| *place == Some(first + index));
    together.then_some((first, first + places.len()))
}

/// A layout some of whose blocks still stand: what stands between them is in it, and what was changed at its ends.
fn layout<'b>(
    columns: &[Column],
    places: &[Option<usize>],
    bounds: (usize, usize),
    target: &Target<'_>,
    block: &dyn Fn(usize) -> Option<&'b Block>,
) -> Option<(usize, usize, Vec<Block>)> {
    let first = places.iter().flatten().next().copied()?;
    let last = places.iter().flatten().next_back().copied()?;
    let lead = places.iter().take_while(|place| place.is_none()).count();
    let tail = places.iter().rev().take_while(|place| place.is_none()).count();
    // As many blocks before the first that stayed as were there before: they are what became of those.
    let from = if first - bounds.0 <= lead { bounds.0 } else { first };
    let to = if bounds.1 - (last + 1) <= tail { bounds.1 } else { last + 1 };
    let mut out: Vec<Column> =
        columns.iter().map(|column| Column { attributes: column.attributes.clone(), blocks: Vec::new() }).collect();
    // The column and block of each key.
    let mut children: Vec<(usize, &Block, usize, usize)> = Vec::new();
    let mut key = 0;
    for (index, column) in columns.iter().enumerate() {
        let within = Document { blocks: column.blocks.clone() };
        for unit in units(&within, target) {
            let child = column.blocks.get(unit.block)?;
            children.push((index, child, key, unit.keys.len()));
            key += unit.keys.len();
        }
    }
    if key != places.len() {
        return None;
    }
    let mut at = from;
    let mut column = 0;
    while at < to {
        let stays = children.iter().find(|(_, _, key, length)| {
            whole(places.get(*key..key + length).unwrap_or_default()).is_some_and(|(from, _)| from == at)
        });
        let (here, taken) = match stays {
            Some((index, child, _, length)) => {
                column = *index;
                ((*child).clone(), *length)
            }
            None => {
                // What was changed stands in the column of the child that stood there.
                column = changed_in(&children, places, at).unwrap_or(column);
                (block(at)?.clone(), 1)
            }
        };
        out.get_mut(column)?.blocks.push(here);
        at += taken.max(1);
    }
    Some((from, to, vec![Block::Layout(out)]))
}

/// The column of the first child that is not found and stands behind all that are found before `at`.
fn changed_in(children: &[(usize, &Block, usize, usize)], places: &[Option<usize>], at: usize) -> Option<usize> {
    let before = |key: usize| places.get(key).copied().flatten().is_some_and(|place| place < at);
    let done = children.iter().rposition(|(_, _, key, _)| before(*key)).map_or(0, |last| last + 1);
    let next = children.get(done)?;
    places.get(next.2).copied().flatten().is_none().then_some(next.0)
}

fn put_together(
    held: &Document,
    solid: &[usize],
    held_keys: &[String],
    lifted: Vec<Found>,
    mut cut: Vec<Block>,
    target: &Target<'_>,
) -> Document {
    let cut_key = if cut.is_empty() { None } else { notice(target).keys.into_iter().next() };
    let mut out = Vec::new();
    let mut lifted = lifted.into_iter().peekable();
    let mut skip_to = 0;
    let mut at = 0;
    for (index, block) in held.blocks.iter().enumerate() {
        if solid.get(at) != Some(&index) {
            out.push(block.clone());
            continue;
        }
        if let Some(found) = lifted.next_if(|found| found.from == at) {
            out.extend(found.blocks);
            skip_to = found.to;
        } else if at >= skip_to {
            if cut_key.is_some() && held_keys.get(at) == cut_key.as_ref() {
                out.append(&mut cut);
            } else {
                out.push(block.clone());
            }
        }
        at += 1;
    }
    // A person who took the notice away did not take away what they never saw.
    out.append(&mut cut);
    Document { blocks: out }
}
