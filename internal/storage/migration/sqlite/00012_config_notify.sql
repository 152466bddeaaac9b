-- +goose Up

-- One process holds a SQLite file and knows its own changes: nobody is to be told.
SELECT 1;
