package connector

import (
	"net/netip"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/money"
)

// Charge is a sale or a pre-authorization. Kind, Reference, Amount, Installments
// and, outside of 3-D Secure's return, Card or Token are always there; everything
// else is what the caller happens to know, and a connector works without it.
type Charge struct {
	Kind Kind // Sale or Authorize
	// Reference is ours: 20 characters of 0-9 and A-Z, of this request alone.
	Reference string
	// Order is the merchant's own order number. Several charges may share it.
	Order string
	// Amount is what the payer pays in all: by card, with points, and with the
	// interest of installments.
	Amount money.Amount
	// Price is Amount without the interest of installments, for protocols that
	// want both (iyzico price, Param Islem_Tutar). Zero is the same as Amount.
	Price        money.Amount
	Installments int // 1 is a single payment
	Card         card.Card
	// Token is a card that the bank keeps, in place of Card; see Tokenizer.
	Token    CardToken
	ClientIP netip.Addr
	// MOTO says that the card was told by mail or telephone.
	MOTO bool
	// Campaign is the bank's code of a campaign that the payer chose, such as an
	// extra installment (PosNet koiCode).
	Campaign string
	// Points are paid with, as part of Amount.
	Points []PointsUse
	Buyer  *Buyer
	// Items are the basket's lines; their amounts add up to Price.
	Items []Item
	// SubMerchant is who sells, where the POS is a marketplace's.
	SubMerchant *SubMerchant
}

// Buyer is who pays. Every member may be empty.
type Buyer struct {
	ID       string // the merchant's
	Name     string
	Surname  string
	Email    string
	Phone    string // E.164: +905551234567
	Identity string // national identity number
	Billing  Address
	Shipping Address
}

// Address is a postal address.
type Address struct {
	Contact string
	Lines   string // street and house
	City    string
	State   string // ISO 3166-2 without the country, such as a Turkish plate code
	ZIP     string
	Country string // ISO 3166-1, two letters
}

// Item is a line of a basket.
type Item struct {
	ID       string // the merchant's
	Name     string
	Category string
	Virtual  bool // nothing is shipped
	Amount   money.Amount
	// SubMerchant is the bank's id of who sells it, and Share what is due to them.
	SubMerchant string
	Share       money.Amount
}

// SubMerchant is a marketplace's seller as its bank wants to know of it.
type SubMerchant struct {
	ID       string // the bank's
	Name     string
	Category string // merchant category code, four digits
	TaxID    string // of a company
	Identity string // of a person
}

// PointType is a bank's own name of a kind of points, empty for the bank's main one.
type PointType string

// PointsUse is how much of a charge is paid with one kind of points.
type PointsUse struct {
	Type   PointType
	Amount money.Amount
}

// CardToken stands for a card that a bank keeps. Neither part is a secret by
// itself, and both are worth nothing at another POS account.
type CardToken struct {
	User string // the bank's id of the card's owner; empty where it has none
	Card string
}

// IsZero reports whether there is no token.
func (t CardToken) IsZero() bool { return t == CardToken{} }
