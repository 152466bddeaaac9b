package sqlstore_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

func TestDocumentsOfPayment(t *testing.T) {
	t.Parallel()
	const odd = "Çağ \"A.Ş.\" \\ <b>\u2028\n{[}],"
	plan := installment.Plan{ID: 7, POSID: 3, Program: odd, Count: 6, CommissionRate: 1990, CustomerRate: 25}
	full := payment.Payment{
		Card: payment.Instrument{
			Masked: "m", BIN: "b", Last4: "l", Holder: odd, Fingerprint: "f", Bank: odd, Scheme: "VISA", Type: "credit",
			Program: odd, Brand: odd, Commercial: true, Known: true, Domestic: true, CardID: 9,
		},
		Routing: routing.Decision{
			Candidates: []routing.Candidate{
				{
					POS:  pos.POS{ID: 3, Alias: odd, Name: odd, BankCode: "0062", Connector: "sandbox"},
					Plan: plan, Reason: routing.OnUs, ThreeDS: connector.Requires3DS,
				},
				{POS: pos.POS{ID: 4, Alias: "b"}, Plan: installment.Plan{POSID: 4}, Reason: routing.ByPriority},
			},
			Rejected: []routing.Rejection{{POSID: 5, Alias: odd, Reason: routing.NoPlan}, {POSID: 6, Alias: "c", Reason: routing.NoHolds}},
			RuleID:   2, RuleName: odd,
		},
	}
	for name, tt := range map[string]struct {
		p                   payment.Payment
		instrument, routing string // as they are written, if that is short
	}{
		"nothing":       {payment.Payment{}, `{}`, `{}`},
		"everything":    {full, "", ""},
		"rejected_only": {payment.Payment{Routing: routing.Decision{Rejected: full.Routing.Rejected[1:]}}, `{}`, `{"rejected":[{"pos_id":6,"alias":"c","reason":"no_holds"}]}`},
		"one_member":    {payment.Payment{Card: payment.Instrument{Domestic: true}}, `{"domestic":true}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			instrument, decision, read, err := sqlstore.Documents(tt.p)
			if err != nil {
				t.Fatalf("%v: %s %s", err, instrument, decision)
			}
			if diff := cmp.Diff(tt.p, read, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("read (-written +read):\n%s", diff)
			}
			if tt.instrument != "" && (instrument != tt.instrument || decision != tt.routing) {
				t.Errorf("wrote %s and %s", instrument, decision)
			}
		})
	}
}
