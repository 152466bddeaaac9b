-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for none. Money is in minor units
-- of the row's currency. Documents are JSON.

CREATE TABLE merchant (
    id         INTEGER NOT NULL,
    name       TEXT NOT NULL,
    active     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    merchant_id   INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    name          TEXT NOT NULL,
    key           TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX credential_key ON credential (key);
-- A name is free again once its credential is revoked.
CREATE UNIQUE INDEX credential_name ON credential (merchant_id, name) WHERE revoked_at = 0;

CREATE TABLE admin_token (
    merchant_id INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;

-- One row: counts changes of what nodes keep in memory.
CREATE TABLE config_version (
    id      INTEGER NOT NULL CHECK (id = 1),
    version INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;
INSERT INTO config_version (id, version) VALUES (1, 1);

-- The first id of each noun that no node has reserved.
CREATE TABLE sequence (
    noun    TEXT NOT NULL,
    next_id INTEGER NOT NULL CHECK (next_id >= 1),
    PRIMARY KEY (noun)
) STRICT, WITHOUT ROWID;

CREATE TABLE bin (
    prefix     TEXT NOT NULL CHECK (length(prefix) BETWEEN 6 AND 8),
    bank_code  TEXT NOT NULL,
    bank       TEXT NOT NULL,
    scheme     TEXT NOT NULL,
    type       TEXT NOT NULL,
    program    TEXT NOT NULL,
    brand      TEXT NOT NULL,
    commercial INTEGER NOT NULL,
    domestic   INTEGER NOT NULL,
    PRIMARY KEY (prefix)
) STRICT, WITHOUT ROWID;

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
    timeout          INTEGER NOT NULL, -- microseconds
    capture_window   INTEGER NOT NULL, -- microseconds
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pos_alias ON pos (merchant_id, alias);

-- Rates are millionths of a percent.
CREATE TABLE plan (
    merchant_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
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
    merchant_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    name        TEXT NOT NULL,
    position    INTEGER NOT NULL,
    active      INTEGER NOT NULL,
    condition   TEXT NOT NULL,
    targets     TEXT NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE data_key (
    merchant_id INTEGER NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 1),
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_card (
    merchant_id  INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    token        TEXT NOT NULL,
    sealed_pan   BLOB NOT NULL,
    fingerprint  TEXT NOT NULL,
    bin          TEXT NOT NULL,
    last4        TEXT NOT NULL CHECK (length(last4) <= 4),
    expiry_month INTEGER NOT NULL,
    expiry_year  INTEGER NOT NULL,
    holder       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stored_card_token ON stored_card (merchant_id, token);

CREATE TABLE payment (
    merchant_id           INTEGER NOT NULL,
    id                    INTEGER PRIMARY KEY,
    uuid                  BLOB NOT NULL,
    version               INTEGER NOT NULL,
    surface               TEXT NOT NULL,
    phase                 TEXT NOT NULL,
    payment_group         TEXT NOT NULL,
    state                 TEXT NOT NULL,
    order_ref             TEXT NOT NULL,
    holds_order           INTEGER NOT NULL,
    conversation_id       TEXT NOT NULL,
    external_id           TEXT NOT NULL,
    channel               TEXT NOT NULL,
    customer_ref          TEXT NOT NULL,
    buyer_id              INTEGER NOT NULL,
    currency              TEXT NOT NULL,
    price                 INTEGER NOT NULL,
    paid                  INTEGER NOT NULL,
    wallet                INTEGER NOT NULL,
    installments          INTEGER NOT NULL,
    interest_payer        INTEGER NOT NULL,
    customer_rate         INTEGER NOT NULL,
    commission_rate       INTEGER NOT NULL,
    commission            INTEGER NOT NULL,
    authorized            INTEGER NOT NULL,
    captured              INTEGER NOT NULL,
    refunded              INTEGER NOT NULL,
    refunding             INTEGER NOT NULL,
    open_ask              INTEGER NOT NULL,
    instrument            TEXT NOT NULL,
    requested_pos_alias   TEXT NOT NULL,
    pos_id                INTEGER NOT NULL,
    pos_alias             TEXT NOT NULL,
    routing               TEXT NOT NULL,
    result_reason         TEXT NOT NULL,
    result_transaction_id TEXT NOT NULL,
    result_host_reference TEXT NOT NULL,
    result_auth_code      TEXT NOT NULL,
    result_at             INTEGER NOT NULL,
    client_ip             TEXT NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    -- One rule, because PostgreSQL reads each again for every row that it writes:
    -- no sum is negative, and none is over the one that bounds it.
    CONSTRAINT payment_sums CHECK (min(price, wallet, paid - wallet, authorized, paid - authorized, paid - captured,
        refunded, refunding, captured - refunded - refunding) >= 0),
    CONSTRAINT payment_captured_within_hold CHECK (phase <> 'pre_authorization' OR captured <= authorized)
) STRICT;
CREATE UNIQUE INDEX payment_uuid ON payment (merchant_id, uuid);
-- One payment at most holds an order, any number of others may share it: holders
-- are all in slot 0, every other payment has a slot of its own.
CREATE UNIQUE INDEX payment_order ON payment (merchant_id, order_ref, (CASE WHEN holds_order THEN 0 ELSE id END));
CREATE INDEX payment_created ON payment (merchant_id, created_at, id);
CREATE INDEX payment_state ON payment (merchant_id, state, created_at, id);
CREATE INDEX payment_customer ON payment (merchant_id, customer_ref, created_at, id) WHERE customer_ref <> '';

CREATE TABLE payment_item (
    merchant_id        INTEGER NOT NULL,
    payment_id         INTEGER NOT NULL,
    id                 INTEGER NOT NULL,
    position           INTEGER NOT NULL,
    name               TEXT NOT NULL,
    external_id        TEXT NOT NULL,
    currency           TEXT NOT NULL,
    price              INTEGER NOT NULL,
    paid               INTEGER NOT NULL,
    wallet             INTEGER NOT NULL,
    commission         INTEGER NOT NULL,
    refunded           INTEGER NOT NULL,
    sub_merchant_id    INTEGER NOT NULL,
    sub_merchant_price INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, id),
    CONSTRAINT payment_item_sums CHECK (min(price, paid, wallet, refunded, sub_merchant_price) >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
    merchant_id           INTEGER NOT NULL,
    payment_id            INTEGER NOT NULL,
    id                    INTEGER NOT NULL,
    version               INTEGER NOT NULL,
    ask_id                INTEGER NOT NULL,
    attempt               INTEGER NOT NULL,
    kind                  TEXT NOT NULL,
    pos_id                INTEGER NOT NULL,
    reference             TEXT NOT NULL,
    original              TEXT NOT NULL,
    currency              TEXT NOT NULL,
    amount                INTEGER NOT NULL CHECK (amount >= 0),
    status                TEXT NOT NULL,
    result_reason         TEXT NOT NULL,
    result_transaction_id TEXT NOT NULL,
    result_host_reference TEXT NOT NULL,
    result_auth_code      TEXT NOT NULL,
    result_at             INTEGER NOT NULL,
    bank_code             TEXT NOT NULL,
    bank_message          TEXT NOT NULL,
    actor                 TEXT NOT NULL,
    started_at            INTEGER NOT NULL,
    finished_at           INTEGER NOT NULL,
    next_inquiry          INTEGER NOT NULL,
    inquiries             INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, id)
) STRICT, WITHOUT ROWID;
-- The resolver's worklist, over all merchants.
CREATE INDEX operation_unresolved ON operation (next_inquiry, id) WHERE status IN ('open', 'unknown');

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

CREATE TABLE idempotency_key (
    merchant_id  INTEGER NOT NULL,
    value        TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    payment_id   INTEGER NOT NULL,
    ask_id       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, value)
) STRICT, WITHOUT ROWID;

-- The outbox. A job that is done is deleted.
CREATE TABLE job (
    merchant_id  INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    state        TEXT NOT NULL,
    run_at       INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    leased_by    TEXT NOT NULL,
    leased_until INTEGER NOT NULL,
    cause        TEXT NOT NULL, -- why it failed last
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_due ON job (kind, run_at, id) WHERE state = 'ready';
-- The order of a subject's jobs.
CREATE INDEX job_turn ON job (merchant_id, subject, created_at, id) WHERE state = 'ready';
CREATE INDEX job_dead ON job (merchant_id, id) WHERE state = 'dead';

CREATE TABLE audit_record (
    merchant_id INTEGER NOT NULL,
    id          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    PRIMARY KEY (merchant_id, at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_record_subject ON audit_record (merchant_id, subject, at, id);
