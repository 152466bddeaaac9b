package charge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// cart is an order of 1000.00 for a book of 600.00, a pen of 300.00 and a card of
// 100.00.
func (w *world) cart(t *testing.T, phase payment.Phase) charge.Pay {
	t.Helper()
	c := w.Order(t, paymenttest.GoodCard)
	c.Phase = phase
	for name, price := range map[string]string{"book": "600.00", "pen": "300.00", "card": "100.00"} {
		c.Items = append(c.Items, charge.ItemRequest{Name: name, ExternalID: name, Price: paymenttest.Lira(t, price)})
	}
	return c
}

// of names so much of an item, all of it where no amount is given.
func of(t *testing.T, o payment.Outcome, name, amount string) payment.ItemAmount {
	t.Helper()
	for _, it := range o.Payment.Items {
		if it.Name == name && amount == "" {
			return payment.ItemAmount{ItemID: it.ID}
		} else if it.Name == name {
			return payment.ItemAmount{ItemID: it.ID, Amount: paymenttest.Lira(t, amount)}
		}
	}
	t.Fatalf("there is no %s", name)
	return payment.ItemAmount{}
}

// itemsNow returns what is stored of each item: taken, refunded and being refunded.
func (w *world) itemsNow(t *testing.T, o payment.Outcome) map[string][3]string {
	t.Helper()
	all := make(map[string][3]string)
	for _, it := range w.Now(t, o).Items {
		all[it.Name] = [3]string{it.Taken.Decimal(), it.Refunded.Decimal(), it.Refunding.Decimal()}
	}
	return all
}

func (w *world) wantItems(t *testing.T, o payment.Outcome, want map[string][3]string) {
	t.Helper()
	if diff := cmp.Diff(want, w.itemsNow(t, o)); diff != "" {
		t.Errorf("items: taken, refunded, being refunded (-want +got):\n%s", diff)
	}
}

func (w *world) tryRefund(t *testing.T, o payment.Outcome, items ...payment.ItemAmount) (payment.Outcome, error) {
	t.Helper()
	return w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Items: items})
}

func (w *world) mustRefund(t *testing.T, o payment.Outcome, items ...payment.ItemAmount) payment.Outcome {
	t.Helper()
	r, err := w.tryRefund(t, o, items...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRefund_of_items(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("what_is_named_is_given_back_and_the_rest_by_what_is_left", func(t *testing.T) {
			o := w.MustPay(t, w.cart(t, payment.PhaseSale))
			r := w.mustRefund(t, o, of(t, o, "pen", "200.00"), of(t, o, "card", ""))
			if r.Operation.Amount != paymenttest.Lira(t, "300.00") || len(r.Operation.Items) != 2 {
				t.Errorf("refunded %s of %v", r.Operation.Amount, r.Operation.Items)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "200.00", "0.00"}, "card": {"100.00", "100.00", "0.00"},
			})
			if _, err := w.TryRefund(t, o, "70.00"); err != nil { // of 600.00 and 100.00
				t.Fatal(err)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"600.00", "60.00", "0.00"}, "pen": {"300.00", "210.00", "0.00"}, "card": {"100.00", "100.00", "0.00"},
			})
			_, err := w.tryRefund(t, o, of(t, o, "pen", "90.01"))
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			_, err = w.tryRefund(t, o, of(t, o, "card", ""))
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			w.mustRefund(t, o)
			paymenttest.WantState(t, w.Now(t, o), payment.Refunded)
			if left := w.WantBalanced(t, o)["sales"]; left != "0.00" {
				t.Errorf("%s of sales are left", left)
			}
		})
		t.Run("declined_refund_leaves_its_items", func(t *testing.T) {
			c := w.cart(t, payment.PhaseSale)
			c.Card = w.Typed(t, paymenttest.KeepMoneyCard)
			o := w.MustPay(t, c)
			w.mustRefund(t, o, of(t, o, "pen", ""))
			w.wantItems(t, o, map[string][3]string{
				"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "0.00", "0.00"}, "card": {"100.00", "0.00", "0.00"},
			})
		})
		t.Run("one_item_needs_no_rows", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			r := w.mustRefund(t, o, payment.ItemAmount{ItemID: o.Payment.Items[0].ID, Amount: paymenttest.Lira(t, "1.00")})
			if r.Operation.Items != nil || r.Payment.Items[0].Refunded != paymenttest.Lira(t, "1.00") {
				t.Errorf("%v of %+v", r.Operation.Items, r.Payment.Items)
			}
		})
	})
}

// TestRefund_of_items_at_once holds that no more of an item is given back than it has,
// however many ask for it at the same time.
func TestRefund_of_items_at_once(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		o := w.MustPay(t, w.cart(t, payment.PhaseSale))
		pen := of(t, o, "pen", "70.00")
		won := paymenttest.Race(12, func() bool {
			_, err := w.tryRefund(t, o, pen)
			for fault.CodeOf(err) == fault.OperationInProgress && t.Context().Err() == nil { // a busy machine: as told, try again
				_, err = w.tryRefund(t, o, pen)
			}
			if err != nil && fault.CodeOf(err) != fault.RefundAmountExceeded {
				t.Error(err)
			}
			return err == nil
		})
		if won != 4 {
			t.Errorf("%d refunds of 70.00 of an item of 300.00 won, want 4", won)
		}
		w.wantItems(t, o, map[string][3]string{
			"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "280.00", "0.00"}, "card": {"100.00", "0.00", "0.00"},
		})
	})
}

// TestRefund_of_items_not_known_yet holds that a refund whose outcome is found out
// later, by whomever, moves what was fixed when it began, whatever happened since.
func TestRefund_of_items_not_known_yet(t *testing.T) {
	t.Parallel()
	missing := func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{Missing: true}, nil }
	silent := func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{}, nil }
	for name, tt := range map[string]struct {
		meanwhile func(connector.Inquiry) (connector.Finding, error)
		resolve   func(t *testing.T, w *world, bank *paymenttest.Scripted, r payment.Outcome)
		pen       [3]string
	}{
		"by_the_resolver": {silent, func(t *testing.T, w *world, bank *paymenttest.Scripted, _ payment.Outcome) {
			t.Helper()
			bank.Inquiry = nil
			w.Later(t, time.Minute)
		}, [3]string{"300.00", "250.00", "0.00"}},
		"late_after_it_counted_as_declined": {missing, func(t *testing.T, w *world, bank *paymenttest.Scripted, _ payment.Outcome) {
			t.Helper()
			bank.Inquiry = nil
			w.Clock.Advance(time.Hour)
			w.RunJobs(t)
		}, [3]string{"300.00", "250.00", "0.00"}},
		"by_a_person_who_says_yes": {silent, func(t *testing.T, w *world, _ *paymenttest.Scripted, r payment.Outcome) {
			t.Helper()
			w.byPerson(t, r, true)
		}, [3]string{"300.00", "250.00", "0.00"}},
		"by_a_person_who_says_no": {silent, func(t *testing.T, w *world, _ *paymenttest.Scripted, r payment.Outcome) {
			t.Helper()
			w.byPerson(t, r, false)
		}, [3]string{"300.00", "0.00", "0.00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				bank := &paymenttest.Scripted{}
				w.Ask(t, bank)
				o := w.MustPay(t, w.cart(t, payment.PhaseSale))
				bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) { return connector.Answer{}, nil }
				bank.Inquiry = tt.meanwhile
				r := w.mustRefund(t, o, of(t, o, "pen", "250.00"))
				w.Later(t, 20*time.Second)
				bank.FollowUp = nil
				w.mustRefund(t, o, of(t, o, "book", "500.00"))
				if !w.Now(t, o).Refunding.IsZero() { // and not declined meanwhile
					_, err := w.tryRefund(t, o, of(t, o, "pen", "50.01"))
					paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
				}
				tt.resolve(t, w, bank, r)
				w.wantItems(t, o, map[string][3]string{
					"book": {"600.00", "500.00", "0.00"}, "pen": tt.pen, "card": {"100.00", "0.00", "0.00"},
				})
			})
		})
	}
}

// TestRefund_of_items_too_late holds that a refund which turns out to be carried out is
// not booked of an item that has not so much left: what began later keeps its own, and
// the job is left for a person.
func TestRefund_of_items_too_late(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{}
		w.Ask(t, bank)
		o := w.MustPay(t, w.cart(t, payment.PhaseSale))
		bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) { return connector.Answer{}, nil }
		bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{Missing: true}, nil }
		w.mustRefund(t, o, of(t, o, "pen", "250.00"))
		w.Later(t, 20*time.Second)
		bank.FollowUp, bank.Inquiry = nil, nil
		w.mustRefund(t, o, of(t, o, "pen", "100.00"))
		w.Clock.Advance(time.Hour)
		w.RunJobs(t)
		w.wantItems(t, o, map[string][3]string{
			"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "100.00", "0.00"}, "card": {"100.00", "0.00", "0.00"},
		})
		if got := w.followUps(t, o); got != "refund declined, refund approved" {
			t.Errorf("operations: %s", got)
		}
	})
}

// byPerson has a person say what became of an operation of which the bank says nothing.
func (w *world) byPerson(t *testing.T, o payment.Outcome, approved bool) {
	t.Helper()
	for range 3 {
		w.Later(t, 5*time.Minute)
	}
	if _, err := w.Resolve(t.Context(), paymenttest.ByHand(o.Operation.ID, approved)); err != nil {
		t.Fatal(err)
	}
}

// TestTurn_of_items holds that what is undone as a whole is so of every item, whether
// the bank makes a void or a refund of it.
func TestTurn_of_items(t *testing.T) {
	t.Parallel()
	none := [3]string{"0.00", "0.00", "0.00"}
	for name, tt := range map[string]struct {
		ask   string
		void  connector.Answer
		back  connector.Answer
		state payment.State
	}{
		"void_that_becomes_a_refund": {"void", paymenttest.Refusal(connector.AlreadySettled), paymenttest.Approval(), payment.Refunded},
		"refund_that_becomes_a_void": {"refund", paymenttest.Approval(), paymenttest.Refusal(connector.RequiresDayEnd), payment.Voided},
		"neither":                    {"void", paymenttest.Refusal(connector.AlreadySettled), paymenttest.Refusal(connector.DoNotHonour), payment.Captured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				bank := &paymenttest.Scripted{FollowUp: func(f connector.FollowUp) (connector.Answer, error) {
					if f.Kind == connector.Void {
						return tt.void, nil
					}
					return tt.back, nil
				}}
				w.Ask(t, bank)
				o := w.MustPay(t, w.cart(t, payment.PhaseSale))
				w.ask(t, tt.ask, o)
				paymenttest.WantState(t, w.Now(t, o), tt.state)
				want := map[string][3]string{"book": none, "pen": none, "card": none}
				for item, price := range map[string]string{"book": "600.00", "pen": "300.00", "card": "100.00"} {
					want[item] = [3]string{price, "0.00", "0.00"}
					if tt.state == payment.Refunded {
						want[item] = [3]string{price, price, "0.00"}
					}
				}
				w.wantItems(t, o, want)
			})
		})
	}
}

func TestCapture_of_items(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		capture := func(t *testing.T, o payment.Outcome, c charge.Capture) (payment.Outcome, error) {
			t.Helper()
			c.Caller, c.PaymentID = w.Caller(), o.Payment.UUID
			return w.Capture(t.Context(), c)
		}
		t.Run("what_is_named_is_taken_and_can_be_given_back", func(t *testing.T) {
			o := w.MustPay(t, w.cart(t, payment.PhasePreAuthorization))
			items := []payment.ItemAmount{of(t, o, "book", "450.00"), of(t, o, "card", "")}
			c, err := capture(t, o, charge.Capture{Items: items})
			if err != nil || c.Operation.Amount != paymenttest.Lira(t, "550.00") || c.Payment.Commission != paymenttest.Lira(t, "10.95") {
				t.Fatalf("captured %s for %s, %v", c.Operation.Amount, c.Payment.Commission, err)
			}
			want := map[string][3]string{"book": {"450.00", "0.00", "0.00"}, "pen": {"0.00", "0.00", "0.00"}, "card": {"100.00", "0.00", "0.00"}}
			w.wantItems(t, o, want)
			again, err := capture(t, o, charge.Capture{Items: items})
			if err != nil || !again.Replayed {
				t.Errorf("replayed %t, %v", again.Replayed, err)
			}
			_, err = capture(t, o, charge.Capture{Amount: paymenttest.Lira(t, "550.00")})
			paymenttest.WantCode(t, err, fault.AlreadyCaptured)
			_, err = w.tryRefund(t, o, of(t, o, "book", "450.01"))
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			_, err = w.tryRefund(t, o, of(t, o, "pen", "0.01"))
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			w.mustRefund(t, o, of(t, o, "book", "450.00"))
			w.mustRefund(t, o)
			paymenttest.WantState(t, w.Now(t, o), payment.Refunded)
		})
		t.Run("without_names_each_is_taken_in_proportion", func(t *testing.T) {
			o := w.MustPay(t, w.cart(t, payment.PhasePreAuthorization))
			if _, err := w.TryCapture(t, o, "500.00"); err != nil {
				t.Fatal(err)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"300.00", "0.00", "0.00"}, "pen": {"150.00", "0.00", "0.00"}, "card": {"50.00", "0.00", "0.00"},
			})
		})
		t.Run("more_of_an_item_than_is_held_is_refused", func(t *testing.T) {
			o := w.MustPay(t, w.cart(t, payment.PhasePreAuthorization))
			_, err := capture(t, o, charge.Capture{Items: []payment.ItemAmount{of(t, o, "pen", "300.01")}})
			paymenttest.WantCode(t, err, fault.CaptureAmountExceeded)
		})
		t.Run("declined_capture_leaves_the_hold_of_each", func(t *testing.T) {
			c := w.cart(t, payment.PhasePreAuthorization)
			c.Card = w.Typed(t, paymenttest.HoldOnlyCard)
			o := w.MustPay(t, c)
			if _, err := capture(t, o, charge.Capture{Items: []payment.ItemAmount{of(t, o, "pen", "")}}); err != nil {
				t.Fatal(err)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "0.00", "0.00"}, "card": {"100.00", "0.00", "0.00"},
			})
		})
	})
}
