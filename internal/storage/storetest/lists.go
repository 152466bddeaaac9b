package storetest

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// testLists reads 30 payments, of which each pair was created in the same
// microsecond.
func testLists(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	const total = 30
	states := []payment.State{payment.Captured, payment.Declined, payment.Refunded}
	for n := range int64(total) {
		p := samplePayment(n + 1)
		p.CreatedAt = epoch.Add(time.Duration(n/2) * time.Second)
		p.State = states[n%3]
		p.HoldsOrder = false
		p.OrderRef = []string{"even", "odd"}[n%2]
		p.CustomerRef = []string{"", "a", "b", "b"}[n%4]
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	}
	newest := func(keep func(n int64) bool) []id.Payment {
		var want []id.Payment
		for n := int64(total - 1); n >= 0; n-- {
			if keep(n) {
				want = append(want, id.Payment(n+1))
			}
		}
		return want
	}
	for name, c := range map[string]struct {
		filter payment.Filter
		keep   func(n int64) bool
	}{
		"all":         {payment.Filter{}, func(int64) bool { return true }},
		"by_order":    {payment.Filter{OrderRef: "odd"}, func(n int64) bool { return n%2 == 1 }},
		"by_customer": {payment.Filter{CustomerRef: "b"}, func(n int64) bool { return n%4 >= 2 }},
		"by_state":    {payment.Filter{States: []payment.State{payment.Declined}}, func(n int64) bool { return n%3 == 1 }},
		"by_states":   {payment.Filter{States: []payment.State{payment.Declined, payment.Refunded}}, func(n int64) bool { return n%3 != 0 }},
		"by_customer_and_state": {
			payment.Filter{CustomerRef: "b", States: []payment.State{payment.Declined, payment.Captured}},
			func(n int64) bool { return n%4 >= 2 && n%3 != 2 },
		},
		"by_time": {
			payment.Filter{From: epoch.Add(2 * time.Second), To: epoch.Add(5 * time.Second)},
			func(n int64) bool { return n/2 >= 2 && n/2 < 5 },
		},
		"by_time_and_states": {
			payment.Filter{From: epoch.Add(2 * time.Second), States: []payment.State{payment.Captured, payment.Refunded}},
			func(n int64) bool { return n/2 >= 2 && n%3 != 1 },
		},
	} {
		t.Run(name+"_in_pages_of_any_size", func(t *testing.T) {
			for _, limit := range []int{1, 3, 7, 100} {
				f := c.filter
				f.Limit = limit
				equal(t, "ids", walk(t, s, f), newest(c.keep))
			}
		})
	}

	t.Run("pages_stay_in_place_when_payments_arrive", func(t *testing.T) { testGrowingList(t, s) })
	t.Run("a_page_has_the_items", func(t *testing.T) { testListedItems(t, s) })
	t.Run("a_malformed_cursor_is_refused", func(t *testing.T) { testMalformedCursor(t, s) })
}

func testGrowingList(t *testing.T, s Stores) {
	first, cursor, err := s.Payments.Payments(t.Context(), mine, payment.Filter{Limit: 10})
	must(t, "list", err)
	p := samplePayment(1000)
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	second, _, err := s.Payments.Payments(t.Context(), mine, payment.Filter{Limit: 10, Cursor: cursor})
	must(t, "list", err)
	if first[9].ID != 21 || second[0].ID != 20 {
		t.Errorf("pages meet at %d and %d, want 21 and 20", first[9].ID, second[0].ID)
	}
}

func testListedItems(t *testing.T, s Stores) {
	page, _, err := s.Payments.Payments(t.Context(), mine, payment.Filter{Limit: 5})
	must(t, "list", err)
	for _, p := range page {
		if len(p.Items) != 2 {
			t.Errorf("payment %d has %d items", p.ID, len(p.Items))
		}
	}
}

func testMalformedCursor(t *testing.T, s Stores) {
	for _, cursor := range []string{"x", "AAAA", "!!!!!!!!!!!!!!!!!!!!!!", "AAAAAAAAAAAAAAAAAAAAAB"} {
		_, _, err := s.Payments.Payments(t.Context(), mine, payment.Filter{Cursor: cursor})
		refused(t, cursor, err, fault.ValidationError)
	}
}

// walk reads all pages of a list and returns the ids in order.
func walk(t *testing.T, s Stores, f payment.Filter) []id.Payment {
	t.Helper()
	var ids []id.Payment
	for {
		page, next, err := s.Payments.Payments(t.Context(), mine, f)
		must(t, "list", err)
		if len(page) > f.Limit {
			t.Fatalf("a page of %d has %d", f.Limit, len(page))
		}
		for _, p := range page {
			ids = append(ids, p.ID)
		}
		if next == "" {
			return ids
		}
		f.Cursor = next
	}
}
