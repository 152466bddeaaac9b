// Package event writes what merchants are told of events: the member data of a
// webhook's message. The types of its JSON are a contract with every receiver.
package event

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

// Payments reads what events are about.
type Payments interface {
	// Payment returns a payment of the merchant; any other is fault.NoSuchThing.
	Payment(ctx context.Context, m id.Merchant, u id.UUID) (payment.Payment, error)
}

// Payment describes the payment of an event: in place of the member "payment", which
// names it, stands the payment as it is now. It implements webhook.Describer.
type Payment struct{ payments Payments }

var _ webhook.Describer = Payment{}

// NewPayment returns a Payment.
func NewPayment(p Payments) Payment { return Payment{p} }

// Describe implements webhook.Describer. An event without a payment, or with one
// that is gone, tells its facts alone.
func (d Payment) Describe(ctx context.Context, m id.Merchant, data map[string]jsontext.Value) error {
	var named string
	if json.Unmarshal(data["payment"], &named) != nil {
		return nil //nolint:nilerr // it names no payment
	}
	u, err := id.ParseUUID(named)
	if err != nil {
		return nil //nolint:nilerr // it names no payment
	}
	p, err := d.payments.Payment(ctx, m, u)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read payment of event: %w", err)
	}
	if data["payment"], err = json.Marshal(viewPayment(p)); err != nil {
		return fmt.Errorf("write payment of event: %w", err)
	}
	return nil
}
