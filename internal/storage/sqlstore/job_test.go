//go:build !quick

package sqlstore_test

import (
	"context"
	"errors"
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
				return job.NewRunner(sqlstore.NewJobs(db), job.Handlers{"work": {Class: job.Money, Do: work}}, name, clock.NewManual(at), slog.New(slog.DiscardHandler))
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

// TestRunner_failures_alone_end_the_life_of_a_job counts what a job's handler says.
func TestRunner_failures_alone_end_the_life_of_a_job(t *testing.T) {
	t.Parallel()
	failing := errors.New("no")
	for name, c := range map[string]struct {
		rounds         int
		says           func(round int, now time.Time) error
		left, dead     int
		leases, failed int
	}{
		"one_that_says_later_a_thousand_times_is_alive": {
			1000, func(_ int, now time.Time) error { return job.Later(now.Add(time.Minute)) }, 1, 0, 1000, 0,
		},
		"one_that_fails_44_times_is_alive":  {44, func(int, time.Time) error { return failing }, 1, 0, 44, 44},
		"one_that_fails_45_times_is_buried": {45, func(int, time.Time) error { return failing }, 0, 1, 45, 45},
		"what_is_put_off_meanwhile_counts_apart": {
			90, func(round int, now time.Time) error {
				if round%2 == 0 {
					return job.Later(now.Add(time.Minute))
				}
				return failing
			}, 0, 1, 90, 45,
		},
	} {
		for _, engine := range storetest.Engines {
			t.Run(name+"/"+string(engine), func(t *testing.T) {
				t.Parallel()
				db := storetest.Open(t, engine)
				jobs, now := sqlstore.NewJobs(db), clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
				must(t, sqlstore.NewPayments(db).InTx(t.Context(), func(tx payment.Tx) {
					tx.Enqueue(job.Job{ID: 1, MerchantID: 1, Kind: "work", Payload: []byte(`{}`), RunAt: now.Now(), CreatedAt: now.Now()})
				}))
				round := 0
				handlers := job.Handlers{"work": {Class: job.Money, Do: func(context.Context, job.Job) error {
					return c.says(round, now.Now())
				}}}
				runner := job.NewRunner(jobs, handlers, "node", now, slog.New(slog.DiscardHandler))
				for round < c.rounds {
					if n, err := runner.Round(t.Context()); n != 1 || err != nil {
						t.Fatalf("round %d: %d jobs, %v", round, n, err)
					}
					round++
					now.Advance(2 * time.Hour) // the longest pause
				}
				left, err := jobs.Jobs(t.Context(), 1)
				must(t, err)
				dead, err := jobs.Dead(t.Context(), 1, 0, 10)
				must(t, err)
				for _, d := range dead {
					left = append(left, d.Job)
				}
				if len(left)-len(dead) != c.left || len(dead) != c.dead || left[0].Leases != c.leases ||
					left[0].Failures != c.failed {
					t.Errorf("%d dead, jobs = %+v", len(dead), left)
				}
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
