package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/test/servertest"
)

// testLists holds filters, order and pages of GET /api/payments.
func testLists(t *testing.T, s *servertest.Server) {
	const customer = "list-customer"
	var newestFirst, failed []string
	for i := range 7 {
		pan := axessCard
		if i%3 == 2 {
			pan = brokeCard
		}
		body := charge("orderId", quoted(fmt.Sprintf("list-%d", i)), "pan", quoted(pan), "customerId", quoted(customer))
		a, ok := s.Send(t, payment(body, ""))
		if !ok || a.Status != http.StatusOK {
			t.Fatalf("payment %d: %d %s", i, a.Status, a.Body)
		}
		newestFirst = slices.Insert(newestFirst, 0, a.Text("paymentId"))
		if pan == brokeCard {
			failed = slices.Insert(failed, 0, a.Text("paymentId"))
		}
	}
	succeeded := slices.DeleteFunc(slices.Clone(newestFirst), func(id string) bool { return slices.Contains(failed, id) })

	for name, tt := range map[string]struct {
		query url.Values
		want  []string
	}{
		"newest_first":          {url.Values{"customerId": {customer}}, newestFirst},
		"of_an_order":           {url.Values{"orderId": {"list-3"}}, newestFirst[3:4]},
		"order_is_exact":        {url.Values{"orderId": {"LIST-3"}}, nil},
		"successful":            {url.Values{"customerId": {customer}, "status": {"SUCCESS"}}, succeeded},
		"failed":                {url.Values{"customerId": {customer}, "status": {"FAILED"}}, failed},
		"pending":               {url.Values{"customerId": {customer}, "status": {"PENDING"}}, nil},
		"enrolled":              {url.Values{"customerId": {customer}, "status": {"ENROLLED"}}, nil},
		"since_long_ago":        {url.Values{"customerId": {customer}, "from": {"2020-01-01T00:00:00Z"}}, newestFirst},
		"until_long_ago":        {url.Values{"customerId": {customer}, "to": {"2020-01-01T00:00:00Z"}}, nil},
		"from_the_future":       {url.Values{"customerId": {customer}, "from": {"2090-01-01T00:00:00+03:00"}}, nil},
		"order_and_customer":    {url.Values{"customerId": {customer}, "orderId": {"list-0"}}, newestFirst[6:]},
		"order_of_another":      {url.Values{"customerId": {"someone"}, "orderId": {"list-0"}}, nil},
		"limit_cuts":            {url.Values{"customerId": {customer}, "limit": {"2"}}, newestFirst[:2]},
		"limit_of_the_whole":    {url.Values{"customerId": {customer}, "limit": {"7"}}, newestFirst},
		"limit_of_one_hundred":  {url.Values{"customerId": {customer}, "limit": {"100"}}, newestFirst},
		"percent_is_no_pattern": {url.Values{"orderId": {"list-%"}}, nil},
		"quote_is_only_a_quote": {url.Values{"orderId": {"' OR 1=1 --"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := listPage(t, s, servertest.Merchant(), tt.query)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for limit := range 8 {
		if limit == 0 {
			continue
		}
		t.Run(fmt.Sprintf("pages_of_%d_leave_nothing_out", limit), func(t *testing.T) {
			t.Parallel()
			var got []string
			cursor := ""
			for pages := 1; ; pages++ {
				page, next := listPage(t, s, servertest.Merchant(), url.Values{"customerId": {customer}, "limit": {fmt.Sprint(limit)}, "cursor": {cursor}})
				got = append(got, page...)
				if next == "" {
					break
				}
				if cursor = next; pages > 8 || len(page) != limit {
					t.Fatalf("page %d has %d payments and another one follows", pages, len(page))
				}
			}
			if diff := cmp.Diff(newestFirst, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	refuseQueries(t, s)
}

func refuseQueries(t *testing.T, s *servertest.Server) {
	for name, query := range map[string]string{
		"limit_zero":       "limit=0",
		"limit_101":        "limit=101",
		"limit_negative":   "limit=-1",
		"limit_in_words":   "limit=ten",
		"status_unknown":   "status=PAID",
		"from_is_no_time":  "from=yesterday",
		"to_is_no_time":    "to=2026-13-01T00:00:00Z",
		"cursor_made_up":   "cursor=AAAA",
		"cursor_is_sql":    "cursor=%27%20OR%201%3D1",
		"order_too_long":   "orderId=" + longText(129),
		"order_is_control": "orderId=a%00b",
		"order_twice":      "orderId=a&orderId=b",
		"order_is_no_utf8": "orderId=%ff",
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			step{send: "GET /api/payments?" + query, status: http.StatusBadRequest, want: `{"resultCode":"VALIDATION_ERROR"}`}.
				run(t, s, map[string]string{})
		})
	}
}
