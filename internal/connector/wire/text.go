package wire

import (
	"bytes"
	"mime"
	"strings"

	"github.com/vezne/vezne/internal/connector"
)

// maxProlog is how far into a body its XML declaration is looked for, in bytes.
const maxProlog = 128

// Charset returns the charset of a body: as the Content-Type says, or the XML
// declaration, or else the one that the bank is known for.
func Charset(contentType string, body []byte, known connector.Charset) connector.Charset {
	if _, parameters, err := mime.ParseMediaType(contentType); err == nil {
		if c := connector.ParseCharset(parameters["charset"]); c != "" {
			return c
		}
	}
	if c := connector.ParseCharset(prologEncoding(body)); c != "" {
		return c
	}
	return known
}

// prologEncoding returns what <?xml encoding="..."?> says, empty if it is not there.
func prologEncoding(body []byte) string {
	head := bytes.TrimPrefix(body[:min(len(body), maxProlog)], []byte("\xef\xbb\xbf"))
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	declaration, _, closed := bytes.Cut(head, []byte("?>"))
	_, after, found := bytes.Cut(declaration, []byte("encoding"))
	value := strings.TrimLeft(string(after), " \t\r\n=")
	if !closed || !found || value == "" || (value[0] != '"' && value[0] != '\'') {
		return ""
	}
	name, _, closed := strings.Cut(value[1:], value[:1])
	if !closed {
		return ""
	}
	return name
}

// Text returns the body of an answer as text, by its charset; what is no text of it
// becomes U+FFFD. It is not clean yet: internal/pos cleans what is kept.
func (r Response) Text(known connector.Charset) string {
	return Charset(r.Header.Get("Content-Type"), r.Body, known).Decode(string(r.Body))
}
