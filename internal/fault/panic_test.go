package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/fault"
)

// charge panics with what its caller gave it.
func charge(what any) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Recovered(v)
		}
	}()
	if what == nil {
		none := make([]int, 0)
		return fmt.Errorf("first of none is %d", none[len(none)])
	}
	panic(what)
}

func TestRecovered(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	for name, c := range map[string]struct {
		with any
		want string
	}{
		"text_of_the_runtime_is_told":         {nil, "index out of range"},
		"text_of_others_is_kept_back":         {secret, "string"},
		"text_of_an_error_is_kept_back":       {errors.New(secret), "*errors.errorString"},
		"text_of_a_value_is_kept_back":        {struct{ PAN string }{secret}, "struct"},
		"what_wraps_the_runtime_is_kept_back": {fmt.Errorf("%s: %w", secret, charge(nil)), "*fmt.wrapError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := charge(c.with)
			p, ok := errors.AsType[*fault.Panic](err)
			if !ok || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "fault_test.charge") {
				t.Fatalf("error = %v", err)
			}
			if text := err.Error() + p.Stack(); strings.Contains(text, secret) || strings.Contains(text, "0x") {
				t.Errorf("what was in hand is told: %s", text)
			}
			first, rest, _ := strings.Cut(p.Stack(), "\n")
			if !strings.Contains(first, "panic_test.go:") || !strings.Contains(rest, "testing.tRunner") {
				t.Errorf("stack = %s", p.Stack())
			}
		})
	}
}
