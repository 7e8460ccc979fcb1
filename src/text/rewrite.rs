//! A document written over what a side holds: blocks that stand there already are given back as they were, byte for byte and
//! node for node. Must never change a block that nobody changed.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::align::partners;
use super::project::{Unit, Written, fitting, keys, notice, units};
use super::target::Target;
use super::{adf_read, adf_write, key, same, wiki_block};
use crate::model::document::{Document, Syntax};
use crate::model::issue::NativeValue;

/// A stretch of what a side holds: some keys of blocks, and where their source is, in bytes or nodes.
struct Source {
    keys: usize,
    from: usize,
    to: usize,
}

/// What is put together.
enum Chunk<'u> {
    /// These stretches, from the first to behind the last.
    Kept(usize, usize),
    /// Something new.
    New(&'u Unit),
}

/// Writes a document over `last`, what the side holds.
#[must_use]
pub fn rewrite(last: &NativeValue, document: &Document, target: &Target<'_>) -> NativeValue {
    let all = units(document, target);
    if all.is_empty() {
        return NativeValue::Empty;
    }
    let fit = fitting(&all, target);
    // Even what no block holds, like characters that cannot be shown, stays where nothing is to change.
    if fit == all.len() && is_in(target.syntax, last) && same(&target.read(last), document) {
        return last.clone();
    }
    let mut units = all;
    keep_what_stands(last, document, &mut units, target);
    if fit < units.len() {
        units.truncate(fit);
        units.push(notice(target));
    }
    match (target.syntax, last) {
        (Syntax::Wiki, NativeValue::Wiki(text) | NativeValue::Text(text)) => {
            NativeValue::Wiki(over_wiki(text, &units, target))
        }
        (Syntax::Adf, NativeValue::Adf(node)) => NativeValue::Adf(over_adf(node, &units, target)),
        (Syntax::Wiki, _) => NativeValue::Wiki(over_wiki("", &units, target)),
        (Syntax::Adf, _) => NativeValue::Adf(over_adf(&adf_write::doc(Vec::new()), &units, target)),
    }
}

fn is_in(syntax: Syntax, native: &NativeValue) -> bool {
    matches!((syntax, native), (Syntax::Wiki, NativeValue::Wiki(_)) | (Syntax::Adf, NativeValue::Adf(_)))
}

/// A block that stands there as it is stays, whatever would be written for it: a node that we do not know is not ours to change.
fn keep_what_stands(last: &NativeValue, document: &Document, units: &mut [Unit], target: &Target<'_>) {
    let mut held: Option<BTreeSet<String>> = None;
    for unit in units {
        let Some(own) = document.blocks.get(unit.block).map(key) else { continue };
        if unit.keys == [own.as_str()] {
            continue;
        }
        let held = held.get_or_insert_with(|| keys(&target.read(last).blocks).into_iter().collect());
        if held.contains(&own) && !unit.keys.iter().all(|key| held.contains(key)) {
            unit.keys = vec![own];
        }
    }
}

fn over_wiki(text: &str, units: &[Unit], target: &Target<'_>) -> String {
    let pieces = wiki_block::pieces(text, 0);
    let mut held = Vec::new();
    let mut sources = Vec::new();
    for piece in &pieces {
        let found = keys(&target.back(piece.blocks.clone()));
        sources.push(Source { keys: found.len(), from: piece.from, to: piece.to });
        held.extend(found);
    }
    let chunks = chunks(&held, &sources, units);
    let close = assemble(text, &sources, &chunks, true);
    let wanted: Vec<String> = units.iter().flat_map(|unit| unit.keys.iter().cloned()).collect();
    // Where a new block would run into an old one, they are set apart.
    if keys(&target.back(wiki_block::read(&close).blocks)) == wanted {
        close
    } else {
        assemble(text, &sources, &chunks, false)
    }
}

/// The text of the chunks. `close`: what replaces something stands as close to its neighbours as that did.
fn assemble(text: &str, sources: &[Source], chunks: &[Chunk<'_>], close: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut reached: Option<usize> = None;
    for (index, chunk) in chunks.iter().enumerate() {
        let begins = match chunk {
            Chunk::Kept(first, _) => Some(*first),
            Chunk::New(_) => close.then(|| reached.map_or(0, |last| last + 1)),
        };
        let gap = match (begins, reached) {
            (Some(0), None) if index == 0 => text.get(..sources.first().map_or(0, |source| source.from)),
            (Some(first), Some(last)) if first == last + 1 => between(text, sources, last, first),
            _ => None,
        };
        out.push_str(gap.unwrap_or(if index == 0 { "" } else { "\n\n" }));
        match chunk {
            Chunk::Kept(first, last) => {
                let (from, to) = (sources.get(*first).map(|s| s.from), sources.get(*last).map(|s| s.to));
                out.push_str(from.zip(to).and_then(|(from, to)| text.get(from..to)).unwrap_or_default());
                reached = Some(*last);
            }
            Chunk::New(unit) => {
                if let Written::Wiki(written) = &unit.written {
                    out.push_str(written);
                }
                reached = begins;
            }
        }
    }
    if reached.is_some_and(|last| last + 1 == sources.len()) {
        out.push_str(sources.last().and_then(|source| text.get(source.to..)).unwrap_or_default());
    }
    out
}

fn between<'t>(text: &'t str, sources: &[Source], last: usize, first: usize) -> Option<&'t str> {
    let gap = text.get(sources.get(last)?.to..sources.get(first)?.from)?;
    gap.contains(['\n', '\r']).then_some(gap).or(Some(gap))
}

fn over_adf(node: &Json, units: &[Unit], target: &Target<'_>) -> Json {
    let nodes = adf_read::content(node);
    let mut held = Vec::new();
    let mut sources = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let found = keys(&target.back(vec![adf_read::top(node)]));
        if !found.is_empty() {
            sources.push(Source { keys: found.len(), from: index, to: index + 1 });
        }
        held.extend(found);
    }
    let mut out: Vec<Json> = Vec::new();
    let mut reached: Option<usize> = None;
    for (index, chunk) in chunks(&held, &sources, units).iter().enumerate() {
        match chunk {
            Chunk::Kept(first, last) => {
                // Blank nodes between two that stayed neighbours stay too.
                let near = (index == 0 && *first == 0) || reached.is_some_and(|last| last + 1 == *first);
                let begin = match (near, reached) {
                    (true, Some(last)) => sources.get(last).map(|source| source.to),
                    (true, None) => Some(0),
                    (false, _) => sources.get(*first).map(|source| source.from),
                };
                let end = sources.get(*last).map(|source| source.to);
                out.extend_from_slice(begin.zip(end).and_then(|(from, to)| nodes.get(from..to)).unwrap_or_default());
                reached = Some(*last);
            }
            Chunk::New(unit) => {
                let replaces = reached.map_or(0, |last| last + 1);
                // What stands in the place of another keeps the blank nodes before it.
                let from = reached.and_then(|last| sources.get(last)).map_or(0, |source| source.to);
                let to = sources.get(replaces).map_or(from, |source| source.from);
                out.extend_from_slice(nodes.get(from..to).unwrap_or_default());
                if let Written::Adf(written) = &unit.written {
                    out.extend(written.iter().cloned());
                }
                reached = (replaces < sources.len()).then_some(replaces).or(reached);
            }
        }
    }
    if reached.is_some_and(|last| last + 1 == sources.len()) {
        let from = sources.last().map_or(0, |source| source.to);
        out.extend_from_slice(nodes.get(from..).unwrap_or_default());
    }
    let mut whole = node.clone();
    whole["content"] = Json::Array(out);
    if whole.get("version").is_some() { whole } else { adf_write::doc(adf_read::content(&whole).to_vec()) }
}

/// Which units stand in the sources as they are.
fn chunks<'u>(held: &[String], sources: &[Source], units: &'u [Unit]) -> Vec<Chunk<'u>> {
    let wanted: Vec<&String> = units.iter().flat_map(|unit| &unit.keys).collect();
    let found = partners(&wanted, &held.iter().collect::<Vec<_>>());
    let mut begins = std::collections::BTreeMap::new();
    let mut ends = std::collections::BTreeMap::new();
    let mut at = 0;
    for (index, source) in sources.iter().enumerate() {
        begins.insert(at, index);
        at += source.keys;
        ends.insert(at, index);
    }
    let mut out = Vec::new();
    let (mut unit, mut key) = (0, 0);
    while let Some(first) = units.get(unit) {
        match run(units.get(unit..).unwrap_or_default(), found.get(key..).unwrap_or_default(), &begins, &ends) {
            Some((taken, from, to)) => {
                out.push(Chunk::Kept(from, to));
                key += units.iter().skip(unit).take(taken).map(|unit| unit.keys.len()).sum::<usize>();
                unit += taken;
            }
            None => {
                out.push(Chunk::New(first));
                key += first.keys.len();
                unit += 1;
            }
        }
    }
    out
}

type Places = std::collections::BTreeMap<usize, usize>;

/// The fewest units from the first on that are whole sources: how many, and the first and last source.
fn run(units: &[Unit], found: &[Option<usize>], begins: &Places, ends: &Places) -> Option<(usize, usize, usize)> {
    let start = found.first().copied().flatten()?;
    let first = *begins.get(&start)?;
    let mut keys = 0;
    for (index, unit) in units.iter().enumerate() {
        for _ in &unit.keys {
            if found.get(keys).copied().flatten() != Some(start + keys) {
                return None;
            }
            keys += 1;
        }
        if let Some(last) = ends.get(&(start + keys)) {
            return Some((index + 1, first, *last));
        }
    }
    None
}

/// Whether what a side holds says what is written for it, so that nothing need be written.
#[must_use]
pub fn says(last: &NativeValue, document: &Document, target: &Target<'_>) -> bool {
    same(&target.read(last), &target.read(&rewrite(last, document, target)))
}
