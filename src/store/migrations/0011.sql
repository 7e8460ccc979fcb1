-- When an operator last said that what is held back of an item is to be tried again: what was refused before that waits no longer.
ALTER TABLE work ADD COLUMN asked_ms INTEGER;

-- Since when nobody is to be told of a problem, and who said so. A problem with other words, or one that was over, is another row.
ALTER TABLE problems ADD COLUMN dismissed_ms INTEGER;
ALTER TABLE problems ADD COLUMN dismissed_uid INTEGER;
ALTER TABLE problems ADD COLUMN dismissed_user TEXT;

-- How often a problem was met since it stands.
ALTER TABLE problems ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
