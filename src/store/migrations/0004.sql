-- What webhooks told and nobody looked after yet: one row per issue, however much was told. Issue 0: something that named no issue.
-- `number` grows with each telling, so that what is told while somebody looks is looked after once more.

CREATE TABLE inbox (
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    due_ms   INTEGER NOT NULL,
    PRIMARY KEY (instance, issue)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_due ON inbox (due_ms);

-- What `comment_*` webhooks carried, until the item of their issue was looked at: nothing else shows what a comment said before it
-- was overwritten.
CREATE TABLE comment_traces (
    number   INTEGER PRIMARY KEY,
    instance TEXT NOT NULL,
    issue    INTEGER NOT NULL,
    told_ms  INTEGER NOT NULL,
    trace    TEXT NOT NULL
) STRICT;
CREATE INDEX comment_traces_issue ON comment_traces (instance, issue, number);
CREATE INDEX comment_traces_age ON comment_traces (told_ms);
