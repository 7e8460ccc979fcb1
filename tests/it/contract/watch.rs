//! Puts a checker behind a simulated Jira: every request it gets and every answer it gives is checked, and a violation
//! fails the test that caused it.

use std::sync::{Arc, Mutex};

use jirasyncd::simulator::{Exchange, Jira, Kind};

use super::checker::Checker;

/// Checks everything until it is dropped; then fails the test if something was not as declared.
#[must_use = "the check ends when this is dropped"]
pub(crate) struct Watch {
    violations: Arc<Mutex<Vec<String>>>,
}

/// Watches a simulated Jira and its clients. Without the shared data nothing is checked, which is said.
pub(crate) fn watched(jira: &Jira) -> Watch {
    watch(jira, true)
}

/// Watches the answers alone, where the client is one of others and not ours to judge.
pub(crate) fn watched_answers(jira: &Jira) -> Watch {
    watch(jira, false)
}

fn watch(jira: &Jira, requests: bool) -> Watch {
    let violations = Arc::new(Mutex::new(Vec::new()));
    let checker = match jira.kind() {
        Kind::Cloud => Checker::cloud(),
        Kind::DataCenter => Checker::data_center(),
    };
    if let Some(checker) = checker {
        let found = Arc::clone(&violations);
        jira.on_exchange(move |exchange| {
            let lines = check(checker, exchange, requests);
            found.lock().unwrap().extend(lines);
        });
    }
    Watch { violations }
}

/// What an exchange has against it, each line with the exchange's own words.
fn check(checker: &Checker, exchange: &Exchange, requests: bool) -> Vec<String> {
    let Exchange { method, path, query, .. } = exchange;
    let asked = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    let mut wrong = Vec::new();
    if requests {
        wrong.extend(checker.check_request(method, &asked, &exchange.request_body));
    }
    // What a fault did to an answer is no fault of the answer.
    if exchange.fault.is_none() {
        wrong.extend(checker.check_response(method, path, exchange.status, &exchange.response_body));
    }
    if wrong.is_empty() {
        return Vec::new();
    }
    let sent = String::from_utf8_lossy(&exchange.request_body).chars().take(300).collect::<String>();
    wrong.iter().map(|violation| format!("{violation}\n    {method} {asked} {sent}")).collect()
}

impl Watch {
    /// Takes what was found so far, for a test that expects violations.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.violations.lock().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let found = self.take();
        if !found.is_empty() && !std::thread::panicking() {
            panic!("{} violations of the contract:\n{}", found.len(), found.join("\n"));
        }
    }
}
