//! Files with something wrong in them, and exactly what is said about each. Must never grow without a look at whether the
//! words help somebody who meets them for the first time.

/// What is replaced in the base file, by what, and what is said: kind, line and column, path, message, remedy.
pub(crate) type Case = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "sqlite:/tmp/state.db"
poll-interval = "30s""#, &[
        "error 3:1 daemon.poll-interval: unknown key `poll-interval` -> did you mean `poll`?",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"stat = "sqlite:/tmp/state.db""#, &[
        "error 2:1 daemon.stat: unknown key `stat` -> did you mean `state`?",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, "poll = 30", &[
        r#"error 2:8 daemon.poll: `poll` takes a duration in quotes, not a number -> write a duration: `poll = "30s"`"#,
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"poll = "30 sec"
sweep = "17 */6 * * *""#, &[
        "error 2:8 daemon.poll: `30 sec` is no duration -> write numbers with units `ms`, `s`, `m` (or `min`), `h`, `d`: `1h30m`",
        "error 3:9 daemon.sweep: a cron expression has 6 fields here, this has 5 -> write second, minute, hour, day, month, weekday: `0 17 */6 * * *`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"poll = "2h"
sweep = "0 99 */6 * * *""#, &[
        "error 2:8 daemon.poll: `poll` is out of range: `2h` -> write between `1s` and `1h`",
        "error 3:9 daemon.sweep: `0 99 */6 * * *` is no cron expression -> write second, minute, hour, day, month, weekday: `0 17 */6 * * *`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"listen = "localhost:80"
state = "postgres://u:CANARY@h/db""#, &[
        "error 2:10 daemon.listen: `localhost:80` is no address with a port -> write an IP address and a port: `127.0.0.1:8470`, `[::1]:8470`",
        "error 3:9 daemon.state: a state in PostgreSQL is not built yet -> write `sqlite:PATH`: one daemon on one machine",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "/tmp/state.db""#, &[
        "error 2:9 daemon.state: `state` does not say where the state lies -> write `sqlite:PATH`: `sqlite:/var/lib/jirasyncd/state.db`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "sqlite:/tmp/state.db"
[daemon.webhooks]
public-url = "http://hooks.example.org/jira"
debounce = "6s""#, &[
        "error 4:14 daemon.webhooks.public-url: `http` would tell the secret path of each instance to everybody on the way -> write `https://`; `http://` is for addresses of your own network",
        "error 5:12 daemon.webhooks.debounce: `debounce` is out of range: `6s` -> write between `0s` and `5s`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "sqlite:/tmp/state.db"
[daemon.webhooks]
listen = "8471""#, &[
        r#"error 3:9 daemon.webhooks: `daemon.webhooks` has no `public-url` -> write a URL: `public-url = "https://hooks.example.org/jira"`"#,
        "error 4:10 daemon.webhooks.listen: `8471` is no address with a port -> write an IP address and a port: `127.0.0.1:8471`, `[::1]:8471`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "sqlite:/tmp/state.db"
[daemon.webhooks]
public-url = "https://me:CANARY@hooks.example.org/""#, &[
        "error 4:14 daemon.webhooks.public-url: a public URL has no credentials, no `?` and no `#` -> write where the Jiras reach the receiver: `https://hooks.example.org/jira`",
    ]),
    (r#"state = "sqlite:/tmp/state.db""#, r#"state = "sqlite:/tmp/state.db"
[daemon.webhooks]
public-url = "https://hooks.example.org/""#, &[
        "warning 6:11 instance.acme: Cloud can sign its webhooks, and no secret is named for that: the secret path alone protects them -> name a `webhook-secret` and run `jirasyncd webhooks renew`, or set `webhooks = false` for this instance",
    ]),
    (r#"url = "https://acme.atlassian.net/""#, r#"url = "https://acme.atlassian.net/"
webhook-from = ["10.0.0.0/99"]
webhook-secret-old = "env:ACME_TOKEN""#, &[
        "error 7:17 instance.acme.webhook-from[0]: `10.0.0.0/99` is no network: its length is out of range -> write `10.0.0.7`, `10.0.0.0/8` or `fd00::/8`",
        "error 8:1 instance.acme.webhook-secret-old: there is an old secret and no new one -> name the new secret as `webhook-secret`, or take the old one out",
    ]),
    (r#"url = "https://acme.atlassian.net/""#, r#"url = "https://acme.atlassian.net/"
webhook-secret = "CANARY""#, &[
        "error 7:18 instance.acme.webhook-secret: `webhook-secret` names no place of a secret; a token itself is never written here -> write `env:NAME`, `file:PATH` or `credential:NAME`; if this was a token, make a new one",
    ]),
    ("[daemon]", "[deamon]", &[
        "error 1:2 deamon: unknown key `deamon` -> did you mean `daemon`?",
    ]),
    (r#"kind = "cloud""#, r#"kind = "clowd""#, &[
        "error 5:8 instance.acme.kind: `clowd` is none of `cloud`, `data-center` -> did you mean `cloud`?",
    ]),
    (r#"kind = "cloud"
"#, "", &[
        r#"error 4:11 instance.acme: `instance.acme` has no `kind` -> write `kind = "cloud"`; it takes `cloud`, `data-center`"#,
    ]),
    (r#"kind = "data-center""#, r#"kind = "cloud""#, &[
        r#"error 12:19 instance.globex.auth.method: Jira Cloud takes no personal access token -> write `method = "api-token"`"#,
    ]),
    ("https://acme.atlassian.net/", "http://acme.atlassian.net/", &[
        "error 6:7 instance.acme.url: `http` would send the token in the clear -> write `https://`; `http://` is for the loopback only",
    ]),
    ("https://acme.atlassian.net/", "https://me:CANARY@acme.atlassian.net/", &[
        "error 6:7 instance.acme.url: the URL holds credentials -> take them out: `auth` says how to log in",
    ]),
    ("https://acme.atlassian.net/", "https://acme.atlassian.net/jira", &[
        "error 6:7 instance.acme.url: the base URL of Jira Cloud has no path, this has `/jira` -> write `https://acme.atlassian.net`",
    ]),
    ("https://acme.atlassian.net/", "acme.atlassian.net", &[
        "error 6:7 instance.acme.url: this is no URL: relative URL without a base -> write the base URL: `https://acme.atlassian.net`, `https://jira.example.org/jira`",
    ]),
    ("env:ACME_TOKEN", "CANARY", &[
        "error 7:68 instance.acme.auth.token: `token` names no place of a secret; a token itself is never written here -> write `env:NAME`, `file:PATH` or `credential:NAME`; if this was a token, make a new one",
    ]),
    (r#"user = "sync@acme.example", token"#, r#"user = "sync@acme.example", tokn"#, &[
        r#"error 7:1 instance.acme.auth: `instance.acme.auth` has no `token` -> write where a secret lies: `token = "env:ACME_TOKEN"`"#,
        "error 7:60 instance.acme.auth.tokn: unknown key `tokn` -> did you mean `token`?",
    ]),
    (r#"user = "sync@acme.example", token = "env:ACME_TOKEN" }"#, r#"user = "sync@acme.example", token = CANARY }"#, &[
        "error 7:68 : this is not TOML: string values must be quoted, expected literal string -> text stands in quotes, lists in `[ ]`, tables in `{ }`; each key stands once",
    ]),
    (r#"user = "sync@acme.example","#, "", &[
        r#"error 7:1 instance.acme.auth: `api-token` needs a `user` -> add the sync user's e-mail: `user = "sync@acme.example"`"#,
    ]),
    (r#"method = "bearer","#, r#"method = "bearer", user = "x","#, &[
        "error 12:29 instance.globex.auth.user: `bearer` takes no `user`: the token says who it is -> take `user` out",
    ]),
    ("env:ACME_TOKEN", "env:NO_TOKEN", &[
        "error 7:68 instance.acme.auth.token: the environment variable `NO_TOKEN` is not set, or is not UTF-8 -> set `NO_TOKEN` where the daemon is started, or name another place",
    ]),
    ("env:ACME_TOKEN", "file:/no/such", &[
        "error 7:68 instance.acme.auth.token: the secret file `/no/such` cannot be read: entity not found -> create it, and let the daemon read it",
    ]),
    ("[instance.globex]", "[instance.glob-ex]", &[
        "error 18:28 sync.support.side.globex.instance: there is no instance `globex` -> did you mean `glob-ex`?",
    ]),
    (r#"home = "acme""#, r#"home = "acmi""#, &[
        "error 15:8 sync.support.home: there is no side `acmi` in this sync -> did you mean `acme`?",
    ]),
    (r#"home = "acme"
"#, "", &[
        r#"error 17:72 sync.support.side.globex.when: `when` needs a `home` -> add `home = "SIDE"` to the sync: `when` is JQL that is asked there"#,
    ]),
    (r#"when = "labels = x""#, r#"when = "labels = x) OR (project = SUP""#, &[
        "error 18:79 sync.support.side.globex.when: this JQL closes a parenthesis that it did not open -> write it so that Jira's own search takes it as it stands",
    ]),
    (r#"when = "labels = x""#, r#"jql = "(summary ~ ')\\')'", when = 'labels = "a(b"'"#, &[
        "error 18:78 sync.support.side.globex.jql: this JQL opens a parenthesis and does not close it -> write it so that Jira's own search takes it as it stands",
    ]),
    (r#"on-conflict = "newest""#, r#"on-conflict = "prefer globx""#, &[
        "error 16:15 sync.support.on-conflict: there is no side `globx` in this sync -> did you mean `globex`?",
    ]),
    (r#"on-conflict = "newest""#, r#"on-conflict = "latest""#, &[
        "error 16:15 sync.support.on-conflict: `latest` is none of `newest`, `ask`, `prefer SIDE` -> write `newest`, `ask`, or `prefer acme`",
    ]),
    (r#"summary = "both""#, r#"summary = { initial = "latest" }"#, &[
        "error 28:23 sync.support.fields.summary.initial: `latest` is none of `first`, `newest`, `ask`, `prefer SIDE` -> write `first`, `newest`, `ask`, or `prefer acme`",
    ]),
    (r#"summary = "both""#, "summary = \"both\"\nlabels = { initial = \"ask\" }", &[
        "error 29:12 sync.support.fields.labels.initial: `initial` says nothing about a set: it is joined -> take `initial` out",
    ]),
    (r#"on-conflict = "newest""#, r#"on_conflict = "newest""#, &[
        "error 16:1 sync.support.on_conflict: unknown key `on_conflict` -> did you mean `on-conflict`?",
    ]),
    (r#"project = "ENG", sees = ["acme"]"#, r#"project = "ENG", from = ["desk", "group:Field team"], not-from = []"#, &[
        "error 18:63 sync.support.side.globex.from[0]: `desk` names no people -> write `group:NAME`, `role:NAME` for a role of the project, or `user:ACCOUNT`",
        "error 18:92 sync.support.side.globex.not-from: `not-from` names nobody -> name somebody, or take it out: left out, everybody's acts cross",
    ]),
    (r#"project = "ENG", sees = ["acme"]"#, r#"project = "eng", sees = ["acmee"]"#, &[
        "error 18:48 sync.support.side.globex.project: `eng` is no project key -> write `ENG`",
        "error 18:63 sync.support.side.globex.sees[0]: there is no side `acmee` in this sync -> did you mean `acme`?",
    ]),
    (r#"instance = "globex", project = "ENG""#, r#"instance = "acme", project = "SUP""#, &[
        "error 18:6 sync.support.side.globex: sides `acme` and `globex` are both project `SUP` of `acme` -> each side is a project of its own: keep one of them",
    ]),
    (r#"side.acme = { instance = "acme", project = "SUP" }"#, "", &[
        "error 15:8 sync.support.home: there is no side `acme` in this sync -> known here: `globex`",
        r#"error 18:1 sync.support.side: sync `support` has 1 side, and needs two -> add a side: `side.NAME = { instance = "…", project = "…" }`"#,
        "error 18:63 sync.support.side.globex.sees[0]: there is no side `acme` in this sync -> known here: `globex`",
        "error 22:7 sync.support.map.status[0].acme: there is no side `acme` in this sync -> known here: `globex`",
        "error 23:7 sync.support.map.status[1].acme: there is no side `acme` in this sync -> known here: `globex`",
        "error 25:12 sync.support.map.users[0].acme: there is no side `acme` in this sync -> known here: `globex`",
        "error 30:14 sync.support.fields.severity.acme: `acme` is no key of a field row, and no side of this sync -> known here: `globex`, `from`, `across`, `exclude`, `kind`, `values`, `on-unmapped`, `value`, `template`, `default`, `not-synced`, `initial`",
    ]),
    (r#"acme = "Done", globex = "Closed""#, r#"acme = "Backlog", globex = "Closed""#, &[
        "error 23:14 sync.support.map.status[1].acme: two rows map `Backlog` of side `acme` -> the other is in line 22: keep it in one of them",
    ]),
    (r#"acme = "Done", globex = "Closed""#, r#"globx = "Closed""#, &[
        "error 23:7 sync.support.map.status[1].globx: there is no side `globx` in this sync -> did you mean `globex`?",
        "error 23:34 sync.support.map.status[1].path.globex: the path on side `globex` does not end in a name of its row -> name the row on side `globex` too",
    ]),
    (r#"acme = "Done", globex = "Closed""#, r#"globex = "To Do", path2 = 1"#, &[
        "error 23:5 sync.support.map.status[1]: two rows would share the name `To Do`, so that neither maps back -> the other is in line 22; a row is called by its first side in the order acme, globex: name it there",
        "error 23:25 sync.support.map.status[1].path2: there is no side `path2` in this sync -> known here: `acme`, `globex`",
        "error 23:45 sync.support.map.status[1].path.globex: the path on side `globex` does not end in a name of its row -> end it with `To Do`",
    ]),
    (r#""Working", "Closed"]"#, r#""Working", "Closd"]"#, &[
        "error 23:50 sync.support.map.status[1].path.globex: the path on side `globex` does not end in a name of its row -> did you mean `Closed`?",
    ]),
    (r#"globex = "jdoe" }"#, "}", &[
        "warning 25:10 sync.support.map.users[0]: the row of `jane@acme.example` names side `acme` only, so that it is carried nowhere -> name it on another side too, or take the row out",
    ]),
    ("users = [", "link-type = []
users = [", &[
    ]),
    (r#"summary = "both""#, r#"summary = "both"
links = { on-unmapped = "clear", exclude = ["a"], default = { acme = "x" } }
issuelinks = "both""#, &[
        "error 29:25 sync.support.fields.links.on-unmapped: links are not cleared for want of a type -> write `\"leave\"` or `\"skip\"`",
        "error 29:34 sync.support.fields.links.exclude: `exclude` says nothing about links -> take `exclude` out",
        "error 29:51 sync.support.fields.links.default: `default` says nothing about links -> take `default` out",
        "error 30:1 sync.support.fields.issuelinks: two rows carry `links` -> keep one; both spellings mean the same field",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
links = { from = ["acme"], not-synced = { acme = ["Ops"], globex = ["LAB"], nobody = ["LAB"] } }
due-date = { not-synced = { acme = ["OPS"] } }"#, &[
        "error 29:51 sync.support.fields.links.not-synced.acme[0]: `Ops` is no project key -> write `OPS`",
        "error 29:59 sync.support.fields.links.not-synced.globex: the row's `from` leaves `globex` out, so that nothing of its links is shown -> take it out, or name `globex` in `from`",
        "error 29:77 sync.support.fields.links.not-synced.nobody: there is no side `nobody` in this sync -> known here: `acme`, `globex`",
        "error 30:14 sync.support.fields.due-date.not-synced: `not-synced` is for links only -> take `not-synced` out",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
links = { not-synced = { acme = [], globex = ["LAB", "OPS"] } }"#, &[
        "error 29:26 sync.support.fields.links.not-synced.acme: no project is named, so that nothing is shown -> take it out",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
parent = { on-unmapped = "clear", default = { acme = "x" }, globex = "customfield_1" }"#, &[
        "error 29:70 sync.support.fields.parent.globex: `parent` is the field `parent` on every side -> take the cell out",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
parent = { on-unmapped = "clear", default = { acme = "x" } }"#, &[
        "error 29:26 sync.support.fields.parent.on-unmapped: a parent is not cleared for want of a counterpart -> take `on-unmapped` out",
        "error 29:35 sync.support.fields.parent.default: `default` says nothing about a parent -> take `default` out",
    ]),
    (r#"users = [{ acme = "jane@acme.example", globex = "jdoe" }]"#, r#"users = "file:users.csv""#, &[
        "error 25:9 sync.support.map.users: `users` takes a list, not text -> rows are not read from a file yet: write them here",
    ]),
    (r#"summary = "both""#, r#"summary = "skip""#, &[
        r#"error 28:11 sync.support.fields.summary: `summary` cannot be skipped: Jira makes no issue without one -> write `"both"`, or say with `from` whose changes count"#,
    ]),
    (r#"summary = "both""#, r#"sumary = "both""#, &[
        r#"error 27:15 sync.support.fields: no row carries `summary`, and Jira makes no issue without one -> add `summary = "both"`"#,
        "error 28:1 sync.support.fields.sumary: `sumary` is no field that every Jira has -> did you mean `summary`?",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
security = { from = ["globex"], values = [ { acme = "Staff" } ] }"#, &[
        "error 29:1 sync.support.fields.security: `security` needs `values`, each with home's name and another side's -> write a row per level that may be shared: home's name for it, and that of each side that may have it",
        "error 29:14 sync.support.fields.security.from: `from` says nothing about security levels: home's are carried, as `values` says -> take `from` out",
        "warning 29:44 sync.support.fields.security.values[0]: the row of `Staff` names side `acme` only, so that it is carried nowhere -> name it on another side too, or take the row out",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
others = { acme = "Others", template = "{{ keys }} {{ sync_since }}" }"#, &[
        "error 29:40 sync.support.fields.others.template: the template names `sync_since`, which no row gives -> it may name `key`, `keys`, `side`, `sync_state`, `sync_time` and the rows of `fields`, with `_` for `-`",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
security = "both"
duedate = "both"
due-date = "both""#, &[
        "error 29:12 sync.support.fields.security: which levels mean the same is not guessed -> write `security = { values = [ … ] }`, with a row per level that may be shared",
        "error 31:1 sync.support.fields.due-date: two rows carry `due-date` -> keep one; both spellings mean the same field",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
x = { acme = "a" , kind = "line"}
y = { acme = "q", globex = "z" }
status = { on-unmapped = "clear" }"#, &[
        "error 29:1 sync.support.fields.x: `x` is carried by one side only -> name the field on another side too, or take the row out",
        r#"error 31:26 sync.support.fields.status.on-unmapped: `status` cannot be emptied -> write `"leave"`, or per side a name to write"#,
    ]),
    (r#"summary = "both""#, r#"summary = "both"
priority = { on-unmapped = "create" }
resolution = { on-unmapped = "create" }
labels = { on-unmapped = "create" }
components = { on-unmapped = "create" }"#, &[
        "error 29:28 sync.support.fields.priority.on-unmapped: what `priority` names cannot be made -> `create` is for labels, versions and components",
        "error 30:30 sync.support.fields.resolution.on-unmapped: what `resolution` names cannot be made -> `create` is for labels, versions and components",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
watches = { acme = "watches", globex = "customfield_1", on-unmapped = "clear" }
watchers = "both""#, &[
        "error 29:40 sync.support.fields.watches.globex: `watchers` is the field `watches` on every side -> take the cell out",
        "error 30:1 sync.support.fields.watchers: two rows carry `watchers` -> keep one; both spellings mean the same field",
    ]),
    (r#"summary = "both""#, r#"summary = "both"
watchers = { exclude = ["bot"], default = { acme = "x" }, on-unmapped = { globex = "jdoe" } }"#, &[
        "error 29:33 sync.support.fields.watchers.default: `default` says nothing about watchers -> take `default` out",
        r#"error 29:59 sync.support.fields.watchers.on-unmapped: nobody else watches in one's place -> write `"leave"` or `"skip"`"#,
    ]),
    (r#"assignee = "both""#, r#"assignee = { form = ["acme"] }"#, &[
        "error 29:14 sync.support.fields.assignee.form: `form` is no key of a field row, and no side of this sync -> did you mean `from`?",
    ]),
    (r#"assignee = "both""#, r#"labels = { from = [], exclude = "x" }"#, &[
        r#"error 29:12 sync.support.fields.labels.from: `from` names no side, so that nothing is carried -> write `"skip"` instead"#,
        "error 29:33 sync.support.fields.labels.exclude: `exclude` takes a list, not text -> put it between `[` and `]`",
    ]),
    ("{{ author.name }} (Acme)", "{{ author.email }}", &[
        "error 33:21 sync.support.comments.header.globex: the header names `author.email`, which a comment does not have -> it may name `{{ author.name }}` and `{{ side }}`, and must give one line",
    ]),
    ("{{ author.name }} (Acme)", "{{ author.name", &[
        "error 33:21 sync.support.comments.header.globex: the header does not work: unexpected end of input, expected end of variable block -> it may name `{{ author.name }}` and `{{ side }}`, and must give one line",
    ]),
    ("header =", r#"internal = "both"
restricted = "both"
unrestricted = "bth"
narrowed = "keep"
copies = "flowback"
header ="#, &[
        "error 33:12 sync.support.comments.internal: `both` is none of `skip`, `as-internal` -> known here: `skip`, `as-internal`",
        "error 34:14 sync.support.comments.restricted: `both` is none of `skip` -> known here: `skip`",
        "error 35:16 sync.support.comments.unrestricted: `bth` is none of `both`, `skip` -> did you mean `both`?",
        "error 36:12 sync.support.comments.narrowed: `keep` is none of `delete`, `empty` -> known here: `delete`, `empty`",
        "error 37:10 sync.support.comments.copies: `flowback` is none of `hold`, `flow-back` -> did you mean `flow-back`?",
    ]),
    ("header =", r#"restricted = [
  { acme = "Globex desk", with = "globex" },
  { acme = "role:Desk", with = "globx" },
  { globex = "role:Desk", with = "globex" },
  { acme = "role:Desk" },
  { acme = "role:Desk", with = "globex" },
  { acme = "group:desk", with = "globex" },
  { acme = "role:Other", globex = "role:", with = "globex" },
  { acme = "internal", with = "globex" },
]
header ="#, &[
        "error 34:12 sync.support.comments.restricted[0].acme: `Globex desk` is neither a role nor a group -> write `role:NAME` for a role of the project, `group:NAME`, or `internal` for a service desk's notes",
        "error 35:32 sync.support.comments.restricted[1].with: there is no side `globx` in this sync -> did you mean `globex`?",
        r#"error 36:3 sync.support.comments.restricted[2]: the row does not say which comments it is about -> name the side where the comments are restricted: `{ SIDE = "role:NAME", with = "OTHER" }`"#,
        r#"error 37:3 sync.support.comments.restricted[3]: `sync.support.comments.restricted[3]` has no `with` -> write a name: `with = "acme"`"#,
        "error 39:3 sync.support.comments.restricted[5]: another row says already what these comments of `acme` and `globex` are -> keep one row per role or group of each of the two sides",
        "error 40:35 sync.support.comments.restricted[6].globex: `role:` is neither a role nor a group -> write `role:NAME` for a role of the project, `group:NAME`, or `internal` for a service desk's notes",
        "error 41:3 sync.support.comments.restricted[7]: another row says already what these comments of `acme` and `globex` are -> keep one row per role or group of each of the two sides",
    ]),
    (r#"home = "acme""#, "home = acme", &[
        "error 15:8 : this is not TOML: string values must be quoted, expected literal string -> text stands in quotes, lists in `[ ]`, tables in `{ }`; each key stands once",
    ]),
    (r#"home = "acme""#, r#"home = "acme"
home = "acme""#, &[
        "error 16:1 : this is not TOML: duplicate key -> text stands in quotes, lists in `[ ]`, tables in `{ }`; each key stands once",
    ]),
    ("[sync.support.comments]", "[sync.support.comments", &[
        "error 32:23 : this is not TOML: unclosed table, expected `]` -> text stands in quotes, lists in `[ ]`, tables in `{ }`; each key stands once",
    ]),
    (r#"sync@acme.example", token = "env:ACME_TOKEN""#, r#"nobody", token = "env:ACME_TOKEN""#, &[
        r#"error 7:39 instance.acme.auth.user: `user` is no e-mail -> write the e-mail that the sync user logs in with: `user = "sync@acme.example"`"#,
    ]),
    ("https://jira.globex.example/jira/", "https://acme.atlassian.net", &[
        r#"error 11:7 instance.globex.url: `acme.atlassian.net` is Jira Cloud, not Data Center -> write `kind = "cloud"`"#,
    ]),
    ("https://jira.globex.example/jira/", "https://jira.globex.example/?a=b", &[
        "error 11:7 instance.globex.url: a base URL has no `?` and no `#` -> write the base URL: `https://acme.atlassian.net`, `https://jira.example.org/jira`",
    ]),
    (r#"kind = "cloud"
"#, r#"kind = "cloud"
rate = 0
timeout = "1ms"
ca-file = "none.pem"
"#, &[
        "error 6:8 instance.acme.rate: `rate` is out of range -> write a number above 0 and up to 1000",
        "error 7:11 instance.acme.timeout: `timeout` is out of range: `1ms` -> write between `1s` and `10min`",
        "error 8:11 instance.acme.ca-file: `none.pem` cannot be read: entity not found -> name a PEM file that begins with `-----BEGIN CERTIFICATE-----`",
    ]),
    ("env:ACME_TOKEN", "credential:none", &[
        "error 7:68 instance.acme.auth.token: the secret file `/run/credentials/none` cannot be read: entity not found -> create it, and let the daemon read it",
    ]),
    ("side.globex = { instance", r#"side.path = { instance = "globex", project = "P" }
side."a b" = { instance = "globex", project = "Q" }
side.globex = { instance"#, &[
        "error 18:6 sync.support.side.path: a side cannot be called `path`: it has a meaning of its own in rows -> choose another name",
        r#"error 19:6 sync.support.side."a b": `a b` cannot be the name of a side -> begin with a letter, and use letters, digits, `-` and `_`, at most 64"#,
    ]),
    (r#"project = "SUP" }"#, r#"project = "SUP", when = "x" }"#, &[
        "error 17:51 sync.support.side.acme.when: `when` on the home side itself has no meaning -> to choose which issues made here are carried, write `jql`",
    ]),
    (r#"assignee = "both""#, r#"assignee = { on-unmapped = { globx = "jdoe" }, values = [] }"#, &[
        "error 29:30 sync.support.fields.assignee.on-unmapped.globx: there is no side `globx` in this sync -> did you mean `globex`?",
        "error 29:48 sync.support.fields.assignee.values: `values` is for selects and options only -> take `values` out",
    ]),
    (r#"assignee = "both""#, r#"assignee = { kind = "line" }"#, &[
        "error 29:21 sync.support.fields.assignee.kind: `assignee` has a kind of its own -> take `kind` out",
    ]),
    (r#"assignee = "both""#, r#"priority = { values = [] }
labels = { acme = "labels", globex = "customfield_10042" }"#, &[
        "error 29:14 sync.support.fields.priority.values: the rows of `priority` do not stand here -> put them under `map.priority`",
        "error 31:1 sync.support.fields.severity: rows `labels` and `severity` both carry `customfield_10042` of side `globex` -> a field belongs to one row: keep it in one of them",
    ]),
    (r#"assignee = "both""#, r#"status = { acme = "customfield_1", globex = "status" }"#, &[
        "error 29:19 sync.support.fields.status.acme: `status` is the field `status` on every side -> take the cell out",
    ]),
    (r#"assignee = "both""#, r#"priority = { from = ["acme"], acrosss = true }
storyPoints = "both""#, &[
        "error 29:31 sync.support.fields.priority.acrosss: `acrosss` is no key of a field row, and no side of this sync -> did you mean `across`?",
    ]),
    (r#"acme = "S1", globex = "Critical""#, r#"acme = [], globex = "?x""#, &[
        "error 30:75 sync.support.fields.severity.values[0].acme: no name for side `acme` -> write one, or leave the side out",
        "error 30:95 sync.support.fields.severity.values[0].globex: `?x` begins with `?` -> rename it in Jira, or leave it out: `?` marks names without a row",
        "warning 30:73 sync.support.fields.severity.values[0]: the row of `?x` names side `globex` only, so that it is carried nowhere -> name it on another side too, or take the row out",
    ]),
    ("[sync.support.fields]
", "[sync.support.nothing]
", &[
        r#"error 14:7 sync.support: `sync.support` has no `fields` -> add `[sync.support.fields]` with `summary = "both"` in it"#,
        "error 27:15 sync.support.nothing: unknown key `nothing` -> known here: `home`, `on-conflict`, `side`, `map`, `fields`, `comments`, `worklogs`, `attachments`, `life`, `pairing`, `most-creations`, `backfill`, `history`, `counterparts`, `unwatch`, `notify`, `versions`, `components`",
    ]),
    ("[sync.support.comments]", "[sync.support.worklogs]\nunrestricted = \"bth\"\nrestricted = \"skip\"\n\n[sync.support.comments]", &[
        "error 33:16 sync.support.worklogs.unrestricted: `bth` is none of `both`, `skip` -> did you mean `both`?",
        "error 34:1 sync.support.worklogs.restricted: unknown key `restricted` -> did you mean `unrestricted`?",
    ]),
    ("[sync.support.comments]", "[sync.support.worklogs]\nheader = { globex = \"{{ author.name }}\" }\n\n[sync.support.comments]", &[
        "warning 33:12 sync.support.worklogs.header.globex: side `globex` receives no worklogs, so its header is never used -> take it out, or let worklogs reach that side",
    ]),
    ("[sync.support.comments]", "[sync.support.attachments]\nwhich = \"with-their-comment\"\n\n[sync.support.comments]\ncopies = \"flow-back\"", &[
        "error 32:15 sync.support.attachments: files would cross on the word of whoever edits a copy of a comment: that flows back into the original -> leave out `comments.copies = \"flow-back\"`, or say by `names` which files cross",
    ]),
    ("[sync.support.comments]\nheader = { globex = \"{{ author.name }} (Acme)\" }", "[sync.support.attachments]\nwhich = \"with-their-comment\"\nnames = [\"share-*\"]\n\n[sync.support.comments]\nunrestricted = \"skip\"\ninternal = \"as-internal\"", &[
        "warning 32:15 sync.support.attachments: no file crosses for what speaks of it: no comment, worklog or text that could name one crosses between these sides -> let comments, worklogs or a text cross, or say by `names` which files do",
    ]),
    ("[sync.support.comments]\nheader = { globex = \"{{ author.name }} (Acme)\" }", "[sync.support.attachments]\nwhich = \"with-their-comment\"\nfrom = [\"globex\"]\n\n[sync.support.comments]\nunrestricted = { from = [\"acme\"] }", &[
        "warning 32:15 sync.support.attachments: no file crosses for what speaks of it: no comment, worklog or text that could name one crosses between these sides -> let comments, worklogs or a text cross, or say by `names` which files do",
    ]),
    ("[sync.support.comments]\nheader = { globex = \"{{ author.name }} (Acme)\" }", "[sync.support.worklogs]\n[sync.support.attachments]\nwhich = \"with-their-comment\"\n\n[sync.support.comments]\nunrestricted = \"skip\"\nrestricted = [{ globex = \"role:Staff\", with = \"acme\" }]", &[]),
    ("[sync.support.comments]\nheader = { globex = \"{{ author.name }} (Acme)\" }", "[sync.support.worklogs]\n[sync.support.attachments]\nwhich = \"with-their-comment\"\n\n[sync.support.comments]\nunrestricted = \"skip\"\nrestricted = [{ globex = \"internal\", with = \"acme\" }]", &[
        "warning 33:15 sync.support.attachments: no file crosses for what speaks of it: no comment, worklog or text that could name one crosses between these sides -> let comments, worklogs or a text cross, or say by `names` which files do",
    ]),
    ("[sync.support.comments]\nheader = { globex = \"{{ author.name }} (Acme)\" }", "[sync.support.fields.description]\nfrom = [\"acme\"]\n\n[sync.support.attachments]\nwhich = \"with-their-comment\"\n\n[sync.support.comments]\nunrestricted = \"skip\"", &[]),
    ("[sync.support.comments]", "[sync.support.attachments]\nwhich = \"all\"\nnames = [\"share-*\"]\n\n[sync.support.comments]", &[
        "warning 33:1 sync.support.attachments.which: `all` says nothing next to `names`: only files of these names cross -> take it out, or take `names` out if all are to cross",
    ]),
    ("[sync.support.comments]", "[sync.support.attachments]\nwhich = \"some\"\ntoo-large = \"notes\"\n\n[sync.support.comments]", &[
        "error 33:9 sync.support.attachments.which: `some` is none of `all`, `with-their-comment` -> known here: `all`, `with-their-comment`",
        "error 34:13 sync.support.attachments.too-large: `notes` is none of `problem`, `note` -> did you mean `note`?",
    ]),
    ("[sync.support.comments]", "[sync.support.versions]\nfrom = [\"acme\"]\nto = [\"acme\"]\nevery = \"1s\"\ncarry = [\"lead\"]\n\n[sync.support.comments]", &[
        "error 32:15 sync.support.versions: no version goes from one side to another -> let one side be in `from` and another in `to`, or take it out",
        "error 35:9 sync.support.versions.every: `every` is out of range: `1s` -> write between `10s` and `1d`",
        "error 36:10 sync.support.versions.carry[0]: `lead` is none of `description`, `start-date`, `release-date`, `released`, `archived` -> known here: `description`, `start-date`, `release-date`, `released`, `archived`",
    ]),
    ("[sync.support.comments]", "[sync.support.fields.components]\nvalues = [{ acme = \"Api\", globex = \"Backend\" }]\n\n[sync.support.components]\n\n[sync.support.comments]", &[
        "error 35:15 sync.support.components: the rows of `fields.components` call components otherwise than they would be called here -> take its `values` out: what is kept in step has one name everywhere",
    ]),
    ("side.acme = { instance = \"acme\", project = \"SUP\" }", "components = \"both\"\nversions = { from = [\"acme\"] }\nside.acme = { instance = \"acme\", project = \"SUP\", not-from = [\"user:x\"] }", &[
        "error 18:14 sync.support.versions.from: a side in `from` parts its people, and Jira does not say who changed a version -> take that side out of this `from`: it goes on to receive",
    ]),
    ("[sync.support.comments]", "[sync.support.components]\nto = [\"acmi\"]\ncarry = [\"released\"]\n\n[sync.support.comments]", &[
        "error 33:7 sync.support.components.to[0]: there is no side `acmi` in this sync -> did you mean `acme`?",
        "error 34:10 sync.support.components.carry[0]: `released` is none of `description` -> known here: `description`",
    ]),
    ("[sync.support.comments]", "[sync.support.life]\nmost-missing = 0.5\n\n[sync.support.comments]", &[
        "error 33:16 sync.support.life.most-missing: `0.5` is no number of issues -> write a whole number: `10`",
    ]),
    ("[sync.support.comments]", "[sync.support.life]\ndeleted = { transition = \"Dome\" }\nmoved = \"forget\"\nleft = \"leave\"\n\n[sync.support.comments]", &[
        "error 33:26 sync.support.life.deleted.transition: no row of `map.status` has `Dome` -> did you mean `Done`?",
        "error 34:9 sync.support.life.moved: `forget` is none of `keep`, `comment`, `unlink`, `delete` -> known here: `keep`, `comment`, `unlink`, `delete`",
        "error 35:8 sync.support.life.left: `leave` is none of `go-on`, `stop` -> known here: `go-on`, `stop`",
    ]),
];
