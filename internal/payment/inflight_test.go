package payment_test

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
	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// wantFlying holds how many cards are in flight.
func (w *world) wantFlying(t *testing.T, n int) {
	t.Helper()
	if got := w.flying.Len(); got != n {
		t.Errorf("%d cards in flight, want %d", got, n)
	}
}

// forget loses a card in flight, as a restart without Redis does.
func (w *world) forget(t *testing.T, e payment.Enrolment) {
	t.Helper()
	if err := w.flying.Delete(t.Context(), "1:"+e.Operation.Reference); err != nil {
		t.Fatal(err)
	}
	w.wantFlying(t, 0)
}

func TestNoCardInFlight(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("bank_that_does_not_want_it_leaves_nothing_to_keep", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.wantFlying(t, 0)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
	})
}

func TestCardInFlight(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for _, p := range w.table.POSes {
			w.settings[p.ID] = map[string]string{"card_again": "yes"}
		}
		t.Run("bank_gets_the_card_again_and_nobody_keeps_it_then", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.wantFlying(t, 1)
			sealed, err := w.flying.Get(t.Context(), "1:"+e.Operation.Reference)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := vaulttest.Sealer{}.Open(t.Context(), demoMerchant, vault.PurposeEphemeral, sealed)
			if err != nil || !bytes.Contains(plain, []byte(goodCard)) || bytes.Contains(plain, []byte("916")) {
				t.Error("what is sealed is not the card without its security code")
			}
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.wantBank(t, e, "sale approved")
			w.wantFlying(t, 0)
			if again := w.mustComplete(t, e, r.SecurityKey); !again.Replayed || again.Payment.State != payment.Captured {
				t.Errorf("again: %+v", again.Payment.Result)
			}
		})
		t.Run("card_is_dropped_when_the_bank_declines_and_when_the_payer_is_refused", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, completeFailsCard))
			wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.NotSufficientFunds)
			w.wantFlying(t, 0)
			e = w.mustEnrol(t, w.enrolment(t, goodCard))
			w.wantFlying(t, 1)
			w.comeBack(t, w.atBank(t, e, "b"))
			w.wantFlying(t, 0)
			w.mustEnrol(t, w.enrolment(t, initFailsCard))
			w.wantFlying(t, 0)
		})
		t.Run("card_of_a_payer_who_never_comes_back_is_dropped", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			w.clock.Advance(31 * time.Minute)
			w.runJobs(t)
			wantReason(t, w.now(t, e.Outcome), connector.ThreeDSExpired)
			w.wantFlying(t, 0)
		})
		t.Run("card_lives_as_long_as_payer_and_merchant_may_take", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			w.clock.Advance(29 * time.Minute)
			r := w.comeBack(t, back)
			w.clock.Advance(14 * time.Minute)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("card_lost_before_the_return_sends_the_payer_to_the_failure_page", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e := w.mustEnrol(t, c)
			back := w.atBank(t, e, "a")
			w.forget(t, e)
			for range 2 {
				if r := w.comeBack(t, back); r.SecurityKey != "" || r.URL != c.FailureURL {
					t.Errorf("returned = %+v", r)
				}
			}
			wantReason(t, w.now(t, e.Outcome), connector.CardForgotten)
			w.wantBank(t, e, "")
			w.wantNothingBooked(t, e)
		})
		t.Run("card_lost_before_completion_declines_without_a_charge", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.forget(t, e)
			for range 2 {
				wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.CardForgotten)
			}
			w.wantBank(t, e, "")
			w.wantNothingBooked(t, e)
		})
		t.Run("crowd_of_completes_charges_once", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			done := make(chan payment.Payment)
			for range 16 {
				go func() {
					o, _ := w.Complete(t.Context(), w.completion(e, r.SecurityKey))
					done <- o.Payment
				}()
			}
			for range 16 {
				if p := <-done; p.State == payment.Declined {
					t.Errorf("one was told %s", p.Result.Reason)
				}
			}
			w.wantBank(t, e, "sale approved")
			wantState(t, w.now(t, e.Outcome), payment.Captured)
		})
		t.Run("store_that_is_away_refuses_and_loses_nothing", func(t *testing.T) {
			d := w.Dependencies
			d.InFlight = ephemeral.New(away{}, vaulttest.Sealer{}, w.clock)
			broken := payment.NewService(d)
			o, err := broken.Enrol(t.Context(), w.enrolment(t, goodCard))
			if err != nil || o.Form.Action != "" {
				t.Errorf("enrolment %+v, %v", o, err)
			}
			wantReason(t, o.Payment, connector.CommunicationOrSystemError)
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			if _, err := broken.Return(t.Context(), returnOf(t, back)); !errors.Is(err, errAway) {
				t.Errorf("return: %v", err)
			}
			r := w.comeBack(t, back)
			if _, err := broken.Complete(t.Context(), w.completion(e, r.SecurityKey)); !errors.Is(err, errAway) || fault.CodeOf(err) == fault.NoSuchThing {
				t.Errorf("complete: %v", err)
			}
			wantState(t, w.now(t, e.Outcome), payment.Authenticated)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
	})
}

// away is a store that does not answer.
type away struct{}

var errAway = errors.New("no route to host")

func (away) Put(context.Context, string, []byte, time.Duration) error { return errAway }
func (away) Get(context.Context, string) ([]byte, error)              { return nil, errAway }
func (away) Delete(context.Context, string) error                     { return errAway }
