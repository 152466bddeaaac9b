//go:build chaos_unknown_is_failed

package operation

import (
	"github.com/vezne/vezne/internal/payment"
)

// Silence of a bank is taken for a no, and nobody asks what became of it.
const (
	FirstCommit = true
	unanswered  = payment.OperationDeclined
)
