package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

const (
	sessionColumns = `merchant_id, payment_id, key, version, one_per_order, success_url, failure_url, state,
	key_hash, key_expires, wrong_keys, sealed_form, sealed_proof, created_at, expires_at`

	insertSession = `INSERT INTO threeds_session (` + sessionColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

	updateSession = `UPDATE threeds_session SET version = CAST($3 AS BIGINT) + 1, state = $4, key_hash = $5, key_expires = $6,
		wrong_keys = $7, sealed_form = $8, sealed_proof = $9
	WHERE merchant_id = $1 AND payment_id = $2 AND version = $3`

	sessionByKey     = `SELECT ` + sessionColumns + ` FROM threeds_session WHERE key = $1`
	sessionOfPayment = `SELECT ` + sessionColumns + ` FROM threeds_session WHERE merchant_id = $1 AND payment_id = $2`
)

// InsertSession implements payment.Tx.
func (t *tx) InsertSession(s payment.Session) {
	t.add(insertSession, int64(s.MerchantID), int64(s.PaymentID), s.Key, int64(s.Version), s.OnePerOrder, s.SuccessURL, s.FailureURL,
		string(s.State), s.KeyHash[:], micros(s.KeyExpires), int64(s.WrongKeys), notNil(s.SealedForm), notNil(s.SealedProof),
		micros(s.CreatedAt), micros(s.ExpiresAt))
}

// SaveSession implements payment.Tx. What identifies a session and where it leads
// never changes and is not stored again.
func (t *tx) SaveSession(s payment.Session) {
	t.batch = append(t.batch, storage.Statement{
		SQL: updateSession,
		Args: []any{
			int64(s.MerchantID), int64(s.PaymentID), int64(s.Version), string(s.State), s.KeyHash[:], micros(s.KeyExpires),
			int64(s.WrongKeys), notNil(s.SealedForm), notNil(s.SealedProof),
		},
		Rows: 1, Missed: fault.StaleVersion,
	})
}

// Session implements payment.Sessions.
func (p *Payments) Session(ctx context.Context, key string) (payment.Session, error) {
	found, err := one(ctx, p.db, readSession, sessionByKey, key)
	if err != nil {
		return found, fmt.Errorf("3-D Secure session: %w", err)
	}
	return found, nil
}

// SessionOf implements payment.Sessions.
func (p *Payments) SessionOf(ctx context.Context, m id.Merchant, n id.Payment) (payment.Session, error) {
	found, err := one(ctx, p.db, readSession, sessionOfPayment, int64(m), int64(n))
	if err != nil {
		return found, fmt.Errorf("3-D Secure session of payment %d: %w", n, err)
	}
	return found, nil
}

func readSession(row storage.Scanner) (payment.Session, error) {
	var merchantID, paymentID, version, keyExpires, wrongKeys, createdAt, expiresAt int64
	var s payment.Session
	var state string
	var hash, form, proof []byte
	err := row.Scan(&merchantID, &paymentID, &s.Key, &version, &s.OnePerOrder, &s.SuccessURL, &s.FailureURL, &state,
		&hash, &keyExpires, &wrongKeys, &form, &proof, &createdAt, &expiresAt)
	if err != nil {
		return s, err
	}
	s.MerchantID, s.PaymentID, s.Version = id.Merchant(merchantID), id.Payment(paymentID), int(version)
	s.State, s.KeyExpires, s.WrongKeys = payment.SessionState(state), timeOf(keyExpires), int(wrongKeys)
	copy(s.KeyHash[:], hash)
	if len(form) > 0 {
		s.SealedForm = form
	}
	if len(proof) > 0 {
		s.SealedProof = proof
	}
	s.CreatedAt, s.ExpiresAt = timeOf(createdAt), timeOf(expiresAt)
	return s, nil
}
