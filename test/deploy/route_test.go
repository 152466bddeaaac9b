package deploy_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	route = regexp.MustCompile("`(GET|POST|PUT|PATCH|DELETE) (/admin/v1/[^`?]+)`")
	hole  = regexp.MustCompile(`\{[^}]*\}`)
)

// TestRoutesOfOperations wants every admin route that docs/operations.md tells an
// operator to call in the OpenAPI document, which tests hold against the server.
func TestRoutesOfOperations(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for path, methods := range parse[struct{ Paths map[string]map[string]any }](t, "api/admin.yaml").Paths {
		for method := range methods {
			known[strings.ToUpper(method)+" "+hole.ReplaceAllString(path, "{}")] = true
		}
	}
	named := route.FindAllStringSubmatch(read(t, "docs/operations.md"), -1)
	if len(named) < 4 {
		t.Fatalf("only %d routes are named", len(named))
	}
	for _, r := range named {
		if !known[r[1]+" "+hole.ReplaceAllString(r[2], "{}")] {
			t.Errorf("docs/operations.md names %s %s, which api/admin.yaml does not have", r[1], r[2])
		}
	}
}
