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
    -- How many writes may have given it: those that surely were not carried out are taken off, and at 0 nobody gave it.
    writes INTEGER NOT NULL,
    PRIMARY KEY (sync, side, thing, name)
) STRICT, WITHOUT ROWID;

-- Those that were made for issues until now, but for what surely was not carried out.
INSERT INTO made_things (sync, side, instance, thing, name, for_issue, writes)
SELECT items.sync, intents.side,
       max(coalesce((SELECT instance FROM replicas WHERE replicas.item = intents.item AND replicas.side = intents.side), '')),
       json_extract(intents.intent, '$.operation.action.offer.thing') AS thing,
       json_extract(intents.intent, '$.operation.action.offer.name') AS name, 1, count(*)
FROM intents JOIN items ON items.id = intents.item
WHERE json_extract(intents.intent, '$.operation.action.offer.name') IS NOT NULL
  AND coalesce(json_extract(intents.state, '$.void'), '') NOT GLOB 'status *'
  AND coalesce(json_extract(intents.state, '$.void'), '') NOT GLOB 'not sent: *'
  AND coalesce(json_extract(intents.state, '$.void'), '') <> 'not there'
GROUP BY items.sync, intents.side, thing, name;
