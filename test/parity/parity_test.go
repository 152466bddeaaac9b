package parity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// The cards of the stories.
const (
	axessCard = "5421190122090656"
	brokeCard = "5100050000006661"
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

type story struct {
	tell func(*testing.T, surface, string) string
	want trace
}

func stories() map[string]story {
	sale := func(t *testing.T, s surface, ref string) string { return s.pay(t, order{ref, "100.50", axessCard}) }
	hold := func(t *testing.T, s surface, ref string) string { return s.hold(t, order{ref, "100.50", axessCard}) }
	sold := []string{"pos_receivable:3 98.50", "sales -100.50", "bank_commission 2.00"}
	return map[string]story{
		"sale": {sale, trace{
			"captured", "akbank", "100.50", "2.00", "0.00", "100.50", "0.00",
			[]string{"sale 100.50 approved SUCCESS"}, sold, []string{"payment.sale"},
		}},
		"decline": {
			func(t *testing.T, s surface, ref string) string { return s.pay(t, order{ref, "100.50", brokeCard}) },
			trace{
				"declined", "garanti", "100.50", "0.00", "0.00", "0.00", "0.00",
				[]string{"sale 100.50 declined NOT_SUFFICIENT_FUNDS"}, nil, []string{"payment.sale"},
			},
		},
		"hold": {hold, trace{
			"authorized", "akbank", "100.50", "2.00", "100.50", "0.00", "0.00",
			[]string{"authorize 100.50 approved SUCCESS"}, nil, []string{"payment.authorize"},
		}},
		"capture_of_a_part": {
			func(t *testing.T, s surface, ref string) string {
				p := hold(t, s, ref)
				s.capture(t, p, "90.00")
				return p
			},
			trace{
				"captured", "akbank", "100.50", "1.79", "100.50", "90.00", "0.00",
				[]string{"authorize 100.50 approved SUCCESS", "capture 90.00 approved SUCCESS"},
				[]string{"pos_receivable:3 88.21", "sales -90.00", "bank_commission 1.79"},
				[]string{"payment.authorize", "payment.capture"},
			},
		},
		"void_of_a_sale": {
			func(t *testing.T, s surface, ref string) string {
				p := sale(t, s, ref)
				s.void(t, p)
				return p
			},
			trace{
				"voided", "akbank", "100.50", "2.00", "0.00", "100.50", "0.00",
				[]string{"sale 100.50 approved SUCCESS", "void 100.50 approved SUCCESS"},
				append(sold[:3:3], "pos_receivable:3 -98.50", "sales 100.50", "bank_commission -2.00"),
				[]string{"payment.sale", "payment.void"},
			},
		},
		"void_of_a_hold": {
			func(t *testing.T, s surface, ref string) string {
				p := hold(t, s, ref)
				s.void(t, p)
				return p
			},
			trace{
				"voided", "akbank", "100.50", "2.00", "100.50", "0.00", "0.00",
				[]string{"authorize 100.50 approved SUCCESS", "void 100.50 approved SUCCESS"}, nil,
				[]string{"payment.authorize", "payment.void"},
			},
		},
		"refund_in_parts": {
			func(t *testing.T, s surface, ref string) string {
				p := sale(t, s, ref)
				s.refund(t, p, "33.50")
				s.refund(t, p, "67.00")
				return p
			},
			trace{
				// The commission comes back with the money: 0.67 of 2.00 for a third.
				"refunded", "akbank", "100.50", "2.00", "0.00", "100.50", "100.50",
				[]string{"sale 100.50 approved SUCCESS", "refund 33.50 approved SUCCESS", "refund 67.00 approved SUCCESS"},
				append(sold[:3:3],
					"pos_receivable:3 -32.83", "sales 33.50", "bank_commission -0.67",
					"pos_receivable:3 -65.67", "sales 67.00", "bank_commission -1.33"),
				[]string{"payment.sale", "payment.refund", "payment.refund"},
			},
		},
	}
}

// TestParity tells every story through every surface on both engines.
func TestParity(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine})
			for door, through := range surfaces(s) {
				for name, st := range stories() {
					t.Run(door+"/"+name, func(t *testing.T) {
						p := st.tell(t, through, t.Name())
						if diff := cmp.Diff(st.want, left(t, s, p)); diff != "" {
							t.Errorf("(-want +got):\n%s", diff)
						}
						s.CheckBooks(t, servertest.Admin(), p)
					})
				}
			}
		})
	}
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
