package storetest

import (
	"testing"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// books is what testReports reads, of two merchants.
type books struct {
	taken    []payment.Payment // one sale each
	unpaid   payment.Payment
	postings []ledger.Posting
	records  []audit.Record // of mine, newest first
}

// keepBooks stores seven payments, the last of which is another merchant's, and
// one that is not paid.
func keepBooks(t *testing.T, s Stores) books {
	t.Helper()
	const total = 7
	var b books
	for n := range int64(total) {
		p := samplePayment(n + 1)
		if n == total-1 {
			p.MerchantID = others
		}
		o := sampleOperation(p)
		must(t, "begin", s.Payments.InTx(t.Context(), func(tx payment.Tx) { begin(tx, p, o) }))
		p, o = captured(p, o)
		must(t, "conclude", s.Payments.InTx(t.Context(), func(tx payment.Tx) { conclude(tx, p, o) }))
		b.taken, b.postings = append(b.taken, p), append(b.postings, samplePosting(o))
		if p.MerchantID == mine {
			b.records = append([]audit.Record{sampleAudit(o)}, b.records...)
		}
	}
	b.unpaid = samplePayment(900) // its UUID, by which they are read, comes after theirs
	must(t, "begin", s.Payments.InTx(t.Context(), func(tx payment.Tx) { begin(tx, b.unpaid, sampleOperation(b.unpaid)) }))
	return b
}

// testReports reads what only tools read: the books, dead jobs, the audit log.
func testReports(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	b := keepBooks(t, s)
	t.Run("postings_of_all_merchants_come_whole_in_pages_of_any_size", func(t *testing.T) { testAllPostings(t, s, b.postings) })
	t.Run("payments_come_with_the_balances_of_their_entries", func(t *testing.T) { testBalances(t, s, b) })
	t.Run("the_audit_log_is_read_newest_first", func(t *testing.T) { testAuditLog(t, s, b.records) })
	t.Run("dead_jobs_are_listed_with_their_cause", func(t *testing.T) { testDeadJobs(t, s) })
}

func testAllPostings(t *testing.T, s Stores, postings []ledger.Posting) {
	book := sqlstore.NewLedger(s.DB)
	for _, limit := range []int{1, 3, 100} {
		var got []ledger.Posting
		for after := (sqlstore.PostingKey{}); ; {
			page, err := book.Postings(t.Context(), after, limit)
			must(t, "postings", err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			last := page[len(page)-1]
			after = sqlstore.PostingKey{MerchantID: last.MerchantID, OperationID: last.OperationID}
		}
		equal(t, "postings", got, postings)
	}
}

func testBalances(t *testing.T, s Stores, b books) {
	book := sqlstore.NewLedger(s.DB)
	var got []sqlstore.BookedPayment
	for after := (sqlstore.PaymentKey{}); ; {
		page, err := book.BookedPayments(t.Context(), after, 2)
		must(t, "booked payments", err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		after = sqlstore.PaymentKey{MerchantID: page[len(page)-1].MerchantID, UUID: page[len(page)-1].UUID}
	}
	total := len(b.taken)
	if len(got) != total+1 {
		t.Fatalf("%d payments, want %d", len(got), total+1)
	}
	first := b.taken[0]
	equal(t, "first", got[0], sqlstore.BookedPayment{
		MerchantID: mine, ID: first.ID, UUID: first.UUID, State: payment.Captured, Captured: first.Captured, Refunded: lira(0), Itemised: true,
		Balances: []ledger.Entry{
			{Account: ledger.BankCommission, Amount: lira(188)}, {Account: ledger.CustomerInterest, Amount: lira(-500)},
			{Account: "pos_receivable:3", Amount: lira(10_312)}, {Account: ledger.Sales, Amount: lira(-10_000)},
		},
	})
	for _, p := range got {
		if !p.Itemised {
			t.Errorf("items of payment %d do not add up to it", p.ID)
		}
	}
	pending := got[total-1] // the last of mine; the last of all is another merchant's
	if pending.ID != b.unpaid.ID || len(pending.Balances) != 0 || pending.Captured != money.Zero(money.TRY) {
		t.Errorf("unpaid is %+v", pending)
	}
}

func testAuditLog(t *testing.T, s Stores, records []audit.Record) {
	log := sqlstore.NewAudit(s.DB)
	first, err := log.Records(t.Context(), mine, "", sqlstore.AuditKey{}, 4)
	must(t, "records", err)
	last := first[len(first)-1]
	second, err := log.Records(t.Context(), mine, "", sqlstore.AuditKey{At: last.At, ID: last.ID}, 4)
	must(t, "records", err)
	equal(t, "records", append(first, second...), records)
	of, err := log.Records(t.Context(), mine, records[2].Subject, sqlstore.AuditKey{}, 4)
	must(t, "records", err)
	equal(t, "of a subject", of, records[2:3])
	of, err = log.Records(t.Context(), others, records[2].Subject, sqlstore.AuditKey{}, 4)
	must(t, "records", err)
	equal(t, "of another merchant", of, nil)
}

func testDeadJobs(t *testing.T, s Stores) {
	jobs := sqlstore.NewJobs(s.DB)
	now := epoch.AddDate(0, 0, 1)
	for _, j := range lease(t, s, "node", now) {
		if j.ID%2 == 1 {
			j.Failures = 45
			must(t, "bury", s.Jobs.Bury(t.Context(), j, "node", now, "never works"))
		}
	}
	var dead []id.Job
	for after := id.Job(0); ; {
		page, err := jobs.Dead(t.Context(), mine, after, 2)
		must(t, "dead", err)
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			dead = append(dead, d.ID)
			if d.Cause != "never works" || d.Failures != 45 || !d.RunAt.Equal(now) {
				t.Errorf("dead job %+v", d)
			}
		}
		after = dead[len(dead)-1]
	}
	equal(t, "dead", dead, []id.Job{1, 3, 5, 7})
	ready, err := jobs.Jobs(t.Context(), mine, payment.EventCaptured)
	must(t, "jobs", err)
	equal(t, "still to be done", idsOf(ready), []id.Job{2, 4, 6})
}
