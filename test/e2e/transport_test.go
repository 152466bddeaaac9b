package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

func longText(n int) string { return strings.Repeat("k", n) }

// testTransport holds what every route answers to wrong credentials, paths,
// methods, media types and sizes.
func testTransport(t *testing.T, s *servertest.Server) {
	const known = "/api/payment/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21"
	set := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, tt := range map[string]struct {
		request servertest.Request
		status  int
		code    string
		allow   string
	}{
		"no_credentials":         {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge(), As: servertest.Nobody()}, 401, "UNAUTHORIZED", ""},
		"no_secret":              {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge(), As: set("X-API-KEY", "api-key")}, 401, "UNAUTHORIZED", ""},
		"wrong_secret":           {servertest.Request{Method: "GET", Path: "/api/payments", As: servertest.Merchant(), Header: set("X-API-SECRET", "secret-keY")}, 401, "UNAUTHORIZED", ""},
		"secret_of_another":      {servertest.Request{Method: "GET", Path: "/api/payments", As: servertest.Merchant(), Header: set("X-API-SECRET", "other-secret-key")}, 401, "UNAUTHORIZED", ""},
		"unknown_key":            {servertest.Request{Method: "GET", Path: known, As: servertest.Merchant(), Header: set("X-API-KEY", "nobody")}, 401, "UNAUTHORIZED", ""},
		"admin_token_is_no_key":  {servertest.Request{Method: "GET", Path: known, As: servertest.Admin()}, 401, "UNAUTHORIZED", ""},
		"before_the_body":        {servertest.Request{Method: "POST", Path: "/api/payment", Body: "{", As: servertest.Nobody()}, 401, "UNAUTHORIZED", ""},
		"before_the_path":        {servertest.Request{Method: "GET", Path: "/api/nothing", As: servertest.Nobody()}, 401, "UNAUTHORIZED", ""},
		"unknown_path":           {servertest.Request{Method: "GET", Path: "/api/nothing", As: servertest.Merchant()}, 404, "NOT_FOUND", ""},
		"trailing_slash":         {servertest.Request{Method: "POST", Path: "/api/payment/", Body: charge(), As: servertest.Merchant()}, 404, "NOT_FOUND", ""},
		"doubled_slash":          {servertest.Request{Method: "POST", Path: "/api//payment", Body: charge(), As: servertest.Merchant()}, 404, "NOT_FOUND", ""},
		"dots":                   {servertest.Request{Method: "POST", Path: "/api/x/../payment", Body: charge(), As: servertest.Merchant()}, 404, "NOT_FOUND", ""},
		"get_of_payment":         {servertest.Request{Method: "GET", Path: "/api/payment", As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "POST"},
		"put_of_payment":         {servertest.Request{Method: "PUT", Path: "/api/payment", Body: charge(), As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "POST"},
		"options_of_payment":     {servertest.Request{Method: "OPTIONS", Path: "/api/payment", As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "POST"},
		"delete_of_one":          {servertest.Request{Method: "DELETE", Path: known, As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		"post_of_list":           {servertest.Request{Method: "POST", Path: "/api/payments", Body: `{}`, As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		"get_of_refund":          {servertest.Request{Method: "GET", Path: known + "/refund", As: servertest.Merchant()}, 405, "METHOD_NOT_ALLOWED", "POST"},
		"form":                   {servertest.Request{Method: "POST", Path: "/api/payment", Body: "a=b", As: servertest.Merchant(), Header: set("Content-Type", "application/x-www-form-urlencoded")}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"no_media_type":          {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge(), As: servertest.Merchant(), Header: set("Content-Type", "")}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"latin5":                 {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge(), As: servertest.Merchant(), Header: set("Content-Type", "application/json; charset=iso-8859-9")}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"compressed":             {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge(), As: servertest.Merchant(), Header: set("Content-Encoding", "gzip")}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		"body_over_64_kib":       {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge("padding", quoted(longText(64<<10))), As: servertest.Merchant()}, 413, "BODY_TOO_LARGE", ""},
		"body_of_many_megabytes": {servertest.Request{Method: "POST", Path: "/api/payment", Body: charge("padding", quoted(longText(1<<20))), As: servertest.Merchant()}, 413, "BODY_TOO_LARGE", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, ok := s.Send(t, tt.request)
			if !ok {
				return
			}
			if a.Status != tt.status || a.Text("resultCode") != tt.code {
				t.Errorf("%d %s, want %d %s", a.Status, a.Body, tt.status, tt.code)
			}
			if got := a.Header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow is %q, want %q", got, tt.allow)
			}
			if a.Text("requestId") != a.Header.Get("X-Request-Id") {
				t.Error("requestId and X-Request-Id differ")
			}
			if _, has := a.Members["status"]; has {
				t.Error("an error has a member status")
			}
			if want := map[bool]string{true: "ApiKey"}[tt.status == http.StatusUnauthorized]; a.Header.Get("WWW-Authenticate") != want {
				t.Errorf("WWW-Authenticate is %q", a.Header.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("charset_of_utf8_is_fine", func(t *testing.T) {
		t.Parallel()
		scenario{{
			send: pay, body: charge(), header: set("Content-Type", "application/json; charset=UTF-8"), status: 200, want: `{"status":"SUCCESS"}`, keep: "p",
		}}.run(t, s)
	})
	t.Run("head_is_get_without_a_body", func(t *testing.T) {
		t.Parallel()
		a, ok := s.Send(t, servertest.Request{Method: http.MethodHead, Path: "/api/payments?limit=1", As: servertest.Merchant()})
		if ok && (a.Status != http.StatusOK || a.Body != "") {
			t.Errorf("%d %q", a.Status, a.Body)
		}
	})
	testAdminTransport(t, s)
	testPages(t, s)
}

func testAdminTransport(t *testing.T, s *servertest.Server) {
	const path = "/admin/v1/payments/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21"
	for name, tt := range map[string]struct {
		request servertest.Request
		status  int
		code    string
	}{
		"admin_without_token":      {servertest.Request{Method: "GET", Path: path}, 401, "UNAUTHORIZED"},
		"admin_with_wrong_token":   {servertest.Request{Method: "GET", Path: path, As: servertest.Credential{"Authorization": "Bearer demo-admin-tokeN"}}, 401, "UNAUTHORIZED"},
		"admin_with_api_key":       {servertest.Request{Method: "GET", Path: path, As: servertest.Merchant()}, 401, "UNAUTHORIZED"},
		"admin_of_unknown":         {servertest.Request{Method: "GET", Path: path, As: servertest.Admin()}, 404, "NOT_FOUND"},
		"admin_unknown_path":       {servertest.Request{Method: "GET", Path: "/admin/v1/secrets", As: servertest.Admin()}, 404, "NOT_FOUND"},
		"admin_of_wrong_method":    {servertest.Request{Method: "DELETE", Path: path, As: servertest.Admin()}, 405, "METHOD_NOT_ALLOWED"},
		"admin_of_a_text_as_token": {servertest.Request{Method: "GET", Path: path, As: servertest.Credential{"Authorization": "demo-admin-token"}}, 401, "UNAUTHORIZED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, ok := s.Send(t, tt.request)
			if ok && (a.Status != tt.status || a.Text("code") != tt.code) {
				t.Errorf("%d %s, want %d %s", a.Status, a.Body, tt.status, tt.code)
			}
		})
	}
}

// testPages holds that the pages of a server answer.
func testPages(t *testing.T, s *servertest.Server) {
	for name, tt := range map[string]struct{ path, holds string }{
		"healthz": {"/healthz", "ok"},
		"readyz":  {"/readyz", "ready"},
		"metrics": {"/metrics", "vezne_http_request_duration_seconds"},
		"docs":    {"/docs", "Vezne"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: tt.path})
			if ok && (a.Status != http.StatusOK || !strings.Contains(a.Body, tt.holds)) {
				t.Errorf("%d, and %q is not in it", a.Status, tt.holds)
			}
		})
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/docs", "/docs/admin"} {
		t.Run("only_read"+path, func(t *testing.T) {
			t.Parallel()
			a, ok := s.Send(t, servertest.Request{Method: http.MethodPost, Path: path})
			if ok && (a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, HEAD" || a.Header.Get("X-Request-Id") == "") {
				t.Errorf("%d %v", a.Status, a.Header)
			}
		})
	}
}
