package e2e_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/test/servertest"
)

// reconcile proves that the bank's ledger and our operations are the same, both
// ways, over all payments of all merchants.
func reconcile(t *testing.T, s *servertest.Server) {
	t.Helper()
	ours := make(map[string]bool)
	for _, m := range []struct{ merchant, admin servertest.Credential }{
		{servertest.Merchant(), servertest.Admin()},
		{servertest.OtherMerchant(), servertest.OtherAdmin()},
	} {
		for _, id := range allPayments(t, s, m.merchant) {
			for _, o := range s.QuickDetail(t, m.admin, id).Operations {
				if o.Status == "open" || o.Status == "unknown" {
					t.Errorf("payment %s: a %s is still %s", id, o.Kind, o.Status)
				}
				if o.Status == "approved" || o.Status == "reversed" {
					ours[o.Reference] = true
				}
			}
		}
	}
	rows := s.Bank(t)
	for _, r := range rows {
		if !ours[r.Reference] {
			t.Errorf("the bank has a %s of %s %s of which we know nothing", r.Kind, r.Amount, r.Currency)
		}
		delete(ours, r.Reference)
	}
	for reference := range ours {
		t.Errorf("the bank knows nothing of %s", reference)
	}
	if len(rows) == 0 {
		t.Error("the bank's ledger is empty: nothing was proved")
	}
}

// allPayments returns the ids of all payments of a merchant, page by page.
func allPayments(t *testing.T, s *servertest.Server, who servertest.Credential) []string {
	t.Helper()
	var all []string
	for cursor := ""; ; {
		ids, next := listPage(t, s, who, url.Values{"limit": {"100"}, "cursor": {cursor}})
		all = append(all, ids...)
		if next == "" {
			return all
		}
		cursor = next
	}
}

// listPage returns the ids of one page of payments and the cursor of the next.
// Empty parameters are left out.
func listPage(t *testing.T, s *servertest.Server, who servertest.Credential, q url.Values) ([]string, string) {
	t.Helper()
	for name := range q {
		if q.Get(name) == "" {
			q.Del(name)
		}
	}
	a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payments?" + q.Encode(), As: who})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("list: %d %s", a.Status, a.Body)
	}
	var page struct {
		Payments []struct {
			PaymentID string `json:"paymentId"`
		} `json:"payments"`
		Next string `json:"next"`
	}
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Fatalf("list: %v", err)
	}
	var ids []string
	for _, p := range page.Payments {
		ids = append(ids, p.PaymentID)
	}
	return ids, page.Next
}
