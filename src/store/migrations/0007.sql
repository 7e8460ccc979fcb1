-- Counterparts that wait to be created: for a person's word, for their hour, or for their place in a staged start.
CREATE TABLE waiting_creations (
    item     BLOB NOT NULL REFERENCES items (id),
    side     TEXT NOT NULL,
    sync     TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_creations_of ON waiting_creations (sync, since_ms);

-- Counterparts whose creation was begun while creations were held to a pace or to a number.
CREATE TABLE begun_creations (
    item  BLOB NOT NULL REFERENCES items (id),
    side  TEXT NOT NULL,
    sync  TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
CREATE INDEX begun_creations_of ON begun_creations (sync, at_ms);
