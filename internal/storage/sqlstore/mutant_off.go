//go:build !chaos_no_cas

package sqlstore

// The conditions of compare-and-set, which test/chaos leaves out to see whether
// it would notice.
const (
	samePayment   = ` AND version = $1`
	sameOperation = ` AND version = $4`
)
