-- +goose Up

ALTER TABLE payment ADD COLUMN three_ds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE merchant ADD COLUMN half_secure INTEGER NOT NULL DEFAULT 0;

CREATE TABLE threeds_session (
    merchant_id   INTEGER NOT NULL,
    payment_id    INTEGER NOT NULL,
    key           TEXT NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 0),
    one_per_order INTEGER NOT NULL,
    success_url   TEXT NOT NULL,
    failure_url   TEXT NOT NULL,
    state         TEXT NOT NULL,
    key_hash      BLOB NOT NULL CHECK (length(key_hash) = 32),
    key_expires   INTEGER NOT NULL,
    wrong_keys    INTEGER NOT NULL CHECK (wrong_keys >= 0),
    sealed_form   BLOB NOT NULL, -- empty for none
    sealed_proof  BLOB NOT NULL, -- empty for none
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, payment_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX threeds_session_key ON threeds_session (key);
