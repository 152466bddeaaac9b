//go:build !quick

package storetest

import "github.com/vezne/vezne/internal/storage"

// Engines are the engines that storage, and whatever leans on how an engine
// behaves, is tested on.
var Engines = [...]storage.Engine{storage.SQLite, storage.PostgreSQL}
