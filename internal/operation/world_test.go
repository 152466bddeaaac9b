package operation_test

import (
	"testing"

	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// world is the shared world, with what only the tests of this room need.
type world struct{ *paymenttest.World }

func eachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	paymenttest.EachEngine(t, func(t *testing.T, w *paymenttest.World) { run(t, &world{w}) })
}
