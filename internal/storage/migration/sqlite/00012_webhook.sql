-- +goose Up

CREATE TABLE webhook_endpoint (
    merchant_id     INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    version         INTEGER NOT NULL CHECK (version >= 1),
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    events          TEXT NOT NULL, -- patterns, a JSON array
    state           TEXT NOT NULL,
    sealed_secret   BLOB NOT NULL,
    sealed_previous BLOB NOT NULL, -- empty for none
    previous_until  INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_delivery (
    merchant_id   INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 1),
    endpoint_id   INTEGER NOT NULL,
    event_id      INTEGER NOT NULL,
    type          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    data          TEXT NOT NULL,
    occurred_at   INTEGER NOT NULL,
    redelivery_of INTEGER NOT NULL,
    status        TEXT NOT NULL,
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),
    http_status   INTEGER NOT NULL,
    failure       TEXT NOT NULL,
    duration      INTEGER NOT NULL, -- microseconds
    answer        TEXT NOT NULL,
    attempted_at  INTEGER NOT NULL,
    next_attempt  INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;
-- An event goes to an endpoint once, unless somebody asks for it again.
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (merchant_id, event_id, endpoint_id) WHERE redelivery_of = 0;
CREATE INDEX webhook_delivery_created ON webhook_delivery (merchant_id, created_at, id);
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (merchant_id, endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_subject ON webhook_delivery (merchant_id, subject, created_at, id);
CREATE INDEX webhook_delivery_failed ON webhook_delivery (merchant_id, created_at, id) WHERE status = 'failed';
