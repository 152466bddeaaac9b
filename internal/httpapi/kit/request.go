package kit

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
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
	// Raw is the body of a route that takes no JSON. It is wiped after Handle.
	Raw []byte
	// strict is Route.Strict, for the query.
	strict bool
	http   *http.Request
}

// RawBody is a body that is not JSON.
type RawBody struct {
	MediaType string
	Max       int64 // bytes
}

// Path returns a path value.
func (r *Request[P]) Path(name string) string { return r.http.PathValue(name) }

// Number reads a numeric path value. One that is no id names nothing, hence NotFound.
func (r *Request[P]) Number(name string) (int64, error) {
	text := r.http.PathValue(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > id.Max || strconv.FormatInt(n, 10) != text {
		return 0, errNoThing
	}
	return n, nil
}

// Header returns a header that was sent at most once; doubled ones are nothing.
func (r *Request[P]) Header(name string) string {
	if values := r.http.Header.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// Cookie returns the value of a cookie, empty if it was not sent.
func (r *Request[P]) Cookie(name string) string {
	c, err := r.http.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// RemoteAddr returns the address of the peer, the zero Addr if it has none.
func (r *Request[P]) RemoteAddr() netip.Addr { return RemoteAddr(r.http) }

// RemoteAddr returns the address of a request's peer, the zero Addr if it has none.
func RemoteAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
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
func (r *Request[P]) Query() *Query { return parseQuery(r.http.URL.RawQuery, r.strict) }

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

// read returns a body of the media type and of at most Max bytes.
func (b *RawBody) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	types := r.Header.Values("Content-Type")
	if len(types) != 1 || len(r.Header.Values("Content-Encoding")) > 0 {
		return nil, b.wrongMedia()
	}
	media, params, err := mime.ParseMediaType(types[0])
	if charset, given := params["charset"]; err != nil || media != b.MediaType || (given && !strings.EqualFold(charset, "utf-8")) {
		return nil, b.wrongMedia()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, b.Max))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, fault.New(fault.TooLarge, fault.BodyTooLarge, "the body is too large")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, fault.MalformedJSON, "the body ended early", err)
	}
	return body, nil
}

func (b *RawBody) wrongMedia() error {
	return fault.New(fault.UnsupportedMedia, fault.UnsupportedMediaType, "the body must be "+b.MediaType+" in UTF-8")
}
