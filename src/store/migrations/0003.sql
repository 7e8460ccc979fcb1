-- What operators did. Only ever added to; `command` and `answer` are JSON.

CREATE TABLE commands (
    number  INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    user    TEXT,
    command TEXT NOT NULL,
    answer  TEXT NOT NULL
) STRICT;
CREATE INDEX commands_age ON commands (at_ms, number);
CREATE TRIGGER commands_stay_as_they_are BEFORE UPDATE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never changed'); END;
CREATE TRIGGER commands_stay BEFORE DELETE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never forgotten'); END;

-- What waits because an operator said so. `target` is JSON. Times are by our own clock.
CREATE TABLE pauses (
    target   TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    user     TEXT
) STRICT, WITHOUT ROWID;

-- The item that this one was merged into. Its issues stay bound to it, so that they never start another item.
ALTER TABLE items ADD COLUMN merged BLOB CHECK (merged IS NULL OR length(merged) = 16);
CREATE INDEX items_merged ON items (merged) WHERE merged IS NOT NULL;
