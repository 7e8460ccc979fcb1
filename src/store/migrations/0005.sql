-- Versions and components that are kept in step beside the issues; `state` is JSON.
CREATE TABLE things (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    sync  TEXT NOT NULL,
    thing TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX things_of ON things (sync, thing);

-- The names that the sync user gave to versions and components, written down before they are sent: nobody's word where they lie.
-- `instance` is empty where an older state did not keep it.
CREATE TABLE made_things (
    sync     TEXT NOT NULL,
    side     TEXT NOT NULL,
    instance TEXT NOT NULL,
    thing    TEXT NOT NULL,
    name     TEXT NOT NULL,
    -- 1: made for an issue to hold.
    for_issue INTEGER NOT NULL,
    PRIMARY KEY (sync, side, thing, name)
) STRICT, WITHOUT ROWID;

-- Those that were made for issues until now.
INSERT OR IGNORE INTO made_things (sync, side, instance, thing, name, for_issue)
SELECT items.sync, intents.side,
       coalesce((SELECT instance FROM replicas WHERE replicas.item = intents.item AND replicas.side = intents.side), ''),
       json_extract(intents.intent, '$.operation.action.offer.thing'),
       json_extract(intents.intent, '$.operation.action.offer.name'), 1
FROM intents JOIN items ON items.id = intents.item
WHERE json_extract(intents.intent, '$.operation.action.offer.name') IS NOT NULL;
