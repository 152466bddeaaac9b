package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/all"
)

// simulatorHeaderTimeout keeps a caller that sends nothing from holding a
// connection; everything else may be slow, that is what simulators are for.
const simulatorHeaderTimeout = 10 * time.Second

// maxHang bounds how long a simulated bank keeps a connection open: longer than
// any POS waits for an answer.
const maxHang = 60 * time.Second

// Simulator serves the bank simulators alone, under /sim/, and /readyz.
type Simulator struct {
	process
	banks *all.Simulators
}

// NewSimulator listens on the address and opens the ledgers in dataDir, in
// memory if that is empty.
func NewSimulator(ctx context.Context, address, dataDir string, log *slog.Logger) (*Simulator, error) {
	l, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	banks, err := openSimulators(dataDir, baseURL("", l.Addr()), true)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &Simulator{banks: banks}
	h := newHealth(func(context.Context) error { return nil }, clock.System{}, log)
	mux := http.NewServeMux()
	mux.Handle("/sim/", banks)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.HandleFunc("GET /healthz", h.alive)
	s.process = process{
		log: log, listener: l, drain: h.drain,
		server: &http.Server{Handler: mux, ReadHeaderTimeout: simulatorHeaderTimeout},
	}
	return s, nil
}

// URL returns the address under which the simulators are reached.
func (s *Simulator) URL() string { return baseURL("", s.listener.Addr()) }

// Run serves until ctx ends, and closes the ledgers.
func (s *Simulator) Run(ctx context.Context) error {
	err := s.run(ctx)
	return errors.Join(err, s.banks.Close())
}

func openSimulators(dataDir, base string, powerSafe bool) (*all.Simulators, error) {
	s, err := all.NewSimulators(connector.SimulatorEnvironment{
		Clock: clock.System{}, DataDir: dataDir, PowerSafe: powerSafe, PublicURL: base + "/sim", MaxHang: maxHang,
	}, all.Registrations())
	if err != nil {
		return nil, fmt.Errorf("open simulators: %w", err)
	}
	return s, nil
}

// baseURL is the public URL that was set, or the address that is listened on; an
// address of all interfaces is told as this machine's own.
func baseURL(public string, a net.Addr) string {
	if public != "" {
		return public
	}
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
