//! The list of facts as a page, so that it is described in one place. Must never hold a fact that is not in the list.

use std::fmt::Write as _;

use super::{On, facts};

/// What stands above the list.
const HEAD: &str = "\
# What is taken for granted of a Jira

Made by a test (`tests/it/probe_facts.rs`) from the list in `src/app/probe`; `UPDATE=1` writes it anew, and the test fails where this page is
not that list. `jirasyncd probe INSTANCE --project SANDBOX` tries each of them on an instance, with issues of its own that it takes away.

Behind each fact: the file that rests on it; what of the simulator plays a Jira where it does not hold; and what follows for the daemon there:
a key of the configuration, or what it does by itself.
";

/// The page.
#[must_use]
pub fn facts_document() -> String {
    let mut page = HEAD.to_owned();
    let mut subject = "";
    for fact in facts() {
        if fact.subject != subject {
            subject = fact.subject;
            // Writing into a String cannot fail.
            let _ = write!(page, "\n## {subject}\n\n");
        }
        let place = match fact.on {
            On::Both => "",
            On::Cloud => " (Cloud)",
            On::DataCenter => " (Data Center)",
            On::Desk => " (service desk)",
        };
        let _ = writeln!(
            page,
            "- `{}`{place}: {}\n  - rests on it: `{}`\n  - simulator: {}\n  - daemon: {}",
            fact.name, fact.says, fact.rests, fact.simulator, fact.daemon
        );
    }
    page
}
