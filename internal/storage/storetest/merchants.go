package storetest

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

func testMerchants(t *testing.T, open Opener) {
	s := open(t, storage.Options{})
	m := merchant.Merchant{ID: mine, Name: "Shop", Active: true, CreatedAt: epoch, ThreeDS: pos.ThreeDSDebit}
	c := merchant.Credential{
		ID: 1, MerchantID: mine, Name: "till", Scopes: "pay read", Key: "key-1",
		SealedSecret: []byte{1, 0, 2}, CreatedAt: epoch,
	}
	second := merchant.Credential{ID: 2, MerchantID: mine, Name: "web", Key: "key-2", CreatedAt: epoch.Add(time.Second)}
	token := merchant.AdminToken{Hash: [32]byte{9}, MerchantID: mine, Name: "ops", Role: merchant.RoleViewer}
	grows(t, s, "add", func() error {
		return s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
			tx.SaveMerchant(m)
			tx.SaveCredential(second)
			tx.SaveCredential(c)
			tx.SaveAdminToken(token)
		})
	})

	m.Version, c.Version, second.Version = 1, 1, 1
	t.Run("settings_are_saved_once_per_version", func(t *testing.T) { testSettings(t, s, &m) })
	t.Run("what_was_stored_is_read_back", func(t *testing.T) {
		got, err := s.Merchants.Merchant(t.Context(), mine)
		must(t, "merchant", err)
		equal(t, "merchant", got, m)
		credential, err := s.Merchants.CredentialByKey(t.Context(), "key-1")
		must(t, "credential", err)
		equal(t, "credential", credential, c)
		all, err := s.Merchants.Credentials(t.Context(), mine)
		must(t, "credentials", err)
		equal(t, "credentials", all, []merchant.Credential{c, second})
		admin, err := s.Merchants.AdminTokenByHash(t.Context(), token.Hash)
		must(t, "token", err)
		equal(t, "token", admin, token)
	})
	t.Run("what_does_not_exist_is_not_found", func(t *testing.T) { testNoMerchant(t, s) })
	t.Run("a_revoked_credential_is_still_found", func(t *testing.T) { testRevokedCredential(t, s, second) })
	t.Run("a_logo_is_the_merchant's_and_stays_when_the_rest_changes", func(t *testing.T) { testLogo(t, s) })
	t.Run("a_key_or_token_of_another_is_refused", func(t *testing.T) { testTakenKeys(t, s, token) })
}

// testSettings changes what m has of settings, and leaves m as it is stored then.
func testSettings(t *testing.T, s Stores, m *merchant.Merchant) {
	m.Name, m.HalfSecure, m.Hosts, m.ThreeDS = "Shop 2", true, "shop.example", pos.ThreeDSAll
	m.Checkout = merchant.Checkout{
		Without3DS: true, Frames: "https://shop.example", WithoutSavedCards: true, Life: time.Hour,
	}
	save := func() error {
		return s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveSettings(*m) })
	}
	grows(t, s, "settings", save)
	refused(t, "settings of an old version", save(), fault.StaleVersion)
	m.Version = 2
}

func testNoMerchant(t *testing.T, s Stores) {
	_, err := s.Merchants.Merchant(t.Context(), others)
	refused(t, "merchant", err, fault.NoSuchThing)
	_, err = s.Merchants.CredentialByKey(t.Context(), "key-3")
	refused(t, "credential", err, fault.NoSuchThing)
	_, err = s.Merchants.AdminTokenByHash(t.Context(), [32]byte{8})
	refused(t, "token", err, fault.NoSuchThing)
	all, err := s.Merchants.Credentials(t.Context(), others)
	must(t, "credentials", err)
	equal(t, "credentials", all, nil)
}

func testRevokedCredential(t *testing.T, s Stores, second merchant.Credential) {
	revoked := second
	revoked.RevokedAt = epoch.Add(time.Hour)
	grows(t, s, "revoke", func() error {
		return s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveCredential(revoked) })
	})
	refused(t, "a credential of an old version",
		s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveCredential(second) }), fault.StaleVersion)
	revoked.Version = 2
	got, err := s.Merchants.CredentialByKey(t.Context(), "key-2")
	must(t, "credential", err)
	equal(t, "credential", got, revoked)
}

func testLogo(t *testing.T, s Stores) {
	logo := merchant.Logo{Name: "0a.png", Body: []byte{1, 0, 2}}
	must(t, "save", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: 7, Name: "Pictured", CreatedAt: epoch})
	}))
	grows(t, s, "logo", func() error {
		return s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveLogo(7, logo) })
	})
	must(t, "save", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveMerchant(merchant.Merchant{ID: 7, Name: "Renamed", CreatedAt: epoch})
	}))
	got, err := s.Merchants.Merchant(t.Context(), 7)
	must(t, "merchant", err)
	equal(t, "merchant", got, merchant.Merchant{ID: 7, Version: 4, Name: "Renamed", CreatedAt: epoch, Logo: logo.Name})
	logos := sqlstore.NewMerchants(s.DB)
	found, err := logos.Logo(t.Context(), logo.Name)
	must(t, "logo", err)
	equal(t, "logo", found, logo)
	other := merchant.Logo{Name: "0b.png", Body: []byte{3}}
	must(t, "replace", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveLogo(7, other) }))
	_, err = logos.Logo(t.Context(), logo.Name)
	refused(t, "logo", err, fault.NoSuchThing)
	must(t, "remove", s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveLogo(7, merchant.Logo{}) }))
	got, err = s.Merchants.Merchant(t.Context(), 7)
	must(t, "merchant", err)
	equal(t, "logo", got.Logo, "")
}

func testTakenKeys(t *testing.T, s Stores, token merchant.AdminToken) {
	err := s.Merchants.InTx(t.Context(), func(tx merchant.Tx) {
		tx.SaveCredential(merchant.Credential{ID: 5, MerchantID: others, Key: "key-1", CreatedAt: epoch})
	})
	refused(t, "key", err, fault.DuplicateKey)
	stolen := token
	stolen.MerchantID, stolen.Role = others, merchant.RoleOwner
	err = s.Merchants.InTx(t.Context(), func(tx merchant.Tx) { tx.SaveAdminToken(stolen) })
	refused(t, "token", err, fault.DuplicateKey)
}
