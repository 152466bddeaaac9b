package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const internalPath = "github.com/vezne/vezne/internal/"

// Check reads the Go files below internal/ of the module's root and returns every
// breach of the rules, one line each. Test files are free in what they import.
func Check(root fs.FS) ([]string, error) {
	c := &checker{commented: make(map[string]bool)}
	err := fs.WalkDir(root, "internal", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		return c.file(root, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	return append(c.breaches, c.uncommented()...), nil
}

// Unknown returns the packages of the table that the module does not have.
func Unknown(root fs.FS) []string {
	var out []string
	for _, r := range Rules() {
		for _, p := range r.Packages {
			if found, err := fs.Glob(root, "internal/"+p.Path+"/*.go"); err != nil || len(found) == 0 {
				out = append(out, p.Path)
			}
		}
	}
	return out
}

type checker struct {
	breaches []string
	order    []string
	// commented says of each package whether a file has its comment.
	commented map[string]bool
}

func (c *checker) file(root fs.FS, name string) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if isProgram(f) {
		return nil
	}
	pkg := strings.TrimPrefix(path.Dir(name), "internal/")
	if _, seen := c.commented[pkg]; !seen {
		c.order = append(c.order, pkg)
	}
	c.commented[pkg] = c.commented[pkg] || f.Doc != nil
	r, known := find(pkg)
	if !known {
		c.breach("%s: package %s is in no storey; add it to the table", name, pkg)
		return nil
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		c.importing(name, pkg, &r, imported)
		c.thirdParty(name, pkg, r.Storey, imported)
	}
	c.declarations(name, f)
	c.uses(name, pkg, r.Storey, f)
	return nil
}

// isProgram spots generators (package main), which are no part of the house.
func isProgram(f *ast.File) bool { return f.Name.Name == "main" }

func (c *checker) importing(name, pkg string, r *Rule, imported string) {
	if why, no := forbidden(r.Storey)[imported]; no && !excepted(pkg, imported) {
		c.breach("%s: %s %s imports %s: %s", name, r.Storey, pkg, imported, why)
	}
	if to, ours := strings.CutPrefix(imported, internalPath); ours && !r.allows(pkg, to) {
		c.breach("%s: %s %s must not import %s", name, r.Storey, pkg, to)
	}
}

// declarations refuses init functions: nothing happens before main.
func (c *checker) declarations(name string, f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.breach("%s: has an init function", name)
		}
	}
}

func (c *checker) uncommented() []string {
	var out []string
	for _, pkg := range c.order {
		if !c.commented[pkg] {
			out = append(out, fmt.Sprintf("internal/%s: has no package comment", pkg))
		}
	}
	return out
}

func (c *checker) breach(format string, args ...any) {
	c.breaches = append(c.breaches, fmt.Sprintf(format, args...))
}
