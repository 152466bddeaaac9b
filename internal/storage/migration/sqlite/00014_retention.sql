-- +goose Up

-- What may be forgotten, oldest first. Both grow at their end only.
CREATE INDEX idempotency_key_created ON idempotency_key (created_at);
CREATE INDEX threeds_session_secrets ON threeds_session (created_at)
    WHERE state IN ('completed', 'failed') AND length(sealed_form) + length(sealed_proof) > 0;
