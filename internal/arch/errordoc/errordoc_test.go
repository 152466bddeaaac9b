package errordoc_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/arch/errordoc"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
)

const root = "../../.."

func TestCommittedDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile(filepath.Join(root, "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(errordoc.Render()), string(committed)); diff != "" {
		t.Errorf("run go generate ./internal/fault (-want +got):\n%s", diff)
	}
}

func TestEveryConstantIsDocumentedOnce(t *testing.T) {
	t.Parallel()
	var codes, reasons []string
	for _, e := range fault.Codes() {
		codes = append(codes, string(e.Code))
		checkMeaning(t, string(e.Code), e.Meaning)
	}
	for _, e := range connector.Reasons() {
		reasons = append(reasons, string(e.Reason))
		checkMeaning(t, string(e.Reason), e.Meaning)
	}
	for name, tt := range map[string]struct{ declared, listed []string }{
		"fault.Code":       {constants(t, "internal/fault", "Code"), codes},
		"connector.Reason": {constants(t, "internal/connector", "Reason"), reasons},
	} {
		slices.Sort(tt.declared)
		slices.Sort(tt.listed)
		if len(tt.declared) == 0 {
			t.Errorf("%s: no constants were found", name)
		}
		if diff := cmp.Diff(tt.declared, tt.listed); diff != "" {
			t.Errorf("%s (-declared +listed):\n%s", name, diff)
		}
		if unique := slices.Compact(slices.Clone(tt.declared)); len(unique) != len(tt.declared) {
			t.Errorf("%s: a value is declared twice", name)
		}
	}
}

func checkMeaning(t *testing.T, name, meaning string) {
	t.Helper()
	if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		t.Errorf("%s is not upper snake case", name)
	}
	if !strings.HasSuffix(meaning, ".") || strings.ContainsAny(meaning, "|\n") {
		t.Errorf("%s: the meaning is no sentence that fits a table: %q", name, meaning)
	}
}

// constants returns the values of the constants of a type that a package declares.
func constants(t *testing.T, dir, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
				return true
			}
			for _, v := range spec.Values {
				if literal, ok := v.(*ast.BasicLit); ok {
					value, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, value)
				}
			}
			return true
		})
	}
	return values
}
