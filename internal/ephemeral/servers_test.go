//go:build !quick

package ephemeral_test

import (
	"testing"

	"github.com/vezne/vezne/internal/ephemeral/redistest"
)

// eachRedis runs a test on a server of its own.
func eachRedis(t *testing.T, run func(t *testing.T, address string)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		run(t, redistest.Start(t))
	})
}
