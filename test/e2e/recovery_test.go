package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/test/postgrestest"
	"github.com/vezne/vezne/test/servertest"
)

// operations is the document whose commands TestRecovery runs.
const operations = "../../docs/operations.md"

// TestRecovery restores PostgreSQL to a moment by the very commands of
// docs/operations.md, while one payment was at its bank and others came later:
// the books balance, the open payment is resolved, and what the bank alone knows
// is listed.
func TestRecovery(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewArchive(t)
	standing := strings.NewReplacer("/archive", db.Dir+"/archive", "/backup", db.Dir+"/backup",
		"/var/lib/postgresql/vezne", db.Data(), "/var/lib/postgresql/restored", db.Dir+"/restored")
	db.Shell(t, "mkdir archive backup; cat >> data/postgresql.conf <<'END'\n"+standing.Replace(written(t, "postgresql.conf"))+"END\n")
	db.Start(t, db.Data())
	db.Shell(t, "createdb vezne")

	s := servertest.Start(t, servertest.Options{Engine: storage.PostgreSQL, DSN: db.DSN(), LogLevel: "info"})
	refunded := payOrder(t, s, "before-the-backup")
	db.Shell(t, standing.Replace(written(t, "each day")))
	payOrder(t, s, "after-the-backup")
	moment, waiting := momentOfAnOpenPayment(t, s)
	for i := range 5 {
		payOrder(t, s, fmt.Sprintf("after-the-moment-%d", i))
	}
	if a, ok := s.Send(t, post("/api/payment/"+refunded+"/refund", `{"amount":0.50,"currency":"TRY"}`)); !ok ||
		a.Text("status") != "SUCCESS" {
		t.Fatalf("refund: %s", a.Body)
	}
	<-waiting
	if n := open(t, s.DSN); n != 0 {
		t.Fatalf("%d operations are open before the restore", n)
	}
	forgotten := openDatabase(t, storage.PostgreSQL, db.DSN()).column(t, `SELECT o.reference FROM operation o
		JOIN payment p ON p.merchant_id = o.merchant_id AND p.id = o.payment_id
		WHERE p.order_ref LIKE 'after-the-moment-%' OR o.kind = 'refund' ORDER BY o.reference`)
	if len(forgotten) != 6 {
		t.Fatalf("%d operations came after the moment", len(forgotten))
	}
	if code := s.Stop(); code != 0 {
		t.Fatal("exit code", code)
	}

	db.Shell(t, standing.Replace(written(t, "stop the old server")))
	restore := strings.NewReplacer("2026-11-21 10:00:00+00", moment, "2026-11-21", onlyBackup(t, db.Dir)).Replace(written(t, "restore"))
	db.Shell(t, standing.Replace(restore))
	db.Start(t, filepath.Join(db.Dir, "restored"))
	db.Shell(t, written(t, "wait for the moment"))
	for line := range strings.Lines(written(t, "look at the database")) {
		args := append(strings.Fields(line)[1:], "--database", db.DSN())
		if said := command(t, 0, args...); slices.Contains(args, "verify") && !strings.Contains(said, "0 contradictions") {
			t.Error(said)
		}
	}
	if n := open(t, db.DSN()); n != 1 {
		t.Fatalf("%d operations are open at the moment", n)
	}
	checkRestored(t, s.Dir, db.DSN(), forgotten)
}

// momentOfAnOpenPayment returns a time at which a payment is at its bank, and a
// channel that is closed when it is answered. The bank answers within the five
// seconds that the demo waits.
func momentOfAnOpenPayment(t *testing.T, s *servertest.Server) (moment string, answered <-chan struct{}) {
	t.Helper()
	s.Misbehave(t, `{"rate":1,"kinds":["slow"],"slow_ms":3500}`)
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		if a, ok := s.Send(t, payment(charge("orderId", quoted("open-at-the-moment")), "")); ok &&
			a.Text("status") != "SUCCESS" {
			t.Errorf("pay: %d %s", a.Status, a.Body)
		}
	}()
	if !servertest.Eventually(t, func() bool { return open(t, s.DSN) == 1 }) {
		t.Fatal("no operation is open")
	}
	s.Misbehave(t, "")
	return openDatabase(t, storage.PostgreSQL, s.DSN).column(t, `SELECT clock_timestamp()::text`)[0], waiting
}

// checkRestored starts a server on the restored database and does what the
// document says of the time after a restore to an earlier moment.
func checkRestored(t *testing.T, dir, dsn string, forgotten []string) {
	t.Helper()
	s := servertest.Start(t, servertest.Options{Engine: storage.PostgreSQL, Dir: dir, DSN: dsn, LogLevel: "info"})
	if !servertest.Eventually(t, func() bool { return open(t, dsn) == 0 }) {
		t.Fatal("the open operation is not resolved")
	}
	if n := captured(t, dsn); n != 3 {
		t.Errorf("%d payments are captured, want those of before and the one that was open", n)
	}
	var report strings.Builder
	report.WriteString("Tarih;SiparisNo;Tutar\n")
	for _, r := range s.Bank(t) {
		fmt.Fprintf(&report, "%s;%s;%s\n", r.At, r.Reference, r.Amount)
	}
	file := filepath.Join(t.TempDir(), "bank.csv")
	if err := os.WriteFile(file, []byte(report.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	said := command(t, 1, "ledger", "compare", "--column", "SiparisNo", "--database", dsn, file)
	var listed []string
	for line := range strings.Lines(said) {
		if before, found := strings.CutSuffix(strings.TrimSpace(line), " is not in the database"); found {
			listed = append(listed, before[strings.LastIndex(before, " ")+1:])
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(forgotten, listed); diff != "" {
		t.Errorf("what the bank alone knows (-is +listed):\n%s\n%s", diff, said)
	}
	payOrder(t, s, "after-the-restore")
	if said := command(t, 0, "ledger", "verify", "--database", dsn); !strings.Contains(said, "4 payments, 0 contradictions") {
		t.Error(said)
	}
}

// payOrder makes an approved payment of an order and returns its id.
func payOrder(t *testing.T, s *servertest.Server, order string) string {
	t.Helper()
	a, ok := s.Send(t, payment(charge("orderId", quoted(order)), ""))
	if !ok || a.Status != http.StatusOK || a.Text("status") != "SUCCESS" {
		t.Fatalf("pay: %d %s", a.Status, a.Body)
	}
	return a.Text("paymentId")
}

// onlyBackup returns the name of the base backup, which is its day.
func onlyBackup(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "backup", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("backups: %v, %v", found, err)
	}
	return filepath.Base(found[0])
}

// written returns the block of commands that begins with a comment.
func written(t *testing.T, comment string) string {
	t.Helper()
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```\n# "+comment+"\n")
	block, _, closed := strings.Cut(block, "```\n")
	if !found || !closed {
		t.Fatalf("%s has no block %q", operations, comment)
	}
	return block
}
