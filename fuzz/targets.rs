//! What must hold of texts made of any bytes: the fuzzer's targets, which `tests/it/text_fuzz.rs` runs too. Must never take for
//! granted that bytes are text: nothing here may fail but an assertion.

#![allow(dead_code, reason = "each fuzz target takes one of them")]

use jirasyncd::merge::document::merge as merged;
use jirasyncd::model::document::{Document, Syntax};
use jirasyncd::model::issue::NativeValue;
use jirasyncd::text::{self, Target, lift, read, rewrite, same, write, write_for};

fn nobody(_: &str) -> Option<String> {
    None
}

fn text_of(data: &[u8]) -> NativeValue {
    NativeValue::Wiki(String::from_utf8_lossy(data).into_owned())
}

/// What holds of any text that a side holds.
fn held(native: &NativeValue, own: Syntax) {
    let document = read(native);
    let again = rewrite(native, &document, &Target::home(own));
    if own == Syntax::Wiki {
        assert!(&again == native || again == NativeValue::Empty, "what nobody touched stays: {native:?} {again:?}");
    } else {
        // What no Jira holds, as a document without a version, may be put right, but says the same.
        assert!(
            same(&read(&again), &document) || again == NativeValue::Empty,
            "it says the same: {native:?} {again:?}"
        );
    }
    drop(text::plain(&document));
    let page = text::html(&document);
    assert!(!page.contains("<script"), "no raw HTML: {page}");
    for syntax in [Syntax::Adf, Syntax::Wiki] {
        drop(write(&document, syntax));
        let target = Target::new(syntax, &Document::default(), &nobody);
        let crossed = read(&write_for(&document, &target));
        let (before, after) = lift(&crossed, &crossed, &document, &target);
        assert!(same(&before, &after), "nobody changed anything");
    }
}

/// Any JSON as ADF.
pub(super) fn adf(data: &[u8]) {
    if let Ok(node) = serde_json::from_slice(data) {
        held(&NativeValue::Adf(node), Syntax::Adf);
    }
}

/// Any bytes as markup.
pub(super) fn wiki(data: &[u8]) {
    held(&text_of(data), Syntax::Wiki);
}

/// Any bytes as plain text, and any text written over any other: two, parted by NUL.
pub(super) fn rewriting(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0).map(text_of);
    let (Some(last), new) = (parts.next(), parts.next().unwrap_or(NativeValue::Empty)) else { return };
    if let NativeValue::Wiki(text) = &last {
        for syntax in [Syntax::Adf, Syntax::Wiki] {
            drop(read(&write(&text::from_plain(text), syntax)));
        }
    }
    let document = read(&new);
    for last in [write(&read(&last), Syntax::Adf), last] {
        let target = Target::home(if matches!(last, NativeValue::Adf(_)) { Syntax::Adf } else { Syntax::Wiki });
        let once = rewrite(&last, &document, &target);
        assert!(same(&read(&rewrite(&once, &document, &target)), &read(&once)), "written once is enough: {once:?}");
    }
}

/// Any three texts: the base and what two people made of it, parted by NUL.
pub(super) fn merge(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0).map(|part| read(&text_of(part)));
    let mut next = || parts.next().unwrap_or_default();
    let (base, left, right) = (next(), next(), next());
    let both = merged(&base, &left, &right);
    drop(text::plain(&both.document));
    for (one, other, expected) in [(&left, &base, &left), (&base, &right, &right), (&left, &left, &left)] {
        let outcome = merged(&base, one, other);
        assert!(outcome.conflicts.is_empty() && same(&outcome.document, expected), "{base:?} {one:?} {other:?}");
    }
}
