package paymenttest

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// Caller is the demo merchant's server.
func (w *World) Caller() payment.Caller {
	return payment.Caller{MerchantID: DemoMerchant, Actor: "credential:1", Surface: payment.SurfaceGateway}
}

// Order is a sale of 1000.00 TRY under a new order number.
func (w *World) Order(t *testing.T, number string) charge.Pay {
	t.Helper()
	return charge.Pay{
		Caller: w.Caller(), Phase: payment.PhaseSale, Group: payment.GroupProduct,
		OrderRef: fmt.Sprintf("ORD-%d", w.orders.Add(1)), OnePerOrder: true,
		Price: Lira(t, "1000.00"), Installments: 1, InterestPayer: installment.PaidByCustomer,
		Card: w.Typed(t, number), ClientIP: netip.MustParseAddr("192.0.2.1"),
	}
}

// Hold authorizes 1000.00 TRY under a new order number.
func (w *World) Hold(t *testing.T, number string) payment.Outcome {
	t.Helper()
	c := w.Order(t, number)
	c.Phase = payment.PhasePreAuthorization
	return w.MustPay(t, c)
}

// MustPay pays, or ends the test.
func (w *World) MustPay(t *testing.T, c charge.Pay) payment.Outcome {
	t.Helper()
	o, err := w.Pay(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Later lets time pass under the resolver's eyes, and lets it do what is due then.
func (w *World) Later(t interface{ Context() context.Context }, d time.Duration) {
	w.Resolver.Round(t.Context())
	w.Clock.Advance(d)
	w.Resolver.Round(t.Context())
}

// RunJobs runs every job that is due now.
func (w *World) RunJobs(t *testing.T) {
	t.Helper()
	runner := job.NewRunner(w.Jobs, w.JobHandlers(), "test", w.Clock, slog.New(slog.DiscardHandler))
	for {
		n, err := runner.Round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// TryCapture captures part of a hold.
func (w *World) TryCapture(t *testing.T, o payment.Outcome, amount string) (payment.Outcome, error) {
	t.Helper()
	return w.Capture(t.Context(), charge.Capture{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: Lira(t, amount)})
}

// TryVoid voids a payment.
func (w *World) TryVoid(t *testing.T, o payment.Outcome) (payment.Outcome, error) {
	t.Helper()
	return w.Void(t.Context(), charge.Void{Caller: w.Caller(), PaymentID: o.Payment.UUID})
}

// TryRefund gives part of a payment back.
func (w *World) TryRefund(t *testing.T, o payment.Outcome, amount string) (payment.Outcome, error) {
	t.Helper()
	return w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: Lira(t, amount)})
}
