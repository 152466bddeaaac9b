package kit

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/fault"
)

// MaxBody is how many bytes a request body may have.
const MaxBody = 64 << 10

// RawBody is a body that is neither JSON nor a form.
type RawBody struct {
	MediaType string
	Max       int64 // bytes
	// Stream leaves the body to Handle, which reads it from Request.Stream while it
	// comes in: a large one is never held as a whole. No idempotency key covers it.
	Stream bool
}

// body is what a request carries, read at most once.
type body struct {
	bytes []byte
	done  bool
}

// emptyObject stands for a body of no bytes.
func emptyObject() body { return body{bytes: []byte("{}"), done: true} }

// wipe forgets the body: it may hold a card number and its security code.
func (b *body) wipe() { clear(b.bytes) }

// read takes the whole body in, which may have at most most bytes; more is the
// fault given.
func (b *body) read(w http.ResponseWriter, r *http.Request, most int64, tooLarge error) error {
	if b.done {
		return nil
	}
	b.done = true
	if r.ContentLength > most {
		return tooLarge
	}
	if r.ContentLength == 0 {
		return nil
	}
	buffer := bytes.NewBuffer(make([]byte, 0, bufferSize(r.ContentLength, most)))
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, most))
	b.bytes = buffer.Bytes()
	if _, larger := errors.AsType[*http.MaxBytesError](err); larger {
		return tooLarge
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, fault.MalformedJSON, "the body ended early", err)
	}
	return nil
}

// mark is U+FEFF in UTF-8, which editors and libraries of some platforms put before a
// text. It is no part of one (RFC 8259, section 8.1).
var mark = []byte("\ufeff")

// withoutMark is a body of JSON without the mark before it.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, mark) }

// isUTF8 reports whether a charset is UTF-8, by its name or the one that is often
// taken for it (Encoding Standard, section 4.2).
func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// bufferSize is enough for a body of the announced length, -1 for unknown, so
// that the buffer never grows: growing would leave a copy behind that nobody
// wipes.
func bufferSize(announced, most int64) int64 {
	if announced < 0 {
		announced = most
	}
	return announced + bytes.MinRead
}

// media is how a body is to be read: as JSON, if as nothing else.
type media struct {
	raw      bool // by the route itself
	form     bool
	boundary string // of a multipart form
}

// The media types of forms (HTML, section 4.10.21.5).
const (
	urlencodedForm = "application/x-www-form-urlencoded"
	multipartForm  = "multipart/form-data"
)

// mediaOf tells how a body is to be read, or that it is of a type that the route
// does not take. A body is never compressed, and always in UTF-8.
func (r Route[P]) mediaOf(h http.Header, forms bool) (media, error) {
	wrong := errMediaType
	if forms {
		wrong = errFormType
	}
	if r.Raw != nil {
		wrong = fault.New(fault.UnsupportedMedia, fault.UnsupportedMediaType, "the body must be "+r.Raw.MediaType+" in UTF-8")
	}
	said, ok := single(h, "Content-Type")
	if !ok || len(h.Values("Content-Encoding")) > 0 {
		return media{}, wrong
	}
	name, params, err := mime.ParseMediaType(said)
	if charset, given := params["charset"]; err != nil || (given && !isUTF8(charset)) {
		return media{}, wrong
	}
	switch {
	case r.Raw != nil && name == r.Raw.MediaType:
		return media{raw: true}, nil
	case r.Raw == nil && name == "application/json":
		return media{}, nil
	case r.Raw == nil && forms && name == urlencodedForm:
		return media{form: true}, nil
	case r.Raw == nil && forms && name == multipartForm && params["boundary"] != "":
		return media{form: true, boundary: params["boundary"]}, nil
	}
	return media{}, wrong
}

// most is how long a body may be, and what a longer one is.
func (r Route[P]) most() (int64, error) {
	if r.Raw != nil {
		return r.Raw.Max, tooLarge(r.Raw.Max)
	}
	return MaxBody, tooLarge(MaxBody)
}

// tooLarge names the limit of a route, which is a number of KiB.
func tooLarge(most int64) error {
	text := strconv.FormatInt(most>>10, 10) + " KiB"
	if most%(1<<20) == 0 {
		text = strconv.FormatInt(most>>20, 10) + " MiB"
	}
	return fault.New(fault.TooLarge, fault.BodyTooLarge, "the body is larger than "+text)
}

// streamed reports whether the body is left to the route.
func (r Route[P]) streamed() bool { return r.Raw != nil && r.Raw.Stream }

// stream is a body that its route reads, with faults for what may go wrong.
type stream struct {
	body     io.Reader
	tooLarge error
}

// Read reads on. A body over the limit of its route, or one that ends early, is a
// fault.
func (s stream) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	_, larger := errors.AsType[*http.MaxBytesError](err)
	switch {
	case larger:
		err = s.tooLarge
	case err != nil && !errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fault.Wrap(fault.Invalid, fault.MalformedJSON, "the body ended early", err)
	}
	return n, err
}

// openStream begins a body that the route reads itself; what was read before, for a
// signature, is not read again.
func (r Route[P]) openStream(x *exchange, q *http.Request, sent *body) (io.Reader, error) {
	if sent.done {
		return bytes.NewReader(sent.bytes), nil
	}
	most, larger := r.most()
	if q.ContentLength > most {
		return nil, larger
	}
	return stream{http.MaxBytesReader(x.w, q.Body, most), larger}, nil
}
