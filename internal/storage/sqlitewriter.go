package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteWriter commits groups over the one writing connection. It speaks to the
// driver itself, because database/sql costs as much per statement as SQLite.
type sqliteWriter struct {
	conn       *sql.Conn
	statements *simplelru.LRU[string, sqliteStatement]
	kept       atomic.Int64        // how many statements there are, for others to read
	args       []driver.NamedValue // reused
	errs       []error             // reused: what became of each member of a group
}

func newSQLiteWriter(ctx context.Context, pool *sql.DB) (*sqliteWriter, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open writing connection: %w", err)
	}
	return &sqliteWriter{conn: conn, statements: newKept(closeStatement)}, nil
}

func (w *sqliteWriter) commit(group []*member) {
	err := w.conn.Raw(func(c any) error {
		conn, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return fmt.Errorf("driver connection is a %T", c)
		}
		return w.commitGroup(conn, group)
	})
	for i, m := range group {
		switch {
		case err != nil:
			m.done <- unavailable(err)
		default:
			m.done <- w.errs[i]
		}
	}
}

// errTorn says that a member failed after some of its statements had run, so
// that the group must be run again with a savepoint for each member.
var errTorn = errors.New("a member failed half-way")

// commitGroup runs the group without savepoints, which most groups do not need
// and which cost as much as a statement each, and once more with them if a
// member failed half-way. Its error is that of the group as a whole.
func (w *sqliteWriter) commitGroup(c driver.ConnPrepareContext, group []*member) error {
	err := w.transact(c, group, w.runBare)
	if errors.Is(err, errTorn) {
		err = w.transact(c, group, w.runSaved)
	}
	return err
}

func (w *sqliteWriter) transact(
	c driver.ConnPrepareContext, group []*member, run func(driver.ConnPrepareContext, Batch) error,
) error {
	if err := w.control(c, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	w.errs = w.errs[:0]
	for _, m := range group {
		err := run(c, m.batch)
		if err != nil && !own(err) {
			_ = w.control(c, "ROLLBACK") // SQLite may have rolled back by itself
			return err
		}
		w.errs = append(w.errs, err)
	}
	if err := w.control(c, "COMMIT"); err != nil {
		_ = w.control(c, "ROLLBACK") // as above
		return err
	}
	return nil
}

// runBare runs a member that can only be undone together with its group, unless
// nothing has to be undone because its first statement changed nothing.
func (w *sqliteWriter) runBare(c driver.ConnPrepareContext, b Batch) error {
	for i := range b {
		changed, err := w.exec(c, &b[i])
		if err == nil {
			continue
		}
		if own(err) && (i > 0 || changed > 0) {
			return errTorn
		}
		return err
	}
	return nil
}

// runSaved runs a member that is undone alone if it fails.
func (w *sqliteWriter) runSaved(c driver.ConnPrepareContext, b Batch) error {
	if err := w.control(c, "SAVEPOINT member"); err != nil {
		return err
	}
	for i := range b {
		_, err := w.exec(c, &b[i])
		if err == nil {
			continue
		}
		if own(err) {
			if undo := w.control(c, "ROLLBACK TO member"); undo != nil {
				return undo
			}
			if release := w.control(c, "RELEASE member"); release != nil {
				return release
			}
		}
		return err
	}
	return w.control(c, "RELEASE member")
}

// memberError is an error that is one member's own: the rest of its group may
// go on.
type memberError struct{ error }

func (e memberError) Unwrap() error { return e.error }

func own(err error) bool {
	_, is := errors.AsType[memberError](err)
	return is
}

// exec runs one statement and returns how many rows it changed.
func (w *sqliteWriter) exec(c driver.ConnPrepareContext, s *Statement) (int64, error) {
	prepared, err := w.prepare(c, s.SQL)
	if err != nil && passing(err) {
		return 0, err
	}
	if err != nil {
		return 0, memberError{err}
	}
	if err := prepared.check(len(s.Args)); err != nil {
		return 0, memberError{err}
	}
	w.args = w.args[:0]
	for i := range max(len(prepared.order), len(s.Args)) {
		at := i
		if !prepared.asWritten {
			at = prepared.order[i]
		}
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: s.Args[at]})
	}
	result, err := prepared.ExecContext(context.Background(), w.args)
	if err != nil {
		return 0, classifySQLite(s, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	if s.Rows > 0 && changed != s.Rows {
		return changed, memberError{s.missed(errRows{want: s.Rows, got: changed})}
	}
	return changed, nil
}

// classifySQLite tells a statement's own failure from one of the database.
func classifySQLite(s *Statement, err error) error {
	if passing(err) {
		return fmt.Errorf("execute: %w", err)
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return memberError{fmt.Errorf("execute: %w", err)} // an argument that the driver refused
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return memberError{s.duplicate(err)}
	}
	switch e.Code() & 0xff { // the primary result code
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH,
		sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return memberError{fmt.Errorf("execute: %w", err)}
	}
	return fmt.Errorf("execute: %w", err)
}

// sqliteStatement is a prepared one.
type sqliteStatement struct {
	driver.StmtExecContext
	placed
}

func (w *sqliteWriter) prepare(c driver.ConnPrepareContext, text string) (sqliteStatement, error) {
	if s, ok := w.statements.Get(text); ok {
		return s, nil
	}
	p := place(text)
	s, err := c.PrepareContext(context.Background(), p.text)
	if err != nil {
		return sqliteStatement{}, fmt.Errorf("prepare: %w", err)
	}
	prepared, ok := s.(driver.StmtExecContext)
	if !ok {
		return sqliteStatement{}, fmt.Errorf("driver statement is a %T", s)
	}
	w.statements.Add(text, sqliteStatement{prepared, p})
	w.kept.Store(int64(w.statements.Len()))
	return sqliteStatement{prepared, p}, nil
}

// closeStatement is called by the goroutine that writes, between two statements.
func closeStatement(_ string, s sqliteStatement) {
	if closer, ok := s.StmtExecContext.(driver.Stmt); ok {
		_ = closer.Close() // it answered already, and what it holds goes with its connection
	}
}

// control runs a statement that steers the transaction.
func (w *sqliteWriter) control(c driver.ConnPrepareContext, text string) error {
	s, err := w.prepare(c, text)
	if err != nil {
		return err
	}
	if _, err := s.ExecContext(context.Background(), nil); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return nil
}

func (w *sqliteWriter) mutate(text string, args []any, row func(Scanner) error) error {
	rows, err := w.conn.QueryContext(context.Background(), text, args...)
	if err == nil {
		err = eachRow(rows, row)
	}
	if err == nil {
		return nil
	}
	s := Statement{}
	if classified := classifySQLite(&s, err); own(classified) {
		return classified
	}
	return unavailable(err)
}

func (w *sqliteWriter) close() error {
	purge := func(any) error { w.statements.Purge(); return nil }
	return errors.Join(w.conn.Raw(purge), w.conn.Close())
}
