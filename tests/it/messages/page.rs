//! `docs/messages.md`: what the sources say, beside the causes and remedies that somebody wrote into the page. It must never
//! write a cause by itself.

use std::collections::BTreeMap;

use super::places::{Area, Found};

/// Who wrote what for a message: its cause, and what to do.
pub(super) type Written = BTreeMap<(Area, String), (String, String)>;

const HEAD: &str = "# Messages

Every message by which jirasyncd says that something is wrong, with its cause and what to do. The messages and the remedies that
the program gives itself are read from its sources by a test (`tests/it/messages.rs`), which fails where one is missing here or
has no cause; `UPDATE=1` takes new ones in. What `jirasyncd init` says of the Jiras it was given stands under the findings, as `check` says it.

What stands in braces is filled in: `{instance}` by the name of an instance, `{error}`, `{why}` or `{cause}` by what else is known,
`{needed}` by the permission that a write needs. Search this page for a few words that are not filled in. What Jira itself says is
passed on in its own words, after what was attempted, on which instance. By symptoms: [troubleshooting.md](troubleshooting.md).
";

const AREAS: [(Area, &str, &str); 12] = [
    (
        Area::Configuration,
        "In the configuration file",
        "Told by every command that reads the file, all at once, each with file, line and column; an error ends the command with code 2. \
         `jirasyncd check --offline` reads the file alone.",
    ),
    (
        Area::Findings,
        "Between the configuration and the instances",
        "Told by `jirasyncd check`, at a start and by `jirasyncd reload` (what workflows do not let through: by `check` and `init` alone), with the key of the configuration that it is about. An error \
         keeps the daemon from starting (code 2), and a reload from being taken; a warning does not. A note says that nothing is wrong, and what could not be looked at.",
    ),
    (
        Area::Start,
        "At a start, and about the state",
        "Told by the command that was given, after `Error:`, with its causes; and by the daemon in its log.",
    ),
    (
        Area::Jira,
        "When an instance is talked to",
        "Told by whatever asked it: `check`, a start, a poll (in `jirasyncd status`), a write (as a problem). They are parts of one \
         line: what was attempted, on which instance, and why it failed.",
    ),
    (
        Area::Problems,
        "Problems",
        "Listed by `jirasyncd problems` and `jirasyncd status`, and with an issue's key by `jirasyncd explain KEY`; each names the side. \
         What can heal is tried again by itself, and the problem goes then.",
    ),
    (
        Area::Answers,
        "Answers to commands",
        "What a command says that the daemon, or the state, did not do; nothing was changed then (code 1).",
    ),
    (
        Area::Commands,
        "On the command line",
        "Told after `Error:` by the command itself. What is wrong with its words is told after `error:` with how it is used, changes \
         nothing, and ends with code 2; the same with `--help` says all that it takes. `unexpected argument`: it has no such option. \
         `unrecognized subcommand`: there is no such command. `invalid value`: what follows an option is not of its form, or not one of \
         those that are listed. `a value is required`: nothing follows it. `the following required arguments were not provided`: what is \
         listed is missing. `the argument ... cannot be used with`: one of the two is to be left out. \
         `cannot be used multiple times`: once is all. `unexpected value`: that option takes none. `values required by`: more of them \
         are needed. A command that has commands of its own shows them, where none of them is named.",
    ),
    (
        Area::Beside,
        "Beside an answer",
        "On standard error beside what a command was asked for, and in a plan behind `?` or `!`; in its JSON under names of their own.",
    ),
    (
        Area::Webhooks,
        "From `jirasyncd webhooks`",
        "Told of each instance by itself; code 1 where something is to be done, 3 where the instance did not answer.",
    ),
    (
        Area::Health,
        "From `/healthz` and `/readyz`",
        "Answered with 503, a reason per line; `jirasyncd health` tells those of `/healthz`, with code 1.",
    ),
    (Area::Notices, "Notices", "Sent by the ways that `[notices]` names; the text is that of the message."),
    (
        Area::Log,
        "In the log",
        "Lines of the levels `WARN` and `ERROR` on standard error, which is the journal under systemd. The fields after the message name \
         instance, sync, side and issue.",
    ),
];

/// The page as it should be, and what nobody wrote yet.
pub(super) fn render(found: &Found, written: &Written) -> (String, Vec<String>) {
    let (mut page, mut missing) = (HEAD.to_owned(), Vec::new());
    for (area, title, introduction) in AREAS {
        page.push_str(&format!(
            "\n## {title}\n\n{introduction}\n\n| message | cause | what to do |\n| --- | --- | --- |\n"
        ));
        for ((_, message), said) in found.messages.iter().filter(|((at, _), _)| *at == area) {
            let key = (area, cell(message));
            let (cause, own) = written.get(&key).cloned().unwrap_or_default();
            let given = said.remedies.iter().map(|remedy| cell(remedy)).collect::<Vec<_>>().join("; or: ");
            let remedy = if given.is_empty() { own } else { given };
            if cause.is_empty() || remedy.is_empty() {
                let places: Vec<&str> = said.places.iter().map(String::as_str).collect();
                missing.push(format!("{} ({})", key.1, places.join(", ")));
            }
            page.push_str(&format!("| {} | {cause} | {remedy} |\n", key.1));
        }
    }
    (page, missing)
}

/// What stands in the page by now.
pub(super) fn read(page: &str) -> Written {
    let mut written = Written::new();
    let mut area = None;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            area = AREAS.iter().find(|(_, known, _)| *known == title).map(|(area, ..)| *area);
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
        let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
        if let (Some(area), [message, cause, remedy]) = (area, cells.as_slice()) {
            written.insert((area, (*message).to_owned()), ((*cause).to_owned(), (*remedy).to_owned()));
        }
    }
    written
}

/// A text as it may stand in a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}
