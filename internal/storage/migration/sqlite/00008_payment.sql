-- +goose Up

-- A payment from a wallet alone has no POS, and {} for its card.
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
    three_ds              INTEGER NOT NULL,
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
    capture_limit         INTEGER NOT NULL DEFAULT 0, -- of a hold: what of it, or above it, may be captured
    captured              INTEGER NOT NULL,
    refunded              INTEGER NOT NULL,
    refunding             INTEGER NOT NULL,
    open_ask              INTEGER NOT NULL,
    unclear               INTEGER NOT NULL, -- ended without money, while its bank may hold some
    instrument            TEXT NOT NULL,
    requested_pos_alias   TEXT NOT NULL,
    pos_id                INTEGER NOT NULL, -- 0 for none: paid from a wallet alone
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
    -- no sum is negative, and none is over the one that bounds it. A bank may let
    -- more than the hold be captured; how much is kept with the hold.
    CONSTRAINT payment_sums CHECK (min(price, wallet, paid - wallet, authorized, paid - authorized, refunded, refunding,
        (CASE WHEN phase = 'pre_authorization' THEN capture_limit ELSE paid END) - captured,
        captured - refunded - refunding) >= 0)
) STRICT;
CREATE UNIQUE INDEX payment_uuid ON payment (merchant_id, uuid);
-- One payment at most holds an order, any number of others may share it: holders
-- are all in slot 0, every other payment has a slot of its own.
CREATE UNIQUE INDEX payment_order ON payment (merchant_id, order_ref, (CASE WHEN holds_order THEN 0 ELSE id END));
CREATE INDEX payment_created ON payment (merchant_id, created_at, id);
CREATE INDEX payment_state ON payment (merchant_id, state, created_at, id);
-- A customer's payments are read state by state, so that those in a rare state are
-- found without reading the others.
CREATE INDEX payment_customer_state ON payment (merchant_id, customer_ref, state, created_at, id) WHERE customer_ref <> '';
CREATE INDEX payment_unclear ON payment (merchant_id, created_at, id) WHERE unclear;
CREATE INDEX payment_external ON payment (merchant_id, external_id, created_at, id) WHERE external_id <> '';
CREATE INDEX payment_conversation ON payment (merchant_id, conversation_id, created_at, id) WHERE conversation_id <> '';
CREATE INDEX payment_last4 ON payment (merchant_id, (instrument ->> 'last4'), created_at, id);
-- Searching by what few payments or many may share. A payment comes into these
-- indexes when it leaves pending, so that each costs a payment one entry instead
-- of two; pending ones are found by their state.
CREATE INDEX payment_pos ON payment (merchant_id, pos_alias, created_at, id) WHERE state <> 'pending';
CREATE INDEX payment_bin ON payment (merchant_id, substr(instrument ->> 'bin', 1, 6), created_at, id) WHERE state <> 'pending';
CREATE INDEX payment_paid ON payment (merchant_id, currency, paid) WHERE state <> 'pending';
CREATE INDEX payment_reason ON payment (merchant_id, result_reason, created_at, id)
    WHERE result_reason <> 'SUCCESS' AND result_reason <> 'RESULT_UNKNOWN';

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
    taken              INTEGER NOT NULL, -- what was taken for it, and before that what is to be
    commission         INTEGER NOT NULL,
    refunded           INTEGER NOT NULL,
    refunding          INTEGER NOT NULL,
    sub_merchant_id    INTEGER NOT NULL,
    sub_merchant_price INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, payment_id, id),
    CONSTRAINT payment_item_sums CHECK (min(price, paid, wallet, refunded, refunding, taken - refunded - refunding, sub_merchant_price) >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
    merchant_id           INTEGER NOT NULL,
    payment_id            INTEGER NOT NULL,
    id                    INTEGER NOT NULL,
    version               INTEGER NOT NULL,
    ask_id                INTEGER NOT NULL,
    attempt               INTEGER NOT NULL,
    asked                 TEXT NOT NULL, -- the kind that was asked for; kind is what it went to the bank as
    kind                  TEXT NOT NULL,
    pos_id                INTEGER NOT NULL, -- 0 for none: carried out in our books alone
    reference             TEXT NOT NULL,
    original              TEXT NOT NULL,
    currency              TEXT NOT NULL,
    amount                INTEGER NOT NULL CHECK (amount >= 0),
    installments          INTEGER NOT NULL DEFAULT 0, -- 0 for those of the payment
    status                TEXT NOT NULL,
    result_reason         TEXT NOT NULL,
    result_transaction_id TEXT NOT NULL,
    result_host_reference TEXT NOT NULL,
    result_auth_code      TEXT NOT NULL,
    result_at             INTEGER NOT NULL,
    bank_code             TEXT NOT NULL,
    bank_message          TEXT NOT NULL,
    sealed_memo           BLOB, -- what the bank wants back with a follow-up, NULL for nothing
    actor                 TEXT NOT NULL,
    started_at            INTEGER NOT NULL,
    finished_at           INTEGER NOT NULL,
    next_inquiry          INTEGER NOT NULL,
    inquiries             INTEGER NOT NULL,
    escalated_at          INTEGER NOT NULL, -- when a person had to find the outcome out, which the bank has not told for so long
    PRIMARY KEY (merchant_id, payment_id, id)
) STRICT, WITHOUT ROWID;
-- The resolver's worklist, over all merchants.
CREATE INDEX operation_unresolved ON operation (next_inquiry, id) WHERE status IN ('open', 'unknown');
CREATE INDEX operation_escalated ON operation (merchant_id, id) WHERE escalated_at > 0;
-- For a rotation, which seals them anew.
CREATE INDEX operation_memo ON operation (merchant_id, id) WHERE sealed_memo IS NOT NULL;

-- What a capture or a refund moves of each item of a payment that has several, fixed
-- when it begins; items of which nothing is moved have no row.
CREATE TABLE operation_item (
    merchant_id  INTEGER NOT NULL,
    payment_id   INTEGER NOT NULL,
    operation_id INTEGER NOT NULL,
    item_id      INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (merchant_id, payment_id, operation_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE threeds_session (
    merchant_id   INTEGER NOT NULL,
    payment_id    INTEGER NOT NULL,
    key           TEXT NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 0),
    one_per_order INTEGER NOT NULL,
    success_url   TEXT NOT NULL,
    failure_url   TEXT NOT NULL,
    state         TEXT NOT NULL,
    key_hash      BLOB NOT NULL CHECK (length(key_hash) = 32),
    key_expires   INTEGER NOT NULL,
    wrong_keys    INTEGER NOT NULL CHECK (wrong_keys >= 0),
    sealed_form   BLOB NOT NULL, -- empty for none
    sealed_proof  BLOB NOT NULL, -- empty for none
    sealed_memo   BLOB, -- what the bank wants back with the payer's return, NULL for nothing
    bank_code     TEXT NOT NULL DEFAULT '', -- the bank's answer to the enrolment
    bank_message  TEXT NOT NULL DEFAULT '', -- as above
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, payment_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX threeds_session_key ON threeds_session (key);
-- What may be forgotten, oldest first. It grows at its end only.
CREATE INDEX threeds_session_secrets ON threeds_session (created_at)
    WHERE state IN ('completed', 'failed') AND length(sealed_form) + length(sealed_proof) > 0;
