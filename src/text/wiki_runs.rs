//! Inlines to wiki markup. Must never leave out what markup has no word for: it is shown as text.

use super::adf_literal::file as file_label;
use super::adf_runs::shown_day;
use super::marked::{STATUS, status_colour};
use super::normal::joined;
use super::wiki_emoji;
use super::wiki_escape::{escape, link_text, monospaced, plain_lines};
use super::wiki_inline::mark_of;
use super::wiki_write::{Care, Pen, file};
use crate::model::document::{FilePlace, Inline, Mark, Syntax};

impl Pen<'_> {
    pub(super) fn run(&self, inlines: &[Inline]) -> String {
        let inlines = joined(super::normal::without_outer_breaks(inlines));
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
                Inline::Text(text, marks) => {
                    let next = inlines.get(index + 1).and_then(first_char);
                    self.marked(text, marks, next, &mut out);
                }
                Inline::Unknown(_)
                | Inline::Mention { .. }
                | Inline::Emoji { .. }
                | Inline::Date(_)
                | Inline::Status { .. }
                | Inline::Card(_)
                | Inline::File(_) => {
                    let text = self.whole(inline);
                    let glued = out.chars().last().is_some_and(char::is_alphanumeric);
                    // A sign that follows a word at once would be read as text.
                    if glued && text.starts_with(['!', '(', ':', ';']) {
                        out.push(' ');
                    }
                    out.push_str(&text);
                }
            }
        }
        out
    }

    /// What is no text.
    fn whole(&self, inline: &Inline) -> String {
        match inline {
            Inline::Text(text, _) => escape(text, ' ', *self),
            Inline::HardBreak => "\n".to_owned(),
            Inline::Mention { person, name } => match self.target.person(person) {
                Some(account) if !account.contains([']', '|', '[']) => format!("[~{account}]"),
                _ => escape(&format!("@{name}"), ' ', *self),
            },
            Inline::Emoji { name, text, .. } => match (wiki_emoji::sign(name), text) {
                (Some(sign), _) => sign.to_owned(),
                (None, Some(text)) => escape(text, ' ', *self),
                (None, None) => escape(name, ' ', *self),
            },
            Inline::Date(time) => shown_day(time),
            Inline::Status { text, colour, .. } => self.status(text, colour),
            Inline::Card(address) if address.contains(['|', ']', '[', '{', '}']) => escape(address, ' ', *self),
            Inline::Card(address) => format!("[{address}|{address}|smart-link]"),
            Inline::File(found) => file(found).unwrap_or_else(|| match &found.place {
                FilePlace::Address(address) => {
                    let name = if found.name.is_empty() { address } else { &found.name };
                    self.wrap(name, &[Mark::Link(address.clone())], false)
                }
                FilePlace::Picture | FilePlace::Attachment | FilePlace::Media(_) => {
                    escape(&file_label(&found.name), ' ', *self)
                }
            }),
            Inline::Unknown(literal) => match literal.syntax {
                Syntax::Wiki => literal.source.clone(),
                Syntax::Adf => plain_lines(&literal.plain, *self),
            },
        }
    }

    fn status(&self, text: &str, colour: &str) -> String {
        let label = monospaced(&text.replace([STATUS.0, STATUS.1], " "), *self);
        let label = format!("{}{label}{}", STATUS.0, STATUS.1);
        match status_colour(colour) {
            Some(colour) => format!("{{color:{colour}}}{label}{{color}}"),
            None => label,
        }
    }

    /// One run with its marks. Blanks at its ends stay outside: Jira does not close a mark after a blank.
    fn marked(&self, text: &str, marks: &[Mark], next: Option<char>, out: &mut String) {
        let core = text.trim_matches(|c: char| c.is_whitespace());
        let before = out.chars().last();
        if core.is_empty() || marks.is_empty() {
            out.push_str(&escape(text, before.unwrap_or(' '), *self));
            return;
        }
        let lead = text.len() - text.trim_start().len();
        out.push_str(text.get(..lead).unwrap_or_default());
        let trail = text.get(lead + core.len()..).unwrap_or_default();
        let glued = lead == 0 && before.is_some_and(|before| before.is_alphanumeric() || before == '\\');
        let tight = self.care == Care::Heavy || glued || trail.is_empty() && next.is_some_and(char::is_alphanumeric);
        out.push_str(&self.wrap(core, marks, tight));
        out.push_str(trail);
    }

    fn wrap(&self, text: &str, marks: &[Mark], tight: bool) -> String {
        let code = marks.contains(&Mark::Code);
        let mut body = match (code, tight) {
            (true, false) => format!("{{{{{}}}}}", monospaced(text, *self)),
            (true, true) => format!("{{{{{{}}{}{{}}}}}}", monospaced(text, *self)),
            (false, _) => escape(text, ' ', *self),
        };
        if marks.contains(&Mark::Citation) && !code {
            body = format!("??{body}??");
        }
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
                body = format!("{{color:{}}}{body}{{color}}", super::wiki_write::parameter(colour));
            }
        }
        let tip = marks.iter().find_map(|mark| {
            if let Mark::Tip(tip) = mark { Some(tip.replace(['|', ']', '[', '\n'], " ")) } else { None }
        });
        for mark in marks {
            if let Mark::Link(address) = mark {
                body = linked(&body, text, address, tip.as_deref(), marks.len() == 1 && !tight);
            }
        }
        body
    }
}

/// A link. What is no address that markup can hold is shown behind the text.
fn linked(body: &str, text: &str, address: &str, tip: Option<&str>, alone: bool) -> String {
    let holds = super::wiki_inline::is_address(address) && !address.contains(['|', ']', '[', '\n']);
    // An address that shows itself needs no brackets, where it is not glued to a word.
    if text == address && alone && address.starts_with("http") && !address.contains(['|', ']', '{', '}']) {
        return text.to_owned();
    }
    match (holds, tip) {
        (true, Some(tip)) => format!("[{}|{address}|{tip}]", link_text(body)),
        (true, None) => format!("[{}|{address}]", link_text(body)),
        (false, _) => {
            let shown: String = address.chars().map(number_if_special).collect();
            if text == address { body.to_owned() } else { format!("{body} ({shown})") }
        }
    }
}

fn number_if_special(sign: char) -> String {
    if super::wiki_inline::is_special(sign) && !"-#%@()".contains(sign) {
        format!("&#{};", u32::from(sign))
    } else {
        sign.to_string()
    }
}

fn first_char(inline: &Inline) -> Option<char> {
    match inline {
        Inline::Text(text, _) => text.chars().next(),
        Inline::HardBreak => Some('\n'),
        Inline::Unknown(literal) => literal.plain.chars().next(),
        Inline::Mention { .. }
        | Inline::Emoji { .. }
        | Inline::Date(_)
        | Inline::Status { .. }
        | Inline::Card(_)
        | Inline::File(_) => Some('0'),
    }
}
