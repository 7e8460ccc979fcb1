//! Holds the layering of `src`: who may import whom, what pure folders may not name, who holds the right to write, and
//! the shape of files. The checker is a function over (path, source), so that violations are planted in memory too. It
//! must never be taught an exception without its reason beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Top-level module -> layer. `simulator` and `main` have rules of their own. `planted` lies at the bottom, since every layer asks it:
/// pure folders may, too, for without its feature it is a constant.
const LAYERS: &[(&str, u8)] = &[
    ("model", 0),
    ("clock", 0),
    ("planted", 0),
    ("merge", 1),
    ("text", 1),
    ("mapping", 1),
    ("plan", 2),
    ("config", 2),
    ("store", 2),
    ("jira", 2),
    ("schedule", 2),
    ("engine", 3),
    ("console", 4),
    ("app", 5),
    ("telemetry", 5),
    ("cli", 6),
];

/// Imports between neighbours of one layer, each for a reason written in `docs/design.md`: a text is merged block by
/// block and written in the receiving side's markup, so `text` lies at the bottom of its layer; requests and items wait by
/// one growth of delays, so `schedule` lies below `jira`.
const NEIGHBOURS: &[(&str, &str)] = &[("merge", "text"), ("mapping", "text"), ("jira", "schedule")];

const PURE: &[&str] = &["model", "merge", "text", "mapping", "plan"];
const IMPURE_CRATES: &[&str] = &["tokio", "reqwest", "rusqlite", "axum", "rand"];
const IMPURE_STD: &[&str] = &["fs", "env", "net", "process", "thread"];
const BANNED_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "manager"];
const MOST_PRODUCTION_LINES: usize = 600;

/// One way in which a file breaks the rules, as `path:line: what`.
type Violation = String;

/// Everything that is wrong with one file. `path` is relative to the package and uses `/`.
fn check(path: &str, source: &str) -> Vec<Violation> {
    let mut found = shape(path, source);
    if path.starts_with("src/") && !path.ends_with("/tests.rs") {
        let code = production(&blank(source));
        found.extend(imports(path, &code));
        found.extend(size(path, &code));
    }
    found
}

fn shape(path: &str, source: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    if !source.starts_with("//!") {
        found.push(format!("{path}:1: the file does not open with `//!`"));
    }
    for part in path.split('/').map(|part| part.trim_end_matches(".rs")) {
        if BANNED_NAMES.contains(&part) {
            found.push(format!("{path}:1: `{part}` says nothing about what is in it"));
        }
    }
    for (line, text) in blank(source).lines().enumerate() {
        let mut words =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').skip_while(|word| *word != "mod").skip(1);
        if let Some(name) = words.next().filter(|name| BANNED_NAMES.contains(name)) {
            found.push(format!("{path}:{}: module `{name}` says nothing about what is in it", line + 1));
        }
    }
    found
}

/// `code` is blanked and without its test items, whose lines became empty, so that line numbers still hold.
fn size(path: &str, code: &str) -> Vec<Violation> {
    let lines = code.lines().filter(|line| *line != TEST_LINE).count();
    if lines > MOST_PRODUCTION_LINES {
        return vec![format!("{path}:1: {lines} production lines, {MOST_PRODUCTION_LINES} are the most")];
    }
    Vec::new()
}

fn imports(path: &str, code: &str) -> Vec<Violation> {
    let modules = modules_of(path);
    let own = modules.first().map_or("lib", String::as_str);
    let mut found = Vec::new();
    for (line, segments) in paths(code) {
        let why = match from_root(&segments, &modules) {
            Some(rest) => forbidden_module(own, path, &rest),
            None => forbidden_outside(own, &segments),
        };
        if let Some(why) = why {
            found.push(format!("{path}:{line}: {own} -> {}: {why}", segments.join("::")));
        }
    }
    for (line, word) in words(code) {
        if word == "JiraWrite" && !may_write(path) {
            found.push(format!("{path}:{line}: only engine::apply may hold a `JiraWrite`"));
        }
        if PURE.contains(&own) && IMPURE_CRATES.contains(&word.as_str()) {
            found.push(format!("{path}:{line}: {own} is pure and must not name `{word}`"));
        }
    }
    found
}

fn may_write(path: &str) -> bool {
    ["src/jira/", "src/engine/apply", "src/app.rs", "src/app/", "src/cli/"].iter().any(|open| path.starts_with(open))
}

/// The rest of a path behind `crate::`, or behind so many `super::` that it leaves its top-level module.
fn from_root(segments: &[String], modules: &[String]) -> Option<Vec<String>> {
    let supers = segments.iter().take_while(|segment| *segment == "super").count();
    let rest = match segments.first().map(String::as_str) {
        Some("crate") => &segments[1..],
        Some("super") if supers >= modules.len() => &segments[supers..],
        _ => return None,
    };
    Some(rest.to_vec())
}

fn forbidden_module(own: &str, path: &str, rest: &[String]) -> Option<&'static str> {
    let target = rest.first()?.as_str();
    if target == "*" || target == "self" {
        return Some("names the whole crate");
    }
    if target == own || own == "lib" {
        return None;
    }
    if own == "simulator" {
        return (target != "clock").then_some("the simulator shares nothing with the daemon but the clock");
    }
    if target == "simulator" {
        return (own != "cli").then_some("nothing but cli and tests may import the simulator");
    }
    let layer = |name: &str| LAYERS.iter().find(|(module, _)| *module == name).map(|(_, layer)| *layer);
    let (Some(own_layer), Some(target_layer)) = (layer(own), layer(target)) else {
        return Some("not in the table of layers");
    };
    if PURE.contains(&own) && target == "clock" {
        return Some("a pure folder must not read the clock");
    }
    if target == "jira" && rest.last().is_some_and(|last| last == "*") && !may_write(path) {
        return Some("a glob of jira would bring `JiraWrite` along");
    }
    let neighbour = NEIGHBOURS.contains(&(own, target));
    (target_layer >= own_layer && !neighbour).then_some("imports go down only")
}

fn forbidden_outside(own: &str, segments: &[String]) -> Option<&'static str> {
    if own == "main" {
        let at = segments.iter().position(|segment| segment == "jirasyncd")?;
        return (segments.get(at + 1).map(String::as_str) != Some("cli")).then_some("main only calls cli");
    }
    if !PURE.contains(&own) {
        return None;
    }
    let second = segments.get(1).map_or("", String::as_str);
    if segments[0] == "std" && IMPURE_STD.contains(&second) {
        return Some("a pure folder must not reach outside");
    }
    let clock = segments.iter().any(|segment| segment == "SystemTime" || segment == "Instant")
        || segments.last().is_some_and(|last| last == "now");
    clock.then_some("a pure folder must not read the clock")
}

/// `src/a/b.rs` -> `[a, b]`, `src/a/mod.rs` and `src/a.rs` -> `[a]`, `src/lib.rs` -> `[]`.
fn modules_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut modules: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if modules.last().is_some_and(|last| last == "mod" || last == "lib") {
        modules.pop();
    }
    modules
}

/// Comments, strings and character literals become spaces; lines stay where they are.
fn blank(source: &str) -> String {
    let characters: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < characters.len() {
        let end = opaque_end(&characters, at);
        if end > at {
            out.extend(characters[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(characters[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none does.
fn opaque_end(text: &[char], at: usize) -> usize {
    let next = |offset: usize| text.get(at + offset).copied().unwrap_or(' ');
    let word_before = at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_');
    match text[at] {
        '/' if next(1) == '/' => find(text, at, |i| text[i] == '\n'),
        '/' if next(1) == '*' => block_comment_end(text, at),
        '"' => string_end(text, at),
        'r' if !word_before && (next(1) == '"' || next(1) == '#') => raw_string_end(text, at),
        '\'' if next(1) == '\\' => find(text, at + 3, |i| text[i] == '\'').saturating_add(1).min(text.len()),
        '\'' if next(2) == '\'' => at + 3,
        _ => at,
    }
}

fn find(text: &[char], from: usize, stop: impl Fn(usize) -> bool) -> usize {
    (from..text.len()).find(|i| stop(*i)).unwrap_or(text.len())
}

fn block_comment_end(text: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut i = at;
    while i + 1 < text.len() {
        match (text[i], text[i + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    text.len()
}

fn string_end(text: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

fn raw_string_end(text: &[char], at: usize) -> usize {
    let hashes = text[at + 1..].iter().take_while(|c| **c == '#').count();
    if text.get(at + 1 + hashes) != Some(&'"') {
        return at;
    }
    let closes = |i: usize| text[i] == '"' && (1..=hashes).all(|k| text.get(i + k) == Some(&'#'));
    (find(text, at + 2 + hashes, closes) + 1 + hashes).min(text.len())
}

/// Stands for a line that belongs to a test item.
const TEST_LINE: &str = "\u{1}";

/// The code without every item under `#[cfg(test)]`.
fn production(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let rest = &out[start..];
        let semicolon = rest.find(';').unwrap_or(rest.len());
        let brace = rest.find('{').unwrap_or(rest.len());
        let length = if semicolon < brace { semicolon + 1 } else { closing(rest, brace) };
        let lines = rest[..length].matches('\n').count();
        let marks = format!("{TEST_LINE}\n").repeat(lines);
        out.replace_range(start..start + length, &marks);
    }
    out
}

/// Behind the brace that closes the one at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Every word of the code with its line.
fn words(code: &str) -> Vec<(usize, String)> {
    tokens(code).into_iter().filter(|(_, token)| token.starts_with(|c: char| c.is_alphabetic() || c == '_')).collect()
}

/// Words, `::`, and every other sign on its own.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                out.push((line + 1, rest[..length].to_owned()));
            }
            rest = &rest[length..];
        }
    }
    out
}

/// Every path of the code, `use` trees expanded, with the line of its last word.
fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(code);
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = tokens.get(at + 1).is_some_and(|(_, next)| next == "::") && is_word(&tokens[at].1);
        let joined = at > 0 && tokens[at - 1].1 == "::" && at > 1 && is_word(&tokens[at - 2].1);
        // `use crate as root` would hide every later import.
        let alias = tokens[at].1 == "crate" && tokens.get(at + 1).is_some_and(|(_, next)| next == "as");
        if alias {
            out.push((tokens[at].0, vec!["crate".into(), "self".into()]));
        }
        at = if begins && !joined { tree(&tokens, at, &[], &mut out) } else { at + 1 };
    }
    out
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads one path or `use` tree at `at`, and answers where it ends.
fn tree(tokens: &[(usize, String)], mut at: usize, prefix: &[String], out: &mut Vec<(usize, Vec<String>)>) -> usize {
    let mut path = prefix.to_vec();
    let mut line = 0;
    while let Some((here, token)) = tokens.get(at) {
        if token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|(_, token)| token != "}") {
                let next = tree(tokens, at, &path, out);
                at = next.max(at + 1);
            }
            return at + 1;
        }
        if !is_word(token) && token != "*" {
            break;
        }
        path.push(token.clone());
        line = *here;
        at += 1;
        if tokens.get(at).is_none_or(|(_, token)| token != "::") {
            break;
        }
        at += 1;
    }
    if path.len() > prefix.len() {
        out.push((line, path));
    }
    at
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_tree_keeps_its_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    rust_files(&root.join("tests"), &mut files);
    rust_files(&root.join("benches"), &mut files);
    assert!(files.len() > 50, "only {} files were found, so nothing was proven", files.len());
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        seen.extend(modules_of(&path).first().cloned());
        violations.extend(check(&path, &fs::read_to_string(&file).unwrap()));
    }
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    for (module, _) in LAYERS {
        assert!(seen.contains(*module), "the table of layers names `{module}`, which is gone");
    }
}

/// Path, source behind the `//!` line, and what the checker must say.
const PLANTED: &[(&str, &str, &str)] = &[
    ("src/store/mod.rs", "use crate::plan::Plan;", "store -> crate::plan::Plan: imports go down only"),
    ("src/model/ids.rs", "use crate::{\n    merge::set::X,\n};", "src/model/ids.rs:3: model -> crate::merge"),
    ("src/engine/mod.rs", "fn f() { crate::app::go() }", "imports go down only"),
    ("src/jira/mod.rs", "use super::engine::Engine;", "imports go down only"),
    ("src/jira/read.rs", "use super::super::store::S;", "imports go down only"),
    ("src/text/mod.rs", "use crate::merge::set;", "imports go down only"),
    ("src/config/mod.rs", "use crate as root;", "names the whole crate"),
    ("src/config/mod.rs", "use crate::*;", "names the whole crate"),
    ("src/config/mod.rs", "use crate::brand_new::X;", "not in the table of layers"),
    ("src/plan/fold.rs", "use std::{collections::BTreeMap, fs};", "std::fs: a pure folder must not reach outside"),
    ("src/plan/fold.rs", "fn f() { std::env::var(\"A\"); }", "std::env::var"),
    ("src/merge/set.rs", "use std::net::IpAddr;", "std::net"),
    ("src/mapping/table.rs", "use tokio::time::sleep;", "mapping is pure and must not name `tokio`"),
    ("src/text/plain.rs", "use reqwest as http;", "text is pure and must not name `reqwest`"),
    ("src/model/hub.rs", "use ::rusqlite::Connection;", "model is pure and must not name `rusqlite`"),
    ("src/plan/mod.rs", "use crate::clock::Clock;", "a pure folder must not read the clock"),
    ("src/plan/mod.rs", "fn f() { jiff::Timestamp::now(); }", "a pure folder must not read the clock"),
    ("src/plan/mod.rs", "use std::time::{Duration, SystemTime};", "SystemTime"),
    ("src/engine/cycle.rs", "use crate::jira::{JiraRead, JiraWrite};", "only engine::apply may hold a `JiraWrite`"),
    ("src/engine/cycle.rs", "use crate::jira::*;", "a glob of jira"),
    ("src/console/mod.rs", "fn f(w: &dyn crate::jira::JiraWrite) {}", "only engine::apply"),
    ("src/simulator/jira.rs", "use crate::text::adf_read;", "the simulator shares nothing"),
    ("src/simulator/rest/mod.rs", "use crate::jira::wire;", "the simulator shares nothing"),
    ("src/simulator/mod.rs", "use crate::mapping::X;", "the simulator shares nothing"),
    ("src/engine/mod.rs", "use crate::simulator::Jira;", "nothing but cli and tests may import the simulator"),
    ("src/jira/mod.rs", "use crate::simulator::Jira;", "nothing but cli and tests may import the simulator"),
    ("src/app.rs", "use crate::simulator::Jira;", "nothing but cli and tests may import the simulator"),
    ("src/main.rs", "fn main() { jirasyncd::app::run() }", "main only calls cli"),
    ("src/store/utils.rs", "", "`utils` says nothing"),
    ("src/store/helpers/mod.rs", "", "`helpers` says nothing"),
    ("src/store/mod.rs", "pub mod manager;", "module `manager` says nothing"),
];

#[test]
fn every_planted_violation_is_caught() {
    for (path, source, expected) in PLANTED {
        let found = check(path, &format!("//! Planted.\n{source}\n"));
        assert!(
            found.iter().any(|said| said.contains(expected)),
            "{path}: {source}\n expected: {expected}\n {found:?}"
        );
    }
    let found = check("src/store/mod.rs", "use std::fs;\n");
    assert!(found.iter().any(|said| said.contains("does not open with `//!`")), "{found:?}");
    let found = check("src/store/mod.rs", &format!("//! Long.\n{}", "fn f() {}\n".repeat(MOST_PRODUCTION_LINES)));
    assert!(found.iter().any(|said| said.contains("601 production lines")), "{found:?}");
}

#[test]
fn what_is_allowed_is_let_through() {
    let allowed = [
        ("src/engine/apply.rs", "use crate::jira::JiraWrite;\nuse crate::plan::Plan;\nuse super::Engine;"),
        ("src/engine/apply/send.rs", "use crate::jira::JiraWrite;"),
        ("src/merge/document.rs", "use crate::text::normal;"),
        ("src/cli/demo.rs", "use crate::simulator::Jira;\nuse crate::app;"),
        (
            "src/simulator/rest/mod.rs",
            "use super::super::simulator::jira::Jira;\nuse crate::simulator::Kind;\nuse crate::clock::Clock;",
        ),
        (
            "src/plan/mod.rs",
            "// use crate::engine::X; JiraWrite tokio\nconst A: &str = \"crate::engine::X std::fs \\\" tokio\";",
        ),
        (
            "src/plan/mod.rs",
            "const A: &str = r#\"crate::app \"quoted\" tokio\"#; const B: char = '\"'; fn f<'a>(x: &'a str) {}",
        ),
        (
            "src/plan/mod.rs",
            "use std::time::Duration;\n#[cfg(test)]\nmod tests {\n use std::fs; use crate::app::App;\n}\n",
        ),
        ("src/main.rs", "fn main() -> std::process::ExitCode { jirasyncd::cli::main() }"),
        ("src/store/mod.rs", "pub(crate) struct A;\n#[cfg(test)]\nuse crate::engine::E;\n"),
    ];
    for (path, source) in allowed {
        let found = check(path, &format!("//! Allowed.\n{source}\n"));
        assert!(found.is_empty(), "{path}: {source}\n {found:?}");
    }
    let tests = "#[cfg(test)]\nmod tests {\n".to_owned() + &"fn f() {}\n".repeat(700) + "}\n";
    assert!(check("src/store/mod.rs", &format!("//! Short.\n{tests}")).is_empty());
}
