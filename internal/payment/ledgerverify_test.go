package payment_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/storage"
)

// forgery is an edit of a good database that leaves a contradiction, and the rule
// by which it must be found.
type forgery struct {
	name string
	rule ledger.Rule
	// edit is SQL for one merchant, $m, and payments of it by their order, [sale].
	edit string
}

// forgeries are what an auditor looks for. Each is done to a merchant of its own.
func forgeries() []forgery {
	const swapped = `UPDATE ledger_entry SET %[1]s = -1 WHERE merchant_id = $m AND %[1]s = %[2]s;
		UPDATE ledger_entry SET %[1]s = %[2]s WHERE merchant_id = $m AND %[1]s = %[3]s;
		UPDATE ledger_entry SET %[1]s = %[3]s WHERE merchant_id = $m AND %[1]s = -1`
	bySource := fmt.Sprintf(swapped, "source_id", "[sale:sale]", "[twin:sale]")
	byPayment := fmt.Sprintf(swapped, "payment_id", "[sale]", "[twin]")
	return []forgery{
		{"payment_gone", ledger.PaymentMissing, `DELETE FROM payment WHERE merchant_id = $m AND id = [sale]`},
		{"payment_gone_and_postings_left", ledger.PaymentMissing, `DELETE FROM payment WHERE merchant_id = $m AND id = [sale];
			DELETE FROM payment_item WHERE merchant_id = $m AND payment_id = [sale];
			DELETE FROM operation WHERE merchant_id = $m AND payment_id = [sale]`},
		{"payment_of_another_merchant", ledger.PaymentMissing, `UPDATE payment SET merchant_id = 999 WHERE merchant_id = $m AND id = [sale]`},
		{"payment_in_another_currency", ledger.CurrencyDiffers, `UPDATE payment SET currency = 'EUR' WHERE merchant_id = $m AND id = [sale]`},
		{"captured_made_declined", ledger.StateDiffers, `UPDATE payment SET state = 'declined', holds_order = FALSE WHERE merchant_id = $m AND id = [sale]`},
		{"captured_made_voided", ledger.StateDiffers, `UPDATE payment SET state = 'voided', holds_order = FALSE WHERE merchant_id = $m AND id = [sale]`},
		{"captured_made_refunded_with_all_left", ledger.StateDiffers, `UPDATE payment SET state = 'refunded', holds_order = FALSE WHERE merchant_id = $m AND id = [sale]`},
		{"refunded_with_a_part_left", ledger.StateDiffers, `UPDATE payment SET state = 'refunded', holds_order = FALSE WHERE merchant_id = $m AND id = [partial]`},
		{"pending_made_declined", ledger.StateDiffers, `UPDATE payment SET state = 'declined', holds_order = FALSE WHERE merchant_id = $m AND id = [pending]`},
		{"state_that_nobody_knows", ledger.StateDiffers, `UPDATE payment SET state = 'settled' WHERE merchant_id = $m AND id = [sale]`},
		{"captured_sum_lowered", ledger.SumDiffers, `UPDATE payment SET captured = captured - 100 WHERE merchant_id = $m AND id = [sale]`},
		{"refunded_sum_raised", ledger.SumDiffers, `UPDATE payment SET refunded = refunded + 100 WHERE merchant_id = $m AND id = [partial]`},
		{"refunded_sum_raised_with_its_item", ledger.SumDiffers, `UPDATE payment SET refunded = refunded + 100 WHERE merchant_id = $m AND id = [partial];
			UPDATE payment_item SET refunded = refunded + 100 WHERE merchant_id = $m AND payment_id = [partial]`},
		{"refunding_without_an_open_refund", ledger.SumDiffers, `UPDATE payment SET refunding = 100 WHERE merchant_id = $m AND id = [sale]`},
		{"open_refund_not_reserved", ledger.SumDiffers, `UPDATE payment SET refunding = 0 WHERE merchant_id = $m AND id = [refunding]`},
		{"authorized_sum_lowered", ledger.SumDiffers, `UPDATE payment SET authorized = authorized - 100 WHERE merchant_id = $m AND id = [hold]`},
		{"commission_lowered_with_its_item", ledger.CommissionDiffers, `UPDATE payment SET commission = commission - 10 WHERE merchant_id = $m AND id = [sale];
			UPDATE payment_item SET commission = commission - 10 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"commission_rate_changed", ledger.CommissionDiffers, `UPDATE payment SET commission_rate = commission_rate + 10000 WHERE merchant_id = $m AND id = [sale]`},
		{"open_ask_that_is_final", ledger.OpenAskDiffers, `UPDATE payment SET open_ask = [sale:sale] WHERE merchant_id = $m AND id = [sale]`},
		{"open_ask_forgotten", ledger.OpenAskDiffers, `UPDATE payment SET open_ask = 0 WHERE merchant_id = $m AND id = [voiding]`},
		{"voided_payment_holds_its_order", ledger.OrderHeld, `UPDATE payment SET holds_order = TRUE WHERE merchant_id = $m AND id = [voided]`},
		{"order_held_by_two_payments", ledger.OrderShared, `UPDATE payment SET order_ref = (SELECT order_ref FROM payment WHERE merchant_id = $m AND id = [twin])
			WHERE merchant_id = $m AND id = [sale]`},
		{"pos_of_the_payment_changed", ledger.OperationDiffers, `UPDATE payment SET pos_id = 2 WHERE merchant_id = $m AND id = [sale]`},

		{"item_price_changed", ledger.ItemsDiffer, `UPDATE payment_item SET price = price + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_paid_changed", ledger.ItemsDiffer, `UPDATE payment_item SET paid = paid + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_wallet_changed", ledger.ItemsDiffer, `UPDATE payment_item SET wallet = wallet + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_commission_changed", ledger.ItemsDiffer, `UPDATE payment_item SET commission = commission + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_refunded_changed", ledger.ItemsDiffer, `UPDATE payment_item SET refunded = refunded + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_in_another_currency", ledger.CurrencyDiffers, `UPDATE payment_item SET currency = 'EUR' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_gone", ledger.ItemsDiffer, `DELETE FROM payment_item WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_of_another_payment", ledger.ItemsDiffer, `UPDATE payment_item SET payment_id = [twin] WHERE merchant_id = $m AND payment_id = [sale]`},

		{"item_taken_changed", ledger.ItemsDiffer, `UPDATE payment_item SET taken = taken + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"item_refunding_changed", ledger.ItemsDiffer, `UPDATE payment_item SET refunding = refunding + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"taken_moved_between_items_of_a_sale", ledger.SharesDiffer, `UPDATE payment_item SET taken = taken + 5 - 10 * position
			WHERE merchant_id = $m AND payment_id = [sale]`},
		{"taken_moved_between_items_of_a_capture", ledger.SharesDiffer, `UPDATE payment_item SET taken = taken + 5 - 10 * position
			WHERE merchant_id = $m AND payment_id = [capture]`},
		{"refunded_moved_between_items", ledger.SharesDiffer, `UPDATE payment_item SET refunded = refunded + 5 - 10 * position
			WHERE merchant_id = $m AND payment_id = [named]`},
		{"refunding_moved_between_items", ledger.SharesDiffer, `UPDATE payment_item SET refunding = refunding + 5 - 10 * position
			WHERE merchant_id = $m AND payment_id = [refunding]`},

		{"share_amount_changed", ledger.SharesDiffer, `UPDATE operation_item SET amount = amount + 1
			WHERE merchant_id = $m AND operation_id = [named:refund]`},
		{"share_gone", ledger.SharesDiffer, `DELETE FROM operation_item WHERE merchant_id = $m AND operation_id = [named:refund]
			AND amount = 33300`},
		{"shares_of_a_capture_gone", ledger.SharesDiffer, `DELETE FROM operation_item WHERE merchant_id = $m AND operation_id = [capture:capture]`},
		{"share_moved_to_another_item", ledger.SharesDiffer, `UPDATE operation_item SET amount = 33400 - amount
			WHERE merchant_id = $m AND operation_id = [named:refund]`},
		{"share_of_an_item_of_nobody", ledger.SharesDiffer, `UPDATE operation_item SET item_id = -item_id
			WHERE merchant_id = $m AND operation_id = [named:refund]`},
		{"share_of_another_operation", ledger.SharesDiffer, `UPDATE operation_item SET operation_id = [named:sale]
			WHERE merchant_id = $m AND operation_id = [named:refund]`},
		{"share_of_an_operation_of_nobody", ledger.SharesDiffer, `UPDATE operation_item SET operation_id = 1
			WHERE merchant_id = $m AND operation_id = [named:refund]`},
		{"share_of_another_payment", ledger.SharesDiffer, `UPDATE operation_item SET payment_id = [twin]
			WHERE merchant_id = $m AND payment_id = [named]`},
		{"share_of_another_merchant", ledger.PaymentMissing, `UPDATE operation_item SET merchant_id = 999
			WHERE merchant_id = $m AND payment_id = [named]`},
		{"share_in_another_currency", ledger.CurrencyDiffers, `UPDATE operation_item SET currency = 'EUR'
			WHERE merchant_id = $m AND payment_id = [named]`},
		{"shares_of_an_open_refund_gone", ledger.SharesDiffer, `DELETE FROM operation_item WHERE merchant_id = $m AND payment_id = [refunding]`},

		{"wallet_payment_sent_to_a_bank", ledger.OperationDiffers, `UPDATE operation SET pos_id = 1 WHERE merchant_id = $m AND payment_id = [wallet]`},
		{"sale_sent_to_nobody", ledger.OperationDiffers, `UPDATE operation SET pos_id = 0 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_of_a_wallet_payment_gone", ledger.StateDiffers, `DELETE FROM operation WHERE merchant_id = $m AND payment_id = [wallet]`},
		{"wallet_of_another_buyer_debited", ledger.PostingDiffers, `UPDATE ledger_entry SET account = 'member_wallet:9'
			WHERE merchant_id = $m AND payment_id = [wallet] AND position = 0`},
		{"bank_owes_what_a_wallet_paid", ledger.PostingDiffers, `UPDATE ledger_entry SET account = 'pos_receivable:1'
			WHERE merchant_id = $m AND payment_id = [wallet] AND position = 0`},
		{"wallet_got_back_too_little", ledger.PostingDiffers, `UPDATE ledger_entry SET amount = amount + 5
				WHERE merchant_id = $m AND source_id = [walletback:refund] AND position = 0;
			UPDATE ledger_entry SET amount = amount - 5 WHERE merchant_id = $m AND source_id = [walletback:refund] AND account = 'sales'`},
		{"wallet_made_a_part_of_what_is_paid", ledger.OperationDiffers, `UPDATE payment SET wallet = wallet - 100 WHERE merchant_id = $m AND id = [wallet]`},

		{"operation_gone", ledger.StateDiffers, `DELETE FROM operation WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_amount_changed", ledger.OperationDiffers, `UPDATE operation SET amount = amount + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_in_another_currency", ledger.CurrencyDiffers, `UPDATE operation SET currency = 'EUR' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_made_declined", ledger.StateDiffers, `UPDATE operation SET status = 'declined' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"declined_operation_made_approved", ledger.PostingMissing, `UPDATE operation SET status = 'approved' WHERE merchant_id = $m AND payment_id = [declined]`},
		{"operation_of_another_kind", ledger.OperationDiffers, `UPDATE operation SET kind = 'authorize' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_of_another_payment", ledger.StateDiffers, `UPDATE operation SET payment_id = [twin] WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_of_another_merchant", ledger.PaymentMissing, `UPDATE operation SET merchant_id = 999 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"operation_of_another_ask", ledger.OperationDiffers, `UPDATE operation SET ask_id = [twin:sale] WHERE merchant_id = $m AND payment_id = [sale]`},
		{"capture_without_its_hold", ledger.OperationDiffers, `DELETE FROM operation WHERE merchant_id = $m AND id = [capture:authorize]`},
		{"refund_over_what_was_captured", ledger.SumDiffers, `UPDATE operation SET amount = 1000000 WHERE merchant_id = $m AND id = [partial:refund]`},
		{"refund_gone", ledger.SumDiffers, `DELETE FROM operation WHERE merchant_id = $m AND id = [partial:refund]`},
		{"void_gone", ledger.StateDiffers, `DELETE FROM operation WHERE merchant_id = $m AND id = [voided:void]`},
		{"refund_about_another_charge", ledger.OperationDiffers, `UPDATE operation SET original = 'NOBODYS' WHERE merchant_id = $m AND id = [partial:refund]`},

		{"posting_gone", ledger.PostingMissing, `DELETE FROM ledger_entry WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_doubled", ledger.PostingDoubled, `INSERT INTO ledger_entry (merchant_id, payment_id, source_kind, source_id, source_event, position, posting_id,
				account, currency, amount, posted_at)
			SELECT merchant_id, payment_id, source_kind, source_id, source_event, position + 10, posting_id + 100000, account, currency, amount, posted_at
			FROM ledger_entry WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_of_nothing_that_moved", ledger.PostingUnfounded, `INSERT INTO ledger_entry (merchant_id, payment_id, source_kind, source_id, source_event, position,
				posting_id, account, currency, amount, posted_at)
			SELECT merchant_id, [declined], source_kind, [declined:sale], source_event, position, posting_id + 100000, account, currency, amount * 0, posted_at
			FROM ledger_entry WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_of_another_merchant", ledger.PaymentMissing, `UPDATE ledger_entry SET merchant_id = 999 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_of_another_source", ledger.PostingMissing, `UPDATE ledger_entry SET source_kind = 'adjustment' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_without_its_payment", ledger.PostingUnfounded, `UPDATE ledger_entry SET payment_id = 0 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_of_another_time", ledger.PostingDiffers, `UPDATE ledger_entry SET posted_at = posted_at + 1 WHERE merchant_id = $m AND payment_id = [sale]`},
		{"posting_in_another_currency", ledger.CurrencyDiffers, `UPDATE ledger_entry SET currency = 'EUR' WHERE merchant_id = $m AND payment_id = [sale]`},
		{"postings_of_two_payments_exchanged", ledger.PostingUnfounded, byPayment},
		{"sources_of_two_postings_exchanged", ledger.PostingMissing, bySource},
		{"postings_and_their_sources_exchanged", ledger.PostingDiffers, byPayment + ";" + bySource},
		{"entry_gone", ledger.PostingUnbalanced, `DELETE FROM ledger_entry WHERE merchant_id = $m AND payment_id = [sale] AND account = 'bank_commission'`},
		{"entry_amount_changed", ledger.PostingUnbalanced, `UPDATE ledger_entry SET amount = amount + 1 WHERE merchant_id = $m AND payment_id = [sale] AND position = 0`},
		{"entry_in_another_currency", ledger.CurrencyDiffers, `UPDATE ledger_entry SET currency = 'EUR' WHERE merchant_id = $m AND payment_id = [sale] AND position = 0`},
		{"money_moved_between_accounts", ledger.PostingDiffers, `UPDATE ledger_entry SET amount = amount + 5 WHERE merchant_id = $m AND payment_id = [sale] AND position = 0;
			UPDATE ledger_entry SET amount = amount - 5 WHERE merchant_id = $m AND payment_id = [sale] AND account = 'bank_commission'`},
		{"money_of_a_refund_moved_between_accounts", ledger.PostingDiffers, `UPDATE ledger_entry SET amount = amount + 5
				WHERE merchant_id = $m AND source_id = [partial:refund] AND position = 0;
			UPDATE ledger_entry SET amount = amount - 5 WHERE merchant_id = $m AND source_id = [partial:refund] AND account = 'bank_commission'`},
		{"money_owed_by_another_bank", ledger.PostingDiffers, `UPDATE ledger_entry SET account = 'pos_receivable:2'
			WHERE merchant_id = $m AND payment_id = [sale] AND position = 0`},
	}
}

// TestLedgerVerify edits a good database in every way in which somebody could, and
// has the edit found and nothing else.
func TestLedgerVerify(t *testing.T) {
	t.Parallel()
	paymenttest.EachEngine(t, func(t *testing.T, w *paymenttest.World) {
		w.Forged = true
		const honest = id.Merchant(1000)
		all := forgeries()
		for i, f := range all {
			keepBooks(t, w, merchantOf(i), f.edit)
		}
		keepBooks(t, w, honest, everyOrder)
		if found := w.Findings(t.Context(), t); len(found) > 0 {
			t.Fatalf("a good database: %v", found)
		}
		forge(t, w.DB, `DROP INDEX payment_order`) // two payments cannot hold an order otherwise
		for i, f := range all {
			forge(t, w.DB, f.statements(t, w.DB, merchantOf(i))...)
		}
		found := w.Findings(t.Context(), t)
		for i, f := range all {
			t.Run(f.name, func(t *testing.T) {
				of := found[merchantOf(i)]
				if f.rule == ledger.PaymentMissing {
					of = append(of, found[999]...) // to whom some edits move a thing
				}
				for _, one := range of {
					if one.Rule == f.rule {
						return
					}
				}
				t.Errorf("not found as %s: %v", f.rule, of)
			})
		}
		t.Run("what_nobody_touched_has_no_finding", func(t *testing.T) {
			if len(found[honest]) > 0 {
				t.Error(found[honest])
			}
		})
	})
}

func forge(t *testing.T, db *storage.DB, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := db.Mutate(t.Context(), sql, nil, func(storage.Scanner) error { return nil }); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// statements fills in what the edit names: $m, [order] for a payment and
// [order:kind] for its first operation of the kind.
func (f forgery) statements(t *testing.T, db *storage.DB, m id.Merchant) []string {
	t.Helper()
	names := []string{"$m", strconv.FormatInt(int64(m), 10)}
	read := func(sql string) {
		err := db.Query(t.Context(), sql, []any{int64(m)}, func(s storage.Scanner) error {
			var name string
			var number int64
			if err := s.Scan(&name, &number); err != nil {
				return err
			}
			names = append(names, "["+name+"]", strconv.FormatInt(number, 10))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read(`SELECT order_ref, id FROM payment WHERE merchant_id = $1 ORDER BY id`)
	read(`SELECT p.order_ref || ':' || o.kind, min(o.id) FROM payment p
		JOIN operation o ON o.merchant_id = p.merchant_id AND o.payment_id = p.id WHERE p.merchant_id = $1 GROUP BY 1 ORDER BY 1`)
	edit := strings.NewReplacer(names...).Replace(f.edit)
	if strings.Contains(edit, "[") {
		t.Fatalf("%s names what is not there: %s", f.name, edit)
	}
	return strings.Split(edit, ";")
}

// merchantOf is whose books the edit of a number is done to.
func merchantOf(n int) id.Merchant { return id.Merchant(n + 1) }

// everyOrder names every payment that keepBooks can make.
const everyOrder = "[sale][twin][declined][hold][capture][voided][released][partial][refunded][pending][voiding][refunding][named][wallet][walletback]"

// keepBooks makes those payments of a merchant which a text names, by their order.
// They have ended in every way, or not yet.
func keepBooks(t *testing.T, w *paymenttest.World, m id.Merchant, named string) {
	t.Helper()
	pay := func(order, card string, phase payment.Phase) payment.Outcome {
		w.Clock.Advance(time.Second)
		c := w.Order(t, card)
		c.MerchantID, c.OrderRef, c.Phase = m, order, phase
		if card == paymenttest.GoodCard {
			c.Installments = 3
		}
		c.Items = []charge.ItemRequest{{Name: "a book", Price: paymenttest.Lira(t, "666.67")}, {Name: "a pen", Price: paymenttest.Lira(t, "333.33")}}
		return w.MustPay(t, c)
	}
	sale := func(order string) payment.Outcome { return pay(order, paymenttest.GoodCard, payment.PhaseSale) }
	hold := func(order string) payment.Outcome {
		return pay(order, paymenttest.GoodCard, payment.PhasePreAuthorization)
	}
	follow := func(o payment.Outcome, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caller := w.Caller()
	caller.MerchantID = m
	wallet := func(order string) payment.Outcome {
		w.Clock.Advance(time.Second)
		c := w.Order(t, paymenttest.GoodCard)
		c.MerchantID, c.OrderRef, c.Card, c.Wallet, c.BuyerID = m, order, card.Card{}, c.Price, 5
		return w.MustPay(t, c)
	}
	void := func(o payment.Outcome) {
		follow(w.Void(t.Context(), charge.Void{Caller: caller, PaymentID: o.Payment.UUID}))
	}
	refund := func(o payment.Outcome, amount money.Amount) {
		follow(w.Refund(t.Context(), charge.Refund{Caller: caller, PaymentID: o.Payment.UUID, Amount: amount}))
	}
	// unheard has the bank do what it is asked, and not say so.
	unheard := func(ask func()) {
		w.MisbehaveWith(t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
		ask()
		w.Misbehave(t)
	}
	for order, begin := range map[string]func(order string){
		"sale":     func(order string) { sale(order) },
		"twin":     func(order string) { sale(order) },
		"declined": func(order string) { pay(order, paymenttest.PoorCard, payment.PhaseSale) },
		"hold":     func(order string) { hold(order) },
		"capture": func(order string) {
			o := hold(order)
			follow(w.Capture(t.Context(), charge.Capture{Caller: caller, PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, "600.00")}))
		},
		"voided":   func(order string) { void(sale(order)) },
		"released": func(order string) { void(hold(order)) },
		"partial": func(order string) {
			o := sale(order)
			refund(o, paymenttest.Lira(t, "333.33"))
			refund(o, paymenttest.Lira(t, "0.01"))
		},
		"refunded":   func(order string) { refund(sale(order), money.Amount{}) },
		"wallet":     func(order string) { wallet(order) },
		"walletback": func(order string) { refund(wallet(order), paymenttest.Lira(t, "10.00")) },
		"named": func(order string) {
			o := sale(order)
			items := []payment.ItemAmount{
				{ItemID: o.Payment.Items[0].ID, Amount: paymenttest.Lira(t, "1.00")},
				{ItemID: o.Payment.Items[1].ID, Amount: paymenttest.Lira(t, "333.00")},
			}
			follow(w.Refund(t.Context(), charge.Refund{Caller: caller, PaymentID: o.Payment.UUID, Items: items}))
		},
		"pending":   func(order string) { unheard(func() { sale(order) }) },
		"voiding":   func(order string) { o := sale(order); unheard(func() { void(o) }) },
		"refunding": func(order string) { o := sale(order); unheard(func() { refund(o, paymenttest.Lira(t, "1.00")) }) },
	} {
		if strings.Contains(named, "["+order) {
			begin(order)
		}
	}
}
