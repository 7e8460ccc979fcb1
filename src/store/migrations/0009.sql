-- Whose each item is stands beside when it is due: of many syncs each has its turn, however many items of another one wait.
ALTER TABLE work ADD COLUMN sync TEXT NOT NULL DEFAULT '';
UPDATE work SET sync = coalesce((SELECT sync FROM items WHERE id = item), '');
DROP INDEX work_due;
CREATE INDEX work_due ON work (urgency, sync, due_ms) WHERE claimed_by IS NULL AND due_ms IS NOT NULL;
DROP INDEX work_claimed;
CREATE INDEX work_claimed ON work (urgency, sync) WHERE claimed_by IS NOT NULL;
-- How urgent it is to decide on an issue: what somebody just made goes before the many of a first run.
ALTER TABLE newcomers ADD COLUMN urgency INTEGER NOT NULL DEFAULT 1;
DROP INDEX newcomers_age;
CREATE INDEX newcomers_age ON newcomers (urgency, first_seen_ms);
