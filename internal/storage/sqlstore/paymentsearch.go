package sqlstore

import (
	"strings"

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

// narrow reports whether the filter names something that few payments share and
// that has an index of its own.
func narrow(f *payment.Filter) bool {
	return f.OrderRef != "" || f.CustomerRef != "" || f.ExternalID != "" || f.ConversationID != "" ||
		f.Last4 != "" || f.ID != 0 || f.UUID != (id.UUID{})
}

// searching adds the conditions by which people look for payments. The conditions
// <> ” are those of partial indexes.
func (l *paymentList) searching(e storage.Engine, f *payment.Filter) {
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
		l.add(instrumentMember(e, "bin")+` LIKE %s`, onlyDigits(f.BIN)+"%")
	}
	if f.POSAlias != "" {
		l.add("p.pos_alias = %s", f.POSAlias)
	}
	if f.Reason != "" {
		l.add("p.result_reason = %s", string(f.Reason))
	}
	l.searchingAmount(f)
}

func (l *paymentList) searchingAmount(f *payment.Filter) {
	if f.Currency == 0 {
		return
	}
	l.add("p.currency = %s", f.Currency.String())
	if !f.MinPaid.IsZero() {
		l.add("p.paid >= %s", minor(f.MinPaid, f.Currency))
	}
	if !f.MaxPaid.IsZero() {
		l.add("p.paid <= %s", minor(f.MaxPaid, f.Currency))
	}
}

// onlyDigits keeps wildcards out of a pattern.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
