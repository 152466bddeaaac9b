-- +goose Up

CREATE TABLE checkout (
    merchant_id      BIGINT NOT NULL,
    id               BYTEA NOT NULL CHECK (length(id) = 16),
    version          BIGINT NOT NULL CHECK (version >= 0),
    order_ref        TEXT NOT NULL,
    currency         TEXT NOT NULL,
    amount           BIGINT NOT NULL CHECK (amount > 0),
    description      TEXT NOT NULL,
    callback         TEXT NOT NULL,
    customer_ref     TEXT NOT NULL,
    max_installments BIGINT NOT NULL CHECK (max_installments >= 1),
    interest_payer   BIGINT NOT NULL,
    state            TEXT NOT NULL,
    live             BOOLEAN NOT NULL,
    attempts         BIGINT NOT NULL CHECK (attempts BETWEEN 0 AND 5),
    attempt          BIGINT NOT NULL, -- version at which the last attempt began, 0 for none
    attempt_at       BIGINT NOT NULL,
    payment_id       BIGINT NOT NULL, -- 0 for none
    keeping          BIGINT NOT NULL, -- stored card of an attempt under way, 0 for none
    reason           TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX checkout_id ON checkout (id);
-- An order has one checkout at a time that can still be paid.
CREATE UNIQUE INDEX checkout_live ON checkout (merchant_id, order_ref) WHERE live;
CREATE INDEX checkout_order ON checkout (merchant_id, order_ref, created_at);
