//! What holds for every text: ADF that its schema takes, nothing changed that nobody touched, time linear in the length.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jirasyncd::model::document::{Document, Syntax};
use jirasyncd::model::issue::NativeValue;
use jirasyncd::text::{self, Target, lift, read, rewrite, same, write, write_for};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::contract::adf;
use super::contract::document::shared;
use super::text_trees::{document, exact};

fn nobody(_: &str) -> Option<String> {
    None
}

fn long() -> bool {
    std::env::var_os("JIRASYNCD_LONG").is_some()
}

/// As many cases, or a hundred times as many in a long run. They are other ones each time, unless `PROPTEST_RNG_SEED` asks for
/// the same, as `scripts/test` does: what lands must not hang on luck. The seed of a failure is printed.
fn run(cases: u32, documents: impl Strategy<Value = Document>, test: impl Fn(Document) -> Result<(), TestCaseError>) {
    let cases = if long() { cases * 100 } else { cases };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let given = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u128 = given.unwrap_or_else(rand::random);
    // Without optimisation the usual generator takes a quarter of the time.
    let random = TestRng::from_seed(RngAlgorithm::XorShift, &seed.to_le_bytes());
    let outcome = TestRunner::new_with_rng(config, random).run(&documents, test);
    assert!(outcome.is_ok(), "PROPTEST_RNG_SEED={seed}: {outcome:?}");
}

#[test]
fn all_adf_that_we_write_is_valid() {
    if shared().is_none() {
        println!("skipped: no ADF schema: set JIRASYNCD_SHARED");
        return;
    }
    run(10_000, document(), |document| {
        for target in [Target::home(Syntax::Adf), Target::new(Syntax::Adf, &Document::default(), &nobody)] {
            let NativeValue::Adf(node) = write_for(&document, &target) else { continue };
            let wrong = adf::check(&node);
            prop_assert!(wrong.is_empty(), "{wrong:?} {node}");
        }
        let again = read(&write(&document, Syntax::Adf));
        prop_assert!(same(&again, &read(&write(&again, Syntax::Adf))), "ADF is stable on the second pass");
        Ok(())
    });
}

#[test]
fn what_the_table_calls_exact_reads_back_as_it_was() {
    run(2_000, exact(), |document| {
        for syntax in [Syntax::Wiki, Syntax::Adf] {
            let written = write(&document, syntax);
            let expected = if syntax == Syntax::Adf { read(&write(&read(&written), syntax)) } else { document.clone() };
            let again = read(&written);
            prop_assert!(
                same(&again, &expected),
                "{written:?}\n{:?}\n{:?}",
                text::normal(&again),
                text::normal(&expected)
            );
        }
        Ok(())
    });
}

#[test]
fn markup_is_stable_on_the_second_pass() {
    run(2_000, document(), |document| {
        let written = write(&document, Syntax::Wiki);
        let again = read(&written);
        prop_assert!(same(&again, &read(&write(&again, Syntax::Wiki))), "{written:?}");
        Ok(())
    });
}

#[test]
fn what_nobody_touched_stays_as_it_was_and_our_loss_never_flows_back() {
    run(500, document(), |document| {
        for syntax in [Syntax::Wiki, Syntax::Adf] {
            let theirs = write(&document, syntax);
            let held = read(&theirs);
            let home = Target::home(syntax);
            let again = rewrite(&theirs, &held, &home);
            prop_assert!(again == theirs || again == NativeValue::Empty, "{theirs:?}\n{again:?}");
            let target = Target::new(syntax, &Document::default(), &nobody);
            let given = write_for(&document, &target);
            let again = rewrite(&given, &document, &target);
            prop_assert!(again == given || again == NativeValue::Empty, "{given:?}\n{again:?}");
            let (_, lifted) = lift(&read(&given), &read(&given), &document, &target);
            let shown = |document: &Document| write_for(document, &target);
            prop_assert!(same(&read(&shown(&lifted)), &read(&given)));
            let kept = |one: &Document| {
                let visible = |block: &jirasyncd::model::document::Block| {
                    !read(&shown(&Document { blocks: vec![block.clone()] })).is_empty()
                        && !text::normal(&read(&shown(&Document { blocks: vec![block.clone()] }))).blocks.is_empty()
                };
                Document { blocks: one.blocks.iter().filter(|block| visible(block)).cloned().collect() }
            };
            prop_assert!(same(&kept(&lifted), &kept(&document)), "{given:?}\n{lifted:?}");
        }
        Ok(())
    });
}

pub(crate) fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|end| end == "json" || end == "jsonl") {
            out.push(path);
        }
    }
}

/// Every text in a value: those of the fields that hold markup, and whole ADF documents.
fn texts(value: &Value, name: &str, out: &mut Vec<NativeValue>) {
    match value {
        Value::Object(fields)
            if fields.get("type").is_some_and(|kind| kind == "doc") && fields.contains_key("content") =>
        {
            out.push(NativeValue::Adf(value.clone()));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| texts(inner, name, out)),
        Value::Array(items) => items.iter().for_each(|inner| texts(inner, name, out)),
        Value::String(text)
            if matches!(name, "description" | "body" | "environment" | "comment" | "toString" | "fromString") =>
        {
            out.push(NativeValue::Wiki(text.clone()));
        }
        // Examples in API documents are JSON in JSON.
        Value::String(text) if text.contains("\"doc\"") => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                texts(&inner, name, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every recorded text of a Jira, once. `None`: the shared data is not here.
pub(crate) fn recorded() -> Option<Vec<NativeValue>> {
    let folder = shared()?;
    let mut all = Vec::new();
    for part in ["recorded", "contracts"] {
        let (mut paths, mut found) = (Vec::new(), Vec::new());
        files(&folder.join(part), &mut paths);
        for path in paths {
            let Ok(content) = std::fs::read_to_string(&path) else { continue };
            let lines = path.extension().is_some_and(|end| end == "jsonl");
            let values: Vec<&str> = if lines { content.lines().collect() } else { vec![&content] };
            for value in values.into_iter().filter_map(|value| serde_json::from_str(value).ok()) {
                texts(&value, "", &mut found);
            }
        }
        // Of the API documents only the ADF in their examples is a text of Jira's.
        all.extend(found.into_iter().filter(|text| part == "recorded" || matches!(text, NativeValue::Adf(_))));
    }
    // Changelogs say the same words over and over: each text counts once.
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|native| seen.insert(format!("{native:?}")));
    Some(all)
}

#[test]
fn every_recorded_text_comes_back_as_it_was() {
    let Some(all) = recorded() else {
        println!("skipped: no recorded texts: set JIRASYNCD_SHARED");
        return;
    };
    let (mut wiki, mut documents, mut exact, mut equivalent, mut placeholder) = (0, 0, 0, 0, 0);
    for native in &all {
        let held = read(native);
        let is_wiki = matches!(native, NativeValue::Wiki(_));
        let (own, other) = if is_wiki { (Syntax::Wiki, Syntax::Adf) } else { (Syntax::Adf, Syntax::Wiki) };
        let again = rewrite(native, &held, &Target::home(own));
        if again == NativeValue::Empty {
            continue;
        }
        if own == Syntax::Wiki {
            wiki += 1;
        } else {
            documents += 1;
        }
        assert!(&again == native, "{native:?}\n{again:?}");
        let target = Target::new(other, &Document::default(), &nobody);
        let crossed = write_for(&held, &target);
        if let NativeValue::Adf(node) = &crossed {
            assert!(adf::check(node).is_empty(), "{:?} {node}", adf::check(node));
        }
        let back = read(&crossed);
        let (_, lifted) = lift(&back, &back, &held, &target);
        assert!(same(&lifted, &held), "{native:?}\n{crossed:?}\n{lifted:?}");
        let words = |document: &Document| text::plain(document).split_whitespace().collect::<String>();
        if same(&back, &held) {
            exact += 1;
        } else if words(&back) == words(&held) {
            equivalent += 1;
        } else {
            placeholder += 1;
        }
    }
    assert!(wiki > 500, "only {wiki} texts were found");
    let total = wiki + documents;
    let share = |count: i32| format!("{count} ({:.1} %)", 100.0 * f64::from(count) / f64::from(total));
    let published = format!(
        "{total} recorded texts, {wiki} in wiki markup and {documents} in ADF, come back byte for byte and node for node. On the way \
         to the other syntax and back {} are the same, {} have the same words with plainer looks, and {} have a placeholder.",
        share(exact),
        share(equivalent),
        share(placeholder)
    );
    println!("{published}");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/text.md")).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&page).contains(&words(&published)), "docs/text.md does not say: {published}");
}

fn time(times: usize, work: impl Fn()) -> Duration {
    let fastest = |_| {
        let start = spent();
        work();
        spent().saturating_sub(start)
    };
    (0..times).map(fastest).min().unwrap_or_default()
}

/// What this thread has computed so far: others on the machine do not count.
fn spent() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Lines that look like every kind of markup, closed and unclosed.
fn markup(length: usize, line: &str) -> String {
    let mut text = line.repeat(length / line.len() + 1);
    while !text.is_char_boundary(length) {
        text.pop();
    }
    text.truncate(length);
    text
}

#[test]
fn time_grows_no_faster_than_the_text() {
    let lines = [
        ("prose", "Some *strong* words, a [link|https://example.com] and {{code}} on a line.\n\n"),
        ("stars", "*a _b -c +d ^e ~f "),
        ("brackets", "[["),
        ("braces", "{{{color:red}{*}"),
        ("fences", "{code:java}{quote}{panel:title=x}{noformat}\n"),
        ("rows", "|a|[b|!c.png|d\n"),
        ("items", "* a\n## b\n"),
        ("marks", "!a!b??c??d((:)"),
    ];
    // The longest text takes minutes without optimisation: it is for the long run. A square shows in the shorter one too.
    let lengths: &[usize] = if long() { &[1 << 10, 32 << 10, 1 << 20] } else { &[1 << 10, 32 << 10] };
    for (name, line) in lines {
        let measure = |length: usize| {
            let text = NativeValue::Wiki(markup(length, line));
            let document = read(&text);
            let times = if length > 100_000 { 1 } else { 3 };
            (time(times, || drop(read(&text))), time(times, || drop(write(&document, Syntax::Adf))))
        };
        let measured: Vec<_> = lengths.iter().map(|length| measure(*length)).collect();
        for (small, large) in measured.iter().zip(measured.iter().skip(1)) {
            // What takes less than this is noise: a square of it would still be thirty times too long.
            let ratio = |small: Duration, large: Duration, least: f64| {
                large.as_secs_f64() / small.as_secs_f64().max(least) / 32.0
            };
            let (least, bound) = if long() { (2e-3, 6.0) } else { (2e-4, 12.0) };
            let (reading, writing) = (ratio(small.0, large.0, least), ratio(small.1, large.1, least));
            println!(
                "{name}: 32 times the text takes {reading:.2} x 32 to read ({:?}), {writing:.2} to write",
                large.0
            );
            assert!(reading < bound && writing < bound, "{name} is not linear");
        }
    }
}

#[test]
fn nesting_without_end_is_read_and_written() {
    for markup in
        ["{quote}\n{panel}\n".repeat(5_000), "*_".repeat(20_000), "*".repeat(10_000) + " a", "{*}_".repeat(9_000)]
    {
        let document = read(&NativeValue::Wiki(markup));
        drop(write(&document, Syntax::Adf));
        drop(write(&document, Syntax::Wiki));
    }
    let mut node = serde_json::json!({ "type": "paragraph", "content": [{ "type": "text", "text": "deep" }] });
    // No reader of JSON follows deeper.
    for _ in 0..60 {
        node = serde_json::json!({ "type": "panel", "attrs": { "panelType": "info" }, "content": [node] });
    }
    let document = read(&NativeValue::Adf(serde_json::json!({ "type": "doc", "version": 1, "content": [node] })));
    assert!(text::plain(&document).contains("deep"));
    let NativeValue::Wiki(written) = write(&document, Syntax::Wiki) else { panic!("markup") };
    assert!(written.contains("deep"));
}

#[test]
fn row_083_odd_characters_survive_in_both_directions() {
    // The last one is what a lone surrogate becomes when JSON is read leniently.
    for odd in ["👩‍👩‍👧‍👦 ok", "e\u{301}", "a\u{a0}b", "שלום \u{202e}abc", "tab\there", "\u{feff}bom", "\u{fffd}"]
    {
        for syntax in [Syntax::Wiki, Syntax::Adf] {
            let document = text::from_plain(odd);
            assert!(same(&read(&write(&document, syntax)), &document), "{odd:?} {syntax:?}");
        }
    }
    let nul = text::from_plain("a\0b\r\nc");
    for syntax in [Syntax::Wiki, Syntax::Adf] {
        assert_eq!(text::plain(&read(&write(&nul, syntax))), "ab\nc");
    }
}
