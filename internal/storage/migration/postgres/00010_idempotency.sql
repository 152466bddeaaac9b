-- +goose Up

CREATE TABLE idempotency_key (
    merchant_id  BIGINT NOT NULL,
    value        TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    payment_id   BIGINT NOT NULL,
    ask_id       BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, value)
);
-- What may be forgotten, oldest first. It grows at its end only.
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
