// Package pos knows a merchant's virtual POS accounts and keeps an open
// connector for each, behind a circuit breaker and a bulkhead of its own.
package pos

import (
	"slices"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/vault"
)

// SettingsSubject is what the settings are sealed for: the POS's row, and the connector
// that they are for.
func (p POS) SettingsSubject() vault.Subject {
	return vault.Subject{MerchantID: p.MerchantID, Purpose: vault.PurposePOS, ID: int64(p.ID), Bound: p.Connector}
}

// Status says what a POS is used for.
type Status string

// The statuses.
const (
	Active     Status = "active"
	RefundOnly Status = "refund_only"
	Disabled   Status = "disabled"
)

// POS is a merchant's virtual POS account at a bank.
type POS struct {
	ID         id.POS
	MerchantID id.Merchant
	Alias      string
	Name       string
	// BankCode is the bank's EFT code; empty for an institution that is no bank.
	BankCode  string
	Connector string
	// SealedSettings are the connector's settings as JSON, sealed by the vault.
	SealedSettings []byte
	Status         Status
	// Priority orders POSes where nothing else does; lower goes first.
	Priority   int
	Currencies []money.Currency
	// Programs are the card families that are "on us" here.
	Programs []string
	// AcceptsDomestic and AcceptsForeign say which cards may come here. A card
	// whose BIN is unknown may be either.
	AcceptsDomestic bool
	AcceptsForeign  bool
	// ThreeDS says which cards are charged here with 3-D Secure alone.
	ThreeDS ThreeDS
	// Timeout bounds one request to the bank.
	Timeout time.Duration
	// CaptureWindow is how long a pre-authorization may be captured.
	CaptureWindow time.Duration
	// Used says that a payment has gone here: then the Connector stays, because the
	// bank must be asked about the payment in the words in which it was told.
	Used bool
	// Version counts changes of this row, for compare-and-set and for caches. Being used
	// is none of them.
	Version int
}

// Takes reports whether payments in the currency may be sent to the POS at all.
func (p POS) Takes(c money.Currency) bool {
	return p.Status == Active && slices.Contains(p.Currencies, c)
}

// OnUs reports whether the card's program is one of this POS.
func (p POS) OnUs(info *bin.Info) bool {
	return info != nil && info.Program != "" && slices.Contains(p.Programs, info.Program)
}
