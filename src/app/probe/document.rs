//! The list of facts as a page, so that it is described in one place. Must never hold a fact that is not in the list, but those that no probe
//! can try, which are named as such.

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

/// What stands below it: what Jira sends by itself.
const UNTRIED: &str = "
## Webhooks: not tried

No probe tries these: a Jira sends webhooks to an address that it reaches, and a probe has none. Where `daemon.webhooks` has one,
`jirasyncd webhooks verify` does it: it sends a webhook of its own by the public address to the receiver and back, and looks whether what is
registered is switched on, with these events, this address and a secret. Whether Jira signs as is said here shows with the first that it sends
itself: one with another signature is refused, counted, and told by `jirasyncd status`.

";

/// A fact that needs a Jira which reaches us.
struct Untried {
    name: &'static str,
    place: &'static str,
    says: &'static str,
    rests: &'static str,
    simulator: &'static str,
    daemon: &'static str,
}

const WEBHOOKS: [Untried; 4] = [
    Untried {
        name: "webhooks-are-signed-as-they-come",
        place: " (Cloud)",
        says: "`X-Hub-Signature: sha256=` signs the bytes of the body as they come, by HMAC with the webhook's secret.",
        rests: "src/console/hooks/signature.rs",
        simulator: "none: it always does",
        daemon: "`instance.NAME.webhook-secret`: without it nothing is signed, and the secret path is all; polls look in any case",
    },
    Untried {
        name: "webhooks-keep-their-name",
        place: " (Cloud)",
        says: "`X-Atlassian-Webhook-Identifier` is the same each time that one webhook is sent.",
        rests: "src/console/hooks/mod.rs",
        simulator: "`HookWeather::double`",
        daemon: "none: `explain` names a write by it, and no more; one that comes again is another look at the same issue",
    },
    Untried {
        name: "webhooks-are-sent-again",
        place: " (Cloud)",
        says: "A webhook that was answered with 503, or not at all, is sent again.",
        rests: "src/console/hooks/mod.rs",
        simulator: "`HookWeather::lose`, and Data Center sends none again",
        daemon: "none: what is not sent again is found by the next poll",
    },
    Untried {
        name: "each-change-sends-an-event",
        place: "",
        says: "Issues, comments, logged work, attachments and links send the events that are registered, with the issue's id.",
        rests: "src/jira/hook_body.rs",
        simulator: "`HookWeather::lose`, `HookWeather::delay`",
        daemon: "none: what sends none is found by the next poll, or the next full check (`daemon.sweep`), and `status` warns of it",
    },
];

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
    page.push_str(UNTRIED);
    for Untried { name, place, says, rests, simulator, daemon } in WEBHOOKS {
        let _ = writeln!(
            page,
            "- `{name}`{place}: {says}\n  - rests on it: `{rests}`\n  - simulator: {simulator}\n  - daemon: {daemon}"
        );
    }
    page
}
