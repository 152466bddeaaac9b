package reference

import (
	"bufio"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// page is what the template shows: a document, or the list of all.
type page struct {
	Prefix, Name, File, Title, Version string
	Style                              template.CSS
	Text                               template.HTML
	Documents                          []*page
	Schemes                            []credential
	Groups                             []group
	Answers                            []answer
	Schemas                            []field
}

// Count is how many operations there are.
func (p *page) Count() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Operations)
	}
	return n
}

// credential is a way to prove who calls, and the variable of the examples.
type credential struct {
	Name, How, Variable string
	Text                template.HTML
}

type group struct {
	ID, Name   string // Name is the tag
	Text       template.HTML
	Operations []call
}

// Title is the name as a heading.
func (g group) Title() string { return strings.ToUpper(g.Name[:1]) + g.Name[1:] }

// call is an operation.
type call struct {
	ID, Method, Path, Summary string
	Text                      template.HTML
	Deprecated                bool
	// Proofs are the ways to prove who calls, none where anybody may.
	Proofs     [][]string
	Permission string
	Parameters []field
	Body       *body
	Curl       string
	Answers    []answer
}

type body struct {
	Required bool
	Text     template.HTML
	Contents []content
}

type content struct {
	MediaType string
	Shape     field
	Examples  []sample
}

type sample struct{ Name, Text string }

// answer is a response, or one that operations share; Link leads from the former
// to the latter.
type answer struct {
	ID, Code, Status string
	// Link and LinkName lead from one of an operation to what it shares.
	Link, LinkName string
	Text           template.HTML
	Headers        []field
	Contents       []content
}

// builder makes a page of a document. The first thing that cannot be shown stays
// in err.
type builder struct {
	doc  document
	base string
	err  error
	// texts are descriptions that were written already, through out.
	texts map[string]template.HTML
	out   *bufio.Writer
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) page() *page {
	p := &page{Title: b.doc.Info.Title, Version: b.doc.Info.Version, Text: b.markdown(b.doc.Info.Description)}
	for _, m := range b.doc.Components.SecuritySchemes {
		p.Schemes = append(p.Schemes, credential{
			Name: m.Key, How: how(m.Value), Text: b.markdown(m.Value.Description), Variable: variable(m.Key),
		})
	}
	p.Groups = b.groups()
	for _, m := range b.doc.Components.Responses {
		a := b.answer("", m.Value)
		a.ID, a.Code = answerAnchor(m.Key), m.Key
		p.Answers = append(p.Answers, a)
	}
	for _, m := range b.doc.Components.Schemas {
		f := b.describe(m.Value, false)
		f.Name = m.Key
		p.Schemas = append(p.Schemas, f)
	}
	return p
}

// groups are the tags of the document in their order, or else what the paths
// begin with, beyond what they all begin with.
func (b *builder) groups() []group {
	var all []group
	for _, t := range b.doc.Tags {
		all = append(all, group{ID: groupAnchor(t.Name), Name: t.Name, Text: b.markdown(t.Description)})
	}
	common := b.commonPath()
	for _, item := range b.doc.Paths {
		for _, method := range item.Value.Methods {
			name := heading(strings.TrimPrefix(item.Key, common))
			if len(method.Value.Tags) > 0 {
				name = method.Value.Tags[0]
			}
			i := slices.IndexFunc(all, func(g group) bool { return g.Name == name })
			if i < 0 {
				i = len(all)
				all = append(all, group{ID: groupAnchor(name), Name: name})
			}
			all[i].Operations = append(all[i].Operations, b.call(item.Key, item.Value, method.Key, method.Value))
		}
	}
	return slices.DeleteFunc(all, func(g group) bool { return len(g.Operations) == 0 })
}

// commonPath is what all paths begin with, in whole segments.
func (b *builder) commonPath() string {
	if len(b.doc.Paths) == 0 {
		return ""
	}
	common := b.doc.Paths[0].Key
	for _, p := range b.doc.Paths {
		for !strings.HasPrefix(p.Key, common) {
			common = common[:strings.LastIndex(strings.TrimSuffix(common, "/"), "/")+1]
		}
	}
	return common[:strings.LastIndex(common, "/")+1]
}

// heading makes "unknown operations" of "unknown-operations/{id}".
func heading(path string) string {
	first, _, _ := strings.Cut(path, "/")
	first = strings.ReplaceAll(first, "-", " ")
	if first == "" {
		return "other"
	}
	return first
}

func (b *builder) call(path string, item pathItem, method string, o operation) call {
	parameters := b.parameters(item, o)
	c := call{
		ID: callAnchor(method, path, o), Method: strings.ToUpper(method), Path: path, Summary: o.Summary,
		Text: b.markdown(o.Description), Deprecated: o.Deprecated, Permission: o.Permission,
	}
	if c.Summary == "" {
		c.Summary = c.Method + " " + path
	}
	for _, way := range b.ways(o) {
		c.Proofs = append(c.Proofs, b.proofs(way))
	}
	for _, p := range parameters {
		c.Parameters = append(c.Parameters, b.parameter(p))
	}
	r := request{method: method, path: path, operation: o, parameters: parameters}
	if o.RequestBody != nil {
		c.Body, r.media, r.body = b.body(*o.RequestBody)
	}
	c.Curl = b.curl(r)
	for _, m := range o.Responses {
		a := b.answer(m.Key, m.Value)
		a.ID = c.ID + "-" + m.Key
		c.Answers = append(c.Answers, a)
	}
	return c
}

// parameters are those of the path and then those of the operation, which come
// in place of those of the same name (OpenAPI 3.0.3, section 4.7.9.1).
func (b *builder) parameters(item pathItem, o operation) []parameter {
	var all []parameter
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		_, p, err := resolve(b.doc.Components.Parameters, "parameters", p.Ref, p)
		if err != nil {
			b.fail(err)
		}
		i := slices.IndexFunc(all, func(q parameter) bool { return q.Name == p.Name && q.In == p.In })
		if i >= 0 {
			all[i] = p
			continue
		}
		all = append(all, p)
	}
	place := []string{"path", "query", "header", "cookie"}
	slices.SortStableFunc(all, func(p, q parameter) int { return slices.Index(place, p.In) - slices.Index(place, q.In) })
	return all
}

func (b *builder) parameter(p parameter) field {
	f := b.describe(p.Schema, true)
	f.Name, f.In, f.Required, f.Deprecated = p.Name, p.In, p.Required, f.Deprecated || p.Deprecated
	if p.Description != "" {
		f.Text = b.markdown(p.Description)
	}
	if !p.Example.IsZero() {
		f.Example = p.Example.Value
	}
	if p.AllowEmptyValue {
		f.Limits = append(f.Limits, limit{Name: "may be empty"})
	}
	return f
}

func groupAnchor(name string) string  { return "group-" + slug(name) }
func schemaAnchor(name string) string { return "schema-" + slug(name) }
func answerAnchor(name string) string { return "answer-" + slug(name) }

func callAnchor(method, path string, o operation) string {
	if o.OperationID != "" {
		return slug(o.OperationID)
	}
	return slug(method + path)
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// slug makes a name fit for an address.
func slug(name string) string { return strings.Trim(unfit.ReplaceAllString(name, "-"), "-") }
