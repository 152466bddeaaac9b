package kit

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// Surface is one public API: P is who calls it.
type Surface[P any] struct {
	// Name tells surfaces apart in the log.
	Name string
	// Authenticator proves who calls, before anyone is told whether there is such a
	// path, and before the body is read unless BodySigned.
	Authenticator Authenticator[P]
	// BodySigned says that the proof is over the body as well: the body is read
	// first, within the limit of its route, and parsed only when the caller is known.
	BodySigned bool
	// Challenge is the WWW-Authenticate header of a 401.
	Challenge string
	// Merchant names the caller's merchant for the log.
	Merchant func(P) id.Merchant
	// Credential names what the caller proved with, for the limit of requests per
	// credential; nil if the surface has no such limit.
	Credential func(P) string
	// Guard is asked about a request of a proven caller that changes something, once
	// its body was read and before its route handles it: whether it has the token
	// that no other site can know, for one. Nil lets all through.
	Guard func(ctx context.Context, r *Request[P]) error
	// Forms says that bodies may be forms, urlencoded or multipart, beside JSON.
	Forms bool
	Keys  Keys[P]
	// Form writes a fault in the surface's own form.
	Form ErrorForm
	// LanguageHeader says which language the caller reads, in the syntax of
	// Accept-Language, which it is if empty.
	LanguageHeader string
	// Language is used when the caller asks for none.
	Language language.Tag
	// Headers sets what every answer of the surface carries, errors too; nil for
	// nothing. What an answer says itself comes after.
	Headers func(h http.Header, lang language.Tag)
	Routes  []Route[P]
}

// ErrorForm turns a fault into an answer. Its status is that of the fault's kind
// unless the form sets one; Retry-After, Allow and WWW-Authenticate are set by the
// kit.
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
	// the query that Handle does not ask for before it asks whether they are right. A
	// route that changes something has no parameters. Without it, only those are
	// refused that are like one that Handle asks for.
	Strict bool
	// Raw takes another media type than JSON and forms, and leaves its reading to
	// Handle; nil for those two.
	Raw *RawBody
	// Open lets anybody in: Handle gets the zero principal.
	Open bool
	// Stops ends the work of a method that changes something when the caller hangs up,
	// for a route whose work is for that caller alone.
	Stops bool
	// Admit says whether the caller may use the route, before the body is read;
	// nil lets every proven caller in.
	Admit  func(p P) error
	Handle func(ctx context.Context, r *Request[P]) (Response, error)
}

// Handler returns the surface as an http.Handler, to be mounted at the prefix
// under which everything, known or not, shall answer in the surface's form.
func Handler[P any](k *Kit, s Surface[P]) http.Handler {
	h := &surfaceHandler[P]{
		kit: k, surface: s, languageHeader: cmp.Or(s.LanguageHeader, "Accept-Language"),
		mux: http.NewServeMux(), paths: make(map[string]*pathHandler[P]),
	}
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
	kit            *Kit
	surface        Surface[P]
	languageHeader string
	mux            *http.ServeMux
	paths          map[string]*pathHandler[P]
}

// pathHandler is what the mux finds; only surfaceHandler knows how to run it.
type pathHandler[P any] struct{ methods map[string]Route[P] }

// ServeHTTP makes pathHandler acceptable to the mux, which is only ever asked
// where a path leads.
func (*pathHandler[P]) ServeHTTP(http.ResponseWriter, *http.Request) {}

// ServeHTTP answers every request, known path or not, in the surface's form.
func (h *surfaceHandler[P]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.kit.begin(w, r, h.surface.Name)
	lang := h.kit.catalogue.Match(r.Header.Get(h.languageHeader), h.surface.Language)
	if h.surface.Headers != nil {
		h.surface.Headers(w.Header(), lang)
	}
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
	request := &Request[P]{ID: x.id, Language: lang, strict: route.Strict, client: h.kit.proxies.Client(r), http: r}
	var sent body
	defer sent.wipe()
	if missing != nil || !route.Open {
		if err := h.prove(x, route, request, &sent); err != nil {
			return Response{}, err
		}
	}
	if missing != nil {
		return Response{}, missing
	}
	if route.Admit != nil {
		if err := route.Admit(request.Principal); err != nil {
			return Response{}, err
		}
	}
	if isRead(route.Method) {
		return route.Handle(r.Context(), request)
	}
	return h.write(x, route, request, &sent)
}

// prove finds out who calls. The body is read for it only if it is signed.
func (h *surfaceHandler[P]) prove(x *exchange, route Route[P], r *Request[P], sent *body) error {
	if h.surface.BodySigned {
		most, tooLarge := route.most()
		if err := sent.read(x.w, r.http, most, tooLarge); err != nil {
			return err
		}
	}
	principal, err := h.surface.Authenticator.Authenticate(r.http.Context(), newAuthRequest(r.http, sent.bytes, r.client))
	if err != nil {
		return h.kit.unproven(r.http.Context(), r.client, err)
	}
	r.Principal = principal
	x.merchant = h.surface.Merchant(principal)
	return h.admit(r.http.Context(), principal)
}

// admit counts a request of a proven caller.
func (h *surfaceHandler[P]) admit(ctx context.Context, principal P) error {
	if h.surface.Credential == nil {
		return nil
	}
	return h.kit.gauge.requests.Take(ctx, h.surface.Credential(principal), h.kit.clock.Now())
}

// write runs a route that changes something. Once the request was read, it goes
// on to its end even if the caller hangs up: money does not stop half-way. A route
// that Stops is none of those.
func (h *surfaceHandler[P]) write(x *exchange, route Route[P], r *Request[P], sent *body) (Response, error) {
	parse, err := h.read(x, route, r.http, sent)
	if err != nil {
		return Response{}, err
	}
	if route.streamed() {
		r.Stream, err = route.openStream(x, r.http, sent)
	} else {
		r.Key, err = h.key(x, r.http, sent.bytes, parse)
	}
	if err != nil {
		return Response{}, err
	}
	ctx := r.http.Context()
	if !route.Stops {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	answer, err := h.handle(ctx, route, r, sent.bytes, parse)
	if err != nil && fault.KindOf(err) == fault.Invalid && !r.Key.IsZero() && h.surface.Keys.Check != nil {
		if reused := h.surface.Keys.Check(ctx, r.Principal, r.Key); reused != nil {
			return Response{}, reused
		}
	}
	return answer, err
}

// read takes in the body of a request that changes something and tells how it is
// to be parsed. It is refused by what it is said to be before it is read.
func (h *surfaceHandler[P]) read(x *exchange, route Route[P], r *http.Request, sent *body) (media, error) {
	if route.EmptyBody && r.ContentLength == 0 && len(r.Header.Values("Content-Type")) == 0 {
		*sent = emptyObject()
		return media{}, nil
	}
	m, err := route.mediaOf(r.Header, h.surface.Forms)
	if err != nil {
		return media{}, err
	}
	if route.streamed() {
		return m, nil
	}
	most, tooLarge := route.most()
	if err := sent.read(x.w, r, most, tooLarge); err != nil {
		return media{}, err
	}
	if route.EmptyBody && len(withoutMark(sent.bytes)) == 0 && !m.form {
		*sent = emptyObject()
	}
	return m, nil
}

// handle runs the route on a body that was read.
func (h *surfaceHandler[P]) handle(ctx context.Context, route Route[P], r *Request[P], sent []byte, m media) (Response, error) {
	var err error
	switch {
	case route.streamed(): // the route reads it
	case route.Raw != nil:
		r.Raw = sent
	case m.form:
		r.Body, err = parseForm(sent, m)
	case route.ListBody:
		r.Body, err = parseList(sent)
	default:
		r.Body, err = ParseObject(sent)
	}
	if err != nil {
		return Response{}, err
	}
	if route.Strict {
		if err := r.Query().Err(); err != nil {
			return Response{}, err
		}
		if r.Body != nil {
			r.Body.Strict()
		}
	}
	if h.surface.Guard != nil && !route.Open {
		if err := h.surface.Guard(ctx, r); err != nil {
			return Response{}, err
		}
	}
	return route.Handle(ctx, r)
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
