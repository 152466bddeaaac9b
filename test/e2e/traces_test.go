package e2e_test

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/vezne/vezne/internal/trace"
	"github.com/vezne/vezne/test/servertest"
)

// secondOpinionCard is declined in a way that another bank may see otherwise.
const secondOpinionCard = "5100560000006669"

// TestTraces drives a server through every step and holds what a collector got
// against what may be told.
func TestTraces(t *testing.T) {
	t.Parallel()
	collector := servertest.StartCollector(t)
	s := servertest.Start(t, servertest.Options{Args: []string{"--traces", collector.URL}})
	headers := &heard{}
	shop := httptest.NewServer(headers)
	t.Cleanup(shop.Close)
	staff(t, s, 201, http.MethodPost, "/admin/v1/webhook-endpoints", `{"url":`+quoted(shop.URL)+`,"events":["payment.*"]}`)
	t.Run("commands", func(t *testing.T) { everyCommand(t, s) })
	s.Send(t, payment(charge("orderId", `"soft"`, "pan", quoted(secondOpinionCard)), ""))
	strangePaths(t, s)
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	one := payment(charge("orderId", `"one"`), "")
	one.Header = map[string]string{"Traceparent": "00-" + parent + "-00f067aa0ba902b7-00"} // not sampled, as its sender says
	a, _ := s.Send(t, one)
	t.Run("faults", func(t *testing.T) { pendingUntilTold(t, s) })
	if !servertest.Eventually(t, func() bool { return headers.count() > 0 }) {
		t.Error("no event was delivered")
	}
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	spans := collector.Spans()
	t.Run("every_step_has_a_span", func(t *testing.T) {
		var got []string
		for _, span := range spans {
			got = append(got, span.GetName())
		}
		var want []string
		for _, step := range trace.Steps() {
			want = append(want, string(step))
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("attributes_are_a_closed_set", func(t *testing.T) { checkAttributes(t, spans) })
	t.Run("a_payment_is_one_trace_of_its_caller", func(t *testing.T) { checkPayment(t, spans, parent, a) })
	t.Run("nothing_of_a_card_is_told", func(t *testing.T) {
		for _, l := range newSearch(s.Numbers(), s.Codes()).bytes("traces", collector.Raw()) {
			t.Error(l)
		}
		for _, word := range []string{axessCard, "John Doe", "wp-login", "192.168.1.1", shop.URL, "secret-key", "demo-admin-token"} {
			if strings.Contains(string(collector.Raw()), word) {
				t.Errorf("the collector was told %q", word)
			}
		}
	})
	t.Run("shops_are_told_of_no_trace", func(t *testing.T) { headers.check(t) })
}

// textForms are what values that are texts may look like: words of ours, routes,
// methods and UUIDs.
var textForms = regexp.MustCompile(`^([a-z_.-]+|(GET )?/[A-Za-z0-9_{}./-]*|[A-Z]+|[0-9a-f-]{36})$`)

func checkAttributes(t *testing.T, spans []*tracepb.Span) {
	t.Helper()
	var got, want []string
	for _, span := range spans {
		if len(span.GetEvents()) > 0 || len(span.GetLinks()) > 0 || span.GetStatus().GetMessage() != "" {
			t.Errorf("%s says more than its attributes", span.GetName())
		}
		for _, a := range span.GetAttributes() {
			got = append(got, a.GetKey())
			if text := a.GetValue().GetStringValue(); text != "" && !textForms.MatchString(text) {
				t.Errorf("%s: %s is %q", span.GetName(), a.GetKey(), text)
			}
		}
	}
	for _, k := range trace.Keys() {
		want = append(want, string(k))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Error(diff)
	}
}

// checkPayment looks at the trace of one approved payment.
func checkPayment(t *testing.T, spans []*tracepb.Span, id string, a servertest.Answer) {
	t.Helper()
	var steps []string
	var root string
	for _, span := range spans {
		if hex.EncodeToString(span.GetTraceId()) != id {
			continue
		}
		steps = append(steps, span.GetName())
		if span.GetName() != string(trace.StepRequest) {
			continue
		}
		root = hex.EncodeToString(span.GetParentSpanId())
		for _, at := range span.GetAttributes() {
			if at.GetKey() == string(trace.KeyRequestID) && at.GetValue().GetStringValue() != a.Header.Get("X-Request-Id") {
				t.Error("the span has another request's id")
			}
		}
	}
	want := []string{
		string(trace.StepPrepare), string(trace.StepBegin), string(trace.StepBank), string(trace.StepConclude), string(trace.StepRequest),
	}
	if diff := cmp.Diff(want, steps); diff != "" { // in the order in which they ended
		t.Error(diff)
	}
	if root != "00f067aa0ba902b7" {
		t.Errorf("the request's parent is %q, not its caller", root)
	}
}

// heard remembers which headers about traces came.
type heard struct {
	mu    sync.Mutex
	calls int
	told  []string
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage", "B3"} {
		if r.Header.Get(name) != "" {
			h.told = append(h.told, name)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

func (h *heard) check(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls == 0 || len(h.told) > 0 {
		t.Errorf("%d calls came, with headers %v", h.calls, h.told)
	}
}

// TestTraces_are_not_told_to_banks listens to what a bank hears of a recorded
// payment.
func TestTraces_are_not_told_to_banks(t *testing.T) {
	t.Parallel()
	bank, err := url.Parse(servertest.StartSimulator(t))
	if err != nil {
		t.Fatal(err)
	}
	headers := &heard{}
	proxy := httputil.NewSingleHostReverseProxy(bank)
	line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers.ServeHTTP(httptest.NewRecorder(), r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(line.Close)
	collector := servertest.StartCollector(t)
	s := servertest.Start(t, servertest.Options{Environ: []string{"VEZNE_SIMULATOR_URL=" + line.URL, "VEZNE_TRACES=" + collector.URL}})
	r := payment(charge("orderId", `"one"`), "")
	r.Header = map[string]string{"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
	if a, ok := s.Send(t, r); !ok || a.Text("status") != "SUCCESS" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	headers.check(t)
}
