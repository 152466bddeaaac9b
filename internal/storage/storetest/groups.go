package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

func testIDs(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	const each = 2500 // more than two blocks
	var mu sync.Mutex
	seen := map[id.Payment]bool{}
	race(func(int) error {
		g := id.NewGenerator(s.IDs)
		for range each {
			n, err := id.Next[id.Payment](context.Background(), g, id.NounPayment)
			if err != nil {
				return err
			}
			mu.Lock()
			if seen[n] || n < 1000 {
				t.Errorf("id %d twice", n)
			}
			seen[n] = true
			mu.Unlock()
		}
		return nil
	}, func(err error) { t.Errorf("next: %v", err) })
	if len(seen) != racers*each {
		t.Errorf("%d ids, want %d", len(seen), racers*each)
	}
	first, err := s.IDs.Reserve(t.Context(), id.NounItem, 10)
	must(t, "reserve", err)
	second, err := s.IDs.Reserve(t.Context(), id.NounItem, 1)
	must(t, "reserve", err)
	equal(t, "nouns have their own numbers", []int64{first, second}, []int64{1000, 1010})
}

// gate holds each writer after its group until it is let go.
type gate struct {
	groups chan storage.Group
	let    chan struct{}
}

func newGate() *gate {
	return &gate{groups: make(chan storage.Group, 1000), let: make(chan struct{})}
}

func (g *gate) onGroup(group storage.Group) {
	g.groups <- group
	<-g.let
}

// gated opens stores whose writers are all held. The function returned lets one
// of them go on and returns the group that it commits next; open lets all go.
func gated(t *testing.T, open Opener, o storage.Options) (s Stores, next func() storage.Group, free func()) {
	t.Helper()
	g := newGate()
	o.OnGroup = g.onGroup
	s = open(t, o)
	writers := 1
	if s.DB.Engine() == storage.PostgreSQL {
		writers = 2
	}
	for n := range writers {
		p := samplePayment(int64(1_000_000 + n))
		must(t, "occupy writer", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
		<-g.groups
	}
	free = sync.OnceFunc(func() { close(g.let) })
	t.Cleanup(free) // before the database is closed, which waits for the writers
	return s, func() storage.Group { g.let <- struct{}{}; return <-g.groups }, free
}

// waiting waits until n commits are queued.
func waiting(s Stores, n int) {
	for s.DB.Stats().Waiting < n {
		runtime.Gosched()
	}
}

// failures are what those callers of a group queue that fail, by their number.
type failures map[int]func(tx payment.Tx, p payment.Payment)

// failLate fails with its last statement, after others have run.
func failLate(tx payment.Tx, p payment.Payment) {
	begin(tx, p, sampleOperation(p))
	tx.SavePayment(samplePayment(9_999))
}

// failEarly fails with its first statement, before anything has to be undone.
func failEarly(tx payment.Tx, p payment.Payment) {
	tx.SavePayment(samplePayment(9_999))
	begin(tx, p, sampleOperation(p))
}

// breakCheck breaks a CHECK, which is nobody's conflict.
func breakCheck(tx payment.Tx, p payment.Payment) {
	tx.InsertOperation(sampleOperation(p))
	p.Refunded = lira(1)
	tx.InsertPayment(p)
}

func testGroups(t *testing.T, open Opener) {
	for name, c := range map[string]struct {
		fail failures
		code fault.Code
	}{
		"all_succeed_together":                       {nil, ""},
		"one_that_fails_late_leaves_its_neighbours":  {failures{7: failLate}, fault.StaleVersion},
		"one_that_fails_early_leaves_its_neighbours": {failures{7: failEarly}, fault.StaleVersion},
		"the_first_and_the_last_may_fail":            {failures{0: failLate, 19: failLate}, fault.StaleVersion},
		"most_may_fail": {
			failures{0: failLate, 1: failEarly, 2: failLate, 3: failLate, 5: failEarly, 8: failLate, 9: failLate, 13: failLate, 18: failEarly}, fault.StaleVersion,
		},
		"a_broken_rule_of_the_schema_is_one_callers_own": {failures{3: breakCheck}, fault.InternalError},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); testGroup(t, open, c.fail, c.code) })
	}
	for name, part := range map[string]func(*testing.T, Opener){
		"a_caller_who_leaves_is_answered_at_once_and_its_write_is_whole": testLeavingCaller,
		"a_full_queue_refuses":                                testFullQueue,
		"closing_commits_what_is_queued_and_refuses_the_rest": testClosing,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); part(t, open) })
	}
}

// testGroup has twenty callers share a group, of which those marked fail with the
// code.
func testGroup(t *testing.T, open Opener, fail failures, code fault.Code) {
	const callers = 20
	s, next, free := gated(t, open, storage.Options{})
	payments := make([]payment.Payment, callers)
	errs := make([]error, callers)
	var all sync.WaitGroup
	for n := range callers {
		p := samplePayment(int64(n + 1))
		payments[n] = p
		all.Go(func() {
			errs[n] = s.Payments.InTx(context.Background(), func(tx payment.Tx) {
				if wrong, ok := fail[n]; ok {
					wrong(tx, p)
					return
				}
				begin(tx, p, sampleOperation(p))
			})
		})
		waiting(s, n+1) // they queue up in order
	}
	if g := next(); g.Commits != callers {
		t.Fatalf("the group had %d callers, want %d", g.Commits, callers)
	}
	free()
	all.Wait()
	for n, p := range payments {
		_, err := s.Payments.Payment(t.Context(), mine, p.UUID)
		operations, opsErr := s.Payments.Operations(t.Context(), mine, p.ID)
		must(t, "operations", opsErr)
		if _, failing := fail[n]; failing {
			refused(t, "failing caller", errs[n], code)
			refused(t, "its payment", err, fault.NoSuchThing)
			equal(t, "its operations", operations, nil)
			continue
		}
		must(t, "neighbour", errs[n])
		must(t, "neighbour's payment", err)
		if len(operations) != 1 {
			t.Errorf("neighbour %d has %d operations", n, len(operations))
		}
	}
}

func testLeavingCaller(t *testing.T, open Opener) {
	s, next, free := gated(t, open, storage.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	p := samplePayment(1)
	answered := make(chan error)
	go func() {
		answered <- s.Payments.InTx(ctx, func(tx payment.Tx) { begin(tx, p, sampleOperation(p)) })
	}()
	waiting(s, 1)
	cancel()
	err := <-answered // while the writers are still held
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want the context's error of kind Unavailable", err)
	}
	next()
	free()
	_, err = s.Payments.Payment(t.Context(), mine, p.UUID)
	operations, opsErr := s.Payments.Operations(t.Context(), mine, p.ID)
	must(t, "operations", opsErr)
	if (err == nil) != (len(operations) == 1) {
		t.Errorf("the write is torn: payment %v, %d operations", err, len(operations))
	}
	err = s.Payments.InTx(ctx, func(tx payment.Tx) { tx.InsertPayment(samplePayment(2)) })
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Unavailable {
		t.Errorf("got %v, want the context's error and nothing left open", err)
	}
	_, err = s.Payments.PaymentByID(t.Context(), mine, 2)
	refused(t, "a write that was never queued", err, fault.NoSuchThing)
}

func testFullQueue(t *testing.T, open Opener) {
	s, _, free := gated(t, open, storage.Options{QueueLimit: 2})
	var all sync.WaitGroup
	for n := range int64(2) {
		all.Go(func() {
			must(t, "queued", s.Payments.InTx(context.Background(), func(tx payment.Tx) { tx.InsertPayment(samplePayment(n + 1)) }))
		})
	}
	waiting(s, 2)
	err := s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(samplePayment(3)) })
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
	free()
	all.Wait()
}

func testClosing(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	var all sync.WaitGroup
	for n := range int64(racers) {
		all.Go(func() {
			err := s.Payments.InTx(context.Background(), func(tx payment.Tx) { tx.InsertPayment(samplePayment(n + 1)) })
			if err != nil && fault.KindOf(err) != fault.Unavailable {
				t.Errorf("got %v, want nothing or Unavailable", err)
			}
		})
	}
	must(t, "close", s.DB.Close())
	all.Wait()
	err := s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(samplePayment(99)) })
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}
