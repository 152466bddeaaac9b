package kit

import (
	"io"
	"net/http"
	"net/netip"
	"strconv"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// Request is a request whose caller is known, whose size and media type are
// right, and whose body is one JSON object or form.
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
	// Stream is the body of a route that has RawBody.Stream, not read yet. Its errors
	// are faults.
	Stream io.Reader
	// strict is Route.Strict, for the query.
	strict bool
	client netip.Addr
	http   *http.Request
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
	value, _ := single(r.http.Header, name)
	return value
}

// Cookie returns the value of a cookie, empty if it was not sent.
func (r *Request[P]) Cookie(name string) string {
	c, err := r.http.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Client returns the address of whoever sent the request, as Proxies.Client tells it.
func (r *Request[P]) Client() netip.Addr { return r.client }

// Values returns every value that was sent of a header, in the order of its lines.
func (r *Request[P]) Values(name string) []string { return r.http.Header.Values(name) }

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
