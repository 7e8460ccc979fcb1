-- What brought each item up since it was last taken (`model::occasion`): the first few reasons, JSON with commas between, and how many there were.
-- `again`: it was taken up for that already, and why it is once more (1 its time came, 2 a start, 3 a pause ended).
ALTER TABLE work ADD COLUMN occasion TEXT;
ALTER TABLE work ADD COLUMN reasons INTEGER NOT NULL DEFAULT 0;
ALTER TABLE work ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE newcomers ADD COLUMN occasion TEXT;

-- What the instance calls the webhook that told first.
ALTER TABLE inbox ADD COLUMN hook TEXT;

-- Who did it, and the act's number on its side: what was written names the acts that it carries. NULL: nobody knows, or stored before this.
ALTER TABLE acts ADD COLUMN act INTEGER;
ALTER TABLE acts ADD COLUMN author TEXT;

-- What Jira calls the request that carried a write, where it said so.
ALTER TABLE intents ADD COLUMN request TEXT;
-- What left for a side since a time, for `audit`.
CREATE INDEX intents_side ON intents (side, opened_ms);

-- What was written of versions and components, which no intent holds, without the values. Only ever added to; `settled_ms` is NULL until Jira
-- answered.
CREATE TABLE thing_writes (
    number     INTEGER PRIMARY KEY,
    thing      BLOB NOT NULL CHECK (length(thing) = 16),
    sync       TEXT NOT NULL,
    side       TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    rules      TEXT NOT NULL,
    authors    TEXT NOT NULL,
    settled_ms INTEGER,
    result     TEXT,
    request    TEXT
) STRICT;
CREATE INDEX thing_writes_side ON thing_writes (side, at_ms);
CREATE INDEX thing_writes_open ON thing_writes (thing, side, at_ms) WHERE settled_ms IS NULL;
