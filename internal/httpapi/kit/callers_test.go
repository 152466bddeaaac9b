package kit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// signing is a surface whose callers sign the URL and the body, as those of the
// card payments API do: base64(SHA-256(URL, key, secret, nonce, body)).
type signing struct {
	// seen are the bodies that the authenticator was given.
	seen [][]byte
	keys []idempotency.Key
	read []string
}

func (s *signing) Authenticate(_ context.Context, r kit.AuthRequest) (int, error) {
	s.seen = append(s.seen, r.Body)
	key, _ := r.Single("x-api-key")
	nonce, _ := r.Single("x-rnd-key")
	sent, _ := r.Single("x-signature")
	sum := sha256.Sum256(slices.Concat([]byte("http://"+r.Host+r.Target+key+"secret-key"+nonce), r.Body))
	if key != "api-key" || subtle.ConstantTimeCompare([]byte(sent), []byte(base64.StdEncoding.EncodeToString(sum[:]))) != 1 {
		return 0, fault.New(fault.Unauthenticated, fault.Unauthorized, "Signature is not equal!")
	}
	return 7, nil
}

func (s *signing) handler(t *testing.T) http.Handler {
	t.Helper()
	handle := func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
		s.keys = append(s.keys, r.Key)
		if r.Body != nil {
			s.read = append(s.read, strings.Join(r.Body.Names(), ","))
		}
		return kit.OK(answer{Code: r.Language.String()}), nil
	}
	return kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
		Name:          "signing",
		Authenticator: s,
		BodySigned:    true,
		Merchant:      func(p int) id.Merchant { return id.Merchant(p) },
		Keys:          kit.Keys[int]{Header: "x-idempotency-key", Except: []string{http.MethodPut}},
		Form: func(f *fault.Error, _ string, _ language.Tag) kit.Response {
			r := kit.Response{Body: answer{Code: string(f.Code)}}
			if f.Kind == fault.Conflict {
				r.Status = http.StatusUnprocessableEntity
			}
			return r
		},
		LanguageHeader: "lang",
		Language:       language.Turkish,
		Headers:        func(h http.Header, lang language.Tag) { h.Set("Content-Language", lang.String()) },
		Routes: []kit.Route[int]{
			{Method: http.MethodPost, Pattern: "/payment/v1/card-payments", Handle: handle},
			{Method: http.MethodPut, Pattern: "/payment/v1/card-payments", Handle: handle},
			{Method: http.MethodGet, Pattern: "/payment/v1/card-payments", Handle: handle},
			{Method: http.MethodDelete, Pattern: "/payment/v1/cards", EmptyBody: true, Handle: handle},
			{Method: http.MethodPost, Pattern: "/payment/v1/taken", Handle: func(context.Context, *kit.Request[int]) (kit.Response, error) {
				return kit.Response{}, fault.New(fault.Conflict, fault.NotRefundable, "no")
			}},
		},
	})
}

// signed is a request as a client of that API makes it.
func signed(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	const base, nonce = "http://127.0.0.1:8080", "Xa15Fp11T"
	r := httptest.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
	sum := sha256.Sum256([]byte(base + target + "api-key" + "secret-key" + nonce + body))
	r.Header = http.Header{
		"X-Api-Key": {"api-key"}, "X-Rnd-Key": {nonce}, "X-Signature": {base64.StdEncoding.EncodeToString(sum[:])},
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestSignedRequest(t *testing.T) {
	t.Parallel()
	const path, body = "/payment/v1/card-payments", `{"price":100,"paidPrice":100}`
	t.Run("the_vector_of_the_public_clients_is_let_in", func(t *testing.T) {
		t.Parallel()
		r := signed(t, http.MethodPost, path, body)
		r.Header.Set("X-Signature", "8X0HrTxS9zW4YA6Qrv3WhUd71fvR4xygqZjx0pauH4k=")
		s := new(signing)
		if w := serve(t, s.handler(t), r); w.Code != http.StatusOK || !slices.Equal(s.read, []string{"paidPrice,price"}) {
			t.Errorf("answer = %d %s, read %v", w.Code, w.Body, s.read)
		}
	})
	t.Run("each_byte_of_target_and_body_counts", func(t *testing.T) {
		t.Parallel()
		for name, spoil := range map[string]func(r *http.Request){
			"body":       func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body[:len(body)-1] + " ")) },
			"query":      func(r *http.Request) { r.RequestURI = path + "?" },
			"escaping":   func(r *http.Request) { r.RequestURI = "/payment/v1/card%2Dpayments" },
			"no_key":     func(r *http.Request) { r.Header.Del("X-Api-Key") },
			"two_nonces": func(r *http.Request) { r.Header.Add("X-Rnd-Key", "x") },
		} {
			r, s := signed(t, http.MethodPost, path, body), new(signing)
			spoil(r)
			if w := serve(t, s.handler(t), r); w.Code != http.StatusUnauthorized || s.read != nil {
				t.Errorf("%s: answer = %d %s", name, w.Code, w.Body)
			}
		}
	})
	t.Run("the_query_is_signed_as_it_was_sent", func(t *testing.T) {
		t.Parallel()
		for _, query := range []string{"?page=0&size=10&", "?cardAlias=My+YKB+Card", "?a=%C3%B6&b=1:2", "?"} {
			s := new(signing)
			if w := serve(t, s.handler(t), signed(t, http.MethodGet, path+query, "")); w.Code != http.StatusOK {
				t.Errorf("%s: answer = %d %s", query, w.Code, w.Body)
			}
		}
	})
	t.Run("a_body_without_bytes_is_signed_as_nothing", func(t *testing.T) {
		t.Parallel()
		s := new(signing)
		if w := serve(t, s.handler(t), signed(t, http.MethodDelete, "/payment/v1/cards", "")); w.Code != http.StatusOK || len(s.seen[0]) > 0 {
			t.Errorf("answer = %d %s, signed %q", w.Code, w.Body, s.seen)
		}
	})
	t.Run("who_is_not_proven_hears_nothing_of_the_body_or_the_path", func(t *testing.T) {
		t.Parallel()
		for _, r := range []*http.Request{
			signed(t, http.MethodPost, path, `{"price":1,"price":2}`), signed(t, http.MethodPost, path, "\xff"),
			signed(t, http.MethodPost, "/payment/v1/nothing", body), signed(t, http.MethodPatch, path, body),
		} {
			r.Header.Set("X-Signature", "x")
			r.Header.Set("Content-Type", "text/plain")
			if w := serve(t, new(signing).handler(t), r); w.Code != http.StatusUnauthorized {
				t.Errorf("answer = %d %s", w.Code, w.Body)
			}
		}
	})
	t.Run("who_is_proven_does", func(t *testing.T) {
		t.Parallel()
		plain := signed(t, http.MethodPost, path, body)
		plain.Header.Set("Content-Type", "text/plain")
		for status, r := range map[int]*http.Request{
			http.StatusBadRequest:           signed(t, http.MethodPost, path, `{"price":1,"price":2}`),
			http.StatusUnsupportedMediaType: plain,
			http.StatusNotFound:             signed(t, http.MethodPost, "/payment/v1/nothing", body),
			http.StatusMethodNotAllowed:     signed(t, http.MethodPatch, path, body),
		} {
			if w := serve(t, new(signing).handler(t), r); w.Code != status {
				t.Errorf("answer = %d %s, want %d", w.Code, w.Body, status)
			}
		}
	})
	t.Run("a_body_over_the_limit_is_refused_before_it_is_proven", func(t *testing.T) {
		t.Parallel()
		for _, announced := range []int64{kit.MaxBody + 1, -1} {
			r, s := signed(t, http.MethodPost, path, strings.Repeat(" ", kit.MaxBody+1)), new(signing)
			r.ContentLength = announced
			if w := serve(t, s.handler(t), r); w.Code != http.StatusRequestEntityTooLarge || s.seen != nil {
				t.Errorf("answer = %d %s", w.Code, w.Body)
			}
		}
	})
	t.Run("the_body_is_wiped_whether_proven_or_not", func(t *testing.T) {
		t.Parallel()
		for _, signature := range []string{"", "x"} {
			r, s := signed(t, http.MethodPost, path, body), new(signing)
			if signature != "" {
				r.Header.Set("X-Signature", signature)
			}
			serve(t, s.handler(t), r)
			if len(s.seen) != 1 || len(s.seen[0]) != len(body) || bytes.Contains(s.seen[0], []byte("price")) {
				t.Errorf("the authenticator still has %q", s.seen)
			}
		}
	})
}

func TestSurfaceHabits(t *testing.T) {
	t.Parallel()
	const path, body = "/payment/v1/card-payments", `{}`
	t.Run("the_key_is_read_from_the_header_of_the_surface", func(t *testing.T) {
		t.Parallel()
		for _, tt := range []struct {
			method, header string
			none           bool
		}{
			{http.MethodPost, "X-Idempotency-Key", false}, {http.MethodPost, "Idempotency-Key", true}, {http.MethodPut, "X-Idempotency-Key", true},
		} {
			r, s := signed(t, tt.method, path, body), new(signing)
			r.Header.Set(tt.header, "key-1")
			if serve(t, s.handler(t), r); len(s.keys) != 1 || s.keys[0].IsZero() != tt.none {
				t.Errorf("%s %s: key = %v", tt.method, tt.header, s.keys)
			}
		}
	})
	t.Run("the_language_is_read_from_the_header_of_the_surface", func(t *testing.T) {
		t.Parallel()
		for sent, want := range map[string]string{"": "tr", "en": "en", "EN": "en", "xx": "tr"} {
			r := signed(t, http.MethodPost, path, body)
			r.Header.Set("Lang", sent)
			r.Header.Set("Accept-Language", "de")
			w := serve(t, new(signing).handler(t), r)
			if w.Body.String() != `{"code":"`+want+`"}` || w.Header().Get("Content-Language") != want {
				t.Errorf("%q: answer = %s %v", sent, w.Body, w.Header())
			}
		}
	})
	t.Run("an_error_form_may_set_the_status_and_errors_have_the_headers_too", func(t *testing.T) {
		t.Parallel()
		w := serve(t, new(signing).handler(t), signed(t, http.MethodPost, "/payment/v1/taken", body))
		if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Language") != "tr" {
			t.Errorf("answer = %d %v", w.Code, w.Header())
		}
	})
}

// TestHeaderCaller holds that a surface which proves by headers reads nothing of
// a stranger's body.
func TestHeaderCaller(t *testing.T) {
	t.Parallel()
	h := kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
		Name: "test",
		Authenticator: kit.AuthFunc[int](func(_ context.Context, r kit.AuthRequest) (int, error) {
			if r.Body != nil {
				t.Errorf("the authenticator got the body %q", r.Body)
			}
			return 0, fault.New(fault.Unauthenticated, fault.Unauthorized, "wrong")
		}),
		Form:     form,
		Language: language.English,
		Routes:   []kit.Route[int]{{Method: http.MethodPost, Pattern: "/t/things"}},
	})
	r := newRequest(t, http.MethodPost, "/t/things", "")
	unread := &keepingReader{rest: "{}"}
	r.Body, r.ContentLength = unread, 2
	if w := serve(t, h, r); w.Code != http.StatusUnauthorized || unread.seen != nil {
		t.Errorf("answer = %d %s, read %q", w.Code, w.Body, unread.seen)
	}
}

func TestAuthRequestTarget(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"/a/b?c=d": "/a/b?c=d", "http://x.test/a?u=http://y/": "/a?u=http://y/", "http://x.test": "/", "http://x.test?a": "?a",
		"/a?u=http://y/": "/a?u=http://y/", "*": "*", "/a//b/../c&": "/a//b/../c&",
	} {
		var got string
		h := kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
			Name: "test",
			Authenticator: kit.AuthFunc[int](func(_ context.Context, r kit.AuthRequest) (int, error) {
				got = r.Target
				return 0, fault.New(fault.Unauthenticated, fault.Unauthorized, "wrong")
			}),
			Form: form, Language: language.English,
		})
		r := newRequest(t, http.MethodGet, "/", "")
		r.RequestURI = sent
		if serve(t, h, r); got != want {
			t.Errorf("target of %q = %q, want %q", sent, got, want)
		}
	}
}
