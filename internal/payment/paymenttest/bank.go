package paymenttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/threeds"
)

func (w *World) startBank(t *testing.T) {
	t.Helper()
	w.Bank = httptest.NewUnstartedServer(nil)
	simulator, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{
		Clock: clock.System{}, MaxHang: 3 * time.Second,
		PublicURL: "http://" + w.Bank.Listener.Addr().String() + "/sim/sandbox",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sim/sandbox/", http.StripPrefix("/sim/sandbox", simulator))
	w.Bank.Config.Handler = mux
	w.Bank.Start()
	t.Cleanup(w.Bank.Close)
}

// Misbehave tells the bank which faults to commit on every request.
func (w *World) Misbehave(t *testing.T, kinds ...string) {
	t.Helper()
	plan := ""
	if len(kinds) > 0 {
		plan = `{"rate":1,"kinds":["` + strings.Join(kinds, `","`) + `"]}`
	}
	w.MisbehaveWith(t, plan)
}

// MisbehaveWith sets the bank's plan of faults, or ends it if there is none.
func (w *World) MisbehaveWith(t *testing.T, body string) {
	t.Helper()
	method := http.MethodPut
	if body == "" {
		method = http.MethodDelete
	}
	w.TellBank(t, method, "_faults", body)
}

// ClearBank has the bank forget all that it booked.
func (w *World) ClearBank(t *testing.T) {
	t.Helper()
	w.TellBank(t, http.MethodDelete, "_ledger", "")
}

// TellBank calls a page of the simulator that is there for tests.
func (w *World) TellBank(t *testing.T, method, page, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.Bank.URL+"/sim/sandbox/"+page, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.Bank.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only the status is of interest
	if response.StatusCode >= 300 {
		t.Fatalf("tell the bank %s: %s", page, response.Status)
	}
}

// BankLedger returns the bank's ledger as it shows it.
func (w *World) BankLedger(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Bank.URL+"/sim/sandbox/_ledger", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.Bank.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // the body was read
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// BankSum returns what the bank holds of a payment: the approved sales that were
// not reversed, as decimals, by reference.
func (w *World) BankSum(t *testing.T, e threeds.Enrolment) string {
	t.Helper()
	d, err := w.Detail(t.Context(), DemoMerchant, e.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	var ledger struct {
		Transactions []struct {
			Reference string `json:"reference"`
			Kind      string `json:"kind"`
			Status    string `json:"status"`
		} `json:"transactions"`
	}
	body := w.BankLedger(t)
	if err := json.Unmarshal([]byte(body), &ledger); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var held []string
	for _, o := range d.Operations {
		for _, row := range ledger.Transactions {
			if row.Reference == o.Reference && row.Kind != "void" {
				held = append(held, row.Kind+" "+row.Status)
			}
		}
	}
	return strings.Join(held, ", ")
}

// WantBank holds what the bank has of a payment against what it should have.
func (w *World) WantBank(t *testing.T, e threeds.Enrolment, want string) {
	t.Helper()
	if got := w.BankSum(t, e); got != want {
		t.Errorf("the bank has %q, want %q", got, want)
	}
}
