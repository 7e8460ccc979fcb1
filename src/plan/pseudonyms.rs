//! Words that stand for other words: the same for the same, so that what was equal, or part of a text, is so still. Must never let
//! through a word that is not Jira's own or ours.
//!
//! A text is taken word by word, so that merges, headers, keys and templates work on it as before. Letters become as many letters, in
//! upper case where they were; digits as many digits. Signs between them stay, and so do moments, days, numbers of two digits at most,
//! and the words of [`VOCABULARY`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

/// Hex digits from which on a run of them is an id of ours, or the sum of a file.
const AN_ID: usize = 32;
/// Numbers of as many digits tell nothing of anybody.
const SHORT_NUMBER: usize = 2;

/// The words that stand for others, as far as they were met.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    /// By what they stand for, in lower case.
    known: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// How many were tried of each kind and length.
    tried: BTreeMap<(Kind, usize), u64>,
}

/// What a word consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Id,
    Number,
    Letters,
    /// Signs and spaces: no word.
    Between,
}

impl Pseudonyms {
    /// Gives the words of some names theirs first, such that those sort as these do.
    pub(super) fn in_order<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let (mut pseudonyms, mut letters) = (Self::default(), 'a'..='z');
        for (kind, word) in names.into_iter().flat_map(words) {
            let word = lower(word);
            if kind != Kind::Letters || is_kept(&word) || pseudonyms.known.contains_key(&word) {
                continue;
            }
            // As long as letters last: nobody has as many sides.
            let Some(letter) = letters.next() else { break };
            let stands: String =
                std::iter::once(letter).chain(std::iter::repeat('q')).take(word.chars().count()).collect();
            if pseudonyms.taken.insert(stands.clone()) {
                pseudonyms.known.insert(word, stands);
            }
        }
        pseudonyms
    }

    /// What stands for a text.
    pub(super) fn text(&mut self, text: &str) -> String {
        if is_a_moment(text) {
            return text.to_owned();
        }
        words(text).map(|(kind, word)| self.word(kind, word)).collect()
    }

    fn word(&mut self, kind: Kind, word: &str) -> String {
        let length = word.chars().count();
        match kind {
            Kind::Between => word.to_owned(),
            Kind::Number if length <= SHORT_NUMBER => word.to_owned(),
            Kind::Id | Kind::Number => self.stands_for(kind, word),
            Kind::Letters => {
                let small = lower(word);
                // In capitals it is a project's key rather than a word of Jira's.
                if is_kept(&small) && !word.chars().all(char::is_uppercase) {
                    return word.to_owned();
                }
                let stands = self.stands_for(kind, &small);
                let mut letters = word.chars();
                let as_written = |letter: char| match letters.next() {
                    Some(was) if was.is_uppercase() => letter.to_ascii_uppercase(),
                    _ => letter,
                };
                stands.chars().map(as_written).collect()
            }
        }
    }

    fn stands_for(&mut self, kind: Kind, word: &str) -> String {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let mut length = word.chars().count();
        loop {
            let tried = self.tried.entry((kind, length)).or_default();
            *tried += 1;
            match numbered(kind, length, *tried) {
                // No word of this length is left.
                None => length += 1,
                Some(stands) if is_kept(&stands) || !self.taken.insert(stands.clone()) => {}
                Some(stands) => {
                    self.known.insert(word.to_owned(), stands.clone());
                    return stands;
                }
            }
        }
    }
}

/// The word of a length with a number from 1 on; `None` beyond the last one.
fn numbered(kind: Kind, length: usize, number: u64) -> Option<String> {
    // A number has no nought in front.
    let (base, first, mut rest) = match kind {
        Kind::Id => (16, "", number),
        Kind::Number => (10, "1", number),
        Kind::Letters | Kind::Between => (26, "", number - 1),
    };
    let sign = |digit: u8| if base == 26 { Some(char::from(b'a' + digit)) } else { char::from_digit(digit.into(), 16) };
    let mut signs = Vec::new();
    while rest > 0 {
        signs.push(sign(u8::try_from(rest % base).ok()?)?);
        rest /= base;
    }
    let lacking = length.checked_sub(signs.len() + first.len())?;
    signs.extend(std::iter::repeat_n(sign(0)?, lacking));
    Some(first.chars().chain(signs.into_iter().rev()).collect())
}

/// A text in runs of one kind.
fn words(text: &str) -> impl Iterator<Item = (Kind, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = kind_at(rest)?;
        let end = match kind {
            Kind::Id => rest.find(|sign: char| !is_hex(sign)),
            Kind::Number => rest.find(|sign: char| !sign.is_numeric()),
            Kind::Letters => rest.find(|sign: char| !sign.is_alphabetic()),
            Kind::Between => rest.find(char::is_alphanumeric),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some((kind, word))
    })
}

fn kind_at(text: &str) -> Option<Kind> {
    let first = text.chars().next()?;
    let hex = text.find(|sign: char| !is_hex(sign)).unwrap_or(text.len());
    Some(match first {
        _ if hex >= AN_ID => Kind::Id,
        first if first.is_numeric() => Kind::Number,
        first if first.is_alphabetic() => Kind::Letters,
        _ => Kind::Between,
    })
}

fn is_hex(sign: char) -> bool {
    matches!(sign, '0'..='9' | 'a'..='f')
}

/// Letter by letter, so that there are as many.
fn lower(word: &str) -> String {
    word.chars().map(|letter| letter.to_lowercase().next().unwrap_or(letter)).collect()
}

fn is_kept(word: &str) -> bool {
    VOCABULARY.binary_search(&word).is_ok()
}

/// Whether a text is a moment or a day and nothing else.
fn is_a_moment(text: &str) -> bool {
    text.as_bytes().get(4) == Some(&b'-') && (text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok())
}

/// What stays: names of fields as Jira and we call them, of ADF's nodes and attributes, of looks, and what templates may say. In lower
/// case, sorted.
const VOCABULARY: [&str; 364] = [
    "account",
    "actual",
    "actuals",
    "adf",
    "affects",
    "alignment",
    "alt",
    "and",
    "annotation",
    "api",
    "appearance",
    "as",
    "asc",
    "asset",
    "assigned",
    "assignee",
    "assignees",
    "attachment",
    "attachments",
    "attrs",
    "author",
    "background",
    "backgroundcolor",
    "block",
    "blockcard",
    "blockquote",
    "blue",
    "bodied",
    "bodiedextension",
    "bodiedsyncblock",
    "bodysyncblock",
    "bold",
    "border",
    "bottom",
    "breakout",
    "browse",
    "bullet",
    "bulletlist",
    "by",
    "caption",
    "card",
    "cell",
    "center",
    "citation",
    "code",
    "codeblock",
    "col",
    "collection",
    "color",
    "colour",
    "colspan",
    "column",
    "columns",
    "colwidth",
    "comment",
    "comments",
    "component",
    "components",
    "content",
    "counterpart",
    "counterparts",
    "created",
    "creator",
    "custom",
    "customfield",
    "datasource",
    "date",
    "day",
    "decided",
    "decision",
    "decisionitem",
    "decisionlist",
    "decisions",
    "default",
    "delete",
    "desc",
    "description",
    "details",
    "display",
    "displaymode",
    "div",
    "doc",
    "document",
    "done",
    "due",
    "duedate",
    "elif",
    "else",
    "em",
    "embed",
    "embedcard",
    "embedded",
    "emoji",
    "emphasis",
    "end",
    "endfor",
    "endif",
    "environment",
    "epic",
    "error",
    "estimate",
    "expand",
    "extension",
    "extensionkey",
    "extensiontype",
    "external",
    "false",
    "field",
    "fields",
    "file",
    "files",
    "fix",
    "fixed",
    "fixversion",
    "fixversions",
    "float",
    "font",
    "fontsize",
    "for",
    "fragment",
    "from",
    "full",
    "green",
    "grey",
    "group",
    "hardbreak",
    "heading",
    "height",
    "hex",
    "hidden",
    "hidelinenumbers",
    "href",
    "html",
    "http",
    "https",
    "icon",
    "id",
    "if",
    "image",
    "img",
    "in",
    "indentation",
    "indeterminate",
    "info",
    "inline",
    "inlinecard",
    "inlinecomment",
    "inlineextension",
    "input",
    "inside",
    "inward",
    "inwards",
    "is",
    "isnumbercolumnenabled",
    "issue",
    "issuelinks",
    "issuetype",
    "javascript",
    "jira",
    "jirasyncd",
    "join",
    "jql",
    "json",
    "key",
    "keyed",
    "label",
    "labels",
    "language",
    "layout",
    "layoutcolumn",
    "layoutsection",
    "left",
    "length",
    "level",
    "li",
    "line",
    "link",
    "links",
    "list",
    "lists",
    "local",
    "localid",
    "loop",
    "lower",
    "macro",
    "mark",
    "marks",
    "media",
    "mediagroup",
    "mediainline",
    "mediasingle",
    "mediatype",
    "mention",
    "metadata",
    "middle",
    "multi",
    "name",
    "nested",
    "nestedexpand",
    "neutral",
    "new",
    "noformat",
    "none",
    "nor",
    "not",
    "note",
    "null",
    "number",
    "numbered",
    "ol",
    "open",
    "or",
    "order",
    "ordered",
    "orderedlist",
    "original",
    "originalestimate",
    "originalheight",
    "originalwidth",
    "outward",
    "panel",
    "panelcolor",
    "panelicon",
    "paneliconid",
    "panelicontext",
    "paneltype",
    "paragraph",
    "parameters",
    "parent",
    "path",
    "people",
    "person",
    "picture",
    "placeholder",
    "plain",
    "pre",
    "priority",
    "progress",
    "project",
    "property",
    "purple",
    "quote",
    "range",
    "rank",
    "raw",
    "red",
    "reference",
    "remaining",
    "remainingestimate",
    "remote",
    "replace",
    "reporter",
    "request",
    "resolution",
    "resolutiondate",
    "rest",
    "restricted",
    "reverse",
    "right",
    "role",
    "round",
    "rounded",
    "row",
    "rows",
    "rowspan",
    "rule",
    "safe",
    "seconds",
    "section",
    "security",
    "select",
    "self",
    "set",
    "sets",
    "shortname",
    "side",
    "silent",
    "size",
    "small",
    "source",
    "space",
    "span",
    "spent",
    "sprint",
    "start",
    "state",
    "status",
    "statuscategory",
    "story",
    "strike",
    "strong",
    "style",
    "sub",
    "subscript",
    "subsup",
    "subtask",
    "subtasks",
    "success",
    "summary",
    "sup",
    "superscript",
    "sync",
    "syncblock",
    "syntax",
    "table",
    "tablecell",
    "tableheader",
    "tablerow",
    "tag",
    "task",
    "taskitem",
    "tasklist",
    "team",
    "template",
    "term",
    "text",
    "textcolor",
    "time",
    "timeestimate",
    "timeoriginalestimate",
    "timespent",
    "timestamp",
    "timetracking",
    "tip",
    "title",
    "to",
    "top",
    "trim",
    "true",
    "truncate",
    "type",
    "types",
    "ul",
    "undefined",
    "underline",
    "unknown",
    "unset",
    "updated",
    "upper",
    "url",
    "user",
    "username",
    "users",
    "valign",
    "value",
    "values",
    "version",
    "versions",
    "view",
    "vote",
    "votes",
    "warning",
    "watchers",
    "watches",
    "wide",
    "width",
    "wiki",
    "workflow",
    "worklog",
    "worklogs",
    "wrap",
    "www",
    "xml",
    "yellow",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_can_be_searched() {
        assert!(VOCABULARY.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(VOCABULARY.iter().all(|word| *word == lower(word)));
    }

    #[test]
    fn words_stand_for_words_wherever_they_are() {
        let mut pseudonyms = Pseudonyms::default();
        let (said, quoted) = ("Jane's PRINTER smokes, since 12:30!", "> printer Smokes");
        let said = pseudonyms.text(said);
        assert_eq!(said, "Aaaa'a AAAAAAA aaaaaa, aaaaa 12:30!");
        assert_eq!(pseudonyms.text(quoted), "> aaaaaaa Aaaaaa");
        assert_eq!(pseudonyms.text("Printers"), "Aaaaaaaa");
        assert_eq!(pseudonyms.text("smoker"), "aaaaab", "another word");
        assert_eq!(pseudonyms.text("Ärger mit Öl"), "Aaaab aaa Aa");
    }

    #[test]
    fn what_is_read_as_something_is_read_as_it_still() {
        let mut pseudonyms = Pseudonyms::default();
        for same in ["2026-11-29", "2026-11-29T08:00:00.123Z", "customfield", "{{ key }}", "", "12", "…"] {
            assert_eq!(pseudonyms.text(same), same);
        }
        assert_eq!(pseudonyms.text("20261129"), "10000001", "that may be anything");
        assert_eq!(pseudonyms.text("SUP-7 is in H<sup>2</sup>O"), "AAA-7 is in A<sup>2</sup>B");
        assert_eq!(pseudonyms.text("+49 30 1234567"), "+49 30 1000001");
        assert_eq!(pseudonyms.text("customfield_10042"), "customfield_10001");
        // However long: no number is counted up to.
        for length in 3..80 {
            let stands = pseudonyms.text(&format!("{} and on", "9".repeat(length)));
            assert_eq!(stands.len(), length + 7, "{stands}");
        }
        let mut pseudonyms = Pseudonyms::default();
        let id = "0".repeat(31) + "f";
        assert_eq!(pseudonyms.text(&format!("Blocks:{id}")), format!("Aaaaaa:{}1", "0".repeat(31)));
        assert_eq!(pseudonyms.text(&id), format!("{}1", "0".repeat(31)));
    }

    #[test]
    fn there_are_enough_words() {
        let mut pseudonyms = Pseudonyms::default();
        let mut seen = BTreeSet::new();
        for letter in ('a'..='z').chain('а'..='я') {
            assert!(seen.insert(pseudonyms.text(&letter.to_string())), "{letter}");
        }
        assert!(seen.iter().any(|word| word.len() == 2));
        for number in 100..2_000 {
            assert!(seen.insert(pseudonyms.text(&number.to_string())), "{number}");
        }
    }

    #[test]
    fn sides_sort_as_before() {
        let mut pseudonyms = Pseudonyms::in_order(["acme", "globex", "initech-north", "zeta"]);
        let names = ["acme", "globex", "initech-north", "zeta"].map(|name| pseudonyms.text(name));
        assert_eq!(names, ["aqqq", "bqqqqq", "cqqqqqq-dqqqq", "eqqq"]);
        assert_eq!(pseudonyms.text("Jane (Globex)"), "Aaaa (Bqqqqq)");
    }
}
