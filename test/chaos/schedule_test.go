package chaos_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/test/chaos"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	const seed, turns = 4711, 50
	plan := func(seed uint64) []string {
		return chaos.Plan(chaos.Options{Engine: storage.PostgreSQL, Seed: seed, Duration: time.Minute}, turns)
	}
	t.Run("plans_the_same_again", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff(plan(seed), plan(seed)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("another_one_plans_otherwise", func(t *testing.T) {
		t.Parallel()
		one, other, same := plan(seed), plan(seed+1), 0
		for i := range one {
			if one[i] == other[i] {
				same++
			}
		}
		if same > 0 {
			t.Errorf("%d of %d turns are the same", same, len(one))
		}
	})
	t.Run("what_happens_in_a_flow_changes_none_after_it", func(t *testing.T) {
		t.Parallel()
		smooth := chaos.Turns(seed, turns, func(*rand.Rand) {})
		rough := chaos.Turns(seed, turns, func(rng *rand.Rand) {
			for range 1 + rand.IntN(100) {
				rng.Uint64()
			}
		})
		if diff := cmp.Diff(smooth, rough); diff != "" {
			t.Error(diff)
		}
		if planned := plan(seed)[0]; !strings.Contains(planned, smooth[0]) {
			t.Errorf("the plan begins with %q, the client with %q", planned, smooth[0])
		}
	})
	t.Run("repeated_requests_change_no_decision_after_them", func(t *testing.T) {
		t.Parallel()
		draws := func(troubles int64) (asked int, next uint64) {
			var n atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n.Add(1) <= troubles {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				_, _ = w.Write([]byte(`{"status":"FAILED","resultCode":"NO","paymentId":"1"}`)) // the client notices
			}))
			t.Cleanup(server.Close)
			return chaos.Charge(t.Context(), server.URL, seed)
		}
		once, smooth := draws(0)
		often, rough := draws(3)
		if often <= once || smooth != rough {
			t.Errorf("asked %d times the flow goes on with %x, asked %d times with %x", once, smooth, often, rough)
		}
	})
}
