//go:build chaos_no_cas

package sqlstore

// Whoever saves last is right.
const (
	samePayment   = ``
	sameOperation = ``
)
