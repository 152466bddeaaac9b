package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

func testOrder(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	t.Run("of_many_claims_one_wins", func(t *testing.T) {
		wins := race(func(n int) error {
			p := samplePayment(int64(100 + n))
			p.OrderRef = "contested"
			return s.Payments.InTx(context.Background(), func(tx payment.Tx) { begin(tx, p, sampleOperation(p)) })
		}, func(err error) { refused(t, "loser", err, fault.OrderClaimed) })
		if wins != 1 {
			t.Errorf("%d won", wins)
		}
		page, _, err := s.Payments.Payments(t.Context(), mine, payment.Filter{OrderRef: "contested"})
		must(t, "list", err)
		if len(page) != 1 {
			t.Fatalf("%d payments were stored", len(page))
		}
		holder, err := s.Payments.OrderHolder(t.Context(), mine, "contested")
		must(t, "holder", err)
		equal(t, "holder", holder, page[0])
	})

	t.Run("payments_that_do_not_hold_the_order_share_it", func(t *testing.T) {
		for n := range int64(3) {
			p := samplePayment(200 + n)
			p.OrderRef, p.HoldsOrder = "shared", n == 1
			must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
		}
		holder, err := s.Payments.OrderHolder(t.Context(), mine, "shared")
		must(t, "holder", err)
		if holder.ID != 201 {
			t.Errorf("holder is %d", holder.ID)
		}
		late, err := s.Payments.PaymentByID(t.Context(), mine, 202)
		must(t, "find", err)
		late.HoldsOrder = true
		err = s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(late) })
		refused(t, "second holder", err, fault.OrderClaimed)
	})

	t.Run("an_order_that_was_let_go_can_be_claimed", func(t *testing.T) {
		first := samplePayment(300)
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(first) }))
		let := first
		let.State, let.HoldsOrder = payment.Declined, false
		must(t, "decline", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(let) }))
		second := samplePayment(301)
		second.OrderRef = first.OrderRef
		must(t, "claim", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(second) }))
	})

	t.Run("merchants_do_not_share_orders", func(t *testing.T) {
		p := samplePayment(400)
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }))
		foreign := samplePayment(401)
		foreign.MerchantID, foreign.OrderRef = others, p.OrderRef
		must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(foreign) }))
	})
}

func testIdempotency(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	claim := func(n int64, key string, at time.Time) error {
		p := samplePayment(n)
		return s.Payments.InTx(context.Background(), func(tx payment.Tx) {
			tx.InsertPayment(p)
			r := sampleClaim(p, key)
			r.CreatedAt = at
			tx.ClaimKey(r)
		})
	}

	t.Run("of_many_claims_one_wins_and_the_others_leave_nothing", func(t *testing.T) {
		wins := race(func(n int) error { return claim(int64(1+n), "contested", epoch) },
			func(err error) { refused(t, "loser", err, fault.IdempotencyKeyTaken) })
		if wins != 1 {
			t.Errorf("%d won", wins)
		}
		page, _, err := s.Payments.Payments(t.Context(), mine, payment.Filter{})
		must(t, "list", err)
		if len(page) != 1 {
			t.Fatalf("%d payments were stored", len(page))
		}
		r, err := s.Payments.ClaimedKey(t.Context(), mine, idempotency.Own("contested").Value)
		must(t, "claimed key", err)
		want := sampleClaim(page[0], "contested")
		want.CreatedAt = epoch
		equal(t, "claim", r, want)
	})

	t.Run("a_key_is_free_again_after_the_window", func(t *testing.T) {
		must(t, "claim", claim(100, "old", epoch))
		refused(t, "within the window", claim(101, "old", epoch.Add(idempotency.Window-time.Microsecond)), fault.IdempotencyKeyTaken)
		must(t, "after the window", claim(102, "old", epoch.Add(idempotency.Window)))
		r, err := s.Payments.ClaimedKey(t.Context(), mine, idempotency.Own("old").Value)
		must(t, "claimed key", err)
		equal(t, "subject", r.Subject, payment.ClaimOf(102, 102))
	})

	t.Run("a_key_leads_to_a_subject_of_any_kind", func(t *testing.T) {
		for kind, subject := range map[idempotency.Kind]idempotency.Subject{
			"by_number": {Number: 7}, "by_public_id": {UUID: id.NewUUID()}, "by_both": {Number: 7, UUID: id.NewUUID(), Result: "declined"},
			"by_the_longest_result": {Result: strings.Repeat("ş", 255)},
		} {
			want := idempotency.Record{MerchantID: mine, Key: idempotency.Own(string(kind)), Kind: kind, Subject: subject,
				CreatedAt: epoch}
			want.Key.Request = [32]byte{1, 2, 3}
			must(t, "claim", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.ClaimKey(want) }))
			got, err := s.Payments.ClaimedKey(t.Context(), mine, want.Key.Value)
			must(t, "claimed key", err)
			equal(t, string(kind), got, want)
		}
	})

	t.Run("a_claim_that_is_replaced_leaves_nothing_of_the_old_one", func(t *testing.T) {
		old := idempotency.Record{
			MerchantID: mine, Key: idempotency.Own("replaced"), Kind: "old", CreatedAt: epoch,
			Subject: idempotency.Subject{Number: 7, UUID: id.NewUUID(), Result: "old"},
		}
		want := idempotency.Record{MerchantID: mine, Key: old.Key, Kind: "new", CreatedAt: epoch.Add(idempotency.Window)}
		want.Key.Request = [32]byte{1, 2, 3}
		for _, r := range []idempotency.Record{old, want} {
			must(t, "claim", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.ClaimKey(r) }))
		}
		got, err := s.Payments.ClaimedKey(t.Context(), mine, want.Key.Value)
		must(t, "claimed key", err)
		equal(t, "claim", got, want)
	})

	t.Run("a_result_over_its_bound_is_not_stored", func(t *testing.T) {
		key := idempotency.Own("long")
		err := s.Payments.InTx(t.Context(), func(tx payment.Tx) {
			tx.ClaimKey(idempotency.Record{
				MerchantID: mine, Key: key, Kind: "long", CreatedAt: epoch, Subject: idempotency.Subject{Result: strings.Repeat("x", 256)},
			})
		})
		if err == nil {
			t.Error("it was")
		}
		_, err = s.Payments.ClaimedKey(t.Context(), mine, key.Value)
		refused(t, "its key", err, fault.NoSuchThing)
	})

	t.Run("merchants_do_not_share_keys", func(t *testing.T) {
		for _, m := range []id.Merchant{mine, others} {
			r := idempotency.Record{MerchantID: m, Key: idempotency.Own("shared"), Kind: "shared", CreatedAt: epoch}
			must(t, "claim", s.Payments.InTx(t.Context(), func(tx payment.Tx) { tx.ClaimKey(r) }))
		}
	})
}
