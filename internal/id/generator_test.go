package id_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/id"
)

// reserver hands out blocks as a database would, to all its generators.
type reserver struct {
	mu     sync.Mutex
	next   map[id.Noun]int64
	blocks int
	err    error
}

func newReserver() *reserver { return &reserver{next: map[id.Noun]int64{}} }

func (r *reserver) Reserve(_ context.Context, noun id.Noun, n int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	r.blocks++
	first := r.next[noun] + 1
	r.next[noun] += int64(n)
	return first, nil
}

func TestGenerator(t *testing.T) {
	t.Parallel()
	t.Run("no_id_twice_on_two_nodes_with_many_callers", func(t *testing.T) {
		t.Parallel()
		shared := newReserver()
		var mu sync.Mutex
		seen := map[id.Payment]bool{}
		var callers sync.WaitGroup
		for _, g := range []*id.Generator{id.NewGenerator(shared), id.NewGenerator(shared)} {
			for range 8 {
				callers.Go(func() {
					for range 500 {
						n, err := id.Next[id.Payment](t.Context(), g, id.NounPayment)
						mu.Lock()
						if err != nil || n < 1 || seen[n] {
							t.Errorf("id %d, seen %t, %v", n, seen[n], err)
						}
						seen[n] = true
						mu.Unlock()
					}
				})
			}
		}
		callers.Wait()
		if len(seen) != 8000 {
			t.Errorf("%d ids, want 8000", len(seen))
		}
		if shared.blocks > 10 {
			t.Errorf("%d reservations for 8000 ids", shared.blocks)
		}
	})
	t.Run("nouns_count_apart", func(t *testing.T) {
		t.Parallel()
		g := id.NewGenerator(newReserver())
		a, _ := id.Next[id.Payment](t.Context(), g, id.NounPayment)     // the reserver never fails here
		b, _ := id.Next[id.Operation](t.Context(), g, id.NounOperation) // nor here
		if a != 1 || b != 1 {
			t.Errorf("first ids are %d and %d", a, b)
		}
	})
	t.Run("failed_reservation_is_told_and_tried_again", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("broken")
		r := newReserver()
		r.err = broken
		g := id.NewGenerator(r)
		if _, err := id.Next[id.Rule](t.Context(), g, id.NounRule); !errors.Is(err, broken) {
			t.Errorf("error %v, want the reserver's", err)
		}
		r.err = nil
		if n, err := id.Next[id.Rule](t.Context(), g, id.NounRule); n != 1 || err != nil {
			t.Errorf("id %d, %v", n, err)
		}
	})
	t.Run("past_the_exact_integers_is_an_error", func(t *testing.T) {
		t.Parallel()
		r := newReserver()
		r.next[id.NounJob] = id.Max - 1
		g := id.NewGenerator(r)
		if n, err := id.Next[id.Job](t.Context(), g, id.NounJob); n != id.Max || err != nil {
			t.Errorf("last id %d, %v", n, err)
		}
		if n, err := id.Next[id.Job](t.Context(), g, id.NounJob); err == nil {
			t.Errorf("id %d beyond 2^53", n)
		}
	})
}
