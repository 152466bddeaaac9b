//go:build chaos_unknown_is_failed

package payment

// Silence of a bank is taken for a no, and nobody asks what became of it.
const (
	firstCommit = true
	unanswered  = OperationDeclined
)
