package simulator_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/money"
)

// approvedCard is approved for everything.
func approvedCard() simulator.CardData {
	return simulator.CardData{Number: "5421190122090656", Expiry: "6804", CVV: "916"}
}

func openBank(t *testing.T, r connector.Rules, dir string) *simulator.Bank {
	t.Helper()
	b, err := simulator.Open(simulator.Options{Name: "some", Rules: r}, connector.SimulatorEnvironment{Clock: clock.System{}, DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

func call(t *testing.T, h http.Handler, method, path, body string, want int) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	if w.Code != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	return w.Body.String()
}

// shop asks a bank and insists on what it says.
type shop struct {
	*testing.T
	bank *simulator.Bank
}

func (s shop) charge(k connector.Kind, reference string, minor int64, want connector.Reason) int {
	s.Helper()
	b, err := s.bank.Authorize(simulator.Order{Terminal: "T", Reference: reference, Kind: k, Amount: lira(minor)}, approvedCard())
	if err != nil || b.Decline != want {
		s.Fatalf("%s %s = %+v, %v, want %q", k, reference, b, err, want)
	}
	return b.Number
}

func (s shop) follow(k connector.Kind, original int, minor int64, want connector.Reason) int {
	s.Helper()
	b, err := s.bank.FollowUp(simulator.Order{Terminal: "T", Kind: k, Amount: lira(minor), Original: original})
	if err != nil || b.Decline != want {
		s.Fatalf("%s of %d = %+v, %v, want %q", k, original, b, err, want)
	}
	return b.Number
}

func (s shop) settle() { call(s.T, s.bank, http.MethodPost, "/_settle", "", http.StatusNoContent) }

func TestDayEnd(t *testing.T) {
	t.Parallel()
	t.Run("void_is_for_the_day_and_refund_for_later", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{}, "")}
		sale := s.charge(connector.Sale, "A", 100, "")
		s.follow(connector.Refund, sale, 100, connector.RequiresDayEnd)
		s.settle()
		s.follow(connector.Void, sale, 100, connector.AlreadySettled)
		s.follow(connector.Refund, sale, 60, "")
		s.follow(connector.Void, sale, 100, connector.MayHaveAlreadyRefunded)
		today := s.charge(connector.Sale, "B", 100, "")
		s.follow(connector.Void, today, 100, "")
	})
	t.Run("bank_that_allows_it_refunds_before_and_voids_after", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{RefundBeforeDayEnd: true, VoidAfterDayEnd: true}, "")}
		s.follow(connector.Refund, s.charge(connector.Sale, "A", 100, ""), 100, "")
		sale := s.charge(connector.Sale, "B", 100, "")
		s.settle()
		s.follow(connector.Void, sale, 100, "")
	})
	t.Run("hold_is_never_settled_and_its_capture_is", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{}, "")}
		hold, other := s.charge(connector.Authorize, "A", 100, ""), s.charge(connector.Authorize, "B", 100, "")
		s.settle()
		s.follow(connector.Void, other, 100, "")
		s.follow(connector.Capture, hold, 80, "")
		s.follow(connector.Refund, hold, 80, connector.RequiresDayEnd)
		s.settle()
		s.follow(connector.Void, hold, 80, connector.AlreadySettled)
		s.follow(connector.Refund, hold, 80, "")
	})
	t.Run("hold_outlives_the_void_of_its_capture_where_the_bank_says_so", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{VoidLeavesHold: true}, "")}
		hold := s.charge(connector.Authorize, "A", 100, "")
		capture := s.follow(connector.Capture, hold, 80, "")
		s.follow(connector.Void, hold, 100, connector.InvalidTransaction)
		s.follow(connector.Void, capture, 80, "")
		s.follow(connector.Void, hold, 100, "")
	})
	t.Run("more_than_a_hold_is_captured_where_the_bank_says_so", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{CaptureAbove: 50_000_000, RefundBeforeDayEnd: true}, "")}
		hold := s.charge(connector.Authorize, "A", 101, "")
		s.follow(connector.Capture, hold, 152, connector.InvalidAmount)
		s.follow(connector.Capture, hold, 151, "")
		s.follow(connector.Refund, hold, 152, connector.InvalidAmount)
		s.follow(connector.Refund, hold, 151, "")
		voided := s.charge(connector.Authorize, "B", 100, "")
		s.follow(connector.Void, s.follow(connector.Capture, voided, 150, ""), 150, "")
	})
	t.Run("day_survives_a_restart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first, err := simulator.Open(simulator.Options{Name: "some"}, connector.SimulatorEnvironment{Clock: clock.System{}, DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		s := shop{t, first}
		settled := s.charge(connector.Sale, "A", 100, "")
		s.settle()
		open := s.charge(connector.Sale, "B", 100, "")
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		s = shop{t, openBank(t, connector.Rules{}, dir)}
		s.follow(connector.Void, settled, 100, connector.AlreadySettled)
		s.follow(connector.Void, open, 100, "")
	})
}

func TestBooks(t *testing.T) {
	t.Parallel()
	t.Run("follow_ups_without_a_reference_are_told_by_their_original", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{RefundBeforeDayEnd: true}, "")}
		sale := s.charge(connector.Sale, "A", 100, "")
		s.follow(connector.Refund, sale, 30, "")
		s.follow(connector.Refund, sale, 30, "")
		s.follow(connector.Refund, sale, 90, connector.InvalidAmount)
		all, err := s.bank.About("T", sale)
		if err != nil || len(all) != 3 || !all[0].Approved() || !all[1].Approved() || all[2].Approved() {
			t.Errorf("about the sale: %+v, %v", all, err)
		}
		b, err := s.bank.At("T", sale)
		if err != nil || b.Captured != lira(100) || b.Refunded != lira(60) {
			t.Errorf("the sale: %+v, %v", b, err)
		}
		if other, err := s.bank.At("OTHER", sale); err != nil || !other.IsZero() {
			t.Errorf("another terminal sees it: %+v, %v", other, err)
		}
		body := call(t, s.bank, http.MethodGet, "/_ledger", "", http.StatusOK)
		if strings.Count(body, `"reference":"","kind":"refund","amount":0.30,"currency":"TRY","status":"approved","original":"A"`) != 2 {
			t.Errorf("ledger: %s", body)
		}
	})
	t.Run("terminals_do_not_follow_each_other", func(t *testing.T) {
		t.Parallel()
		s := shop{t, openBank(t, connector.Rules{RefundBeforeDayEnd: true}, "")}
		sale := s.charge(connector.Sale, "A", 100, "")
		b, err := s.bank.FollowUp(simulator.Order{Terminal: "OTHER", Kind: connector.Refund, Amount: lira(1), Original: sale})
		if err != nil || b.Decline != connector.PaymentNotFoundForRefund {
			t.Errorf("%+v, %v", b, err)
		}
	})
	t.Run("text_that_is_no_text_is_not_booked", func(t *testing.T) {
		t.Parallel()
		b, err := openBank(t, connector.Rules{}, "").Authorize(simulator.Order{Terminal: "T", Reference: "\xff", Kind: connector.Sale, Amount: lira(1)}, approvedCard())
		if err != nil || b.Decline != connector.InputData || b.Number != 0 {
			t.Errorf("%+v, %v", b, err)
		}
	})
}

func TestBankAnswersNothingThatIsNotInItsFile(t *testing.T) {
	t.Parallel()
	b, err := simulator.Open(simulator.Options{Name: "some"}, connector.SimulatorEnvironment{Clock: clock.System{}, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b.Handle("POST /pay", simulator.Money, func(*http.Request, []byte) (simulator.Reply, error) {
		_, err := b.Authorize(simulator.Order{Terminal: "T", Reference: "A", Kind: connector.Sale, Amount: lira(1)}, approvedCard())
		return simulator.Reply{Body: []byte("approved")}, err
	})
	if got := call(t, b, http.MethodPost, "/pay", "", http.StatusOK); got != "approved" {
		t.Errorf("answer %q", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/pay", "/_settle"} {
		if body := call(t, b, http.MethodPost, path, "", http.StatusInternalServerError); strings.Contains(body, "approved") {
			t.Errorf("%s: %s", path, body)
		}
	}
	call(t, b, http.MethodGet, "/_ledger", "", http.StatusInternalServerError)
}

func TestAnswersThatErr(t *testing.T) {
	t.Parallel()
	b := openBank(t, connector.Rules{}, "")
	b.Handle("POST /pay", simulator.Money, func(r *http.Request, _ []byte) (simulator.Reply, error) {
		c := simulator.Charset(r, connector.UTF8)
		text, ok := c.Encode(simulator.Text(connector.DoNotHonour, c))
		if !ok {
			return simulator.Reply{}, errors.New("the bank's words are in no charset")
		}
		return simulator.Reply{Body: []byte(simulator.MAC(r, "0af") + " " + text)}, nil
	})
	for plan, want := range map[string]string{
		`{"kinds":["duplicate_callback"]}`: "0af Declined: DO_NOT_HONOUR",
		`{"kinds":["wrong_mac"]}`:          "1af Declined: DO_NOT_HONOUR",
		`{"kinds":["windows_1254"]}`:       "0af \xdd\xfelem reddedildi: DO_NOT_HONOUR",
	} {
		call(t, b, http.MethodPut, "/_faults", plan, http.StatusOK)
		if got := call(t, b, http.MethodPost, "/pay", "", http.StatusOK); got != want {
			t.Errorf("%s: %q, want %q", plan, got, want)
		}
	}
}

func TestBanks(t *testing.T) {
	t.Parallel()
	one, two := openBank(t, connector.Rules{}, ""), openBank(t, connector.Rules{}, "")
	all := simulator.NewBanks(clock.System{})
	all.Add("one", one)
	all.Add("two", two)
	sale := shop{t, one}.charge(connector.Sale, "A", 100, "")
	shop{t, two}.charge(connector.Sale, "B", 200, "")
	body := call(t, all, http.MethodGet, "/_ledger", "", http.StatusOK)
	for _, want := range []string{`{"bank":"one","reference":"A","kind":"sale","amount":1.00`, `{"bank":"two","reference":"B","kind":"sale","amount":2.00`} {
		if !strings.Contains(body, want) {
			t.Errorf("ledger has no %s: %s", want, body)
		}
	}
	call(t, all, http.MethodPost, "/_settle", "", http.StatusNoContent)
	shop{t, one}.follow(connector.Void, sale, 100, connector.AlreadySettled)

	const plan = `{"rate":0.5,"kinds":["slow"],"slow_ms":7}`
	shown := call(t, all, http.MethodPut, "/_faults", plan, http.StatusOK)
	call(t, all, http.MethodPut, "/_faults", `{"rate":2}`, http.StatusBadRequest)
	for name, h := range map[string]http.Handler{"all": all, "one": one, "two": two} {
		if got := call(t, h, http.MethodGet, "/_faults", "", http.StatusOK); got != shown || !strings.Contains(got, `"slow_ms":7`) {
			t.Errorf("%s has the plan %s, set was %s", name, got, shown)
		}
	}
	call(t, all, http.MethodDelete, "/_faults", "", http.StatusOK)
	if got := call(t, two, http.MethodGet, "/_faults", "", http.StatusOK); strings.Contains(got, "slow\"") {
		t.Errorf("plan is left: %s", got)
	}
}
