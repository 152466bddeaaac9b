package app

import (
	"context"
	"errors"
	"net/http"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/trace"
)

// observed opens what shows the inside of the process to its operator: a way to
// a collector of traces, and a listener for profiles. Without the settings there
// is neither.
func (s *Server) observed(ctx context.Context, o Options) error {
	if o.Config.Traces != "" {
		var err error
		s.traces, err = telemetry.NewTraces(ctx, telemetry.TraceOptions{
			URL: o.Config.Traces, OneIn: o.Config.TraceOneIn, Version: Version(), Node: id.NewUUID().String(), Log: o.Log,
		})
		if err != nil {
			return err
		}
		s.closing(s.traces.Close)
	}
	if o.Config.Pprof == "" {
		return nil
	}
	l, err := listen(ctx, o.Config.Pprof)
	if err != nil {
		return err
	}
	s.closing(func() error { return ignoreClosed(l.Close()) })
	s.profiles = l
	return nil
}

// traced has the requests recorded that next answers, if any are to be.
func (s *Server) traced(next http.Handler) http.Handler {
	if s.traces == nil {
		return next
	}
	return s.traces.Observe(next)
}

// recorded has the steps of the tasks recorded, and adds the one that serves
// profiles.
func (s *Server) recorded(tasks []task) []task {
	if s.traces != nil {
		for i, t := range tasks {
			tasks[i] = func(ctx context.Context) { t(trace.With(ctx, s.traces)) }
		}
	}
	if s.profiles != nil {
		tasks = append(tasks, s.serveProfiles)
	}
	return tasks
}

// serveProfiles serves until ctx ends. A profile that is being taken then is cut
// off: it would only show the end of the process.
func (s *Server) serveProfiles(ctx context.Context) {
	server := telemetry.NewProfiles()
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.profiles) }()
	s.log.Info("profiles", "url", "http://"+s.profiles.Addr().String()+"/debug/pprof/")
	var err error
	select {
	case <-ctx.Done():
		_ = server.Close() // what matters is that Serve returns
		err = <-served
	case err = <-served:
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.log.Warn("serve profiles", "error", err)
	}
}
