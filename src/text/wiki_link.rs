//! Links, people, files and macros within a line of wiki markup. Must never take for a link what names no address.

use serde_json::json;

use super::wiki_inline::{Found, Reader, Spot, is_address};
use crate::model::document::{Attributes, File, FilePlace, Inline, Literal, Mark, Syntax};

/// The name and parameters of a macro within a line never reach further.
const LONGEST_MACRO: usize = 200;

impl Reader {
    /// `{color:…}` is a mark; any other macro is kept literally.
    pub(super) fn braces(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let head = spot.rest().iter().take(LONGEST_MACRO).position(|sign| *sign == '}');
        let Some(length) = head.filter(|length| *length > 1) else { return 0 };
        let name = spot.text(spot.at + 1, spot.at + length);
        if let Some(colour) = name.strip_prefix("color:") {
            let mark = Mark::Colour(colour.to_owned());
            return self.fenced(spot, found, length + 1, "{color}", Some(mark));
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.contains('\n') {
            return 0;
        }
        let source = spot.text(spot.at, spot.at + length + 1);
        let plain = source.clone();
        self.push(spot.marks, Inline::Unknown(Literal { syntax: Syntax::Wiki, source, plain }));
        length + 1
    }

    /// `[text|address]`, `[address]`, `[~user]`, `[^file]`.
    pub(super) fn brackets(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let line = found.line(spot.chars, spot.at);
        let inner = spot.at + 1;
        let Some(end) = found.plain(spot.chars, inner, "]").filter(|end| *end > inner && *end < line) else { return 0 };
        // Of nested brackets the inner ones are the link.
        if found.plain(spot.chars, inner, "[").is_some_and(|open| open < end) {
            return 0;
        }
        let inside = spot.text(inner, end);
        let taken = end + 1 - spot.at;
        if let Some(user) = inside.strip_prefix('~').filter(|user| !user.is_empty()) {
            let person = user.trim_start_matches("accountid:").to_owned();
            self.push(spot.marks, Inline::Mention { name: person.clone(), person });
            return taken;
        }
        if let Some(name) = inside.strip_prefix('^').filter(|name| !name.is_empty()) {
            let file = File {
                name: name.to_owned(),
                place: FilePlace::Attachment,
                attributes: Attributes::new(),
                marks: Vec::new(),
            };
            self.push(spot.marks, Inline::File(file));
            return taken;
        }
        if self.link(spot, &inside) { taken } else { 0 }
    }

    /// The text of a link, its address, and what it says when pointed at. Whether it is a link.
    fn link(&mut self, spot: Spot<'_>, inside: &str) -> bool {
        let parts = parts(inside);
        let (text, address, tip) = match parts.as_slice() {
            [address] => (*address, *address, None),
            [.., text, address, tip] if is_address(address) && !is_address(tip) => (*text, *address, Some(*tip)),
            [.., _, address] => {
                (inside.strip_suffix(address).map_or("", |text| text.strip_suffix('|').unwrap_or(text)), *address, None)
            }
            [] => return false,
        };
        if !is_address(address) || (parts.len() > 3 && tip.is_some()) {
            return false;
        }
        if tip == Some("smart-link") && text == address {
            self.push(spot.marks, Inline::Card(address.to_owned()));
            return true;
        }
        self.flush(spot.marks);
        let mut deeper = spot.marks.to_vec();
        deeper.push(Mark::Link(address.trim().to_owned()));
        deeper.extend(tip.map(|tip| Mark::Tip(tip.to_owned())));
        if text == address {
            address.trim().clone_into(&mut self.word);
            self.flush(&deeper);
            return true;
        }
        let text: Vec<char> = text.chars().collect();
        let before = self.out.len();
        self.run(&text, &deeper, spot.depth + 1);
        if self.out.len() == before {
            address.trim().clone_into(&mut self.word);
            self.flush(&deeper);
        }
        true
    }

    /// `!picture.png|width=300!`.
    pub(super) fn image(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let line = found.line(spot.chars, spot.at);
        let from = spot.at + 1;
        let Some(end) = found.plain(spot.chars, from, "!").filter(|end| *end > from && *end < line) else { return 0 };
        let inside = spot.text(from, end);
        // Exclamation marks in running text name no file.
        if !is_image(&inside) {
            return 0;
        }
        let (name, parameters) = inside.split_once('|').unwrap_or((&inside, ""));
        let mut attributes = Attributes::new();
        for part in parameters.split([',', '|']).map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').map_or((part, json!(true)), |(name, value)| (name, json!(value)));
            attributes.insert(name.to_owned(), value);
        }
        let place = if name.contains("://") { FilePlace::Address(name.to_owned()) } else { FilePlace::Picture };
        let name = match (&place, attributes.get("alt").and_then(serde_json::Value::as_str)) {
            (FilePlace::Address(_), Some(alt)) => alt.to_owned(),
            (FilePlace::Address(_), None) => String::new(),
            (FilePlace::Picture | FilePlace::Attachment | FilePlace::Media(_), _) => name.to_owned(),
        };
        if matches!(place, FilePlace::Address(_)) {
            attributes.remove("alt");
        }
        self.push(spot.marks, Inline::File(File { name, place, attributes, marks: Vec::new() }));
        end + 1 - spot.at
    }

    pub(super) fn address(&mut self, spot: Spot<'_>) -> usize {
        let is_linked = spot.marks.iter().any(|mark| matches!(mark, Mark::Link(_)));
        let named: String = spot.rest().iter().take(9).collect();
        if is_linked || !(named.starts_with("http://") || named.starts_with("https://")) {
            return 0;
        }
        let ends = |sign: &char| sign.is_whitespace() || "|][{}\"<>\\!⟦⟧".contains(*sign);
        let whole: String = spot.rest().iter().take_while(|sign| !ends(sign)).collect();
        let address = whole.trim_end_matches(['.', ',', ';', ':', '?', ')', '(', '*', '_', '+', '-', '^', '~']);
        let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        if host.is_none_or(str::is_empty) {
            return 0;
        }
        self.flush(spot.marks);
        let mut deeper = spot.marks.to_vec();
        deeper.push(Mark::Link(address.to_owned()));
        address.clone_into(&mut self.word);
        self.flush(&deeper);
        address.chars().count()
    }
}

/// Whether what stands between exclamation marks names a picture.
pub(super) fn is_image(inside: &str) -> bool {
    let (name, parameters) = inside.split_once('|').unwrap_or((inside, ""));
    let sized = parameters.is_empty()
        || parameters.split([',', '|']).all(|part| part.trim() == "thumbnail" || part.contains('='));
    let dot = name.rfind('.').unwrap_or(0);
    // Blanks are in the names of screenshots, and between the exclamation marks of running text.
    let spaced = name.contains(char::is_whitespace);
    let end = name.get(dot + 1..).unwrap_or_default();
    let pictured = !spaced || name.trim() == name && PICTURES.iter().any(|known| end.eq_ignore_ascii_case(known));
    dot > 0 && !end.is_empty() && sized && pictured && !name.contains(['{', '}', '[', ']', '\\', '\n', '\r'])
}

/// How the names of pictures and films end.
const PICTURES: [&str; 12] = ["png", "jpg", "jpeg", "gif", "bmp", "svg", "webp", "tif", "tiff", "mp4", "mov", "webm"];

/// The parts of a link, where no backslash keeps a bar from parting them.
fn parts(inside: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut escaped) = (0, false);
    for (at, sign) in inside.char_indices() {
        if sign == '|' && !escaped {
            parts.extend(inside.get(from..at));
            from = at + 1;
        }
        escaped = sign == '\\' && !escaped;
    }
    parts.extend(inside.get(from..));
    parts
}
