package servertest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/test/wait"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// Credential is who sends a request, as headers.
type Credential map[string]string

// Merchant is the demo's first merchant.
func Merchant() Credential {
	return Credential{"X-API-KEY": "api-key", "X-API-SECRET": "secret-key"}
}

// OtherMerchant is a merchant to whom nothing of Merchant's belongs.
func OtherMerchant() Credential {
	return Credential{"X-API-KEY": "other-api-key", "X-API-SECRET": "other-secret-key"}
}

// Admin is Merchant's staff.
func Admin() Credential { return Credential{"Authorization": "Bearer demo-admin-token"} }

// OtherAdmin is OtherMerchant's staff.
func OtherAdmin() Credential { return Credential{"Authorization": "Bearer other-admin-token"} }

// Nobody has no credentials.
func Nobody() Credential { return Credential{} }

// Request is one call.
type Request struct {
	Method string
	Path   string // with the query
	Body   string
	As     Credential
	// Unchecked leaves the answer's form alone, for looking at hundreds of them
	// whose form others have been checked for.
	Unchecked bool
	// Header is set last, so it can replace what a JSON body brings; an empty
	// value removes a header.
	Header map[string]string
}

// Answer is what came back.
type Answer struct {
	Status  int
	Header  http.Header
	Body    string
	Members map[string]jsontext.Value // of a JSON object
}

// Text returns a member that is a string, empty if it is none.
func (a Answer) Text(member string) string {
	v := a.Members[member]
	if v.Kind() != '"' {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, []byte(v))
	if err != nil {
		return ""
	}
	return string(text)
}

// Send sends a request and holds the answer against what every answer promises
// and against the surface's document. It may be called by any goroutine, but
// stops the test only by its return value: ok is false if there was no answer.
func (s *Server) Send(t testing.TB, r Request) (a Answer, ok bool) {
	t.Helper()
	s.used.note(r.Body)
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, s.URL+r.Path, strings.NewReader(r.Body))
	if err != nil {
		t.Errorf("make request: %v", err)
		return Answer{}, false
	}
	if r.Body != "" || r.Method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.As {
		request.Header.Set(name, value)
	}
	for name, value := range r.Header {
		if value == "" {
			request.Header.Del(name)
			continue
		}
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Errorf("%s %s: %v", r.Method, r.Path, err)
		return Answer{}, false
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%s %s: read answer: %v", r.Method, r.Path, err)
		return Answer{}, false
	}
	if !r.Unchecked {
		s.check(t, request, []byte(r.Body), response, body)
	}
	a = Answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}
	if bytes.HasPrefix(body, []byte("{")) {
		if err := json.Unmarshal(body, &a.Members); err != nil {
			t.Errorf("%s %s: answer is no JSON: %v", r.Method, r.Path, err)
		}
	}
	return a, true
}

// The documents, loaded once for all tests.
var (
	gatewayDocument = sync.OnceValues(func() (*apitest.Document, error) { return apitest.Load(context.Background(), "gateway.yaml") })
	adminDocument   = sync.OnceValues(func() (*apitest.Document, error) { return apitest.Load(context.Background(), "admin.yaml") })
)

// documentOf returns how to load the document of a path's surface; nil for none.
func documentOf(path string) func() (*apitest.Document, error) {
	switch {
	case strings.HasPrefix(path, "/api/"):
		return gatewayDocument
	case strings.HasPrefix(path, "/admin/"):
		return adminDocument
	}
	return nil
}

// check holds what is promised of every answer of the JSON surfaces.
func (s *Server) check(t testing.TB, r *http.Request, sent []byte, answer *http.Response, body []byte) {
	t.Helper()
	if load := documentOf(r.URL.Path); load != nil {
		document, err := load()
		if err != nil {
			t.Errorf("load document: %v", err)
			return
		}
		if r.Method != http.MethodHead {
			document.Check(t, r, sent, answer, body)
		}
		checkHeaders(t, r, answer)
	}
	for _, c := range s.used.list() {
		if bytes.Contains(body, []byte(c.pan)) {
			t.Errorf("%s %s: the answer repeats a card number", r.Method, r.URL.Path)
		}
	}
}

func checkHeaders(t testing.TB, r *http.Request, answer *http.Response) {
	t.Helper()
	if _, err := uuid.Parse(answer.Header.Get("X-Request-Id")); err != nil {
		t.Errorf("%s %s: X-Request-Id: %v", r.Method, r.URL.Path, err)
	}
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s %s: Cache-Control is %q", r.Method, r.URL.Path, got)
	}
	if answer.StatusCode == http.StatusNoContent {
		return
	}
	switch got, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); got {
	case "application/json", "application/problem+json":
	default:
		t.Errorf("%s %s: Content-Type is %q", r.Method, r.URL.Path, got)
	}
}

func (s *Server) awaitReady(t testing.TB) {
	t.Helper()
	if !Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close() // the status says it
		return response.StatusCode == http.StatusOK
	}) {
		t.Fatalf("the server does not become ready: %s", tail(s.Dir))
	}
}

// Eventually looks until done says yes, and reports whether it did in time.
func Eventually(t testing.TB, done func() bool) bool {
	t.Helper()
	return wait.Poll(t.Context(), wait.Limit, done)
}

// cards remembers what was typed into requests, for the search for leaks.
type cards struct {
	mu   sync.Mutex
	all  []typed
	seen map[typed]bool
}

type typed struct{ pan, cvv string }

var (
	panForm = regexp.MustCompile(`"pan"\s*:\s*"([0-9]{12,19})"`)
	cvvForm = regexp.MustCompile(`"cvv"\s*:\s*"([0-9]{3,4})"`)
)

func (c *cards) note(body string) {
	pan, cvv := panForm.FindStringSubmatch(body), cvvForm.FindStringSubmatch(body)
	if pan == nil {
		return
	}
	used := typed{pan: pan[1]}
	if cvv != nil {
		used.cvv = cvv[1]
	}
	c.keep(used)
}

// noteTyped is note for a form of the hosted page.
func (c *cards) noteTyped(f url.Values) {
	if pan := f.Get("pan"); pan != "" {
		c.keep(typed{pan: strings.ReplaceAll(pan, " ", ""), cvv: f.Get("cvv")})
	}
}

func (c *cards) keep(used typed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[typed]bool)
	}
	if !c.seen[used] {
		c.seen[used] = true
		c.all = append(c.all, used)
	}
}

func (c *cards) list() []typed {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// Numbers returns every card number that requests to this server have held.
func (s *Server) Numbers() []string {
	return s.distinct(func(c typed) string { return c.pan })
}

// Codes returns every card verification value that requests to this server have
// held.
func (s *Server) Codes() []string {
	return s.distinct(func(c typed) string { return c.cvv })
}

func (s *Server) distinct(of func(typed) string) []string {
	var all []string
	for _, c := range s.used.list() {
		if v := of(c); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}
