package connectortest

import (
	"testing"

	"github.com/vezne/vezne/internal/connector"
)

// followUps returns what the connector can do after a charge.
func (s suite) followUps() []connector.Kind {
	conn, err := s.registration.Open(s.cases.Settings, s.unconnected())
	if err != nil {
		return nil // the Registration rules tell why
	}
	var kinds []connector.Kind
	c := connector.CapabilitiesOf(conn)
	if c.Capture {
		kinds = append(kinds, connector.Capture)
	}
	if c.Void {
		kinds = append(kinds, connector.Void)
	}
	if c.Refund {
		kinds = append(kinds, connector.Refund)
	}
	return kinds
}

func (s suite) followUpRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){}
	can := map[connector.Kind]bool{}
	for _, k := range s.followUps() {
		can[k] = true
		rules[string(k)+"_of_an_unknown_original_is_declined"] = func(t *testing.T) { s.unknownOriginal(t, k) }
	}
	for _, r := range []struct {
		needs []connector.Kind
		name  string
		rule  func(*testing.T)
	}{
		{[]connector.Kind{connector.Capture}, "capture_of_a_part_is_booked", s.capturePart},
		{[]connector.Kind{connector.Capture}, "capture_above_the_hold_is_as_declared", s.captureTooMuch},
		{[]connector.Kind{connector.Capture}, "second_capture_is_declined", s.captureTwice},
		{[]connector.Kind{connector.Void}, "void_reverses_a_sale", s.voidSale},
		{[]connector.Kind{connector.Void}, "second_void_is_declined", s.voidTwice},
		{[]connector.Kind{connector.Void, connector.Capture}, "void_reverses_a_hold", s.voidHold},
		{[]connector.Kind{connector.Refund}, "refunds_never_exceed_the_sale", s.refundParts},
		{[]connector.Kind{connector.Refund}, "what_an_inquiry_found_can_be_refunded", s.refundOfFound},
		{[]connector.Kind{connector.Void, connector.Refund}, "void_after_a_refund_is_declined", s.voidAfterRefund},
		{[]connector.Kind{connector.Void, connector.Refund}, "refund_after_a_void_is_declined", s.refundAfterVoid},
		{[]connector.Kind{connector.Capture, connector.Refund}, "refunds_never_exceed_the_capture", s.refundOfCapture},
	} {
		able := true
		for _, k := range r.needs {
			able = able && can[k]
		}
		if able {
			rules[r.name] = r.rule
		}
	}
	return rules
}

// do sends a follow-up with a fresh reference and returns that.
func (b *bank) do(k connector.Kind, minor int64, o connector.Original) (string, connector.Answer, error) {
	ref := b.reference()
	a, err := b.follow(b.t.Context(), k, ref, minor, o)
	return ref, a, err
}

// done is do that insists on an approval.
func (b *bank) done(k connector.Kind, minor int64, o connector.Original) connector.Original {
	b.t.Helper()
	ref, a, err := b.do(k, minor, o)
	b.wantOutcome(a, err, connector.Approved)
	return b.original(k, ref, minor, a)
}

// captured captures a hold and returns it with its capture.
func (b *bank) captured(minor int64, hold connector.Original) connector.Original {
	b.t.Helper()
	capture := b.done(connector.Capture, minor, hold)
	hold.Capture = &capture
	return hold
}

// refused is do that insists on a refusal, which must leave no row.
func (b *bank) refused(k connector.Kind, minor int64, o connector.Original, reasons ...connector.Reason) {
	b.t.Helper()
	before := len(b.ledger())
	_, a, err := b.do(k, minor, o)
	b.wantDeclined(a, err, reasons...)
	if after := len(b.ledger()); after != before {
		b.t.Errorf("a refused %s is in the ledger", k)
	}
}

// wantRow insists on a row of a follow-up.
func (b *bank) wantRow(ref string, k connector.Kind, amount string, o connector.Original, status string) {
	b.t.Helper()
	own := b.suite.cases.Bank.Rules.OwnReference
	for _, r := range b.ledger() {
		if r.Kind == string(k) && string(r.Amount) == amount && r.Original == o.Reference && r.Status == status && (!own || r.Reference == ref) {
			return
		}
	}
	b.t.Errorf("ledger has no %s of %s for %s, %s: %+v", k, amount, o.Reference, status, b.ledger())
}

// wantStatus insists on how a charge stands in the ledger.
func (b *bank) wantStatus(o connector.Original, status string) {
	b.t.Helper()
	if r, ok := b.booked(o.Reference); !ok || r.Status != status || r.Kind != string(o.Kind) {
		b.t.Errorf("ledger = %+v, want %s", r, status)
	}
}

// unknownOriginal follows up what another bank has approved.
func (s suite) unknownOriginal(t *testing.T, k connector.Kind) {
	first := connector.Sale
	if k == connector.Capture {
		first = connector.Authorize
	}
	elsewhere := s.start(t).approved(first, 100)
	b := s.start(t)
	b.untilRefundable()
	b.refused(k, 100, elsewhere, connector.PaymentNotFoundForRefund, connector.InvalidTransaction)
}

func (s suite) capturePart(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	c := b.done(connector.Capture, 6000, hold)
	b.wantRow(c.Reference, connector.Capture, "60.00", hold, "approved")
	f, err := b.inquire(connector.Capture, c.Reference, 6000, hold)
	b.wantOutcome(f.Answer, err, connector.Approved)
}

// captureTooMuch holds that a bank takes as much above a hold as its rules say, and
// not a unit more. What was taken so can be given back.
func (s suite) captureTooMuch(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10051)
	limit := s.cases.Bank.Rules.CaptureLimit(hold.Amount).Minor()
	b.refused(connector.Capture, limit+1, hold, connector.InvalidAmount)
	hold = b.captured(limit, hold)
	if connector.CapabilitiesOf(b.conn).Refund {
		b.untilRefundable()
		b.done(connector.Refund, limit, hold)
	}
}

func (s suite) captureTwice(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.refused(connector.Capture, 5000, b.captured(5000, hold))
}

func (s suite) voidSale(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	v := b.done(connector.Void, 10050, sale)
	b.wantRow(v.Reference, connector.Void, "100.50", sale, "approved")
	b.wantStatus(sale, "reversed")
	f, err := b.inquire(connector.Sale, sale.Reference, 10050, connector.Original{})
	b.wantOutcome(f.Answer, err, connector.Approved)
	if !f.Reversed {
		t.Error("inquiry does not tell that the sale was voided")
	}
}

func (s suite) voidHold(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.done(connector.Void, 10050, hold)
	b.wantStatus(hold, "reversed")
}

func (s suite) voidTwice(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.done(connector.Void, 10050, sale)
	b.refused(connector.Void, 10050, sale)
}

func (s suite) refundParts(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.untilRefundable()
	r := b.done(connector.Refund, 4000, sale)
	b.wantRow(r.Reference, connector.Refund, "40.00", sale, "approved")
	b.refused(connector.Refund, 6051, sale)
	b.done(connector.Refund, 6050, sale)
	b.refused(connector.Refund, 1, sale)
	b.wantStatus(sale, "approved")
}

// refundOfFound holds that an inquiry tells all that later requests need, memo
// included: after a lost answer there is nothing else.
func (s suite) refundOfFound(t *testing.T) {
	b := s.start(t)
	b.fault("reset_after_approve", 0)
	ref := b.reference()
	a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	b.wantOutcome(a, err, connector.Unknown)
	b.noFaults()
	f := b.eventually(connector.Sale, ref, 10050, connector.Original{})
	b.wantOutcome(f.Answer, nil, connector.Approved)
	b.untilRefundable()
	b.done(connector.Refund, 10050, b.original(connector.Sale, ref, 10050, f.Answer))
}

func (s suite) refundOfCapture(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.refused(connector.Refund, 1, hold)
	hold = b.captured(6000, hold)
	b.untilRefundable()
	b.refused(connector.Refund, 6001, hold)
	b.done(connector.Refund, 6000, hold)
	b.refused(connector.Refund, 1, hold)
}

func (s suite) voidAfterRefund(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.untilRefundable()
	b.done(connector.Refund, 1, sale)
	b.refused(connector.Void, 10050, sale)
}

func (s suite) refundAfterVoid(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.done(connector.Void, 10050, sale)
	b.untilRefundable()
	b.refused(connector.Refund, 10050, sale)
}
