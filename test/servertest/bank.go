package servertest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// BankRow is a row of the sandbox bank's own ledger. Amount is the number as the
// bank writes it.
type BankRow struct {
	Reference string         `json:"reference"`
	Kind      string         `json:"kind"`
	Amount    jsontext.Value `json:"amount"`
	Currency  string         `json:"currency"`
	Status    string         `json:"status"`
	Original  string         `json:"original"`
	CardLast4 string         `json:"card_last4"`
	At        string         `json:"approved_at"`
}

// Bank returns the sandbox bank's ledger, oldest row first.
func (s *Server) Bank(t testing.TB) []BankRow {
	t.Helper()
	var ledger struct {
		Transactions []BankRow `json:"transactions"`
	}
	if err := json.Unmarshal(s.simulator(t, http.MethodGet, "_ledger", ""), &ledger); err != nil {
		t.Fatalf("bank's ledger: %v", err)
	}
	return ledger.Transactions
}

// Misbehave tells the sandbox bank what to do wrong; an empty plan ends it.
func (s *Server) Misbehave(t testing.TB, plan string) {
	t.Helper()
	if plan == "" {
		s.simulator(t, http.MethodDelete, "_faults", "")
		return
	}
	s.simulator(t, http.MethodPut, "_faults", plan)
}

func (s *Server) simulator(t testing.TB, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, s.banks+"/sim/sandbox/"+path,
		strings.NewReader(body))
	if err != nil {
		t.Fatalf("simulator: %v", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("simulator: %v", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("simulator: %s %s: %d %s (%v)", method, path, response.StatusCode, answer, err)
	}
	return answer
}
