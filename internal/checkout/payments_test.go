package checkout_test

import (
	"cmp"
	"context"
	"sync"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/threeds"
)

// payments charges as it is told, and remembers what it was asked.
type payments struct {
	mu     sync.Mutex
	next   id.Payment
	keys   map[[32]byte]id.Payment
	all    map[id.Payment]payment.Payment
	holder payment.Payment
	// state and reason are what comes of the next card, err is returned instead.
	state              payment.State
	reason             connector.Reason
	err                error
	enrolErr           error // comes of an enrolment
	enrolled, complete int
	dies               bool      // nobody comes to complete what may be
	silent             bool      // what the bank holds of what is given up is not known
	completing         func()    // is called while the bank is asked for the money
	charged            card.Card // the last that was asked for
	asked              charge.Pay
	// forced is why no card is charged without 3-D Secure; directly counts those that are.
	forced   connector.Reason
	directly int
	// entered, when set, is told of every command and waited for.
	entered, leave chan struct{}
	// charging and enrolling, when set, are called while the bank is asked to.
	charging, enrolling func()
	keyStore            *sqlstore.Payments
}

func (p *payments) add(c charge.Pay, state payment.State, reason connector.Reason) payment.Payment {
	p.next++
	made := payment.Payment{
		ID: p.next, UUID: id.NewUUID(), MerchantID: c.MerchantID, State: state, OrderRef: c.OrderRef,
		Paid: c.Price, Installments: c.Installments, Result: payment.Result{Reason: reason},
	}
	p.all[made.ID] = made
	p.keys[c.Key.Value] = made.ID
	return made
}

func (p *payments) wait() {
	if p.entered != nil {
		p.entered <- struct{}{}
		<-p.leave
	}
}

func (p *payments) PayDirectly(_ context.Context, c charge.Pay) (payment.Outcome, connector.Reason, error) {
	p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = c
	if p.err != nil || p.forced != "" {
		return payment.Outcome{}, p.forced, p.err
	}
	p.directly++
	made := p.add(c, payment.Pending, connector.ResultUnknown)
	if look := p.charging; look != nil {
		p.mu.Unlock()
		look()
		p.mu.Lock()
	}
	made.State, made.Result.Reason = p.state, p.reason
	p.all[made.ID] = made
	return payment.Outcome{Payment: made}, "", nil
}

func (p *payments) Enrol(_ context.Context, c threeds.Enrol) (threeds.Enrolment, error) {
	p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		if look := p.enrolling; look != nil {
			p.mu.Unlock()
			look()
			p.mu.Lock()
		}
	}()
	if !c.Card.PAN.IsZero() {
		p.charged = c.Card
	}
	if n, known := p.keys[c.Key.Value]; known {
		return threeds.Enrolment{Outcome: payment.Outcome{Payment: p.all[n], Replayed: true},
			Form: connector.Form{Action: "https://bank.example"}}, nil
	}
	p.enrolled++
	p.asked = c.Pay
	if err := cmp.Or(p.err, p.enrolErr); err != nil {
		return threeds.Enrolment{}, err
	}
	if p.state == payment.Declined && p.reason != connector.Requires3DS {
		return threeds.Enrolment{Outcome: payment.Outcome{Payment: p.add(c.Pay, p.state, p.reason)}}, nil
	}
	return threeds.Enrolment{
		Outcome: payment.Outcome{Payment: p.add(c.Pay, payment.Enrolled, connector.Awaiting3DS)},
		Form:    connector.Form{Action: "https://bank.example"},
	}, nil
}

func (p *payments) Complete(_ context.Context, c threeds.Complete) (payment.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dies {
		return payment.Outcome{}, fault.New(fault.Unavailable, fault.ServiceUnavailable, "the process is gone")
	}
	if c.SecurityKey != "right" {
		return payment.Outcome{}, fault.New(fault.Invalid, fault.InvalidSecurityKey, "wrong")
	}
	for n, made := range p.all {
		if made.UUID != c.PaymentID {
			continue
		}
		if made.State == payment.Enrolled || made.State == payment.Authenticated {
			p.complete++
			if look := p.completing; look != nil {
				made.State, made.Result.Reason = payment.Pending, connector.ResultUnknown
				p.all[n] = made
				p.mu.Unlock()
				look()
				p.mu.Lock()
			}
			made.State, made.Result.Reason = p.state, p.reason
			p.all[n] = made
		}
		return payment.Outcome{Payment: made}, nil
	}
	return payment.Outcome{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such payment")
}

// Opens implements checkout.ThreeDS.
func (p *payments) Opens(_ context.Context, _ id.Merchant, _ id.Payment, key string) (bool, error) {
	return key == "right", nil
}

// Abandon implements checkout.ThreeDS, by a bank that says what it holds only if it is
// not silent.
func (p *payments) Abandon(_ context.Context, c threeds.Abandon) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[c.PaymentID]
	if made.State == payment.Enrolled || made.State == payment.Authenticated {
		made.State, made.Result.Reason, made.Unclear = payment.Declined, c.Why, p.silent
		p.all[c.PaymentID] = made
	}
	return made, nil
}

func (p *payments) Offer(context.Context, charge.Quote) ([]routing.Option, error) { return nil, nil }

func (p *payments) PaymentByID(_ context.Context, _ id.Merchant, n id.Payment) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[n], nil
}

func (p *payments) OrderHolder(context.Context, id.Merchant, string) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holder.ID == 0 {
		return payment.Payment{}, fault.New(fault.NotFound, fault.NoSuchThing, "free")
	}
	return p.holder, nil
}

func (p *payments) ClaimedKey(ctx context.Context, m id.Merchant, key [32]byte) (idempotency.Record, error) {
	p.mu.Lock()
	n, known := p.keys[key]
	p.mu.Unlock()
	if known {
		return idempotency.Record{Kind: payment.Claimed, Subject: payment.ClaimOf(n, 0)}, nil
	}
	return p.keyStore.ClaimedKey(ctx, m, key)
}

// set changes what a payment has become.
func (p *payments) set(n id.Payment, state payment.State, reason connector.Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[n]
	made.State, made.Result.Reason = state, reason
	p.all[n] = made
}

// unclear says whether the bank may hold money of a payment that ended without.
func (p *payments) unclear(n id.Payment, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[n]
	made.Unclear = is
	p.all[n] = made
}
