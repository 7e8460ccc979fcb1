//! The catalogue of failures: each row of `docs/catalogue.md` is a test named after its number, or a written reason why there is none.
//! The tests of a row lie here, or beside what they test. Must never let a row stand there that nothing holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use serde_json::{Value, json};

use super::daemon_support::World;

mod answers;
mod content;
mod halves;
mod network;
mod operations;
mod options;
mod polls;
mod state;
mod webhooks;

/// So many cases there are.
const ROWS: usize = 112;
/// With one of these a reason begins.
const REASONS: [&str; 3] = ["does not apply: ", "decided otherwise: ", "not done: "];

/// What comes back for one request.
type Answer = Result<http::Response<Bytes>, TransportError>;
/// Decides by method, host and path, and by the body, whether a request is answered here.
type Decide = dyn Fn(&str, &Value) -> Option<Answer> + Send + Sync;

/// A network that answers some requests itself, and remembers what was asked.
#[derive(Clone)]
struct Between {
    decide: Arc<Mutex<Option<Arc<Decide>>>>,
    /// Method, host and path of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Between {
    /// Lies between the daemon and the Jiras of a world whose daemon is not started yet. It lets everything through.
    fn of(world: &mut World) -> Self {
        let between = Self { decide: Arc::default(), asked: Arc::default() };
        let kept = between.clone();
        world.bend(move |inner| Arc::new(Wire(inner, kept.clone())));
        between
    }

    /// From now on these are answered here.
    fn set(&self, decide: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static) {
        *self.decide.lock().unwrap() = Some(Arc::new(decide));
    }

    /// From now on everything is let through.
    fn clear(&self) {
        *self.decide.lock().unwrap() = None;
    }

    /// How many requests since the last time had all of these words in their method, host and path.
    fn count(&self, words: &[&str]) -> usize {
        self.asked.lock().unwrap().iter().filter(|place| words.iter().all(|word| place.contains(word))).count()
    }

    fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }
}

struct Wire(Arc<dyn Transport>, Between);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        let uri = request.uri();
        let place = format!("{} {}{}", request.method(), uri.host().unwrap_or_default(), uri.path());
        self.1.asked.lock().unwrap().push(place.clone());
        let decide = self.1.decide.lock().unwrap().clone();
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        match decide.and_then(|decide| decide(&place, &body)) {
            Some(answer) => answer,
            None => self.0.send(request).await,
        }
    }
}

/// An answer in JSON.
fn said(status: u16, body: &Value) -> Option<Answer> {
    let answer = http::Response::builder().status(status).header("content-type", "application/json");
    Some(Ok(answer.body(Bytes::from(body.to_string())).unwrap()))
}

/// Jira's no: errors by field.
fn refused(status: u16, errors: &Value) -> Option<Answer> {
    said(status, &json!({ "errorMessages": [], "errors": errors }))
}

/// Hours of a daemon that looks every ten minutes: what is tried again at all is tried then.
async fn hours(world: &World, count: usize) {
    world.unwatched();
    for _ in 0..count * 6 {
        world.pass(570).await;
        world.interval().await;
    }
}

/// Requests that change issues or comments, on all Jiras since the last time.
fn writes(world: &World) -> u64 {
    let names = ["createIssue", "createIssues", "editIssue", "addComment", "updateComment", "doTransition"];
    world.jiras.values().map(|jira| names.map(|name| jira.count(name)).iter().sum::<u64>()).sum()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One row: what is right, and the cell that says how it is held.
fn rows() -> BTreeMap<usize, Vec<(String, String)>> {
    let text = fs::read_to_string(root().join("docs/catalogue.md")).unwrap();
    let mut rows = BTreeMap::<usize, Vec<(String, String)>>::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Some(number) = cells[0].parse().ok() else { continue };
        assert_eq!(cells.len(), 4, "a sign `|` in a cell of row {number}");
        rows.entry(number).or_default().push((cells[2].to_owned(), cells[3].to_owned()));
    }
    rows
}

/// All tests by name, with how often each is there.
fn tests() -> BTreeMap<String, usize> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, usize>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let mut marked = false;
                for line in text.lines().map(str::trim) {
                    marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                    let Some((before, name)) = line.split_once("fn ") else { continue };
                    if before.is_empty() || before == "async " {
                        if marked {
                            *found.entry(name.split('(').next().unwrap().to_owned()).or_default() += 1;
                        }
                        marked = false;
                    }
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&root().join("src"), &mut found);
    walk(&root().join("tests"), &mut found);
    found
}

/// The names of tests in a cell: those of the row, and what else is long and looks like one.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|name| is_of_a_row(name) || looks_like_a_test(name)).collect()
}

fn looks_like_a_test(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() >= 20 && name.bytes().all(is_sign)
}

fn is_of_a_row(name: &str) -> bool {
    name.starts_with("row_")
}

#[test]
fn every_row_is_a_test_or_a_reason() {
    let (rows, tests) = (rows(), tests());
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), (1..=ROWS).collect::<Vec<_>>());
    for (number, cells) in &rows {
        let [(right, held)] = cells.as_slice() else { panic!("row {number} is there {} times", cells.len()) };
        assert!(right.len() > 5, "row {number} does not say what is done");
        let names = named(held);
        for name in &names {
            let is_its = !is_of_a_row(name) || name.starts_with(&format!("row_{number:03}_"));
            assert!(is_its, "row {number} names `{name}`");
            assert_eq!(tests.get(*name), Some(&1), "row {number} names `{name}`, which is no test, or several");
        }
        let reason = REASONS.iter().find_map(|begin| held.split_once(begin)).map_or("", |(_, reason)| reason);
        // What holds a part of it beside others is none of the row's own.
        let has_its_own = names.iter().any(|name| is_of_a_row(name));
        assert!(has_its_own || reason.len() > 20, "row {number} has neither a test nor a reason");
    }
    for name in tests.keys().filter(|name| is_of_a_row(name)) {
        let number: usize = name.get(4..7).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        let held = rows.get(&number).is_some_and(|cells| named(&cells[0].1).contains(&name.as_str()));
        assert!(held, "`{name}` is in no row of docs/catalogue.md");
    }
}

/// Else a test that is named only in words might vanish, and the table would not tell.
#[test]
fn a_name_in_a_cell_is_told_from_its_words() {
    let cell = "`row_014_one_miss`; of an issue alone: `what_could_not_be_asked_for_again_is_not_gone`, with `life.moved` and `most_missing`";
    assert_eq!(named(cell), ["row_014_one_miss", "what_could_not_be_asked_for_again_is_not_gone"]);
    // A name that no row begins with is held, too.
    let beside = rows().values().flatten().flat_map(|(_, held)| named(held)).filter(|name| !is_of_a_row(name)).count();
    assert!(beside >= 15, "{beside} tests without a row's number are named");
}
