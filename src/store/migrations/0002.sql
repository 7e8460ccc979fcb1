-- What items wait for: an issue to become an item's (`issue SYNC INSTANCE ID`), an item to get its counterpart on a side
-- (`replica ITEM SIDE`). It is read in the item's own state as well; here it is found by what comes.

CREATE TABLE awaits (
    what TEXT NOT NULL,
    item BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    PRIMARY KEY (what, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaits_item ON awaits (item);
