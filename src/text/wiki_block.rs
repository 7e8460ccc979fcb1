//! Wiki markup to the document, block by block. Must never lose a line: what is no known block is a paragraph or kept literally.

use super::wiki_inline;
use crate::model::document::{Block, Document, Literal, Syntax};

/// Levels of nested quotes and lists that are followed.
const DEEPEST: usize = 16;

/// Reads a whole text.
pub(super) fn read(markup: &str) -> Document {
    let text = markup.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let lines: Vec<&str> = text.split('\n').collect();
    Document { blocks: blocks(&lines, 0) }
}

fn blocks(lines: &[&str], depth: usize) -> Vec<Block> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = lines.get(at..).unwrap_or_default();
        let Some(line) = rest.first() else { break };
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let (block, taken) = special(rest, depth).unwrap_or_else(|| paragraph(rest));
        out.extend(block);
        at += taken.max(1);
    }
    out
}

/// A block that is no paragraph, and how many lines it took.
fn special(lines: &[&str], depth: usize) -> Option<(Vec<Block>, usize)> {
    let line = lines.first()?.trim();
    if let Some(found) = fenced(lines) {
        return Some(found);
    }
    if let Some(after) = line.strip_prefix("{quote}").filter(|_| depth < DEEPEST) {
        return quote(lines, after, depth);
    }
    if let Some(level) = heading_level(line) {
        let text = line.get(3..).unwrap_or_default().trim();
        return Some((vec![Block::Heading(level, wiki_inline::read(text))], 1));
    }
    if let Some(text) = line.strip_prefix("bq.") {
        return Some((vec![Block::Quote(vec![Block::Paragraph(wiki_inline::read(text.trim()))])], 1));
    }
    if line == "----" {
        return Some((vec![Block::Rule], 1));
    }
    if item_prefix(line).is_some() {
        return Some(list(lines));
    }
    if line.starts_with('|') {
        let taken = lines.iter().take_while(|line| line.trim().starts_with('|')).count();
        return Some((vec![literal(lines.get(..taken)?)], taken));
    }
    macro_block(lines)
}

/// `{code}` and `{noformat}`, to their closing twin or the end.
fn fenced(lines: &[&str]) -> Option<(Vec<Block>, usize)> {
    let line = lines.first()?.trim_start();
    let (name, open) = ["code", "noformat"].into_iter().find_map(|name| {
        let rest = line.strip_prefix('{')?.strip_prefix(name)?;
        (rest.starts_with('}') || rest.starts_with(':')).then_some((name, rest))
    })?;
    let (parameters, after) = open.split_once('}')?;
    let close = format!("{{{name}}}");
    let language = parameters.trim_start_matches(':').split('|').find(|part| !part.contains('=') && !part.is_empty());
    // A titled or numbered one has more than we carry.
    if parameters.contains('=') {
        return None;
    }
    let block = |text: String| Block::Code { language: language.map(str::to_owned), text };
    if let Some((text, behind)) = after.split_once(&close) {
        let mut found = vec![block(text.to_owned())];
        if !behind.trim().is_empty() {
            found.push(Block::Paragraph(wiki_inline::read(behind.trim())));
        }
        return Some((found, 1));
    }
    let mut text: Vec<&str> = Vec::new();
    if !after.is_empty() {
        text.push(after);
    }
    for (index, line) in lines.iter().enumerate().skip(1) {
        if let Some((before, behind)) = line.split_once(&close) {
            if !before.is_empty() {
                text.push(before);
            }
            let mut found = vec![block(text.join("\n"))];
            if !behind.trim().is_empty() {
                found.push(Block::Paragraph(wiki_inline::read(behind.trim())));
            }
            return Some((found, index + 1));
        }
        text.push(line);
    }
    None
}

fn quote(lines: &[&str], after: &str, depth: usize) -> Option<(Vec<Block>, usize)> {
    if let Some((inner, behind)) = after.split_once("{quote}") {
        let mut found = vec![Block::Quote(blocks(&inner.split('\n').collect::<Vec<_>>(), depth + 1))];
        if !behind.trim().is_empty() {
            found.push(Block::Paragraph(wiki_inline::read(behind.trim())));
        }
        return Some((found, 1));
    }
    let end = lines.iter().skip(1).position(|line| line.contains("{quote}"))? + 1;
    let (last, behind) = lines.get(end)?.split_once("{quote}")?;
    let mut inner: Vec<&str> = vec![after];
    inner.extend(lines.get(1..end)?);
    inner.push(last);
    let mut found = vec![Block::Quote(blocks(&inner, depth + 1))];
    if !behind.trim().is_empty() {
        found.push(Block::Paragraph(wiki_inline::read(behind.trim())));
    }
    Some((found, end + 1))
}

fn heading_level(line: &str) -> Option<u8> {
    let mut chars = line.chars();
    let (Some('h'), Some(digit), Some('.')) = (chars.next(), chars.next(), chars.next()) else { return None };
    let level = digit.to_digit(10).and_then(|digit| u8::try_from(digit).ok())?;
    ((1..=6).contains(&level) && chars.next().is_none_or(char::is_whitespace)).then_some(level)
}

/// The signs before a list item, and its text.
fn item_prefix(line: &str) -> Option<(&str, &str)> {
    let (signs, text) = line.trim_start().split_once(' ')?;
    let fits = !signs.is_empty() && signs.chars().all(|sign| matches!(sign, '*' | '#')) || signs == "-";
    fits.then_some((signs, text))
}

/// A list with its nested lists and the lines that go on an item.
fn list(lines: &[&str]) -> (Vec<Block>, usize) {
    let mut items: Vec<(String, String)> = Vec::new();
    let mut taken = 0;
    for line in lines {
        if let Some((signs, text)) = item_prefix(line) {
            items.push((signs.replace('-', "*"), text.trim().to_owned()));
        } else if line.trim().is_empty() || special(&[line], DEEPEST).is_some() {
            break;
        } else if let Some((_, text)) = items.last_mut() {
            text.push('\n');
            text.push_str(line.trim());
        }
        taken += 1;
    }
    let items: Vec<(&str, &str)> = items.iter().map(|(signs, text)| (signs.as_str(), text.as_str())).collect();
    (nest(&items, 0), taken)
}

/// Builds the lists of one level from items whose signs begin alike.
fn nest(items: &[(&str, &str)], level: usize) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let sign = items.get(at).and_then(|(signs, _)| signs.chars().nth(level)).unwrap_or('*');
        let same = |(signs, _): &&(&str, &str)| signs.chars().nth(level).unwrap_or('*') == sign;
        let run = items.get(at..).unwrap_or_default().iter().take_while(same).count().max(1);
        let blocks = list_of(items.get(at..at + run).unwrap_or_default(), level);
        out.push(if sign == '#' { Block::OrderedList(blocks) } else { Block::BulletList(blocks) });
        at += run;
    }
    out
}

fn list_of(items: &[(&str, &str)], level: usize) -> Vec<Vec<Block>> {
    let mut out: Vec<Vec<Block>> = Vec::new();
    let mut at = 0;
    while let Some((signs, text)) = items.get(at) {
        let deep = |signs: &str| signs.chars().count() > level + 1 && level < DEEPEST;
        if deep(signs) {
            let run = items.get(at..).unwrap_or_default().iter().take_while(|(signs, _)| deep(signs)).count();
            let nested = nest(items.get(at..at + run).unwrap_or_default(), level + 1);
            match out.last_mut() {
                Some(item) => item.extend(nested),
                None => out.push(nested),
            }
            at += run;
        } else {
            out.push(vec![Block::Paragraph(wiki_inline::read(text))]);
            at += 1;
        }
    }
    out
}

/// A macro that stands on its own line, to its closing twin: kept literally.
fn macro_block(lines: &[&str]) -> Option<(Vec<Block>, usize)> {
    let line = lines.first()?.trim();
    let inner = line.strip_prefix('{')?;
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
    let known = [
        "panel", "code", "noformat", "info", "note", "warning", "tip", "expand", "adf", "excerpt", "section", "column",
    ];
    if !known.contains(&name.as_str()) {
        return None;
    }
    let close = format!("{{{name}}}");
    let opens_itself =
        line.len() > close.len() && line.ends_with(&close) && line.matches(&close).count() >= 1 && line != close;
    if opens_itself {
        return Some((vec![literal(lines.get(..1)?)], 1));
    }
    let end = lines.iter().skip(1).position(|line| line.contains(&close))? + 2;
    Some((vec![literal(lines.get(..end)?)], end))
}

fn literal(lines: &[&str]) -> Block {
    let source = lines.join("\n");
    Block::Unknown(Literal { syntax: Syntax::Wiki, plain: source.clone(), source })
}

fn paragraph(lines: &[&str]) -> (Vec<Block>, usize) {
    let mut taken = 1;
    while let Some(line) = lines.get(taken) {
        if line.trim().is_empty() || special(lines.get(taken..).unwrap_or_default(), DEEPEST).is_some() {
            break;
        }
        taken += 1;
    }
    let text = lines.get(..taken).unwrap_or_default().join("\n");
    (vec![Block::Paragraph(wiki_inline::read(text.trim_end()))], taken)
}
