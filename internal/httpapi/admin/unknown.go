package admin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/operation"
)

const (
	// maxBankReference and maxNote are in characters.
	maxBankReference = 64
	maxNote          = 1000
)

func (s *surface) unknownRoutes() []route {
	const all = "/admin/v1/unknown-operations"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.PaymentsRead, handle: s.unknownOperations},
		{method: http.MethodPost, pattern: all + "/{operationId}/resolve", needs: merchant.PaymentsResolve, handle: s.resolveUnknown},
	}
}

// unknownView is an operation that waits for a person, with what to look up.
type unknownView struct {
	Operation   operationView `json:"operation"`
	PaymentID   string        `json:"payment_id"`
	OrderRef    string        `json:"order_ref"`
	AgeSeconds  int64         `json:"age_seconds"`
	NextInquiry time.Time     `json:"next_inquiry"`
	EscalatedAt time.Time     `json:"escalated_at"`
	LookUp      string        `json:"look_up"`
}

type unknownsView struct {
	Operations []unknownView `json:"operations"`
	Next       *string       `json:"next"`
}

// unknownOperations answers GET /admin/v1/unknown-operations.
func (s *surface) unknownOperations(ctx context.Context, r *request) (kit.Response, error) {
	q := r.Query()
	limit := q.Int("limit", defaultLimit, 1, maxLimit)
	after := operationNumber(q.Cursor("cursor"),
		func() { q.Reject("cursor", fault.FieldInvalid, "is no cursor of this list") })
	if err := q.Err(); err != nil {
		return kit.Response{}, err
	}
	found, err := s.Unknowns.UnknownOperations(ctx, r.Principal.MerchantID, after, limit+1) // one more tells whether there is a next page
	if err != nil {
		return kit.Response{}, err
	}
	page := unknownsView{}
	if len(found) > limit {
		found = found[:limit]
		page.Next = kit.TextOrNull(strconv.FormatInt(int64(found[limit-1].Operation.ID), 10))
	}
	page.Operations = make([]unknownView, 0, len(found))
	for _, u := range found {
		page.Operations = append(page.Operations, viewUnknown(u, s.kit.Clock().Now()))
	}
	return kit.OK(page), nil
}

// operationNumber reads the id of an operation; empty is none.
func operationNumber(text string, wrong func()) id.Operation {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > id.Max {
		wrong()
		return 0
	}
	return id.Operation(n)
}

func viewUnknown(u operation.UnknownOperation, now time.Time) unknownView {
	o := u.Operation
	look := fmt.Sprintf("a %s of %s %s under the reference %s, sent on %s",
		o.Kind, o.Amount.Decimal(), o.Amount.Currency(), o.Reference, o.StartedAt.UTC().Format(time.RFC3339))
	if o.Original != "" {
		look += ", about the reference " + o.Original
	}
	return unknownView{
		Operation: viewOperation(u.Payment, o, aliases(u.Payment)[o.POSID]), PaymentID: u.Payment.UUID.String(),
		OrderRef: u.Payment.OrderRef, AgeSeconds: int64(now.Sub(o.StartedAt) / time.Second),
		NextInquiry: o.NextInquiry.UTC(), EscalatedAt: o.EscalatedAt.UTC(), LookUp: look,
	}
}

// resolveUnknown answers POST /admin/v1/unknown-operations/{operationId}/resolve.
func (s *surface) resolveUnknown(ctx context.Context, r *request) (kit.Response, error) {
	c := operation.Resolve{MerchantID: r.Principal.MerchantID, Actor: r.Principal.Actor}
	missing := false
	c.Operation = operationNumber(r.Path("operationId"), func() { missing = true })
	if missing || c.Operation == 0 {
		return kit.Response{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such unknown operation")
	}
	outcome, _ := r.Body.Text("outcome", 1, 16)
	c.BankReference, _ = r.Body.OptionalText("bank_reference", maxBankReference)
	c.Note, _ = r.Body.Text("note", 1, maxNote)
	c.Approved = outcome == "approved"
	if outcome != "" && !c.Approved && outcome != "declined" {
		r.Body.Reject("outcome", fault.FieldInvalid, "must be approved or declined")
	}
	if c.Approved && c.BankReference == "" {
		r.Body.Reject("bank_reference", fault.FieldRequired, "is what proves that the bank approved")
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	return operated(s.Unknowns.Resolve(ctx, c))
}
