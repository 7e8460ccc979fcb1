//! Text that is no TOML: where, and what the parser says. Must never show what may be a token: in broken text nobody can
//! tell for sure what is one, so what looks like it is masked.

use std::ops::Range;

use super::problem::{Findings, Spot};
use super::secret;

/// Errors that are told: later ones mostly follow from the first.
const MOST: usize = 10;
/// Signs in a row that may be a token, if there are letters and digits among them.
const TOKEN_LENGTH: usize = 20;

/// Turns the parser's errors into problems, one per line.
pub(super) fn explain(text: &str, errors: &[toml::de::Error], findings: &mut Findings<'_>) {
    mask(text, findings);
    let mut last = 0;
    let mut told = 0;
    for error in errors {
        let span = error.span().unwrap_or(text.len()..text.len());
        let line = findings.line(span.start);
        if line == last || told == MOST {
            continue;
        }
        (last, told) = (line, told + 1);
        let spot = Spot { span, path: String::new() };
        let message = format!("this is not TOML: {}", error.message());
        let help = "text stands in quotes, lists in `[ ]`, tables in `{ }`; each key stands once";
        findings.error(&spot, message, help);
    }
}

fn mask(text: &str, findings: &mut Findings<'_>) {
    // Inside of a value that may be a secret and goes on over lines.
    let mut inside = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let key = line.split('=').next().unwrap_or_default();
        let begins = line.contains('=') || line.trim_start().starts_with('[');
        inside = inside && !begins;
        if inside {
            findings.mask(start..start + line.len());
        }
        for found in secret_values(line) {
            findings.mask(start + found.start..start + found.end);
            inside = true;
        }
        if !line.contains('=') && secret::is_secret_word(key) {
            findings.mask(start..start + line.len());
            inside = true;
        }
        for found in token_like(line) {
            findings.mask(start + found.start..start + found.end);
        }
        start += line.len();
    }
}

/// What follows `token =` and the like on a line, to its end, unless it is a reference.
fn secret_values(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices('=') {
        let word: String = {
            let before = line[..at].trim_end_matches([' ', '\t', '"', '\'']);
            let cut = before.rfind([' ', ',', '{', '\t', '"', '\'']).map_or(0, |cut| cut + 1);
            before[cut..].to_owned()
        };
        let value = line[at + 1..].trim_start_matches([' ', '\t', '"', '\'']);
        let reference = value.split(['"', '\'', ' ', ',', '}', '\n', '\r']).next().unwrap_or_default();
        let table = value.starts_with('{');
        if secret::is_secret_word(&word) && !table && !secret::is_reference(reference) {
            found.push(at + 1..line.len());
        }
    }
    found
}

fn token_like(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let ends = |sign: char| !(sign.is_ascii_alphanumeric() || "-_+/=".contains(sign));
    for run in line.split(ends) {
        let begin = start;
        // `ends` takes single signs of any width off.
        start = begin + run.len() + line[begin + run.len()..].chars().next().map_or(0, char::len_utf8);
        let letters = run.chars().any(|sign| sign.is_ascii_alphabetic());
        let digits = run.chars().any(|sign| sign.is_ascii_digit());
        if run.len() >= TOKEN_LENGTH && letters && digits {
            found.push(begin..begin + run.len());
        }
    }
    found
}
