package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// instrumentMember returns the expression for a member of a card's document. For
// last4 it is spelled as in the index payment_last4.
func instrumentMember(e storage.Engine, name string) string {
	if e == storage.PostgreSQL {
		return "((p.instrument::jsonb) ->> '" + name + "')"
	}
	return "(p.instrument ->> '" + name + "')"
}

// narrow reports whether the filter names a payment, or an order, which has a few.
func narrow(f *payment.Filter) bool {
	return f.OrderRef != "" || f.ID != 0 || f.UUID != (id.UUID{})
}

// lead names the index along which a list is read when nothing narrow limits it.
// A search by a rare value would otherwise read all of a merchant's payments.
type lead string

const (
	byTime         lead = "" // or by state and time
	byExternalID   lead = "payment_external"
	byConversation lead = "payment_conversation"
	byCustomer     lead = "payment_customer_state"
	byLast4        lead = "payment_last4"
	byAmount       lead = "payment_paid"
	byBIN          lead = "payment_bin"
	byPOS          lead = "payment_pos"
	byReason       lead = "payment_reason"
)

// leadOf chooses the index; few says that few payments have the amount.
func leadOf(f *payment.Filter, few bool) lead {
	switch {
	case narrow(f):
		return byTime
	case f.ExternalID != "":
		return byExternalID
	case f.ConversationID != "":
		return byConversation
	case f.CustomerRef != "":
		return byCustomer
	case f.Last4 != "":
		return byLast4
	case few:
		return byAmount
	case len(f.BIN) >= binLength:
		return byBIN
	case f.POSAlias != "":
		return byPOS
	case f.Reason != "" && f.Reason != connector.Success && f.Reason != connector.ResultUnknown:
		return byReason
	}
	return byTime
}

// fewAmounts is up to how many payments are sorted rather than found by reading
// along the time: with millions of payments, either reads thousands of rows then.
const fewAmounts = 5000

// fewOfAmount reports whether the filter is of a currency, or sums of it, that few
// payments have.
func (p *Payments) fewOfAmount(ctx context.Context, m id.Merchant, f *payment.Filter) (bool, error) {
	if f.Currency == 0 || leadOf(f, true) != byAmount {
		return false, nil
	}
	l := &paymentList{}
	l.add("p.merchant_id = %s", int64(m))
	l.searchingAmount(f, "p.paid")
	sql := `SELECT count(*) FROM (SELECT 1 FROM payment p WHERE ` + strings.Join(l.where, " AND ") + notPending +
		` LIMIT ` + l.bind(int64(fewAmounts+1)) + `) AS of_amount`
	counted, err := one(ctx, p.db, readCount, sql, l.args...)
	if err != nil {
		return false, fmt.Errorf("count payments of an amount: %w", err)
	}
	return counted <= fewAmounts, nil
}

// notPending is spelled as in the indexes by BIN, POS and amount.
const notPending = ` AND p.state <> 'pending'`

// partsOf returns the further conditions of the parts that a list is read in: one for each
// state along an index that has it, or, along one that leaves pending payments out,
// one for the others and one for those.
func (l *paymentList) partsOf(f *payment.Filter, along lead) []string {
	if narrow(f) {
		return nil
	}
	states := ""
	if len(l.states) > 0 {
		states = " AND " + l.anyState()
	}
	switch along {
	case byTime:
		return eachOf(l.states)
	case byCustomer:
		if len(l.states) == 0 {
			return eachOf(l.bindStates(payment.States()))
		}
		return eachOf(l.states)
	case byExternalID, byConversation, byLast4:
		return []string{states}
	case byReason:
		return []string{" AND p.result_reason <> 'SUCCESS' AND p.result_reason <> 'RESULT_UNKNOWN'" + states}
	case byAmount, byBIN, byPOS:
	}
	if onlyPending(f) {
		return eachOf(l.states)
	}
	parts := []string{notPending + states}
	if len(f.States) == 0 || slices.Contains(f.States, payment.Pending) {
		parts = append(parts, " AND p.state = 'pending'")
	}
	return parts
}

// indexesOf returns the index of each part that SQLite may not choose for itself.
func (l *paymentList) indexesOf(f *payment.Filter, along lead) []string {
	switch along {
	case byTime:
		return nil
	case byExternalID, byConversation, byCustomer, byLast4, byReason:
		return slices.Repeat([]string{string(along)}, len(l.parts))
	case byAmount, byBIN, byPOS:
	}
	if onlyPending(f) {
		return nil
	}
	return []string{string(along), "payment_state"}
}

// eachOf has one condition for each state.
func eachOf(states []string) []string {
	each := make([]string, 0, len(states))
	for _, s := range states {
		each = append(each, " AND p.state = "+s)
	}
	return each
}

// onlyPending reports whether the list is of pending payments alone.
func onlyPending(f *payment.Filter) bool {
	return len(f.States) == 1 && f.States[0] == payment.Pending
}

// searching adds the conditions by which people look for payments. Those with <>
// are spelled as in partial indexes.
func (l *paymentList) searching(e storage.Engine, f *payment.Filter, along lead) {
	// SQLite does not know how many rows a value has, so that it must be kept from
	// every index but the one that was chosen.
	column := func(name string, index lead) string {
		if e == storage.SQLite && index != along {
			return name + " || ''"
		}
		return name
	}
	if f.ID != 0 {
		l.add("p.id = %s", int64(f.ID))
	}
	if f.UUID != (id.UUID{}) {
		l.add("p.uuid = %s", f.UUID[:])
	}
	if f.ExternalID != "" {
		l.add("p.external_id = %s AND p.external_id <> ''", f.ExternalID)
	}
	if f.ConversationID != "" {
		l.add("p.conversation_id = %s AND p.conversation_id <> ''", f.ConversationID)
	}
	if f.Last4 != "" {
		l.add(instrumentMember(e, "last4")+" = %s", f.Last4)
	}
	if f.Fingerprint != "" {
		l.add(instrumentMember(e, "fingerprint")+" = %s", f.Fingerprint)
	}
	if f.BIN != "" {
		l.searchingBIN(e, digitsOf(f.BIN), along)
	}
	if f.POSAlias != "" {
		l.add(column("p.pos_alias", byPOS)+" = %s", f.POSAlias)
	}
	if f.Reason != "" {
		l.add(column("p.result_reason", byReason)+" = %s", string(f.Reason))
	}
	if f.Currency != 0 {
		paid := "p.paid"
		if e == storage.SQLite && along != byAmount {
			paid = "+p.paid" // as in sorted
		}
		l.searchingAmount(f, paid)
	}
}

// binLength is how many digits of a BIN the index has.
const binLength = 6

func (l *paymentList) searchingBIN(e storage.Engine, digits string, along lead) {
	member := instrumentMember(e, "bin")
	if along == byBIN {
		l.add("substr("+member+", 1, 6) = %s", digits[:binLength])
	}
	l.add(member+" LIKE %s", digits+"%")
}

// searchingAmount adds the conditions on the currency and on the sum, which is
// spelled as given.
func (l *paymentList) searchingAmount(f *payment.Filter, paid string) {
	l.add("p.currency = %s", f.Currency.String())
	if !f.MinPaid.IsZero() {
		l.add(paid+" >= %s", minor(f.MinPaid, f.Currency))
	}
	if !f.MaxPaid.IsZero() {
		l.add(paid+" <= %s", minor(f.MaxPaid, f.Currency))
	}
}

// digitsOf returns the digits of s, which keeps wildcards out of a pattern.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
