package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/storage"
)

// TestVerifyAudit cuts the end off a sealed log, and looks for it with and without
// a file of heads.
func TestVerifyAudit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := load(t, dir, nil)
	s := startDemo(t, c, dir)
	s.stop()
	s.wait(t)
	now := time.Now()
	seal := func(later time.Duration) {
		t.Helper()
		if err := app.SealAudit(t.Context(), c, now.Add(later)); err != nil {
			t.Fatal(err)
		}
	}
	change := func(sql string) {
		t.Helper()
		db, err := storage.Open(t.Context(), c.Database.Reveal(), storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Commit(t.Context(), storage.Batch{{SQL: sql}}); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const last = `merchant_id = 1 AND id = (SELECT MAX(id) FROM audit_record WHERE merchant_id = 1)`
	change(`UPDATE audit_record SET at = at + 3600000000 WHERE ` + last) // an hour later, for a block of its own
	seal(time.Minute * 10)
	heads := filepath.Join(dir, "heads")
	verify := func(path, want string) {
		t.Helper()
		var said bytes.Buffer
		err := app.VerifyAudit(t.Context(), c, path, &said)
		if (err == nil) != (want == "") || !strings.Contains(said.String(), want) {
			t.Fatalf("verify with %q: %v, want %q: %s", path, err, want, said.String())
		}
	}
	verify(heads, "")
	first := read(t, heads)
	verify(heads, "")
	seal(2 * time.Hour)
	verify(heads, "")
	second := read(t, heads)
	if first == second || !strings.Contains(second, "merchant 1 block 2 ") {
		t.Fatalf("the file did not go on with the log: %s", second)
	}

	change(`DELETE FROM audit_record WHERE ` + last)
	verify("", "block 2 does not agree")
	change(`DELETE FROM audit_block WHERE merchant_id = 1 AND number = 2`)
	verify("", "") // nothing in the database tells
	verify(heads, "the block that was noted as the newest is gone")
	if got := read(t, heads); got != second {
		t.Errorf("a log that is not whole changed the file: %s", got)
	}
	if err := os.WriteFile(heads, []byte(strings.Replace(second, "block 2", "block 1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := app.VerifyAudit(t.Context(), c, heads, &bytes.Buffer{}); err == nil {
		t.Error("an edited file of heads was believed")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
