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
INSERT INTO items (id, sync, state, merged) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'support', '{"id":"019cade2c2824e319290e5e82a6204ba","sync":"support","replicas":{"acme":{"issue":10001,"key":"SUP-2","updated":"2026-03-02T10:39:25.25Z","entry":10001,"ours":false,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{"acme":6},"matched":{"acme":6},"value":{"day":"2030-05-07"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"day":"2030-05-07"},"over":"empty","times":1,"at":"2026-03-02T10:39:25.25Z"}},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Bug","seen":5652763618582940407,"insisted":{"set":{"choice":"Bug"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":2978325677981444723,"insisted":{"set":{"choice":"Low"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"To Do","seen":9751899866547065458,"insisted":{"set":{"choice":"To Do"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"Second"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"line":"Second"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":13186000772293158633,"comments":14695981039346656037}},"globex":{"issue":10001,"key":"ENG-2","updated":"2026-03-02T09:30:45.25Z","entry":0,"ours":true,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{},"matched":{"acme":6},"value":"empty","acknowledged":{"reason":"Jira refused `due-date`: status 400: Field ''duedate'' cannot be set. It is not on the appropriate screen, or unknown.","refused":true,"may_pass":true,"unseen":true},"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Defect","seen":5587104810770097536},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":8225344773209576901},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Open","seen":10862653899701323042},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"Second"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":514305657765527299,"comments":14695981039346656037}}},"acts":{"acme":6},"hub":{"description":{"acme globex":{"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acts":{"acme":1},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[]}},"due-date":{"acme globex":{"value":{"day":"2030-05-07"},"acts":{"acme":6},"origins":["acme"],"by":"acme","at":"2026-03-02T10:39:25.25Z","asking":[],"standing":[{"side":"acme","number":6,"at":"2026-03-02T10:39:25.25Z","before":"empty","value":{"day":"2030-05-07"},"knew":[]}]}},"issue-type":{"acme globex":{"value":{"choice":"Bug"},"acts":{"acme":2},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":2,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Bug"},"knew":[]}]}},"priority":{"acme globex":{"value":{"choice":"Low"},"acts":{"acme":3},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":3,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Low"},"knew":[]}]}},"status":{"acme globex":{"value":{"choice":"To Do"},"acts":{"acme":4},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":4,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"To Do"},"knew":[]}]}},"summary":{"acme globex":{"value":{"line":"Second"},"acts":{"acme":5},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":5,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"line":"Second"},"knew":[]}]}}},"comments":[],"worklogs":[],"attachments":[],"awaits":[],"belongs":[],"asked":"2026-03-02T10:39:25.25Z","own":{"acme":{"issue":10001,"before":[]},"globex":{"issue":10001,"before":[]}},"made":"2026-03-02T09:30:15.25Z","configured":1}', NULL);
INSERT INTO items (id, sync, state, merged) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'support', '{"id":"019cade2c282c4e0515355e1f23652a0","sync":"support","replicas":{"acme":{"issue":10000,"key":"SUP-1","updated":"2026-03-02T09:34:15.25Z","entry":10000,"ours":false,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{"acme":6},"matched":{"acme":6},"value":{"day":"2030-05-06"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"day":"2030-05-06"},"over":"empty","times":1,"at":"2026-03-02T09:34:15.25Z"}},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Bug","seen":5652763618582940407,"insisted":{"set":{"choice":"Bug"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":2978325677981444723,"insisted":{"set":{"choice":"Low"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"To Do","seen":9751899866547065458,"insisted":{"set":{"choice":"To Do"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"First"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"insisted":{"set":{"line":"First"},"over":"empty","times":1,"at":"2026-03-02T09:30:15.25Z"}}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":17885225091639872657,"comments":12573032222357000374}},"globex":{"issue":10000,"key":"ENG-1","updated":"2026-03-02T10:37:55.25Z","entry":10000,"ours":true,"observed":true,"restricted":false,"bases":{"assignee":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":4601813879785820449},"description":{"acts":{"acme":1},"matched":{"acme":1},"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"due-date":{"acts":{"acme":6},"matched":{"acme":6},"value":{"day":"2030-05-06"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null},"issue-type":{"acts":{"acme":2},"matched":{"acme":2},"value":{"choice":"Bug"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Defect","seen":5587104810770097536},"labels":{"acts":{},"matched":{},"value":"empty","acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":12976473491551543953},"priority":{"acts":{"acme":3},"matched":{"acme":3},"value":{"choice":"Low"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null,"seen":8225344773209576901},"status":{"acts":{"acme":4},"matched":{"acme":4},"value":{"choice":"To Do"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":"Open","seen":10862653899701323042},"summary":{"acts":{"acme":5},"matched":{"acme":5},"value":{"line":"First"},"acknowledged":null,"side_effect":null,"restored":null,"counted":0,"native":null}},"links":{},"away":null,"scope":null,"staying":0,"watching":{"others":null,"read":null,"by_us":false},"ends":{},"print":{"fields":8367617248839102317,"comments":16760396146531648473}}},"acts":{"acme":6},"hub":{"description":{"acme globex":{"value":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"acts":{"acme":1},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[]}},"due-date":{"acme globex":{"value":{"day":"2030-05-06"},"acts":{"acme":6},"origins":["acme"],"by":"acme","at":"2026-03-02T09:34:15.25Z","asking":[],"standing":[{"side":"acme","number":6,"at":"2026-03-02T09:34:15.25Z","before":"empty","value":{"day":"2030-05-06"},"knew":[]}]}},"issue-type":{"acme globex":{"value":{"choice":"Bug"},"acts":{"acme":2},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":2,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Bug"},"knew":[]}]}},"priority":{"acme globex":{"value":{"choice":"Low"},"acts":{"acme":3},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":3,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"Low"},"knew":[]}]}},"status":{"acme globex":{"value":{"choice":"To Do"},"acts":{"acme":4},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":4,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"choice":"To Do"},"knew":[]}]}},"summary":{"acme globex":{"value":{"line":"First"},"acts":{"acme":5},"origins":["acme"],"by":"acme","at":"2026-03-02T09:30:15.25Z","asking":[],"standing":[{"side":"acme","number":5,"at":"2026-03-02T09:30:15.25Z","before":"empty","value":{"line":"First"},"knew":[]}]}}},"comments":[{"side":"acme","id":"10000","copies":{"globex":"10001"},"refused":{},"pending":null,"gone":false,"said":{"body":[{"paragraph":[{"text":["Kept from customers",[]]}]}],"author":"Jane Roe","edits":0,"spent":null},"written":{"globex":{"body":[{"paragraph":[{"text":["Jane Roe (acme):",[]]}]},{"paragraph":[{"text":["Kept from customers",[]]}]}],"edits":0,"spent":null}},"strayed":{},"recorded":{},"notice":false,"visibility":"internal","parent":null,"terms":{"globex":{"of":"internal","under":"everybody"}},"emptied":[],"turned_back":{}},{"side":"acme","id":"10001","copies":{"globex":"10002"},"refused":{},"pending":null,"gone":false,"said":{"body":[{"paragraph":[{"text":["For everybody",[]]}]}],"author":"Omar Haddad","edits":0,"spent":null},"written":{"globex":{"body":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["For everybody",[]]}]}],"edits":0,"spent":null}},"strayed":{},"recorded":{},"notice":false,"visibility":"everybody","parent":null,"terms":{},"emptied":[],"turned_back":{}},{"side":"globex","id":"10000","copies":{"acme":"10002"},"refused":{},"pending":null,"gone":false,"said":{"body":[{"paragraph":[{"text":["Among agents and partner",[]]}]}],"author":"John Doe","edits":0,"spent":null},"written":{"acme":{"body":[{"paragraph":[{"text":["John Doe (globex):",[]]}]},{"paragraph":[{"text":["Among agents and partner",[]]}]}],"edits":0,"spent":null}},"strayed":{},"recorded":{},"notice":false,"visibility":"everybody","parent":null,"terms":{"acme":{"of":"everybody","under":"internal"}},"emptied":[],"turned_back":{}}],"worklogs":[],"attachments":[],"awaits":[],"belongs":[],"asked":"2026-03-02T09:34:15.25Z","own":{"acme":{"issue":10000,"before":[]},"globex":{"issue":10000,"before":[]}},"made":"2026-03-02T09:30:15.25Z","configured":1}', NULL);
INSERT INTO work (item, urgency, due_ms, claimed_by, fence, attempts, sync, occasion, reasons, again, asked_ms) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 0, NULL, NULL, 4, 0, 'support', NULL, 1, 1, NULL);
INSERT INTO work (item, urgency, due_ms, claimed_by, fence, attempts, sync, occasion, reasons, again, asked_ms) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 2, NULL, NULL, 10, 0, 'support', NULL, 1, 1, NULL);
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'support', 'acme', 10001, 'SUP-2');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C2824E319290E5E82A6204BA', 'globex', 'support', 'globex', 10001, 'ENG-2');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'support', 'acme', 10000, 'SUP-1');
INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (X'019CADE2C282C4E0515355E1F23652A0', 'globex', 'support', 'globex', 10000, 'ENG-1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (1, X'019CADE2C282BD6E3149E79BE96CAD80', X'019CADE2C2824E319290E5E82A6204BA', 'globex', NULL, '"confirmed"', 0, 1772443845250, 1772443845250, '{"id":"019cade2c282bd6e3149e79be96cad80","item":"019cade2c2824e319290e5e82a6204ba","issue":null,"operation":{"side":"globex","action":{"create":{"issue_type":"Defect","fields":{"description":{"field":"description","write":{"set":{"wiki":"One\n\nTwo"}},"wanted":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"expects":null,"acts":{"acme":1}},"priority":{"field":"priority","write":{"set":{"named":{"id":"4","name":"P4"}}},"wanted":{"choice":"Low"},"expects":null,"acts":{"acme":3}},"summary":{"field":"summary","write":{"set":{"text":"Second"}},"wanted":{"line":"Second"},"expects":null,"acts":{"acme":5}}},"unset":{"issue-type":{"value":{"choice":"Bug"},"acts":{"acme":2}},"status":{"value":{"choice":"To Do"},"acts":{"acme":4}}}}}},"state":"open","opened":"2026-03-02T09:30:45.25Z","opened_there":"2026-03-02T09:30:45.25Z","silent":false,"searches":0,"brought":{"by":[{"first-reading":"acme"}],"reasons":1}}', '570x13x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (2, X'019CADE2C282E03C4EA5DD2794E12139', X'019CADE2C282C4E0515355E1F23652A0', 'globex', NULL, '"confirmed"', 0, 1772443845250, 1772443845250, '{"id":"019cade2c282e03c4ea5dd2794e12139","item":"019cade2c282c4e0515355e1f23652a0","issue":null,"operation":{"side":"globex","action":{"create":{"issue_type":"Defect","fields":{"description":{"field":"description","write":{"set":{"wiki":"One\n\nTwo"}},"wanted":{"document":[{"paragraph":[{"text":["One",[]]}]},{"paragraph":[{"text":["Two",[]]}]}]},"expects":null,"acts":{"acme":1}},"priority":{"field":"priority","write":{"set":{"named":{"id":"4","name":"P4"}}},"wanted":{"choice":"Low"},"expects":null,"acts":{"acme":3}},"summary":{"field":"summary","write":{"set":{"text":"First"}},"wanted":{"line":"First"},"expects":null,"acts":{"acme":5}}},"unset":{"issue-type":{"value":{"choice":"Bug"},"acts":{"acme":2}},"status":{"value":{"choice":"To Do"},"acts":{"acme":4}}}}}},"state":"open","opened":"2026-03-02T09:30:45.25Z","opened_there":"2026-03-02T09:30:45.25Z","silent":false,"searches":0,"brought":{"by":[{"first-reading":"acme"}],"reasons":1}}', '570x13x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (3, X'019CADE497426BBFAE12DCBCA35452D5', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772443965250, 1772443965250, '{"id":"019cade497426bbfae12dcbca35452d5","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"add-comment":{"remark":"comment","origin":"acme","comment":"10000","body":{"wiki":"Jane Roe (acme):\n\nKept from customers"},"wanted":[{"paragraph":[{"text":["Jane Roe (acme):",[]]}]},{"paragraph":[{"text":["Kept from customers",[]]}]}],"edits":0,"spent":null,"terms":{"of":"internal","under":"everybody"}}}},"state":"open","opened":"2026-03-02T09:32:45.25Z","opened_there":"2026-03-02T09:32:45.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"},{"poll":"globex"}],"reasons":2}}', '572x21x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (4, X'019CADE4974236A74AE61303CA08A775', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772443965250, 1772443965250, '{"id":"019cade4974236a74ae61303ca08a775","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"add-comment":{"remark":"comment","origin":"acme","comment":"10001","body":{"wiki":"Omar Haddad (acme):\n\nFor everybody"},"wanted":[{"paragraph":[{"text":["Omar Haddad (acme):",[]]}]},{"paragraph":[{"text":["For everybody",[]]}]}],"edits":0,"spent":null,"terms":{"of":"everybody","under":"everybody"}}}},"state":"open","opened":"2026-03-02T09:32:45.25Z","opened_there":"2026-03-02T09:32:45.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"},{"poll":"globex"}],"reasons":2}}', '572x22x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (5, X'019CADE49742F27F39022ED0A74A09DC', X'019CADE2C282C4E0515355E1F23652A0', 'acme', 10000, '"confirmed"', 0, 1772443965250, 1772443965250, '{"id":"019cade49742f27f39022ed0a74a09dc","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"acme","action":{"add-comment":{"remark":"comment","origin":"globex","comment":"10000","body":{"adf":{"content":[{"content":[{"text":"John Doe (globex):","type":"text"}],"type":"paragraph"},{"content":[{"text":"Among agents and partner","type":"text"}],"type":"paragraph"}],"type":"doc","version":1}},"wanted":[{"paragraph":[{"text":["John Doe (globex):",[]]}]},{"paragraph":[{"text":["Among agents and partner",[]]}]}],"edits":0,"spent":null,"terms":{"of":"everybody","under":"internal"}}}},"state":"open","opened":"2026-03-02T09:32:45.25Z","opened_there":"2026-03-02T09:32:45.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"},{"poll":"globex"}],"reasons":2}}', '00000000000000000000000000000018');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (6, X'019CADE66C02F205342ED6F69B6C2DD6', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '{"void":"status 400: `duedate`: Field ''duedate'' cannot be set. It is not on the appropriate screen, or unknown."}', 0, 1772444085250, 1772444085250, '{"id":"019cade66c02f205342ed6f69b6c2dd6","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"set-fields":{"fields":{"due-date":{"field":"duedate","write":{"set":{"text":"2030-05-06"}},"wanted":{"day":"2030-05-06"},"expects":"empty","acts":{"acme":6}}}}}},"state":"open","opened":"2026-03-02T09:34:45.25Z","opened_there":"2026-03-02T09:34:45.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '574x31x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (7, X'019CAE2040B21133EE69F6152EEC9321', X'019CADE2C282C4E0515355E1F23652A0', 'globex', 10000, '"confirmed"', 0, 1772447875250, 1772447875250, '{"id":"019cae2040b21133ee69f6152eec9321","item":"019cade2c282c4e0515355e1f23652a0","issue":10000,"operation":{"side":"globex","action":{"set-fields":{"fields":{"due-date":{"field":"duedate","write":{"set":{"text":"2030-05-06"}},"wanted":{"day":"2030-05-06"},"expects":"empty","acts":{"acme":6}}}}}},"state":"open","opened":"2026-03-02T10:37:55.25Z","opened_there":"2026-03-02T10:37:55.25Z","silent":false,"searches":0,"brought":{"by":["full-check"],"reasons":1}}', '637x42x1');
INSERT INTO intents (number, id, item, side, issue, state, searches, opened_ms, settled_ms, intent, request) VALUES (8, X'019CAE22157207EF20DCB24BB43F103E', X'019CADE2C2824E319290E5E82A6204BA', 'globex', 10001, '{"void":"status 400: `duedate`: Field ''duedate'' cannot be set. It is not on the appropriate screen, or unknown."}', 0, 1772447995250, 1772447995250, '{"id":"019cae22157207ef20dcb24bb43f103e","item":"019cade2c2824e319290e5e82a6204ba","issue":10001,"operation":{"side":"globex","action":{"set-fields":{"fields":{"due-date":{"field":"duedate","write":{"set":{"text":"2030-05-07"}},"wanted":{"day":"2030-05-07"},"expects":"empty","acts":{"acme":6}}}}}},"state":"open","opened":"2026-03-02T10:39:55.25Z","opened_there":"2026-03-02T10:39:55.25Z","silent":false,"searches":0,"brought":{"by":[{"poll":"acme"}],"reasons":1}}', '639x50x1');
INSERT INTO cursors (instance, updated_ms) VALUES ('acme', 1772447965250);
INSERT INTO cursors (instance, updated_ms) VALUES ('globex', 1772447875250);
INSERT INTO problems (number, item, about, since_ms, problem, dismissed_ms, dismissed_uid, dismissed_user, times) VALUES (1, X'019CADE2C2824E319290E5E82A6204BA', NULL, 1772447995250, '{"side":"globex","field":"due-date","what":"Jira refused `due-date`: status 400: Field ''duedate'' cannot be set. It is not on the appropriate screen, or unknown.","remedy":"mend what Jira names; for the due date the sync user needs Edit Issues (EDIT_ISSUES) and Schedule Issues (SCHEDULE_ISSUES) in project `ENG` of instance `globex`; it is tried again when the value changes","operation":"019cae22157207ef20dcb24bb43f103e"}', NULL, NULL, NULL, 1);
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (1, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'description', 1772443845250, 1, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (10, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'summary', 1772443845250, 5, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (11, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'due-date', 1772444085250, 6, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (12, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'due-date', 1772447995250, 6, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (2, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'issue-type', 1772443845250, 2, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (3, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'priority', 1772443845250, 3, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (4, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'status', 1772443845250, 4, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (5, X'019CADE2C2824E319290E5E82A6204BA', 'acme', 'summary', 1772443845250, 5, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (6, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'description', 1772443845250, 1, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (7, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'issue-type', 1772443845250, 2, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (8, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'priority', 1772443845250, 3, '5b10a2844c20165700ede21g');
INSERT INTO acts (number, item, side, field, at_ms, act, author) VALUES (9, X'019CADE2C282C4E0515355E1F23652A0', 'acme', 'status', 1772443845250, 4, '5b10a2844c20165700ede21g');
INSERT INTO notes (name, value) VALUES ('configuration', '517daadc2e99e965f288c1739be6710fe5ee8bd53d91866c041b08bb79298299');
INSERT INTO notes (name, value) VALUES ('creations of support', '{"phase":"open","since":"2026-03-02T09:30:15.25Z","confirmed":null,"asked":false}');
INSERT INTO notes (name, value) VALUES ('identity of acme', '`https://acme.example` as `5b10a2844c20165700ede21f`');
INSERT INTO notes (name, value) VALUES ('identity of globex', '`https://jira.globex.example/jira` as `sync`');
INSERT INTO notes (name, value) VALUES ('last known', '{"instances":{"acme":{"url":"https://acme.example","identity":{"account":"5b10a2844c20165700ede21f","display_name":"Sync (Acme)","time_zone":"Etc/UTC","base_url":"https://acme.example","version":"1001.0.0-SNAPSHOT","skew_ms":0}},"globex":{"url":"https://jira.globex.example/jira","identity":{"account":"sync","display_name":"Sync (Globex)","time_zone":"Etc/UTC","base_url":"https://jira.globex.example/jira","version":"10.3.24","skew_ms":0}}},"syncs":{"support":{"settings":{"id":"support","home":"acme","on_conflict":"newest","sides":[{"id":"acme","instance":"acme","project":"SUP","jql":null,"when":null,"on_demand":false,"sees":["acme","globex"],"side_effects":"accept","whose":{"from":[],"not_from":[]}},{"id":"globex","instance":"globex","project":"ENG","jql":null,"when":null,"on_demand":false,"sees":["acme","globex"],"side_effects":"accept","whose":{"from":[],"not_from":[]}}],"issue_types":{"rows":[{"shared":"Bug","names":{"acme":["Bug"],"globex":["Defect"]},"path":{}},{"shared":"Task","names":{"acme":["Task"],"globex":["Task"]},"path":{}}]},"statuses":{"rows":[{"shared":"To Do","names":{"acme":["To Do","Backlog"],"globex":["Open"]},"path":{}},{"shared":"In Progress","names":{"acme":["In Progress"],"globex":["Working"]},"path":{}},{"shared":"Done","names":{"acme":["Done"],"globex":["Closed"]},"path":{"globex":["Working","Closed"]}}]},"priorities":{"rows":[{"shared":"Highest","names":{"acme":["Highest"],"globex":["P1"]},"path":{}},{"shared":"Medium","names":{"acme":["Medium"],"globex":["P3"]},"path":{}},{"shared":"Low","names":{"acme":["Low"],"globex":["P4"]},"path":{}}]},"link_types":{"rows":[]},"users":{"rows":[{"shared":"jane@acme.example","names":{"acme":["jane@acme.example"],"globex":["jdoe"]},"path":{}}]},"fields":{"assignee":{"name":"assignee","kind":"person","sides":{"acme":"assignee","globex":"assignee"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"description":{"name":"description","kind":"document","sides":{"acme":"description","globex":"description"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"due-date":{"name":"due-date","kind":"day","sides":{"acme":"duedate","globex":"duedate"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"issue-type":{"name":"issue-type","kind":"issue-type","sides":{"acme":"issuetype","globex":"issuetype"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"labels":{"name":"labels","kind":"words","sides":{"acme":"labels","globex":"labels"},"from":["acme","globex"],"across":false,"exclude":["share-*"],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"priority":{"name":"priority","kind":"choice","sides":{"acme":"priority","globex":"priority"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"status":{"name":"status","kind":"status","sides":{"acme":"status","globex":"status"},"from":["acme","globex"],"across":true,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"},"summary":{"name":"summary","kind":"line","sides":{"acme":"summary","globex":"summary"},"from":["acme","globex"],"across":false,"exclude":[],"values":{"rows":[]},"on_unmapped":"leave","composed":null,"default":{},"not_synced":{},"initial":"first"}},"comments":{"from":["acme","globex"],"to":["acme","globex"],"header":{},"deleted":"delete","restricted":[{"at":"acme","visibility":"internal","with":"globex","there":"everybody"}],"internal":false,"narrowed":"delete","copies":"hold"},"worklogs":{"from":[],"to":[],"header":{},"deleted":"delete","restricted":[],"internal":false,"narrowed":"delete","copies":"hold"},"attachments":{"from":[],"to":[],"names":[],"types":[],"largest":null,"deleted":"delete","which":"all","too_large":"problem"},"life":{"deleted":"keep","moved":"keep","left":"go-on","most_missing":10,"most_emptied":20},"things":{},"start":{"most_creations":100,"per_hour":null,"window":null,"history":"match","former":{}},"links":false,"unwatch":false,"notify":"changes","pairing":[]},"catalogs":{"acme":{"kind":"cloud","address":"https://acme.example","fields":{"aggregateprogress":"Σ Progress","assignee":"Assignee","attachment":"Attachment","comment":"Comment","components":"Components","created":"Created","creator":"Creator","customfield_10016":"Story point estimate","customfield_10042":"Severity","customfield_10050":"Customer","description":"Description","duedate":"Due date","environment":"Environment","fixVersions":"Fix versions","issuelinks":"Linked Issues","issuetype":"Issue Type","labels":"Labels","parent":"Parent","priority":"Priority","progress":"Progress","project":"Project","reporter":"Reporter","resolution":"Resolution","resolutiondate":"Resolved","security":"Security Level","status":"Status","statuscategorychangedate":"Status Category Changed","subtasks":"Sub-tasks","summary":"Summary","timeestimate":"Remaining Estimate","timeoriginalestimate":"Original estimate","timespent":"Time Spent","timetracking":"Time tracking","updated":"Updated","versions":"Affects versions","votes":"Votes","watches":"Watchers","worklog":"Log Work","workratio":"Work Ratio"},"issue_types":[{"id":"10001","name":"Bug"},{"id":"10002","name":"Task"},{"id":"10003","name":"Story"}],"statuses":[{"id":"10000","name":"To Do"},{"id":"10001","name":"Backlog"},{"id":"10002","name":"In Progress"},{"id":"10003","name":"Done"}],"statuses_of":{"Bug":["Backlog","Done","In Progress","To Do"],"Story":["Backlog","Done","In Progress","To Do"],"Task":["Backlog","Done","In Progress","To Do"]},"priorities":[{"id":"1","name":"Highest"},{"id":"2","name":"High"},{"id":"3","name":"Medium"},{"id":"4","name":"Low"},{"id":"5","name":"Lowest"}],"sync_user":"5b10a2844c20165700ede21f","people":{"jane@acme.example":{"account":"5b10a2844c20165700ede21g","display_name":"Jane Roe","email":"jane@acme.example"}},"strangers":[],"create_fields":{"Bug":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Story":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Task":["assignee","components","customfield_10016","customfield_10042","customfield_10050","description","duedate","environment","fixVersions","issuetype","labels","parent","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"]},"required":{"Bug":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Story":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Task":{"issuetype":"Issue Type","project":"Project","summary":"Summary"}},"upload_limit":null,"link_types":[],"link_words":{},"sprints":[],"requests":[],"sub_task_types":[],"epic_link":null,"epic_name":null,"options":{"components":[],"customfield_10042":["S1","S2","S3"],"fixVersions":[],"issuetype":["Bug","Story","Task"],"priority":["High","Highest","Low","Lowest","Medium"],"project":["Support"],"versions":[]},"shapes":{"aggregateprogress":"other","assignee":"person","attachment":"other","comment":"other","components":"components","created":"stamp","creator":"person","customfield_10016":"number","customfield_10042":"option","customfield_10050":"text","description":"rich","duedate":"day","environment":"rich","fixVersions":"versions","issuelinks":"links","issuetype":"named","labels":"words","parent":"parent","priority":"named","progress":"other","project":"title","reporter":"person","resolution":"named","resolutiondate":"stamp","security":"named","status":"named","statuscategorychangedate":"stamp","subtasks":"other","summary":"text","timeestimate":"duration","timeoriginalestimate":"duration","timespent":"figure","timetracking":"other","updated":"stamp","versions":"versions","votes":"count","watches":"watchers","worklog":"other","workratio":"figure"},"service_desk":true,"desk_agent":true,"edits_all_comments":null,"watchers_hidden":null,"unassignable":[],"called":{}},"globex":{"kind":"data-center","address":"https://jira.globex.example/jira","fields":{"aggregateprogress":"Σ Progress","assignee":"Assignee","attachment":"Attachment","comment":"Comment","components":"Components","created":"Created","creator":"Creator","customfield_10110":"Severity","customfield_10111":"Customer name","description":"Description","duedate":"Due date","environment":"Environment","fixVersions":"Fix versions","issuelinks":"Linked Issues","issuetype":"Issue Type","labels":"Labels","parent":"Parent","priority":"Priority","progress":"Progress","project":"Project","reporter":"Reporter","resolution":"Resolution","resolutiondate":"Resolved","security":"Security Level","status":"Status","subtasks":"Sub-tasks","summary":"Summary","timeestimate":"Remaining Estimate","timeoriginalestimate":"Original estimate","timespent":"Time Spent","timetracking":"Time tracking","updated":"Updated","versions":"Affects versions","votes":"Votes","watches":"Watchers","worklog":"Log Work","workratio":"Work Ratio"},"issue_types":[{"id":"10001","name":"Defect"},{"id":"10002","name":"Task"}],"statuses":[{"id":"10000","name":"Open"},{"id":"10001","name":"Working"},{"id":"10002","name":"Closed"}],"statuses_of":{"Defect":["Closed","Open","Working"],"Task":["Closed","Open","Working"]},"priorities":[{"id":"1","name":"P1"},{"id":"2","name":"P2"},{"id":"3","name":"P3"},{"id":"4","name":"P4"},{"id":"5","name":"P5"}],"sync_user":"sync","people":{"jdoe":{"account":"jdoe","display_name":"John Doe","email":"jdoe@globex.example"}},"strangers":[],"create_fields":{"Defect":["assignee","components","customfield_10110","customfield_10111","description","duedate","environment","fixVersions","issuetype","labels","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"],"Task":["assignee","components","customfield_10110","customfield_10111","description","duedate","environment","fixVersions","issuetype","labels","priority","project","reporter","security","summary","timeestimate","timeoriginalestimate","timetracking","versions"]},"required":{"Defect":{"issuetype":"Issue Type","project":"Project","summary":"Summary"},"Task":{"issuetype":"Issue Type","project":"Project","summary":"Summary"}},"upload_limit":null,"link_types":[],"link_words":{},"sprints":[],"requests":[],"sub_task_types":[],"epic_link":null,"epic_name":null,"options":{"components":[],"customfield_10110":["Critical","Major","Minor"],"fixVersions":[],"issuetype":["Defect","Task"],"priority":["P1","P2","P3","P4","P5"],"project":["Engineering"],"versions":[]},"shapes":{"aggregateprogress":"other","assignee":"person","attachment":"other","comment":"other","components":"components","created":"stamp","creator":"person","customfield_10110":"option","customfield_10111":"text","description":"rich","duedate":"day","environment":"rich","fixVersions":"versions","issuelinks":"links","issuetype":"named","labels":"words","parent":"parent","priority":"named","progress":"other","project":"title","reporter":"person","resolution":"named","resolutiondate":"stamp","security":"named","status":"named","subtasks":"other","summary":"text","timeestimate":"duration","timeoriginalestimate":"duration","timespent":"figure","timetracking":"other","updated":"stamp","versions":"versions","votes":"count","watches":"watchers","worklog":"other","workratio":"figure"},"service_desk":false,"desk_agent":null,"edits_all_comments":null,"watchers_hidden":null,"unassignable":[],"called":{}}}}}}');
INSERT INTO notes (name, value) VALUES ('last sweep', '2026-03-02T09:30:45.25Z');
INSERT INTO notes (name, value) VALUES ('people of support/acme', '{"jane@acme.example":{"account":"5b10a2844c20165700ede21g","display_name":"Jane Roe","email":null}}');
INSERT INTO notes (name, value) VALUES ('people of support/globex', '{"jdoe":{"account":"jdoe","display_name":"John Doe","email":null}}');
INSERT INTO notes (name, value) VALUES ('read from the beginning for support.acme', '{"instance":"acme","project":"SUP","jql":null,"reached":null,"whole":true,"proven":true,"withheld":false}');
INSERT INTO notes (name, value) VALUES ('read from the beginning for support.globex', '{"instance":"globex","project":"ENG","jql":null,"reached":null,"whole":true,"proven":true,"withheld":false}');
INSERT INTO notes (name, value) VALUES ('skew of acme', '0');
INSERT INTO notes (name, value) VALUES ('skew of globex', '0');
INSERT INTO notes (name, value) VALUES ('times of acme', 'Etc/UTC|2026-03-02T09:30:15.25Z');
INSERT INTO notes (name, value) VALUES ('times of globex', 'Etc/UTC|2026-03-02T09:30:45.25Z');
INSERT INTO configurations (number, at_ms, fingerprint, text, existing) VALUES (1, 1772443815250, '517daadc2e99e965f288c1739be6710fe5ee8bd53d91866c041b08bb79298299', '
[daemon]
state = "sqlite:/dev/shm/.tmpPZyrfx/state.db"
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
description = "both"
priority = "both"
labels = { exclude = ["share-*"] }
assignee = "both"
due-date = "both"
status = { across = true }

[sync.support.comments]
unrestricted = "both"
restricted = [{ acme = "internal", with = "globex" }]', 're-map');
INSERT INTO past_problems (number, item, since_ms, over_ms, times, how, brought, dismissed_ms, dismissed_uid, dismissed_user, problem) VALUES (1, X'019CADE2C282C4E0515355E1F23652A0', 1772444085250, 1772447875250, 2, '"by-itself"', '{"by":[{"poll":"globex"}],"reasons":1}', NULL, NULL, NULL, '{"side":"globex","field":"due-date","what":"Jira refused `due-date`: status 400: Field ''duedate'' cannot be set. It is not on the appropriate screen, or unknown.","remedy":"mend what Jira names; for the due date the sync user needs Edit Issues (EDIT_ISSUES) and Schedule Issues (SCHEDULE_ISSUES) in project `ENG` of instance `globex`; it is tried again when the value changes","operation":"019cade66c02f205342ed6f69b6c2dd6"}');
CREATE TRIGGER commands_stay_as_they_are BEFORE UPDATE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never changed'); END;
CREATE TRIGGER commands_stay BEFORE DELETE ON commands
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never forgotten'); END;
CREATE TRIGGER configurations_stay BEFORE UPDATE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not changed'); END;
CREATE TRIGGER configurations_are_kept BEFORE DELETE ON configurations
BEGIN SELECT raise(ABORT, 'a configuration that was kept is not deleted'); END;
