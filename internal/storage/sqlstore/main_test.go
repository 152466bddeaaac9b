package sqlstore_test

import (
	"os"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestStores(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t testing.TB, o storage.Options) storetest.Stores {
				t.Helper()
				return storetest.NewStores(storetest.OpenWith(t, storetest.DSN(t, engine), o))
			})
		})
	}
}

func TestCrash(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			storetest.Crash(t, storetest.DurableDSN(t, engine))
		})
	}
}
