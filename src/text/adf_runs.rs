//! Inlines to ADF. Must never make an empty text, nor marks that ADF does not allow together.

use serde_json::{Map, Value as Json, json};

use super::adf_literal::{day, file};
use super::adf_place::attribute_fits;
use super::adf_write::Writer;
use super::colour::hex;
use super::target::Target;
use crate::model::document::{File, FilePlace, Inline, Literal, Mark};

/// The inlines with everything bold.
pub(super) fn bold(inlines: &[Inline]) -> Vec<Inline> {
    let bold = |inline: &Inline| {
        let mut inline = inline.clone();
        if let Inline::Text(_, marks) = &mut inline
            && !marks.contains(&Mark::Strong)
        {
            marks.push(Mark::Strong);
            marks.sort();
        }
        inline
    };
    inlines.iter().map(bold).collect()
}

impl Writer<'_> {
    pub(super) fn run(&self, inlines: &[Inline]) -> Vec<Json> {
        let mut out = Vec::new();
        for inline in inlines {
            self.inline(inline, &mut out);
        }
        out
    }

    /// A caption takes neither macros nor files.
    pub(super) fn caption(&self, inlines: &[Inline]) -> Vec<Json> {
        let plainer = |inline: &Inline| match inline {
            Inline::Unknown(Literal { plain, .. }) => Inline::Text(plain.replace('\n', " "), Vec::new()),
            Inline::File(found) => Inline::Text(file(&found.name), Vec::new()),
            Inline::Text(..)
            | Inline::HardBreak
            | Inline::Mention { .. }
            | Inline::Emoji { .. }
            | Inline::Date(_)
            | Inline::Status { .. }
            | Inline::Card(_) => inline.clone(),
        };
        self.run(&inlines.iter().map(plainer).collect::<Vec<_>>())
    }

    fn inline(&self, inline: &Inline, out: &mut Vec<Json>) {
        match inline {
            Inline::HardBreak => out.push(json!({ "type": "hardBreak" })),
            Inline::Text(content, marks) => self.text(content, marks, out),
            Inline::Mention { person, name } => match self.target.person(person) {
                Some(account) => {
                    let attrs = json!({ "id": account, "text": format!("@{name}") });
                    out.push(json!({ "type": "mention", "attrs": attrs }));
                }
                None => self.text(&format!("@{name}"), &[], out),
            },
            Inline::Emoji { name, text, id } => {
                let mut attrs = json!({ "shortName": name });
                if let Some(text) = text {
                    attrs["text"] = json!(text);
                }
                if let Some(id) = id {
                    attrs["id"] = json!(id);
                }
                out.push(json!({ "type": "emoji", "attrs": attrs }));
            }
            Inline::Date(time) if time.is_empty() => {}
            Inline::Date(time) => out.push(json!({ "type": "date", "attrs": { "timestamp": time } })),
            Inline::Status { text, colour, style } => self.status(text, colour, style.as_deref(), out),
            Inline::Card(address) => out.push(json!({ "type": "inlineCard", "attrs": { "url": address } })),
            Inline::File(found) => self.file(found, out),
            Inline::Unknown(literal) => {
                let own = self.target.owns(literal).then(|| serde_json::from_str::<Json>(&literal.source).ok());
                match own.flatten() {
                    Some(node) if is_inline(&node) => out.push(node),
                    _ => self.text(&literal.plain, &[], out),
                }
            }
        }
    }

    fn status(&self, text: &str, colour: &str, style: Option<&str>, out: &mut Vec<Json>) {
        let known = ["neutral", "purple", "blue", "red", "yellow", "green"];
        let colour = if known.contains(&colour) { Some(colour.to_owned()) } else { hex(colour) };
        if text.is_empty() {
            return;
        }
        let mut attrs = json!({ "text": text, "color": colour.unwrap_or_else(|| "neutral".to_owned()) });
        if let Some(style) = style {
            attrs["style"] = json!(style);
        }
        out.push(json!({ "type": "status", "attrs": attrs }));
    }

    fn file(&self, found: &File, out: &mut Vec<Json>) {
        match &found.place {
            FilePlace::Media(attributes) if self.target.owns_media(&found.place) => {
                let mut attrs: Map<String, Json> = attributes.clone().into_iter().collect();
                if !attrs.contains_key("collection") {
                    attrs.insert("collection".to_owned(), json!(""));
                }
                if !found.name.is_empty() {
                    attrs.insert("alt".to_owned(), json!(found.name));
                }
                // Of a file in a line ADF knows other names than of one on its own.
                attrs.retain(|name, _| name != "url");
                let mut node = json!({ "type": "mediaInline", "attrs": attrs });
                if !found.marks.is_empty() {
                    node["marks"] = Json::Array(found.marks.clone());
                }
                out.push(node);
            }
            FilePlace::Address(address) => {
                let name = if found.name.is_empty() { address } else { &found.name };
                self.text(name, &[Mark::Link(address.clone())], out);
            }
            FilePlace::Picture | FilePlace::Attachment | FilePlace::Media(_) => {
                self.text(&file(&found.name), &[], out);
            }
        }
    }

    fn text(&self, content: &str, marks: &[Mark], out: &mut Vec<Json>) {
        let marks = self.allowed(marks);
        for (index, line) in content.split('\n').enumerate() {
            if index > 0 {
                out.push(json!({ "type": "hardBreak" }));
            }
            let line = if line.contains('\0') { line.replace('\0', "") } else { line.to_owned() };
            if line.is_empty() {
                continue;
            }
            let mut node = json!({ "type": "text", "text": line });
            if !marks.is_empty() {
                node["marks"] = Json::Array(marks.clone());
            }
            out.push(node);
        }
    }

    /// Code goes with a link and with anchors only.
    fn allowed(&self, marks: &[Mark]) -> Vec<Json> {
        let code = marks.contains(&Mark::Code);
        let tip = marks.iter().find_map(|mark| if let Mark::Tip(tip) = mark { Some(tip.as_str()) } else { None });
        let mut out: Vec<Json> = Vec::new();
        for one in marks {
            let goes = !code || matches!(one, Mark::Code | Mark::Link(_) | Mark::Adf(_));
            if let Some(node) = goes.then(|| self.mark(one, tip)).flatten()
                && !out.iter().any(|other| other.get("type") == node.get("type"))
            {
                out.push(node);
            }
        }
        out
    }

    fn mark(&self, mark: &Mark, tip: Option<&str>) -> Option<Json> {
        Some(match mark {
            Mark::Strong => json!({ "type": "strong" }),
            // ADF has no citation: Jira shows one in italics.
            Mark::Emphasis | Mark::Citation => json!({ "type": "em" }),
            Mark::Strike => json!({ "type": "strike" }),
            Mark::Underline => json!({ "type": "underline" }),
            Mark::Code => json!({ "type": "code" }),
            Mark::Superscript => json!({ "type": "subsup", "attrs": { "type": "sup" } }),
            Mark::Subscript => json!({ "type": "subsup", "attrs": { "type": "sub" } }),
            Mark::Colour(colour) => json!({ "type": "textColor", "attrs": { "color": hex(colour)? } }),
            Mark::Background(colour) => json!({ "type": "backgroundColor", "attrs": { "color": hex(colour)? } }),
            Mark::Link(address) => match tip {
                Some(tip) => json!({ "type": "link", "attrs": { "href": address, "title": tip } }),
                None => json!({ "type": "link", "attrs": { "href": address } }),
            },
            Mark::Tip(_) => return None,
            Mark::Adf(source) if self.target.owns_mark(source) => {
                let node = serde_json::from_str::<Json>(source).ok()?;
                let anchor = node.pointer("/attrs/annotationType").and_then(Json::as_str) == Some("inlineComment");
                return (node.get("type").and_then(Json::as_str) == Some("annotation") && anchor).then_some(node);
            }
            Mark::Adf(_) => return None,
        })
    }
}

fn is_inline(node: &Json) -> bool {
    let kinds = ["placeholder", "inlineExtension", "inlineCard", "mention", "emoji", "date", "status", "mediaInline"];
    node.get("type").and_then(Json::as_str).is_some_and(|kind| kinds.contains(&kind))
}

/// The media node of a file. `None`: none can be made there.
pub(super) fn file_node(found: &File, target: &Target<'_>) -> Option<Json> {
    let mut attrs = match &found.place {
        FilePlace::Address(address) => {
            let fit = found.attributes.iter().filter(|(name, value)| attribute_fits("media", name, value));
            let mut attrs: Map<String, Json> = fit.map(|(name, value)| (name.clone(), value.clone())).collect();
            attrs.insert("type".to_owned(), json!("external"));
            attrs.insert("url".to_owned(), json!(address));
            attrs
        }
        FilePlace::Media(attributes) if target.owns_media(&found.place) => attributes.clone().into_iter().collect(),
        FilePlace::Media(_) | FilePlace::Picture | FilePlace::Attachment => return None,
    };
    if !found.name.is_empty() {
        attrs.insert("alt".to_owned(), json!(found.name));
    }
    let mut node = json!({ "type": "media", "attrs": attrs });
    if !found.marks.is_empty() {
        node["marks"] = Json::Array(found.marks.clone());
    }
    Some(node)
}

/// The day of a date, for sides that have no dates in texts.
pub(super) fn shown_day(time: &str) -> String {
    day(time)
}
