-- +goose Up

-- Searching. The card's last digits are read out of its document, so that the
-- previous binary's rows are found too.
CREATE INDEX payment_external ON payment (merchant_id, external_id, created_at, id) WHERE external_id <> '';
CREATE INDEX payment_conversation ON payment (merchant_id, conversation_id, created_at, id) WHERE conversation_id <> '';
CREATE INDEX payment_last4 ON payment (merchant_id, ((instrument::jsonb) ->> 'last4'), created_at, id);

ALTER TABLE admin_token ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE admin_token ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX admin_token_merchant ON admin_token (merchant_id, created_at, hash);
CREATE UNIQUE INDEX routing_rule_name ON routing_rule (merchant_id, name);

-- When a credential was last used; apart from it, because nobody caches this.
CREATE TABLE credential_use (
    merchant_id   BIGINT NOT NULL,
    credential_id BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, credential_id)
);

CREATE TABLE admin_user (
    merchant_id      BIGINT NOT NULL,
    id               BIGINT NOT NULL,
    version          BIGINT NOT NULL CHECK (version >= 1),
    email            TEXT NOT NULL,
    name             TEXT NOT NULL,
    role             TEXT NOT NULL,
    active           BOOLEAN NOT NULL,
    password_hash    TEXT NOT NULL, -- empty until an invitation was accepted
    invitation       BYTEA NOT NULL, -- SHA-256, empty for none
    invitation_until BIGINT NOT NULL,
    sealed_totp      BYTEA NOT NULL, -- empty for none
    totp_active      BOOLEAN NOT NULL,
    totp_step        BIGINT NOT NULL, -- of the last code that was taken
    failures         BIGINT NOT NULL, -- wrong logins in a row
    locked_until     BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX admin_user_email ON admin_user (email);
CREATE UNIQUE INDEX admin_user_invitation ON admin_user (invitation) WHERE length(invitation) > 0;

CREATE TABLE admin_session (
    hash        BYTEA NOT NULL CHECK (length(hash) = 32),
    merchant_id BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL,
    PRIMARY KEY (hash)
);
CREATE INDEX admin_session_user ON admin_session (merchant_id, user_id, id);

-- From where an action came; empty for the house's own.
ALTER TABLE audit_record ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_record ADD COLUMN agent TEXT NOT NULL DEFAULT '';

-- A block seals the records after its start and up to its end, by time and id.
CREATE TABLE audit_block (
    merchant_id BIGINT NOT NULL,
    number      BIGINT NOT NULL CHECK (number >= 1),
    from_at     BIGINT NOT NULL,
    from_id     BIGINT NOT NULL,
    until_at    BIGINT NOT NULL,
    until_id    BIGINT NOT NULL,
    records     BIGINT NOT NULL CHECK (records >= 1),
    hash        BYTEA NOT NULL CHECK (length(hash) = 32),
    sealed_at   BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, number)
);
