package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// What identifies a session and where it leads never change and are stored once.
var sessionTable = newTable(&table[payment.Session]{
	name: "threeds_session",
	keys: []column[payment.Session]{
		number("merchant_id", func(s *payment.Session) *id.Merchant { return &s.MerchantID }),
		number("payment_id", func(s *payment.Session) *id.Payment { return &s.PaymentID }),
	},
	version: func(s *payment.Session) *int { return &s.Version },
	changing: []column[payment.Session]{
		text("state", func(s *payment.Session) *payment.SessionState { return &s.State }),
		hash("key_hash", func(s *payment.Session) *[32]byte { return &s.KeyHash }),
		moment("key_expires", func(s *payment.Session) *time.Time { return &s.KeyExpires }),
		number("wrong_keys", func(s *payment.Session) *int { return &s.WrongKeys }),
		blob("sealed_form", func(s *payment.Session) *[]byte { return &s.SealedForm }),
		blob("sealed_proof", func(s *payment.Session) *[]byte { return &s.SealedProof }),
		optionalBlob("sealed_memo", func(s *payment.Session) *[]byte { return &s.SealedMemo }),
		text("bank_code", func(s *payment.Session) *string { return &s.BankCode }),
		text("bank_message", func(s *payment.Session) *string { return &s.BankMessage }),
	},
	fixed: []column[payment.Session]{
		text("key", func(s *payment.Session) *string { return &s.Key }),
		flag("one_per_order", func(s *payment.Session) *bool { return &s.OnePerOrder }),
		text("success_url", func(s *payment.Session) *string { return &s.SuccessURL }),
		text("failure_url", func(s *payment.Session) *string { return &s.FailureURL }),
		moment("created_at", func(s *payment.Session) *time.Time { return &s.CreatedAt }),
		moment("expires_at", func(s *payment.Session) *time.Time { return &s.ExpiresAt }),
	},
})

var (
	insertSession = sessionTable.insertion()
	updateSession = sessionTable.update()

	sessionByKey     = sessionTable.selecting("WHERE key = $1")
	sessionOfPayment = sessionTable.selecting("WHERE merchant_id = $1 AND payment_id = $2")
)

// InsertSession implements payment.Tx.
func (t *tx) InsertSession(s payment.Session) { t.add(insertSession, sessionTable.inserting(s)...) }

// SaveSession implements payment.Tx.
func (t *tx) SaveSession(s payment.Session) { t.expect(updateSession, sessionTable.updating(s)...) }

// Session implements payment.Sessions.
func (p *Payments) Session(ctx context.Context, key string) (payment.Session, error) {
	found, err := one(ctx, p.db, sessionTable.reader(), sessionByKey, key)
	if err != nil {
		return found, fmt.Errorf("3-D Secure session: %w", err)
	}
	return found, nil
}

// SessionOf implements payment.Sessions.
func (p *Payments) SessionOf(ctx context.Context, m id.Merchant, n id.Payment) (payment.Session, error) {
	found, err := one(ctx, p.db, sessionTable.reader(), sessionOfPayment, int64(m), int64(n))
	if err != nil {
		return found, fmt.Errorf("3-D Secure session of payment %d: %w", n, err)
	}
	return found, nil
}
