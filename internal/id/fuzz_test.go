package id_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/id"
)

// FuzzParseUUID holds that only the canonical form is read, in any case.
func FuzzParseUUID(f *testing.F) {
	for _, seed := range []string{
		"01932d3c-6f7a-7c3e-8a51-5b1f0e9d2c4b", "01932D3C-6F7A-7C3E-8A51-5B1F0E9D2C4B", "01932d3c6f7a7c3e8a515b1f0e9d2c4b",
		"{01932d3c-6f7a-7c3e-8a51-5b1f0e9d2c4b}", "01932d3c-6f7a-7c3e-8a51-5b1f0e9d2c4", "", "01932d3c_6f7a_7c3e_8a51_5b1f0e9d2c4b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		u, err := id.ParseUUID(in)
		if err != nil {
			return
		}
		if !strings.EqualFold(u.String(), in) {
			t.Fatalf("%q was read as %s", in, u)
		}
	})
}
