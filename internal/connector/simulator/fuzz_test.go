package simulator_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/vezne/vezne/internal/connector/simulator"
)

// FuzzOpenJournal holds that whole lines are handed out as they are, that what a
// crash tore off is cut, and that a line written afterwards stands behind them.
func FuzzOpenJournal(f *testing.F) {
	for _, seed := range []string{"", "one\ntwo\n", "one\ntw", "\n\n", "\x00", "one\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		whole := b[:bytes.LastIndexByte(b, '\n')+1]
		j, lines := reopen(t, path)
		if got := joined(lines); got != string(whole) {
			t.Fatalf("%q was replayed of %q", got, b)
		}
		if err := j.Sync(j.Append([]byte("last"))); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, lines := reopen(t, path); joined(lines) != string(whole)+"last\n" {
			t.Fatalf("after a line was written: %q", lines)
		}
	})
}

func joined(lines []string) string {
	var all []byte
	for _, l := range lines {
		all = append(append(all, l...), '\n')
	}
	return string(all)
}

func FuzzLedgerLine(f *testing.F) {
	f.Add([]byte(`{"terminal":"T","reference":"R","kind":"sale","amount":100,"currency":949,"at":"2026-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"terminal":"T","reference":"R","kind":"void","original":1}`))
	f.Add([]byte(`{"at":"2026-01-02T03:04:05Z","day_end":true}`))
	f.Add([]byte(`{"kind":"sale","amount":100,"currency":1}`))
	f.Fuzz(func(_ *testing.T, line []byte) {
		_ = simulator.ReplayLine(line) // must not panic
	})
}
