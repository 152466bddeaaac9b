package kit

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// Surface is one public API: P is who calls it.
type Surface[P any] struct {
	// Name tells surfaces apart in the log.
	Name string
	// Authenticate proves who calls, from the headers alone: before the body is
	// read, and before anyone is told whether there is such a path.
	Authenticate func(ctx context.Context, r *http.Request) (P, error)
	// Challenge is the WWW-Authenticate header of a 401.
	Challenge string
	// Merchant names the caller's merchant for the log.
	Merchant func(P) id.Merchant
	// Credential names what the caller proved with, for the limit of requests per
	// credential; nil if the surface has no such limit.
	Credential func(P) string
	// CheckKey refuses an idempotency key that another request has used. It is
	// asked about requests that are invalid in themselves, for the reuse is the
	// graver mistake; nil if the surface knows no keys.
	CheckKey func(ctx context.Context, p P, key idempotency.Key) error
	// Form writes a fault in the surface's own form.
	Form ErrorForm
	// Language is used when the caller asks for none.
	Language language.Tag
	Routes   []Route[P]
}

// ErrorForm turns a fault into an answer. The status, Retry-After, Allow and
// WWW-Authenticate are set by the kit.
type ErrorForm func(f *fault.Error, requestID string, lang language.Tag) Response

// Route is one method of one path.
type Route[P any] struct {
	Method string
	// Pattern is a path of net/http.ServeMux without method and host.
	Pattern string
	// EmptyBody lets a body of no bytes stand for an object without members.
	EmptyBody bool
	// ListBody lets an array stand for an object with the one member "items".
	ListBody bool
	// Strict refuses members of the body and, where Handle reads it, parameters of
	// the query that Handle does not ask for before it asks whether they are right.
	Strict bool
	// Raw takes another media type than JSON and leaves its reading to Handle;
	// nil for JSON.
	Raw *RawBody
	// Open lets anybody in: Handle gets the zero principal.
	Open bool
	// Admit says whether the caller may use the route, before the body is read;
	// nil lets every proven caller in.
	Admit  func(p P) error
	Handle func(ctx context.Context, r *Request[P]) (Response, error)
}

// Handler returns the surface as an http.Handler, to be mounted at the prefix
// under which everything, known or not, shall answer in the surface's form.
func Handler[P any](k *Kit, s Surface[P]) http.Handler {
	h := &surfaceHandler[P]{kit: k, surface: s, mux: http.NewServeMux(), paths: make(map[string]*pathHandler[P])}
	for _, r := range s.Routes {
		p, ok := h.paths[r.Pattern]
		if !ok {
			p = &pathHandler[P]{methods: make(map[string]Route[P])}
			h.paths[r.Pattern] = p
			h.mux.Handle(r.Pattern, p)
		}
		p.methods[r.Method] = r
	}
	return h
}

type surfaceHandler[P any] struct {
	kit     *Kit
	surface Surface[P]
	mux     *http.ServeMux
	paths   map[string]*pathHandler[P]
}

// pathHandler is what the mux finds; only surfaceHandler knows how to run it.
type pathHandler[P any] struct{ methods map[string]Route[P] }

// ServeHTTP makes pathHandler acceptable to the mux, which is only ever asked
// where a path leads.
func (*pathHandler[P]) ServeHTTP(http.ResponseWriter, *http.Request) {}

// ServeHTTP answers every request, known path or not, in the surface's form.
func (h *surfaceHandler[P]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.kit.begin(w, r, h.surface.Name)
	lang := h.kit.catalogue.Match(r.Header.Get("Accept-Language"), h.surface.Language)
	x.run(r.Context(), func() (Response, error) { return h.answer(x, r, lang) }, func(f *fault.Error) Response {
		answer := h.surface.Form(f, x.id, lang)
		if f.Kind == fault.Unauthenticated && h.surface.Challenge != "" {
			answer.setHeader("WWW-Authenticate", h.surface.Challenge)
		}
		return answer
	})
}

func (h *surfaceHandler[P]) answer(x *exchange, r *http.Request, lang language.Tag) (Response, error) {
	route, missing := h.find(x, r) // first for the log's sake; strangers are not told
	var principal P
	if missing != nil || !route.Open {
		var err error
		if principal, err = h.surface.Authenticate(r.Context(), r); err != nil {
			return Response{}, h.kit.unproven(r, err)
		}
		x.merchant = h.surface.Merchant(principal)
		if err := h.admit(r.Context(), principal); err != nil {
			return Response{}, err
		}
	}
	if missing != nil {
		return Response{}, missing
	}
	if route.Admit != nil {
		if err := route.Admit(principal); err != nil {
			return Response{}, err
		}
	}
	request := &Request[P]{ID: x.id, Principal: principal, Language: lang, strict: route.Strict, http: r}
	if isRead(route.Method) {
		return route.Handle(r.Context(), request)
	}
	return h.write(x, route, request)
}

// admit counts a request of a proven caller.
func (h *surfaceHandler[P]) admit(ctx context.Context, principal P) error {
	if h.surface.Credential == nil {
		return nil
	}
	return h.kit.gauge.requests.Take(ctx, h.surface.Credential(principal), h.kit.clock.Now())
}

// write runs a route that changes something. Once the request was read, it goes
// on to its end even if the caller hangs up: money does not stop half-way.
func (h *surfaceHandler[P]) write(x *exchange, route Route[P], r *Request[P]) (Response, error) {
	body, err := route.read(x.w, r.http)
	if err != nil {
		return Response{}, err
	}
	defer clear(body) // it may hold a card number and its security code
	if r.Key, err = h.kit.idempotencyKey(r.http, body); err != nil {
		return Response{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.http.Context()), workTime)
	defer cancel()
	answer, err := route.handle(ctx, r, body)
	if err != nil && fault.KindOf(err) == fault.Invalid && !r.Key.IsZero() && h.surface.CheckKey != nil {
		if reused := h.surface.CheckKey(ctx, r.Principal, r.Key); reused != nil {
			return Response{}, reused
		}
	}
	return answer, err
}

// handle runs the route on a body that was read.
func (r Route[P]) handle(ctx context.Context, request *Request[P], body []byte) (Response, error) {
	var err error
	switch {
	case r.Raw != nil:
		request.Raw = body
	case r.ListBody:
		request.Body, err = parseList(body)
	default:
		request.Body, err = ParseObject(body)
	}
	if err != nil {
		return Response{}, err
	}
	if r.Strict && request.Body != nil {
		request.Body.Strict()
	}
	return r.Handle(ctx, request)
}

// read returns the body of a request that changes something.
func (r Route[P]) read(w http.ResponseWriter, request *http.Request) ([]byte, error) {
	if r.Raw != nil {
		return r.Raw.read(w, request)
	}
	return readBody(w, request, r.EmptyBody)
}

// find looks the route up. The mux would redirect an unclean path; no caller of
// an API follows that with the body, so such a path is simply unknown.
func (h *surfaceHandler[P]) find(x *exchange, r *http.Request) (Route[P], error) {
	if !isClean(r.URL.EscapedPath()) {
		return Route[P]{}, errNoPath
	}
	_, pattern := h.mux.Handler(r)
	p, ok := h.paths[pattern]
	if !ok {
		return Route[P]{}, errNoPath
	}
	x.route = pattern
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route, ok := p.methods[method]
	if !ok {
		x.allow = p.allow()
		return Route[P]{}, errWrongMethod
	}
	h.mux.ServeHTTP(x.w, r) // fills the path values in; pathHandler itself writes nothing
	return route, nil
}

func (p *pathHandler[P]) allow() string {
	var all []string
	for m := range p.methods {
		all = append(all, m)
		if m == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func isRead(method string) bool { return method == http.MethodGet }

func isClean(p string) bool {
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean == p
}
