package kit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// constants reads the values of all constants of a type out of a source file, so
// that a new one without a text is noticed.
func constants(t *testing.T, file, typeName string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				continue
			}
			name, isName := v.Type.(*ast.Ident)
			text, isText := v.Values[0].(*ast.BasicLit)
			if !isName || !isText || name.Name != typeName {
				continue
			}
			value, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, value)
		}
	}
	return out
}

func TestCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	c, err := kit.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	reasons := constants(t, "../../connector/reason.go", "Reason")
	codes := constants(t, "../../fault/code.go", "Code")
	if len(reasons) < 70 || len(codes) < 30 {
		t.Fatalf("found %d reasons and %d codes", len(reasons), len(codes))
	}
	inside := []fault.Code{fault.StaleVersion, fault.OrderClaimed, fault.IdempotencyKeyTaken, fault.DuplicateKey}
	for _, lang := range kit.Languages() {
		for _, r := range reasons {
			if !c.Has(lang, "reason."+r) {
				t.Errorf("%s has no text for the reason %s", lang, r)
			}
		}
		for _, code := range codes {
			if !c.Has(lang, "fault."+code) && !slices.Contains(inside, fault.Code(code)) {
				t.Errorf("%s has no text for the code %s", lang, code)
			}
		}
	}
	if c.Has(language.Turkish, "reason.NO_SUCH_REASON") || c.Has(language.Japanese, "reason.SUCCESS") {
		t.Error("texts are there that nobody wrote")
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c, err := kit.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Reason(language.English, string(connector.Success)); got != "Successful" {
		t.Errorf("English success = %q", got)
	}
	if got := c.Reason(language.Turkish, string(connector.Success)); got != "Başarılı" {
		t.Errorf("Turkish success = %q", got)
	}
	if got, want := c.Reason(language.German, "NEVER_HEARD"), c.Reason(language.German, "UNKNOWN"); got != want {
		t.Errorf("unknown reason = %q, want %q", got, want)
	}
	if got, want := c.Fault(language.French, "NEVER_HEARD"), c.Fault(language.French, fault.InternalError); got != want {
		t.Errorf("unknown code = %q, want %q", got, want)
	}
	if got := c.Reason(language.Japanese, string(connector.Success)); got != "Successful" {
		t.Errorf("language without texts = %q", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c, err := kit.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		header string
		want   language.Tag
	}{
		"none_is_the_surface's":    {"", language.Turkish},
		"region_is_dropped":        {"de-AT", language.German},
		"best_comes_first":         {"fr;q=0.2, ru;q=0.9", language.Russian},
		"unknown_is_the_surface's": {"xx, ja", language.Turkish},
		"broken_is_the_surface's":  {"=;=", language.Turkish},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.Match(tt.header, language.Turkish); got != tt.want {
				t.Errorf("Match(%q) = %v, want %v", tt.header, got, tt.want)
			}
		})
	}
}
