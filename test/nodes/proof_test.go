package nodes_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver

	"github.com/vezne/vezne/internal/cli"
)

// database looks into the nodes' database from beside them.
type database struct{ pool *sql.DB }

func openDatabase(t *testing.T, dsn string) database {
	t.Helper()
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() }) // nothing was left open
	return database{pool}
}

func (d database) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := d.pool.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// rows returns a query's rows of integers.
func (d database) rows(t *testing.T, query string, args ...any) [][1]int64 {
	t.Helper()
	rows, err := d.pool.QueryContext(context.WithoutCancel(t.Context()), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err was asked
	var all [][1]int64
	for rows.Next() {
		var row [1]int64
		if err := rows.Scan(&row[0]); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

func (d database) number(t *testing.T, query string, args ...any) int64 {
	t.Helper()
	rows := d.rows(t, query, args...)
	if len(rows) != 1 {
		t.Fatalf("%s: %d rows", query, len(rows))
	}
	return rows[0][0]
}

// leaseholders counts the nodes that hold a delivery.
const leaseholders = `SELECT count(DISTINCT leased_by) FROM job WHERE leased_by <> '' AND kind = 'webhook.deliver'`

// recordLeases has the database itself write down every lease that is taken, with
// the one that was there before.
func (d database) recordLeases(t *testing.T) {
	t.Helper()
	d.exec(t, `CREATE TABLE lease (merchant_id BIGINT, id BIGINT, kind TEXT, at BIGINT, node TEXT, was TEXT, was_until BIGINT)`)
	d.exec(t, `CREATE FUNCTION record_lease() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lease VALUES (NEW.merchant_id, NEW.id, NEW.kind, extract(epoch FROM clock_timestamp()) * 1000000, NEW.leased_by,
        OLD.leased_by, OLD.leased_until);
    RETURN NULL;
END
$$`)
	d.exec(t, `CREATE TRIGGER lease_taken AFTER UPDATE ON job FOR EACH ROW WHEN (NEW.leased_by <> '') EXECUTE FUNCTION record_lease()`)
}

// jobLimit is longer than the minute after which a dead node's lease moves.
const jobLimit = 3 * time.Minute

// awaitJobs waits until no job is due or in hand and no operation is open.
func (d database) awaitJobs(t *testing.T) {
	t.Helper()
	const due = `SELECT (SELECT count(*) FROM job WHERE state = 'ready' AND (leased_by <> '' OR run_at <= $1))
		+ (SELECT count(*) FROM operation WHERE status IN ('open', 'unknown'))`
	if !wait.Poll(t.Context(), jobLimit, func() bool { return d.number(t, due, time.Now().UnixMicro()) == 0 }) {
		t.Errorf("%d jobs and operations are still to be done", d.number(t, due, time.Now().UnixMicro()))
	}
	if n := d.number(t, `SELECT count(*) FROM job WHERE state = 'dead'`); n != 0 {
		t.Errorf("%d jobs are dead", n)
	}
}

// checkIDs proves that no id was given twice, over all merchants.
func (d database) checkIDs(t *testing.T) {
	t.Helper()
	for _, table := range []string{"payment", "operation", "payment_item", "audit_record", "webhook_delivery"} {
		all, distinct := d.number(t, `SELECT count(*) FROM `+table), d.number(t, `SELECT count(DISTINCT id) FROM `+table)
		t.Logf("%d rows of %s", all, table)
		if all == 0 || all != distinct {
			t.Errorf("%d rows of %s have %d ids", all, table, distinct)
		}
	}
	for name, query := range map[string]string{
		"references": `SELECT count(*) - count(DISTINCT reference) FROM operation`,
		"UUIDs":      `SELECT count(*) - count(DISTINCT uuid) FROM payment`,
		// A job is gone when it is done, but its leases are written down.
		"jobs of two kinds under one id": `SELECT count(*) FROM (SELECT id FROM lease GROUP BY id HAVING count(DISTINCT (merchant_id, kind)) > 1) twice`,
	} {
		if n := d.number(t, query); n != 0 {
			t.Errorf("%s: %d twice", name, n)
		}
	}
}

// checkLeases proves that no node took a job before the lease of another was
// over, and that those of the killed node moved.
func (d database) checkLeases(t *testing.T) {
	t.Helper()
	leases, moved := d.number(t, `SELECT count(*) FROM lease`), d.number(t, `SELECT count(*) FROM lease WHERE was <> ''`)
	holders := d.number(t, `SELECT count(DISTINCT node) FROM lease`)
	t.Logf("%d leases by %d runners; %d moved from a node that was gone", leases, holders, moved)
	if n := d.number(t, `SELECT count(*) FROM lease WHERE was <> '' AND was_until > at`); n != 0 {
		t.Errorf("%d jobs were taken while another node had them", n)
	}
	if moved == 0 {
		t.Error("the killed node had no job in hand: nothing was proved")
	}
}

// checkEvents proves that the shop heard of every capture, and of nothing twice at
// once.
func checkEvents(t *testing.T, d database, s *shop) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.doubly) > 0 {
		t.Errorf("%d events were delivered twice at once", len(s.doubly))
	}
	repeated := 0
	for name, runs := range s.runs {
		for i := 1; i < len(runs); i++ {
			repeated++
			if runs[i].from.Before(runs[i-1].until) {
				t.Errorf("event %s was delivered twice at once", name)
			}
		}
	}
	t.Logf("%d events, %d deliveries of them repeated", len(s.runs), repeated)
	owed := d.number(t, `SELECT count(*) FROM webhook_delivery w JOIN webhook_endpoint e ON e.merchant_id = w.merchant_id AND e.id = w.endpoint_id
		WHERE e.url = $1`, s.url+"/event")
	captures := d.number(t, `SELECT count(*) FROM operation WHERE merchant_id = 1 AND kind IN ('sale', 'capture') AND status = 'approved'`)
	if owed != int64(len(s.runs)) || owed < captures || captures == 0 {
		t.Errorf("the shop heard of %d events, the log has %d, and %d captures were made", len(s.runs), owed, captures)
	}
}

// checkBank proves that the bank's ledger and the operations are the same.
func checkBank(t *testing.T, d database, c *cluster) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.bank+"/sim/sandbox/_ledger", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end
	var ledger struct {
		Transactions []struct {
			Reference string         `json:"reference"`
			Kind      string         `json:"kind"`
			Amount    jsontext.Value `json:"amount"`
			Currency  string         `json:"currency"`
		} `json:"transactions"`
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &ledger); err != nil {
		t.Fatal(err)
	}
	bank := make(map[string]bool)
	for _, r := range ledger.Transactions {
		bank[fmt.Sprintf("%s %s %s %s", r.Reference, r.Kind, r.Amount, r.Currency)] = true
	}
	if len(bank) != len(ledger.Transactions) || len(bank) == 0 {
		t.Errorf("%d rows of the bank, %d of them different", len(ledger.Transactions), len(bank))
	}
	for _, o := range d.approved(t) {
		if !bank[o] {
			t.Errorf("the bank does not know %s", o)
		}
		delete(bank, o)
	}
	for r := range bank {
		t.Errorf("no operation knows of %s", r)
	}
	t.Logf("%d rows of the bank agree with the operations", len(ledger.Transactions))
}

// approved returns the operations that stand or stood at the bank.
func (d database) approved(t *testing.T) []string {
	t.Helper()
	rows, err := d.pool.QueryContext(t.Context(), `SELECT reference || ' ' || kind || ' ' || to_char(amount / 100.0, 'FM999999990.00') || ' ' || currency
		FROM operation WHERE status IN ('approved', 'reversed') ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err was asked
	var all []string
	for rows.Next() {
		var o string
		if err := rows.Scan(&o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// verifyBooks runs `vezne ledger verify`.
func verifyBooks(t *testing.T, c *cluster) {
	t.Helper()
	var said bytes.Buffer
	if code := cli.Run(t.Context(), []string{"ledger", "verify", "--database", c.dsn}, cli.World{Stdout: &said, Stderr: &said}); code != 0 {
		t.Errorf("ledger verify ends with %d: %s", code, said.String())
	}
}
