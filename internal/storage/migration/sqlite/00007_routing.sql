-- +goose Up

CREATE TABLE bin (
    merchant_id INTEGER NOT NULL CHECK (merchant_id >= 0), -- 0 for all merchants
    prefix      TEXT NOT NULL CHECK (length(prefix) BETWEEN 6 AND 8),
    bank_code   TEXT NOT NULL,
    bank        TEXT NOT NULL,
    scheme      TEXT NOT NULL,
    type        TEXT NOT NULL,
    program     TEXT NOT NULL,
    brand       TEXT NOT NULL,
    commercial  INTEGER NOT NULL,
    domestic    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, prefix)
) STRICT, WITHOUT ROWID;
-- A list of both owners goes by this.
CREATE INDEX bin_by_prefix ON bin (prefix, merchant_id);

CREATE TABLE pos (
    merchant_id      INTEGER NOT NULL,
    id               INTEGER NOT NULL,
    version          INTEGER NOT NULL CHECK (version >= 1),
    alias            TEXT NOT NULL,
    name             TEXT NOT NULL,
    bank_code        TEXT NOT NULL,
    connector        TEXT NOT NULL,
    sealed_settings  BLOB NOT NULL,
    status           TEXT NOT NULL,
    priority         INTEGER NOT NULL,
    currencies       TEXT NOT NULL,
    programs         TEXT NOT NULL,
    accepts_domestic INTEGER NOT NULL,
    accepts_foreign  INTEGER NOT NULL,
    three_ds         TEXT NOT NULL, -- as of merchant
    timeout          INTEGER NOT NULL, -- microseconds
    capture_window   INTEGER NOT NULL, -- microseconds
    used             INTEGER NOT NULL DEFAULT 0, -- by a payment: then the connector stays
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pos_alias ON pos (merchant_id, alias);

-- Rates are millionths of a percent.
CREATE TABLE plan (
    merchant_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1, -- grows with every change
    pos_id          INTEGER NOT NULL,
    program         TEXT NOT NULL,
    count           INTEGER NOT NULL CHECK (count >= 1),
    commission_rate INTEGER NOT NULL,
    customer_rate   INTEGER NOT NULL,
    currency        TEXT NOT NULL, -- of the bounds, empty if there are none
    min_amount      INTEGER NOT NULL CHECK (min_amount >= 0),
    max_amount      INTEGER NOT NULL CHECK (max_amount >= 0),
    valid_from      INTEGER NOT NULL,
    valid_until     INTEGER NOT NULL,
    active          INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE routing_rule (
    merchant_id  INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1, -- grows with every change
    name         TEXT NOT NULL,
    position     INTEGER NOT NULL,
    active       INTEGER NOT NULL,
    condition    TEXT NOT NULL,
    targets      TEXT NOT NULL,
    requires_3ds INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX routing_rule_name ON routing_rule (merchant_id, name);
