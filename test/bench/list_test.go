package bench_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// asMerchant and asAdmin are the headers of the demo's first merchant and of its
// staff.
const (
	asMerchant = "X-API-KEY: api-key\r\nX-API-SECRET: secret-key\r\n"
	asAdmin    = "Authorization: Bearer demo-admin-token\r\n"
)

// times asks for a path again and again, for at most a few seconds, and returns
// how long the answers took, shortest first.
func times(b *testing.B, c *caller, path, headers string) []time.Duration {
	b.Helper()
	const warm, most, limit = 3, 100, 3 * time.Second
	var took []time.Duration
	for began := time.Now(); len(took) < most+warm && (len(took) < warm+2 || time.Since(began) < limit); {
		at := time.Now()
		if _, err := c.get(path, headers); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(at))
	}
	took = took[warm:]
	slices.Sort(took)
	return took
}

// list times the first page of a merchant with millions of payments.
func (t *table) list(b *testing.B, engine storage.Engine) {
	b.Helper()
	s := newStore(b, t.binary, engine)
	began := time.Now()
	s.fill(b, t.scale.stored)
	t.notes = append(t.notes, fmt.Sprintf("%s of %s payments takes %s MB; filling it took %s.", nameOf(engine),
		thousands(int64(t.scale.stored)), thousands(s.size(b)/1e6), time.Since(began).Round(time.Second)))
	r := s.rig(b, t.binary)
	defer r.server.Stop()
	f := figure{name: fmt.Sprintf("first list page with %s payments, %s", thousands(int64(t.scale.stored)), nameOf(engine)), unit: "ms", must: 20, want: 5, least: true}
	c := lines(b, r.server.URL, 1)[0]
	for range t.scale.rounds {
		took := times(b, c, "/api/payments", asMerchant)
		f.values = append(f.values, milliseconds(percentile(took, 50)))
	}
	t.figures = append(t.figures, f)
}
