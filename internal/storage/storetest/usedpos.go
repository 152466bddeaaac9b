package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
)

// testUsedPOS holds that a POS keeps its connector once a payment has gone there, also
// against a payment that begins while the connector is being changed.
func testUsedPOS(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	first := samplePOS()
	must(t, "add", savePOS(t.Context(), s, first))

	t.Run("an_unused_one_may_change_it", func(t *testing.T) {
		p := storedPOS(t, s, first.ID)
		p.Connector = "other"
		must(t, "change", savePOS(t.Context(), s, p))
		p.Version, p.Connector = p.Version+1, first.Connector
		must(t, "change back", savePOS(t.Context(), s, p))
	})
	t.Run("a_payment_marks_it_once_and_leaves_its_version", func(t *testing.T) {
		before := storedPOS(t, s, first.ID)
		grows(t, s, "begin", func() error { return use(t.Context(), s, before, 1) })
		want := before
		want.Used = true
		equal(t, "POS", storedPOS(t, s, first.ID), want)
		version, err := s.Config.ConfigVersion(t.Context())
		must(t, "version", err)
		must(t, "begin another", use(t.Context(), s, want, 2))
		after, err := s.Config.ConfigVersion(t.Context())
		must(t, "version", err)
		equal(t, "version after another payment", after, version)
	})
	t.Run("a_used_one_keeps_it_and_all_else_of_the_edit_is_undone", func(t *testing.T) {
		before := storedPOS(t, s, first.ID)
		p := before
		p.Connector, p.Name = "other", "Other"
		refused(t, "change", savePOS(t.Context(), s, p), fault.POSConnectorFixed)
		equal(t, "POS", storedPOS(t, s, first.ID), before)
		p.Version--
		refused(t, "change of an old version", savePOS(t.Context(), s, p), fault.StaleVersion)
		p.ID, p.Alias = 99, "nowhere"
		refused(t, "change of none", savePOS(t.Context(), s, p), fault.StaleVersion)
	})
	t.Run("a_used_one_may_change_in_all_else_and_stays_used", func(t *testing.T) {
		p := storedPOS(t, s, first.ID)
		p.Name, p.Status, p.Used = "Renamed", pos.RefundOnly, false
		must(t, "change", savePOS(t.Context(), s, p))
		p.Version, p.Used = p.Version+1, true
		equal(t, "POS", storedPOS(t, s, first.ID), p)
	})
	t.Run("a_payment_that_was_routed_to_another_connector_leaves_nothing", func(t *testing.T) {
		p := samplePOS()
		p.ID, p.Alias, p.Connector = 50, "moved", "other"
		must(t, "add", savePOS(t.Context(), s, p))
		p.Connector = "former"
		refused(t, "begin", use(t.Context(), s, p, 3), fault.StaleVersion)
		_, err := s.Payments.PaymentByID(t.Context(), mine, 3)
		refused(t, "find", err, fault.NoSuchThing)
		if storedPOS(t, s, 50).Used {
			t.Error("the POS is used")
		}
	})
	t.Run("of_a_payment_and_a_change_at_once_one_happens", func(t *testing.T) { testPOSRace(t, s) })
}

// testPOSRace has a payment begin at a POS while its connector is changed, for many.
func testPOSRace(t *testing.T, s Stores) {
	const rounds = 20
	for n := range rounds {
		p := samplePOS()
		p.ID, p.Alias = id.POS(100+n), fmt.Sprint("raced-", n)
		must(t, "add", savePOS(t.Context(), s, p))
	}
	var begun, changed [rounds]error
	var all sync.WaitGroup
	start := make(chan struct{})
	for n := range rounds {
		p := storedPOS(t, s, id.POS(100+n))
		all.Go(func() {
			<-start
			begun[n] = use(t.Context(), s, p, int64(100+n))
		})
		edited := p
		edited.Connector = "other"
		all.Go(func() {
			<-start
			changed[n] = savePOS(t.Context(), s, edited)
		})
	}
	close(start)
	all.Wait()
	for n := range rounds {
		p := storedPOS(t, s, id.POS(100+n))
		if begun[n] == nil {
			refused(t, "change of a used one", changed[n], fault.POSConnectorFixed)
		} else {
			must(t, "change before the payment", changed[n])
			refused(t, "payment after the change", begun[n], fault.StaleVersion)
		}
		if p.Used != (begun[n] == nil) || (p.Connector == "other") == p.Used {
			t.Errorf("POS %d has connector %s, and used is %t", p.ID, p.Connector, p.Used)
		}
	}
}

func savePOS(ctx context.Context, s Stores, p pos.POS) error {
	return s.POSes.InTx(ctx, func(tx pos.Tx) { tx.SavePOS(p) })
}

// use begins a payment at a POS as it was routed.
func use(ctx context.Context, s Stores, p pos.POS, n int64) error {
	made := samplePayment(n)
	made.POSID = p.ID
	o := sampleOperation(made)
	o.POSID = p.ID
	return s.Payments.InTx(ctx, func(tx payment.Tx) {
		tx.InsertPayment(made)
		tx.UsePOS(p)
		tx.InsertOperation(o)
	})
}

func storedPOS(t *testing.T, s Stores, n id.POS) pos.POS {
	t.Helper()
	all, err := s.POSes.POSes(t.Context(), mine)
	must(t, "POSes", err)
	for _, p := range all {
		if p.ID == n {
			return p
		}
	}
	t.Fatalf("no POS %d", n)
	return pos.POS{}
}
