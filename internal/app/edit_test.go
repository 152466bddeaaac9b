package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// edit sends a request of the admin API under conditions, each in a line of its own,
// and returns the status and the ETag.
func (s *server) edit(t *testing.T, method, path, body string, conditions ...string) (status int, tag string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer demo-admin-token")
	for _, c := range conditions {
		r.Header.Add("If-Match", c)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("ETag")
}

const (
	// newest is replaced by the ETag of what is there.
	newest = "NEWEST"
	// stale is an ETag of something else.
	stale = `"77"`
)

// conditions are forms of If-Match and whether they let an edit through.
func conditions() map[string]struct {
	lines []string
	fits  bool
} {
	return map[string]struct {
		lines []string
		fits  bool
	}{
		"the_newest_tag":                 {[]string{newest}, true},
		"the_newest_tag_with_blanks":     {[]string{"  " + newest + "\t"}, true},
		"another_tag":                    {[]string{stale}, false},
		"a_list_with_the_newest":         {[]string{stale + ", " + newest}, true},
		"a_list_with_empty_elements":     {[]string{", ," + stale + ",," + newest + ","}, true},
		"a_list_without_it":              {[]string{stale + `, "78"`}, false},
		"two_lines_with_the_newest":      {[]string{stale, newest}, true},
		"two_lines_without_it":           {[]string{stale, `"78"`}, false},
		"two_lines_of_which_one_is_bare": {[]string{stale, "78"}, false},
		"the_newest_and_rubbish":         {[]string{newest + " rubbish"}, false},
		"rubbish_and_the_newest":         {[]string{"rubbish", newest}, false},
		"a_weak_tag":                     {[]string{"W/" + newest}, false},
		"a_weak_tag_beside_another":      {[]string{"W/" + newest, stale}, false},
		"a_tag_with_a_comma":             {[]string{`"77,78"`}, false},
		"a_tag_in_a_tag":                 {[]string{`"77, ` + newest}, false},
		"a_tag_without_quotes":           {[]string{"1"}, false},
		"an_open_tag":                    {[]string{`"1`}, false},
		"whatever_is_there":              {[]string{"*"}, true},
		"whatever_is_there_and_a_tag":    {[]string{"*", stale}, false},
		"nothing_at_all":                 {[]string{""}, false},
	}
}

// TestIfMatch holds that no form of a condition lets a stale edit through.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, load(t, dir, nil), dir)
	const (
		plan  = "/admin/v1/plans/garanti:Bonus:3"
		fresh = "/admin/v1/plans/garanti:Bonus:4"
		body  = `{"commission_rate":2.5,"customer_rate":3.5}`
		list  = `[{"pos":"garanti","program":"Bonus","count":3,"commission_rate":2.5,"customer_rate":3.5}]`
	)
	for name, tt := range conditions() {
		t.Run(name, func(t *testing.T) {
			for method, sent := range map[string]string{
				http.MethodPut: body, http.MethodPatch: `{"customer_rate":3.5}`,
			} {
				_, tag := s.edit(t, http.MethodGet, plan, "")
				var lines []string
				for _, c := range tt.lines {
					lines = append(lines, strings.ReplaceAll(c, newest, tag))
				}
				want := http.StatusPreconditionFailed
				if tt.fits {
					want = http.StatusOK
				}
				if status, _ := s.edit(t, method, plan, sent, lines...); status != want {
					t.Errorf("%s: status %d, want %d", method, status, want)
				}
			}
		})
	}
	t.Run("nothing_fits_what_is_not_there_yet", func(t *testing.T) {
		for _, c := range []string{"*", `"0"`, `"1"`} {
			if status, _ := s.edit(t, http.MethodPut, fresh, body, c); status != http.StatusPreconditionFailed {
				t.Errorf("%s: status %d", c, status)
			}
		}
		if status, _ := s.edit(t, http.MethodPut, fresh, body); status != http.StatusOK {
			t.Errorf("without a condition: status %d", status)
		}
	})
	t.Run("a_list_has_no_version", func(t *testing.T) {
		for c, want := range map[string]int{`"1"`: http.StatusPreconditionFailed, "*": http.StatusOK} {
			if status, _ := s.edit(t, http.MethodPut, "/admin/v1/plans", list, c); status != want {
				t.Errorf("%s: status %d, want %d", c, status, want)
			}
		}
	})
	t.Run("a_stale_credential_is_neither_rotated_nor_ended", func(t *testing.T) {
		const one = "/admin/v1/credentials/1"
		for method, path := range map[string]string{http.MethodPost: one + "/rotate", http.MethodDelete: one} {
			status, _ := s.edit(t, method, path, `{"until":"2026-01-01T00:00:00Z"}`, stale)
			if status != http.StatusPreconditionFailed {
				t.Errorf("%s %s: status %d", method, path, status)
			}
		}
	})
}
