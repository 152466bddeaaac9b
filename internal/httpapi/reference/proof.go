package reference

import (
	"errors"
	"regexp"
	"strings"
)

// ways are the ways to prove who calls an operation, each with all it needs.
func (b *builder) ways(o operation) []ordered[[]string] {
	if o.Security != nil {
		return *o.Security
	}
	return b.doc.Security
}

var errNoScheme = errors.New("an operation names a security scheme that there is not")

func (b *builder) proofs(way ordered[[]string]) []string {
	var all []string
	for _, m := range way {
		s, known := b.doc.Components.SecuritySchemes.find(m.Key)
		if !known {
			b.fail(errNoScheme)
		}
		all = append(all, how(s))
	}
	return all
}

func how(s scheme) string {
	switch {
	case s.Type == "http" && s.Scheme == "bearer":
		return "Authorization: Bearer"
	case s.Type == "http":
		return "Authorization: " + s.Scheme
	case s.In == "cookie":
		return "cookie " + s.Name
	}
	return s.Name
}

// proof gives what curl needs for the first of the ways to prove who calls.
func (b *builder) proof(o operation) []string {
	ways := b.ways(o)
	if len(ways) == 0 {
		return nil
	}
	var words []string
	for _, m := range ways[0] {
		s, _ := b.doc.Components.SecuritySchemes.find(m.Key)
		secret := "$" + variable(m.Key)
		switch {
		case s.Type == "http" && s.Scheme == "bearer":
			words = append(words, "-H", `"Authorization: Bearer `+secret+`"`)
		case s.Type == "http":
			words = append(words, "-u", `"`+secret+`"`)
		case s.In == "header":
			words = append(words, "-H", `"`+s.Name+": "+secret+`"`)
		case s.In == "cookie":
			words = append(words, "-b", `"`+s.Name+"="+secret+`"`)
		}
	}
	return words
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// variable turns apiKey into API_KEY.
func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", " ", "_").Replace(hump.ReplaceAllString(name, "${1}_${2}")))
}
