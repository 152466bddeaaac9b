package money

import (
	"math"
	"math/bits"
	"slices"
)

// Share returns a split over weights in proportion, by largest remainder: the
// parts add up to a exactly, each is within one minor unit of its exact share,
// and of equal remainders the earlier part gets the unit. A part of weight zero
// gets nothing. Weights must not be negative, at least one must be positive, and
// their sum must fit an int64; anything else panics. a may be negative.
func (a Amount) Share(weights ...int64) []Amount {
	total := sumOfWeights(weights)
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

func sumOfWeights(weights []int64) int64 {
	var total int64
	for _, w := range weights {
		if w < 0 || w > math.MaxInt64-total {
			panic("money: negative weight, or too much of it")
		}
		total += w
	}
	if total == 0 {
		panic("money: no positive weight")
	}
	return total
}

// Divide returns a / n rounded half up: what one of n installments is called,
// although n of them may differ from a by at most half a minor unit each. It
// panics if n is not positive.
func (a Amount) Divide(n int) Amount {
	if n < 1 {
		panic("money: division by less than one")
	}
	return Amount{mulDivHalfUp(a.minor, 1, int64(n)), a.currency}
}
