package simulator

import "github.com/vezne/vezne/internal/connector"

// ReplayLine books a line of a ledger file.
func ReplayLine(line []byte) error { return newBooks(connector.Rules{}).replay(line) }
