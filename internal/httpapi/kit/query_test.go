package kit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// readQuery hands a query to read as a route has it.
func readQuery(t *testing.T, query string, read func(q *kit.Query)) error {
	t.Helper()
	var wrong error
	h := surface(newKit(t, &syncBuffer{}), func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
		q := r.Query()
		read(q)
		wrong = q.Err()
		return kit.OK(answer{}), nil
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/t/things/1?"+query, http.NoBody)
	h.ServeHTTP(httptest.NewRecorder(), r)
	return wrong
}

func TestQueryTime(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		query string
		want  time.Time
		wrong bool
	}{
		"of_greenwich":              {"2026-11-01T00:00:00Z", midnight, false},
		"with_an_escaped_plus":      {"2026-11-01T03:00:00%2B03:00", midnight, false},
		"with_a_plus":               {"2026-11-01T03:00:00+03:00", midnight, false},
		"with_a_blank_for_the_plus": {"2026-11-01T03:00:00%2003:00", midnight, false},
		"with_a_plus_and_a_part":    {"2026-11-01T03:00:00.000+03:00", midnight, false},
		"with_a_minus":              {"2026-10-31T19:00:00-05:00", midnight, false},
		"absent":                    {"", time.Time{}, false},
		"a_date_and_an_hour":        {"2026-11-01+00:00", time.Time{}, true},
		"half_an_offset":            {"2026-11-01T00:00:00+3:00", time.Time{}, true},
		"two_offsets":               {"2026-11-01T00:00:00Z+03:00", time.Time{}, true},
		"no_time":                   {"+03:00", time.Time{}, true},
		"a_word":                    {"yesterday", time.Time{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := readQuery(t, "from="+tt.query, func(q *kit.Query) {
				if got := q.Time("from"); !got.Equal(tt.want) {
					t.Errorf("time = %s, want %s", got, tt.want)
				}
			})
			if (err != nil) != tt.wrong {
				t.Errorf("error = %v", err)
			}
			if err != nil && !strings.Contains(fault.From(err).Message, "%2B") {
				t.Errorf("message = %s", fault.From(err).Message)
			}
		})
	}
}

// TestBodyIsTakenAsWritten holds that what a client's platform adds to a body of JSON
// changes nothing, and that another charset does.
func TestBodyIsTakenAsWritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		media, body string
		status      int
	}{
		"plain":                    {"application/json", `{"a":"ç"}`, 200},
		"a_mark_before_it":         {"application/json", "\ufeff" + `{"a":"ç"}`, 200},
		"two_marks_before_it":      {"application/json", "\ufeff\ufeff" + `{"a":"ç"}`, 400},
		"a_mark_after_a_blank":     {"application/json", " \ufeff" + `{"a":"ç"}`, 400},
		"a_mark_alone":             {"application/json", "\ufeff", 400},
		"a_mark_of_another_kind":   {"application/json", "\xff\xfe{\x00}\x00", 400},
		"utf_8":                    {"application/json; charset=utf-8", `{"a":"ç"}`, 200},
		"utf_8_in_capitals":        {"application/json;charset=UTF-8", `{"a":"ç"}`, 200},
		"utf_8_quoted":             {`application/json; charset="Utf-8"`, `{"a":"ç"}`, 200},
		"utf8":                     {"application/json; charset=utf8", `{"a":"ç"}`, 200},
		"utf8_in_capitals_quoted":  {`application/json; charset="UTF8"`, "\ufeff" + `{"a":"ç"}`, 200},
		"another_charset":          {"application/json; charset=iso-8859-9", `{"a":"c"}`, 415},
		"another_width":            {"application/json; charset=utf-16", `{"a":"c"}`, 415},
		"charset_in_another_media": {"text/plain; charset=utf8", `{"a":"c"}`, 415},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := surface(newKit(t, &syncBuffer{}), func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
				if s, _ := r.Body.String("a"); s != "ç" {
					t.Errorf("the member is %q", s)
				}
				return kit.OK(answer{}), nil
			})
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/t/things/1", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.media)
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != tt.status {
				t.Errorf("status = %d %s, want %d", w.Code, w.Body, tt.status)
			}
		})
	}
}
