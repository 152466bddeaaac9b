package connectortest

import (
	"context"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/connector"
)

// faultCase is a way in which the simulator misbehaves, and what then is true.
type faultCase struct {
	kind   string
	slow   int // milliseconds
	booked bool
}

func (s suite) faultRules() map[string]func(*testing.T) {
	cases := map[string]faultCase{
		"silence_after_booking":        {kind: "timeout_after_approve", booked: true},
		"reset_before_reading":         {kind: "reset_before_read"},
		"reset_after_booking":          {kind: "reset_after_approve", booked: true},
		"slower_than_the_deadline":     {kind: "slow", slow: int(impatience.Milliseconds()) + 500, booked: true},
		"error_500":                    {kind: "http_500"},
		"unreadable_answer_after_book": {kind: "garbage", booked: true},
	}
	rules := map[string]func(*testing.T){
		"slow_within_the_deadline_is_approved":      s.slowButInTime,
		"duplicate_callback_leaves_direct_calls":    s.duplicateCallback,
		"fault_settings_that_are_wrong_are_refused": s.wrongFaults,
	}
	for name, c := range cases {
		for _, k := range s.charges() {
			rules[string(k)+"_"+name+"_is_unknown_until_inquiry"] = func(t *testing.T) { s.faultyCharge(t, c, k) }
		}
		for _, k := range s.followUps() {
			rules[string(k)+"_"+name+"_is_unknown_until_inquiry"] = func(t *testing.T) { s.faultyFollowUp(t, c, k) }
		}
	}
	return rules
}

// charges are the kinds of charge that the connector takes.
func (s suite) charges() []connector.Kind {
	if slices.Contains(s.followUps(), connector.Capture) {
		return []connector.Kind{connector.Sale, connector.Authorize}
	}
	return []connector.Kind{connector.Sale}
}

func (s suite) faultyCharge(t *testing.T, c faultCase, k connector.Kind) {
	b := s.start(t)
	b.fault(c.kind, c.slow)
	ref := b.reference()
	ctx, cancel := context.WithTimeout(t.Context(), impatience)
	defer cancel()
	a, err := b.charge(ctx, k, ref, 10050)
	b.wantOutcome(a, err, connector.Unknown)
	b.noFaults()
	b.wantTruth(c, k, ref, connector.Original{})
}

func (s suite) faultyFollowUp(t *testing.T, c faultCase, k connector.Kind) {
	b := s.start(t)
	first := connector.Sale
	if k == connector.Capture {
		first = connector.Authorize
	}
	o := b.approved(first, 10050)
	if k == connector.Refund {
		b.untilRefundable()
	}
	b.fault(c.kind, c.slow)
	ref := b.reference()
	ctx, cancel := context.WithTimeout(t.Context(), impatience)
	defer cancel()
	a, err := b.follow(ctx, k, ref, 10050, o)
	b.wantOutcome(a, err, connector.Unknown)
	b.noFaults()
	b.wantTruth(c, k, ref, o)
}

// wantTruth insists that an inquiry finds what the ledger says, and that the
// reference can be used again exactly if nothing was booked.
func (b *bank) wantTruth(c faultCase, k connector.Kind, ref string, o connector.Original) {
	b.t.Helper()
	if !c.booked {
		if f, err := b.inquire(k, ref, 10050, o); err != nil || !f.Missing {
			b.t.Errorf("inquiry = %+v, %v, want missing", f, err)
		}
		if r, ok := b.rowOf(k, ref, o); ok {
			b.t.Errorf("booked: %+v", r)
		}
		return
	}
	f := b.eventually(k, ref, 10050, o)
	b.wantOutcome(f.Answer, nil, connector.Approved)
	r, ok := b.rowOf(k, ref, o)
	if !ok || r.Amount != "100.50" || r.Original != o.Reference {
		b.t.Errorf("ledger = %+v, %t", r, ok)
	}
}

// rowOf returns the row of a charge or a follow-up.
func (b *bank) rowOf(k connector.Kind, ref string, o connector.Original) (row, bool) {
	b.t.Helper()
	if o.Reference == "" {
		return b.booked(ref)
	}
	return b.followed(k, ref, o)
}

func (s suite) slowButInTime(t *testing.T) {
	b := s.start(t)
	b.fault("slow", 50)
	ref := b.reference()
	a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	b.wantOutcome(a, err, connector.Approved)
}

func (s suite) duplicateCallback(t *testing.T) {
	b := s.start(t)
	b.fault("duplicate_callback", 0)
	b.approved(connector.Sale, 10050)
}

func (s suite) wrongFaults(t *testing.T) {
	b := s.start(t)
	for _, body := range []string{
		`{"rate":1.5,"kinds":["slow"]}`, `{"rate":-0.1,"kinds":["slow"]}`, `{"rate":"1","kinds":["slow"]}`,
		`{"rate":1,"kinds":["fire"]}`, `{"rate":1,"kinds":[]}`, `{"rate":1}`, `{"rate":1,"kinds":["slow"],"slow_ms":-1}`,
		`{"rate":1,"kinds":["slow"],"speed":1}`, `[]`, ``,
	} {
		b.control("PUT", "/_faults", body, 400)
	}
	b.approved(connector.Sale, 10050)
}
