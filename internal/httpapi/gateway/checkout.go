package gateway

import (
	"context"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// maxDescription is in characters (gateway API, section 12.8).
const maxDescription = 255

// Checkouts sells through hosted pages.
type Checkouts interface {
	Create(ctx context.Context, c checkout.Create) (checkout.Created, error)
	Find(ctx context.Context, m id.Merchant, u id.UUID) (checkout.View, error)
	// Link returns the address of a checkout's page.
	Link(c checkout.Checkout) string
}

// apiCheckout answers POST /api/checkout (gateway API, section 9.2).
type apiCheckout struct {
	CheckoutID  string `json:"checkoutId"`
	RedirectURL string `json:"redirectUrl"`
}

// createCheckout answers POST /api/checkout.
func (s *surface) createCheckout(ctx context.Context, r *request) (kit.Response, error) {
	c, err := s.readCheckout(r)
	if err != nil {
		return kit.Response{}, err
	}
	made, err := s.checkouts.Create(ctx, c)
	if err != nil {
		return kit.Response{}, err
	}
	v := apiCheckout{CheckoutID: made.ID.String(), RedirectURL: s.checkouts.Link(made.Checkout)}
	return replayed(kit.OK(v), made.Replayed), nil
}

// readCheckout reads the fields of section 9.1.
func (s *surface) readCheckout(r *request) (checkout.Create, error) {
	b := r.Body
	c := checkout.Create{MerchantID: r.Principal.MerchantID, Actor: r.Principal.Actor, Key: r.Key}
	c.Ref, _ = b.Text("orderId", 1, maxOrderID)
	c.Amount = readAmount(b)
	c.Description, _ = b.Text("description", 1, maxDescription)
	c.Callback = s.readURL(b, "callback")
	c.CustomerRef, _ = b.OptionalText("customerId", maxCustomerID)
	c.MaxInstallments = readMaxCount(b, 1)
	c.InterestPayer = readPayer(b)
	return c, b.Err()
}

// findCheckout answers GET /api/checkout/{checkoutId}.
func (s *surface) findCheckout(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("checkoutId")
	if err != nil {
		return kit.Response{}, err
	}
	v, err := s.checkouts.Find(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(s.checkoutResult(v, r.Language)), nil
}

// checkoutResult tells of a checkout at every moment of its life (gateway API,
// section 12.16): of its payment while that says how the checkout stands, else of
// the order, with whatever card was tried last.
func (s *surface) checkoutResult(v checkout.View, lang language.Tag) apiPayment {
	if v.Payment.Unclear { // the card that was tried last may have been charged
		e := endingOf(v.Payment)
		if v.State == checkout.Failed { // that is final
			e.status = statusFailed
		}
		return s.view(v.Payment, e, lang)
	}
	switch v.State {
	case checkout.Paid, checkout.Authenticating, checkout.Charging:
		if v.Payment.ID != 0 {
			return s.view(v.Payment, endingOf(v.Payment), lang)
		}
		return s.orderResult(v, ending{status: statusPending, result: payment.Result{Reason: connector.ResultUnknown}}, lang)
	case checkout.Failed:
		if v.Payment.ID != 0 && v.Payment.State == payment.Declined && v.Payment.Result.Reason == v.Reason {
			return s.view(v.Payment, endingOf(v.Payment), lang)
		}
		return s.orderResult(v, ending{status: statusFailed, result: payment.Result{Reason: v.Reason}, at: v.EndedAt}, lang)
	case checkout.Open:
	}
	return s.orderResult(v,
		ending{status: statusPending, result: payment.Result{Reason: connector.WaitingForPayment}}, lang)
}

// orderResult is the answer about a checkout whose payment, if there is one, does
// not say how it stands.
func (s *surface) orderResult(v checkout.View, e ending, lang language.Tag) apiPayment {
	e.amount, e.commission = v.Amount, money.Zero(v.Amount.Currency())
	if e.at.IsZero() {
		e.at = v.CreatedAt
	}
	p := v.Payment
	p.OrderRef, p.Installments, p.CustomerRef, p.Paid = v.Ref, 1, v.CustomerRef, v.Amount
	return s.view(p, e, lang)
}
