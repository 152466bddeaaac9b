package pages_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/secret"
)

const (
	checkoutID = "123e4567-e89b-42d3-a456-426614174000"
	checkoutAt = checkout.LinkPrefix + checkoutID
	shopURL    = "https://shop.example.com/callback?order=1&x=2"
)

var today = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// fakeCheckouts is one checkout that stands as it is told to.
type fakeCheckouts struct {
	mu     sync.Mutex
	view   checkout.View
	bank   connector.Form
	err    error
	calls  []any
	quotes []string
	saved  []checkout.SavedCard
	logo   merchant.Logo
	// does, when set, is what comes of a call. The fake is locked meanwhile.
	does func(call any)
	// look, if set, is waited for by each look-up of installments.
	look chan struct{}
}

func newFake(t *testing.T) *fakeCheckouts {
	t.Helper()
	u, err := id.ParseUUID(checkoutID)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeCheckouts{view: checkout.View{
		Checkout: checkout.Checkout{
			ID: u, MerchantID: 1, Version: 7, State: checkout.Open, CreatedAt: today, ExpiresAt: today.Add(time.Hour), AttemptAt: today,
			Order: checkout.Order{
				Ref: "ORD-12345", Amount: money.FromMinor(100_000, money.TRY), Description: "Two tickets <b>& a book</b>",
				Callback: shopURL, MaxInstallments: 12, InterestPayer: installment.PaidByCustomer,
			},
		},
		Merchant: merchant.Merchant{ID: 1, Name: "Demo Market"},
	}}
}

func (f *fakeCheckouts) record(call any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if f.does != nil {
		f.does(call)
	}
	return f.err
}

// paid returns the last attempt to pay, nil if there was none.
func (f *fakeCheckouts) paid() *checkout.Attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if a, ok := c.(checkout.Attempt); ok {
			return &a
		}
	}
	return nil
}

func (f *fakeCheckouts) Page(_ context.Context, u id.UUID) (checkout.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u != f.view.ID {
		return checkout.View{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such checkout")
	}
	return f.view, nil
}

func (f *fakeCheckouts) Quote(_ context.Context, _ checkout.Checkout, digits string) ([]routing.Option, error) {
	f.mu.Lock()
	f.quotes = append(f.quotes, digits)
	look := f.look
	f.mu.Unlock()
	if look != nil {
		<-look
	}
	if !strings.HasPrefix(digits, "542119") {
		return nil, nil
	}
	price := func(count int, interest, total, each int64) routing.Option {
		return routing.Option{Price: installment.Price{
			Count: count, Interest: money.FromMinor(interest, money.TRY), Total: money.FromMinor(total, money.TRY), Each: money.FromMinor(each, money.TRY),
		}}
	}
	return []routing.Option{price(2, 2000, 102_000, 51_000), price(3, 3500, 103_500, 34_500),
		price(12, 14_000, 114_000, 9500)}, nil
}

func (f *fakeCheckouts) Logo(_ context.Context, name string) (merchant.Logo, error) {
	if name == "" || name != f.logo.Name {
		return merchant.Logo{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such logo")
	}
	return f.logo, nil
}

// draw gives the merchant a logo as heavy as one may be.
func (f *fakeCheckouts) draw(t *testing.T) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 160, 96))
	for i := range img.Pix {
		img.Pix[i] = byte(i/4/160*2 + i%4*40)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.logo, err = merchant.ParseLogo(append(b.Bytes(), make([]byte, merchant.MaxLogoBytes-b.Len())...)); err != nil {
		t.Fatal(err)
	}
	f.view.Merchant.Logo = f.logo.Name
}

func (f *fakeCheckouts) SavedCards(context.Context, checkout.View) ([]checkout.SavedCard, error) {
	return f.saved, nil
}

func (f *fakeCheckouts) QuoteSaved(ctx context.Context, v checkout.View, token string) ([]routing.Option, error) {
	if !slices.ContainsFunc(f.saved, func(c checkout.SavedCard) bool { return c.Token == token }) {
		return nil, fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
	}
	return f.Quote(ctx, v.Checkout, map[string]string{"card_axess": "54211901", "card_amex": "378282"}[token])
}

func (f *fakeCheckouts) RemoveCard(_ context.Context, _ id.UUID, token string) error {
	return f.record([]any{"remove", token})
}

func (f *fakeCheckouts) BankForm(context.Context, checkout.Checkout) (connector.Form, error) {
	return f.bank, nil
}

func (f *fakeCheckouts) Pay(_ context.Context, a checkout.Attempt) error   { return f.record(a) }
func (f *fakeCheckouts) Return(_ context.Context, r checkout.Return) error { return f.record(r) }
func (f *fakeCheckouts) GiveUp(_ context.Context, _ id.UUID, version int) error {
	return f.record([]any{"give up", version})
}
func (f *fakeCheckouts) Cancel(_ context.Context, _ id.UUID, version int) error {
	return f.record([]any{"cancel", version})
}

var errNotAllowed = errors.New("not allowed")

// newHosted returns the page and its files over a fake, as a site serves them.
func newHosted(t *testing.T, f *fakeCheckouts) http.Handler {
	t.Helper()
	return newHostedNode(t, f, nil)
}

// newHostedNode is newHosted with limits that other nodes share.
func newHostedNode(t *testing.T, f *fakeCheckouts, shared limit.Shared) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.DiscardHandler), Clock: clock.NewManual(today), HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	page, files, err := pages.Checkout(k, pages.CheckoutOptions{
		Checkouts: f, Logos: f, PublicURL: "https://pay.example.com", FormKey: secret.New([]byte("form key")), Test: true,
		Log: slog.New(slog.DiscardHandler), Limits: shared,
		Callback: func(address, _ string) error {
			if !strings.HasPrefix(address, "https://") {
				return errNotAllowed
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	site := k.NewSite()
	site.Mount(checkout.LinkPrefix, page)
	site.Mount(pages.AssetsPrefix, files)
	return site
}

func get(t *testing.T, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

func post(t *testing.T, h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "en")
	h.ServeHTTP(w, r)
	return w
}

var tokenForm = regexp.MustCompile(`name="token" value="([^"]+)"`)

// typed is a form that can be paid, with the token of the page as it is.
func typed(t *testing.T, h http.Handler, change ...string) url.Values {
	t.Helper()
	token := tokenForm.FindStringSubmatch(get(t, h, checkoutAt).Body.String())
	if token == nil {
		t.Fatal("the page has no form token")
	}
	form := url.Values{
		"token": {token[1]}, "version": {"7"}, "action": {"pay"}, "cardHolderName": {"John Doe"}, "pan": {"5421 1901 2209 0656"},
		"expiryMonth": {"04"}, "expiryYear": {"28"}, "cvv": {"916"}, "installmentCount": {"3"},
		"expectedTotal": {"1:1000.00", "3:1035.00"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// keepCards makes the shopper a customer with two saved cards.
func keepCards(f *fakeCheckouts) {
	f.view.CustomerRef = "CUST-1"
	f.saved = []checkout.SavedCard{
		{Token: "card_axess", Scheme: card.Mastercard, Last4: "0656", Expiry: card.Expiry{Year: 2028, Month: time.April}},
		{Token: "card_amex", Scheme: card.Amex, Last4: "0005", Expiry: card.Expiry{Year: 2027, Month: time.December}},
	}
}

func paidView(v checkout.View) checkout.View {
	v.State, v.Attempts = checkout.Paid, 1
	v.Payment = payment.Payment{
		ID: 9, State: payment.Captured, Installments: 3, Paid: money.FromMinor(103_500, money.TRY),
		Card: payment.Instrument{Masked: "542119******0656"},
	}
	return v
}

// unclearView is a checkout whose bank may hold money that nobody wants.
func unclearView(v checkout.View, s checkout.State) checkout.View {
	v.State, v.Attempts = s, 1
	v.Payment = payment.Payment{ID: 9, State: payment.Declined, Unclear: true, Paid: money.FromMinor(100_000, money.TRY)}
	if s != checkout.Charging {
		v.Reason = connector.CheckoutCancelled
	}
	return v
}

var assetForm = regexp.MustCompile(`/assets/[a-z0-9./-]+`)

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
