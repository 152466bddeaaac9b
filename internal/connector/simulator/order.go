package simulator

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// maxInstallments is the most that a card scheme lets a shop offer.
const maxInstallments = 36

// Order is a request that moves money, as a bank has read it.
type Order struct {
	Terminal string
	// Reference is the shop's. A terminal uses one once; follow-ups have none at
	// banks that give them none.
	Reference string
	Kind      connector.Kind
	// Amount may be zero for a void, which is of the original's amount then.
	Amount       money.Amount
	Installments int
	// Original is the Number of the booking that a follow-up is about; zero for one
	// that the bank does not find.
	Original int
}

// CardData is the card of a sale, a pre-authorization or an enrolment. The bank
// keeps nothing of it but the last four digits.
type CardData struct {
	Number string
	Expiry string // YYMM
	CVV    string // may be empty: a stored card is charged without one
}

// Booking is what a bank decided about an order.
type Booking struct {
	Order Order
	// Number counts bookings from 1, declined ones too. It is zero if nothing was
	// booked: the order was malformed, or its reference is another's.
	Number int
	// Decline is why the order is refused; empty for an approval.
	Decline  connector.Reason
	Reversed bool // it was approved, and voided since
	At       time.Time
	Last4    string
	// Captured and Refunded are what was taken from the card and given back by now,
	// for the sale or the hold that this is about; Settled is whether the day on
	// which it was taken has ended.
	Captured money.Amount
	Refunded money.Amount
	Settled  bool

	position uint64
}

// IsZero reports whether there is no booking.
func (b Booking) IsZero() bool { return b.Number == 0 && b.Decline == "" }

// Approved reports whether the order was carried out.
func (b Booking) Approved() bool { return b.Number > 0 && b.Decline == "" }

// RRN is the booking's retrieval reference number, 12 digits (ISO 8583, field 37).
func (b Booking) RRN() string { return strconv.Itoa(600_000_000_000 + b.Number) }

// AuthCode is the booking's authorization code, 6 digits (ISO 8583, field 38),
// which banks let repeat: 611953 is prime, so 900,000 codes pass before one does.
func (b Booking) AuthCode() string { return strconv.Itoa(100_000 + b.Number*611_953%900_000) }

// Authorize books a sale or a pre-authorization of a card, or says why not.
func (b *Bank) Authorize(o Order, c CardData) (Booking, error) {
	now := b.clock.Now()
	if !wellFormed(o) || isFollowUp(o.Kind) {
		return malformed(o), nil
	}
	known, listed := b.cards[c.Number]
	e := entry{order: o, at: now, last4: last4(c.Number), captureFails: known.Capture, reverseFails: known.Reverse}
	e.decline = declineOf(o.Kind, c, known, listed, now)
	return b.synced(b.books.charge(e))
}

// FollowUp books a capture, a void or a refund, or says why not.
func (b *Bank) FollowUp(o Order) (Booking, error) {
	if !wellFormed(o) || !isFollowUp(o.Kind) {
		return malformed(o), nil
	}
	return b.synced(b.books.followUp(entry{order: o, at: b.clock.Now()}))
}

// Find returns the booking of a terminal's reference; it is zero if there is none.
func (b *Bank) Find(terminal, reference string) (Booking, error) {
	booking, position := b.books.find(terminal, reference)
	return booking, b.books.journal.Sync(position)
}

// At returns a terminal's booking by its number; it is zero if there is none.
func (b *Bank) At(terminal string, number int) (Booking, error) {
	booking, position := b.books.at(terminal, number)
	return booking, b.books.journal.Sync(position)
}

// About returns all that was decided about a sale or a hold since, oldest first.
func (b *Bank) About(terminal string, number int) ([]Booking, error) {
	all, position := b.books.about(terminal, number)
	return all, b.books.journal.Sync(position)
}

// synced returns a booking once it is in the file.
func (b *Bank) synced(booking Booking) (Booking, error) {
	return booking, b.books.journal.Sync(booking.position)
}

func malformed(o Order) Booking { return Booking{Order: o, Decline: connector.InputData} }

func isFollowUp(k connector.Kind) bool {
	return k == connector.Capture || k == connector.Void || k == connector.Refund
}

// wellFormed checks form only; everything about cards and sums has a reason of
// its own.
func wellFormed(o Order) bool {
	if !utf8.ValidString(o.Terminal) || !utf8.ValidString(o.Reference) || (o.Reference == "" && !isFollowUp(o.Kind)) {
		return false
	}
	if o.Kind == connector.Void && o.Amount.IsZero() {
		return true
	}
	known := isFollowUp(o.Kind) || o.Kind == connector.Sale || o.Kind == connector.Authorize
	return known && o.Amount.IsPositive() && o.Amount.Currency().Valid() && o.Installments >= 0 && o.Installments <= maxInstallments
}

func declineOf(k connector.Kind, c CardData, known TestCard, listed bool, now time.Time) connector.Reason {
	switch {
	case !listed:
		return connector.CardNotPermitted
	case k == connector.Sale && known.Sale != "":
		return known.Sale
	case k == connector.Authorize && known.Authorize != "":
		return known.Authorize
	case !goodExpiry(c.Expiry):
		return connector.InvalidExpireYearMonth
	case c.Expiry < now.Format("0601"):
		return connector.ExpiredCard
	case !goodCVV(c.CVV):
		return connector.InvalidCVC2Length
	}
	return ""
}

// goodExpiry takes YYMM.
func goodExpiry(s string) bool {
	return len(s) == 4 && card.IsDigits(s) && s[2:] >= "01" && s[2:] <= "12"
}

// goodCVV takes none at all too: a stored card is charged without one.
func goodCVV(s string) bool {
	return s == "" || ((len(s) == 3 || len(s) == 4) && card.IsDigits(s))
}

// last4 is empty for what is no card number, of which four characters could be all.
func last4(number string) string {
	if len(number) < 12 || !card.IsDigits(number) {
		return ""
	}
	return number[len(number)-4:]
}

// Words are a bank's words for a decision: its reason's name, or an approval.
func Words(why connector.Reason) string {
	if why == "" || why == connector.Success {
		return "Approved"
	}
	return "Declined: " + string(why)
}

// turkishWords are Words in letters that differ from charset to charset.
func turkishWords(why connector.Reason) string {
	if why == "" || why == connector.Success {
		return "İşlem onaylandı"
	}
	return "İşlem reddedildi: " + string(why)
}
