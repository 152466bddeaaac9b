package reference

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// samples are values of the formats that documents name.
func samples(format string) string {
	return map[string]string{
		"uuid": "0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21", "date-time": "2026-11-20T11:30:00Z", "date": "2026-11-20",
		"uri": "https://example.com/", "email": "zeynep@example.com", "ipv4": "192.0.2.1", "password": "correct horse battery",
	}[format]
}

// example is a value of a schema: the document's own where there is one, else one
// that is made from the schema's limits. A request is shown with what it needs,
// an answer with everything.
func (b *builder) example(s *schema, answer bool) *yaml.Node {
	return b.sample(s, answer, nil)
}

// sample makes an example; above are the schemas that it is part of, so that one
// that contains itself ends.
func (b *builder) sample(s *schema, answer bool, above []string) *yaml.Node {
	name, s := b.schema(s)
	if name != "" && slices.Contains(above, name) {
		return scalar("!!null", "null")
	}
	if name != "" {
		above = append(slices.Clone(above), name)
	}
	if own := ownValue(s); own != nil {
		return own
	}
	flat := b.flatten(s)
	if own := ownValue(flat); own != nil {
		return own
	}
	switch {
	case len(flat.OneOf)+len(flat.AnyOf) > 0:
		return b.sample(slices.Concat(flat.OneOf, flat.AnyOf)[0], answer, above)
	case flat.Type == "object" || len(flat.Properties) > 0:
		return b.object(flat, answer, above)
	case flat.Type == "array":
		return b.list(flat, answer, above)
	}
	return primitive(flat)
}

// ownValue is what the document itself gives as a value of a schema.
func ownValue(s *schema) *yaml.Node {
	switch {
	case !s.Example.IsZero():
		return &s.Example
	case !s.Default.IsZero() && s.Default.ShortTag() != "!!null":
		return &s.Default
	case len(s.Enum) > 0:
		return &s.Enum[0]
	}
	return nil
}

func (b *builder) object(s *schema, answer bool, above []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range s.Properties {
		if !answer && len(s.Required) > 0 && !slices.Contains(s.Required, p.Key) {
			continue
		}
		n.Content = append(n.Content, scalar("!!str", p.Key), b.sample(p.Value, answer, above))
	}
	return n
}

func (b *builder) list(s *schema, answer bool, above []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if s.Items == nil {
		return n
	}
	if name, _ := b.schema(s.Items); name == "" || !slices.Contains(above, name) {
		n.Content = append(n.Content, b.sample(s.Items, answer, above))
	}
	return n
}

// primitive is a value that fits, or null where nothing better is known.
func primitive(s *schema) *yaml.Node {
	known := samples(s.Format)
	switch {
	case known != "":
		return scalar("!!str", known)
	case s.Nullable:
		return scalar("!!null", "null")
	}
	switch s.Type {
	case "string":
		return scalar("!!str", "text")
	case "integer", "number":
		return scalar("!!int", least(s))
	case "boolean":
		return scalar("!!bool", "true")
	}
	return &yaml.Node{Kind: yaml.MappingNode}
}

// least is the smallest whole number that a schema allows, and 1 if it allows
// smaller ones.
func least(s *schema) string {
	low, err := strconv.Atoi(s.Minimum)
	if err != nil {
		low = 1
	}
	if s.ExclusiveMinimum {
		low++
	}
	if high, err := strconv.Atoi(s.Maximum); err == nil && high < 1 {
		return s.Maximum
	}
	return strconv.Itoa(max(low, 1))
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}
