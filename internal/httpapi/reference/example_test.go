package reference_test

import (
	"context"
	"html"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/api"
)

// shownExample is the first example after a mark.
func shownExample(t *testing.T, part, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(part, after)
	_, rest, more := strings.Cut(rest, "<pre><code>")
	text, _, _ := strings.Cut(rest, "</code></pre>")
	if !found || !more {
		t.Fatalf("there is no example after %q", after)
	}
	return html.UnescapeString(text)
}

// TestExamples holds every example to its schema, those of the documents and
// those that are made.
func TestExamples(t *testing.T) {
	t.Parallel()
	pages := write(t, api.Documents)
	for name, doc := range documents(t) {
		for path, item := range doc.Paths.Map() {
			for method, o := range item.Operations() {
				t.Run(name+"_"+o.OperationID, func(t *testing.T) {
					t.Parallel()
					part := article(t, pages[name], o.OperationID)
					var body string
					if o.RequestBody != nil {
						if m := o.RequestBody.Value.Content["application/json"]; m != nil {
							body = shownExample(t, part, "<h4>Request</h4>")
							fits(t, m.Schema.Value, body, openapi3.VisitAsRequest())
						}
					}
					curls(t, part, method, path, body)
					for code, r := range o.Responses.Map() {
						for media, m := range r.Value.Content {
							if strings.HasSuffix(media, "json") && strings.HasPrefix(code, "2") {
								fits(t, m.Schema.Value, shownExample(t, part, `id="`+o.OperationID+"-"+code+`"`), openapi3.VisitAsResponse())
							}
						}
					}
				})
			}
		}
		for answer, r := range doc.Components.Responses {
			t.Run(name+"_"+answer, func(t *testing.T) {
				t.Parallel()
				for _, m := range r.Value.Content {
					fits(t, m.Schema.Value, shownExample(t, pages[name], `<h3 id="answer-`+answer+`">`), openapi3.VisitAsResponse())
				}
			})
		}
	}
}

func fits(t *testing.T, s *openapi3.Schema, text string, as openapi3.SchemaValidationOption) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("%v:\n%s", err, text)
		return
	}
	if err := s.VisitJSON(value, as); err != nil {
		t.Errorf("the example does not fit: %v\n%s", err, text)
	}
}

// curls has a shell take a line apart, and holds its words to the operation.
func curls(t *testing.T, part, method, path, body string) {
	t.Helper()
	_, line, _ := strings.Cut(part, `<pre class="curl"><code>`)
	line, _, _ = strings.Cut(line, "</code></pre>")
	line = html.UnescapeString(line)
	if strings.Contains(line, "\n") {
		t.Errorf("curl takes more than a line: %s", line)
	}
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", `curl() { printf '%s\n' "$@"; }; `+line).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	args := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if i := slices.Index(args, "-X"); (i < 0) != (method == "GET") || (i >= 0 && args[i+1] != method) {
		t.Errorf("method of %s", line)
	}
	pattern := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(server+path), `[^/?{}]+`)
	if !slices.ContainsFunc(args, regexp.MustCompile("^"+pattern+`(\?.*)?$`).MatchString) {
		t.Errorf("address of %s", line)
	}
	if i := slices.Index(args, "-d"); (i >= 0) != (body != "") || (i >= 0 && !sameJSON(args[i+1], body)) {
		t.Errorf("body of %s, not %s", line, body)
	}
}

func sameJSON(a, b string) bool {
	var first, second any
	return json.Unmarshal([]byte(a), &first) == nil && json.Unmarshal([]byte(b), &second) == nil && cmp.Equal(first, second)
}
