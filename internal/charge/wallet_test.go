package charge_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

const buyer id.Member = 5

// fromWallet is an order that the buyer's wallet pays as a whole.
func (w *world) fromWallet(t *testing.T) charge.Pay {
	t.Helper()
	c := w.Order(t, paymenttest.GoodCard)
	c.Card, c.Wallet, c.Paid, c.BuyerID = card.Card{}, c.Price, c.Price, buyer
	return c
}

// alone gives the world a bank that must not be asked.
func (w *world) alone(t *testing.T) {
	t.Helper()
	bank := &paymenttest.Scripted{}
	w.Ask(t, bank)
	t.Cleanup(func() {
		if len(bank.Charged)+len(bank.Followed)+len(bank.Inquired) > 0 {
			t.Errorf("a bank was asked: %+v, %+v, %+v", bank.Charged, bank.Followed, bank.Inquired)
		}
	})
}

func (w *world) wantBooked(t *testing.T, o payment.Outcome, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

func TestWallet(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.alone(t)
		t.Run("payment_is_captured_in_one_commit_without_a_bank", func(t *testing.T) {
			dying := &paymenttest.DyingStore{Store: w.Store, Commits: 1}
			o, err := w.With(func(p *paymenttest.Parts) { p.Store = dying }).Pay(t.Context(), w.fromWallet(t))
			if err != nil {
				t.Fatal(err)
			}
			p := w.Now(t, o)
			paymenttest.WantState(t, p, payment.Captured)
			if diff := cmp.Diff(o.Payment, p, cmpopts.EquateComparable(money.Amount{}, netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("stored (-answered +stored):\n%s", diff)
			}
			if p.POSID != 0 || p.Captured != p.Paid || p.Items[0].Taken != p.Paid || o.Operation.POSID != 0 || o.Operation.Status != payment.OperationApproved {
				t.Errorf("payment %+v, operation %+v", p, o.Operation)
			}
			w.wantBooked(t, o, map[string]string{"member_wallet:5": "1000.00", "sales": "-1000.00"})
			w.wantTold(t, o, payment.EventCaptured, "payment.sale")
		})
		t.Run("repeated_it_gets_its_first_answer", func(t *testing.T) {
			c := w.fromWallet(t)
			c.Key = paymenttest.KeyNamed("wallet")
			first := w.MustPay(t, c)
			again := w.MustPay(t, c)
			byOrder := c
			byOrder.Key = idempotency.Key{}
			for _, o := range []payment.Outcome{again, w.MustPay(t, byOrder)} {
				if !o.Replayed || o.Payment.ID != first.Payment.ID || o.Operation.ID != first.Operation.ID {
					t.Errorf("replayed %t: payment %d, operation %d", o.Replayed, o.Payment.ID, o.Operation.ID)
				}
			}
			other := byOrder
			other.BuyerID++
			_, err := w.Pay(t.Context(), other)
			paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("refunds_go_back_to_the_wallet_item_by_item", func(t *testing.T) {
			c := w.cart(t, payment.PhaseSale)
			c.Card, c.Wallet, c.BuyerID = card.Card{}, c.Price, buyer
			o := w.MustPay(t, c)
			r := w.mustRefund(t, o, of(t, o, "pen", "250.00"))
			if r.Operation.POSID != 0 || r.Operation.Status != payment.OperationApproved || r.Payment.State != payment.PartiallyRefunded {
				t.Errorf("payment %s, operation %+v", r.Payment.State, r.Operation)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"600.00", "0.00", "0.00"}, "pen": {"300.00", "250.00", "0.00"}, "card": {"100.00", "0.00", "0.00"},
			})
			w.wantBooked(t, o, map[string]string{"member_wallet:5": "750.00", "sales": "-750.00"})
			_, err := w.tryRefund(t, o, of(t, o, "pen", "50.01"))
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
			_, err = w.TryVoid(t, o)
			paymenttest.WantCode(t, err, fault.NotVoidable)
			w.mustRefund(t, o)
			paymenttest.WantState(t, w.Now(t, o), payment.Refunded)
			w.wantBooked(t, o, map[string]string{"member_wallet:5": "0.00", "sales": "0.00"})
			w.wantTold(t, o, payment.EventRefunded, "payment.refund")
		})
		t.Run("void_gives_the_wallet_everything_back_once", func(t *testing.T) {
			o := w.MustPay(t, w.fromWallet(t))
			caller := w.Caller()
			caller.Key = paymenttest.KeyNamed("void of a wallet")
			v, err := w.Void(t.Context(), charge.Void{Caller: caller, PaymentID: o.Payment.UUID})
			if err != nil || v.Payment.State != payment.Voided || v.Payment.OpenAsk != 0 {
				t.Fatalf("%+v, %v", v.Payment, err)
			}
			again, err := w.Void(t.Context(), charge.Void{Caller: caller, PaymentID: o.Payment.UUID})
			if err != nil || !again.Replayed || again.Operation.ID != v.Operation.ID {
				t.Errorf("replayed %t, %v", again.Replayed, err)
			}
			w.wantBooked(t, o, map[string]string{"member_wallet:5": "0.00", "sales": "0.00"})
			w.wantTold(t, o, payment.EventVoided, "payment.void")
			w.RunJobs(t)
		})
	})
}

// wantTold holds that the last change of a payment has left an event of the kind, of
// the version that it made, and an audit record.
func (w *world) wantTold(t *testing.T, o payment.Outcome, event job.Kind, action string) {
	t.Helper()
	queued, err := w.Jobs.Jobs(t.Context(), paymenttest.DemoMerchant)
	if err != nil {
		t.Fatal(err)
	}
	p := w.Now(t, o)
	version := fmt.Sprintf(`"version":%d}`, p.Version)
	if !slices.ContainsFunc(queued, func(j job.Job) bool {
		return j.Kind == event && j.Subject == payment.Subject(p.UUID) && strings.HasSuffix(string(j.Payload), version)
	}) {
		t.Errorf("no %s of version %d is queued", event, p.Version)
	}
	records, _, err := sqlstore.NewAudit(w.DB).Search(t.Context(), paymenttest.DemoMerchant, audit.Filter{Subject: payment.Subject(p.UUID), Limit: 10})
	if err != nil || len(records) == 0 || records[0].Action != action {
		t.Errorf("audit records %v, %v", records, err)
	}
}

// TestWallet_at_once holds that an order is paid once, and given back once, however
// many ask for it at the same time.
func TestWallet_at_once(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		w.alone(t)
		c := w.fromWallet(t)
		fresh := paymenttest.Race(8, func() bool {
			o, err := w.Pay(t.Context(), c)
			if err != nil {
				t.Error(err)
			}
			return err == nil && !o.Replayed
		})
		if fresh != 1 {
			t.Errorf("the order was paid %d times", fresh)
		}
		o := w.MustPay(t, c)
		if won := paymenttest.Race(8, func() bool { _, err := w.TryRefund(t, o, "300.00"); return err == nil }); won != 3 {
			t.Errorf("%d refunds of 300.00 won, want 3", won)
		}
		w.wantBooked(t, o, map[string]string{"member_wallet:5": "100.00", "sales": "-100.00"})
	})
}

func TestWallet_refusals(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.alone(t)
		for name, tt := range map[string]struct {
			change func(*charge.Pay)
			field  string
		}{
			"more_than_is_paid":        {func(c *charge.Pay) { c.Wallet = c.Wallet.Add(paymenttest.Lira(t, "0.01")) }, "wallet"},
			"less_than_nothing":        {func(c *charge.Pay) { c.Wallet = c.Wallet.Neg() }, "wallet"},
			"another_currency":         {func(c *charge.Pay) { c.Wallet = money.FromMinor(100_000, money.USD) }, "wallet"},
			"nobodys_wallet":           {func(c *charge.Pay) { c.BuyerID = 0 }, "buyer"},
			"a_hold":                   {func(c *charge.Pay) { c.Phase = payment.PhasePreAuthorization }, "wallet"},
			"installments":             {func(c *charge.Pay) { c.Installments = 3 }, "installmentCount"},
			"a_card_too":               {func(c *charge.Pay) { c.Card = w.Typed(t, paymenttest.GoodCard) }, "pan"},
			"a_part_and_no_card":       {func(c *charge.Pay) { c.Wallet = paymenttest.Lira(t, "999.99") }, "pan"},
			"items_that_do_not_add_up": {func(c *charge.Pay) { c.Items = []charge.ItemRequest{{Name: "a", Price: paymenttest.Lira(t, "1.00")}} }, "items"},
		} {
			t.Run(name, func(t *testing.T) {
				c := w.fromWallet(t)
				tt.change(&c)
				_, err := w.Pay(t.Context(), c)
				if err == nil || !strings.Contains(err.Error(), tt.field+": ") {
					t.Errorf("error = %v, want one about %s", err, tt.field)
				}
			})
		}
		t.Run("nobody_is_authenticated_for_nothing", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.Card, c.Wallet, c.BuyerID = card.Card{}, c.Price, buyer
			_, err := w.Enrol(t.Context(), c)
			paymenttest.WantCode(t, err, fault.ValidationError)
		})
	})
}

// TestWallet_beside_a_card holds what becomes of the two parts of a payment by both:
// the bank hears of the card's alone, and so does whoever gives money back.
func TestWallet_beside_a_card(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.cart(t, payment.PhaseSale)
		c.Wallet, c.BuyerID = paymenttest.Lira(t, "400.00"), buyer
		o := w.MustPay(t, c)
		if o.Operation.Amount != paymenttest.Lira(t, "600.00") || o.Payment.Captured != o.Operation.Amount {
			t.Errorf("the card paid %s, captured %s", o.Operation.Amount, o.Payment.Captured)
		}
		w.wantItems(t, o, map[string][3]string{
			"book": {"360.00", "0.00", "0.00"}, "pen": {"180.00", "0.00", "0.00"}, "card": {"60.00", "0.00", "0.00"},
		})
		_, err := w.tryRefund(t, o, of(t, o, "pen", "180.01"))
		paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
		w.mustRefund(t, o, of(t, o, "pen", ""))
		if r := w.mustRefund(t, o); r.Operation.Amount != paymenttest.Lira(t, "420.00") || r.Payment.State != payment.Refunded {
			t.Errorf("the rest was %s, the payment is %s", r.Operation.Amount, r.Payment.State)
		}
		w.wantBooked(t, o, map[string]string{"pos_receivable:1": "0.00", "bank_commission": "0.00", "sales": "0.00"})
	})
}
