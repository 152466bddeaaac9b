package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// TestBackup takes a copy while payments run and one of them waits for its bank,
// and serves from the copy: its books balance, and the operation that was open in
// it is resolved against the bank, which knows more than the copy.
func TestBackup(t *testing.T) {
	t.Parallel()
	binary := servertest.Build(t)
	s := servertest.Start(t, servertest.Options{Engine: storage.SQLite, Binary: binary, LogLevel: "info"})
	load := newLoad(t, s)
	if !servertest.Eventually(t, func() bool { return load.count() > 50 }) {
		t.Fatal("nothing is paid")
	}
	restored := t.TempDir()
	copied := filepath.Join(restored, "vezne.db")
	out := command(t, 0, "backup", "--data", s.Dir, "--to", copied)
	if !strings.Contains(out, "0 contradictions") {
		t.Error(out)
	}
	load.end(t)

	// The bank approves, and the answer does not come: the copy has an open operation.
	s.Misbehave(t, `{"rate":1,"kinds":["slow"],"slow_ms":8000}`)
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		s.Send(t, payment(charge("orderId", quoted("open-in-the-copy")), ""))
	}()
	if !servertest.Eventually(t, func() bool { return open(t, s.DSN) == 1 }) {
		t.Fatal("no operation is open")
	}
	late := filepath.Join(restored, "late.db")
	command(t, 0, "backup", "--data", s.Dir, "--to", late)
	command(t, 1, "backup", "--data", s.Dir, "--to", late) // never over another
	<-waiting
	s.Misbehave(t, "")
	if code := s.Stop(); code != 0 {
		t.Fatal("exit code", code)
	}
	if n := open(t, "sqlite:"+late); n != 1 {
		t.Fatalf("%d operations are open in the copy", n)
	}
	if info, err := os.Stat(late); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	// The banks and the keyset are as they were, the database is the copy.
	for _, name := range []string{"vezne.db", "vezne.db-wal", "vezne.db-shm"} {
		if err := os.Remove(filepath.Join(s.Dir, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.Rename(late, filepath.Join(s.Dir, "vezne.db")); err != nil {
		t.Fatal(err)
	}
	again := servertest.Start(t, servertest.Options{Engine: storage.SQLite, Binary: binary, Dir: s.Dir, LogLevel: "info"})
	if !servertest.Eventually(t, func() bool { return open(t, again.DSN) == 0 }) {
		t.Fatal("the open operation is not resolved")
	}
	if got := command(t, 0, "ledger", "verify", "--data", s.Dir); !strings.Contains(got, "0 contradictions") {
		t.Error(got)
	}
	approved := approvedSales(t, again)
	if got := captured(t, again.DSN); got != approved {
		t.Errorf("the bank knows %d sales and the restored database %d", approved, got)
	}
	if got := command(t, 0, "ledger", "verify", "--database", "sqlite:"+copied); !strings.Contains(got, "0 contradictions") {
		t.Error(got)
	}
}

// command runs the command line and returns what it said.
func command(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if got := cli.Run(t.Context(), args, cli.World{Stdout: &out, Stderr: &out}); got != code {
		t.Fatalf("%v: exit code %d: %s", args, got, out.String())
	}
	return out.String()
}

func open(t *testing.T, dsn string) int {
	t.Helper()
	return counted(t, dsn, `SELECT COUNT(*) FROM operation WHERE status IN ('open', 'unknown')`)
}

func captured(t *testing.T, dsn string) int {
	t.Helper()
	return counted(t, dsn, `SELECT COUNT(*) FROM payment WHERE state = 'captured'`)
}

func counted(t *testing.T, dsn, sql string) (n int) {
	t.Helper()
	db := storetest.OpenWith(t, dsn, storage.Options{ReadOnly: true})
	defer func() { _ = db.Close() }() // it was only read
	if err := db.Query(t.Context(), sql, nil, func(row storage.Scanner) error { return row.Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}
