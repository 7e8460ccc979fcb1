-- The configurations that the daemon has worked by, as they were written: what a file says of secrets is only where they lie.
-- Never changed, and only ever added to.
CREATE TABLE configurations (
    number      INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    text        TEXT NOT NULL,
    -- What existing issues became: `re-map` or `from-now`.
    existing    TEXT NOT NULL
) STRICT;
CREATE TRIGGER configurations_stay BEFORE UPDATE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not changed'); END;
CREATE TRIGGER configurations_are_kept BEFORE DELETE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not deleted'); END;
