-- +goose Up

CREATE TABLE idempotency_key (
    merchant_id    INTEGER NOT NULL,
    -- Keyed hashes: neither the key nor the request is in the database.
    key_hash       BLOB NOT NULL,
    request_hash   BLOB NOT NULL,
    -- What the key leads to, of any noun: by number, by public id, or both.
    subject_kind   TEXT NOT NULL,
    subject_number INTEGER NOT NULL,
    subject_uuid   BLOB,
    result         TEXT NOT NULL CHECK (length(result) <= 255),
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, key_hash)
) STRICT, WITHOUT ROWID;
-- What may be forgotten, oldest first. It grows at its end only.
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
