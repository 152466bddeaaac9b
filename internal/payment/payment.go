// Package payment is the ground on which payments stand: what a payment, its items,
// its operations at banks and its 3-D Secure sessions are, what the outcome of an
// operation makes of them, and what is booked for it. It decides and never asks:
// no bank, no clock, no database. The rooms above it (operation, charge, threeds)
// do, and keep what they decide in the stores that it declares.
package payment

import (
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

// State is where a payment is in its life; docs/payment-states.md draws it.
type State string

// The states.
const (
	// Pending: a bank was or is being asked, and its answer is not known yet.
	Pending State = "pending"
	// Enrolled: the payer is being authenticated; nothing was charged.
	Enrolled State = "enrolled"
	// Authenticated: the payer was authenticated; nothing was charged.
	Authenticated State = "authenticated"
	// Authorized: the amount is held on the card.
	Authorized State = "authorized"
	// Captured: the money was taken.
	Captured State = "captured"
	// PartiallyRefunded: some of the captured money was given back.
	PartiallyRefunded State = "partially_refunded"
	// Refunded: all captured money was given back.
	Refunded State = "refunded"
	// Voided: the sale or the hold was undone as a whole.
	Voided State = "voided"
	// Declined: no bank approved it.
	Declined State = "declined"
	// Expired: a hold or an authentication ended unused.
	Expired State = "expired"
)

// States returns every state.
func States() []State {
	return []State{
		Pending, Enrolled, Authenticated, Authorized, Captured, PartiallyRefunded, Refunded, Voided, Declined, Expired,
	}
}

// Phase is whether a payment takes money at once or holds it first.
type Phase string

// The phases.
const (
	PhaseSale             Phase = "sale"
	PhasePreAuthorization Phase = "pre_authorization"
)

// Group is what is being paid for, as the orchestration API tells them apart.
type Group string

// The groups.
const (
	GroupProduct      Group = "product"
	GroupSubscription Group = "listing_or_subscription"
)

// Surface is the door through which a payment came.
type Surface string

// The doors.
const (
	SurfaceGateway       Surface = "gateway"
	SurfaceOrchestration Surface = "orchestration"
	SurfaceStorefront    Surface = "storefront"
	SurfaceCheckout      Surface = "checkout" // the hosted page
	SurfaceAdmin         Surface = "admin"    // follows payments up, and begins none
)

// Payment is what a merchant asked to be paid and what became of it.
type Payment struct {
	ID         id.Payment
	UUID       id.UUID
	MerchantID id.Merchant
	// Version counts changes; every change is a compare-and-set on it.
	Version int
	Surface Surface
	Phase   Phase
	Group   Group
	State   State

	// OrderRef is the merchant's own order number. HoldsOrder is set while this
	// payment is the one that may be or was charged for it: of all payments of a
	// merchant with the same OrderRef at most one holds the order.
	OrderRef   string
	HoldsOrder bool
	// ThreeDS says that the payer is authenticated before anything is charged.
	ThreeDS bool

	ConversationID string
	ExternalID     string
	Channel        string
	CustomerRef    string
	BuyerID        id.Member

	// Price is the basket total; Paid is what the payer is charged, interest and
	// the wallet part included; Wallet is the part taken from the wallet of BuyerID.
	Price         money.Amount
	Paid          money.Amount
	Wallet        money.Amount
	Installments  int
	InterestPayer installment.InterestPayer
	// CustomerRate, CommissionRate and Commission are those of the plan used at
	// the POS that approved, or at the one tried last.
	CustomerRate   money.Rate
	CommissionRate money.Rate
	Commission     money.Amount

	// Authorized, Captured and Refunded are sums that the bank approved, or that were
	// taken from a wallet that pays everything; Refunding is reserved by refunds whose
	// answer is not known yet.
	Authorized money.Amount
	Captured   money.Amount
	Refunded   money.Amount
	Refunding  money.Amount
	// CaptureLimit is how much the bank lets be captured of a hold, by its Rules when
	// it granted the hold: what was authorized, or more; zero without a hold. Paid
	// stays what was agreed then, whatever is captured.
	CaptureLimit money.Amount
	// OpenAsk is the capture or void in progress, zero if there is none.
	OpenAsk id.Operation
	// Unclear says of a payment that ended without money that its bank may hold some
	// all the same: the bank is asked, and what it holds is undone. Until then nobody is
	// told that nothing was taken.
	Unclear bool

	Card              Instrument
	RequestedPOSAlias string
	POSID             id.POS
	POSAlias          string
	// Routing is the recorded decision: "why this POS".
	Routing routing.Decision
	// Result is the answer to the payment itself; follow-ups have their own.
	Result Result

	ClientIP  netip.Addr
	CreatedAt time.Time
	UpdatedAt time.Time
	Items     []Item
}

// MarkChanged notes when the payment was changed: at the time given, but after the
// change before. Nodes whose clocks differ, or whose clock was put back, so agree
// on the order of changes, and with it on that of events.
func (p *Payment) MarkChanged(at time.Time) {
	if earliest := p.UpdatedAt.Add(time.Microsecond); at.Before(earliest) {
		at = earliest
	}
	p.UpdatedAt = at
}

// Instrument is what is remembered of the card that was used.
type Instrument struct {
	Masked string // first six, stars, last four
	BIN    string // leading digits, as many as may stand beside Last4
	Last4  string
	Holder string
	// Fingerprint is a keyed hash that tells equal cards of one merchant.
	Fingerprint string
	Bank        string
	Scheme      card.Scheme
	Type        card.Type
	Program     string
	Brand       string
	Commercial  bool
	// Known says whether the BIN was found; Domestic means nothing without it.
	Known    bool
	Domestic bool
	// CardID is the stored card that was charged, zero for a typed one.
	CardID id.Card
}
