package wire

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vezne/vezne/internal/connector"
)

// The bounds of XML that is read: hundreds of times what any bank sends.
const (
	maxXMLDepth    = 32
	maxXMLElements = 8192
)

// Why XML is not read. Neither holds anything of it.
var (
	// ErrXML is XML that is malformed, or has what no bank's has: a document type,
	// entities of its own, processing instructions, or several roots.
	ErrXML = errors.New("malformed XML")
	// ErrXMLBounds is XML that is too long, too deep or of too many elements.
	ErrXMLBounds = errors.New("XML beyond its bounds")
)

// Element is an element of XML, to read and to write. Names are without prefix when
// read, and written as they are.
type Element struct {
	Name     string
	Attrs    []Attr
	Text     string // of the element itself; what stands between children is dropped
	Children []Element
}

// Attr is an attribute of an Element.
type Attr struct{ Name, Value string }

// ParseXML reads a body of XML in a charset, which Charset finds. It knows the five
// entities of XML and no others, so nothing in a body is ever fetched or grows.
func ParseXML(body []byte, c connector.Charset) (Element, error) {
	if len(body) > MaxBody {
		return Element{}, ErrXMLBounds
	}
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(c.Decode(string(body)), "\ufeff")))
	d.Strict = true
	// The text is UTF-8 by now, whatever its declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	p := xmlParser{decoder: d}
	root, err := p.document()
	if err != nil {
		return Element{}, err
	}
	return root, nil
}

type xmlParser struct {
	decoder  *xml.Decoder
	elements int
	began    bool // something but the declaration was read
}

// document reads the one root of a document, and what follows it.
func (p *xmlParser) document() (Element, error) {
	var root *Element
	for {
		token, err := p.decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return *root, nil
		case err != nil:
			return Element{}, ErrXML
		}
		if start, ok := token.(xml.StartElement); ok {
			if root != nil {
				return Element{}, ErrXML
			}
			p.began = true
			e, err := p.element(start, 1)
			if err != nil {
				return Element{}, err
			}
			root = &e
			continue
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			return Element{}, ErrXML
		}
		if err := p.allowed(token); err != nil {
			return Element{}, err
		}
	}
}

// allowed refuses document types and all instructions but the declaration.
func (p *xmlParser) allowed(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return ErrXML
	case xml.ProcInst:
		if t.Target != "xml" || p.began {
			return ErrXML
		}
		p.began = true
	}
	return nil
}

// element reads up to the end of an element that has begun.
func (p *xmlParser) element(start xml.StartElement, depth int) (Element, error) {
	p.elements++
	if depth > maxXMLDepth || p.elements > maxXMLElements {
		return Element{}, ErrXMLBounds
	}
	e := Element{Name: start.Name.Local}
	for _, a := range start.Attr {
		e.Attrs = append(e.Attrs, Attr{Name: a.Name.Local, Value: a.Value})
	}
	var text strings.Builder
	for {
		token, err := p.decoder.Token()
		if err != nil {
			return Element{}, ErrXML
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := p.element(t, depth+1)
			if err != nil {
				return Element{}, err
			}
			e.Children = append(e.Children, child)
		case xml.EndElement:
			if len(e.Children) == 0 {
				e.Text = text.String()
			}
			return e, nil
		case xml.CharData:
			text.Write(t)
		default:
			if err := p.allowed(token); err != nil {
				return Element{}, err
			}
		}
	}
}

// Child follows a path of names. It is a zero Element if one of them is missing, or
// there more than once: what stands twice in an answer says nothing.
func (e Element) Child(path ...string) Element {
	for _, name := range path {
		all := e.All(name)
		if len(all) != 1 {
			return Element{}
		}
		e = all[0]
	}
	return e
}

// All returns the children of a name.
func (e Element) All(name string) []Element {
	var all []Element
	for _, c := range e.Children {
		if c.Name == name {
			all = append(all, c)
		}
	}
	return all
}

// Value returns the text of a Child, without blanks around it.
func (e Element) Value(path ...string) string { return strings.TrimSpace(e.Child(path...).Text) }

// Leaf returns an element that holds text.
func Leaf(name, text string) Element { return Element{Name: name, Text: text} }

// Node returns an element that holds elements.
func Node(name string, children ...Element) Element { return Element{Name: name, Children: children} }

// XML writes the element as a document in a charset, with its declaration, in the
// order in which it was made and without blanks between elements. It fails with
// ErrXML if a name is none, or if the charset lacks a letter: a bank that got
// another name than the payer's would be lied to.
func (e Element) XML(c connector.Charset) ([]byte, error) {
	if c == "" {
		c = connector.UTF8
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="` + strings.ToUpper(string(c)) + `"?>`)
	if err := e.write(&b); err != nil {
		return nil, err
	}
	out, ok := c.Encode(b.String())
	if !ok {
		return nil, fmt.Errorf("%w: a letter is not in %s", ErrXML, c)
	}
	return []byte(out), nil
}

func (e Element) write(b *strings.Builder) error {
	if !isXMLName(e.Name) {
		return fmt.Errorf("%w: no name", ErrXML)
	}
	b.WriteString("<" + e.Name)
	for _, a := range e.Attrs {
		if !isXMLName(a.Name) {
			return fmt.Errorf("%w: no name", ErrXML)
		}
		b.WriteString(" " + a.Name + `="`)
		escape(b, a.Value)
		b.WriteString(`"`)
	}
	b.WriteString(">")
	escape(b, e.Text)
	for _, c := range e.Children {
		if err := c.write(b); err != nil {
			return err
		}
	}
	b.WriteString("</" + e.Name + ">")
	return nil
}

// escape writes text; characters that XML cannot have become U+FFFD.
func escape(b *strings.Builder, s string) { _ = xml.EscapeText(b, []byte(s)) } // a Builder never fails

// isXMLName takes what banks use: ASCII letters, digits, and a prefix.
func isXMLName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.' && c != ':') {
			return false
		}
	}
	return s != ""
}
