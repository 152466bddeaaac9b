package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/storage"
)

// Jobs is the outbox. It implements job.Queue.
type Jobs struct {
	db *storage.DB
	// leases are SQLite's statements, by the number of kinds.
	leases sync.Map
}

var _ job.Queue = (*Jobs)(nil)

// NewJobs returns the outbox of db.
func NewJobs(db *storage.DB) *Jobs { return &Jobs{db: db} }

var jobTable = newTable(&table[job.Job]{
	name: "job",
	keys: []column[job.Job]{
		number("merchant_id", func(j *job.Job) *id.Merchant { return &j.MerchantID }),
		number("id", func(j *job.Job) *id.Job { return &j.ID }),
	},
	fixed: []column[job.Job]{
		text("kind", func(j *job.Job) *job.Kind { return &j.Kind }),
		text("subject", func(j *job.Job) *string { return &j.Subject }),
		body("payload", func(j *job.Job) *[]byte { return &j.Payload }),
		moment("run_at", func(j *job.Job) *time.Time { return &j.RunAt }),
		number("leases", func(j *job.Job) *int { return &j.Leases }),
		number("failures", func(j *job.Job) *int { return &j.Failures }),
		moment("created_at", func(j *job.Job) *time.Time { return &j.CreatedAt }),
		derived("state", func(*job.Job) any { return "ready" }),
		derived("leased_by", func(*job.Job) any { return "" }),
		derived("leased_until", func(*job.Job) any { return int64(0) }),
		derived("cause", func(*job.Job) any { return "" }),
	},
})

var (
	insertJob = jobTable.insertion()

	// Where the clock stands that judges leases, a statement has %[1]s.
	leaseJobs = `UPDATE job SET leases = leases + 1, leased_by = $1, leased_until = %[1]s + $2
	WHERE (merchant_id, id) IN (SELECT merchant_id, id FROM (%[2]s) AS due ORDER BY run_at, id LIMIT $4)
	RETURNING ` + jobTable.columns("")

	deadJobsOf = "SELECT " + jobTable.columns("") + ", cause FROM job" +
		" WHERE state = 'dead' AND merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3"
)

const (
	// The next jobs of the kind %[2]s. Each kind is asked for by itself, because the
	// index has the order of one: of several, all that are due would have to be read
	// and sorted to find the first. A job is due when nobody holds it and no earlier
	// job of its subject is still to be done, whoever holds that one.
	dueOfKind = `SELECT j.merchant_id, j.id, j.run_at FROM job j
		WHERE j.state = 'ready' AND j.kind = %[2]s AND j.run_at <= $3 AND j.leased_until <= %[1]s
			AND (j.subject = '' OR NOT EXISTS (
				SELECT 1 FROM job e WHERE e.merchant_id = j.merchant_id AND e.subject = j.subject
					AND e.state = 'ready' AND (e.created_at, e.id) < (j.created_at, j.id)))
		ORDER BY j.run_at, j.id LIMIT $4`

	// PostgreSQL takes the kinds as one parameter: it plans each lease anew, and that
	// took two thirds of it when the query stood there for each of twelve kinds. Nodes
	// that lease at once take different jobs instead of waiting for each other.
	dueOfKinds = `SELECT next.* FROM unnest(CAST($5 AS TEXT[])) AS asked (kind)
		CROSS JOIN LATERAL (` + dueOfKind + ` FOR UPDATE OF j SKIP LOCKED) AS next`

	// The number tells this lease from a later one of the same node. Only a job that
	// is ready has a holder. The state is not asked for all the same: that would let
	// PostgreSQL take one of the indexes of what is ready instead of the primary key,
	// and read all that is waiting to find one job.
	held = ` WHERE merchant_id = $1 AND id = $2 AND leased_by = $3 AND leases = $4`

	finishJob = `DELETE FROM job` + held
	retryJob  = `UPDATE job SET leased_by = '', leased_until = 0, run_at = $5, cause = $6, failures = $7` + held
	buryJob   = `UPDATE job SET leased_by = '', leased_until = 0, state = 'dead', run_at = $5, cause = $6,
		failures = $7` + held
)

// Lease implements job.Queue. Jobs with an empty Subject are in no order.
func (q *Jobs) Lease( //nolint:revive // the signature is job.Queue's
	ctx context.Context, kinds []job.Kind, node string, now time.Time, lease time.Duration, limit int,
) ([]job.Job, error) {
	if len(kinds) == 0 || limit <= 0 {
		return nil, nil
	}
	sql, args := q.leasing(kinds, node, now, lease, limit)
	taken := make(chan job.Job, limit) // rows may come after ctx has ended this call
	read := jobTable.reader()
	err := q.db.Mutate(ctx, sql, args, func(s storage.Scanner) error {
		j, err := read(s)
		if err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		taken <- j
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease jobs: %w", err)
	}
	close(taken)
	var leased []job.Job
	for j := range taken {
		leased = append(leased, j)
	}
	slices.SortFunc(leased, func(a, b job.Job) int { return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID)) })
	return leased, nil
}

// leasing returns the statement of a lease with its parameters.
func (q *Jobs) leasing(kinds []job.Kind, node string, now time.Time, lease time.Duration, limit int) (string, []any) {
	args := []any{node, lease.Microseconds(), micros(now), int64(limit)}
	if q.db.Engine() == storage.PostgreSQL {
		names := make([]string, 0, len(kinds))
		for _, k := range kinds {
			names = append(names, string(k))
		}
		return leaseTogether, append(args, names)
	}
	for _, k := range kinds {
		args = append(args, string(k))
	}
	sql, made := q.leases.Load(len(kinds))
	if !made {
		sql, _ = q.leases.LoadOrStore(len(kinds), leaseOneByOne(len(kinds)))
	}
	return sql.(string), args //nolint:errcheck,forcetypeassert // only strings are stored
}

// leaseTogether leases jobs of all kinds of its fifth parameter, by the database's
// clock.
var leaseTogether = fmt.Sprintf(leaseJobs, databaseTime, fmt.Sprintf(dueOfKinds, databaseTime, "asked.kind"))

// leaseOneByOne returns the statement that leases jobs of as many kinds as given, by
// this process's clock: SQLite has neither lists as parameters nor LATERAL.
func leaseOneByOne(kinds int) string {
	const now = "$3"
	due := make([]string, 0, kinds)
	for n := range kinds {
		due = append(due, `SELECT * FROM (`+fmt.Sprintf(dueOfKind, now, "$"+strconv.Itoa(5+n))+`) AS next`)
	}
	return fmt.Sprintf(leaseJobs, now, strings.Join(due, "\n\tUNION ALL "))
}

// Finish implements job.Queue. A job that the node does not hold any more is
// fault.StaleVersion, and stays as it is; so it is for Retry and Bury.
func (q *Jobs) Finish(ctx context.Context, j job.Job, node string, _ time.Time) error {
	return q.release(ctx, "finish", finishJob, heldBy(j, node))
}

// Retry implements job.Queue.
func (q *Jobs) Retry(ctx context.Context, j job.Job, node string, at time.Time, cause string) error {
	return q.release(ctx, "retry", retryJob, append(heldBy(j, node), micros(at), cause, int64(j.Failures)))
}

// Bury implements job.Queue. A dead job holds up no other of its subject.
func (q *Jobs) Bury(ctx context.Context, j job.Job, node string, at time.Time, cause string) error {
	return q.release(ctx, "bury", buryJob, append(heldBy(j, node), micros(at), cause, int64(j.Failures)))
}

func heldBy(j job.Job, node string) []any {
	return []any{int64(j.MerchantID), int64(j.ID), node, int64(j.Leases)}
}

func (q *Jobs) release(ctx context.Context, what, sql string, args []any) error {
	err := q.db.Commit(ctx, storage.Batch{{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion}})
	if err != nil {
		return fmt.Errorf("%s job %d: %w", what, args[1], err)
	}
	return nil
}

// DeadJob is a job that was set aside.
type DeadJob struct {
	job.Job // RunAt is when it was set aside
	Cause   string
}

// Dead returns up to limit dead jobs of a merchant with ids after the one given,
// by id.
func (q *Jobs) Dead(ctx context.Context, m id.Merchant, after id.Job, limit int) ([]DeadJob, error) {
	readJob := jobTable.reader()
	read := func(s storage.Scanner) (d DeadJob, err error) {
		d.Job, err = readJob(also{s, &d.Cause})
		return d, err
	}
	all, err := many(ctx, q.db, read, deadJobsOf, int64(m), int64(after), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("dead jobs of merchant %d: %w", m, err)
	}
	return all, nil
}

// Jobs returns the jobs of a merchant that are still to be done, of the kinds
// given or of all, oldest first.
func (q *Jobs) Jobs(ctx context.Context, m id.Merchant, kinds ...job.Kind) ([]job.Job, error) {
	var sql strings.Builder
	sql.WriteString(jobTable.selecting("WHERE state = 'ready' AND merchant_id = $1"))
	args := []any{int64(m)}
	if len(kinds) > 0 {
		sql.WriteString(` AND kind IN (` + placeholders(2, len(kinds)) + `)`)
		for _, k := range kinds {
			args = append(args, string(k))
		}
	}
	sql.WriteString(` ORDER BY created_at, id`)
	all, err := many(ctx, q.db, jobTable.reader(), sql.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("jobs of merchant %d: %w", m, err)
	}
	return all, nil
}
