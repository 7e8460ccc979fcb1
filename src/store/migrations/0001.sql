-- The first schema of a state. Times are milliseconds since 1970 by our own clock, except `cursors.updated_ms`, which is
-- server time. Ids of items and intents are 16 bytes, big end first. A file in this folder is never changed once released.

CREATE TABLE identity (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    daemon   TEXT NOT NULL CHECK (length(daemon) = 32),
    seal_key BLOB NOT NULL CHECK (length(seal_key) = 32)
) STRICT;

CREATE TABLE items (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    sync  TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- Apart from `items`, so that a hint rewrites a few bytes and not the whole state of an item.
CREATE TABLE work (
    item       BLOB PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    urgency    INTEGER NOT NULL,
    due_ms     INTEGER,
    claimed_by TEXT,
    fence      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX work_due ON work (urgency, due_ms) WHERE claimed_by IS NULL AND due_ms IS NOT NULL;
CREATE INDEX work_claimed ON work (claimed_by) WHERE claimed_by IS NOT NULL;

-- `key` is NULL until the issue was read.
CREATE TABLE replicas (
    item     BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    side     TEXT NOT NULL,
    sync     TEXT NOT NULL,
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    key      TEXT,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
-- In this order it also answers "which items hold this issue".
CREATE UNIQUE INDEX replicas_issue ON replicas (instance, issue, sync);
CREATE INDEX replicas_key ON replicas (key) WHERE key IS NOT NULL;

-- `number` is the order in which they were opened. `settled_ms` is NULL until nothing more is to be found out.
CREATE TABLE intents (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    item       BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    side       TEXT NOT NULL,
    issue      INTEGER,
    state      TEXT NOT NULL,
    searches   INTEGER NOT NULL,
    opened_ms  INTEGER NOT NULL,
    settled_ms INTEGER,
    intent     TEXT NOT NULL
) STRICT;
CREATE INDEX intents_open ON intents (item, number) WHERE settled_ms IS NULL;
CREATE INDEX intents_settled ON intents (item, settled_ms) WHERE settled_ms IS NOT NULL;

CREATE TABLE newcomers (
    sync          TEXT NOT NULL,
    instance      TEXT NOT NULL,
    issue         INTEGER NOT NULL,
    side          TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    PRIMARY KEY (sync, instance, issue)
) STRICT, WITHOUT ROWID;
CREATE INDEX newcomers_age ON newcomers (first_seen_ms);

CREATE TABLE cursors (
    instance   TEXT PRIMARY KEY,
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only ever added to.
CREATE TABLE conflicts (
    number   INTEGER PRIMARY KEY,
    item     BLOB NOT NULL,
    found_ms INTEGER NOT NULL,
    conflict TEXT NOT NULL
) STRICT;
CREATE INDEX conflicts_item ON conflicts (item, number);

-- Either an item's, or of what `about` names.
CREATE TABLE problems (
    number   INTEGER PRIMARY KEY,
    item     BLOB REFERENCES items (id) ON DELETE CASCADE,
    about    TEXT,
    since_ms INTEGER NOT NULL,
    problem  TEXT NOT NULL,
    CHECK ((item IS NULL) <> (about IS NULL))
) STRICT;
CREATE INDEX problems_item ON problems (item) WHERE item IS NOT NULL;
CREATE INDEX problems_about ON problems (about) WHERE about IS NOT NULL;
CREATE INDEX problems_age ON problems (since_ms, number);

-- Only ever added to.
CREATE TABLE acts (
    number INTEGER PRIMARY KEY,
    item   BLOB NOT NULL,
    side   TEXT NOT NULL,
    field  TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX acts_item ON acts (item, number);

CREATE TABLE ways (
    instance    TEXT NOT NULL,
    project     TEXT NOT NULL,
    issue_type  TEXT NOT NULL,
    from_status TEXT NOT NULL,
    to_status   TEXT NOT NULL,
    PRIMARY KEY (instance, project, issue_type, from_status, to_status)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
