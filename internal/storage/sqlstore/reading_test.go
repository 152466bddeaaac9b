package sqlstore_test

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/webhook"
)

// readingsAt is when the readings below are taken.
var readingsAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestReadings(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, engine)
			r := sqlstore.NewReadings(db)
			t.Run("nothing_is_nothing", func(t *testing.T) {
				n, oldest, err := r.Unknown(t.Context(), readingsAt)
				if n != 0 || !oldest.IsZero() || err != nil {
					t.Errorf("%d unknown since %s, %v", n, oldest, err)
				}
				if due, _, err := r.Due(t.Context(), "work", readingsAt); due != 0 || err != nil {
					t.Errorf("%d due, %v", due, err)
				}
			})
			t.Run("only_what_is_unknown_counts", func(t *testing.T) { countUnknown(t, db, r) })
			t.Run("only_jobs_that_could_run_lag", func(t *testing.T) { countJobs(t, db, r) })
			t.Run("endpoints_are_counted_by_state", func(t *testing.T) { countEndpoints(t, db, r) })
		})
	}
}

func write(t *testing.T, db *storage.DB, sql string, args ...any) {
	t.Helper()
	if err := db.Commit(t.Context(), storage.Batch{{SQL: sql, Args: args}}); err != nil {
		t.Fatal(err)
	}
}

// ago is a time before readingsAt, as it is stored.
func ago(d time.Duration) int64 { return readingsAt.Add(-d).UnixMicro() }

func countUnknown(t *testing.T, db *storage.DB, r *sqlstore.Readings) {
	const insert = `INSERT INTO operation (merchant_id, payment_id, id, version, ask_id, attempt, asked, kind, pos_id,
		reference, original,
		currency, amount, status, result_reason, result_transaction_id, result_host_reference, result_auth_code, result_at,
		bank_code, bank_message, actor, started_at, finished_at, next_inquiry, inquiries, escalated_at)
		VALUES (1, $1, $1, 1, $1, 1, 'sale', 'sale', 1, $2, '',
		'TRY', 100, $3, '', '', '', '', 0, '', '', '', $4, 0, $5, 0, 0)`
	for i, o := range []struct {
		status           string
		started, inquiry time.Duration // before the reading
	}{
		{"unknown", 3 * time.Minute, -time.Minute},
		{"unknown", time.Minute, time.Second},
		{"open", 2 * time.Minute, time.Minute},         // left by a crash
		{"open", 10 * time.Second, -20 * time.Second},  // its bank is being asked
		{"approved", time.Hour, time.Hour},             // over
		{"enrolled", 2 * time.Hour, 100 * time.Minute}, // the payer is at the bank
	} {
		write(t, db, insert, int64(i+1), "ref"+strconv.Itoa(i), o.status, ago(o.started), ago(o.inquiry))
	}
	n, oldest, err := r.Unknown(t.Context(), readingsAt)
	if err != nil || n != 3 || !oldest.Equal(readingsAt.Add(-3*time.Minute)) {
		t.Errorf("%d unknown since %s (%v), want 3 since three minutes", n, oldest, err)
	}
}

func countJobs(t *testing.T, db *storage.DB, r *sqlstore.Readings) {
	const insert = `INSERT INTO job (merchant_id, id, kind, subject, payload, state, run_at, leases, failures,
		leased_by, leased_until, cause, created_at)
		VALUES (1, $1, $2, $3, '{}', $4, $5, 0, 0, '', $6, '', $7)`
	for i, j := range []struct {
		kind, subject, state  string
		due, leased, enqueued time.Duration // before the reading
	}{
		{"work", "", "ready", time.Minute, time.Hour, time.Hour},
		{"work", "", "ready", 5 * time.Minute, -1e6 * time.Hour, time.Hour},   // a node is at it, by whatever clock
		{"work", "a", "ready", -time.Minute, time.Hour, 2 * time.Hour},        // not due yet
		{"work", "a", "ready", 10 * time.Minute, time.Hour, 90 * time.Minute}, // waits for the one before
		{"work", "", "dead", 20 * time.Minute, time.Hour, time.Hour},
		{"rest", "", "dead", 20 * time.Minute, time.Hour, time.Hour},
		{"rest", "", "ready", 2 * time.Minute, time.Hour, time.Hour},
	} {
		write(t, db, insert, int64(i+1), j.kind, j.subject, j.state, ago(j.due), ago(j.leased), ago(j.enqueued))
	}
	for kind, want := range map[job.Kind]struct {
		due int64
		lag time.Duration
	}{"work": {3, time.Minute}, "rest": {1, 2 * time.Minute}} {
		n, oldest, err := r.Due(t.Context(), kind, readingsAt)
		if err != nil || n != want.due || readingsAt.Sub(oldest) != want.lag {
			t.Errorf("%s: %d due since %s (%v), want %d since %s before", kind, n, oldest, err, want.due, want.lag)
		}
	}
	dead, err := r.Dead(t.Context())
	if want := map[job.Kind]int64{"work": 1, "rest": 1}; err != nil || !maps.Equal(dead, want) {
		t.Errorf("dead jobs %v (%v), want %v", dead, err, want)
	}
}

func countEndpoints(t *testing.T, db *storage.DB, r *sqlstore.Readings) {
	const insert = `INSERT INTO webhook_endpoint (merchant_id, id, version, url, description, events, state, sealed_secret,
		sealed_previous, previous_until, created_at)
		VALUES (1, $1, 1, 'https://shop.test/', '', '[]', $2, $3, $3, 0, 0)`
	for i, state := range []webhook.State{webhook.Active, webhook.Failing, webhook.Failing} {
		write(t, db, insert, int64(i+1), string(state), []byte{})
	}
	got, err := r.Endpoints(t.Context())
	if want := map[webhook.State]int64{webhook.Active: 1, webhook.Failing: 2}; err != nil || !maps.Equal(got, want) {
		t.Errorf("endpoints %v (%v), want %v", got, err, want)
	}
}
