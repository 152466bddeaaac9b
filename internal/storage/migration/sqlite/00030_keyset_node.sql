-- +goose Up

-- Which server a node is, for people. A binary from before names neither.
ALTER TABLE keyset_node ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE keyset_node ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE keyset_node ADD COLUMN started_at INTEGER NOT NULL DEFAULT 0;
