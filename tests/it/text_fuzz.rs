//! The fuzzer's targets on bytes that a seeded generator makes of recorded and made-up texts, where no fuzzer is at hand. Must
//! never hold what its targets check: they are in `fuzz/targets.rs`.

use std::time::{Duration, Instant};

use jirasyncd::model::issue::NativeValue;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::text_properties::recorded;

#[path = "../../fuzz/targets.rs"]
mod targets;

type Target = fn(&[u8]);

/// Pieces of markup and of ADF, put anywhere.
const PIECES: [&str; 24] = [
    "{code}",
    "{quote}",
    "{panel:title=x|bgColor=#deebff}",
    "{noformat}",
    "\n\n",
    "\n* ",
    "\n# ",
    "\n|",
    "||",
    "[a|https://b.c]",
    "{color:red}",
    "{*}",
    "{{",
    "}}",
    "\\\\",
    "&#92;",
    "!a.png!",
    "[~u]",
    "⟦",
    "\0",
    "\"type\":\"panel\"",
    "{\"type\":\"text\",\"text\":\"a\"}",
    "\"content\":[",
    "👩‍👩‍👧",
];

fn seeds() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (mut adf, mut wiki) = (Vec::new(), Vec::new());
    for native in recorded().unwrap_or_default() {
        if let NativeValue::Adf(node) = native {
            adf.push(node.to_string().into_bytes());
        } else if let NativeValue::Wiki(text) = native
            && text.len() < 4_000
        {
            wiki.push(text.into_bytes());
        }
    }
    wiki.push(PIECES.concat().into_bytes());
    let doc = r#"{"type":"doc","version":1,"content":[{"type":"panel","attrs":{"panelType":"info"},"content":[{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"strong"}]}]}]}]}"#;
    adf.push(doc.as_bytes().to_vec());
    (adf, wiki)
}

fn changed(bytes: &[u8], others: &[Vec<u8>], pieces: &[&str], random: &mut SmallRng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=out.len());
        let end = (at + random.random_range(0..40)).min(out.len());
        match random.random_range(0..6) {
            0 => drop(out.drain(at..end)),
            1 => {
                let piece = pieces.choose(random).copied().unwrap_or_default().bytes();
                drop(out.splice(at..at, piece));
            }
            2 => {
                let twice = out.get(at..end).unwrap_or_default().to_vec();
                drop(out.splice(at..at, twice));
            }
            3 => {
                let other = others.choose(random).map(Vec::as_slice).unwrap_or_default();
                let from = random.random_range(0..=other.len());
                let to = (from + random.random_range(0..200)).min(other.len());
                drop(out.splice(at..at, other.get(from..to).unwrap_or_default().to_vec()));
            }
            4 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = random.random();
                }
            }
            _ => out.insert(at, 0),
        }
    }
    out
}

/// How long the long run searches for each target.
const LONG: Duration = Duration::from_secs(150);

/// A target by its name, what its inputs are made of, and how many there are in every run, the same each time.
pub(crate) type Searched<'a> = (&'a str, Target, &'a [Vec<u8>], usize);

/// Tries each target; a long run goes on for minutes, from a seed of its own, which it prints where something breaks.
#[expect(clippy::disallowed_methods, reason = "bounds how long the long run searches, and prints; decides nothing")]
pub(crate) fn search(pieces: &[&str], targets: &[Searched<'_>]) {
    let long = std::env::var_os("JIRASYNCD_LONG").is_some();
    let given = std::env::var("JIRASYNCD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| if long { rand::random() } else { 1 });
    let mut random = SmallRng::seed_from_u64(seed);
    for (name, target, examples, count) in targets {
        let start = Instant::now();
        let (mut tried, mut longest) = (0, Duration::ZERO);
        while tried < *count || (long && start.elapsed() < LONG) {
            let example = examples.choose(&mut random).map(Vec::as_slice).unwrap_or_default();
            let bytes = changed(example, examples, pieces, &mut random);
            let before = Instant::now();
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "seed {seed}, target {name}: {:?}", String::from_utf8_lossy(&bytes));
            longest = longest.max(before.elapsed());
            tried += 1;
        }
        println!("{name}: {tried} inputs, {longest:?} at most");
    }
}

#[test]
fn nothing_that_bytes_can_be_breaks_a_text() {
    let (adf, wiki) = seeds();
    let targets: [Searched<'_>; 4] = [
        ("adf", targets::adf, &adf, 4_000),
        ("wiki", targets::wiki, &wiki, 400),
        ("rewriting", targets::rewriting, &wiki, 400),
        ("merge", targets::merge, &wiki, 1_000),
    ];
    search(&PIECES, &targets);
}

/// What the search found, for ever.
#[test]
fn texts_that_broke_once_pass() {
    for text in ["\0\n* Medium", "\u{1}\n\nh1. x", "\u{b}\n||a||"] {
        targets::wiki(text.as_bytes());
    }
}
