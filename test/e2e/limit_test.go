package e2e_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// limited reports whether an answer is a refusal that says how long to wait.
func limited(a servertest.Answer) bool {
	wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
	return a.Status == http.StatusTooManyRequests && err == nil && wait >= 1
}

// TestLimits meets each limit of docs/security.md at a whole server: what is over
// it is refused with a time to wait, and nobody else is.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Environ: []string{"VEZNE_RATE_LIMIT=20"}})
	look := func(as servertest.Credential) servertest.Answer {
		a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payment/0190163d-0000-7000-8000-000000000000", As: as})
		if !ok {
			t.Fatal("no answer")
		}
		return a
	}
	t.Run("requests_of_one_credential", func(t *testing.T) {
		refused := 0
		for range 200 { // far more than 40 at once and 20 a second
			a := look(servertest.Merchant())
			if limited(a) {
				refused++
				break
			}
			if a.Status != http.StatusNotFound {
				t.Fatalf("status %d: %s", a.Status, a.Body)
			}
		}
		if refused == 0 {
			t.Error("nothing was refused")
		}
		if a := look(servertest.OtherMerchant()); a.Status != http.StatusNotFound {
			t.Errorf("another credential: %d %s", a.Status, a.Body)
		}
	})
	t.Run("failed_authentications_of_one_address", func(t *testing.T) {
		wrong := servertest.Credential{"Authorization": "Bearer no-such-token"}
		send := func(as servertest.Credential) servertest.Answer {
			a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/admin/v1/audit", As: as})
			if !ok {
				t.Fatal("no answer")
			}
			return a
		}
		refused := 0
		for range 3000 { // 300, and 5 more each second
			a := send(wrong)
			if limited(a) {
				refused++
				break
			}
			if a.Status != http.StatusUnauthorized {
				t.Fatalf("status %d: %s", a.Status, a.Body)
			}
		}
		if refused == 0 {
			t.Error("nothing was refused")
		}
		if a := send(servertest.OtherAdmin()); a.Status != http.StatusOK {
			t.Errorf("right token from the same address: %d %s", a.Status, a.Body)
		}
	})
}

// TestLimits_of_a_card has one card declined until it is refused unasked.
func TestLimits_of_a_card(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{})
	attempt := func(n int, number string) servertest.Answer {
		a, ok := s.Send(t, payment(charge("orderId", quoted(fmt.Sprintf("%s-%d", t.Name(), n)), "pan", quoted(number)), ""))
		if !ok {
			t.Fatal("no answer")
		}
		return a
	}
	refused := 0
	for n := range 200 {
		a := attempt(n, brokeCard)
		if limited(a) {
			refused++
			break
		}
		if a.Text("status") != "FAILED" {
			t.Fatalf("attempt %d: %d %s", n, a.Status, a.Body)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
	if a := attempt(1000, axessCard); a.Text("status") != "SUCCESS" {
		t.Errorf("another card: %d %s", a.Status, a.Body)
	}
}
