package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	t.Run("amounts_have_the_digits_of_their_currency", func(t *testing.T) {
		t.Parallel()
		b, url := serve(t, connector.SimulatorEnvironment{})
		for ref, a := range map[string]money.Amount{
			"try": lira(10050), "jpy": money.FromMinor(100, money.JPY), "kwd": money.FromMinor(1500, money.KWD),
		} {
			got, err := b.Authorize(t.Context(), connector.Charge{
				Kind: connector.Sale, Reference: ref, Amount: a, Card: testCard(t, "5555555555554444"),
			})
			wantReason(t, 0, connector.Sale, got, err, "")
		}
		_, body := send(t, http.MethodGet, url+"/_ledger", "", "")
		for _, want := range []string{
			`"amount":100.50,"currency":"TRY"`, `"amount":100,"currency":"JPY"`, `"amount":1.500,"currency":"KWD"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("ledger has no %s: %s", want, body)
			}
		}
	})
	t.Run("empty_ledger_is_an_empty_list", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, connector.SimulatorEnvironment{})
		if _, body := send(t, http.MethodGet, url+"/_ledger", "", ""); body != `{"transactions":[]}` {
			t.Errorf("ledger = %s", body)
		}
	})
	t.Run("clearing_forgets_also_on_disk", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		b, url := serve(t, connector.SimulatorEnvironment{DataDir: dir})
		charge := connector.Charge{Kind: connector.Sale, Reference: "one", Amount: lira(1), Card: testCard(t, "5555555555554444")}
		for range 3 { // a buffer that was swapped wrongly would show on the third
			a, err := b.Authorize(t.Context(), charge)
			wantReason(t, 0, connector.Sale, a, err, "")
			if status, _ := send(t, http.MethodDelete, url+"/_ledger", "", ""); status != http.StatusNoContent {
				t.Fatalf("status %d", status)
			}
		}
		content, err := os.ReadFile(filepath.Join(dir, "sandbox.jsonl"))
		if err != nil || len(content) != 0 {
			t.Errorf("file holds %d bytes, %v", len(content), err)
		}
	})
	t.Run("void_of_a_capture_leaves_the_hold", func(t *testing.T) {
		t.Parallel()
		b, _ := serve(t, connector.SimulatorEnvironment{})
		charge := connector.Charge{Kind: connector.Authorize, Reference: "hold", Amount: lira(100), Card: testCard(t, "5555555555554444")}
		a, err := b.Authorize(t.Context(), charge)
		wantReason(t, 0, connector.Authorize, a, err, "")
		a, err = b.Capture(t.Context(), followUp(connector.Capture, "first", 60, "hold"))
		wantReason(t, 1, connector.Capture, a, err, "")
		a, err = b.Void(t.Context(), followUp(connector.Void, "undo", 60, "first"))
		wantReason(t, 2, connector.Void, a, err, "")
		a, err = b.Refund(t.Context(), followUp(connector.Refund, "back", 1, "hold"))
		wantReason(t, 3, connector.Refund, a, err, connector.InvalidRefundTransaction)
		a, err = b.Capture(t.Context(), followUp(connector.Capture, "second", 100, "hold"))
		wantReason(t, 4, connector.Capture, a, err, "")
	})
	t.Run("void_takes_the_whole_and_nothing_else", func(t *testing.T) {
		t.Parallel()
		b, _ := serve(t, connector.SimulatorEnvironment{})
		charge := connector.Charge{Kind: connector.Sale, Reference: "sale", Amount: lira(100), Card: testCard(t, "5555555555554444")}
		a, err := b.Authorize(t.Context(), charge)
		wantReason(t, 0, connector.Sale, a, err, "")
		a, err = b.Void(t.Context(), followUp(connector.Void, "part", 60, "sale"))
		wantReason(t, 1, connector.Void, a, err, connector.InvalidAmount)
		a, err = b.Void(t.Context(), connector.FollowUp{
			Kind: connector.Void, Reference: "whole", Original: connector.Original{Reference: "sale"},
		})
		wantReason(t, 2, connector.Void, a, err, "")
	})
	t.Run("terminals_do_not_see_each_other", func(t *testing.T) {
		t.Parallel()
		b, url := serve(t, connector.SimulatorEnvironment{})
		other := open(t, "", map[string]string{"url": url, "terminal": "OTHER"})
		charge := connector.Charge{Kind: connector.Sale, Reference: "same", Amount: lira(100), Card: testCard(t, "5555555555554444")}
		for i, bank := range []fullBank{b, other} {
			a, err := bank.Authorize(t.Context(), charge)
			wantReason(t, i, connector.Sale, a, err, "")
		}
		charge.Reference = "mine"
		a, err := b.Authorize(t.Context(), charge)
		wantReason(t, 2, connector.Sale, a, err, "")
		a, err = other.Refund(t.Context(), followUp(connector.Refund, "theft", 100, "mine"))
		wantReason(t, 3, connector.Refund, a, err, connector.PaymentNotFoundForRefund)
	})
}

func TestSimulatorRefusesForms(t *testing.T) {
	t.Parallel()
	_, url := serve(t, connector.SimulatorEnvironment{})
	for name, r := range map[string]struct {
		path, body, mac string
		want            int
	}{
		"no_mac":              {"/transactions", `{}`, "", http.StatusUnauthorized},
		"wrong_mac":           {"/transactions", `{}`, strings.Repeat("0", 64), http.StatusUnauthorized},
		"mac_of_another_path": {"/transactions", `{}`, sandbox.RequestMAC("/inquiries", `{}`), http.StatusUnauthorized},
		"no_json":             {"/transactions", `hello`, sandbox.RequestMAC("/transactions", `hello`), http.StatusBadRequest},
		"unknown_member":      {"/inquiries", `{"a":1}`, sandbox.RequestMAC("/inquiries", `{"a":1}`), http.StatusBadRequest},
		"duplicate_member":    {"/inquiries", `{"kind":"a","kind":"b"}`, sandbox.RequestMAC("/inquiries", `{"kind":"a","kind":"b"}`), http.StatusBadRequest},
		"too_large":           {"/transactions", strings.Repeat(" ", 65<<10), "", http.StatusBadRequest},
		"empty_order":         {"/transactions", `{}`, sandbox.RequestMAC("/transactions", `{}`), http.StatusOK}, // declined INPUT_DATA
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := send(t, http.MethodPost, url+r.path, r.body, r.mac)
			if status != r.want || (status == http.StatusOK && !strings.Contains(body, `"code":"INPUT_DATA"`)) {
				t.Errorf("answer = %d %s, want %d", status, body, r.want)
			}
		})
	}
}

func send(t testing.TB, method, url, body, mac string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sandbox-Mac", mac)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read below
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// The two vectors were made with openssl:
//
//	printf 'sandbox-request-1\n/transactions\n{"a":1}' | openssl dgst -sha256 -hmac sandbox-demo-mac-key
func TestMACVectors(t *testing.T) {
	t.Parallel()
	if got := sandbox.RequestMAC("/transactions", `{"a":1}`); got != requestVector {
		t.Errorf("request MAC = %s", got)
	}
	if got := sandbox.AnswerMAC(requestVector, `{"b":2}`); got != answerVector {
		t.Errorf("answer MAC = %s", got)
	}
}

// Answers that are not the bank's own answer to this very request prove nothing.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(answers []captured, i int) captured{
		"changed_body": func(a []captured, i int) captured {
			return captured{body: bytes.Replace(a[i].body, []byte("approved"), []byte("declined"), 1), mac: a[i].mac}
		},
		"no_mac":                    func(a []captured, i int) captured { return captured{body: a[i].body} },
		"answer_to_another_request": func(a []captured, _ int) captured { return a[0] },
		"another_reference":         resign(`"reference":"`, `"reference":"x`),
		"another_terminal":          resign(`"terminal":"`, `"terminal":"x`),
		"another_kind":              resign(`"kind":"sale"`, `"kind":"refund"`),
		"another_amount":            resign(`"amount":100`, `"amount":1000`),
		"another_currency":          resign(`"currency":949`, `"currency":840`),
		"no_transaction":            resign(`"transaction_id"`, `"other"`),
		"unheard_of_outcome":        resign(`"approved"`, `"maybe"`),
		"two_outcomes":              resign(`"outcome":`, `"outcome":"declined","outcome":`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := behindForger(t, forge)
			charge := connector.Charge{Kind: connector.Sale, Reference: "first", Amount: lira(100), Card: testCard(t, "5555555555554444")}
			a, err := b.Authorize(t.Context(), charge)
			wantReason(t, 0, connector.Sale, a, err, "")
			charge.Reference = "second"
			if a, err := b.Authorize(t.Context(), charge); a.Outcome != connector.Unknown || err == nil {
				t.Errorf("answer = %+v, %v, want unknown", a, err)
			}
			if f, err := b.Inquire(t.Context(), connector.Inquiry{Kind: connector.Sale, Reference: "first", Amount: lira(100)}); f.Outcome != connector.Unknown || f.Missing || err == nil {
				t.Errorf("finding = %+v, %v, want unknown", f, err)
			}
		})
	}
}

type captured struct {
	request string // the request's MAC
	body    []byte
	mac     string
}

// resign is a bank that means another thing than it was asked, in its own hand.
func resign(old, replacement string) func([]captured, int) captured {
	return func(a []captured, i int) captured {
		body := bytes.Replace(a[i].body, []byte(old), []byte(replacement), 1)
		return captured{body: body, mac: sandbox.AnswerMAC(a[i].request, string(body))}
	}
}

// behindForger lets the first answer pass and forges the others.
func behindForger(t *testing.T, forge func([]captured, int) captured) fullBank {
	t.Helper()
	h, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	var answers []captured // calls come one after the other
	s := httptest.NewServer(http.StripPrefix("/sandbox", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		answers = append(answers, captured{r.Header.Get("Sandbox-Mac"), rec.Body.Bytes(), rec.Header().Get("Sandbox-Mac")})
		out := answers[0]
		if i := len(answers) - 1; i > 0 {
			out = forge(answers, i)
		}
		w.Header().Set("Sandbox-Mac", out.mac)
		_, _ = w.Write(out.body) // a failure shows in the caller
	})))
	t.Cleanup(s.Close)
	return open(t, s.URL, nil)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		settings map[string]string
		env      connector.Environment
		ok       bool
	}{
		"simulator_of_the_demo":        {nil, connector.Environment{TestMode: true, SimulatorURL: "http://127.0.0.1:8080/sim"}, true},
		"no_address_at_all":            {nil, connector.Environment{TestMode: true}, false},
		"address_without_host":         {map[string]string{"url": "sandbox"}, connector.Environment{TestMode: true}, false},
		"address_with_a_query":         {map[string]string{"url": "http://h/x?y=1"}, connector.Environment{TestMode: true}, false},
		"terminal_with_a_space":        {map[string]string{"terminal": "a b"}, connector.Environment{TestMode: true, SimulatorURL: "http://h/sim"}, false},
		"own_address_in_production":    {map[string]string{"url": "https://bank.example", "key": "own"}, connector.Environment{}, false},
		"simulator_in_production":      {nil, connector.Environment{SimulatorURL: "http://h/sim"}, false},
		"default_key_is_not_mentioned": {map[string]string{"url": ":"}, connector.Environment{TestMode: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.env.HTTP, r.env.Clock = wire.NewClient(wire.Options{}), clock.System{}
			_, err := sandbox.Registration.Open(r.settings, r.env)
			if (err == nil) != r.ok {
				t.Errorf("error = %v, want ok %t", err, r.ok)
			}
			if err != nil && strings.Contains(err.Error(), sandbox.DefaultKey) {
				t.Error("error repeats the key")
			}
		})
	}
}

const (
	requestVector = "5fc8e73ade3548ca364b6a90b62eb0fa48909ad5fb784abbb41d0d9e662e0ea6"
	answerVector  = "bbf1717c79c5d27f8ac9befa4a18c09836163870ac245db1476b1cd2b7f40eae"
)
