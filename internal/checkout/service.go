package checkout

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
)

const (
	// defaultLife is how long a shopper may begin to pay (reference of the gateway
	// API, section 12.15).
	defaultLife = 24 * time.Hour
	// maxConflicts bounds how often a step that lost against another is repeated.
	maxConflicts = 5
	// kindCheckout is the kind of idempotency keys that lead to checkouts.
	kindCheckout idempotency.Kind = "checkout"
	// systemActor names the page in audit records.
	systemActor = "system:checkout"
)

// Dependencies is what a Service works with.
type Dependencies struct {
	Store     Store
	Payments  Payments
	ThreeDS   ThreeDS
	Records   Records
	Tables    Tables
	Merchants Merchants
	Courier   Courier
	Cards     Cards
	IDs       *id.Generator
	Clock     clock.Clock
	Log       *slog.Logger
	// PublicURL is the address under which browsers reach us, without a slash at
	// its end.
	PublicURL string
}

// Service carries out what merchants and shoppers ask of checkouts. It is safe
// for concurrent use, by any number of goroutines and nodes on one store.
type Service struct {
	store     Store
	threeDS   ThreeDS
	payments  Payments
	records   Records
	claims    idempotency.Claims
	tables    Tables
	merchants Merchants
	courier   Courier
	cards     Cards
	ids       *id.Generator
	clock     clock.Clock
	log       *slog.Logger
	publicURL string
	// callbacks bounds how many calls run to the server of one merchant.
	callbacks *job.Lanes[id.Merchant]
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{
		store: d.Store, threeDS: d.ThreeDS, payments: d.Payments, records: d.Records, tables: d.Tables,
		claims: idempotency.NewClaims(kindCheckout, d.Records, d.Clock), merchants: d.Merchants, courier: d.Courier,
		cards: d.Cards, ids: d.IDs, clock: d.Clock, log: d.Log, publicURL: d.PublicURL,
		callbacks: job.NewLanes[id.Merchant](),
	}
}

// LinkPrefix is the path under which pages are; a checkout's id follows.
const LinkPrefix = "/checkout-link/"

// Link returns the address of a checkout's page.
func (s *Service) Link(c Checkout) string { return s.publicURL + LinkPrefix + c.ID.String() }

// View is a checkout with what a page or an answer about it needs.
type View struct {
	Checkout
	Merchant merchant.Merchant
	// Payment is that of the last attempt; its ID is zero if there is none.
	Payment payment.Payment
}

// Find returns a merchant's checkout as it is now; any other is fault.NoSuchThing.
func (s *Service) Find(ctx context.Context, m id.Merchant, u id.UUID) (View, error) {
	c, err := s.store.Checkout(ctx, u)
	if err == nil && c.MerchantID != m {
		err = errNoCheckout()
	}
	if err != nil {
		return View{}, fmt.Errorf("find checkout: %w", err)
	}
	return s.view(ctx, c)
}

// Page returns the checkout that a link names, as it is now.
func (s *Service) Page(ctx context.Context, u id.UUID) (View, error) {
	c, err := s.store.Checkout(ctx, u)
	if err != nil {
		return View{}, fmt.Errorf("find checkout: %w", err)
	}
	return s.view(ctx, c)
}

// view brings the checkout up to date and reads what belongs to it.
func (s *Service) view(ctx context.Context, c Checkout) (View, error) {
	c, p, err := s.settle(ctx, c)
	if err != nil {
		return View{}, err
	}
	m, err := s.merchants.Merchant(ctx, c.MerchantID)
	if err != nil {
		return View{}, fmt.Errorf("read merchant: %w", err)
	}
	return View{Checkout: c, Merchant: m, Payment: p}, nil
}

// JobHandlers returns the handlers of the jobs that checkouts leave behind.
func (s *Service) JobHandlers() job.Handlers {
	return job.Handlers{
		JobExpire:   {Class: job.Money, Do: s.expire},
		JobWatch:    {Class: job.Money, Do: s.watch},
		JobCallback: {Class: job.Callback, Do: s.callback},
	}
}

func errNoCheckout() error { return fault.New(fault.NotFound, fault.NoSuchThing, "no such checkout") }

func stale() error { return fault.New(fault.Conflict, fault.StaleVersion, "the checkout has moved on") }
