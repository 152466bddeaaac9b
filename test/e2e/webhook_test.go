package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne/test/servertest"
)

// event is what a merchant's server got.
type event struct {
	id   string
	body string
	err  error // of the public library, by the machine's clock
}

// hookReceiver starts a merchant's server that verifies by the secret once it is
// known.
func hookReceiver(t *testing.T, secret <-chan string) (url string, events <-chan event) {
	t.Helper()
	got := make(chan event, 100)
	var verifier *standardwebhooks.Webhook
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && verifier == nil {
			verifier, err = standardwebhooks.NewWebhook(<-secret)
		}
		if err == nil {
			err = verifier.Verify(body, r.Header)
		}
		got <- event{r.Header.Get("webhook-id"), string(body), err}
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e := <-events:
		if e.err != nil {
			t.Errorf("the public library refuses it: %v", e.err)
		}
		return e
	case <-time.After(wait.Limit):
		t.Fatal("no event came")
	}
	return event{}
}

// TestWebhooks follows an endpoint through its life.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		secret := make(chan string, 1)
		url, events := hookReceiver(t, secret)
		const path = "/admin/v1/webhook-endpoints"
		created := staff(t, s, 201, http.MethodPost, path, `{"url":`+quoted(url)+`,"events":["payment.*"]}`)
		secret <- created.Text("secret")
		n := string(created.Members["id"])
		one := path + "/" + n

		u := paid(t, s)
		captured := next(t, events)
		for _, part := range []string{`"type":"payment.captured"`, u, `"amount":100.50`, `"captured":100.50`, `"order_ref":`} {
			if !strings.Contains(captured.body, part) {
				t.Errorf("the event lacks %s: %s", part, captured.body)
			}
		}
		log := staff(t, s, 200, http.MethodGet, "/admin/v1/webhook-deliveries?endpoint_id="+n+"&payment_id="+u, "")
		all := member[[]struct {
			ID      int64  `json:"id"`
			EventID string `json:"event_id"`
			Type    string `json:"type"`
		}](t, log, "deliveries")
		if len(all) != 1 || all[0].EventID != captured.id || all[0].Type != "payment.captured" {
			t.Fatalf("log = %s", log.Body)
		}

		staff(t, s, 202, http.MethodPost, "/admin/v1/webhook-deliveries/"+number(all[0].ID)+"/redeliver", `{}`)
		if again := next(t, events); again.id != captured.id {
			t.Errorf("redelivered as %s, want %s", again.id, captured.id)
		}
		a := staff(t, s, 202, http.MethodPost, "/admin/v1/webhook-deliveries/redeliver",
			`{"endpoint_id":`+n+`,"from":"2020-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","status":"delivered"}`)
		if string(a.Members["redelivered"]) != "1" {
			t.Errorf("range = %s", a.Body)
		}
		if again := next(t, events); again.id != captured.id {
			t.Errorf("redelivered as %s, want %s", again.id, captured.id)
		}
		staff(t, s, 202, http.MethodPost, one+"/test", `{}`)
		if test := next(t, events); !strings.Contains(test.body, `"type":"webhook.test"`) {
			t.Errorf("test = %s", test.body)
		}

		shown := staff(t, s, 200, http.MethodGet, one, "")
		if strings.Contains(shown.Body, "whsec_") {
			t.Error("the secret is shown again")
		}
		tag := shown.Header.Get("ETag")
		staff(t, s, 428, http.MethodPatch, one, `{"description":"shop"}`)
		staff(t, s, 412, http.MethodPatch, one, `{"description":"shop"}`, "If-Match", `"77"`)
		changed := staff(t, s, 200, http.MethodPatch, one, `{"description":"shop"}`, "If-Match", tag)
		if changed.Text("description") != "shop" || changed.Text("url") != url {
			t.Errorf("changed = %s", changed.Body)
		}
		tag = changed.Header.Get("ETag")
		rotated := staff(t, s, 200, http.MethodPost, one+"/rotate-secret", `{"overlap_hours":1}`, "If-Match", tag)
		if rotated.Text("secret") == created.Text("secret") || rotated.Text("previous_secret_until") == "" {
			t.Error("the secret was not rotated")
		}
		staff(t, s, 202, http.MethodPost, one+"/test", `{}`)
		next(t, events) // the receiver still verifies by the secret before
		staff(t, s, 400, http.MethodPost, path, `{"url":"http://169.254.169.254/"}`)
		staff(t, s, 204, http.MethodDelete, one, "", "If-Match", rotated.Header.Get("ETag"))
		staff(t, s, 404, http.MethodGet, one, "")
		audit := staff(t, s, 200, http.MethodGet, "/admin/v1/audit?subject=webhook_endpoint:"+n, "")
		for _, action := range []string{"create", "redeliver", "test", "update", "rotate_secret", "delete"} {
			if !strings.Contains(audit.Body, `"webhook_endpoint.`+action+`"`) {
				t.Errorf("the audit log lacks %s: %s", action, audit.Body)
			}
		}
	})
}
