// Package bin tells what is known about a card from its leading digits: the
// issuing bank, scheme, type, program, and whether it is commercial or domestic.
package bin

import (
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
)

// Shared is the owner of the rows that count for all merchants. They are the
// operator's: no merchant changes what another one is told of a card.
const Shared id.Merchant = 0

// Info is one row of the BIN table.
type Info struct {
	// MerchantID is whose row it is: Shared, or the merchant for whom alone it counts.
	MerchantID id.Merchant
	// Prefix is 6 to 8 leading digits; the longest matching prefix wins.
	Prefix string
	// BankCode is the bank's EFT code (four digits), empty for a foreign bank.
	BankCode string
	Bank     string
	Scheme   card.Scheme
	Type     card.Type
	// Program is the card family whose installments apply (Bonus, World, ...),
	// empty when the card belongs to none.
	Program string
	// Brand is the product name on the card; it may be no program at all.
	Brand      string
	Commercial bool
	// Domestic says that the card was issued in Turkey.
	Domestic bool
}
