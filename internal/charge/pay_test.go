package charge_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestPay(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("approved_sale_is_captured_and_booked", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			paymenttest.WantState(t, o.Payment, payment.Captured)
			stored := w.Now(t, o)
			if diff := cmp.Diff(o.Payment.Result, stored.Result); diff != "" {
				t.Errorf("stored result differs (-answer +stored):\n%s", diff)
			}
			if stored.Commission != paymenttest.Lira(t, "19.90") || stored.Result.AuthCode == "" || stored.POSAlias != "akbank" {
				t.Errorf("commission %s, auth code %q, POS %s", stored.Commission, stored.Result.AuthCode, stored.POSAlias)
			}
			want := map[string]string{"pos_receivable:1": "980.10", "bank_commission": "19.90", "sales": "-1000.00"}
			if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
		t.Run("customer_pays_interest_of_installments", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			c.Installments = 3
			o := w.MustPay(t, c)
			if o.Payment.Paid != paymenttest.Lira(t, "1035.00") || o.Operation.Amount != paymenttest.Lira(t, "1035.00") {
				t.Errorf("paid %s, charged %s", o.Payment.Paid, o.Operation.Amount)
			}
			want := map[string]string{"pos_receivable:1": "1005.09", "bank_commission": "29.91", "sales": "-1000.00", "customer_interest": "-35.00"}
			if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
		t.Run("count_that_is_not_on_offer_is_refused", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			c.Installments = 5
			_, err := w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.InstallmentUnavailable)
		})
		t.Run("hard_decline_ends_at_the_first_bank", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.PoorCard))
			paymenttest.WantState(t, o.Payment, payment.Declined)
			if o.Payment.Result.Reason != connector.NotSufficientFunds || o.Operation.Attempt != 1 {
				t.Errorf("reason %s at attempt %d", o.Payment.Result.Reason, o.Operation.Attempt)
			}
			if sums := w.WantBalanced(t, o); len(sums) != 0 {
				t.Errorf("a decline was booked: %v", sums)
			}
		})
		t.Run("soft_decline_is_tried_at_a_second_bank", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.SoftCard))
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
			if o.Operation.Attempt != 2 || o.Payment.POSAlias != "garanti" {
				t.Errorf("attempt %d at %s", o.Operation.Attempt, o.Payment.POSAlias)
			}
		})
		t.Run("commission_of_the_second_bank_is_kept_before_it_is_asked", func(t *testing.T) {
			plans := slices.Clone(w.Routes.Plans)
			defer func() { w.Routes.Plans = plans }()
			w.Routes.Plans = slices.Clone(plans)
			for i := range w.Routes.Plans {
				if w.Routes.Plans[i].POSID == 2 {
					w.Routes.Plans[i].CommissionRate = paymenttest.Rate(t, "2.49")
				}
			}
			c := w.Order(t, paymenttest.SoftCard)
			w.KilledAfter(2, func(s *paymenttest.Rooms) { _, _ = s.Pay(t.Context(), c) }) // its caller is gone
			p, err := w.Store.OrderHolder(t.Context(), paymenttest.DemoMerchant, c.OrderRef)
			if err != nil {
				t.Fatal(err)
			}
			if stored := w.Now(t, payment.Outcome{Payment: p}); stored.POSAlias != "garanti" || stored.Commission != paymenttest.Lira(t, "24.90") {
				t.Errorf("commission %s of %s", stored.Commission, stored.POSAlias)
			}
		})
		t.Run("no_more_of_a_number_is_kept_than_truncation_allows", func(t *testing.T) {
			for number, want := range map[string]string{paymenttest.GoodCard: "54211901", "378282246310005": "378282", "30569309025904": "305693"} {
				c := w.Order(t, number)
				c.Card.CVV = card.CVV{}
				if got := w.Now(t, w.MustPay(t, c)).Card.BIN; got != want {
					t.Errorf("BIN %s is kept, want %s", got, want)
				}
			}
		})
		t.Run("card_outside_of_the_list_is_not_permitted", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.StrangeCard))
			if o.Payment.Result.Reason != connector.CardNotPermitted {
				t.Errorf("reason %s", o.Payment.Result.Reason)
			}
		})
	})
}

func TestOrder(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("equal_request_gets_the_first_answer", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			first, again := w.MustPay(t, c), w.MustPay(t, c)
			if !again.Replayed || again.Payment.UUID != first.Payment.UUID {
				t.Errorf("replayed %v, payment %s, want %s", again.Replayed, again.Payment.UUID, first.Payment.UUID)
			}
		})
		t.Run("other_request_for_a_paid_order_is_refused", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			w.MustPay(t, c)
			c.Price = paymenttest.Lira(t, "1000.01")
			_, err := w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("paid_order_asked_for_in_a_currency_that_no_POS_takes_for_the_card_is_refused", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			paid := w.MustPay(t, c)
			foreign := w.Routes.POSes[1]
			foreign.ID, foreign.Alias, foreign.Currencies, foreign.AcceptsDomestic = 9, "dollars", []money.Currency{money.USD}, false
			table := w.Routes
			defer func() { w.Routes = table }()
			w.Routes.POSes = append(slices.Clone(table.POSes), foreign)
			var err error
			if c.Price, err = money.ParseAmount("1000.00", money.USD); err != nil {
				t.Fatal(err)
			}
			_, err = w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
			c.OrderRef += "-free"
			if o := w.MustPay(t, c); o.Payment.Result.Reason != connector.NoPOSAvailable || o.Payment.UUID == paid.Payment.UUID {
				t.Errorf("a free order: %s", o.Payment.Result.Reason)
			}
		})
		t.Run("declined_order_may_be_paid_with_another_card", func(t *testing.T) {
			c := w.Order(t, paymenttest.PoorCard)
			w.MustPay(t, c)
			c.Card = w.Typed(t, paymenttest.GoodCard)
			paymenttest.WantState(t, w.MustPay(t, c).Payment, payment.Captured)
		})
		t.Run("refunded_order_may_be_paid_again", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			o := w.MustPay(t, c)
			if _, err := w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID}); err != nil {
				t.Fatal(err)
			}
			again := w.MustPay(t, c)
			if again.Replayed || again.Payment.UUID == o.Payment.UUID {
				t.Error("the refunded payment was replayed")
			}
		})
		t.Run("of_many_equal_requests_at_once_one_is_charged", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			charged := paymenttest.Race(16, func() bool {
				o, err := w.Pay(t.Context(), c)
				return err == nil && !o.Replayed
			})
			if charged != 1 {
				t.Errorf("charged %d times", charged)
			}
		})
	})
}

// A clock that was ahead dates the charge after the refund that another clock dates.
func TestChargeOfTheFuture(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("repeated_order_is_answered_with_the_charge", func(t *testing.T) {
			now, c := w.Clock.Now(), w.Order(t, paymenttest.GoodCard)
			w.Clock.Set(now.Add(4 * time.Minute))
			paid := w.MustPay(t, c)
			w.Clock.Set(now)
			if _, err := w.TryRefund(t, paid, "10.00"); err != nil {
				t.Fatal(err)
			}
			if again := w.MustPay(t, c); !again.Replayed || again.Operation.ID != paid.Operation.ID {
				t.Errorf("answered with the %s, replayed %t", again.Operation.Kind, again.Replayed)
			}
		})
		t.Run("repeated_completion_is_answered_with_the_charge", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			now := w.Clock.Now()
			w.Clock.Set(now.Add(4 * time.Minute))
			paid := w.MustComplete(t, e, r.SecurityKey)
			w.Clock.Set(now)
			if _, err := w.TryRefund(t, paid, "10.00"); err != nil {
				t.Fatal(err)
			}
			if again := w.MustComplete(t, e, r.SecurityKey); !again.Replayed || again.Operation.ID != paid.Operation.ID {
				t.Errorf("answered with the %s, replayed %t", again.Operation.Kind, again.Replayed)
			}
		})
	})
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		keyed := func(t *testing.T, value string, hash byte) charge.Pay {
			c := w.Order(t, paymenttest.GoodCard)
			c.Key = paymenttest.KeyAsking(value, hash)
			return c
		}
		t.Run("same_key_charges_once", func(t *testing.T) {
			c := keyed(t, "once", 1)
			first := w.MustPay(t, c)
			c.OrderRef = "another-order-with-the-same-hash"
			again := w.MustPay(t, c)
			if !again.Replayed || again.Payment.UUID != first.Payment.UUID {
				t.Errorf("replayed %v", again.Replayed)
			}
		})
		t.Run("other_request_under_the_key_is_refused", func(t *testing.T) {
			w.MustPay(t, keyed(t, "reused", 1))
			_, err := w.Pay(t.Context(), keyed(t, "reused", 2))
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
		})
		t.Run("invalid_request_under_a_used_key_is_told_so", func(t *testing.T) {
			w.MustPay(t, keyed(t, "invalid", 1))
			c := keyed(t, "invalid", 2)
			c.Installments = 0
			_, err := w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
		})
		t.Run("decline_is_replayed_as_well", func(t *testing.T) {
			c := keyed(t, "declined", 1)
			c.Card = w.Typed(t, paymenttest.PoorCard)
			w.MustPay(t, c)
			if again := w.MustPay(t, c); !again.Replayed || again.Payment.State != payment.Declined {
				t.Errorf("replayed %v, %s", again.Replayed, again.Payment.State)
			}
		})
		t.Run("key_is_free_again_after_its_window", func(t *testing.T) {
			w.MustPay(t, keyed(t, "old", 1))
			w.Clock.Advance(idempotency.Window + time.Minute)
			if o := w.MustPay(t, keyed(t, "old", 2)); o.Replayed {
				t.Error("an outlived key was replayed")
			}
		})
		t.Run("key_of_a_repeated_order_stands_for_its_answer", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			first := w.MustPay(t, c)
			c.Key = paymenttest.KeyAsking("repeated order", 1)
			if again := w.MustPay(t, c); again.Payment.UUID != first.Payment.UUID {
				t.Fatal("the order was charged again")
			}
			_, err := w.Pay(t.Context(), keyed(t, "repeated order", 2))
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
			if _, err := w.TryVoid(t, first); err != nil {
				t.Fatal(err)
			}
			if again := w.MustPay(t, c); !again.Replayed || again.Payment.UUID != first.Payment.UUID {
				t.Error("the key charged the order again once it was free")
			}
		})
		t.Run("key_of_a_repeated_capture_stands_for_its_answer", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			c := charge.Capture{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, "10.00")}
			for _, key := range []idempotency.Key{{}, paymenttest.KeyAsking("repeated capture", 1)} {
				c.Key = key
				if _, err := w.Capture(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			_, err := w.Pay(t.Context(), keyed(t, "repeated capture", 2))
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
		})
		t.Run("refund_under_one_key_is_given_once", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			c := charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, "10.00")}
			c.Key = paymenttest.KeyAsking("refund", 1)
			for range 2 {
				if _, err := w.Refund(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.Now(t, o).Refunded; got != paymenttest.Lira(t, "10.00") {
				t.Errorf("refunded %s", got)
			}
			w.Clock.Advance(time.Second)
			if _, err := w.TryRefund(t, o, "20.00"); err != nil {
				t.Fatal(err)
			}
			again, err := w.Refund(t.Context(), c)
			if err != nil || again.Payment.Refunded != paymenttest.Lira(t, "10.00") {
				t.Errorf("told that %s is refunded, %v", again.Payment.Refunded, err)
			}
		})
	})
}
