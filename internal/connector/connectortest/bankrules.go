package connectortest

import (
	"testing"

	"github.com/vezne/vezne/internal/connector"
)

// bankRules are about what differs between banks.
func (s suite) bankRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){"rules_are_those_of_the_table": s.declaredRules}
	can := map[connector.Kind]bool{}
	for _, k := range s.followUps() {
		can[k] = true
	}
	if can[connector.Refund] {
		rules["refund_before_the_days_end_is_as_declared"] = s.refundBeforeDayEnd
		rules["equal_refund_is_told_from_its_sibling"] = s.equalRefunds
		rules["two_open_refunds_of_one_sum_are_not_guessed"] = s.openRefunds
	}
	if can[connector.Void] {
		rules["void_after_the_days_end_is_as_declared"] = s.voidAfterDayEnd
	}
	if can[connector.Void] && can[connector.Capture] {
		rules["void_of_a_captured_hold_is_as_declared"] = s.voidCaptured
	}
	if s.cases.Bank.SignsAnswers {
		rules["answer_with_a_wrong_mac_is_unknown_until_inquiry"] = s.wrongMAC
	}
	return rules
}

func (s suite) declaredRules(t *testing.T) {
	b := s.start(t)
	got, want := connector.RulesOf(b.conn), s.cases.Bank.Rules
	sameDay := got.Day.Known() == want.Day.Known()
	if sameDay && got.Day.Known() {
		sameDay = got.Day.EndAfter(now()).Equal(want.Day.EndAfter(now()))
	}
	got.Day, want.Day = connector.Day{}, connector.Day{}
	if !sameDay || got != want {
		t.Errorf("the connector declares %+v, the suite has %+v; the same day: %t", got, want, sameDay)
	}
}

func (s suite) refundBeforeDayEnd(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	if s.cases.Bank.Rules.RefundBeforeDayEnd {
		b.done(connector.Refund, 10050, sale)
		return
	}
	b.refused(connector.Refund, 10050, sale, connector.RequiresDayEnd)
	b.settle()
	b.done(connector.Refund, 10050, sale)
}

func (s suite) voidAfterDayEnd(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.settle()
	if s.cases.Bank.Rules.VoidAfterDayEnd {
		b.done(connector.Void, 10050, sale)
		b.wantStatus(sale, "reversed")
		return
	}
	b.refused(connector.Void, 10050, sale, connector.AlreadySettled)
	b.wantStatus(sale, "approved")
	if connector.CapabilitiesOf(b.conn).Refund {
		b.done(connector.Refund, 10050, sale)
	}
}

func (s suite) voidCaptured(t *testing.T) {
	b := s.start(t)
	hold := b.captured(10050, b.approved(connector.Authorize, 10050))
	capture := *hold.Capture
	b.done(connector.Void, 10050, hold)
	b.wantRow(capture.Reference, connector.Capture, "100.50", hold, "reversed")
	if s.cases.Bank.Rules.VoidLeavesHold {
		b.wantStatus(hold, "approved")
		hold.Capture = nil
		b.done(connector.Void, 10050, hold)
	}
	b.wantStatus(hold, "reversed")
	hold.Capture = nil
	b.refused(connector.Capture, 10050, hold)
}

// equalRefunds holds that one of two equal refunds whose answer was lost is found,
// and that one which never arrived is not taken for the other.
func (s suite) equalRefunds(t *testing.T) {
	for kind, booked := range map[string]bool{"reset_after_approve": true, "reset_before_read": false} {
		b := s.start(t)
		sale := b.approved(connector.Sale, 10050)
		b.untilRefundable()
		b.done(connector.Refund, 3000, sale)
		b.fault(kind, 0)
		ref, a, err := b.do(connector.Refund, 3000, sale)
		b.wantOutcome(a, err, connector.Unknown)
		b.noFaults()
		if booked {
			f := b.eventually(connector.Refund, ref, 3000, sale)
			b.wantOutcome(f.Answer, nil, connector.Approved)
			continue
		}
		if f, err := b.inquire(connector.Refund, ref, 3000, sale); err != nil || !f.Missing {
			t.Errorf("inquiry = %+v, %v, want missing", f, err)
		}
	}
}

// openRefunds holds that of two equal refunds without an answer, one of which was
// carried out, neither is called missing, declined or, unless the bank knows it by
// its reference, approved.
func (s suite) openRefunds(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.untilRefundable()
	b.fault("reset_after_approve", 0)
	arrived, a, err := b.do(connector.Refund, 3000, sale)
	b.wantOutcome(a, err, connector.Unknown)
	b.fault("reset_before_read", 0)
	lost, a, err := b.do(connector.Refund, 3000, sale)
	b.wantOutcome(a, err, connector.Unknown)
	b.noFaults()
	if s.cases.Bank.Rules.OwnReference {
		b.wantOutcome(b.eventually(connector.Refund, arrived, 3000, sale).Answer, nil, connector.Approved)
		if f, err := b.inquire(connector.Refund, lost, 3000, sale); err != nil || !f.Missing {
			t.Errorf("inquiry = %+v, %v, want missing", f, err)
		}
		return
	}
	for _, ref := range []string{arrived, lost} {
		if f, err := b.inquire(connector.Refund, ref, 3000, sale); err != nil || f.Missing || f.Outcome != connector.Unknown {
			t.Errorf("inquiry = %+v, %v, want unknown", f, err)
		}
	}
}

func (s suite) wrongMAC(t *testing.T) {
	b := s.start(t)
	b.fault("wrong_mac", 0)
	ref := b.reference()
	a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	b.wantOutcome(a, err, connector.Unknown)
	b.noFaults()
	f := b.eventually(connector.Sale, ref, 10050, connector.Original{})
	b.wantOutcome(f.Answer, nil, connector.Approved)
}
