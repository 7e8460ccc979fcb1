//! The document to wiki markup. Must never let plain text turn into markup on the way.

use super::normal::joined;
use super::wiki_inline::{BACKSLASH, is_special, mark_of};
use super::{normal, wiki_block};
use crate::model::document::{Block, Document, Inline, Literal, Mark, Syntax};

/// How much is kept from being read as markup.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// What people would keep from it: readable where the markup is edited.
    Light,
    /// All that could ever be.
    Heavy,
}

/// Writes a whole text: blocks parted by a blank line. Each block is written the light way if that reads as the heavy one.
pub(super) fn write(document: &Document) -> String {
    join(&document.blocks, best)
}

fn best(one: &Block) -> String {
    let (light, heavy) = (block(one, Care::Light), block(one, Care::Heavy));
    let alike = light == heavy || normal(&wiki_block::read(&light)) == normal(&wiki_block::read(&heavy));
    if alike { light } else { heavy }
}

fn join(blocks: &[Block], write: impl Fn(&Block) -> String) -> String {
    let texts: Vec<String> = blocks.iter().map(write).filter(|text| !text.is_empty()).collect();
    texts.join("\n\n")
}

fn block(block: &Block, care: Care) -> String {
    match block {
        Block::Paragraph(inlines) => guard_lines(&run(inlines, care)),
        Block::Heading(level, inlines) => format!("h{level}. {}", run(inlines, care).replace('\n', " ")),
        Block::BulletList(items) => list(items, "*", care).join("\n"),
        Block::OrderedList(items) => list(items, "#", care).join("\n"),
        Block::Code { language, text } => code(language.as_deref(), text),
        Block::Quote(inner) => {
            format!("{{quote}}\n{}\n{{quote}}", join(inner, |inner| self::block(inner, care)))
        }
        Block::Rule => "----".to_owned(),
        Block::Unknown(literal) => match literal.syntax {
            Syntax::Wiki => literal.source.clone(),
            Syntax::Adf => guard_lines(&escape(&literal.plain, ' ', care)),
        },
    }
}

fn code(language: Option<&str>, text: &str) -> String {
    // A fence within the text would end it early.
    if text.contains("{code}") {
        return format!("{{noformat}}\n{text}\n{{noformat}}");
    }
    match language {
        Some(language) => format!("{{code:{language}}}\n{text}\n{{code}}"),
        None => format!("{{code}}\n{text}\n{{code}}"),
    }
}

/// The lines of a list; what follows an item's first paragraph goes on below it.
fn list(items: &[Vec<Block>], signs: &str, care: Care) -> Vec<String> {
    let mut lines = Vec::new();
    for item in items {
        let mut text = String::new();
        let mut nested = Vec::new();
        for part in item {
            match part {
                Block::BulletList(items) => nested.extend(list(items, &format!("{signs}*"), care)),
                Block::OrderedList(items) => nested.extend(list(items, &format!("{signs}#"), care)),
                Block::Paragraph(inlines) => {
                    let line = guard_lines(&run(inlines, care));
                    push_line(&mut text, &line);
                }
                Block::Heading(..) | Block::Code { .. } | Block::Quote(_) | Block::Rule | Block::Unknown(_) => {
                    push_line(&mut text, &block(part, care));
                }
            }
        }
        // A sign without text is no item: what is nested stands for itself.
        if !text.is_empty() {
            lines.push(format!("{signs} {text}"));
        }
        lines.extend(nested);
    }
    lines
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// A line of plain text that would begin a block is kept from it.
fn guard_lines(text: &str) -> String {
    let guard = |line: &str| {
        let start = line.trim_start();
        let marks_list = start.split_once(' ').is_some_and(|(signs, _)| {
            !signs.is_empty() && signs.chars().all(|sign| matches!(sign, '*' | '#')) || signs == "-"
        });
        let mut chars = start.chars();
        let heads = matches!((chars.next(), chars.next(), chars.next()), (Some('h'), Some('1'..='6'), Some('.')));
        let begins = marks_list || heads || start.starts_with("bq.") || start.starts_with('|') || start == "----";
        if begins { format!("\\{start}") } else { line.to_owned() }
    };
    text.split('\n').map(guard).collect::<Vec<_>>().join("\n")
}

fn run(inlines: &[Inline], care: Care) -> String {
    let inlines = joined(inlines);
    let mut out = String::new();
    for (index, inline) in inlines.iter().enumerate() {
        match inline {
            Inline::HardBreak => {
                // Breaks before any text say nothing.
                if out.trim().is_empty() {
                    out.clear();
                    continue;
                }
                // An empty line would part paragraphs.
                if out.rsplit('\n').next().is_none_or(|line| line.trim().is_empty()) {
                    out.push_str("\\\\");
                }
                out.push('\n');
            }
            Inline::Unknown(literal) => out.push_str(&unknown(literal, care)),
            Inline::Text(text, marks) => {
                let next = inlines.get(index + 1).and_then(first_char);
                marked(text, marks, next, care, &mut out);
            }
        }
    }
    out
}

fn unknown(literal: &Literal, care: Care) -> String {
    match literal.syntax {
        Syntax::Wiki => literal.source.clone(),
        Syntax::Adf => escape(&literal.plain, ' ', care),
    }
}

fn first_char(inline: &Inline) -> Option<char> {
    match inline {
        Inline::Text(text, _) => text.chars().next(),
        Inline::HardBreak => Some('\n'),
        Inline::Unknown(literal) => literal.plain.chars().next(),
    }
}

/// One run with its marks. Blanks at its ends stay outside: Jira does not close a mark after a blank.
fn marked(text: &str, marks: &[Mark], next: Option<char>, care: Care, out: &mut String) {
    let core = text.trim_matches(|c: char| c.is_whitespace());
    if core.is_empty() || marks.is_empty() {
        let before = out.chars().last().unwrap_or(' ');
        out.push_str(&escape(text, before, care));
        return;
    }
    let lead = text.len() - text.trim_start().len();
    out.push_str(text.get(..lead).unwrap_or_default());
    let trail = text.get(lead + core.len()..).unwrap_or_default();
    let before = out.chars().last();
    let tight = care == Care::Heavy
        || before.is_some_and(char::is_alphanumeric)
        || trail.is_empty() && next.is_some_and(char::is_alphanumeric);
    out.push_str(&wrap(core, marks, tight, care));
    out.push_str(trail);
}

fn wrap(text: &str, marks: &[Mark], tight: bool, care: Care) -> String {
    let code = marks.contains(&Mark::Code);
    let mut body = if code {
        format!("{{{{{}}}}}", text.replace('\\', "\\\\").replace('{', "\\{").replace('}', "\\}"))
    } else {
        escape(text, ' ', care)
    };
    for sign in ['~', '^', '+', '-', '_', '*'] {
        if !code && mark_of(sign).is_some_and(|mark| marks.contains(&mark)) {
            body = if tight || body.starts_with(sign) || body.ends_with(sign) {
                format!("{{{sign}}}{body}{{{sign}}}")
            } else {
                format!("{sign}{body}{sign}")
            };
        }
    }
    for mark in marks {
        if let Mark::Colour(colour) = mark {
            body = format!("{{color:{colour}}}{body}{{color}}");
        }
    }
    for mark in marks {
        if let Mark::Link(address) = mark {
            // An address that shows itself needs no brackets, where it is not glued to a word.
            let bare = text == address
                && marks.len() == 1
                && !tight
                && address.starts_with("http")
                && !address.contains(['|', ']', '{', '}']);
            body = if bare { text.to_owned() } else { format!("[{body}|{address}]") };
        }
    }
    body
}

/// Plain text kept from being read as markup.
fn escape(text: &str, before: char, care: Care) -> String {
    let mut out = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    for (index, sign) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|at| chars.get(at)).copied().unwrap_or(before);
        let next = chars.get(index + 1).copied().unwrap_or(' ');
        let opens = !previous.is_alphanumeric() && !next.is_whitespace() && next != '\0';
        // Two backslashes are a line break, so a backslash cannot be kept by another one.
        if *sign == '\\' && (is_special(next) || care == Care::Heavy) {
            out.push_str(BACKSLASH);
            continue;
        }
        let address = *sign == 'h' && chars.get(index..).is_some_and(|rest| rest.starts_with(&['h', 't', 't', 'p']));
        let needs = match (sign, care) {
            ('{' | '}' | '[' | ']', _) => true,
            ('*' | '_' | '+' | '^' | '~' | '!', Care::Light) => {
                opens || (!previous.is_whitespace() && !next.is_alphanumeric())
            }
            ('-', Care::Light) => opens && chars.get(index + 1..).is_some_and(|rest| rest.contains(&'-')),
            ('*' | '_' | '+' | '^' | '~' | '!' | '-' | '|' | '#' | '?', Care::Heavy) => true,
            ('h', Care::Heavy) => address,
            _ => false,
        };
        if needs {
            out.push('\\');
        }
        out.push(*sign);
    }
    out
}
