package sqlstore_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// TestRunners_whose_clocks_are_an_hour_apart_run_no_job_twice_at_once has one node
// in the middle of all jobs while another one looks for work.
func TestRunners_whose_clocks_are_an_hour_apart_run_no_job_twice_at_once(t *testing.T) {
	t.Parallel()
	const jobs = 8 // as many as a runner does at once
	for name, apart := range map[string][2]time.Duration{"the_other_is_ahead": {0, time.Hour}, "the_first_is_behind": {-time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, storage.PostgreSQL)
			now := clock.System{}.Now()
			queued := now.Add(-2 * time.Hour) // due by either clock
			err := sqlstore.NewPayments(db).InTx(t.Context(), func(tx payment.Tx) {
				for n := range int64(jobs) {
					tx.Enqueue(job.Job{ID: id.Job(n + 1), MerchantID: 1, Kind: "work", Payload: []byte(`{}`), RunAt: queued, CreatedAt: queued})
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			var runs [jobs]atomic.Int32
			entered, leave := make(chan struct{}, 2*jobs), make(chan struct{})
			node := func(name string, at time.Time) *job.Runner {
				work := func(_ context.Context, j job.Job) error {
					runs[j.ID-1].Add(1)
					entered <- struct{}{}
					<-leave
					return nil
				}
				return job.NewRunner(sqlstore.NewJobs(db), map[job.Kind]job.Handler{"work": work}, name, clock.NewManual(at), slog.New(slog.DiscardHandler))
			}
			first, other := make(chan error, 1), make(chan error, 1)
			round := func(r *job.Runner, ended chan<- error) {
				_, err := r.Round(t.Context())
				ended <- err
			}
			go round(node("first", now.Add(apart[0])), first)
			for range jobs {
				<-entered
			}
			go round(node("other", now.Add(apart[1])), other)
			select { // it finds nothing, or begins what is being done
			case err = <-other:
			case <-entered:
				t.Error("a job runs on two nodes at once")
			}
			close(leave)
			if err != nil {
				t.Error(err)
			}
			if err := <-first; err != nil {
				t.Error(err)
			}
			for n := range runs {
				if times := runs[n].Load(); times != 1 {
					t.Errorf("job %d ran %d times", n+1, times)
				}
			}
			if left, err := sqlstore.NewJobs(db).Jobs(t.Context(), 1); err != nil || len(left) != 0 {
				t.Errorf("%d jobs are left, %v", len(left), err)
			}
		})
	}
}
