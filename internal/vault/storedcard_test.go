package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/vault"
)

const digits = "4111111111111111"

func pan(tb testing.TB) card.PAN {
	tb.Helper()
	p, err := card.ParsePAN(digits)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func details(tb testing.TB) vault.Details {
	tb.Helper()
	return vault.Details{PAN: pan(tb), Expiry: card.Expiry{Year: 2028, Month: time.April}, Holder: "JOHN DOE"}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	k, s := newKeyset(t), newMemory()
	addKnownKey(t, s, k, 7)
	v := newNode(s, k)
	first, err := v.Fingerprint(t.Context(), 7, pan(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("is_the_published_construction", func(t *testing.T) {
		t.Parallel()
		// HMAC and HKDF of another implementation, over the data key 00 01 … 1f.
		if want := "BQC0b6FiHsefadl_vKAORqQhb-BCC_DLRbvE1RbNeZc"; first != want {
			t.Fatalf("got %s, want %s", first, want)
		}
	})
	t.Run("equal_cards_of_another_merchant_differ", func(t *testing.T) {
		t.Parallel()
		other, err := v.Fingerprint(t.Context(), 8, pan(t))
		if err != nil || other == first {
			t.Fatalf("the same fingerprint, or %v", err)
		}
	})
	t.Run("another_card_differs", func(t *testing.T) {
		t.Parallel()
		p, err := card.ParsePAN("5555555555554444")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := v.Fingerprint(t.Context(), 7, p); err != nil || other == first {
			t.Fatalf("the same fingerprint, or %v", err)
		}
	})
	t.Run("no_card_is_refused", func(t *testing.T) {
		t.Parallel()
		if _, err := v.Fingerprint(t.Context(), 7, card.PAN{}); !errors.Is(err, vault.ErrNoCard) {
			t.Fatalf("%v, want ErrNoCard", err)
		}
	})
}

func TestStoreCard(t *testing.T) {
	t.Parallel()
	s := newMemory()
	v := newNode(s, newKeyset(t))
	stored, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, details(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("opens_as_it_was", func(t *testing.T) {
		t.Parallel()
		got, err := v.OpenCard(t.Context(), 7, stored.Token)
		if err != nil || got != details(t) {
			t.Fatalf("got %v and %v", got, err)
		}
	})
	t.Run("the_number_is_not_in_the_row", func(t *testing.T) {
		t.Parallel()
		row := fmt.Sprintf("%+v", stored)
		if strings.Contains(row, digits) || bytes.Contains(stored.SealedPAN, []byte(digits)) {
			t.Fatal("the row holds the number")
		}
	})
	t.Run("sixteen_digits_show_eight_and_four", func(t *testing.T) {
		t.Parallel()
		if stored.BIN != "41111111" || stored.Last4 != "1111" {
			t.Fatalf("shows %s and %s", stored.BIN, stored.Last4)
		}
	})
	t.Run("fifteen_digits_show_six_and_four", func(t *testing.T) {
		t.Parallel()
		p, err := card.ParsePAN("378282246310005")
		if err != nil {
			t.Fatal(err)
		}
		d := details(t)
		d.PAN = p
		if c, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, d); err != nil || c.BIN != "378282" {
			t.Fatalf("shows %q, %v", c.BIN, err)
		}
	})
	t.Run("twice_gives_two_tokens_and_one_fingerprint", func(t *testing.T) {
		t.Parallel()
		again, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, details(t))
		if err != nil || again.Token == stored.Token || again.ID == stored.ID || again.Fingerprint != stored.Fingerprint {
			t.Fatalf("got %+v and %v", again, err)
		}
	})
	t.Run("another_merchants_card_is_not_found", func(t *testing.T) {
		t.Parallel()
		_, err := v.OpenCard(t.Context(), 8, stored.Token)
		if fault.CodeOf(err) != fault.NoSuchThing {
			t.Fatalf("%v, want NOT_FOUND", err)
		}
		if err := v.DeleteCard(t.Context(), 8, stored.Token); fault.CodeOf(err) != fault.NoSuchThing {
			t.Fatalf("%v, want NOT_FOUND", err)
		}
	})
	t.Run("no_number_is_refused", func(t *testing.T) {
		t.Parallel()
		if _, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, vault.Details{}); !errors.Is(err, vault.ErrNoCard) {
			t.Fatalf("%v, want ErrNoCard", err)
		}
	})
}

// TestOpenCard_what_was_moved_is_refused holds that whoever writes the database can
// give no card another number, and no customer another's card.
func TestOpenCard_what_was_moved_is_refused(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(c *vault.StoredCard, other vault.StoredCard){
		"another_card's_number": func(c *vault.StoredCard, other vault.StoredCard) { c.SealedPAN = other.SealedPAN },
		"a_card_with_its_fingerprint": func(c *vault.StoredCard, other vault.StoredCard) {
			c.SealedPAN, c.Fingerprint = other.SealedPAN, other.Fingerprint
		},
		"another_row":                 func(c *vault.StoredCard, other vault.StoredCard) { c.ID = other.ID },
		"another_customer":            func(c *vault.StoredCard, _ vault.StoredCard) { c.CustomerRef = "CUST-2" },
		"another_customer_throughout": func(c *vault.StoredCard, _ vault.StoredCard) { c.CustomerRef, c.SealedFor = "CUST-2", "CUST-2" },
		"another_merchant's_row":      func(c *vault.StoredCard, _ vault.StoredCard) { c.MerchantID = 8 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newNode(newMemory(), newKeyset(t))
			c, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, details(t))
			if err != nil {
				t.Fatal(err)
			}
			c.CustomerRef = "CUST-1"
			if got, err := v.OpenStored(t.Context(), c); err != nil || got != details(t) {
				t.Fatalf("got %v and %v", got, err)
			}
			d := details(t)
			d.PAN, err = card.ParsePAN("5555555555554444")
			if err != nil {
				t.Fatal(err)
			}
			other, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-2"}, d)
			if err != nil {
				t.Fatal(err)
			}
			move(&c, other)
			if _, err = v.OpenStored(t.Context(), c); !errors.Is(err, vault.ErrSealed) || strings.Contains(err.Error(), "5555") {
				t.Fatalf("%v, want ErrSealed", err)
			}
		})
	}
}

func TestDeleteCard(t *testing.T) {
	t.Parallel()
	v := newNode(newMemory(), newKeyset(t))
	stored, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 7, CustomerRef: "CUST-1"}, details(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.DeleteCard(t.Context(), 7, stored.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := v.OpenCard(t.Context(), 7, stored.Token); fault.CodeOf(err) != fault.NoSuchThing {
		t.Fatalf("%v, want NOT_FOUND", err)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	v := newNode(newMemory(), newKeyset(b))
	p := pan(b)
	for b.Loop() {
		if _, err := v.Fingerprint(b.Context(), 7, p); err != nil {
			b.Fatal(err)
		}
	}
}
