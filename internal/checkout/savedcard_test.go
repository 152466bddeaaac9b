package checkout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/vault"
)

const (
	axess   = "5421190122090656"
	visa    = "4111111111111111"
	rival   = id.Merchant(2)
	someone = "CUST-2"
)

// sellTo makes a checkout for a customer of a merchant.
func (w *world) sellTo(t *testing.T, ref string, m id.Merchant, customer string) checkout.Checkout {
	t.Helper()
	o := order(ref)
	o.MerchantID, o.CustomerRef = m, customer
	made, err := w.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made.Checkout
}

// typed is a card to be kept.
func (w *world) typed(t *testing.T, c checkout.Checkout, number string, year int) checkout.Attempt {
	t.Helper()
	a := w.attempt(t, c)
	pan, err := card.ParsePAN(number)
	if err != nil {
		t.Fatal(err)
	}
	code, err := card.ParseCVV("916")
	if err != nil {
		t.Fatal(err)
	}
	a.Card = card.Card{PAN: pan, CVV: code, Expiry: card.Expiry{Year: year, Month: time.April}, Holder: "John Doe"}
	a.Save = true
	return a
}

// finish takes the shopper back from the bank.
func (w *world) finish(t *testing.T, c checkout.Checkout, state payment.State, reason connector.Reason) {
	t.Helper()
	w.payments.state, w.payments.reason = state, reason
	back := checkout.Return{Checkout: c.ID, PaymentID: w.now(t, c).Payment.UUID, SecurityKey: "right"}
	if err := w.Return(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	w.payments.state, w.payments.reason = "", ""
}

// save pays an order of a customer with a card that is kept.
func (w *world) save(t *testing.T, ref string, m id.Merchant, customer, number string, year int) {
	t.Helper()
	c := w.sellTo(t, ref, m, customer)
	if err := w.Pay(t.Context(), w.typed(t, c, number, year)); err != nil {
		t.Fatal(err)
	}
	w.finish(t, c, payment.Captured, connector.Success)
	w.want(t, c, checkout.Paid, connector.Success)
	w.clock.Advance(time.Second)
}

// saved returns what a page offers: the last digits and the years, newest first.
func (w *world) saved(t *testing.T, c checkout.Checkout) (shown string, all []checkout.SavedCard) {
	t.Helper()
	all, err := w.SavedCards(t.Context(), w.now(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		shown += " " + string(s.Scheme) + " " + s.Last4 + " " + s.Expiry.MM() + "/" + s.Expiry.YY()
	}
	return strings.TrimSpace(shown), all
}

// rows counts every stored card, whosever it is.
func (w *world) rows(t *testing.T) int {
	t.Helper()
	n := 0
	err := w.db.Query(t.Context(), `SELECT id FROM stored_card ORDER BY id`, nil,
		func(storage.Scanner) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) wantSaved(t *testing.T, c checkout.Checkout, want string) []checkout.SavedCard {
	t.Helper()
	got, all := w.saved(t, c)
	if got != want {
		t.Fatalf("the page offers %q, want %q", got, want)
	}
	return all
}

func TestSavedCards(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.save(t, "ORD-1", seller, "CUST-1", axess, 2028)
		w.save(t, "ORD-2", seller, "CUST-1", visa, 2027)
		mine := w.sellTo(t, "ORD-3", seller, "CUST-1")
		w.wantSaved(t, mine, "VISA 1111 04/27 MASTERCARD 0656 04/28")
		w.wantSaved(t, w.sellTo(t, "ORD-4", seller, someone), "")
		w.wantSaved(t, w.sellTo(t, "ORD-5", seller, ""), "")
		w.wantSaved(t, w.sellTo(t, "ORD-6", rival, "CUST-1"), "")

		// The same card again is one entry, with what was typed last.
		w.save(t, "ORD-7", seller, "CUST-1", axess, 2030)
		w.wantSaved(t, mine, "MASTERCARD 0656 04/30 VISA 1111 04/27")
		w.save(t, "ORD-8", seller, someone, axess, 2031)
		w.wantSaved(t, mine, "MASTERCARD 0656 04/30 VISA 1111 04/27")

		w.merchant.Checkout.WithoutSavedCards = true
		w.wantSaved(t, mine, "")
		w.merchant.Checkout.WithoutSavedCards = false

		w.clock.Advance(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC).Sub(w.clock.Now()))
		w.wantSaved(t, w.sellTo(t, "ORD-9", seller, "CUST-1"), "MASTERCARD 0656 04/30")
	})
}

func TestSaveOnlyWhatPaidWithConsent(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, w *world, c checkout.Checkout){
		"no_consent": func(t *testing.T, w *world, c checkout.Checkout) {
			a := w.typed(t, c, axess, 2028)
			a.Save = false
			if err := w.Pay(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			w.finish(t, c, payment.Captured, connector.Success)
		},
		"switched_off": func(t *testing.T, w *world, c checkout.Checkout) {
			w.merchant.Checkout.WithoutSavedCards = true
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			w.finish(t, c, payment.Captured, connector.Success)
			w.merchant.Checkout.WithoutSavedCards = false
		},
		"declined": func(t *testing.T, w *world, c checkout.Checkout) {
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			w.finish(t, c, payment.Declined, connector.DoNotHonour)
		},
		"given_up": func(t *testing.T, w *world, c checkout.Checkout) {
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			if err := w.GiveUp(t.Context(), c.ID, w.now(t, c).Version); err != nil {
				t.Fatal(err)
			}
		},
		"cancelled": func(t *testing.T, w *world, c checkout.Checkout) {
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			if err := w.Cancel(t.Context(), c.ID, w.now(t, c).Version); err != nil {
				t.Fatal(err)
			}
		},
		"replaced_by_another_checkout": func(t *testing.T, w *world, c checkout.Checkout) {
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			w.sellTo(t, c.Ref, seller, someone)
		},
		"refused": func(t *testing.T, w *world, c checkout.Checkout) {
			w.payments.err = fault.Validation(fault.Field{Name: "cvv", Code: fault.FieldInvalid})
			wantCode(t, w.Pay(t.Context(), w.typed(t, c, axess, 2028)), fault.ValidationError)
			w.payments.err = nil
		},
		"interrupted": func(t *testing.T, w *world, c checkout.Checkout) {
			w.payments.err = fault.New(fault.Unavailable, fault.ServiceUnavailable, "down")
			wantCode(t, w.Pay(t.Context(), w.typed(t, c, axess, 2028)), fault.ServiceUnavailable)
			w.clock.Advance(2 * time.Minute)
			w.work(t)
			w.payments.err = nil
		},
	}
	for name, leave := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				leave(t, w, w.sellTo(t, "ORD-1", seller, "CUST-1"))
				if n := w.rows(t); n != 0 {
					t.Errorf("%d cards are stored", n)
				}
				w.wantSaved(t, w.sellTo(t, "ORD-2", seller, "CUST-1"), "")
			})
		})
	}
	t.Run("while_at_the_bank_it_is_nobody's", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sellTo(t, "ORD-1", seller, "CUST-1")
			if err := w.Pay(t.Context(), w.typed(t, c, axess, 2028)); err != nil {
				t.Fatal(err)
			}
			w.wantSaved(t, w.sellTo(t, "ORD-2", seller, "CUST-1"), "")
			if n := w.rows(t); n != 1 {
				t.Errorf("%d cards are stored", n)
			}
		})
	})
}

func TestPayWithSavedCard(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.save(t, "ORD-1", seller, "CUST-1", axess, 2028)
		c := w.sellTo(t, "ORD-2", seller, "CUST-1")
		a := w.attempt(t, c)
		code, err := card.ParseCVV("123")
		if err != nil {
			t.Fatal(err)
		}
		a.Saved, a.Save, a.Card = w.wantSaved(t, c, "MASTERCARD 0656 04/28")[0].Token, true, card.Card{CVV: code}
		if err := w.Pay(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		w.want(t, c, checkout.Authenticating, "") // 3-D Secure as for a card that was typed
		want := card.Card{PAN: w.typed(t, w.sellTo(t, "ORD-3", seller, ""), axess, 2028).Card.PAN, CVV: code,
			Expiry: card.Expiry{Year: 2028, Month: time.April}, Holder: "John Doe"}
		if w.payments.charged != want {
			t.Error("another card was charged")
		}
		w.finish(t, c, payment.Captured, connector.Success)
		if n := w.rows(t); n != 1 {
			t.Errorf("%d cards are stored", n)
		}
	})
}

// TestForeignCards holds that a page reaches the cards of its own customer alone,
// whatever token it is given.
func TestForeignCards(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.save(t, "ORD-1", seller, "CUST-1", axess, 2028)
		own := w.sellTo(t, "ORD-2", seller, "CUST-1")
		token := w.wantSaved(t, own, "MASTERCARD 0656 04/28")[0].Token
		unknown, err := w.vault.NewCard(t.Context(), vault.Owner{MerchantID: seller}, vault.Details{PAN: w.typed(t, own, visa, 2028).Card.PAN})
		if err != nil {
			t.Fatal(err)
		}
		anyones, err := w.vault.StoreCard(t.Context(), vault.Owner{MerchantID: seller},
			vault.Details{PAN: w.typed(t, own, visa, 2028).Card.PAN, Expiry: card.Expiry{Year: 2028, Month: 1}})
		if err != nil {
			t.Fatal(err)
		}
		for name, at := range map[string]struct {
			checkout checkout.Checkout
			token    string
		}{
			"another_customer":        {w.sellTo(t, "ORD-3", seller, someone), token},
			"no_customer":             {w.sellTo(t, "ORD-4", seller, ""), token},
			"no_customer,_no_one's":   {w.sellTo(t, "ORD-5", seller, ""), anyones.Token},
			"another_merchant":        {w.sellTo(t, "ORD-6", rival, "CUST-1"), token},
			"no_such_card":            {own, unknown.Token},
			"a_card_that_is_no_one's": {own, anyones.Token},
		} {
			a := w.attempt(t, at.checkout)
			a.Saved = at.token
			if err := w.Pay(t.Context(), a); fault.CodeOf(err) != fault.NoSuchThing {
				t.Errorf("%s: pay = %v", name, err)
			}
			v := w.want(t, at.checkout, checkout.Open, "")
			if v.Attempts != 0 {
				t.Errorf("%s: %d attempts", name, v.Attempts)
			}
			if _, err := w.QuoteSaved(t.Context(), v, at.token); fault.CodeOf(err) != fault.NoSuchThing {
				t.Errorf("%s: quote = %v", name, err)
			}
			if err := w.RemoveCard(t.Context(), at.checkout.ID, at.token); fault.CodeOf(err) != fault.NoSuchThing {
				t.Errorf("%s: remove = %v", name, err)
			}
		}
		w.wantSaved(t, own, "MASTERCARD 0656 04/28")
		if _, err := w.QuoteSaved(t.Context(), w.now(t, own), token); err != nil {
			t.Error(err)
		}
		if err := w.RemoveCard(t.Context(), own.ID, token); err != nil {
			t.Fatal(err)
		}
		w.wantSaved(t, own, "")
		wantCode(t, w.RemoveCard(t.Context(), own.ID, token), fault.NoSuchThing)
	})
	t.Run("a_finished_checkout_reaches_none", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			w.save(t, "ORD-1", seller, "CUST-1", axess, 2028)
			c := w.sellTo(t, "ORD-2", seller, "CUST-1")
			token := w.wantSaved(t, c, "MASTERCARD 0656 04/28")[0].Token
			if err := w.Cancel(t.Context(), c.ID, c.Version); err != nil {
				t.Fatal(err)
			}
			w.wantSaved(t, c, "")
			wantCode(t, w.RemoveCard(t.Context(), c.ID, token), fault.NoSuchThing)
		})
	})
}
