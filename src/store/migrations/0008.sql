-- Copies that were looked for, were not there, and were given up: one that lands later stands twice, and is told as long as it does,
-- whatever else became of its item since. Says in `model::operation` what the words are.
CREATE INDEX intents_given_up ON intents (item, number)
    WHERE state IN ('{"void":"nothing of ours there is what was sent"}', '{"void":"no file of ours there is what was sent"}');
