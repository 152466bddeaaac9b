-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for none; durations are microseconds.
-- Money is in minor units of the row's currency. Documents are JSON.
--
-- Every table of a merchant's things leads with the merchant, and so does its key,
-- but for those rows that are looked up before anybody knows whose they are.

-- One row: counts changes of what nodes keep in memory.
CREATE TABLE config_version (
    id      INTEGER NOT NULL CHECK (id = 1),
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
INSERT INTO config_version (id, version) VALUES (1, 1);

-- Nothing: a node writes a row and removes it, to learn whether it can write.
CREATE TABLE write_probe (
    node TEXT NOT NULL,
    PRIMARY KEY (node)
) STRICT, WITHOUT ROWID;

-- The first id of each noun that no node has reserved.
CREATE TABLE sequence (
    noun    TEXT NOT NULL,
    next_id INTEGER NOT NULL CHECK (next_id >= 1),
    PRIMARY KEY (noun)
) STRICT, WITHOUT ROWID;
