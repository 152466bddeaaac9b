package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// slowBank makes every request to the bank take longer than a test needs to ask
// what is going on meanwhile.
const slowBank = `{"rate":1,"kinds":["slow"],"slow_ms":3500}`

// TestMisbehavingBank holds that a bank that answers late, wrongly or not at all
// never makes a payment lost or double. A bank's faults hit everybody, so the
// stories are told one after the other.
func TestMisbehavingBank(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine})
			for _, story := range []struct {
				name string
				tell func(*testing.T, *servertest.Server)
			}{
				{"answer_lost_after_approval_is_found_by_asking", answerLost("reset_after_approve")},
				{"garbage_after_approval_is_found_by_asking", answerLost("garbage")},
				{"payment_of_an_order_in_progress_is_refused", orderInProgress},
				{"capture_in_progress_is_refused", captureInProgress},
				{"unknown_answer_is_pending_until_the_bank_tells", pendingUntilTold},
			} {
				t.Run(story.name, func(t *testing.T) {
					defer s.Misbehave(t, "")
					story.tell(t, s)
				})
			}
			reconcile(t, s)
			if code := s.Stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			verifyLedger(t, s)
			searchLeaks(t, s)
		})
	}
}

// answerLost is the story of a bank that charges and whose answer is lost.
func answerLost(kind string) func(*testing.T, *servertest.Server) {
	return func(t *testing.T, s *servertest.Server) {
		before := len(s.Bank(t))
		s.Misbehave(t, `{"rate":1,"kinds":["`+kind+`"]}`)
		scenario{
			{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS","authCode":"*"}`, keep: "p"},
			{send: pay, body: charge(), status: 200, want: `{"paymentId":"{p}"}`, replayed: true},
			{send: refund, body: `{}`, status: 200, want: `{"status":"SUCCESS","refundedAmount":100.50}`},
		}.run(t, s)
		if rows := len(s.Bank(t)) - before; rows != 2 {
			t.Errorf("the bank has %d rows for a sale and a refund", rows)
		}
	}
}

// background sends a request that will take a while.
func background(t *testing.T, s *servertest.Server, r servertest.Request) <-chan servertest.Answer {
	t.Helper()
	answered := make(chan servertest.Answer, 1)
	go func() {
		a, _ := s.Send(t, r) // it has failed the test if there was none
		answered <- a
	}()
	return answered
}

// awaitPending waits until the payment of an order is at the bank, and returns
// its id.
func awaitPending(t *testing.T, s *servertest.Server, order string) string {
	t.Helper()
	var ids []string
	if !servertest.Eventually(t, func() bool {
		ids, _ = listPage(t, s, servertest.Merchant(), url.Values{"orderId": {order}, "status": {"PENDING"}})
		return len(ids) > 0
	}) {
		t.Fatal("the payment does not become visible")
	}
	return ids[0]
}

func orderInProgress(t *testing.T, s *servertest.Server) {
	s.Misbehave(t, slowBank)
	order := t.Name()
	first := background(t, s, payment(charge("orderId", quoted(order)), order))
	p := awaitPending(t, s, order)
	kept := map[string]string{"order": order, "p": p}
	for _, st := range []step{
		{send: pay, body: charge(), status: 409, want: `{"resultCode":"ORDER_IN_PROGRESS","paymentId":"{p}"}`},
		{send: pay, body: charge("pan", quoted(bonusCard)), status: 409, want: `{"resultCode":"ORDER_IN_PROGRESS"}`},
		{send: hold, body: charge(), status: 409, want: `{"resultCode":"ORDER_IN_PROGRESS"}`},
		{send: pay, body: charge(), header: map[string]string{"Idempotency-Key": order}, status: 409, want: `{"resultCode":"IDEMPOTENCY_IN_PROGRESS","paymentId":"{p}"}`},
		{send: look, status: 200, want: `{"status":"PENDING","resultCode":"RESULT_UNKNOWN","capturedAmount":0.00,"merchantCommission":0.00}`},
		{send: capture, body: `{"amount":1.00,"currency":"TRY"}`, status: 409, want: `{"resultCode":"NOT_CAPTURABLE"}`},
		{send: refund, body: `{}`, status: 409, want: `{"resultCode":"OPERATION_IN_PROGRESS","paymentId":"{p}"}`},
		{send: void, body: `{}`, status: 409, want: `{"resultCode":"OPERATION_IN_PROGRESS","paymentId":"{p}"}`},
	} {
		st.run(t, s, kept)
	}
	if a := <-first; !won(a) || a.Text("paymentId") != p {
		t.Errorf("the first was answered %d %s", a.Status, a.Body)
	}
	s.CheckBooks(t, servertest.Admin(), p)
}

func captureInProgress(t *testing.T, s *servertest.Server) {
	held, ok := s.Send(t, post("/api/pre-authorization", charge("orderId", quoted(t.Name()))))
	if !ok || held.Text("status") != "SUCCESS" {
		t.Fatalf("hold: %d %s", held.Status, held.Body)
	}
	s.Misbehave(t, slowBank)
	p := held.Text("paymentId")
	first := background(t, s, post("/api/pre-authorization/"+p+"/capture", `{"amount":60.00,"currency":"TRY"}`))
	if !servertest.Eventually(t, func() bool {
		return slices.ContainsFunc(s.Detail(t, servertest.Admin(), p).Operations, func(o servertest.Operation) bool { return o.Kind == "capture" })
	}) {
		t.Fatal("the capture does not become visible")
	}
	kept := map[string]string{"p": p}
	for _, st := range []step{
		{send: capture, body: `{"amount":60.00,"currency":"TRY"}`, status: 409, want: `{"resultCode":"CAPTURE_IN_PROGRESS","paymentId":"{p}"}`},
		{send: capture, body: `{"amount":30.00,"currency":"TRY"}`, status: 409, want: `{"resultCode":"CAPTURE_IN_PROGRESS"}`},
		{send: void, body: `{}`, status: 409, want: `{"resultCode":"OPERATION_IN_PROGRESS"}`},
	} {
		st.run(t, s, kept)
	}
	if a := <-first; !won(a) {
		t.Errorf("the first was answered %d %s", a.Status, a.Body)
	}
	s.CheckBooks(t, servertest.Admin(), p)
}

// pendingUntilTold is the story of a bank that charges, answers garbage, and
// answers garbage to inquiries too, until it comes to its senses.
func pendingUntilTold(t *testing.T, s *servertest.Server) {
	s.Misbehave(t, `{"rate":1,"kinds":["garbage"],"inquiries":true}`)
	order := t.Name()
	kept := map[string]string{"order": order}
	key := map[string]string{"Idempotency-Key": order}
	for _, st := range []step{
		{send: pay, body: charge(), header: key, status: 200, want: `{"status":"PENDING","resultCode":"RESULT_UNKNOWN","authCode":null,"merchantCommission":0.00}`, keep: "p"},
		{send: pay, body: charge(), status: 409, want: `{"resultCode":"ORDER_IN_PROGRESS","paymentId":"{p}"}`},
		{send: pay, body: charge(), header: key, status: 200, want: `{"paymentId":"{p}","status":"PENDING"}`, replayed: true},
		{send: look, status: 200, want: `{"status":"PENDING","capturedAmount":0.00}`},
	} {
		st.run(t, s, kept)
	}
	s.Misbehave(t, "")
	if !servertest.Eventually(t, func() bool {
		a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payment/" + kept["p"], As: servertest.Merchant()})
		return ok && a.Text("status") == "SUCCESS"
	}) {
		t.Error("the payment stays pending though the bank knows it")
	}
	step{send: pay, body: charge(), header: key, status: 200, want: `{"paymentId":"{p}","status":"SUCCESS","authCode":"*"}`, replayed: true}.run(t, s, kept)
	s.CheckBooks(t, servertest.Admin(), kept["p"])
}
