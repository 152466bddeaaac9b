package money

import (
	"math/bits"
	"slices"
)

// Share returns a split over weights in proportion, by largest remainder: the
// parts add up to a exactly, each is within one minor unit of its exact share,
// and of equal remainders the earlier part gets the unit. Weights must not be
// negative and at least one must be positive; a may be negative.
func (a Amount) Share(weights ...int64) []Amount {
	var total int64
	for _, w := range weights {
		if w < 0 {
			panic("money: negative weight")
		}
		total += w
	}
	if total <= 0 {
		panic("money: no positive weight")
	}
	whole := magnitude(a.minor)
	parts := make([]uint64, len(weights))
	remainders := make([]uint64, len(weights))
	order := make([]int, len(weights))
	left := whole
	for i, w := range weights {
		hi, lo := bits.Mul64(whole, magnitude(w))
		parts[i], remainders[i] = bits.Div64(hi, lo, magnitude(total))
		left -= parts[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case remainders[i] > remainders[j]:
			return -1
		case remainders[i] < remainders[j]:
			return 1
		}
		return 0
	})
	for k := range left {
		parts[order[k]]++
	}
	out := make([]Amount, len(parts))
	for i, p := range parts {
		minor := int64(p) //nolint:gosec // no part exceeds a itself
		if a.minor < 0 {
			minor = -minor
		}
		out[i] = Amount{minor, a.currency}
	}
	return out
}

// Divide returns a / n rounded half up: what one of n installments is called,
// although n of them may differ from a by at most half a minor unit each.
func (a Amount) Divide(n int) Amount {
	return Amount{mulDivHalfUp(a.minor, 1, int64(n)), a.currency}
}
