package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/secret"
)

// TestNothingPrints tries every way of turning a secret into text that the house
// uses, alone, in a struct, and in an unexported field, where fmt calls no method.
func TestNothingPrints(t *testing.T) {
	t.Parallel()
	const planted = "planted-value"
	s := secret.FromString(planted)
	type holder struct{ Key secret.Bytes }
	within := struct{ key secret.Bytes }{s}
	values := []any{s, &s, holder{s}, &holder{s}, within, &within, []secret.Bytes{s}, map[string]secret.Bytes{"k": s}}
	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%U", "%b", "%o", "%t", "%e", "%20s", "%.3s"} {
		for _, v := range values {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "a", s, "b", holder{s}, "c", within, "d", &s)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "a", s, "b", holder{s}, "c", within, "d", &s)
	marshalled, err := json.Marshal(map[string]any{"a": s, "b": holder{s}, "c": &s})
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, text.String(), structured.String(), string(marshalled),
		fmt.Errorf("open %v: %w", s, errors.New("no")).Error())
	hidden := []string{
		planted, fmt.Sprintf("%x", planted), fmt.Sprintf("%X", planted), base64.StdEncoding.EncodeToString([]byte(planted)),
		"112 108 97", "0x70, 0x6c",
	}
	for _, p := range printed {
		for _, h := range hidden {
			if strings.Contains(p, h) {
				t.Errorf("the secret shows in %q", p)
			}
		}
	}
	if got := fmt.Sprintf("%v|%s|%x", s, s, s); got != "[secret]|[secret]|[secret]" {
		t.Errorf("printed %q", got)
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	a, none := secret.FromString("one"), secret.Bytes{}
	for name, tt := range map[string]struct {
		b    secret.Bytes
		want bool
	}{
		"same":      {secret.New([]byte("one")), true},
		"other":     {secret.FromString("two"), false},
		"longer":    {secret.FromString("one1"), false},
		"beginning": {secret.FromString("on"), false},
		"nothing":   {none, false},
	} {
		if got := a.Equal(tt.b); got != tt.want {
			t.Errorf("%s: equal %t", name, got)
		}
	}
	if !none.Equal(secret.FromString("")) || !none.IsEmpty() || a.IsEmpty() || none.Reveal() != nil {
		t.Error("the empty secret is none")
	}
}

func TestWipe(t *testing.T) {
	t.Parallel()
	owned := []byte("planted")
	s := secret.New(owned)
	same := s
	s.Wipe()
	if !bytes.Equal(owned, make([]byte, len(owned))) || !bytes.Equal(same.Reveal(), owned) {
		t.Error("the bytes are still there")
	}
	secret.Bytes{}.Wipe()
}

func TestFromStringCopies(t *testing.T) {
	t.Parallel()
	if got := string(secret.FromString("value").Reveal()); got != "value" {
		t.Errorf("revealed %q", got)
	}
}
