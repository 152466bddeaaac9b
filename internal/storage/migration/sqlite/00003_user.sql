-- +goose Up

-- Tokens and sessions are found by the hash of what the caller shows, which tells
-- whose they are.

CREATE TABLE admin_token (
    merchant_id INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER NOT NULL,
    PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_token_merchant ON admin_token (merchant_id, created_at, hash);

CREATE TABLE admin_user (
    merchant_id      INTEGER NOT NULL,
    id               INTEGER NOT NULL,
    version          INTEGER NOT NULL CHECK (version >= 1),
    email            TEXT NOT NULL,
    name             TEXT NOT NULL,
    role             TEXT NOT NULL,
    active           INTEGER NOT NULL,
    password_hash    TEXT NOT NULL, -- empty until an invitation was accepted
    invitation       BLOB NOT NULL, -- SHA-256, empty for none
    invitation_until INTEGER NOT NULL,
    sealed_totp      BLOB NOT NULL, -- empty for none
    totp_active      INTEGER NOT NULL,
    totp_step        INTEGER NOT NULL, -- of the last code that was taken
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX admin_user_email ON admin_user (email);
CREATE UNIQUE INDEX admin_user_invitation ON admin_user (invitation) WHERE length(invitation) > 0;

CREATE TABLE admin_session (
    merchant_id INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    id          INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL,
    PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_session_user ON admin_session (merchant_id, user_id, id);

-- Where people were let in from: an address, or the network of one of IPv6.
CREATE TABLE admin_source (
    merchant_id INTEGER NOT NULL,
    user_id     INTEGER NOT NULL,
    source      TEXT NOT NULL,
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, user_id, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_source_seen ON admin_source (seen_at);
