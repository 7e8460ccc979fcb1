//! The one table of keys: what the file may hold, where, in what shape, and what stands when a key is left out. The check
//! (`shape`), the reading (`daemon`, `instance`, `sync`, ...) and the JSON schema (`schema`) all go by it. Must never be
//! doubled: a name or a default that is written anywhere else will drift.

pub(super) use super::keys_login::{
    AUTH, AUTHORIZE_URL, CA_FILE, CLIENT_CERTIFICATE, CLIENT_ID, CLIENT_KEY, CLIENT_SECRET, GATEWAY, METHOD, NO_PROXY,
    PASSWORD, PROXY, PROXY_PASSWORD, PROXY_URL, PROXY_USER, REDIRECT_URL, SCOPE, TOKEN, TOKEN_URL, USER,
};
pub(super) use super::keys_start::{
    BACKFILL, BACKFILL_WINDOW, COUNTERPARTS, FORMER, HISTORY, MOST_CREATIONS, NOTIFY, PER_HOUR, UNWATCH,
};

/// One key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// As written in the file.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) shape: Shape,
    /// Whether it may be left out.
    pub(super) need: Need,
    /// One sentence for people: the schema's description.
    pub(super) doc: &'static str,
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    /// It may not.
    Required,
    /// Nothing stands for it.
    Optional,
    /// This stands for it, as it would be written between quotes.
    Default(&'static str),
}

/// What a value may be.
#[derive(Debug)]
pub(super) enum Shape {
    /// Text of some form; never blank.
    Text(&'static Form),
    /// A number above 0 and up to this.
    Number(f64),
    /// `true` or `false`.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A list.
    List(&'static Self),
    /// A table with keys of ours.
    Table(&'static [&'static Key]),
    /// A table whose keys are chosen by the user, beside a few of ours.
    Named(&'static Named),
    /// Any of these, told apart by type.
    Either(&'static [Self]),
}

/// A table whose keys are chosen by the user.
#[derive(Debug)]
pub(super) struct Named {
    /// What a key of the user's names: "instance".
    pub(super) what: &'static str,
    /// Whether the names are made here and must therefore be plain, or name what exists elsewhere in the file.
    pub(super) makes: bool,
    /// The keys of ours beside them.
    pub(super) keys: &'static [&'static Key],
    /// What stands behind a key of the user's.
    pub(super) rest: Shape,
}

/// A form of text.
#[derive(Debug)]
pub(super) struct Form {
    /// With its article: "a duration".
    pub(super) what: &'static str,
    /// An example, without quotes.
    pub(super) example: &'static str,
    /// What it must match, as far as an editor can tell. The reading decides.
    pub(super) pattern: Option<&'static str>,
}

pub(super) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, need: Need::Required, doc }
}

pub(super) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, doc }
}

pub(super) const fn default(name: &'static str, shape: Shape, text: &'static str, doc: &'static str) -> Key {
    Key { name, shape, need: Need::Default(text), doc }
}

pub(super) const fn form(what: &'static str, example: &'static str, pattern: Option<&'static str>) -> Form {
    Form { what, example, pattern }
}

/// What a name made in this file looks like.
pub(super) const NAME_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";

static PATTERN: Form = form("a name in which `*` stands for anything", "*.png", None);
const DURATION_PATTERN: &str = "^([0-9]{1,9}(ms|s|m|min|h|d))+$";
pub(super) static DURATION: Form = form("a duration", "30s", Some(DURATION_PATTERN));
static CRON: Form = form("a cron expression with seconds", "0 17 */6 * * *", None);
static STATE_URL: Form =
    form("where the state lies", "sqlite:/var/lib/jirasyncd/state.db", Some("^(sqlite:|postgres(ql)?:)"));
static ADDRESS: Form = form("an address and a port", "127.0.0.1:8470", None);
static SHORT: Form = form("a duration", "1s", Some(DURATION_PATTERN));
static HOOK_ADDRESS: Form = form("an address and a port", "127.0.0.1:8471", None);
static PATH_TEXT: Form = form("a path", "/run/jirasyncd/control.sock", None);
static BASE_URL: Form = form("a base URL", "https://acme.atlassian.net", Some("^https?://"));
static PUBLIC: Form = form("a URL", "https://hooks.example.org/jira", Some("^https?://"));
static NETWORK: Form = form("an address, or a network", "10.0.0.0/8", None);
pub(super) static SECRET: Form = form("where a secret lies", "env:ACME_TOKEN", Some("^(env|file|credential):."));
static NAME: Form = form("a name", "acme", Some(NAME_PATTERN));
static CONFLICT: Form = form("`newest`, `ask` or `prefer SIDE`", "newest", Some("^(newest|ask|prefer +[^ ]+)$"));
static PROJECT: Form = form("a project key", "SUP", Some("^[A-Z][A-Z0-9_]*$"));
static JQL: Form = form("JQL", "labels = share-globex", None);
pub(super) static JIRA_NAME: Form = form("a name in Jira", "In Progress", None);
pub(super) static PROPERTY: Form = form("the name of an entity property", "com.example.partner", None);
pub(super) static FIELD: Form = form("a field's id or display name", "customfield_10042", None);
static LABEL: Form = form("a word, or the beginning of words and `*`", "share-*", None);
static READERS: Form = form("a role, a group or `internal`", "role:Globex desk", Some("^(internal|(role|group):.+)$"));
static CIRCLE: Form = form("some people", "group:Field team", Some("^(group|role|user):.+$"));
static COMPOSED: Form = form("a template", "[{{ key }}] {{ summary }}", None);
static TEMPLATE: Form = form("a template of one line", "{{ author.name }} (Acme)", None);

pub(super) const SIDES: Shape = Shape::List(&Shape::Text(&NAME));
const NAMES: Shape = Shape::Either(&[Shape::Text(&JIRA_NAME), Shape::List(&Shape::Text(&JIRA_NAME))]);
const CARRIED: Shape = Shape::Word(&["both", "skip"]);

pub(super) static STATE: Key = default(
    "state",
    Shape::Text(&STATE_URL),
    "sqlite:/var/lib/jirasyncd/state.db",
    "Where the daemon keeps what it knows: `sqlite:PATH`.",
);
pub(super) static LISTEN: Key =
    default("listen", Shape::Text(&ADDRESS), "127.0.0.1:8470", "Address and port of health and metrics.");
pub(super) static POLL: Key =
    default("poll", Shape::Text(&DURATION), "30s", "How often each instance is asked what changed; 1s to 1h.");
pub(super) static SWEEP: Key = default(
    "sweep",
    Shape::Text(&CRON),
    "0 17 */6 * * *",
    "When everything is compared: second, minute, hour, day, month, weekday, in UTC. The daemon adds jitter.",
);
pub(super) static SOCKET: Key = optional(
    "socket",
    Shape::Text(&PATH_TEXT),
    "The Unix socket over which commands talk to the daemon. Left out: `control.sock` in the folder that systemd made for the unit, else beside the state.",
);
pub(super) static UNKNOWN_COPIES: Key = default(
    "unknown-copies",
    Shape::Word(&["hold", "leave"]),
    "hold",
    "Where issues lie that the sync user made for another state than this one: create nothing, or leave them and begin anew.",
);
pub(super) static HOOK_LISTEN: Key = default(
    "listen",
    Shape::Text(&HOOK_ADDRESS),
    "127.0.0.1:8471",
    "Address and port of the webhook receiver. It speaks plain HTTP: TLS is ended by a proxy before it.",
);
pub(super) static PUBLIC_URL: Key = required(
    "public-url",
    Shape::Text(&PUBLIC),
    "Where the Jiras reach the receiver. https; http only for an address within your own network.",
);
pub(super) static DEBOUNCE: Key = default(
    "debounce",
    Shape::Text(&SHORT),
    "1s",
    "How long a webhook waits for more about the same issue; 0s to 5s. What goes on and on waits 5s at most.",
);
pub(super) static WEBHOOKS: Key = optional(
    "webhooks",
    Shape::Table(&[&HOOK_LISTEN, &PUBLIC_URL, &DEBOUNCE]),
    "Takes webhooks, so that changes are seen at once and not with the next poll. Left out, only polls look.",
);
pub(super) static DAEMON: Key = optional(
    "daemon",
    Shape::Table(&[&STATE, &LISTEN, &POLL, &SWEEP, &SOCKET, &UNKNOWN_COPIES, &WEBHOOKS]),
    "The process: its state, its address, its pace.",
);

pub(super) static KIND: Key = required(
    "kind",
    Shape::Word(&["cloud", "data-center"]),
    "Which product runs there: Jira Cloud, or Jira Data Center. Service projects on either are known by themselves.",
);
pub(super) static URL: Key = required(
    "url",
    Shape::Text(&BASE_URL),
    "Base URL, context path included. https; http only on the loopback. Never with credentials.",
);
pub(super) static RATE: Key =
    default("rate", Shape::Number(1000.0), "10", "Requests per second that the daemon allows itself there.");
pub(super) static TIMEOUT: Key =
    default("timeout", Shape::Text(&DURATION), "30s", "Time-out of one request; 1s to 10min.");
pub(super) static SETTLE: Key = default(
    "settle",
    Shape::Text(&DURATION),
    "10min",
    "How long the search index may hide what exists; doubts about a create wait this long. Up to 1d.",
);
pub(super) static OVERLAP: Key =
    default("overlap", Shape::Text(&DURATION), "5min", "How far polls look back over what they have seen. Up to 1d.");
pub(super) static TAKES_WEBHOOKS: Key = default(
    "webhooks",
    Shape::Flag,
    "true",
    "Whether webhooks of this instance are taken, where `daemon.webhooks` is set.",
);
pub(super) static HOOK_SECRET: Key = optional(
    "webhook-secret",
    Shape::Text(&SECRET),
    "Where the secret lies that the instance signs its webhooks with (Cloud). An unsigned webhook is then refused.",
);
pub(super) static HOOK_SECRET_OLD: Key = optional(
    "webhook-secret-old",
    Shape::Text(&SECRET),
    "Where the secret before it lies: taken too, until the instance signs with the new one.",
);
pub(super) static HOOK_FROM: Key = optional(
    "webhook-from",
    Shape::List(&Shape::Text(&NETWORK)),
    "Addresses that its webhooks may come from, as the receiver sees them: behind a proxy, the proxy's.",
);
static ONE_INSTANCE: Named = Named {
    what: "instance",
    makes: true,
    keys: &[],
    rest: Shape::Table(&[
        &KIND,
        &URL,
        &GATEWAY,
        &AUTH,
        &RATE,
        &TIMEOUT,
        &SETTLE,
        &OVERLAP,
        &CA_FILE,
        &CLIENT_CERTIFICATE,
        &CLIENT_KEY,
        &PROXY,
        &TAKES_WEBHOOKS,
        &HOOK_SECRET,
        &HOOK_SECRET_OLD,
        &HOOK_FROM,
    ]),
};
pub(super) static INSTANCE: Key = required("instance", Shape::Named(&ONE_INSTANCE), "The Jiras, by name.");

pub(super) static SIDE_INSTANCE: Key =
    required("instance", Shape::Text(&NAME), "The instance, as named under `instance`.");
pub(super) static SIDE_PROJECT: Key = required("project", Shape::Text(&PROJECT), "The project's key.");
pub(super) static SIDE_JQL: Key =
    optional("jql", Shape::Text(&JQL), "Only issues made here that match are carried elsewhere.");
pub(super) static SIDE_WHEN: Key =
    optional("when", Shape::Text(&JQL), "JQL on `home`: which items have a counterpart here.");
pub(super) static SIDE_SEES: Key =
    optional("sees", SIDES, "The sides whose acts may reach this one. Left out: all of them.");
pub(super) static SIDE_EFFECTS: Key = default(
    "side-effects",
    Shape::Word(&["accept", "restore", "count"]),
    "accept",
    "What to make of changes that Jira makes in the sync user's name: let be, undo once, or carry, five times in a row at most; then they are let be and told. What a workflow function adds to a write of jirasyncd's own is carried only where all whom it reaches may see what was written.",
);
pub(super) static SIDE_FROM: Key = optional(
    "from",
    Shape::List(&Shape::Text(&CIRCLE)),
    "Only the acts of these people cross: `group:NAME`, `role:NAME` of the project, `user:ACCOUNT`. Left out: everybody's.",
);
pub(super) static SIDE_NOT_FROM: Key =
    optional("not-from", Shape::List(&Shape::Text(&CIRCLE)), "The acts of these people stay where they are.");
static ONE_SIDE: Named = Named {
    what: "side",
    makes: true,
    keys: &[],
    rest: Shape::Table(&[
        &SIDE_INSTANCE,
        &SIDE_PROJECT,
        &SIDE_JQL,
        &SIDE_WHEN,
        &SIDE_SEES,
        &SIDE_EFFECTS,
        &SIDE_FROM,
        &SIDE_NOT_FROM,
        &super::keys_pairing::SIDE_SCOPE,
        &FORMER,
    ]),
};
pub(super) static SIDE: Key =
    required("side", Shape::Named(&ONE_SIDE), "The sides of the sync, by name; at least two.");
pub(super) static HOME: Key =
    optional("home", Shape::Text(&NAME), "The side that `when` is asked of; goes first in ties.");
pub(super) static ON_CONFLICT: Key = default(
    "on-conflict",
    Shape::Text(&CONFLICT),
    "newest",
    "When people changed one field on two sides: `newest`, `prefer SIDE`, or `ask` (each keeps its own until resolved).",
);

static CELLS: Named = Named { what: "side", makes: false, keys: &[], rest: NAMES };
pub(super) static PATH: Key = optional(
    "path",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::List(&Shape::Text(&JIRA_NAME)) }),
    "Per side the statuses to pass on the way, the goal last.",
);
static STATUS_CELLS: Named = Named { what: "side", makes: false, keys: &[&PATH], rest: NAMES };
const ROWS: Shape = Shape::List(&Shape::Named(&CELLS));
pub(super) static MAP_ISSUE_TYPE: Key =
    optional("issue-type", ROWS, "Issue types. Left out: they have the same names everywhere.");
pub(super) static MAP_STATUS: Key =
    optional("status", Shape::List(&Shape::Named(&STATUS_CELLS)), "Statuses. Given, statuses are carried.");
pub(super) static MAP_PRIORITY: Key = optional("priority", ROWS, "Priorities. Given, priorities are carried.");
pub(super) static MAP_USERS: Key = optional("users", ROWS, "People: e-mails, account ids or user names.");
pub(super) static MAP_LINK_TYPE: Key = optional(
    "link-type",
    ROWS,
    "Types of issue links, with `:inward` behind a name where the direction is turned round. Left out: they have the same names everywhere.",
);
pub(super) static MAP: Key = optional(
    "map",
    Shape::Table(&[&MAP_ISSUE_TYPE, &MAP_STATUS, &MAP_PRIORITY, &MAP_USERS, &MAP_LINK_TYPE]),
    "Rows: one thing, as each side calls it. Where a side has several names, the first is written by preference.",
);

pub(super) static FIELD_FROM: Key =
    optional("from", SIDES, "The sides whose acts count; others only receive. Left out: all.");
pub(super) static FIELD_ACROSS: Key =
    optional("across", Shape::Flag, "Whether the bare value may pass between sides that do not see each other.");
pub(super) static FIELD_EXCLUDE: Key =
    optional("exclude", Shape::List(&Shape::Text(&LABEL)), "Words that never cross: exact, or ending in `*`.");
pub(super) static FIELD_KIND: Key = optional(
    "kind",
    Shape::Word(&[
        "line", "document", "select", "options", "words", "person", "people", "day", "moment", "number", "duration",
    ]),
    "What a row carries. Left out, it is what the fields hold on all sides; with `values` it is a select.",
);
pub(super) static FIELD_VALUES: Key = optional("values", ROWS, "The rows of a select, or of a set of options.");
pub(super) static FIELD_ON_UNMAPPED: Key = default(
    "on-unmapped",
    Shape::Either(&[
        Shape::Word(&["leave", "problem", "skip", "clear", "unassign", "create"]),
        Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::Text(&JIRA_NAME) }),
    ]),
    "leave",
    "Where a side has no counterpart of a value: leave what is there and say so (also: problem), or say nothing (skip), empty the field (of people also: unassign), make the version or component there (create), or per side a name to write.",
);
pub(super) static FIELD_VALUE: Key = optional(
    "value",
    Shape::Text(&JIRA_NAME),
    "Always this, on the sides that are named here and not in `from`. Several words are parted by commas.",
);
pub(super) static FIELD_TEMPLATE: Key = optional(
    "template",
    Shape::Text(&COMPOSED),
    "Composed of other values, on the sides that are named here and not in `from`: over `key`, `keys`, `side`, `sync_state`, `sync_time` and the rows of `fields`, `-` written as `_`.",
);
pub(super) static FIELD_DEFAULT: Key = optional(
    "default",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::Text(&JIRA_NAME) }),
    "Per side what is written where the value is empty elsewhere.",
);
pub(super) static FIELD_NOT_SYNCED: Key = optional(
    "not-synced",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::List(&Shape::Text(&PROJECT)) }),
    "Of `links`, per side its Jira's projects whose keys may be shown elsewhere: a link to an issue there that is not synced is a remote link at the counterparts whose side sees this one (Link Issues).",
);
static FIELD_ROW: Named = Named {
    what: "side",
    makes: false,
    keys: &[
        &FIELD_FROM,
        &FIELD_ACROSS,
        &FIELD_EXCLUDE,
        &FIELD_KIND,
        &FIELD_VALUES,
        &FIELD_ON_UNMAPPED,
        &FIELD_VALUE,
        &FIELD_TEMPLATE,
        &FIELD_DEFAULT,
        &FIELD_NOT_SYNCED,
        &super::keys_pairing::FIELD_INITIAL,
    ],
    rest: Shape::Text(&FIELD),
};
pub(super) static FIELDS: Key = required(
    "fields",
    Shape::Named(&Named {
        what: "field",
        makes: false,
        keys: &[],
        rest: Shape::Either(&[CARRIED, Shape::Named(&FIELD_ROW)]),
    }),
    "The fields that are carried: `\"both\"`, `\"skip\"`, or a table. A custom field is named per side, or by the name that it has on all of them.",
);

pub(super) static COMMENTS_FROM: Key =
    optional("from", SIDES, "The sides whose people's comments cross. Left out: all.");
pub(super) static COMMENTS_TO: Key = optional("to", SIDES, "The sides that receive comments. Left out: all.");
pub(super) static UNRESTRICTED: Key = default(
    "unrestricted",
    Shape::Either(&[CARRIED, Shape::Table(&[&COMMENTS_FROM, &COMMENTS_TO])]),
    "both",
    "Comments that everybody may read.",
);
pub(super) static WITH: Key =
    required("with", Shape::Text(&NAME), "The side that gets these comments, and whose comments land among them.");
static READERS_CELLS: Named = Named { what: "side", makes: false, keys: &[&WITH], rest: Shape::Text(&READERS) };
pub(super) static RESTRICTED: Key = default(
    "restricted",
    Shape::Either(&[Shape::Word(&["skip"]), Shape::List(&Shape::Named(&READERS_CELLS))]),
    "skip",
    "Comments for a role or group, or internal to a service desk: skipped, but for those of these rows, each `{ SIDE = \"role:NAME\", with = \"OTHER\" }`.",
);
pub(super) static INTERNAL: Key = default(
    "internal",
    Shape::Word(&["skip", "as-internal"]),
    "skip",
    "Internal comments of a service desk that no row of `restricted` names: skipped, or copied as internal ones to sides that are service desks too.",
);
pub(super) static HEADER: Key = optional(
    "header",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::Text(&TEMPLATE) }),
    "Per receiving side the first line of a copied comment, over `author.name` and `side`.",
);
pub(super) static DELETED: Key = default(
    "deleted",
    Shape::Word(&["delete", "keep"]),
    "delete",
    "What becomes of the copies of a comment that is deleted, or is out of the sync user's sight: deleted too, or kept.",
);
pub(super) static NARROWED: Key = default(
    "narrowed",
    Shape::Word(&["delete", "empty"]),
    "delete",
    "What becomes of the copies of a comment that may not be read there any more: deleted, or their text replaced by a notice.",
);
pub(super) static COPY_EDITS: Key = default(
    "copies",
    Shape::Word(&["hold", "flow-back"]),
    "hold",
    "What becomes of a person's edit of a copy: it stays there and is told, or it is made on the original too.",
);
pub(super) static COMMENTS: Key = optional(
    "comments",
    Shape::Table(&[&UNRESTRICTED, &RESTRICTED, &INTERNAL, &HEADER, &DELETED, &NARROWED, &COPY_EDITS]),
    "What happens to comments. Left out: those that everybody may read are carried.",
);
static WORK_FROM: Key = optional("from", SIDES, "The sides whose people's logged work crosses. Left out: all.");
static WORK_TO: Key = optional("to", SIDES, "The sides that receive logged work. Left out: all.");
static WORK_UNRESTRICTED: Key = default(
    "unrestricted",
    Shape::Either(&[CARRIED, Shape::Table(&[&WORK_FROM, &WORK_TO])]),
    "skip",
    "Logged work that everybody may read. What is for a role or group never crosses.",
);
static WORK_HEADER: Key = optional(
    "header",
    Shape::Named(&Named { what: "side", makes: false, keys: &[], rest: Shape::Text(&TEMPLATE) }),
    "Per receiving side the first line of a copied worklog, over `author.name` and `side`: the sync user logs it.",
);
static WORK_DELETED: Key = default(
    "deleted",
    Shape::Word(&["delete", "keep"]),
    "delete",
    "What becomes of the copies of a worklog that is deleted, or is restricted later: deleted too, or kept.",
);
pub(super) static WORKLOGS: Key = optional(
    "worklogs",
    Shape::Table(&[&WORK_UNRESTRICTED, &WORK_HEADER, &WORK_DELETED]),
    "What happens to logged work (Work On Issues, Edit and Delete Own Worklogs). Left out: it is not carried.",
);
pub(super) static FILE_FROM: Key = optional("from", SIDES, "The sides whose people's files cross. Left out: all.");
pub(super) static FILE_TO: Key = optional("to", SIDES, "The sides that receive files. Left out: all.");
pub(super) static FILE_NAMES: Key = optional(
    "names",
    Shape::List(&Shape::Text(&PATTERN)),
    "The names of files that cross, `*` standing for anything. Left out: all; needed where sides do not see one another.",
);
pub(super) static FILE_TYPES: Key = optional(
    "types",
    Shape::List(&Shape::Text(&PATTERN)),
    "The types of files that cross, as Jira tells them: `image/*`, `application/pdf`. It narrows whatever else crosses. Left out: all.",
);
pub(super) static FILE_LARGEST: Key = optional(
    "largest",
    Shape::Number(1_000_000.0),
    "The largest file that crosses, in megabytes. Left out: what the receiving Jira takes.",
);
pub(super) static FILE_DELETED: Key = default(
    "deleted",
    Shape::Word(&["delete", "keep", "both"]),
    "delete",
    "What becomes of the copies of a file that is deleted: deleted too, or kept. `both`: they are deleted, and where a person deletes a copy, so is the original (Delete All Attachments).",
);
pub(super) static FILE_WHICH: Key = default(
    "which",
    Shape::Word(&["all", "with-their-comment"]),
    "all",
    "Which files cross next to those of `names`: all (without `names`), or those that a comment or another text of their side names, to where that text crosses.",
);
pub(super) static FILE_TOO_LARGE: Key = default(
    "too-large",
    Shape::Word(&["problem", "note"]),
    "problem",
    "What is done about a file that is larger than `largest` or than the receiving Jira takes: told in `jirasyncd status`, or a comment there tells its name and size (Add Comments, Delete Own Comments).",
);
pub(super) static ATTACHMENTS: Key = default(
    "attachments",
    Shape::Either(&[
        Shape::Word(&["both", "skip", "with-their-comment"]),
        Shape::Table(&[
            &FILE_FROM,
            &FILE_TO,
            &FILE_WHICH,
            &FILE_NAMES,
            &FILE_TYPES,
            &FILE_LARGEST,
            &FILE_TOO_LARGE,
            &FILE_DELETED,
        ]),
    ]),
    "skip",
    "Files of issues: carried, or not (Create Attachments, Delete Own Attachments).",
);
static ONE_SYNC: Named = Named {
    what: "sync",
    makes: true,
    keys: &[],
    rest: Shape::Table(&[
        &HOME,
        &ON_CONFLICT,
        &SIDE,
        &MAP,
        &FIELDS,
        &COMMENTS,
        &WORKLOGS,
        &ATTACHMENTS,
        &super::keys_life::LIFE,
        &super::keys_pairing::PAIRING,
        &MOST_CREATIONS,
        &BACKFILL,
        &HISTORY,
        &COUNTERPARTS,
        &UNWATCH,
        &NOTIFY,
        &super::keys_things::VERSIONS,
        &super::keys_things::COMPONENTS,
    ]),
};
pub(super) static SYNC: Key = optional("sync", Shape::Named(&ONE_SYNC), "The rules that keep issues in step, by name.");

/// The whole file.
pub(super) static FILE: Shape =
    Shape::Table(&[&DAEMON, &super::keys_notices::NOTICES, &super::keys_otlp::OTLP, &INSTANCE, &SYNC]);

/// The words of ours that stand beside side names somewhere, so that no side may be called so.
pub(super) fn reserved_side_names() -> impl Iterator<Item = &'static str> {
    FIELD_ROW.keys.iter().chain(STATUS_CELLS.keys).chain(READERS_CELLS.keys).map(|key| key.name)
}

/// The keys of ours in a field row.
pub(super) fn field_keys() -> impl Iterator<Item = &'static str> {
    FIELD_ROW.keys.iter().map(|key| key.name)
}
