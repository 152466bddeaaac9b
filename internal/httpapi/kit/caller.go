package kit

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// Authenticator proves who sent a request. Each surface brings its own: by
// headers alone, by a signature over the whole request, or by a session's cookie.
// One that cannot tell who calls returns a fault of kind fault.Unauthenticated.
// It is called by many goroutines at once.
type Authenticator[P any] interface {
	Authenticate(ctx context.Context, r AuthRequest) (P, error)
}

// AuthFunc is a function as an Authenticator.
type AuthFunc[P any] func(ctx context.Context, r AuthRequest) (P, error)

// Authenticate calls the function.
func (f AuthFunc[P]) Authenticate(ctx context.Context, r AuthRequest) (P, error) { return f(ctx, r) }

// AuthRequest is what of a request may prove who sent it, exactly as it came: a
// signature is over bytes, not over what they mean.
type AuthRequest struct {
	Method string
	// Target is the path and the query, neither decoded nor cleaned. With the scheme
	// and host by which callers know us, it is the URL that they sign.
	Target string
	Host   string
	Header http.Header
	// Body is the whole body if the surface has Surface.BodySigned, else nil. It is
	// wiped when the request was answered.
	Body []byte
	// Client is the address of whoever sent the request, the zero Addr if unknown.
	Client netip.Addr
}

// Single returns a header that was sent exactly once. A doubled one is as good as
// none, because two readers of the request might each pick another value.
func (r AuthRequest) Single(name string) (string, bool) { return single(r.Header, name) }

// Cookie returns the value of a cookie and whether it was sent.
func (r AuthRequest) Cookie(name string) (string, bool) {
	c, err := (&http.Request{Header: r.Header}).Cookie(name)
	if err != nil {
		return "", false
	}
	return c.Value, true
}

func newAuthRequest(r *http.Request, body []byte, client netip.Addr) AuthRequest {
	return AuthRequest{
		Method: r.Method, Target: target(r), Host: r.Host, Header: r.Header, Body: body, Client: client,
	}
}

// target cuts what the absolute form of a request target (RFC 9112, section
// 3.2.2) has before the path.
func target(r *http.Request) string {
	_, rest, absolute := strings.Cut(r.RequestURI, "://")
	if !absolute || strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:]
	}
	return "/"
}

func single(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}
