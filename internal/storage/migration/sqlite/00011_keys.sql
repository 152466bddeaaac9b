-- +goose Up

-- A merchant's fingerprint key by itself, once the first data key is gone from
-- which it was derived.
CREATE TABLE fingerprint_key (
    merchant_id INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id)
) STRICT, WITHOUT ROWID;

-- One row: the last rotation.
CREATE TABLE key_rotation (
    id          INTEGER NOT NULL CHECK (id = 1),
    key_id      INTEGER NOT NULL,
    phase       TEXT NOT NULL,
    at_column   TEXT NOT NULL, -- how far it is: the last row that was looked at
    at_merchant INTEGER NOT NULL,
    at_id       INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    checked     INTEGER NOT NULL,
    resealed    INTEGER NOT NULL,
    unreadable  INTEGER NOT NULL,
    quiet_since INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    holder      TEXT NOT NULL,
    held_until  INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- Which keyset each running server has read.
CREATE TABLE keyset_node (
    name        TEXT NOT NULL,
    primary_key INTEGER NOT NULL,
    key_ids     TEXT NOT NULL, -- with spaces between
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
