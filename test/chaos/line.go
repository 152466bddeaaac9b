package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// line is what a server's connections to PostgreSQL go through.
type line struct {
	port  int
	proxy *toxiproxy.Proxy
	mu    sync.Mutex // one trouble at a time
}

func newLine(name string, to int) (*line, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, name, fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", to))
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	return &line{port: port, proxy: p}, nil
}

// cut ends all connections and refuses new ones for a while.
func (l *line) cut(ctx context.Context, while time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proxy.Stop()
	wait(ctx, while)
	return l.restart(ctx)
}

// restart listens again; for a moment somebody's outgoing connection may have
// been given the port.
func (l *line) restart(ctx context.Context) error {
	var err error
	for range 50 {
		if err = l.proxy.Start(); err == nil || errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
			return nil
		}
		if !wait(ctx, 100*time.Millisecond) {
			break
		}
	}
	return fmt.Errorf("start proxy again: %w", err)
}

// poison adds a toxic for a while. Connections that suffered from it end with it.
func (l *line) poison(ctx context.Context, while time.Duration, stream, kind, attributes string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	toxic := fmt.Sprintf(`{"name":"t","type":%q,"stream":%q,"toxicity":1,"attributes":%s}`, kind, stream, attributes)
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		return fmt.Errorf("add toxic %s: %w", kind, err)
	}
	wait(ctx, while)
	// Stopping first closes every connection, so that removing the toxic has no
	// stuck one to wait for.
	l.proxy.Stop()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := l.proxy.Toxics.RemoveToxic(bounded, "t"); err != nil {
		return fmt.Errorf("remove toxic %s: %w", kind, err)
	}
	return l.restart(ctx)
}
