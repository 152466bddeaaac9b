package threeds_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// wantFlying holds how many cards are in flight.
func (w *world) wantFlying(t *testing.T, n int) {
	t.Helper()
	if got := w.Flying.Len(); got != n {
		t.Errorf("%d cards in flight, want %d", got, n)
	}
}

// forget loses a card in flight, as a restart without Redis does.
func (w *world) forget(t *testing.T, e threeds.Enrolment) {
	t.Helper()
	if err := w.Flying.Delete(t.Context(), "1:"+e.Operation.Reference); err != nil {
		t.Fatal(err)
	}
	w.wantFlying(t, 0)
}

func TestNoCardInFlight(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("bank_that_does_not_want_it_leaves_nothing_to_keep", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.wantFlying(t, 0)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
	})
}

func TestCardInFlight(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for _, p := range w.Routes.POSes {
			w.Settings[p.ID] = map[string]string{"card_again": "yes"}
		}
		t.Run("bank_gets_the_card_again_and_nobody_keeps_it_then", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.wantFlying(t, 1)
			sealed, err := w.Flying.Get(t.Context(), "1:"+e.Operation.Reference)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := vaulttest.Sealer{}.Open(t.Context(),
				vault.Subject{MerchantID: paymenttest.DemoMerchant, Purpose: vault.PurposeEphemeral}, sealed)
			if err != nil || !bytes.Contains(plain, []byte(paymenttest.GoodCard)) || bytes.Contains(plain, []byte("916")) {
				t.Error("what is sealed is not the card without its security code")
			}
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.WantBank(t, e, "sale approved")
			w.wantFlying(t, 0)
			if again := w.MustComplete(t, e, r.SecurityKey); !again.Replayed || again.Payment.State != payment.Captured {
				t.Errorf("again: %+v", again.Payment.Result)
			}
		})
		t.Run("card_is_dropped_when_the_bank_declines_and_when_the_payer_is_refused", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.CompleteFailsCard))
			paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.NotSufficientFunds)
			w.wantFlying(t, 0)
			e = w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.wantFlying(t, 1)
			w.ComeBack(t, w.AtBank(t, e, "b"))
			w.wantFlying(t, 0)
			w.MustEnrol(t, w.Enrolment(t, paymenttest.InitFailsCard))
			w.wantFlying(t, 0)
		})
		t.Run("card_of_a_payer_who_never_comes_back_is_dropped", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Clock.Advance(31 * time.Minute)
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSExpired)
			w.wantFlying(t, 0)
		})
		t.Run("card_lives_as_long_as_payer_and_merchant_may_take", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			w.Clock.Advance(29 * time.Minute)
			r := w.ComeBack(t, back)
			w.Clock.Advance(14 * time.Minute)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("card_lost_before_the_return_sends_the_payer_to_the_failure_page", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e := w.MustEnrol(t, c)
			back := w.AtBank(t, e, "a")
			w.forget(t, e)
			for range 2 {
				if r := w.ComeBack(t, back); r.SecurityKey != "" || r.URL != c.FailureURL {
					t.Errorf("returned = %+v", r)
				}
			}
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.CardForgotten)
			w.WantBank(t, e, "")
			w.WantNothingBooked(t, e)
		})
		t.Run("card_lost_before_completion_declines_without_a_charge", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.forget(t, e)
			for range 2 {
				paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.CardForgotten)
			}
			w.WantBank(t, e, "")
			w.WantNothingBooked(t, e)
		})
		t.Run("crowd_of_completes_charges_once", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			done := make(chan payment.Payment)
			for range 16 {
				go func() {
					o, _ := w.Complete(t.Context(), w.Completion(e, r.SecurityKey))
					done <- o.Payment
				}()
			}
			for range 16 {
				if p := <-done; p.State == payment.Declined {
					t.Errorf("one was told %s", p.Result.Reason)
				}
			}
			w.WantBank(t, e, "sale approved")
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Captured)
		})
		t.Run("store_that_is_away_refuses_and_loses_nothing", func(t *testing.T) {
			d := w.Parts
			d.InFlight = ephemeral.New(away{}, vaulttest.Sealer{}, w.Clock)
			broken := d.Build()
			o, err := broken.Enrol(t.Context(), w.Enrolment(t, paymenttest.GoodCard))
			if err != nil || o.Form.Action != "" {
				t.Errorf("enrolment %+v, %v", o, err)
			}
			paymenttest.WantReason(t, o.Payment, connector.CommunicationOrSystemError)
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			if _, err := broken.Return(t.Context(), paymenttest.ReturnOf(t, back)); !errors.Is(err, errAway) {
				t.Errorf("return: %v", err)
			}
			r := w.ComeBack(t, back)
			if _, err := broken.Complete(t.Context(), w.Completion(e, r.SecurityKey)); !errors.Is(err, errAway) || fault.CodeOf(err) == fault.NoSuchThing {
				t.Errorf("complete: %v", err)
			}
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Authenticated)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
	})
}

// away is a store that does not answer.
type away struct{}

var errAway = errors.New("no route to host")

func (away) Put(context.Context, string, []byte, time.Duration) error { return errAway }
func (away) Get(context.Context, string) ([]byte, error)              { return nil, errAway }
func (away) Delete(context.Context, string) error                     { return errAway }
