// Package bench measures the whole server from outside: as a process of its own
// with durable storage, with the load generator, the bank's simulator and the
// database on the same machine, beside the floors that the hardware sets. Every
// commit is on disk before it is answered, so TMPDIR must be a real disk for the
// figures to mean anything. docs/benchmarks/README.md says how to run what is
// here and how to read it.
package bench_test

import (
	"os"
	"testing"

	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
