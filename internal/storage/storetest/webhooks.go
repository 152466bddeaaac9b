package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/webhook"
)

// hooks are the webhooks of two merchants.
type hooks struct{ webhook.Store }

func openHooks(t *testing.T, open Opener) hooks {
	t.Helper()
	s := open(t, storage.Options{})
	must(t, "merchants", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: mine, Name: "Shop", CreatedAt: epoch})
		tx.SaveMerchant(merchant.Merchant{ID: others, Name: "Other", CreatedAt: epoch})
	}))
	return hooks{sqlstore.NewWebhooks(s.DB)}
}

func (h hooks) do(t *testing.T, fn func(webhook.Tx)) error {
	t.Helper()
	return h.InTx(t.Context(), fn)
}

// endpoint fails the test unless the stored endpoint is want.
func (h hooks) endpoint(t *testing.T, want webhook.Endpoint) {
	t.Helper()
	got, err := h.Endpoint(t.Context(), want.MerchantID, want.ID)
	must(t, "endpoint", err)
	equal(t, "endpoint", got, want)
}

// delivery fails the test unless the stored delivery is want.
func (h hooks) delivery(t *testing.T, want webhook.Delivery) {
	t.Helper()
	got, err := h.Delivery(t.Context(), want.MerchantID, want.ID)
	must(t, "delivery", err)
	equal(t, "delivery", got, want)
}

func sampleEndpoint(m id.Merchant, n id.Endpoint) webhook.Endpoint {
	return webhook.Endpoint{
		ID: n, MerchantID: m, Version: 1, URL: "https://shop.example/hook",
		Description: "Orders", Events: []string{"payment.*", "checkout.failed"},
		State: webhook.Active, SealedSecret: []byte{1, 0, 2}, SealedPrevious: []byte{3, 0},
		PreviousUntil: epoch.Add(time.Hour), CreatedAt: epoch,
	}
}

func sampleDelivery(m id.Merchant, n id.Delivery) webhook.Delivery {
	return webhook.Delivery{
		ID: n, MerchantID: m, Version: 1, EndpointID: 1, EventID: id.Job(100 + n),
		Type: "payment.captured", Subject: "payment:0193",
		Data: []byte(`{"amount":100.50}`), OccurredAt: epoch, Status: webhook.Pending,
		NextAttempt: epoch.Add(time.Minute), CreatedAt: epoch,
	}
}

func testEndpoints(t *testing.T, open Opener) {
	h := openHooks(t, open)
	e, bare := sampleEndpoint(mine, 1), webhook.Endpoint{
		ID: 2, MerchantID: mine, Version: 1, URL: "https://shop.example/",
		Events: []string{"*"}, State: webhook.Disabled, CreatedAt: epoch,
	}
	foreign := sampleEndpoint(others, 1)
	t.Run("what_was_stored_is_read_back_oldest_first", func(t *testing.T) {
		must(t, "add", h.do(t, func(tx webhook.Tx) {
			tx.InsertEndpoint(bare)
			tx.InsertEndpoint(e)
			tx.InsertEndpoint(foreign)
		}))
		h.endpoint(t, e)
		h.endpoint(t, foreign)
		all, err := h.Endpoints(t.Context(), mine)
		must(t, "endpoints", err)
		equal(t, "endpoints", all, []webhook.Endpoint{e, bare})
		_, err = h.Endpoint(t.Context(), others, 2)
		refused(t, "another merchant's", err, fault.NoSuchThing)
	})
	t.Run("a_taken_id_is_refused", func(t *testing.T) {
		refused(t, "insert", h.do(t, func(tx webhook.Tx) { tx.InsertEndpoint(e) }), fault.DuplicateKey)
	})
	t.Run("each_version_is_saved_once", func(t *testing.T) {
		e.URL, e.Description, e.Events, e.State = "https://shop.example/two", "", []string{"*"}, webhook.Disabled
		e.SealedSecret, e.SealedPrevious, e.PreviousUntil = []byte{9}, nil, time.Time{}
		save := func() error { return h.do(t, func(tx webhook.Tx) { tx.SaveEndpoint(e) }) }
		must(t, "save", save())
		refused(t, "an old version", save(), fault.StaleVersion)
		e.Version++
		h.endpoint(t, e)
		h.endpoint(t, foreign)
	})
	t.Run("a_state_is_turned_from_the_expected_one_alone", func(t *testing.T) {
		turn := func(from, to webhook.State) error {
			return h.do(t, func(tx webhook.Tx) { tx.SetEndpointState(e, from, to) })
		}
		refused(t, "from another", turn(webhook.Active, webhook.Failing), fault.StaleVersion)
		must(t, "turn", turn(webhook.Disabled, webhook.Active))
		refused(t, "again", turn(webhook.Disabled, webhook.Active), fault.StaleVersion)
		e.State, e.Version = webhook.Active, e.Version+1
		h.endpoint(t, e)
	})
	t.Run("the_newest_version_alone_is_deleted", func(t *testing.T) {
		old := e
		old.Version--
		refused(t, "an old version", h.do(t, func(tx webhook.Tx) { tx.DeleteEndpoint(old) }), fault.StaleVersion)
		must(t, "delete", h.do(t, func(tx webhook.Tx) { tx.DeleteEndpoint(e) }))
		refused(t, "again", h.do(t, func(tx webhook.Tx) { tx.DeleteEndpoint(e) }), fault.StaleVersion)
		_, err := h.Endpoint(t.Context(), mine, e.ID)
		refused(t, "what was deleted", err, fault.NoSuchThing)
		h.endpoint(t, foreign)
	})
}

func testDeliveries(t *testing.T, open Opener) {
	h := openHooks(t, open)
	d := sampleDelivery(mine, 1)
	t.Run("what_was_stored_is_read_back", func(t *testing.T) {
		must(t, "add", h.do(t, func(tx webhook.Tx) { tx.InsertDelivery(d) }))
		h.delivery(t, d)
		_, err := h.Delivery(t.Context(), others, d.ID)
		refused(t, "another merchant's", err, fault.NoSuchThing)
	})
	t.Run("an_endpoint_has_one_of_each_event_and_any_redeliveries", func(t *testing.T) {
		again := sampleDelivery(mine, 2)
		again.EventID = d.EventID
		add := func() error { return h.do(t, func(tx webhook.Tx) { tx.InsertDelivery(again) }) }
		refused(t, "the same event", add(), fault.DuplicateKey)
		again.RedeliveryOf = d.ID
		must(t, "a redelivery", add())
		h.delivery(t, again)
		again.ID = 3
		must(t, "another redelivery", add())
		again.ID, again.EndpointID, again.RedeliveryOf = 4, 2, 0
		must(t, "the same event elsewhere", add())
		again.ID, again.EndpointID, again.MerchantID = 1, 1, others
		must(t, "the same numbers of another merchant", add())
	})
	t.Run("what_became_of_it_is_saved_once_per_version_and_the_event_never", func(t *testing.T) {
		save := func() error { return h.do(t, func(tx webhook.Tx) { tx.SaveDelivery(d) }) }
		tried := d
		tried.Status, tried.Attempts, tried.HTTPStatus, tried.Failure, tried.Duration = webhook.Failed, 3, 503, "no answer", 1500*time.Microsecond
		tried.Answer, tried.AttemptedAt, tried.NextAttempt = "busy", epoch.Add(time.Second), time.Time{}
		d = tried
		d.Type, d.Subject, d.Data, d.EventID, d.CreatedAt = "payment.voided", "payment:other", []byte(`{}`), 1, epoch.Add(time.Hour)
		must(t, "save", save())
		refused(t, "an old version", save(), fault.StaleVersion)
		tried.Version++
		h.delivery(t, tried)
	})
}

// testDeliveryLists reads 20 deliveries, of which each pair was created in the
// same microsecond.
func testDeliveryLists(t *testing.T, open Opener) {
	h := openHooks(t, open)
	const total = 20
	statuses := []webhook.Status{webhook.Pending, webhook.Delivered, webhook.Failed}
	for n := range id.Delivery(total) {
		d := sampleDelivery(mine, n+1)
		d.CreatedAt, d.Status, d.EndpointID = epoch.Add(time.Duration(n/2)*time.Second), statuses[n%3], id.Endpoint(1+n%2)
		if n%5 == 0 {
			d.Type, d.Subject, d.RedeliveryOf = "checkout.failed", "checkout:1", 99
		}
		must(t, "insert", h.do(t, func(tx webhook.Tx) {
			tx.InsertDelivery(d)
			tx.InsertDelivery(sampleDelivery(others, n+1))
		}))
	}
	for name, c := range map[string]struct {
		filter webhook.Filter
		keep   func(n id.Delivery) bool
	}{
		"all":              {webhook.Filter{}, func(id.Delivery) bool { return true }},
		"of_an_endpoint":   {webhook.Filter{EndpointID: 2}, func(n id.Delivery) bool { return n%2 == 1 }},
		"that_failed":      {webhook.Filter{Status: webhook.Failed}, func(n id.Delivery) bool { return n%3 == 2 }},
		"that_arrived":     {webhook.Filter{Status: webhook.Delivered}, func(n id.Delivery) bool { return n%3 == 1 }},
		"of_a_type":        {webhook.Filter{Type: "checkout.failed"}, func(n id.Delivery) bool { return n%5 == 0 }},
		"about_a_subject":  {webhook.Filter{Subject: "payment:0193"}, func(n id.Delivery) bool { return n%5 != 0 }},
		"not_redelivered":  {webhook.Filter{Originals: true}, func(n id.Delivery) bool { return n%5 != 0 }},
		"of_a_time":        {webhook.Filter{From: epoch.Add(2 * time.Second), To: epoch.Add(5 * time.Second)}, func(n id.Delivery) bool { return n/2 >= 2 && n/2 < 5 }},
		"of_an_end_failed": {webhook.Filter{EndpointID: 1, Status: webhook.Failed}, func(n id.Delivery) bool { return n%2 == 0 && n%3 == 2 }},
	} {
		for _, oldest := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s_in_pages_of_any_size_oldest_first_%t", name, oldest), func(t *testing.T) {
				var want []id.Delivery
				for i := range id.Delivery(total) {
					n := total - 1 - i
					if oldest {
						n = i
					}
					if c.keep(n) {
						want = append(want, n+1)
					}
				}
				for _, limit := range []int{1, 3, 7, 100} {
					f := c.filter
					f.Limit, f.OldestFirst = limit, oldest
					equal(t, fmt.Sprintf("pages of %d", limit), h.walk(t, f), want)
				}
			})
		}
	}
	t.Run("a_malformed_cursor_is_refused", func(t *testing.T) {
		for _, cursor := range []string{"x", "AAAA", "!!!!!!!!!!!!!!!!!!!!!!", "AAAAAAAAAAAAAAAAAAAAAB"} {
			_, _, err := h.Deliveries(t.Context(), mine, webhook.Filter{Cursor: cursor})
			refused(t, cursor, err, fault.ValidationError)
		}
	})
}

// walk reads all pages of a list and returns the ids in order.
func (h hooks) walk(t *testing.T, f webhook.Filter) []id.Delivery {
	t.Helper()
	var ids []id.Delivery
	for {
		page, next, err := h.Deliveries(t.Context(), mine, f)
		must(t, "list", err)
		if len(page) > f.Limit || len(ids) > 1000 {
			t.Fatalf("a page of %d has %d behind %d", f.Limit, len(page), len(ids))
		}
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if next == "" {
			return ids
		}
		f.Cursor = next
	}
}
