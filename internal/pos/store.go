package pos

import (
	"context"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// Tx queues the writes of one commit about POSes. Each bumps the configuration
// version in the same commit.
type Tx interface {
	audit.Tx
	// SavePOS adds a POS (Version 0) or replaces the stored one of the same
	// Version, and stores Version+1; else the commit fails with fault.StaleVersion.
	// An alias that the merchant already uses fails it with fault.DuplicateKey. One
	// that is stored as used keeps its connector: another one fails the commit with
	// fault.POSConnectorFixed. What p says of Used is not stored.
	SavePOS(p POS)
}

// Store keeps POSes.
type Store interface {
	InTx(ctx context.Context, fn func(Tx)) error
	// POSes returns those of a merchant by priority then id.
	POSes(ctx context.Context, m id.Merchant) ([]POS, error)
	// POSPage pages through them in the same order: 1 to 100, and the cursor of the
	// next page, empty at the end. A cursor that the list did not hand out is
	// fault.ValidationError on "cursor".
	POSPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]POS, string, error)
}
