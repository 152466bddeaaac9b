package reference

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is what is shown of an OpenAPI 3.0 document; the names are those of
// its specification (https://spec.openapis.org/oas/v3.0.3, section 4.7).
type document struct {
	Info struct {
		Title       string
		Version     string
		Description string
	}
	Security []ordered[[]string]
	Tags     []struct {
		Name        string
		Description string
	}
	Paths      ordered[pathItem]
	Components struct {
		SecuritySchemes ordered[scheme] `yaml:"securitySchemes"`
		Headers         ordered[header]
		Parameters      ordered[parameter]
		RequestBodies   ordered[requestBody] `yaml:"requestBodies"`
		Responses       ordered[response]
		Schemas         ordered[*schema]
	}
}

type scheme struct {
	Type, Description, Name, In, Scheme string
}

type pathItem struct {
	Summary, Description string
	Parameters           []parameter
	// Methods are the members that are left: the operations by method.
	Methods ordered[operation]
}

// UnmarshalYAML keeps the methods in the order of the document.
func (p *pathItem) UnmarshalYAML(n *yaml.Node) error {
	var all ordered[yaml.Node]
	if err := n.Decode(&all); err != nil {
		return err
	}
	for _, m := range all {
		var err error
		switch m.Key {
		case "summary":
			p.Summary = m.Value.Value
		case "description":
			p.Description = m.Value.Value
		case "parameters":
			err = m.Value.Decode(&p.Parameters)
		case "get", "put", "post", "delete", "options", "head", "patch", "trace":
			var o operation
			err = m.Value.Decode(&o)
			p.Methods = append(p.Methods, member[operation]{Key: m.Key, Value: o})
		default:
			err = fmt.Errorf("line %d: a path with %s cannot be shown", m.Value.Line, m.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type operation struct {
	Tags                 []string
	OperationID          string `yaml:"operationId"`
	Summary, Description string
	Deprecated           bool
	Parameters           []parameter
	RequestBody          *requestBody `yaml:"requestBody"`
	Responses            ordered[response]
	// Security is nil where that of the document holds, and empty where anybody
	// may call.
	Security *[]ordered[[]string]
	// Permission is what the role of the caller must have: an extension of ours.
	Permission string `yaml:"x-permission"`
}

type parameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required, Deprecated  bool
	AllowEmptyValue       bool `yaml:"allowEmptyValue"`
	Schema                *schema
	Example               yaml.Node
}

type header struct {
	Ref         string `yaml:"$ref"`
	Description string
	Required    bool
	Schema      *schema
	Example     yaml.Node
}

type requestBody struct {
	Ref         string `yaml:"$ref"`
	Description string
	Required    bool
	Content     ordered[mediaType]
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Headers     ordered[header]
	Content     ordered[mediaType]
}

type mediaType struct {
	Schema   *schema
	Example  yaml.Node
	Examples ordered[struct {
		Summary string
		Value   yaml.Node
	}]
}

type schema struct {
	Ref                       string `yaml:"$ref"`
	Type, Format, Description string
	Nullable, Deprecated      bool
	ReadOnly                  bool `yaml:"readOnly"`
	WriteOnly                 bool `yaml:"writeOnly"`
	Enum                      []yaml.Node
	Default, Example          yaml.Node
	Minimum, Maximum          string
	ExclusiveMinimum          bool   `yaml:"exclusiveMinimum"`
	ExclusiveMaximum          bool   `yaml:"exclusiveMaximum"`
	MultipleOf                string `yaml:"multipleOf"`
	MinLength                 string `yaml:"minLength"`
	MaxLength                 string `yaml:"maxLength"`
	Pattern                   string
	MinItems                  string `yaml:"minItems"`
	MaxItems                  string `yaml:"maxItems"`
	UniqueItems               bool   `yaml:"uniqueItems"`
	MinProperties             string `yaml:"minProperties"`
	MaxProperties             string `yaml:"maxProperties"`
	Required                  []string
	Properties                ordered[*schema]
	Items                     *schema
	AllOf                     []*schema `yaml:"allOf"`
	OneOf                     []*schema `yaml:"oneOf"`
	AnyOf                     []*schema `yaml:"anyOf"`
	Additional                extra     `yaml:"additionalProperties"`
}

// extra is additionalProperties: whether members without a name of their own are
// allowed, and what they are.
type extra struct {
	forbidden bool
	schema    *schema
}

// UnmarshalYAML takes false, true or a schema.
func (e *extra) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.forbidden = n.Value == "false"
		return nil
	}
	return n.Decode(&e.schema)
}

// ordered is a mapping in the order of the document.
type ordered[T any] []member[T]

type member[T any] struct {
	Key   string
	Value T
}

// UnmarshalYAML reads a mapping.
func (o *ordered[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping is needed", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var v T
		if err := n.Content[i+1].Decode(&v); err != nil {
			return err
		}
		*o = append(*o, member[T]{Key: n.Content[i].Value, Value: v})
	}
	return nil
}

func (o ordered[T]) find(key string) (T, bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	var none T
	return none, false
}

// componentsPrefix begins every reference of a document to itself.
const componentsPrefix = "#/components/"

// resolve finds what a reference names in one kind of components. The name is
// empty when there is no reference.
func resolve[T any](in ordered[T], kind, ref string, self T) (name string, found T, err error) {
	if ref == "" {
		return "", self, nil
	}
	name, ours := strings.CutPrefix(ref, componentsPrefix+kind+"/")
	found, known := in.find(name)
	if !ours || !known {
		return "", found, fmt.Errorf("%s leads nowhere", ref)
	}
	return name, found, nil
}
