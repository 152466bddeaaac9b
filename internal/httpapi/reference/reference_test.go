package reference_test

import (
	"fmt"
	"html"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vezne/vezne/api"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/httpapi/reference"
)

const server = "https://pay.example.com"

func write(t testing.TB, documents fs.FS) map[string]string {
	t.Helper()
	pages, err := reference.Write(documents, reference.Options{Prefix: "/docs", Server: server})
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for name, page := range pages {
		all[name] = string(page)
	}
	return all
}

// documents loads every document of the house with another parser than ours.
func documents(t *testing.T) map[string]*openapi3.T {
	t.Helper()
	names, err := fs.Glob(api.Documents, "*.yaml")
	if err != nil || len(names) < 2 {
		t.Fatalf("documents = %v, %v", names, err)
	}
	all := make(map[string]*openapi3.T)
	for _, name := range names {
		doc, err := apitest.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(name, ".yaml")] = doc
	}
	return all
}

// has fails the test for every text that a part of a page lacks.
func has(t *testing.T, where, part string, texts ...string) {
	t.Helper()
	part = html.UnescapeString(part)
	for _, text := range texts {
		if !strings.Contains(part, text) {
			t.Errorf("%s: %q is not shown", where, text)
		}
	}
}

// article returns the part of a page that begins with the heading of an anchor.
func article(t *testing.T, page, anchor string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `<h3 id="`+anchor+`">`)
	if !found {
		t.Fatalf("there is no heading %s", anchor)
	}
	part, _, _ := strings.Cut(rest, "</article>")
	return part
}

// TestWrite holds the pages to all that the documents say.
func TestWrite(t *testing.T) {
	t.Parallel()
	pages := write(t, api.Documents)
	for name, doc := range documents(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := pages[name]
			has(t, "index", pages[""], doc.Info.Title, `href="/docs/`+name+`"`, `href="/docs/`+name+`.yaml"`)
			for path, item := range doc.Paths.Map() {
				for method, o := range item.Operations() {
					part := article(t, page, o.OperationID)
					where := method + " " + path
					has(t, where, part, ">"+method+"<", "<code>"+path+"</code>", o.Summary)
					for _, p := range slices.Concat(item.Parameters, o.Parameters) {
						has(t, where, part, ">"+p.Value.Name+"</code>", "in "+p.Value.In)
						hasSchema(t, where, part, p.Value.Schema)
					}
					if o.RequestBody != nil {
						hasContent(t, where, part, o.RequestBody.Value.Content)
					}
					for code, r := range o.Responses.Map() {
						has(t, where, part, `id="`+o.OperationID+"-"+code+`"`, words(*r.Value.Description))
						for h := range r.Value.Headers {
							has(t, where+" "+code, shared(t, page, part, r), ">"+h+"</code>")
						}
					}
					if permission, ok := o.Extensions["x-permission"].(string); ok {
						has(t, where, part, "permission <code>"+permission+"</code>")
					}
				}
			}
			for name, s := range doc.Components.Schemas {
				hasSchema(t, name, article(t, page, "schema-"+name), s)
			}
		})
	}
}

// shared is where a response is shown: with its operation, or where the
// operation's page leads to.
func shared(t *testing.T, page, part string, r *openapi3.ResponseRef) string {
	t.Helper()
	_, name, found := strings.Cut(r.Ref, "responses/")
	if found && strings.Contains(part, `href="#answer-`+name+`"`) {
		return part + article(t, page, "answer-"+name)
	}
	return part
}

// words are the first words of a description: what follows may be marked up.
func words(description string) string {
	first, _, _ := strings.Cut(description, "`")
	first, _, _ = strings.Cut(strings.TrimSpace(first), "\n")
	return first
}

func hasContent(t *testing.T, where, part string, c openapi3.Content) {
	t.Helper()
	for media, m := range c {
		has(t, where, part, "<code>"+media+"</code>")
		hasSchema(t, where, part, m.Schema)
	}
}

// hasSchema looks for the members of a schema, of those within it, and for their
// rules. What is shown elsewhere is linked.
func hasSchema(t *testing.T, where, part string, s *openapi3.SchemaRef) {
	t.Helper()
	if s == nil {
		return
	}
	v := s.Value
	for name, p := range v.Properties {
		has(t, where, part, ">"+name+"</code>")
		if _, shared, linked := strings.Cut(p.Ref, "schemas/"); linked && strings.Contains(part, `href="#schema-`+shared+`"`) {
			continue
		}
		hasSchema(t, where+"."+name, part, p)
	}
	for _, inner := range slices.Concat(v.AllOf, v.OneOf, v.AnyOf, openapi3.SchemaRefs{v.Items, v.AdditionalProperties.Schema}) {
		if inner != nil && inner.Ref == "" {
			hasSchema(t, where, part, inner)
		}
	}
	has(t, where, part, words(v.Description), v.Pattern)
	for _, e := range slices.Concat(v.Enum, []any{v.Default, v.Example}) {
		has(t, where, part, leaves(e)...)
	}
	if v.MaxLength != nil {
		has(t, where, part, "characters")
	}
}

// leaves are the texts within a value.
func leaves(value any) []string {
	var all []string
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, inner := range v {
			all = append(all, leaves(inner)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, leaves(inner)...)
		}
	case string:
		all = []string{strings.ReplaceAll(v, `"`, `\"`)}
	default:
		all = []string{fmt.Sprint(v)}
	}
	return all
}

var (
	ids   = regexp.MustCompile(` id="([^"]*)"`)
	links = regexp.MustCompile(` href="#([^"]*)"`)
	loads = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|video|audio|source|form|base)[ >]|\ssrc=|url\(|@import|\sstyle=|\son[a-z]+=`)
	heads = regexp.MustCompile(`<h([1-6])`)
)

func TestPages(t *testing.T) {
	t.Parallel()
	for name, page := range write(t, api.Documents) {
		t.Run("page_"+name, func(t *testing.T) {
			t.Parallel()
			if !strings.HasPrefix(page, "<!doctype html>") {
				t.Errorf("the page begins with %q", page[:20])
			}
			known := make(map[string]bool)
			for _, m := range ids.FindAllStringSubmatch(page, -1) {
				if known[m[1]] {
					t.Errorf("id %s stands twice", m[1])
				}
				known[m[1]] = true
			}
			for _, m := range links.FindAllStringSubmatch(page, -1) {
				if !known[m[1]] {
					t.Errorf("#%s leads nowhere", m[1])
				}
			}
			if found := loads.FindAllString(page, 5); found != nil {
				t.Errorf("the page loads or runs something: %q", found)
			}
			last := 0
			for _, m := range heads.FindAllStringSubmatch(page, -1) {
				level := int(m[1][0] - '0')
				if level > last+1 || (level == 1 && last > 0) {
					t.Fatalf("a heading of level %d follows one of level %d", level, last)
				}
				last = level
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	const head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
	tests := map[string]string{
		"no_title":                         "openapi: 3.0.3\n",
		"what_is_no_yaml":                  "a: [",
		"a_path_with_servers":              head + "paths: {/a: {servers: []}}",
		"a_schema_that_leads_nowhere":      head + "components: {schemas: {A: {properties: {b: {$ref: '#/components/schemas/B'}}}}}",
		"an_answer_that_leads_nowhere":     head + "paths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/B'}}}}}",
		"a_parameter_that_leads_nowhere":   head + "paths: {/a: {get: {parameters: [{$ref: '#/components/parameters/B'}]}}}",
		"a_body_that_leads_nowhere":        head + "paths: {/a: {get: {requestBody: {$ref: '#/components/requestBodies/B'}}}}",
		"a_header_that_leads_nowhere":      head + "components: {responses: {A: {headers: {X: {$ref: '#/components/headers/B'}}}}}",
		"credentials_that_lead_nowhere":    head + "paths: {/a: {get: {security: [{x: []}]}}}",
		"what_is_in_another_file":          head + "components: {schemas: {A: {$ref: 'other.yaml#/components/schemas/A'}}}",
		"a_list_where_a_mapping_has_to_be": head + "paths: []",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			documents := fstest.MapFS{"x.yaml": {Data: []byte(text)}}
			if _, err := reference.Write(documents, reference.Options{}); err == nil {
				t.Error("the document is shown")
			}
		})
	}
}

// TestWriteShows holds what our own documents do not have.
func TestWriteShows(t *testing.T) {
	t.Parallel()
	page := write(t, fstest.MapFS{"x.yaml": {Data: []byte(`
openapi: 3.0.3
info: {title: "A <b> & C", version: "1", description: "Some *text* <script>alert(1)</script>"}
paths:
  /v1/tree-nodes/{id}:
    put:
      deprecated: true
      description: It's **new**
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}, example: "a/b c"}
        - {name: if, in: query, required: true, schema: {type: string, enum: ["it's"]}}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {node: {type: string, example: a b&c}}}
      responses:
        default: {description: Any}
  /v1/other:
    get:
      operationId: other
      security: []
      responses:
        "200": {description: Fine, content: {application/json: {schema: {$ref: "#/components/schemas/Node"}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Node:
      type: object
      properties:
        children: {type: array, items: {$ref: "#/components/schemas/Node"}, maxItems: 3, minItems: 3}
        parent: {$ref: "#/components/schemas/Node"}
        value: {oneOf: [{type: integer, minimum: 5, exclusiveMinimum: true}, {type: string}]}
      additionalProperties: {type: boolean}
security: [{key: []}]
`)}})["x"]
	if strings.Contains(page, "<script") || strings.Contains(page, "<b>") {
		t.Error("markup of a document goes through")
	}
	has(t, "page", page,
		"Some <em>text</em>", "It's <strong>new</strong>", "deprecated", "any other name", "exactly <code>3</code> items", "list of Node",
		"Tree nodes", "Needs no credentials", "default", `curl -X PUT 'https://pay.example.com/v1/tree-nodes/a%2Fb%20c?if=it%27s'`,
		`-d 'node=a+b%26c'`, `"children": []`, `"value": 6`)
}
