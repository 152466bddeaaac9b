-- +goose Up

CREATE TABLE webhook_endpoint (
    merchant_id     BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    version         BIGINT NOT NULL CHECK (version >= 1),
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    events          TEXT NOT NULL, -- patterns, a JSON array
    state           TEXT NOT NULL,
    sealed_secret   BYTEA NOT NULL,
    sealed_previous BYTEA NOT NULL, -- empty for none
    previous_until  BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE TABLE webhook_delivery (
    merchant_id   BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    version       BIGINT NOT NULL CHECK (version >= 1),
    endpoint_id   BIGINT NOT NULL,
    event_id      BIGINT NOT NULL,
    type          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    data          TEXT NOT NULL,
    occurred_at   BIGINT NOT NULL,
    redelivery_of BIGINT NOT NULL,
    status        TEXT NOT NULL,
    attempts      BIGINT NOT NULL CHECK (attempts >= 0),
    http_status   BIGINT NOT NULL,
    failure       TEXT NOT NULL,
    duration      BIGINT NOT NULL, -- microseconds
    answer        TEXT NOT NULL,
    attempted_at  BIGINT NOT NULL,
    next_attempt  BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);
-- An event goes to an endpoint once, unless somebody asks for it again.
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (merchant_id, event_id, endpoint_id) WHERE redelivery_of = 0;
CREATE INDEX webhook_delivery_created ON webhook_delivery (merchant_id, created_at, id);
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (merchant_id, endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_subject ON webhook_delivery (merchant_id, subject, created_at, id);
CREATE INDEX webhook_delivery_failed ON webhook_delivery (merchant_id, created_at, id) WHERE status = 'failed';
