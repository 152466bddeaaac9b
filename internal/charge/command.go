package charge

import (
	"net/netip"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// Pay asks for a sale or a pre-authorization. Values are already parsed; rules
// about money, state and permission are checked by Service.
type Pay struct {
	payment.Caller
	Phase payment.Phase
	Group payment.Group
	// OrderRef is the merchant's order number. With OnePerOrder at most one
	// payment of the order is ever charged.
	OrderRef       string
	OnePerOrder    bool
	ConversationID string
	ExternalID     string
	Channel        string
	CustomerRef    string
	BuyerID        id.Member

	Price money.Amount
	// Paid is what the payer shall be charged; the zero Amount lets the plan
	// price it by InterestPayer.
	Paid money.Amount
	// ExpectedTotal is the total that the payer was shown and agreed to; the zero Amount
	// if nobody says. Any other is refused before a bank is asked.
	ExpectedTotal money.Amount
	// Wallet is the part of it that the wallet of BuyerID pays. If that is all, there
	// is no Card, and no bank is asked.
	Wallet        money.Amount
	Installments  int
	InterestPayer installment.InterestPayer
	Items         []ItemRequest // none means one item of the whole price

	Card     card.Card
	POSAlias string
	// NoFailover keeps a declined payment from being tried at another POS.
	NoFailover bool
	ClientIP   netip.Addr
}

// ItemRequest is a basket line as it was asked for.
type ItemRequest struct {
	Name             string
	ExternalID       string
	Price            money.Amount
	SubMerchantID    id.Member
	SubMerchantPrice money.Amount
}

// byWallet reports whether a wallet shall pay everything, so that no bank is asked.
func (c Pay) byWallet() bool { return c.Wallet.IsPositive() && c.Wallet == c.total() }

// total is what the payer shall be charged, as far as the command says so.
func (c Pay) total() money.Amount {
	if c.Paid.IsZero() {
		return c.Price
	}
	return c.Paid
}

// Capture asks to take all or part of an authorized amount; the zero Amount means
// what Items come to, or all of it.
type Capture struct {
	payment.Caller
	PaymentID id.UUID
	Amount    money.Amount
	// Items is how much of which items is taken; the zero Amount means all of an item.
	// None leaves it to what each costs.
	Items []payment.ItemAmount
	// Above is how much above the hold the surface lets be captured, in percent of the
	// hold, if its bank does; zero is nothing.
	Above money.Rate
}

// Void asks to undo a payment as a whole.
type Void struct {
	payment.Caller
	PaymentID id.UUID
}

// Refund asks to give captured money back; the zero Amount means what Items come to,
// or all that is left.
type Refund struct {
	payment.Caller
	PaymentID id.UUID
	Amount    money.Amount
	// Items is how much of which items is given back; the zero Amount means all that is
	// left of an item. None leaves it to what is left of each.
	Items []payment.ItemAmount
}
