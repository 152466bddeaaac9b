package parity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// The cards of the stories.
const (
	axessCard  = "5421190122090656"
	brokeCard  = "5100050000006661"
	failedCard = "5115830000006669" // mdStatus 0
	triedCard  = "5117280000006665" // mdStatus 4: attempted only
	strayCard  = "5117580000006668" // its authentication cannot begin
)

// trace is what a story leaves, whichever surface it was told through.
type trace struct {
	State      string
	POS        string
	Price      string
	Commission string
	Authorized string
	Captured   string
	Refunded   string
	Operations []string // kind, amount, status and reason
	Ledger     []string // account and amount, in the order of booking
	Audit      []string // actions, oldest first
}

// TestParity tells every story through every door on both engines.
func TestParity(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		for name, h := range houses() {
			t.Run(string(engine)+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := servertest.Start(t, servertest.Options{Engine: engine, Args: h.fixtures(t)})
				for door, through := range h.doors(s) {
					tellAll(t, s, door, through)
				}
			})
		}
	}
}

func tellAll(t *testing.T, s *servertest.Server, door string, through surface) {
	t.Helper()
	for name, st := range stories() {
		if slices.Contains(st.not, door) {
			continue
		}
		t.Run(door+"/"+name, func(t *testing.T) {
			p := st.tell(t, teller{through, s, t.Name()})
			if diff := cmp.Diff(st.want.through(door), left(t, s, p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s.CheckBooks(t, servertest.Admin(), p)
		})
	}
}

// through is what a story leaves by a door. The audit log of a sale that the bank
// books at the return has one row more: first that the bank has booked, and then
// that the merchant wants it.
func (w trace) through(door string) trace {
	if strings.HasSuffix(door, bookedAt) && w.State != "declined" {
		w.Audit = append([]string{"payment.sale"}, w.Audit...)
	}
	return w
}

// left reads what a story left behind.
func left(t *testing.T, s *servertest.Server, paymentID string) trace {
	t.Helper()
	d := s.Detail(t, servertest.Admin(), paymentID)
	got := trace{
		State: d.State, POS: d.POSAlias, Price: string(d.Price), Commission: string(d.Commission),
		Authorized: string(d.Authorized), Captured: string(d.Captured), Refunded: string(d.Refunded),
		Audit: audited(t, s, paymentID),
	}
	for _, o := range d.Operations {
		got.Operations = append(got.Operations, o.Kind+" "+string(o.Amount)+" "+o.Status+" "+o.Reason)
	}
	for _, e := range d.Ledger {
		got.Ledger = append(got.Ledger, e.Account+" "+string(e.Amount))
	}
	return got
}

// audited returns the actions of a payment's audit rows, which no surface shows.
func audited(t *testing.T, s *servertest.Server, paymentID string) []string {
	t.Helper()
	db, err := storage.Open(t.Context(), s.DSN, storage.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	var actions []string
	err = db.Query(t.Context(), `SELECT action FROM audit_record WHERE merchant_id = 1 AND subject = $1 ORDER BY at, id`,
		[]any{"payment:" + paymentID}, func(row storage.Scanner) error {
			var action string
			if err := row.Scan(&action); err != nil {
				return err
			}
			actions = append(actions, action)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}
