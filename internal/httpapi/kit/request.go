package kit

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// MaxBody is how many bytes a request body may have.
const MaxBody = 64 << 10

// Request is a request whose caller is known, whose size and media type are
// right, and whose body is one JSON object.
type Request[P any] struct {
	// ID is ours and stands in X-Request-Id.
	ID        string
	Principal P
	Language  language.Tag
	// Key is the idempotency key, zero if none was sent or the method only reads.
	Key idempotency.Key
	// Body is nil for methods that only read.
	Body *Object
	http *http.Request
}

// UUID reads a path value. One that is no UUID names nothing, hence NotFound.
func (r *Request[P]) UUID(name string) (id.UUID, error) {
	u, err := id.ParseUUID(r.http.PathValue(name))
	if err != nil {
		return id.UUID{}, errNoThing
	}
	return u, nil
}

// Query reads the query parameters.
func (r *Request[P]) Query() *Query { return parseQuery(r.http.URL.RawQuery) }

// readBody returns the body of a request that changes something.
func readBody(w http.ResponseWriter, r *http.Request, emptyAllowed bool) ([]byte, error) {
	if emptyAllowed && r.ContentLength == 0 && len(r.Header.Values("Content-Type")) == 0 {
		return []byte("{}"), nil
	}
	if !isJSON(r.Header) {
		return nil, errMediaType
	}
	if r.ContentLength > MaxBody {
		return nil, errTooLarge
	}
	buffer := bytes.NewBuffer(make([]byte, 0, bufferSize(r.ContentLength)))
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, MaxBody))
	body := buffer.Bytes()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, errTooLarge
	}
	if err != nil {
		clear(body)
		return nil, fault.Wrap(fault.Invalid, fault.MalformedJSON, "the body ended early", err)
	}
	if emptyAllowed && len(body) == 0 {
		return []byte("{}"), nil
	}
	return body, nil
}

// bufferSize is enough for a body of the announced length, -1 for unknown, so
// that the buffer never grows: growing would leave a copy behind that nobody
// wipes.
func bufferSize(announced int64) int64 {
	if announced < 0 {
		announced = MaxBody
	}
	return announced + bytes.MinRead
}

// isJSON reports whether the body is said to be JSON in UTF-8, not compressed.
func isJSON(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || len(h.Values("Content-Encoding")) > 0 {
		return false
	}
	media, params, err := mime.ParseMediaType(types[0])
	if err != nil || media != "application/json" {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
