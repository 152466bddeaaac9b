package reference

import (
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// request is what an example asks for.
type request struct {
	method, path string
	operation    operation
	parameters   []parameter
	// media and body are those of the body, if there is one.
	media string
	body  *yaml.Node
}

// curl is one line that a shell runs: what the caller proves with are variables
// of the shell, and what only the caller knows of a path is in capitals.
func (b *builder) curl(r request) string {
	words := []string{"curl"}
	if r.method != "get" {
		words = append(words, "-X", strings.ToUpper(r.method))
	}
	words = append(words, quote(b.base+b.address(r.path, r.parameters)))
	words = append(words, b.proof(r.operation)...)
	for _, p := range r.parameters {
		if p.In == "header" && (p.Required || !p.Example.IsZero()) {
			words = append(words, "-H", quote(p.Name+": "+b.value(p)))
		}
	}
	if r.body != nil {
		words = append(words, "-H", quote("Content-Type: "+r.media))
		words = append(words, data(r.media, r.body)...)
	}
	return strings.Join(words, " ")
}

// data gives the body: JSON as it is, other text of one line as it is, and other
// files by name.
func data(media string, body *yaml.Node) []string {
	switch {
	case strings.HasSuffix(media, "json"):
		return []string{"-d", quote(asJSON(body, false))}
	case strings.HasPrefix(media, "text/") && !strings.Contains(strings.TrimSpace(body.Value), "\n"):
		return []string{"--data-binary", quote(strings.TrimSpace(body.Value))}
	case strings.HasSuffix(media, "form-urlencoded") && body.Kind == yaml.MappingNode:
		form := url.Values{}
		for i := 0; i+1 < len(body.Content); i += 2 {
			form.Set(body.Content[i].Value, body.Content[i+1].Value)
		}
		return []string{"-d", quote(form.Encode())}
	}
	return []string{"--data-binary", "@file"}
}

func (b *builder) address(path string, parameters []parameter) string {
	values, query := map[string]string{}, url.Values{}
	for _, p := range parameters {
		if p.In == "path" && !p.Example.IsZero() {
			values["{"+p.Name+"}"] = url.PathEscape(p.Example.Value)
		}
		if p.In == "query" && p.Required {
			query.Set(p.Name, b.value(p))
		}
	}
	path = pathParameter.ReplaceAllStringFunc(path, func(name string) string {
		if v := values[name]; v != "" {
			return v
		}
		return strings.ToUpper(strings.Trim(name, "{}"))
	})
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// value is an example of a parameter.
func (b *builder) value(p parameter) string {
	if !p.Example.IsZero() {
		return p.Example.Value
	}
	if p.Schema == nil {
		return ""
	}
	return b.example(p.Schema, false).Value
}

// quote makes one word of a shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
