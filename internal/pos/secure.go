package pos

import (
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
)

// ThreeDS says which cards are charged only after their payer was authenticated
// with 3-D Secure. A POS has one, and so has a merchant for all of its POSes. The
// zero value forces nothing.
type ThreeDS string

// What may be forced.
const (
	// ThreeDSOptional forces nothing; a bank may still ask for it.
	ThreeDSOptional ThreeDS = "optional"
	// ThreeDSDebit forces it for debit cards. A card whose BIN is unknown is not
	// known to be one.
	ThreeDSDebit ThreeDS = "debit"
	// ThreeDSAll forces it for every card.
	ThreeDSAll ThreeDS = "all"
)

// Valid reports whether the value is one of those that may be set.
func (t ThreeDS) Valid() bool { return t == ThreeDSOptional || t == ThreeDSDebit || t == ThreeDSAll }

// Requires returns why a card is not charged without 3-D Secure, empty if it may
// be; info is nil for an unknown BIN.
func (t ThreeDS) Requires(info *bin.Info) connector.Reason {
	switch {
	case t == ThreeDSAll:
		return connector.Requires3DS
	case t == ThreeDSDebit && info != nil && info.Type == card.Debit:
		return connector.DebitCardsRequires3DS
	}
	return ""
}
