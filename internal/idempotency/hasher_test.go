package idempotency_test

import (
	"io"
	"testing"

	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/secret"
)

func hasher(t *testing.T, first byte) idempotency.Hasher {
	t.Helper()
	key := make([]byte, 32)
	key[0] = first
	h, err := idempotency.NewHasher(secret.New(key))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func text(s string) func(io.Writer) {
	return func(w io.Writer) { _, _ = io.WriteString(w, s) } // a hash never fails
}

func TestHasher(t *testing.T) {
	t.Parallel()
	const pan = "5421190122090656"
	first := hasher(t, 1).Key(buyer, pan, text("pay"))
	if again := hasher(t, 1).Key(buyer, pan, text("pay")); again != first || first.IsZero() {
		t.Error("the same key with the same request is another on another node")
	}
	for name, tt := range map[string]struct {
		key          idempotency.Key
		value, asked bool // whether these are the same
	}{
		"another_request_has_the_same_value":      {hasher(t, 1).Key(buyer, pan, text("refund")), true, false},
		"another_value_has_the_same_request":      {hasher(t, 1).Key(buyer, pan+"1", text("pay")), false, true},
		"another_merchant_has_another_value":      {hasher(t, 1).Key(other, pan, text("pay")), false, true},
		"nobody_without_the_key_makes_either":     {hasher(t, 2).Key(buyer, pan, text("pay")), false, false},
		"a_value_is_no_request":                   {hasher(t, 1).Key(buyer, "pay", text(pan)), false, false},
		"a_key_of_our_own_is_none_of_a_caller":    {idempotency.Own(pan), false, false},
		"what_is_written_in_parts_is_one_request": {hasher(t, 1).Key(buyer, pan, func(w io.Writer) { text("p")(w); text("ay")(w) }), true, true},
	} {
		if (tt.key.Value == first.Value) != tt.value || (tt.key.Request == first.Request) != tt.asked {
			t.Errorf("%s: %x, and the first is %x", name, tt.key, first)
		}
	}
	if first.Value == first.Request {
		t.Error("value and request have one hash")
	}
	if _, err := idempotency.NewHasher(secret.New(make([]byte, 31))); err == nil {
		t.Error("a short key is accepted")
	}
}
