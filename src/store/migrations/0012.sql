-- Links that were given up as well: one that lands later is ours, whatever else was done to its item since.
DROP INDEX intents_given_up;
CREATE INDEX intents_given_up ON intents (item, number)
    WHERE state IN ('{"void":"nothing of ours there is what was sent"}', '{"void":"no file of ours there is what was sent"}',
        '{"void":"no link there is what was sent"}');
