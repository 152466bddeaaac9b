package gateway

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/payment"
)

// The lengths of section 12.8 of the gateway API, in characters.
const (
	maxOrderID    = 128
	maxCustomerID = 64
)

// pay answers POST /api/payment and POST /api/pre-authorization, which differ in
// their phase only.
func (s *surface) pay(phase payment.Phase) func(context.Context, *request) (kit.Response, error) {
	return func(ctx context.Context, r *request) (kit.Response, error) {
		c, err := readPay(r, s.kit.Clock().Now())
		if err != nil {
			return kit.Response{}, err
		}
		c.Phase = phase
		o, err := s.payments.Pay(ctx, c)
		if err != nil {
			return kit.Response{}, err
		}
		return replayed(kit.OK(s.view(o.Payment, endingOf(o.Payment), r.Language)), o.Replayed), nil
	}
}

// readPay reads the eleven fields of section 4.
func readPay(r *request, now time.Time) (charge.Pay, error) {
	c := readCharge(r, now)
	refuseInstallments(r.Body)
	return c, r.Body.Err()
}

// readCharge reads what sections 4 and 7.1 have in common.
func readCharge(r *request, now time.Time) charge.Pay {
	b := r.Body
	c := charge.Pay{Caller: caller(r), Group: payment.GroupProduct, OnePerOrder: true, Installments: 1}
	c.OrderRef, _ = b.Text("orderId", 1, maxOrderID)
	c.Price = readAmount(b)
	c.Card = readCard(b, now)
	c.ClientIP = readClient(b)
	c.CustomerRef, _ = b.OptionalText("customerId", maxCustomerID)
	return c
}

func readCard(b *kit.Object, now time.Time) card.Card {
	var c card.Card
	c.Holder = readHolder(b)
	c.PAN = readPAN(b)
	c.Expiry = readExpiry(b, now)
	c.CVV = readCVV(b, c.PAN)
	return c
}

func readHolder(b *kit.Object) string {
	const name = "cardHolderName"
	typed, ok := b.String(name)
	if !ok {
		return ""
	}
	holder, err := card.ParseHolder(typed)
	switch {
	case errors.Is(err, card.ErrHolderMissing):
		b.Reject(name, fault.FieldRequired, "must not be empty")
	case errors.Is(err, card.ErrHolderShort):
		b.Reject(name, fault.FieldOutOfRange, "must have at least 2 characters")
	case errors.Is(err, card.ErrHolderLong):
		b.Reject(name, fault.FieldTooLong, "must have at most 100 characters")
	case errors.Is(err, card.ErrHolderDigits):
		b.Reject(name, fault.FieldInvalid, "must have at most 6 digits")
	case err != nil:
		b.Reject(name, fault.FieldInvalid, holderMessage(err))
	}
	return holder
}

// holderMessage names the character that a name may not have.
func holderMessage(err error) string {
	if refused, ok := errors.AsType[*card.HolderCharacterError](err); ok {
		return "must not have the character " + refused.Name()
	}
	return "must be UTF-8"
}

func readPAN(b *kit.Object) card.PAN {
	digits, ok := b.Private("pan")
	if !ok {
		return card.PAN{}
	}
	pan, err := card.ParsePAN(digits)
	if err != nil {
		b.Reject("pan", fault.FieldInvalid, "must be 12 to 19 digits with a right check digit")
	}
	return pan
}

func readExpiry(b *kit.Object, now time.Time) card.Expiry {
	month, hasMonth := b.String("expiryMonth")
	year, hasYear := b.String("expiryYear")
	e, badMonth, badYear := card.ParseExpiryAt(month, year, now)
	if hasMonth && badMonth != nil {
		b.Reject("expiryMonth", fault.FieldInvalid, "must be two digits from 01 to 12")
	}
	switch {
	case errors.Is(badYear, card.ErrExpired):
		b.Reject("expiryYear", fault.FieldOutOfRange, "the card has expired")
	case hasYear && badYear != nil:
		b.Reject("expiryYear", fault.FieldInvalid, "must be two digits")
	}
	return e
}

func readCVV(b *kit.Object, pan card.PAN) card.CVV {
	digits, ok := b.Private("cvv")
	if !ok {
		return card.CVV{}
	}
	cvv, err := card.ParseCVVOf(digits, pan)
	if err != nil {
		b.Reject("cvv", fault.FieldInvalid, "must be 3 digits, 4 for American Express")
	}
	return cvv
}

func readClient(b *kit.Object) netip.Addr {
	var addr netip.Addr
	if text, ok := b.String("requestIp"); ok {
		var err error
		addr, err = netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			b.Reject("requestIp", fault.FieldInvalid, "must be an IPv4 or IPv6 address")
		}
	}
	b.Int("requestPort", 1, 65535)
	return addr
}

// refuseInstallments keeps a caller who asks for installments from being charged
// at once (section 12.8): this API takes them with 3-D Secure only.
func refuseInstallments(b *kit.Object) {
	const name = "installmentCount"
	if !b.Has(name) {
		return
	}
	n, ok := b.Number(name)
	if !ok {
		return
	}
	count, err := n.Int()
	if strings.Contains(string(n), ".") {
		b.Reject(name, fault.FieldInvalid, "must be an integer")
		return
	}
	if err != nil || count != 1 {
		b.RejectAs(fault.InstallmentUnavailable, fault.Field{
			Name: name, Code: fault.FieldOutOfRange, Message: "must be 1: only a single payment is possible here",
		})
	}
}
