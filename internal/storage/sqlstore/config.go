package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

const bumpConfigVersion = `UPDATE config_version SET version = version + 1 WHERE id = 1`

// Config reads the configuration version.
type Config struct{ db *storage.DB }

// NewConfig returns the configuration version of db.
func NewConfig(db *storage.DB) *Config { return &Config{db: db} }

// ConfigVersion returns a number that grows with every commit that changed what
// nodes keep in memory: merchants, credentials, admin tokens, POSes, plans,
// rules, BINs, webhook endpoints.
func (c *Config) ConfigVersion(ctx context.Context) (int64, error) {
	version, err := one(ctx, c.db, readCount,
		`SELECT version FROM config_version WHERE id = 1`)
	if err != nil {
		return 0, fmt.Errorf("configuration version: %w", err)
	}
	return version, nil
}

// The statements of Probe. A row of the node's own never waits for another node.
const (
	insertProbe = `INSERT INTO write_probe (node) VALUES ($1)`
	deleteProbe = `DELETE FROM write_probe WHERE node = $1`
)

// Probe writes under a node's name and removes it again, in one commit that takes
// the way of every other: it fails when they do, for a full disk or a database
// that only reads.
func (c *Config) Probe(ctx context.Context, node string) error {
	err := inTx(ctx, c.db, func(t *tx) {
		t.add(insertProbe, node)
		t.add(deleteProbe, node)
	})
	if err != nil {
		return fmt.Errorf("try to write: %w", err)
	}
	return nil
}

// configChannel is the channel on which the schema tells of a new version.
const configChannel = "vezne_config"

// Listen calls heard after each commit that made a new configuration version, on
// PostgreSQL alone: see storage.DB.Listen.
func (c *Config) Listen(ctx context.Context, up, heard func()) error {
	if err := c.db.Listen(ctx, configChannel, up, heard); err != nil {
		return fmt.Errorf("configuration changes: %w", err)
	}
	return nil
}

// Now returns what time the database server has; the zero time on SQLite, which
// has this machine's.
func (c *Config) Now(ctx context.Context) (time.Time, error) {
	if c.db.Engine() == storage.SQLite {
		return time.Time{}, nil
	}
	now, err := one(ctx, c.db, readCount,
		`SELECT `+databaseTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("database's time: %w", err)
	}
	return timeOf(now), nil
}
