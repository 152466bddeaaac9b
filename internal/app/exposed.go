package app

import (
	"os"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/vault"
)

// ExposedFiles returns the files of a server that others on its machine may read
// or write, though they hold what is not for them: a SQLite database with its
// write-ahead log, the token for a key management service, and the file of
// settings, with its passwords. Of the keyset CheckProduction tells.
func ExposedFiles(c config.Config, settings string) []string {
	files := []string{settings, c.KMSTokenFile}
	if path, ok := c.Database.SQLitePath(); ok {
		files = append(files, path, path+"-wal")
	}
	var exposed []string
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && vault.Exposed(info) {
			exposed = append(exposed, f)
		}
	}
	return exposed
}
