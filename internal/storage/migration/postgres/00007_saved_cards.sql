-- +goose Up

-- Whose card it is; empty for nobody's.
ALTER TABLE stored_card ADD COLUMN customer_ref TEXT NOT NULL DEFAULT '';
-- One card is one entry of its customer.
CREATE UNIQUE INDEX stored_card_customer ON stored_card (merchant_id, customer_ref, fingerprint) WHERE customer_ref <> '';

ALTER TABLE checkout ADD COLUMN keeping BIGINT NOT NULL DEFAULT 0; -- stored card of an attempt under way, 0 for none
ALTER TABLE merchant ADD COLUMN checkout_without_saved_cards BOOLEAN NOT NULL DEFAULT FALSE;

-- Apart from the merchant, because few who read that need the picture.
CREATE TABLE merchant_logo (
    merchant_id BIGINT NOT NULL,
    name        TEXT NOT NULL, -- SHA-256 of the body in hexadecimal, and the suffix of its form
    body        BYTEA NOT NULL CHECK (length(body) > 0),
    PRIMARY KEY (merchant_id)
);
CREATE INDEX merchant_logo_name ON merchant_logo (name);
