// Package id defines the identities of things: numeric ids, one type per noun
// so that they cannot be mixed up, public UUIDs, and the references that banks
// see. Numeric ids come from blocks reserved in the database and stay below
// 2^53, the largest integer that every JSON client reads exactly.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Max is the largest numeric id, 2^53 - 1 (RFC 8259, section 6).
const Max = 1<<53 - 1

// Numeric ids, one type per noun.
type (
	// Merchant identifies a tenant.
	Merchant int64
	// Credential identifies an API key of a merchant.
	Credential int64
	// POS identifies a virtual POS account.
	POS int64
	// Plan identifies an installment offer of a POS.
	Plan int64
	// Rule identifies a routing rule.
	Rule int64
	// Payment identifies a payment inside and on the orchestration API.
	Payment int64
	// Item identifies a basket line of a payment.
	Item int64
	// Operation identifies one request to a bank.
	Operation int64
	// Posting identifies a posting of the ledger.
	Posting int64
	// Job identifies an entry of the outbox.
	Job int64
	// AuditRecord identifies a row of the audit log.
	AuditRecord int64
	// Card identifies a stored card.
	Card int64
	// User identifies a person of a merchant's team.
	User int64
	// AdminSession identifies a login of a User.
	AdminSession int64
	// Member identifies a buyer or sub-merchant.
	Member int64
	// Endpoint identifies an address of a merchant that takes webhooks.
	Endpoint int64
	// Delivery identifies one event on its way to one endpoint.
	Delivery int64
)

// UUID is the public identity of a payment, RFC 9562.
type UUID [16]byte

// NewUUID returns a version 7 UUID: ordered by time, 74 random bits.
func NewUUID() UUID { return UUID(uuid.Must(uuid.NewV7())) }

// NewSecretUUID returns a version 4 UUID: 122 random bits, for what whoever knows
// its name may see.
func NewSecretUUID() UUID { return UUID(uuid.New()) }

// ParseUUID reads the canonical 36-character form and no other.
func ParseUUID(s string) (UUID, error) {
	if len(s) != 36 {
		return UUID{}, fmt.Errorf("parse uuid: %d characters, want 36", len(s))
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return UUID{}, fmt.Errorf("parse uuid: %w", err)
	}
	return UUID(u), nil
}

// String returns the canonical lower-case form.
func (u UUID) String() string { return uuid.UUID(u).String() }

// IsZero reports whether u is the zero UUID.
func (u UUID) IsZero() bool { return u == UUID{} }

// crockford is Crockford's base 32 alphabet: no letter that reads like a digit.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewReference returns an order reference for a bank: 20 characters of 0-9 and
// A-Z, which is what the narrowest protocol takes. 48 bits of Unix milliseconds
// keep references sortable and 52 random bits keep them unique across nodes.
func NewReference(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:13]) // crypto/rand.Read never fails since Go 1.24
	return crockford.EncodeToString(b[:13])[:20]
}
