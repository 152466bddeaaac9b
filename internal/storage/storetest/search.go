package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// searched is how many payments there are to be found.
const searched = 24

// testSearch looks payments up by each thing that people know of a payment.
func testSearch(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	all := searchSamples(t, s)
	foreign := samplePayment(900)
	foreign.MerchantID, foreign.ExternalID = others, "ext-1"
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(foreign) }))
	for name, c := range searches(all[7].UUID, foreign.UUID) {
		t.Run(name+"_in_pages_of_any_size", func(t *testing.T) {
			var want []id.Payment
			for n := int64(searched - 1); n >= 0; n-- {
				if c.keep(n) {
					want = append(want, id.Payment(n+1))
				}
			}
			for _, limit := range []int{1, 3, 100} {
				f := c.filter
				f.Limit = limit
				equal(t, "ids", walk(t, s, f), want)
			}
		})
	}
}

// searchSamples stores the payments that are to be found, which differ in all
// that one can search by.
func searchSamples(t *testing.T, s Stores) []payment.Payment {
	t.Helper()
	var all []payment.Payment
	for n := range int64(searched) {
		p := samplePayment(n + 1)
		p.CreatedAt = epoch.Add(time.Duration(n/2) * time.Second)
		p.HoldsOrder = false
		p.ExternalID, p.ConversationID = []string{"", "ext-" + strconv.FormatInt(n/4, 10)}[n%2], []string{"", "talk"}[n/12]
		p.Card.Last4, p.Card.Fingerprint = []string{"0656", "1111", ""}[n%3], "print-"+strconv.FormatInt(n%6, 10)
		p.CustomerRef = []string{"", "one", "another"}[n%3]
		p.Card.BIN = []string{"54211901", "41111111"}[n%2]
		p.Paid = lira(10_000 + n)
		p.POSAlias = []string{"first", "second"}[n%2]
		p.Result.Reason = []connector.Reason{connector.Success, connector.DoNotHonour}[n%2]
		p.State = []payment.State{payment.Captured, payment.Declined}[n%2]
		if n%8 == 0 {
			p.State = payment.Pending
		}
		p.Unclear = n%5 == 0
		all = append(all, p)
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
	}
	return all
}

// search is a filter and which payments it finds, by their place from 0.
type search struct {
	filter payment.Filter
	keep   func(n int64) bool
}

// searches are by name. The UUIDs are those of the payment of place 7 and of one
// of another merchant.
func searches(seventh, foreign id.UUID) map[string]search {
	return map[string]search{
		"by_id":            {payment.Filter{ID: 5}, func(n int64) bool { return n == 4 }},
		"by_uuid":          {payment.Filter{UUID: seventh}, func(n int64) bool { return n == 7 }},
		"by_anothers_id":   {payment.Filter{ID: 900}, func(int64) bool { return false }},
		"by_anothers_uuid": {payment.Filter{UUID: foreign}, func(int64) bool { return false }},
		"by_external_id":   {payment.Filter{ExternalID: "ext-1"}, func(n int64) bool { return n%2 == 1 && n/4 == 1 }},
		"by_conversation":  {payment.Filter{ConversationID: "talk"}, func(n int64) bool { return n >= 12 }},
		"by_customer":      {payment.Filter{CustomerRef: "one"}, func(n int64) bool { return n%3 == 1 }},
		"by_last_digits":   {payment.Filter{Last4: "1111"}, func(n int64) bool { return n%3 == 1 }},
		"by_the_very_card": {payment.Filter{Last4: "1111", Fingerprint: "print-4"}, func(n int64) bool { return n%6 == 4 }},
		"by_fingerprint":   {payment.Filter{Fingerprint: "print-3"}, func(n int64) bool { return n%6 == 3 }},
		"by_bin":           {payment.Filter{BIN: "542119"}, func(n int64) bool { return n%2 == 0 }},
		"by_wildcards":     {payment.Filter{BIN: "9%"}, func(int64) bool { return false }},
		"by_pos":           {payment.Filter{POSAlias: "second"}, func(n int64) bool { return n%2 == 1 }},
		"by_reason":        {payment.Filter{Reason: connector.DoNotHonour}, func(n int64) bool { return n%2 == 1 }},
		"by_unclear":       {payment.Filter{Unclear: true}, func(n int64) bool { return n%5 == 0 }},
		"by_currency":      {payment.Filter{Currency: money.USD}, func(int64) bool { return false }},
		"by_amount":        {payment.Filter{Currency: money.TRY, MinPaid: lira(10_003), MaxPaid: lira(10_009)}, func(n int64) bool { return n >= 3 && n <= 9 }},
		"by_least_amount":  {payment.Filter{Currency: money.TRY, MinPaid: lira(10_020)}, func(n int64) bool { return n >= 20 }},
		"by_customer_and_states": {
			payment.Filter{CustomerRef: "one", States: []payment.State{payment.Declined, payment.Pending}},
			func(n int64) bool { return n%3 == 1 && (n%2 == 1 || n%8 == 0) },
		},
		"by_customer_and_time_and_pos": {
			payment.Filter{CustomerRef: "another", POSAlias: "first", From: epoch.Add(3 * time.Second)},
			func(n int64) bool { return n%6 == 2 && n/2 >= 3 },
		},
		"by_conversation_and_state": {
			payment.Filter{ConversationID: "talk", States: []payment.State{payment.Declined}},
			func(n int64) bool { return n >= 12 && n%2 == 1 },
		},
		"by_external_id_and_customer": {
			payment.Filter{ExternalID: "ext-1", CustomerRef: "one"},
			func(n int64) bool { return n%2 == 1 && n/4 == 1 && n%3 == 1 },
		},
		"by_unclear_and_pos_and_state": {
			payment.Filter{Unclear: true, POSAlias: "second", States: []payment.State{payment.Declined}},
			func(n int64) bool { return n%10 == 5 },
		},
		"by_customer_and_order": {
			payment.Filter{CustomerRef: "one", OrderRef: "order-5"},
			func(n int64) bool { return n == 4 },
		},
		"by_digits_and_states": {
			payment.Filter{Last4: "0656", States: []payment.State{payment.Captured, payment.Voided}},
			func(n int64) bool { return n%6 == 0 && n%8 != 0 },
		},
		"by_state_and_pos": {
			payment.Filter{POSAlias: "first", States: []payment.State{payment.Captured, payment.Declined}},
			func(n int64) bool { return n%2 == 0 && n%8 != 0 },
		},
		"by_pending_and_pos": {
			payment.Filter{POSAlias: "first", States: []payment.State{payment.Pending}},
			func(n int64) bool { return n%8 == 0 },
		},
		"by_pending_or_captured_and_pos": {
			payment.Filter{POSAlias: "first", States: []payment.State{payment.Pending, payment.Captured}},
			func(n int64) bool { return n%2 == 0 },
		},
		"by_bin_and_pos_and_reason": {
			payment.Filter{BIN: "41111111", POSAlias: "second", Reason: connector.DoNotHonour},
			func(n int64) bool { return n%2 == 1 },
		},
		"by_reason_and_state": {
			payment.Filter{Reason: connector.DoNotHonour, States: []payment.State{payment.Declined}},
			func(n int64) bool { return n%2 == 1 },
		},
		"by_bin_and_amount_and_time": {
			payment.Filter{
				BIN: "542119", Currency: money.TRY, MinPaid: lira(10_003),
				From: epoch.Add(3 * time.Second), To: epoch.Add(9 * time.Second),
			},
			func(n int64) bool { return n%2 == 0 && n/2 >= 3 && n/2 < 9 },
		},
		"by_bin_and_time": {
			payment.Filter{BIN: "542119", From: epoch.Add(3 * time.Second), To: epoch.Add(9 * time.Second)},
			func(n int64) bool { return n%2 == 0 && n/2 >= 3 && n/2 < 9 },
		},
		"by_digits_and_time": {
			payment.Filter{Last4: "0656", From: epoch.Add(3 * time.Second), To: epoch.Add(9 * time.Second)},
			func(n int64) bool { return n%3 == 0 && n/2 >= 3 && n/2 < 9 },
		},
	}
}
