package pages_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/threeds"
)

type fakeReturner struct {
	asked threeds.Return
	done  threeds.Returned
	way   connector.Way
	err   error
}

func (f *fakeReturner) Way(context.Context, string, string) (connector.Way, error) {
	return f.way, f.err
}

func (f *fakeReturner) Return(_ context.Context, r threeds.Return) (threeds.Returned, error) {
	f.asked = r
	return f.done, f.err
}

func newReturns(t *testing.T, f *fakeReturner) http.Handler {
	t.Helper()
	return newReturnsTo(t, f, egress.Policy{})
}

func newReturnsTo(t *testing.T, f *fakeReturner, where egress.Policy) http.Handler {
	t.Helper()
	return newLoggedReturns(t, f, where, io.Discard)
}

func newLoggedReturns(t *testing.T, f *fakeReturner, where egress.Policy, log io.Writer) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(log, nil)), Clock: clock.NewManual(time.Unix(0, 0)), HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := pages.Returns(k, f, where)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func comeBack(t *testing.T, h http.Handler, method, path, body, lang string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://vezne.test"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", lang)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const address = "/3ds/sandbox/session-key"

func TestReturns(t *testing.T) {
	t.Parallel()
	t.Run("bytes_of_the_form_and_the_charset_that_it_says_go_on", func(t *testing.T) {
		t.Parallel()
		f := &fakeReturner{done: threeds.Returned{URL: "https://shop.example/ok"}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://vezne.test"+address,
			strings.NewReader("message=%DD%FElem+onayland%FD"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=windows-1254")
		newReturns(t, f).ServeHTTP(httptest.NewRecorder(), r)
		if f.asked.Charset != "windows-1254" || f.asked.Form.Get("message") != "\xdd\xfelem onayland\xfd" {
			t.Errorf("asked with %+v", f.asked)
		}
	})
	t.Run("success_takes_exactly_id_and_key_on", func(t *testing.T) {
		t.Parallel()
		f := &fakeReturner{done: threeds.Returned{URL: `https://shop.example/ok?a=1&b="2"`, SecurityKey: "key-1"}}
		w := comeBack(t, newReturns(t, f), http.MethodPost, address, "mac=1&x=2&x=3", "en")
		form, err := apitest.ReadForm(w.Body.String())
		want := url.Values{"paymentId": {f.done.Payment.UUID.String()}, "securityKey": {"key-1"}}
		if diff := cmp.Diff(want, form.Fields); err != nil || w.Code != http.StatusOK || diff != "" {
			t.Fatalf("status %d, %v, %s", w.Code, err, diff)
		}
		if !strings.HasPrefix(form.Action, "https://shop.example/ok?a=1&b=") ||
			!strings.Contains(w.Body.String(), "<button") {
			t.Errorf("form %+v", form)
		}
		if diff := cmp.Diff(threeds.Return{Connector: "sandbox", SessionKey: "session-key",
			Form: url.Values{"mac": {"1"}, "x": {"2", "3"}}}, f.asked); diff != "" {
			t.Error(diff)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'nonce-") ||
			strings.Contains(policy, "unsafe") ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", w.Header())
		}
	})
	for name, unclear := range map[string]bool{"failure_has_a_reason_and_no_key": false, "unclear_failure_says_so": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := payment.Payment{State: payment.Declined, Unclear: unclear, Result: payment.Result{Reason: connector.ThreeDSFailed}}
			w := comeBack(t, newReturns(t, &fakeReturner{done: threeds.Returned{Payment: p, URL: "https://shop.example/no"}}),
				http.MethodPost, address, "a=b", "en")
			form, err := apitest.ReadForm(w.Body.String())
			want := map[bool]string{false: "THREEDS_FAILED", true: "RESULT_UNKNOWN"}[unclear]
			if err != nil || len(form.Fields) != 3 || form.Fields.Get("resultCode") != want ||
				form.Fields.Get("resultMessage") == "" || form.Fields.Has("securityKey") {
				t.Errorf("%v: %+v", err, form)
			}
		})
	}
	for name, r := range map[string]struct {
		method, path, body, media string
		done                      threeds.Returned
		err                       error
		status                    int
	}{
		"forged_return":                 {err: fault.New(fault.Invalid, fault.ForgedReturn, "x"), status: 400},
		"unknown_session":               {err: fault.New(fault.NotFound, fault.NoSuchThing, "x"), status: 404},
		"store_that_is_away":            {err: fault.New(fault.Unavailable, fault.ServiceUnavailable, "x"), status: 503},
		"mistake_of_ours":               {err: errors.New("secret cause"), status: 500},
		"unknown_path":                  {path: "/3ds/sandbox", status: 404},
		"wrong_method":                  {method: http.MethodPut, status: 405},
		"body_that_is_no_form":          {body: "%zz", status: 400},
		"body_over_the_limit":           {body: "a=" + strings.Repeat("x", 64<<10), status: 413},
		"address_that_is_not_allowed":   {done: threeds.Returned{URL: "https://10.0.0.1/"}, status: 400},
		"address_that_is_a_script":      {done: threeds.Returned{URL: "javascript:alert(1)"}, status: 400},
		"address_without_encryption":    {done: threeds.Returned{URL: "http://shop.example/"}, status: 400},
		"visit_of_a_person_is_no_error": {method: http.MethodGet, status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r.method == "" {
				r.method = http.MethodPost
			}
			if r.path == "" {
				r.path = address
			}
			w := comeBack(t, newReturns(t, &fakeReturner{done: r.done, err: r.err}), r.method, r.path, r.body, "de")
			page := w.Body.String()
			if w.Code != r.status || !strings.Contains(page, `<html lang="de" dir="ltr">`) || strings.Contains(page, "<form") ||
				strings.Contains(page, "<script") || strings.Contains(page, "secret cause") || strings.Contains(page, "goroutine") {
				t.Errorf("status %d: %s", w.Code, page)
			}
			if again := w.Header().Get("Retry-After"); (again != "") != (r.status == http.StatusServiceUnavailable) {
				t.Errorf("status %d says to come again after %q", w.Code, again)
			}
		})
	}
	t.Run("the_cause_of_a_mistake_of_ours_is_logged_by_its_request", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		h := newLoggedReturns(t, &fakeReturner{err: errors.New("secret cause")}, egress.Policy{}, &log)
		w := comeBack(t, h, http.MethodPost, address, "", "en")
		line := log.String()
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, "secret cause") ||
			!strings.Contains(line, "request_id="+w.Header().Get("X-Request-Id")) {
			t.Errorf("logged: %s", line)
		}
	})
	t.Run("every_language_has_a_page_of_its_own", func(t *testing.T) {
		t.Parallel()
		seen := map[string]string{}
		for _, err := range []error{
			fault.New(fault.Invalid, fault.ForgedReturn, "x"), errors.New("x"),
			fault.New(fault.Unavailable, fault.ServiceUnavailable, "may be sent again"),
		} {
			h := newReturns(t, &fakeReturner{err: err})
			for _, lang := range kit.Languages() {
				page := comeBack(t, h, http.MethodPost, address, "a=b", lang.String()).Body.String()
				_, title, _ := strings.Cut(page, "<h1>")
				title, _, _ = strings.Cut(title, "</h1>")
				if title == "" || seen[title] != "" || !strings.Contains(page, `lang="`+lang.String()+`"`) {
					t.Errorf("%s: title %q", lang, title)
				}
				seen[title] = lang.String()
			}
		}
	})
}
