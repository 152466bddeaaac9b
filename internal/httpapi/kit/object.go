package kit

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
)

// Object is a JSON object or a form from outside, read member by member. What is
// wrong is collected, so that a caller learns of every wrong field at once; Err
// tells. Members that nobody reads are ignored, unless they are like one that was
// asked for, but for a slip of the pen, or the Object is strict. It is not safe for
// concurrent use.
type Object struct {
	members map[string]jsontext.Value
	// form says that the members came as texts, whatever they mean.
	form bool
	// known are the members that were asked for.
	known vocabulary
	wrong []fault.Field
	// codes are those that fields were rejected as. One code replaces
	// fault.ValidationError while every wrong field was rejected as it.
	codes []fault.Code
}

// ParseObject reads exactly one JSON object (RFC 8259, in UTF-8), which a byte order
// mark may stand before. Duplicate
// members at any depth, anything after the object, and anything else at the top
// are fault.MalformedJSON. The Object refers to body until it was read.
func ParseObject(body []byte) (*Object, error) {
	body = withoutMark(body)
	if jsontext.Value(body).Kind() != '{' {
		// Broken text is told from a proper value of another kind by the parser.
		if err := json.Unmarshal(body, new(jsontext.Value)); err == nil {
			return nil, malformed("", "the body must be a JSON object")
		}
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, explain(err)
	}
	return &Object{members: members}, nil
}

// parseList is ParseObject, except that an array becomes the member "items".
func parseList(body []byte) (*Object, error) {
	body = withoutMark(body)
	if jsontext.Value(body).Kind() != '[' {
		return ParseObject(body)
	}
	var items jsontext.Value
	if err := json.Unmarshal(body, &items); err != nil {
		return nil, explain(err)
	}
	return &Object{members: map[string]jsontext.Value{"items": items}}, nil
}

// Objects reads a required array of at most most objects. What is wrong with one
// of them is gathered by Adopt.
func (o *Object) Objects(name string, most int) []*Object {
	v, ok := o.required(name)
	if !ok {
		return nil
	}
	var members []map[string]jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &members) != nil {
		o.Reject(name, fault.FieldInvalid, "must be an array of objects")
		return nil
	}
	if len(members) > most {
		o.Reject(name, fault.FieldTooLong, "must have at most "+strconv.Itoa(most)+" members")
		return nil
	}
	all := make([]*Object, 0, len(members))
	for _, m := range members {
		all = append(all, o.part(m))
	}
	return all
}

// Object reads an optional object: nil if it is missing or null.
func (o *Object) Object(name string) *Object {
	if !o.Has(name) {
		return nil
	}
	var members map[string]jsontext.Value
	if json.Unmarshal(o.members[name], &members) != nil {
		o.Reject(name, fault.FieldInvalid, "must be an object")
		return nil
	}
	return o.part(members)
}

// part is an object within this one, as strict as this one.
func (o *Object) part(members map[string]jsontext.Value) *Object {
	return &Object{members: members, known: vocabulary{strict: o.known.strict}}
}

// Strict makes Err refuse members that nobody has asked for by then, here and in
// the objects within, whatever they are like.
func (o *Object) Strict() { o.known.strict = true }

// Know says that members are right that may stay unread.
func (o *Object) Know(names ...string) {
	for _, name := range names {
		o.Has(name)
	}
}

// unknown are the members that nobody has asked for and that are refused.
func (o *Object) unknown() []fault.Field { return o.known.unknown(maps.Keys(o.members), "body") }

// Names returns the names of the members in order.
func (o *Object) Names() []string { return slices.Sorted(maps.Keys(o.members)) }

// Strings reads an optional array of at most most strings of 1 to length characters.
func (o *Object) Strings(name string, most, length int) []string {
	if !o.Has(name) {
		return nil
	}
	var all []string
	if json.Unmarshal(o.list(name), &all) != nil {
		o.Reject(name, fault.FieldInvalid, "must be an array of strings")
		return nil
	}
	if len(all) > most {
		o.Reject(name, fault.FieldTooLong, "must have at most "+strconv.Itoa(most)+" members")
		return nil
	}
	for _, s := range all {
		if !o.checkText(name, s, 1, length) || !o.CardFree(name, s) {
			return nil
		}
	}
	return all
}

// list is a member that is an array. In a form one that has a single element is
// not told from a text.
func (o *Object) list(name string) jsontext.Value {
	v := o.members[name]
	if o.form && v.Kind() == '"' {
		return slices.Concat(jsontext.Value("["), v, jsontext.Value("]"))
	}
	return v
}

// Adopt takes over what is wrong with a part of this object, whose fields are
// named below the path.
func (o *Object) Adopt(path string, part *Object) {
	for _, f := range slices.Concat(part.wrong, part.unknown()) {
		f.Name = path + "." + f.Name
		o.wrong = append(o.wrong, f)
	}
}

// explain tells what is wrong with the text. The parser's own message quotes the
// body and therefore stays inside and is dropped: it may hold a card number.
func explain(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return malformed("", "the body must be one JSON object")
	}
	switch field := memberName(syntax.JSONPointer); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return malformed(field, "appears more than once")
	case field != "":
		return malformed(field, "is not valid JSON in UTF-8")
	}
	return malformed("", "the body must be one JSON object in UTF-8")
}

func malformed(field, message string) *fault.Error {
	f := fault.New(fault.Invalid, fault.MalformedJSON, message)
	if field != "" {
		f.Message = field + ": " + message
		f.Fields = []fault.Field{{Name: field, Code: fault.FieldInvalid, Message: message}}
	}
	return f
}

// memberName returns the top-level member of a pointer if it looks like a field
// name of an API; other names are the caller's own words and are not repeated.
func memberName(p jsontext.Pointer) string {
	for name := range p.Tokens() {
		if isName(name) {
			return name
		}
		return ""
	}
	return ""
}

func isName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, isNotNameRune) && !isDigit(s[0])
}

func isNotNameRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
		return false
	}
	return true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Reject adds a wrong field.
func (o *Object) Reject(name string, code fault.FieldCode, message string) {
	o.wrong = append(o.wrong, fault.Field{Name: name, Code: code, Message: message})
}

// RejectAs is Reject with a code of its own for the whole request, which holds
// as long as nothing else is wrong than what was rejected as the same.
func (o *Object) RejectAs(code fault.Code, field fault.Field) {
	o.codes = append(o.codes, code)
	o.wrong = append(o.wrong, field)
}

// RejectFault adds what the domain finds wrong with what was read: the fields of a
// fault of kind Invalid, with its code as RejectAs has it. Nil adds nothing.
func (o *Object) RejectFault(err error) {
	if err == nil {
		return
	}
	f := fault.From(err)
	for _, field := range f.Fields {
		if f.Code == fault.ValidationError {
			o.Reject(field.Name, field.Code, field.Message)
		} else {
			o.RejectAs(f.Code, field)
		}
	}
	if len(f.Fields) == 0 {
		o.RejectAs(f.Code, fault.Field{Name: "body", Code: fault.FieldInvalid, Message: f.Message})
	}
}

// Err returns the fault for everything that is wrong so far, nil if nothing is.
func (o *Object) Err() error {
	wrong := slices.Concat(o.wrong, o.unknown())
	if len(wrong) == 0 {
		return nil
	}
	f := fault.Validation(wrong...)
	if len(o.codes) == len(wrong) && len(slices.Compact(slices.Clone(o.codes))) == 1 {
		f.Code = o.codes[0]
	}
	return f
}
