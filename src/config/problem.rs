//! What is wrong with the file, where, and what to do about it; as text for people and as data. Must never hold or show a
//! secret: the source that is shown was masked before.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use serde::Serialize;

/// One thing that is wrong, or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Line, from 1. 0: the file as a whole.
    pub line: usize,
    /// Column in characters, from 1. 0: the file as a whole.
    pub column: usize,
    /// The path of the key, `sync.support.side.acme.project`. Empty: the file as a whole, or text that is no TOML.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The bytes that it is about.
    #[serde(skip)]
    span: Range<usize>,
    /// Whether it is about a key that nobody knows.
    #[serde(skip)]
    unknown: bool,
}

/// Everything found in one file. Its `Display` is the rendering without colour.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The file's name as it was given.
    pub file: String,
    /// What keeps the file from being used, in the file's order.
    pub errors: Vec<Problem>,
    /// What may be meant otherwise, in the file's order.
    pub warnings: Vec<Problem>,
    /// The text with every possible secret masked.
    #[serde(skip)]
    source: String,
}

impl Report {
    /// A report on a file as a whole, which could not be read.
    pub(super) fn unreadable(file: &str, message: String, help: String) -> Self {
        let problem = Problem { line: 0, column: 0, path: String::new(), message, help, span: 0..0, unknown: false };
        Self { file: file.to_owned(), errors: vec![problem], warnings: Vec::new(), source: String::new() }
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty()
    }

    /// All of it for people, errors first, each with its line of the file and a remedy. Ends with a newline unless empty.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let errors = self.errors.iter().map(|problem| (Level::ERROR, problem));
        let warnings = self.warnings.iter().map(|problem| (Level::WARNING, problem));
        let mut out = String::new();
        for (level, problem) in errors.chain(warnings) {
            out.push_str(&renderer.render(&[self.group(level, problem)]));
            out.push_str("\n\n");
        }
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    fn group<'a>(&'a self, level: Level<'a>, problem: &'a Problem) -> Group<'a> {
        let title = level.primary_title(problem.message.as_str());
        let group = if problem.line == 0 {
            title.element(annotate_snippets::Origin::path(self.file.as_str()))
        } else {
            // One line only: what spans more is named by its path.
            let start = self.source[..problem.span.start].rfind('\n').map_or(0, |at| at + 1);
            let line = self.source[start..].lines().next().unwrap_or_default();
            let clip = |at: usize| at.saturating_sub(start).min(line.len());
            let annotation =
                AnnotationKind::Primary.span(clip(problem.span.start)..clip(problem.span.end)).label(&problem.path);
            title
                .element(Snippet::source(line).path(self.file.as_str()).line_start(problem.line).annotation(annotation))
        };
        if problem.help.is_empty() {
            group
        } else {
            group.element(Level::HELP.message(Cow::from(normalize_untrusted_str(&problem.help))))
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// Where a problem is: the bytes, and the path of the key.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// Bytes of the file.
    pub(super) span: Range<usize>,
    /// Path of the key.
    pub(super) path: String,
}

/// Collects what is found while a file is read.
pub(super) struct Findings<'a> {
    text: &'a str,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    masks: Vec<Range<usize>>,
    unknown: BTreeSet<String>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, errors: Vec::new(), warnings: Vec::new(), masks: Vec::new(), unknown: BTreeSet::new() }
    }

    pub(super) fn error(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.problem(spot, message.into(), help.into());
        self.errors.push(problem);
    }

    /// A key that nobody knows: what is said about its value, here or elsewhere, says nothing more and is dropped.
    pub(super) fn unknown(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        self.unknown.insert(spot.path.clone());
        let problem = Problem { unknown: true, ..self.problem(spot, message.into(), help.into()) };
        self.errors.push(problem);
    }

    pub(super) fn warning(&mut self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.problem(spot, message.into(), help.into());
        self.warnings.push(problem);
    }

    /// Never shows these bytes of the file.
    pub(super) fn mask(&mut self, span: Range<usize>) {
        self.masks.push(span);
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        let at = floor(self.text, at);
        self.text[..at].matches('\n').count() + 1
    }

    pub(super) fn report(self, file: &str) -> Report {
        let source = masked(self.text, &self.masks);
        let in_order = |mut problems: Vec<Problem>| {
            problems.sort_by_key(|problem| problem.span.start);
            problems.dedup();
            problems
        };
        let mut errors = in_order(self.errors);
        errors.retain(|problem| problem.unknown || !within(&problem.path, &self.unknown));
        Report { file: file.to_owned(), errors, warnings: in_order(self.warnings), source }
    }

    fn problem(&self, spot: &Spot, message: String, help: String) -> Problem {
        let start = floor(self.text, spot.span.start);
        let end = floor(self.text, spot.span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        Problem {
            line: self.line(start),
            column: self.text[line_start..start].chars().count() + 1,
            path: spot.path.clone(),
            message,
            help,
            span: start..end,
            unknown: false,
        }
    }
}

/// Whether the path is one of these, or below one.
fn within(path: &str, tops: &BTreeSet<String>) -> bool {
    let ends = path.char_indices().filter(|(_, sign)| *sign == '.' || *sign == '[').map(|(at, _)| at);
    ends.chain([path.len()]).any(|end| tops.contains(&path[..end]))
}

/// The nearest place at or before `at` that does not split a character.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Every masked byte becomes `*`, so that positions stay. Line breaks stay too.
fn masked(text: &str, masks: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for mask in masks {
        let (start, end) = (floor(text, mask.start), floor(text, mask.end));
        for byte in bytes.get_mut(start..end).unwrap_or_default() {
            if *byte != b'\n' && *byte != b'\r' {
                *byte = b'*';
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The known name that is meant by a misspelt one, if one is near.
pub(super) fn nearest<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    // `poll-interval` is far from `poll` by letters, and still means it.
    let longer = |name: &str| name.len() > 3 && lower.starts_with(name);
    known
        .into_iter()
        .map(|name| (name, name.to_lowercase()))
        .map(|(name, low)| (if longer(&low) { 1 } else { strsim::damerau_levenshtein(&lower, &low) }, name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// "did you mean `x`?", else all that is known.
pub(super) fn suggest<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none yet".to_owned(),
        None => format!("known here: {}", listed(&known)),
    }
}

/// "`a`, `b`, `c`".
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
