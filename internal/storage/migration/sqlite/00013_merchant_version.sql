-- +goose Up

-- Grows with every change of the settings, so that no edit is lost to another.
ALTER TABLE merchant ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
