package checkout

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
)

// Create asks for a hosted page.
type Create struct {
	MerchantID id.Merchant
	Actor      string // for the audit log
	Key        idempotency.Key
	Order
}

// Created answers Create.
type Created struct {
	Checkout
	// Replayed is set when the checkout was made by an earlier request.
	Replayed bool
}

// historyLimit is how many checkouts of an order are looked at for a repeated
// request: more than any shop makes for one order in a day.
const historyLimit = 50

// retryHint is what a caller is told to wait while a card is being charged.
const retryHint = time.Second

// Create makes a checkout, or returns the open one of an equal order. An open
// one of the same order reference that differs is cancelled, as the shopper could. Errors: URLNotAllowed,
// UnsupportedCurrency, OrderAlreadyPaid, OrderInProgress, IdempotencyKeyReused.
func (s *Service) Create(ctx context.Context, c Create) (Created, error) {
	ctx = context.WithoutCancel(ctx)
	m, err := s.merchants.Merchant(ctx, c.MerchantID)
	if err != nil {
		return Created{}, fmt.Errorf("read merchant: %w", err)
	}
	first, replayed, err := idempotency.Replay(ctx, s.claims, c.MerchantID, c.Key, s.firstAnswer(c.MerchantID))
	if replayed || err != nil {
		return first, err
	}
	if err := s.courier.Check(c.Callback, m.Hosts); err != nil {
		e := fault.Validation(fault.Field{Name: "callback", Code: fault.FieldInvalid, Message: err.Error()})
		e.Code = fault.URLNotAllowed
		return Created{}, e
	}
	if err := s.checkCurrency(ctx, c); err != nil {
		return Created{}, err
	}
	life := cmp.Or(m.Checkout.Life, defaultLife)
	for range maxConflicts {
		made, err := s.create(ctx, c, life)
		switch fault.CodeOf(err) {
		case fault.StaleVersion, fault.OrderClaimed:
			continue
		case fault.IdempotencyKeyTaken:
			return idempotency.ReplayTaken(ctx, s.claims, c.MerchantID, c.Key, s.firstAnswer(c.MerchantID))
		}
		return made, err
	}
	return Created{}, fault.New(fault.Conflict, fault.OrderInProgress, "the order is being changed by another request").
		WithRetryAfter(retryHint)
}

// checkCurrency refuses what no POS of the merchant could ever take.
func (s *Service) checkCurrency(ctx context.Context, c Create) error {
	table, err := s.tables.Table(ctx, c.MerchantID)
	if err != nil {
		return fmt.Errorf("load routing table: %w", err)
	}
	return table.CheckCurrency(c.Amount.Currency())
}

// firstAnswer loads the checkout that a key led to, as it is now.
func (s *Service) firstAnswer(m id.Merchant) func(context.Context, idempotency.Subject) (Created, error) {
	return func(ctx context.Context, claimed idempotency.Subject) (Created, error) {
		c, err := s.store.Checkout(ctx, claimed.UUID)
		if err == nil && c.MerchantID != m {
			err = errNoCheckout()
		}
		if err != nil {
			return Created{}, fmt.Errorf("read replayed checkout: %w", err)
		}
		return Created{Checkout: c, Replayed: true}, nil
	}
}

func (s *Service) create(ctx context.Context, c Create, life time.Duration) (Created, error) {
	if err := s.checkOrderFree(ctx, c); err != nil {
		return Created{}, err
	}
	old, p, err := s.live(ctx, c)
	if err != nil {
		return Created{}, err
	}
	switch {
	case old == nil:
	case old.Order == c.Order:
		return s.again(ctx, c, *old)
	case old.State == Charging, p.Unclear:
		return Created{}, chargingNow(p)
	case old.State == Authenticating:
		if err := s.leave(ctx, *old, p, connector.CheckoutCancelled); err != nil {
			return Created{}, err
		}
		return Created{}, stale() // decided anew, by what is known of the money now
	}
	made, queue, err := s.newCheckout(ctx, c, life)
	if err != nil {
		return Created{}, err
	}
	cancel := func(Tx) {}
	if old != nil {
		ended := old.ended(Failed, connector.CheckoutCancelled, s.clock.Now())
		if cancel, err = s.queueEnd(ctx, ended, p, c.Actor); err != nil {
			return Created{}, err
		}
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		cancel(tx)
		queue(tx)
	})
	if err != nil {
		return Created{}, fmt.Errorf("create checkout: %w", err)
	}
	return Created{Checkout: made}, nil
}

// again answers with the checkout that an equal request has made, and remembers
// the key of this one.
func (s *Service) again(ctx context.Context, c Create, old Checkout) (Created, error) {
	if err := s.store.InTx(ctx, func(tx Tx) { s.claim(tx, c, old) }); err != nil {
		return Created{}, fmt.Errorf("claim idempotency key: %w", err)
	}
	return Created{Checkout: old, Replayed: true}, nil
}

// claim queues the claim of the command's key, if it has one.
func (s *Service) claim(tx Tx, c Create, made Checkout) {
	s.claims.Claim(tx, c.MerchantID, c.Key, idempotency.Subject{UUID: made.ID})
}

// checkOrderFree refuses an order that a payment has paid or may be paying.
func (s *Service) checkOrderFree(ctx context.Context, c Create) error {
	holder, err := s.records.OrderHolder(ctx, c.MerchantID, c.Ref)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return fmt.Errorf("read holder of order: %w", err)
	case holder.State == payment.Pending:
		return chargingNow(holder)
	}
	return fault.New(fault.Conflict, fault.OrderAlreadyPaid, "the order is already paid").WithSubject(holder.UUID.String())
}

func chargingNow(p payment.Payment) error {
	e := fault.New(fault.Conflict, fault.OrderInProgress, "a payment of this order is being processed").
		WithRetryAfter(retryHint)
	if p.ID == 0 {
		return e
	}
	return e.WithSubject(p.UUID.String())
}

// live returns the order's checkout that is not final, brought up to date, and
// the payment of its last attempt; nil if there is none.
func (s *Service) live(ctx context.Context, c Create) (*Checkout, payment.Payment, error) {
	all, err := s.store.OfOrder(ctx, c.MerchantID, c.Ref, historyLimit)
	if err != nil {
		return nil, payment.Payment{}, fmt.Errorf("read checkouts of order: %w", err)
	}
	for _, old := range all {
		if old.State.Final() {
			continue
		}
		now, p, err := s.settle(ctx, old)
		switch {
		case err != nil:
			return nil, p, err
		case now.State == Paid:
			return nil, p, stale() // the order is paid now
		case now.State == Failed:
			return nil, payment.Payment{}, nil
		}
		return &now, p, nil
	}
	return nil, payment.Payment{}, nil
}

// newCheckout returns a checkout and what its first commit queues.
func (s *Service) newCheckout(ctx context.Context, c Create, life time.Duration) (Checkout, func(Tx), error) {
	now := s.clock.Now()
	made := Checkout{
		ID: id.NewSecretUUID(), MerchantID: c.MerchantID, Version: 1, Order: c.Order,
		State: Open, CreatedAt: now, ExpiresAt: now.Add(life),
	}
	expire, err := s.newJob(ctx, JobExpire, made, made.ExpiresAt)
	if err != nil {
		return made, nil, err
	}
	record, err := s.auditRecord(ctx, made, "checkout.create", c.Actor)
	if err != nil {
		return made, nil, err
	}
	return made, func(tx Tx) {
		s.claim(tx, c, made)
		tx.InsertCheckout(made)
		tx.Enqueue(expire)
		tx.Record(record)
	}, nil
}
