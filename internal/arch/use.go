package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reads are functions that ask the world, and the package that may ask it for
// everyone else, so that tests can decide what is answered.
type read struct {
	imported string
	names    []string
	only     string
}

func reads() []read {
	return []read{
		{"time", []string{"Now", "Since", "Until"}, "clock"},
		{"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, "config"},
	}
}

// statement spots SQL in a string.
var statement = regexp.MustCompile(
	`(?is)^\s*(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table|with\s+\w+\s+as\s*\()\s`)

// thirdParty refuses modules of others that a storey has no business with.
func (c *checker) thirdParty(name, pkg string, s Storey, imported string) {
	first, _, _ := strings.Cut(imported, "/")
	ours := strings.HasPrefix(imported, internalPath)
	switch {
	case imported == "math/rand" || imported == "math/rand/v2":
		c.breach("%s: %s %s imports %s: randomness is crypto/rand", name, s, pkg, imported)
	case isDriver(imported) && s != Storage && s != Suite:
		c.breach("%s: %s %s imports %s: SQL lives in storage/sqlstore", name, s, pkg, imported)
	case s == Value && strings.Contains(first, ".") && !ours && (pkg != "id" || imported != "github.com/google/uuid"):
		c.breach("%s: value %s imports %s: values stand on the standard library", name, pkg, imported)
	}
}

func isDriver(imported string) bool {
	return imported == "database/sql" || slices.ContainsFunc(
		[]string{"database/sql/", "github.com/jackc/pgx/", "modernc.org/sqlite", "github.com/pressly/goose/"},
		func(prefix string) bool { return strings.HasPrefix(imported, prefix) })
}

// uses refuses reads of the world outside of their package and SQL outside of
// storage.
func (c *checker) uses(name, pkg string, s Storey, f *ast.File) {
	if s == Suite {
		return
	}
	imports := importNames(f)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			of, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, r := range reads() {
				if imports[of.Name] == r.imported && pkg != r.only && slices.Contains(r.names, n.Sel.Name) {
					c.breach("%s: uses %s.%s, which only %s may", name, r.imported, n.Sel.Name, r.only)
				}
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && s != Storage &&
				statement.MatchString(text) {
				c.breach("%s: has a statement of SQL, which belongs into storage/sqlstore", name)
			}
		}
		return true
	})
}

// importNames returns what each imported package is called in a file; the last
// element of the path is its name for the packages that matter here.
func importNames(f *ast.File) map[string]string {
	names := make(map[string]string)
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it
		}
		called := imported[strings.LastIndex(imported, "/")+1:]
		if spec.Name != nil {
			called = spec.Name.Name
		}
		names[called] = imported
	}
	return names
}
