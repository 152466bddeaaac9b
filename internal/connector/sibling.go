package connector

import "github.com/vezne/vezne/internal/money"

// Standing is what a bank's own list says of the request that an Inquiry is about.
type Standing uint8

// The standings.
const (
	// Unclear is what cannot be told: the Finding is Unknown then.
	Unclear Standing = iota
	// Present was carried out: Approved.
	Present
	// Absent was not carried out, so far: Missing.
	Absent
)

// Movement is an approved follow-up in a bank's list of what happened to an order.
type Movement struct {
	Amount        money.Amount
	TransactionID string // empty where the list has none
}

// maxOpen bounds the siblings without an outcome that Within tries all ways of. The
// core has one at a time; more come of accidents.
const maxOpen = 12

// Among tells whether the request asked about is in the bank's list of approved
// follow-ups of its kind and Original. Movements that are known to be a sibling's
// are struck out, by the bank's number or else by the sum; what is left over
// is compared with what is open. Two open requests of one sum cannot be told apart
// until both or neither are in the list, and a movement that nobody asked for, such
// as one made at the bank's own screen, leaves everything of that sum unclear.
//
// The Movement is that of the request, where it is Present and only one is left; it
// is zero otherwise.
func (q Inquiry) Among(list []Movement) (Standing, Movement) {
	known := make(map[string]bool)
	claimed, open := 0, 1
	for _, s := range q.Siblings {
		if s.Kind != q.Kind || s.Amount != q.Amount || s.Reference == q.Reference {
			continue
		}
		switch {
		case s.Outcome == Approved && s.TransactionID != "":
			known[s.TransactionID] = true
		case s.Outcome == Approved:
			claimed++
		case s.Outcome == Unknown:
			open++
		}
	}
	var mine Movement
	left, struck := 0, make(map[string]bool)
	for _, m := range list {
		if m.Amount != q.Amount {
			continue
		}
		if m.TransactionID != "" && known[m.TransactionID] && !struck[m.TransactionID] {
			struck[m.TransactionID] = true
			continue
		}
		mine = m
		left++
	}
	alone := left == 1
	// Siblings whose number is not in a list that has no numbers are there all the same.
	left -= claimed + len(known) - len(struck)
	switch {
	case left == 0:
		return Absent, Movement{}
	case left == open && alone:
		return Present, mine
	case left == open:
		return Present, Movement{}
	}
	return Unclear, Movement{}
}

// Within tells whether the request asked about is part of a sum: all that the bank
// approved of its kind for its Original. It is told if every way of making up the
// sum from what is known and what is open says the same.
func (q Inquiry) Within(total money.Amount) Standing {
	if total.Currency() != q.Amount.Currency() {
		return Unclear
	}
	rest := total.Minor()
	var open []int64
	for _, s := range q.Siblings {
		if s.Kind != q.Kind || s.Reference == q.Reference || s.Amount.Currency() != q.Amount.Currency() {
			continue
		}
		switch s.Outcome {
		case Approved:
			rest -= s.Amount.Minor()
		case Unknown:
			open = append(open, s.Amount.Minor())
		case Declined, Unsent: // nothing moved
		}
	}
	if len(open) > maxOpen {
		return Unclear
	}
	with, without := makesUp(open, rest-q.Amount.Minor()), makesUp(open, rest)
	switch {
	case with && !without:
		return Present
	case without && !with:
		return Absent
	}
	return Unclear
}

// makesUp reports whether some of the parts, or none, add up to the sum.
func makesUp(parts []int64, sum int64) bool {
	if len(parts) == 0 {
		return sum == 0
	}
	return makesUp(parts[1:], sum) || makesUp(parts[1:], sum-parts[0])
}
