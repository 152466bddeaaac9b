package bin

import "context"

// Store keeps the BIN table, which all merchants share.
type Store interface {
	// BINs returns the whole table ordered by prefix.
	BINs(ctx context.Context) ([]Info, error)
	// SaveBINs adds rows, replacing those with equal prefixes, in one commit that
	// bumps the configuration version.
	SaveBINs(ctx context.Context, rows []Info) error
}
