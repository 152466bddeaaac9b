-- +goose Up

CREATE TABLE data_key (
    merchant_id BIGINT NOT NULL,
    number      BIGINT NOT NULL CHECK (number >= 1),
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, number)
);

-- A merchant's fingerprint key by itself, once the first data key is gone from
-- which it was derived.
CREATE TABLE fingerprint_key (
    merchant_id BIGINT NOT NULL,
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id)
);

CREATE TABLE stored_card (
    merchant_id  BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    token        TEXT NOT NULL,
    customer_ref TEXT NOT NULL, -- whose card it is; empty for nobody's
    sealed_for   TEXT NOT NULL, -- whose card it was made to become: it opens for nobody else
    sealed_pan   BYTEA NOT NULL,
    fingerprint  TEXT NOT NULL,
    bin          TEXT NOT NULL,
    last4        TEXT NOT NULL CHECK (length(last4) <= 4),
    expiry_month BIGINT NOT NULL,
    expiry_year  BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX stored_card_token ON stored_card (merchant_id, token);
-- One card is one entry of its customer.
CREATE UNIQUE INDEX stored_card_customer ON stored_card (merchant_id, customer_ref, fingerprint) WHERE customer_ref <> '';

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
    host        TEXT NOT NULL, -- which server it is, for people
    version     TEXT NOT NULL, -- as above
    primary_key BIGINT NOT NULL,
    key_ids     TEXT NOT NULL, -- with spaces between
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (name)
);
