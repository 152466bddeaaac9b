-- +goose Up

CREATE TABLE ledger_entry (
    merchant_id  INTEGER NOT NULL,
    operation_id INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    payment_id   INTEGER NOT NULL,
    account      TEXT NOT NULL,
    currency     TEXT NOT NULL,
    amount       INTEGER NOT NULL, -- a debit if positive
    posted_at    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, operation_id, position)
) STRICT, WITHOUT ROWID;
