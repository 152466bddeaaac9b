//go:build chaos_skip_commit1

package operation

import (
	"github.com/vezne/vezne/internal/payment"
)

// A charge is stored when the bank has answered, and not before.
const (
	FirstCommit = false
	unanswered  = payment.OperationUnknown
)
