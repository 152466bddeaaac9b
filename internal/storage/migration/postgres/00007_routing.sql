-- +goose Up

CREATE TABLE bin (
    merchant_id BIGINT NOT NULL CHECK (merchant_id >= 0), -- 0 for all merchants
    prefix      TEXT NOT NULL CHECK (length(prefix) BETWEEN 6 AND 8),
    bank_code   TEXT NOT NULL,
    bank        TEXT NOT NULL,
    scheme      TEXT NOT NULL,
    type        TEXT NOT NULL,
    program     TEXT NOT NULL,
    brand       TEXT NOT NULL,
    commercial  BOOLEAN NOT NULL,
    domestic    BOOLEAN NOT NULL,
    PRIMARY KEY (merchant_id, prefix)
);
-- A list of both owners goes by this.
CREATE INDEX bin_by_prefix ON bin (prefix, merchant_id);

CREATE TABLE pos (
    merchant_id      BIGINT NOT NULL,
    id               BIGINT NOT NULL,
    version          BIGINT NOT NULL CHECK (version >= 1),
    alias            TEXT NOT NULL,
    name             TEXT NOT NULL,
    bank_code        TEXT NOT NULL,
    connector        TEXT NOT NULL,
    sealed_settings  BYTEA NOT NULL,
    status           TEXT NOT NULL,
    priority         BIGINT NOT NULL,
    currencies       TEXT NOT NULL,
    programs         TEXT NOT NULL,
    accepts_domestic BOOLEAN NOT NULL,
    accepts_foreign  BOOLEAN NOT NULL,
    three_ds         TEXT NOT NULL, -- as of merchant
    timeout          BIGINT NOT NULL, -- microseconds
    capture_window   BIGINT NOT NULL, -- microseconds
    used             BOOLEAN NOT NULL DEFAULT FALSE, -- by a payment: then the connector stays
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX pos_alias ON pos (merchant_id, alias);

-- Rates are millionths of a percent.
CREATE TABLE plan (
    merchant_id     BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    version         BIGINT NOT NULL DEFAULT 1, -- grows with every change
    pos_id          BIGINT NOT NULL,
    program         TEXT NOT NULL,
    count           BIGINT NOT NULL CHECK (count >= 1),
    commission_rate BIGINT NOT NULL,
    customer_rate   BIGINT NOT NULL,
    currency        TEXT NOT NULL, -- of the bounds, empty if there are none
    min_amount      BIGINT NOT NULL CHECK (min_amount >= 0),
    max_amount      BIGINT NOT NULL CHECK (max_amount >= 0),
    valid_from      BIGINT NOT NULL,
    valid_until     BIGINT NOT NULL,
    active          BOOLEAN NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE routing_rule (
    merchant_id  BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1, -- grows with every change
    name         TEXT NOT NULL,
    position     BIGINT NOT NULL,
    active       BOOLEAN NOT NULL,
    condition    TEXT NOT NULL,
    targets      TEXT NOT NULL,
    requires_3ds BOOLEAN NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX routing_rule_name ON routing_rule (merchant_id, name);
