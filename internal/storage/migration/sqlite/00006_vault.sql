-- +goose Up

CREATE TABLE data_key (
    merchant_id INTEGER NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 1),
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, number)
) STRICT, WITHOUT ROWID;

-- A merchant's fingerprint key by itself, once the first data key is gone from
-- which it was derived.
CREATE TABLE fingerprint_key (
    merchant_id INTEGER NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_card (
    merchant_id  INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    token        TEXT NOT NULL,
    customer_ref TEXT NOT NULL, -- whose card it is; empty for nobody's
    sealed_for   TEXT NOT NULL, -- whose card it was made to become: it opens for nobody else
    sealed_pan   BLOB NOT NULL,
    fingerprint  TEXT NOT NULL,
    bin          TEXT NOT NULL,
    last4        TEXT NOT NULL CHECK (length(last4) <= 4),
    expiry_month INTEGER NOT NULL,
    expiry_year  INTEGER NOT NULL,
    holder       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stored_card_token ON stored_card (merchant_id, token);
-- One card is one entry of its customer.
CREATE UNIQUE INDEX stored_card_customer ON stored_card (merchant_id, customer_ref, fingerprint) WHERE customer_ref <> '';

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
    host        TEXT NOT NULL, -- which server it is, for people
    version     TEXT NOT NULL, -- as above
    primary_key INTEGER NOT NULL,
    key_ids     TEXT NOT NULL, -- with spaces between
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
