package e2e_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// crowd is how many callers ask at once.
const crowd = 64

// testCrowds holds that of many callers at the same moment exactly one wins.
func testCrowds(t *testing.T, s *servertest.Server) {
	t.Run("equal_payments_charge_once", func(t *testing.T) {
		t.Parallel()
		chargeOnce(t, s, "")
	})
	t.Run("equal_payments_with_one_key_charge_once", func(t *testing.T) {
		t.Parallel()
		chargeOnce(t, s, "crowd-key")
	})
	t.Run("different_payments_of_one_order_charge_once", func(t *testing.T) {
		t.Parallel()
		rivals := make([]servertest.Request, crowd)
		for i := range rivals {
			pan := []string{axessCard, bonusCard, worldCard}[i%3]
			rivals[i] = payment(charge("orderId", quoted(t.Name()), "pan", quoted(pan)), "")
		}
		answers := race(t, s, rivals)
		winners := count(answers, func(a servertest.Answer) bool { return won(a) })
		if winners != 1 {
			t.Errorf("%d payments won", winners)
		}
		for _, a := range answers {
			if code := a.Text("resultCode"); a.Status == http.StatusConflict && code != "ORDER_IN_PROGRESS" &&
				code != "ORDER_ALREADY_PAID" {
				t.Errorf("refused as %s", code)
			}
		}
		oneApproved(t, s, t.Name())
	})
	for name, amounts := range map[string][2]string{
		"equal_captures_take_once":     {"100.50", "100.50"},
		"different_captures_take_once": {"60.00", "70.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			captureOnce(t, s, amounts)
		})
	}
	t.Run("refunds_never_exceed_the_payment", func(t *testing.T) {
		t.Parallel()
		refundAtOnce(t, s)
	})
	t.Run("refund_and_void_exclude_each_other", func(t *testing.T) {
		t.Parallel()
		p := paid(t, s)
		answers := race(t, s, []servertest.Request{
			post("/api/payment/"+p+"/void", `{}`), post("/api/payment/"+p+"/refund", `{}`),
		})
		if winners := count(answers, won); winners != 1 {
			t.Errorf("%d of a void and a refund won", winners)
		}
		s.CheckBooks(t, servertest.Admin(), p)
	})
}

func post(path, body string) servertest.Request {
	return servertest.Request{Method: http.MethodPost, Path: path, Body: body, As: servertest.Merchant()}
}

func payment(body, key string) servertest.Request {
	r := post("/api/payment", body)
	if key != "" {
		r.Header = map[string]string{"Idempotency-Key": key}
	}
	return r
}

// paid makes an approved payment and returns its id.
func paid(t *testing.T, s *servertest.Server) string {
	t.Helper()
	a, ok := s.Send(t, payment(charge("orderId", quoted(t.Name())), ""))
	if !ok || a.Text("status") != "SUCCESS" {
		t.Fatalf("payment: %d %s", a.Status, a.Body)
	}
	return a.Text("paymentId")
}

// race sends all requests at once and returns the answers in their order.
func race(t *testing.T, s *servertest.Server, requests []servertest.Request) []servertest.Answer {
	t.Helper()
	answers := make([]servertest.Answer, len(requests))
	var callers sync.WaitGroup
	start := make(chan struct{})
	for i, r := range requests {
		callers.Go(func() {
			<-start
			answers[i], _ = s.Send(t, r) // it has failed the test if there was none
		})
	}
	close(start)
	callers.Wait()
	return answers
}

// won reports whether this very request moved money.
func won(a servertest.Answer) bool {
	return a.Status == http.StatusOK && a.Text("status") == "SUCCESS" && a.Header.Get("Idempotent-Replayed") == ""
}

func count(answers []servertest.Answer, is func(servertest.Answer) bool) int {
	n := 0
	for _, a := range answers {
		if is(a) {
			n++
		}
	}
	return n
}

func chargeOnce(t *testing.T, s *servertest.Server, key string) {
	t.Helper()
	rivals := make([]servertest.Request, crowd)
	for i := range rivals {
		rivals[i] = payment(charge("orderId", quoted(t.Name())), key)
	}
	answers := race(t, s, rivals)
	if winners := count(answers, won); winners != 1 {
		t.Errorf("%d of %d equal payments were charged", winners, crowd)
	}
	ids := make(map[string]bool)
	for _, a := range answers {
		switch code := a.Text("resultCode"); {
		case a.Status == http.StatusOK:
			ids[a.Text("paymentId")] = true
		case a.Status == http.StatusConflict && a.Header.Get("Retry-After") != "" &&
			(code == "ORDER_IN_PROGRESS" || code == "IDEMPOTENCY_IN_PROGRESS"):
		default:
			t.Errorf("a rival was answered %d %s", a.Status, a.Body)
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d payments were told, want one", len(ids))
	}
	oneApproved(t, s, t.Name())
}

// oneApproved proves that one payment of the order, and one request to the bank
// for it, were approved.
func oneApproved(t *testing.T, s *servertest.Server, order string) {
	t.Helper()
	ids, _ := listPage(t, s, servertest.Merchant(), map[string][]string{"orderId": {order}, "limit": {"100"}})
	approvals := 0
	for _, id := range ids {
		for _, o := range s.Detail(t, servertest.Admin(), id).Operations {
			if o.Status == "approved" {
				approvals++
			}
		}
		s.CheckBooks(t, servertest.Admin(), id)
	}
	if approvals != 1 || len(ids) != 1 {
		t.Errorf("the order has %d payments and %d approvals, want one each", len(ids), approvals)
	}
}

func captureOnce(t *testing.T, s *servertest.Server, amounts [2]string) {
	t.Helper()
	held, ok := s.Send(t, post("/api/pre-authorization", charge("orderId", quoted(t.Name()))))
	if !ok || held.Text("status") != "SUCCESS" {
		t.Fatalf("hold: %d %s", held.Status, held.Body)
	}
	p := held.Text("paymentId")
	rivals := make([]servertest.Request, crowd/2)
	for i := range rivals {
		rivals[i] = post("/api/pre-authorization/"+p+"/capture", `{"amount":`+amounts[i%2]+`,"currency":"TRY"}`)
	}
	answers := race(t, s, rivals)
	if winners := count(answers, won); winners != 1 {
		t.Errorf("%d captures won", winners)
	}
	for _, a := range answers {
		if code := a.Text("resultCode"); a.Status == http.StatusConflict && code != "CAPTURE_IN_PROGRESS" &&
			code != "ALREADY_CAPTURED" {
			t.Errorf("refused as %s", code)
		}
		if a.Status != http.StatusOK && a.Status != http.StatusConflict {
			t.Errorf("answered %d %s", a.Status, a.Body)
		}
	}
	s.CheckBooks(t, servertest.Admin(), p)
}

// refundAtOnce asks for more than there is, in parts: 100.50 holds ten parts of
// 10.00 and no eleventh.
func refundAtOnce(t *testing.T, s *servertest.Server) {
	t.Helper()
	p := paid(t, s)
	rivals := make([]servertest.Request, 24)
	for i := range rivals {
		rivals[i] = post("/api/payment/"+p+"/refund", `{"amount":10.00,"currency":"TRY"}`)
	}
	answers := race(t, s, rivals)
	for _, a := range answers {
		code := a.Text("resultCode")
		if !won(a) && code != "REFUND_AMOUNT_EXCEEDED" && code != "OPERATION_IN_PROGRESS" {
			t.Errorf("answered %d %s", a.Status, a.Body)
		}
	}
	won := count(answers, won)
	if won > 10 || won == 0 {
		t.Errorf("%d refunds of 10.00 won out of 100.50", won)
	}
	if busy := count(answers, func(a servertest.Answer) bool { return a.Text("resultCode") == "OPERATION_IN_PROGRESS" }); busy == 0 && won != 10 {
		t.Errorf("%d refunds won and nobody was told to come again", won)
	}
	s.CheckBooks(t, servertest.Admin(), p)
}
