//! Atlassian's own converter on the inputs of the table in docs/text.md: its answers are kept in
//! `tests/second-opinion/answers.json`, made by `scripts/second-opinion`, and judged here by the judge of ours. Must never
//! let a difference between the two stand without a reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jirasyncd::model::document::Document;
use jirasyncd::model::issue::NativeValue;
use jirasyncd::text::{plain, read, same};
use serde_json::Value;

use super::text_opinion_reasons::REASONS;

/// How much of a text came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Exact,
    Equivalent,
    Placeholder,
    Lost,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Exact, Self::Equivalent, Self::Placeholder, Self::Lost];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Equivalent => "equivalent",
            Self::Placeholder => "placeholder",
            Self::Lost => "lost",
        }
    }
}

/// How our plain text tells a task, a macro or a synced block that has no words of its own.
const LABELS: [&str; 7] = [
    "[x]",
    "[ ]",
    "[extension: chart]",
    "[inlineExtension: chart]",
    "[bodiedExtension: chart]",
    "[syncBlock]",
    "[bodiedSyncBlock]",
];

/// The judge of both converters: what came through against what was written.
pub(crate) fn judge(back: &Document, source: &Document) -> Verdict {
    let (shown, meant) = (words(back), words(source));
    let named = |word: &&String| word.contains(char::is_alphabetic);
    let labelled = LABELS.iter().skip(2).copied().chain(["[file: "]).any(|label| plain(back).contains(label));
    if !meant.iter().filter(named).all(|word| shown.contains(word)) {
        Verdict::Lost
    } else if same(back, source) {
        Verdict::Exact
    } else if shown == meant && !labelled {
        Verdict::Equivalent
    } else {
        Verdict::Placeholder
    }
}

/// The words and numbers of a text, labels aside.
fn words(document: &Document) -> Vec<String> {
    let text = LABELS.iter().fold(plain(document), |text, label| text.replace(label, " ")).to_lowercase();
    text.split(|sign: char| !sign.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What one of the two made of a row: each direction, and the way there and back.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) as_wiki: Option<(Verdict, Document)>,
    pub(crate) as_adf: Option<(Verdict, Document)>,
    pub(crate) again: Option<Verdict>,
}

impl Made {
    /// To markup, to ADF, there and back. `None`: there is nothing to convert.
    pub(crate) fn verdicts(&self) -> [Option<Verdict>; 3] {
        let of = |made: &Option<(Verdict, Document)>| made.as_ref().map(|(verdict, _)| *verdict);
        [of(&self.as_wiki), of(&self.as_adf), self.again]
    }
}

/// The markup that means something to Cloud only: its macro of raw ADF, its ids of media and accounts. Data Center shows it
/// as it is written, or an error.
const CLOUD_ONLY: [&str; 4] = ["{adf", "!1|", "[^1]", "[~accountid:1]"];

/// The nodes that mean nothing by the names of Data Center: Cloud looks them up by its ids.
const BY_ID: [&str; 2] = ["\"type\":\"mention\"", "\"type\":\"file\""];

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second-opinion")
}

/// The answers of Atlassian's converter by row, and the versions of its packages.
pub(crate) fn answers() -> (BTreeMap<String, Value>, Value) {
    let text = std::fs::read_to_string(folder().join("answers.json")).expect("scripts/second-opinion update makes it");
    let kept: Value = serde_json::from_str(&text).unwrap();
    let by_name = |answer: &Value| (answer["name"].as_str().unwrap_or_default().to_owned(), answer.clone());
    (kept["answers"].as_array().unwrap().iter().map(by_name).collect(), kept["versions"].clone())
}

/// What theirs made of a row, judged.
pub(crate) fn theirs(answer: &Value) -> Made {
    let adf = |name: &str| answer[name].is_object().then(|| from_adf(&answer[name]));
    let wiki = |name: &str| answer[name].as_str().map(|markup| read(&NativeValue::Wiki(markup.to_owned())));
    let mut made = Made::default();
    let failed = |name: &str| answer[name].get("error").is_some();
    if let Some(source) = adf("adf") {
        let shown = wiki("asWiki").unwrap_or_default();
        // Read by our reader and by their own: the better of the two counts.
        let own = adf("adfAgain").filter(|_| !failed("adfAgain")).map_or(Verdict::Lost, |back| judge(&back, &source));
        let verdict = judge(&shown, &source).min(own);
        let foreign =
            answer["asWiki"].as_str().is_some_and(|markup| CLOUD_ONLY.iter().any(|sign| markup.contains(sign)));
        made.as_wiki = Some((if foreign { verdict.max(Verdict::Placeholder) } else { verdict }, shown));
        made.again = Some(own);
    }
    if let Some(source) = wiki("wiki") {
        let shown = adf("asAdf").filter(|_| !failed("asAdf")).unwrap_or_default();
        let own = wiki("wikiAgain").map_or(Verdict::Lost, |back| judge(&back, &source));
        let verdict = judge(&shown, &source);
        let foreign = BY_ID.iter().any(|sign| answer["asAdf"].to_string().contains(sign));
        made.as_adf = Some((if foreign { verdict.max(Verdict::Placeholder) } else { verdict }, shown));
        made.again = Some(made.again.map_or(own, |other| other.max(own)));
    }
    made
}

/// Their ADF without what its schema takes for granted, and with the names that they leave to be looked up.
fn from_adf(node: &Value) -> Document {
    let mut node = node.clone();
    granted(&mut node);
    read(&NativeValue::Adf(node))
}

fn granted(node: &mut Value) {
    match node {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(Value::Object(attrs)) = fields.get_mut("attrs") {
                attrs.retain(|name, value| match (kind.as_str(), name.as_str()) {
                    ("table", "isNumberColumnEnabled") => value != false,
                    ("table" | "extension" | "bodiedExtension", "layout") => value != "default",
                    ("embedCard", "width") => value != 100,
                    _ => true,
                });
                let id = attrs.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                if kind == "media" && !attrs.contains_key("alt") && id.contains('.') {
                    attrs.insert("alt".to_owned(), id.into());
                } else if kind == "mention" && attrs.get("text").is_none_or(|text| text == "") {
                    attrs.insert("text".to_owned(), format!("@{id}").into());
                }
            }
            fields.values_mut().for_each(granted);
        }
        Value::Array(items) => items.iter_mut().for_each(granted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the two say something else, in verdict or in meaning.
pub(crate) fn differ(ours: &Made, theirs: &Made) -> bool {
    let one = |ours: &Option<(Verdict, Document)>, theirs: &Option<(Verdict, Document)>| match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours.0 != theirs.0 || !same(&ours.1, &theirs.1),
        (None, None) => false,
        _ => true,
    };
    one(&ours.as_wiki, &theirs.as_wiki) || one(&ours.as_adf, &theirs.as_adf)
}

/// The rows in which the two differ, each with its reason; a difference without one, and a reason without a difference, fail.
pub(crate) fn reasons(differing: &[String]) -> Vec<String> {
    let known = |name: &str| REASONS.iter().find(|(row, _, _)| *row == name);
    let unexplained: Vec<&String> = differing.iter().filter(|name| known(name).is_none()).collect();
    let idle = |row: &str| !differing.iter().any(|name| name == row);
    let stale: Vec<&str> = REASONS.iter().map(|(row, _, _)| *row).filter(|row| idle(row)).collect();
    assert!(
        unexplained.is_empty() && stale.is_empty(),
        "in text_opinion_reasons.rs: without a reason {unexplained:#?}, without a difference {stale:#?}"
    );
    let nearer = |who: &&str| REASONS.iter().filter(|(_, nearer, _)| nearer == who).count();
    let [ours, theirs] = ["ours", "theirs"].map(|who| nearer(&who));
    assert_eq!(ours + theirs, REASONS.len(), "nearer is ours or theirs");
    let mut lines = vec![
        format!(
            "The two differ in {} rows. Nearer to what Jira shows is ours in {ours}, theirs in {theirs}.",
            differing.len()
        ),
        String::new(),
        "| Where they differ | Nearer | Why |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    let told = differing.iter().filter_map(|name| known(name));
    lines.extend(told.map(|(name, nearer, why)| format!("| {name} | {nearer} | {why} |")));
    lines
}

/// How many rows came through how well, by direction.
pub(crate) fn counted(rows: &[(Made, Made)]) -> Vec<String> {
    let mut lines = vec![
        "| Rows | of | exact | equivalent | placeholder | lost | losses |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let mut losses = Vec::new();
    for (at, direction) in ["ADF → wiki", "wiki → ADF", "there and back"].into_iter().enumerate() {
        let of = |made: &Made| made.verdicts()[at];
        let sides: [(&str, Vec<Verdict>); 2] = [
            ("ours", rows.iter().filter_map(|(ours, _)| of(ours)).collect()),
            ("theirs", rows.iter().filter_map(|(_, theirs)| of(theirs)).collect()),
        ];
        for (whose, verdicts) in sides {
            let count = |wanted: Verdict| verdicts.iter().filter(|verdict| **verdict == wanted).count();
            let counts = Verdict::ALL.map(|verdict| count(verdict).to_string()).join(" | ");
            let lost = verdicts.len() - count(Verdict::Exact);
            lines.push(format!("| {direction} | {whose} | {counts} | {lost} of {} |", verdicts.len()));
            losses.push(lost);
        }
    }
    for pair in losses.chunks(2) {
        assert!(pair[0] < pair[1], "fewer losses than theirs in every direction: {losses:?}");
    }
    lines
}
