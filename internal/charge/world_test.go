package charge_test

import (
	"testing"

	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// world is the shared world, with what only the tests of this room need.
type world struct{ *paymenttest.World }

// onSQLite runs a test of the rules.
func onSQLite(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	paymenttest.OnSQLite(t, func(t *testing.T, w *paymenttest.World) {
		t.Helper()
		run(t, &world{w})
	})
}

// eachEngine runs a test in which many act at the same time.
func eachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	paymenttest.EachEngine(t, func(t *testing.T, w *paymenttest.World) { run(t, &world{w}) })
}
