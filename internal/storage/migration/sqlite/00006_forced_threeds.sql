-- +goose Up

-- Which cards are charged with 3-D Secure alone: optional (none), debit, all.
ALTER TABLE pos ADD COLUMN three_ds TEXT NOT NULL DEFAULT 'optional';
ALTER TABLE merchant ADD COLUMN three_ds TEXT NOT NULL DEFAULT 'optional';
ALTER TABLE routing_rule ADD COLUMN requires_3ds INTEGER NOT NULL DEFAULT 0;
