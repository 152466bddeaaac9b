package payment_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/payment"
)

// TestStates holds that States has every state: a list that is read state by state
// would lose the payments of one that it does not name.
func TestStates(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "payment.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []payment.State
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		of, named := spec.Type.(*ast.Ident)
		literal, written := spec.Values[0].(*ast.BasicLit)
		if !named || of.Name != "State" || !written {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, payment.State(text))
		return true
	})
	got := payment.States()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		t.Errorf("states (-declared +listed):\n%s", diff)
	}
}
