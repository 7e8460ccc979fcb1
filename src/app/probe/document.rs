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

/// What stands below all: what is of administrators, of other projects or of other people.
const NOT_OURS: &str = "
## What is not the probe's own: not tried

No probe tries these either: it touches no issue but its own, in one project, and changes nothing that is an administrator's. They are taken from
Atlassian's documents and from what was seen; where one does not hold, what rests on it shows in `jirasyncd check` or as a problem.

";

/// What stands below the list: what Jira sends by itself.
const UNTRIED: &str = "
## Webhooks: not tried

No probe tries these: a Jira sends webhooks to an address that it reaches, and a probe has none. Where `daemon.webhooks` has one,
`jirasyncd webhooks verify` does it: it sends a webhook of its own by the public address to the receiver and back, and looks whether what is
registered is switched on, with these events, this address and a secret. Whether Jira signs as is said here shows with the first that it sends
itself: one with another signature is refused, counted, and told by `jirasyncd status`.

";

/// A fact that no probe can try.
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

const OF_OTHERS: [Untried; 8] = [
    Untried {
        name: "a-moved-issue-keeps-its-id",
        place: "",
        says: "An issue that is moved into another project keeps its id, shows its new key and project, and is found by its old key, too.",
        rests: "src/engine/absence.rs",
        simulator: "none: it always does",
        daemon: "none: it would count as gone, and as a new issue where it is; `life.moved` and `life.deleted` say what follows",
    },
    Untried {
        name: "a-project-is-found-by-its-old-key",
        place: "",
        says: "A project whose key an administrator changed, and its issues, are found by the old key, and show the new one.",
        rests: "src/engine/renamed.rs",
        simulator: "none: it changes the key of no project",
        daemon: "write the new key as `project` of the side: until then its issues count as out of reach",
    },
    Untried {
        name: "versions-and-components-keep-their-ids",
        place: "",
        says: "A version or component keeps its id when it is called otherwise, and the project's list shows all of them.",
        rests: "src/engine/things.rs",
        simulator: "none: they always do",
        daemon: "leave `versions` and `components` out: one that is called otherwise would be made beside the old one",
    },
    Untried {
        name: "the-sprint-field-says-how-far-each-is",
        place: "",
        says: "The field of sprints holds all that an issue was in, each with its state; at most one of them is not over, and is set by its id.",
        rests: "src/jira/sprints.rs",
        simulator: "none: it always does",
        daemon: "leave the row of sprints out of `fields`",
    },
    Untried {
        name: "request-types-are-set-at-creation",
        place: " (service desk)",
        says: "A request type is written by its id (Data Center: by the portal's key and its own), and is one of the project's own desk.",
        rests: "src/jira/requests.rs",
        simulator: "none: it always is",
        daemon: "leave the row of request types out of `fields`",
    },
    Untried {
        name: "parents-are-logged-by-id",
        place: "",
        says: "The issue above another is shown by id and key, and the changelog names it by its id.",
        rests: "src/plan/parents.rs",
        simulator: "none: it always is",
        daemon: "leave the row of parents out of `fields`",
    },
    Untried {
        name: "levels-hide-issues",
        place: "",
        says: "An issue that has a security level shows it to whoever sees the issue, and is 404 for everybody who is not in the level.",
        rests: "src/plan/levels.rs",
        simulator: "`ProjectSetup::level_members`",
        daemon: "leave the row `security` out: then nothing is carried of an issue that has a level",
    },
    Untried {
        name: "roles-and-groups-tell-their-members",
        place: "",
        says: "A role names its people and groups, and a person's groups are listed whole; who may not read them is refused, not shown none.",
        rests: "src/jira/circles.rs",
        simulator: "none: they always do",
        daemon: "name people by themselves in `from` and `not-from`",
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
    for (head, list) in [(UNTRIED, &WEBHOOKS[..]), (NOT_OURS, &OF_OTHERS[..])] {
        page.push_str(head);
        for Untried { name, place, says, rests, simulator, daemon } in list {
            let _ = writeln!(
                page,
                "- `{name}`{place}: {says}\n  - rests on it: `{rests}`\n  - simulator: {simulator}\n  - daemon: {daemon}"
            );
        }
    }
    page
}
