package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// testIsolation holds that what belongs to another merchant is not there: for
// every route with an id, told in the very words of an id that nobody has.
func testIsolation(t *testing.T, s *servertest.Server) {
	p := paid(t, s)
	held, ok := s.Send(t, post("/api/pre-authorization", charge("orderId", quoted(t.Name()+"/hold"))))
	if !ok {
		return
	}
	h := held.Text("paymentId")
	const nobodys = "0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21"
	other, otherAdmin := servertest.OtherMerchant(), servertest.OtherAdmin()
	for name, r := range map[string]servertest.Request{
		"look_up":       {Method: http.MethodGet, Path: "/api/payment/" + p, As: other},
		"capture":       {Method: http.MethodPost, Path: "/api/pre-authorization/" + h + "/capture", Body: `{"amount":100.50,"currency":"TRY"}`, As: other},
		"refund":        {Method: http.MethodPost, Path: "/api/payment/" + p + "/refund", Body: `{}`, As: other},
		"refund_amount": {Method: http.MethodPost, Path: "/api/payment/" + p + "/refund", Body: `{"amount":1.00,"currency":"TRY"}`, As: other},
		"refund_in_usd": {Method: http.MethodPost, Path: "/api/payment/" + p + "/refund", Body: `{"currency":"USD"}`, As: other},
		"void":          {Method: http.MethodPost, Path: "/api/payment/" + p + "/void", Body: `{}`, As: other},
		"void_of_hold":  {Method: http.MethodPost, Path: "/api/payment/" + h + "/void", Body: `{}`, As: other},
		"void_with_key": {
			Method: http.MethodPost, Path: "/api/payment/" + p + "/void", Body: `{}`, As: other,
			Header: map[string]string{"Idempotency-Key": t.Name()},
		},
		"admin_detail": {Method: http.MethodGet, Path: "/admin/v1/payments/" + p, As: otherAdmin},
	} {
		t.Run(name, func(t *testing.T) {
			theirs, ok := s.Send(t, r)
			if !ok {
				return
			}
			r.Path = strings.NewReplacer(p, nobodys, h, nobodys).Replace(r.Path)
			nobody, ok := s.Send(t, r)
			if !ok {
				return
			}
			if theirs.Status != http.StatusNotFound || nobody.Status != http.StatusNotFound {
				t.Errorf("status %d, and %d for nobody's id: %s", theirs.Status, nobody.Status, theirs.Body)
			}
			same := func(a servertest.Answer) string {
				return strings.ReplaceAll(a.Body, a.Header.Get("X-Request-Id"), "")
			}
			if same(theirs) != same(nobody) {
				t.Errorf("another's id answers %s, nobody's answers %s", theirs.Body, nobody.Body)
			}
		})
	}
	if d := s.Detail(t, servertest.Admin(), p); d.State != "captured" || len(d.Operations) != 1 {
		t.Errorf("the payment is %s with %d operations", d.State, len(d.Operations))
	}
	if d := s.Detail(t, servertest.Admin(), h); d.State != "authorized" || len(d.Operations) != 1 {
		t.Errorf("the hold is %s with %d operations", d.State, len(d.Operations))
	}
	if ids := allPayments(t, s, other); slices.Contains(ids, p) || slices.Contains(ids, h) {
		t.Error("the list tells another merchant's payments")
	}
	if ids, _ := listPage(t, s, other, url.Values{"orderId": {t.Name()}}); len(ids) != 0 {
		t.Error("the list finds another merchant's order")
	}
}
