-- +goose Up

-- A merchant's fingerprint key by itself, once the first data key is gone from
-- which it was derived.
CREATE TABLE fingerprint_key (
    merchant_id BIGINT NOT NULL,
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id)
);

-- One row: the last rotation.
CREATE TABLE key_rotation (
    id          BIGINT NOT NULL CHECK (id = 1),
    key_id      BIGINT NOT NULL,
    phase       TEXT NOT NULL,
    at_column   TEXT NOT NULL, -- how far it is: the last row that was looked at
    at_merchant BIGINT NOT NULL,
    at_id       BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    checked     BIGINT NOT NULL,
    resealed    BIGINT NOT NULL,
    unreadable  BIGINT NOT NULL,
    quiet_since BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    holder      TEXT NOT NULL,
    held_until  BIGINT NOT NULL,
    PRIMARY KEY (id)
);

-- Which keyset each running server has read.
CREATE TABLE keyset_node (
    name        TEXT NOT NULL,
    primary_key BIGINT NOT NULL,
    key_ids     TEXT NOT NULL, -- with spaces between
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (name)
);
