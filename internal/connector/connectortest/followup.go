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
	for _, k := range s.followUps() {
		rules[string(k)+"_of_an_unknown_original_is_declined"] = func(t *testing.T) { s.unknownOriginal(t, k) }
		switch k {
		case connector.Capture:
			rules["capture_of_a_part_is_booked"] = s.capturePart
			rules["capture_above_the_hold_is_declined"] = s.captureTooMuch
			rules["second_capture_is_declined"] = s.captureTwice
		case connector.Void:
			rules["void_reverses_a_sale"] = s.voidSale
			rules["void_reverses_a_hold"] = s.voidHold
			rules["second_void_is_declined"] = s.voidTwice
		case connector.Refund:
			rules["refunds_never_exceed_the_sale"] = s.refundParts
		case connector.Sale, connector.Authorize:
		}
	}
	if can := s.followUps(); len(can) == 3 {
		rules["void_after_a_refund_is_declined"] = s.voidAfterRefund
		rules["refund_after_a_void_is_declined"] = s.refundAfterVoid
		rules["refunds_never_exceed_the_capture"] = s.refundOfCapture
		rules["void_of_a_captured_hold_reverses_both"] = s.voidCaptured
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
	return b.original(ref, minor, a)
}

// refused is do that insists on a refusal, which must leave no row.
func (b *bank) refused(k connector.Kind, minor int64, o connector.Original, reasons ...connector.Reason) {
	b.t.Helper()
	ref, a, err := b.do(k, minor, o)
	b.wantDeclined(a, err, reasons...)
	if r, ok := b.booked(ref); ok {
		b.t.Errorf("a refused %s is in the ledger: %+v", k, r)
	}
}

func (b *bank) wantRow(ref string, k connector.Kind, amount, original, status string) {
	b.t.Helper()
	r, ok := b.booked(ref)
	if !ok || r.Kind != string(k) || string(r.Amount) != amount || r.Original != original || r.Status != status {
		b.t.Errorf("ledger = %+v, want %s %s of %q %s", r, k, amount, original, status)
	}
}

func (s suite) unknownOriginal(t *testing.T, k connector.Kind) {
	b := s.start(t)
	b.refused(k, 100, connector.Original{
		Reference: "NEVERSEEN", TransactionID: "NEVERSEEN", HostReference: "000000000000", AuthCode: "000000",
		Amount: b.amount(100),
	}, connector.PaymentNotFoundForRefund, connector.InvalidTransaction)
}

func (s suite) capturePart(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	c := b.done(connector.Capture, 6000, hold)
	b.wantRow(c.Reference, connector.Capture, "60.00", hold.Reference, "approved")
	f, err := b.inquire(connector.Capture, c.Reference, 6000, hold)
	b.wantOutcome(f.Answer, err, connector.Approved)
}

func (s suite) captureTooMuch(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.refused(connector.Capture, 10051, hold, connector.InvalidAmount)
	b.done(connector.Capture, 10050, hold)
}

func (s suite) captureTwice(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.done(connector.Capture, 5000, hold)
	b.refused(connector.Capture, 5000, hold)
}

func (s suite) voidSale(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	v := b.done(connector.Void, 10050, sale)
	b.wantRow(v.Reference, connector.Void, "100.50", sale.Reference, "approved")
	b.wantRow(sale.Reference, connector.Sale, "100.50", "", "reversed")
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
	b.wantRow(hold.Reference, connector.Authorize, "100.50", "", "reversed")
}

func (s suite) voidTwice(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.done(connector.Void, 10050, sale)
	b.refused(connector.Void, 10050, sale)
}

func (s suite) voidCaptured(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	c := b.done(connector.Capture, 10050, hold)
	b.done(connector.Void, 10050, hold)
	b.wantRow(hold.Reference, connector.Authorize, "100.50", "", "reversed")
	b.wantRow(c.Reference, connector.Capture, "100.50", hold.Reference, "reversed")
	b.refused(connector.Capture, 10050, hold)
	b.refused(connector.Refund, 10050, hold)
}

func (s suite) refundParts(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	r := b.done(connector.Refund, 4000, sale)
	b.wantRow(r.Reference, connector.Refund, "40.00", sale.Reference, "approved")
	b.refused(connector.Refund, 6051, sale)
	b.done(connector.Refund, 6050, sale)
	b.refused(connector.Refund, 1, sale)
	b.wantRow(sale.Reference, connector.Sale, "100.50", "", "approved")
}

func (s suite) refundOfCapture(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10050)
	b.refused(connector.Refund, 1, hold)
	c := b.done(connector.Capture, 6000, hold)
	b.refused(connector.Refund, 6001, c)
	b.done(connector.Refund, 6000, c)
	b.refused(connector.Refund, 1, c)
	b.refused(connector.Refund, 1, hold)
}

func (s suite) voidAfterRefund(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.done(connector.Refund, 1, sale)
	b.refused(connector.Void, 10050, sale)
}

func (s suite) refundAfterVoid(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	b.done(connector.Void, 10050, sale)
	b.refused(connector.Refund, 10050, sale)
}
