-- +goose Up

-- The outbox. A job that is done is deleted.
CREATE TABLE job (
    merchant_id  INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    state        TEXT NOT NULL,
    run_at       INTEGER NOT NULL,
    leases       INTEGER NOT NULL, -- how often a node took it
    failures     INTEGER NOT NULL, -- how often it failed
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
