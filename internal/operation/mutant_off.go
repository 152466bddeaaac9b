//go:build !chaos_skip_commit1 && !chaos_unknown_is_failed

package operation

import (
	"github.com/vezne/vezne/internal/payment"
)

// The constants of this file are what test/chaos breaks, one at a time, to see
// whether it would notice. A build without its tags has nothing of it.
const (
	// FirstCommit says that an operation is stored before a bank hears of it.
	FirstCommit = true
	// unanswered is the status of an operation to which a bank gave no readable
	// answer.
	unanswered = payment.OperationUnknown
)
