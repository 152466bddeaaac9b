-- +goose Up

-- Operations of which a bank has not told the outcome for so long that a person
-- has to find it out; zero for all others.
ALTER TABLE operation ADD COLUMN escalated_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX operation_escalated ON operation (merchant_id, id) WHERE escalated_at > 0;
