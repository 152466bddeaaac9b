package storetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

func testPayments(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	p := samplePayment(1)
	o := sampleOperation(p)
	must(t, "begin", s.Payments.InTx(t.Context(), func(tx payment.Tx) { begin(tx, p, o) }))
	done, approved := captured(p, o)
	t.Run("what_was_stored_is_read_back", func(t *testing.T) { testStoredPayment(t, s, p, o) })
	t.Run("another_merchant_finds_nothing", func(t *testing.T) { testOthersPayment(t, s, p) })
	t.Run("a_change_moves_the_version_and_posts", func(t *testing.T) { testPaymentChange(t, s, done, approved) })
	t.Run("a_stale_version_changes_nothing", func(t *testing.T) { testStalePayment(t, s, done, approved) })
	t.Run("the_card_and_the_routing_stay_as_first_stored", func(t *testing.T) { testFixedMembers(t, s) })
	t.Run("sums_that_cannot_be_are_refused", func(t *testing.T) { testImpossibleSums(t, s, p) })
	t.Run("a_bank_may_let_more_than_the_hold_be_captured", func(t *testing.T) { testCaptureOverHold(t, s) })
	t.Run("a_wallet_alone_may_pay", func(t *testing.T) { testWalletAlone(t, s) })
	t.Run("an_unbalanced_posting_panics", func(t *testing.T) { testUnbalancedPosting(t, s, approved) })
	t.Run("every_currency_keeps_its_amounts", func(t *testing.T) { testCurrencies(t, s) })
	t.Run("twenty_items_are_kept_in_order", func(t *testing.T) { testManyItems(t, s) })
	t.Run("amounts_of_items_change_when_they_are_saved", func(t *testing.T) { testItemAmounts(t, s) })
	t.Run("items_of_operations_are_kept_as_they_began", func(t *testing.T) { testOperationItems(t, s) })
	t.Run("items_that_cannot_be_are_refused", func(t *testing.T) { testImpossibleItems(t, s) })
	t.Run("refunds_are_what_was_asked_for_as_such", func(t *testing.T) { testRefundOperations(t, s) })
	t.Run("of_many_changes_of_a_version_one_wins", func(t *testing.T) { testChangesAtOnce(t, s, p) })
}

func testStoredPayment(t *testing.T, s Stores, p payment.Payment, o payment.Operation) {
	got, err := s.Payments.Payment(t.Context(), mine, p.UUID)
	must(t, "find", err)
	equal(t, "payment", got, p)
	got, err = s.Payments.PaymentByID(t.Context(), mine, p.ID)
	must(t, "find", err)
	equal(t, "payment", got, p)
	operations, err := s.Payments.Operations(t.Context(), mine, p.ID)
	must(t, "operations", err)
	equal(t, "operations", operations, []payment.Operation{o})
}

func testOthersPayment(t *testing.T, s Stores, p payment.Payment) {
	_, err := s.Payments.Payment(t.Context(), others, p.UUID)
	refused(t, "by uuid", err, fault.NoSuchThing)
	_, err = s.Payments.PaymentByID(t.Context(), others, p.ID)
	refused(t, "by id", err, fault.NoSuchThing)
	_, err = s.Payments.OrderHolder(t.Context(), others, p.OrderRef)
	refused(t, "by order", err, fault.NoSuchThing)
	_, err = s.Payments.ClaimedKey(t.Context(), others, idempotency.Own(p.UUID.String()).Value)
	refused(t, "by key", err, fault.NoSuchThing)
	operations, err := s.Payments.Operations(t.Context(), others, p.ID)
	must(t, "operations", err)
	equal(t, "operations", operations, nil)
	page, _, err := s.Payments.Payments(t.Context(), others, payment.Filter{})
	must(t, "list", err)
	equal(t, "page", page, nil)
	stolen := p
	stolen.MerchantID = others
	err = s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(stolen) })
	refused(t, "save", err, fault.StaleVersion)
}

func testPaymentChange(t *testing.T, s Stores, done payment.Payment, approved payment.Operation) {
	must(t, "conclude", s.Payments.InTx(t.Context(), func(tx payment.Tx) { conclude(tx, done, approved) }))
	want, wantOperation := done, approved
	want.Version, wantOperation.Version = 1, 1
	got, err := s.Payments.Payment(t.Context(), mine, done.UUID)
	must(t, "find", err)
	equal(t, "payment", got, want)
	operations, err := s.Payments.Operations(t.Context(), mine, done.ID)
	must(t, "operations", err)
	equal(t, "operations", operations, []payment.Operation{wantOperation})
	postings, err := s.Payments.Postings(t.Context(), mine, done.ID)
	must(t, "postings", err)
	equal(t, "postings", postings, []ledger.Posting{samplePosting(approved)})
	postings, err = s.Payments.Postings(t.Context(), others, done.ID)
	must(t, "postings", err)
	equal(t, "others' postings", postings, nil)
}

func testStalePayment(t *testing.T, s Stores, done payment.Payment, approved payment.Operation) {
	stale := done
	stale.State = payment.Voided
	record := sampleAudit(approved)
	record.ID = 99
	err := s.Payments.InTx(t.Context(), func(tx payment.Tx) {
		tx.Record(record)
		tx.SavePayment(stale)
	})
	refused(t, "save", err, fault.StaleVersion)
	if kind := fault.KindOf(err); kind != fault.Conflict {
		t.Errorf("kind %d, want Conflict", kind)
	}
	err = s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SaveOperation(approved) })
	refused(t, "save operation", err, fault.StaleVersion)
	got, err := s.Payments.Payment(t.Context(), mine, done.UUID)
	must(t, "find", err)
	if got.State != payment.Captured || got.Version != 1 {
		t.Errorf("state %s version %d after a refused change", got.State, got.Version)
	}
}

func testFixedMembers(t *testing.T, s Stores) {
	first := samplePayment(150)
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(first) }))
	changed := first
	changed.Card.Holder, changed.RequestedPOSAlias, changed.Routing.RuleName = "Another", "second", "another"
	must(t, "save", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(changed) }))
	got, err := s.Payments.Payment(t.Context(), mine, first.UUID)
	must(t, "find", err)
	first.Version = 1
	equal(t, "payment", got, first)
}

func testImpossibleSums(t *testing.T, s Stores, p payment.Payment) {
	now, err := s.Payments.Payment(t.Context(), mine, p.UUID)
	must(t, "find", err)
	for name, breakIt := range map[string]func(*payment.Payment){
		"refunded_over_captured":  func(p *payment.Payment) { p.Refunded = p.Captured.Add(lira(1)) },
		"refunding_over_captured": func(p *payment.Payment) { p.Refunded, p.Refunding = p.Captured, lira(1) },
		"captured_over_paid":      func(p *payment.Payment) { p.Captured = p.Paid.Add(lira(1)) },
		"captured_over_paid_whatever_a_hold_would_allow": func(p *payment.Payment) {
			p.CaptureLimit = p.Paid.Add(lira(1))
			p.Captured = p.CaptureLimit
		},
		"negative": func(p *payment.Payment) { p.Refunded = lira(-1) },
	} {
		broken := now
		breakIt(&broken)
		notStored(t, name, s, func(tx payment.Tx) { tx.SavePayment(broken) })
	}
}

// notStored checks that the schema refuses what was queued.
func notStored(t *testing.T, name string, s Stores, queue func(payment.Tx)) {
	t.Helper()
	if err := s.Payments.InTx(t.Context(), queue); err == nil {
		t.Errorf("%s: stored", name)
	} else if kind := fault.KindOf(err); kind != fault.Internal {
		t.Errorf("%s: kind %d, want Internal", name, kind)
	}
}

// sampleHold returns a payment of which a bank holds all, and lets half as much
// more be captured.
func sampleHold(n int64) payment.Payment {
	p := samplePayment(n)
	p.Phase, p.State = payment.PhasePreAuthorization, payment.Authorized
	p.Authorized, p.CaptureLimit = p.Paid, p.Paid.Add(p.Paid.Divide(2))
	return p
}

func testCaptureOverHold(t *testing.T, s Stores) {
	hold := sampleHold(170)
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(hold) }))
	all := hold
	all.State, all.Captured = payment.Captured, hold.CaptureLimit
	over := all
	over.Captured = over.Captured.Add(lira(1))
	notStored(t, "captured_over_the_limit", s, func(tx payment.Tx) { tx.SavePayment(over) })
	unheld := all
	unheld.CaptureLimit = lira(0)
	notStored(t, "captured_without_a_limit", s, func(tx payment.Tx) { tx.SavePayment(unheld) })
	must(t, "capture all", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(all) }))
	got, err := s.Payments.Payment(t.Context(), mine, hold.UUID)
	must(t, "find", err)
	all.Version = 1
	equal(t, "payment", got, all)
}

func testWalletAlone(t *testing.T, s Stores) {
	p := samplePayment(180)
	p.State, p.Wallet, p.Captured = payment.Captured, p.Paid, p.Paid
	p.POSID, p.POSAlias, p.RequestedPOSAlias, p.Card, p.Routing = 0, "", "", payment.Instrument{}, routing.Decision{}
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	got, err := s.Payments.Payment(t.Context(), mine, p.UUID)
	must(t, "find", err)
	equal(t, "payment", got, p)
}

func testUnbalancedPosting(t *testing.T, s Stores, approved payment.Operation) {
	defer func() {
		if recover() == nil {
			t.Error("posted")
		}
	}()
	_ = s.Payments.InTx(t.Context(), func(tx payment.Tx) { // it panics
		unbalanced := samplePosting(approved)
		unbalanced.Entries[0].Amount = lira(1)
		tx.Post(unbalanced)
	})
}

func testCurrencies(t *testing.T, s Stores) {
	for i, c := range []money.Currency{money.JPY, money.KWD} {
		p := samplePayment(int64(50 + i))
		p.Items = nil
		amount := money.FromMinor(1, c)
		zero := money.Zero(c)
		p.Price, p.Paid, p.Wallet, p.Commission = amount, amount, zero, zero
		p.Authorized, p.CaptureLimit, p.Captured, p.Refunded, p.Refunding = zero, zero, zero, zero, zero
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
		got, err := s.Payments.Payment(t.Context(), mine, p.UUID)
		must(t, "find", err)
		equal(t, c.String(), got, p)
	}
}

func testManyItems(t *testing.T, s Stores) {
	p := samplePayment(60)
	item := p.Items[1]
	p.Items = nil
	for i := range 20 {
		item.ID, item.Position = id.Item(1000-i), i
		p.Items = append(p.Items, item)
	}
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	got, err := s.Payments.Payment(t.Context(), mine, p.UUID)
	must(t, "find", err)
	equal(t, "payment", got, p)
}

func testItemAmounts(t *testing.T, s Stores) {
	before := samplePayment(160)
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(before) }))
	other := before
	other.MerchantID = others
	other.Items = slices.Clone(before.Items)
	other.Items[0].Refunded = lira(7)
	changed := before
	changed.Items = slices.Clone(before.Items)
	changed.Items[1].Paid, changed.Items[1].Wallet = lira(9), lira(2)
	changed.Items[1].Commission, changed.Items[1].Refunded = lira(1), lira(3)
	changed.Items[1].Taken, changed.Items[1].Refunding = lira(8), lira(4)
	must(t, "save", s.Payments.InTx(t.Context(), func(tx payment.Tx) {
		tx.SaveItems(other)
		tx.SavePayment(changed)
		renamed := changed
		renamed.Items = slices.Clone(changed.Items)
		renamed.Items[1].Name = "another"
		tx.SaveItems(renamed)
	}))
	got, err := s.Payments.Payment(t.Context(), mine, before.UUID)
	must(t, "find", err)
	changed.Version = 1
	equal(t, "payment", got, changed)
}

// testOperationItems has more items than go into one statement.
func testOperationItems(t *testing.T, s Stores) {
	p := samplePayment(190)
	sale := sampleOperation(p)
	refund, other := sale, sale
	refund.ID, refund.AskID, refund.Kind, refund.Original, refund.Reference = 191, 191, connector.Refund, sale.Reference, "REF191"
	for n := range int64(19) {
		refund.Items = append(refund.Items, payment.ItemAmount{ItemID: id.Item(1900 + n), Amount: lira(1 + n)})
	}
	other.ID, other.AskID, other.Kind, other.Original, other.Reference = 192, 192, connector.Capture, sale.Reference, "REF192"
	other.Items = []payment.ItemAmount{{ItemID: 1907, Amount: lira(5)}}
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) {
		tx.InsertPayment(p)
		tx.InsertOperation(sale)
		tx.InsertOperation(refund)
		tx.InsertOperation(other)
	}))
	changed := refund
	changed.Status, changed.Items = payment.OperationUnknown, refund.Items[:3]
	must(t, "save", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SaveOperation(changed) }))
	changed.Version, changed.Items = 1, refund.Items
	operations, err := s.Payments.Operations(t.Context(), mine, p.ID)
	must(t, "operations", err)
	equal(t, "operations", operations, []payment.Operation{sale, changed, other})
	stolen := other
	stolen.MerchantID = others
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertOperation(stolen) }))
	operations, err = s.Payments.Operations(t.Context(), others, p.ID)
	must(t, "operations", err)
	equal(t, "operations of another merchant", operations, []payment.Operation{stolen})
}

func testImpossibleItems(t *testing.T, s Stores) {
	p := samplePayment(195)
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	for name, breakIt := range map[string]func(*payment.Item){
		"refunded_over_taken":  func(it *payment.Item) { it.Refunded = it.Taken.Add(lira(1)) },
		"refunding_over_taken": func(it *payment.Item) { it.Refunded, it.Refunding = it.Taken, lira(1) },
		"refunded_negative":    func(it *payment.Item) { it.Refunded = lira(-1) },
		"refunding_negative":   func(it *payment.Item) { it.Refunding = lira(-1) },
	} {
		broken := p
		broken.Items = slices.Clone(p.Items)
		breakIt(&broken.Items[1])
		notStored(t, name, s, func(tx payment.Tx) { tx.SaveItems(broken) })
	}
	o := sampleOperation(p)
	for name, amount := range map[string]int64{"nothing_of_an_item": 0, "less_than_nothing": -1} {
		o.Items = []payment.ItemAmount{{ItemID: 1, Amount: lira(amount)}}
		notStored(t, name, s, func(tx payment.Tx) { tx.InsertOperation(o) })
	}
}

func testChangesAtOnce(t *testing.T, s Stores, p payment.Payment) {
	now, err := s.Payments.Payment(t.Context(), mine, p.UUID)
	must(t, "find", err)
	wins := race(func(int) error {
		change := now
		change.Refunding = lira(10)
		return s.Payments.InTx(context.Background(), func(tx payment.Tx) { tx.SavePayment(change) })
	}, func(err error) { refused(t, "loser", err, fault.StaleVersion) })
	if wins != 1 {
		t.Errorf("%d won", wins)
	}
}

const racers = 16

// race runs fn at once from many goroutines, returns how many had no error, and
// passes the errors of the others to lost, one after the other.
func race(fn func(n int) error, lost func(error)) int {
	var wins atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for n := range racers {
		all.Go(func() {
			<-start
			err := fn(n)
			if err == nil {
				wins.Add(1)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			lost(err)
		})
	}
	close(start)
	all.Wait()
	return int(wins.Load())
}

func testWorklist(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	for n := range int64(4) {
		p := samplePayment(n + 1)
		o := sampleOperation(p)
		o.NextInquiry = epoch.Add(time.Duration(4-n) * time.Minute)
		if n == 1 {
			o.Status = payment.OperationUnknown
		}
		must(t, "begin", s.Payments.InTx(t.Context(), func(tx payment.Tx) { begin(tx, p, o) }))
		if n == 2 {
			done, approved := captured(p, o)
			must(t, "conclude", s.Payments.InTx(t.Context(), func(tx payment.Tx) { conclude(tx, done, approved) }))
		}
	}
	got, err := s.Payments.Unresolved(t.Context(), epoch.Add(3*time.Minute), 10)
	must(t, "unresolved", err)
	var ids []id.Operation
	for _, o := range got {
		ids = append(ids, o.ID)
	}
	equal(t, "the most overdue first, neither final ones nor those not due", ids, []id.Operation{4, 2})
	got, err = s.Payments.Unresolved(t.Context(), epoch.Add(time.Hour), 1)
	must(t, "unresolved", err)
	if len(got) != 1 {
		t.Errorf("%d operations, want the limit of 1", len(got))
	}
}
