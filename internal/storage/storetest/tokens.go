package storetest

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
)

func testTokens(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	save := func(all ...merchant.AdminToken) error {
		return s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
			for _, token := range all {
				tx.SaveAdminToken(token)
			}
		})
	}
	token := merchant.AdminToken{
		Hash: [32]byte{1, 0, 3}, MerchantID: mine, Name: "ci", Role: merchant.RoleDeveloper, CreatedAt: epoch,
	}
	elder := merchant.AdminToken{
		Hash: [32]byte{9}, MerchantID: mine, Name: "from before there was a time", Role: merchant.RoleViewer,
	}
	foreign := merchant.AdminToken{
		Hash: [32]byte{5}, MerchantID: others, Name: "ci", Role: merchant.RoleOwner, CreatedAt: epoch,
	}
	list := func(want ...merchant.AdminToken) {
		t.Helper()
		all, err := s.Merchants.AdminTokens(t.Context(), mine)
		must(t, "tokens", err)
		equal(t, "tokens", all, want)
	}
	must(t, "merchants", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: mine, Name: "Shop", CreatedAt: epoch})
		tx.SaveMerchant(merchant.Merchant{ID: others, Name: "Other", CreatedAt: epoch})
	}))
	t.Run("what_was_stored_is_read_back_oldest_first", func(t *testing.T) {
		grows(t, s, "add", func() error { return save(token, elder, foreign) })
		for _, want := range []merchant.AdminToken{token, elder, foreign} {
			got, err := s.Merchants.AdminTokenByHash(t.Context(), want.Hash)
			must(t, "token", err)
			equal(t, "token", got, want)
		}
		list(elder, token)
	})
	t.Run("a_hash_is_looked_up_whole", func(t *testing.T) {
		_, err := s.Merchants.AdminTokenByHash(t.Context(), [32]byte{1})
		refused(t, "the beginning of a hash", err, fault.NoSuchThing)
	})
	t.Run("a_revoked_token_is_still_found", func(t *testing.T) {
		token.RevokedAt = epoch.Add(time.Hour)
		grows(t, s, "revoke", func() error { return save(token) })
		got, err := s.Merchants.AdminTokenByHash(t.Context(), token.Hash)
		must(t, "token", err)
		equal(t, "token", got, token)
	})
	t.Run("the_time_of_creation_stays", func(t *testing.T) {
		later := token
		later.CreatedAt, later.Name, later.Role = epoch.Add(time.Hour), "renamed", merchant.RoleSupport
		must(t, "save", save(later))
		later.CreatedAt = epoch
		token = later
		list(elder, token)
	})
	t.Run("a_token_of_another_merchant_is_not_taken_over", func(t *testing.T) {
		stolen, fresh := foreign, merchant.AdminToken{
			Hash: [32]byte{7}, MerchantID: mine, Name: "fresh", Role: merchant.RoleViewer,
		}
		stolen.MerchantID = mine
		refused(t, "steal", save(fresh, stolen), fault.DuplicateKey)
		got, err := s.Merchants.AdminTokenByHash(t.Context(), foreign.Hash)
		must(t, "token", err)
		equal(t, "token", got, foreign)
		list(elder, token) // nothing of the commit happened
	})
}
