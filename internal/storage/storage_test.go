package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func onEach(t *testing.T, fn func(t *testing.T, engine storage.Engine)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) { t.Parallel(); fn(t, engine) })
	}
}

const (
	setNoun   = `INSERT INTO sequence (noun, next_id) VALUES ($1, $2)`
	countNoun = `UPDATE sequence SET next_id = next_id + 1 WHERE noun = $1`
)

func set(noun string, n int64) storage.Statement {
	return storage.Statement{SQL: setNoun, Args: []any{noun, n}, Duplicate: fault.OrderClaimed}
}

func count(noun string) storage.Statement {
	return storage.Statement{SQL: countNoun, Args: []any{noun}, Rows: 1, Missed: fault.StaleVersion}
}

// value returns the number of a noun, 0 for none.
func value(t *testing.T, db *storage.DB, noun string) int64 {
	t.Helper()
	var n int64
	const stored = `SELECT next_id FROM sequence WHERE noun = $1`
	err := db.Query(t.Context(), stored, []any{noun}, func(s storage.Scanner) error { return s.Scan(&n) })
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return n
}

func TestEngineOf(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]storage.Engine{
		"sqlite:vezne.db": storage.SQLite, "postgres://h/db": storage.PostgreSQL, "postgresql://h/db": storage.PostgreSQL,
		"": "", "sqlite:": "", "vezne.db": "", "mysql://root:hunter2@h/db": "",
	} {
		got, err := storage.EngineOf(dsn)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("EngineOf(%q) = %q, %v; want %q", dsn, got, err, want)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"a_bad_DSN_is_not_repeated":                                testBadDSN,
		"a_schema_that_was_never_migrated_is_refused":              testNoSchema,
		"a_schema_that_is_behind_is_refused_and_one_ahead_is_not":  testOtherSchema,
		"a_migration_that_was_left_out_is_named":                   testMissingMigration,
		"a_second_server_on_a_file_is_refused_and_a_reader_is_not": testSecondServer,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t) })
	}
}

func testBadDSN(t *testing.T) {
	for _, dsn := range []string{"mysql://root:hunter2@h/db", "postgres://root:hunter2@h:notaport/db"} {
		_, err := storage.Open(t.Context(), dsn, storage.Options{})
		if !errors.Is(err, storage.ErrDSN) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}

func testNoSchema(t *testing.T) {
	onEach(t, func(t *testing.T, engine storage.Engine) {
		dsn := storetest.EmptyDSN(t, engine)
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			if _, err := storage.Open(t.Context(), dsn, storage.Options{}); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("no file: got %v", err)
			}
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := storage.Open(t.Context(), dsn, storage.Options{}); !errors.Is(err, storage.ErrSchema) {
			t.Errorf("got %v, want ErrSchema", err)
		}
	})
}

func testOtherSchema(t *testing.T) {
	onEach(t, func(t *testing.T, engine storage.Engine) {
		dsn := storetest.DSN(t, engine)
		db := storetest.OpenWith(t, dsn, storage.Options{})
		change := func(sql string) {
			if err := db.Commit(t.Context(), storage.Batch{{SQL: sql}}); err != nil {
				t.Fatalf("change: %v", err)
			}
		}
		ahead := storage.Options{ReadOnly: true} // beside db
		change(`INSERT INTO goose_db_version (version_id, is_applied)
			SELECT MAX(version_id) + 1, is_applied FROM goose_db_version GROUP BY is_applied`)
		storetest.OpenWith(t, dsn, ahead)
		change(`DELETE FROM goose_db_version WHERE version_id > 0`)
		if _, err := storage.Open(t.Context(), dsn, ahead); !errors.Is(err, storage.ErrSchema) {
			t.Errorf("got %v, want ErrSchema", err)
		}
	})
}

func testMissingMigration(t *testing.T) {
	onEach(t, func(t *testing.T, engine storage.Engine) {
		dsn := storetest.DSN(t, engine)
		db := storetest.OpenWith(t, dsn, storage.Options{})
		// What goose would note had two steps not been there when the others ran.
		leaveOut := storage.Batch{{SQL: `DELETE FROM goose_db_version WHERE version_id IN (4, 9)`, Rows: 2}}
		if err := db.Commit(t.Context(), leaveOut); err != nil {
			t.Fatal(err)
		}
		_, err := storage.Open(t.Context(), dsn, storage.Options{ReadOnly: true})
		if !errors.Is(err, storage.ErrSchema) || !strings.Contains(err.Error(), "00004_audit.sql, 00009_ledger.sql") {
			t.Errorf("got %v", err)
		}
	})
}

func testSecondServer(t *testing.T) {
	dsn := storetest.DSN(t, storage.SQLite)
	first := storetest.OpenWith(t, dsn, storage.Options{})
	if _, err := storage.Open(t.Context(), dsn, storage.Options{}); !errors.Is(err, storage.ErrInUse) {
		t.Fatalf("second server: got %v, want ErrInUse", err)
	}
	reader := storetest.OpenWith(t, dsn, storage.Options{ReadOnly: true})
	if err := first.Commit(t.Context(), storage.Batch{set("a", 5)}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if got := value(t, reader, "a"); got != 5 {
		t.Errorf("the reader sees %d, want 5", got)
	}
	if err := reader.Commit(t.Context(), storage.Batch{set("b", 1)}); err == nil {
		t.Error("the reader wrote")
	}
	if err := first.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	storetest.OpenWith(t, dsn, storage.Options{})
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, engine storage.Engine) {
		dsn := storetest.EmptyDSN(t, engine)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := storage.Migrate(context.Background(), dsn); err != nil {
					t.Errorf("one of several at once: %v", err)
				}
			})
		}
		all.Wait()
		storetest.OpenWith(t, dsn, storage.Options{})
		if err := storage.Migrate(t.Context(), dsn); err != nil {
			t.Errorf("again, beside a server: %v", err)
		}
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			for _, file := range []string{path, path + "-wal"} {
				info, err := os.Stat(file)
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s may be read by others: %v %v", file, info.Mode(), err)
				}
			}
		}
	})
}

func TestCommit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"a_failed_rule_names_the_code_of_its_statement":       testFailedRule,
		"writers_that_need_each_others_rows_both_get_through": testCrossedWriters,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t) })
	}
}

func testFailedRule(t *testing.T) {
	onEach(t, func(t *testing.T, engine storage.Engine) {
		db := storetest.Open(t, engine)
		if err := db.Commit(t.Context(), storage.Batch{set("a", 1), count("a")}); err != nil {
			t.Fatalf("commit: %v", err)
		}
		for name, c := range map[string]struct {
			batch storage.Batch
			code  fault.Code
			kind  fault.Kind
		}{
			"missed":    {storage.Batch{count("a"), count("none")}, fault.StaleVersion, fault.Conflict},
			"duplicate": {storage.Batch{count("a"), set("a", 9)}, fault.OrderClaimed, fault.Conflict},
			"too_many": {
				storage.Batch{
					set("b", 1),
					{SQL: `UPDATE sequence SET next_id = next_id + 1`, Rows: 1, Missed: fault.StaleVersion},
				},
				fault.StaleVersion, fault.Conflict,
			},
			"mistake": {storage.Batch{count("a"), {SQL: `UPDATE nowhere SET a = 1`}}, fault.InternalError, fault.Internal},
		} {
			err := db.Commit(t.Context(), c.batch)
			if err == nil || fault.CodeOf(err) != c.code || fault.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.code)
			}
		}
		if a, b := value(t, db, "a"), value(t, db, "b"); a != 2 || b != 0 {
			t.Errorf("a is %d and b %d after refused commits, want 2 and 0", a, b)
		}
	})
}

func testCrossedWriters(t *testing.T) {
	onEach(t, func(t *testing.T, engine storage.Engine) {
		db := storetest.Open(t, engine)
		if err := db.Commit(t.Context(), storage.Batch{set("a", 1), set("b", 1)}); err != nil {
			t.Fatalf("commit: %v", err)
		}
		const callers, times = 16, 20
		var all sync.WaitGroup
		for n := range callers {
			batch := storage.Batch{count("a"), count("b")}
			if n%2 == 1 {
				batch = storage.Batch{count("b"), count("a")}
			}
			all.Go(func() {
				for range times {
					if err := db.Commit(context.Background(), batch); err != nil {
						t.Errorf("commit: %v", err)
					}
				}
			})
		}
		all.Wait()
		if a, b := value(t, db, "a"), value(t, db, "b"); a != 1+callers*times || b != a {
			t.Errorf("a is %d and b %d, want %d", a, b, 1+callers*times)
		}
	})
}

func TestQuery(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, engine storage.Engine) {
		db := storetest.Open(t, engine)
		if err := db.Commit(t.Context(), storage.Batch{set("a", 1), set("b", 2)}); err != nil {
			t.Fatalf("commit: %v", err)
		}
		own, rows := errors.New("enough"), 0
		err := db.Query(t.Context(), `SELECT noun FROM sequence ORDER BY noun`, nil, func(storage.Scanner) error { rows++; return own })
		if !errors.Is(err, own) || rows != 1 {
			t.Errorf("got %v after %d rows, want the reader's own error after the first", err, rows)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = db.Query(ctx, `SELECT noun FROM sequence ORDER BY noun`, nil, func(storage.Scanner) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
		err = db.Query(t.Context(), `UPDATE sequence SET next_id = 7`, nil, func(storage.Scanner) error { return nil })
		if engine == storage.SQLite && err == nil {
			t.Error("a query wrote")
		}
	})
}

// TestStatements_kept_are_bounded makes thousands of different statements, as a
// caller can who composes searches.
func TestStatements_kept_are_bounded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, engine storage.Engine) {
		db := storetest.OpenWith(t, storetest.DSN(t, engine), storage.Options{Readers: 2})
		const texts, bound = 3000, 2 * 256 // those of the readers and those of the writer
		var all sync.WaitGroup
		for caller := range 4 { // two readers, so that some wait while others drop their statements
			all.Go(func() {
				for n := range texts {
					text := fmt.Sprintf(`SELECT noun FROM sequence WHERE next_id <> %d ORDER BY noun`, n*(1+caller%2))
					if err := db.Query(context.Background(), text, nil, func(storage.Scanner) error { return nil }); err != nil {
						t.Errorf("query: %v", err)
						return
					}
				}
			})
		}
		for n := range texts {
			text := fmt.Sprintf(`UPDATE sequence SET next_id = 7 WHERE next_id = %d`, n+10)
			if err := db.Commit(t.Context(), storage.Batch{{SQL: text}}); err != nil {
				t.Fatalf("commit: %v", err)
			}
		}
		all.Wait()
		if n := statements(t, db); n < 200 || n > bound {
			t.Errorf("%d statements are kept", n)
		}
	})
}

// statements counts what is kept; for PostgreSQL by one reading connection.
func statements(t *testing.T, db *storage.DB) (n int) {
	t.Helper()
	if db.Engine() == storage.SQLite {
		return db.Stats().Statements
	}
	const kept = `SELECT count(*) FROM pg_prepared_statements`
	err := db.Query(t.Context(), kept, nil, func(s storage.Scanner) error { return s.Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
