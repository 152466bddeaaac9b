-- +goose Up

CREATE TABLE ledger_entry (
    merchant_id  BIGINT NOT NULL,
    operation_id BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    payment_id   BIGINT NOT NULL,
    account      TEXT NOT NULL,
    currency     TEXT NOT NULL,
    amount       BIGINT NOT NULL, -- a debit if positive
    posted_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, operation_id, position)
);
