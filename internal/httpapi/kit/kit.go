// Package kit is what all doors share: routes, strict JSON, limits, idempotency
// keys, languages, the request log, and the way from a fault to a status. A
// surface adds its own wire types, its way of proving who calls, and its form of
// an error, and nothing else.
package kit

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/secret"
)

// minHashKey is the shortest accepted key of the request hash: as long as the
// output of SHA-256, below which RFC 2104 section 3 calls a key weak.
const minHashKey = 32

// Config is what the doors get from outside.
type Config struct {
	Log   *slog.Logger
	Clock clock.Clock
	// HashKey keys the hash of requests that carry an idempotency key. All nodes
	// need the same one, today and after a restart.
	HashKey secret.Bytes
	// Proxies are believed about who called them.
	Proxies Proxies
	// Limits bounds what callers may send; a zero one takes the defaults.
	Limits Limits
}

// Kit serves surfaces. It is safe for concurrent use.
type Kit struct {
	log       *slog.Logger
	clock     clock.Clock
	hashKey   secret.Bytes
	catalogue *Catalogue
	proxies   Proxies
	gauge     *gauge
}

// New returns a Kit, or an error when a part is missing or a message catalogue
// cannot be read.
func New(c Config) (*Kit, error) {
	if c.Log == nil || c.Clock == nil {
		return nil, errors.New("http kit: log and clock are required")
	}
	if n := len(c.HashKey.Reveal()); n < minHashKey {
		return nil, fmt.Errorf("http kit: hash key has %d bytes, want at least %d", n, minHashKey)
	}
	catalogue, err := NewCatalogue()
	if err != nil {
		return nil, err
	}
	return &Kit{
		log: c.Log, clock: c.Clock, hashKey: c.HashKey, catalogue: catalogue, proxies: c.Proxies, gauge: newGauge(c.Limits),
	}, nil
}

// Catalogue returns the texts that people read.
func (k *Kit) Catalogue() *Catalogue { return k.catalogue }

// Clock returns the clock of the doors.
func (k *Kit) Clock() clock.Clock { return k.clock }
