package bench_test

import (
	"slices"
	"testing"
	"time"
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
