CREATE TABLE identity (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    daemon   TEXT NOT NULL CHECK (length(daemon) = 32),
    seal_key BLOB NOT NULL CHECK (length(seal_key) = 32)
) STRICT;
CREATE TABLE items (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    sync  TEXT NOT NULL,
    state TEXT NOT NULL
, merged BLOB CHECK (merged IS NULL OR length(merged) = 16)) STRICT;
CREATE TABLE work (
    item       BLOB PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    urgency    INTEGER NOT NULL,
    due_ms     INTEGER,
    claimed_by TEXT,
    fence      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0
, sync TEXT NOT NULL DEFAULT '', occasion TEXT, reasons INTEGER NOT NULL DEFAULT 0, again INTEGER NOT NULL DEFAULT 0, asked_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE replicas (
    item     BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    side     TEXT NOT NULL,
    sync     TEXT NOT NULL,
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    key      TEXT,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX replicas_issue ON replicas (instance, issue, sync);
CREATE INDEX replicas_key ON replicas (key) WHERE key IS NOT NULL;
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
, request TEXT) STRICT;
CREATE INDEX intents_open ON intents (item, number) WHERE settled_ms IS NULL;
CREATE INDEX intents_settled ON intents (item, settled_ms) WHERE settled_ms IS NOT NULL;
CREATE TABLE newcomers (
    sync          TEXT NOT NULL,
    instance      TEXT NOT NULL,
    issue         INTEGER NOT NULL,
    side          TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL, urgency INTEGER NOT NULL DEFAULT 1, occasion TEXT,
    PRIMARY KEY (sync, instance, issue)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursors (
    instance   TEXT PRIMARY KEY,
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE conflicts (
    number   INTEGER PRIMARY KEY,
    item     BLOB NOT NULL,
    found_ms INTEGER NOT NULL,
    conflict TEXT NOT NULL
) STRICT;
CREATE INDEX conflicts_item ON conflicts (item, number);
CREATE TABLE problems (
    number   INTEGER PRIMARY KEY,
    item     BLOB REFERENCES items (id) ON DELETE CASCADE,
    about    TEXT,
    since_ms INTEGER NOT NULL,
    problem  TEXT NOT NULL, dismissed_ms INTEGER, dismissed_uid INTEGER, dismissed_user TEXT, times INTEGER NOT NULL DEFAULT 1,
    CHECK ((item IS NULL) <> (about IS NULL))
) STRICT;
CREATE INDEX problems_item ON problems (item) WHERE item IS NOT NULL;
CREATE INDEX problems_about ON problems (about) WHERE about IS NOT NULL;
CREATE INDEX problems_age ON problems (since_ms, number);
CREATE TABLE acts (
    number INTEGER PRIMARY KEY,
    item   BLOB NOT NULL,
    side   TEXT NOT NULL,
    field  TEXT NOT NULL,
    at_ms  INTEGER NOT NULL
, act INTEGER, author TEXT) STRICT;
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
CREATE TABLE awaits (
    what TEXT NOT NULL,
    item BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    PRIMARY KEY (what, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaits_item ON awaits (item);
CREATE TABLE commands (
    number  INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    user    TEXT,
    command TEXT NOT NULL,
    answer  TEXT NOT NULL
) STRICT;
CREATE INDEX commands_age ON commands (at_ms, number);
CREATE TABLE pauses (
    target   TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    user     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX items_merged ON items (merged) WHERE merged IS NOT NULL;
CREATE TABLE inbox (
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    due_ms   INTEGER NOT NULL, hook TEXT,
    PRIMARY KEY (instance, issue)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_due ON inbox (due_ms);
CREATE TABLE comment_traces (
    number   INTEGER PRIMARY KEY,
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    told_ms  INTEGER NOT NULL,
    trace    TEXT NOT NULL
) STRICT;
CREATE INDEX comment_traces_issue ON comment_traces (instance, issue, number);
CREATE INDEX comment_traces_age ON comment_traces (told_ms);
CREATE TABLE things (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    sync  TEXT NOT NULL,
    thing TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX things_of ON things (sync, thing);
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
CREATE TABLE configurations (
    number      INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    text        TEXT NOT NULL,
    -- What existing issues became: `re-map` or `from-now`.
    existing    TEXT NOT NULL
) STRICT;
CREATE TABLE waiting_creations (
    item     BLOB NOT NULL REFERENCES items (id),
    side     TEXT NOT NULL,
    sync     TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_creations_of ON waiting_creations (sync, since_ms);
CREATE TABLE begun_creations (
    item  BLOB NOT NULL REFERENCES items (id),
    side  TEXT NOT NULL,
    sync  TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (item, side)
) STRICT, WITHOUT ROWID;
CREATE INDEX begun_creations_of ON begun_creations (sync, at_ms);
CREATE INDEX work_due ON work (urgency, sync, due_ms) WHERE claimed_by IS NULL AND due_ms IS NOT NULL;
CREATE INDEX work_claimed ON work (urgency, sync) WHERE claimed_by IS NOT NULL;
CREATE INDEX newcomers_age ON newcomers (urgency, first_seen_ms);
CREATE INDEX intents_side ON intents (side, opened_ms);
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
CREATE INDEX intents_given_up ON intents (item, number)
    WHERE state IN ('{"void":"nothing of ours there is what was sent"}', '{"void":"no file of ours there is what was sent"}',
        '{"void":"no link there is what was sent"}');
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
INSERT INTO identity (only, daemon, seal_key) VALUES (1, 'b29351f6c1766a34a19d0a09fd17029c', X'8A79DC6288C1C739D21AE3D1D45F9CD8BADFA72127E13AF8ECB03EB878BF2E20');
INSERT INTO items (id, sync, state, merged) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'support', '{"id":"019cade2c2824e319290e5e82a6204ba","sync":"support","replicas":{"acme":{"issue":10001,"key":"SUP-2","updated":"2026-03-02T09:31:45.25Z","entry":10002,"ours":false,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Bug","seen":5652763618582940407,"insisted":{"set":{"choice":"Bug"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"links":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":2978325677981444723,"insisted":{"set":{"choice":"Low"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"To Do","seen":9751899866547065458,"insisted":{"set":{"choice":"To Do"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"summary":{"acts":{"acme":6},"matched":{"acme":6},"value":{"line":"Second, edited"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"line":"Second, edited"},"over":{"line":"Second"},"times":1,"at":"2026-03-02T09:31:45.25Z"}}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":2537054616565471733,"comments":14695981039346656037,"worklogs":14695981039346656037,"files":14695981039346656037}},"globex":{"issue":10001,"key":"ENG-2","updated":"2026-03-02T09:32:15.25Z","entry":10002,"ours":true,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Defect","seen":5587104810770097536},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"links":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":8225344773209576901},"status":{"acts":{},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Open","seen":10862653899701323042},"summary":{"acts":{"acme":6},"matched":{"acme":6},"value":{"line":"Second, edited"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":18112944090787078981,"comments":14695981039346656037,"worklogs":14695981039346656037,"files":14695981039346656037}}},"acts":{"acme":6},"hub":{"description":{"acme globex":{"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acts":{"acme":1},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[]}},"issue-type":{"acme globex":{"value":{"choice":"Bug"},"acts":{"acme":2},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":2,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Bug"},"knew":[]}]}},"priority":{"acme globex":{"value":{"choice":"Low"},"acts":{"acme":3},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":3,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Low"},"knew":[]}]}},"status":{"acme globex":{"value":{"choice":"To Do"},"acts":{"acme":4},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":4,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"To Do"},"knew":[]}]}},"summary":{"acme globex":{"value":{"line":"Second, edited"},"acts":{"acme":6},"origins":["acme"],"by":"acme","at":"2026-03-02T09:31:45.25Z","asking":[],"standing":[{"side":"acme","number":6,"at":"2026-03-02T09:31:45.25Z","before":{"line":"Second"},"value":{"line":"Second, edited"},"knew":[{"side":"acme","at":"2026-03-02T09:30:15.25Z","before":"empty"}]}]}}},"comments":[],"worklogs":[],"attachments":[],"awaits":[],"belongs":[],"asked":"2026-03-02T09:31:45.25Z","own":{"acme":{"issue":10001,"before":[]},"globex":{"issue":10001,"before":[]}},"made":"2026-03-02T09:30:15.25Z","configured":1}', NULL);
INSERT INTO items (id, sync, state, merged) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'support', '{"id":"019cade2c282c4e0515355e1f23652a0","sync":"support","replicas":{"acme":{"issue":10000,"key":"SUP-1","updated":"2026-03-02T09:31:45.25Z","entry":10001,"ours":false,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Bug","seen":5652763618582940407,"insisted":{"set":{"choice":"Bug"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"links":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":2978325677981444723,"insisted":{"set":{"choice":"Low"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"To Do","seen":9751899866547065458,"insisted":{"set":{"choice":"To Do"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"First"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"line":"First"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":12223470436562939373,"comments":15292408884836289184,"worklogs":15292408884836289184,"files":3563636046939812377}},"globex":{"issue":10000,"key":"ENG-1","updated":"2026-03-02T09:32:15.25Z","entry":10001,"ours":true,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Defect","seen":5587104810770097536},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"links":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":8225344773209576901},"status":{"acts":{},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Open","seen":10862653899701323042},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"First"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":2883681092295992705,"comments":15850045909666092882,"worklogs":15850045909666092882,"files":3563636046939812377}}},"acts":{"acme":5},"hub":{"description":{"acme globex":{"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acts":{"acme":1},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[]}},"issue-type":{"acme globex":{"value":{"choice":"Bug"},"acts":{"acme":2},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":2,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Bug"},"knew":[]}]}},"priority":{"acme globex":{"value":{"choice":"Low"},"acts":{"acme":3},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":3,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Low"},"knew":[]}]}},"status":{"acme globex":{"value":{"choice":"To Do"},"acts":{"acme":4},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":4,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"To Do"},"knew":[]}]}},"summary":{"acme globex":{"value":{"line":"First"},"acts":{"acme":5},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":5,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"line":"First"},"knew":[]}]}}},"comments":[{"side":"acme","id":"10000","copies":{"globex":"10000"},"refused":{},"pending":null,"gone":false,"said":{"body":[{"paragraph":[{"text":["Early said at acme",[]]}]}],"author":"Omar Haddad","edits":0,"spent":null},"written":{"globex":{"body":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["Early said at acme",[]]}]}],"edits":0,"spent":null}},"strayed":{},"recorded":{},"notice":false,"visibility":"everybody","parent":null,"terms":{},"emptied":[],"turned_back":{}}],"worklogs":[{"side":"acme","id":"10000","copies":{"globex":"10000"},"refused":{},"pending":null,"gone":false,"said":{"body":[{"paragraph":[{"text":["Early worked at acme",[]]}]}],"author":"Omar Haddad","edits":0,"spent":{"started":"2026-03-10T07:30:00Z","seconds":600}},"written":{"globex":{"body":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["Early worked at acme",[]]}]}],"edits":0,"spent":{"started":"2026-03-10T07:30:00Z","seconds":600}}},"strayed":{},"recorded":{},"notice":false,"visibility":"everybody","parent":null,"terms":{},"emptied":[],"turned_back":{}}],"attachments":[{"side":"acme","id":"10000","name":"early-from-acme.txt","size":13,"mime":"application/octet-stream","author":"5b10ac8d82e05b22cc7d4ef5","copies":{"globex":{"id":"10000","name":"early-from-acme.txt","gone":false}},"refused":{},"gone":false}],"awaits":[],"belongs":[],"asked":"2026-03-02T09:31:45.25Z","own":{"acme":{"issue":10000,"before":[]},"globex":{"issue":10000,"before":[]}},"made":"2026-03-02T09:30:15.25Z","configured":1}', NULL);
INSERT INTO work (item, urgency, due_ms, claimed_by, fence, attempts, sync, occasion, reasons, again, asked_ms) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 0, NULL, NULL, 6, 0, 'support', NULL, 1, 1, NULL);
INSERT INTO work (item, urgency, due_ms, claimed_by, fence, attempts, sync, occasion, reasons, again, asked_ms) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 0, NULL, NULL, 6, 0, 'support', NULL, 1, 1, NULL);
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'support', 'acme', 10001, 'SUP-2');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'globex', 'support', 'globex', 10001, 'ENG-2');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'support', 'acme', 10000, 'SUP-1');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'globex', 'support', 'globex', 10000, 'ENG-1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (1, X'019CADE2C282BD6E3149E79BE96CAD80', X'019CADE2C2824E319290E5E82A6204BA', 'globex', NULL, '"confirmed"', 0, 1772443845250, 1772443845250, '{"id":"019cade2c282bd6e3149e79be96cad80","item":"019cade2c2824e319290e5e82a6204ba","issue":null,"operation":{"side":"globex","action":{"create":{"issue_type":"Defect","fields":{"description":{"field":"description","write":{"set":{"wiki":"One\n\nTwo"}},"wanted":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"expects":null,"acts":{"acme":1}},"priority":{"field":"priority","write":{"set":{"named":{"id":"4","name":"P4"}}},"wanted":{"choice":"Low"},"expects":null,"acts":{"acme":3}},"summary":{"field":"summary","write":{"set":{"text":"Second"}},"wanted":{"line":"Second"},"expects":null,"acts":{"acme":5}}}}}},"state":"open","opened":"2026-03-02T09:30:45.25Z","opened_there":"2026-03-02T09:30:45.25Z","silent":false,"searches":0,"brought":{"by":[{"first-reading":"acme"}],"reasons":1}}', '570x14x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (2, X'019CADE2C282E03C4EA5DD2794E12139', X'019CADE2C282C4E0515355E1F23652A0', 'globex', NULL, '"confirmed"', 0, 1772443845250, 1772443845250, '{"id":"019cade2c282e03c4ea5dd2794e12139","item":"019cade2c282c4e0515355e1f23652a0","issue":null,"operation":{"side":"globex","action":{"create":{"issue_type":"Defect","fields":{"description":{"field":"description","write":{"set":{"wiki":"One\n\nTwo"}},"wanted":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"expects":null,"acts":{"acme":1}},"priority":{"field":"priority","write":{"set":{"named":{"id":"4","name":"P4"}}},"wanted":{"choice":"Low"},"expects":null,"acts":{"acme":3}},"summary":{"field":"summary","write":{"set":{"text":"First"}},"wanted":{"line":"First"},"expects":null,"acts":{"acme":5}}}}}},"state":"open","opened":"2026-03-02T09:30:45.25Z","opened_there":"2026-03-02T09:30:45.25Z","silent":false,"searches":0,"brought":{"by":[{"first-reading":"acme"}],"reasons":1}}', '570x14x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (3, X'019CADE422126BBFAE12DCBCA35452D5', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772443935250, 1772443935250, '{"id":"019cade422126bbfae12dcbca35452d5","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"add-file":{"origin":"acme","file":"10000","original":"early-from-acme.txt","name":"early-from-acme.txt","size":13,"mime":"application/octet-stream"}}},"state":"open","opened":"2026-03-02T09:32:15.25Z","opened_there":"2026-03-02T09:32:15.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '572x21x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (4, X'019CADE4221236A74AE61303CA08A775', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772443935250, 1772443935250, '{"id":"019cade4221236a74ae61303ca08a775","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"add-comment":{"remark":"comment","origin":"acme","comment":"10000","body":{"wiki":"Omar Haddad (acme):\n\nEarly said at acme"},"wanted":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["Early said at acme",[]]}]}],"edits":0,"spent":null,"terms":{"of":"everybody","under":"everybody"}}}},"state":"open","opened":"2026-03-02T09:32:15.25Z","opened_there":"2026-03-02T09:32:15.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '572x22x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (5, X'019CADE42212F27F39022ED0A74A09DC', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772443935250, 1772443935250, '{"id":"019cade42212f27f39022ed0a74a09dc","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"add-comment":{"remark":"worklog","origin":"acme","comment":"10000","body":{"wiki":"Omar Haddad (acme):\n\nEarly worked at acme"},"wanted":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["Early worked at acme",[]]}]}],"edits":0,"spent":{"started":"2026-03-10T07:30:00Z","seconds":600},"terms":{"of":"everybody","under":"everybody"}}}},"state":"open","opened":"2026-03-02T09:32:15.25Z","opened_there":"2026-03-02T09:32:15.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '572x23x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (6, X'019CADE42212A5F6493FC6AE0FE66BCB', X'019CADE2C2824E319290E5E82A6204BA', 'globex', 10001, '"confirmed"', 0, 1772443935250, 1772443935250, '{"id":"019cade42212a5f6493fc6ae0fe66bcb","item":"019cade2c2824e319290e5e82a6204ba","issue":10001,"operation":{"side":"globex","action":{"set-fields":{"fields":{"summary":{"field":"summary","write":{"set":{"text":"Second, edited"}},"wanted":{"line":"Second, edited"},"expects":{"line":"Second"},"acts":{"acme":6}}}}}},"state":"open","opened":"2026-03-02T09:32:15.25Z","opened_there":"2026-03-02T09:32:15.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '572x24x1');
INSERT INTO cursors (instance, updated_ms) VALUES ('acme', 1772443905250);
INSERT INTO cursors (instance, updated_ms) VALUES ('globex', 1772443935250);
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (1, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'description', 1772443845250, 1, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (10, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'summary', 1772443845250, 5, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (11, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'summary', 1772443935250, 6, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (2, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'issue-type', 1772443845250, 2, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (3, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'priority', 1772443845250, 3, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (4, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'status', 1772443845250, 4, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (5, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'summary', 1772443845250, 5, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (6, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'description', 1772443845250, 1, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (7, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'issue-type', 1772443845250, 2, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (8, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'priority', 1772443845250, 3, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (9, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'status', 1772443845250, 4, '5b10a2844c20165700ede21g');
INSERT INTO notes (name, value) VALUES ('configuration', '5f2eec7629e867bc70f806aa46c72d8c8ed16aa5d2d5566e431d516e0ffa57d8');
INSERT INTO notes (name, value) VALUES ('creations of support', '{"phase":"open","since":"2026-03-02T09:30:15.25Z","confirmed":null,"asked":false}');
INSERT INTO notes (name, value) VALUES ('identity of acme', '`https://acme.example` as `5b10a2844c20165700ede21f`');
INSERT INTO notes (name, value) VALUES ('identity of globex', '`https://jira.globex.example/jira` as `sync`');
INSERT INTO notes (name, value) VALUES ('last known', '{"instances":{"acme":{"url":"https://acme.example","identity":{"account":"5b10a2844c20165700ede21f","display_name":"Sync (Acme)","time_zone":"Etc/UTC","base_url":"https://acme.example","version":"1001.0.0-SNAPSHOT","skew_ms":0}},"globex":{"url":"https://jira.globex.example/jira","identity":{"account":"sync","display_name":"Sync (Globex)","time_zone":"Etc/UTC","base_url":"https://jira.globex.example/jira","version":"10.3.24","skew_ms":0}}},"syncs":{"support":{"settings":{"id":"support","home":"acme","on_conflict":"newest","sides":[{"id":"acme","instance":"acme","project":"SUP","jql":null,"when":null,"on_demand":false,"sees":["acme","globex"],"side_effects":"accept","whose":{"from":[],"not_from":[]}},{"id":"globex","instance":"globex","project":"ENG","jql":null,"when":null,"on_demand":false,"sees":["acme","globex"],"side_effects":"accept","whose":{"from":[],"not_from":[]}}],"issue_types":{"rows":[{"shared":"Bug","names":{"acme":["Bug"],"globex":["Defect"]},"path":{}},{"shared":"Task","names":{"acme":["Task"],"globex":["Task"]},"path":{}}]},"statuses":{"rows":[{"shared":"To Do","names":{"acme":["To Do","Backlog"],"globex":["Open"]},"path":{}},{"shared":"In Progress","names":{"acme":["In Progress"],"globex":["Working"]},"path":{}},{"shared":"Done","names":{"acme":["Done"],"globex":["Closed"]},"path":{"globex":["Working","Closed"]}}]},"priorities":{"rows":[{"shared":"Highest","names":{"acme":["Highest"],"globex":["P1"]},"path":{}},{"shared":"Medium","names":{"acme":["Medium"],"globex":["P3"]},"path":{}},{"shared":"Low","names":{"acme":["Low"],"globex":["P4"]},"path":{}}]},"link_types":{"rows":[]},"users":{"rows":[{"shared":"jane@acme.example","names":{"acme":["jane@acme.example"],"globex":["jdoe"]},"path":{}}]},"fields":{"assignee":{"name":"assignee","kind":"person","sides":{"acme":"assignee","globex":"assignee"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"description":{"name":"description","kind":"document","sides":{"acme":"description","globex":"description"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"due-date":{"name":"due-date","kind":"day","sides":{"acme":"duedate","globex":"duedate"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"issue-type":{"name":"issue-type","kind":"issue-type","sides":{"acme":"issuetype","globex":"issuetype"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"labels":{"name":"labels","kind":"words","sides":{"acme":"labels","globex":"labels"},"from":["acme","globex"],"across":false,"exclude":["share-*"],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"links":{"name":"links","kind":"links","sides":{"acme":"issuelinks","globex":"issuelinks"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"priority":{"name":"priority","kind":"choice","sides":{"acme":"priority","globex":"priority"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"status":{"name":"status","kind":"status","sides":{"acme":"status","globex":"status"},"from":["acme","globex"],"across":true,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"summary":{"name":"summary","kind":"line","sides":{"acme":"summary","globex":"summary"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"}},"comments":{"from":["acme","globex"],"to":["acme","globex"],"header":{},"deleted":"delete","restricted":[],"internal":false,"narrowed":"delete","copies":"hold"},"worklogs":{"from":["acme","globex"],"to":["acme","globex"],"header":{},"deleted":"delete","restricted":[],"internal":false,"narrowed":"delete","copies":"hold"},"attachments":{"from":["acme","globex"],"to":["acme","globex"],"names":[],"types":[],"largest":null,"deleted":"delete","which":"all","too_large":"problem"},"life":{"deleted":"keep","moved":"keep","left":"go-on","most_missing":10,"most_emptied":20},"things":{},"start":{"most_creations":100,"per_hour":null,"window":null,"history":"match","former":{}},"links":false,"unwatch":false,"notify":"changes","pairing":[]},"catalogs":{"acme":{"kind":"cloud","address":"https://acme.example","fields":{"aggregateprogress":"Σ Progress","assignee":"Assignee","attachment":"Attachment","comment":"Comment","components":"Components","created":"Created","creator":"Creator","customfield_10016":"Story point estimate","customfield_10042":"Severity","customfield_10050":"Customer","description":"Description","duedate":"Due date","environment":"Environment","fixVersions":"Fix versions","issuelinks":"Linked Issues","issuetype":"Issue Type","labels":"Labels","parent":"Parent","priority":"Priority","progress":"Progress","project":"Project","reporter":"Reporter","resolution":"Resolution","resolutiondate":"Resolved","security":"Security Level","status":"Status","statuscategorychangedate":"Status Category Changed","subtasks":"Sub-tasks","summary":"Summary","timeestimate":"Remaining Estimate","timeoriginalestimate":"Original estimate","timespent":"Time Spent","timetracking":"Time tracking","updated":"Updated","versions":"Affects versions","votes":"Votes","watches":"Watchers","worklog":"Log Work","workratio":"Work Ratio"},"issue_types":[{"id":"10001","name":"Bug"},{"id":"10002","name":"Task"},{"id":"10003","name":"Story"}],"statuses":[{"id":"10000","name":"To Do"},{"id":"10001","name":"Backlog"},{"id":"10002","name":"In Progress"},{"id":"10003","name":"Done"}],"statuses_of":{"Bug":["Backlog","Done","In Progress","To Do"],"Story":["Backlog","Done","In Progress","To Do"],"Task":["Backlog","Done","In Progress","To Do"]},"priorities":[{"id":"1","name":"Highest"},{"id":"2","name":"High"},{"id":"3","name":"Medium"},{"id":"4","name":"Low"},{"id":"5","name":"Lowest"}],"sync_user":"5b10a2844c20165700ede21f","people":{"jane@acme.example":{"account":"5b10a2844c20165700ede21g","display_name":"Jane Roe","email":"jane@acme.example"}},"strangers":[],"create_fields":{"Bug":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Story":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Task":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"]},"required":{"Bug":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Story":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Task":{"issuetype":"Issue Type","project":"Project","summary":"Summary"}},"upload_limit":10485760,"link_types":["Blocks","Cloners","Duplicate","Relates"],"link_words":{"Blocks":{"outward":"blocks","inward":"is blocked by"},"Cloners":{"outward":"clones","inward":"is cloned by"},"Duplicate":{"outward":"duplicates","inward":"is duplicated by"},"Relates":{"outward":"relates to","inward":"relates to"}},"sprints":[],"requests":[],"sub_task_types":[],"epic_link":null,"epic_name":null,"options":{"components":[],"customfield_10042":["S1","S2","S3"],"fixVersions":[],"issuetype":["Bug","Story","Task"],"priority":["High","Highest","Low","Lowest","Medium"],"project":["Support"],"versions":[]},"shapes":{"aggregateprogress":"other","assignee":"person","attachment":"other","comment":"other","components":"components","created":"moment","creator":"person","customfield_10016":"number","customfield_10042":"option","customfield_10050":"text","description":"rich","duedate":"day","environment":"rich","fixVersions":"versions","issuelinks":"links","issuetype":"named","labels":"words","parent":"parent","priority":"named","progress":"other","project":"title","reporter":"person","resolution":"named","resolutiondate":"moment","security":"named","status":"named","statuscategorychangedate":"moment","subtasks":"other","summary":"text","timeestimate":"duration","timeoriginalestimate":"duration","timespent":"number","timetracking":"other","updated":"moment","versions":"versions","votes":"count","watches":"watchers","worklog":"other","workratio":"number"},"service_desk":null,"edits_all_comments":null,"hides_watchers":false,"unassignable":[],"called":{}},"globex":{"kind":"data-center","address":"https://jira.globex.example/jira","fields":{"aggregateprogress":"Σ Progress","assignee":"Assignee","attachment":"Attachment","comment":"Comment","components":"Components","created":"Created","creator":"Creator","customfield_10110":"Severity","customfield_10111":"Customer name","description":"Description","duedate":"Due date","environment":"Environment","fixVersions":"Fix versions","issuelinks":"Linked Issues","issuetype":"Issue Type","labels":"Labels","parent":"Parent","priority":"Priority","progress":"Progress","project":"Project","reporter":"Reporter","resolution":"Resolution","resolutiondate":"Resolved","security":"Security Level","status":"Status","subtasks":"Sub-tasks","summary":"Summary","timeestimate":"Remaining Estimate","timeoriginalestimate":"Original estimate","timespent":"Time Spent","timetracking":"Time tracking","updated":"Updated","versions":"Affects versions","votes":"Votes","watches":"Watchers","worklog":"Log Work","workratio":"Work Ratio"},"issue_types":[{"id":"10001","name":"Defect"},{"id":"10002","name":"Task"}],"statuses":[{"id":"10000","name":"Open"},{"id":"10001","name":"Working"},{"id":"10002","name":"Closed"}],"statuses_of":{"Defect":["Closed","Open","Working"],"Task":["Closed","Open","Working"]},"priorities":[{"id":"1","name":"P1"},{"id":"2","name":"P2"},{"id":"3","name":"P3"},{"id":"4","name":"P4"},{"id":"5","name":"P5"}],"sync_user":"sync","people":{"jdoe":{"account":"jdoe","display_name":"John Doe","email":"jdoe@globex.example"}},"strangers":[],"create_fields":{"Defect":["assignee","components","customfield_10110","customfield_10111","description","duedate","environment","fixVersions","issuetype","labels","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Task":["assignee","components","customfield_10110","customfield_10111","description","duedate","environment","fixVersions","issuetype","labels","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"]},"required":{"Defect":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Task":{"issuetype":"Issue Type","project":"Project","summary":"Summary"}},"upload_limit":10485760,"link_types":["Blocks","Cloners","Duplicate","Relates"],"link_words":{"Blocks":{"outward":"blocks","inward":"is blocked by"},"Cloners":{"outward":"clones","inward":"is cloned by"},"Duplicate":{"outward":"duplicates","inward":"is duplicated by"},"Relates":{"outward":"relates to","inward":"relates to"}},"sprints":[],"requests":[],"sub_task_types":[],"epic_link":null,"epic_name":null,"options":{"components":[],"customfield_10110":["Critical","Major","Minor"],"fixVersions":[],"issuetype":["Defect","Task"],"priority":["P1","P2","P3","P4","P5"],"project":["Engineering"],"versions":[]},"shapes":{"aggregateprogress":"other","assignee":"person","attachment":"other","comment":"other","components":"components","created":"moment","creator":"person","customfield_10110":"option","customfield_10111":"text","description":"rich","duedate":"day","environment":"rich","fixVersions":"versions","issuelinks":"links","issuetype":"named","labels":"words","parent":"parent","priority":"named","progress":"other","project":"title","reporter":"person","resolution":"named","resolutiondate":"moment","security":"named","status":"named","subtasks":"other","summary":"text","timeestimate":"duration","timeoriginalestimate":"duration","timespent":"number","timetracking":"other","updated":"moment","versions":"versions","votes":"count","watches":"watchers","worklog":"other","workratio":"number"},"service_desk":null,"edits_all_comments":null,"hides_watchers":false,"unassignable":[],"called":{}}}}}}');
INSERT INTO notes (name, value) VALUES ('last sweep', '2026-03-02T09:30:45.25Z');
INSERT INTO notes (name, value) VALUES ('people of support/acme', '{"jane@acme.example":{"account":"5b10a2844c20165700ede21g","display_name":"Jane Roe","email":null}}');
INSERT INTO notes (name, value) VALUES ('people of support/globex', '{"jdoe":{"account":"jdoe","display_name":"John Doe","email":null}}');
INSERT INTO notes (name, value) VALUES ('read from the beginning for support.acme', '{"instance":"acme","project":"SUP","jql":null,"reached":null,"whole":true,"proven":true,"withheld":false}');
INSERT INTO notes (name, value) VALUES ('read from the beginning for support.globex', '{"instance":"globex","project":"ENG","jql":null,"reached":null,"whole":true,"proven":true,"withheld":false}');
INSERT INTO notes (name, value) VALUES ('skew of acme', '0');
INSERT INTO notes (name, value) VALUES ('skew of globex', '0');
INSERT INTO notes (name, value) VALUES ('times of acme', 'Etc/UTC|2026-03-02T09:30:15.25Z');
INSERT INTO notes (name, value) VALUES ('times of globex', 'Etc/UTC|2026-03-02T09:30:45.25Z');
INSERT INTO configurations (number, at_ms, fingerprint, text, existing) VALUES (1, 1772443815250, '5f2eec7629e867bc70f806aa46c72d8c8ed16aa5d2d5566e431d516e0ffa57d8', '
[daemon]
state = "sqlite:/dev/shm/.tmp8LrJoj/state.db"
poll = "30s"

[instance.acme]
kind = "cloud"
url = "https://acme.example"
auth = { method = "api-token", user = "sync@acme.example", token = "env:TOKEN" }
rate = 100
settle = "60s"

[instance.globex]
kind = "data-center"
url = "https://jira.globex.example/jira"
auth = { method = "bearer", token = "env:TOKEN" }
rate = 100
settle = "60s"

[sync.support]
home = "acme"
attachments = "both"
side.acme = { instance = "acme", project = "SUP" }
side.globex = { instance = "globex", project = "ENG" }

[sync.support.map]
issue-type = [ { acme = "Bug", globex = "Defect" },
               { acme = "Task", globex = "Task" } ]
status = [ { acme = ["To Do", "Backlog"], globex = "Open" },
           { acme = "In Progress", globex = "Working" },
           { acme = "Done", globex = "Closed", path = { globex = ["Working", "Closed"] } } ]
priority = [ { acme = "Highest", globex = "P1" },
             { acme = "Medium", globex = "P3" },
             { acme = "Low", globex = "P4" } ]
users = [ { acme = "jane@acme.example", globex = "jdoe" } ]

[sync.support.fields]
summary = "both"
links = "both"
description = "both"
priority = "both"
labels = { exclude = ["share-*"] }
assignee = "both"
due-date = "both"
status = { across = true }

[sync.support.comments]
unrestricted = "both"
[sync.support.worklogs]
unrestricted = "both"
', 're-map');
CREATE TRIGGER commands_stay_as_they_are BEFORE UPDATE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never changed'); END;
CREATE TRIGGER commands_stay BEFORE DELETE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never forgotten'); END;
CREATE TRIGGER configurations_stay BEFORE UPDATE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not changed'); END;
CREATE TRIGGER configurations_are_kept BEFORE DELETE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not deleted'); END;
