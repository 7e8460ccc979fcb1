//! Documents as HTML for the console. Must never let through a tag, a script or an address that a text brought along: every
//! character of a text is escaped, and only addresses of known schemes become links.

use super::adf_literal::day;
use super::colour::hex;
use super::plain::file_text;
use crate::model::document::{Block, Cell, Document, File, FilePlace, Inline, Mark, Task};

/// The document as HTML: a sequence of block elements without attributes but `href`, `title`, `class` and `style` of colours.
#[must_use]
pub fn html(document: &Document) -> String {
    let mut out = String::new();
    blocks(&document.blocks, &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            other => out.push(other),
        }
    }
}

fn element(name: &str, out: &mut String, inner: impl FnOnce(&mut String)) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    inner(out);
    out.push_str("</");
    out.push_str(name.split(' ').next().unwrap_or_default());
    out.push('>');
}

fn blocks(list: &[Block], out: &mut String) {
    for one in list {
        block(one, out);
    }
}

fn block(one: &Block, out: &mut String) {
    match one {
        Block::Paragraph(run) => element("p", out, |out| inlines(run, out)),
        Block::Heading(level, run) => element(&format!("h{}", level.clamp(&1, &6)), out, |out| inlines(run, out)),
        Block::BulletList(items) => element("ul", out, |out| list(items, out)),
        Block::OrderedList(items) => element("ol", out, |out| list(items, out)),
        Block::NumberedFrom(first, items) => element(&format!("ol start=\"{first}\""), out, |out| list(items, out)),
        Block::Code { text, .. } | Block::Preformatted(text) => {
            element("pre", out, |out| element("code", out, |out| escape(text, out)));
        }
        Block::Quote(inner) => element("blockquote", out, |out| blocks(inner, out)),
        Block::Rule => out.push_str("<hr>"),
        Block::Panel { title, blocks: inner, .. } => element("div class=\"panel\"", out, |out| {
            if !title.is_empty() {
                element("p", out, |out| element("strong", out, |out| escape(title, out)));
            }
            blocks(inner, out);
        }),
        Block::Expand { title, blocks: inner } => element("details", out, |out| {
            element("summary", out, |out| escape(title, out));
            blocks(inner, out);
        }),
        Block::Table(rows) => element("table", out, |out| {
            rows.iter().for_each(|row| element("tr", out, |out| cells(row, out)));
        }),
        Block::Tasks(tasks) => element("ul class=\"tasks\"", out, |out| tasks.iter().for_each(|one| task(one, out))),
        Block::Decisions(decisions) => element("ul class=\"decisions\"", out, |out| {
            decisions.iter().for_each(|one| element("li", out, |out| inlines(&one.inlines, out)));
        }),
        Block::Layout(columns) => element("div class=\"columns\"", out, |out| {
            columns.iter().for_each(|column| element("div", out, |out| blocks(&column.blocks, out)));
        }),
        Block::Files { files, caption, .. } => element("p class=\"files\"", out, |out| {
            files.iter().for_each(|one| file(one, out));
            inlines(caption, out);
        }),
        Block::Card { address, .. } => element("p", out, |out| linked(address, None, out, |out| escape(address, out))),
        Block::Dressed { block: inner, .. } => block(inner, out),
        Block::Unknown(literal) => element("pre class=\"literal\"", out, |out| escape(&literal.plain, out)),
    }
}

fn list(items: &[Vec<Block>], out: &mut String) {
    items.iter().for_each(|item| element("li", out, |out| blocks(item, out)));
}

fn cells(row: &[Cell], out: &mut String) {
    for cell in row {
        element(if cell.heading { "th" } else { "td" }, out, |out| blocks(&cell.blocks, out));
    }
}

fn task(one: &Task, out: &mut String) {
    element("li", out, |out| {
        out.push_str(if one.done { "☑ " } else { "☐ " });
        inlines(&one.inlines, out);
        if !one.nested.is_empty() {
            element("ul class=\"tasks\"", out, |out| one.nested.iter().for_each(|one| task(one, out)));
        }
    });
}

/// A link, where the address is one that a browser may follow.
fn linked(address: &str, tip: Option<&str>, out: &mut String, inner: impl FnOnce(&mut String)) {
    let lower = address.trim().to_ascii_lowercase();
    if !["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        inner(out);
        return;
    }
    out.push_str("<a rel=\"noopener noreferrer nofollow\" href=\"");
    escape(address.trim(), out);
    if let Some(tip) = tip {
        out.push_str("\" title=\"");
        escape(tip, out);
    }
    out.push_str("\">");
    inner(out);
    out.push_str("</a>");
}

fn file(one: &File, out: &mut String) {
    match &one.place {
        FilePlace::Address(address) => linked(address, None, out, |out| escape(&file_text(one), out)),
        FilePlace::Picture | FilePlace::Attachment | FilePlace::Media(_) => escape(&file_text(one), out),
    }
}

fn inlines(run: &[Inline], out: &mut String) {
    for inline in run {
        match inline {
            Inline::Text(text, marks) => marked(text, marks, out),
            Inline::HardBreak => out.push_str("<br>"),
            Inline::Unknown(literal) => element("code", out, |out| escape(&literal.plain, out)),
            Inline::Mention { name, .. } => element("span class=\"mention\"", out, |out| {
                out.push('@');
                escape(name, out);
            }),
            Inline::Emoji { name, text, .. } => escape(text.as_deref().unwrap_or(name), out),
            Inline::Date(time) => escape(&day(time), out),
            Inline::Status { text, .. } => element("span class=\"status\"", out, |out| escape(text, out)),
            Inline::Card(address) => linked(address, None, out, |out| escape(address, out)),
            Inline::File(one) => file(one, out),
        }
    }
}

fn marked(text: &str, marks: &[Mark], out: &mut String) {
    let Some((mark, rest)) = marks.split_first() else {
        escape(text, out);
        return;
    };
    let inner = |out: &mut String| marked(text, rest, out);
    let coloured = |what: &str, colour: &str| hex(colour).map(|colour| format!("span style=\"{what}:{colour}\""));
    let name = match mark {
        Mark::Strong => Some("strong".to_owned()),
        Mark::Emphasis => Some("em".to_owned()),
        Mark::Strike => Some("s".to_owned()),
        Mark::Underline => Some("u".to_owned()),
        Mark::Code => Some("code".to_owned()),
        Mark::Superscript => Some("sup".to_owned()),
        Mark::Subscript => Some("sub".to_owned()),
        Mark::Citation => Some("cite".to_owned()),
        Mark::Colour(colour) => coloured("color", colour),
        Mark::Background(colour) => coloured("background-color", colour),
        Mark::Tip(_) | Mark::Adf(_) => None,
        Mark::Link(address) => {
            let tip = marks.iter().find_map(|mark| if let Mark::Tip(tip) = mark { Some(tip.as_str()) } else { None });
            return linked(address, tip, out, inner);
        }
    };
    match name {
        Some(name) => element(&name, out, inner),
        None => inner(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::issue::NativeValue;

    fn shown(markup: &str) -> String {
        html(&crate::text::read(&NativeValue::Wiki(markup.to_owned())))
    }

    #[test]
    fn markup_becomes_elements() {
        assert_eq!(
            shown("h2. A *b*\n\n* [c|https://e.com/?a=1&b=\"x]"),
            "<h2>A <strong>b</strong></h2><ul><li><p><a rel=\"noopener noreferrer nofollow\" \
             href=\"https://e.com/?a=1&amp;b=&quot;x\">c</a></p></li></ul>"
        );
    }

    #[test]
    fn nothing_that_a_text_brings_along_gets_through() {
        for evil in [
            "<script>alert(1)</script>",
            "{color:red\"onmouseover=\"x}a{color}",
            "{panel:title=<img src=x onerror=y>}a{panel}",
            "{code}</code><script>{code}",
            "[a|file:javascript:alert(1)]",
            "{html}<script>{html}",
            "!https://e.com/a.png|alt=\"><script>!",
        ] {
            let out = shown(evil);
            assert!(!out.contains("<script") && !out.contains("<img") && !out.contains("javascript:\""), "{out}");
            assert!(!out.contains("onmouseover=\"x"), "{out}");
        }
        let link = Document {
            blocks: vec![Block::Paragraph(vec![Inline::Text(
                "a".to_owned(),
                vec![Mark::Link(" JavaScript:alert(1)".to_owned())],
            )])],
        };
        assert_eq!(html(&link), "<p>a</p>");
    }
}
