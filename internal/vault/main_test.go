package vault_test

import (
	"os"
	"testing"

	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
