package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/vault"
)

// Server is the whole gateway in one process.
type Server struct {
	process
	url string
	// simulatorURL is where the demo's banks are played, empty in production.
	simulatorURL string
	// demo says that this is one.
	demo bool
	// traces records the steps of requests and tasks, nil if nobody wants them;
	// profiles is where Go's own are served, nil if nowhere.
	traces   *telemetry.Traces
	profiles net.Listener
	// closers are closed in reverse order once nothing runs any more.
	closers []func() error
}

// NewServer listens and builds everything, but answers nobody before Run. The
// caller calls Run, or Close if it never comes to that.
func NewServer(ctx context.Context, o Options) (*Server, error) {
	start := clock.System{}.Elapsed()
	s := &Server{demo: o.Demo != nil}
	s.log = o.Log
	var err error
	if s.listener, err = listen(ctx, o.Config.Listen); err != nil {
		return nil, err
	}
	s.closing(func() error { return ignoreClosed(s.listener.Close()) })
	s.url = baseURL(o.Config.PublicURL, s.listener.Addr())
	if err := s.observed(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.build(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	o.Log.Debug("ready", "took", clock.System{}.Elapsed()-start)
	return s, nil
}

// URL returns the address under which the outside reaches the server.
func (s *Server) URL() string { return s.url }

// Run serves until ctx ends, drains, and closes everything.
func (s *Server) Run(ctx context.Context) error {
	s.log.Info("serving", "url", s.url, "listen", s.listener.Addr().String())
	err := s.run(ctx)
	return errors.Join(err, s.Close())
}

// Close closes what was opened. Run has done so when it returns.
func (s *Server) Close() error {
	var errs []error
	for _, closer := range slices.Backward(s.closers) {
		errs = append(errs, closer())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *Server) closing(f func() error) { s.closers = append(s.closers, f) }

// ignoreClosed drops the complaint about a listener that the drain has closed.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// settingsOpener unseals a POS's connector settings.
func settingsOpener(sealer vault.Sealer) pos.Opener {
	return func(ctx context.Context, p pos.POS) (map[string]string, error) {
		plain, err := sealer.Open(ctx, p.SettingsSubject(), p.SealedSettings)
		if err != nil {
			return nil, fmt.Errorf("unseal settings: %w", err)
		}
		var settings map[string]string
		if err := json.Unmarshal(plain, &settings); err != nil {
			return nil, errors.New("settings are not a JSON object of strings")
		}
		return settings, nil
	}
}
