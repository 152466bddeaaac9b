package money_test

import (
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/money"
)

func TestShare(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		minor   int64
		weights []int64
		want    []int64
	}{
		"even":                                     {300, []int64{1, 1, 1}, []int64{100, 100, 100}},
		"earlier_tie_gets_the_unit":                {100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		"two_units_go_to_the_first_two":            {101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		"larger_remainder_before_earlier_part":     {100, []int64{1, 2}, []int64{33, 67}},
		"larger_remainder_may_be_the_smaller_part": {10, []int64{163, 37}, []int64{8, 2}},
		"weight_zero_gets_nothing":                 {100, []int64{0, 1, 0, 1, 1}, []int64{0, 34, 0, 33, 33}},
		"one_part":                                 {99, []int64{7}, []int64{99}},
		"nothing_to_share":                         {0, []int64{1, 2}, []int64{0, 0}},
		"fewer_units_than_parts":                   {2, []int64{5, 5, 5, 5}, []int64{1, 1, 0, 0}},
		"refund_mirrors_the_charge":                {-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		"interest_over_a_basket":                   {3500, []int64{50000, 30000, 20001}, []int64{1750, 1050, 700}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, minors(lira(tt.minor).Share(tt.weights...))); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestShareProperties holds the definition of a largest-remainder split for any
// amount and weights: an exact sum, every part its share rounded down or one
// unit more, and no unit given past a larger remainder or an earlier equal one.
func TestShareProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(0, 999_999_999_999_999).Draw(t, "minor")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 999_999_999_999_999), 1, 20).
			Filter(func(w []int64) bool { return sum(w) > 0 }).Draw(t, "weights")
		parts := minors(lira(minor).Share(weights...))
		if got := sum(parts); got != minor {
			t.Fatalf("parts add up to %d, want %d", got, minor)
		}
		total := big.NewInt(sum(weights))
		extra := make([]bool, len(parts))
		remainders := make([]*big.Int, len(parts))
		for i := range parts {
			floor, remainder := new(big.Int).QuoRem(
				new(big.Int).Mul(big.NewInt(minor), big.NewInt(weights[i])), total, new(big.Int))
			over := parts[i] - floor.Int64()
			if over != 0 && over != 1 {
				t.Fatalf("part %d is %d, its exact share is %d and a fraction", i, parts[i], floor)
			}
			extra[i], remainders[i] = over == 1, remainder
		}
		for i := range parts {
			for j := range parts {
				order := remainders[i].Cmp(remainders[j])
				if extra[j] && !extra[i] && (order > 0 || (order == 0 && i < j)) {
					t.Fatalf("part %d got a unit before part %d", j, i)
				}
			}
		}
		if diff := cmp.Diff(parts, minors(lira(-minor).Share(weights...)), cmp.Transformer("negated", func(n int64) int64 {
			return max(n, -n)
		})); diff != "" {
			t.Fatalf("the split of the negative amount differs:\n%s", diff)
		}
	})
}

func minors(amounts []money.Amount) []int64 {
	out := make([]int64, len(amounts))
	for i, a := range amounts {
		out[i] = a.Minor()
	}
	return out
}

func sum(numbers []int64) int64 {
	var total int64
	for _, n := range numbers {
		total += n
	}
	return total
}
