package servertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// Shop is a merchant's own server: it remembers the forms that browsers and the
// gateway bring. It is safe for concurrent use.
type Shop struct {
	// URL is its address, without a path.
	URL string

	mu   sync.Mutex
	seen map[string]url.Values // by path
}

// OpenShop starts a Shop that ends with the test.
func OpenShop(t testing.TB) *Shop {
	t.Helper()
	s := &Shop{seen: map[string]url.Values{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen[r.URL.Path] = r.PostForm
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Got returns the last form that came to a path, nil if none did.
func (s *Shop) Got(path string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[path]
}

// Open gets a page of the server as a shopper's browser does.
func (s *Server) Open(t testing.TB, address string) apitest.Page {
	t.Helper()
	page, err := apitest.Visit(t.Context(), http.DefaultClient, address)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// FormOf reads the first form of a page, which must have one; a relative action is
// the server's own.
func (s *Server) FormOf(t testing.TB, page apitest.Page) apitest.Form {
	t.Helper()
	f, err := apitest.ReadForm(page.Body)
	if err != nil {
		t.Fatalf("%d %v: %s", page.Status, err, page.Body)
	}
	if strings.HasPrefix(f.Action, "/") {
		f.Action = s.URL + f.Action
	}
	return f
}

// Browse posts a form as a shopper's browser does and returns the page at which it
// ends. No form of a shopper may break a server.
func (s *Server) Browse(t testing.TB, f apitest.Form) apitest.Page {
	t.Helper()
	s.used.noteTyped(f.Fields)
	page, err := f.Post(t.Context(), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if page.Status >= http.StatusInternalServerError || strings.Contains(page.Body, "goroutine ") {
		t.Fatalf("status %d: %s", page.Status, page.Body)
	}
	return page
}

// Follow is Browse to a page that has a form of its own, which it returns.
func (s *Server) Follow(t testing.TB, f apitest.Form) apitest.Form {
	t.Helper()
	return s.FormOf(t, s.Browse(t, f))
}

// PassBank takes a browser from the form that leads to the bank past the bank's
// page, with a password, and returns the form with which the bank sends it back.
func (s *Server) PassBank(t testing.TB, toBank apitest.Form, password string) apitest.Form {
	t.Helper()
	return s.Follow(t, s.Follow(t, toBank).With("password", password))
}

// TypeCard fills the hosted page's form in, for a single payment.
func TypeCard(f apitest.Form, number string) apitest.Form {
	for name, value := range map[string]string{
		"cardHolderName": "John Doe", "pan": number, "expiryMonth": "04", "expiryYear": "28", "cvv": "916",
		"installmentCount": "1",
	} {
		f = f.With(name, value)
	}
	return f
}
