package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// BenchmarkLease leases one job of a backlog of two kinds, as a runner does that has
// room for one more.
func BenchmarkLease(b *testing.B) {
	const backlog = 20_000
	kinds := []job.Kind{payment.EventCaptured, payment.EventDeclined, payment.EventVoided}
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			db := storetest.Open(b, engine)
			jobs, payments := sqlstore.NewJobs(db), sqlstore.NewPayments(db)
			now := time.Now().UTC()
			for n := id.Job(1); n <= backlog; n += 500 {
				err := payments.InTx(b.Context(), func(tx payment.Tx) {
					for i := range id.Job(500) {
						tx.Enqueue(job.Job{
							ID: n + i, MerchantID: 1, Kind: kinds[i%2], Subject: fmt.Sprint("payment:", n+i), Payload: []byte(`{}`),
							RunAt: now.Add(-time.Hour), CreatedAt: now,
						})
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				leased, err := jobs.Lease(b.Context(), kinds, "node", now, time.Minute, 1)
				if err != nil || len(leased) != 1 {
					b.Fatal(len(leased), err)
				}
			}
		})
	}
}
