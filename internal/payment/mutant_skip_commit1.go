//go:build chaos_skip_commit1

package payment

// A charge is stored when the bank has answered, and not before.
const (
	firstCommit = false
	unanswered  = OperationUnknown
)
