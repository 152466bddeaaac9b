package storetest

import (
	"context"
	"testing"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
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
	t.Run("postings_need_no_payment_and_come_whole_in_pages_of_any_size", func(t *testing.T) { testPostings(t, s, b) })
	t.Run("a_source_has_one_posting_of_each_event", func(t *testing.T) { testOneOfEachSource(t, s, b) })
	t.Run("the_books_are_proven_in_pages_of_any_size", func(t *testing.T) { testProof(t, s) })
	t.Run("the_audit_log_is_read_newest_first", func(t *testing.T) { testAuditLog(t, s, b.records) })
	t.Run("dead_jobs_are_listed_with_their_cause", func(t *testing.T) { testDeadJobs(t, s) })
}

// payout is a posting that is about no payment.
func payout(n int64) ledger.Posting {
	return ledger.Posting{
		ID: id.Posting(n), MerchantID: mine, Source: ledger.Source{Kind: ledger.OfPayout, ID: n, Event: "sent"},
		At: epoch.AddDate(0, 0, 2),
		Entries: []ledger.Entry{
			{Account: "payable:41", Amount: lira(5_000)}, {Account: "bank", Amount: lira(-5_000)},
			{Account: "payable:41", Amount: money.FromMinor(70, money.USD)}, {Account: "bank", Amount: money.FromMinor(-70, money.USD)},
		},
	}
}

func post(t *testing.T, s Stores, p ledger.Posting) error {
	t.Helper()
	return s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.Post(p) })
}

// testPostings posts without a payment, and lists a merchant's postings.
func testPostings(t *testing.T, s Stores, b books) {
	for n := range int64(3) {
		must(t, "post a payout", post(t, s, payout(1+n)))
	}
	book := sqlstore.NewLedger(s.DB)
	want := append(b.postings[:len(b.postings)-1:len(b.postings)-1], payout(1), payout(2), payout(3)) // the last is another merchant's
	for _, limit := range []int{1, 3, 100} {
		var got []ledger.Posting
		for after := (ledger.PostingKey{MerchantID: mine}); ; {
			page, err := book.PostingsOf(t.Context(), after, limit)
			must(t, "postings", err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1].Key()
		}
		equal(t, "postings", got, want)
	}
}

// testOneOfEachSource posts of sources that have a posting already.
func testOneOfEachSource(t *testing.T, s Stores, b books) {
	again := b.postings[0]
	again.ID = 5000
	refused(t, "an approved operation again", post(t, s, again), fault.DuplicateKey)
	returned := payout(1)
	returned.ID = 5001
	refused(t, "the same event of a payout", post(t, s, returned), fault.DuplicateKey)
	returned.Source.Event = "returned"
	must(t, "another event of a payout", post(t, s, returned))
}

// testProof has the books verified, with pages of any size.
func testProof(t *testing.T, s Stores) {
	for _, limit := range []int{1, 2, 500} {
		proof, err := ledger.Verify(t.Context(), inPages{sqlstore.NewLedger(s.DB), limit},
			func(f ledger.Finding) { t.Error(f) })
		must(t, "verify", err)
		equal(t, "proof", proof, ledger.Proof{Payments: 8, Postings: 11})
	}
}

// inPages reads the books in pages of another size.
type inPages struct {
	ledger.Reader
	size int
}

func (r inPages) Records(ctx context.Context, after ledger.RecordKey, _ int) ([]ledger.Record, error) {
	return r.Reader.Records(ctx, after, r.size)
}

func (r inPages) OtherPostings(ctx context.Context, after ledger.SourceKey, _ int) ([]ledger.Posting, error) {
	return r.Reader.OtherPostings(ctx, after, r.size)
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
