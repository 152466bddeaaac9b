-- +goose Up

-- Searching by what few payments or many may share. A payment comes into these
-- indexes when it leaves pending, so that each costs a payment one entry instead
-- of two; pending ones are found by their state.
CREATE INDEX payment_pos ON payment (merchant_id, pos_alias, created_at, id) WHERE state <> 'pending';
CREATE INDEX payment_bin ON payment (merchant_id, substr(instrument ->> 'bin', 1, 6), created_at, id) WHERE state <> 'pending';
CREATE INDEX payment_paid ON payment (merchant_id, currency, paid) WHERE state <> 'pending';
CREATE INDEX payment_reason ON payment (merchant_id, result_reason, created_at, id)
    WHERE result_reason <> 'SUCCESS' AND result_reason <> 'RESULT_UNKNOWN';
