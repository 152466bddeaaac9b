package payment

import (
	"fmt"
	"strconv"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// Claimed is the kind of idempotency keys that lead to payments.
const Claimed idempotency.Kind = "payment"

// ClaimOf is what a command's key leads to: the payment, and the first operation
// that the command caused, zero for none.
func ClaimOf(p id.Payment, ask id.Operation) idempotency.Subject {
	return idempotency.Subject{Number: int64(p), Result: strconv.FormatInt(int64(ask), 10)}
}

// ReadClaim returns what ClaimOf was made of.
func ReadClaim(s idempotency.Subject) (id.Payment, id.Operation, error) {
	ask, err := strconv.ParseInt(s.Result, 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("claim of payment %d: %w", s.Number, err)
	}
	return id.Payment(s.Number), id.Operation(ask), nil
}
