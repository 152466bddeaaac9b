package sandbox

import (
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// maxInstallments is the most that a card scheme lets a shop offer.
const maxInstallments = 36

// decide books an order, or says why not.
func (b *simulatedBank) decide(o order) (reply, uint64) {
	now := b.clock.Now()
	if !wellFormed(o) {
		return refusal(o, connector.InputData), 0
	}
	e := entry{
		terminal: o.Terminal, reference: o.Reference, kind: o.Kind, at: now,
		amount: money.FromMinor(o.Amount, money.Currency(o.Currency)),
	}
	if isFollowUp(o.Kind) {
		return b.ledger.followUp(e, o.Original)
	}
	if o.Authentication != (orderAuthentication{}) {
		return b.provision(o, e)
	}
	c, known := b.cards[o.Card.Number]
	e.last4, e.captureFails, e.reverseFails = last4(o.Card.Number), c.Capture, c.Reverse
	e.decline = declineOf(o, c, known, now)
	return b.ledger.charge(e)
}

func isFollowUp(k connector.Kind) bool {
	return k == connector.Capture || k == connector.Void || k == connector.Refund
}

// wellFormed checks form only; everything about cards and sums has a reason of
// its own.
func wellFormed(o order) bool {
	if !validName(o.Terminal) || !validName(o.Reference) {
		return false
	}
	if o.Kind == connector.Void && o.Amount == 0 {
		return validName(o.Original)
	}
	if !money.Currency(o.Currency).Valid() || o.Amount <= 0 {
		return false
	}
	switch o.Kind {
	case connector.Sale, connector.Authorize:
		card, proof := o.Card != orderCard{}, o.Authentication != orderAuthentication{}
		return (card || proof) && o.Original == "" && o.Installments >= 0 && o.Installments <= maxInstallments
	case connector.Capture, connector.Void, connector.Refund:
		return validName(o.Original) && o.Card == orderCard{} && o.Authentication == orderAuthentication{}
	}
	return false
}

func declineOf(o order, c TestCard, known bool, now time.Time) connector.Reason {
	switch {
	case !known:
		return connector.CardNotPermitted
	case o.Kind == connector.Sale && c.Sale != "":
		return c.Sale
	case o.Kind == connector.Authorize && c.Authorize != "":
		return c.Authorize
	case !goodExpiry(o.Card.Expiry):
		return connector.InvalidExpireYearMonth
	case o.Card.Expiry < now.Format("0601"):
		return connector.ExpiredCard
	case !goodCVV(o.Card.CVV):
		return connector.InvalidCVC2Length
	}
	return ""
}

// goodExpiry takes YYMM.
func goodExpiry(s string) bool {
	return len(s) == 4 && onlyDigits(s) && s[2:] >= "01" && s[2:] <= "12"
}

// goodCVV takes none at all too: a stored card is charged without one.
func goodCVV(s string) bool {
	return s == "" || ((len(s) == 3 || len(s) == 4) && onlyDigits(s))
}

func onlyDigits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// last4 is empty for what is no card number, of which four characters could be all.
func last4(number string) string {
	if len(number) < 12 || !onlyDigits(number) {
		return ""
	}
	return number[len(number)-4:]
}

// refusal declines an order without a trace in the ledger.
func refusal(o order, why connector.Reason) reply {
	return reply{
		Terminal: o.Terminal, Kind: o.Kind, Reference: o.Reference,
		Outcome: declined, Code: string(why), Message: message(why),
		Amount: o.Amount, Currency: o.Currency,
	}
}

func message(why connector.Reason) string {
	if why == connector.Success {
		return "Approved"
	}
	return "Declined: " + string(why)
}
