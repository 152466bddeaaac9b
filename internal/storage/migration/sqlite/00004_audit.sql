-- +goose Up

CREATE TABLE audit_record (
    merchant_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    address     TEXT NOT NULL, -- from where the action came; empty for the server's own
    agent       TEXT NOT NULL, -- as above
    PRIMARY KEY (merchant_id, at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_record_subject ON audit_record (merchant_id, subject, at, id);

-- A block seals the records after its start and up to its end, by time and id.
CREATE TABLE audit_block (
    merchant_id INTEGER NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 1),
    from_at     INTEGER NOT NULL,
    from_id     INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    until_id    INTEGER NOT NULL,
    records     INTEGER NOT NULL CHECK (records >= 1),
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    sealed_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, number)
) STRICT, WITHOUT ROWID;
