package nodes_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// readyLimit is how long a node may take to want work on a busy machine, and
// drainLimit what is promised for stopping.
const (
	readyLimit = 60 * time.Second
	drainLimit = 30 * time.Second
)

// cluster is nodes on one PostgreSQL behind one balancer, with one bank.
type cluster struct {
	dir      string
	binary   string
	dsn      string
	bank     string // its address
	balancer *balancer
	started  int
}

// node is one server process.
type node struct {
	name  string
	url   *url.URL
	cmd   *exec.Cmd
	ended chan struct{}
	log   string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{
		dir: t.TempDir(), binary: servertest.Build(t), dsn: storetest.EmptyDSN(t, storage.PostgreSQL), bank: servertest.StartSimulator(t),
		balancer: newBalancer(t),
	}
	return c
}

// join starts one more node and waits until it wants work.
func (c *cluster) join(t *testing.T) *node {
	t.Helper()
	c.started++
	n := &node{name: fmt.Sprintf("node-%d", c.started), ended: make(chan struct{})}
	place := filepath.Join(c.dir, n.name)
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	n.url, n.log = &url.URL{Scheme: "http", Host: address}, filepath.Join(place, "log")
	log, err := os.Create(n.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	n.cmd = exec.Command(c.binary, "demo", "--data", place, "--listen", address, "--public-url", c.balancer.url)
	n.cmd.Env = []string{
		"TMPDIR=" + c.dir, "HOME=" + c.dir, "VEZNE_DATABASE=" + c.dsn, "VEZNE_SIMULATOR_URL=" + c.bank,
		"VEZNE_KEYSET=" + filepath.Join(c.dir, "keyset.json"), "VEZNE_LOG_LEVEL=info",
	}
	n.cmd.Stdout, n.cmd.Stderr = log, log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = n.cmd.Wait() // its state tells
		close(n.ended)
	}()
	t.Cleanup(n.kill)
	if !servertest.Eventually(t, func() bool { return n.ready(t) }) {
		t.Fatalf("%s does not become ready: %s", n.name, n.tail())
	}
	c.balancer.add(n)
	return n
}

func (n *node) ready(t *testing.T) bool {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.url.String()+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // the status says it
	return response.StatusCode == http.StatusOK
}

// kill ends the node without a warning, as a power cut does.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended
	<-n.ended
}

// drain ends the node as a rolling restart does, and returns its exit code.
func (n *node) drain(t *testing.T) int {
	t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.ended:
		return n.cmd.ProcessState.ExitCode()
	case <-time.After(drainLimit):
		t.Errorf("%s does not end within %s", n.name, drainLimit)
		n.kill()
		return -1
	}
}

func (n *node) tail() string {
	const most = 2000
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only its number is wanted
	return l.Addr().String()
}

// balancer hands requests round. It sends one on to another node only if the
// first was not reached at all, as balancers do: any other failure is a 502.
type balancer struct {
	url  string
	mu   sync.Mutex
	all  []*node
	next atomic.Uint64
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(*httputil.ProxyRequest) {},
		Transport:    &retrying{b, transport},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.Close(); transport.CloseIdleConnections() })
	b.url = server.URL
	return b
}

func (b *balancer) add(n *node) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, n)
}

// remove takes a node out, as a failed health check does.
func (b *balancer) remove(n *node) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = slices.DeleteFunc(slices.Clone(b.all), func(o *node) bool { return o == n })
}

func (b *balancer) nodes() []*node {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

type retrying struct {
	b    *balancer
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r *retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
	}
	nodes := r.b.nodes()
	first := r.b.next.Add(1)
	for i := range nodes {
		n := nodes[(int(first)+i)%len(nodes)]
		out := request.Clone(request.Context())
		out.URL.Scheme, out.URL.Host, out.Body = n.url.Scheme, n.url.Host, io.NopCloser(strings.NewReader(string(body)))
		response, err := r.next.RoundTrip(out)
		if err == nil || !refusedDial(err) {
			return response, err
		}
	}
	return nil, context.DeadlineExceeded
}

func refusedDial(err error) bool {
	return strings.Contains(err.Error(), "connect: connection refused")
}
