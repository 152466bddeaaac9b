package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/cli"
)

func TestReady(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		want   int
	}{
		"a_node_that_wants_work":  {http.StatusOK, 0},
		"a_node_that_is_draining": {http.StatusServiceUnavailable, 1},
		"another_page":            {http.StatusNotFound, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(tt.status)
			}))
			defer node.Close()
			_, port, _ := strings.Cut(strings.TrimPrefix(node.URL, "http://"), ":")
			world := cli.World{Stdout: io.Discard, Stderr: io.Discard, Environ: []string{"VEZNE_LISTEN=0.0.0.0:" + port}}
			if got := cli.Run(context.Background(), []string{"ready"}, world); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
	t.Run("no_node", func(t *testing.T) {
		t.Parallel()
		world := cli.World{Stdout: io.Discard, Stderr: io.Discard, Environ: []string{"VEZNE_LISTEN=127.0.0.1:1"}}
		if got := cli.Run(context.Background(), []string{"ready"}, world); got != 1 {
			t.Errorf("exit code %d, want 1", got)
		}
	})
}
