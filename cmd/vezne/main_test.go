package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"
)

// beVezne makes the test binary run as vezne itself, so that signals go to a
// process of its own, with the race detector in it. Its name must not begin with
// VEZNE_, which only settings do.
const beVezne = "TEST_RUNS_AS_VEZNE"

func TestMain(m *testing.M) {
	if os.Getenv(beVezne) != "" {
		main()
	}
	os.Exit(m.Run())
}

// child is a running vezne.
type child struct {
	command *exec.Cmd
	url     string
	ended   chan error
	log     lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written so far.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// demo starts `vezne demo` and waits for its greeting.
func demo(t *testing.T) *child {
	t.Helper()
	c := &child{ended: make(chan error, 1)}
	c.command = exec.Command(os.Args[0], "demo", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	c.command.Env = []string{beVezne + "=1"}
	c.command.Stderr = &c.log
	out, err := c.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.command.Process.Kill() })
	lines := bufio.NewReader(out)
	for c.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no greeting: %v\n%s", err, c.log.String())
		}
		if _, url, found := strings.Cut(line, "Vezne demo at "); found {
			c.url = strings.TrimSpace(url)
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines) // so that the pipe never fills
		c.ended <- c.command.Wait()
	}()
	return c
}

func (c *child) signal(t *testing.T) {
	t.Helper()
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// wait returns how the process ended.
func (c *child) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(wait.Limit):
		t.Fatal("the process did not end\n", c.log.String())
		return nil
	}
}

func (c *child) request(ctx context.Context, method, path, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", "api-key")
	r.Header.Set("X-Api-Secret", "secret-key")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// paySlowly starts a payment at a bank that takes its time, and returns when the
// server has it.
func (c *child) paySlowly(t *testing.T, slowness string) <-chan string {
	t.Helper()
	faults := `{"rate":1,"kinds":["slow"],"slow_ms":` + slowness + `}`
	if status, body, err := c.request(t.Context(), http.MethodPut, "/sim/sandbox/_faults", faults); err != nil ||
		status >= 400 {
		t.Fatalf("set faults: %d %v %s", status, err, body)
	}
	paid := make(chan string, 1)
	go func() {
		_, body, err := c.request(t.Context(), http.MethodPost, "/api/payment",
			`{"orderId":"ORD-1","amount":100.50,"currency":"TRY","cardHolderName":"John Doe","pan":"5421190122090656",`+
				`"expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080}`)
		if err != nil {
			body = err.Error()
		}
		paid <- body
	}()
	for deadline := time.Now().Add(wait.Limit); ; {
		_, body, err := c.request(t.Context(), http.MethodGet, "/metrics", "")
		if err == nil && strings.Contains(body, "vezne_http_requests_running 2") {
			return paid
		}
		if time.Now().After(deadline) {
			t.Fatal("the payment never began", err)
		}
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	t.Run("sigterm_while_idle_exits_with_zero", func(t *testing.T) {
		t.Parallel()
		c := demo(t)
		c.signal(t)
		if err := c.wait(t); err != nil {
			t.Errorf("%v\n%s", err, c.log.String())
		}
	})
	t.Run("payment_in_flight_ends_before_the_process", func(t *testing.T) {
		t.Parallel()
		c := demo(t)
		paid := c.paySlowly(t, "1000")
		c.signal(t)
		if body := <-paid; !strings.Contains(body, `"status":"SUCCESS"`) {
			t.Errorf("the payment got %s", body)
		}
		if err := c.wait(t); err != nil {
			t.Errorf("%v\n%s", err, c.log.String())
		}
	})
	t.Run("second_sigterm_ends_at_once", func(t *testing.T) {
		t.Parallel()
		c := demo(t)
		paid := c.paySlowly(t, "9000")
		c.signal(t)
		for deadline := time.Now().Add(wait.Limit); !strings.Contains(c.log.String(), "draining"); {
			if time.Now().After(deadline) {
				t.Fatal("the first signal did nothing")
			}
		}
		c.signal(t)
		err := c.wait(t)
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !endedBy(exit, syscall.SIGTERM) {
			t.Errorf("the process ended with %v, want the signal", err)
		}
		if body := <-paid; strings.Contains(body, "SUCCESS") {
			t.Errorf("the process waited for its payment: %s", body)
		}
	})
}

func endedBy(e *exec.ExitError, s syscall.Signal) bool {
	status, ok := e.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == s
}
