package admin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/merchant"
)

const documentation = "../../../docs/admin.md"

// TestDocumentation holds the tables of docs/admin.md to those of the code, in
// the code's order.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("tells_what_each_role_may_do", func(t *testing.T) {
		t.Parallel()
		var want strings.Builder
		for _, p := range merchant.Permissions() {
			want.WriteString("| `" + string(p) + "` |")
			for _, role := range merchant.Roles() {
				want.WriteString(map[bool]string{true: " yes |", false: " |"}[role.May(p)])
			}
			want.WriteString("\n")
		}
		compare(t, table(string(text), "| permission |"), want.String())
	})
	t.Run("tells_what_each_route_needs", func(t *testing.T) {
		t.Parallel()
		var want strings.Builder
		for _, r := range admin.Rules() {
			needs := "`" + string(r.Needs) + "`"
			if r.Needs == "" {
				needs = "nothing"
			}
			want.WriteString("| `" + r.Method + " " + r.Pattern + "` | " + needs + " |\n")
		}
		compare(t, table(string(text), "| route |"), want.String())
	})
}

// TestPermissions holds what the OpenAPI document says that an operation needs to
// the code.
func TestPermissions(t *testing.T) {
	t.Parallel()
	document, err := apitest.Parse("admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range merchant.Roles()[1:] { // an owner may do everything
		var may []string
		for _, p := range merchant.Permissions() {
			if role.May(p) {
				may = append(may, "`"+string(p)+"`")
			}
		}
		if line := "- `" + string(role) + "`: " + strings.Join(may, ", ") + "\n"; !strings.Contains(document.Info.Description, line) {
			t.Errorf("the description lacks %s", line)
		}
	}
	for _, r := range admin.Rules() {
		item := document.Paths.Find(r.Pattern)
		if item == nil || item.GetOperation(r.Method) == nil {
			t.Errorf("%s %s is not documented", r.Method, r.Pattern)
			continue
		}
		o := item.GetOperation(r.Method)
		documented, _ := o.Extensions["x-permission"].(string)
		if documented != string(r.Needs) {
			t.Errorf("%s %s needs %q, documented is %q", r.Method, r.Pattern, r.Needs, documented)
		}
		if open := o.Security != nil && len(*o.Security) == 0; open != (r.Needs == "") {
			t.Errorf("%s %s: documented as open is %t", r.Method, r.Pattern, open)
		}
	}
}

// table returns the rows below the header that begins so.
func table(text, header string) string {
	_, rest, _ := strings.Cut(text, header)
	_, rest, _ = strings.Cut(rest, "\n") // the header
	_, rest, _ = strings.Cut(rest, "\n") // the rule below it
	rows, _, _ := strings.Cut(rest, "\n\n")
	return strings.TrimSuffix(rows, "\n") + "\n"
}

func compare(t *testing.T, documented, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(documented, "\n")); diff != "" {
		t.Errorf("docs/admin.md differs from the code (-code +document):\n%s\nThe code's table is:\n%s", diff, want)
	}
}
