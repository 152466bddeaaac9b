-- +goose Up

-- A posting is the rows of one source and event, which no other posting can have.
CREATE TABLE ledger_entry (
    merchant_id  BIGINT NOT NULL,
    payment_id   BIGINT NOT NULL, -- 0 if it is about no payment
    source_kind  TEXT NOT NULL,
    source_id    BIGINT NOT NULL,
    source_event TEXT NOT NULL,
    position     BIGINT NOT NULL,
    posting_id   BIGINT NOT NULL,
    account      TEXT NOT NULL,
    currency     TEXT NOT NULL,
    amount       BIGINT NOT NULL, -- a debit if positive
    posted_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, source_kind, source_id, source_event, position)
);
-- Lists are by time; the first entry of a posting stands for it.
CREATE INDEX ledger_entry_posted ON ledger_entry (merchant_id, posted_at, posting_id) WHERE position = 0;
