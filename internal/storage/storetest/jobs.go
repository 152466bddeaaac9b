package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

func enqueue(t *testing.T, s Stores, jobs ...job.Job) {
	t.Helper()
	must(t, "enqueue", s.Payments.InTx(t.Context(), func(tx payment.Tx) {
		for _, j := range jobs {
			tx.Enqueue(j)
		}
	}))
}

// leaseTime is how long the suite leases jobs.
const leaseTime = time.Minute

// lease leases what is due at the time given.
func lease(t *testing.T, s Stores, node string, at time.Time) []job.Job {
	t.Helper()
	jobs, err := s.Jobs.Lease(t.Context(), []job.Kind{payment.EventCaptured, payment.EventDeclined}, node, at, leaseTime,
		100)
	must(t, "lease", err)
	return jobs
}

func idsOf(jobs []job.Job) []id.Job {
	var ids []id.Job
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

func testJobs(t *testing.T, open Opener) {
	parts := map[string]func(t *testing.T, s Stores, now time.Time){
		"a_leased_job_is_what_was_queued":                           testLeasedJob,
		"jobs_of_one_subject_run_one_after_the_other":               testSubject,
		"the_same_subject_of_another_merchant_is_another_subject":   testOthersSubject,
		"a_dead_job_holds_up_nothing":                               testDeadJob,
		"only_due_jobs_of_the_kinds_asked_for":                      testDueJobs,
		"a_lease_that_ended_is_another_nodes_and_lost_to_the_first": testLostLease,
		"an_old_lease_of_the_same_node_is_lost_too":                 testOldLease,
		"a_lease_is_judged_by_the_clock_that_the_nodes_share":       testLeaseClock,
		"nodes_that_lease_at_once_share_the_jobs":                   testLeasesAtOnce,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) { part(t, open(t, storage.Options{}), epoch.Add(2*time.Hour)) })
	}
}

func testLeasedJob(t *testing.T, s Stores, now time.Time) {
	j := sampleJob(1, "a")
	enqueue(t, s, j)
	j.Leases = 1
	equal(t, "jobs", lease(t, s, "node", now), []job.Job{j})
}

func testSubject(t *testing.T, s Stores, now time.Time) {
	enqueue(t, s, sampleJob(1, "a"), sampleJob(2, "a"), sampleJob(3, "b"), sampleJob(4, ""), sampleJob(5, ""))
	first := lease(t, s, "node", now)
	equal(t, "first", idsOf(first), []id.Job{1, 3, 4, 5})
	equal(t, "while it runs", idsOf(lease(t, s, "other", now)), nil)
	first[0].Failures = 1
	must(t, "retry", s.Jobs.Retry(t.Context(), first[0], "node", now.Add(time.Minute), "no answer"))
	for _, done := range first[1:] {
		must(t, "finish", s.Jobs.Finish(t.Context(), done, "node", now))
	}
	equal(t, "before the retry", idsOf(lease(t, s, "other", now)), nil)
	again := lease(t, s, "other", now.Add(time.Minute))
	equal(t, "the retry", idsOf(again), []id.Job{1})
	if again[0].Leases != 2 || again[0].Failures != 1 {
		t.Errorf("%d leases, %d failures, want 2 and 1", again[0].Leases, again[0].Failures)
	}
	must(t, "finish", s.Jobs.Finish(t.Context(), again[0], "other", now))
	equal(t, "then the next", idsOf(lease(t, s, "other", now.Add(time.Minute))), []id.Job{2})
}

func testOthersSubject(t *testing.T, s Stores, now time.Time) {
	foreign := sampleJob(2, "a")
	foreign.MerchantID = others
	enqueue(t, s, sampleJob(1, "a"), foreign)
	equal(t, "jobs", idsOf(lease(t, s, "node", now)), []id.Job{1, 2})
}

func testDeadJob(t *testing.T, s Stores, now time.Time) {
	enqueue(t, s, sampleJob(1, "a"), sampleJob(2, "a"))
	must(t, "bury", s.Jobs.Bury(t.Context(), lease(t, s, "node", now)[0], "node", now, "never works"))
	equal(t, "jobs", idsOf(lease(t, s, "node", now)), []id.Job{2})
}

func testDueJobs(t *testing.T, s Stores, now time.Time) {
	late, other := sampleJob(1, "a"), sampleJob(2, "b")
	late.RunAt, other.Kind = now.Add(time.Microsecond), payment.EventVoided
	enqueue(t, s, late, other, sampleJob(3, "c"))
	equal(t, "jobs", idsOf(lease(t, s, "node", now)), []id.Job{3})
	none, err := s.Jobs.Lease(t.Context(), nil, "node", now, leaseTime, 10)
	must(t, "lease", err)
	equal(t, "of no kinds", none, nil)
}

func testLostLease(t *testing.T, s Stores, now time.Time) {
	enqueue(t, s, sampleJob(1, "a"))
	first := lease(t, s, "node", now)[0]
	PassTime(t, s.DB, leaseTime/2)
	equal(t, "before the end", idsOf(lease(t, s, "other", now)), nil)
	PassTime(t, s.DB, leaseTime/2)
	second := lease(t, s, "other", now)
	equal(t, "after the end", idsOf(second), []id.Job{1})
	refused(t, "finish", s.Jobs.Finish(t.Context(), first, "node", now), fault.StaleVersion)
	refused(t, "retry", s.Jobs.Retry(t.Context(), first, "node", now, ""), fault.StaleVersion)
	refused(t, "bury", s.Jobs.Bury(t.Context(), first, "node", now, ""), fault.StaleVersion)
	must(t, "finish", s.Jobs.Finish(t.Context(), second[0], "other", now))
}

func testOldLease(t *testing.T, s Stores, now time.Time) {
	enqueue(t, s, sampleJob(1, "a"))
	first := lease(t, s, "node", now)[0]
	PassTime(t, s.DB, leaseTime)
	second := lease(t, s, "node", now)[0]
	refused(t, "finish", s.Jobs.Finish(t.Context(), first, "node", now), fault.StaleVersion)
	must(t, "finish", s.Jobs.Finish(t.Context(), second, "node", now))
}

func testLeaseClock(t *testing.T, s Stores, now time.Time) {
	if s.DB.Engine() == storage.SQLite { // it has one node, whose clock is this
		enqueue(t, s, sampleJob(1, "a"))
		equal(t, "at first", idsOf(lease(t, s, "node", now)), []id.Job{1})
		equal(t, "before the end", idsOf(lease(t, s, "node", now.Add(leaseTime-time.Microsecond))), nil)
		equal(t, "at the end", idsOf(lease(t, s, "node", now.Add(leaseTime))), []id.Job{1})
		return
	}
	for name, apart := range map[string][2]time.Duration{
		"node ahead": {0, time.Hour}, "holder behind": {-time.Hour, 0}, "holder ahead": {time.Hour, 0}, "a year apart": {0, 365 * 24 * time.Hour},
	} {
		enqueue(t, s, sampleJob(1, "a"))
		held := lease(t, s, "holder", now.Add(apart[0]))
		equal(t, name+": held", idsOf(held), []id.Job{1})
		equal(t, name+": meanwhile", idsOf(lease(t, s, "other", now.Add(apart[1]))), nil)
		PassTime(t, s.DB, leaseTime)
		taken := lease(t, s, "other", now.Add(apart[1]))
		equal(t, name+": after the holder died", idsOf(taken), []id.Job{1})
		must(t, "finish", s.Jobs.Finish(t.Context(), taken[0], "other", now))
	}
}

func testLeasesAtOnce(t *testing.T, s Stores, now time.Time) {
	const jobs = 60
	var all []job.Job
	for n := range int64(jobs) {
		all = append(all, sampleJob(n+1, []string{"", "a"}[n%2]))
	}
	enqueue(t, s, all...)
	var mu sync.Mutex
	var order []id.Job // of subject a
	seen := map[id.Job]int{}
	race(func(n int) error {
		node := string(rune('a' + n))
		for {
			mu.Lock()
			done := len(seen) == jobs
			mu.Unlock()
			if done {
				return nil
			}
			leased, err := s.Jobs.Lease(context.Background(), []job.Kind{payment.EventCaptured}, node, now, leaseTime, 3)
			if err != nil {
				return err
			}
			for _, j := range leased {
				mu.Lock()
				seen[j.ID]++
				if j.Subject == "a" {
					order = append(order, j.ID)
				}
				mu.Unlock()
				if err := s.Jobs.Finish(context.Background(), j, node, now); err != nil {
					return err
				}
			}
		}
	}, func(err error) { t.Errorf("node: %v", err) })
	for n, times := range seen {
		if times != 1 {
			t.Errorf("job %d ran %d times", n, times)
		}
	}
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			t.Fatalf("job %d of a subject ran after %d", order[i], order[i-1])
		}
	}
}
