package webhook_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

func TestRedelivery(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, key := w.endpoint(t, receiver.URL)
		w.happen(t, payment.EventCaptured, w.pay(t))
		w.run(t)
		first := w.only(t)
		for range 2 {
			again, err := w.Redeliver(t.Context(), caller(demo), first.ID)
			if err != nil || again.RedeliveryOf != first.ID || again.Status != webhook.Pending {
				t.Errorf("redelivery = %+v, %v", again, err)
			}
		}
		w.run(t)
		calls := receiver.got()
		if len(calls) != 3 {
			t.Fatalf("%d calls, want 3", len(calls))
		}
		for _, c := range calls {
			if c.header.Get("webhook-id") != calls[0].header.Get("webhook-id") || c.body != calls[0].body ||
				c.verify(t, key) != nil {
				t.Errorf("a redelivery differs: %+v", c)
			}
		}
		want := []string{"webhook_endpoint.create", "webhook_endpoint.redeliver", "webhook_endpoint.redeliver"}
		if diff := cmp.Diff(want, w.actions(t, e)); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
		if err := w.DeleteEndpoint(t.Context(), caller(demo), e.ID, e.Version); err != nil {
			t.Fatal(err)
		}
		_, err := w.Redeliver(t.Context(), caller(demo), first.ID)
		refused(t, "to an endpoint that is gone", err, fault.NoSuchThing)
	})
}

// TestRedelivery_does_not_wait repeats a delivery while another one of the same
// payment is still being tried.
func TestRedelivery_does_not_wait_for_what_is_being_tried(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		w.endpoint(t, receiver.URL)
		p := w.pay(t)
		w.happen(t, payment.EventAuthorized, p)
		w.run(t)
		receiver.answersStatus(http.StatusInternalServerError)
		w.happen(t, payment.EventCaptured, p)
		w.run(t)
		if _, err := w.Redeliver(t.Context(), caller(demo), w.log(t)[0].ID); err != nil {
			t.Fatal(err)
		}
		w.run(t)
		want := []string{"payment.authorized", "payment.captured", "payment.authorized"}
		if diff := cmp.Diff(want, typesOf(receiver.got(), p)); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestRedeliverRange(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, _ := w.endpoint(t, receiver.URL)
		w.endpoint(t, receiver.URL+"/second")
		p := w.pay(t)
		for range 5 { // at epoch, and each minute after it
			w.happen(t, payment.EventCaptured, p)
			w.run(t)
			w.clock.Advance(time.Minute)
		}
		before := len(receiver.got())
		repeated, next, err := w.RedeliverRange(t.Context(), caller(demo), webhook.Range{
			EndpointID: e.ID, From: epoch.Add(time.Minute), To: epoch.Add(4 * time.Minute), Status: webhook.Delivered,
		})
		if err != nil || repeated != 3 || next != "" {
			t.Errorf("repeated %d, next %q, %v", repeated, next, err)
		}
		w.run(t)
		calls := receiver.got()[before:]
		var got, want []string
		for _, c := range calls {
			got = append(got, c.header.Get("webhook-id"))
		}
		for _, d := range w.log(t) {
			if d.EndpointID == e.ID && d.RedeliveryOf == 0 && !d.CreatedAt.Before(epoch.Add(time.Minute)) &&
				d.CreatedAt.Before(epoch.Add(4*time.Minute)) {
				want = append(want, eventID(d))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("redelivered in another order or number (-want +got):\n%s", diff)
		}
		none, _, err := w.RedeliverRange(t.Context(), caller(demo), webhook.Range{EndpointID: e.ID, Status: webhook.Failed})
		if err != nil || none != 0 {
			t.Errorf("repeated %d failed ones, %v", none, err)
		}
	})
}

// TestRedeliverRange_of_what_failed brings a receiver what it missed in three days,
// by the filter that the documentation names for that.
func TestRedeliverRange_of_what_failed(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, key := w.endpoint(t, receiver.URL)
		w.happen(t, payment.EventAuthorized, w.pay(t))
		w.run(t)
		receiver.answersStatus(http.StatusInternalServerError)
		var missed []string
		for range 3 {
			w.clock.Advance(time.Second)
			missed = append(missed, fmt.Sprintf("evt_%d", w.happen(t, payment.EventCaptured, w.pay(t)).ID))
		}
		for turns := 0; len(w.pending(t)) > 0 || turns == 0; turns++ { // one at a time goes to an endpoint in trouble
			if w.run(t); turns > len(missed)*webhook.Attempts {
				t.Fatalf("%d deliveries are still pending", len(w.pending(t)))
			}
			w.clock.Advance(8 * time.Hour)
		}
		if w.state(t, e.ID) != webhook.Failing {
			t.Error("the endpoint is not failing")
		}
		receiver.answersStatus(http.StatusOK)
		before := len(receiver.got())
		repeated, _, err := w.RedeliverRange(t.Context(), caller(demo),
			webhook.Range{EndpointID: e.ID, From: epoch, To: w.clock.Now(), Status: webhook.Failed})
		if err != nil || repeated != len(missed) {
			t.Errorf("repeated %d, %v", repeated, err)
		}
		for turns := 0; len(w.pending(t)) > 0 && turns < 100; turns++ { // until it has taken one, it gets one at a time
			w.run(t)
			w.clock.Advance(time.Minute)
		}
		var got []string
		for _, c := range receiver.got()[before:] {
			got = append(got, c.header.Get("webhook-id"))
			if err := c.verify(t, key); err != nil {
				t.Errorf("the public library refuses a redelivery: %v", err)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(missed, got); diff != "" {
			t.Errorf("redelivered (-want +got):\n%s", diff)
		}
		if w.state(t, e.ID) != webhook.Active {
			t.Error("the endpoint has not recovered")
		}
	})
}

// pending returns the deliveries that are still tried.
func (w *world) pending(t *testing.T) []webhook.Delivery {
	t.Helper()
	all, _, err := w.Deliveries(t.Context(), demo, webhook.Filter{Status: webhook.Pending, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func eventID(d webhook.Delivery) string { return fmt.Sprintf("evt_%d", d.EventID) }

// TestLog pages through the deliveries with every filter.
func TestLog(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		e, _ := w.endpoint(t, receiver.URL, "payment.captured")
		second, _ := w.endpoint(t, receiver.URL, "payment.*")
		p, other := w.pay(t), w.pay(t)
		for range 3 {
			w.happen(t, payment.EventCaptured, p)
			w.happen(t, payment.EventDeclined, other)
			w.run(t)
			w.clock.Advance(time.Minute)
		}
		for name, tt := range map[string]struct {
			filter webhook.Filter
			want   int
		}{
			"everything":   {webhook.Filter{}, 9},
			"one_endpoint": {webhook.Filter{EndpointID: e.ID}, 3},
			"the_other":    {webhook.Filter{EndpointID: second.ID}, 6},
			"type":         {webhook.Filter{Type: payment.EventDeclined}, 3},
			"payment":      {webhook.Filter{Subject: payment.Subject(p.UUID)}, 6},
			"delivered":    {webhook.Filter{Status: webhook.Delivered}, 9},
			"failed":       {webhook.Filter{Status: webhook.Failed}, 0},
			"from":         {webhook.Filter{From: epoch.Add(time.Minute)}, 6},
			"to":           {webhook.Filter{To: epoch.Add(time.Minute)}, 3},
		} {
			var seen []webhook.Delivery
			f := tt.filter
			f.Limit = 2
			for {
				page, next, err := w.Deliveries(t.Context(), demo, f)
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, page...)
				if next == "" {
					break
				}
				f.Cursor = next
			}
			if len(seen) != tt.want {
				t.Errorf("%s: %d deliveries, want %d", name, len(seen), tt.want)
			}
			ids := map[id.Delivery]bool{}
			for i, d := range seen {
				ids[d.ID] = true
				if i > 0 && d.CreatedAt.After(seen[i-1].CreatedAt) {
					t.Errorf("%s: not newest first", name)
				}
			}
			if len(ids) != len(seen) {
				t.Errorf("%s: a delivery stands on two pages", name)
			}
		}
		_, _, err := w.Deliveries(t.Context(), demo, webhook.Filter{Cursor: "nonsense"})
		refused(t, "foreign cursor", err, fault.ValidationError)
	})
}
