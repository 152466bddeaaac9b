package reference

import (
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// field is a member of an object, a parameter, or a header, as it is shown.
type field struct {
	Name, In string
	Type     string
	// Link is the anchor of the shared schema that Type names, if it does.
	Link                 string
	Required, Deprecated bool
	// Always says of a header that every answer has it.
	Always           bool
	Limits           []limit
	Enum             []string
	Default, Example string
	// Sample is an example that is too long for a line.
	Sample string
	Text   template.HTML
	Fields []field
	// Choices are what it may be instead.
	Choices []field
}

// limit is a rule for values, such as "at most", 128 and "characters".
type limit struct{ Name, Value, Unit string }

// schema follows a reference. The name is empty for a schema without one; a nil
// schema allows anything.
func (b *builder) schema(s *schema) (string, *schema) {
	if s == nil {
		return "", &schema{}
	}
	name, found, err := resolve(b.doc.Components.Schemas, "schemas", s.Ref, s)
	if err != nil {
		b.fail(err)
		return "", &schema{}
	}
	return name, found
}

// flatten makes one schema of those that allOf puts together.
func (b *builder) flatten(s *schema) *schema {
	if len(s.AllOf) == 0 {
		return s
	}
	all := *s
	all.AllOf = nil
	for _, part := range s.AllOf {
		_, part = b.schema(part)
		all.add(b.flatten(part))
	}
	return &all
}

// add takes over what another schema says, where this one says nothing.
func (s *schema) add(from *schema) {
	first := func(to *string, value string) {
		if *to == "" {
			*to = value
		}
	}
	for _, pair := range []struct {
		to    *string
		value string
	}{
		{&s.Type, from.Type}, {&s.Format, from.Format}, {&s.Description, from.Description}, {&s.Minimum, from.Minimum}, {&s.Maximum, from.Maximum},
		{&s.MinLength, from.MinLength}, {&s.MaxLength, from.MaxLength}, {&s.Pattern, from.Pattern}, {&s.MinItems, from.MinItems},
		{&s.MaxItems, from.MaxItems}, {&s.MinProperties, from.MinProperties}, {&s.MaxProperties, from.MaxProperties}, {&s.MultipleOf, from.MultipleOf},
	} {
		first(pair.to, pair.value)
	}
	s.ExclusiveMinimum = s.ExclusiveMinimum || from.ExclusiveMinimum
	s.ExclusiveMaximum = s.ExclusiveMaximum || from.ExclusiveMaximum
	s.Additional.forbidden = s.Additional.forbidden || from.Additional.forbidden
	s.Required = slices.Concat(s.Required, from.Required)
	s.OneOf, s.AnyOf = slices.Concat(s.OneOf, from.OneOf), slices.Concat(s.AnyOf, from.AnyOf)
	if len(s.Enum) == 0 {
		s.Enum = from.Enum
	}
	if s.Items == nil {
		s.Items = from.Items
	}
	if s.Example.IsZero() {
		s.Example = from.Example
	}
	if s.Default.IsZero() {
		s.Default = from.Default
	}
	s.Properties = slices.Clone(s.Properties)
	for _, p := range from.Properties {
		i := slices.IndexFunc(s.Properties, func(m member[*schema]) bool { return m.Key == p.Key })
		if i < 0 {
			s.Properties = append(s.Properties, p)
		} else {
			s.Properties[i] = p // a later part says it more narrowly
		}
	}
}

// describe shows a schema. Objects that have a name are shown where they stand
// once, and linked from elsewhere; with expand their members are shown here as
// well, down to schemas that contain themselves.
func (b *builder) describe(s *schema, expand bool, above ...string) field {
	if s == nil {
		s = &schema{}
	}
	name, target := b.name(s)
	flat := b.flatten(target)
	f := field{Type: typeOf(flat), Text: b.markdown(flat.Description), Deprecated: s.Deprecated || flat.Deprecated}
	if s.Description != "" {
		f.Text = b.markdown(s.Description)
	}
	var item field
	if flat.Type == "array" && flat.Items != nil {
		item = b.describe(flat.Items, expand, above...)
		f.Type, f.Link, f.Fields, f.Choices = "list of "+item.Type, item.Link, item.Fields, item.Choices
		f.Enum, f.Limits = item.Enum, item.Limits
	}
	if s.Nullable || flat.Nullable {
		f.Type += " or null"
	}
	f.Limits = append(limitsOf(flat), f.Limits...)
	f.values(s, flat)
	if f.Example == "" && f.Default == "" {
		f.Example = item.Example
	}
	recursive := slices.Contains(above, name)
	if name != "" {
		f.Link = schemaAnchor(name)
		if flat.Type == "object" || len(flat.Properties) > 0 {
			f.Type = strings.Replace(f.Type, "object", name, 1)
		}
		above = append(slices.Clone(above), name)
	}
	if recursive || (name != "" && !expand) {
		return f
	}
	f.Fields = append(f.Fields, b.members(flat, expand, above...)...)
	for _, one := range slices.Concat(flat.OneOf, flat.AnyOf) {
		f.Choices = append(f.Choices, b.describe(one, expand, above...))
	}
	return f
}

// name finds the shared schema that a schema refers to, be it inside an allOf of
// one, which is how OpenAPI 3.0 describes a reference.
func (b *builder) name(s *schema) (string, *schema) {
	if len(s.AllOf) == 1 && len(s.Properties) == 0 && s.AllOf[0].Ref != "" {
		name, _ := b.schema(s.AllOf[0])
		return name, s
	}
	return b.schema(s)
}

func (b *builder) members(s *schema, expand bool, above ...string) []field {
	var all []field
	for _, p := range s.Properties {
		f := b.describe(p.Value, expand, above...)
		f.Name, f.Required = p.Key, slices.Contains(s.Required, p.Key)
		all = append(all, f)
	}
	if s.Additional.schema != nil {
		f := b.describe(s.Additional.schema, expand, above...)
		f.Name = "any other name"
		all = append(all, f)
	}
	return all
}

func typeOf(s *schema) string {
	switch {
	case s.Type == "" && len(s.OneOf)+len(s.AnyOf) > 0:
		return "one of several"
	case s.Type == "" && len(s.Properties) > 0:
		return "object"
	case s.Type == "":
		return "anything"
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return s.Type
}

// values are what may be, what is without, and what could be.
func (f *field) values(s, flat *schema) {
	enum, normal, example := s.Enum, s.Default, s.Example
	if len(enum) == 0 {
		enum = flat.Enum
	}
	if normal.IsZero() {
		normal = flat.Default
	}
	if example.IsZero() {
		example = flat.Example
	}
	for i := range enum {
		f.Enum = append(f.Enum, asJSON(&enum[i], false))
	}
	f.Default, f.Example = shown(&normal), shown(&example)
	if len(f.Example) > longestExample {
		f.Example, f.Sample = "", asJSON(&example, true)
	}
}

// longestExample is how many bytes of an example are read within a line.
const longestExample = 60

func shown(n *yaml.Node) string {
	if n.IsZero() {
		return ""
	}
	return asJSON(n, false)
}

func limitsOf(s *schema) []limit {
	var all []limit
	add := func(name, value, unit string) {
		if value != "" {
			all = append(all, limit{name, value, unit})
		}
	}
	between := func(low, high, unit string) {
		switch {
		case low == high:
			add("exactly", low, unit)
		case low != "" && high != "":
			add("", low+" to "+high, unit)
		default:
			add("at least", low, unit)
			add("at most", high, unit)
		}
	}
	if s.ExclusiveMinimum || s.ExclusiveMaximum {
		add(map[bool]string{false: "at least", true: "more than"}[s.ExclusiveMinimum], s.Minimum, "")
		add(map[bool]string{false: "at most", true: "less than"}[s.ExclusiveMaximum], s.Maximum, "")
	} else {
		between(s.Minimum, s.Maximum, "")
	}
	add("multiple of", s.MultipleOf, "")
	between(s.MinLength, s.MaxLength, "characters")
	add("pattern", s.Pattern, "")
	between(s.MinItems, s.MaxItems, "items")
	between(s.MinProperties, s.MaxProperties, "members")
	for _, flag := range []struct {
		set  bool
		says string
	}{
		{s.UniqueItems, "no item twice"}, {s.Additional.forbidden, "no other members"},
		{s.ReadOnly, "only in answers"}, {s.WriteOnly, "only in requests"},
	} {
		if flag.set {
			all = append(all, limit{Name: flag.says})
		}
	}
	return all
}
