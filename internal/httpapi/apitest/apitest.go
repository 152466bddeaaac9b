// Package apitest holds requests and answers of tests against the OpenAPI
// document of a surface, so that the document cannot say one thing and the
// server do another.
package apitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/vezne/vezne/api"
)

// Document is an OpenAPI document ready to judge traffic. It is safe for
// concurrent use.
type Document struct {
	router routers.Router
	name   string
}

// Parse reads a document of package api, such as "gateway.yaml". It fails if it
// is not there or cannot be read as OpenAPI; whether it is valid, Load says.
func Parse(name string) (*openapi3.T, error) {
	text, err := api.Documents.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	return doc, nil
}

// Load reads a document of package api, such as "gateway.yaml". It fails if it is
// not valid OpenAPI or if an example contradicts its schema.
func Load(ctx context.Context, name string) (*Document, error) {
	doc, err := Parse(name)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(ctx, openapi3.EnableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("validate %s: %w", name, err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", name, err)
	}
	return &Document{router: router, name: name}, nil
}

// Check judges one exchange: the answer must be a documented one, and a request
// that succeeded must be one that the document allows. Unknown paths and
// methods, which a document cannot have, must have been refused.
func (d *Document) Check(t testing.TB, r *http.Request, body []byte, answer *http.Response, answerBody []byte) {
	t.Helper()
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		if s := answer.StatusCode; s != http.StatusUnauthorized && s != http.StatusNotFound && s != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s %s is not documented and answered %d", d.name, r.Method, r.URL.Path, s)
		}
		return
	}
	request := r.Clone(t.Context())
	// The mark that may stand before JSON is no part of it, and the document's reader
	// does not know it.
	request.Body = io.NopCloser(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	in := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			MultiError:            true,
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		},
	}
	if answer.StatusCode < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s does not allow the accepted %s %s: %v", d.name, r.Method, route.Path, err)
		}
	}
	if answer.StatusCode == http.StatusMethodNotAllowed {
		t.Errorf("%s documents %s %s, which is refused", d.name, r.Method, route.Path)
		return
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: answer.StatusCode, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answerBody)), Options: in.Options,
	})
	if err != nil {
		t.Errorf("%s does not have the answer %d of %s %s: %v", d.name, answer.StatusCode, r.Method, route.Path, err)
	}
}

// Handler judges everything that passes through to next. HEAD is judged as
// nothing: its answers have no body.
func (d *Document) Handler(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		answer := recorder.Result() //nolint:bodyclose // a recorder's body holds nothing open
		if r.Method != http.MethodHead {
			d.Check(t, r, body, answer, recorder.Body.Bytes())
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, strings.NewReader(recorder.Body.String())) // a test's client may have hung up
	})
}

// Transport judges everything that a client sends over base, for tests against a
// running server.
func (d *Document) Transport(t testing.TB, base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		answer, err := base.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		got, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, err
		}
		if err := answer.Body.Close(); err != nil {
			return nil, err
		}
		answer.Body = io.NopCloser(bytes.NewReader(got))
		if r.Method != http.MethodHead {
			d.Check(t, r, body, answer, got)
		}
		return answer, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
