-- +goose Up

-- Tells every node that listens of a new configuration version, in the commit
-- that makes it, whichever binary commits. NOTIFY takes a lock of the whole
-- server until the commit is done, so nothing that payments write has one.
-- +goose StatementBegin
CREATE FUNCTION tell_config() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('vezne_config', '');
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER config_version_told AFTER UPDATE ON config_version FOR EACH STATEMENT EXECUTE FUNCTION tell_config();
