package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// drainTimeout is how long running requests may take once the process was told
// to stop. The rest of the promised 30 seconds is for closing down.
const drainTimeout = 25 * time.Second

// task is background work: it runs until its context ends, and returns only
// once everything that it began is finished or handed back.
type task func(context.Context)

// process is a listener, what answers on it, and the work behind it.
type process struct {
	log      *slog.Logger
	listener net.Listener
	server   *http.Server
	tasks    []task
	// drain is told when no new work shall come any more.
	drain func()
}

// run serves until ctx ends and then drains: the listener closes, running
// requests end, tasks hand back what they hold. It returns when all of it is
// over, with an error only if the listener broke down before.
func (p *process) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var background sync.WaitGroup
	for _, t := range p.tasks {
		background.Go(func() { t(ctx) })
	}
	failed := make(chan error, 1)
	go func() {
		defer stop()
		failed <- p.server.Serve(p.listener)
	}()
	<-ctx.Done()
	p.log.Info("draining")
	p.drain()
	p.shutdown(context.WithoutCancel(ctx))
	background.Wait()
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// shutdown waits for running requests; those that outlast the drain are cut, and
// their payments are left to the resolver of the next start.
func (p *process) shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		p.log.Warn("cutting requests that outlast the drain", "after", drainTimeout)
		_ = p.server.Close() // the connections are given up either way
	}
}

// listen opens the address; port 0 takes any free one.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}
