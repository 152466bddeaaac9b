package reference

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// asJSON writes a YAML value as JSON, with numbers as they stand there (100.50
// keeps its zero), on one line or indented.
func asJSON(n *yaml.Node, indented bool) string {
	var b strings.Builder
	writeJSON(&b, n, indented, 0)
	return b.String()
}

func writeJSON(b *strings.Builder, n *yaml.Node, indented bool, depth int) {
	switch n.Kind {
	case yaml.MappingNode:
		writeList(b, n, indented, depth, func(i int) {
			writeString(b, n.Content[2*i].Value)
			b.WriteByte(':')
			if indented {
				b.WriteByte(' ')
			}
			writeJSON(b, n.Content[2*i+1], indented, depth+1)
		})
	case yaml.SequenceNode:
		if indented && isShort(n) {
			writeJSON(b, n, false, 0)
			return
		}
		writeList(b, n, indented, depth, func(i int) { writeJSON(b, n.Content[i], indented, depth+1) })
	default:
		writeScalar(b, n)
	}
}

// isShort reports whether a list stays on one line.
func isShort(n *yaml.Node) bool {
	flat := asJSON(n, false)
	return len(flat) <= shortList && !strings.Contains(flat, "{")
}

// shortList is how long a list without objects may be, in bytes, to stay on one
// line.
const shortList = 48

func writeList(b *strings.Builder, n *yaml.Node, indented bool, depth int, write func(int)) {
	count, brackets := len(n.Content), "[]"
	if n.Kind == yaml.MappingNode {
		count, brackets = count/2, "{}"
	}
	b.WriteByte(brackets[0])
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		if indented {
			b.WriteString("\n" + strings.Repeat("  ", depth+1))
		}
		write(i)
	}
	if indented && count > 0 {
		b.WriteString("\n" + strings.Repeat("  ", depth))
	}
	b.WriteByte(brackets[1])
}

func writeScalar(b *strings.Builder, n *yaml.Node) {
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool":
		b.WriteString(n.Value)
	case "!!null":
		b.WriteString("null")
	default: // times without quotes are text as well
		writeString(b, n.Value)
	}
}

func writeString(b *strings.Builder, s string) {
	quoted, err := jsontext.AppendQuote(nil, s)
	if err != nil { // a YAML parser gives nothing but UTF-8
		quoted = []byte(`""`)
	}
	b.Write(quoted)
}
