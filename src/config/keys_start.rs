//! The keys of how a sync begins, and of what its writes set off: a part of the one table of keys. Must never be doubled.

use super::keys::{Form, Key, Shape, default, optional};

static WINDOW: Form = Form {
    what: "a part of the day and a time zone",
    example: "20:00-06:00 Europe/Berlin",
    pattern: Some("^[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}( +[^ ]+)?$"),
};
static ACCOUNT: Form = Form { what: "an account id or user name", example: "bridge", pattern: None };

pub(super) static COUNTERPARTS: Key = default(
    "counterparts",
    Shape::Word(&["link", "skip"]),
    "skip",
    "`link`: each issue gets a remote link to each counterpart that its side sees, for the people there (Link Issues).",
);
pub(super) static NOTIFY: Key = default(
    "notify",
    Shape::Word(&["changes", "always", "never"]),
    "changes",
    "Which edits of fields set off Jira's mails: `changes`: all but those that complete a first copy. Mails are left out only where the sync user holds Administer Projects, or administers Jira.",
);
pub(super) static UNWATCH: Key = optional(
    "unwatch",
    Shape::Flag,
    "Whether the sync user is taken from the watchers that Jira adds it to when it creates an issue or comments on one, at one request each. Left out: where `fields.watchers` is carried. Without any request: switch Autowatch off in its profile.",
);
pub(super) static MOST_CREATIONS: Key = default(
    "most-creations",
    Shape::Number(1_000_000.0),
    "100",
    "As many issues may be created at once without a person's word: of more, none is until `jirasyncd confirm`.",
);
pub(super) static PER_HOUR: Key = optional(
    "per-hour",
    Shape::Number(1_000_000.0),
    "As many issues of the backlog are created within an hour at most. Left out: as fast as the instances take them.",
);
pub(super) static BACKFILL_WINDOW: Key = optional(
    "window",
    Shape::Text(&WINDOW),
    "When the backlog is created: from, to and a time zone (left out: UTC). Left out: always.",
);
pub(super) static BACKFILL: Key = optional(
    "backfill",
    Shape::Table(&[&PER_HOUR, &BACKFILL_WINDOW]),
    "The pace at which counterparts are created of what was there before, or came while nobody looked. What people do now goes on.",
);
pub(super) static HISTORY: Key = default(
    "history",
    Shape::Word(&["match", "from-now", "copy"]),
    "match",
    "What is made of the comments, files and logged work that two issues already hold when they are paired: what says the same is one thing (match), all stays where it is (from-now), or all is copied (copy).",
);
pub(super) static FORMER: Key = optional(
    "former-sync-users",
    Shape::List(&Shape::Text(&ACCOUNT)),
    "Accounts that another bridge wrote as here: the account id on Cloud, the user name on Data Center. Nothing that they do is a person's.",
);
