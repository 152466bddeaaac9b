-- +goose Up

-- Each grows with every change of its row, so that no edit is lost to another. A
-- binary from before neither names nor counts them.
ALTER TABLE plan ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE routing_rule ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE credential ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
