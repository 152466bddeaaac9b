package webhook_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/egress"
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
			tlsReceiver := "https://localhost/"
			w.endpoint(t, receiver.URL)
			w.endpoint(t, tlsReceiver)
			w.happen(t, payment.EventCaptured, w.pay(t))
			w.run(t)
			for _, d := range w.log(t) {
				if d.Status != webhook.Pending || d.HTTPStatus != 0 || d.Failure == "" || !d.NextAttempt.Equal(epoch.Add(10*time.Second)) {
					t.Errorf("delivery = %+v", d)
				}
			}
			if all := w.log(t); all[0].Failure != egress.ErrForm.Error() || all[1].Failure != egress.ErrAddress.Error() {
				t.Errorf("failures %q and %q", all[0].Failure, all[1].Failure)
			}
			if calls := len(receiver.got()); calls != 0 {
				t.Errorf("%d calls of a forbidden address", calls)
			}
		})
	}
}
