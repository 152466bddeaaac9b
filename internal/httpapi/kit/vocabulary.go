package kit

import (
	"slices"
	"strings"
	"unicode"

	"github.com/vezne/vezne/internal/fault"
)

// vocabulary is the names that a reader of a body, a query or a form has asked for. A
// name that was sent and that nobody knows is refused if it may be a misspelling of
// one of them, or in any case if the reader is strict: what is misspelled must not be
// taken for absent, which may mean "all" or "none".
type vocabulary struct {
	names  []string
	strict bool
}

// note adds a name that was asked for.
func (v *vocabulary) note(name string) {
	if !slices.Contains(v.names, name) {
		v.names = append(v.names, name)
	}
}

// unknown are the names among those sent that are refused, in order. where names the
// place of one that is not repeated.
func (v *vocabulary) unknown(sent func(yield func(string) bool), where string) []fault.Field {
	var all []string
	for name := range sent {
		if !slices.Contains(v.names, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	var fields []fault.Field
	for _, name := range all {
		switch known := v.like(name); {
		case known != "":
			fields = append(fields, misspeltField(name, known))
		case v.strict:
			fields = append(fields, unknownField(name, where))
		}
	}
	return fields
}

// like returns the known name that another one is like, empty if there is none.
func (v *vocabulary) like(name string) string {
	for _, known := range v.names {
		if Alike(name, known) {
			return known
		}
	}
	return ""
}

// misspeltField tells what a name was probably meant to be. It is repeated as it was
// sent unless it has characters that names do not have.
func misspeltField(name, known string) fault.Field {
	shown := name
	if !isName(strings.ReplaceAll(name, "-", "_")) {
		shown = known
	}
	return fault.Field{Name: shown, Code: fault.FieldInvalid, Message: "is not known here; did you mean " + known + "?"}
}

// unknownField names a member or parameter that there is not, if it looks like
// one of an API: other names are the caller's own words and are not repeated, but
// where they stand.
func unknownField(name, where string) fault.Field {
	if !isName(name) {
		name = where
	}
	return fault.Field{Name: name, Code: fault.FieldInvalid, Message: "is not known here"}
}

// Misspelt returns the first of the names sent, in order, that is none of the known
// ones but like one. It is for a form whose fields are not read by an Object.
func Misspelt(sent func(yield func(string) bool), known ...string) (string, bool) {
	v := vocabulary{names: known}
	if wrong := v.unknown(sent, ""); len(wrong) > 0 {
		return wrong[0].Name, true
	}
	return "", false
}

// Alike reports whether two names differ by no more than case, blanks, hyphens,
// underscores and one letter: one that is another, missing or superfluous, or two
// neighbours that changed places.
func Alike(a, b string) bool {
	long, short := letters(a), letters(b)
	if len(long) < len(short) {
		long, short = short, long
	}
	if len(long)-len(short) > 1 {
		return false
	}
	for len(short) > 0 && long[0] == short[0] {
		long, short = long[1:], short[1:]
	}
	for len(short) > 0 && long[len(long)-1] == short[len(short)-1] {
		long, short = long[:len(long)-1], short[:len(short)-1]
	}
	// What is left begins and ends with a difference.
	return len(long) <= 1 || (len(long) == 2 && len(short) == 2 && long[0] == short[1] && long[1] == short[0])
}

// letters are what tells names apart: no case, and no sign that only separates words
// or cannot be seen. The Turkish dotless i is an i, which is what software that lowers
// an I by Turkish rules has made of it.
func letters(name string) []rune {
	all := make([]rune, 0, len(name))
	for _, r := range name {
		switch {
		case r == '_', unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Pd, unicode.Cf):
		case r == 'ı':
			all = append(all, 'i')
		default:
			all = append(all, unicode.ToLower(r))
		}
	}
	return all
}
