-- +goose Up

-- The version of each row here grows with every change, so that no edit is lost
-- to another.

CREATE TABLE merchant (
    id                           BIGINT NOT NULL,
    version                      BIGINT NOT NULL DEFAULT 1,
    name                         TEXT NOT NULL,
    active                       BOOLEAN NOT NULL,
    three_ds                     TEXT NOT NULL, -- which cards are charged with 3-D Secure alone: optional (none), debit, all
    half_secure                  BOOLEAN NOT NULL,
    hosts                        TEXT NOT NULL,
    checkout_without_3ds         BOOLEAN NOT NULL,
    checkout_without_saved_cards BOOLEAN NOT NULL,
    checkout_frames              TEXT NOT NULL,
    checkout_life                BIGINT NOT NULL, -- microseconds
    created_at                   BIGINT NOT NULL,
    PRIMARY KEY (id)
);

-- Apart from the merchant, because few who read that need the picture.
CREATE TABLE merchant_logo (
    merchant_id BIGINT NOT NULL,
    name        TEXT NOT NULL, -- SHA-256 of the body in hexadecimal, and the suffix of its form
    body        BYTEA NOT NULL CHECK (length(body) > 0),
    PRIMARY KEY (merchant_id)
);
CREATE INDEX merchant_logo_name ON merchant_logo (name);

CREATE TABLE credential (
    merchant_id   BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    name          TEXT NOT NULL,
    scopes        TEXT NOT NULL, -- what it may do, with blanks between
    key           TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX credential_key ON credential (key);
-- A name is free again once its credential is revoked.
CREATE UNIQUE INDEX credential_name ON credential (merchant_id, name) WHERE revoked_at = 0;

-- When a credential was last used; apart from it, because nobody caches this.
CREATE TABLE credential_use (
    merchant_id   BIGINT NOT NULL,
    credential_id BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, credential_id)
);
