package webhook_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// TestOrder proves that events of one payment arrive in order, whatever has to be
// tried again, and that those of another do not wait.
func TestOrder(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		troubled, other := w.pay(t), w.pay(t)
		var down atomic.Bool
		down.Store(true)
		receiver.answers(func(rw http.ResponseWriter, r *http.Request) {
			calls := receiver.got()
			if last := calls[len(calls)-1]; down.Load() && strings.Contains(last.body, troubled.UUID.String()) {
				rw.WriteHeader(http.StatusInternalServerError)
			}
		})
		w.endpoint(t, receiver.URL)
		kinds := []job.Kind{payment.EventAuthorized, payment.EventCaptured, payment.EventRefunded}
		for _, kind := range kinds {
			w.happen(t, kind, troubled)
			w.happen(t, kind, other)
			w.run(t)
			w.clock.Advance(time.Second)
		}
		if got := typesOf(receiver.got(), troubled); len(got) != 1 {
			t.Errorf("troubled payment: got %q, want the first event alone", got)
		}
		if diff := cmp.Diff(stringsOf(kinds), typesOf(receiver.got(), other)); diff != "" {
			t.Errorf("other payment (-want +got):\n%s", diff)
		}
		down.Store(false)
		w.clock.Advance(time.Minute)
		w.run(t)
		want := append([]string{string(payment.EventAuthorized)}, stringsOf(kinds)...)
		if diff := cmp.Diff(want, typesOf(receiver.got(), troubled)); diff != "" {
			t.Errorf("troubled payment (-want +got):\n%s", diff)
		}
	})
}

func typesOf(calls []call, p payment.Payment) []string {
	var types []string
	for _, c := range calls {
		if _, rest, ok := strings.Cut(c.body, `{"type":"`); ok && strings.Contains(c.body, p.UUID.String()) {
			name, _, _ := strings.Cut(rest, `"`)
			types = append(types, name)
		}
	}
	return types
}

func stringsOf(kinds []job.Kind) []string {
	var all []string
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}
