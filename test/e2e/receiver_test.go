package e2e_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// receiverOfDocs returns the Go program of docs/webhooks.md, compiled.
func receiverOfDocs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```go\n")
	source, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended || strings.Contains(rest[len(source)+4:], "```go\n") {
		t.Fatal("docs/webhooks.md has not one program in Go")
	}
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "receiver")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, file).CombinedOutput(); err != nil { //nolint:gosec // the test's own
		t.Fatalf("build the documented receiver: %v\n%s", err, out)
	}
	return binary
}

// runReceiver starts a documented receiver that knows a secret, and returns its address.
func runReceiver(t *testing.T, binary, secret string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close() // it was only to find the port
	receiver := exec.CommandContext(t.Context(), binary)
	receiver.Env = []string{"WEBHOOK_SECRET=" + secret, "LISTEN=" + address}
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = receiver.Process.Kill()
		_ = receiver.Wait() // killed, see above
	})
	up := servertest.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close() // only whether it listens is of interest
		}
		return err == nil
	})
	if !up {
		t.Fatal("the documented receiver does not listen")
	}
	return "http://" + address + "/hooks"
}

// TestDocumentedReceiver has the receiver that the documentation shows take the
// events of its endpoint, and refuse those that are signed by another secret.
func TestDocumentedReceiver(t *testing.T) {
	t.Parallel()
	const path = "/admin/v1/webhook-endpoints"
	binary := receiverOfDocs(t)
	s := servertest.Start(t, servertest.Options{})
	created := staff(t, s, 201, http.MethodPost, path, `{"url":"http://127.0.0.1:1/hooks","events":["payment.*"]}`)
	one := path + "/" + string(created.Members["id"])
	answered := func(want string, status int) {
		t.Helper()
		var log servertest.Answer
		arrived := servertest.Eventually(t, func() bool {
			log = staff(t, s, 200, http.MethodGet, "/admin/v1/webhook-deliveries?type="+want+"&endpoint_id="+string(created.Members["id"]), "")
			return strings.Contains(log.Body, `"http_status":`+number(int64(status)))
		})
		if !arrived {
			t.Errorf("%s was not answered with %d: %s", want, status, log.Body)
		}
	}

	right := runReceiver(t, binary, created.Text("secret"))
	moved := staff(t, s, 200, http.MethodPatch, one, `{"url":`+quoted(right)+`}`, "If-Match", created.Header.Get("ETag"))
	paid(t, s)
	answered("payment.captured", http.StatusNoContent)

	wrong := runReceiver(t, binary, "whsec_dmV6bmUgZGVtbyB3ZWJob29rIHNpZ25pbmcga2V5ISE=")
	staff(t, s, 200, http.MethodPatch, one, `{"url":`+quoted(wrong)+`}`, "If-Match", moved.Header.Get("ETag"))
	staff(t, s, 202, http.MethodPost, one+"/test", `{}`)
	answered("webhook.test", http.StatusUnauthorized)
}
