package e2e_test

import (
	"testing"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// TestDrain holds, with the real binary and a real SIGTERM, that a payment that
// is at the bank is finished and answered, that the process then ends with 0,
// and that its successor on the same data knows everything.
func TestDrain(t *testing.T) {
	t.Parallel()
	binary := servertest.Build(t)
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine, Binary: binary})
			s.Misbehave(t, slowBank)
			order := t.Name()
			running := background(t, s, payment(charge("orderId", quoted(order)), ""))
			p := awaitPending(t, s, order)
			s.Drain()
			if a := <-running; !won(a) || a.Text("paymentId") != p {
				t.Errorf("the running payment was answered %d %s", a.Status, a.Body)
			}
			if code := s.Wait(); code != 0 {
				t.Errorf("exit code %d after SIGTERM", code)
			}
			verifyLedger(t, s)
			searchLeaks(t, s)

			next := servertest.Start(t, servertest.Options{Engine: engine, Binary: binary, Dir: s.Dir, DSN: s.DSN})
			kept := map[string]string{"order": order, "p": p}
			for _, st := range []step{
				{send: look, status: 200, want: `{"status":"SUCCESS","capturedAmount":100.50}`},
				{send: pay, body: charge(), status: 200, want: `{"paymentId":"{p}"}`, replayed: true},
				{send: refund, body: `{}`, status: 200, want: `{"status":"SUCCESS"}`},
			} {
				st.run(t, next, kept)
			}
			next.CheckBooks(t, servertest.Admin(), p)
		})
	}
}
