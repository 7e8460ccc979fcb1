//! Wiki macros with a body: code, quotes, panels, and those we do not know. Must never take a macro for open that is
//! nowhere closed.

use std::cell::Cell;

use serde_json::json;

use super::marked::EXPAND;
use super::wiki_block;
use crate::model::document::{Attributes, Block, Literal, Syntax};

/// The macros whose bodies are known to be blocks. The first four are converted, the others kept literally.
const NAMES: [&str; 14] = [
    "code", "noformat", "quote", "panel", "info", "note", "warning", "tip", "expand", "adf", "excerpt", "section",
    "column", "html",
];

/// The colours that Cloud gives its panels when it writes them in markup.
const PANELS: [(&str, &str); 6] = [
    ("info", "#deebff"),
    ("note", "#eae6ff"),
    ("success", "#e3fcef"),
    ("warning", "#fffae6"),
    ("error", "#ffebe6"),
    ("tip", "#e6fcff"),
];

/// The parameters of a macro never reach further.
const LONGEST_PARAMETERS: usize = 600;

/// The colour of a panel of that kind.
pub(super) fn panel_colour(kind: &str) -> Option<&'static str> {
    PANELS.iter().find(|(name, _)| *name == kind).map(|(_, colour)| *colour)
}

/// Where macros are closed in a text.
pub(super) struct Closes<'a> {
    text: &'a str,
    /// For each name the last place where it is closed; looked for once.
    last: [Cell<Option<Option<usize>>>; NAMES.len()],
}

/// A macro with its body.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    name: &'static str,
    parameters: &'a str,
    body: &'a str,
    source: &'a str,
    /// Where its opening brace is.
    pub(super) from: usize,
    /// Behind its closing twin.
    pub(super) end: usize,
}

impl<'a> Closes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, last: Default::default() }
    }

    /// The macro that opens right at `at`, if it is closed somewhere.
    pub(super) fn opening(&self, at: usize) -> Option<Opening<'a>> {
        let rest = self.text.get(at..)?.strip_prefix('{')?;
        // Doubled or escaped braces are something else.
        if at.checked_sub(1).and_then(|before| self.text.as_bytes().get(before)).is_some_and(|b| b"{\\".contains(b)) {
            return None;
        }
        let index = NAMES.iter().position(|name| {
            rest.strip_prefix(name).is_some_and(|behind| behind.starts_with('}') || behind.starts_with(':'))
        })?;
        let name = NAMES.get(index).copied()?;
        let mut reach = rest.len().min(LONGEST_PARAMETERS);
        while !rest.is_char_boundary(reach) {
            reach -= 1;
        }
        let head = rest.get(..reach)?;
        let close = head.find('}').filter(|end| !head.get(..*end).unwrap_or_default().contains(['\n', '\r']))?;
        let parameters = rest.get(name.len()..close)?.trim_start_matches(':');
        let body_from = at + 1 + close + 1;
        let fence = format!("{{{name}}}");
        let cell = self.last.get(index)?;
        let last = cell.get().unwrap_or_else(|| {
            let found = self.text.rfind(&fence);
            cell.set(Some(found));
            found
        });
        if last.is_none_or(|last| last < body_from) {
            return None;
        }
        let length = self.text.get(body_from..)?.find(&fence)?;
        let end = body_from + length + fence.len();
        Some(Opening {
            name,
            parameters,
            body: self.text.get(body_from..body_from + length)?,
            source: self.text.get(at..end)?,
            from: at,
            end,
        })
    }
}

impl Opening<'_> {
    /// The blocks that it stands for.
    pub(super) fn blocks(&self, depth: usize) -> Vec<Block> {
        let block = match self.name {
            "code" => self.code(),
            "noformat" => Block::Preformatted(verbatim(self.body)),
            "quote" => Block::Quote(wiki_block::blocks(self.body, depth + 1)),
            "panel" => self.panel(depth),
            _ => {
                let plain = self.source.replace("\r\n", "\n").replace('\r', "\n");
                Block::Unknown(Literal { syntax: Syntax::Wiki, plain, source: self.source.to_owned() })
            }
        };
        vec![block]
    }

    fn code(&self) -> Block {
        let mut attributes = Attributes::new();
        let mut language = None;
        for part in self.parameters.split('|').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((name, value)) => drop(attributes.insert(name.to_owned(), json!(value))),
                None if language.is_none() => language = Some(part.to_owned()),
                None => drop(attributes.insert(part.to_owned(), json!(true))),
            }
        }
        let block = Block::Code { language, text: verbatim(self.body) };
        if attributes.is_empty() {
            return block;
        }
        Block::Dressed { syntax: Syntax::Wiki, attributes, marks: Vec::new(), block: Box::new(block) }
    }

    fn panel(&self, depth: usize) -> Block {
        let mut attributes = Attributes::new();
        let (mut title, mut kind) = (String::new(), "custom");
        for part in self.parameters.split('|') {
            let Some((name, value)) = part.split_once('=') else { continue };
            let known = PANELS.iter().find(|(_, colour)| name == "bgColor" && colour.eq_ignore_ascii_case(value));
            match (name, known) {
                ("title", _) => value.clone_into(&mut title),
                (_, Some((name, _))) => kind = name,
                ("bgColor", None) => drop(attributes.insert("panelColor".to_owned(), json!(value))),
                (name, None) => drop(attributes.insert(name.to_owned(), json!(value))),
            }
        }
        let blocks = wiki_block::blocks(self.body, depth + 1);
        match title.strip_prefix(EXPAND).or_else(|| (title == EXPAND.trim_end()).then_some("")) {
            Some(title) => Block::Expand { title: title.to_owned(), blocks },
            None => Block::Panel { kind: kind.to_owned(), title, attributes, blocks },
        }
    }
}

/// A body that is shown as it is, without the line ends next to its braces.
fn verbatim(body: &str) -> String {
    let text = body.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let text = text.strip_prefix('\n').unwrap_or(&text);
    text.strip_suffix('\n').unwrap_or(text).to_owned()
}
