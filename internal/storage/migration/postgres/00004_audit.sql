-- +goose Up

CREATE TABLE audit_record (
    merchant_id BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    action      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    address     TEXT NOT NULL, -- from where the action came; empty for the server's own
    agent       TEXT NOT NULL, -- as above
    PRIMARY KEY (merchant_id, at, id)
);
CREATE INDEX audit_record_subject ON audit_record (merchant_id, subject, at, id);

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
