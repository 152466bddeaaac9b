package apitest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// silent is a test that only counts what is wrong.
type silent struct {
	testing.TB
	wrong []string
}

func (s *silent) Helper() {}

func (s *silent) Errorf(format string, args ...any) {
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// TestCheck holds that the checker notices what it is there for.
func TestCheck(t *testing.T) {
	t.Parallel()
	const refused = `{"resultCode":"NOT_FOUND","resultMessage":"Not found","errors":[],` +
		`"requestId":"0198b5a2-77aa-7b10-8c3d-2a4b6c8d0e1f","paymentId":null}`
	tests := map[string]struct {
		method, path, request string
		status                int
		answer                string
		want                  string // part of the complaint; empty for none
	}{
		"documented_answer":    {"GET", "/api/payment/1", "", 404, refused, ""},
		"member_is_missing":    {"GET", "/api/payment/1", "", 404, strings.Replace(refused, `"errors":[],`, "", 1), "errors"},
		"member_is_unknown":    {"GET", "/api/payment/1", "", 404, strings.Replace(refused, `{`, `{"status":"SUCCESS",`, 1), "status"},
		"status_is_unknown":    {"GET", "/api/payment/1", "", 418, refused, "status"},
		"payment_is_empty":     {"GET", "/api/payment/1", "", 200, `{}`, "paymentId"},
		"path_is_unknown":      {"GET", "/api/nothing", "", 200, `{}`, "not documented"},
		"unknown_path_refused": {"GET", "/api/nothing", "", 404, refused, ""},
		"accepted_wrong_body":  {"POST", "/api/payment", `{"amount":"1"}`, 200, `{}`, "does not allow"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, err := apitest.Load(t.Context(), "gateway.yaml")
			if err != nil {
				t.Fatal(err)
			}
			s := &silent{TB: t}
			h := doc.Handler(s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Request-Id", "0198b5a2-77aa-7b10-8c3d-2a4b6c8d0e1f")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer) // a recorder never fails
			}))
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "http://vezne.test"+tt.path, strings.NewReader(tt.request))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			complaints := strings.Join(s.wrong, "\n")
			if (tt.want == "") != (complaints == "") || !strings.Contains(complaints, tt.want) {
				t.Errorf("complaints = %q, want %q", complaints, tt.want)
			}
			if w.Code != tt.status || w.Body.String() != tt.answer {
				t.Errorf("the answer was changed: %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestLoadUnknown(t *testing.T) {
	t.Parallel()
	if _, err := apitest.Load(t.Context(), "nothing.yaml"); err == nil {
		t.Error("loaded a document that is not there")
	}
}
