-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for none; durations are microseconds.
-- Money is in minor units of the row's currency. Documents are JSON.
--
-- Every table of a merchant's things leads with the merchant, and so does its key,
-- but for those rows that are looked up before anybody knows whose they are.

-- A writing statement that counts its rows calls this, so that another number
-- aborts the transaction from inside the pipeline that it came in.
-- +goose StatementBegin
CREATE FUNCTION expect_rows(got BIGINT, want BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    IF got <> want THEN
        RAISE EXCEPTION '% rows changed, want %', got, want USING ERRCODE = 'VZ001';
    END IF;
    RETURN got;
END
$$;
-- +goose StatementEnd

-- One row: counts changes of what nodes keep in memory.
CREATE TABLE config_version (
    id      BIGINT NOT NULL CHECK (id = 1),
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
INSERT INTO config_version (id, version) VALUES (1, 1);

-- Nothing: a node writes a row and removes it, to learn whether it can write.
CREATE TABLE write_probe (
    node TEXT NOT NULL,
    PRIMARY KEY (node)
);

-- Tells every node that listens of a new configuration version, in the commit
-- that makes it, whichever binary commits. NOTIFY takes a lock of the whole
-- server until the commit is done, so nothing that payments write has one.
-- +goose StatementBegin
CREATE FUNCTION tell_config() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('vezne_config', '');
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER config_version_told AFTER UPDATE ON config_version FOR EACH STATEMENT EXECUTE FUNCTION tell_config();

-- The first id of each noun that no node has reserved.
CREATE TABLE sequence (
    noun    TEXT NOT NULL,
    next_id BIGINT NOT NULL CHECK (next_id >= 1),
    PRIMARY KEY (noun)
);
