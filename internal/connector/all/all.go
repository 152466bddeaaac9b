// Package all lists the connectors that this binary was built with, and serves
// their simulators. The list is generated from the folders beside it.
package all

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/id"
)

//go:generate go run ./gen

// Lookup returns the registration of the name.
func Lookup(name string) (connector.Registration, bool) {
	list := Registrations()
	i := slices.IndexFunc(list, func(r connector.Registration) bool { return r.Name == name })
	if i < 0 {
		return connector.Registration{}, false
	}
	return list[i], true
}

// Simulators serves every simulator at /sim/<name>/, and over all of them
// /sim/_ledger, /sim/_faults and /sim/_settle. Close it after the server that uses
// it has stopped.
type Simulators struct {
	http.Handler
	closers []io.Closer
}

// NewSimulators starts the simulator of every registration that has one. The
// PublicURL of env is the address under which /sim is reached, such as
// http://127.0.0.1:8080/sim; DataDir is created if it is missing.
func NewSimulators(env connector.SimulatorEnvironment, list []connector.Registration) (*Simulators, error) {
	if env.DataDir != "" {
		if err := os.MkdirAll(env.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("start simulators: %w", err)
		}
	}
	mux := http.NewServeMux()
	s := &Simulators{Handler: traced(mux)}
	base := strings.TrimSuffix(env.PublicURL, "/")
	banks := simulator.NewBanks(env.Clock)
	for _, path := range []string{"/_ledger", "/_faults", "/_settle"} {
		mux.Handle("/sim"+path, http.StripPrefix("/sim", banks))
	}
	for _, r := range list {
		if r.Simulator == nil {
			continue
		}
		env.PublicURL = base + "/" + r.Name
		h, err := r.Simulator(env)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start simulator %s: %w", r.Name, err), s.Close())
		}
		if c, ok := h.(io.Closer); ok {
			s.closers = append(s.closers, c)
		}
		if b, ok := h.(*simulator.Bank); ok {
			banks.Add(r.Name, b)
		}
		prefix := "/sim/" + r.Name
		mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
	}
	return s, nil
}

// Close closes the simulators' ledgers.
func (s *Simulators) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// traced gives every answer a request id, as all of our answers have, also those
// that a simulator then tears or sends as garbage.
func traced(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", id.NewUUID().String())
		h.ServeHTTP(w, r)
	})
}
