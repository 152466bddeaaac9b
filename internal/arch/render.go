package arch

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// lineWidth is how wide the overview may become.
const lineWidth = 110

// Between these lines stands what is made from the table.
const (
	pageBegin = "<!-- storeys: written by go generate ./internal/arch from internal/arch/table.go -->\n"
	pageEnd   = "<!-- end of storeys -->\n"
	lintBegin = "        # storeys: written by go generate ./internal/arch from internal/arch/table.go\n"
	lintEnd   = "        # end of storeys\n"
)

// Page returns docs/architecture.md with what it says of storeys and packages made
// from the table.
func Page(page []byte) ([]byte, error) { return replace(page, pageBegin, pageEnd, storeys()) }

// Lint returns .golangci.yml with the import rules of depguard made from the table,
// so that editors show what the tests of this package refuse.
func Lint(config []byte) ([]byte, error) { return replace(config, lintBegin, lintEnd, lintRules()) }

func replace(text []byte, begin, end, block string) ([]byte, error) {
	head, rest, found := bytes.Cut(text, []byte(begin))
	_, tail, ended := bytes.Cut(rest, []byte(end))
	if !found || !ended {
		return nil, fmt.Errorf("no block between %q and %q", begin, end)
	}
	return slices.Concat(head, []byte(begin+block+end), tail), nil
}

// storeys draws the overview, the top storey first, and tells of each package below.
func storeys() string {
	var b strings.Builder
	b.WriteString("\n```\n")
	for _, r := range slices.Backward(Rules()) {
		line := fmt.Sprintf("%-15s", r.Title)
		for _, p := range r.Packages {
			if len(line)+len(p.Path) > lineWidth {
				b.WriteString(strings.TrimRight(line, " ") + "\n")
				line = strings.Repeat(" ", 15)
			}
			line += p.Path + "  "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("```\n\n")
	for _, r := range slices.Backward(Rules()) {
		fmt.Fprintf(&b, "**%s%s.** %s May import: %s.\n\n", strings.ToUpper(r.Title[:1]), r.Title[1:], r.Line, r.imports())
		b.WriteString("| package | what it is for |\n|---|---|\n")
		for _, p := range r.Packages {
			fmt.Fprintf(&b, "| `%s` | %s |\n", p.Path, p.Line)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// imports names the storeys that may be imported.
func (r *Rule) imports() string {
	if len(r.May) == 0 {
		return "everything"
	}
	var titles []string
	for _, other := range Rules() {
		if slices.Contains(r.May, other.Storey) {
			titles = append(titles, other.Title)
		}
	}
	return strings.Join(titles, ", ")
}

// lintRules are depguard's. A storey has one list of what may be imported of ours,
// and each package of an ordered storey a list of those that stand above it.
func lintRules() string {
	var b strings.Builder
	for _, r := range Rules() {
		if r.Storey == Glue || r.Storey == Suite {
			continue // whatever they may not import, nothing but tests imports
		}
		fmt.Fprintf(&b, "        %s:\n          list-mode: lax\n", strings.ReplaceAll(string(r.Storey), " ", "_"))
		lintFiles(&b, r.files())
		b.WriteString("          allow:\n")
		for _, name := range r.importable() {
			fmt.Fprintf(&b, "            - %s%s\n", internalPath, name)
		}
		b.WriteString("          deny:\n")
		fmt.Fprintf(&b, "            - {pkg: %s, desc: \"may import of ours: %s\"}\n", internalPath, r.imports())
		for _, name := range slices.Sorted(maps.Keys(forbidden(r.Storey))) {
			if !slices.ContainsFunc(r.Packages, func(p Package) bool { return excepted(p.Path, name) }) {
				fmt.Fprintf(&b, "            - {pkg: %s$, desc: %s}\n", name, forbidden(r.Storey)[name])
			}
		}
		if r.Storey != Storage {
			b.WriteString("            - {pkg: database/sql, desc: SQL lives in internal/storage/sqlstore}\n")
		}
		r.lintOrder(&b)
	}
	return b.String()
}

// lintOrder refuses what stands above a package of an ordered storey.
func (r *Rule) lintOrder(b *strings.Builder) {
	if !r.Ordered {
		return
	}
	for i, p := range r.Packages[:len(r.Packages)-1] {
		fmt.Fprintf(b, "        %s_%s:\n", r.Storey, p.Path)
		lintFiles(b, []string{"**/internal/" + p.Path + "/*.go"})
		b.WriteString("          deny:\n")
		for _, above := range r.Packages[i+1:] {
			fmt.Fprintf(b, "            - {pkg: %s%s$, desc: stands above %s}\n", internalPath, above.Path, p.Path)
		}
	}
}

func lintFiles(b *strings.Builder, globs []string) {
	b.WriteString("          files:\n")
	for _, g := range append(globs, "!$test") {
		fmt.Fprintf(b, "            - %q\n", g)
	}
}

// files are the globs of a storey's files. Those of a wildcard leave out what another
// storey names.
func (r *Rule) files() []string {
	var globs []string
	for _, p := range r.Packages {
		globs = append(globs, "**/internal/"+p.Path+"/*.go")
		if path.Base(p.Path) != "*" {
			continue
		}
		for _, other := range Rules() {
			for _, q := range other.Packages {
				if q.Path != p.Path && path.Dir(q.Path) == path.Dir(p.Path) {
					globs = append(globs, "!**/internal/"+q.Path+"/*.go")
				}
			}
		}
	}
	return globs
}

// importable are the packages that a storey may import: the name of one alone, or
// all that begins with that of a wildcard.
func (r *Rule) importable() []string {
	var all []string
	for _, other := range Rules() {
		if !slices.Contains(r.May, other.Storey) {
			continue
		}
		for _, p := range other.Packages {
			if parent, wild := strings.CutSuffix(p.Path, "*"); wild {
				all = append(all, parent)
			} else {
				all = append(all, p.Path+"$")
			}
		}
	}
	slices.Sort(all)
	return all
}
