package sqlstore_test

import (
	"os"
	"testing"

	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestOpen(t *testing.T) {
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			storetest.Open(t, e)
		})
	}
}
