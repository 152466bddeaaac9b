-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for none. Money is in minor units
-- of the row's currency. Documents are JSON.

-- A writing statement that counts its rows calls this, so that another number
-- aborts the transaction from inside the pipeline that it came in.
-- +goose StatementBegin
CREATE FUNCTION expect_rows(got BIGINT, want BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    IF got <> want THEN
        RAISE EXCEPTION '% rows changed, want %', got, want USING ERRCODE = 'VZ001';
    END IF;
    RETURN got;
END
$$;
-- +goose StatementEnd

CREATE TABLE merchant (
    id         BIGINT NOT NULL,
    name       TEXT NOT NULL,
    active     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE credential (
    merchant_id   BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    name          TEXT NOT NULL,
    key           TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX credential_key ON credential (key);
-- A name is free again once its credential is revoked.
CREATE UNIQUE INDEX credential_name ON credential (merchant_id, name) WHERE revoked_at = 0;

CREATE TABLE admin_token (
    merchant_id BIGINT NOT NULL,
    hash        BYTEA NOT NULL CHECK (length(hash) = 32),
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    PRIMARY KEY (hash)
);

-- One row: counts changes of what nodes keep in memory.
CREATE TABLE config_version (
    id      BIGINT NOT NULL CHECK (id = 1),
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
INSERT INTO config_version (id, version) VALUES (1, 1);

-- The first id of each noun that no node has reserved.
CREATE TABLE sequence (
    noun    TEXT NOT NULL,
    next_id BIGINT NOT NULL CHECK (next_id >= 1),
    PRIMARY KEY (noun)
);

CREATE TABLE bin (
    prefix     TEXT NOT NULL CHECK (length(prefix) BETWEEN 6 AND 8),
    bank_code  TEXT NOT NULL,
    bank       TEXT NOT NULL,
    scheme     TEXT NOT NULL,
    type       TEXT NOT NULL,
    program    TEXT NOT NULL,
    brand      TEXT NOT NULL,
    commercial BOOLEAN NOT NULL,
    domestic   BOOLEAN NOT NULL,
    PRIMARY KEY (prefix)
);

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
    timeout          BIGINT NOT NULL, -- microseconds
    capture_window   BIGINT NOT NULL, -- microseconds
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX pos_alias ON pos (merchant_id, alias);

-- Rates are millionths of a percent.
CREATE TABLE plan (
    merchant_id     BIGINT NOT NULL,
    id              BIGINT NOT NULL,
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
    merchant_id BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    name        TEXT NOT NULL,
    position    BIGINT NOT NULL,
    active      BOOLEAN NOT NULL,
    condition   TEXT NOT NULL,
    targets     TEXT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE data_key (
    merchant_id BIGINT NOT NULL,
    number      BIGINT NOT NULL CHECK (number >= 1),
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, number)
);

CREATE TABLE stored_card (
    merchant_id  BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    token        TEXT NOT NULL,
    sealed_pan   BYTEA NOT NULL,
    fingerprint  TEXT NOT NULL,
    bin          TEXT NOT NULL,
    last4        TEXT NOT NULL CHECK (length(last4) <= 4),
    expiry_month BIGINT NOT NULL,
    expiry_year  BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX stored_card_token ON stored_card (merchant_id, token);

CREATE TABLE payment (
    merchant_id           BIGINT NOT NULL,
    id                    BIGINT NOT NULL,
    uuid                  BYTEA NOT NULL,
    version               BIGINT NOT NULL,
    surface               TEXT NOT NULL,
    phase                 TEXT NOT NULL,
    payment_group         TEXT NOT NULL,
    state                 TEXT NOT NULL,
    order_ref             TEXT NOT NULL,
    holds_order           BOOLEAN NOT NULL,
    conversation_id       TEXT NOT NULL,
    external_id           TEXT NOT NULL,
    channel               TEXT NOT NULL,
    customer_ref          TEXT NOT NULL,
    buyer_id              BIGINT NOT NULL,
    currency              TEXT NOT NULL,
    price                 BIGINT NOT NULL,
    paid                  BIGINT NOT NULL,
    wallet                BIGINT NOT NULL,
    installments          BIGINT NOT NULL,
    interest_payer        BIGINT NOT NULL,
    customer_rate         BIGINT NOT NULL,
    commission_rate       BIGINT NOT NULL,
    commission            BIGINT NOT NULL,
    authorized            BIGINT NOT NULL,
    captured              BIGINT NOT NULL,
    refunded              BIGINT NOT NULL,
    refunding             BIGINT NOT NULL,
    open_ask              BIGINT NOT NULL,
    instrument            TEXT NOT NULL,
    requested_pos_alias   TEXT NOT NULL,
    pos_id                BIGINT NOT NULL,
    pos_alias             TEXT NOT NULL,
    routing               TEXT NOT NULL,
    result_reason         TEXT NOT NULL,
    result_transaction_id TEXT NOT NULL,
    result_host_reference TEXT NOT NULL,
    result_auth_code      TEXT NOT NULL,
    result_at             BIGINT NOT NULL,
    client_ip             TEXT NOT NULL,
    created_at            BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id),
    -- One rule, because PostgreSQL reads each again for every row that it writes:
    -- no sum is negative, and none is over the one that bounds it.
    CONSTRAINT payment_sums CHECK (LEAST(price, wallet, paid - wallet, authorized, paid - authorized, paid - captured,
        refunded, refunding, captured - refunded - refunding) >= 0),
    CONSTRAINT payment_captured_within_hold CHECK (phase <> 'pre_authorization' OR captured <= authorized)
);
CREATE UNIQUE INDEX payment_uuid ON payment (merchant_id, uuid);
-- One payment at most holds an order, any number of others may share it: holders
-- are all in slot 0, every other payment has a slot of its own.
CREATE UNIQUE INDEX payment_order ON payment (merchant_id, order_ref, (CASE WHEN holds_order THEN 0 ELSE id END));
CREATE INDEX payment_created ON payment (merchant_id, created_at, id);
CREATE INDEX payment_state ON payment (merchant_id, state, created_at, id);
CREATE INDEX payment_customer ON payment (merchant_id, customer_ref, created_at, id) WHERE customer_ref <> '';

CREATE TABLE payment_item (
    merchant_id        BIGINT NOT NULL,
    payment_id         BIGINT NOT NULL,
    id                 BIGINT NOT NULL,
    position           BIGINT NOT NULL,
    name               TEXT NOT NULL,
    external_id        TEXT NOT NULL,
    currency           TEXT NOT NULL,
    price              BIGINT NOT NULL,
    paid               BIGINT NOT NULL,
    wallet             BIGINT NOT NULL,
    commission         BIGINT NOT NULL,
    refunded           BIGINT NOT NULL,
    sub_merchant_id    BIGINT NOT NULL,
    sub_merchant_price BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, id),
    CONSTRAINT payment_item_sums CHECK (LEAST(price, paid, wallet, refunded, sub_merchant_price) >= 0)
);

CREATE TABLE operation (
    merchant_id           BIGINT NOT NULL,
    payment_id            BIGINT NOT NULL,
    id                    BIGINT NOT NULL,
    version               BIGINT NOT NULL,
    ask_id                BIGINT NOT NULL,
    attempt               BIGINT NOT NULL,
    kind                  TEXT NOT NULL,
    pos_id                BIGINT NOT NULL,
    reference             TEXT NOT NULL,
    original              TEXT NOT NULL,
    currency              TEXT NOT NULL,
    amount                BIGINT NOT NULL CHECK (amount >= 0),
    status                TEXT NOT NULL,
    result_reason         TEXT NOT NULL,
    result_transaction_id TEXT NOT NULL,
    result_host_reference TEXT NOT NULL,
    result_auth_code      TEXT NOT NULL,
    result_at             BIGINT NOT NULL,
    bank_code             TEXT NOT NULL,
    bank_message          TEXT NOT NULL,
    actor                 TEXT NOT NULL,
    started_at            BIGINT NOT NULL,
    finished_at           BIGINT NOT NULL,
    next_inquiry          BIGINT NOT NULL,
    inquiries             BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, id)
);
-- The resolver's worklist, over all merchants.
CREATE INDEX operation_unresolved ON operation (next_inquiry, id) WHERE status IN ('open', 'unknown');

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

CREATE TABLE idempotency_key (
    merchant_id  BIGINT NOT NULL,
    value        TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    payment_id   BIGINT NOT NULL,
    ask_id       BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, value)
);

-- The outbox. A job that is done is deleted.
CREATE TABLE job (
    merchant_id  BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    state        TEXT NOT NULL,
    run_at       BIGINT NOT NULL,
    attempt      BIGINT NOT NULL,
    leased_by    TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    cause        TEXT NOT NULL, -- why it failed last
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX job_due ON job (kind, run_at, id) WHERE state = 'ready';
-- The order of a subject's jobs.
CREATE INDEX job_turn ON job (merchant_id, subject, created_at, id) WHERE state = 'ready';
CREATE INDEX job_dead ON job (merchant_id, id) WHERE state = 'dead';

CREATE TABLE audit_record (
    merchant_id BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    PRIMARY KEY (merchant_id, at, id)
);
CREATE INDEX audit_record_subject ON audit_record (merchant_id, subject, at, id);
