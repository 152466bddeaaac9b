package connectortest

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/connector"
)

func (s suite) chargeRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){
		"sale_is_approved_and_booked_once":      func(t *testing.T) { s.approvedCharge(t, connector.Sale) },
		"refusal_is_declined_with_its_reason":   s.declinedCharge,
		"second_use_of_a_reference_is_refused":  s.secondUse,
		"inquiry_about_nothing_is_missing":      s.missingCharge,
		"wrong_key_books_nothing":               s.wrongKey,
		"ledger_survives_a_restart_of_the_bank": s.restart,
	}
	if slices.Contains(s.followUps(), connector.Capture) {
		rules["hold_is_approved_and_booked_once"] = func(t *testing.T) { s.approvedCharge(t, connector.Authorize) }
	}
	return rules
}

func (s suite) approvedCharge(t *testing.T, k connector.Kind) {
	b := s.start(t)
	ref := b.reference()
	a, err := b.charge(t.Context(), k, ref, 10050)
	b.wantOutcome(a, err, connector.Approved)
	if a.Reason != connector.Success || a.TransactionID == "" || a.AuthCode == "" {
		t.Errorf("approval is incomplete: %+v", a)
	}
	r, ok := b.booked(ref)
	want := row{
		Reference: ref, Kind: string(k), Amount: "100.50", Currency: s.cases.Currency.String(),
		Status: "approved", CardLast4: s.cases.Approved.PAN.Last4(), ApprovedAt: r.ApprovedAt,
	}
	if !ok || r != want || r.ApprovedAt.IsZero() {
		t.Errorf("ledger = %+v, want %+v", r, want)
	}
	f, err := b.inquire(k, ref, 10050, connector.Original{})
	b.wantOutcome(f.Answer, err, connector.Approved)
	if f.TransactionID != a.TransactionID || f.AuthCode != a.AuthCode || f.Reason != connector.Success || f.Missing ||
		f.Reversed {
		t.Errorf("inquiry found %+v, the answer was %+v", f, a)
	}
}

func (s suite) declinedCharge(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	a, err := b.chargeCard(t.Context(), connector.Sale, ref, 10050, s.cases.Declined)
	b.wantDeclined(a, err, s.cases.DeclinedReason)
	if _, ok := b.booked(ref); ok {
		t.Error("a declined sale is in the ledger")
	}
	f, err := b.inquire(connector.Sale, ref, 10050, connector.Original{})
	if s.cases.Bank.ForgetsDeclines {
		if err != nil || !f.Missing {
			t.Errorf("inquiry = %+v, %v, want missing", f, err)
		}
		return
	}
	b.wantDeclined(f.Answer, err, s.cases.DeclinedReason)
}

func (s suite) secondUse(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	b.wantOutcome(a, err, connector.Approved)
	again, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	b.wantRepeated(again, err, a.TransactionID)
	if _, ok := b.booked(ref); !ok {
		t.Error("the first sale is not in the ledger")
	}
	f, err := b.inquire(connector.Sale, ref, 10050, connector.Original{})
	if f.TransactionID != a.TransactionID {
		t.Errorf("inquiry found %+v (%v), the first answer was %+v", f, err, a)
	}
}

func (s suite) missingCharge(t *testing.T) {
	b := s.start(t)
	f, err := b.inquire(connector.Sale, b.reference(), 100, connector.Original{})
	if err != nil || !f.Missing || f.Outcome != connector.Unknown {
		t.Errorf("inquiry = %+v, %v, want missing and unknown", f, err)
	}
}

func (s suite) wrongKey(t *testing.T) {
	if s.cases.WrongKey == nil {
		return // the protocol has no key
	}
	b := s.start(t)
	conn, err := s.registration.Open(s.cases.WrongKey, b.environment())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	b.conn = conn
	ref := b.reference()
	a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
	if a.Outcome == connector.Approved || a.Outcome == connector.Unsent {
		t.Errorf("outcome = %d, %v", a.Outcome, err)
	}
	if _, ok := b.booked(ref); ok {
		t.Error("the bank booked a request with a wrong MAC")
	}
}

func (s suite) restart(t *testing.T) {
	dir := t.TempDir()
	var kept connector.Original
	t.Run("before", func(t *testing.T) {
		kept = s.startIn(t, dir, nil).approved(connector.Sale, 10050)
	})
	b := s.startIn(t, dir, nil)
	f, err := b.inquire(connector.Sale, kept.Reference, 10050, connector.Original{})
	b.wantOutcome(f.Answer, err, connector.Approved)
	if f.TransactionID != kept.TransactionID || f.AuthCode != kept.AuthCode {
		t.Errorf("inquiry after a restart = %+v, before it was %+v", f, kept)
	}
	again, err := b.charge(t.Context(), connector.Sale, kept.Reference, 10050)
	b.wantRepeated(again, err, kept.TransactionID)
}

// wantRepeated insists on what the bank says to a second use of a reference.
func (b *bank) wantRepeated(a connector.Answer, err error, first string) {
	b.t.Helper()
	if !b.suite.cases.Bank.RepeatsApproval {
		b.wantDeclined(a, err, connector.OrderIDAlreadyUsed)
		return
	}
	b.wantOutcome(a, err, connector.Approved)
	if a.TransactionID != first {
		b.t.Errorf("the repeated approval is of %s, the first was of %s", a.TransactionID, first)
	}
}

func (s suite) transportRules() map[string]func(*testing.T) {
	answer := func(status int, body string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(discard{}, r)
				w.Header().Set("Location", r.URL.String())
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body) // the caller may have hung up
			})
		}
	}
	rules := map[string]func(*testing.T){
		"bank_that_is_down_is_unsent":               s.bankDown,
		"inquiry_of_a_bank_that_is_down_is_unknown": s.inquiryOfBankDown,
		"call_that_was_over_before_is_unsent":       s.cancelledBefore,
		"torn_answer_is_unknown":                    s.unreadable(tear),
		"empty_answer_is_unknown":                   s.unreadable(answer(http.StatusOK, "")),
		"redirect_is_not_followed_but_unknown":      s.unreadable(answer(http.StatusTemporaryRedirect, "")),
		"gateway_error_is_unknown":                  s.unreadable(answer(http.StatusBadGateway, "<html>bad gateway</html>")),
		"endless_answer_is_unknown":                 s.unreadable(answer(http.StatusOK, string(make([]byte, 2<<20)))),
	}
	return rules
}

// unreadable returns the rule that a booked sale whose answer is spoilt is
// unknown, booked once, and found by an inquiry once the bank is well.
func (s suite) unreadable(around func(http.Handler) http.Handler) func(*testing.T) {
	return func(t *testing.T) {
		dir := t.TempDir()
		ref := ""
		t.Run("charge", func(t *testing.T) {
			b := s.startIn(t, dir, around)
			ref = b.reference()
			a, err := b.charge(t.Context(), connector.Sale, ref, 10050)
			b.wantOutcome(a, err, connector.Unknown)
			if _, ok := b.booked(ref); !ok {
				t.Error("not booked")
			}
		})
		b := s.startIn(t, dir, nil)
		f, err := b.inquire(connector.Sale, ref, 10050, connector.Original{})
		b.wantOutcome(f.Answer, err, connector.Approved)
	}
}

// tear sends half of the answer and breaks the connection.
func tear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(discard{}, r)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{") // the caller may have hung up
		panic(http.ErrAbortHandler)
	})
}

// discard is an answer that nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
