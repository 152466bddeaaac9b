-- +goose Up

ALTER TABLE payment ADD COLUMN three_ds BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE merchant ADD COLUMN half_secure BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE threeds_session (
    merchant_id   BIGINT NOT NULL,
    payment_id    BIGINT NOT NULL,
    key           TEXT NOT NULL,
    version       BIGINT NOT NULL CHECK (version >= 0),
    one_per_order BOOLEAN NOT NULL,
    success_url   TEXT NOT NULL,
    failure_url   TEXT NOT NULL,
    state         TEXT NOT NULL,
    key_hash      BYTEA NOT NULL CHECK (length(key_hash) = 32),
    key_expires   BIGINT NOT NULL,
    wrong_keys    BIGINT NOT NULL CHECK (wrong_keys >= 0),
    sealed_form   BYTEA NOT NULL, -- empty for none
    sealed_proof  BYTEA NOT NULL, -- empty for none
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, payment_id)
);
CREATE UNIQUE INDEX threeds_session_key ON threeds_session (key);
