-- +goose Up

CREATE TABLE checkout (
    merchant_id      INTEGER NOT NULL,
    id               BLOB NOT NULL CHECK (length(id) = 16),
    version          INTEGER NOT NULL CHECK (version >= 0),
    order_ref        TEXT NOT NULL,
    currency         TEXT NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount > 0),
    description      TEXT NOT NULL,
    callback         TEXT NOT NULL,
    customer_ref     TEXT NOT NULL,
    max_installments INTEGER NOT NULL CHECK (max_installments >= 1),
    interest_payer   INTEGER NOT NULL,
    state            TEXT NOT NULL,
    live             INTEGER NOT NULL,
    attempts         INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 5),
    attempt          INTEGER NOT NULL, -- version at which the last attempt began, 0 for none
    attempt_at       INTEGER NOT NULL,
    payment_id       INTEGER NOT NULL, -- 0 for none
    keeping          INTEGER NOT NULL, -- stored card of an attempt under way, 0 for none
    reason           TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX checkout_id ON checkout (id);
-- An order has one checkout at a time that can still be paid.
CREATE UNIQUE INDEX checkout_live ON checkout (merchant_id, order_ref) WHERE live = 1;
CREATE INDEX checkout_order ON checkout (merchant_id, order_ref, created_at);
