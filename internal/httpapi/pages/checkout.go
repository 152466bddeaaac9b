package pages

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/secret"
)

//go:embed checkout/page.html checkout/style.css checkout/script.js checkout/text.json
var checkoutFiles embed.FS

// Looker tells how a checkout stands and what a card may have.
type Looker interface {
	Page(ctx context.Context, u id.UUID) (checkout.View, error)
	Quote(ctx context.Context, c checkout.Checkout, binDigits string) ([]routing.Option, error)
	SavedCards(ctx context.Context, v checkout.View) ([]checkout.SavedCard, error)
	QuoteSaved(ctx context.Context, v checkout.View, token string) ([]routing.Option, error)
	BankForm(ctx context.Context, c checkout.Checkout) (connector.Form, error)
}

// Shopping is what a shopper can do on a page.
type Shopping interface {
	Pay(ctx context.Context, a checkout.Attempt) error
	Return(ctx context.Context, r checkout.Return) error
	GiveUp(ctx context.Context, u id.UUID, version int) error
	Cancel(ctx context.Context, u id.UUID, version int) error
	RemoveCard(ctx context.Context, u id.UUID, token string) error
}

// Checkouts is what the hosted page needs from the domain.
type Checkouts interface {
	Looker
	Shopping
}

// CheckoutOptions are what the hosted page is built from.
type CheckoutOptions struct {
	Checkouts Checkouts
	Logos     Logos
	// PublicURL is the address under which browsers reach us, without a slash at
	// its end.
	PublicURL string
	// Callback judges a merchant's address again before a browser is sent there.
	Callback func(address, hosts string) error
	// FormKey keys the tokens of forms; all nodes need the same one.
	FormKey secret.Bytes
	Proxies kit.Proxies
	// Limits counts for all nodes; if nil this process counts for itself.
	Limits limit.Shared
	Log    *slog.Logger
	// Test says that no real money moves.
	Test bool
}

type hosted struct {
	CheckoutOptions
	kit    *kit.Kit
	page   *template.Template
	texts  map[string]words
	assets *assets
	limits limits
}

// Checkout returns the hosted page, to be mounted at checkout.LinkPrefix, and its
// style sheet and script, to be mounted at AssetsPrefix. A page needs no
// credentials: whoever has the link may see it and pay.
func Checkout(k *kit.Kit, o CheckoutOptions) (page, files http.Handler, err error) {
	s := &hosted{CheckoutOptions: o, kit: k, limits: newLimits(k.Clock(), o.Limits)}
	if s.texts, err = readWords(); err != nil {
		return nil, nil, err
	}
	if s.page, err = template.New("page.html").Option("missingkey=error").ParseFS(checkoutFiles,
		"checkout/page.html"); err != nil {
		return nil, nil, fmt.Errorf("read page of checkout: %w", err)
	}
	if s.assets, err = newAssets(checkoutFiles, o.Logos, "checkout/style.css", "checkout/script.js"); err != nil {
		return nil, nil, fmt.Errorf("read assets of checkout: %w", err)
	}
	const one = checkout.LinkPrefix + "{checkout}"
	mux := http.NewServeMux()
	mux.HandleFunc(one, s.serve(http.MethodGet, s.show, s.act))
	mux.HandleFunc(one+"/return", s.serve(http.MethodGet, s.lookAgain, s.comeBack))
	mux.HandleFunc(one+"/installments", s.offers)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.problem(w, r, http.StatusNotFound) })
	return k.Plain(one, mux), s.assets.handler(k), nil
}

// visit is a request about one checkout.
type visit struct {
	w    http.ResponseWriter
	r    *http.Request
	lang language.Tag
	checkout.View
}

// serve finds the checkout and hands the request to what its method asks for.
func (s *hosted) serve(read string, get, post func(visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		next := post
		switch r.Method {
		case read, http.MethodHead:
			next = get
		case http.MethodPost:
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			s.problem(w, r, http.StatusMethodNotAllowed)
			return
		}
		v, err := s.find(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next(visit{w: w, r: r, lang: s.language(r), View: v})
	}
}

func (s *hosted) find(r *http.Request) (checkout.View, error) {
	u, err := id.ParseUUID(r.PathValue("checkout"))
	if err != nil {
		return checkout.View{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such checkout")
	}
	return s.Checkouts.Page(r.Context(), u)
}

// language is what the shopper chose, what the browser asks for, or Turkish.
func (s *hosted) language(r *http.Request) language.Tag {
	if chosen := r.URL.Query().Get("lang"); s.texts[chosen] != nil {
		return language.Make(chosen)
	}
	return s.kit.Catalogue().Match(r.Header.Get("Accept-Language"), language.Turkish)
}

// fail shows the page for an error; only what is our own mistake is logged.
func (s *hosted) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := kit.StatusOf(w.Header(), err)
	if status >= http.StatusInternalServerError {
		s.log(w, r, err)
	}
	s.problem(w, r, status)
}

func (s *hosted) log(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.LogAttrs(r.Context(), slog.LevelError, "hosted page",
		slog.String("request_id", w.Header().Get("X-Request-Id")), slog.String("error", err.Error()))
}

// address returns a checkout's page with the language that the shopper chose.
func (s *hosted) address(v visit, below string) string {
	a := checkout.LinkPrefix + v.ID.String() + below
	if chosen := v.r.URL.Query().Get("lang"); s.texts[chosen] != nil {
		a += "?lang=" + chosen
	}
	return a
}

// lookAgain sends the browser to the page as it is now.
func (s *hosted) lookAgain(v visit) {
	http.Redirect(v.w, v.r, s.address(v, ""), http.StatusSeeOther)
}
