package vault_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

const plain = `{"terminal":"1"}`

// of is the subject of the tests' values.
func of(m id.Merchant, p vault.Purpose) vault.Subject {
	return vault.Subject{MerchantID: m, Purpose: p, ID: 3, Bound: "sandbox"}
}

func seal(tb testing.TB, v *vault.Vault, m id.Merchant, p vault.Purpose) []byte {
	tb.Helper()
	sealed, err := v.Seal(tb.Context(), of(m, p), []byte(plain))
	if err != nil {
		tb.Fatal(err)
	}
	return sealed
}

func TestOpen(t *testing.T) {
	t.Parallel()
	v := newNode(newMemory(), newKeyset(t))
	sealed := seal(t, v, 7, vault.PurposePOS)
	seal(t, v, 8, vault.PurposePOS)
	mine := of(7, vault.PurposePOS)
	other := func(change func(*vault.Subject)) vault.Subject {
		s := mine
		change(&s)
		return s
	}
	tests := []struct {
		name    string
		subject vault.Subject
		change  func([]byte) []byte
		refused bool
	}{
		{"what_was_sealed_opens", mine, nil, false},
		{"another_merchant_is_refused", of(8, vault.PurposePOS), nil, true},
		{"a_merchant_without_keys_is_refused", of(9, vault.PurposePOS), nil, true},
		{"another_purpose_is_refused", of(7, vault.PurposeCredential), nil, true},
		{"another_row_is_refused", other(func(s *vault.Subject) { s.ID = 4 }), nil, true},
		{"no_row_is_refused", other(func(s *vault.Subject) { s.ID = 0 }), nil, true},
		{"what_it_is_bound_to_cannot_change", other(func(s *vault.Subject) { s.Bound = "sandbox2" }), nil, true},
		{"nor_be_left_out", other(func(s *vault.Subject) { s.Bound = "" }), nil, true},
		{"nor_move_into_the_purpose", other(func(s *vault.Subject) { s.Purpose, s.Bound = "possandbox", "" }), nil, true},
		{"nothing_is_refused", mine, func([]byte) []byte { return nil }, true},
		{"a_header_alone_is_refused", mine, func(b []byte) []byte { return b[:5] }, true},
		{"a_cut_tag_is_refused", mine, func(b []byte) []byte { return b[:len(b)-1] }, true},
		{"an_added_byte_is_refused", mine, func(b []byte) []byte { return append(b, 0) }, true},
		{"another_data_key_is_refused", mine, func(b []byte) []byte { b[4] = 2; return b }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := bytes.Clone(sealed)
			if tt.change != nil {
				b = tt.change(b)
			}
			got, err := v.Open(t.Context(), tt.subject, b)
			if tt.refused {
				if !errors.Is(err, vault.ErrSealed) || got != nil {
					t.Fatalf("got %d bytes and %v, want ErrSealed", len(got), err)
				}
				return
			}
			if err != nil || string(got) != plain {
				t.Fatalf("got %q and %v", got, err)
			}
		})
	}
}

func TestOpen_every_flipped_bit_is_refused(t *testing.T) {
	t.Parallel()
	v := newNode(newMemory(), newKeyset(t))
	sealed := seal(t, v, 7, vault.PurposePOS)
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := v.Open(t.Context(), of(7, vault.PurposePOS), changed); !errors.Is(err, vault.ErrSealed) {
				t.Fatalf("byte %d bit %d: %v, want ErrSealed", i, bit, err)
			}
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	v := newNode(newMemory(), newKeyset(t))
	first, second := seal(t, v, 7, vault.PurposePOS), seal(t, v, 7, vault.PurposePOS)
	t.Run("equal_values_look_different", func(t *testing.T) {
		t.Parallel()
		if bytes.Equal(first, second) {
			t.Fatal("the same value was sealed twice into the same bytes")
		}
	})
	t.Run("adds_33_bytes", func(t *testing.T) {
		t.Parallel()
		if len(first) != len(plain)+33 {
			t.Fatalf("%d bytes for %d", len(first), len(plain))
		}
	})
	t.Run("nothing_of_the_value_shows", func(t *testing.T) {
		t.Parallel()
		if bytes.Contains(first, []byte("terminal")) {
			t.Fatal("the value is readable")
		}
	})
}

// The format of version 1 must stay readable for ever: the sealed value was made
// with another AES-GCM, from the data key 00 01 … 1f.
func TestOpen_a_value_of_format_1_from_elsewhere_opens(t *testing.T) {
	t.Parallel()
	const golden = "01000000016465666768696a6b6c6d6e6f51430bf161a7b20fde23b9c8f78ed13bbc779d3dbb425f003918bf4b1af0ecde"
	k, s := newKeyset(t), newMemory()
	addKnownKey(t, s, k, 7)
	sealed, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := newNode(s, k).Open(t.Context(), of(7, vault.PurposePOS), sealed)
	if err != nil || string(got) != plain {
		t.Fatalf("got %q and %v", got, err)
	}
}

func addKnownKey(t *testing.T, s *memory, k *vault.Keyset, m id.Merchant) {
	t.Helper()
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(i)
	}
	sealed, err := vault.SealDataKey(k, m, 1, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddDataKey(t.Context(), vault.DataKey{MerchantID: m, Number: 1, Sealed: sealed}); err != nil {
		t.Fatal(err)
	}
}

func TestDataKey(t *testing.T) {
	t.Parallel()
	t.Run("nodes_that_start_together_agree_on_one", func(t *testing.T) {
		t.Parallel()
		k, s := newKeyset(t), newMemory()
		nodes := make([]*vault.Vault, 16)
		sealed := make([][]byte, len(nodes))
		var wg sync.WaitGroup
		for i := range nodes {
			nodes[i] = newNode(s, k)
			wg.Go(func() { sealed[i], _ = nodes[i].Seal(t.Context(), of(7, vault.PurposePOS), []byte(plain)) })
		}
		wg.Wait()
		for i, n := range nodes {
			got, err := n.Open(t.Context(), of(7, vault.PurposePOS), sealed[(i+1)%len(nodes)])
			if err != nil || string(got) != plain {
				t.Fatalf("node %d: %q and %v", i, got, err)
			}
		}
		if len(s.keys[7]) != 1 {
			t.Fatalf("%d data keys, want 1", len(s.keys[7]))
		}
	})
	t.Run("another_keyset_is_named_as_the_reason", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		sealed := seal(t, newNode(s, newKeyset(t)), 7, vault.PurposePOS)
		_, err := newNode(s, newKeyset(t)).Open(t.Context(), of(7, vault.PurposePOS), sealed)
		if !errors.Is(err, vault.ErrDataKey) {
			t.Fatalf("%v, want ErrDataKey", err)
		}
	})
	t.Run("another_merchants_key_is_refused", func(t *testing.T) {
		t.Parallel()
		k, s := newKeyset(t), newMemory()
		seal(t, newNode(s, k), 7, vault.PurposePOS)
		stolen := s.keys[7][0]
		stolen.MerchantID = 8
		s.keys[8] = []vault.DataKey{stolen}
		if _, err := newNode(s, k).Seal(t.Context(), of(8, vault.PurposePOS), nil); !errors.Is(err, vault.ErrDataKey) {
			t.Fatalf("%v, want ErrDataKey", err)
		}
	})
	t.Run("is_read_once", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		v := newNode(s, newKeyset(t))
		sealed := seal(t, v, 7, vault.PurposePOS)
		before := s.reads
		for range 10 {
			if _, err := v.Open(t.Context(), of(7, vault.PurposePOS), sealed); err != nil {
				t.Fatal(err)
			}
		}
		if s.reads != before {
			t.Fatalf("%d more reads", s.reads-before)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k, s := newKeyset(f), newMemory()
	v := newNode(s, k)
	sealed := seal(f, v, 7, vault.PurposePOS)
	f.Add(sealed)
	f.Add(sealed[:5])
	f.Add([]byte{})
	f.Add([]byte{1, 255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := v.Open(t.Context(), of(7, vault.PurposePOS), b)
		if bytes.Equal(b, sealed) {
			return
		}
		if !errors.Is(err, vault.ErrSealed) || got != nil {
			t.Fatalf("a forgery gave %d bytes and %v", len(got), err)
		}
		if strings.Contains(err.Error(), plain) {
			t.Fatal("the error holds the value")
		}
	})
}

func BenchmarkSealOpen(b *testing.B) {
	v := newNode(newMemory(), newKeyset(b))
	for b.Loop() {
		sealed := seal(b, v, 7, vault.PurposeCard)
		if _, err := v.Open(b.Context(), of(7, vault.PurposeCard), sealed); err != nil {
			b.Fatal(err)
		}
	}
}

// Even if two merchants came to have one data key, their values stay apart.
func TestOpen_the_merchant_is_authenticated_besides_the_key(t *testing.T) {
	t.Parallel()
	k, s := newKeyset(t), newMemory()
	addKnownKey(t, s, k, 7)
	addKnownKey(t, s, k, 8)
	v := newNode(s, k)
	if _, err := v.Open(t.Context(), of(8, vault.PurposePOS), seal(t, v, 7, vault.PurposePOS)); !errors.Is(err, vault.ErrSealed) {
		t.Fatalf("%v, want ErrSealed", err)
	}
}
