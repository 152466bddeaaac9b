package bin

import (
	"context"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// Store keeps the BIN table: the rows that all merchants share, and those of each.
type Store interface {
	// BINs returns the rows of one owner, a merchant or Shared, ordered by prefix.
	BINs(ctx context.Context, owner id.Merchant) ([]Info, error)
	// BINPage returns a page of the rows that count for a merchant: its own and, unless
	// own alone is wanted, the shared ones. It is ordered by prefix, with the shared
	// one of two first. An empty cursor begins, and an empty next ends.
	BINPage(ctx context.Context, m id.Merchant, p PageOf) (rows []Info, next string, err error)
	// InTx runs fn and commits what it asked for, all of it or nothing. A change of the
	// table bumps the configuration version.
	InTx(ctx context.Context, fn func(Tx)) error
}

// PageOf says which page of a list is wanted.
type PageOf struct {
	Own    bool // without the shared rows
	Cursor string
	Limit  int
}

// Tx is what one commit changes.
type Tx interface {
	audit.Tx
	// SaveBINs adds rows, replacing those of equal owner and prefix; of equal ones
	// among them the last one stays.
	SaveBINs(rows []Info)
	// RemoveBIN removes the row of an owner, if it is there.
	RemoveBIN(owner id.Merchant, prefix string)
}
