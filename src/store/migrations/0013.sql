-- Problems of items that are over, the newest of each item, for `explain`: as they stood, since when and until when, and how each ended
-- (`model::trail::HowOver`, JSON). `brought`: what brought up the look that ended it, or the write that did (`model::occasion`, JSON).
-- `number` is the order in which they ended.
CREATE TABLE past_problems (
    number         INTEGER PRIMARY KEY,
    item           BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    since_ms       INTEGER NOT NULL,
    over_ms        INTEGER NOT NULL,
    times          INTEGER NOT NULL,
    how            TEXT NOT NULL,
    brought        TEXT,
    dismissed_ms   INTEGER,
    dismissed_uid  INTEGER,
    dismissed_user TEXT,
    problem        TEXT NOT NULL
) STRICT;
CREATE INDEX past_problems_item ON past_problems (item, number);
