package id_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/id"
)

func TestUUID(t *testing.T) {
	t.Parallel()
	before := time.Now().UnixMilli()
	u := id.NewUUID()
	s := u.String()
	if len(s) != 36 || s[14] != '7' || !strings.ContainsRune("89ab", rune(s[19])) {
		t.Errorf("%s is no version 7 UUID of RFC 9562", s)
	}
	if ms := int64(u[0])<<40 | int64(u[1])<<32 | int64(u[2])<<24 | int64(u[3])<<16 | int64(u[4])<<8 | int64(u[5]); ms < before || ms > time.Now().UnixMilli() {
		t.Errorf("%s is not of this moment", s)
	}
	again, err := id.ParseUUID(s)
	if err != nil || again != u {
		t.Errorf("%s came back as %s, %v", s, again, err)
	}
	if u.IsZero() || !(id.UUID{}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestUUIDsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[id.UUID]bool{}
	for range 10_000 {
		seen[id.NewUUID()] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d different ones of 10000", len(seen))
	}
}

func TestParseUUID(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":      "",
		"no_hyphens":   "0190163d8694739baea5966c26f8ad91",
		"braces":       "{0190163d-8694-739b-aea5-966c26f8ad91}",
		"urn":          "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91",
		"too_short":    "0190163d-8694-739b-aea5-966c26f8ad9",
		"too_long":     "0190163d-8694-739b-aea5-966c26f8ad911",
		"other_letter": "0190163d-8694-739b-aea5-966c26f8ad9g",
		"other_places": "0190163d8-694-739b-aea5-966c26f8ad91",
		"injection":    "0190163d-8694-739b-aea5-966c26f8' OR",
	} {
		if u, err := id.ParseUUID(in); err == nil {
			t.Errorf("%s: read as %s", name, u)
		}
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	t.Run("is_20_characters_of_the_alphabet", func(t *testing.T) {
		t.Parallel()
		for range 1000 {
			r := id.NewReference(now)
			if len(r) != 20 || strings.Trim(r, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
				t.Fatalf("%q", r)
			}
		}
	})
	t.Run("sorts_by_time", func(t *testing.T) {
		t.Parallel()
		var references []string
		for _, at := range []time.Time{
			time.Unix(0, 0), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), now, now.Add(time.Millisecond), now.Add(time.Hour),
			now.AddDate(100, 0, 0), now.AddDate(5000, 0, 0),
		} {
			references = append(references, id.NewReference(at))
		}
		if !slices.IsSorted(references) {
			t.Errorf("out of order: %q", references)
		}
	})
	t.Run("holds_the_time_and_52_random_bits", func(t *testing.T) {
		t.Parallel()
		// 48 bits are nine characters and three bits of the tenth: the tenth has
		// four values of its own, each later one all 32.
		var values [20]map[byte]bool
		for i := range values {
			values[i] = map[byte]bool{}
		}
		for range 5000 {
			for i, c := range []byte(id.NewReference(now)) {
				values[i][c] = true
			}
		}
		for i, v := range values {
			want := 32
			switch {
			case i < 9:
				want = 1
			case i == 9:
				want = 4
			}
			if len(v) != want {
				t.Errorf("character %d takes %d values, want %d", i+1, len(v), want)
			}
		}
	})
	t.Run("is_unique_within_a_millisecond", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for range 20_000 {
			seen[id.NewReference(now)] = true
		}
		if len(seen) != 20_000 {
			t.Errorf("%d different ones of 20000", len(seen))
		}
	})
}
