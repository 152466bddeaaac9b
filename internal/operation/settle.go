package operation

import (
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
)

// ByBooks is the verdict about an operation that no bank is asked for.
func ByBooks(at time.Time) payment.Verdict {
	return VerdictOf(connector.Answer{Outcome: connector.Approved}, at)
}
