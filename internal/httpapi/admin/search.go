package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// maxWord bounds the merchant's own words in a query.
const maxWord = 255

type paymentsView struct {
	Payments []summaryView `json:"payments"`
	Next     *string       `json:"next"`
}

// payments answers GET /admin/v1/payments.
func (s *surface) payments(ctx context.Context, r *request) (kit.Response, error) {
	f, err := s.readSearch(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	found, next, err := s.Payments.List(ctx, r.Principal.MerchantID, f)
	if err != nil {
		return kit.Response{}, err
	}
	page := paymentsView{Payments: make([]summaryView, 0, len(found)), Next: kit.TextOrNull(next)}
	for _, p := range found {
		page.Payments = append(page.Payments, viewSummary(p))
	}
	return kit.OK(page), nil
}

func (s *surface) readSearch(ctx context.Context, r *request) (payment.Filter, error) {
	q := r.Query()
	f := payment.Filter{
		OrderRef: q.Text("order_ref", maxWord), CustomerRef: q.Text("customer_ref", maxWord),
		ExternalID: q.Text("external_id", maxWord), ConversationID: q.Text("conversation_id", maxWord),
		States: readStates(q), Unclear: q.OneOf("unclear", "true") != "",
		Currency: queryCurrency(q, "currency"), POSAlias: q.Text("pos", maxWord),
		Last4: queryDigits(q, "last4", 4, 4), BIN: queryDigits(q, "bin", 6, 8),
		Reason: connector.Reason(q.Text("reason", maxWord)),
		From:   q.Time("from"), To: q.Time("to"), Limit: q.Int("limit", defaultLimit, 1, maxLimit),
		Cursor: q.Cursor("cursor"),
	}
	f.MinPaid, f.MaxPaid = queryAmount(q, "min_amount", f.Currency), queryAmount(q, "max_amount", f.Currency)
	readID(q, &f)
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		q.Reject("to", fault.FieldOutOfRange, "must not be before from")
	}
	if err := s.readSameCard(ctx, r, q, &f); err != nil {
		return f, err
	}
	return f, q.Err()
}

// readID reads an id of either kind.
func readID(q *kit.Query, f *payment.Filter) {
	text := q.Text("id", 36)
	if text == "" {
		return
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n <= id.Max {
		f.ID = id.Payment(n)
		return
	}
	u, err := id.ParseUUID(text)
	if err != nil {
		q.Reject("id", fault.FieldInvalid, "must be the UUID or the number of a payment")
		return
	}
	f.UUID = u
}

// readSameCard narrows the search to the card of another payment. The last digits
// have an index, the fingerprint tells equal ones apart.
func (s *surface) readSameCard(ctx context.Context, r *request, q *kit.Query, f *payment.Filter) error {
	text := q.Text("same_card_as", 36)
	if text == "" {
		return nil
	}
	u, err := id.ParseUUID(text)
	if err != nil {
		q.Reject("same_card_as", fault.FieldInvalid, "must be the UUID of a payment")
		return nil //nolint:nilerr // it is reported with the query
	}
	p, err := s.Payments.Find(ctx, r.Principal.MerchantID, u)
	if fault.KindOf(err) == fault.NotFound || (err == nil && p.Card.Fingerprint == "") {
		q.Reject("same_card_as", fault.FieldInvalid, "must be a payment with a card")
		return nil
	}
	if err != nil {
		return err
	}
	if f.Last4 != "" && f.Last4 != p.Card.Last4 {
		q.Reject("last4", fault.FieldInvalid, "contradicts same_card_as")
	}
	f.Last4, f.Fingerprint = p.Card.Last4, p.Card.Fingerprint
	return nil
}

func readStates(q *kit.Query) []payment.State {
	text := q.Text("state", maxWord)
	if text == "" {
		return nil
	}
	var states []payment.State
	for word := range strings.SplitSeq(text, ",") {
		state := payment.State(word)
		if !slices.Contains(payment.States(), state) {
			q.Reject("state", fault.FieldInvalid, "must be states, separated by commas")
			return nil
		}
		if !slices.Contains(states, state) {
			states = append(states, state)
		}
	}
	return states
}
