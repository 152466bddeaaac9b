package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// commitTimeout is how long a group may take before its connection is given
	// up as lost. It is far above any disk's pause; without it a silent network
	// would hold every caller for ever.
	commitTimeout = 30 * time.Second
	// lockTimeout is how long a statement waits for a row that the other writer
	// has changed: longer than a group takes, and shorter than the second after
	// which PostgreSQL looks for a deadlock between the two groups.
	lockTimeout = "200ms"
	// lockTries is how often a member is tried alone when it cannot get its
	// locks.
	lockTries = 5
	// firstReplan is after how many groups plans are made anew, and then each time
	// that number has doubled: a plan made while a table was nearly empty may use
	// any of its indexes, and would be kept until the next ANALYZE. Measured, that
	// was half of a payment's time on a new database.
	firstReplan = 16
)

// postgresWriter commits groups over one connection, each group in one pipelined
// round trip: all statements, then one Sync, which ends the transaction.
type postgresWriter struct {
	config  *pgx.ConnConfig
	conn    *pgx.Conn // nil before the first group and after a loss
	counted *simplelru.LRU[countedKey, string]
	// turn is shared by the writers: held by one that must be alone.
	turn *sync.RWMutex

	groups   int // over this connection
	replanAt int
}

// countedKey is a statement that counts the rows it changes.
type countedKey struct {
	sql  string
	rows int64
}

func newPostgresWriter(config *pgx.ConnConfig, turn *sync.RWMutex) *postgresWriter {
	maps.Copy(config.RuntimeParams, writeSettings)
	return &postgresWriter{config: config, turn: turn, counted: newKept[countedKey, string](nil)}
}

func (w *postgresWriter) commit(group []*member) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	w.commitAll(ctx, group)
}

// commitAll commits the members in one transaction. If one of them fails, those
// before it, which had succeeded, are committed without it, and then those after
// it. Members that stood in each other's or the other writer's way go one by one.
func (w *postgresWriter) commitAll(ctx context.Context, group []*member) {
	if len(group) == 0 {
		return
	}
	w.turn.RLock()
	failed, err := w.transact(ctx, group)
	w.turn.RUnlock()
	switch {
	case err == nil:
		answer(group, nil)
	case failed == nobody:
		answer(group, unavailable(err))
	case contended(err):
		w.commitAlone(ctx, group)
	default:
		w.commitAll(ctx, group[:failed])
		// Alone, because what it ran into may have been undone with the group.
		w.commitAlone(ctx, group[failed:failed+1])
		w.commitAll(ctx, group[failed+1:])
	}
}

// commitAlone commits the members one by one while the other writer rests, so
// that nothing of this process can stand in their way.
func (w *postgresWriter) commitAlone(ctx context.Context, members []*member) {
	w.turn.Lock()
	defer w.turn.Unlock()
	for _, m := range members {
		m.done <- w.commitOne(ctx, m)
	}
}

func (w *postgresWriter) commitOne(ctx context.Context, m *member) error {
	var err error
	for range lockTries {
		var failed int
		failed, err = w.transact(ctx, []*member{m})
		if err == nil || (failed != nobody && !contended(err)) {
			return err
		}
		if failed == nobody {
			break
		}
	}
	return unavailable(err)
}

// nobody is the failed member when the connection failed.
const nobody = -1

// transact sends the members' statements as one transaction. When it fails,
// nothing was committed if it names the member whose statement failed; nobody
// leaves that open.
func (w *postgresWriter) transact(ctx context.Context, group []*member) (int, error) {
	failed, err := w.send(ctx, group)
	if err != nil && failed == nobody && pgconn.SafeToRetry(err) {
		failed, err = w.send(ctx, group) // the connection was dead before anything was sent
	}
	return failed, err
}

func (w *postgresWriter) send(ctx context.Context, group []*member) (int, error) {
	if err := w.connect(ctx); err != nil {
		return nobody, err
	}
	batch := &pgx.Batch{}
	for _, m := range group {
		for i := range m.batch {
			batch.Queue(w.text(&m.batch[i]), m.batch[i].Args...)
		}
	}
	if w.groups++; w.groups == w.replanAt {
		batch.Queue("DISCARD PLANS")
		w.replanAt *= 2
	}
	results := w.conn.SendBatch(ctx, batch)
	for n, m := range group {
		for i := range m.batch {
			if _, err := results.Exec(); err != nil {
				err = classifyPostgres(&m.batch[i], err)
				closing := results.Close()
				if w.conn.IsClosed() {
					return nobody, errors.Join(err, closing)
				}
				return n, err
			}
		}
	}
	if err := results.Close(); err != nil {
		return nobody, fmt.Errorf("commit: %w", err)
	}
	return 0, nil
}

func (w *postgresWriter) connect(ctx context.Context) error {
	if w.conn != nil && !w.conn.IsClosed() {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, w.config)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn, w.groups, w.replanAt = conn, 0, firstReplan
	return nil
}

// text returns the statement's SQL with the check of its row count inside.
func (w *postgresWriter) text(s *Statement) string {
	if s.Rows == 0 {
		return s.SQL
	}
	key := countedKey{s.SQL, s.Rows}
	text, ok := w.counted.Get(key)
	if !ok {
		text = counted(s.SQL, s.Rows)
		w.counted.Add(key, text)
	}
	return text
}

func classifyPostgres(s *Statement, err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case stateUniqueViolation:
			return s.duplicate(err)
		case stateMissed:
			return s.missed(err)
		}
		if away(e.Code) {
			return unavailable(fmt.Errorf("execute: %w", err))
		}
	}
	return fmt.Errorf("execute: %w", err)
}

// contended reports whether a member failed because of a lock that others held,
// which says nothing about the member.
func contended(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == stateDeadlock || e.Code == stateSerialization || e.Code == stateLockTimeout)
}

func (w *postgresWriter) close() error {
	if w.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	return w.conn.Close(ctx)
}
