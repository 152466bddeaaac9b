package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

// CountLimit is where the counts of Readings end: what is beyond it needs a
// person, not a number, and counting it would cost the database more than it tells.
const CountLimit = 10_000

// Readings counts over all merchants what an operator wants to see. Every query
// walks an index of what is still to be done and ends at CountLimit.
type Readings struct{ db *storage.DB }

// NewReadings returns the readings of db.
func NewReadings(db *storage.DB) *Readings { return &Readings{db: db} }

const (
	// An operation that is open past its inquiry was left by a crash, and its
	// outcome is as little known as that of one whose bank did not answer.
	unknownOperations = `SELECT count(*), coalesce(min(started_at), 0) FROM (
		SELECT started_at FROM operation
		WHERE status IN ('open', 'unknown') AND (status = 'unknown' OR next_inquiry <= $1)
		ORDER BY next_inquiry, id LIMIT $2) AS found`

	dueJobs = `SELECT count(*) FROM (
		SELECT id FROM job WHERE state = 'ready' AND kind = $1 AND run_at <= $2 LIMIT $3) AS found`

	// The oldest job that a node could run: nobody holds it, and no earlier job of
	// its subject is still to be done.
	oldestJob = `SELECT j.run_at FROM job j
	WHERE j.state = 'ready' AND j.kind = $1 AND j.run_at <= $2 AND j.leased_until <= %s
		AND (j.subject = '' OR NOT EXISTS (
			SELECT 1 FROM job e WHERE e.merchant_id = j.merchant_id AND e.subject = j.subject
				AND e.state = 'ready' AND (e.created_at, e.id) < (j.created_at, j.id)))
	ORDER BY j.run_at, j.id LIMIT 1`

	deadJobs = `SELECT kind, count(*) FROM (
		SELECT kind FROM job WHERE state = 'dead' LIMIT $1) AS found GROUP BY kind ORDER BY kind`

	endpointStates = `SELECT state, count(*) FROM webhook_endpoint GROUP BY state ORDER BY state`
)

// Unknown returns how many operations have an unknown outcome, and since when the
// oldest has; the zero time if there is none.
func (r *Readings) Unknown(ctx context.Context, now time.Time) (int64, time.Time, error) {
	var n, oldest int64
	err := r.db.Query(ctx, unknownOperations, []any{micros(now), int64(CountLimit)}, func(s storage.Scanner) error {
		return s.Scan(&n, &oldest)
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count unknown operations: %w", err)
	}
	return n, timeOf(oldest), nil
}

// Due returns how many jobs of a kind are due, and since when the oldest that
// could run is; the zero time if there is none.
func (r *Readings) Due(ctx context.Context, k job.Kind, now time.Time) (int64, time.Time, error) {
	var n, oldest int64
	err := r.db.Query(ctx, dueJobs, []any{string(k), micros(now), int64(CountLimit)}, func(s storage.Scanner) error {
		return s.Scan(&n)
	})
	if err == nil && n > 0 {
		sql := fmt.Sprintf(oldestJob, present(r.db, "$2"))
		err = r.db.Query(ctx, sql, []any{string(k), micros(now)}, func(s storage.Scanner) error { return s.Scan(&oldest) })
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count jobs of %s: %w", k, err)
	}
	return n, timeOf(oldest), nil
}

// Dead returns how many jobs of each kind were set aside; kinds without any are
// left out.
func (r *Readings) Dead(ctx context.Context) (map[job.Kind]int64, error) {
	all := make(map[job.Kind]int64)
	err := r.counts(ctx, deadJobs, []any{int64(CountLimit)}, func(name string, n int64) { all[job.Kind(name)] = n })
	if err != nil {
		return nil, fmt.Errorf("count dead jobs: %w", err)
	}
	return all, nil
}

// Endpoints returns how many webhook endpoints are in each state; states without
// any are left out.
func (r *Readings) Endpoints(ctx context.Context) (map[webhook.State]int64, error) {
	all := make(map[webhook.State]int64)
	err := r.counts(ctx, endpointStates, nil, func(name string, n int64) { all[webhook.State(name)] = n })
	if err != nil {
		return nil, fmt.Errorf("count webhook endpoints: %w", err)
	}
	return all, nil
}

func (r *Readings) counts(ctx context.Context, sql string, args []any, take func(string, int64)) error {
	return r.db.Query(ctx, sql, args, func(s storage.Scanner) error {
		var name string
		var n int64
		if err := s.Scan(&name, &n); err != nil {
			return err
		}
		take(name, n)
		return nil
	})
}
