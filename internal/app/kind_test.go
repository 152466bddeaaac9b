package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/retention"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/internal/webhook"
)

// TestKinds holds the kinds of job that the source declares against those that a
// node runs, by their classes, and against docs/metrics.md.
func TestKinds(t *testing.T) {
	t.Parallel()
	runners, err := job.NewRunners(nil, "node", clock.System{}, slog.New(slog.DiscardHandler),
		operation.NewService(operation.Dependencies{}).JobHandlers(),
		threeds.NewService(threeds.Dependencies{}).JobHandlers(),
		checkout.NewService(checkout.Dependencies{}).JobHandlers(),
		webhook.NewService(webhook.Dependencies{Events: app.Events()}).JobHandlers(),
		retention.NewKeeper(nil, nil, nil).JobHandlers())
	if err != nil {
		t.Fatal(err)
	}
	var all []job.Kind
	got := make(map[job.Class][]job.Kind)
	for _, r := range runners {
		got[r.Class()], all = r.Kinds(), append(all, r.Kinds()...)
	}
	slices.Sort(all)
	t.Run("money_waits_for_no_merchants_server", func(t *testing.T) {
		t.Parallel()
		delete(got, job.Event) // those of the next test
		want := map[job.Class][]job.Kind{
			job.Money: {
				"checkout.expire", "checkout.watch", "payment.expire_hold", "payment.expire_session", "payment.late_check",
				"payment.release_hold",
			},
			job.Callback:     {"checkout.callback", "webhook.deliver"},
			job.Housekeeping: {"retention.forget"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("classes (-want +got):\n%s", diff)
		}
	})
	t.Run("each_that_is_declared_is_run", func(t *testing.T) {
		t.Parallel()
		noJob := func(k job.Kind) bool { return k == webhook.Test } // its deliveries are made at once
		declared := slices.DeleteFunc(declaredKinds(t), noJob)
		if diff := cmp.Diff(declared, all); diff != "" {
			t.Errorf("declared (-) and run (+):\n%s", diff)
		}
	})
	t.Run("docs_list_them", func(t *testing.T) {
		t.Parallel()
		page, err := os.ReadFile("../../docs/metrics.md")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, k := range all {
			names = append(names, "`"+string(k)+"`")
		}
		if row := "| `kind` of jobs | " + strings.Join(names, " ") + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/metrics.md has no row\n%s", row)
		}
	})
}

// declaredKinds returns the constants of type job.Kind below internal/, sorted.
func declaredKinds(t *testing.T) []job.Kind {
	t.Helper()
	var kinds []job.Kind
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || !isKind(v.Type) {
				return true
			}
			for _, value := range v.Values {
				literal, ok := value.(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: a kind is no literal", name)
					continue
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				kinds = append(kinds, job.Kind(text))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(kinds)
	return kinds
}

// isKind reports whether a type is written job.Kind.
func isKind(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Kind" {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && pkg.Name == "job"
}
