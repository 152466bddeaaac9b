-- +goose Up

CREATE TABLE idempotency_key (
    merchant_id    BIGINT NOT NULL,
    -- Keyed hashes: neither the key nor the request is in the database.
    key_hash       BYTEA NOT NULL,
    request_hash   BYTEA NOT NULL,
    -- What the key leads to, of any noun: by number, by public id, or both.
    subject_kind   TEXT NOT NULL,
    subject_number BIGINT NOT NULL,
    subject_uuid   BYTEA,
    result         TEXT NOT NULL CHECK (length(result) <= 255),
    created_at     BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, key_hash)
);
-- What may be forgotten, oldest first. It grows at its end only.
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
