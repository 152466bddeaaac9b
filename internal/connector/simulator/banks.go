package simulator

import (
	"net/http"

	"github.com/vezne/vezne/internal/clock"
)

// Banks is what testers ask of all banks at once: GET _ledger, with the rows of all;
// PUT, GET and DELETE _faults, which set and end the faults of all, and show what was
// set for all; POST _settle, which ends the day of all.
type Banks struct {
	names  []string
	banks  []*Bank
	faults *Faults
	mux    *http.ServeMux
}

// NewBanks returns Banks without any.
func NewBanks(c clock.Clock) *Banks {
	s := &Banks{faults: NewFaults(c, 0), mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /_ledger", s.showLedger)
	s.mux.HandleFunc("POST /_settle", s.settle)
	s.mux.HandleFunc("/_faults", s.setFaults)
	return s
}

// Add adds a bank under its name. It is not to be called while s serves.
func (s *Banks) Add(name string, b *Bank) {
	s.names, s.banks = append(s.names, name), append(s.banks, b)
}

// ServeHTTP implements http.Handler for paths below the simulators' own.
func (s *Banks) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// bankRow is a row with its bank.
type bankRow struct {
	Bank string `json:"bank"`
	Row  `json:",inline"`
}

func (s *Banks) showLedger(w http.ResponseWriter, _ *http.Request) {
	all := []bankRow{}
	for i, b := range s.banks {
		rows, err := b.rows()
		if err != nil {
			unavailable(w)
			return
		}
		for _, r := range rows {
			all = append(all, bankRow{Bank: s.names[i], Row: r})
		}
	}
	WriteJSON(w, struct {
		Transactions []bankRow `json:"transactions"`
	}{all})
}

func (s *Banks) settle(w http.ResponseWriter, _ *http.Request) {
	for _, b := range s.banks {
		if err := b.Settle(); err != nil {
			unavailable(w)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// setFaults lets the common plan be set and hands it on if it was understood.
func (s *Banks) setFaults(w http.ResponseWriter, r *http.Request) {
	before := s.faults.plan.Load()
	s.faults.ServeHTTP(w, r)
	if after := s.faults.plan.Load(); after != before {
		for _, b := range s.banks {
			b.faults.set(after)
		}
	}
}
