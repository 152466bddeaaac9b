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

func testGroups(t *testing.T, open Opener) {
	// Twenty callers share a group; how those marked fail.
	const callers = 20
	run := func(t *testing.T, fail map[int]func(tx payment.Tx, p payment.Payment), code fault.Code) {
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
	// stale fails with its last statement, after others have run.
	stale := func(tx payment.Tx, p payment.Payment) {
		begin(tx, p, sampleOperation(p))
		missing := samplePayment(9_999)
		tx.SavePayment(missing)
	}
	// early fails with its first statement, before anything has to be undone.
	early := func(tx payment.Tx, p payment.Payment) {
		missing := samplePayment(9_999)
		tx.SavePayment(missing)
		begin(tx, p, sampleOperation(p))
	}
	// unchecked breaks a CHECK, which is nobody's conflict.
	unchecked := func(tx payment.Tx, p payment.Payment) {
		tx.InsertOperation(sampleOperation(p))
		p.Refunded = lira(1)
		tx.InsertPayment(p)
	}
	type failing = map[int]func(payment.Tx, payment.Payment)
	for name, c := range map[string]struct {
		fail failing
		code fault.Code
	}{
		"all_succeed_together":                       {nil, ""},
		"one_that_fails_late_leaves_its_neighbours":  {failing{7: stale}, fault.StaleVersion},
		"one_that_fails_early_leaves_its_neighbours": {failing{7: early}, fault.StaleVersion},
		"the_first_and_the_last_may_fail":            {failing{0: stale, 19: stale}, fault.StaleVersion},
		"most_may_fail": {
			failing{0: stale, 1: early, 2: stale, 3: stale, 5: early, 8: stale, 9: stale, 13: stale, 18: early}, fault.StaleVersion,
		},
		"a_broken_rule_of_the_schema_is_one_callers_own": {failing{3: unchecked}, fault.InternalError},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, c.fail, c.code) })
	}

	t.Run("a_caller_who_leaves_is_answered_at_once_and_its_write_is_whole", func(t *testing.T) {
		t.Parallel()
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
	})

	t.Run("a_full_queue_refuses", func(t *testing.T) {
		t.Parallel()
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
	})

	t.Run("closing_commits_what_is_queued_and_refuses_the_rest", func(t *testing.T) {
		t.Parallel()
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
	})
}
