//go:build !chaos_no_cas

package sqlstore

// mutable adds a condition of compare-and-set, which test/chaos leaves out to see
// whether it would notice.
func mutable(condition string) string { return " AND " + condition }
