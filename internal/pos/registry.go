package pos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// Opener returns the connector settings of a POS, unsealed. Its errors hold
// nothing of the settings.
type Opener func(ctx context.Context, p POS) (map[string]string, error)

// Options are what a Registry needs.
type Options struct {
	// Registrations are the protocols that a POS may name.
	Registrations []connector.Registration
	// Environment is handed to every connector.
	Environment connector.Environment
	Opener      Opener
	// MaxConcurrent bounds the requests of one POS that run at the same time;
	// zero means DefaultMaxConcurrent.
	MaxConcurrent int
	// OnBreakerChange, if set, hears of every change of a breaker's state. It is
	// called from the request that caused the change and must not wait.
	OnBreakerChange func(BreakerChange)
	// OnRequest, if set, hears of every request once it ended, or was not sent. It
	// is called from the request's goroutine and must not wait.
	OnRequest func(Request)
}

// Registry keeps a Bank for every POS that was used, and replaces it when the
// POS changed. It is safe for concurrent use.
type Registry struct {
	options   Options
	protocols map[string]connector.Registration
	mu        sync.RWMutex
	banks     map[id.POS]*Bank
}

// NewRegistry returns a Registry without open connectors. It fails if two
// registrations share a name or the Opener is missing.
func NewRegistry(o Options) (*Registry, error) {
	if o.Opener == nil {
		return nil, errors.New("pos registry without an opener of settings")
	}
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = DefaultMaxConcurrent
	}
	protocols := make(map[string]connector.Registration, len(o.Registrations))
	for _, r := range o.Registrations {
		if _, taken := protocols[r.Name]; taken {
			return nil, fmt.Errorf("two connectors are named %q", r.Name)
		}
		protocols[r.Name] = r
	}
	return &Registry{options: o, protocols: protocols, banks: make(map[id.POS]*Bank)}, nil
}

// Bank returns the bank behind a POS, opening its connector on first use and
// again when p.Version is newer than the open one. Requests that run on the
// replaced one end there. A changed POS starts with a closed breaker, because
// the change may be the cure.
//
// Its error is a fault of kind Unavailable: the connector is unknown, or its
// settings cannot be opened or are wrong. Nothing was sent to a bank then.
func (r *Registry) Bank(ctx context.Context, p POS) (*Bank, error) {
	if b := r.current(p.ID); b != nil && b.version >= p.Version {
		return b, nil
	}
	opened, err := r.open(ctx, p)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "the POS cannot be used at the moment",
			fmt.Errorf("open connector %s of POS %d: %w", p.Connector, p.ID, err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// Two callers may have opened at once: both get the same bank, or else each
	// would have a breaker that knows half of the truth.
	if b := r.banks[p.ID]; b != nil && b.version >= p.Version {
		return b, nil
	}
	r.banks[p.ID] = opened
	return opened, nil
}

// Healthy reports whether requests to the POS are let through: its breaker is
// closed, or has been open long enough that a next request may try the bank.
// A POS that was never used is healthy.
func (r *Registry) Healthy(p id.POS) bool {
	b := r.current(p)
	return b == nil || b.Healthy()
}

func (r *Registry) current(p id.POS) *Bank {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.banks[p]
}

func (r *Registry) open(ctx context.Context, p POS) (bank *Bank, err error) {
	protocol, ok := r.protocols[p.Connector]
	if !ok {
		return nil, errors.New("no such connector")
	}
	sent, err := r.options.Opener(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("open settings: %w", err)
	}
	settings, err := complete(sent, protocol.Settings)
	if err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			bank, err = nil, panicError(v)
		}
	}()
	c, err := protocol.Open(settings, r.options.Environment)
	if err != nil {
		return nil, err
	}
	return newBank(p, c, &r.options), nil
}

// complete returns the settings with defaults in place of absent ones.
func complete(settings map[string]string, fields []connector.Setting) (map[string]string, error) {
	out := make(map[string]string, len(settings))
	maps.Copy(out, settings)
	for _, f := range fields {
		if out[f.Name] == "" && f.Default != "" {
			out[f.Name] = f.Default
		}
		if f.Required && out[f.Name] == "" {
			return nil, fmt.Errorf("setting %s is missing", f.Name)
		}
	}
	return out, nil
}
