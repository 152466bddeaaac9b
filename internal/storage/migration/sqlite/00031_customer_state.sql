-- +goose Up

-- A customer's payments are read state by state, so that those in a rare state are
-- found without reading the others.
CREATE INDEX payment_customer_state ON payment (merchant_id, customer_ref, state, created_at, id) WHERE customer_ref <> '';
DROP INDEX payment_customer;
