package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/egress/egresstest"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/webhook"
)

// TestForbiddenAddress sends to an address that was allowed when it was given and
// is not any more: nothing is sent, and the owner reads why.
func TestForbiddenAddress(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			production := egress.NewPoster(egress.Policy{}, egress.PosterOptions{Timeout: timeout})
			w := newWorld(t, storetest.Open(t, engine), production)
			receiver := newReceiver(t)
			plain, port := receiver.URL, strings.TrimPrefix(receiver.URL, "http://127.0.0.1")
			for _, url := range []string{plain, "https://localhost/", "https://127.0.0.1/", "https://127.0.0.1" + port} {
				w.endpoint(t, url)
			}
			w.happen(t, payment.EventCaptured, w.pay(t))
			w.run(t)
			for _, d := range w.log(t) {
				if d.Status != webhook.Pending || d.HTTPStatus != 0 || d.Failure == "" ||
					!d.NextAttempt.Equal(epoch.Add(10*time.Second)) {
					t.Errorf("delivery = %+v", d)
				}
			}
			var got []string
			for _, d := range w.log(t) {
				got = append(got, d.Failure)
			}
			address := egress.ErrAddress.Error()
			if diff := cmp.Diff([]string{egress.ErrForm.Error(), address, address, address}, got); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if calls := len(receiver.got()); calls != 0 {
				t.Errorf("%d calls of a forbidden address", calls)
			}
		})
	}
}

// TestMetadataAddress: nobody, not even in a demo, has events sent to where clouds
// hand out their credentials.
func TestMetadataAddress(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		for _, url := range []string{"http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/",
			"https://[::ffff:169.254.169.254]/"} {
			_, _, err := w.CreateEndpoint(t.Context(), caller(demo), webhook.Settings{URL: url, Events: []string{"*"}})
			refused(t, url, err, fault.URLNotAllowed)
		}
	})
}

// TestRebinding has an endpoint whose name led to its receiver when it was given,
// and to somewhere forbidden afterwards: each attempt is refused when connecting,
// tried again like any other trouble, and goes through once the name is right.
func TestRebinding(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			names := egresstest.NewNames("127.0.0.1", "169.254.169.254", "10.0.0.1", "127.0.0.1")
			poster := egress.NewPoster(egress.Policy{Demo: true},
				egress.PosterOptions{Timeout: patient, Resolver: names.Resolver(t)})
			w := newWorld(t, storetest.Open(t, engine), poster)
			receiver := newReceiver(t)
			receiver.answers(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Connection", "close") // so that every call asks for the name anew
			})
			w.endpoint(t, strings.Replace(receiver.URL, "127.0.0.1", "rebinding.example", 1))
			w.happen(t, payment.EventAuthorized, w.pay(t))
			w.run(t)
			if d := w.only(t); d.Status != webhook.Delivered {
				t.Fatalf("first delivery = %+v", d)
			}
			w.clock.Advance(time.Second)
			w.happen(t, payment.EventCaptured, w.pay(t))
			for attempt := 1; attempt <= 2; attempt++ {
				w.run(t)
				d := w.log(t)[1]
				if d.Status != webhook.Pending || d.Attempts != attempt || d.HTTPStatus != 0 ||
					d.Failure != egress.ErrAddress.Error() {
					t.Errorf("attempt %d: delivery = %+v", attempt, d)
				}
				w.clock.Advance(d.NextAttempt.Sub(w.clock.Now()))
			}
			if calls := len(receiver.got()); calls != 1 {
				t.Errorf("%d calls, want the first alone", calls)
			}
			w.run(t)
			if d := w.log(t)[1]; d.Status != webhook.Delivered || d.Attempts != 3 || d.Failure != "" {
				t.Errorf("delivery = %+v, want it delivered", d)
			}
		})
	}
}
