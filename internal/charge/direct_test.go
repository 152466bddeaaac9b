package charge_test

import (
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// Cards of docs/sandbox.md for 3-D Secure that is required.
const (
	debitCard      = "5124400000000002"
	softSecureCard = "5209320000006668" // REQUIRES_3DS, approved once the payer was authenticated
)

// knowDebit puts the debit card's BIN beside that of paymenttest.GoodCard.
func (w *world) knowDebit(t *testing.T) {
	t.Helper()
	var err error
	w.Cards, err = bin.NewTable([]bin.Info{
		{Prefix: "542119", Scheme: card.Mastercard, Type: card.Credit, Program: "Axess", Domestic: true},
		{Prefix: "512440", Scheme: card.Mastercard, Type: card.Debit, Program: "Bankkart Combo", Domestic: true},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantNeverAsked holds that no bank heard of a payment.
func (w *world) wantNeverAsked(t *testing.T, o payment.Outcome, why connector.Reason) {
	t.Helper()
	paymenttest.WantReason(t, o.Payment, why)
	d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Operations) != 0 || o.Operation.ID != 0 {
		t.Errorf("operations %+v", d.Operations)
	}
	secure := slices.ContainsFunc(d.Payment.Routing.Rejected, func(r routing.Rejection) bool { return r.Reason == routing.Needs3DS })
	if !secure || len(d.Payment.Routing.Candidates) != 0 {
		t.Errorf("recorded decision %+v", d.Payment.Routing)
	}
}

func TestForced3DS(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.knowDebit(t)
		force := func(t *testing.T, merchant pos.ThreeDS, poses ...pos.ThreeDS) {
			t.Helper()
			w.Routes.ThreeDS = merchant
			for i, forced := range poses {
				w.Routes.POSes[i].ThreeDS = forced
			}
			t.Cleanup(func() {
				w.Routes.ThreeDS, w.Routes.Rules = "", nil
				for i := range w.Routes.POSes {
					w.Routes.POSes[i].ThreeDS = ""
				}
			})
		}
		t.Run("nothing_is_forced_by_default", func(t *testing.T) {
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, debitCard)).Payment, payment.Captured)
		})
		t.Run("debit_card_is_declined_before_any_bank_and_charged_with_3ds", func(t *testing.T) {
			force(t, "", pos.ThreeDSDebit, pos.ThreeDSDebit)
			c := w.Enrolment(t, debitCard)
			w.wantNeverAsked(t, w.MustPay(t, c.Pay), connector.DebitCardsRequires3DS)
			if o, why, err := w.PayDirectly(t.Context(), c.Pay); err != nil || why != connector.DebitCardsRequires3DS || o.Payment.ID != 0 {
				t.Errorf("unless it is required: payment %d, %q, %v", o.Payment.ID, why, err)
			}
			e, r := w.Authenticated(t, c)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.WantBank(t, e, "sale approved")
		})
		t.Run("credit_card_goes_on_being_charged_at_once", func(t *testing.T) {
			force(t, "", pos.ThreeDSDebit, pos.ThreeDSDebit)
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.GoodCard)).Payment, payment.Captured)
			o, why, err := w.PayDirectly(t.Context(), w.Order(t, paymenttest.GoodCard))
			if err != nil || why != "" {
				t.Errorf("unless it is required: %q, %v", why, err)
			}
			paymenttest.WantState(t, o.Payment, payment.Captured)
		})
		t.Run("hold_is_forced_like_a_sale", func(t *testing.T) {
			force(t, pos.ThreeDSAll)
			w.wantNeverAsked(t, w.Hold(t, paymenttest.GoodCard), connector.Requires3DS)
		})
		t.Run("pos_that_does_not_require_it_is_the_only_one_asked", func(t *testing.T) {
			force(t, "", pos.ThreeDSAll, pos.ThreeDSOptional)
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			paymenttest.WantState(t, o.Payment, payment.Captured)
			if o.Payment.POSAlias != "garanti" {
				t.Errorf("charged at %s", o.Payment.POSAlias)
			}
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			if o := w.MustComplete(t, e, r.SecurityKey); o.Payment.POSAlias != "akbank" {
				t.Errorf("with 3-D Secure charged at %s", o.Payment.POSAlias)
			}
			// The declined card is not taken to the POS that requires it either.
			declined := w.MustPay(t, w.Order(t, paymenttest.SoftCard))
			paymenttest.WantReason(t, declined.Payment, connector.DoNotHonour)
			if declined.Operation.Attempt != 1 {
				t.Errorf("%d attempts", declined.Operation.Attempt)
			}
		})
		t.Run("rule_forces_it_for_what_it_matches", func(t *testing.T) {
			force(t, "")
			w.Routes.Rules = []routing.Rule{{
				ID: 1, MerchantID: paymenttest.DemoMerchant, Name: "large", Active: true, Requires3DS: true,
				Condition: routing.Condition{MinAmount: paymenttest.Lira(t, "1000.00")},
			}}
			c := w.Order(t, paymenttest.GoodCard)
			w.wantNeverAsked(t, w.MustPay(t, c), connector.Requires3DS)
			c.Price = paymenttest.Lira(t, "999.99")
			paymenttest.WantState(t, w.MustPay(t, c).Payment, payment.Captured)
		})
		t.Run("payment_in_installments_is_declined_and_not_called_unavailable", func(t *testing.T) {
			force(t, "", pos.ThreeDSAll, pos.ThreeDSAll)
			c := w.Order(t, paymenttest.GoodCard)
			c.Installments = 3
			w.wantNeverAsked(t, w.MustPay(t, c), connector.Requires3DS)
		})
		t.Run("refused_payment_repeated_by_its_key_is_refused_alike", func(t *testing.T) {
			force(t, pos.ThreeDSAll)
			c := w.Order(t, paymenttest.GoodCard)
			c.Key = paymenttest.KeyNamed("forced")
			first, again := w.MustPay(t, c), w.MustPay(t, c)
			if !again.Replayed || again.Payment.UUID != first.Payment.UUID {
				t.Errorf("replayed %t", again.Replayed)
			}
			paymenttest.WantReason(t, again.Payment, connector.Requires3DS)
		})
	})
}

func TestSoftDecline(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.Enrolment(t, softSecureCard)
		o := w.MustPay(t, c.Pay)
		paymenttest.WantReason(t, o.Payment, connector.Requires3DS)
		d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Operations) != 1 || len(d.Payment.Routing.Candidates) != 2 {
			t.Errorf("%d banks of %d candidates were asked", len(d.Operations), len(d.Payment.Routing.Candidates))
		}
		e, r := w.Authenticated(t, c) // the same order
		paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		w.WantBank(t, e, "sale approved")
		if sums := w.WantBalanced(t, payment.Outcome{Payment: o.Payment}); len(sums) != 0 {
			t.Errorf("the declined payment is in the books: %v", sums)
		}
	})
}
