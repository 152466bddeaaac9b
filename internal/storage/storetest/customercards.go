package storetest

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/vault"
)

// testCustomerCards holds that a customer has each card once, sees no one else's,
// and keeps the newest.
func testCustomerCards(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	checkouts := sqlstore.NewCheckouts(s.DB)
	save := func(fn func(vault.Tx)) error { return checkouts.InTx(t.Context(), func(tx checkout.Tx) { fn(tx) }) }
	made := func(n int, fingerprint string, year int) vault.StoredCard {
		return vault.StoredCard{
			ID: id.Card(n), MerchantID: mine, Token: "token-" + strconv.Itoa(n), SealedPAN: []byte{7}, Fingerprint: fingerprint,
			BIN: "54211901", Last4: "0656", ExpiryMonth: 7, ExpiryYear: year,
			CreatedAt: epoch.Add(time.Duration(n) * time.Second),
		}
	}
	give := func(c vault.StoredCard, customer string) {
		t.Helper()
		must(t, "give", save(func(tx vault.Tx) { tx.AddCard(c); tx.GiveCard(c.MerchantID, c.ID, customer) }))
	}
	wantCards := func(what string, m id.Merchant, customer string, month card.Expiry, want ...id.Card) {
		t.Helper()
		all, err := s.Vault.CustomerCards(t.Context(), m, customer, month)
		must(t, "list", err)
		var got []id.Card
		for _, c := range all {
			if c.CustomerRef != customer {
				t.Errorf("%s: card %d is that of %q", what, c.ID, c.CustomerRef)
			}
			got = append(got, c.ID)
		}
		equal(t, what, got, want)
	}
	july := card.Expiry{Year: 2030, Month: time.July}
	give(made(1, "a", 2030), "ada")
	give(made(2, "b", 2031), "ada")
	give(made(3, "a", 2032), "bob")
	must(t, "add", s.Vault.AddCard(t.Context(), made(4, "c", 2030)))
	wantCards("newest first", mine, "ada", july, 2, 1)
	wantCards("another customer", mine, "bob", july, 3)
	wantCards("another merchant", others, "ada", july)
	wantCards("nobody", mine, "", july, 4)
	wantCards("an expired card", mine, "ada", card.Expiry{Year: 2030, Month: time.August}, 2)

	give(made(5, "a", 2033), "ada")
	wantCards("the same card again", mine, "ada", july, 5, 2)
	must(t, "give", save(func(tx vault.Tx) { tx.GiveCard(mine, 5, "ada") }))
	wantCards("given twice", mine, "ada", july, 5, 2)
	must(t, "give", save(func(tx vault.Tx) { tx.GiveCard(others, 2, "bob"); tx.GiveCard(mine, 99, "ada") }))
	wantCards("given by another merchant", mine, "ada", july, 5, 2)
	for n := range vault.MaxCustomerCards {
		give(made(10+n, "n"+strconv.Itoa(n), 2030), "ada")
	}
	wantCards("the oldest make room", mine, "ada", july, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10)
	must(t, "forget", save(func(tx vault.Tx) { tx.ForgetCard(mine, 19); tx.ForgetCard(others, 18) }))
	wantCards("forgotten", mine, "ada", july, 18, 17, 16, 15, 14, 13, 12, 11, 10)
	wantCards("another customer", mine, "bob", july, 3)
}

// testSameCardAtOnce gives one card to one customer by many commits at once: one
// entry is left, and nobody fails but with a conflict that may be tried again.
func testSameCardAtOnce(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	checkouts := sqlstore.NewCheckouts(s.DB)
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			c := vault.StoredCard{
				ID: id.Card(n + 1), MerchantID: mine, Token: "token-" + strconv.Itoa(n), SealedPAN: []byte{7}, Fingerprint: "a",
				ExpiryMonth: 7, ExpiryYear: 2030, CreatedAt: epoch,
			}
			err := checkouts.InTx(t.Context(), func(tx checkout.Tx) {
				tx.AddCard(c)
				tx.GiveCard(mine, c.ID, "ada")
			})
			if err != nil && fault.CodeOf(err) != fault.StaleVersion {
				t.Errorf("give: %v", err)
			}
		})
	}
	wg.Wait()
	all, err := s.Vault.CustomerCards(t.Context(), mine, "ada", card.Expiry{Year: 2030, Month: time.July})
	must(t, "list", err)
	if len(all) != 1 {
		t.Errorf("%d entries of one card", len(all))
	}
}
