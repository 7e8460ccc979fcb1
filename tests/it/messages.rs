//! Every message that a user can meet stands in `docs/messages.md`, with its cause and what to do: read from the sources here.
//! `UPDATE=1` takes new messages in, whose cells somebody has to write. It must never let a message pass that has none.

mod code;
mod page;
mod places;
mod trace;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use places::Found;

/// Places that hand on what another one says, or what Jira says: those are listed from there. File and name.
const HANDED_ON: [&str; 41] = [
    // What Jira or the configuration says, in their own words.
    "app/commands.rs error",
    "app/instances.rs words",
    "app/reload.rs error",
    "app/reload.rs first",
    "app/reload.rs lines",
    "app/reload.rs report",
    "cli/check.rs what",
    "cli/explain.rs error",
    "cli/explain_issue.rs dismissed",
    "cli/init/login.rs error",
    "cli/init/reach.rs error",
    "cli/init/reach.rs why",
    "engine/merge.rs why",
    "engine/pair.rs error",
    "engine/pair.rs why",
    "jira/sending.rs why",
    // A message that was made, kept and read again.
    "app/configured.rs gone",
    "app/instances.rs what",
    "app/notices/post.rs title",
    "console/status.rs what",
    "engine/outcome.rs reason",
    "engine/work.rs reason",
    "engine/work.rs why",
    "jira/created.rs why",
    "model/cause.rs what",
    "model/notices/mod.rs title",
    "plan/attachments.rs why",
    "plan/create.rs why",
    "plan/targets.rs why",
    // Pairs of words that are no message.
    "cli/init/proposal_fields.rs why",
    "cli/plan.rs why",
    "engine/detach.rs left",
    "engine/detach.rs refused",
    "engine/detach.rs strip",
    "engine/detach.rs unknown",
    "engine/pairing.rs what",
    "engine/strangers.rs issues",
    "engine/take_back.rs lines",
    "engine/take_back.rs not",
    "engine/take_back.rs was",
    "engine/versions.rs version",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

static FOUND: LazyLock<Found> = LazyLock::new(|| of(&root()));

fn of(root: &Path) -> Found {
    places::collect(&code::sources(&root.join("src")))
}

#[test]
fn every_message_has_a_cause_and_a_remedy() {
    let path = root().join("docs/messages.md");
    let there = fs::read_to_string(&path).unwrap_or_default();
    let (page, missing) = page::render(&FOUND, &page::read(&there));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(missing.is_empty(), "docs/messages.md lacks a cause or what to do for:\n{}", missing.join("\n"));
    assert!(
        page == there,
        "docs/messages.md is not what the sources say: run this with UPDATE=1, and write what is new"
    );
}

/// Where a message cannot be traced to its words it is not in the page: each such place is known here, with why.
#[test]
fn no_message_is_lost_on_the_way() {
    let known: BTreeSet<String> = HANDED_ON.iter().map(|place| (*place).to_owned()).collect();
    let (new, old): (Vec<_>, Vec<_>) =
        (FOUND.lost.difference(&known).collect(), known.difference(&FOUND.lost).collect());
    assert!(new.is_empty(), "it cannot be told what these say: {new:?}");
    assert!(old.is_empty(), "these are traced by now, take them out: {old:?}");
}

/// What the reader of the command line says is no text of ours: each kind of it is provoked.
#[test]
fn what_is_wrong_with_the_words_of_a_command_is_listed() {
    let page = fs::read_to_string(root().join("docs/messages.md")).unwrap();
    for (words, says) in [
        (&["plan", "--colour"][..], "unexpected argument"),
        (&["plans"], "unrecognized subcommand"),
        (&["plan", "--item", "K"], "invalid value"),
        (&["plan", "--item"], "a value is required"),
        (&["audit"], "the following required arguments were not provided"),
        (&["check", "--offline", "--fix-list"], "the argument ... cannot be used with"),
        (&["plan", "--sync", "a", "--sync", "b"], "cannot be used multiple times"),
        (&["check", "--json=x"], "unexpected value"),
        (&["pair", "support", "SUP-1"], "values required by"),
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_jirasyncd")).args(words).output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(2), &b""[..]), "{words:?}: {told}");
        let is_told = says.split(" ... ").all(|part| told.contains(part));
        assert!(told.starts_with("error: ") && is_told && told.contains("--help"), "{words:?}: {told}");
        assert!(page.contains(&format!("`{says}`: ")), "docs/messages.md lacks `{says}`");
    }
}

/// The reader itself, on sources in which each way of saying something stands once.
#[test]
fn each_way_of_saying_something_is_read() {
    let place = tempfile::tempdir().unwrap();
    let source = r#"
        const REMEDY: &str = "do that";
        #[derive(thiserror::Error)]
        enum E { #[error("no {thing} at {path:?}")] No { thing: u8, path: u8 }, #[error(transparent)] Other(u8) }
        fn told(bad: bool) -> Result<(), (String, &'static str)> {
            Err(if bad { (format!("first of {}", bad), REMEDY) } else { ("second".to_owned(), "do this") })
        }
        fn why(key: &str) -> Result<(), String> { told_by(key)?; Err(format!("{key} is wrong")) }
        fn told_by(key: &str) -> Result<(), String> { key.parse().map_err(|error| format!("{key} fails: {error}")) }
        impl Work {
            fn problem(&mut self, side: u8, field: u8, what: String, remedy: &str) {
                self.all.push(Problem { side, field, what, remedy: remedy.to_owned() });
            }
            fn hands_on(&mut self, what: String) { self.problem(0, 0, what, "look at it") }
            fn work(&mut self) -> Answer {
                if let Err((what, remedy)) = told(true) { self.problem(0, 0, what, remedy); }
                self.hands_on("by the way of another".into());
                tracing::warn!(key = 1, "a line of the log");
                match why("k") { Ok(()) => {} Err(why) => return Answer::refused(why) }
                bail!("the {} ends", self.name())
            }
        }
        fn refuses() -> Answer {
            let mut lines = vec!["of others".to_owned()];
            lines.insert(0, "before them".to_owned());
            Answer::new(Ended::Refused, lines)
        }
        fn proof(head: &str) -> Result<(), Failure> {
            let unclear = |why: &str| Failure::Unreadable(why.to_owned());
            if head.is_empty() { return Err(unclear("neither one nor the other")); }
            Err(Failure::NotUs(format!("answered as {head}")))
        }
        #[cfg(test)]
        mod tests { fn not() { Answer::refused("only a test") } }
    "#;
    let trouble = r#"
        impl fmt::Display for Trouble {
            fn fmt(&self, f: &mut Formatter) -> Result { f.write_str(match self { Self::Dns => "no address" }) }
        }
        fn sent(error: &Other, outcome: Outcome) -> Failure {
            if let Outcome::NotSent(why) = outcome { return Failure::Unreachable(why) }
            Failure::Unreachable(error.to_string())
        }
    "#;
    let pulse = r#"
        fn is_alive(&self) -> Result<(), String> {
            let fails = self.fails.then(|| "the state fails".to_owned());
            said(fails.into_iter().chain(self.why.contains("not said here").then_some(self.text("word"))))
        }
    "#;
    for (file, source) in [("one.rs", source), ("jira/transport.rs", trouble), ("app/measure.rs", pulse)] {
        let path = place.path().join("src").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, source).unwrap();
    }
    let found = of(place.path());
    let said: Vec<(&str, String)> = found
        .messages
        .iter()
        .map(|((_, message), said)| (message.as_str(), said.remedies.iter().cloned().collect::<Vec<_>>().join("|")))
        .collect();
    let expected = [
        ("no {thing} at {path}", ""),
        ("answered as {head}", ""),
        ("neither one nor the other", ""),
        ("no address", ""),
        ("by the way of another", "look at it"),
        ("first of {bad}", "do that"),
        ("second", "do this"),
        ("before them", ""),
        ("of others", ""),
        ("{key} fails: {error}", ""),
        ("{key} is wrong", ""),
        ("the {name} ends", ""),
        ("the state fails", ""),
        ("a line of the log", ""),
    ];
    assert_eq!(said, expected.map(|(message, remedy)| (message, remedy.to_owned())));
    assert!(found.lost.is_empty(), "{:?}", found.lost);
}
