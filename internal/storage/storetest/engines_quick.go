//go:build quick

package storetest

import "github.com/vezne/vezne/internal/storage"

// Engines are the engines that need no other process.
var Engines = [...]storage.Engine{storage.SQLite}
