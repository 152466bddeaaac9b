package payment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/trace"
)

// maxDeclines is how many banks may say no before an ask ends: a second opinion
// is worth the payer's wait, a third hardly ever is.
const maxDeclines = 2

// attempt is a payment on its way through its candidates.
type attempt struct {
	command    Pay
	payment    Payment
	operation  Operation
	candidates []routing.Candidate
	// refusal is why there is no candidate; empty for NoPOSAvailable.
	refusal  connector.Reason
	next     int // index of the candidate to be tried next
	declines int
}

// Pay carries out a sale or a pre-authorization. A refusal by the bank is an
// Outcome, not an error. Errors of kind Invalid and Conflict mean that nothing
// was stored and no bank was asked; any other error means the same or that the
// resolver will find out.
func (s *Service) Pay(ctx context.Context, c Pay) (Outcome, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	a, err := s.prepareDirect(ctx, c)
	o, err := s.payPrepared(ctx, c, a, err)
	s.answered(ctx, CommandPay, c.Surface, o, err)
	return o, err
}

// payPrepared carries out a payment that was prepared, or answers one that could
// not be.
func (s *Service) payPrepared(ctx context.Context, c Pay, a *attempt, refusal error) (Outcome, error) {
	if refusal != nil {
		return s.refused(ctx, c.Caller, refusal)
	}
	if replay, err := s.begin(ctx, a); err != nil || replay != nil {
		return deref(replay), err
	}
	if len(a.candidates) == 0 {
		return Outcome{Payment: a.payment}, nil
	}
	for {
		v := s.ask(ctx, a.operation, a.candidates[a.next-1].POS, &a.command.Card, a.command)
		s.noteDecline(ctx, a.payment, v)
		if !a.triesOn(v) {
			return s.conclude(ctx, a.payment, a.operation, v, c.Actor)
		}
		if err := s.failOver(ctx, a, v); err != nil {
			return s.conclude(ctx, a.payment, a.operation, v, c.Actor)
		}
	}
}

// prepare checks the command, prices and routes it, and builds the payment.
func (s *Service) prepare(ctx context.Context, c Pay) (a *attempt, err error) {
	ctx, span := trace.Start(ctx, trace.StepPrepare)
	defer func() {
		if a != nil {
			span.Set(trace.Candidates(len(a.candidates)))
		}
		span.Fail(err)
		span.End()
	}()
	if err := c.check(s.Clock.Now()); err != nil {
		return nil, err
	}
	table, err := s.Tables.Table(ctx, c.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("load routing table: %w", err)
	}
	if err := c.checkTable(table); err != nil {
		return nil, err
	}
	info, err := s.BINs.Lookup(ctx, c.Card.PAN.BIN(8))
	if err != nil {
		return nil, fmt.Errorf("look up BIN: %w", err)
	}
	if !c.Card.CVV.IsZero() && !c.Card.CVV.Fits(c.Card.PAN, schemeOf(info, c.Card.PAN)) {
		return nil, fault.Validation(fault.Field{Name: "cvv", Code: fault.FieldInvalid, Message: "has the wrong length for this card"})
	}
	p, err := s.newPayment(ctx, c, info)
	if err != nil {
		return nil, err
	}
	if err := s.checkDeclines(ctx, p); err != nil {
		return nil, err
	}
	request := routing.Request{
		Amount: c.Price, Installments: c.Installments, BINDigits: c.Card.PAN.BIN(8), BIN: info,
		POSAlias: c.POSAlias, At: p.CreatedAt, Draw: drawFor(c),
	}
	p.Routing = routing.Decide(*table, request, s.Banks.Healthy)
	if err := s.checkDecision(c, p.Routing, table, request); err != nil {
		return nil, err
	}
	a = &attempt{command: c, payment: p, candidates: p.Routing.Candidates}
	if c.Paid.IsZero() {
		a.candidates = routing.EquallyPriced(a.candidates, c.Price, c.InterestPayer)
	}
	return a, nil
}

func (c Pay) check(now time.Time) error {
	var fields []fault.Field
	wrong := func(name string, code fault.FieldCode, message string) {
		fields = append(fields, fault.Field{Name: name, Code: code, Message: message})
	}
	if !c.Price.IsPositive() {
		wrong("amount", fault.FieldOutOfRange, "must be greater than zero")
	}
	if c.Installments < 1 {
		wrong("installmentCount", fault.FieldOutOfRange, "must be at least 1")
	}
	if c.Card.PAN.IsZero() {
		wrong("pan", fault.FieldRequired, "is required")
	}
	if c.Card.Expiry.Past(now) {
		wrong("expiryYear", fault.FieldOutOfRange, "the card has expired")
	}
	if len(c.Items) > 0 {
		sum := money.Zero(c.Price.Currency())
		for _, it := range c.Items {
			sum = sum.Add(it.Price)
		}
		if sum != c.Price {
			wrong("items", fault.FieldInvalid, "prices must add up to the amount")
		}
	}
	if len(fields) > 0 {
		return fault.Validation(fields...)
	}
	return nil
}

// checkTable refuses what no POS of the merchant could ever take.
func (c Pay) checkTable(t *routing.Table) error {
	currency := c.Price.Currency()
	if !slices.ContainsFunc(t.POSes, func(p pos.POS) bool {
		return p.Status == pos.Active && slices.Contains(p.Currencies, currency)
	}) {
		return unsupportedCurrency(currency)
	}
	if c.POSAlias != "" && !slices.ContainsFunc(t.POSes, func(p pos.POS) bool { return p.Alias == c.POSAlias }) {
		return fault.New(fault.Invalid, fault.UnknownPOSAlias, "posAlias: no such POS")
	}
	return nil
}

func unsupportedCurrency(c money.Currency) error {
	e := fault.Validation(fault.Field{Name: "currency", Code: fault.FieldInvalid, Message: "no POS takes " + c.String()})
	e.Code = fault.UnsupportedCurrency
	return e
}

// checkDecision refuses a number of installments that is not on offer, naming
// those that are. That no POS takes a single payment of the card is no refusal
// but a decline.
func (s *Service) checkDecision(c Pay, d routing.Decision, t *routing.Table, r routing.Request) error {
	if c.Installments == 1 || len(d.Candidates) > 0 {
		return nil
	}
	counts := []string{"1"}
	for _, option := range routing.Offer(*t, r, routing.Terms{Payer: c.InterestPayer}, s.Banks.Healthy) {
		counts = append(counts, strconv.Itoa(option.Price.Count))
	}
	e := fault.Validation(fault.Field{
		Name: "installmentCount", Code: fault.FieldInvalid, Message: "must be one of " + strings.Join(counts, ", "),
	})
	e.Code = fault.InstallmentUnavailable
	return e
}

func (s *Service) newPayment(ctx context.Context, c Pay, info *bin.Info) (Payment, error) {
	paymentID, err := id.Next[id.Payment](ctx, s.IDs, id.NounPayment)
	if err != nil {
		return Payment{}, fmt.Errorf("new payment id: %w", err)
	}
	fingerprint, err := s.Prints.Fingerprint(ctx, c.MerchantID, c.Card.PAN)
	if err != nil {
		return Payment{}, fmt.Errorf("fingerprint card: %w", err)
	}
	now, zero := s.Clock.Now(), money.Zero(c.Price.Currency())
	p := Payment{
		ID: paymentID, UUID: id.NewUUID(), MerchantID: c.MerchantID,
		Surface: c.Surface, Phase: c.Phase, Group: c.Group, State: Pending,
		OrderRef: c.OrderRef, HoldsOrder: c.OnePerOrder,
		ConversationID: c.ConversationID, ExternalID: c.ExternalID, Channel: c.Channel,
		CustomerRef: c.CustomerRef, BuyerID: c.BuyerID,
		Price: c.Price, Paid: c.Paid, Wallet: c.Wallet,
		Installments: c.Installments, InterestPayer: c.InterestPayer,
		Commission: zero, Authorized: zero, Captured: zero, Refunded: zero, Refunding: zero, CaptureLimit: zero,
		Card: instrument(c.Card, fingerprint, info), RequestedPOSAlias: c.POSAlias,
		Result:   Result{Reason: connector.ResultUnknown, At: now},
		ClientIP: c.ClientIP, CreatedAt: now, UpdatedAt: now,
	}
	if c.Paid.IsZero() {
		p.Paid = c.Price
	}
	if c.Wallet.IsZero() {
		p.Wallet = zero
	}
	p.Items, err = s.newItems(ctx, c)
	return p, err
}

func (s *Service) newItems(ctx context.Context, c Pay) ([]Item, error) {
	requests := c.Items
	if len(requests) == 0 {
		requests = []ItemRequest{{Name: c.OrderRef, ExternalID: c.OrderRef, Price: c.Price}}
	}
	zero := money.Zero(c.Price.Currency())
	items := make([]Item, len(requests))
	for i, r := range requests {
		itemID, err := id.Next[id.Item](ctx, s.IDs, id.NounItem)
		if err != nil {
			return nil, fmt.Errorf("new item id: %w", err)
		}
		if r.SubMerchantPrice.IsZero() {
			r.SubMerchantPrice = zero
		}
		items[i] = Item{
			ID: itemID, Position: i, Name: r.Name, ExternalID: r.ExternalID, Price: r.Price,
			Paid: zero, Wallet: zero, Commission: zero, Refunded: zero,
			SubMerchantID: r.SubMerchantID, SubMerchantPrice: r.SubMerchantPrice,
		}
	}
	return items, nil
}

func instrument(c card.Card, fingerprint string, info *bin.Info) Instrument {
	in := Instrument{
		Masked: c.PAN.Masked(), BIN: c.PAN.StoredBIN(), Last4: c.PAN.Last4(), Holder: c.Holder,
		Fingerprint: fingerprint, Scheme: schemeOf(info, c.PAN),
	}
	if info == nil {
		return in
	}
	in.Known, in.Domestic, in.Commercial = true, info.Domestic, info.Commercial
	in.Bank, in.Type, in.Program, in.Brand = info.Bank, info.Type, info.Program, info.Brand
	return in
}

func schemeOf(info *bin.Info, pan card.PAN) card.Scheme {
	if info != nil && info.Scheme != "" {
		return info.Scheme
	}
	return card.SchemeOf(pan)
}

// begin makes the first commit: the payment, its first operation and the claims
// of its idempotency key and its order, before any bank hears of it. Without a
// candidate the payment is declined in the same commit. If a claim failed it
// returns what the earlier request led to, as an Outcome or an error.
func (s *Service) begin(ctx context.Context, a *attempt) (replay *Outcome, err error) {
	ctx, span := s.step(ctx, trace.StepBegin, &a.payment)
	defer func() { span.Fail(err); span.End() }()
	if err := s.aim(ctx, a); err != nil {
		return nil, err
	}
	if !firstCommit && a.operation.ID != 0 {
		return nil, nil //nolint:nilnil // a mutant's way
	}
	for range maxConflicts {
		err := s.Store.InTx(ctx, func(tx Tx) {
			if !a.command.Key.IsZero() {
				tx.ClaimKey(idempotency.Record{
					MerchantID: a.payment.MerchantID, Key: a.command.Key, PaymentID: a.payment.ID,
					AskID: a.operation.AskID, CreatedAt: a.payment.CreatedAt,
				})
			}
			tx.InsertPayment(a.payment)
			if a.operation.ID != 0 {
				tx.InsertOperation(a.operation)
			}
		})
		switch {
		case err == nil:
			return nil, nil //nolint:nilnil // no replay and no refusal: the payment goes on
		case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
			return s.replayKey(ctx, a.command.Caller)
		case fault.CodeOf(err) == fault.OrderClaimed:
			replay, err := s.replayOrder(ctx, a)
			if replay != nil || err != nil {
				return replay, err
			}
		default:
			return nil, fmt.Errorf("begin payment: %w", err)
		}
	}
	return nil, fault.New(fault.Conflict, fault.OrderInProgress, "another payment of this order is being processed").WithRetryAfter(time.Second)
}

// aim points the payment at its next candidate, or declines it if there is none,
// and makes the operation that will ask that bank.
func (s *Service) aim(ctx context.Context, a *attempt) error {
	p := &a.payment
	if len(a.candidates) == 0 {
		p.State, p.HoldsOrder, p.Result.Reason = Declined, false, cmp.Or(a.refusal, connector.NoPOSAvailable)
		p.shareItems()
		return nil
	}
	c := a.candidates[a.next]
	a.next++
	price := c.Plan.Price(p.Price, p.InterestPayer)
	p.POSID, p.POSAlias = c.POS.ID, c.POS.Alias
	p.CommissionRate, p.CustomerRate = price.CommissionRate, price.CustomerRate
	if a.command.Paid.IsZero() {
		p.Paid = price.Total
	}
	p.Commission = price.CommissionRate.Of(p.charged())
	p.shareItems()
	kind := connector.Sale
	if p.Phase == PhasePreAuthorization {
		kind = connector.Authorize
	}
	o, err := s.newOperation(ctx, *p, kind, a.command.Actor, c.POS)
	if err != nil {
		return err
	}
	o.Amount, o.Attempt = p.charged(), a.operation.Attempt+1
	if p.State == Enrolled {
		o.Status = OperationEnrolled
	}
	if o.Attempt > 1 {
		o.AskID = a.operation.AskID
	}
	a.operation = o
	return nil
}

// triesOn reports whether, after this verdict, another POS is asked.
func (a *attempt) triesOn(v verdict) bool {
	if a.next >= len(a.candidates) {
		return false
	}
	switch v.status {
	case OperationUnsent:
		return true
	case OperationDeclined:
		a.declines++
		return !a.command.NoFailover && a.declines < maxDeclines && v.result.Reason.Soft()
	case OperationOpen, OperationEnrolled, OperationUnknown, OperationApproved, OperationReversed:
	}
	return false
}

// failOver commits the end of one operation and the beginning of the next.
func (s *Service) failOver(ctx context.Context, a *attempt, v verdict) (err error) {
	ctx, span := s.step(ctx, trace.StepFailOver, &a.payment)
	defer func() { span.Fail(err); span.End() }()
	ended := settle(a.payment, a.operation, v).operation
	b := *a
	if err := s.aim(ctx, &b); err != nil {
		return err
	}
	b.payment.changed(s.Clock.Now())
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SaveOperation(ended)
		tx.SavePayment(b.payment)
		tx.SaveItems(b.payment)
		tx.InsertOperation(b.operation)
	})
	if err != nil {
		return fmt.Errorf("fail over: %w", err)
	}
	b.payment.Version++
	*a = b
	return nil
}

func deref(o *Outcome) Outcome {
	if o == nil {
		return Outcome{}
	}
	return *o
}
