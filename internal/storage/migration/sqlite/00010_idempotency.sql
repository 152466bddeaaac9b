-- +goose Up

CREATE TABLE idempotency_key (
    merchant_id  INTEGER NOT NULL,
    value        TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    payment_id   INTEGER NOT NULL,
    ask_id       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, value)
) STRICT, WITHOUT ROWID;
-- What may be forgotten, oldest first. It grows at its end only.
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
