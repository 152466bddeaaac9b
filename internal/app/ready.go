package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/config"
)

// askTimeout is longer than a node's own check of its database may take.
const askTimeout = 4 * time.Second

// AskReady asks the node that listens as the settings say, on this machine,
// whether it wants work. An image without a shell has no other way to.
func AskReady(ctx context.Context, c config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+nearby(c.Listen)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask the node: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{}} // no proxy of the environment
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the node: %w", err)
	}
	_ = answer.Body.Close() // the status says it all
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the node is not ready: it answered %d", answer.StatusCode)
	}
	return nil
}

// nearby is how this machine reaches a listener: one on all addresses by loopback.
func nearby(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || (ip != nil && ip.IsUnspecified())) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}
